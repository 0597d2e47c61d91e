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
from mock_csms.v201.findings.running import Suspicion, TransactionInProgress
from mock_csms.v201.findings.samples import ALIGNED_DATA_CTRLR, CLOCK, configured_measurands, is_absent

_INTERVALS: Final = 3
"""Number of intervals after which a clock-aligned reading that has not arrived is certainly missing."""
_MARGIN_S: Final = 60.0

ALIGNED_READINGS_MISSING: Final = CHECKS.kind(
    "aligned-readings-missing",
    "error",
    "no clock-aligned reading arrives for three intervals",
    "AlignedDataCtrlr.Available, AlignedDataCtrlr.Enabled, AlignedDataCtrlr.Interval and "
    "AlignedDataCtrlr.Measurands, and that the station has stayed connected during these intervals; "
    "during a transaction also AlignedDataCtrlr.SendDuringIdle of the station and of the EVSE, or a "
    "FullInventory without this variable",
)
ALIGNED_READINGS_DURING_TRANSACTION: Final = CHECKS.kind(
    "aligned-readings-during-transaction",
    "error",
    "clock-aligned readings are sent during a transaction although AlignedDataCtrlr.SendDuringIdle is true",
    "AlignedDataCtrlr.SendDuringIdle, the Started event, and for readings in MeterValues also an "
    "event of the transaction that happened after the readings",
)
_IDLE_ONLY: Final = VariableName("aligneddatactrlr", "sendduringidle")


def _is_idle_only(known: Known201, evse_id: int | None = None) -> bool:
    """Return whether SendDuringIdle is true for an EVSE; for the station if ``evse_id`` is None."""
    value = known[DeviceModelFacts].value(_IDLE_ONLY._replace(evse_id=evse_id))
    return value is not None and value.strip().lower() == "true"


def _may_be_idle_only(known: Known201, evse_id: int | None = None) -> bool:
    """Return whether SendDuringIdle is true or unknown for an EVSE, or for the station (``evse_id`` None)."""
    model, name = known[DeviceModelFacts], _IDLE_ONLY._replace(evse_id=evse_id)
    return not is_absent(model, name) if model.value(name) is None else _is_idle_only(known, evse_id)


def _judge_wait(call: StationCall, known: Known201) -> Outcome:
    aligned = known[AlignedReadings]
    interval_s = known[DeviceModelFacts].number(ALIGNED_DATA_CTRLR, "Interval")
    if aligned.since is None or not interval_s or interval_s < 0:
        return None
    if aligned.has_changed or not known[RecentSettings].is_settled(ALIGNED_DATA_CTRLR, aligned.since):
        aligned.restart(call.at)
        return None
    if call.at <= aligned.since + _INTERVALS * interval_s + _MARGIN_S:
        return None
    if not configured_measurands(known, ALIGNED_DATA_CTRLR, "Measurands"):
        return None
    waited_s = call.at - aligned.since
    aligned.restart(call.at)
    return Broken(
        f"no reading with context Sample.Clock has arrived for {waited_s:.0f} s; the station must send one "
        f"every {interval_s:g} s (AlignedDataCtrlr.Interval)"
    )


@ALIGNED_READINGS_MISSING.on_call("J01.FR.14", of=Action.heartbeat)
def _judge_idle_station(call: StationCall, known: Known201) -> Outcome:
    """Check, at a Heartbeat, that the clock-aligned readings of an idle station are not overdue. A station
    with SendDuringIdle is skipped until it boots, because a transaction may be running that the server does
    not know.
    """
    is_hidden = not known.transactions.has_seen_boot and _may_be_idle_only(known)
    return None if is_hidden or known.running.by_id else _judge_wait(call, known)


@ALIGNED_READINGS_MISSING.on_call("J01.FR.22", of=Action.heartbeat)
def _judge_busy_station(call: StationCall, known: Known201) -> Outcome:
    """Check, at a Heartbeat during a transaction, that clock-aligned readings are not overdue."""
    if not known.running.by_id or not known[DeviceModelFacts].number(ALIGNED_DATA_CTRLR, "Interval"):
        return None
    is_free = any(_may_be_idle_only(known, evse_id) for evse_id in (None, *_running_evses(known)))
    return None if is_free else _judge_wait(call, known)


def _running_evses(known: Known201) -> list[int | None]:
    return [transaction.evse_id for transaction in known.running.by_id.values()]


@ALIGNED_READINGS_MISSING.on_call("J01.FR.14", of=Action.meter_values)
def _judge_reading_of_idle_evse(call: StationCall, known: Known201) -> Outcome:
    """Return MET for a clock-aligned reading of an EVSE without a transaction."""
    if not known[AlignedReadings].is_aligned(call) or known.running.on_evse(call.payload["evseId"]):
        return None
    return MET


@ALIGNED_READINGS_MISSING.on_call("J01.FR.22", of=Action.meter_values)
def _judge_reading_of_busy_evse(call: StationCall, known: Known201) -> Outcome:
    """Return MET for a clock-aligned reading of an EVSE with a running transaction."""
    if not known[AlignedReadings].is_aligned(call) or not known.running.on_evse(call.payload["evseId"]):
        return None
    return MET


@ALIGNED_READINGS_MISSING.on_event("J01.FR.22", types=("Updated",), triggers=(CLOCK_TRIGGER,), once=True)
def _judge_reading_in_event(call: StationCall, known: Known201) -> Outcome:
    """Return MET for an event with a clock-aligned reading."""
    return MET


def _sentence(what: str) -> str:
    return (
        f"{what} has readings with context Sample.Clock while a transaction is running, although "
        "AlignedDataCtrlr.SendDuringIdle is true; they must not be sent then"
    )


def _runs_since(known: Known201, transaction_id: str, moment: float) -> bool:
    """Return whether a transaction was certainly running at a time."""
    notes = known[RunningNotes].by_id.get(transaction_id)
    if notes is None or not notes.is_whole or not known.clock.is_right:
        return False
    return (
        known[RecentSettings].is_settled(ALIGNED_DATA_CTRLR, notes.started_at)
        and moment > notes.started_at + _MARGIN_S
    )


def _time_of_readings(call: StationCall) -> float | None:
    """Return the time of the first clock-aligned readings; None if it cannot be read."""
    first = next(
        meter_value["timestamp"]
        for meter_value in call.payload["meterValue"]
        if any(sample.get("context") == CLOCK for sample in meter_value["sampledValue"])
    )
    return seconds_of(first)


def _suspect(call: StationCall, known: Known201, requirement: str, evse_id: int | None) -> None:
    """Report clock-aligned MeterValues during a transaction once a later event shows that the transaction
    goes on; until then, the Ended event may be on the way.
    """
    if not _is_idle_only(known, evse_id) or not known[AlignedReadings].is_aligned(call):
        return
    moment = _time_of_readings(call)
    for transaction_id, transaction in known.running.certain_on_evse(evse_id):
        if moment is not None and _runs_since(known, transaction_id, moment):
            sentence = _sentence(f"MeterValues of EVSE {call.payload['evseId']}")
            _add_suspicion(
                transaction,
                Suspicion(
                    ALIGNED_READINGS_DURING_TRANSACTION.id,
                    moment,
                    (call.frame,),
                    sentence,
                    requirements=(requirement,),
                ),
            )
            return


def _add_suspicion(transaction: TransactionInProgress, suspicion: Suspicion) -> None:
    """Add a suspicion, or add its requirements to an existing suspicion of the same kind."""
    for known in transaction.suspicions:
        if known.kind == suspicion.kind:
            known.requirements = tuple(sorted({*known.requirements, *suspicion.requirements}))
            return
    transaction.suspicions.append(suspicion)


@ALIGNED_READINGS_DURING_TRANSACTION.on_call("J01.FR.19", of=Action.meter_values)
def _judge_idle_evse(call: StationCall, known: Known201) -> Outcome:
    """Check that MeterValues of an EVSE with SendDuringIdle are not sent during a transaction."""
    if evse_id := call.payload["evseId"]:
        _suspect(call, known, "J01.FR.19", evse_id)
    return None


@ALIGNED_READINGS_DURING_TRANSACTION.on_call("J01.FR.20", of=Action.meter_values)
def _judge_whole_station(call: StationCall, known: Known201) -> Outcome:
    """Check that MeterValues of a station with SendDuringIdle are not sent during a transaction."""
    _suspect(call, known, "J01.FR.20", None)
    return None


@ALIGNED_READINGS_DURING_TRANSACTION.on_event(
    "J01.FR.20", types=("Updated",), triggers=(CLOCK_TRIGGER,), once=True
)
def _judge_clock_event(call: StationCall, known: Known201) -> Outcome:
    """Check that a running transaction sends no event with clock-aligned readings while SendDuringIdle of the
    station is true.
    """
    transaction_id = call.payload["transactionInfo"]["transactionId"]
    moment = seconds_of(call.payload["timestamp"])
    if moment is None or not _is_idle_only(known) or not _runs_since(known, transaction_id, moment):
        return None
    return Broken(_sentence(f"an event of the transaction {short(transaction_id)}"))


def _judge_silence(call: StationCall, known: Known201, evse_id: int | None) -> Outcome:
    """Return MET for a transaction that lasted longer than an interval and had no clock-aligned readings."""
    if not _is_idle_only(known, evse_id):
        return None
    notes = known[RunningNotes].of(call.payload)
    interval_s = known[DeviceModelFacts].number(ALIGNED_DATA_CTRLR, "Interval")
    if notes is None or not notes.is_whole or not interval_s:
        return None
    is_settled = known[RecentSettings].is_settled(ALIGNED_DATA_CTRLR, notes.happened_at)
    if not is_settled or not configured_measurands(known, ALIGNED_DATA_CTRLR, "Measurands"):
        return None
    is_long = call.at > notes.started_at + interval_s + _MARGIN_S
    is_silent = known[AlignedReadings].last_at < notes.started_at
    return MET if is_long and is_silent else None


@ALIGNED_READINGS_DURING_TRANSACTION.on_event("J01.FR.19", types=("Ended",))
def _judge_silence_of_evse(call: StationCall, known: Known201) -> Outcome:
    """Return MET for a transaction on an EVSE with SendDuringIdle that had no clock-aligned readings."""
    running = known.running.by_id.get(call.payload["transactionInfo"]["transactionId"])
    return _judge_silence(call, known, running.evse_id) if running and running.evse_id else None


@ALIGNED_READINGS_DURING_TRANSACTION.on_event("J01.FR.20", types=("Ended",))
def _judge_silence_of_station(call: StationCall, known: Known201) -> Outcome:
    """Return MET for a transaction of a station with SendDuringIdle that had no clock-aligned readings."""
    return _judge_silence(call, known, None)
