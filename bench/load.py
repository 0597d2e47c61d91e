"""The load generator: a process of its own that prints its figures as one line of JSON."""

import argparse
import asyncio
import gc
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import Final, Self
from urllib.parse import urlsplit

import psutil

from bench import loop, machine
from bench.station import Failed, Run, Station
from bench.workloads import CYCLES, encode

CONNECT: Final = "connect"
IDLE: Final = "idle"
IDLE_DEFLATE: Final = "idle-deflate"

CONNECTING_AT_ONCE: Final = 50
"""Fewer than the shortest queue of connections to accept; the workload *connect* does not keep to it."""

STATIONS_PER_ADDRESS: Final = 10_000
"""Connections from one loopback address; some systems have only 16,384 ephemeral ports."""

ANSWERS_PER_STATION: Final = 3
"""Fewer would measure a slow server with many stations by calls that it began before or ended after."""

SECONDS_BEYOND: Final = 120
SECONDS_TO_SETTLE: Final = 0.5

WORKLOADS: Final = (*CYCLES, CONNECT, IDLE, IDLE_DEFLATE)

type Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Options:
    """What to do to which server."""

    url: str
    pid: int
    workload: str
    stations: int
    seconds: float
    warm_up: float
    max_calls: int
    core: int | None


@dataclass(frozen=True, slots=True)
class Moment:
    """Clock and CPU times, in seconds."""

    clock: float
    server: float
    generator: float

    @classmethod
    def now(cls, server: psutil.Process) -> Self:
        times = server.cpu_times()
        return cls(perf_counter(), times.user + times.system, process_time())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one load; the exit code is 1 if anything failed."""
    options = Options(**vars(_parser().parse_args(arguments)))
    machine.raise_file_limit()
    machine.pin(options.core)
    gc.disable()
    try:
        figures = loop.run(_load(options))
    except* (Failed, OSError, psutil.Error) as failures:
        sys.stderr.write(f"{_first(failures)!r}\n")
        return_code = 1
    else:
        sys.stdout.write(json.dumps(figures) + "\n")
        return_code = 0
    return return_code


def _first(failures: BaseExceptionGroup[Exception]) -> BaseException:
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--pid", type=int, required=True, help="the server, whose CPU time is read")
    parser.add_argument("--workload", choices=WORKLOADS, default="mix")
    parser.add_argument("--stations", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--warm-up", type=float, default=1.0, help="seconds of load before the figures")
    parser.add_argument("--max-calls", type=int, default=2_000_000, help="end earlier after so many calls")
    parser.add_argument("--core", type=int, help="the core to stay on")
    return parser


async def _load(options: Options) -> Figures:
    server = psutil.Process(options.pid)
    run = Run(deflate=options.workload == IDLE_DEFLATE)
    load = _call if options.workload in CYCLES else _come_and_go if options.workload == CONNECT else _stay
    async with asyncio.timeout(options.warm_up + options.seconds + SECONDS_BEYOND):
        figures = await load(options, run, server)
    run.check()
    return figures


async def _call(options: Options, run: Run, server: psutil.Process) -> Figures:
    """Measure stations that call one cycle after the other; they start all over the cycle."""
    stations = await _open(run, options.url, range(options.stations))
    steps = encode(CYCLES[options.workload])
    for number, station in enumerate(stations):
        station.start(steps, first=number % len(steps))
    figures = await _measure(options, run, server)
    for station in stations:
        station.drop()
    return figures


async def _come_and_go(options: Options, run: Run, server: psutil.Process) -> Figures:
    """Measure stations that connect, boot and leave, so many at once."""
    async with asyncio.TaskGroup() as group:
        for number in range(options.stations):
            group.create_task(_keep_coming(options.url, run, number))
        return await _measure(options, run, server)


async def _keep_coming(url: str, run: Run, number: int) -> None:
    while run.calling:
        started = perf_counter()
        station = await _connect(run, url, number)
        run.note(perf_counter() - started)
        await station.leave()


async def _measure(options: Options, run: Run, server: psutil.Process) -> Figures:
    """Measure for as long as asked, or until each station had some answers if that takes longer."""
    await asyncio.gather(asyncio.sleep(options.warm_up), run.answered(options.stations))
    begin = Moment.now(server)
    run.latencies.clear()
    with suppress(TimeoutError):
        async with asyncio.timeout(options.seconds):
            await run.answered(options.max_calls)
    await run.answered(min(options.max_calls, options.stations * ANSWERS_PER_STATION))
    end = Moment.now(server)
    run.calling = False
    return _figures(begin, end, sorted(run.latencies)) | {"rss_mib": _rss(server) / 2**20}


def _figures(begin: Moment, end: Moment, latencies: list[float]) -> Figures:
    seconds = end.clock - begin.clock
    cpu = end.server - begin.server
    calls = len(latencies)
    return {
        "calls": calls,
        "calls_per_cpu_second": calls / cpu if cpu else 0.0,
        "calls_per_second": calls / seconds,
        "p50_ms": latencies[calls // 2] * 1000,
        "p99_ms": latencies[calls * 99 // 100] * 1000,
        "cpu_ms_per_1000_calls": cpu / calls * 1e6,
        "server_percent": cpu / seconds * 100,
        "generator_percent": (end.generator - begin.generator) / seconds * 100,
    }


async def _stay(options: Options, run: Run, server: psutil.Process) -> Figures:
    """Measure what so many more stations that only boot and stay cost in memory."""
    first = await _open(run, options.url, range(1))
    before = await _settled_rss(server)
    others = await _open(run, options.url, range(1, options.stations + 1))
    growth = await _settled_rss(server) - before
    for station in first + others:
        station.drop()
    return {"kib_per_connection": growth / options.stations / 1024}


async def _settled_rss(server: psutil.Process) -> int:
    await asyncio.sleep(SECONDS_TO_SETTLE)
    return _rss(server)


def _rss(server: psutil.Process) -> int:
    return int(server.memory_info().rss)


async def _open(run: Run, url: str, numbers: range) -> list[Station]:
    turn = asyncio.Semaphore(CONNECTING_AT_ONCE)

    async def connect(number: int) -> Station:
        async with turn:
            return await _connect(run, url, number)

    return await asyncio.gather(*map(connect, numbers))


async def _connect(run: Run, url: str, number: int) -> Station:
    host, _, port = urlsplit(url).netloc.rpartition(":")
    _, station = await asyncio.get_running_loop().create_connection(
        lambda: Station(run, f"BENCH{number:05}"), host, int(port), local_addr=_source(number)
    )
    await station.booted
    return station


def _source(number: int) -> tuple[str, int] | None:
    """The loopback address a station comes from; macOS has just one."""
    if number < STATIONS_PER_ADDRESS or sys.platform == "darwin":
        return None
    return f"127.0.0.{1 + number // STATIONS_PER_ADDRESS}", 0


if __name__ == "__main__":
    sys.exit(main())
