"""Checks of the answers to GetTransactionStatus."""

from typing import Any

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, Talk, case, stamp


def start(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="EVDetected", evse=EVSE)


def end(talk: Talk, seq_no: int = 1) -> None:
    talk.send_event(seq_no, "Ended", triggerReason="EVDeparted")


def ask(talk: Talk, transaction_id: str | None = "T1", *, is_queued: bool = False, **answer: Any) -> None:
    request: JsonObject = {} if transaction_id is None else {"transactionId": transaction_id}
    message_id = talk.send_command("GetTransactionStatus", request)
    talk.answer_command(message_id, "GetTransactionStatus", {"messagesInQueue": is_queued, **answer})


def wait_for_delivery(talk: Talk) -> None:
    for _ in range(3):
        talk.wait(240, step=40)
        talk.call("Heartbeat")


def judge(talk: Talk, requirement: str, state: str) -> None:
    assert talk.ids == ["transaction-status-wrong"] * (state == "broken")
    assert talk.coverage(requirement) == state


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        case("no indicator", {}, "broken"),
        case("not running", {"ongoingIndicator": False}, "met"),
        case("perhaps from before", {"ongoingIndicator": True}, "not exercised"),
    ],
)
def test_unknown_transaction_must_be_said_not_to_run(talk: Talk, answer: JsonObject, state: str) -> None:
    ask(talk, "T9", **answer)

    judge(talk, "E14.FR.01", state)


@pytest.mark.parametrize(
    ("answer", "goes_on", "state"),
    [
        case("said to run", {"ongoingIndicator": True}, True, "met"),
        case("said to have stopped", {"ongoingIndicator": False}, True, "broken"),
        case("no indicator", {}, True, "broken"),
        case("perhaps just ended", {"ongoingIndicator": False}, False, "not exercised"),
    ],
)
def test_running_transaction_must_be_said_to_run(
    talk: Talk, answer: JsonObject, state: str, *, goes_on: bool
) -> None:
    start(talk)
    ask(talk, **answer)
    talk.wait(30)
    if goes_on:
        talk.send_event(1)
    else:
        end(talk)

    judge(talk, "E14.FR.02", state)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        case("said to have stopped", {"ongoingIndicator": False}, "met"),
        case("said to run", {"ongoingIndicator": True}, "broken"),
        case("no indicator", {}, "broken"),
    ],
)
def test_ended_transaction_must_be_said_to_have_stopped(talk: Talk, answer: JsonObject, state: str) -> None:
    start(talk)
    end(talk)
    ask(talk, **answer)

    judge(talk, "E14.FR.03", state)


@pytest.mark.parametrize(
    ("answer", "state"),
    [case("with indicator", {"ongoingIndicator": False}, "broken"), case("without", {}, "met")],
)
def test_answer_about_all_transactions_must_have_no_indicator(
    talk: Talk, answer: JsonObject, state: str
) -> None:
    ask(talk, None, **answer)

    judge(talk, "E14.FR.06", state)


@pytest.mark.parametrize(
    ("requirement", "transaction_id", "answer"),
    [("E14.FR.04", "T1", {"ongoingIndicator": True}), ("E14.FR.07", None, {})],
)
@pytest.mark.parametrize(
    ("is_queued", "ago_s", "state"),
    [
        case("no queue, long before", False, 90, "broken"),
        case("queue, long before", True, 90, "met"),
        case("no queue, just before", False, 70, "not exercised"),
        case("no queue, after", False, 5, "not exercised"),
    ],
)
def test_event_after_an_answer_about_the_queue(  # noqa: PLR0917 - the columns of the tables
    talk: Talk,
    requirement: str,
    transaction_id: str | None,
    answer: JsonObject,
    ago_s: float,
    state: str,
    *,
    is_queued: bool,
) -> None:
    talk.wait(100)
    start(talk)
    talk.wait(100)
    ask(talk, transaction_id, is_queued=is_queued, **answer)
    talk.wait(20)
    talk.send_event(1, triggerReason="ChargingStateChanged", timestamp=stamp(talk.at - ago_s))

    judge(talk, requirement, state)


def test_event_was_not_in_the_queue_when_the_command_was_sent(talk: Talk) -> None:
    talk.wait(100)
    start(talk)
    message_id = talk.send_command("GetTransactionStatus", {})
    event = talk.event(1, triggerReason="ChargingStateChanged")
    talk.wait(100)
    talk.answer_command(message_id, "GetTransactionStatus", {"messagesInQueue": False})
    talk.call("TransactionEvent", event)

    judge(talk, "E14.FR.07", "not exercised")


def test_repeated_event_was_not_in_the_queue(talk: Talk) -> None:
    talk.wait(100)
    start(talk)
    event = talk.send_event(1, triggerReason="ChargingStateChanged")
    talk.wait(100)
    ask(talk, ongoingIndicator=True)
    talk.call("TransactionEvent", event)

    assert "transaction-status-wrong" not in talk.ids


@pytest.mark.parametrize(
    ("requirement", "transaction_id", "answer"),
    [("E14.FR.05", "T1", {"ongoingIndicator": False}), ("E14.FR.08", None, {})],
)
@pytest.mark.parametrize(
    ("is_queued", "state"), [case("queue", True, "broken"), case("no queue", False, "met")]
)
def test_queue_of_complete_transactions(
    talk: Talk,
    requirement: str,
    transaction_id: str | None,
    answer: JsonObject,
    state: str,
    *,
    is_queued: bool,
) -> None:
    start(talk)
    end(talk)
    talk.wait(70)
    ask(talk, transaction_id, is_queued=is_queued, **answer)
    wait_for_delivery(talk)

    judge(talk, requirement, state)


def test_event_without_an_answer_may_wait_for_its_next_attempt(talk: Talk) -> None:
    start(talk)
    talk.error(talk.send_call("TransactionEvent", talk.event(1)), "TransactionEvent")
    end(talk, 2)
    talk.wait(70)
    ask(talk, None, is_queued=True)
    wait_for_delivery(talk)

    assert talk.ids == []


def test_repeated_event_is_no_longer_in_the_queue(talk: Talk) -> None:
    start(talk)
    event = talk.event(1)
    talk.error(talk.send_call("TransactionEvent", event), "TransactionEvent")
    talk.call("TransactionEvent", event)
    end(talk, 2)
    talk.wait(70)
    ask(talk, None, is_queued=True)
    wait_for_delivery(talk)

    judge(talk, "E14.FR.08", "broken")


def test_event_without_an_answer_may_wait_for_a_new_connection(talk: Talk) -> None:
    start(talk)
    talk.error(talk.send_call("TransactionEvent", talk.event(1)), "TransactionEvent")
    end_payload = talk.event(2, "Ended", triggerReason="EVDeparted")
    talk.error(talk.send_call("TransactionEvent", end_payload), "TransactionEvent")
    talk.reconnect(5)
    talk.wait(70)
    ask(talk, None, is_queued=True)
    wait_for_delivery(talk)

    assert talk.ids == []


@pytest.mark.parametrize("transaction_id", ["T1", None])
def test_ended_event_may_still_wait_for_its_answer(talk: Talk, transaction_id: str | None) -> None:
    start(talk)
    end(talk)
    ask(talk, transaction_id, is_queued=True, **({"ongoingIndicator": False} if transaction_id else {}))
    wait_for_delivery(talk)

    assert talk.ids == []


def test_delivery_does_not_show_that_an_empty_queue_is_reported(talk: Talk) -> None:
    talk.wait(70)
    ask(talk, None, is_queued=True)
    start(talk)

    judge(talk, "E14.FR.08", "not exercised")


def test_queue_may_have_messages_of_a_running_transaction(talk: Talk) -> None:
    start(talk)
    ask(talk, None, is_queued=True)
    ask(talk, "T1", is_queued=True, ongoingIndicator=True)
    wait_for_delivery(talk)

    assert talk.ids == []
