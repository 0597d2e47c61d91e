"""Facts about running transactions that checks need when the transaction ends (E, J02)."""

from dataclasses import dataclass
from typing import Final

from mock_csms.findings.checks import AnsweredStationCall, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import seconds_of
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.evse_meters import EvseMeters
from mock_csms.v201.findings.known import MAY_HAVE_NEW_FIRMWARE, Known201
from mock_csms.v201.findings.samples import (
    ALIGNED_DATA_CTRLR,
    BEGIN,
    CERTAIN,
    SAMPLED_DATA_CTRLR,
    sampled_measurands,
    samples_of,
)
from mock_csms.v201.findings.transaction_contents import AUTHORIZING, DEAUTHORIZING

_MAX_TRANSACTIONS: Final = 50
PERIODIC_TRIGGER: Final = "MeterValuePeriodic"
CHARGE_TRIGGERS: Final = frozenset(
    {"Authorized", "CablePluggedIn", "ChargingStateChanged", "RemoteStart", "SignedDataReceived"}
)
"""Trigger reasons of events in which charging may start."""


@dataclass(slots=True)
class TransactionNotes:
    """Facts about one transaction since its Started event."""

    started_at: float
    """Time of arrival of the Started event."""
    happened_at: float
    """Time of the Started event by its timestamp or its arrival, whichever is earlier."""
    timestamp: str
    """timestamp of the Started event."""
    names_evse: bool
    """Whether the Started event names the EVSE."""
    has_begin: bool
    """Whether an event had readings with context Transaction.Begin."""
    is_signed: bool
    """Whether a reading was signed."""
    is_whole: bool
    """Whether the station has been connected since the Started event, and no event can have been lost."""
    periodic_events: int = 0
    """Number of events with triggerReason MeterValuePeriodic."""
    periodic_at: str = ""
    """timestamp of the first event with triggerReason MeterValuePeriodic."""
    periodic_measurands: frozenset[str] | None = frozenset()
    """Measurands of the periodic events with the timestamp ``periodic_at``; None once a periodic event with
    another timestamp has arrived.
    """
    authorized_frame: int = 0
    """Frame of the latest event that reports an authorization."""
    unplugged_frame: int | None = None
    """Frame of an event that reports the vehicle as unplugged."""
    unplugged_at: float = 0.0
    """Time of the unplugging, by the event's timestamp or its arrival, whichever is earlier."""
    has_charged: bool = False
    has_phases: bool = False
    """Whether an event had numberOfPhasesUsed."""


class NotesById(BoundedDict[str, TransactionNotes]):
    """Notes by transactionId."""

    __slots__ = ()
    limit = _MAX_TRANSACTIONS


class RunningNotes(Facts):
    """Notes on the running transactions whose Started event has arrived."""

    __slots__ = ("by_id", "with_phases")

    def __init__(self) -> None:
        self.by_id = NotesById()
        self.with_phases: frozenset[tuple[int, int | None]] = frozenset()
        """EVSEs and connectors for which the station has reported a number of phases."""

    def of(self, event: JsonObject) -> TransactionNotes | None:
        """Return the notes on the transaction of an event; None if its Started event has not arrived."""
        return self.by_id.get(event["transactionInfo"]["transactionId"])

    def booted(self, reason: str) -> None:
        self.disconnected()
        if reason in MAY_HAVE_NEW_FIRMWARE:
            self.with_phases = frozenset()

    def disconnected(self) -> None:
        for notes in self.by_id.values():
            notes.is_whole = False

    def doubt(self, action: str | None) -> None:
        if action in {None, "TransactionEvent"}:
            self.disconnected()


def is_signed(event: JsonObject) -> bool:
    """Return whether an event has a signed reading."""
    return any("signedMeterValue" in sample for sample in samples_of(event))


def _has_begin(event: JsonObject) -> bool:
    """Return whether an event has a reading with context Transaction.Begin."""
    return any(sample.get("context") == BEGIN for sample in samples_of(event))


def is_authorizing(event: JsonObject) -> bool:
    """Return whether a Started or Updated event reports that an idToken was authorized."""
    trigger = event["triggerReason"]
    return trigger in AUTHORIZING or ("idToken" in event and trigger not in DEAUTHORIZING)


def is_charging(event: JsonObject) -> bool:
    """Return whether an event reports that energy flows."""
    return bool(event["transactionInfo"].get("chargingState") == "Charging")


def time_of_event(call: StationCall | AnsweredStationCall) -> float:
    """Return the time of an event by its timestamp or its arrival, whichever is earlier."""
    happened_at = seconds_of(call.payload["timestamp"])
    return call.at if happened_at is None else min(happened_at, call.at)


@CHECKS.learn_event(types=("Started",))
def _note_start(call: StationCall, known: Known201) -> None:
    event = call.payload
    known[RunningNotes].by_id[event["transactionInfo"]["transactionId"]] = TransactionNotes(
        started_at=call.at,
        happened_at=time_of_event(call),
        timestamp=event["timestamp"],
        names_evse="evse" in event,
        has_begin=_has_begin(event),
        is_signed=is_signed(event),
        is_whole=not event.get("offline", False),
        has_phases="numberOfPhasesUsed" in event,
        has_charged=is_charging(event),
        authorized_frame=call.frame if is_authorizing(event) else 0,
    )


@CHECKS.learn_event(types=("Updated",), triggers=(PERIODIC_TRIGGER,))
def _note_periodic_event(call: StationCall, known: Known201) -> None:
    notes = known[RunningNotes].of(call.payload)
    if notes is None:
        return
    notes.periodic_events += 1
    if notes.periodic_measurands is None:
        return
    if known[DeviceModelFacts].of_station(SAMPLED_DATA_CTRLR, "TxUpdatedMeasurands") is None:
        return
    if notes.periodic_at in {"", call.payload["timestamp"]}:
        notes.periodic_at = call.payload["timestamp"]
        notes.periodic_measurands |= sampled_measurands(call.payload)
    else:
        notes.periodic_measurands = None


def _may_sign(model: DeviceModelFacts) -> bool:
    return any(
        model.is_true(controller, "SignReadings") is not False
        for controller in (SAMPLED_DATA_CTRLR, ALIGNED_DATA_CTRLR)
    )


@CHECKS.learn_event(types=("Updated",))
def _note_update(call: StationCall, known: Known201) -> None:
    event = call.payload
    notes = known[RunningNotes].of(event)
    if notes is None:
        return
    if not notes.is_signed and _may_sign(known[DeviceModelFacts]):
        notes.is_signed = is_signed(event)
    if not notes.has_charged:
        notes.has_begin = notes.has_begin or _has_begin(event)
        notes.has_charged = is_charging(event)
    if is_authorizing(event):
        notes.authorized_frame = call.frame
    if not notes.has_phases:
        notes.has_phases = "numberOfPhasesUsed" in event


@CHECKS.learn_event(types=("Updated",), triggers=("EVCommunicationLost",))
def _note_unplugging(call: StationCall, known: Known201) -> None:
    notes = known[RunningNotes].of(call.payload)
    if notes is not None and call.payload["transactionInfo"].get("chargingState") == "Idle":
        notes.unplugged_frame, notes.unplugged_at = call.frame, time_of_event(call)


@CHECKS.learn_event(types=("Ended",))
def _drop_notes(call: StationCall, known: Known201) -> None:
    facts = known[RunningNotes]
    transaction_id = call.payload["transactionInfo"]["transactionId"]
    notes = facts.by_id.pop(transaction_id, None)
    running = known.running.by_id.get(transaction_id)
    if notes is None or running is None or running.evse_id is None:
        return
    if notes.has_phases:
        facts.with_phases |= {(running.evse_id, running.connector_id)}
    measurands = sampled_measurands(call.payload) | (notes.periodic_measurands or frozenset())
    has_signed = notes.is_signed or is_signed(call.payload)
    known[EvseMeters].note(running.evse_id, measurands & CERTAIN, is_signed=has_signed)
