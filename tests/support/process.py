"""The server as a process of its own."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import websockets
from ocpp.exceptions import OCPPError
from ocpp.v201 import call

from tests.support.paths import ROOT
from tests.support.station import OCPP_2_0_1, PATIENCE, Station


@contextmanager
def server(folder: Path, *arguments: str) -> Iterator[dict[str, Any]]:
    """Run a server on free ports while the context lasts; return what stands in its ready file."""
    ready_file, log = folder / "ready.json", folder / "log.txt"
    command = [sys.executable, "server.py", "--port", "0", "--ready-file", str(ready_file), *arguments]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, cwd=ROOT, env=os.environ, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            yield _ready(ready_file, process)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _ready(ready_file: Path, process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    deadline = monotonic() + PATIENCE
    while not ready_file.exists():
        assert process.poll() is None, "the server ended"
        assert monotonic() < deadline, "the server was not ready in time"
        sleep(0.01)
    found: dict[str, Any] = json.loads(ready_file.read_bytes())
    return found


@contextmanager
def lasting_station(url: str, identity: str = "CS1") -> Iterator[None]:
    """Have a station in a thread that boots, answers every command and comes back when it is cut off."""
    loop = asyncio.new_event_loop()
    booted = asyncio.Event()
    task = loop.create_task(_live(url, identity, booted))
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


async def _live(url: str, identity: str, booted: asyncio.Event) -> None:
    while True:
        try:
            async with websockets.connect(f"{url}/{identity}", subprotocols=[OCPP_2_0_1]) as connection:
                station = Station(identity, connection)
                serving = asyncio.ensure_future(_serve(station))
                await station.boot()
                booted.set()
                while not serving.done():
                    await station.send(call.Heartbeat())
                    await asyncio.wait([serving], timeout=0.2)
        except (OSError, OCPPError, websockets.WebSocketException, TimeoutError):
            continue
