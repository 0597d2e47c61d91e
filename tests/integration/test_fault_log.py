"""Log lines about injected faults."""

import asyncio
import json
from typing import Any

import pytest

from tests.conftest import LogLines, Serve
from tests.support.faults import DATA_TRANSFER_ANSWER, clear_cache_rule
from tests.support.wire import websocket_wire

pytestmark = pytest.mark.usefixtures("short_shutdown")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("delay=0.05", "UnknownVendorId"),
        ("no-answer", "nothing (no-answer)"),
        ("late-answer=0.05", "UnknownVendorId"),
        ("duplicate", "UnknownVendorId"),
        ("wrong-id", "UnknownVendorId"),
        ("malformed", "UnknownVendorId"),
        ("truncated", "UnknownVendorId"),
        ("wrong-type", "UnknownVendorId"),
        ("binary", "UnknownVendorId"),
        ("fragmented", "UnknownVendorId"),
        ("oversized=1000", "UnknownVendorId"),
        ("close", "nothing (close)"),
        ("reset", "nothing (reset)"),
        ("stall", "nothing (stall)"),
    ],
)
async def test_log_marks_an_answer_with_a_fault_as_injected(
    serve: Serve, log_lines: LogLines, fault: str, words: str
) -> None:
    csms = await serve(faults=f"DataTransfer:{fault}")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await log_lines.wait_for("CS1", "->", "DataTransfer INJECTED", words)
        kind = fault.partition("=")[0]
        assert await log_lines.wait_for("CS1", f"rule DataTransfer:{fault} applied: {kind}")
    assert not [line for line in log_lines.lines if "DataTransfer result" in line]


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
        assert await log_lines.wait_for("CS1", "->", "DataTransfer INJECTED", words)
        assert await log_lines.wait_for("CS1", "rule mine applied: ")


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
