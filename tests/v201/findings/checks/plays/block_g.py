"""Availability."""

from tests.support.observed_station import ObservedStation
from tests.v201.findings.checks.scenes import Scene


def change_availability(observed: ObservedStation, status: str, *, evse_id: int = 1) -> None:
    observed.command("ChangeAvailability", {"operationalStatus": status, "evse": {"id": evse_id}})
    observed.advance(2)


def change_twice(observed: ObservedStation) -> None:
    change_availability(observed, "Inoperative")
    change_availability(observed, "Inoperative")


SCENES = {"same-availability-not-accepted": Scene(change_twice)}
