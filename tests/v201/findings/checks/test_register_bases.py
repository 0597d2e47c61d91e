"""Checks of the energy register from one transaction to the next."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, Talk, case


def register(talk: Talk, wh: float, context: str) -> JsonObject:
    return {"meterValue": [{"timestamp": talk.now, "sampledValue": [{"value": wh, "context": context}]}]}


def charge(talk: Talk, transaction_id: str, begin_wh: float, end_wh: float, connector_id: int = 1) -> None:
    info = {"transactionId": transaction_id}
    begin, end = register(talk, begin_wh, "Transaction.Begin"), register(talk, end_wh, "Transaction.End")
    evse = {**EVSE, "connectorId": connector_id}
    talk.send_event(0, "Started", triggerReason="EVDetected", evse=evse, info=info, **begin)
    talk.wait(100)
    talk.send_event(1, "Ended", triggerReason="EVCommunicationLost", info=info, **end)
    talk.wait(10)


@pytest.mark.parametrize(
    ("begin_wh", "state"),
    [
        case("from zero", 0, "broken"),
        case("far below", 2000, "broken"),
        case("rounded to kWh", 4500, "not exercised"),
        case("the same", 5000, "met"),
        case("above", 5100, "met"),
    ],
)
def test_register_must_not_go_back_in_the_second_transaction(talk: Talk, begin_wh: float, state: str) -> None:
    charge(talk, "T1", 1000, 5000)
    charge(talk, "T2", begin_wh, begin_wh + 1)

    assert talk.ids == ["register-rebased"] * (state == "broken")
    assert talk.coverage("J02.FR.17") == state


def test_register_may_be_rounded_to_zero(talk: Talk) -> None:
    charge(talk, "T1", 0, 400)
    begin = register(talk, 0, "Transaction.Begin")
    begin["meterValue"][0]["sampledValue"][0]["unitOfMeasure"] = {"unit": "kWh"}
    talk.send_event(
        0, "Started", triggerReason="EVDetected", evse=EVSE, info={"transactionId": "T2"}, **begin
    )

    assert talk.ids == []


def test_registers_are_compared_for_one_connector_since_the_boot(talk: Talk) -> None:
    charge(talk, "T1", 1000, 5000)
    charge(talk, "T2", 0, 10, connector_id=2)
    talk.boot()
    charge(talk, "T3", 0, 10)

    assert "register-rebased" not in talk.ids
    assert talk.coverage("J02.FR.17") == "not exercised"
