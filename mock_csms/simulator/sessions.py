"""Charging sessions, and when TxStartPoint and TxStopPoint start and stop a transaction (E01, E06)."""

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import chain
from math import inf
from typing import Final, NamedTuple

from ocpp.v201.enums import ChargingStateEnumType as ChargingState
from ocpp.v201.enums import ReasonEnumType as Reason
from ocpp.v201.enums import TriggerReasonEnumType as TriggerReason
from ocpp.v201.enums import TxStartStopPointEnumType as Point

from mock_csms.messages import JsonObject
from mock_csms.simulator.evses import Evse, EvseConnector
from mock_csms.simulator.metering import Meter, Samples, Vehicle

STOPS_WITH_AUTHORIZATION: Final = frozenset(
    {
        Point.authorized,
        Point.power_path_closed,
        Point.energy_transfer,
    }
)
"""Stop points at which the end of the authorization ends a transaction (E05.FR.10, E06.FR.06, errata
6.2.117).
"""


class EvseFacts(NamedTuple):
    """Facts about an EVSE that decide when a transaction starts and ends."""

    is_occupied: bool = False
    is_connected: bool = False
    is_authorized: bool = False
    is_transferring: bool = False

    @property
    def points(self) -> frozenset[str]:
        """Start and stop points whose condition is met."""
        is_closed = self.is_connected and self.is_authorized
        met = {
            Point.parking_bay_occupancy: self.is_occupied,
            Point.ev_connected: self.is_connected,
            Point.authorized: self.is_authorized,
            Point.data_signed: is_closed,
            Point.power_path_closed: is_closed,
            Point.energy_transfer: self.is_transferring,
        }
        return frozenset(point for point, is_met in met.items() if is_met)


def starts(start_points: Collection[str], before: EvseFacts, after: EvseFacts) -> bool:
    """Whether a change meets the condition to start a transaction.

    The change meets a start point, or it authorizes a driver while a start point is already met. The second
    case occurs when the vehicle stays after an earlier transaction (E01.FR.02).
    """
    met = after.points - before.points
    if Point.authorized in met:
        met = after.points
    return not met.isdisjoint(start_points)


def starts_with_signature(start_points: Collection[str], before: EvseFacts, after: EvseFacts) -> bool:
    """Whether DataSigned is the only start point that a change meets."""
    return (after.points - before.points) & set(start_points) == {Point.data_signed}


def stops(stop_points: Collection[str], before: EvseFacts, after: EvseFacts) -> bool:
    """Whether a change ends the condition of one of the stop points.

    DataSigned is ignored (errata 2.24). The end of the authorization or the disconnection of the vehicle also
    ends the conditions of PowerPathClosed and EnergyTransfer, even if the power path was never closed
    (E06.FR.06).
    """
    ended = before.points - after.points - {Point.data_signed}
    if not ended.isdisjoint({Point.authorized, Point.ev_connected}):
        ended |= {Point.power_path_closed, Point.energy_transfer}
    return not ended.isdisjoint(stop_points)


class Cause(NamedTuple):
    """Cause of an event of a transaction."""

    trigger: TriggerReason
    reason: Reason | None = None
    """The stoppedReason, if the cause ends the transaction."""
    stop_token: JsonObject | None = None
    """Token that was presented to stop the transaction."""


@dataclass(eq=False)
class RunningTransaction:
    """A running transaction, and the data that its events have reported so far."""

    id: str
    start_register_wh: float
    next_seq_no: int = 0
    charging_state: str = ChargingState.idle
    id_token_sent: JsonObject | None = None
    first_id_token: JsonObject | None = None
    """Token that first authorized the transaction."""
    last_at: str = ""
    """Timestamp of the transaction's last event or sample."""
    connector_sent: int | None = None
    has_phases_sent: bool = False
    has_public_key_sent: bool = False
    """Whether an earlier reading had the public key of the signature."""
    power_w: float = 0.0
    """Power when an event last reported the charging state or a change of the charging rate."""
    stopped_reason: str | None = None
    """stoppedReason for the Ended event; the first reason is kept."""
    samples: dict[str, Samples] = field(default_factory=dict)
    """Meter values for the Ended event, by context."""

    def kept_samples(self) -> list[JsonObject]:
        """Meter values for the Ended event, oldest first."""
        kept = chain.from_iterable(samples.kept for samples in self.samples.values())
        return sorted(kept, key=lambda value: str(value["timestamp"]))


@dataclass(eq=False)
class ChargingSession:
    """A visit to an EVSE: vehicle, cable, authorization and the transaction, if there is one."""

    evse: Evse
    meter: Meter = field(default_factory=Meter)
    is_occupied: bool = False
    vehicle: Vehicle | None = None
    connector: EvseConnector | None = None
    id_token: JsonObject | None = None
    id_token_info: JsonObject = field(default_factory=dict)
    is_authorized: bool = False
    remote_start_id: int | None = None
    """remoteStartId of a RequestStartTransaction, until an event reports it."""
    reservation_id: int | None = None
    """Id of the reservation that the driver used; kept until an event reports it (E01.FR.13)."""
    charging_profile: JsonObject | None = None
    """TxProfile of a RequestStartTransaction; kept until the transaction starts."""
    max_energy_wh: float | None = None
    """Energy that the transaction may still take after the central system rejected its token (E05.FR.03)."""
    unlocked_by: tuple[JsonObject, JsonObject] | None = None
    """Token and its idTokenInfo; the token unlocks a cable that was unplugged at the vehicle (E09.FR.03)."""
    facts: EvseFacts = field(default_factory=EvseFacts)
    """Facts when `StationTransactions` last checked whether a transaction starts or ends."""
    transaction: RunningTransaction | None = None

    @property
    def is_connected(self) -> bool:
        """Whether the cable is plugged in at both ends."""
        return self.connector is not None and self.vehicle is not None

    def facts_now(self) -> EvseFacts:
        """Facts at the moment, for comparison with ``facts``."""
        return EvseFacts(self.is_occupied, self.is_connected, self.is_authorized, self.meter.power_w > 0)

    def charging_state(self, limit_w: float) -> ChargingState:
        """Charging state that follows from the session and the power limit."""
        if self.connector is None or self.vehicle is None:
            return ChargingState.idle
        if not self.is_authorized or self.connector.is_lock_failed:  # G05.FR.01
            return ChargingState.ev_connected
        if limit_w <= 0 or self._allowed_wh() <= 0:
            return ChargingState.suspended_evse
        return ChargingState.charging if self.vehicle.is_drawing else ChargingState.suspended_ev

    def energy_left_wh(self) -> float:
        """Energy that the vehicle still needs, limited to the energy that a rejected token may still take."""
        wanted_wh = self.vehicle.demand_wh - self.vehicle.taken_wh if self.vehicle else 0.0
        return min(wanted_wh, self._allowed_wh())

    def _allowed_wh(self) -> float:
        """Energy that the transaction may still take; infinite without a limit (E05.FR.03)."""
        if self.max_energy_wh is None or self.transaction is None:
            return inf
        return self.max_energy_wh - (self.meter.register_wh - self.transaction.start_register_wh)

    def forget_driver(self) -> None:
        """Forget the driver's token, its authorization, and all data that depend on them."""
        self.id_token = self.evse.id_token = self.reservation_id = None
        self.id_token_info = {}
        self.is_authorized = False
        self.facts = self.facts._replace(is_authorized=False)
        self.remote_start_id = None
        self.charging_profile = None
        self.max_energy_wh = None
