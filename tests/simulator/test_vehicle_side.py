"""Cables that are unplugged at the vehicle only, and what vehicles do by themselves (E09, E10, E15)."""

import pytest

from mock_csms.simulator.metering import Vehicle
from mock_csms.simulator.verbs import VERBS, Obstacle, step_of
from tests.support.driving import charge, observed, set_variable
from tests.support.observed_station import TOKEN, ObservedStation


def charging_station(stop: str = "Authorized") -> ObservedStation:
    station = observed(stop=stop)
    charge(station)
    return station


def do(station: ObservedStation, verb: str, **arguments: object) -> None:
    step_of(VERBS[verb], {"evse": 1, **arguments}, station.station.core.setup).do(
        station.station, lambda _: None
    )
    station.advance(1)


def last_event(station: ObservedStation) -> tuple[str, str, str]:
    event = station.calls("TransactionEvent")[-1]
    return event["eventType"], event["triggerReason"], event["transactionInfo"]["chargingState"]


def is_locked(station: ObservedStation) -> bool:
    return station.station.core.evses.by_id[1].connectors[1].is_locked


def statuses(station: ObservedStation) -> list[str]:
    return [each["connectorStatus"] for each in station.calls("StatusNotification") if each["evseId"] == 1]


@pytest.mark.parametrize("unlocks", [True, False])
def test_unplugging_at_the_vehicle_deauthorizes_and_unlocks_as_set(unlocks: bool) -> None:
    station = charging_station()
    set_variable(station, "OCPPCommCtrlr.UnlockOnEVSideDisconnect", unlocks)

    do(station, "unplug-at-ev")

    assert last_event(station) == ("Ended", "EVCommunicationLost", "Idle")
    assert statuses(station)[-1] == "Occupied"
    assert is_locked(station) is not unlocks


def test_locked_cable_is_unlocked_by_the_token_of_its_session() -> None:
    station = charging_station()
    set_variable(station, "OCPPCommCtrlr.UnlockOnEVSideDisconnect", False)
    do(station, "unplug-at-ev")
    authorizes = len(station.calls("Authorize"))

    with pytest.raises(Obstacle, match="the cable is locked at EVSE 1; present the token"):
        do(station, "unplug")
    do(station, "present", token=TOKEN["idToken"])
    do(station, "unplug")

    assert statuses(station)[-1] == "Available"
    assert len(station.calls("Authorize")) == authorizes
    assert station.end() == []


def test_session_that_stays_authorized_goes_on_when_the_vehicle_is_back() -> None:
    station = charging_station()
    set_variable(station, "TxCtrlr.StopTxOnEVSideDisconnect", False)
    do(station, "unplug-at-ev")
    suspended = last_event(station)

    do(station, "plug-in-at-ev")

    assert suspended == ("Updated", "EVCommunicationLost", "Idle")
    assert last_event(station) == ("Updated", "ChargingStateChanged", "Charging")
    assert station.end() == []


def test_session_that_stays_authorized_times_out_without_the_vehicle() -> None:
    station = charging_station()
    set_variable(station, "TxCtrlr.StopTxOnEVSideDisconnect", False)
    do(station, "unplug-at-ev", cable="attached")

    station.advance(61)

    assert statuses(station)[-1] == "Available"
    assert last_event(station) == ("Ended", "EVConnectTimeout", "Idle")


@pytest.mark.parametrize(("stop", "kind"), [("Authorized", "Ended"), ("EVConnected", "Updated")])
def test_vehicle_ends_its_session(stop: str, kind: str) -> None:
    station = charging_station(stop)

    do(station, "end-at-ev")

    event = station.calls("TransactionEvent")[-1]
    assert last_event(station) == (kind, "StopAuthorized", "EVConnected")
    assert event["transactionInfo"].get("stoppedReason") == ("StoppedByEV" if kind == "Ended" else None)


def test_vehicle_that_is_not_ready_is_reported_as_suspended() -> None:
    station = observed()
    station.station.plug_in(1, 1, Vehicle(is_paused=True))
    station.station.present(TOKEN, 1)
    station.advance(1)

    assert last_event(station) == ("Updated", "ChargingStateChanged", "SuspendedEV")


@pytest.mark.parametrize(
    ("verb", "reason"),
    [
        ("unplug-at-ev", "no vehicle is plugged in"),
        ("plug-in-at-ev", "no cable at EVSE 1"),
        ("end-at-ev", "no"),
    ],
)
def test_step_without_its_vehicle_has_no_effect(verb: str, reason: str) -> None:
    with pytest.raises(Obstacle, match=reason):
        do(observed(), verb)
