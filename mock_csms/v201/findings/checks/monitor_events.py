"""Events of monitors (N03 to N05, N07, N08)."""

from collections.abc import Callable, Iterator
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.device_model import ACTUAL
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import CLOCK_ERROR_S, seconds_of
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts, name_of_item
from mock_csms.v201.findings.facts.monitors import (
    CUSTOM_MONITOR,
    NUMERIC_TYPES,
    PERIODIC_MONITORS,
    THRESHOLD_MONITORS,
    KnownMonitor,
    Monitors,
)
from mock_csms.v201.findings.known import Known201

_FROM_MONITOR: Final = frozenset({"CustomMonitor", "HardWiredMonitor", "PreconfiguredMonitor"})
"""Values of eventNotificationType that name a monitor."""

EVENT_MONITOR_ID_MISSING: Final = CHECKS.kind(
    "event-monitor-id-missing", "error", "an event of a monitor has no variableMonitoringId"
)


@EVENT_MONITOR_ID_MISSING.on_call("N07.FR.06", of=Action.notify_event)
def _judge_monitor_id(call: StationCall, known: Known201) -> Outcome:
    """Check that each event of a monitor names the monitor."""
    events = [event for event in call.payload["eventData"] if event["eventNotificationType"] in _FROM_MONITOR]
    for event in events:
        if "variableMonitoringId" not in event:
            return Broken(
                f"the event {event['eventId']} is of a {event['eventNotificationType']} but has no "
                "variableMonitoringId; it must name its monitor"
            )
    return MET if events else None


def _is_after(event: JsonObject, moment: float, at: float, known: Known201) -> bool:
    """Return whether an event that arrives now (``at``) certainly happened after a moment; it may have waited
    in a queue.
    """
    seconds = seconds_of(event["timestamp"]) if known.clock.is_right else None
    return seconds is not None and moment + CLOCK_ERROR_S < seconds <= at + CLOCK_ERROR_S


def _events_of_monitors(call: StationCall, known: Known201) -> Iterator[tuple[JsonObject, KnownMonitor]]:
    """Yield the events whose monitor is certain, with their monitors."""
    by_id = known[Monitors].by_id
    if not by_id:
        return
    for event in call.payload["eventData"]:
        monitor = by_id.get(event.get("variableMonitoringId"))
        if monitor is not None and _is_after(event, monitor.at, call.at, known):
            yield event, monitor


# Triggers

EVENT_TRIGGER_WRONG: Final = CHECKS.kind(
    "event-trigger-wrong",
    "error",
    "the trigger of an event does not belong to the type of its monitor",
    "the type of the monitor; for a Delta monitor also the data type of its variable",
)


def _is_numeric(monitor: KnownMonitor, known: Known201) -> bool | None:
    definition = known[DeviceModelFacts].definitions.get(monitor.name)
    return (
        None if definition is None or definition.data_type is None else definition.data_type in NUMERIC_TYPES
    )


def _trigger_check(
    trigger: str, is_about: Callable[[KnownMonitor, Known201], bool | None]
) -> Callable[[StationCall, Known201], Outcome]:
    """Return a check that the events of the monitors that ``is_about`` selects have the trigger
    ``trigger``.
    """

    def check(call: StationCall, known: Known201) -> Outcome:
        outcome: Outcome = None
        for event, monitor in _events_of_monitors(call, known):
            if event.get("cleared") or not is_about(monitor, known):
                continue  # no requirement names the trigger for the end of an alert
            if event["trigger"] != trigger:
                return Broken(
                    f"the event {event['eventId']} has the trigger {event['trigger']}, but it is of a "
                    f"{short(monitor.text)}; its trigger must be {trigger}",
                    (monitor.frame,),
                )
            outcome = MET
        return outcome

    return check


for _requirement, _trigger, _is_about in (
    ("N07.FR.16", "Alerting", lambda monitor, _: monitor.type == "UpperThreshold"),
    ("N07.FR.17", "Alerting", lambda monitor, _: monitor.type == "LowerThreshold"),
    ("N07.FR.18", "Delta", lambda monitor, known: monitor.type == "Delta" and _is_numeric(monitor, known)),
    (
        "N07.FR.19",
        "Delta",
        lambda monitor, known: monitor.type == "Delta" and _is_numeric(monitor, known) is False,
    ),
    ("N08.FR.05", "Periodic", lambda monitor, _: monitor.type in PERIODIC_MONITORS),
):
    EVENT_TRIGGER_WRONG.on_call(_requirement, of=Action.notify_event)(_trigger_check(_trigger, _is_about))


# Events that must not be sent

EVENT_ABOVE_MONITORING_LEVEL: Final = CHECKS.kind(
    "event-above-monitoring-level",
    "error",
    "an event of a monitor is sent although its severity number is above the monitoring level",
    "the accepted SetMonitoringLevel on the same connection, and the severity of the monitor",
)
EVENT_OF_REMOVED_MONITOR: Final = CHECKS.kind(
    "event-of-removed-monitor",
    "error",
    "a monitor sends an event although SetMonitoringBase has removed or disabled monitors of its kind",
    "the accepted SetMonitoringBase on the same connection, and that no monitor was set since",
)
EVENT_OF_CLEARED_MONITOR: Final = CHECKS.kind(
    "event-of-cleared-monitor",
    "error",
    "a threshold monitor that was cleared reports that its threshold is no longer exceeded",
    "the accepted ClearVariableMonitoring on the same connection",
)


@EVENT_ABOVE_MONITORING_LEVEL.on_call("N05.FR.03", "N07.FR.15", of=Action.notify_event)
def _judge_level(call: StationCall, known: Known201) -> Outcome:
    """Check that events have at most the severity number of the monitoring level."""
    outcome: Outcome = None
    level = known[Monitors].level
    if level is None:
        return None
    for event, monitor in _events_of_monitors(call, known):
        if not _is_after(event, level[1], call.at, known):
            continue
        if monitor.severity > level[0]:
            return Broken(
                f"the event {event['eventId']} is of a {short(monitor.text)}, but the monitoring level is "
                f"{level[0]}; events with a higher severity number must not be sent",
                (level[2],),
            )
        outcome = MET
    return outcome


def _base_check(base: str, removed: frozenset[str]) -> Callable[[StationCall, Known201], Outcome]:
    """Return a check that monitors of the types in ``removed`` send no events after the base was set."""

    def check(call: StationCall, known: Known201) -> Outcome:
        outcome: Outcome = None
        current = known[Monitors].base
        if current is None or current[0] != base:
            return None
        for event in call.payload["eventData"]:
            is_of_monitor = event["eventNotificationType"] in _FROM_MONITOR
            if not is_of_monitor or not _is_after(event, current[1], call.at, known):
                continue
            if event["eventNotificationType"] in removed:
                return Broken(
                    f"the event {event['eventId']} is of a {event['eventNotificationType']}, but the "
                    f"monitoring base {base} was accepted before the event; monitors of this kind must not "
                    "be active any more",
                    (current[2],),
                )
            outcome = MET
        return outcome

    return check


EVENT_OF_REMOVED_MONITOR.on_call("N03.FR.04", of=Action.notify_event)(
    _base_check("FactoryDefault", frozenset({CUSTOM_MONITOR}))
)
EVENT_OF_REMOVED_MONITOR.on_call("N03.FR.05", of=Action.notify_event)(
    _base_check("HardWiredOnly", frozenset({CUSTOM_MONITOR, "PreconfiguredMonitor"}))
)


@EVENT_OF_CLEARED_MONITOR.on_call("N07.FR.12", of=Action.notify_event)
def _judge_cleared(call: StationCall, known: Known201) -> Outcome:
    """Check that a threshold monitor that was cleared does not report the end of its alert afterwards. If it
    was cleared during an alert, the check returns MET for a later event of any kind that is not such a
    report.
    """
    outcome: Outcome = None
    cleared = known[Monitors].cleared
    thresholds = {
        monitor_id: (one.at, one.was_alerting)
        for monitor_id, one in cleared.items()
        if one.monitor is not None and one.monitor.type in THRESHOLD_MONITORS and one.at is not None
    }
    if not thresholds:
        return None
    alerts = [since for since, was_alerting in thresholds.values() if was_alerting]
    for event in call.payload["eventData"]:
        since, _ = thresholds.get(event.get("variableMonitoringId", -1), (None, False))
        if since is not None and event.get("cleared") and _is_after(event, since, call.at, known):
            return Broken(
                f"the event {event['eventId']} reports the end of an alert of the monitor "
                f"{event['variableMonitoringId']}, which was cleared before; a cleared monitor must not "
                "send such an event"
            )
        if alerts and _is_after(event, min(alerts), call.at, known):
            outcome = MET
    return outcome


# Contents

WRITE_ONLY_VALUE_SENT: Final = CHECKS.kind(
    "write-only-value-sent",
    "error",
    "an event has the value of a variable that is write-only",
    "the mutability of the variable in a report",
)
EVENT_NOTIFICATION_TYPE_WRONG: Final = CHECKS.kind(
    "event-notification-type-wrong",
    "error",
    "a monitor that a command has replaced sends an event whose eventNotificationType is not CustomMonitor",
    "the accepted SetVariableMonitoring with the id of the monitor",
)


@WRITE_ONLY_VALUE_SENT.on_call("N07.FR.10", of=Action.notify_event)
def _judge_value(call: StationCall, known: Known201) -> Outcome:
    """Check that an event has no value of a write-only variable."""
    outcome: Outcome = None
    definitions = known[DeviceModelFacts].definitions
    if not definitions:
        return None
    for event in call.payload["eventData"]:
        definition = definitions.get(name_of_item(event))
        if definition is None or definition.mutability.get(ACTUAL) != "WriteOnly":
            continue
        if event["eventNotificationType"] not in _FROM_MONITOR:
            continue
        if event["actualValue"]:
            return Broken(
                f"the event {event['eventId']} has a value of {short(event['component']['name'])}/"
                f"{short(event['variable']['name'])}, which is write-only; its actualValue must be empty"
            )
        outcome = MET
    return outcome


@EVENT_NOTIFICATION_TYPE_WRONG.on_call("N04.FR.15", of=Action.notify_event)
def _judge_type(call: StationCall, known: Known201) -> Outcome:
    """Check that events of a monitor that a SetVariableMonitoring has replaced have the eventNotificationType
    CustomMonitor.
    """
    outcome: Outcome = None
    for event, monitor in _events_of_monitors(call, known):
        if not monitor.is_replacement or (monitor.replaced and monitor.replaced.is_custom):
            continue
        if event["eventNotificationType"] != CUSTOM_MONITOR:
            return Broken(
                f"the event {event['eventId']} of the monitor {event['variableMonitoringId']} is of a "
                f"{event['eventNotificationType']}, but a SetVariableMonitoring has replaced this monitor; "
                "after that, the eventNotificationType must be CustomMonitor",
                (monitor.frame,),
            )
        outcome = MET
    return outcome
