"""Checks of message ids, parallel CALLs and answers."""

from collections.abc import Callable

import pytest

from mock_csms.findings.calls import IDS_REMEMBERED
from tests.support.talk import Talk, report

# Unknown actions (OCPP-J 4.1.7)


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_unknown_action_before_accepted_boot_is_the_only_finding(unbooted: Talk, status: str) -> None:
    unbooted.boot(status)
    unbooted.error(unbooted.send_unknown_call("Pnig"), "Pnig")

    assert unbooted.ids == ["unknown-action"]


def test_unknown_action_with_its_error_is_found_in_each_call(talk: Talk) -> None:
    for _ in range(2):
        talk.error(talk.send_unknown_call("Pnig"), "Pnig")
        talk.at += 1

    assert talk.ids == ["unknown-action"] * 2


def test_unknown_action_in_parallel_has_two_findings(talk: Talk) -> None:
    talk.send_call("Heartbeat", {})
    talk.send_unknown_call("Pnig", together=True)

    assert talk.ids == ["calls-in-parallel", "unknown-action"]


def test_unknown_action_keeps_open_report(talk: Talk) -> None:
    talk.call("NotifyReport", report(0, tbc=True))
    talk.error(talk.send_unknown_call("Pnig"), "Pnig")
    talk.wait(61)

    assert talk.ids == ["unknown-action", "report-incomplete"]


# Message ids (OCPP-J 4.1.4)


def test_message_id_reused_on_next_connection_is_found(talk: Talk) -> None:
    talk.call("Heartbeat", message_id="same")
    talk.reconnect(1)
    talk.call("Heartbeat", message_id="same")

    assert talk.ids == ["message-id-reused"]


def send_heartbeats(talk: Talk, number: int) -> None:
    for _ in range(number):
        talk.call("Heartbeat")


@pytest.mark.parametrize("others", [1, IDS_REMEMBERED - 1])
def test_latest_message_ids_are_remembered(talk: Talk, others: int) -> None:
    send_heartbeats(talk, 2 * IDS_REMEMBERED)
    talk.call("Heartbeat", message_id="same")
    send_heartbeats(talk, others)
    talk.call("Heartbeat", message_id="same")
    assert talk.ids == ["message-id-reused"]


def test_old_message_ids_are_forgotten(talk: Talk) -> None:
    send_heartbeats(talk, IDS_REMEMBERED)
    talk.call("Heartbeat", message_id="same")
    send_heartbeats(talk, 2 * IDS_REMEMBERED)
    talk.call("Heartbeat", message_id="same")
    assert not talk.findings


def test_message_id_counter_that_starts_over_is_found(talk: Talk) -> None:
    talk.call("Heartbeat", message_id="1")
    send_heartbeats(talk, 10 * IDS_REMEMBERED)
    talk.call("Heartbeat", message_id="1")
    assert talk.ids == ["message-id-reused"]


def test_unanswered_call_may_be_retried_with_its_id(talk: Talk) -> None:
    talk.withhold(talk.send_call("Heartbeat", {}, message_id="same"))
    talk.wait(30)
    talk.call("Heartbeat", message_id="same")

    assert not talk.findings


def test_call_pending_at_disconnect_may_be_retried_with_its_id(talk: Talk) -> None:
    talk.send_call("Heartbeat", {}, message_id="same")
    talk.reconnect(1)
    talk.call("Heartbeat", message_id="same")

    assert not talk.findings


def test_both_sides_may_use_the_same_message_id(talk: Talk) -> None:
    message_id = talk.send_command("ClearCache", {})
    talk.call("Heartbeat", message_id=message_id)
    talk.answer_command(message_id, "ClearCache", {"status": "Accepted"})

    assert not talk.findings


# One CALL at a time (OCPP-J 4.1.1)


def test_calls_in_one_read_are_parallel(talk: Talk) -> None:
    talk.call("Heartbeat")
    talk.call("Heartbeat", together=True)

    assert talk.ids == ["calls-in-parallel"]
    assert len(talk.findings[0].frames) == 2


def test_call_at_once_after_withheld_answer_is_parallel(talk: Talk) -> None:
    talk.withhold(talk.send_call("Heartbeat", {}))
    talk.at += 0.05
    talk.call("Heartbeat")

    assert talk.ids == ["calls-in-parallel"]


def test_call_after_late_answer_of_less_than_a_second_is_allowed(talk: Talk) -> None:
    message_id = talk.send_call("Heartbeat", {})
    talk.at += 0.5
    talk.withhold(message_id)
    talk.at += 0.1
    talk.call("Heartbeat")

    assert not talk.findings


def test_call_before_a_delayed_answer_is_allowed(talk: Talk) -> None:
    message_id = talk.send_call("Heartbeat", {})
    talk.observer.delayed(message_id)
    talk.at += 0.5
    talk.call("Heartbeat")
    talk.result(message_id, "Heartbeat")

    assert not talk.findings


def test_call_at_once_before_a_delayed_answer_is_parallel(talk: Talk) -> None:
    talk.observer.delayed(talk.send_call("Heartbeat", {}))
    talk.call("Heartbeat")

    assert talk.ids == ["calls-in-parallel"]


def test_call_after_withheld_answer_is_allowed(talk: Talk) -> None:
    talk.withhold(talk.send_call("Heartbeat", {}))
    talk.at += 0.2
    talk.call("Heartbeat")

    assert not talk.findings


@pytest.mark.parametrize("answer", [Talk.result, Talk.error])
def test_call_right_after_answer_is_allowed(talk: Talk, answer: Callable[..., None]) -> None:
    answer(talk, talk.send_call("Heartbeat", {}), "Heartbeat")
    talk.call("Heartbeat")

    assert not talk.findings


def test_call_on_new_connection_is_allowed(talk: Talk) -> None:
    talk.send_call("Heartbeat", {})
    talk.reconnect(0.1)
    talk.call("Heartbeat")

    assert not talk.findings


def test_call_during_pending_command_is_allowed(talk: Talk) -> None:
    message_id = talk.send_command("ClearCache", {})
    talk.call("Heartbeat")
    talk.answer_command(message_id, "ClearCache", {"status": "Accepted"})

    assert not talk.findings


# Answers of the station


def test_late_answer_is_not_an_answer_to_unknown_call(talk: Talk) -> None:
    message_id = talk.time_out("ClearCache", {})
    talk.answer_command(message_id, None, {"status": "Accepted"})

    assert talk.ids == ["call-unanswered"]


def test_second_late_answer_is_a_repeated_answer(talk: Talk) -> None:
    message_id = talk.time_out("ClearCache", {})
    talk.answer_command(message_id, None, {"status": "Accepted"})
    talk.answer_command(message_id, None, {"status": "Accepted"})

    assert talk.ids == ["call-unanswered", "answer-repeated"]


def test_answer_on_next_connection_is_allowed(talk: Talk) -> None:
    message_id = talk.send_command("ClearCache", {})
    talk.reconnect(1)
    talk.answer_command(message_id, None, {"status": "Accepted"})

    assert not talk.findings


def test_late_answer_to_unregistered_command_is_allowed(talk: Talk) -> None:
    talk.collect(talk.observer.timed_out(talk.at, "untold", "ClearCache"))
    talk.answer_command("untold", None, {"status": "Accepted"})

    assert talk.ids == ["call-unanswered"]


@pytest.mark.parametrize("message_id", ["-1", "broken"])
def test_call_error_about_our_frame_is_allowed(talk: Talk, message_id: str) -> None:
    talk.withhold(talk.send_call("Heartbeat", {}, message_id="broken"))
    talk.answer_command(message_id, None, None)

    assert not talk.findings


def test_call_error_counts_as_answer(talk: Talk) -> None:
    talk.answer_command(talk.send_command("ClearCache", {}), "ClearCache", None)

    assert not talk.findings
