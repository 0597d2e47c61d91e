"""TxStartPoint and TxStopPoint: which TransactionEvent a step of a charging session leads to (E01, E06)."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal, Self


class Point(StrEnum):
    """A value of TxStartPoint or TxStopPoint; DataSigned is a start point only."""

    PARKING_BAY_OCCUPANCY = "ParkingBayOccupancy"
    EV_CONNECTED = "EVConnected"
    AUTHORIZED = "Authorized"
    DATA_SIGNED = "DataSigned"
    POWER_PATH_CLOSED = "PowerPathClosed"
    ENERGY_TRANSFER = "EnergyTransfer"


type EventType = Literal["Started", "Updated", "Ended"]


@dataclass(frozen=True, slots=True)
class Situation:
    """What holds at an EVSE at one moment of a charging session."""

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
        """Read the values of the variables; raises ValueError for an unknown point."""
        return cls(points_of(start), points_of(stop))

    def step(self, before: Situation, **changes: Any) -> tuple[Situation, EventType | None]:
        """Return the situation after a step, and the type of the event that the step leads to, if any.

        A transaction starts when a start point is newly met, and ends when a stop point is no longer met.
        """
        after = replace(before, **changes)
        event = self._event(before, after)
        is_running = after.is_running if event is None else event != "Ended"
        return replace(after, is_running=is_running), event

    def _event(self, before: Situation, after: Situation) -> EventType | None:
        if not before.is_running:
            return "Started" if (after.points - before.points) & self.start else None
        return "Ended" if (before.points - after.points) & self.stop else "Updated"


def points_of(value: str) -> frozenset[Point]:
    """Read a list of points as in the value of a variable; raises ValueError for an unknown one."""
    return frozenset(Point(name.strip()) for name in value.split(",") if name.strip())
