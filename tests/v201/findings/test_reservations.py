"""Checks of transactions that use a reservation (E01.FR.13, H01.FR.15)."""

from collections.abc import Callable
from typing import Any

import pytest

from mock_csms.messages import JsonObject
from mock_csms.v201.findings.reservations import MAX_RESERVATIONS
from tests.support.talk import EVSE, REMOTE_START, TOKEN, Talk, case, reservation, stamp


def start(talk: Talk, **fields: Any) -> None:
    talk.at += 1
    required = {"triggerReason": "Authorized", "idToken": TOKEN, "evse": EVSE}
    talk.send_event(0, "Started", **{**required, **fields})


def test_reservation_missing_after_plugging_in_is_found_once(talk: Talk) -> None:
    talk.command("ReserveNow", reservation(talk))
    talk.status("Reserved")
    talk.status("Occupied")
    talk.send_event(0, "Started", triggerReason="CablePluggedIn", evse=EVSE)
    talk.send_event(1, triggerReason="Authorized", idToken={**TOKEN, "idToken": "aabbccdd"})
    talk.send_event(2, "Ended")

    assert talk.ids == ["reservation-id-missing"]


@pytest.mark.parametrize("seq_no", [0, 1])
def test_reservation_named_with_the_token_or_before_is_accepted(talk: Talk, seq_no: int) -> None:
    talk.command("ReserveNow", reservation(talk))
    names: list[JsonObject] = [{}, {}]
    names[seq_no] = {"reservationId": 3}
    talk.send_event(0, "Started", triggerReason="CablePluggedIn", evse=EVSE, **names[0])
    talk.send_event(1, triggerReason="Authorized", idToken=TOKEN, **names[1])

    assert not talk.findings


@pytest.mark.parametrize(
    "end",
    [
        case("cancelled", lambda talk: talk.command("CancelReservation", {"reservationId": 3})),
        case("perhaps cancelled", lambda talk: talk.send_command("CancelReservation", {"reservationId": 3})),
        case("perhaps replaced", lambda talk: talk.send_command("ReserveNow", reservation(talk))),
        case("for another token", lambda talk: talk.command("ReserveNow", reservation(talk, idToken=OTHER))),
        case("removed", lambda talk: talk.call("ReservationStatusUpdate", {**REMOVED})),
        case("expired", lambda talk: talk.wait(3595, step=100)),
        case("free again", lambda talk: talk.status("Available")),
        case("faulted", lambda talk: talk.status("Faulted")),
        case("unavailable", lambda talk: talk.send_availability_state("EVSE", "Unavailable", {"id": 1})),
        case(
            "station unavailable", lambda talk: talk.send_availability_state("ChargingStation", "Unavailable")
        ),
        case("used offline", lambda talk: talk.reconnect(5)),
    ],
)
def test_token_after_the_reservation_may_have_ended_is_accepted(
    talk: Talk, end: Callable[[Talk], None]
) -> None:
    talk.boot(interval=10_000)
    talk.status()
    talk.command("ReserveNow", reservation(talk))
    end(talk)
    start(talk)

    assert "reservation-id-missing" not in talk.ids


OTHER: JsonObject = {"idToken": "OTHER", "type": "ISO14443"}
REMOVED: JsonObject = {"reservationId": 3, "reservationUpdateStatus": "Removed"}


@pytest.mark.parametrize(
    "fields",
    [
        case("another EVSE", {"evse": {"id": 2, "connectorId": 1}}),
        case("another token", {"idToken": OTHER}),
        case("another type", {"idToken": {**TOKEN, "type": "eMAID"}}),
        case("queued", {"offline": True, "timestamp": stamp(0)}),
        case("no evse", {"evse": {"id": 0}}),
    ],
)
def test_transaction_without_the_reservation_is_accepted(talk: Talk, fields: JsonObject) -> None:
    talk.command("ReserveNow", reservation(talk))
    start(talk, **fields)

    assert "reservation-id-missing" not in talk.ids


@pytest.mark.parametrize("status", ["Rejected", "Occupied"])
def test_refused_reservation_is_not_expected(talk: Talk, status: str) -> None:
    talk.command("ReserveNow", reservation(talk), status)
    start(talk)

    assert not talk.findings


def test_reservation_of_any_evse_is_not_expected(talk: Talk) -> None:
    request = reservation(talk)
    del request["evseId"]
    talk.command("ReserveNow", request)
    start(talk)

    assert not talk.findings


def test_second_transaction_of_the_token_is_accepted(talk: Talk) -> None:
    talk.command("ReserveNow", reservation(talk))
    start(talk, reservationId=3)
    talk.send_event(1, "Ended")
    start(talk, info={"transactionId": "T2"})

    assert not talk.findings


def test_number_of_reservations_is_limited(talk: Talk) -> None:
    for number in range(2 * MAX_RESERVATIONS):
        talk.command("ReserveNow", reservation(talk, id=number))

    assert len(talk.observer._transactions.reservations.open) == MAX_RESERVATIONS


def reserve_briefly(talk: Talk) -> None:
    """Reserve EVSE 1 for a minute."""
    talk.command("ReserveNow", reservation(talk, expiryDateTime=stamp(talk.at + 60)))
    talk.status("Reserved")


def test_expiry_that_is_only_visible_in_the_status_is_found(talk: Talk) -> None:
    reserve_briefly(talk)
    talk.wait(62)
    talk.status("Available")
    talk.wait(70)

    assert talk.ids == ["reservation-expiry-not-reported"]


def test_reported_expiry_is_accepted(talk: Talk) -> None:
    reserve_briefly(talk)
    talk.wait(62)
    expired = {"reservationId": 3, "reservationUpdateStatus": "Expired"}
    talk.call("ReservationStatusUpdate", expired)
    talk.wait(100)

    assert "reservation-expiry-not-reported" not in talk.ids


@pytest.mark.parametrize("status", ["Available", "Faulted", "Occupied", "Unavailable"])
def test_reservation_that_may_have_ended_need_not_expire(talk: Talk, status: str) -> None:
    reserve_briefly(talk)
    talk.status(status)
    talk.wait(200)

    assert "reservation-expiry-not-reported" not in talk.ids


def test_reservation_used_with_another_token_need_not_expire(talk: Talk) -> None:
    reserve_briefly(talk)
    group_token = {**TOKEN, "idToken": "OTHER"}
    talk.send_event(0, "Started", triggerReason="Authorized", idToken=group_token, evse=EVSE)
    talk.wait(200)

    assert not talk.findings


def test_reservation_that_expires_offline_is_not_judged(talk: Talk) -> None:
    reserve_briefly(talk)
    talk.reconnect(30)
    talk.wait(200)

    assert not talk.findings


def test_cancelled_reservation_need_not_expire(talk: Talk) -> None:
    reserve_briefly(talk)
    talk.command("CancelReservation", {"reservationId": 3})
    talk.wait(200)

    assert "reservation-expiry-not-reported" not in talk.ids


def test_reservation_named_between_the_cable_and_the_token_is_used(talk: Talk) -> None:
    reserve_briefly(talk)
    talk.send_event(0, "Started", triggerReason="CablePluggedIn", evse=EVSE)
    talk.send_event(1, triggerReason="ChargingStateChanged", reservationId=3)
    talk.send_event(2, triggerReason="Authorized", idToken=TOKEN)
    talk.wait(200)

    assert not talk.findings


@pytest.mark.parametrize(
    "use",
    [
        case("at the station", lambda talk: talk.call("Authorize", {"idToken": TOKEN})),
        case("remotely", lambda talk: talk.command("RequestStartTransaction", REMOTE_START)),
    ],
)
def test_reservation_whose_token_is_presented_need_not_expire(
    talk: Talk, use: Callable[[Talk], None]
) -> None:
    reserve_briefly(talk)
    use(talk)
    talk.wait(200)

    assert "reservation-expiry-not-reported" not in talk.ids


def test_expiry_by_a_clock_set_wrong_is_not_judged(talk: Talk) -> None:
    talk.exchange("Heartbeat", {}, {"currentTime": stamp(talk.at - 3600)})
    reserve_briefly(talk)
    talk.wait(200)

    assert "reservation-expiry-not-reported" not in talk.ids


def test_event_from_before_the_reservation_does_not_use_it(talk: Talk) -> None:
    talk.wait(60)
    talk.command("ReserveNow", reservation(talk))
    start(talk, timestamp=stamp(talk.at - 30))

    assert not talk.findings


def test_reservation_named_without_a_token_need_not_expire(talk: Talk) -> None:
    reserve_briefly(talk)
    talk.send_event(0, "Started", triggerReason="CablePluggedIn", evse=EVSE)
    talk.send_event(1, triggerReason="ChargingStateChanged", reservationId=3)
    talk.wait(200)

    assert not talk.findings
