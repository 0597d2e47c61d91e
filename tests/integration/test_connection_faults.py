"""Faults on the connection: truncated, reset, closed or stalled, byte by byte."""

import asyncio
import json
from contextlib import AsyncExitStack, suppress
from time import perf_counter
from typing import Any

import pytest
from ocpp.v201 import call

from tests.conftest import LogLines, Serve
from tests.support.faults import DATA_TRANSFER_ANSWER, SHORT_DELAY
from tests.support.loops import on_both_loops, server_starter
from tests.support.station import connected
from tests.support.wire import CLOSE, TEXT, Frame, websocket_wire

pytestmark = pytest.mark.usefixtures("short_shutdown")


@on_both_loops
async def test_truncated_answer_ends_in_the_middle_of_its_frame(serve: Serve) -> None:
    """The connection ends with a FIN, not with a RST."""
    csms = await serve(faults="DataTransfer:truncated")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        full_frame = Frame(TEXT, DATA_TRANSFER_ANSWER).raw
        assert await wire.read_rest() == full_frame[: len(full_frame) // 2]


@on_both_loops
async def test_reset_ends_the_connection_with_a_rst_and_without_a_byte(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:reset")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        with pytest.raises(ConnectionResetError):
            await wire.read_rest()


@pytest.mark.parametrize("kind", ["reset", "truncated"])
async def test_station_with_a_broken_connection_can_reconnect(
    serve: Serve, log_lines: LogLines, kind: str
) -> None:
    csms = await serve(faults=f"DataTransfer:{kind}:times=1")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await log_lines.wait_for("CS1", "disconnected (without a close frame)")
        assert csms.sessions == {}
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await wire.read_text() == DATA_TRANSFER_ANSWER


@on_both_loops
async def test_close_ends_the_connection_with_1011_and_a_fin(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:close")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await wire.read_close() == (1011, "closed on purpose")


@on_both_loops
async def test_close_has_the_configured_code_and_reason(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:close=4000:reason=maintenance")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await wire.read_close() == (4000, "maintenance")


async def test_close_may_have_an_empty_reason(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:close=1000:reason=")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await wire.read_close() == (1000, "")


@pytest.mark.parametrize("kind", ["close", "reset", "truncated"])
async def test_messages_in_one_packet_after_the_last_one_are_ignored(serve: Serve, kind: str) -> None:
    """One packet has more messages than are handled at once; a fault on one ends the connection."""
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    csms = await serve(rules=[{"when": {"payload": {"data": "last"}}, "then": {"fault": {"kind": kind}}}])
    async with websocket_wire(csms) as wire, connected(csms, "CS2") as other:
        payloads = [
            {"vendorId": "V", "data": "last" if number == 12 else str(number)} for number in range(20)
        ]
        wire.write(
            *(
                json.dumps([2, str(number), "DataTransfer", payload]).encode()
                for number, payload in enumerate(payloads)
            )
        )
        answered: list[str] = []
        with suppress(ConnectionResetError):  # a reset may destroy answers that were not read yet
            while len(answered) < 12:
                answered.append(await wire.read_message_id())
            wire.write((1000).to_bytes(2), opcode=CLOSE)
            await wire.read_rest()
        await other.send(call.Heartbeat())
    assert answered == [str(number) for number in range(12 if kind != "reset" else len(answered))]
    assert failures == []


async def test_injected_close_is_logged_with_its_code(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(faults="DataTransfer:close=1001")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        await wire.read_close()
    assert await log_lines.wait_for("CS1", "disconnected (close code 1001 closed on purpose)")


@on_both_loops
async def test_stalled_connection_is_silent_while_others_are_answered(serve: Serve) -> None:
    csms = await serve(faults="CS1/DataTransfer:stall")
    async with websocket_wire(csms) as wire, websocket_wire(csms, "CS2") as other:
        wire.write_calls(1, 2)
        wire.write_calls(3, action="Heartbeat")
        other.write_calls(1)
        assert await other.read_text() == DATA_TRANSFER_ANSWER
        assert await wire.is_silent()
        other.write_calls(1)
        assert await other.read_text() == DATA_TRANSFER_ANSWER


@on_both_loops
async def test_messages_during_a_stall_are_answered_in_order_after_it(serve: Serve) -> None:
    """All messages are answered except the one that triggered the stall."""
    csms = await serve(faults=f"DataTransfer:stall={SHORT_DELAY}:times=1")
    async with websocket_wire(csms) as wire:
        started = perf_counter()
        wire.write_calls(1, 2, *range(3, 20))
        wire.write_calls(20, 21)
        answers = [await wire.read_message_id() for _ in range(2, 22)]
        assert perf_counter() - started >= SHORT_DELAY
    assert answers == [str(number) for number in range(2, 22)]


async def test_stalled_connection_is_dropped_when_the_server_stops(log_lines: LogLines) -> None:
    async with AsyncExitStack() as stack:
        async with server_starter() as serve:
            csms = await serve(faults="DataTransfer:stall")
            wire = await stack.enter_async_context(websocket_wire(csms))
            wire.write_calls(1)
            await log_lines.wait_for("DataTransfer INJECTED")
        assert (await wire.read_frame()).opcode == CLOSE
        assert await wire.read_rest() == b""
