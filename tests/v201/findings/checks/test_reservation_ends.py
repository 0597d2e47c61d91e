"""Checks of the ends of reservations."""

import pytest

from tests.support.talk import TOKEN, Talk, case, stamp
from tests.v201.findings.checks.test_reserving import reserve, states

REMOVED = "broken-reservation-not-removed"
KEPT = "reserved-status-kept"


def reserve_evse(talk: Talk, connectors: int = 1) -> None:
    """Reserve EVSE 1, whose connectors are then reported as Reserved."""
    for connector_id in range(2, connectors + 1):
        talk.status(connector_id=connector_id)
    reserve(talk)
    for connector_id in range(1, connectors + 1):
        talk.status("Reserved", connector_id=connector_id)


def update(talk: Talk, status: str) -> None:
    talk.call("ReservationStatusUpdate", {"reservationId": 3, "reservationUpdateStatus": status})


def cancel(talk: Talk, answer: str = "Accepted") -> None:
    talk.command("CancelReservation", {"reservationId": 3}, answer)


def use(talk: Talk) -> None:
    """Start a transaction that uses the reservation."""
    talk.send_event(0, "Started", triggerReason="Authorized", idToken=TOKEN, reservationId=3)


BROKEN = [case("faulted", "Faulted", "H01.FR.16"), case("unavailable", "Unavailable", "H01.FR.17")]


@pytest.mark.parametrize(("status", "requirement"), BROKEN)
def test_reservation_of_broken_evse_that_is_not_removed_is_found(
    talk: Talk, status: str, requirement: str
) -> None:
    reserve_evse(talk)
    talk.status(status)
    talk.wait(61)

    assert talk.ids == [REMOVED]
    assert states(talk, requirement) == {"broken"}


@pytest.mark.parametrize(("status", "requirement"), BROKEN)
def test_removed_reservation_of_broken_evse_is_accepted(talk: Talk, status: str, requirement: str) -> None:
    reserve_evse(talk)
    talk.status(status)
    update(talk, "Removed")
    talk.wait(61)

    assert talk.ids == []
    assert states(talk, requirement) == {"met"}


def test_reservation_of_evse_with_another_connector_need_not_be_removed(talk: Talk) -> None:
    reserve_evse(talk, connectors=2)
    talk.status("Faulted")
    talk.wait(61)

    assert talk.ids == []
    assert states(talk, "H01.FR.16") == {"not exercised"}


def test_reservation_that_may_be_used_need_not_be_removed(talk: Talk) -> None:
    reserve_evse(talk)
    talk.status("Occupied")
    talk.status("Faulted")
    talk.wait(61)

    assert REMOVED not in talk.ids


@pytest.mark.parametrize("status", ["Expired", "Removed"])
@pytest.mark.parametrize(
    ("answer", "findings", "state"),
    [
        case("accepted", "Accepted", ["unknown-reservation-cancelled"], "broken"),
        case("rejected", "Rejected", [], "met"),
    ],
)
def test_cancellation_of_ended_reservation_must_be_rejected(
    talk: Talk, *, status: str, answer: str, findings: list[str], state: str
) -> None:
    reserve(talk)
    talk.at += 3600
    update(talk, status)
    cancel(talk, answer)

    assert talk.ids == findings
    assert states(talk, "H02.FR.01") == {state}


def test_second_cancellation_is_found(talk: Talk) -> None:
    reserve(talk)
    cancel(talk)
    cancel(talk)

    assert talk.ids == ["unknown-reservation-cancelled"]


def test_end_that_is_reported_before_the_answer_to_its_cancellation_is_accepted(talk: Talk) -> None:
    reserve(talk)
    message_id = talk.send_command("CancelReservation", {"reservationId": 3})
    update(talk, "Removed")
    talk.answer_command(message_id, "CancelReservation", {"status": "Accepted"})

    assert talk.ids == []
    assert states(talk, "H02.FR.01") == {"not exercised"}


def test_use_that_is_reported_before_the_answer_to_a_cancellation_is_not_judged(talk: Talk) -> None:
    reserve(talk)
    message_id = talk.send_command("CancelReservation", {"reservationId": 3})
    use(talk)
    talk.answer_command(message_id, "CancelReservation", {"status": "Accepted"})

    assert "used-reservation-kept" not in talk.ids
    assert "unknown-reservation-cancelled" not in talk.ids


def test_reservation_with_same_id_may_be_cancelled(talk: Talk) -> None:
    reserve(talk)
    cancel(talk)
    reserve(talk)
    cancel(talk)

    assert talk.ids == []
    assert states(talk, "H02.FR.01") == {"not exercised"}


def test_reservation_may_have_expired_by_a_clock_that_was_told_another_time(talk: Talk) -> None:
    reserve_evse(talk)
    talk.exchange("Heartbeat", {}, {"currentTime": stamp(talk.at + 86_400)})
    cancel(talk, "Rejected")
    talk.wait(6)

    assert talk.ids == []


def test_rejected_cancellation_of_active_reservation_is_found(talk: Talk) -> None:
    reserve_evse(talk)
    cancel(talk, "Rejected")
    talk.wait(6)

    assert talk.ids == ["reservation-not-cancelled"]
    assert states(talk, "H02.FR.02") == {"broken"}


def test_rejected_cancellation_of_reservation_that_has_just_ended_is_accepted(talk: Talk) -> None:
    reserve_evse(talk)
    cancel(talk, "Rejected")
    talk.status("Available")
    talk.wait(6)

    assert talk.ids == []


ENDS = [
    case("cancelled", cancel, "H02.FR.04"),
    case("used", use, "H03.FR.10"),
    case("expired", lambda talk: update(talk, "Expired"), "H04.FR.03"),
]


@pytest.mark.parametrize(("end", "requirement"), ENDS)
def test_connector_that_stays_reserved_is_found(talk: Talk, end: object, requirement: str) -> None:
    assert callable(end)
    reserve_evse(talk, connectors=2)
    talk.at += 3600
    end(talk)
    talk.status("Available")
    talk.wait(61)

    assert talk.ids == [KEPT]
    assert states(talk, requirement) == {"broken"}


@pytest.mark.parametrize(("end", "requirement"), ENDS)
def test_connector_that_becomes_free_is_accepted(talk: Talk, end: object, requirement: str) -> None:
    assert callable(end)
    reserve_evse(talk)
    talk.at += 3600
    end(talk)
    talk.status("Available")
    talk.wait(61)

    assert talk.ids == []
    assert states(talk, requirement) == {"met"}


@pytest.mark.parametrize(("end", "requirement"), ENDS[1:])
def test_connector_that_became_free_before_is_accepted(talk: Talk, end: object, requirement: str) -> None:
    assert callable(end)
    reserve_evse(talk)
    talk.at += 3600
    talk.status("Available")
    end(talk)

    assert talk.ids == []
    assert states(talk, requirement) == {"met"}


@pytest.mark.parametrize(
    ("is_sent", "state"),
    [case("because of the command", True, "met"), case("before the command", False, "not exercised")],
)
def test_connector_that_is_free_before_the_answer_to_a_cancellation(
    talk: Talk, *, is_sent: bool, state: str
) -> None:
    reserve_evse(talk)
    if is_sent:
        message_id = talk.send_command("CancelReservation", {"reservationId": 3})
        talk.status("Available")
    else:
        talk.status("Available")
        talk.at += 1
        message_id = talk.send_command("CancelReservation", {"reservationId": 3})
    talk.answer_command(message_id, "CancelReservation", {"status": "Accepted"})

    assert talk.ids == []
    assert states(talk, "H02.FR.04") == {state}


@pytest.mark.parametrize(("end", "requirement"), ENDS)
def test_connector_that_becomes_faulted_shows_nothing_about_its_release(
    talk: Talk, end: object, requirement: str
) -> None:
    assert callable(end)
    reserve_evse(talk)
    talk.at += 3600
    end(talk)
    talk.status("Faulted")
    talk.wait(61)

    assert talk.ids == []
    assert states(talk, requirement) == {"not exercised"}


@pytest.mark.parametrize(
    ("non_evse_specific", "findings"), [case("possible", "true", []), case("impossible", "false", [KEPT])]
)
def test_connector_may_stay_reserved_for_a_reservation_of_any_evse(
    talk: Talk, non_evse_specific: str, findings: list[str]
) -> None:
    talk.read_variables({"ReservationCtrlr.NonEvseSpecific": non_evse_specific})
    talk.reconnect(5)  # then the mock cannot know all reservations of the station
    talk.status(evse_id=2)
    reserve_evse(talk)
    talk.status("Occupied", evse_id=2)
    cancel(talk)
    talk.wait(61)

    assert talk.ids == findings


@pytest.mark.parametrize(
    ("before", "after", "findings"),
    [
        case("becomes occupied", "Available", "Occupied", []),
        case("becomes faulted", "Available", "Faulted", []),
        case("becomes reserved", "Available", "Reserved", [KEPT]),
        case("stays occupied", "Occupied", "Occupied", [KEPT]),
    ],
)
def test_connector_may_stay_reserved_once_another_evse_is_taken(
    talk: Talk, before: str, after: str, findings: list[str]
) -> None:
    talk.read_variables({"ReservationCtrlr.NonEvseSpecific": "true"})
    talk.reconnect(5)  # then the mock cannot know all reservations of the station
    talk.status(before, evse_id=2)
    reserve_evse(talk)
    talk.status(after, evse_id=2)
    cancel(talk)
    talk.wait(61)

    assert talk.ids == findings


@pytest.mark.parametrize(
    ("before", "findings"),
    [case("free before", "Available", [KEPT]), case("reserved before", "Reserved", [])],
)
def test_connector_that_was_reserved_before_may_stay_reserved(
    talk: Talk, before: str, findings: list[str]
) -> None:
    talk.read_variables({"ReservationCtrlr.NonEvseSpecific": "true"})
    talk.reconnect(5)  # then the mock cannot know all reservations of the station
    talk.status(before)
    reserve_evse(talk)
    cancel(talk)
    talk.wait(61)

    assert talk.ids == findings


def test_connector_may_stay_reserved_after_an_event_about_an_earlier_reservation(talk: Talk) -> None:
    event = talk.event(0, "Started", triggerReason="Authorized", idToken=TOKEN, reservationId=3)
    talk.at += 60
    reserve_evse(talk)
    talk.call("TransactionEvent", event)  # was queued, and is about an earlier reservation with the id 3
    talk.wait(61)

    assert KEPT not in talk.ids


def test_connector_with_next_reservation_stays_reserved(talk: Talk) -> None:
    reserve_evse(talk)
    cancel(talk)
    reserve(talk)
    talk.wait(61)

    assert KEPT not in talk.ids


@pytest.mark.parametrize(
    "name_again",
    [
        case("in the same transaction", lambda talk: talk.send_event(1, reservationId=3)),
        case(
            "after another authorization",
            lambda talk: talk.send_event(1, triggerReason="Authorized", idToken=TOKEN, reservationId=3),
        ),
    ],
)
def test_next_reservation_with_the_id_is_not_used_by_the_earlier_transaction(
    talk: Talk, name_again: object
) -> None:
    assert callable(name_again)
    reserve(talk)
    use(talk)
    reserve(talk)
    talk.at += 5
    name_again(talk)
    update(talk, "Removed")
    cancel(talk)

    assert "used-reservation-kept" not in talk.ids
    assert states(talk, "H03.FR.09") == {"not exercised"}


def test_reservation_that_a_faulty_command_may_have_made_may_be_cancelled(talk: Talk) -> None:
    reserve(talk)
    cancel(talk)
    talk.observer.sent_spoilt_call("spoilt")
    cancel(talk)

    assert "unknown-reservation-cancelled" not in talk.ids


def test_reservation_that_may_be_cancelled_need_not_be_removed(talk: Talk) -> None:
    reserve_evse(talk)
    talk.time_out("CancelReservation", {"reservationId": 3})
    talk.status("Faulted")
    talk.wait(61)

    assert REMOVED not in talk.ids


def test_reservation_of_evse_with_an_unknown_connector_need_not_be_removed(unbooted: Talk) -> None:
    reserve(unbooted)
    unbooted.status("Faulted")
    unbooted.wait(61)

    assert REMOVED not in unbooted.ids


def test_rejected_cancellation_of_reservation_that_has_just_been_removed_is_accepted(talk: Talk) -> None:
    reserve_evse(talk)
    cancel(talk, "Rejected")
    update(talk, "Removed")
    talk.wait(6)

    assert "reservation-not-cancelled" not in talk.ids


@pytest.mark.parametrize("status", ["Expired", "Removed"])
def test_update_of_used_reservation_is_found(talk: Talk, status: str) -> None:
    reserve(talk)
    use(talk)
    update(talk, status)

    assert talk.ids == ["used-reservation-kept"]
    assert states(talk, "H03.FR.09") == {"broken"}


@pytest.mark.parametrize(
    ("answer", "state"), [case("accepted", "Accepted", "broken"), case("rejected", "Rejected", "met")]
)
def test_cancellation_of_used_reservation_must_be_rejected(talk: Talk, answer: str, state: str) -> None:
    reserve(talk)
    use(talk)
    cancel(talk, answer)

    assert ("used-reservation-kept" in talk.ids) == (state == "broken")
    assert states(talk, "H03.FR.09", "H02.FR.01") == {state}


@pytest.mark.parametrize(
    ("wait_s", "findings", "state"),
    [
        case("early", 3000, ["reservation-expired-early"], "broken"),
        case("with a clock that is ahead", 3570, [], "met"),
    ],
)
def test_reservation_must_not_expire_early(
    talk: Talk, wait_s: float, findings: list[str], state: str
) -> None:
    reserve(talk)
    talk.at += wait_s
    update(talk, "Expired")

    assert talk.ids == findings
    assert all("must be kept" in finding.sentence for finding in talk.findings)
    assert states(talk, "H04.FR.01") == {state}


def test_removed_reservation_is_not_early(talk: Talk) -> None:
    reserve(talk)
    update(talk, "Removed")

    assert talk.ids == []


def test_delayed_update_may_be_about_an_earlier_reservation_with_the_id(talk: Talk) -> None:
    reserve_evse(talk)
    talk.at += 3600
    reserve(talk)
    update(talk, "Expired")
    talk.wait(61)
    cancel(talk)

    assert not {"reservation-expired-early", KEPT, "unknown-reservation-cancelled"} & set(talk.ids)


@pytest.mark.parametrize("disturb", ["reconnect", "boot"])
def test_reservation_after_interruption_is_not_judged(talk: Talk, disturb: str) -> None:
    reserve_evse(talk)
    if disturb == "reconnect":
        talk.reconnect(5)
    else:
        talk.boot()
    talk.status("Faulted")
    talk.wait(61)

    assert REMOVED not in talk.ids
