"""A connector lock that does not close (G05)."""

from tests.support.driving import charge, observed
from tests.support.observed_station import ObservedStation


def problems(station: ObservedStation) -> list[str]:
    """Values of the lock's variable Problem in the NotifyEvents of a station."""
    data = [each for message in station.calls("NotifyEvent") for each in message["eventData"]]
    locks = [each for each in data if each["component"]["name"] == "ConnectorPlugRetentionLock"]
    assert {(each["trigger"], each["variable"]["name"]) for each in locks} <= {("Delta", "Problem")}
    assert all(each["component"]["evse"] == {"id": 1, "connectorId": 1} for each in locks)
    return [each["actualValue"] for each in locks]


def charging_states(station: ObservedStation) -> list[str]:
    return [event["transactionInfo"]["chargingState"] for event in station.calls("TransactionEvent")]


def test_plug_that_cannot_be_locked_is_notified_and_does_not_charge() -> None:
    station = observed()
    station.station.charging.jam_lock(1)
    charge(station)
    station.advance(30)

    assert problems(station) == ["true"]
    assert "Charging" not in charging_states(station)


def test_freed_lock_lets_energy_flow() -> None:
    station = observed()
    station.station.charging.jam_lock(1)
    charge(station)
    station.station.charging.jam_lock(1, is_jammed=False)
    station.advance(1)

    assert problems(station) == ["true", "false"]
    assert charging_states(station)[-1] == "Charging"


def test_lock_that_jams_while_charging_changes_nothing() -> None:
    station = observed()
    charge(station)
    station.station.charging.jam_lock(1)
    station.advance(30)

    assert problems(station) == []
    assert charging_states(station)[-1] == "Charging"
