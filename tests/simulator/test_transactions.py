"""Transactions on the wire: their events at every TxStartPoint and TxStopPoint, and what they carry."""

from datetime import UTC, datetime
from typing import Final

import pytest

from mock_csms.text import timestamp
from tests.support.driving import events, observed, play, reject_tokens, samples, set_variable
from tests.support.observed_station import TOKEN, ObservedStation

PLUGGED: Final = "Updated CablePluggedIn EVConnected 1.1"
TOLD: Final = "Updated Authorized EVConnected token"
CHARGING: Final = "Updated ChargingStateChanged Charging phases"
PAUSED: Final = "Updated ChargingStateChanged SuspendedEV"
RESUMED: Final = "Updated ChargingStateChanged Charging"
STOPPED: Final = "Updated StopAuthorized EVConnected token"
UNPLUGGED: Final = "Updated EVCommunicationLost Idle"
ENDED_BY_TOKEN: Final = "Ended StopAuthorized EVConnected Local token"
ENDED_BY_CABLE: Final = "Ended EVCommunicationLost Idle Local"
ENDED_BY_PAUSE: Final = "Ended ChargingStateChanged SuspendedEV StoppedByEV"
STARTED_BY_BAY: Final = "Started EVDetected Idle 1"
STARTED_BY_CABLE: Final = "Started CablePluggedIn EVConnected 1.1"
STARTED_BY_TOKEN: Final = "Started Authorized EVConnected token 1.1"
STARTED_BY_ENERGY: Final = "Started ChargingStateChanged Charging token 1.1 phases"

CABLE_FIRST: Final = ("park", "plug in", "token", "pause", "resume", "token", "unplug", "leave")
TOKEN_FIRST: Final = ("token", "park", "plug in", "pause", "resume", "token", "unplug", "leave")
DETECTED: Final = "Updated EVDetected Idle"


LEFT: Final = "Ended EVDeparted Idle Local"
GOING: Final = [CHARGING, PAUSED, RESUMED]


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        (
            "ParkingBayOccupancy",
            "ParkingBayOccupancy",
            [STARTED_BY_BAY, PLUGGED, TOLD, *GOING, STOPPED, UNPLUGGED, LEFT],
        ),
        ("EVConnected", "EVConnected", [STARTED_BY_CABLE, TOLD, *GOING, STOPPED, ENDED_BY_CABLE]),
        ("Authorized", "Authorized", [STARTED_BY_TOKEN, *GOING, ENDED_BY_TOKEN]),
        ("DataSigned", "Authorized", [STARTED_BY_TOKEN, *GOING, ENDED_BY_TOKEN]),
        ("PowerPathClosed", "PowerPathClosed", [STARTED_BY_TOKEN, *GOING, ENDED_BY_TOKEN]),
        (
            "EnergyTransfer",
            "EnergyTransfer",
            [
                STARTED_BY_ENERGY,
                ENDED_BY_PAUSE,
                STARTED_BY_ENERGY,
                "Ended EVCommunicationLost Idle EVDisconnected",
            ],
        ),
        (
            "EVConnected,Authorized",
            "EVConnected,Authorized",
            [STARTED_BY_CABLE, TOLD, *GOING, ENDED_BY_TOKEN],
        ),
        ("EnergyTransfer", "Authorized", [STARTED_BY_ENERGY, PAUSED, RESUMED, ENDED_BY_TOKEN]),
        (
            "EnergyTransfer,ParkingBayOccupancy",
            "PowerPathClosed,ParkingBayOccupancy",
            [STARTED_BY_BAY, PLUGGED, TOLD, *GOING, ENDED_BY_TOKEN],
        ),
        ("PowerPathClosed", "EVConnected", [STARTED_BY_TOKEN, *GOING, STOPPED, ENDED_BY_CABLE]),
    ],
)
def test_session_with_cable_first_has_the_events_of_its_start_and_stop_points(
    start: str, stop: str, expected: list[str]
) -> None:
    station = observed(start, stop)

    play(station, CABLE_FIRST)

    assert events(station) == expected
    assert station.end() == []


STARTED_AT_ONCE: Final = "Started Authorized Idle token 1"
STARTED_AT_LAST: Final = "Started CablePluggedIn EVConnected token 1.1"


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        (
            "ParkingBayOccupancy",
            "ParkingBayOccupancy",
            ["Started EVDetected Idle token 1", PLUGGED, *GOING, STOPPED, UNPLUGGED, LEFT],
        ),
        ("EVConnected", "EVConnected", [STARTED_AT_LAST, *GOING, STOPPED, ENDED_BY_CABLE]),
        ("Authorized", "Authorized", [STARTED_AT_ONCE, DETECTED, PLUGGED, *GOING, ENDED_BY_TOKEN]),
        ("PowerPathClosed", "PowerPathClosed", [STARTED_AT_LAST, *GOING, ENDED_BY_TOKEN]),
        ("EnergyTransfer", "EnergyTransfer", [STARTED_BY_ENERGY, ENDED_BY_PAUSE]),
        ("Authorized", "EVConnected", [STARTED_AT_ONCE, DETECTED, PLUGGED, *GOING, STOPPED, ENDED_BY_CABLE]),
    ],
)
def test_session_with_token_first_has_the_events_of_its_start_and_stop_points(
    start: str, stop: str, expected: list[str]
) -> None:
    station = observed(start, stop)

    play(station, TOKEN_FIRST if stop != "EnergyTransfer" else TOKEN_FIRST[:4])

    assert events(station) == expected
    assert station.end() == []


@pytest.mark.parametrize("start", ["EVConnected", "ParkingBayOccupancy", "Authorized", "PowerPathClosed"])
def test_energy_only_flows_in_a_transaction_when_the_vehicle_stays_plugged_in(start: str) -> None:
    station = observed(start, "Authorized")

    play(station, ["park", "plug in", "token", "token", "token"])

    assert events(station)[-3:] == [ENDED_BY_TOKEN, STARTED_BY_TOKEN, CHARGING]
    assert station.end() == []


@pytest.mark.parametrize("stop", ["PowerPathClosed", "EVConnected", "EnergyTransfer"])
def test_transaction_ends_with_the_cable_even_without_a_token(stop: str) -> None:
    station = observed("EVConnected", stop)

    play(station, ["plug in", "unplug"])

    assert events(station) == [STARTED_BY_CABLE, "Ended EVCommunicationLost Idle EVDisconnected"]


@pytest.mark.parametrize(
    ("stop", "last"),
    [
        ("Authorized", "Ended RemoteStop EVConnected Remote"),
        ("PowerPathClosed", "Ended RemoteStop EVConnected Remote"),
        ("EVConnected", "Updated RemoteStop EVConnected"),
    ],
)
def test_remote_stop_without_a_token_ends_the_transaction_if_a_token_would(stop: str, last: str) -> None:
    station = observed("EVConnected", stop)
    play(station, ["plug in"])
    transaction_id = station.calls("TransactionEvent")[0]["transactionInfo"]["transactionId"]

    station.command("RequestStopTransaction", {"transactionId": transaction_id})
    station.advance(10)

    assert events(station)[1:] == [last]


def test_no_event_follows_a_stop_for_the_power_alone() -> None:
    station = observed("EVConnected", "EVConnected")
    play(station, ["plug in", "token", "token"])

    station.advance(60)

    assert events(station)[-1] == STOPPED


def test_events_are_numbered_from_zero_without_a_gap() -> None:
    station = observed()

    play(station, CABLE_FIRST)

    assert [event["seqNo"] for event in station.calls("TransactionEvent")] == list(range(6))


def test_started_and_ended_have_the_register_at_begin_and_end() -> None:
    station = observed()

    play(station, ["plug in", "token"], wait_s=60)
    play(station, ["token"])

    started, *_, ended = station.calls("TransactionEvent")
    (begin,) = samples(started, "Transaction.Begin")
    assert samples(ended, "Transaction.Begin") == [begin]
    (end,) = samples(ended, "Transaction.End")
    assert end - begin == pytest.approx(11040 * 60 / 3600, rel=0.01)


def test_register_goes_on_from_one_transaction_to_the_next() -> None:
    station = observed()

    play(station, [*CABLE_FIRST, *CABLE_FIRST])

    started = [e for e in station.calls("TransactionEvent") if e["eventType"] == "Started"]
    ended = [e for e in station.calls("TransactionEvent") if e["eventType"] == "Ended"]
    assert samples(started[1], "Transaction.Begin") == samples(ended[0], "Transaction.End")
    assert samples(started[1], "Transaction.Begin")[0] > 0


def test_all_started_measurands_are_in_the_started_event() -> None:
    measurands = ["Energy.Active.Import.Register", "Voltage", "Power.Active.Import", "SoC"]
    station = observed(SampledDataCtrlr_TxStartedMeasurands=",".join(measurands))

    play(station, ["plug in"])

    (value,) = station.calls("TransactionEvent")[0]["meterValue"]
    assert {sample["measurand"] for sample in value["sampledValue"]} == set(measurands)
    assert {sample["context"] for sample in value["sampledValue"]} == {"Transaction.Begin"}


def test_events_have_no_meter_values_when_sampling_is_disabled() -> None:
    station = observed(SampledDataCtrlr_Enabled=False, SampledDataCtrlr_TxUpdatedInterval=5)

    play(station, CABLE_FIRST)

    assert not any("meterValue" in event for event in station.calls("TransactionEvent"))


def test_reservation_is_told_once_with_the_token() -> None:
    station = observed()
    expiry = timestamp(datetime.fromtimestamp(station.host.time() + 3600, UTC))
    station.command("ReserveNow", {"id": 7, "expiryDateTime": expiry, "idToken": TOKEN, "evseId": 1})

    play(station, CABLE_FIRST)

    told = [
        (e["triggerReason"], e["reservationId"])
        for e in station.calls("TransactionEvent")
        if "reservationId" in e
    ]
    assert told == [("Authorized", 7)]


# Rejected tokens (E05)


@pytest.mark.parametrize("stop", ["Authorized", "PowerPathClosed", "EnergyTransfer"])
def test_rejected_token_ends_the_transaction(stop: str) -> None:
    station = observed("EVConnected", stop)
    station.answers["TransactionEvent"] = reject_tokens

    play(station, ["plug in", "token"])

    assert events(station)[-1] == "Ended Deauthorized EVConnected DeAuthorized"


@pytest.mark.parametrize("stop", ["Authorized", "PowerPathClosed", "EnergyTransfer"])
def test_rejected_token_ends_the_transaction_before_the_cable_is_plugged_in(stop: str) -> None:
    station = observed("Authorized", stop)
    station.answers["TransactionEvent"] = reject_tokens

    play(station, ["token", "plug in"])

    assert events(station) == [STARTED_AT_ONCE, "Ended Deauthorized Idle DeAuthorized"]


def test_rejected_token_stops_energy_when_it_does_not_end_the_transaction() -> None:
    station = observed("EVConnected", "EVConnected")
    station.answers["TransactionEvent"] = reject_tokens

    play(station, ["plug in", "token"])
    register_wh = station.station.charging.session(1).meter.register_wh
    play(station, ["pause", "resume", "unplug"])

    assert events(station)[-2:] == [
        "Updated Deauthorized EVConnected",
        "Ended EVCommunicationLost Idle DeAuthorized",
    ]
    assert station.station.charging.session(1).meter.register_wh == register_wh


@pytest.mark.parametrize("allowed_wh", [0, 1, 100])
def test_rejected_token_is_allowed_as_much_energy_as_configured(allowed_wh: int) -> None:
    station = observed(TxCtrlr_StopTxOnInvalidId=False, TxCtrlr_MaxEnergyOnInvalidId=allowed_wh)
    station.answers["TransactionEvent"] = reject_tokens

    play(station, ["plug in", "token"], wait_s=120)

    assert events(station)[-1] == "Updated ChargingStateChanged SuspendedEVSE"
    assert station.station.charging.session(1).meter.register_wh == pytest.approx(allowed_wh, abs=1)


def test_token_rejected_after_an_offline_start_ends_the_transaction() -> None:
    station = observed(AuthCtrlr_OfflineTxForUnknownIdEnabled=True)
    station.answers["TransactionEvent"] = reject_tokens
    station.station.go_offline(60)
    station.advance(5)

    play(station, ["plug in", "token"])
    station.advance(100)

    assert events(station) == [
        f"{STARTED_BY_CABLE} offline",
        f"{TOLD} offline",
        f"{CHARGING} offline",
        "Ended Deauthorized EVConnected DeAuthorized",
    ]
    assert station.end() == []


# Power and clock


def test_no_energy_flows_and_nothing_is_told_without_power() -> None:
    station = observed()
    play(station, ["plug in", "token"])
    station.station.power_cycle(300)
    session = station.station.charging.session(1)
    register_wh = session.meter.register_wh

    play(station, ["pause", "resume", "unplug", "plug in", "token"], wait_s=20)
    station.station.charging.fault(1)
    station.station.charging.fault(1, is_faulted=False)

    assert session.meter.register_wh == register_wh
    assert not station.station.core.outbox.has_transaction_messages()
    station.advance(300)
    assert events(station)[-1] == "Ended AbnormalCondition EVConnected PowerLoss offline"
    assert station.end() == []


def test_vehicle_that_was_plugged_in_without_power_is_noticed_with_the_power() -> None:
    station = observed()
    station.station.power_cycle(60)
    play(station, ["park", "plug in"])
    assert events(station) == []

    station.advance(100)

    assert events(station) == [f"{STARTED_BY_CABLE} offline"]


def test_times_of_a_transaction_do_not_go_back_with_the_clock() -> None:
    station = observed(SampledDataCtrlr_TxUpdatedInterval=10, AlignedDataCtrlr_Interval=60)
    play(station, ["plug in", "token"], wait_s=60)
    station.answers["Heartbeat"] = lambda _: {
        "currentTime": timestamp(datetime.fromtimestamp(station.host.time() - 75, UTC))
    }

    station.command("TriggerMessage", {"requestedMessage": "Heartbeat"})
    play(station, ["pause", "token"], wait_s=40)

    all_events = station.calls("TransactionEvent")
    times = [event["timestamp"] for event in all_events]
    sampled = [
        (value["timestamp"], value["sampledValue"][0]["value"])
        for event in all_events[:-1]
        for value in event.get("meterValue", [])
    ]
    assert times == sorted(times)
    assert sampled == sorted(sampled)


def test_abnormal_condition_ends_the_transaction_of_a_faulted_connector() -> None:
    station = observed("EVConnected", "EVConnected")
    play(station, ["plug in", "token"])

    station.station.charging.fault(1)
    play(station, ["pause", "resume"])

    assert events(station)[-1] == "Ended AbnormalCondition EVConnected GroundFault"


def test_fault_before_the_transaction_ends_the_authorization() -> None:
    station = observed("EnergyTransfer", "Authorized")
    play(station, ["park", "plug in", "pause", "token"])

    station.station.charging.fault(1)
    play(station, ["resume"])

    assert events(station) == []


def test_station_caches_the_status_of_a_token_that_stops() -> None:
    station = observed(AuthCacheCtrlr_Enabled=True)
    play(station, ["plug in", "token"])
    known_info = station.station.authorization.known_info
    assert (known_info(TOKEN) or {}).get("status") == "Accepted"
    station.answers["TransactionEvent"] = reject_tokens

    play(station, ["token"])

    assert (known_info(TOKEN) or {}).get("status") != "Accepted"


def test_nothing_starts_before_the_first_accepted_boot() -> None:
    station = ObservedStation(boots=["Pending", "Pending"])
    station.start()

    play(station, ["plug in", "token"])
    assert not station.station.core.outbox.has_transaction_messages()
    assert not station.station.charging.session(1).is_authorized
    station.advance(150)

    assert events(station)[0] == STARTED_BY_CABLE
    assert not any("idToken" in event for event in station.calls("TransactionEvent"))
    assert station.end() == []


def test_transaction_starts_before_the_first_accepted_boot_if_configured() -> None:
    station = ObservedStation(boots=["Pending"])
    station.start()
    for name in ("TxCtrlr.TxBeforeAcceptedEnabled", "AuthCtrlr.OfflineTxForUnknownIdEnabled"):
        set_variable(station, name, True)

    play(station, ["plug in", "token"])
    station.advance(100)

    assert events(station)[:3] == [STARTED_BY_CABLE, TOLD, CHARGING]


def test_transaction_starts_while_a_later_boot_is_pending() -> None:
    station = ObservedStation(boots=["Accepted", "Pending"], heartbeat_s=300)
    station.start()
    station.command("Reset", {"type": "Immediate"})
    station.advance(20)
    assert station.station.core.registration == "Pending"

    plugged_at = station.host.time()
    station.station.plug_in(1)
    station.advance(120)

    started = station.calls("TransactionEvent")[0]
    assert (started["eventType"], started["triggerReason"]) == ("Started", "CablePluggedIn")
    assert datetime.fromisoformat(started["timestamp"]).timestamp() == pytest.approx(plugged_at, abs=1)
