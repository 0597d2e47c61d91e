"""Checks of message ids, parallel CALLs and answers."""

from collections.abc import Callable, Mapping

import pytest

from mock_csms.findings.calls import IDS_REMEMBERED
from mock_csms.messages import JsonObject
from tests.support.talk import START, VENDOR, Talk, reading, report, stamp

METER_VALUES = {"evseId": 1, "meterValue": [reading(stamp(START))]}

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


@pytest.mark.parametrize("action", ["Reset", "GetVariables"])
def test_action_of_a_central_system_is_unknown_and_named_as_such(talk: Talk, action: str) -> None:
    talk.error(talk.send_unknown_call(action), action)

    assert talk.ids == ["unknown-action"]
    assert f"{action} is an action of a central system" in talk.findings[0].sentence


def test_unknown_action_keeps_open_report(talk: Talk) -> None:
    talk.call("NotifyReport", report(0, tbc=True))
    talk.error(talk.send_unknown_call("Pnig"), "Pnig")
    talk.wait(61)

    assert talk.ids == ["unknown-action", "report-incomplete"]


# Message ids (OCPP-J 4.1.4)


def test_message_id_reused_on_next_connection_is_found(talk: Talk) -> None:
    talk.call("Heartbeat", message_id="same")
    talk.reconnect(1)
    talk.call("MeterValues", METER_VALUES, message_id="same")

    assert talk.ids == ["message-id-reused"]


RETRIED: Mapping[str, JsonObject] = {
    "Heartbeat": {},
    "MeterValues": METER_VALUES,
    "StatusNotification": {
        "timestamp": stamp(START),
        "connectorStatus": "Available",
        "evseId": 1,
        "connectorId": 1,
    },
}


@pytest.mark.parametrize(("action", "payload"), RETRIED.items())
def test_latest_call_may_be_retried_with_its_id_after_lost_connection(
    talk: Talk, action: str, payload: JsonObject
) -> None:
    talk.call(action, payload, message_id="same")
    talk.reconnect(1)
    talk.call(action, payload, message_id="same")

    assert not talk.findings


def test_boot_may_be_retried_with_its_id_after_lost_connection(unbooted: Talk) -> None:
    boot = {"reason": "PowerUp", "chargingStation": VENDOR}
    unbooted.exchange("BootNotification", boot, unbooted.registration(), message_id="same")
    unbooted.reconnect(1)
    unbooted.exchange("BootNotification", boot, unbooted.registration(), message_id="same")

    assert not unbooted.findings


def test_event_retried_as_offline_with_its_id_after_lost_connection_is_allowed(talk: Talk) -> None:
    talk.send_event(0, "Started")
    event = talk.event(1)
    talk.call("TransactionEvent", event, message_id="same")
    talk.reconnect(1)
    talk.call("Heartbeat")
    talk.call("TransactionEvent", {**event, "offline": True}, message_id="same")

    assert not talk.findings


def test_other_payload_with_id_of_latest_call_before_lost_connection_is_found(talk: Talk) -> None:
    talk.call("MeterValues", METER_VALUES, message_id="same")
    talk.reconnect(1)
    talk.call("MeterValues", {**METER_VALUES, "evseId": 2}, message_id="same")

    assert talk.ids == ["message-id-reused"]


def test_earlier_call_repeated_with_its_id_after_lost_connection_is_found(talk: Talk) -> None:
    talk.call("Heartbeat", message_id="same")
    talk.call("Heartbeat")
    talk.reconnect(1)
    talk.call("Heartbeat", message_id="same")

    assert talk.ids == ["message-id-reused"]


@pytest.mark.parametrize("gives_up_after", [0.01, 0.3, 2])
def test_retries_with_id_of_call_with_delayed_answer_are_allowed(talk: Talk, gives_up_after: float) -> None:
    for _ in range(3):
        talk.observer.delayed(talk.send_call("Heartbeat", {}, message_id="same"))
        talk.at += gives_up_after
    talk.result("same", "Heartbeat")
    talk.at += 10
    talk.call("Heartbeat", message_id="same")

    assert not talk.findings


def test_other_call_with_id_of_call_with_delayed_answer_is_found(talk: Talk) -> None:
    talk.observer.delayed(talk.send_call("Heartbeat", {}, message_id="same"))
    talk.at += 2
    talk.call("MeterValues", METER_VALUES, message_id="same")

    assert talk.ids == ["message-id-reused"]


def test_refused_call_may_be_retried_with_its_id(talk: Talk) -> None:
    talk.error(talk.send_call("Heartbeat", {}, message_id="same"), "Heartbeat")
    talk.at += 10
    talk.call("Heartbeat", message_id="same")

    assert not talk.findings


@pytest.mark.parametrize(("after", "findings"), [(0, 1), (0.3, 0), (0.9, 0), (5, 1)])
def test_call_answered_at_once_may_be_retried_only_if_its_answer_crosses(
    talk: Talk, after: float, findings: int
) -> None:
    at = talk.at
    talk.call("Heartbeat", message_id="same")
    talk.at = at + after
    talk.call("Heartbeat", message_id="same")

    assert talk.ids == ["message-id-reused"] * findings


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


@pytest.mark.parametrize("after", [0, 0.05, 0.2])
def test_call_after_withheld_answer_is_allowed(talk: Talk, after: float) -> None:
    talk.withhold(talk.send_call("Heartbeat", {}))
    talk.at += after
    talk.call("Heartbeat")

    assert not talk.findings


def test_call_after_late_answer_of_less_than_a_second_is_allowed(talk: Talk) -> None:
    message_id = talk.send_call("Heartbeat", {})
    talk.at += 0.5
    talk.withhold(message_id)
    talk.at += 0.1
    talk.call("Heartbeat")

    assert not talk.findings


@pytest.mark.parametrize("after", [0, 0.05, 0.5])
def test_call_before_a_delayed_answer_is_allowed(talk: Talk, after: float) -> None:
    message_id = talk.send_call("Heartbeat", {})
    talk.observer.delayed(message_id)
    talk.at += after
    talk.call("Heartbeat")
    talk.result(message_id, "Heartbeat")

    assert not talk.findings


def test_call_in_one_read_with_a_delayed_one_is_parallel(talk: Talk) -> None:
    talk.observer.delayed(talk.send_call("Heartbeat", {}))
    talk.call("Heartbeat", together=True)

    assert talk.ids == ["calls-in-parallel"]


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
