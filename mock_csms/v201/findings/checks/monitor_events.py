"""Events of monitors (N07)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201

FROM_MONITOR: Final = frozenset({"CustomMonitor", "HardWiredMonitor", "PreconfiguredMonitor"})
"""Values of eventNotificationType that name a monitor."""

MONITOR_ID_MISSING: Final = CHECKS.kind(
    "event-monitor-id-missing", "error", "an event of a monitor has no variableMonitoringId"
)


@MONITOR_ID_MISSING.on_call("N07.FR.06", of=Action.notify_event)
def judge_monitor_id(call: StationCall, known: Known201) -> Outcome:
    """Check that each event of a monitor names it."""
    events = [event for event in call.payload["eventData"] if event["eventNotificationType"] in FROM_MONITOR]
    for event in events:
        if "variableMonitoringId" not in event:
            return Broken(
                f"the event {event['eventId']} is of a {event['eventNotificationType']} but has no "
                "variableMonitoringId; it must name its monitor"
            )
    return MET if events else None
