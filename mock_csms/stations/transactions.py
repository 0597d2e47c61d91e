"""Transactions of a station and their energy; events may arrive in any order."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from mock_csms.messages import JsonObject
from mock_csms.schema.structs import to_json

ENERGY_REGISTER: Final = "Energy.Active.Import.Register"
REGISTER_MEASURANDS: Final = frozenset({ENERGY_REGISTER, None})
"""Measurands of the energy register; it is the default for a sample without a measurand (None)."""
OUTLET_LOCATIONS: Final = frozenset({"Outlet", None})
PER_PHASE: Final = frozenset({"L1", "L2", "L3", "L1-N", "L2-N", "L3-N"})
MAX_WH: Final = 1e15
"""Readings beyond this, either sign, are ignored: no meter shows them, and costs must stay finite."""
WH_PER_UNIT: Final = {None: 1.0, "Wh": 1.0, "kWh": 1000.0}


@dataclass(slots=True)
class EnergyMeter:
    """First and last reading of an energy register, ordered by the station's timestamps."""

    first_at: datetime | None = None
    first_wh: float = 0.0
    last_at: datetime | None = None
    last_wh: float = 0.0

    @property
    def wh(self) -> float:
        """Energy between the first and the last reading in Wh, never negative."""
        difference = self.last_wh - self.first_wh
        return difference if difference > 0 else 0.0

    def read(self, meter_values: Iterable[Any]) -> None:
        """Take the energy register from MeterValueType structs, ignoring other measurands."""
        for meter_value in meter_values:
            wh = register_wh(meter_value.sampledValue)
            at = parse_timestamp(meter_value.timestamp)
            if wh is None or at is None:
                continue
            if self.first_at is None or self.last_at is None:
                self.first_at, self.first_wh = self.last_at, self.last_wh = at, wh
            elif at >= self.last_at:
                self.last_at, self.last_wh = at, wh
            elif at < self.first_at:
                self.first_at, self.first_wh = at, wh


def register_wh(sampled_values: Iterable[Any]) -> float | None:
    """Imported energy at the outlet in Wh: the total if it is sampled, else the sum of the phases.

    The samples are SampledValueType structs.
    """
    phases: float | None = None
    for sample in sampled_values:
        if sample.measurand not in REGISTER_MEASURANDS or sample.location not in OUTLET_LOCATIONS:
            continue
        if (wh := _wh(sample)) is None:
            continue
        if sample.phase is None:
            return wh
        if sample.phase in PER_PHASE:
            phases = (phases or 0.0) + wh
    return phases


def _wh(sample: Any) -> float | None:
    wh: float = sample.value
    if (unit := sample.unitOfMeasure) is not None:
        wh_per_unit, exponent = WH_PER_UNIT.get(unit.unit), unit.multiplier or 0
        if wh_per_unit is None or abs(exponent) > 30:
            return None
        wh *= wh_per_unit * 10.0**exponent
    return wh if -MAX_WH <= wh <= MAX_WH else None


def parse_timestamp(text: str) -> datetime | None:
    """Parse an RFC 3339 timestamp, taking one without a zone as UTC; None if it is invalid."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text.upper())
        except ValueError:
            return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(slots=True)
class Transaction:
    """State of one transaction, collected from its TransactionEvents."""

    id: str
    evse_id: int | None = None
    connector_id: int | None = None
    id_token: JsonObject | None = None
    charging_state: str | None = None
    stopped_reason: str | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    ended: bool = False
    events: int = 0
    last_seq_no: int = -1
    meter: EnergyMeter = field(default_factory=EnergyMeter)

    def note(self, event: Any) -> None:
        """Update from a TransactionEvent, which may be late, repeated or out of order (TC_E_31_CSMS)."""
        self.events += 1
        if event.eventType == "Ended":
            self.ended = True
        if event.meterValue is not None:
            self.meter.read(event.meterValue)
        if event.idToken is not None:
            self.id_token = to_json(event.idToken)
        if event.reservationId is not None:
            self.reservation_id = event.reservationId
        if (evse := event.evse) is not None:
            self.evse_id = evse.id
            self.connector_id = self.connector_id if evse.connectorId is None else evse.connectorId
        info = event.transactionInfo
        if info.remoteStartId is not None:
            self.remote_start_id = info.remoteStartId
        if info.stoppedReason is not None:
            self.stopped_reason = info.stoppedReason
        if event.seqNo >= self.last_seq_no:
            self.last_seq_no = event.seqNo
            if (state := info.chargingState) and state != self.charging_state:
                self.charging_state = state

    def cost(self, per_kwh: float) -> float:
        """Cost of the energy so far, rounded to four decimals."""
        return int(self.meter.wh * per_kwh * 10 + 0.5) / 10_000  # round(..., 4) takes three times as long
