"""Statuses in the answers to GetVariables and SetVariables, compared with the reported device model (B05 to
B07).
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final, Literal, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.device_model import ACTUAL
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import (
    CONNECTED_EV,
    DeviceModelFacts,
    VariableName,
    name_of_item,
)
from mock_csms.v201.findings.known import Known201

_UNKNOWN_COMPONENT: Final = "UnknownComponent"
_UNKNOWN_VARIABLE: Final = "UnknownVariable"
_NOT_SUPPORTED: Final = "NotSupportedAttributeType"
_UNKNOWN: Final = frozenset({_UNKNOWN_COMPONENT, _UNKNOWN_VARIABLE, _NOT_SUPPORTED})
SET: Final = frozenset({"Accepted", "RebootRequired"})
"""Statuses of a SetVariables that has set a value."""
WHOLE_MODEL: Final = "a complete FullInventory since the last boot"

type Missing = Literal["component", "variable", "attribute type"]

REPORTED_VARIABLE_UNKNOWN: Final = CHECKS.kind(
    "reported-variable-unknown",
    "error",
    "an answer says that a variable is unknown, although the station has reported it",
    WHOLE_MODEL,
)
UNKNOWN_VARIABLE_STATUS_WRONG: Final = CHECKS.kind(
    "unknown-variable-status-wrong",
    "error",
    "an answer does not say that a variable is unknown, although the device model does not have it",
    WHOLE_MODEL,
)
INVENTORY_INCOMPLETE: Final = CHECKS.kind(
    "inventory-incomplete",
    "error",
    "a variable or an attribute type can be read, but the FullInventory does not have it",
    WHOLE_MODEL,
)
INSTANCE_GUESSED: Final = CHECKS.kind(
    "instance-guessed",
    "error",
    "a variable that exists only with instances can be read without an instance",
    WHOLE_MODEL,
)
UNKNOWN_VARIABLE_HAS_VALUE: Final = CHECKS.kind(
    "unknown-variable-has-value", "error", "a variable that is answered as unknown has a value"
)
WRITE_ONLY_VARIABLE_READ: Final = CHECKS.kind(
    "write-only-variable-read", "error", "a WriteOnly variable can be read", "a report with the variable"
)
READ_ONLY_VARIABLE_SET: Final = CHECKS.kind(
    "read-only-variable-set", "error", "a ReadOnly variable can be set", "a report with the variable"
)
ATTRIBUTE_TYPE_MISSING: Final = CHECKS.kind(
    "attribute-type-missing",
    "error",
    "the result of an item without attributeType does not have the attributeType Actual",
)

_REQUIREMENTS: Final[Mapping[str, Mapping[Missing, str]]] = {
    Action.get_variables: {
        "component": "B06.FR.06",
        "variable": "B06.FR.07",
        "attribute type": "B06.FR.08",
    },
    Action.set_variables: {
        "component": "B05.FR.04",
        "variable": "B05.FR.05",
        "attribute type": "B05.FR.06",
    },
}
"""By action, the requirement about the status of a component, variable or attribute type that the station
does not have.
"""
_STATUS_OF: Final[Mapping[Missing, str]] = {
    "component": _UNKNOWN_COMPONENT,
    "variable": _UNKNOWN_VARIABLE,
    "attribute type": _NOT_SUPPORTED,
}
_ITEMS: Final[Mapping[str, str]] = {
    Action.get_variables: "getVariableData",
    Action.set_variables: "setVariableData",
}
_RESULTS: Final[Mapping[str, str]] = {
    Action.get_variables: "getVariableResult",
    Action.set_variables: "setVariableResult",
}


class VariableResult(NamedTuple):
    """A result in the answer to a GetVariables or SetVariables."""

    name: VariableName
    attribute_type: str
    status: str
    fields: JsonObject

    @property
    def text(self) -> str:
        """Component, variable and (unless it is Actual) attribute type, for a sentence."""
        variable = f"{self.fields['component']['name']}.{self.fields['variable']['name']}"
        suffix = "" if self.attribute_type == ACTUAL else f" ({self.attribute_type})"
        return f"{short(variable)}{suffix}"


class Absence(NamedTuple):
    """The part of an item (component, variable or attribute type) that the device model lacks, and the
    statuses that are correct for it.
    """

    missing: Missing
    statuses: frozenset[str]
    has_instances: bool = False
    """Whether the item lacks an instance: in the model, each component or variable of this name has one."""


def results_of(command: AnsweredCommand) -> Iterator[VariableResult]:
    """Yield the results in an answer that belong to an item of its GetVariables or SetVariables.

    A result without attributeType may belong to an item with one; the finding ``answer-does-not-match``
    covers that case.
    """
    types_of_items: dict[VariableName, set[str]] = {}
    for item in command.request[_ITEMS[command.action]]:
        types_of_items.setdefault(name_of_item(item), set()).add(item.get("attributeType", ACTUAL))
    for fields in command.answer[_RESULTS[command.action]]:
        name, attribute_type = name_of_item(fields), fields.get("attributeType")
        types = types_of_items.get(name, set())
        if attribute_type in types or (attribute_type is None and types == {ACTUAL}):
            yield VariableResult(name, attribute_type or ACTUAL, fields["attributeStatus"], fields)


def _comparable_results(command: AnsweredCommand, model: DeviceModelFacts) -> Iterator[VariableResult]:
    """Yield the results that can be compared with the device model; none if the model is not complete.
    Results about variables of a vehicle are left out, because these variables come and go with the vehicle.
    """
    if model.is_complete:
        yield from (result for result in results_of(command) if result.name.component != CONNECTED_EV)


def _absence_of(model: DeviceModelFacts, name: VariableName, attribute_type: str) -> Absence | None:
    """Return the part of an item that a complete device model lacks; None if it has the whole item.

    Both UnknownComponent and UnknownVariable are correct if the item names no instance but each component or
    variable of its name has one in the model (B06.FR.15), or if the model has the component only with another
    instance or at another EVSE or connector.
    """
    definition = model.definitions.get(name)
    if definition is not None:
        if attribute_type in definition.mutability:
            return None
        return Absence("attribute type", frozenset({_NOT_SUPPORTED}))
    namesakes = [known for known in model.variables() if known.component == name.component]
    if not namesakes:
        return Absence("component", frozenset({_UNKNOWN_COMPONENT}))
    either = frozenset({_UNKNOWN_COMPONENT, _UNKNOWN_VARIABLE})
    has_instances = any(_is_instance_of(known, name) for known in namesakes)
    if all(component_of(known) != component_of(name) for known in namesakes):
        return Absence("component", either, has_instances)
    return Absence("variable", either if has_instances else frozenset({_UNKNOWN_VARIABLE}), has_instances)


def component_of(name: VariableName) -> VariableName:
    """Return the name of the component that has a variable."""
    return name._replace(variable="", variable_instance="")


def _is_instance_of(known: VariableName, name: VariableName) -> bool:
    """Return whether ``known`` equals ``name`` once the instances that ``name`` lacks are added to it."""
    return all(
        mine in {other, ""} for mine, other in zip(name[2:4], known[2:4], strict=True)
    ) and known == name._replace(
        component_instance=known.component_instance, variable_instance=known.variable_instance
    )


def _judge_absent(command: AnsweredCommand, known: Known201, *, missing: Missing) -> Outcome:
    """Check that the status of an item that the device model does not have says so.

    A value that can be read is not judged here: it shows that the inventory is wrong.
    """
    model = known[DeviceModelFacts]
    outcome: Outcome = None
    for result in _comparable_results(command, model):
        absence = _absence_of(model, result.name, result.attribute_type)
        if absence is None or absence.missing != missing or _is_rightly_rejected(command, result, model):
            continue
        if result.status in absence.statuses:
            outcome = MET
        elif command.action == Action.set_variables or result.status != "Accepted":
            return Broken(
                f"the result for {result.text} is {result.status}, but the FullInventory does not have this "
                f"{missing}; the status must be {_STATUS_OF[missing]}, or the FullInventory must have it"
            )
    return outcome


def _is_rightly_rejected(command: AnsweredCommand, result: VariableResult, model: DeviceModelFacts) -> bool:
    """Return whether reading an attribute may be Rejected because its variable is WriteOnly (B06.FR.09)."""
    definition = model.definitions.get(result.name)
    is_write_only = definition is not None and "WriteOnly" in definition.mutability.values()
    return command.action == Action.get_variables and is_write_only and result.status == "Rejected"


def _judge_reported(command: AnsweredCommand, known: Known201, *, missing: Missing) -> Outcome:
    """Check that no variable of the inventory is answered as unknown."""
    model = known[DeviceModelFacts]
    for result in _comparable_results(command, model):
        is_unknown = result.status == _STATUS_OF[missing]
        if is_unknown and _absence_of(model, result.name, result.attribute_type) is None:
            return Broken(
                f"the result for {result.text} is {result.status}, but the FullInventory has it; a station "
                "must give this status only for what it does not have"
            )
    return None


def _judge_value(command: AnsweredCommand, _: Known201, *, missing: Missing) -> Outcome:
    """Check that a result with the status for an unknown component, variable or attribute type has no
    attributeValue.
    """
    outcome: Outcome = None
    for result in results_of(command):
        if result.status != _STATUS_OF[missing]:
            continue
        if "attributeValue" in result.fields:
            return Broken(
                f"the result for {result.text} is {result.status} with an attributeValue, which must be "
                "omitted"
            )
        outcome = MET
    return outcome


for _action, _by_missing in _REQUIREMENTS.items():
    for _missing, _requirement in _by_missing.items():
        UNKNOWN_VARIABLE_STATUS_WRONG.on_command(_requirement, of=_action)(
            partial(_judge_absent, missing=_missing)
        )
        REPORTED_VARIABLE_UNKNOWN.on_command(_requirement, of=_action)(
            partial(_judge_reported, missing=_missing)
        )
for _missing, _requirement in _REQUIREMENTS[Action.get_variables].items():
    UNKNOWN_VARIABLE_HAS_VALUE.on_command(_requirement, of=Action.get_variables)(
        partial(_judge_value, missing=_missing)
    )


def _judge_inventory(command: AnsweredCommand, known: Known201, *, about_types: bool) -> Outcome:
    """Check that the FullInventory has each variable that can be read or, with `about_types`, each attribute
    type.
    """
    model = known[DeviceModelFacts]
    outcome: Outcome = None
    for result in _comparable_results(command, model):
        if result.status != "Accepted":
            continue
        absence = _absence_of(model, result.name, result.attribute_type)
        if absence is None:
            outcome = MET
        elif (absence.missing == "attribute type") == about_types and not absence.has_instances:
            return Broken(
                f"{result.text} can be read, but the FullInventory does not have this {absence.missing}; it "
                "must list all variables with all their attribute types"
            )
    return outcome


INVENTORY_INCOMPLETE.on_command("B07.FR.08", of=Action.get_variables)(
    partial(_judge_inventory, about_types=False)
)
INVENTORY_INCOMPLETE.on_command("B07.FR.11", of=Action.get_variables)(
    partial(_judge_inventory, about_types=True)
)


@INSTANCE_GUESSED.on_command("B06.FR.15", of=Action.get_variables)
def _judge_instance(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that an item is answered as unknown if it lacks an instance that the device model has."""
    model = known[DeviceModelFacts]
    outcome: Outcome = None
    for result in _comparable_results(command, model):
        absence = _absence_of(model, result.name, result.attribute_type)
        if absence is None or not absence.has_instances:
            continue
        if result.status == "Accepted":
            return Broken(
                f"{result.text} was read without an instance, but the FullInventory has it with instances "
                "only; the status must be UnknownComponent or UnknownVariable"
            )
        outcome = MET if result.status in absence.statuses else outcome
    return outcome


@WRITE_ONLY_VARIABLE_READ.on_command("B06.FR.09", of=Action.get_variables)
def _judge_write_only(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that reading a WriteOnly attribute is not Accepted. Statuses other than Rejected may be correct
    too, because the variable may have been removed since the report.
    """
    outcome: Outcome = None
    for result in results_of(command):
        if known[DeviceModelFacts].mutability(result.name, result.attribute_type) != "WriteOnly":
            continue
        if result.status == "Accepted":
            return Broken(f"{result.text} is WriteOnly, but it was read; the status must be Rejected")
        outcome = MET if result.status == "Rejected" else outcome
    return outcome


@READ_ONLY_VARIABLE_SET.on_command("B05.FR.09", of=Action.set_variables)
def _judge_read_only(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that ReadOnly attributes cannot be set."""
    outcome: Outcome = None
    for result in results_of(command):
        if known[DeviceModelFacts].mutability(result.name, result.attribute_type) != "ReadOnly":
            continue
        if result.status in SET:
            return Broken(
                f"{result.text} is ReadOnly, but setting it is answered with {result.status}; the status "
                "must be Rejected"
            )
        outcome = MET if result.status == "Rejected" else outcome
    return outcome


def _judge_type(command: AnsweredCommand, _: Known201, *, items: str) -> Outcome:
    """Check that the result of an item without attributeType has the attributeType Actual."""
    untyped = {name_of_item(item) for item in command.request[items] if "attributeType" not in item}
    outcome: Outcome = None
    for result in results_of(command):
        if result.name not in untyped:
            continue
        if "attributeType" not in result.fields:
            return Broken(
                f"the result for {result.text} in the answer to {command.action} has no attributeType; for "
                "an item without attributeType it must be Actual"
            )
        outcome = MET
    return outcome


ATTRIBUTE_TYPE_MISSING.on_command("B06.FR.11", of=Action.get_variables)(
    partial(_judge_type, items="getVariableData")
)
ATTRIBUTE_TYPE_MISSING.on_command("B05.FR.12", of=Action.set_variables)(
    partial(_judge_type, items="setVariableData")
)
