"""Benchmark this server against others: ``python -m bench``, about three minutes with ``--quick``."""

import argparse
import json
import signal
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from bench import machine, report, stalls
from bench.contenders import CONTENDERS, ROOT
from bench.load import WORKLOADS
from bench.rounds import IDLE_WORKLOADS, START, Load, Plan, Results, Row, loaded, turns

FULL: Final[dict[str, Any]] = {
    "rounds": 15,
    "seconds": 0.4,
    "warm_up": 2.0,
    "stations": [1, 100, 1000],
    "idle_stations": [1000, 10_000],
}
QUICK: Final[dict[str, Any]] = {
    "rounds": 3,
    "seconds": 0.3,
    "warm_up": 0.3,
    "stations": [100],
    "idle_stations": [1000],
}


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark, print the table and write the JSON; exit code 1 if a measurement failed."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    if arguments[:1] == ["stalls"]:
        return stalls.main(arguments[1:])
    if arguments[:1] == ["page"]:
        # The import is late because it needs the optional packages of the group `browser`.
        return int(import_module("bench.page").main(arguments[1:]))
    options = vars(_parser(QUICK if "--quick" in arguments else FULL).parse_args(arguments))
    del options["quick"]
    output: Path = options.pop("output")
    plan = _runnable(Plan(**options))
    if not plan.contenders:
        return 1
    results = Results()
    try:
        _measure_all(plan, results)
    except KeyboardInterrupt:
        results.failures.append("interrupted")
    finally:
        _write(plan, results, output)
    return 1 if results.failures else 0


def _parser(defaults: dict[str, Any]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        epilog="python -m bench stalls --help: waiting times of a station while others attack the server; "
        "python -m bench page --help: speed of the page in Chromium",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="a few short rounds with fewer stations")
    add(
        "--contenders",
        nargs="+",
        choices=CONTENDERS,
        default=list(CONTENDERS),
        metavar="NAME",
        help=_contender_help(),
    )
    add(
        "--workloads",
        nargs="+",
        choices=WORKLOADS,
        default=list(WORKLOADS),
        metavar="NAME",
        help="workloads to run",
    )
    add("--stations", nargs="+", type=int, metavar="N", help="numbers of stations in mix, small and connect")
    add(
        "--idle-stations",
        nargs="+",
        type=int,
        metavar="N",
        help="numbers of stations in idle and idle-deflate",
    )
    add("--rounds", type=int, metavar="N", help="measurements of each row; the table shows their median")
    add(
        "--idle-rounds",
        type=int,
        metavar="N",
        default=1,
        help="measurements of each row of idle and idle-deflate",
    )
    add(
        "--seconds",
        type=float,
        metavar="S",
        help="minimum seconds of one measurement; it lasts until there are as many answers as stations",
    )
    add("--warm-up", type=float, metavar="S", help="seconds of load before the first measurement")
    add(
        "--output",
        type=Path,
        metavar="FILE",
        default=ROOT / "bench" / "results.json",
        help="file for the results as JSON",
    )
    parser.set_defaults(**defaults)
    return parser


def _contender_help() -> str:
    return f"servers to compare, out of {', '.join(CONTENDERS)}"


def _runnable(plan: Plan) -> Plan:
    """Return the plan with its contenders sorted, without those that cannot run on this machine.

    Print a line with the reason for each contender that is left out.
    """
    contenders = []
    for name in filter(plan.contenders.__contains__, CONTENDERS):
        if obstacle := CONTENDERS[name].obstacle():
            _print(f"{name} is skipped: {obstacle}")
        else:
            contenders.append(name)
    return replace(plan, contenders=contenders)


def _measure_all(plan: Plan, results: Results) -> None:
    file_limit = machine.raise_file_limit()
    for stations in plan.left_out(file_limit):
        _print(f"{stations:,} stations are skipped: a process may open only {file_limit:,} files here")
    for workload in plan.workloads:
        if rows := plan.rows(workload, file_limit):
            _print(f"{workload} with {_join(dict.fromkeys(row.stations for row in rows))}")
            measure = _measure_idle if workload in IDLE_WORKLOADS else _measure_side_by_side
            measure(plan, results, rows)


def _join(numbers: Iterable[int]) -> str:
    return ", ".join(f"{number:,}" for number in numbers)


def _measure_idle(plan: Plan, results: Results, rows: Sequence[Row]) -> None:
    """Measure the memory of idle connections, with a fresh server for each measurement."""
    results.expect(rows)
    for round_number in range(plan.idle_rounds):
        for row in turns(rows, round_number):
            with results.noting_failure(row), loaded(CONTENDERS[row.contender], row) as (load, _):
                results.samples[row].append(load.measure(0))


def _measure_side_by_side(plan: Plan, results: Results, rows: Sequence[Row]) -> None:
    """Run all servers at the same time, and measure them one after the other in each round."""
    results.expect(rows)
    with ExitStack() as stack:
        loads: dict[Row, Load] = {}
        for row in rows:
            with results.noting_failure(row):
                load, server = stack.enter_context(loaded(CONTENDERS[row.contender], row))
                start = {"start_ms": server.seconds_to_start * 1000}
                results.samples[Row(START, 0, row.contender)].append(start)
                load.measure(plan.warm_up)
                loads[row] = load
        for round_number in range(plan.rounds):
            for row in filter(loads.__contains__, turns(rows, round_number)):
                figures = None
                with results.noting_failure(row):
                    figures = loads[row].measure(plan.seconds)
                    results.samples[row].append(figures)
                if figures is None:
                    del loads[row]


def _write(plan: Plan, results: Results, output: Path) -> None:
    if results.samples:
        _write_results(plan, results, output)
    if results.failures:
        _print(f"{len(results.failures)} FAILED:\n" + "\n".join(results.failures))


def _write_results(plan: Plan, results: Results, output: Path) -> None:
    facts = machine.facts()
    samples = {row: rounds for row, rounds in results.samples.items() if rounds}
    content = {
        "machine": facts,
        "plan": asdict(plan),
        "failures": results.failures,
        "results": report.as_json(samples),
    }
    output.write_text(json.dumps(content, indent=1) + "\n")
    for name, fact in facts.items():
        _print(f"{name}: {fact}")
    sys.stdout.write(report.table(samples) + "\n")


def _print(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
