"""Readings that the events of a transaction must have (E01, E02, E06, J02)."""

from typing import Final

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.transactions import ENERGY_REGISTER
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import TIMESTAMP_ROUNDING_S, seconds_of
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts, VariableName
from mock_csms.v201.findings.facts.evse_meters import can_sign, certain_measurands
from mock_csms.v201.findings.facts.recent_settings import RecentSettings
from mock_csms.v201.findings.facts.transaction_notes import (
    CHARGE_TRIGGERS,
    PERIODIC_TRIGGER,
    RunningNotes,
    TransactionNotes,
    is_charging,
    is_signed,
    time_of_event,
)
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.samples import (
    ALIGNED_DATA_CTRLR,
    BEGIN,
    CLOCK,
    END,
    SAMPLE_PERIODIC,
    SAMPLED_DATA_CTRLR,
    configured_measurands,
    is_absent,
    is_switched_off,
    sampled_measurands,
    samples_of,
)
from mock_csms.v201.findings.transaction_state import INTERRUPTIONS

_SIGNS: Final = VariableName("sampleddatactrlr", "signreadings")
_MIN_INTERVALS: Final = 4
"""Minimum duration, in sampling intervals, of a transaction whose number of readings is judged."""

READINGS_MISSING: Final = CHECKS.kind(
    "readings-missing",
    "error",
    "an event of a transaction lacks measurands that SampledDataCtrlr asks for",
    "SampledDataCtrlr.Available, SampledDataCtrlr.Enabled, SampledDataCtrlr.SignReadings and the "
    "measurands in SampledDataCtrlr.TxStartedMeasurands, TxUpdatedMeasurands or TxEndedMeasurands, "
    "all unchanged since the start of the transaction; for measurands other than the energy also a "
    "FullInventory with exactly one EVSE, or an earlier transaction of the EVSE with these measurands",
)
METER_CONTEXT_WRONG: Final = CHECKS.kind(
    "meter-context-wrong",
    "error",
    "the readings of a Started event lack context Transaction.Begin, or those of an Ended event lack "
    "Transaction.End",
)
READING_NOT_SIGNED: Final = CHECKS.kind(
    "reading-not-signed",
    "error",
    "no energy reading of a transaction is signed although SampledDataCtrlr.SignReadings is true",
    "SampledDataCtrlr.SignReadings, unchanged since the start of the transaction, and a FullInventory"
    " with exactly one EVSE or an earlier signed reading of the EVSE",
)
PERIODIC_READINGS_MISSING: Final = CHECKS.kind(
    "periodic-readings-missing",
    "error",
    "a transaction has less than half of the periodic readings it should have",
    "SampledDataCtrlr.Available, SampledDataCtrlr.Enabled, SampledDataCtrlr.TxUpdatedInterval and "
    "SampledDataCtrlr.TxUpdatedMeasurands, all unchanged since the start of the transaction, and that"
    " the station has stayed connected since",
)
READING_OUTSIDE_INTERVAL: Final = CHECKS.kind(
    "reading-outside-interval",
    "error",
    "a Started or Updated event has readings that are newer than the event, or older than it by more "
    "than the sampling interval",
    "for readings that are too old, SampledDataCtrlr.TxUpdatedInterval",
)


def _name(call: StationCall) -> str:
    return short(call.payload["transactionInfo"]["transactionId"])


def _is_offline(call: StationCall) -> bool:
    return bool(call.payload.get("offline", False))


def _judge_measurands(
    required: frozenset[str], found: frozenset[str], what: str, with_context: str = ""
) -> Outcome:
    if not required:
        return None
    if not (lacking := required - found):
        return MET
    names = ", ".join(sorted(lacking))
    return Broken(f"{what} lacks readings of {names}{with_context}; it must contain them")


def _evse_of(event: JsonObject, known: Known201) -> int | None:
    """Return the EVSE of a transaction; None if no event has named it."""
    running = known.running.by_id.get(event["transactionInfo"]["transactionId"])
    evse_id: int | None = event.get("evse", {}).get("id") or (running.evse_id if running else None)
    return evse_id


def _required(call: StationCall, known: Known201, variable: str, since: float) -> frozenset[str]:
    """Return the measurands that the EVSE of a transaction must report according to a variable; empty if the
    variable may have changed after ``since``.
    """
    evse_id = _evse_of(call.payload, known)
    if evse_id is None or not known[RecentSettings].is_settled(SAMPLED_DATA_CTRLR, since):
        return frozenset()
    return configured_measurands(known, SAMPLED_DATA_CTRLR, variable) & certain_measurands(known, evse_id)


def _may_sign_begin(known: Known201) -> bool:
    """Return whether the readings at the start of a transaction may be sent later, once they are signed."""
    model = known[DeviceModelFacts]
    signs = model.is_true(SAMPLED_DATA_CTRLR, "SignReadings")
    return not is_absent(model, _SIGNS) if signs is None else signs


@READINGS_MISSING.on_event("E01.FR.09", types=("Started",), once=True)
def _judge_start(call: StationCall, known: Known201) -> Outcome:
    """Check that a Started event that names the EVSE has readings of the TxStartedMeasurands."""
    if "evse" not in call.payload or _is_offline(call) or _may_sign_begin(known):
        return None
    required = _required(call, known, "TxStartedMeasurands", time_of_event(call))
    return _judge_measurands(
        required, sampled_measurands(call.payload), f"the Started event of the transaction {_name(call)}"
    )


@READINGS_MISSING.on_event("E01.FR.17", types=("Updated",), triggers=CHARGE_TRIGGERS)
def _judge_begin_of_charging(call: StationCall, known: Known201) -> Outcome:
    """Check that the event in which charging starts has readings of the TxStartedMeasurands, if the Started
    event did not name the EVSE.
    """
    notes = known[RunningNotes].of(call.payload)
    if notes is None or notes.names_evse or notes.has_charged or notes.has_begin or not notes.is_whole:
        return None
    if not is_charging(call.payload) or _may_sign_begin(known):
        return None
    required = _required(call, known, "TxStartedMeasurands", notes.happened_at)
    what = f"the event of the transaction {_name(call)} in which charging starts"
    return _judge_measurands(
        required, sampled_measurands(call.payload, BEGIN), what, f" with context {BEGIN}"
    )


@READINGS_MISSING.on_event("E02.FR.10", types=("Updated",), triggers=(PERIODIC_TRIGGER,))
def _judge_periodic_readings(call: StationCall, known: Known201) -> Outcome:
    """Check that the first periodic readings of a transaction contain the TxUpdatedMeasurands. They are
    judged once later ones arrive, because they may be split over several events with the same timestamp
    (E02.FR.11).
    """
    notes = known[RunningNotes].of(call.payload)
    if notes is None or not notes.periodic_measurands or notes.periodic_at == call.payload["timestamp"]:
        return None
    if not notes.is_whole:
        return None
    required = _required(call, known, "TxUpdatedMeasurands", notes.happened_at)
    what = f"the transaction {_name(call)} at {short(notes.periodic_at)}"
    return _judge_measurands(required, notes.periodic_measurands, what)


@READINGS_MISSING.on_event("E06.FR.11", types=("Ended",), once=True)
def _judge_end(call: StationCall, known: Known201) -> Outcome:
    """Check that an Ended event has readings of the TxEndedMeasurands, unless a power cut or a reset
    interrupted the transaction.
    """
    notes = known[RunningNotes].of(call.payload)
    is_interrupted = call.payload["transactionInfo"].get("stoppedReason") in INTERRUPTIONS
    if notes is None or is_interrupted or _is_offline(call):
        return None
    required = _required(call, known, "TxEndedMeasurands", notes.happened_at)
    return _judge_measurands(
        required, sampled_measurands(call.payload), f"the Ended event of the transaction {_name(call)}"
    )


@METER_CONTEXT_WRONG.on_event("E01.FR.09", types=("Started",), once=True)
def _judge_context_of_start(call: StationCall, known: Known201) -> Outcome:
    """Check that the readings of a Started event have context Transaction.Begin."""
    if _may_need_no_readings(known, "TxStartedMeasurands", time_of_event(call)):
        return None
    return _judge_context(call, BEGIN, frozenset({SAMPLE_PERIODIC, END}))


@METER_CONTEXT_WRONG.on_event("E06.FR.11", types=("Ended",), once=True)
def _judge_context_of_end(call: StationCall, known: Known201) -> Outcome:
    """Check that the readings of an Ended event have context Transaction.End.

    An Ended event without this context may be correct if sampling was turned off during the transaction.
    """
    notes = known[RunningNotes].of(call.payload)
    if _may_need_no_readings(known, "TxEndedMeasurands", notes.happened_at if notes else time_of_event(call)):
        return None
    return _judge_context(call, END, frozenset({SAMPLE_PERIODIC, BEGIN}))


def _may_need_no_readings(known: Known201, variable: str, since: float) -> bool:
    """Return whether a station may leave out the measurands that a variable lists: the controller is off, the
    list is empty, or one of the two may have changed after ``since``.
    """
    is_empty = known[DeviceModelFacts].members(SAMPLED_DATA_CTRLR, variable) == frozenset()
    is_settled = known[RecentSettings].is_settled(SAMPLED_DATA_CTRLR, since)
    return is_switched_off(known, SAMPLED_DATA_CTRLR) or is_empty or not is_settled


def _judge_context(call: StationCall, required: str, revealing: frozenset[str]) -> Outcome:
    """Judge whether a reading of an event has the context `required`.

    If no reading has it, the event is wrong only if a reading has a context in `revealing`. An event that
    only delivers signed data, or that ends an interrupted transaction, is not judged then. Readings without a
    context show nothing, although Sample.Periodic is the default.
    """
    event = call.payload
    found = {sample["context"] for sample in samples_of(event) if "context" in sample}
    if required in found:
        return MET
    is_interrupted = event["transactionInfo"].get("stoppedReason") in INTERRUPTIONS
    if event["triggerReason"] == "SignedDataReceived" or is_interrupted or found.isdisjoint(revealing):
        return None
    return Broken(
        f"the {event['eventType']} event of the transaction {_name(call)} has readings with context "
        f"{', '.join(sorted(found))}; readings at that time must have context {required}"
    )


def _judge_signature(call: StationCall, known: Known201, controller: str, context: str) -> Outcome:
    notes = known[RunningNotes].of(call.payload)
    if notes is None or known[DeviceModelFacts].is_true(controller, "SignReadings") is not True:
        return None
    if not known[RecentSettings].is_settled(controller, notes.happened_at):
        return None
    if ENERGY_REGISTER not in sampled_measurands(call.payload, context):
        return None
    if notes.is_signed or is_signed(call.payload):
        return MET
    evse_id = _evse_of(call.payload, known)
    if evse_id is None or not can_sign(known, evse_id) or not notes.is_whole:
        return None
    return Broken(
        f"the transaction {_name(call)} has no reading with a signedMeterValue although "
        f"{controller}.SignReadings is true; its energy must be signed"
    )


@READING_NOT_SIGNED.on_event("E02.FR.14", "J02.FR.21", types=("Ended",), once=True)
def _judge_sampled_signature(call: StationCall, known: Known201) -> Outcome:
    """Check that at least one reading of a transaction is signed."""
    return _judge_signature(call, known, SAMPLED_DATA_CTRLR, END)


@READING_NOT_SIGNED.on_event("J01.FR.21", types=("Ended",), once=True)
def _judge_aligned_signature(call: StationCall, known: Known201) -> Outcome:
    """Check that clock-aligned readings in an Ended event are signed; other signed readings show nothing."""
    outcome = _judge_signature(call, known, ALIGNED_DATA_CTRLR, CLOCK)
    is_clock_signed = any(
        sample.get("context") == CLOCK and "signedMeterValue" in sample for sample in samples_of(call.payload)
    )
    return outcome if outcome is not MET or is_clock_signed else None


@PERIODIC_READINGS_MISSING.on_event("J02.FR.11", types=("Ended",), once=True)
def _judge_number_of_readings(call: StationCall, known: Known201) -> Outcome:
    """Check that a transaction has at least about half as many periodic events as sampling intervals."""
    notes = known[RunningNotes].of(call.payload)
    interval_s = known[DeviceModelFacts].number(SAMPLED_DATA_CTRLR, "TxUpdatedInterval")
    if notes is None or not interval_s or not notes.is_whole or not notes.names_evse or _is_offline(call):
        return None
    duration_s = _duration(call, notes)
    if duration_s is None or duration_s < _MIN_INTERVALS * interval_s or interval_s < 0:
        return None
    if not _required(call, known, "TxUpdatedMeasurands", notes.happened_at):
        return None
    if notes.periodic_events >= duration_s / interval_s / 2 - 1:
        return MET
    return Broken(
        f"the transaction {_name(call)} lasted {duration_s:.0f} s but has {notes.periodic_events} events "
        f"with triggerReason MeterValuePeriodic; there must be one every {interval_s:g} s (TxUpdatedInterval)"
    )


def _duration(call: StationCall, notes: TransactionNotes) -> float | None:
    """Return the seconds that a transaction certainly lasted: its events may arrive late, and the station's
    clock may be set meanwhile.
    """
    started_at, ended_at = seconds_of(notes.timestamp), seconds_of(call.payload["timestamp"])
    if started_at is None or ended_at is None:
        return None
    return min(ended_at - started_at, call.at - notes.started_at)


@READING_OUTSIDE_INTERVAL.on_event("J02.FR.10", types=("Started", "Updated"), once=True)
def _judge_times_of_readings(call: StationCall, known: Known201) -> Outcome:
    """Check that several meter values in one event are neither newer than the event nor older than one
    sampling interval before it. Only a clock that is never set back or forward makes the timestamps
    comparable.
    """
    meter_values = call.payload.get("meterValue", ())
    event_at = seconds_of(call.payload["timestamp"])
    if len(meter_values) < 2 or event_at is None or not known.clock.is_right:
        return None
    interval_s = known[DeviceModelFacts].number(SAMPLED_DATA_CTRLR, "TxUpdatedInterval") or 0.0
    is_known = interval_s > 0 and known[RecentSettings].is_settled(
        SAMPLED_DATA_CTRLR, time_of_event(call) - interval_s
    )
    earliest = event_at - interval_s - TIMESTAMP_ROUNDING_S if is_known else 0.0
    for meter_value in meter_values:
        read_at = seconds_of(meter_value["timestamp"])
        if read_at is not None and not earliest <= read_at <= event_at + TIMESTAMP_ROUNDING_S:
            return Broken(
                f"an event of the transaction {_name(call)} at {short(call.payload['timestamp'])} has a "
                f"reading of {short(meter_value['timestamp'])}; readings must be from the sampling interval "
                "that ends with the event"
            )
    return MET if is_known else None
