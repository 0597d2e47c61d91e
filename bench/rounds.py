"""The order of the measurements: all servers are up at once and take turns, many short ones."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from bench import machine
from bench.contenders import ROOT, Broken, Contender, Server, running
from bench.load import IDLE, IDLE_DEFLATE, Figures

START: Final = "start"
"""Not a workload: what each start of a server took."""

IDLE_WORKLOADS: Final = frozenset({IDLE, IDLE_DEFLATE})
FILES_BESIDE_STATIONS: Final = 100
SECONDS_TO_END: Final = 30.0


class Row(NamedTuple):
    """What is measured of whom: one row of the table."""

    workload: str
    stations: int
    contender: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure, how often and for how long."""

    contenders: Sequence[str]
    workloads: Sequence[str]
    stations: Sequence[int]
    idle_stations: Sequence[int]
    rounds: int
    idle_rounds: int
    seconds: float
    warm_up: float

    def rows(self, workload: str, files: int) -> list[Row]:
        """All that is measured of a workload, with every number of stations that ``files`` are enough for."""
        numbers = self.idle_stations if workload in IDLE_WORKLOADS else self.stations
        enough = [number for number in numbers if number <= files - FILES_BESIDE_STATIONS]
        return [Row(workload, stations, name) for stations in enough for name in self.contenders]

    def left_out(self, files: int) -> list[int]:
        """The numbers of stations for which so many open files are not enough."""
        numbers = {*self.stations, *self.idle_stations}
        return sorted(number for number in numbers if number > files - FILES_BESIDE_STATIONS)


def turns(rows: Sequence[Row], number: int) -> list[Row]:
    """Rows in the order of a round: each round begins with another one.

    Every other number of stations has its contenders in reverse: so those that come first, which are compared
    most closely, have their turns next to each other, and with more stations next to those with fewer.
    """
    order: list[Row] = []
    for place, stations in enumerate(dict.fromkeys(row.stations for row in rows)):
        same = [row for row in rows if row.stations == stations]
        order += reversed(same) if place % 2 else same
    first = number % len(order)
    return [*order[first:], *order[:first]]


@dataclass
class Results:
    """What was measured so far."""

    samples: defaultdict[Row, list[Figures]] = field(default_factory=lambda: defaultdict(list))
    failures: list[str] = field(default_factory=list)

    def expect(self, rows: Iterable[Row]) -> None:
        """Keep these rows in this order, whatever the order of their turns is."""
        self.samples.update((row, []) for row in rows)

    @contextmanager
    def noting_failure(self, row: Row) -> Iterator[None]:
        """Note what is broken, and keep nothing of that load."""
        try:
            yield
        except Broken as broken:
            self.failures.append(f"{row.workload} {row.stations} {row.contender}: {broken}")
            self.samples.pop(row, None)


class Load:
    """A generator with its connections to one server."""

    def __init__(self, row: Row, server: Server, core: int | None) -> None:
        settings = {
            "url": server.url,
            "pid": server.pid,
            "workload": row.workload,
            "stations": row.stations,
            **({} if core is None else {"core": core}),
        }
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "bench.load", *(f"--{name}={value}" for name, value in settings.items())],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def measure(self, seconds: float) -> Figures:
        """Load the server for so long; raises Broken if anything failed."""
        assert self.process.stdin
        assert self.process.stdout
        try:
            print(seconds, file=self.process.stdin, flush=True)
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            _, error = self.process.communicate(timeout=SECONDS_TO_END)
            raise Broken(f"the load failed: {error.strip()}")
        figures: Figures = json.loads(line)
        return figures

    def end(self) -> None:
        """Close its input, which is its sign to end."""
        try:
            self.process.communicate(timeout=SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


@contextmanager
def loaded(contender: Contender, row: Row) -> Iterator[tuple[Load, Server]]:
    """Run a contender with its generator while the context lasts; raises Broken."""
    server_core, generator_core = machine.cores() or (None, None)
    with running(contender, server_core) as server:
        load = Load(row, server, generator_core)
        try:
            yield load, server
        finally:
            load.end()
