"""Results as medians, as a table and as JSON."""

from collections.abc import Mapping, Sequence
from statistics import median, quantiles
from typing import Any, Final, NamedTuple

from bench.load import Figures
from bench.rounds import START, Row

BASELINE: Final = "quiet"
"""Contender that the ratios refer to: this server with as little logging as the others."""

COMPARED: Final = "calls_per_cpu_second"
"""Figure of which the table also shows the spread, and the ratio to the row with fewer stations."""

type Samples = Mapping[Row, Sequence[Figures]]
type Medians = Mapping[Row, Figures]


class Column(NamedTuple):
    """Column of the table, which shows one figure."""

    title: str
    figure: str
    decimals: int
    with_ratio: bool = True


COLUMNS: Final = (
    Column("calls/CPU s", COMPARED, 0),
    Column("spread %", "spread_percent", 0, with_ratio=False),
    Column("of fewer", "of_fewer", 2, with_ratio=False),
    Column("calls/s", "calls_per_second", 0),
    Column("p50 ms", "p50_ms", 2),
    Column("p99 ms", "p99_ms", 2),
    Column("CPU ms/1,000 calls", "cpu_ms_per_1000_calls", 1),
    Column("RSS MiB", "rss_mib", 0),
    Column("KiB/connection", "kib_per_connection", 1),
    Column("start ms", "start_ms", 0),
    Column("server %", "server_percent", 0, with_ratio=False),
    Column("generator %", "generator_percent", 0, with_ratio=False),
)


def medians(samples: Samples) -> dict[Row, Figures]:
    """Median of each figure over the rounds; for COMPARED also the spread and the ratio to fewer stations."""
    return {
        row: {name: median(figures[name] for figures in rounds) for name in rounds[0]}
        | _spread(rounds)
        | _of_fewer(row, samples)
        for row, rounds in samples.items()
    }


def _spread(rounds: Sequence[Figures]) -> Figures:
    compared = [figures[COMPARED] for figures in rounds if COMPARED in figures]
    if len(compared) < 2:
        return {}
    low, middle, high = quantiles(compared, method="inclusive")
    return {"spread_percent": (high - low) / middle * 100}


def _of_fewer(row: Row, samples: Samples) -> Figures:
    """Rate of a row divided by the rate of the same server with the next smaller number of stations."""
    fewer = [
        other
        for other in samples
        if (other.workload, other.contender) == (row.workload, row.contender)
        and other.stations < row.stations
    ]
    rates = _ratios(samples[row], samples[max(fewer)]) if fewer else {}
    return {"of_fewer": rates[COMPARED]} if COMPARED in rates else {}


def ratios(samples: Samples) -> Medians:
    """Median over the rounds of the ratio of each figure to that of the baseline.

    Ratios are taken within a round, so that a disturbance of the machine affects both sides and cancels out.
    """
    return {
        row: _ratios(rounds, samples[row._replace(contender=BASELINE)])
        for row, rounds in samples.items()
        if row._replace(contender=BASELINE) in samples
    }


def _ratios(rounds: Sequence[Figures], baseline_rounds: Sequence[Figures]) -> Figures:
    pairs = list(zip(rounds, baseline_rounds, strict=False))
    return {
        name: median(figures[name] / baseline[name] for figures, baseline in pairs)
        for name in rounds[0]
        if all(baseline[name] for _, baseline in pairs)
    }


def table(samples: Samples) -> str:
    """Format the medians as a Markdown table, each figure with its ratio to the baseline."""
    results, to_baseline = medians(samples), ratios(samples)
    columns = [column for column in COLUMNS if any(column.figure in figures for figures in results.values())]
    lines = [["workload", "stations", "contender", *(column.title for column in columns)]]
    for row in sorted(results, key=lambda row: row.workload == START):
        cells = (_cell(column, results[row], to_baseline.get(row, {})) for column in columns)
        lines.append([row.workload, f"{row.stations:,}" if row.stations else "", row.contender, *cells])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * (width - 1) + ":" for width in widths])
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return f"| {' | '.join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))} |"


def _cell(column: Column, figures: Figures, ratios: Figures) -> str:
    figure = figures.get(column.figure)
    if figure is None:
        return ""
    cell, ratio = f"{figure:,.{column.decimals}f}", ratios.get(column.figure)
    return cell if ratio is None or not column.with_ratio else f"{cell} ({ratio:.2f}x)"


def as_json(samples: Samples) -> list[dict[str, Any]]:
    """Every row with its medians, their ratios to the baseline and the figures of each round."""
    to_baseline = ratios(samples)
    return [
        {**row._asdict(), "median": figures, "ratio": to_baseline.get(row), "rounds": samples[row]}
        for row, figures in medians(samples).items()
    ]
