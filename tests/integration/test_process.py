"""The server as its user runs it: a process, its output, its signals and its exit codes."""

import asyncio
import errno
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
import websockets
from ocpp.v201 import call

from tests.support.paths import ROOT
from tests.support.station import OCPP_2_0_1, PATIENCE, connected_to, now


@asynccontextmanager
async def running(*arguments: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run ``python server.py`` for as long as the context lasts."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "server.py",
        *arguments,
        cwd=ROOT,
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line_with(process: asyncio.subprocess.Process, *words: str) -> str:
    """Read the log up to the line that holds these words."""
    assert process.stdout
    async with asyncio.timeout(PATIENCE):
        async for line in process.stdout:
            if all(word in line.decode() for word in words):
                return line.decode()
    raise AssertionError(f"the log ended without {words}")


async def outcome(*arguments: str, **environment: str) -> tuple[int | None, str, str]:
    """Run the server until it ends by itself; return its exit code, its output and its errors."""
    async with running(*arguments, **environment) as process, asyncio.timeout(PATIENCE):
        output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


async def address_of(process: asyncio.subprocess.Process) -> str:
    return (await line_with(process, "point a station at")).split("ws://")[1].split("/")[0]


async def test_a_report_is_asked_for_every_period_until_sigterm(tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    arguments = (
        "--command",
        "GetBaseReport",
        "--period",
        "1",
        "--port",
        "0",
        "--ready-file",
        str(ready_file),
    )
    async with running(*arguments) as process:
        await line_with(process, "Ctrl+C stops")
        ready = json.loads(ready_file.read_text())
        assert ready["pid"] == process.pid
        async with connected_to(ready["ws"], "CS1") as station:
            await station.boot()
            for _ in range(3):
                request_id = (await station.next("GetBaseReport"))["request_id"]
                for seq_no, more in enumerate((True, True, False)):
                    await station.send(call.NotifyReport(request_id, now(), seq_no, tbc=more))
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(PATIENCE):
                await station.connection.wait_closed()
                output, errors = await process.communicate()
        assert station.connection.close_code == 1001
    log = output.decode()
    assert process.returncode == 0
    assert errors.startswith(b"passed: nothing was expected")
    assert log.count("-> GetBaseReport ") == 3
    assert log.count("<- GetBaseReport result") == 3
    assert log.count("<- NotifyReport ") == 9
    assert not ready_file.exists()


async def test_the_server_goes_on_when_nobody_reads_its_log_any_more(tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    async with running("--port", "0", "--ready-file", str(ready_file)) as process:
        await line_with(process, "Ctrl+C stops")
        process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
        async with connected_to(json.loads(ready_file.read_text())["ws"], "CS1") as station:
            for _ in range(3):
                await station.boot()
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            assert process.stderr is not None
            errors = (await process.stderr.read()).decode()
            assert await process.wait() == 0
    assert errors.startswith("passed: nothing was expected")
    assert "Traceback" not in errors


async def test_without_a_control_api_there_is_one_socket(tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    async with running("--port", "0", "--no-control", "--ready-file", str(ready_file)) as process:
        await line_with(process, "Ctrl+C stops")
        listening = [it for it in psutil.Process(process.pid).net_connections() if it.status == "LISTEN"]
        assert "control" not in json.loads(ready_file.read_text())
        assert len(listening) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_stops_within_two_seconds_even_when_a_station_does_not_answer(
    number: signal.Signals,
) -> None:
    async with running("--port", "0") as process:
        address = await address_of(process)
        async with websockets.connect(f"ws://{address}/CS1", subprotocols=[OCPP_2_0_1]) as station:
            await line_with(process, "CS1", "connected")
            station.transport.pause_reading()
            process.send_signal(number)
            async with asyncio.timeout(2):
                assert await process.wait() == 0
            station.transport.resume_reading()


async def test_a_second_signal_ends_the_process_at_once() -> None:
    async with running("--port", "0") as process:
        address = await address_of(process)
        async with websockets.connect(f"ws://{address}/CS1", subprotocols=[OCPP_2_0_1]) as station:
            await line_with(process, "CS1", "connected")
            station.transport.pause_reading()
            process.send_signal(signal.SIGINT)
            await line_with(process, "stopping")
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(PATIENCE):
                assert await process.wait() == 128 + signal.SIGINT
            station.transport.resume_reading()


WRONG = [
    pytest.param("--command GetBaseReprot --period 5", "did you mean GetBaseReport?", id="no such command"),
    pytest.param("--command Reset --period 0", "--period 5", id="period 0"),
    pytest.param("--command Reset --period -1", "--period 5", id="period -1"),
    pytest.param("--command Reset --period nan", "--period 5", id="period nan"),
    pytest.param("--command Reset --period abc", "--period 5", id="period abc"),
    pytest.param("--period 5", "--command GetBaseReport --period 5", id="period alone"),
    pytest.param("--command Reset", "--command Reset --period 5", id="command alone"),
    pytest.param("--command Reset --delay 1 --payload {", "not valid JSON", id="payload is no JSON"),
    pytest.param('--command Reset --delay 1 --payload {"type":"x"}', "Immediate", id="payload is invalid"),
    pytest.param("--prot 9000", "did you mean --port?", id="no such flag"),
]


@pytest.mark.parametrize(("arguments", "hint"), WRONG)
async def test_wrong_usage_is_answered_with_one_line_that_helps_and_exit_code_2(
    arguments: str, hint: str
) -> None:
    code, output, errors = await outcome(*arguments.split())
    assert (code, output) == (2, "")
    assert hint in errors
    assert errors.count("\n") == 1


async def test_a_taken_port_is_exit_code_3_and_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, errors = await outcome("--port", str(port))
    assert code == 3
    assert errors == f"server.py: cannot listen on 127.0.0.1 port {port}: {os.strerror(errno.EADDRINUSE)}\n"


async def test_a_ready_file_that_cannot_be_written_is_exit_code_3(tmp_path: Path) -> None:
    code, _, errors = await outcome("--port", "0", "--ready-file", str(tmp_path / "no" / "ready.json"))
    assert code == 3
    assert "cannot write the ready file" in errors


async def test_the_help_page_shows_flags_commands_and_examples() -> None:
    code, page, _ = await outcome("--help")
    assert code == 0
    assert "--boot-status-sequence" in page
    assert "UnpublishFirmware" in page


async def test_the_environment_sets_what_no_flag_does() -> None:
    async with running("--port", "0", OCPP_MOCK_PORT="1", OCPP_MOCK_LOG_FORMAT="json") as process:
        line = await line_with(process, "point a station at")
    assert json.loads(line)["level"] == "info"
