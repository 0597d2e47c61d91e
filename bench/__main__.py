"""Measure this server beside others: ``python -m bench``, in about a minute with ``--quick``."""

import argparse
import json
import signal
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from bench import machine, report
from bench.contenders import CONTENDERS, ROOT, Broken
from bench.load import WORKLOADS, Figures
from bench.pace import Pace
from bench.rounds import START, Plan, Row, measure_steadily

FULL: Final[dict[str, Any]] = {
    "rounds": 5,
    "seconds": 3.0,
    "warm_up": 2.0,
    "stations": [1, 100, 1000],
    "idle_stations": [1000, 10_000],
    "patience": 20.0,
    "attempts": 4,
}
QUICK: Final[dict[str, Any]] = {
    "rounds": 1,
    "seconds": 1.0,
    "warm_up": 0.3,
    "stations": [100],
    "idle_stations": [1000],
    "patience": 0.0,
    "attempts": 1,
}


@dataclass
class Results:
    """What was measured so far."""

    samples: defaultdict[Row, list[Figures]] = field(default_factory=lambda: defaultdict(list))
    failures: list[str] = field(default_factory=list)

    def note(self, row: Row, figures: Figures, seconds_to_start: float) -> None:
        """Keep the figures of one measurement."""
        self.samples[row].append(figures)
        self.samples[Row(START, 0, row.contender)].append({"start_ms": seconds_to_start * 1000})


def main(arguments: Sequence[str]) -> int:
    """Measure, print the table and write the JSON; the exit code is 1 if a measurement failed."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    options = vars(_parser(QUICK if "--quick" in arguments else FULL).parse_args(arguments))
    del options["quick"]
    output: Path = options.pop("output")
    plan = _possible(Plan(**options))
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
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="one short round with fewer stations")
    add(
        "--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS), metavar="NAME", help=_names()
    )
    add("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS), metavar="NAME", help="which")
    add("--stations", nargs="+", type=int, metavar="N", help="connections of mix, small and connect")
    add("--idle-stations", nargs="+", type=int, metavar="N", help="connections of idle and idle-deflate")
    add("--rounds", type=int, metavar="N", help="how often each is measured; the median is shown")
    add("--idle-rounds", type=int, metavar="N", default=1, help="the same for idle and idle-deflate")
    add("--seconds", type=float, metavar="S", help="length of one measurement")
    add("--warm-up", type=float, metavar="S", help="load before a measurement begins")
    add("--max-calls", type=int, metavar="N", default=2_000_000, help="calls that end it earlier")
    add("--patience", type=float, metavar="S", help="wait so long for a core that runs slowly")
    add("--attempts", type=int, metavar="N", help="measure so often where it runs slowly after all")
    add("--output", type=Path, metavar="FILE", default=ROOT / "bench" / "results.json", help="the JSON")
    parser.set_defaults(**defaults)
    return parser


def _names() -> str:
    return f"of {', '.join(CONTENDERS)}"


def _possible(plan: Plan) -> Plan:
    """Leave out, with a line each, the contenders that cannot run here."""
    contenders = []
    for name in plan.contenders:
        if obstacle := CONTENDERS[name].obstacle():
            _say(f"{name} is skipped: {obstacle}")
        else:
            contenders.append(name)
    return replace(plan, contenders=contenders)


def _measure_all(plan: Plan, results: Results) -> None:
    files = machine.raise_file_limit()
    for stations in plan.left_out(files):
        _say(f"{stations:,} stations are skipped: a process may open only {files:,} files here")
    rows = list(plan.rows(files))
    pace = Pace((machine.cores() or (None,))[0])
    for number, row in enumerate(rows, start=1):
        name = f"{number}/{len(rows)}  {row.workload} {row.stations} {row.contender}"
        try:
            figures, seconds_to_start = measure_steadily(CONTENDERS[row.contender], row, plan, pace)
        except Broken as broken:
            results.failures.append(f"{name}: {broken}")
            _say(f"{name}  FAILED: {broken}")
        else:
            results.note(row, figures, seconds_to_start)
            _say(f"{name}  {_headline(figures)}")


def _headline(figures: Figures) -> str:
    if "kib_per_connection" in figures:
        return f"{figures['kib_per_connection']:.1f} KiB/connection"
    return (
        f"{figures['calls_per_cpu_second']:,.0f} calls/CPU s, generator {figures['generator_percent']:.0f}%"
    )


def _write(plan: Plan, results: Results, output: Path) -> None:
    if results.samples:
        _write_results(plan, results, output)
    if results.failures:
        _say(f"{len(results.failures)} FAILED:\n" + "\n".join(results.failures))


def _write_results(plan: Plan, results: Results, output: Path) -> None:
    facts = machine.facts()
    content = {
        "machine": facts,
        "plan": asdict(plan),
        "failures": results.failures,
        "results": report.as_json(results.samples),
    }
    output.write_text(json.dumps(content, indent=1) + "\n")
    for name, fact in facts.items():
        _say(f"{name}: {fact}")
    sys.stdout.write(report.table(report.medians(results.samples)) + "\n")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
