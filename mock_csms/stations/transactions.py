"""Transactions of a station and their energy; events may arrive in any order."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import orjson

from mock_csms.messages import JsonObject
from mock_csms.schema.structs import to_json

ENERGY_REGISTER: Final = "Energy.Active.Import.Register"
REGISTER_MEASURANDS: Final = frozenset({ENERGY_REGISTER, None})
"""Measurands of the energy register. A sample without a measurand (None) is of this register, too."""
OUTLET_LOCATIONS: Final = frozenset({"Outlet", None})
PER_PHASE: Final = frozenset({"L1", "L2", "L3", "L1-N", "L2-N", "L3-N"})
MAX_TOKEN_BYTES: Final = 512
"""Maximum bytes of an idToken as JSON for which additionalInfo and customData are stored."""
MAX_WH: Final = 1e15
"""Largest absolute reading. Larger ones are ignored: no meter shows them, and costs must stay finite."""
WH_PER_UNIT: Final = {None: 1.0, "Wh": 1.0, "kWh": 1000.0}

AUTHORIZATION_CHANGES: Final = {
    "Authorized": False,
    "Deauthorized": True,
    "RemoteStart": False,
    "RemoteStop": True,
    "StopAuthorized": True,
}
"""triggerReasons that change the authorization of a transaction: True if they mean that it has ended, False
if they mean that it was given.
"""

TRANSACTION_BEGIN: Final = "Transaction.Begin"
"""Context of the first sample of a transaction. Later events may repeat this sample, for example with a
signature.
"""
MAX_MISSING: Final = 100
MAX_TRANSACTION_TEXT: Final = 255
"""Maximum stored characters of an id, a state or a reason; longer texts violate the schema anyway."""

type IdTokenKey = tuple[str, str]
"""An idToken in lower case and its type."""


@dataclass(slots=True)
class EnergyMeter:
    """First and last reading of an energy register, ordered by the station's timestamps.

    A sample with the context Transaction.Begin is the first reading, whatever its timestamp: a station may
    repeat it in later meter values (E01.FR.09, E01.FR.17).
    """

    first_at: datetime | None = None
    first_wh: float = 0.0
    last_at: datetime | None = None
    last_wh: float = 0.0
    begin_at: datetime | None = None
    """Time of the earliest sample with the context Transaction.Begin."""
    has_only_begin: bool = False
    """Whether the only reading has the context Transaction.Begin."""

    @property
    def wh(self) -> float:
        """Energy between the first and the last reading in Wh, never negative."""
        difference = self.last_wh - self.first_wh
        return difference if difference > 0 else 0.0

    def read(self, meter_values: Iterable[Any]) -> None:
        """Read the energy register from MeterValueType structs; ignore other measurands."""
        for meter_value in meter_values:
            begin_wh, wh = register_readings(meter_value.sampledValue)
            if wh is None and begin_wh is None:
                continue
            if (at := parse_timestamp(meter_value.timestamp)) is None:
                continue
            if begin_wh is not None:
                self._begin(at, begin_wh)
            if wh is None:
                continue
            if self.last_at is None or at >= self.last_at or self.has_only_begin:
                self.last_at, self.last_wh, self.has_only_begin = at, wh, False
            if self.first_at is None or (at < self.first_at and self.begin_at is None):
                self.first_at, self.first_wh = at, wh

    def _begin(self, at: datetime, wh: float) -> None:
        if self.begin_at is not None and at >= self.begin_at:
            return
        self.begin_at = self.first_at = at
        self.first_wh = wh
        if self.last_at is None or self.has_only_begin:
            self.last_at, self.last_wh, self.has_only_begin = at, wh, True


def register_readings(sampled_values: Iterable[Any]) -> tuple[float | None, float | None]:
    """Return two readings of the energy register in Wh: one with the context Transaction.Begin, and one with
    any other context; None for a missing reading.

    The samples are SampledValueType structs. A reading is the total at the outlet; without a total, it is the
    sum of the phases at the outlet.
    """
    begin: float | None = None
    other: float | None = None
    phases: dict[bool, float] | None = None
    for sample in sampled_values:
        if sample.measurand not in REGISTER_MEASURANDS or sample.location not in OUTLET_LOCATIONS:
            continue
        if (wh := _wh(sample)) is None:
            continue
        is_begin = sample.context == TRANSACTION_BEGIN
        if sample.phase is not None:
            if sample.phase in PER_PHASE:
                phases = phases or {}
                phases[is_begin] = phases.get(is_begin, 0.0) + wh
        elif is_begin:
            begin = wh if begin is None else begin
        elif other is None:
            other = wh
    if phases is not None:
        begin = phases.get(True) if begin is None else begin
        other = phases.get(False) if other is None else other
    return begin, other


def _wh(sample: Any) -> float | None:
    wh: float = sample.value
    if (unit := sample.unitOfMeasure) is not None:
        wh_per_unit, exponent = WH_PER_UNIT.get(unit.unit), unit.multiplier or 0
        if wh_per_unit is None or abs(exponent) > 30:
            return None
        wh *= wh_per_unit * 10.0**exponent
    return wh if -MAX_WH <= wh <= MAX_WH else None


def parse_timestamp(text: str) -> datetime | None:
    """Parse an RFC 3339 timestamp; None if it is invalid. Without a zone, it is in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text.upper())
        except ValueError:
            return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def started_at(transaction: "Transaction") -> datetime:
    """Time of a transaction's first event; if it is not valid, the earliest possible time."""
    return parse_timestamp(transaction.started_at) or datetime.min.replace(tzinfo=UTC)


def id_token_key(id_token: JsonObject) -> IdTokenKey:
    """Return the idToken in lower case and the type; equal tokens have equal keys (C01.FR.25)."""
    return id_token["idToken"].lower(), id_token["type"]


def matches_token(id_token: JsonObject, other: JsonObject) -> bool:
    """Return whether two IdTokenTypes are the same."""
    return id_token_key(id_token) == id_token_key(other)


def _stored_id_token(id_token: Any) -> JsonObject:
    """IdTokenType as JSON, without additionalInfo and customData if it exceeds MAX_TOKEN_BYTES.

    Raises ValueError if the idToken or the type itself is too long.
    """
    token: JsonObject = to_json(id_token)
    if len(token) > 2 and len(orjson.dumps(token)) > MAX_TOKEN_BYTES:
        token = {"idToken": token["idToken"], "type": token["type"]}
    if len(token["idToken"]) > MAX_TRANSACTION_TEXT or len(token["type"]) > MAX_TRANSACTION_TEXT:
        raise ValueError("the idToken is too long")
    return token


@dataclass(slots=True)
class Transaction:
    """State of one transaction, collected from its TransactionEvents."""

    id: str
    evse_id: int | None = None
    connector_id: int | None = None
    id_token: JsonObject | None = None
    authorized_by: JsonObject | None = None
    """The first idToken of the transaction; a later one may stop it."""
    is_deauthorized: bool = False
    """Whether the station has said that the authorization ended. The cable may still be plugged in."""
    sent_tariff: str | None = None
    """The latest tariff that the mock has sent in an answer to the transaction's events."""
    charging_state: str | None = None
    stopped_reason: str | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    ended: bool = False
    """Whether the station has sent an Ended event, or said that no further event follows (E14)."""
    stopped: bool = False
    """Whether the station said that the transaction has stopped; events may still be queued (E14)."""
    events: int = 0
    last_seq_no: int = -1
    first_seq_no: int | None = None
    missing: frozenset[int] = frozenset()
    """Missing seqNos between the first and the last that have arrived, at most MAX_MISSING of them."""
    ended_seq_no: int | None = None
    """seqNo of the first Ended event."""
    started_at: str = ""
    """Timestamp of the first event, as the station sent it."""
    ended_at: str = ""
    """Timestamp of the first Ended event, as the station sent it."""
    meter: EnergyMeter = field(default_factory=EnergyMeter)

    @property
    def is_running(self) -> bool:
        """Whether the transaction has not ended, as far as the station has said."""
        return not (self.ended or self.stopped)

    def report_status(self, *, ongoing: bool, queued: bool) -> None:
        """Update `ended` and `stopped` from the answer to a GetTransactionStatus (E14.FR.02 to FR.05).

        After an Ended event, the answer is ignored.
        """
        if self.ended_seq_no is None:
            self.stopped = not ongoing
            self.ended = not (ongoing or queued)

    def note(self, event: Any) -> None:  # noqa: C901, PLR0912 - one step for each field
        """Update from a TransactionEvent, which may be late, repeated or out of order (TC_E_31_CSMS).

        After the Ended event has arrived, only events with a lower seqNo still count.
        """
        self.events += 1
        if self.ended_seq_no is not None and (event.eventType == "Ended" or event.seqNo > self.ended_seq_no):
            return
        if (seq_no := event.seqNo) != self.last_seq_no + 1 or self.first_seq_no is None:
            self._count_missing(seq_no)
        if event.eventType == "Ended":
            self.ended, self.ended_seq_no, self.charging_state = True, event.seqNo, None
            self.ended_at = str(event.timestamp)[:MAX_TRANSACTION_TEXT]
        elif self.stopped and not event.offline:
            self.stopped, self.ended = False, self.ended_seq_no is not None
        if event.meterValue is not None:
            self.meter.read(event.meterValue)
        if event.idToken is not None:
            self.id_token = _stored_id_token(event.idToken)
            if self.authorized_by is None:
                self.authorized_by = self.id_token
        if (trigger := event.triggerReason) in AUTHORIZATION_CHANGES:
            self.is_deauthorized = AUTHORIZATION_CHANGES[trigger]
        if event.reservationId is not None:
            self.reservation_id = event.reservationId
        if event.evse is not None:
            self._locate(event.evse.id, event.evse.connectorId)
        info = event.transactionInfo
        if info.remoteStartId is not None:
            self.remote_start_id = info.remoteStartId
        if info.stoppedReason is not None:
            self.stopped_reason = info.stoppedReason[:MAX_TRANSACTION_TEXT]
        if seq_no >= self.last_seq_no:
            self.last_seq_no = seq_no
            if (state := info.chargingState) and state != self.charging_state:
                self.charging_state = state[:MAX_TRANSACTION_TEXT]

    def _count_missing(self, seq_no: int) -> None:
        """Update the missing seqNos; the first seqNo received need not be 0."""
        first, last = self.first_seq_no, self.last_seq_no
        if first is None:
            self.first_seq_no, self.last_seq_no = seq_no, seq_no - 1
        elif seq_no < first:
            self.first_seq_no = seq_no
            self.missing = self.missing.union(islice(range(seq_no + 1, first), MAX_MISSING))
        elif seq_no > last:
            self.missing = self.missing.union(islice(range(last + 1, seq_no), MAX_MISSING))
        else:
            self.missing = self.missing - {seq_no}
        if len(self.missing) > MAX_MISSING:
            self.missing = frozenset(sorted(self.missing)[-MAX_MISSING:])

    def _locate(self, evse_id: int, connector_id: int | None) -> None:
        """Store the ids of the EVSE and the connector. Ids below 1 are ignored (Part 1 7.2)."""
        if evse_id > 0:
            self.evse_id = evse_id
        if connector_id is not None and connector_id > 0:
            self.connector_id = connector_id

    def cost(self, per_kwh: float) -> float:
        """Cost of the energy so far, rounded to four decimals."""
        return int(self.meter.wh * per_kwh * 10 + 0.5) / 10_000  # round(..., 4) takes three times as long
