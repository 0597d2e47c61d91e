"""A journal file: read again, filtered, printed as the log would, drawn as a sequence diagram."""

import argparse
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, time
from fnmatch import fnmatchcase
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, get_args

import orjson

from mock_csms.errors import WRONG_USAGE, UsageError
from mock_csms.journal.diagram import MOST_ARROWS, as_mermaid
from mock_csms.journal.entries import (
    JsonEntry,
    as_json,
    clock_of,
    is_refused_command,
    marks_of,
    outcome_of,
    shown_content,
    shown_frame,
    station_of,
    text_of,
)
from mock_csms.journal.store import Direction, EntryKind
from mock_csms.log.output import FROM_STATION, TO_STATION, MessageLine
from mock_csms.messages import JsonObject
from mock_csms.private_api.argparse import SuggestingParser
from mock_csms.text import one_line
from mock_csms.versions import OcppVersion

MESSAGES: Final = frozenset({"call", "result", "error"})
ERRORS: Final = frozenset({"error", "malformed", "refused"})

LONGEST_ELAPSED: Final = 1e9
"""Seconds; what took longer was never measured."""

PROGRAM: Final = "server.py journal"

type TimeFilter = datetime | time
"""A moment in UTC, or a time of the day in UTC on whichever day."""


# Reading


def _ignore(_: str) -> None:
    pass


def read(path: Path, warn: Callable[[str], None] = _ignore) -> Iterator[JsonObject]:
    """Read the entries of a journal file; raises ValueError with the number of a line that is none.

    A last line that is none, as it is after a kill, is told to ``warn`` and left out.
    """
    broken = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            if broken:
                raise ValueError(f"{path}:{broken}: is no entry of a journal, which is a JSON object a line")
            entry = _entry(line)
            if entry is None:
                broken = number
            else:
                yield entry
    if broken:
        warn(f"{path}:{broken}: the last line is broken off and left out")


def _entry(line: bytes) -> JsonObject | None:
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return entry if isinstance(entry, dict) else None


# Filtering


def filtered(  # noqa: PLR0913 - each is a flag of the command line
    entries: Iterable[JsonObject],
    versions: Sequence[OcppVersion],
    *,
    station: str = "*",
    action: str | None = None,
    direction: Direction | None = None,
    type: EntryKind | None = None,  # noqa: A002 - is what the journal calls it
    since: TimeFilter | None = None,
    until: TimeFilter | None = None,
    limit: int | None = None,
    errors_only: bool = False,
) -> Iterator[JsonObject]:
    """Leave what is asked for, at most the first ``limit``; station and action are globs.

    ``since`` is the first moment that is meant, ``until`` the first that is not any more.
    """
    asked: list[Callable[[JsonObject], bool]] = []
    if station != "*":
        asked.append(lambda it: fnmatchcase(station_of(it), station))
    if action is not None:
        asked.append(lambda it: fnmatchcase(text_of(it, "action"), action))
    if direction is not None:
        asked.append(lambda it: it.get("direction") == direction)
    if type is not None:
        asked.append(lambda it: it.get("type") == type)
    if since is not None or until is not None:
        asked.append(partial(_is_between, since, until))
    if errors_only:
        asked.append(lambda it: is_error(it, versions))
    return islice((it for it in entries if all(holds(it) for holds in asked)), limit)


def is_error(entry: JsonEntry, versions: Sequence[OcppVersion]) -> bool:
    """Tell whether something went wrong: no message, an error, a violation or the refusal of a command."""
    return entry.get("type") in ERRORS or bool(entry.get("violation")) or is_refused_command(entry, versions)


def parse_time(text: str) -> TimeFilter:
    """Read a moment, in UTC if it does not say where, or a time of the day; raises ValueError."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return time.fromisoformat(text.removesuffix("Z")).replace(tzinfo=None)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read


def _is_between(since: TimeFilter | None, until: TimeFilter | None, entry: JsonEntry) -> bool:
    try:
        at = datetime.fromisoformat(text_of(entry, "time"))
    except ValueError:
        return False
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return not (since is not None and _is_before(at, since)) and (until is None or _is_before(at, until))


def _is_before(at: datetime, limit: TimeFilter) -> bool:
    return at < limit if isinstance(limit, datetime) else at.time() < limit


# As text


def as_text(entries: Iterable[JsonEntry], versions: Sequence[OcppVersion]) -> Iterator[str]:
    """Write each entry on one line as the log would, with the time in UTC."""
    for entry in entries:
        yield one_line("  ".join([clock_of(entry), _told(entry, versions), *marks_of(entry)]))


def _told(entry: JsonEntry, versions: Sequence[OcppVersion]) -> str:
    kind = text_of(entry, "type")
    if kind in MESSAGES:
        line = MessageLine(
            station_of(entry),
            FROM_STATION if entry.get("direction") == "received" else TO_STATION,
            text_of(entry, "action"),
            shown_content(entry),
            outcome_of(entry, versions),
            _elapsed(entry),
        )
        return str(line)
    if kind == "malformed":
        arrow = FROM_STATION if entry.get("direction") != "sent" else TO_STATION
        return f"{station_of(entry)}  {arrow} malformed frame: {shown_frame(entry)}".rstrip()
    return f"{station_of(entry)}  {kind}"


def _elapsed(entry: JsonEntry) -> float | None:
    elapsed = entry.get("elapsed")
    return elapsed if isinstance(elapsed, int | float) and abs(elapsed) < LONGEST_ELAPSED else None


# The command line


def main(arguments: Sequence[str], versions: Sequence[OcppVersion]) -> int:
    """Print a journal file as the arguments ask; return the exit code.

    The answers that refuse a command are marked by the ``versions``.
    """
    try:
        asked = _parser().parse_args(arguments)
        return _print(_lines(asked, versions))
    except UsageError as error:
        _warn(str(error))
        return WRONG_USAGE


def _lines(asked: argparse.Namespace, versions: Sequence[OcppVersion]) -> Iterator[str]:
    is_diagram = asked.form == "mermaid"
    entries = filtered(
        _read(asked.file),
        versions,
        station=asked.station,
        action=asked.action,
        direction=asked.direction,
        type=asked.type,
        since=asked.since,
        until=asked.until,
        limit=None if is_diagram else asked.limit,
        errors_only=asked.errors,
    )
    if is_diagram:
        return as_mermaid(entries, versions, arrows=asked.limit or MOST_ARROWS)
    return map(as_json, entries) if asked.form == "json" else as_text(entries, versions)


def _read(path: Path) -> Iterator[JsonObject]:
    try:
        yield from read(path, _warn)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(str(error)) from None


def _warn(sentence: str) -> None:
    sys.stderr.write(f"{PROGRAM}: {one_line(sentence)}\n")


def _print(lines: Iterable[str]) -> int:
    """Write lines until there are no more, or nobody reads them any more, as after ``| head``."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        for line in lines:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = SuggestingParser(
        hint="; --help shows the usage",
        prog=PROGRAM,
        usage="python server.py journal FILE [filters] [--mermaid | --json]",
        description="Print the file that --journal has written: a line an entry, with the time in UTC.",
        epilog=EPILOG,
        formatter_class=partial(argparse.RawDescriptionHelpFormatter, max_help_position=34, width=108),
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="the journal, a JSON object a line")
    _add_filters(parser.add_argument_group("filters").add_argument)
    forms = parser.add_argument_group("forms").add_mutually_exclusive_group()
    forms.add_argument(
        "--mermaid",
        dest="form",
        action="store_const",
        const="mermaid",
        help="draw a Mermaid sequence diagram",
    )
    forms.add_argument(
        "--json",
        dest="form",
        action="store_const",
        const="json",
        help="print the entries as they are, as JSON",
    )
    return parser


def _add_filters(add: Callable[..., argparse.Action]) -> None:
    add("--station", metavar="GLOB", default="*", help="only of these stations, as in 'CS0*'")
    add("--action", metavar="NAME", help="only messages of this action, and the answers to them; a glob too")
    add("--direction", choices=get_args(Direction), help="only what came from stations, or went to them")
    add("--type", choices=get_args(EntryKind), help="only entries of this type")
    add("--since", metavar="TIME", type=_moment, help="only from a moment on, or a time of the day (UTC)")
    add("--until", metavar="TIME", type=_moment, help="only before a moment, or a time of the day (UTC)")
    add("--errors", action="store_true", help="only what went wrong: errors, violations and refusals")
    shown = f"only the first of them; of a diagram's arrows and notes (default there: {MOST_ARROWS})"
    add("--limit", metavar="N", type=_positive, help=shown)


def _moment(text: str) -> TimeFilter:
    try:
        return parse_time(text)
    except ValueError:
        reason = f"wants a time as 2026-01-01T12:00:00Z or 12:00:00, not {text!r}"
        raise argparse.ArgumentTypeError(reason) from None


def _positive(text: str) -> int:
    if not (text.isdecimal() and len(text) < 10 and int(text)):
        raise argparse.ArgumentTypeError(f"wants a number from 1 on, not {text!r}")
    return int(text)


EPILOG: Final = """\
examples:
  python server.py journal run.ndjson
  python server.py journal run.ndjson --station CS001 --action TransactionEvent
  python server.py journal run.ndjson --since 12:00:00 --until 12:05:00 --errors
  python server.py journal run.ndjson --station CS001 --mermaid > run.mmd"""
