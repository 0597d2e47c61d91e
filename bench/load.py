"""Load generator: a separate process that prints one line of JSON for each requested measurement."""

import argparse
import asyncio
import gc
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import Final, Self
from urllib.parse import urlsplit

import psutil

from bench import loop, machine, wire
from bench.station import Failed, Run, Station
from bench.workloads import CYCLES, encode

CONNECT: Final = "connect"
IDLE: Final = "idle"
IDLE_DEFLATE: Final = "idle-deflate"

CONNECTING_AT_ONCE: Final = 50
"""Maximum handshakes in progress, below any listen backlog; the workload *connect* ignores this limit."""

STATIONS_PER_ADDRESS: Final = 10_000
"""Maximum connections from one loopback address; some systems have only 16,384 ephemeral ports."""

SECONDS_BEYOND: Final = 120
SECONDS_TO_SETTLE: Final = 0.5
SECONDS_TO_BEGIN: Final = 1.0
SECONDS_TO_LEAVE: Final = 2.0

WORKLOADS: Final = (*CYCLES, CONNECT, IDLE, IDLE_DEFLATE)

type Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Options:
    """Server to put under load, and the workload."""

    url: str
    pid: int
    workload: str
    stations: int
    core: int | None


@dataclass(frozen=True, slots=True)
class Moment:
    """Wall-clock time, and CPU time of server and generator, in seconds."""

    clock: float
    server: float
    generator: float

    @classmethod
    def now(cls, server: psutil.Process) -> Self:
        return cls(perf_counter(), machine.cpu_seconds(server), process_time())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one measurement per line of standard input; exit code 1 if anything failed."""
    options = Options(**vars(_parser().parse_args(arguments)))
    machine.raise_file_limit()
    machine.pin(options.core)
    gc.disable()
    try:
        loop.run(_load(options))
    except* (Failed, OSError, psutil.Error) as failures:
        sys.stderr.write(f"{_first(failures)!r}\n")
        return_code = 1
    else:
        return_code = 0
    return return_code


def _first(failures: BaseExceptionGroup[Exception]) -> BaseException:
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--pid", type=int, required=True, help="process of the server, to read its CPU time")
    parser.add_argument("--workload", choices=WORKLOADS, default="mix")
    parser.add_argument("--stations", type=int, default=100)
    parser.add_argument("--core", type=int, help="core to pin this process to")
    return parser


async def _load(options: Options) -> None:
    """Open the connections. Then, for each input line, measure for as many seconds as the line says, and
    print the figures.
    """
    server, run = psutil.Process(options.pid), Run(deflate=options.workload == IDLE_DEFLATE)
    load = LOADS.get(options.workload, Calling)(options, run)
    async with asyncio.timeout(SECONDS_BEYOND):
        await load.open(server)
    while line := await asyncio.to_thread(sys.stdin.readline):
        seconds = float(line)
        async with asyncio.timeout(seconds + SECONDS_BEYOND):
            figures = await load.measure(seconds, server)
        run.check()
        sys.stdout.write(json.dumps(figures) + "\n")
        sys.stdout.flush()
    load.close()


class Load:
    """Connections to a server, and their work during a measurement."""

    def __init__(self, options: Options, run: Run) -> None:
        self.options = options
        self.run = run
        self.stations: list[Station] = []

    async def open(self, server: psutil.Process) -> None:
        """Open the connections that must exist before the first measurement; by default, none."""

    async def measure(self, seconds: float, server: psutil.Process) -> Figures:
        """Measure for ``seconds``, or longer until there are as many answers as stations.

        The load runs for a while before the measurement begins, because the CPU caches are still
        filled with data of the server that had the turn before.
        """
        run = self.run
        run.calling = True
        self.begin()
        await asyncio.sleep(SECONDS_TO_BEGIN)
        start = Moment.now(server)
        run.latencies.clear()
        await asyncio.gather(asyncio.sleep(seconds), run.answered(self.options.stations))
        end = Moment.now(server)
        latencies = sorted(run.latencies)
        run.calling = False
        await self.end()
        return _figures(start, end, latencies) | {"rss_mib": _rss(server) / 2**20}

    def begin(self) -> None:
        """Start the work of all stations."""

    async def end(self) -> None:
        """Wait until all work is done."""

    def close(self) -> None:
        """Drop all connections."""
        for station in self.stations:
            station.drop()


class Calling(Load):
    """Stations that repeat a cycle of calls, each starting at a different call."""

    async def open(self, server: psutil.Process) -> None:
        """Connect and boot all stations, and set the cycle of calls that they repeat."""
        self.stations = await open_stations(self.run, self.options.url, range(self.options.stations))
        steps = encode(CYCLES[self.options.workload])
        for number, station in enumerate(self.stations):
            station.prepare(steps, first=number % len(steps))

    def begin(self) -> None:
        """Send the next call of each station; each answer then triggers the next call."""
        for station in self.stations:
            station.call()

    async def end(self) -> None:
        """Wait until every call is answered."""
        await self.run.all_answered()


class Coming(Load):
    """Stations that connect, boot and disconnect again and again, all at the same time."""

    def begin(self) -> None:
        """Start a task for each station."""
        url, run = self.options.url, self.run
        self._tasks = [
            asyncio.create_task(_reconnect(url, run, number)) for number in range(self.options.stations)
        ]

    async def end(self) -> None:
        """Wait for the stations to disconnect; cancel late ones, which wait for a TCP retry."""
        done, late = await asyncio.wait(self._tasks, timeout=SECONDS_TO_LEAVE)
        for task in late:
            task.cancel()
        await asyncio.gather(*done)
        await asyncio.gather(*late, return_exceptions=True)


async def _reconnect(url: str, run: Run, number: int) -> None:
    while run.calling:
        run.call_started()
        started_at = perf_counter()
        station = await _connect(run, url, number)
        run.note(perf_counter() - started_at)
        await station.leave()


class Staying(Load):
    """Stations that boot and stay connected."""

    async def open(self, server: psutil.Process) -> None:
        """Connect one station, and take the server's memory with this station as the baseline."""
        self.stations = await open_stations(self.run, self.options.url, range(1))
        self._baseline = await _settled_rss(server)

    async def measure(self, seconds: float, server: psutil.Process) -> Figures:
        """Connect ``options.stations`` more stations; return the growth of server memory per new station."""
        numbers = range(1, self.options.stations + 1)
        self.stations += await open_stations(self.run, self.options.url, numbers)
        growth = await _settled_rss(server) - self._baseline
        return {"kib_per_connection": growth / len(numbers) / 1024}


LOADS: Final[Mapping[str, type[Load]]] = {CONNECT: Coming, IDLE: Staying, IDLE_DEFLATE: Staying}
"""Load by workload; the workloads that are not listed are cycles of calls, which `Calling` runs."""


def _figures(start: Moment, end: Moment, latencies: list[float]) -> Figures:
    seconds = end.clock - start.clock
    cpu = end.server - start.server
    calls = len(latencies)
    return {
        "calls": calls,
        "calls_per_cpu_second": calls / cpu if cpu else 0.0,
        "calls_per_second": calls / seconds,
        "p50_ms": latencies[calls // 2] * 1000,
        "p99_ms": latencies[calls * 99 // 100] * 1000,
        "cpu_ms_per_1000_calls": cpu / calls * 1e6,
        "server_percent": cpu / seconds * 100,
        "generator_percent": (end.generator - start.generator) / seconds * 100,
    }


async def _settled_rss(server: psutil.Process) -> int:
    await asyncio.sleep(SECONDS_TO_SETTLE)
    return _rss(server)


def _rss(server: psutil.Process) -> int:
    return int(server.memory_info().rss)


async def open_stations(run: Run, url: str, numbers: range) -> list[Station]:
    """Connect stations with these numbers, and wait until they have booted; raises Failed or OSError."""
    limit = asyncio.Semaphore(CONNECTING_AT_ONCE)

    async def connect(number: int) -> Station:
        async with limit:
            return await _connect(run, url, number)

    return await asyncio.gather(*map(connect, numbers))


async def _connect(run: Run, url: str, number: int) -> Station:
    parts = urlsplit(url)
    host, _, port = parts.netloc.rpartition(":")
    _, station = await asyncio.get_running_loop().create_connection(
        lambda: Station(run, f"BENCH{number:05}"),
        host,
        int(port),
        local_addr=_source(number),
        ssl=wire.lenient_context() if parts.scheme == "wss" else None,
    )
    try:
        await station.booted
    except asyncio.CancelledError:
        station.drop()
        raise
    return station


def _source(number: int) -> tuple[str, int] | None:
    """Local address that a station connects from, None for the default; macOS has one loopback address."""
    if number < STATIONS_PER_ADDRESS or sys.platform == "darwin":
        return None
    return f"127.0.0.{1 + number // STATIONS_PER_ADDRESS}", 0


if __name__ == "__main__":
    sys.exit(main())
