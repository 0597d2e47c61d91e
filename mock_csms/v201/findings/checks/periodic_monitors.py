"""Events of periodic monitors, which must arrive in time (N08)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CommandCall, StationCall
from mock_csms.findings.expectations import ExpectedMessage
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.monitors import (
    PERIODIC_MONITORS,
    KnownMonitor,
    Monitors,
    items_with_results,
)
from mock_csms.v201.findings.known import Known201

_MARGIN_S: Final = 10.0
_MAX_PERIODIC: Final = 20
"""Maximum number of followed periodic monitors; each takes one of the MAX_EXPECTATIONS expectations."""
_REQUIREMENTS: Final = {"Periodic": "N08.FR.06", "PeriodicClockAligned": "N08.FR.07"}

PERIODIC_EVENT_MISSING: Final = CHECKS.kind(
    "periodic-event-missing",
    "error",
    "a periodic monitor sends no event for two periods",
    "the accepted SetVariableMonitoring, MonitoringCtrlr.Enabled, and the monitoring level",
)
PERIODIC_EVENT_MISSING.names(*_REQUIREMENTS.values())


def _is_active(monitor_id: int, monitor: KnownMonitor, known: Known201) -> bool:
    """Return whether a monitor certainly sends events: unchanged, enabled and within the monitoring level."""
    model = known[DeviceModelFacts]
    level = model.number("MonitoringCtrlr", "ActiveMonitoringLevel")
    return (
        known[Monitors].by_id.get(monitor_id) is monitor
        and not known.clock.is_skewed
        and model.is_true("MonitoringCtrlr", "Enabled") is True
        and level is not None
        and monitor.severity <= level
    )


def _expect_event(monitor_id: int, monitor: KnownMonitor, at: float, known: Known201) -> None:
    within_s = 2 * monitor.value + _MARGIN_S

    def is_of_monitor(_: str, payload: JsonObject) -> bool:
        return any(event.get("variableMonitoringId") == monitor_id for event in payload["eventData"])

    known.expectations.add(
        ExpectedMessage(
            PERIODIC_EVENT_MISSING.id,
            (_REQUIREMENTS[monitor.type],),
            since=at,
            within_s=within_s,
            actions=frozenset({Action.notify_event.value}),
            is_fulfilled_by=is_of_monitor,
            sentence=f"the {monitor.type} monitor {monitor_id} with a period of {monitor.value:g} s sent no "
            f"event within {within_s:g} s; it must send one each period",
            frames=(monitor.frame,),
            is_excused=lambda: not _is_active(monitor_id, monitor, known),
        )
    )


def _follow(monitor_id: int | None, at: float, known: Known201) -> None:
    """Expect an event of a periodic monitor that a command has set. A monitor that depends on a transaction
    or a vehicle is not followed, because it may be silent.
    """
    by_id = known[Monitors].by_id
    monitor = None if monitor_id is None else by_id.get(monitor_id)
    if (
        monitor_id is None
        or monitor is None
        or monitor.type not in PERIODIC_MONITORS
        or not monitor.is_custom
    ):
        return
    is_followed = sum(other.type in PERIODIC_MONITORS for other in by_id.values()) <= _MAX_PERIODIC
    if is_followed and monitor.is_lasting and monitor.value > 0 and not monitor.is_for_transactions:
        _expect_event(monitor_id, monitor, at, known)


@CHECKS.learn_command(Action.set_variable_monitoring)
def _follow_monitors(command: AnsweredCommand, known: Known201) -> None:
    for item, result in items_with_results(command):
        if result["status"] == "Accepted":
            _follow(result.get("id", item.get("id")), command.at, known)


@CHECKS.learn_sent(Action.set_monitoring_level, Action.set_variables)
def _stop_following(command: CommandCall, known: Known201) -> None:
    """Expect no events of periodic monitors once a command may have disabled monitoring; a monitor is
    followed again after its next event.
    """
    items = command.request.get("setVariableData")
    if items is None or any(item["component"]["name"].lower() == "monitoringctrlr" for item in items):
        known.expectations.drop(PERIODIC_EVENT_MISSING.id)


@CHECKS.learn_call(Action.notify_event)
def _follow_events(call: StationCall, known: Known201) -> None:
    if known[Monitors].by_id:
        for event in call.payload["eventData"]:
            _follow(event.get("variableMonitoringId"), call.at, known)
