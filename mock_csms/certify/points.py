"""TxStartPoint and TxStopPoint: which TransactionEvent a step of a charging session leads to (E01, E06)."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Literal, Self

from mock_csms.certify.verdicts import CaseFailed


class Point(StrEnum):
    """A value of TxStartPoint or TxStopPoint; DataSigned is a start point only."""

    PARKING_BAY_OCCUPANCY = "ParkingBayOccupancy"
    EV_CONNECTED = "EVConnected"
    AUTHORIZED = "Authorized"
    DATA_SIGNED = "DataSigned"
    POWER_PATH_CLOSED = "PowerPathClosed"
    ENERGY_TRANSFER = "EnergyTransfer"


type EventType = Literal["Started", "Updated", "Ended"]

ENDED_BY_STOP: Final = frozenset({Point.AUTHORIZED, Point.POWER_PATH_CLOSED, Point.ENERGY_TRANSFER})
"""Stop points that end a transaction when its authorization ends (E06.FR.06, errata 6.2.117)."""


@dataclass(frozen=True, slots=True)
class Situation:
    """State of an EVSE at one moment of a charging session."""

    is_occupied: bool = False
    """Whether a vehicle is in the bay."""
    is_connected: bool = False
    """Whether a cable connects the vehicle and the EVSE."""
    is_authorized: bool = False
    is_transferring: bool = False
    """Whether energy flows."""
    is_running: bool = False
    """Whether a transaction runs."""

    @property
    def points(self) -> frozenset[Point]:
        """The start and stop points that are met."""
        is_closed = self.is_connected and self.is_authorized
        met = {
            Point.PARKING_BAY_OCCUPANCY: self.is_occupied,
            Point.EV_CONNECTED: self.is_connected,
            Point.AUTHORIZED: self.is_authorized,
            Point.POWER_PATH_CLOSED: is_closed,
            Point.DATA_SIGNED: is_closed,
            Point.ENERGY_TRANSFER: self.is_transferring,
        }
        return frozenset(point for point, is_met in met.items() if is_met)


@dataclass(frozen=True, slots=True)
class TransactionPoints:
    """The start and stop points of a station."""

    start: frozenset[Point]
    stop: frozenset[Point]

    @classmethod
    def of_values(cls, start: str, stop: str) -> Self:
        """Parse the values of TxStartPoint and TxStopPoint; raises CaseFailed for an unknown point."""
        return cls(points_of(start), points_of(stop))

    @property
    def are_in_bay(self) -> bool:
        """Whether ParkingBayOccupancy is a start or stop point."""
        return Point.PARKING_BAY_OCCUPANCY in self.start | self.stop

    @property
    def end_with_authorization(self) -> bool:
        """Whether a transaction ends when its authorization ends."""
        return not self.stop.isdisjoint(ENDED_BY_STOP)

    def step(self, before: Situation, **changes: Any) -> tuple[Situation, EventType | None]:
        """Return the situation after a step, and the type of the event that the step leads to, if any.

        A transaction starts when a start point becomes met. It also starts at an authorization if a start
        point is already met, such as EVConnected after an earlier transaction. It ends when a stop point is
        no longer met; DataSigned is not a stop point (errata 2.24). The end of a transaction ends its
        authorization.
        """
        after = replace(before, **changes)
        event = self._event(before, after)
        if event == "Ended":
            return replace(after, is_running=False, is_authorized=False, is_transferring=False), event
        return replace(after, is_running=before.is_running or event is not None), event

    def _event(self, before: Situation, after: Situation) -> EventType | None:
        if not before.is_running:
            met = after.points - before.points
            met = after.points if Point.AUTHORIZED in met else met
            return "Started" if met & self.start else None
        lost = before.points - after.points
        if lost & {Point.AUTHORIZED, Point.EV_CONNECTED}:
            lost |= {Point.POWER_PATH_CLOSED, Point.ENERGY_TRANSFER}
        return "Ended" if lost & (self.stop - {Point.DATA_SIGNED}) else "Updated"


def points_of(value: str) -> frozenset[Point]:
    """Parse a comma-separated list of points; raises CaseFailed for an unknown one."""
    names = {name.strip() for name in value.split(",")} - {""}
    if unknown := sorted(names - set(Point)):
        raise CaseFailed(f"{unknown[0]!r} is not a point at which transactions start or stop")
    return frozenset(map(Point, names))
