"""Answers to commands that set and clear monitors, and that set the monitoring level (N04 to N06)."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import (
    CONNECTED_EV,
    Definition,
    DeviceModelFacts,
    VariableName,
    name_of_item,
)
from mock_csms.v201.findings.facts.monitors import (
    NUMERIC_TYPES,
    THRESHOLD_MONITORS,
    Item,
    KnownMonitor,
    Monitors,
    items_with_results,
)
from mock_csms.v201.findings.known import Known201

_ACCEPTED: Final = "Accepted"
_NOT_NUMERIC: Final = frozenset({"boolean", "string", "dateTime"})
"""Data types whose values have no order. The list types are left out, because their values may be numbers."""
_SEVERITIES: Final = range(10)

type ItemJudge = Callable[[Item, Known201], Outcome]


def _first_broken(outcomes: Iterator[Outcome]) -> Outcome:
    """Return the first violation, or else MET if any outcome is MET."""
    result: Outcome = None
    for outcome in outcomes:
        if isinstance(outcome, Broken):
            return outcome
        result = result or outcome
    return result


def _each_item(judge: ItemJudge) -> Callable[[AnsweredCommand, Known201], Outcome]:
    """Return a check that judges each item of a SetVariableMonitoring with its result."""

    def check(command: AnsweredCommand, known: Known201) -> Outcome:
        return _first_broken(judge(item, known) for item in items_with_results(command))

    return check


def _variable(item: JsonObject) -> str:
    return short(f"{item['component']['name']}/{item['variable']['name']}")


def _refused(item: Item, status: str, *, unless: bool, text: str) -> Outcome:
    """Judge an item that the station must refuse with ``status``, except if ``unless`` is true. A refusal
    with another status may be due to another fault of the item.
    """
    if unless or item.result["status"] not in {_ACCEPTED, status}:
        return None
    return Broken(text) if item.result["status"] == _ACCEPTED else MET


# The variable

MONITOR_FOR_UNKNOWN_VARIABLE_ACCEPTED: Final = CHECKS.kind(
    "monitor-for-unknown-variable-accepted",
    "error",
    "a monitor is accepted for a component or variable that the station does not have",
    "a complete FullInventory since the last boot",
)
MONITORED_VARIABLE_DENIED: Final = CHECKS.kind(
    "monitored-variable-denied",
    "error",
    "a SetVariableMonitoring is answered with UnknownComponent or UnknownVariable for a variable that the "
    "station has reported",
    "the variable in a report since the last boot",
)


def _has_component(name: VariableName, model: DeviceModelFacts) -> bool:
    """Return whether the device model has a component that a name may mean; a name without an EVSE, connector
    or instance may mean any EVSE, connector or instance.
    """
    return any(
        known.component == name.component
        and (name.evse_id is None or known.evse_id == name.evse_id)
        and (name.connector_id is None or known.connector_id in {None, name.connector_id})
        and (not name.component_instance or known.component_instance == name.component_instance)
        for known in model.variables()
    )


@MONITOR_FOR_UNKNOWN_VARIABLE_ACCEPTED.on_command("N04.FR.03", of=Action.set_variable_monitoring)
@_each_item
def _judge_unknown_component(item: Item, known: Known201) -> Outcome:
    """Check that a monitor of a component that does not exist is refused."""
    model, name = known[DeviceModelFacts], name_of_item(item.request)
    return _refused(
        item,
        "UnknownComponent",
        unless=not model.is_complete or name.component == CONNECTED_EV or _has_component(name, model),
        text=f"a monitor of {_variable(item.request)} was accepted, but the station has reported all its "
        "components and this one is not among them; the answer must be UnknownComponent",
    )


@MONITOR_FOR_UNKNOWN_VARIABLE_ACCEPTED.on_command("N04.FR.04", of=Action.set_variable_monitoring)
@_each_item
def _judge_unknown_variable(item: Item, known: Known201) -> Outcome:
    """Check that a monitor of a variable that the component does not have is refused. A variable that cannot
    be read may be missing in the inventory (SecurityCtrlr.BasicAuthPassword).
    """
    model, name = known[DeviceModelFacts], name_of_item(item.request)
    exists = any(each[:2] == name[:2] for each in model.variables())
    return _refused(
        item,
        "UnknownVariable",
        unless=not model.is_complete
        or exists
        or name.component in {"securityctrlr", CONNECTED_EV}
        or not _has_component(name, model),
        text=f"a monitor of {_variable(item.request)} was accepted, but the station has reported all "
        "variables of this component and this one is not among them; the answer must be UnknownVariable",
    )


def _is_reported(item: Item, known: Known201) -> bool:
    name = name_of_item(item.request)
    return name.component != CONNECTED_EV and known[DeviceModelFacts].is_reported(name)


def _judge_known(item: Item, known: Known201, status: str) -> Outcome:
    if not _is_reported(item, known) or item.result["status"] != status:
        return None
    return Broken(
        f"a monitor of {_variable(item.request)} was answered with {status}, but the station has reported "
        "this variable itself; a variable that it has must not be called unknown"
    )


@MONITORED_VARIABLE_DENIED.on_command("N04.FR.03", of=Action.set_variable_monitoring)
@_each_item
def _judge_known_component(item: Item, known: Known201) -> Outcome:
    """Check that a reported component is not called unknown."""
    return _judge_known(item, known, "UnknownComponent")


@MONITORED_VARIABLE_DENIED.on_command("N04.FR.04", of=Action.set_variable_monitoring)
@_each_item
def _judge_known_variable(item: Item, known: Known201) -> Outcome:
    """Check that a reported variable is not called unknown."""
    return _judge_known(item, known, "UnknownVariable")


# Type and value

UNSUPPORTED_MONITOR_ACCEPTED: Final = CHECKS.kind(
    "unsupported-monitor-accepted",
    "error",
    "a monitor is accepted for a variable that does not support this monitor",
    "the characteristics of the variable in a report",
)
MONITOR_VALUE_OUT_OF_RANGE_ACCEPTED: Final = CHECKS.kind(
    "monitor-value-out-of-range-accepted",
    "error",
    "a monitor is accepted with a threshold outside the limits of the variable, or with a negative Delta",
    "for a threshold, the limits of the variable in a report",
)


def _definition(item: Item, known: Known201) -> Definition | None:
    return known[DeviceModelFacts].definitions.get(name_of_item(item.request))


@UNSUPPORTED_MONITOR_ACCEPTED.on_command("N04.FR.05", of=Action.set_variable_monitoring)
@_each_item
def _judge_type(item: Item, known: Known201) -> Outcome:
    """Check that a monitor of a variable that cannot be monitored, or a threshold for values without an
    order, is refused.
    """
    definition, kind = _definition(item, known), item.request["type"]
    if definition is None:
        return None
    reason = ""
    if definition.supports_monitoring is False:
        reason = "supportsMonitoring false"
    elif kind in THRESHOLD_MONITORS and definition.data_type in _NOT_NUMERIC:
        reason = f"the data type {definition.data_type}"
    return _refused(
        item,
        "UnsupportedMonitorType",
        unless=not reason,
        text=f"a {kind} monitor of {_variable(item.request)} was accepted, but the station has reported the "
        f"variable with {reason}; the answer must be UnsupportedMonitorType",
    )


@MONITOR_VALUE_OUT_OF_RANGE_ACCEPTED.on_command("N04.FR.06", of=Action.set_variable_monitoring)
@_each_item
def _judge_threshold(item: Item, known: Known201) -> Outcome:
    """Check that a threshold outside the limits of a numeric variable is refused."""
    definition, value = _definition(item, known), item.request["value"]
    if (
        definition is None
        or definition.data_type not in NUMERIC_TYPES
        or item.request["type"] not in THRESHOLD_MONITORS
    ):
        return None
    exceeded = _exceeded_limit(definition, value)
    return _refused(
        item,
        "Rejected",
        unless=not exceeded,
        text=f"a {item.request['type']} of {value:g} for {_variable(item.request)} was accepted, but the "
        f"{exceeded} in the reports of the station; the answer must be Rejected",
    )


def _exceeded_limit(definition: Definition, value: float) -> str:
    """Return the limit that a value exceeds, as text, or an empty text."""
    if definition.min_limit is not None and value < definition.min_limit:
        return f"variable has the minLimit {definition.min_limit:g}"
    if definition.max_limit is not None and value > definition.max_limit:
        return f"variable has the maxLimit {definition.max_limit:g}"
    return ""


@MONITOR_VALUE_OUT_OF_RANGE_ACCEPTED.on_command("N04.FR.14", of=Action.set_variable_monitoring)
@_each_item
def _judge_delta(item: Item, _: Known201) -> Outcome:
    """Check that a negative Delta is refused."""
    value = item.request["value"]
    return _refused(
        item,
        "Rejected",
        unless=item.request["type"] != "Delta" or value >= 0,
        text=f"a Delta of {value:g} for {_variable(item.request)} was accepted; a negative Delta must be "
        "Rejected",
    )


# Other monitors

DUPLICATE_MONITOR_ACCEPTED: Final = CHECKS.kind(
    "duplicate-monitor-accepted",
    "error",
    "a new monitor is accepted although one with the same variable, type and severity exists",
    "the monitor that exists",
)
WRONG_MONITOR_REPLACED: Final = CHECKS.kind(
    "wrong-monitor-replaced",
    "error",
    "a SetVariableMonitoring with an id is accepted although the monitor does not exist, is hard-wired or "
    "belongs to another variable",
    "a report of all monitors, or an earlier message about the monitor",
)


@DUPLICATE_MONITOR_ACCEPTED.on_command("N04.FR.10", of=Action.set_variable_monitoring)
def _judge_duplicates(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a second monitor of the same variable, type and severity is refused."""
    replaced = {item.get("id") for item in command.request["setMonitoringData"]}
    others = {
        monitor_id: monitor
        for monitor_id, monitor in known[Monitors].by_id.items()
        if monitor_id not in replaced and monitor.is_lasting
    }
    return _first_broken(_judge_duplicate(item, others) for item in items_with_results(command))


def _judge_duplicate(item: Item, monitors: dict[int, KnownMonitor]) -> Outcome:
    """Check that an item is refused if its variable, type and severity are those of one of ``monitors``, the
    monitors that the command does not replace.
    """
    wanted = name_of_item(item.request), item.request["type"], item.request["severity"]
    existing = next(
        (one for one in monitors.items() if (one[1].name, one[1].type, one[1].severity) == wanted), None
    )
    if existing is None or item.result.get("id") == existing[0]:
        return None
    if item.result["status"] != _ACCEPTED:
        return MET if item.result["status"] == "Duplicate" else None
    return Broken(
        f"a second {existing[1].text} was accepted although there is one with the id {existing[0]}; the "
        "answer must be Duplicate",
        (existing[1].frame,) if existing[1].frame else (),
    )


@WRONG_MONITOR_REPLACED.on_command("N04.FR.13", of=Action.set_variable_monitoring)
def _judge_unknown_ids(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that an id that no monitor has is refused."""
    items = items_with_results(command)
    new = {item.result.get("id") for item in items if "id" not in item.request}
    return _first_broken(
        _judge_unknown_id(item, known) for item in items if item.request.get("id") not in new
    )


def _judge_unknown_id(item: Item, known: Known201) -> Outcome:
    """Check that an item is Rejected if no monitor, not even a new one of this command, has its id."""
    monitor_id = item.request.get("id")
    return _refused(
        item,
        "Rejected",
        unless=monitor_id is None or not known[Monitors].is_absent(monitor_id),
        text=f"a SetVariableMonitoring with the id {monitor_id} was accepted, but no monitor has this id; "
        "it must be Rejected",
    )


def _differ(one: VariableName, other: VariableName) -> bool:
    """Return whether two names certainly belong to different variables."""
    evses = {one.evse_id, other.evse_id} - {None}
    return one[:2] != other[:2] or len(evses) > 1


@WRONG_MONITOR_REPLACED.on_command("N04.FR.16", of=Action.set_variable_monitoring)
@_each_item
def _judge_other_variable(item: Item, known: Known201) -> Outcome:
    """Check that a monitor is not moved to another variable."""
    monitor_id = item.request.get("id")
    monitor = None if monitor_id is None else known[Monitors].by_id.get(monitor_id)
    return _refused(
        item,
        "Rejected",
        unless=monitor is None or not _differ(monitor.name, name_of_item(item.request)),
        text=f"a SetVariableMonitoring with the id {monitor_id} for {_variable(item.request)} was accepted, "
        f"but this monitor is a {monitor.text if monitor else ''}; it must be Rejected",
    )


@WRONG_MONITOR_REPLACED.on_command("N04.FR.18", of=Action.set_variable_monitoring)
@_each_item
def _judge_hard_wired(item: Item, known: Known201) -> Outcome:
    """Check that a hard-wired monitor is not replaced."""
    monitor_id = item.request.get("id")
    return _refused(
        item,
        "Rejected",
        unless=monitor_id not in known[Monitors].hard_wired,
        text=f"a SetVariableMonitoring with the id {monitor_id} was accepted, but an event has shown this "
        "monitor as hard-wired; it must be Rejected",
    )


# Clearing

ABSENT_MONITOR_CLEARED: Final = CHECKS.kind(
    "absent-monitor-cleared",
    "error",
    "a ClearVariableMonitoring for a monitor that does not exist is not answered with NotFound",
    "an earlier ClearVariableMonitoring of a monitor that a command had added, or a complete report of all "
    "monitors",
)
HARD_WIRED_MONITOR_CLEARED: Final = CHECKS.kind(
    "hard-wired-monitor-cleared",
    "error",
    "a hard-wired monitor is cleared",
    "an event of the monitor since the last boot, with the eventNotificationType HardWiredMonitor",
)


def _results(command: AnsweredCommand) -> Iterator[tuple[int, str]]:
    """Yield id and status of each monitor that a ClearVariableMonitoring names exactly once."""
    counts: Counter[int] = Counter(command.request["id"])
    for result in command.answer["clearMonitoringResult"]:
        if counts[result["id"]] == 1:
            yield result["id"], result["status"]


def _judge_absent(monitor_id: int, status: str, known: Known201) -> Outcome:
    """Check that an id that certainly no monitor has is answered with NotFound. Rejected is not judged if a
    hard-wired monitor that no report shows may have the id.
    """
    monitors = known[Monitors]
    may_be_hard_wired = status == "Rejected" and monitor_id not in monitors.cleared
    if not monitors.is_absent(monitor_id) or may_be_hard_wired:
        return None
    if status == "NotFound":
        return MET
    return Broken(
        f"the ClearVariableMonitoring of the monitor {monitor_id} was answered with {status}, but no monitor "
        "has this id; the answer must be NotFound"
    )


def _judge_cleared(monitor_id: int, status: str, known: Known201) -> Outcome:
    if monitor_id not in known[Monitors].hard_wired:
        return None
    if status != _ACCEPTED:
        return MET if status == "Rejected" else None
    return Broken(
        f"the monitor {monitor_id} was cleared, but an event has shown it as hard-wired; the answer must be "
        "Rejected"
    )


@ABSENT_MONITOR_CLEARED.on_command("N06.FR.02", of=Action.clear_variable_monitoring)
def _judge_absent_monitors(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that ids that no monitor has are answered with NotFound."""
    return _first_broken(_judge_absent(*result, known) for result in _results(command))


@HARD_WIRED_MONITOR_CLEARED.on_command("N06.FR.03", of=Action.clear_variable_monitoring)
def _judge_hard_wired_monitors(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that hard-wired monitors are not cleared."""
    return _first_broken(_judge_cleared(*result, known) for result in _results(command))


# Level

MONITORING_LEVEL_OUT_OF_RANGE_ACCEPTED: Final = CHECKS.kind(
    "monitoring-level-out-of-range-accepted", "error", "a monitoring level outside 0 to 9 is accepted"
)


@MONITORING_LEVEL_OUT_OF_RANGE_ACCEPTED.on_command("N05.FR.02", of=Action.set_monitoring_level)
def _judge_level(command: AnsweredCommand, _: Known201) -> Outcome:
    """Check that a severity outside 0 to 9 is refused."""
    severity = command.request["severity"]
    if severity in _SEVERITIES:
        return None
    if command.answer["status"] != _ACCEPTED:
        return MET
    return Broken(
        f"the monitoring level {severity} was accepted; severities are 0 to 9, and others must be Rejected"
    )
