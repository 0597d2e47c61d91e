"""Log lines about injected faults."""

import asyncio
import json
import re
from typing import Any

import pytest

from tests.conftest import LogLines, Serve
from tests.support.faults import DATA_TRANSFER_ANSWER, clear_cache_rule
from tests.support.wire import websocket_wire

pytestmark = pytest.mark.usefixtures("short_shutdown")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("no-answer", "nothing"),
        ("duplicate", "UnknownVendorId"),
        ("wrong-id", "UnknownVendorId"),
        ("malformed", "UnknownVendorId"),
        ("truncated", "UnknownVendorId"),
        ("wrong-type", "UnknownVendorId"),
        ("binary", "UnknownVendorId"),
        ("fragmented", "UnknownVendorId"),
        ("oversized=1000", "UnknownVendorId"),
        ("close", "nothing"),
        ("reset", "nothing"),
        ("stall", "nothing"),
    ],
)
async def test_log_marks_an_answer_with_a_fault_as_injected(
    serve: Serve, log_lines: LogLines, fault: str, words: str
) -> None:
    csms = await serve(faults=f"DataTransfer:{fault}")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        rule = f"(rule DataTransfer:{fault}: {fault.partition('=')[0]}"
        assert await log_lines.wait_for("CS1", "->", "DataTransfer INJECTED", words, rule)
    assert not [line for line in log_lines.lines if "DataTransfer result" in line]


@pytest.mark.parametrize("fault", ["delay=0.05", "late-answer=0.05"])
async def test_log_shows_a_delayed_answer_when_it_is_sent_and_with_its_true_time(
    serve: Serve, log_lines: LogLines, fault: str
) -> None:
    csms = await serve(faults=f"DataTransfer:{fault}")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        wire.write_calls("between", action="Heartbeat")
        assert b"between" in (await wire.read_text())
        assert not [line for line in log_lines.lines if "-> DataTransfer" in line]
        assert await wire.read_text() == DATA_TRANSFER_ANSWER
    [line] = await log_lines.wait_for(
        "-> DataTransfer result", "UnknownVendorId", f"(rule DataTransfer:{fault}: "
    )
    milliseconds = re.search(r"  ([0-9.]+) ms", line)
    assert milliseconds
    assert float(milliseconds[1]) >= 50
    assert not [line for line in log_lines.lines if "INJECTED" in line]


async def test_log_shows_a_delayed_error_as_an_error(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(faults="Heartbeat:delay=0.01", boot_status="Rejected")
    async with websocket_wire(csms) as wire:
        boot = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
        wire.write(json.dumps([2, "1", "BootNotification", boot]).encode())
        await wire.read_text()
        wire.write_calls("2", action="Heartbeat")
        await wire.read_text()
    assert await log_lines.wait_for("-> Heartbeat ERROR", "SecurityError")
    assert not [line for line in log_lines.lines if "INJECTED" in line]


@pytest.mark.parametrize(
    ("then", "words"),
    [
        ({"answer": {"status": "Accepted"}}, "Accepted"),
        ({"error": {"code": "SecurityError", "description": "no"}}, "SecurityError: no"),
    ],
    ids=["answer", "error"],
)
async def test_log_marks_the_answer_of_a_rule_as_injected(
    serve: Serve, log_lines: LogLines, then: dict[str, Any], words: str
) -> None:
    csms = await serve(rules=[{"id": "mine", "when": {"action": "DataTransfer"}, "then": then}])
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await log_lines.wait_for("CS1", "->", "DataTransfer INJECTED", words, "(rule mine: ")


@pytest.mark.parametrize("kind", ["401", "403", "404", "500", "503", "wrong-subprotocol", "hang"])
async def test_log_names_the_handshake_fault(serve: Serve, log_lines: LogLines, kind: str) -> None:
    csms = await serve(faults=f"handshake:{kind}")
    async with websocket_wire(csms):
        pass
    assert await log_lines.wait_for(f"CS1  fault injected at the handshake by rule handshake:{kind}: {kind}")


@pytest.mark.parametrize(
    ("then", "words"),
    [
        ({"fault": {"kind": "no-answer"}}, "no-answer"),
        ({"fault": {"kind": "close"}}, "close"),
        ({"fault": {"kind": "reset"}}, "reset"),
        ({"fault": {"kind": "stall"}}, "stall"),
        ({"answer": {"status": "Rejected"}}, "answer"),
        ({"error": {"code": "SecurityError"}}, "error SecurityError"),
    ],
    ids=["no-answer", "close", "reset", "stall", "answer", "error"],
)
async def test_log_names_the_fault_on_a_stations_answer(
    serve: Serve, log_lines: LogLines, then: dict[str, Any], words: str
) -> None:
    csms = await serve(rules=clear_cache_rule(then, id="mine"))
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await wire.read_text() == DATA_TRANSFER_ANSWER
        pending_call = asyncio.create_task(csms.sessions["CS1"].call("ClearCache", {}))
        message_id = await wire.read_message_id()
        wire.write(json.dumps([3, message_id, {"status": "Accepted"}]).encode())
        line = f"CS1  rule mine applied to the answer to ClearCache: {words}"
        assert await log_lines.wait_for(line)
        pending_call.cancel()
        await asyncio.wait([pending_call])


async def test_log_marks_only_injected_answers(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(faults="DataTransfer:no-answer:times=1")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1, 2)
        await wire.read_text()
        assert await log_lines.wait_for("CS1", "->", "DataTransfer result", "UnknownVendorId")
    assert len([line for line in log_lines.lines if "INJECTED" in line]) == 1
