"""Checks of remotely started transactions that wait for a cable."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.talk import EVSE, REMOTE_START, TOKEN, Talk, case

STOP_POINTS = [
    case("transaction must end", "EVConnected", "F02.FR.07"),
    case("authorization must end", "ParkingBayOccupancy,Authorized", "F02.FR.08"),
]


def start_remotely(
    talk: Talk, *, stop_point: str = "EVConnected", timeout_s: str = "60", **fields: Any
) -> None:
    """Read TxStopPoint and EVConnectionTimeOut, and start a transaction remotely.

    A variable whose argument is empty is not read.
    """
    variables = {"TxCtrlr.TxStopPoint": stop_point, "TxCtrlr.EVConnectionTimeOut": timeout_s}
    talk.read_variables({name: value for name, value in variables.items() if value} | {"A.B": ""})
    talk.command("RequestStartTransaction", {**REMOTE_START, "evseId": 1})
    talk.send_event(
        0,
        "Started",
        **{
            "triggerReason": "RemoteStart",
            "idToken": TOKEN,
            "evse": EVSE,
            "info": {"remoteStartId": 9},
            **fields,
        },
    )


def time_out(talk: Talk, event_type: str) -> None:
    talk.send_event(1, event_type, triggerReason="EVConnectTimeout", info={"stoppedReason": "Timeout"})


@pytest.mark.parametrize(("stop_point", "requirement"), STOP_POINTS)
def test_transaction_that_goes_on_without_cable_is_found(
    talk: Talk, stop_point: str, requirement: str
) -> None:
    start_remotely(talk, stop_point=stop_point)
    talk.wait(121)

    assert talk.ids == ["connection-timeout-missed"]
    assert talk.coverage(requirement) == "broken"


@pytest.mark.parametrize(("stop_point", "requirement"), STOP_POINTS)
def test_timeout_in_time_meets_the_requirement(talk: Talk, stop_point: str, requirement: str) -> None:
    start_remotely(talk, stop_point=stop_point)
    talk.wait(60)
    time_out(talk, "Ended" if requirement == "F02.FR.07" else "Updated")
    talk.wait(61)

    assert talk.ids == []
    assert talk.coverage(requirement) == "met"


def test_timeout_does_not_end_the_transaction(talk: Talk) -> None:
    start_remotely(talk)
    time_out(talk, "Updated")
    talk.wait(121)

    assert talk.ids == ["connection-timeout-missed"]


def set_timeout(talk: Talk) -> None:
    item = {"component": {"name": "TxCtrlr"}, "variable": {"name": "EVConnectionTimeOut"}}
    message_id = talk.send_command("SetVariables", {"setVariableData": [{**item, "attributeValue": "600"}]})
    result = {**item, "attributeStatus": "Accepted"}
    talk.answer_command(message_id, "SetVariables", {"setVariableResult": [result]})


@pytest.mark.parametrize(
    ("fields", "then"),
    [
        case("timeout unknown", {"timeout_s": ""}, lambda _: None),
        case("no timeout", {"timeout_s": "0"}, lambda _: None),
        case("stop point unknown", {"stop_point": ""}, lambda _: None),
        case("EVSE unknown", {"evse": {"id": 2}}, lambda _: None),
        case("cable told", {}, lambda talk: talk.status("Occupied")),
        case("plugged in", {}, lambda talk: talk.send_event(1, info={"chargingState": "EVConnected"})),
        case("ended", {}, lambda talk: talk.send_event(1, "Ended", triggerReason="RemoteStop")),
        case("stopped", {}, lambda talk: talk.send_event(1, triggerReason="Deauthorized")),
        case("timeout set", {}, set_timeout),
    ],
)
def test_transaction_may_go_on(talk: Talk, fields: dict[str, Any], then: Callable[[Talk], None]) -> None:
    start_remotely(talk, **fields)
    then(talk)
    talk.wait(121)

    assert "connection-timeout-missed" not in talk.ids
    assert talk.coverage("F02.FR.07") == "not exercised"


@pytest.mark.parametrize(
    "prepare",
    [
        case("timeout just set", set_timeout),
        case("status from an earlier connection", lambda talk: talk.reconnect(1)),
    ],
)
def test_timeout_is_not_expected_if_its_start_is_uncertain(
    talk: Talk, prepare: Callable[[Talk], None]
) -> None:
    prepare(talk)
    start_remotely(talk)
    talk.wait(121)

    assert "connection-timeout-missed" not in talk.ids
