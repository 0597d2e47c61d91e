"""Contents of answers: one result for each item of the command, and the required data (B05, B06, N04)."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping
from functools import partial
from typing import Final, Literal, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome
from mock_csms.messages import JsonObject
from mock_csms.stations.device_model import ACTUAL
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts, VariableName, name_of_item
from mock_csms.v201.findings.known import Known201

_STATUS_ACCEPTED: Final = "Accepted"

type Aspect = Literal["names", "instances", "number", "types"]


class ItemLists(NamedTuple):
    """The list of items in a command, and the list of their results in the answer."""

    items: str
    results: str


_ITEM_LISTS: Final[Mapping[str, ItemLists]] = {
    Action.get_variables: ItemLists("getVariableData", "getVariableResult"),
    Action.set_variables: ItemLists("setVariableData", "setVariableResult"),
    Action.set_variable_monitoring: ItemLists("setMonitoringData", "setMonitoringResult"),
    Action.clear_variable_monitoring: ItemLists("id", "clearMonitoringResult"),
}
_REQUIREMENTS: Final[Mapping[str, Mapping[Aspect, str]]] = {
    Action.get_variables: {
        "number": "B06.FR.01",
        "names": "B06.FR.02",
        "types": "B06.FR.03",
        "instances": "B06.FR.14",
    },
    Action.set_variables: {"number": "B05.FR.01", "names": "B05.FR.02", "types": "B05.FR.03"},
    Action.set_variable_monitoring: {"number": "N04.FR.01", "names": "N04.FR.02"},
    Action.clear_variable_monitoring: {"number": "N06.FR.05"},
}
"""Requirement about each aspect of the results, by action."""

ANSWER_DOES_NOT_MATCH: Final = CHECKS.kind(
    "answer-does-not-match", "error", "the results in an answer do not belong to the items in the command"
)
ANSWER_WITHOUT_DATA: Final = CHECKS.kind(
    "answer-without-data",
    "error",
    "an answer with the status Accepted lacks its value, schedule, hash data or monitor id",
)


class NameAndType(NamedTuple):
    """Parts of an item in a command that the result for this item repeats."""

    name: Hashable
    instances: Hashable = None
    attribute_type: str | None = None


class AnswerFlaw(NamedTuple):
    """A difference between the results of an answer and the items of the command."""

    aspect: Aspect
    text: str


def _key(item: JsonObject | int) -> NameAndType:
    """Return the name and type by which an item is compared with its result; an int is the id of a monitor.

    Names are identifierStrings, which are compared without regard to case. An absent attributeType means
    Actual.
    """
    if isinstance(item, int):
        return NameAndType(item)
    if "component" not in item:
        return NameAndType(item["id"])
    name = name_of_item(item)
    return NameAndType(_without_instances(name), _instances(name), item.get("attributeType", ACTUAL))


def _without_instances(name: VariableName) -> VariableName:
    return name._replace(component_instance="", variable_instance="")


def _instances(name: VariableName) -> tuple[str, str]:
    return name.component_instance, name.variable_instance


def _keys(command: AnsweredCommand) -> tuple[list[NameAndType], list[NameAndType]]:
    lists = _ITEM_LISTS[command.action]
    asked, answered = command.request[lists.items], command.answer[lists.results]
    return [_key(item) for item in asked], [_key(result) for result in answered]


def _flaw(
    aspects: Mapping[Aspect, str], asked: list[NameAndType], answered: list[NameAndType]
) -> AnswerFlaw | None:
    """Return the first difference between the items and the results, which may have any order; None if they
    match.

    If the command names an item twice, the number of its results is not compared.
    """
    places = {key[:2] for key in asked}
    if any(key[:2] not in places for key in answered):
        has_wrong_instance = {key.name for key in answered} <= {key.name for key in asked}
        aspect: Aspect = "instances" if has_wrong_instance and "instances" in aspects else "names"
        return AnswerFlaw(aspect, _difference([key[:2] for key in asked], [key[:2] for key in answered]))
    has_duplicates = len(set(asked)) < len(asked)
    if not has_duplicates and Counter(key[:2] for key in asked) != Counter(key[:2] for key in answered):
        return AnswerFlaw("number", _difference([key[:2] for key in asked], [key[:2] for key in answered]))
    if set(asked) != set(answered) and "types" in aspects:
        return AnswerFlaw("types", "the attributeTypes differ")
    return None


def _difference(asked: list[Hashable], answered: list[Hashable]) -> str:
    counts, answered_counts = Counter(asked), Counter(answered)
    missing, unasked = sum((counts - answered_counts).values()), sum((answered_counts - counts).values())
    parts = [f"{missing} of {len(asked)} items have no result"] if missing else []
    parts += [f"{unasked} results belong to no item"] if unasked else []
    return " and ".join(parts)


def _is_about(aspect: Aspect, asked: list[NameAndType], request: JsonObject, items: str) -> bool:
    """Return whether a command has items to which the requirement about an aspect applies."""
    if aspect == "types":
        return any("attributeType" in item for item in request[items])
    return aspect != "instances" or any(key.instances != ("", "") for key in asked)


def _judge_results(command: AnsweredCommand, _: Known201, *, aspect: Aspect) -> Outcome:
    """Check one aspect of the results; a flaw is reported once, for the first aspect that has it."""
    asked, answered = _keys(command)
    flaw = _flaw(_REQUIREMENTS[command.action], asked, answered)
    if flaw is None:
        lists = _ITEM_LISTS[command.action]
        return MET if _is_about(aspect, asked, command.request, lists.items) else None
    if _reported_as(flaw.aspect, command.action) != aspect:
        return None
    return Broken(
        f"the answer to {command.action} does not match the command: {flaw.text}; it must have one result "
        "for each item"
    )


def _reported_as(aspect: Aspect, action: str) -> Aspect:
    """Return the aspect whose check reports a flaw: "number" if the action has no requirement about the
    aspect.
    """
    return aspect if aspect in _REQUIREMENTS[action] else "number"


for _action, _aspects in _REQUIREMENTS.items():
    for _aspect, _requirement in _aspects.items():
        ANSWER_DOES_NOT_MATCH.on_command(_requirement, of=_action)(partial(_judge_results, aspect=_aspect))


def _judge_property(name: str) -> Callable[[AnsweredCommand, Known201], Outcome]:
    """Return a check that an Accepted answer has the property ``name``."""

    def judge(command: AnsweredCommand, _: Known201) -> Outcome:
        if command.answer.get("status") != _STATUS_ACCEPTED:
            return None
        return MET if name in command.answer else _without(command.action, name)

    return judge


def _without(action: str, name: str) -> Broken:
    return Broken(f"the answer to {action} is Accepted but has no {name}, which it must have")


ANSWER_WITHOUT_DATA.on_command("K08.FR.02", of=Action.get_composite_schedule)(_judge_property("schedule"))
ANSWER_WITHOUT_DATA.on_command("M03.FR.04", of=Action.get_installed_certificate_ids)(
    _judge_property("certificateHashDataChain")
)


def _judge_each(action: str, name: str, results: Collection[JsonObject]) -> Outcome:
    """Check that each of the results has the property ``name``."""
    if not results:
        return None
    return MET if all(name in result for result in results) else _without(action, name)


def _values_read(command: AnsweredCommand, known: Known201, *, unset: bool) -> list[JsonObject]:
    """Return the Accepted results of a GetVariables: those about attributes that are known to have no value
    (``unset``), or those about all others.
    """
    model = known[DeviceModelFacts]
    return [
        result
        for result in command.answer["getVariableResult"]
        if result["attributeStatus"] == _STATUS_ACCEPTED
        and model.is_unset(name_of_item(result), result.get("attributeType", ACTUAL)) == unset
    ]


@ANSWER_WITHOUT_DATA.on_command("B06.FR.04", of=Action.get_variables)
def _judge_values(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that each Accepted variable has a value."""
    return _judge_each(command.action, "attributeValue", _values_read(command, known, unset=False))


@ANSWER_WITHOUT_DATA.on_command("B06.FR.13", of=Action.get_variables)
def _judge_empty_values(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that the result for a variable without a value has an attributeValue, which is empty."""
    return _judge_each(command.action, "attributeValue", _values_read(command, known, unset=True))


@ANSWER_WITHOUT_DATA.on_command("N04.FR.11", of=Action.set_variable_monitoring)
def _judge_monitor_ids(command: AnsweredCommand, _: Known201) -> Outcome:
    """Check that each new monitor has an id."""
    if any("id" in item for item in command.request["setMonitoringData"]):
        return None
    accepted = [
        result for result in command.answer["setMonitoringResult"] if result["status"] == _STATUS_ACCEPTED
    ]
    return _judge_each(command.action, "id", accepted)
