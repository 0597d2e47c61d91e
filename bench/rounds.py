"""Order of the measurements: all servers run at the same time and take many short turns."""

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
"""Workload name of the rows with start-up times."""

IDLE_WORKLOADS: Final = frozenset({IDLE, IDLE_DEFLATE})
FILES_BESIDE_STATIONS: Final = 100
SECONDS_TO_END: Final = 30.0


class Row(NamedTuple):
    """One row of the table: a contender under a workload with a number of stations."""

    workload: str
    stations: int
    contender: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Measurements to make, their number and their length in seconds."""

    contenders: Sequence[str]
    workloads: Sequence[str]
    stations: Sequence[int]
    idle_stations: Sequence[int]
    rounds: int
    idle_rounds: int
    seconds: float
    warm_up: float

    def rows(self, workload: str, files: int) -> list[Row]:
        """Rows of a workload, for each number of stations that the limit of open files allows."""
        numbers = self.idle_stations if workload in IDLE_WORKLOADS else self.stations
        allowed = [number for number in numbers if number <= files - FILES_BESIDE_STATIONS]
        return [Row(workload, stations, name) for stations in allowed for name in self.contenders]

    def left_out(self, files: int) -> list[int]:
        """Numbers of stations, such as 10,000, for which the limit of open files is too low."""
        numbers = {*self.stations, *self.idle_stations}
        return sorted(number for number in numbers if number > files - FILES_BESIDE_STATIONS)


def turns(rows: Sequence[Row], number: int) -> list[Row]:
    """Rows in the order of round ``number``; each round begins with a different row.

    Every second number of stations has its contenders in reverse order. With 1, 100 and 1,000 stations, the
    first contender thus has its turns at 100 and at 1,000 stations one after the other.
    """
    order: list[Row] = []
    for index, stations in enumerate(dict.fromkeys(row.stations for row in rows)):
        group = [row for row in rows if row.stations == stations]
        order += reversed(group) if index % 2 else group
    first = number % len(order)
    return [*order[first:], *order[:first]]


@dataclass
class Results:
    """Figures of each row so far, and the failures."""

    samples: defaultdict[Row, list[Figures]] = field(default_factory=lambda: defaultdict(list))
    failures: list[str] = field(default_factory=list)

    def expect(self, rows: Iterable[Row]) -> None:
        """Add rows without figures, so that the table has this order of rows, not that of the turns."""
        self.samples.update((row, []) for row in rows)

    @contextmanager
    def noting_failure(self, row: Row) -> Iterator[None]:
        """Record a Broken in the ``with`` block as a failure, and discard the figures of ``row``."""
        try:
            yield
        except Broken as broken:
            self.failures.append(f"{row.workload} {row.stations} {row.contender}: {broken}")
            self.samples.pop(row, None)


class Load:
    """Load generator process with its connections to one server."""

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
        """Measure the server under load for ``seconds``; raises Broken if anything failed."""
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
        """Close the input of the generator, which makes it exit; kill it after a time-out."""
        try:
            self.process.communicate(timeout=SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


@contextmanager
def loaded(contender: Contender, row: Row) -> Iterator[tuple[Load, Server]]:
    """Run a contender and its load generator while the context lasts; raises Broken."""
    server_core, generator_core = machine.cores() or (None, None)
    with running(contender, server_core) as server:
        load = Load(row, server, generator_core)
        try:
            yield load, server
        finally:
            load.end()
