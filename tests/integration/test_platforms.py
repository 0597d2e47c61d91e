"""Stand-ins for what a platform lacks: uvloop, `resource`, signal handlers of the event loop and TCP_INFO."""

import asyncio
import errno
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ocpp.v201 import call

from mock_csms.errors import NO_STATION
from tests.conftest import LogLines, Serve
from tests.support.control import client_of
from tests.support.faults import DATA_TRANSFER_ANSWER, SHORT_DELAY
from tests.support.loops import on_both_loops, server_starter
from tests.support.process import line_with, outcome, running
from tests.support.station import PATIENCE, Station, connected_to
from tests.support.wire import CLOSE, Frame, websocket_wire

BARE_PLATFORM = ("-m", "tests.support.bare_platform")
SECONDS_TO_STOP = 2

each_signal = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


class RunningServer(NamedTuple):
    process: asyncio.subprocess.Process
    ready: dict[str, Any]

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> str:
        """Send a signal, and return the standard error of the process, which must exit with 0."""
        self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            _, errors = await self.process.communicate()
        assert self.process.returncode == 0
        return errors.decode()


@asynccontextmanager
async def bare_server(folder: Path, *arguments: str) -> AsyncIterator[RunningServer]:
    """Run a server without uvloop, `resource` and signal handlers while the context lasts."""
    ready_file = folder / "ready.json"
    arguments = ("--port", "0", "--ready-file", str(ready_file), *arguments)
    async with running(*arguments, program=BARE_PLATFORM) as process:
        await line_with(process, "Ctrl+C stops")
        yield RunningServer(process, json.loads(ready_file.read_bytes()))


async def send_reset(server: RunningServer, station: Station) -> Any:
    """Send a Reset with the control API, and return the response."""
    async with client_of(server.ready["control"]) as client:
        response = await client.post("/v1/stations/CS1/calls", json={"action": "Reset"})
    assert await station.next("Reset") == {"type": "Immediate"}
    return response.json()


# The server as a process without uvloop, `resource` and signal handlers


@each_signal
async def test_signal_stops_the_server_with_its_summary(tmp_path: Path, number: signal.Signals) -> None:
    async with bare_server(tmp_path) as server:
        async with connected_to(server.ready["ws"], "CS1") as station:
            assert (await station.boot()).status == "Accepted"
            answer = await send_reset(server, station)
            assert (answer["outcome"], answer["payload"]) == ("result", {"status": "Accepted"})
            stopping = asyncio.create_task(server.stop(number))
            async with asyncio.timeout(PATIENCE):
                await station.connection.wait_closed()
        errors = await stopping
    assert station.connection.close_code == 1001
    assert errors.startswith("ended after")
    assert "Traceback" not in errors
    assert not (tmp_path / "ready.json").exists()


@each_signal
async def test_signal_stops_a_server_whose_station_does_not_read(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with (
        bare_server(tmp_path) as server,
        connected_to(server.ready["ws"], "CS1") as station,
        asyncio.timeout(PATIENCE),
    ):
        await station.boot()
        station.connection.transport.pause_reading()
        async with asyncio.timeout(SECONDS_TO_STOP):
            await server.stop(number)
        station.connection.transport.resume_reading()


async def test_second_signal_ends_the_process_at_once(tmp_path: Path) -> None:
    async with bare_server(tmp_path) as server, connected_to(server.ready["ws"], "CS1") as station:
        await station.boot()
        station.connection.transport.pause_reading()
        server.process.send_signal(signal.SIGINT)
        await line_with(server.process, "stopping")
        server.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE):
            assert await server.process.wait() == 128 + signal.SIGINT
        station.connection.transport.resume_reading()


async def test_deadline_ends_the_run_with_the_exit_code_of_the_verdict() -> None:
    arguments = ("--port", "0", "--expect", "Heartbeat", "--deadline", "0.1")
    code, _, errors = await outcome(*arguments, program=BARE_PLATFORM)
    assert code == NO_STATION
    assert "Heartbeat" in errors
    assert "Traceback" not in errors


async def test_taken_port_ends_with_exit_code_3_and_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, errors = await outcome("--port", str(port), program=BARE_PLATFORM)
    assert code == 3
    assert errors == (
        f"server.py: cannot listen on 127.0.0.1 port {port}: {os.strerror(errno.EADDRINUSE)}; choose another "
        "port with --port, or, if a mock runs there, use its control API\n"
    )


async def test_period_is_kept_and_the_journal_is_complete(tmp_path: Path) -> None:
    journal = tmp_path / "run.jsonl"
    arguments = ("--command", "ClearCache", "--period", "0.05", "--journal", str(journal))
    async with bare_server(tmp_path, *arguments) as server:
        async with connected_to(server.ready["ws"], "CS1") as station:
            await station.boot()
            for _ in range(3):
                await station.next("ClearCache")
                await station.send(call.Heartbeat())
        await server.stop()
    entries = [json.loads(line) for line in journal.read_text().splitlines()]
    assert (entries[0]["type"], entries[-1]["type"]) == ("connected", "disconnected")
    sent = [
        entry["action"] for entry in entries if (entry["type"], entry.get("direction")) == ("call", "sent")
    ]
    assert sent.count("ClearCache") >= 3


async def test_message_of_a_mebibyte_is_answered(tmp_path: Path) -> None:
    async with bare_server(tmp_path, "--max-message-size", "2000000") as server:
        async with connected_to(server.ready["ws"], "CS1") as station:
            answer = await station.send(call.DataTransfer(vendor_id="V", data="x" * 2**20))
        assert answer.status == "UnknownVendorId"
        await server.stop()


# Connections that are not read, without TCP_INFO


@pytest.fixture(autouse=True)
def no_tcp_info(monkeypatch: pytest.MonkeyPatch, short_shutdown: None) -> None:
    """Remove TCP_INFO, which only Linux has."""
    monkeypatch.delattr(socket, "TCP_INFO", raising=False)


@on_both_loops
async def test_stalled_connection_is_silent_while_others_are_answered(serve: Serve) -> None:
    csms = await serve(faults="CS1/DataTransfer:stall")
    async with websocket_wire(csms) as stalled, websocket_wire(csms, "CS2") as other:
        stalled.write_calls(1, 2)
        assert await stalled.is_silent()
        other.write_calls(1)
        assert await other.read_text() == DATA_TRANSFER_ANSWER


@on_both_loops
async def test_connection_is_answered_in_order_after_a_stall(serve: Serve) -> None:
    csms = await serve(faults=f"DataTransfer:stall={SHORT_DELAY}:times=1")
    async with websocket_wire(csms) as wire:
        wire.write_calls(*range(1, 20))
        assert [await wire.read_message_id() for _ in range(2, 20)] == [
            str(number) for number in range(2, 20)
        ]


async def test_station_that_left_is_noticed_after_the_stall(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(faults=f"DataTransfer:stall={SHORT_DELAY}")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        await log_lines.wait_for("DataTransfer INJECTED")
    await log_lines.wait_for("CS1", "disconnected")
    assert csms.sessions == {}


async def test_station_that_left_its_stalled_connection_can_connect_again(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:stall:times=1")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await wire.is_silent()
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await wire.read_text() == DATA_TRANSFER_ANSWER


async def test_stalled_connection_is_dropped_when_the_server_stops(log_lines: LogLines) -> None:
    async with server_starter() as serve:
        csms = await serve(faults="DataTransfer:stall")
        wire_context = websocket_wire(csms)
        wire = await wire_context.__aenter__()
        wire.write_calls(1)
        await log_lines.wait_for("DataTransfer INJECTED")
    closing = await wire.read_frame()
    assert closing == Frame(CLOSE, closing.data)
    assert await wire.read_rest() == b""
    await wire_context.__aexit__(None, None, None)
