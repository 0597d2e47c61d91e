"""Checks of the order, completeness and offline flags of transaction events."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import START, TOKEN, Talk, register, stamp

# The order of events


def test_small_clock_correction_is_accepted(talk: Talk) -> None:
    talk.wait(100)
    talk.send_event(0, "Started")
    talk.send_event(1, timestamp=stamp(talk.at - 10))

    assert not talk.findings


def test_timestamp_going_back_is_reported_once(talk: Talk) -> None:
    talk.wait(100)
    talk.send_event(0, "Started")
    for seq_no in range(1, 5):
        talk.send_event(seq_no, timestamp=stamp(talk.at - 50 + seq_no))

    assert talk.ids == ["timestamp-goes-back"]


def test_timestamps_are_compared_in_order_of_seq_no(talk: Talk) -> None:
    talk.wait(100)
    late = talk.event(1)
    talk.at += 50
    talk.send_event(0, "Started", timestamp=stamp(talk.at - 60))
    talk.send_event(2)
    talk.call("TransactionEvent", late)
    talk.send_event(3, "Ended")
    talk.wait(6)

    assert not talk.findings


def test_timestamp_going_back_in_late_event_is_found(talk: Talk) -> None:
    talk.wait(100)
    talk.send_event(0, "Started")
    talk.at += 100
    late = talk.event(1)
    talk.send_event(2, timestamp=stamp(talk.at - 50))
    talk.call("TransactionEvent", late)

    assert talk.ids == ["timestamp-goes-back"]


def test_timestamp_before_first_current_time_may_go_back(unbooted: Talk) -> None:
    unbooted.send_event(0, "Started", timestamp=stamp(START + 1000))
    unbooted.call("Heartbeat")
    unbooted.send_event(1)

    assert not unbooted.findings


def test_timestamp_of_offline_event_may_go_back(talk: Talk) -> None:
    talk.send_event(0, "Started", offline=True, timestamp=stamp(START + 1000))
    talk.send_event(1)

    assert not talk.findings


def test_timestamp_after_wrong_current_time_may_go_back(talk: Talk) -> None:
    heartbeat = talk.send_call("Heartbeat", {})
    talk.result(heartbeat, "Heartbeat", {"currentTime": stamp(START - 1000)})
    talk.send_event(0, "Started")
    talk.send_event(1, timestamp=stamp(START - 1000))

    assert not talk.findings


# Transactions as a whole (E)


def test_seq_no_may_start_above_0(talk: Talk) -> None:
    talk.send_transaction(17, 18, 19)
    talk.wait(6)

    assert not talk.findings


def test_transaction_is_judged_5_s_after_ended(talk: Talk) -> None:
    talk.send_transaction(0, 2)
    talk.wait(5)
    assert not talk.findings

    talk.wait(1)
    assert talk.ids == ["seq-no-missing"]


def test_open_transaction_is_judged_at_the_end_of_the_run(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.send_event(2)
    talk.wait(100)
    assert not talk.findings

    talk.end()
    assert talk.ids == ["seq-no-missing"]


def test_late_started_is_accepted(talk: Talk) -> None:
    started = talk.event(0, "Started")
    talk.at += 1
    talk.send_event(1)
    talk.call("TransactionEvent", started)
    talk.send_event(2, "Ended")
    talk.wait(6)

    assert not talk.findings


def test_started_after_other_event_is_found(talk: Talk) -> None:
    talk.at += 1
    talk.send_event(0)
    talk.send_event(1, "Started")
    talk.send_event(2, "Ended")
    talk.wait(6)

    assert talk.ids == ["transaction-not-started"]


def test_missing_started_is_found_at_the_end_of_the_run(talk: Talk) -> None:
    talk.at += 1
    talk.send_event(1)
    talk.wait(100)
    assert not talk.findings

    talk.end()
    assert talk.ids == ["transaction-not-started"]


def test_missing_started_before_first_boot_is_accepted(unbooted: Talk) -> None:
    unbooted.send_event(4)
    unbooted.send_event(5, "Ended")
    unbooted.wait(6)

    assert not unbooted.findings


def test_missing_started_of_older_transaction_is_accepted(talk: Talk) -> None:
    talk.send_event(4, offline=True, timestamp=stamp(START - 100))
    talk.send_event(5, "Ended")
    talk.wait(6)

    assert not talk.findings


def test_ended_alone_after_boot_is_accepted(talk: Talk) -> None:
    talk.at += 10
    talk.send_event(4, "Ended", info={"stoppedReason": "PowerLoss"})
    talk.wait(6)

    assert not talk.findings


def test_second_transaction_with_same_id_is_judged_separately(talk: Talk) -> None:
    talk.send_transaction(0, 1)
    talk.wait(100)
    talk.send_transaction(0, 2)
    talk.wait(6)

    assert talk.ids == ["transaction-started-twice", "seq-no-missing"]


def test_ended_with_lower_seq_no_is_found(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.send_event(2)
    talk.send_event(1, "Ended")

    assert talk.ids == ["event-after-ended"]


def test_late_event_after_ended_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started")
    late = talk.event(1)
    talk.send_event(2, "Ended")
    talk.call("TransactionEvent", late)
    talk.wait(6)

    assert not talk.findings


def test_running_transaction_needs_no_ended(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.send_event(1)
    talk.end()

    assert not talk.findings


def test_interleaved_transactions_are_accepted(talk: Talk) -> None:
    for seq_no, kind in enumerate(["Started", "Updated", "Ended"]):
        for name in ("T1", "T2", "T3"):
            talk.at += 1
            talk.send_event(seq_no, kind, info={"transactionId": name})
    talk.wait(6)

    assert not talk.findings


def test_dropping_old_transactions_causes_no_findings(talk: Talk) -> None:
    for number in range(600):
        talk.at += 1
        talk.send_event(0, "Started", info={"transactionId": f"T{number}"})
    for number in range(600):
        talk.at += 1
        talk.send_event(1, "Ended", info={"transactionId": f"T{number}"})
    talk.wait(6)

    assert not talk.findings


def test_authorized_event_with_id_token_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="Authorized", idToken=TOKEN)

    assert not talk.findings


# The offline flag (E12)


def test_flagged_event_from_offline_period_is_accepted(talk: Talk) -> None:
    talk.wait(10)
    talk.disconnect()
    talk.wait(100)
    event = talk.event(0, "Started", offline=True)
    talk.wait(100)
    talk.connect()
    talk.call("TransactionEvent", event)

    assert not talk.findings


@pytest.mark.parametrize("offline", [True, False])
@pytest.mark.parametrize("ago", [3, 57, 143, 197, 260, 1000])
def test_flag_near_the_ends_of_offline_period_is_optional(talk: Talk, ago: int, *, offline: bool) -> None:
    talk.wait(3)
    talk.reconnect(200)
    talk.send_event(0, "Started", timestamp=stamp(talk.at - ago), offline=offline)

    assert not talk.findings


def test_current_event_needs_no_offline_flag(talk: Talk) -> None:
    talk.reconnect(1000)
    talk.send_event(0, "Started", offline=False)

    assert not talk.findings


def test_flagged_event_from_silent_connection_is_accepted(talk: Talk) -> None:
    talk.wait(400)
    event = talk.event(0, "Started", offline=True)
    talk.wait(40)
    talk.connect()
    talk.disconnect()
    talk.call("TransactionEvent", event)

    assert not talk.findings


def test_flagged_event_from_online_period_is_found(talk: Talk) -> None:
    for _ in range(3):
        talk.wait(200)
        talk.call("Heartbeat")
    talk.send_event(0, "Started", offline=True, timestamp=stamp(talk.at - 10))

    assert talk.ids == ["offline-flag-wrong"]


def test_flagged_event_that_was_queued_at_a_disconnection_is_accepted(talk: Talk) -> None:
    for _ in range(3):
        talk.wait(200)
        talk.call("Heartbeat")
    talk.reconnect(10)
    talk.send_event(0, "Started", offline=True, timestamp=stamp(START + 300))

    assert not talk.findings


def test_flagged_event_before_accepted_boot_is_accepted(unbooted: Talk) -> None:
    unbooted.boot("Pending", 100)
    unbooted.wait(100)
    event = unbooted.event(0, "Started", offline=True)
    unbooted.boot()
    unbooted.call("TransactionEvent", event)

    assert not unbooted.findings


def test_flagged_event_while_answer_is_pending_is_accepted(talk: Talk) -> None:
    talk.wait(100)
    talk.withhold(talk.send_call("Heartbeat", {}))
    talk.wait(90)
    talk.send_event(0, "Started", offline=True)

    assert not talk.findings


def test_event_from_before_first_connection_needs_no_flag(unbooted: Talk) -> None:
    unbooted.call("Heartbeat")
    unbooted.send_event(0, "Started", timestamp=stamp(START - 1000))

    assert not unbooted.findings


# Events that may be missing or repeated


def test_seq_nos_dropped_in_offline_period_are_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.disconnect()
    talk.wait(200)
    queued = [talk.event(seq_no, offline=True) for seq_no in (2, 4)]
    talk.connect()
    for event in queued:
        talk.call("TransactionEvent", event)
    talk.send_event(6)
    talk.send_event(7, "Ended")
    talk.wait(6)

    assert not talk.findings


def test_seq_no_dropped_in_unflagged_offline_period_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.reconnect(30)
    talk.send_event(2, "Ended")
    talk.wait(6)

    assert not talk.findings


def test_seq_no_missing_after_offline_period_is_found(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.reconnect(30)
    talk.send_event(2)
    talk.send_event(4, "Ended")
    talk.wait(6)

    assert talk.ids == ["seq-no-missing"]
    assert "seqNo 3 " in talk.findings[0].sentence


def test_ended_alone_after_second_boot_is_found(talk: Talk) -> None:
    talk.wait(10)
    ended = talk.event(4, "Ended", offline=True)
    talk.reconnect(5)
    talk.boot()
    talk.status()
    talk.call("TransactionEvent", ended)
    talk.wait(5)
    assert not talk.findings

    talk.wait(1)
    assert talk.ids == ["transaction-not-started"]


def test_ended_alone_after_offline_period_is_found(talk: Talk) -> None:
    talk.wait(10)
    talk.reconnect(5)
    talk.send_event(4, "Ended", offline=True)
    talk.wait(6)

    assert talk.ids == ["transaction-not-started"]


def test_ended_of_transaction_interrupted_before_first_boot_is_accepted(talk: Talk) -> None:
    talk.wait(1)
    talk.reconnect(5)
    talk.send_event(4, "Ended", info={"stoppedReason": "PowerLoss"})
    talk.wait(6)

    assert not talk.findings


def test_ended_before_its_queued_started_is_accepted(talk: Talk) -> None:
    talk.wait(10)
    started, ended = talk.event(0, "Started", offline=True), talk.event(1, "Ended", offline=True)
    talk.reconnect(5)
    talk.call("TransactionEvent", ended)
    for number in range(3):
        talk.wait(4)
        talk.send_event(0, "Started", offline=True, info={"transactionId": f"T{number + 2}"})
    talk.wait(4)
    talk.call("TransactionEvent", started)
    talk.wait(6)

    assert "transaction-not-started" not in talk.ids


def test_ended_after_unanswered_started_is_accepted(talk: Talk) -> None:
    talk.withhold(talk.send_call("TransactionEvent", talk.event(0, "Started")))
    talk.reconnect(30)
    talk.send_event(1, "Ended")
    talk.wait(6)

    assert not talk.findings


@pytest.mark.parametrize(
    "change",
    [{"triggerReason": "TimeLimitReached"}, {"info": {"stoppedReason": "Other"}}, {"evse": {"id": 2}}],
)
@pytest.mark.parametrize("pause", [0, 100])
def test_second_ended_with_same_seq_no_is_found_once(talk: Talk, pause: float, change: JsonObject) -> None:
    talk.send_event(0, "Started")
    ended = talk.send_event(1, "Ended")
    talk.wait(pause)
    for _ in range(3):
        talk.call("TransactionEvent", talk.event(1, "Ended", **{"timestamp": ended["timestamp"], **change}))
    talk.end()

    assert talk.ids == ["seq-no-repeated"]


def test_retry_of_ended_with_other_order_and_spelling_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started")
    ended = talk.send_event(1, "Ended", **register(5, talk.at, context="Transaction.End"))
    talk.wait(100)
    retry = {**dict(reversed(ended.items())), **register(5.0, START, context="Transaction.End")}
    retry["meterValue"][0]["timestamp"] = ended["meterValue"][0]["timestamp"]
    talk.call("TransactionEvent", {**retry, "offline": True, "customData": {"vendorId": "x", "attempt": 2}})

    assert not talk.findings


def test_second_ended_with_lower_seq_no_is_found(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.send_event(2, "Ended")
    talk.send_event(1, "Ended")
    talk.wait(6)

    assert talk.ids == ["event-after-ended"]


@pytest.mark.parametrize("others", [0, 20, 500])
def test_transaction_id_used_again_after_others_is_found(talk: Talk, others: int) -> None:
    talk.send_transaction(0, 1)
    for number in range(others):
        talk.send_transaction(0, 1, transaction_id=f"other {number}")
    talk.send_transaction(0, 1)

    assert talk.ids == ["transaction-started-twice"]


def test_retries_of_forgotten_transaction_are_accepted(talk: Talk) -> None:
    events = [talk.send_event(0, "Started", offline=True), talk.send_event(1, "Ended", offline=True)]
    for number in range(20):
        talk.send_transaction(0, 1, transaction_id=f"other {number}")
    for event in events:
        talk.call("TransactionEvent", event)
    talk.wait(6)

    assert not talk.findings
