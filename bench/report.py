"""The results: medians, one table, JSON."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final, NamedTuple

from bench.load import Figures
from bench.rounds import START, Row

BASELINE: Final = "shipped"
"""The contender that the ratios refer to."""

COMPARED: Final = "calls_per_cpu_second"
"""The figure whose spread over the rounds is shown."""

type Samples = Mapping[Row, Sequence[Figures]]
type Medians = Mapping[Row, Figures]


class Column(NamedTuple):
    """A figure in the table."""

    title: str
    figure: str
    decimals: int
    with_ratio: bool = True


COLUMNS: Final = (
    Column("calls/CPU s", COMPARED, 0),
    Column("spread %", "spread_percent", 0, with_ratio=False),
    Column("calls/s", "calls_per_second", 0),
    Column("p50 ms", "p50_ms", 2),
    Column("p99 ms", "p99_ms", 2),
    Column("CPU ms/1,000 calls", "cpu_ms_per_1000_calls", 1),
    Column("RSS MiB", "rss_mib", 0),
    Column("KiB/connection", "kib_per_connection", 1),
    Column("start ms", "start_ms", 0),
    Column("server %", "server_percent", 0, with_ratio=False),
    Column("generator %", "generator_percent", 0, with_ratio=False),
    Column("core %", "core_percent", 0, with_ratio=False),
)


def medians(samples: Samples) -> dict[Row, Figures]:
    """Take the median of each figure over the rounds, and how far the rounds are apart."""
    return {
        row: {name: median(figures[name] for figures in rounds) for name in rounds[0]} | _spread(rounds)
        for row, rounds in samples.items()
    }


def _spread(rounds: Sequence[Figures]) -> Figures:
    compared = [figures[COMPARED] for figures in rounds if COMPARED in figures]
    if len(compared) < 2:
        return {}
    return {"spread_percent": (max(compared) - min(compared)) / median(compared) * 100}


def table(results: Medians) -> str:
    """Lay out the results as a Markdown table, each figure with its ratio to the shipped server's."""
    columns = [column for column in COLUMNS if any(column.figure in figures for figures in results.values())]
    lines = [["workload", "stations", "contender", *(column.title for column in columns)]]
    for row in sorted(results, key=lambda row: row.workload == START):
        cells = (_cell(column, row, results) for column in columns)
        lines.append([row.workload, f"{row.stations:,}" if row.stations else "", row.contender, *cells])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * (width - 1) + ":" for width in widths])
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return f"| {' | '.join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))} |"


def _cell(column: Column, row: Row, results: Medians) -> str:
    figure = results[row].get(column.figure)
    if figure is None:
        return ""
    shown = f"{figure:,.{column.decimals}f}"
    baseline = results.get(row._replace(contender=BASELINE), {}).get(column.figure)
    if not column.with_ratio or not baseline:
        return shown
    return f"{shown} ({figure / baseline:.2f}x)"


def as_json(samples: Samples) -> list[dict[str, Any]]:
    """Every row with its medians and the figures of each round."""
    return [
        {**row._asdict(), "median": figures, "rounds": samples[row]}
        for row, figures in medians(samples).items()
    ]
