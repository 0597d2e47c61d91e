"""Faults on the commands of the mock, and commands that rules send."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from ocpp.v201 import call
from websockets.asyncio.client import ClientConnection

from mock_csms.csms import Csms
from mock_csms.errors import CallTimedOut, Disconnected
from mock_csms.journal.store import Query
from tests.conftest import LogLines, Serve
from tests.support.faults import SHORT_DELAY
from tests.support.station import PATIENCE, connected, raw_connection, receive

pytestmark = pytest.mark.usefixtures("short_shutdown")

HEARTBEAT = '[2,"beat","Heartbeat",{}]'


def clear_cache(csms: Csms, **options: Any) -> "asyncio.Task[Any]":
    """Start to send a ClearCache to CS1; return the task that waits for its answer."""
    return asyncio.ensure_future(csms.sessions["CS1"].exchange("ClearCache", {}, **options))


async def answer(connection: ClientConnection, frame: list[Any]) -> None:
    """Answer a CALL of the server with the status Accepted."""
    await connection.send(json.dumps([3, frame[1], {"status": "Accepted"}]))


async def settled(connection: ClientConnection) -> None:
    """Wait until the server has handled everything sent so far."""
    message_id = str(uuid4())
    await connection.send(f'[2,"{message_id}","Heartbeat",{{}}]')
    assert (await receive(connection))[1] == message_id


def findings_of(csms: Csms) -> list[str]:
    return [finding.id for finding in csms.records.findings if finding.id != "call-before-boot-accepted"]


@pytest.mark.parametrize("fault", ["fragmented=4", "delay=0.01", "oversized=2000"])
async def test_command_arrives_after_a_legal_fault(serve: Serve, fault: str) -> None:
    csms = await serve(faults=f"ClearCache:{fault}")
    async with raw_connection(csms) as connection:
        await settled(connection)
        exchange = clear_cache(csms)
        frame = await receive(connection)
        await answer(connection, frame)
        assert (await exchange).answer.payload == {"status": "Accepted"}
    assert frame[2] == "ClearCache"
    assert findings_of(csms) == []


async def test_duplicate_command_may_be_answered_twice_without_a_finding(serve: Serve) -> None:
    csms = await serve(faults="ClearCache:duplicate")
    async with raw_connection(csms) as connection:
        await settled(connection)
        exchange = clear_cache(csms)
        frames = [await receive(connection) for _ in range(2)]
        for frame in frames:
            await answer(connection, frame)
        await exchange
        await settled(connection)
    assert frames[0] == frames[1]
    assert findings_of(csms) == []


@pytest.mark.parametrize(
    ("fault", "is_binary"), [("malformed", False), ("wrong-type", False), ("binary", True)]
)
async def test_spoilt_command_without_answer_times_out_without_a_finding(
    serve: Serve, fault: str, *, is_binary: bool
) -> None:
    csms = await serve(faults=f"ClearCache:{fault}")
    async with raw_connection(csms) as connection:
        await settled(connection)
        exchange = clear_cache(csms, timeout=SHORT_DELAY)
        async with asyncio.timeout(PATIENCE):
            frame = await connection.recv()
        with pytest.raises(CallTimedOut):
            await exchange
    assert isinstance(frame, bytes) is is_binary
    assert findings_of(csms) == []


async def test_close_instead_of_a_command_disconnects(serve: Serve) -> None:
    csms = await serve(faults="ClearCache:close=3001")
    async with raw_connection(csms) as connection:
        await settled(connection)
        with pytest.raises(Disconnected):
            await clear_cache(csms)
        async with asyncio.timeout(PATIENCE):
            await connection.wait_closed()
    assert connection.close_code == 3001


async def test_fault_on_a_command_counts_per_station_and_is_journaled(serve: Serve) -> None:
    csms = await serve(faults="ClearCache:fragmented:times=1")
    async with connected(csms) as station:
        await station.send(call.Heartbeat())
        for _ in range(2):
            await csms.sessions["CS1"].call("ClearCache", {})
    sent = [
        entry.as_json()
        for entry in csms.records.journal.query(Query())
        if entry.as_json().get("direction") == "sent"
    ]
    commands = [entry for entry in sent if entry["type"] == "call"]
    assert [entry.get("rule") for entry in commands] == ["ClearCache:fragmented:times=1", None]


async def test_other_commands_are_sent_as_usual(serve: Serve) -> None:
    csms = await serve(faults="ClearCache:malformed")
    async with connected(csms) as station:
        await station.send(call.Heartbeat())
        assert (await csms.sessions["CS1"].call("Reset", {"type": "OnIdle"}))["status"] == "Accepted"


# Commands that rules send


def rule(then: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"when": {"action": "Heartbeat"}, "then": then, "times": 1, **others}


@pytest.mark.parametrize(
    "beside",
    [
        pytest.param({}, id="alone"),
        pytest.param({"answer": {"currentTime": "2026-01-01T00:00:00Z"}}, id="answer"),
        pytest.param({"error": {}}, id="error"),
        pytest.param({"fault": "delay=0.01"}, id="fault"),
    ],
)
async def test_command_of_a_rule_follows_the_answer(serve: Serve, beside: dict[str, Any]) -> None:
    command = {"action": "Reset", "payload": {"type": "OnIdle"}}
    csms = await serve(rules=(rule({"command": command, **beside}),))
    async with raw_connection(csms) as connection:
        await connection.send(HEARTBEAT)
        first, second = [await receive(connection) for _ in range(2)]
    assert first[1] == "beat"
    assert second[2:] == ["Reset", {"type": "OnIdle"}]


async def test_command_of_a_rule_is_sent_if_no_answer_is(serve: Serve) -> None:
    csms = await serve(rules=(rule({"command": {"action": "ClearCache"}, "fault": "no-answer"}),))
    async with raw_connection(csms) as connection:
        await connection.send(HEARTBEAT)
        assert (await receive(connection))[2] == "ClearCache"


async def test_command_of_a_rule_has_default_payload_and_placeholders(serve: Serve) -> None:
    command = {"action": "DataTransfer", "payload": {"vendorId": "org.example", "data": "{{request.data}}"}}
    when = {"action": "DataTransfer"}
    csms = await serve(rules=({"when": when, "then": {"command": command}, "times": 1},))
    async with raw_connection(csms) as connection:
        await connection.send('[2,"1","DataTransfer",{"vendorId":"v","data":{"a":1}}]')
        await receive(connection)
        payload = (await receive(connection))[3]
    assert payload["data"] == {"a": 1}


async def test_command_without_anything_to_do_is_logged(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(rules=(rule({"command": {"action": "RequestStopTransaction"}}),))
    async with raw_connection(csms) as connection:
        await connection.send(HEARTBEAT)
        await log_lines.wait_for("cannot send its RequestStopTransaction: ")


# Costly expressions


async def test_rule_with_a_costly_expression_is_skipped_and_logged_once(
    serve: Serve, log_lines: LogLines
) -> None:
    doubled = " | ".join(["[@,@][]"] * 24)
    when = {"action": "DataTransfer", "expression": f"data && {doubled}"}
    rules = ({"when": when, "then": {"error": {}}},)
    csms = await serve(rules=rules)
    async with raw_connection(csms) as connection:
        frames = []
        for number in range(2):
            await connection.send(f'[2,"{number}","DataTransfer",{{"vendorId":"v","data":[1]}}]')
            frames.append(await receive(connection))
    assert [frame[0] for frame in frames] == [3, 3]
    assert len([line for line in log_lines.lines if "takes too many steps" in line]) == 1
