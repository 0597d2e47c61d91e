"""The server as a separate process."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any, Final

import websockets
from ocpp.exceptions import OCPPError
from ocpp.v201 import call

from tests.support.paths import ROOT
from tests.support.station import OCPP_2_0_1, PATIENCE, Station


@contextmanager
def server(folder: Path, *arguments: str) -> Iterator[dict[str, Any]]:
    """Run a server on free ports while the context lasts; yield the content of its ready file."""
    ready_file, log = folder / "ready.json", folder / "log.txt"
    command = [sys.executable, "server.py", "--port", "0", "--ready-file", str(ready_file), *arguments]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, cwd=ROOT, env=os.environ, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            yield _wait_until_ready(ready_file, process)
        finally:
            process.terminate()
            process.wait(PATIENCE)


@contextmanager
def unread_server(folder: Path) -> Iterator[tuple[dict[str, Any], "subprocess.Popen[bytes]"]]:
    """Run a server whose output pipes are never read; yield its ready file's content and its process."""
    ready_file = folder / "ready.json"
    command = [sys.executable, "server.py", "--port", "0", "--ready-file", str(ready_file)]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield _wait_until_ready(ready_file, process), process
        finally:
            process.kill()


def _wait_until_ready(ready_file: Path, process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    deadline = monotonic() + PATIENCE
    while not ready_file.exists():
        assert process.poll() is None, "the server ended"
        assert monotonic() < deadline, "the server was not ready in time"
        sleep(0.01)
    ready: dict[str, Any] = json.loads(ready_file.read_bytes())
    return ready


SERVER: Final = ("server.py",)


@asynccontextmanager
async def running(
    *arguments: str, program: Sequence[str] = SERVER, **environment: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the server as ``python PROGRAM ARGUMENTS`` while the context lasts."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *program,
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
    """Read the log up to the first line with all these words, and return it."""
    assert process.stdout
    async with asyncio.timeout(PATIENCE):
        async for line in process.stdout:
            if all(word in line.decode() for word in words):
                return line.decode()
    raise AssertionError(f"the log ended without {words}")


async def outcome(
    *arguments: str, program: Sequence[str] = SERVER, **environment: str
) -> tuple[int | None, str, str]:
    """Run the server until it ends by itself; return exit code, standard output and standard error."""
    async with running(*arguments, program=program, **environment) as process, asyncio.timeout(PATIENCE):
        output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


async def address_of(process: asyncio.subprocess.Process) -> str:
    """Read the address for stations, as host:port, from the log."""
    return (await line_with(process, "point a station at")).split("ws://")[1].split("/")[0]


@contextmanager
def lasting_station(url: str, identity: str = "CS1") -> Iterator[None]:
    """In a thread, run a station that boots, answers every command and reconnects after a disconnect."""
    loop = asyncio.new_event_loop()
    booted = asyncio.Event()
    task = loop.create_task(_stay_connected(url, identity, booted))
    thread = Thread(target=loop.run_until_complete, args=[asyncio.wait([task])])
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(asyncio.wait_for(booted.wait(), PATIENCE), loop).result()
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        loop.close()


async def _serve(station: Station) -> None:
    with suppress(websockets.ConnectionClosed):
        await station.start()


async def _stay_connected(url: str, identity: str, booted: asyncio.Event) -> None:
    while True:
        try:
            # Without pings: `websockets` takes their payload from `random`, whose state hypothesis watches.
            async with websockets.connect(
                f"{url}/{identity}", subprotocols=[OCPP_2_0_1], ping_interval=None
            ) as connection:
                station = Station(identity, connection)
                serving = asyncio.ensure_future(_serve(station))
                try:
                    await station.boot()
                    booted.set()
                    while not serving.done():
                        await station.send(call.Heartbeat())
                        await asyncio.wait([serving], timeout=0.2)
                finally:
                    serving.cancel()
                    await asyncio.wait([serving])
        except (OSError, OCPPError, websockets.WebSocketException, TimeoutError):
            continue
