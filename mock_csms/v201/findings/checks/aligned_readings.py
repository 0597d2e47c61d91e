"""Clock-aligned readings (J01)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import seconds_of
from mock_csms.v201.findings.facts.aligned_readings import CLOCK_TRIGGER, AlignedReadings
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts, VariableName
from mock_csms.v201.findings.facts.recent_settings import RecentSettings
from mock_csms.v201.findings.facts.transaction_notes import RunningNotes
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.samples import ALIGNED, configured_measurands

INTERVALS: Final = 3
"""Intervals without a reading before it is certainly missing."""
MARGIN_S: Final = 60.0

MISSING: Final = CHECKS.kind(
    "aligned-readings-missing",
    "error",
    "no clock-aligned reading arrives for three intervals",
    "AlignedDataCtrlr.Interval and Measurands, and no disconnection since",
)
NOT_ONLY_IDLE: Final = CHECKS.kind(
    "aligned-readings-during-transaction",
    "error",
    "clock-aligned readings are sent during a transaction although SendDuringIdle is true",
    "AlignedDataCtrlr.SendDuringIdle",
)
IDLE_ONLY: Final = VariableName("aligneddatactrlr", "sendduringidle")


def _is_idle_only(known: Known201, evse_id: int | None = None) -> bool:
    """Return whether SendDuringIdle is true for the station, or for an EVSE."""
    value = known[DeviceModelFacts].value(IDLE_ONLY._replace(evse_id=evse_id))
    return value is not None and value.strip().lower() == "true"


def _judge_wait(call: StationCall, known: Known201) -> Outcome:
    aligned = known[AlignedReadings]
    interval_s = known[DeviceModelFacts].number(ALIGNED, "Interval")
    if aligned.since is None or not interval_s:
        return None
    if aligned.has_changed or not known[RecentSettings].is_settled(ALIGNED, aligned.since):
        aligned.restart(call.at)
        return None
    if not configured_measurands(known, ALIGNED, "Measurands"):
        return None
    if call.at <= aligned.since + INTERVALS * interval_s + MARGIN_S:
        return None
    waited_s = call.at - aligned.since
    aligned.restart(call.at)
    return Broken(
        f"no reading with context Sample.Clock has arrived for {waited_s:.0f} s; the station must send one "
        f"every {interval_s:g} s (AlignedDataCtrlr.Interval)"
    )


@MISSING.on_call("J01.FR.14", of=Action.heartbeat)
def judge_idle_station(call: StationCall, known: Known201) -> Outcome:
    """Check, at a Heartbeat, how long an idle station has sent no clock-aligned reading."""
    return None if known.running.by_id else _judge_wait(call, known)


@MISSING.on_call("J01.FR.22", of=Action.heartbeat)
def judge_busy_station(call: StationCall, known: Known201) -> Outcome:
    """Check the same while a transaction is running."""
    if not known.running.by_id or not known[DeviceModelFacts].number(ALIGNED, "Interval"):
        return None
    is_free = any(_is_idle_only(known, evse_id) for evse_id in (None, *_running_evses(known)))
    return None if is_free else _judge_wait(call, known)


def _running_evses(known: Known201) -> list[int | None]:
    return [transaction.evse_id for transaction in known.running.by_id.values()]


@MISSING.on_call("J01.FR.14", of=Action.meter_values)
def judge_reading_of_idle_evse(call: StationCall, known: Known201) -> Outcome:
    """Mark a clock-aligned reading as sent."""
    if not known[AlignedReadings].is_aligned(call) or known.running.on_evse(call.payload["evseId"]):
        return None
    return MET


@MISSING.on_call("J01.FR.22", of=Action.meter_values)
def judge_reading_of_busy_evse(call: StationCall, known: Known201) -> Outcome:
    """Mark a clock-aligned reading of a running transaction as sent."""
    if not known[AlignedReadings].is_aligned(call) or not known.running.on_evse(call.payload["evseId"]):
        return None
    return MET


@MISSING.on_event("J01.FR.22", types=("Updated",), triggers=(CLOCK_TRIGGER,), once=True)
def judge_reading_in_event(call: StationCall, known: Known201) -> Outcome:
    """Mark a clock-aligned reading in an event as sent."""
    return MET


def _judge_running(known: Known201, call: StationCall, what: str) -> Outcome:
    return Broken(
        f"{what} has readings with context Sample.Clock while a transaction is running, although "
        "AlignedDataCtrlr.SendDuringIdle is true; they must not be sent then"
    )


def _runs_since(known: Known201, transaction_id: str, moment: float) -> bool:
    """Return whether a transaction was certainly running at a time."""
    notes = known[RunningNotes].by_id.get(transaction_id)
    is_settled = notes is not None and known[RecentSettings].is_settled(ALIGNED, notes.started_at)
    return notes is not None and is_settled and notes.is_whole and moment > notes.started_at + MARGIN_S


def _judge_idle_only(call: StationCall, known: Known201, evse_id: int | None) -> Outcome:
    """Check MeterValues for a station or an EVSE that sends clock-aligned readings only while idle."""
    if not known[AlignedReadings].is_aligned(call) or not _is_idle_only(known, evse_id):
        return None
    moment = seconds_of(call.payload["meterValue"][0]["timestamp"])
    if moment is None:
        return None
    running = known.running.on_evse(evse_id)
    if any(_runs_since(known, transaction_id, moment) for transaction_id, _ in running):
        return _judge_running(known, call, f"MeterValues of EVSE {call.payload['evseId']}")
    return None if running else MET


@NOT_ONLY_IDLE.on_call("J01.FR.19", of=Action.meter_values)
def judge_idle_evse(call: StationCall, known: Known201) -> Outcome:
    """Check MeterValues of an EVSE with SendDuringIdle."""
    evse_id = call.payload["evseId"]
    return _judge_idle_only(call, known, evse_id) if evse_id > 0 else None


@NOT_ONLY_IDLE.on_call("J01.FR.20", of=Action.meter_values)
def judge_whole_station(call: StationCall, known: Known201) -> Outcome:
    """Check MeterValues of a station with SendDuringIdle."""
    return _judge_idle_only(call, known, None)


@NOT_ONLY_IDLE.on_event("J01.FR.20", types=("Updated",), triggers=(CLOCK_TRIGGER,), once=True)
def judge_clock_event(call: StationCall, known: Known201) -> Outcome:
    """Check an event with clock-aligned readings."""
    transaction_id = call.payload["transactionInfo"]["transactionId"]
    moment = seconds_of(call.payload["timestamp"])
    if moment is None or not _is_idle_only(known) or not _runs_since(known, transaction_id, moment):
        return None
    return _judge_running(known, call, f"an event of the transaction {short(transaction_id)}")
