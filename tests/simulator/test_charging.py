"""Drivers at the station: tokens, groups, master pass, cables and time-outs (C, E)."""

from typing import Any, Final

import pytest

from mock_csms.messages import JsonObject
from tests.support.driving import events, observed, play, set_variable
from tests.support.observed_station import TOKEN, ObservedStation

FRIEND: Final[JsonObject] = {"idToken": "11223344", "type": "ISO14443"}
STRANGER: Final[JsonObject] = {"idToken": "99999999", "type": "ISO14443"}
MASTER: Final[JsonObject] = {"idToken": "00000001", "type": "ISO14443"}
GROUPS: Final = {"AABBCCDD": "FAMILY", "11223344": "FAMILY", "00000001": "MASTER"}


def info_of(token: str) -> JsonObject:
    info: JsonObject = {"status": "Accepted"}
    if token in GROUPS:
        info["groupIdToken"] = {"idToken": GROUPS[token], "type": "Central"}
    return info


def with_groups(**variables: Any) -> ObservedStation:
    """A station whose central system answers with the groupIdToken of each token in GROUPS."""
    station = observed(**variables, AuthCtrlr_MasterPassGroupId="MASTER")
    station.answers["Authorize"] = lambda sent: {"idTokenInfo": info_of(sent["idToken"]["idToken"])}
    station.answers["TransactionEvent"] = lambda sent: (
        {"idTokenInfo": info_of(sent["idToken"]["idToken"])} if "idToken" in sent else {}
    )
    return station


def present(station: ObservedStation, id_token: JsonObject) -> None:
    station.station.present(id_token, 1)
    station.advance(5)


def test_same_token_stops_without_an_authorize() -> None:
    station = with_groups()
    play(station, ["plug in", "token"])

    play(station, ["token"])

    assert len(station.calls("Authorize")) == 1
    assert events(station)[-1] == "Ended StopAuthorized EVConnected Local token"


def test_token_of_the_same_group_stops_and_is_told() -> None:
    station = with_groups()
    play(station, ["plug in", "token"])

    present(station, FRIEND)

    assert station.calls("TransactionEvent")[-1]["idToken"] == FRIEND
    assert events(station)[-1] == "Ended StopAuthorized EVConnected Local token"


def test_known_token_of_the_same_group_stops_offline() -> None:
    station = with_groups(AuthCacheCtrlr_Enabled=True, AuthCtrlr_LocalAuthorizeOffline=True)
    play(station, ["plug in"])
    present(station, FRIEND)
    present(station, FRIEND)
    play(station, ["token"])
    station.station.go_offline(60)
    station.advance(5)

    present(station, FRIEND)
    station.advance(100)

    assert events(station)[-1] == "Ended StopAuthorized EVConnected Local token offline"


def test_strange_token_does_not_stop() -> None:
    station = with_groups()
    play(station, ["plug in", "token"])

    present(station, STRANGER)

    assert station.calls("Authorize")[-1]["idToken"] == STRANGER
    assert events(station)[-1] == "Updated ChargingStateChanged Charging phases"


def test_rejected_token_starts_nothing() -> None:
    station = observed()
    station.answers["Authorize"] = lambda _: {"idTokenInfo": {"status": "Blocked"}}

    play(station, ["token", "plug in"])

    assert events(station) == ["Started CablePluggedIn EVConnected 1.1"]


def test_master_pass_stops_all_transactions() -> None:
    station = with_groups()
    for evse_id, token in enumerate([TOKEN, STRANGER], start=1):
        station.station.plug_in(evse_id)
        station.station.present(token, evse_id)
        station.advance(5)

    present(station, MASTER)

    assert events(station)[-2:] == ["Ended StopAuthorized EVConnected MasterPass token"] * 2


def test_master_pass_stops_transaction_of_chosen_evse() -> None:
    station = with_groups()
    for evse_id, token in enumerate([TOKEN, STRANGER], start=1):
        station.station.plug_in(evse_id)
        station.station.present(token, evse_id)
        station.advance(5)

    station.station.present(MASTER, stops_at=2)
    station.advance(5)

    assert [each.evse.id for each in station.station.transactions.running()] == [1]
    assert events(station)[-1] == "Ended StopAuthorized EVConnected MasterPass token"


def test_master_pass_starts_nothing() -> None:
    station = with_groups(TxCtrlr_TxStartPoint="Authorized")

    present(station, MASTER)
    play(station, ["plug in"])
    present(station, MASTER)

    assert events(station) == []


@pytest.mark.parametrize("is_asked_about", [True, False])
def test_master_pass_starts_nothing_remotely(is_asked_about: bool) -> None:
    station = with_groups(AuthCtrlr_AuthorizeRemoteStart=is_asked_about, TxCtrlr_TxStartPoint="Authorized")
    play(station, ["plug in"])

    station.command("RequestStartTransaction", {"remoteStartId": 1, "idToken": MASTER, "evseId": 1})
    station.advance(30)
    register_wh = station.station.charging.session(1).meter.register_wh
    station.advance(30)

    assert station.station.charging.session(1).meter.register_wh == register_wh
    assert station.station.transactions.running() == []


def test_master_pass_stops_energy_of_a_transaction_that_ends_with_the_cable() -> None:
    station = with_groups(TxCtrlr_TxStopPoint="EVConnected")
    play(station, ["plug in", "token"])

    present(station, MASTER)
    play(station, ["unplug"])

    assert events(station)[-2:] == [
        "Updated StopAuthorized EVConnected token",
        "Ended EVCommunicationLost Idle MasterPass",
    ]


def test_other_token_does_not_take_over_a_transaction() -> None:
    station = with_groups(TxCtrlr_TxStopPoint="EVConnected")
    play(station, ["plug in", "token", "token"])

    present(station, STRANGER)

    assert events(station)[-1] == "Updated StopAuthorized EVConnected token"


def test_first_token_authorizes_a_transaction_again() -> None:
    station = with_groups(TxCtrlr_TxStopPoint="EVConnected")
    play(station, ["plug in", "token", "token"])

    play(station, ["token"])

    assert events(station)[-2:] == [
        "Updated Authorized EVConnected token",
        "Updated ChargingStateChanged Charging",
    ]


@pytest.mark.parametrize("evse_id", [2, None])
def test_token_authorizes_the_transaction_of_a_parked_vehicle(evse_id: int | None) -> None:
    station = observed("ParkingBayOccupancy", "ParkingBayOccupancy")
    station.station.park(2)

    station.station.present(TOKEN, evse_id)
    station.advance(5)
    station.station.plug_in(2)
    station.advance(5)

    assert events(station) == [
        "Started EVDetected Idle 2",
        "Updated Authorized Idle token",
        "Updated CablePluggedIn EVConnected 2.1",
        "Updated ChargingStateChanged Charging phases",
    ]


def test_token_is_not_accepted_at_other_evses_than_its_own() -> None:
    station = observed()
    station.answers["Authorize"] = lambda _: {"idTokenInfo": {"status": "Accepted", "evseId": [2]}}
    play(station, ["plug in"])

    present(station, TOKEN)

    assert events(station) == ["Started CablePluggedIn EVConnected 1.1"]


# Cable


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        ("EVConnected,Authorized", ["Ended EVConnectTimeout Idle Timeout"]),
        ("EVConnected", ["Ended EVConnectTimeout Idle Timeout"]),
        ("PowerPathClosed", ["Ended EVConnectTimeout Idle Timeout"]),
        ("ParkingBayOccupancy", ["Updated EVConnectTimeout Idle", "Ended EVDeparted Idle Timeout"]),
    ],
)
def test_authorization_ends_when_no_cable_is_plugged_in(stop: str, expected: list[str]) -> None:
    station = observed("Authorized", stop, TxCtrlr_EVConnectionTimeOut=30)
    play(station, ["park", "token"], wait_s=1)
    station.advance(31)

    play(station, ["leave"])

    assert events(station) == ["Started Authorized Idle token 1", *expected]
    assert station.end() == []


def test_authorization_without_a_transaction_ends_when_no_cable_is_plugged_in() -> None:
    station = observed("EVConnected", TxCtrlr_EVConnectionTimeOut=30)
    play(station, ["token"])
    station.advance(31)

    play(station, ["plug in"])

    assert events(station) == ["Started CablePluggedIn EVConnected 1.1"]


def test_timer_of_a_driver_who_left_does_not_end_the_next_authorization() -> None:
    station = observed("PowerPathClosed", TxCtrlr_EVConnectionTimeOut=30)
    play(station, ["park", "token", "leave"], wait_s=5)
    set_variable(station, "TxCtrlr.EVConnectionTimeOut", 0)
    play(station, ["token"])
    station.advance(60)

    play(station, ["plug in"])

    assert events(station)[0] == "Started CablePluggedIn EVConnected token 1.1"


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        ("Authorized", ["Ended EVCommunicationLost Idle EVDisconnected"]),
        ("ParkingBayOccupancy", ["Updated EVCommunicationLost Idle", "Updated CablePluggedIn EVConnected"]),
    ],
)
def test_unplugging_ends_the_authorization(stop: str, expected: list[str]) -> None:
    station = observed("Authorized", stop)
    play(station, ["plug in", "token"])

    play(station, ["unplug", "plug in"])

    assert events(station)[2:] == expected


def test_charging_goes_on_after_unplugging_if_configured() -> None:
    station = observed(stop="Authorized", TxCtrlr_StopTxOnEVSideDisconnect=False)
    play(station, ["plug in", "token"])

    play(station, ["unplug", "plug in"])

    assert events(station)[3:] == [
        "Updated EVCommunicationLost Idle",
        "Updated CablePluggedIn EVConnected",
        "Updated ChargingStateChanged Charging",
    ]


def test_transaction_ends_when_the_cable_is_not_plugged_in_again() -> None:
    station = observed(stop="Authorized", TxCtrlr_StopTxOnEVSideDisconnect=False)
    play(station, ["plug in", "token", "unplug"])

    station.advance(60)

    assert events(station)[-1] == "Ended EVConnectTimeout Idle Timeout"


def test_vehicle_that_is_full_suspends_charging() -> None:
    station = observed()
    play(station, ["plug in", "token"])
    vehicle = station.station.charging.session(1).vehicle
    assert vehicle is not None

    station.advance(3 * 3600)

    assert events(station)[-1] == "Updated ChargingStateChanged SuspendedEV"
    assert vehicle.taken_wh == pytest.approx(vehicle.demand_wh, abs=1)


def test_limit_changes_state_and_power() -> None:
    station = observed()
    play(station, ["plug in", "token"])
    meter = station.station.charging.session(1).meter

    for limit_w in (5520.0, 0.0):
        schedule = {
            "id": 1,
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit_w}],
        }
        profile = {
            "id": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": [schedule],
        }
        station.command("SetChargingProfile", {"evseId": 1, "chargingProfile": profile})
        station.advance(5)
        assert meter.power_w == limit_w

    assert events(station)[-2:] == [
        "Updated ChargingRateChanged Charging",
        "Updated ChargingStateChanged SuspendedEVSE",
    ]


def profile(limit_w: float) -> JsonObject:
    """TxDefaultProfile that limits every transaction to this power."""
    period = {"startPeriod": 0, "limit": limit_w}
    schedule = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [period]}
    return {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
    }


@pytest.mark.parametrize(("limit_w", "is_reported"), [(9700.0, False), (8000.0, True)])
def test_only_a_significant_change_of_the_limit_is_reported(limit_w: float, is_reported: bool) -> None:
    station = observed(SmartChargingCtrlr_LimitChangeSignificance=10)
    station.command("SetChargingProfile", {"evseId": 1, "chargingProfile": profile(10000.0)})
    play(station, ["plug in", "token"])

    station.command("SetChargingProfile", {"evseId": 1, "chargingProfile": profile(limit_w)})
    station.advance(10)

    assert station.station.charging.session(1).meter.power_w == limit_w
    assert ("Updated ChargingRateChanged Charging" in events(station)) == is_reported


def test_reason_of_a_stop_is_forgotten_when_the_driver_goes_on() -> None:
    station = observed(stop="EVConnected")
    play(station, ["plug in", "token", "token", "token", "unplug"])

    assert events(station)[-1] == "Ended EVCommunicationLost Idle EVDisconnected"


def test_token_at_the_station_reader_goes_to_the_vehicle_that_waits() -> None:
    station = observed()
    station.station.park(1)
    station.station.plug_in(2)
    station.station.present(TOKEN)
    station.advance(5)

    sessions = station.station.transactions.sessions
    assert [sessions[evse_id].is_authorized for evse_id in (1, 2)] == [False, True]


def test_time_out_from_before_a_power_cut_does_not_end_the_next_authorization() -> None:
    station = observed(start="PowerPathClosed", TxCtrlr_EVConnectionTimeOut=60)
    play(station, ["token"], wait_s=50)
    station.station.power_cycle(2)
    station.advance(6)
    play(station, ["token", "plug in"], wait_s=10)

    assert events(station)[-1] == "Updated ChargingStateChanged Charging phases"
