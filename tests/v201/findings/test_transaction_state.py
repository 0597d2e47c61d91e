"""Checks of seqNo gaps, retries, the EVSE and the energy register of a transaction."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, Talk, case, register


def test_late_events_fill_a_gap(talk: Talk) -> None:
    late = [talk.event(1), talk.event(2), talk.event(3)]
    talk.send_transaction(0, 4)
    for event in reversed(late):
        talk.call("TransactionEvent", event)
    talk.wait(6)

    assert not talk.findings


def test_event_after_reconnect_fills_a_gap(talk: Talk) -> None:
    late = talk.event(1)
    talk.send_transaction(0, 2)
    talk.reconnect(30)
    talk.wait(4)
    talk.call("TransactionEvent", late)
    talk.wait(6)

    assert not talk.findings


def test_event_after_waiting_for_an_answer_fills_a_gap(talk: Talk) -> None:
    late = talk.event(1)
    talk.send_transaction(0, 2)
    talk.withhold(talk.send_call("Heartbeat", {}))
    talk.wait(30)
    talk.call("TransactionEvent", late)
    talk.wait(6)

    assert not talk.findings


def test_gaps_of_a_transaction_are_one_finding(talk: Talk) -> None:
    talk.send_transaction(3, 5, 9)
    talk.wait(6)

    assert talk.ids == ["seq-no-missing"]
    assert "4, 6 to 8" in talk.findings[0].sentence


def test_widest_possible_gap_is_found(talk: Talk) -> None:
    talk.send_transaction(-(10**18), 10**18)
    talk.wait(6)

    assert talk.ids == ["seq-no-missing"]


@pytest.mark.parametrize("offline", [{}, {"offline": False}, {"offline": True}])
def test_retried_event_is_accepted(talk: Talk, offline: JsonObject) -> None:
    for event in (talk.event(0, "Started"), talk.event(1), talk.event(2, "Ended")):
        talk.withhold(talk.send_call("TransactionEvent", event))
        talk.at += 30
        talk.call("TransactionEvent", {**event, **offline})
    talk.wait(6)

    assert not talk.findings


def test_retry_after_judged_transaction_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started")
    ended = talk.send_event(1, "Ended")
    talk.wait(100)
    talk.call("TransactionEvent", ended)
    talk.wait(6)

    assert not talk.findings


def test_constant_seq_no_is_found(talk: Talk) -> None:
    for kind in ("Started", "Updated", "Ended"):
        talk.at += 1
        talk.send_event(0, kind)
    talk.wait(6)

    assert talk.ids == ["seq-no-repeated"]
    assert len(talk.findings[0].frames) == 2


def test_late_retry_of_started_is_accepted(talk: Talk) -> None:
    started = talk.send_event(0, "Started")
    for seq_no in range(1, 30):
        talk.at += 1
        talk.send_event(seq_no)
    talk.call("TransactionEvent", started)
    talk.send_event(30, "Ended")
    talk.wait(6)

    assert not talk.findings


@pytest.mark.parametrize(
    "events",
    [
        case("before plugging in", [{"evse": EVSE}, {"info": {"chargingState": "Charging"}}]),
        case(
            "connector when plugging in",
            [{"evse": {"id": 1}}, {"info": {"chargingState": "Charging"}, "evse": EVSE}],
        ),
        case("when the cable is plugged in", [{}, {"triggerReason": "CablePluggedIn", "evse": EVSE}]),
        case("when charging starts", [{}, {"info": {"chargingState": "Charging"}, "evse": EVSE}]),
        case("not plugged in", [{}, {"info": {"chargingState": "Idle"}}]),
        case("no charging state", [{}, {}]),
    ],
)
def test_evse_named_by_the_time_of_plugging_in_is_accepted(talk: Talk, events: list[JsonObject]) -> None:
    for seq_no, fields in enumerate(events):
        talk.send_event(seq_no, "Updated" if seq_no else "Started", **fields)
    talk.send_event(len(events), "Ended")
    talk.wait(6)

    assert not talk.findings


def test_evse_may_be_in_a_missing_event(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.send_event(2, info={"chargingState": "Charging"})
    talk.send_event(3, "Ended")
    talk.wait(6)

    assert talk.ids == ["seq-no-missing"]


# The meter register (J02)


def test_constant_or_rounded_register_is_accepted(talk: Talk) -> None:
    for seq_no, wh in enumerate([1000, 1000, 999.5, 1001]):
        talk.at += 60
        talk.send_event(seq_no, "Updated" if seq_no else "Started", **register(wh, talk.at))

    assert not talk.findings


def test_register_is_judged_in_order_of_time(talk: Talk) -> None:
    talk.wait(60)
    talk.send_event(0, "Started", **register(1000, talk.at - 30))
    talk.send_event(1, **register(2000, talk.at))
    values = [*register(1000, talk.at - 30)["meterValue"], *register(1500, talk.at - 15)["meterValue"]]
    talk.send_event(2, "Ended", meterValue=values)

    assert not talk.findings


def test_decrease_within_one_event_is_found(talk: Talk) -> None:
    talk.wait(60)
    values = [*register(1000, talk.at - 30)["meterValue"], *register(900, talk.at)["meterValue"]]
    talk.send_event(0, "Started", meterValue=values)

    assert talk.ids == ["meter-register-decreased"]


def test_decrease_shown_by_late_event_is_found(talk: Talk) -> None:
    talk.send_event(0, "Started", **register(1000, talk.at))
    talk.at += 60
    late = talk.event(1, **register(3000, talk.at))
    talk.at += 60
    talk.send_event(2, **register(2000, talk.at))
    talk.call("TransactionEvent", late)

    assert talk.ids == ["meter-register-decreased"]


def test_decrease_is_reported_once(talk: Talk) -> None:
    for seq_no, wh in enumerate([1000, 500, 600, 700]):
        talk.at += 60
        talk.send_event(seq_no, "Updated" if seq_no else "Started", **register(wh, talk.at))

    assert talk.ids == ["meter-register-decreased"]


@pytest.mark.parametrize(
    "fields",
    [
        case("another measurand", {"measurand": "Power.Active.Import"}),
        case("another location", {"location": "Inlet"}),
        case("another unit", {"unitOfMeasure": {"unit": "MJ"}}),
    ],
)
def test_decrease_of_other_values_is_accepted(talk: Talk, fields: JsonObject) -> None:
    talk.send_event(0, "Started", **register(1000, talk.at, **fields))
    talk.at += 60
    talk.send_event(1, **register(900, talk.at, **fields))

    assert not talk.findings


def test_change_of_unit_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", **register(1000, talk.at, unitOfMeasure={"unit": "Wh"}))
    talk.at += 60
    talk.send_event(1, **register(1.5, talk.at, unitOfMeasure={"unit": "kWh"}))

    assert not talk.findings


def test_registers_of_transactions_are_separate(talk: Talk) -> None:
    talk.send_event(0, "Started", **register(1000, talk.at), info={"transactionId": "T1"})
    talk.at += 60
    talk.send_event(0, "Started", **register(10, talk.at), info={"transactionId": "T2"})

    assert not talk.findings


def test_decrease_explained_by_clock_correction_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", **register(1000, talk.at + 50))
    talk.at += 40
    talk.send_event(1, **register(1100, talk.at))

    assert not talk.findings


def test_many_readings_are_accepted(talk: Talk) -> None:
    for seq_no in range(500):
        talk.at += 1
        talk.send_event(seq_no, "Updated" if seq_no else "Started", **register(seq_no, talk.at))

    assert not talk.findings
