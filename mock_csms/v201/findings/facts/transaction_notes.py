"""Facts about running transactions that checks need when the transaction ends (E, J02)."""

from dataclasses import dataclass
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import StationCall
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.samples import ALIGNED, BEGIN, SAMPLED, measurands_of, samples_of
from mock_csms.v201.findings.transaction_contents import AUTHORIZING

MAX_TRANSACTIONS: Final = 50
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
    names_evse: bool
    """Whether the Started event names the EVSE."""
    has_begin: bool
    """Whether an event had readings with context Transaction.Begin."""
    is_signed: bool
    """Whether a reading was signed."""
    is_whole: bool
    """Whether the station has been connected since, and no event can have been lost."""
    periodic_events: int = 0
    """Number of events with triggerReason MeterValuePeriodic."""
    periodic_at: str = ""
    """timestamp of the first of them."""
    periodic_measurands: frozenset[str] | None = frozenset()
    """Measurands of those with this timestamp; None once a later one has arrived."""
    unplugged_frame: int | None = None
    """Frame of an event that reports the vehicle as unplugged."""
    is_authorized_again: bool = False
    """Whether an authorization was reported after that."""
    may_be_authorized_again: bool = False
    """Whether an Authorize was sent after that, perhaps for this transaction."""
    has_charged: bool = False
    has_phases: bool = False
    """Whether an event had the number of phases."""


class NotesById(BoundedDict[str, TransactionNotes]):
    """Notes by transactionId."""

    __slots__ = ()
    limit = MAX_TRANSACTIONS


class RunningNotes(Facts):
    """Notes on the running transactions whose Started event has arrived."""

    __slots__ = ("by_id", "with_phases")

    def __init__(self) -> None:
        self.by_id = NotesById()
        self.with_phases: frozenset[tuple[int, int | None]] = frozenset()
        """EVSEs and connectors for which the station has reported a number of phases."""

    def of(self, event: JsonObject) -> TransactionNotes | None:
        """Return the notes on the transaction of an event; None without its Started event."""
        return self.by_id.get(event["transactionInfo"]["transactionId"])

    def booted(self, reason: str) -> None:
        self.disconnected()
        if reason == "FirmwareUpdate":
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


def is_authorizing(event: JsonObject) -> bool:
    """Return whether an event of a transaction that goes on reports an authorization."""
    return "idToken" in event or event["triggerReason"] in AUTHORIZING


@CHECKS.learn_event(types=("Started",))
def _note_start(call: StationCall, known: Known201) -> None:
    event = call.payload
    known[RunningNotes].by_id[event["transactionInfo"]["transactionId"]] = TransactionNotes(
        started_at=call.at,
        names_evse="evse" in event,
        has_begin=bool(measurands_of(event, BEGIN)),
        is_signed=is_signed(event),
        is_whole=not event.get("offline", False),
        has_phases="numberOfPhasesUsed" in event,
        has_charged=event["transactionInfo"].get("chargingState") == "Charging",
    )


@CHECKS.learn_event(types=("Updated",), triggers=(PERIODIC_TRIGGER,))
def _note_periodic_event(call: StationCall, known: Known201) -> None:
    notes = known[RunningNotes].of(call.payload)
    if notes is None:
        return
    notes.periodic_events += 1
    is_configured = known[DeviceModelFacts].of_station(SAMPLED, "TxUpdatedMeasurands") is not None
    if notes.periodic_measurands is None or not is_configured:
        return
    if notes.periodic_at in {"", call.payload["timestamp"]}:
        notes.periodic_at = call.payload["timestamp"]
        notes.periodic_measurands |= measurands_of(call.payload)
    else:
        notes.periodic_measurands = None


def _may_sign(model: DeviceModelFacts) -> bool:
    return any(model.is_true(controller, "SignReadings") is not False for controller in (SAMPLED, ALIGNED))


@CHECKS.learn_event(types=("Updated",))
def _note_signature(call: StationCall, known: Known201) -> None:
    """Note a signed reading, unless the station is known not to sign any."""
    notes = known[RunningNotes].of(call.payload)
    if notes is not None and not notes.is_signed and _may_sign(known[DeviceModelFacts]):
        notes.is_signed = is_signed(call.payload)


@CHECKS.learn_event(types=("Updated",), triggers=CHARGE_TRIGGERS)
def _note_charging(call: StationCall, known: Known201) -> None:
    notes = known[RunningNotes].of(call.payload)
    if notes is None:
        return
    event = call.payload
    notes.has_begin = notes.has_begin or bool(measurands_of(event, BEGIN))
    notes.has_charged |= event["transactionInfo"].get("chargingState") == "Charging"
    notes.is_authorized_again |= is_authorizing(event)
    notes.has_phases |= "numberOfPhasesUsed" in event


@CHECKS.learn_event(types=("Updated",), triggers=("EVCommunicationLost",))
def _note_unplugging(call: StationCall, known: Known201) -> None:
    notes = known[RunningNotes].of(call.payload)
    if notes is not None and call.payload["transactionInfo"].get("chargingState") == "Idle":
        notes.unplugged_frame = call.frame
        notes.is_authorized_again = notes.may_be_authorized_again = False


@CHECKS.learn_call(Action.authorize)
def _note_authorize(_: StationCall, known: Known201) -> None:
    for notes in known[RunningNotes].by_id.values():
        notes.may_be_authorized_again = True


@CHECKS.learn_event(types=("Ended",))
def _drop_notes(call: StationCall, known: Known201) -> None:
    facts = known[RunningNotes]
    transaction_id = call.payload["transactionInfo"]["transactionId"]
    notes = facts.by_id.pop(transaction_id, None)
    running = known.running.by_id.get(transaction_id)
    if notes is not None and notes.has_phases and running is not None and running.evse_id is not None:
        facts.with_phases |= {(running.evse_id, running.connector_id)}
