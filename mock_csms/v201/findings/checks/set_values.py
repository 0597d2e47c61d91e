"""Values that a station accepts in SetVariables, compared with the reported characteristics (B05.FR.07,
B05.FR.08).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome
from mock_csms.log.summary import short
from mock_csms.stations.device_model import ACTUAL
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.checks.variable_results import SET, VariableResult, results_of
from mock_csms.v201.findings.clock import seconds_of
from mock_csms.v201.findings.facts.device_model import (
    Definition,
    DeviceModelFacts,
    settings_of,
)
from mock_csms.v201.findings.known import Known201

_VALUES: Final = frozenset({ACTUAL, "Target"})
"""Attribute types whose values have the data type and the limits of the variable."""
_JUDGED_ELSEWHERE: Final = frozenset({"networkconfigurationpriority"})
"""Variables that are not judged here, because another check judges their values (B10.FR.02)."""
_DECIMAL: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

WRONG_VALUE_ACCEPTED: Final = CHECKS.kind(
    "wrong-value-accepted",
    "error",
    "a SetVariables is accepted although its value does not fit the data type or the limits of the variable",
    "a report with the characteristics of the variable",
)


def _is_decimal(value: str, _: Definition) -> bool:
    return _DECIMAL.fullmatch(value) is not None


def _is_integer(value: str, definition: Definition) -> bool:
    """Return whether a value is a whole number; 5.0 counts as one."""
    return _is_decimal(value, definition) and float(value).is_integer()


def _is_boolean(value: str, _: Definition) -> bool:
    return value.lower() in {"true", "false", "0", "1"}


def _is_time(value: str, _: Definition) -> bool:
    return seconds_of(value) is not None or ":60" in value


def _is_option(value: str, definition: Definition) -> bool:
    options = _options(definition)
    return not options or value.lower() in options


def _has_options(value: str, definition: Definition) -> bool:
    options = _options(definition)
    return not options or {part.strip().lower() for part in value.split(",")} <= {*options, ""}


def _options(definition: Definition) -> frozenset[str]:
    """Return the possible values in lower case; empty if they are unknown."""
    return frozenset(member.lower() for member in definition.members or () if member)


_IS_VALID: Final[Mapping[str, Callable[[str, Definition], bool]]] = {
    "boolean": _is_boolean,
    "dateTime": _is_time,
    "decimal": _is_decimal,
    "integer": _is_integer,
    "MemberList": _has_options,
    "OptionList": _is_option,
    "SequenceList": _has_options,
}
"""By data type, the function that returns whether a text is a valid value of a variable."""


def _settings(command: AnsweredCommand, known: Known201) -> Iterator[tuple[VariableResult, str, Definition]]:
    """For each item of a SetVariables whose variable has a known definition, yield the result, the value to
    set and the definition. An item with an empty value is skipped, because its result shows nothing.
    """
    model, asked = known[DeviceModelFacts], settings_of(command.request)
    limit = model.number("DeviceDataCtrlr", "ConfigurationValueSize")
    for result in results_of(command):
        definition = model.definitions.get(result.name)
        value = (asked.get((result.name, result.attribute_type)) or "").strip()
        is_judged = result.attribute_type in _VALUES and result.name.variable not in _JUDGED_ELSEWHERE
        if definition is None or not value or not is_judged:
            continue
        if limit is not None and definition.list_length >= limit:
            definition = definition._replace(members=None)  # the list may have been cut off
        yield result, value, definition


def _outcome(result: VariableResult, value: str, *, is_wrong: bool, fault: str, before: Outcome) -> Outcome:
    """Return the outcome after one more value, given the outcome ``before`` of the values before it; a valid
    value leaves that outcome unchanged.
    """
    if not is_wrong:
        return before
    if result.status in SET:
        return Broken(
            f"setting {result.text} to {short(value)} was answered with {result.status}, but {fault}; the "
            "status must be Rejected"
        )
    return MET if result.status == "Rejected" else before


@WRONG_VALUE_ACCEPTED.on_command("B05.FR.07", of=Action.set_variables)
def _judge_format(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that values that do not fit the data type of the variable are rejected."""
    outcome: Outcome = None
    for result, value, definition in _settings(command, known):
        is_valid = _IS_VALID.get(definition.data_type or "")
        is_wrong = is_valid is not None and not is_valid(value, definition)
        fault = f"it is not valid for this variable of data type {definition.data_type}"
        outcome = _outcome(result, value, is_wrong=is_wrong, fault=fault, before=outcome)
        if isinstance(outcome, Broken):
            break
    return outcome


@WRONG_VALUE_ACCEPTED.on_command("B05.FR.08", of=Action.set_variables)
def _judge_range(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that numbers outside the limits are rejected."""
    outcome: Outcome = None
    for result, value, definition in _settings(command, known):
        low, high = definition.min_limit, definition.max_limit
        is_number = definition.data_type in {"integer", "decimal"} and _is_decimal(value, definition)
        is_wrong = is_number and not (
            (low is None or float(value) >= low) and (high is None or float(value) <= high)
        )
        fault = f"the limits of this variable are {_limit(low)} and {_limit(high)}"
        outcome = _outcome(result, value, is_wrong=is_wrong, fault=fault, before=outcome)
        if isinstance(outcome, Broken):
            break
    return outcome


def _limit(limit: float | None) -> str:
    return "none" if limit is None else f"{limit:g}"
