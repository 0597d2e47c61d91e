"""The clock of a station that takes the time from its central system (B01.FR.06)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import CLOCK_ERROR_S, seconds_of
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.report_requests import ReportRequests
from mock_csms.v201.findings.known import Known201

CLOCK_NOT_SYNCHRONIZED: Final = CHECKS.kind(
    "clock-not-synchronized",
    "error",
    "the generatedAt of a report differs from the time of the central system although "
    "ClockCtrlr.TimeSource begins with Heartbeat",
    "ClockCtrlr.TimeSource, a currentTime sent to the station, and the command that asks for the report",
)


@CLOCK_NOT_SYNCHRONIZED.on_call("B01.FR.06", of=Action.notify_report)
def _judge_report_time(call: StationCall, known: Known201) -> Outcome:
    """Check that the generatedAt of a report lies between the time at which the server sent the command that
    asks for the report and the time at which the report arrived.
    """
    request, clock = known[ReportRequests].by_id.get(call.payload["requestId"]), known.clock
    generated_at = seconds_of(call.payload["generatedAt"])
    if request is None or not request.is_certain or generated_at is None or clock.is_skewed:
        return None
    if clock.since is None or request.sent_at < clock.since or not _uses_heartbeats(known):
        return None
    if request.sent_at - CLOCK_ERROR_S <= generated_at <= call.at + CLOCK_ERROR_S:
        return MET
    return Broken(
        f"the report with requestId {call.payload['requestId']} was generated at "
        f"{call.payload['generatedAt']} by a clock that is more than {CLOCK_ERROR_S:g} s wrong; with the "
        "TimeSource Heartbeat, a station must set its clock to the currentTime it receives"
    )


def _uses_heartbeats(known: Known201) -> bool:
    sources = known[DeviceModelFacts].of_station("ClockCtrlr", "TimeSource") or ""
    return sources.split(",")[0].strip().lower() == "heartbeat"
