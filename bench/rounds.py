"""The order of the measurements, and one measurement: a fresh server and one load."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Final, NamedTuple

from bench import machine
from bench.contenders import ROOT, Broken, Contender, running
from bench.load import IDLE, IDLE_DEFLATE, Figures
from bench.pace import STEADY, Pace

START: Final = "start"
"""Not a workload: what each start of a server took."""

IDLE_WORKLOADS: Final = frozenset({IDLE, IDLE_DEFLATE})
FILES_BESIDE_STATIONS: Final = 100
SECONDS_BEYOND_THE_LOAD: Final = 150.0


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
    max_calls: int
    patience: float
    attempts: int

    def rows(self, files: int) -> Iterator[Row]:
        """Every measurement in its order: contenders take turns, and in each round another begins.

        Numbers of stations for which ``files`` open files are not enough are left out.
        """
        for number in range(self.rounds):
            first = number % len(self.contenders)
            contenders = [*self.contenders[first:], *self.contenders[:first]]
            for workload in self.workloads:
                idle = workload in IDLE_WORKLOADS
                if idle and number >= self.idle_rounds:
                    continue
                for stations in self.idle_stations if idle else self.stations:
                    if stations <= files - FILES_BESIDE_STATIONS:
                        yield from (Row(workload, stations, contender) for contender in contenders)

    def left_out(self, files: int) -> list[int]:
        """The numbers of stations for which so many open files are not enough."""
        numbers = {*self.stations, *self.idle_stations}
        return sorted(number for number in numbers if number > files - FILES_BESIDE_STATIONS)


def measure_steadily(contender: Contender, row: Row, plan: Plan, pace: Pace) -> tuple[Figures, float]:
    """Measure while the server's core runs steadily, else once more; of all attempts the steadiest counts."""
    if row.workload in IDLE_WORKLOADS:
        return measure(contender, row, plan)
    attempts = []
    for _ in range(plan.attempts):
        pace.wait(plan.patience)
        with pace.watching() as seen:
            figures, seconds_to_start = measure(contender, row, plan)
        figures["core_percent"] = 100 * mean(seen)
        attempts.append((figures, seconds_to_start))
        if figures["core_percent"] >= 100 * STEADY:
            break
    return max(attempts, key=lambda attempt: attempt[0]["core_percent"])


def measure(contender: Contender, row: Row, plan: Plan) -> tuple[Figures, float]:
    """Start the contender, load it and stop it; return its figures and the seconds it took to start."""
    server_core, generator_core = machine.cores() or (None, None)
    with running(contender, server_core) as server:
        settings = {
            "url": server.url,
            "pid": server.pid,
            "workload": row.workload,
            "stations": row.stations,
            "seconds": plan.seconds,
            "warm-up": plan.warm_up,
            "max-calls": plan.max_calls,
            **({} if generator_core is None else {"core": generator_core}),
        }
        command = [sys.executable, "-m", "bench.load"]
        command += [f"--{name}={value}" for name, value in settings.items()]
        return _figures(command, plan.warm_up + plan.seconds), server.seconds_to_start


def _figures(command: Sequence[str], seconds: float) -> Figures:
    try:
        load = subprocess.run(  # noqa: S603
            command,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=seconds + SECONDS_BEYOND_THE_LOAD,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise Broken("the load did not come to its end") from None
    except subprocess.CalledProcessError as error:
        raise Broken(f"the load failed: {error.stderr.strip()}") from None
    figures: Figures = json.loads(load.stdout)
    return figures
