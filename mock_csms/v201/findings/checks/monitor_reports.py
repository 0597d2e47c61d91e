"""Reports of monitors: they must have exactly the monitors that were asked for (N02, N03, N04, N07)."""

from collections.abc import Callable
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts, VariableName
from mock_csms.v201.findings.facts.monitors import (
    PERIODIC_MONITORS,
    THRESHOLD_MONITORS,
    KnownMonitor,
    MonitoringQuery,
    Monitors,
    monitors_in,
)
from mock_csms.v201.findings.known import Known201

_TYPES: Final = {
    "ThresholdMonitoring": THRESHOLD_MONITORS,
    "DeltaMonitoring": frozenset({"Delta"}),
    "PeriodicMonitoring": PERIODIC_MONITORS,
}
"""Types of monitors by criterion."""

# The answer

MONITORING_REPORT_REFUSED: Final = CHECKS.kind(
    "monitoring-report-refused",
    "error",
    "a GetMonitoringReport without criteria is answered with NotSupported although monitoring is enabled",
    "MonitoringCtrlr.Available and MonitoringCtrlr.Enabled",
)


@MONITORING_REPORT_REFUSED.on_command("N02.FR.01", of=Action.get_monitoring_report)
def _judge_answer(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a station with monitoring does not answer a query without criteria with NotSupported."""
    model, status = known[DeviceModelFacts], command.answer["status"]
    if command.request.get("monitoringCriteria") or status == "EmptyResultSet":
        return None
    if status == "Accepted":
        return MET
    has_monitoring = model.is_true("MonitoringCtrlr", "Available") and model.is_true(
        "MonitoringCtrlr", "Enabled"
    )
    if status != "NotSupported" or not has_monitoring:
        return None
    return Broken(
        "a GetMonitoringReport without monitoringCriteria was answered with NotSupported, but the station "
        "has reported that monitoring is available and enabled; it must be Accepted"
    )


# Monitors that were not asked for

UNREQUESTED_MONITOR_REPORTED: Final = CHECKS.kind(
    "unrequested-monitor-reported",
    "error",
    "a report has a monitor that does not match the GetMonitoringReport",
    "the accepted GetMonitoringReport",
)


def _fits_types(query: MonitoringQuery, monitor: KnownMonitor) -> bool:
    criteria = query.request.get("monitoringCriteria")
    return not criteria or any(monitor.type in _TYPES[criterion] for criterion in criteria)


def _is_named(item: JsonObject, name: VariableName, *, exactly: bool) -> bool:
    """Return whether an item of componentVariable matches a name. An item without an EVSE matches variables
    of all EVSEs or, with ``exactly``, only variables without an EVSE; likewise for the component instance. A
    station may report all instances of a component although one was named (N02.FR.20).
    """
    component, variable = item["component"], item.get("variable") or {}
    evse = component.get("evse") or {}
    asked = (
        (component["name"], name.component),
        (variable.get("name"), name.variable),
        (variable.get("instance"), name.variable_instance),
    )
    place = (evse.get("id"), name.evse_id), (evse.get("connectorId"), name.connector_id)
    if exactly and any((wanted or None) != actual for wanted, actual in place):
        return False
    if exactly and (component.get("instance") or "").lower() != name.component_instance:
        return False
    return all(not wanted or wanted.lower() == actual for wanted, actual in asked) and all(
        not wanted or wanted == actual for wanted, actual in place
    )


def _fits_items(query: MonitoringQuery, monitor: KnownMonitor, *, exactly: bool = False) -> bool:
    items = query.request.get("componentVariable")
    return not items or any(_is_named(item, monitor.name, exactly=exactly) for item in items)


def _judge_filters(call: StationCall, known: Known201, *, types: bool, items: bool) -> Outcome:
    """Check that a part of a report has only monitors that match the query. ``types`` and ``items`` say
    whether the check is for queries with or without criteria, and with or without variables.
    """
    query = known[Monitors].query_of(call.payload)
    if query is None:
        return None
    filters = bool(query.request.get("monitoringCriteria")), bool(query.request.get("componentVariable"))
    if filters != (types, items):
        return None
    reported = [monitor for _, monitor in monitors_in(call)]
    for monitor in reported:
        if not (_fits_types(query, monitor) and _fits_items(query, monitor)):
            return Broken(
                f"the report {call.payload['requestId']} has a {short(monitor.text)}, which does not match "
                "its GetMonitoringReport; a report must have only the monitors that were asked for",
                (query.frame,),
            )
    return MET if reported else None


@UNREQUESTED_MONITOR_REPORTED.on_call("N02.FR.05", of=Action.notify_monitoring_report)
def _judge_both_filters(call: StationCall, known: Known201) -> Outcome:
    """Check that a report for a query with criteria and variables has only monitors that match both."""
    return _judge_filters(call, known, types=True, items=True)


@UNREQUESTED_MONITOR_REPORTED.on_call("N02.FR.06", of=Action.notify_monitoring_report)
def _judge_criteria(call: StationCall, known: Known201) -> Outcome:
    """Check that a report for a query with criteria only has only monitors that match them."""
    return _judge_filters(call, known, types=True, items=False)


@UNREQUESTED_MONITOR_REPORTED.on_call("N02.FR.08", of=Action.notify_monitoring_report)
def _judge_variables(call: StationCall, known: Known201) -> Outcome:
    """Check that a report for a query with variables only has only monitors of these variables."""
    return _judge_filters(call, known, types=False, items=True)


# Reports without data

EMPTY_MONITORING_REPORT: Final = CHECKS.kind(
    "empty-monitoring-report",
    "error",
    "a GetMonitoringReport is accepted but the report has no monitor",
    "all parts of the report",
)


@EMPTY_MONITORING_REPORT.on_call("N02.FR.10", of=Action.notify_monitoring_report)
def _judge_emptiness(call: StationCall, known: Known201) -> Outcome:
    """Check that the report for an accepted query has a monitor."""
    query, found = known[Monitors].completed(call) or (None, ())
    if query is None or found:
        return None
    return Broken(
        f"the report {call.payload['requestId']} has no monitor, but its GetMonitoringReport was Accepted; "
        "the answer must be EmptyResultSet if there is nothing to report",
        (query.frame,),
    )


@EMPTY_MONITORING_REPORT.on_command("N02.FR.10", of=Action.get_monitoring_report)
def _judge_empty_answer(command: AnsweredCommand, known: Known201) -> Outcome:
    """Return MET if a query that no monitor matches is answered with EmptyResultSet."""
    monitors = known[Monitors]
    query = monitors.queries.get(command.request["requestId"])
    if query is None or query.changes != monitors.changes or not monitors.is_complete:
        return None
    has_result = any(_fits_types(query, one) and _fits_items(query, one) for one in monitors.by_id.values())
    return MET if command.answer["status"] == "EmptyResultSet" and not has_result else None


# Missing monitors

MONITOR_NOT_REPORTED: Final = CHECKS.kind(
    "monitor-not-reported",
    "error",
    "a monitor that was set or reported before is missing in a report that should have it",
    "the message that set or reported the monitor, and all parts of the report",
)
CUSTOM_MONITOR_LOST: Final = CHECKS.kind(
    "custom-monitor-lost",
    "error",
    "a custom monitor is lost by a reboot or by the monitoring base All",
    "the accepted SetVariableMonitoring, and a complete report of all monitors since",
)


def _judge_presence(
    call: StationCall, known: Known201, is_due: Callable[[MonitoringQuery, int, KnownMonitor], bool]
) -> Outcome:
    """Judge whether a complete report has all known monitors that are due."""
    monitors = known[Monitors]
    completed = monitors.completed(call)
    if completed is None:
        return None
    query, found = completed
    ids, due = {monitor_id for monitor_id, _ in found}, False
    for monitor_id, monitor in monitors.by_id.items():
        if not monitor.is_lasting or not is_due(query, monitor_id, monitor):
            continue
        due = True
        if monitor_id not in ids and not any(monitor.is_like(other) for _, other in found):
            return Broken(
                f"the report {call.payload['requestId']} lacks the monitor {monitor_id}, a "
                f"{short(monitor.text)}; it must be reported until it is cleared",
                (monitor.frame, query.frame) if monitor.frame else (query.frame,),
            )
    return MET if due else None


@MONITOR_NOT_REPORTED.on_call("N02.FR.11", of=Action.notify_monitoring_report)
def _judge_all(call: StationCall, known: Known201) -> Outcome:
    """Check that a report without filters has all monitors."""
    since_base = known[Monitors].since_base_all
    return _judge_presence(
        call, known, lambda query, number, _: query.is_unfiltered and number not in since_base
    )


@CUSTOM_MONITOR_LOST.on_call("N03.FR.03", of=Action.notify_monitoring_report)
def _judge_base(call: StationCall, known: Known201) -> Outcome:
    """Check that SetMonitoringBase All has not removed the custom monitors."""
    since_base = known[Monitors].since_base_all
    return _judge_presence(call, known, lambda query, number, _: query.is_unfiltered and number in since_base)


def _judge_criterion(criterion: str) -> Callable[[StationCall, Known201], Outcome]:
    def is_due(query: MonitoringQuery, _: int, monitor: KnownMonitor) -> bool:
        criteria = query.request.get("monitoringCriteria") or ()
        return (
            criterion in criteria
            and monitor.type in _TYPES[criterion]
            and _fits_items(query, monitor, exactly=True)
        )

    return lambda call, known: _judge_presence(call, known, is_due)


MONITOR_NOT_REPORTED.on_call("N02.FR.12", of=Action.notify_monitoring_report)(
    _judge_criterion("ThresholdMonitoring")
)
MONITOR_NOT_REPORTED.on_call("N02.FR.13", of=Action.notify_monitoring_report)(
    _judge_criterion("DeltaMonitoring")
)
MONITOR_NOT_REPORTED.on_call("N02.FR.14", of=Action.notify_monitoring_report)(
    _judge_criterion("PeriodicMonitoring")
)


def _is_due_for_items(query: MonitoringQuery, monitor: KnownMonitor, *, with_variable: bool) -> bool:
    """Return whether a monitor matches the criteria of a query and one of its items: an item with a variable
    (``with_variable``), or one without.
    """
    items = query.request.get("componentVariable") or ()
    return _fits_types(query, monitor) and any(
        _is_named(item, monitor.name, exactly=True)
        for item in items
        if ("variable" in item) == with_variable and not item.get("variable", {}).get("instance")
    )


@MONITOR_NOT_REPORTED.on_call("N02.FR.16", of=Action.notify_monitoring_report)
def _judge_component(call: StationCall, known: Known201) -> Outcome:
    """Check that monitors of all variables are reported for an item that names only a component."""
    return _judge_presence(
        call, known, lambda query, _, monitor: _is_due_for_items(query, monitor, with_variable=False)
    )


@MONITOR_NOT_REPORTED.on_call("N02.FR.17", of=Action.notify_monitoring_report)
def _judge_variable(call: StationCall, known: Known201) -> Outcome:
    """Check that monitors of all instances are reported for an item that names a variable."""
    return _judge_presence(
        call, known, lambda query, _, monitor: _is_due_for_items(query, monitor, with_variable=True)
    )


@CUSTOM_MONITOR_LOST.on_call("N07.FR.13", of=Action.notify_monitoring_report)
def _judge_boot(call: StationCall, known: Known201) -> Outcome:
    """Check that custom monitors are still there after a reboot, perhaps with other ids."""
    before = known[Monitors].before_boot
    completed = known[Monitors].completed(call)
    if completed is None or not completed[0].is_unfiltered or not before:
        return None
    for monitor in before:
        if monitor.is_lasting and not any(monitor.is_like(other) for _, other in completed[1]):
            return Broken(
                f"the report {call.payload['requestId']} lacks the {short(monitor.text)}, which was set "
                "before the reboot; monitors must survive a reboot",
                (monitor.frame,) if monitor.frame else (),
            )
    return MET


# Replaced monitors

MONITOR_NOT_REPLACED: Final = CHECKS.kind(
    "monitor-not-replaced",
    "error",
    "a monitor still has its old settings after an accepted SetVariableMonitoring with its id",
    "the settings of the monitor before the command",
)


def _differs(one: KnownMonitor, other: KnownMonitor) -> bool:
    """Return whether the settings of two monitors differ by more than the rounding of a value can explain."""
    return one.settings[:2] != other.settings[:2] or abs(one.value - other.value) >= 1


@MONITOR_NOT_REPLACED.on_call("N04.FR.12", of=Action.notify_monitoring_report)
def _judge_replacement(call: StationCall, known: Known201) -> Outcome:
    """Check that a replaced monitor has its new settings."""
    monitors = known[Monitors]
    outcome: Outcome = None
    query = monitors.query_of(call.payload)
    if query is None or query.changes != monitors.changes:
        return None
    for monitor_id, reported in monitors_in(call):
        expected = monitors.by_id.get(monitor_id)
        if expected is None or expected.replaced is None or not _differs(expected, expected.replaced):
            continue
        if reported.settings == expected.replaced.settings:
            return Broken(
                f"the monitor {monitor_id} is reported as a {short(reported.text)} and the value "
                f"{reported.value:g}; these are its settings from before the SetVariableMonitoring that was "
                "Accepted for it, which must replace the monitor",
                (expected.frame, query.frame),
            )
        outcome = MET
    return outcome


# Monitors that the monitoring base has removed

REMOVED_MONITOR_REPORTED: Final = CHECKS.kind(
    "removed-monitor-reported",
    "error",
    "a report has a custom monitor that the monitoring base FactoryDefault or HardWiredOnly has removed",
    "the SetVariableMonitoring that was accepted before the SetMonitoringBase, and that no monitor "
    "was set since",
)


def _base_check(base: str) -> Callable[[StationCall, Known201], Outcome]:
    """Return a check that no report has the custom monitors that the monitoring base has removed. A new
    monitor with the same settings would have another id.
    """

    def check(call: StationCall, known: Known201) -> Outcome:
        monitors = known[Monitors]
        completed = monitors.completed(call)
        if completed is None or not monitors.removed or monitors.base_name != base:
            return None
        query, found = completed
        for monitor_id, reported in found:
            removed = monitors.removed.get(monitor_id)
            if removed is not None and removed.is_like(reported) and removed.value == reported.value:
                return Broken(
                    f"the report {call.payload['requestId']} has the monitor {monitor_id}, a "
                    f"{short(reported.text)}, but the monitoring base {base} was accepted after it was set; "
                    "custom monitors must be removed",
                    (removed.frame, query.frame),
                )
        return MET if query.is_unfiltered else None

    return check


REMOVED_MONITOR_REPORTED.on_call("N03.FR.04", of=Action.notify_monitoring_report)(
    _base_check("FactoryDefault")
)
REMOVED_MONITOR_REPORTED.on_call("N03.FR.05", of=Action.notify_monitoring_report)(
    _base_check("HardWiredOnly")
)
