"""The table that `pki list` prints."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from mock_csms.pki.authority import Pki
from mock_csms.pki.registry import SIGNED, Record
from mock_csms.text import one_line, truncate

HEADINGS: Final = ("NAME", "SUBJECT", "ISSUER", "EXPIRES", "STATE", "FILE")
MAX_CELL: Final = 60
"""Maximum characters of a column with text from a station's CSR."""
NO_FILE: Final = "-"


def listing(pki: Pki, now: datetime) -> str:
    """Return a table of all issued certificates, in the order of issue."""
    records = pki.records()
    latest = {record.name: record.serial for record in records}
    rows = (_row(record, pki.file_of(record), latest[record.name], now) for record in records)
    return table([HEADINGS, *rows])


def table(rows: Iterable[Sequence[str]]) -> str:
    """Return lines of text, one for each row, with the columns aligned by spaces."""
    rows = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _row(record: Record, file: Path | None, latest: int, now: datetime) -> tuple[str, ...]:
    is_replaced = record.serial != latest and not record.name.startswith(SIGNED)
    return (
        truncate(record.name, MAX_CELL),
        truncate(record.subject, MAX_CELL) or "-",
        record.issuer or "itself",
        f"{record.not_after:%Y-%m-%d}",
        _state(record, is_replaced=is_replaced, now=now),
        str(file or NO_FILE),
    )


def _state(record: Record, *, is_replaced: bool, now: datetime) -> str:
    if record.revoked:
        return f"revoked {record.revoked:%Y-%m-%d}"
    if record.not_after < now:
        return "expired"
    return "replaced" if is_replaced else "good"
