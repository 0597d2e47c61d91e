"""Checks of the answers to RequestStopTransaction."""

import pytest

from tests.support.talk import EVSE, TOKEN, Script, Talk, case


def stop_remotely(talk: Talk, status: str, transaction_id: str = "T1") -> None:
    talk.command("RequestStopTransaction", {"transactionId": transaction_id}, status)


def charge(talk: Talk) -> None:
    talk.send_event(
        0,
        "Started",
        triggerReason="Authorized",
        evse=EVSE,
        idToken=TOKEN,
        info={"chargingState": "Charging"},
    )


def test_rejected_stop_is_found_once_the_transaction_goes_on(talk: Talk) -> None:
    charge(talk)
    stop_remotely(talk, "Rejected")
    talk.at += 10
    talk.send_event(1)

    assert talk.ids == ["remote-stop-rejected"]
    assert talk.coverage("F03.FR.07") == "broken"


@pytest.mark.parametrize(("status", "state"), [("Accepted", "met"), ("Rejected", "not exercised")])
def test_answer_to_stop_is_accepted_if_the_transaction_ends(talk: Talk, status: str, state: str) -> None:
    charge(talk)
    stop_remotely(talk, status)
    talk.send_event(
        1,
        "Ended",
        triggerReason="RemoteStop",
        info={"chargingState": "EVConnected", "stoppedReason": "Remote"},
    )

    assert talk.ids == []
    assert talk.coverage("F03.FR.07") == state


@pytest.mark.parametrize(
    ("status", "ids", "state"),
    [("Accepted", ["remote-stop-accepted-after-end"], "broken"), ("Rejected", [], "met")],
)
def test_stop_of_ended_transaction_must_be_rejected(
    talk: Talk, status: str, ids: list[str], state: str
) -> None:
    talk.send_transaction(0, 1, 2)
    stop_remotely(talk, status)

    assert talk.ids == ids
    assert talk.coverage("F03.FR.08") == state


@pytest.mark.parametrize(
    ("status", "state"), [case("accepted", "Accepted", "not exercised"), case("rejected", "Rejected", "met")]
)
def test_stop_of_unknown_transaction_may_have_any_answer(talk: Talk, status: str, state: str) -> None:
    stop_remotely(talk, status, "T2")

    assert talk.ids == []
    assert talk.coverage("F03.FR.08") == state


def test_stop_may_be_accepted_if_the_end_arrives_before_the_answer(talk: Talk) -> None:
    charge(talk)
    message_id = talk.send_command("RequestStopTransaction", {"transactionId": "T1"})
    talk.send_event(1, "Ended", triggerReason="RemoteStop", info={"stoppedReason": "Remote"})
    talk.answer_command(message_id, "RequestStopTransaction", {"status": "Accepted"})

    assert talk.ids == []
    assert talk.coverage("F03.FR.08") == "not exercised"


@pytest.mark.parametrize(
    "ignore",
    [
        case("mock joined midway", lambda talk: talk.observer.forget(*talk.next_entry())),
        case("boot not accepted", lambda talk: talk.boot("Pending")),
    ],
)
def test_rejected_stop_shows_nothing_if_it_may_have_another_reason(talk: Talk, ignore: Script) -> None:
    ignore(talk)
    stop_remotely(talk, "Rejected", "T2")

    assert talk.coverage("F03.FR.08") == "not exercised"
