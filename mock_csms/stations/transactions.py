"""Transactions of a station and the energy they took, whatever the order their events come in."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from mock_csms.messages import JsonObject
from mock_csms.schema.structs import to_json

ENERGY_REGISTER: Final = "Energy.Active.Import.Register"
THE_REGISTER: Final = frozenset({ENERGY_REGISTER, None})
AT_THE_OUTLET: Final = frozenset({"Outlet", None})
PER_PHASE: Final = frozenset({"L1", "L2", "L3", "L1-N", "L2-N", "L3-N"})
MOST_WH: Final = 1e15
"""No register shows more; what claims to is passed over."""
WH_PER_UNIT: Final = {None: 1.0, "Wh": 1.0, "kWh": 1000.0}


@dataclass(slots=True)
class EnergyMeter:
    """The first and the last reading of an energy register, by the station's own timestamps."""

    first_at: datetime | None = None
    first_wh: float = 0.0
    last_at: datetime | None = None
    last_wh: float = 0.0

    @property
    def wh(self) -> float:
        """The energy taken between the first and the last reading, never negative."""
        taken = self.last_wh - self.first_wh
        return taken if taken > 0 else 0.0

    def read(self, meter_values: Iterable[Any]) -> None:
        """Note the energy registers among contents of MeterValueType; other measurands are passed over."""
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
    """Find the imported energy at the outlet in Wh: the total if there is one, else the sum of the phases.

    The contents of SampledValueType are looked at by attribute.
    """
    phases: float | None = None
    for sample in sampled_values:
        if sample.measurand not in THE_REGISTER or sample.location not in AT_THE_OUTLET:
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
    return wh if -MOST_WH <= wh <= MOST_WH else None


def parse_timestamp(text: str) -> datetime | None:
    """Read an RFC 3339 timestamp, one without a zone as UTC; None if it is none."""
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
    """One transaction as its TransactionEvents tell it."""

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
        """Take in the content of a TransactionEvent.

        Late, repeated and out of order are all welcome (TC_E_31_CSMS).
        """
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
        """The cost of the energy taken so far, rounded to four decimals."""
        return int(self.meter.wh * per_kwh * 10 + 0.5) / 10_000  # a third of the time of round()
