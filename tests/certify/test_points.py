"""The table of start and stop points: the event of each step of a session (E01, E06)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pytest

from mock_csms.certify.points import Point, Situation, TransactionPoints, points_of
from mock_csms.certify.verdicts import CaseFailed

type Step = Mapping[str, Any]

STEPS: Final[Mapping[str, Step]] = {
    "park": {"is_occupied": True},
    "plug in": {"is_connected": True},
    "authorize": {"is_authorized": True},
    "charge": {"is_transferring": True},
    "suspend": {"is_transferring": False},
    "stop": {"is_authorized": False, "is_transferring": False},
    "unplug": {"is_connected": False, "is_transferring": False},
    "leave": {"is_occupied": False},
}
CABLE_FIRST: Final = ("park", "plug in", "authorize", "charge")
TOKEN_FIRST: Final = ("park", "authorize", "plug in", "charge")
STOP: Final = ("stop", "unplug", "leave")
LATEST_STOP: Final = "ParkingBayOccupancy"
"""TxStopPoint that ends a transaction only when the vehicle leaves, at the end of a session."""

STARTS: Final = {
    "ParkingBayOccupancy": ("park", "park"),
    "EVConnected": ("plug in", "plug in"),
    "Authorized": ("authorize", "authorize"),
    "DataSigned": ("authorize", "plug in"),
    "PowerPathClosed": ("authorize", "plug in"),
    "EnergyTransfer": ("charge", "charge"),
    "EVConnected,Authorized": ("plug in", "authorize"),
    "Authorized,EnergyTransfer": ("authorize", "authorize"),
    "ParkingBayOccupancy,EVConnected": ("park", "park"),
}
"""For each TxStartPoint, the steps of `CABLE_FIRST` and of `TOKEN_FIRST` that lead to the Started event."""
STOPS: Final[Mapping[str, tuple[str | None, ...]]] = {
    "ParkingBayOccupancy": ("leave", "leave", "leave"),
    "EVConnected": ("unplug", "unplug", "unplug"),
    "Authorized": ("stop", None, "stop"),
    "PowerPathClosed": ("stop", "unplug", "stop"),
    "EnergyTransfer": ("stop", "unplug", "suspend"),
    "EVConnected,Authorized": ("stop", "unplug", "stop"),
    "DataSigned,EVConnected": ("unplug", "unplug", "unplug"),
    "Authorized,ParkingBayOccupancy": ("stop", "leave", "stop"),
}
"""For each TxStopPoint, the steps that lead to the Ended event in three sessions; None if no step does.

The first is stopped, the second is unplugged without a stop, the third is suspended and then stopped. The
second stays authorized, as with StopTxOnEVSideDisconnect false.
"""


def events_of(start: str, stop: str, steps: Sequence[str]) -> list[tuple[str, str]]:
    """Apply the steps with these start and stop points.

    Return each step that leads to a TransactionEvent, with the type of this event.
    """
    points, situation = TransactionPoints.of_values(start, stop), Situation()
    found: list[tuple[str, str]] = []
    for step in steps:
        situation, event = points.step(situation, **STEPS[step])
        if event is not None:
            found.append((step, event))
    return found


@pytest.mark.parametrize("start", STARTS)
def test_transaction_starts_at_the_first_start_point_and_is_updated_after_it(start: str) -> None:
    for steps, first in zip((CABLE_FIRST, TOKEN_FIRST), STARTS[start], strict=True):
        after = steps[steps.index(first) + 1 :]

        assert events_of(start, LATEST_STOP, steps) == [
            (first, "Started"),
            *((step, "Updated") for step in after),
        ]


@pytest.mark.parametrize("stop", STOPS)
def test_transaction_ends_at_the_first_stop_point_and_has_no_event_after_it(stop: str) -> None:
    ways = (STOP, ("unplug", "leave"), ("suspend", *STOP))
    for way, last in zip(ways, STOPS[stop], strict=True):
        before = way if last is None else way[: way.index(last)]
        updated = [(step, "Updated") for step in (*CABLE_FIRST[1:], *before)]
        ended = [] if last is None else [(last, "Ended")]

        assert events_of("ParkingBayOccupancy", stop, (*CABLE_FIRST, *way)) == [
            ("park", "Started"),
            *updated,
            *ended,
        ]


def test_second_authorization_starts_a_transaction_with_the_vehicle_that_stayed() -> None:
    steps = (*CABLE_FIRST, "stop", "authorize", "charge")

    assert events_of("EVConnected", "Authorized", steps)[-2:] == [
        ("authorize", "Started"),
        ("charge", "Updated"),
    ]


def test_end_of_the_transaction_ends_authorization_and_energy() -> None:
    points = TransactionPoints.of_values("Authorized", "EVConnected")
    charging = Situation(*[True] * 5)

    after, event = points.step(charging, is_connected=False)

    assert event == "Ended"
    assert after == Situation(is_occupied=True)


def test_authorization_without_a_cable_that_ends_also_ends_a_path_that_was_never_closed() -> None:
    points = TransactionPoints.of_values("Authorized", "PowerPathClosed")
    waiting, _ = points.step(Situation(), is_authorized=True)

    assert points.step(waiting, is_authorized=False)[1] == "Ended"


@pytest.mark.parametrize(
    ("stop", "ends"), [("EVConnected,Authorized", True), ("EnergyTransfer", True), ("EVConnected", False)]
)
def test_points_know_whether_a_stop_ends_the_transaction(stop: str, ends: bool) -> None:
    assert TransactionPoints.of_values("Authorized", stop).end_with_authorization is ends


def test_values_are_read_with_spaces_and_unknown_points_are_refused() -> None:
    assert points_of("EVConnected, Authorized") == {Point.EV_CONNECTED, Point.AUTHORIZED}
    assert points_of("") == frozenset()
    with pytest.raises(CaseFailed, match="Boot"):
        points_of("Boot")
