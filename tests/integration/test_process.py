"""The server as a process: its output, signals and exit codes."""

import asyncio
import errno
import json
import os
import re
import signal
import socket
import sys
from contextlib import AsyncExitStack, suppress
from importlib.util import find_spec
from pathlib import Path
from subprocess import DEVNULL, PIPE

import psutil
import pytest
import websockets
from ocpp.v201 import call

from mock_csms.v201.action_tables import STATION_ACTIONS
from tests.support.paths import ROOT
from tests.support.process import address_of, line_with, outcome, running, unread_server
from tests.support.station import OCPP_2_0_1, PATIENCE, connected_to, now


async def test_report_is_requested_every_period_until_sigterm(tmp_path: Path) -> None:
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
                for seq_no, to_be_continued in enumerate((True, True, False)):
                    await station.send(call.NotifyReport(request_id, now(), seq_no, tbc=to_be_continued))
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(PATIENCE):
                await station.connection.wait_closed()
                output, errors = await process.communicate()
        assert station.connection.close_code == 1001
    log = output.decode()
    assert process.returncode == 0
    assert errors.startswith(b"ended after")
    assert log.count("-> GetBaseReport ") == 3
    assert log.count("<- GetBaseReport result") == 3
    assert log.count("<- NotifyReport ") == 9
    assert not ready_file.exists()


async def test_server_keeps_running_when_its_standard_output_is_closed(tmp_path: Path) -> None:
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
    assert errors.startswith("ended after")
    assert "Traceback" not in errors


async def test_unread_standard_output_blocks_no_station_and_no_signal(tmp_path: Path) -> None:
    """A pipe takes 64 KiB; the log of these messages is several times as long."""
    with unread_server(tmp_path) as (ready, process):
        url = f"{ready['ws']}/CS1"
        async with websockets.connect(url, subprotocols=[OCPP_2_0_1]) as connection:
            for number in range(3_000):
                await connection.send(f'[2,"{number}","DataTransfer",{{"vendorId":"{"x" * 50}"}}]')
            async with asyncio.timeout(PATIENCE):
                for _ in range(3_000):
                    assert json.loads(await connection.recv())[0] == 3
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            assert await asyncio.to_thread(process.wait) == 0
        assert process.stderr
        errors = process.stderr.read().decode()
    assert "lines of the log are missing, because standard output was too slow or failed" in errors


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of Windows cannot close a stream")
@pytest.mark.parametrize("redirection", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
async def test_closed_standard_streams_do_not_stop_the_server(redirection: str) -> None:
    command = f'"{sys.executable}" server.py --port 0 --no-control --exit-after 0.1 {redirection}'
    process = await asyncio.create_subprocess_shell(command, cwd=ROOT, stdout=DEVNULL, stderr=PIPE)
    async with asyncio.timeout(PATIENCE):
        _, errors = await process.communicate()
    assert process.returncode == 0
    assert b"Traceback" not in errors


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of Windows cannot close a stream")
@pytest.mark.parametrize("redirection", [">&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("arguments", ["--help", "--version", "--print-config", "journal /dev/null"])
async def test_closed_standard_output_is_no_error_for_a_printed_text(
    arguments: str, redirection: str
) -> None:
    command = f'"{sys.executable}" server.py {arguments} {redirection}'
    process = await asyncio.create_subprocess_shell(command, cwd=ROOT, stdout=DEVNULL, stderr=PIPE)
    async with asyncio.timeout(PATIENCE):
        _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
async def test_full_disk_for_the_log_costs_lines_but_not_the_exit_code() -> None:
    command = f'"{sys.executable}" server.py --port 0 --no-control --exit-after 0.1 > /dev/full'
    process = await asyncio.create_subprocess_shell(command, cwd=ROOT, stderr=PIPE)
    async with asyncio.timeout(PATIENCE):
        _, errors = await process.communicate()
    assert process.returncode == 0
    [missing] = re.findall(r"(\d+) lines of the log are missing", errors.decode())
    assert int(missing) > 3
    assert b"Traceback" not in errors


async def test_server_without_control_api_listens_on_one_socket(tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    async with running("--port", "0", "--no-control", "--ready-file", str(ready_file)) as process:
        await line_with(process, "Ctrl+C stops")
        listening = [
            socket_info
            for socket_info in psutil.Process(process.pid).net_connections()
            if socket_info.status == "LISTEN"
        ]
        assert "control" not in json.loads(ready_file.read_text())
        assert len(listening) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signal_stops_within_two_seconds_when_a_station_does_not_answer(
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


async def test_second_signal_ends_the_process_at_once() -> None:
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


needs_file_limit = pytest.mark.skipif(
    not find_spec("resource"), reason="the system has no limit of open files"
)

LIMITED = """
import resource, runpy
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
runpy.run_path("server.py", run_name="__main__")
"""


@needs_file_limit
async def test_limit_of_open_files_is_mentioned_only_to_those_who_set_a_number_of_connections() -> None:
    async with running("--port", "0", program=("-c", LIMITED)) as process:
        await address_of(process)
        process.send_signal(signal.SIGINT)
        output, _ = await process.communicate()

    assert b"leaves room for" not in output


@needs_file_limit
async def test_every_action_is_answered_when_the_open_file_limit_is_reached() -> None:
    arguments = ("--port", "0", "--max-connections", "500")
    async with running(*arguments, program=("-c", LIMITED)) as process, AsyncExitStack() as stack:
        address = await address_of(process)
        await line_with(process, "WARN", "leaves room for", "not for the 500 of --max-connections")
        connections: list[websockets.ClientConnection] = []
        with suppress(websockets.InvalidHandshake, ConnectionError):
            while len(connections) < 64:
                url = f"ws://{address}/CS{len(connections)}"
                station = websockets.connect(url, subprotocols=[OCPP_2_0_1])
                connections.append(await stack.enter_async_context(station))
        await line_with(process, "refused a connection", "the limit of open files is reached")
        assert 20 < len(connections) < 64
        first = connections[0]
        for action in sorted(STATION_ACTIONS):
            await first.send(json.dumps([2, action, action, {}]))
            kind, answered, *rest = json.loads(await first.recv())
            assert (kind, answered) in {(3, action), (4, action)}
            assert "InternalError" not in rest[:1]
        nameplate = {"model": "M", "vendorName": "V"}
        await first.send(
            json.dumps([2, "boot", "BootNotification", {"reason": "PowerUp", "chargingStation": nameplate}])
        )
        assert json.loads(await first.recv())[2]["status"] == "Accepted"
        await first.send('[2,"csr","SignCertificate",{"csr":"x"}]')
        assert json.loads(await first.recv())[2]["status"] == "Rejected"


WRONG_USAGE = [
    pytest.param("--command GetBaseReprot --period 5", "did you mean GetBaseReport?", id="unknown command"),
    pytest.param("--command Reset --period 0", "--period 5", id="period 0"),
    pytest.param("--command Reset --period -1", "--period 5", id="period -1"),
    pytest.param("--command Reset --period nan", "--period 5", id="period nan"),
    pytest.param("--command Reset --period abc", "--period 5", id="period abc"),
    pytest.param("--period 5", "--command GetBaseReport --period 5", id="period without command"),
    pytest.param("--command Reset", "--command Reset --period 5", id="command without period or delay"),
    pytest.param("--command Reset --delay 1 --payload {", "not valid JSON", id="payload is not JSON"),
    pytest.param('--command Reset --delay 1 --payload {"type":"x"}', "Immediate", id="payload is invalid"),
    pytest.param("--prot 9000", "did you mean --port?", id="unknown flag"),
]


@pytest.mark.parametrize(("arguments", "hint"), WRONG_USAGE)
async def test_wrong_usage_ends_with_one_helpful_line_and_exit_code_2(arguments: str, hint: str) -> None:
    code, output, errors = await outcome(*arguments.split())
    assert (code, output) == (2, "")
    assert hint in errors
    assert errors.count("\n") == 1


async def test_taken_port_ends_with_exit_code_3_and_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, errors = await outcome("--port", str(port))
    assert code == 3
    assert errors == (
        f"server.py: cannot listen on 127.0.0.1 port {port}: {os.strerror(errno.EADDRINUSE)}; choose another "
        "port with --port, or, if a mock runs there, use its control API\n"
    )


async def test_unwritable_ready_file_ends_with_exit_code_3(tmp_path: Path) -> None:
    code, _, errors = await outcome("--port", "0", "--ready-file", str(tmp_path / "no" / "ready.json"))
    assert code == 3
    assert "cannot write the ready file" in errors


async def test_help_page_shows_flags_and_commands() -> None:
    code, page, _ = await outcome("--help")
    assert code == 0
    assert "--boot-status-sequence" in page
    assert "UnpublishFirmware" in page


async def test_environment_variables_apply_where_no_flag_is_given() -> None:
    async with running("--port", "0", OCPP_MOCK_PORT="1", OCPP_MOCK_LOG_FORMAT="json") as process:
        line = await line_with(process, "point a station at")
    assert json.loads(line)["level"] == "info"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", ["--help", "--version", "--print-config", "journal --help"])
async def test_full_output_ends_with_exit_code_1_and_one_line(arguments: str) -> None:
    process = await asyncio.create_subprocess_shell(
        f"exec {sys.executable} server.py {arguments} > /dev/full", stderr=PIPE, cwd=ROOT
    )
    _, errors = await process.communicate()

    assert process.returncode == 1
    assert errors.decode().rstrip().endswith(": cannot write to standard output: No space left on device")
    assert errors.count(b"\n") == 1


async def test_printed_settings_escape_what_the_output_cannot_encode() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "server.py", "--print-config", "--station", "\u20ac*"),
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        stdout=PIPE,
        cwd=ROOT,
    )
    output, _ = await process.communicate()

    assert (process.returncode, b'station = "\\u20ac*"' in output) == (0, True)
