"""Checks of two transactions at once on an EVSE, and of transaction readings in MeterValues."""

import pytest

from mock_csms.messages import JsonObject
from mock_csms.v201.findings.evse_use import MAX_EVSES
from tests.support.talk import EVSE, Talk, register, stamp

SECOND = {"transactionId": "T2"}


def send_two_starts(talk: Talk, evse: JsonObject = EVSE) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.wait(60)
    talk.send_event(0, "Started", evse=evse, info=SECOND)


@pytest.mark.parametrize("connector_id", [1, 2])
def test_transaction_left_open_is_found(talk: Talk, connector_id: int) -> None:
    send_two_starts(talk, {**EVSE, "connectorId": connector_id})
    talk.wait(30)
    assert not talk.findings

    talk.wait(1)
    assert talk.ids == ["transactions-overlap"]


def test_transaction_left_open_over_a_reboot_is_found(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.reconnect(60)
    talk.boot()
    talk.status()
    talk.send_event(0, "Started", evse=EVSE, info=SECOND)
    talk.wait(31)

    assert talk.ids == ["transactions-overlap"]


def test_transaction_that_goes_on_is_found_at_once(talk: Talk) -> None:
    send_two_starts(talk)
    talk.at += 11
    talk.send_event(1)

    assert talk.ids == ["transactions-overlap"]


def test_transaction_that_ends_too_late_is_found(talk: Talk) -> None:
    send_two_starts(talk)
    talk.at += 11
    talk.send_event(1, "Ended")

    assert talk.ids == ["transactions-overlap"]


def test_late_ended_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.wait(30)
    ended = talk.event(1, "Ended")
    talk.wait(30)
    talk.send_event(0, "Started", evse=EVSE, info=SECOND)
    talk.wait(20)
    talk.call("TransactionEvent", ended)
    talk.wait(100)

    assert not talk.findings


def test_queued_ended_after_other_queued_events_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.wait(30)
    ended = talk.event(1, "Ended", offline=True)
    talk.reconnect(130)
    talk.send_event(0, "Started", evse=EVSE, info=SECOND)
    for number in range(3):
        talk.wait(20)
        event = talk.event(number, info={"transactionId": "T0"}, offline=True, timestamp=stamp(talk.at - 100))
        talk.call("TransactionEvent", event)
    talk.call("TransactionEvent", ended)
    talk.wait(100)

    assert "transactions-overlap" not in talk.ids


def test_ended_written_after_a_power_loss_is_accepted(talk: Talk) -> None:
    send_two_starts(talk)
    talk.at += 20
    talk.send_event(1, "Ended", info={"stoppedReason": "PowerLoss"})
    talk.wait(100)

    assert not talk.findings


def test_ended_after_refused_event_is_waited_for(talk: Talk) -> None:
    send_two_starts(talk)
    talk.error(
        talk.send_call("TransactionEvent", talk.event(0, "Started", info={"transactionId": "T3"})),
        "TransactionEvent",
    )
    talk.wait(299)

    assert not talk.findings


@pytest.mark.parametrize("evse", [{"id": 2, "connectorId": 1}, {"id": 0}])
def test_transactions_on_other_evses_are_accepted(talk: Talk, evse: JsonObject) -> None:
    send_two_starts(talk, evse)
    talk.wait(100)

    assert "transactions-overlap" not in talk.ids


def test_transaction_without_evse_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.send_event(0, "Started", info=SECOND)
    talk.wait(100)

    assert not talk.findings


def test_unreadable_event_may_have_been_the_ended(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.call("TransactionEvent", {}, violation="payload: seqNo is missing (required)")
    talk.send_event(0, "Started", evse=EVSE, info=SECOND)
    talk.wait(100)

    assert talk.ids == ["call-violates-schema"]


def test_number_of_evses_is_limited(talk: Talk) -> None:
    for number in range(1, 2 * MAX_EVSES):
        talk.send_event(0, "Started", evse={"id": number}, info={"transactionId": f"T{number}"})

    assert len(talk.observer._transactions._evse_use._running) == MAX_EVSES
    assert not talk.findings


def send_meter_values(talk: Talk, evse_id: int = 1, **fields: str) -> None:
    talk.at += 1
    talk.call("MeterValues", {"evseId": evse_id, **register(5, talk.at, **fields)})


def test_periodic_reading_before_next_event_is_found(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    send_meter_values(talk, context="Sample.Periodic")
    talk.at += 1
    talk.send_event(1, "Ended")

    assert talk.ids == ["transaction-readings-misplaced"]


@pytest.mark.parametrize("context", ["Sample.Clock", "Trigger", "Other"])
def test_other_readings_in_meter_values_are_accepted(talk: Talk, context: str) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    send_meter_values(talk, context=context)
    talk.wait(40)

    assert not talk.findings


def test_reading_without_context_in_meter_values_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    send_meter_values(talk)
    talk.wait(40)

    assert not talk.findings


def test_periodic_reading_of_another_evse_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    send_meter_values(talk, 2, context="Sample.Periodic")
    talk.wait(40)

    assert not talk.findings


def test_periodic_reading_after_the_end_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.at += 1
    ended = talk.event(1, "Ended")
    send_meter_values(talk, context="Sample.Periodic")
    talk.call("TransactionEvent", ended)
    talk.wait(40)

    assert not talk.findings
