"""The `journal` command: reads a journal file, filters it, and prints it as text, JSON or a diagram."""

import argparse
import io
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, time
from fnmatch import fnmatchcase
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import BinaryIO, Final, get_args

import orjson

from mock_csms.errors import WRONG_USAGE, UsageError
from mock_csms.journal.diagram import MAX_ARROWS, as_mermaid
from mock_csms.journal.entries import (
    JsonEntry,
    as_json,
    clock_of,
    is_note,
    is_refused_command,
    marks_of,
    note_in,
    outcome_of,
    shown_content,
    shown_frame,
    station_of,
    text_of,
)
from mock_csms.journal.globs import matches_glob
from mock_csms.journal.store import Direction, EntryKind
from mock_csms.launch import COMMAND, PROGRAM
from mock_csms.log.output import FROM_STATION, TO_STATION, MessageLine
from mock_csms.messages import JsonObject
from mock_csms.private_api.argparse import SuggestingParser, UnbrokenFlagsFormatter
from mock_csms.process import print_text
from mock_csms.text import one_line
from mock_csms.versions import OcppVersion

MESSAGES: Final = frozenset({"call", "result", "error"})
ERRORS: Final = frozenset({"error", "malformed", "refused"})

MAX_LINE: Final = 2**26
"""Maximum bytes of a line with an entry; longer ones are skipped."""
MAX_SKIPPED: Final = 2**28
"""Maximum bytes of a skipped line; a file with a longer line is not a journal."""
MAX_INVALID_LINES: Final = 1000
"""Maximum number of invalid lines before the first entry."""

MAX_ELAPSED_S: Final = 1e9
"""Longer ``elapsed`` times in a file are not printed, because they cannot be real."""

_JOURNAL_PROGRAM: Final = f"{PROGRAM} journal"

type TimeFilter = datetime | time
"""A date and time with a zone, or a time of any day in UTC."""


# Reading


def _ignore(_: str) -> None:
    pass


def read(path: Path, warn: Callable[[str], None] = _ignore) -> Iterator[JsonObject]:
    """Read the entries of a journal file; raises ValueError if it is not a journal.

    A killed server or a full disk leaves lines that are not journal entries. They are skipped, and ``warn``
    is called once, with a text that names the first of them and says how many more were skipped.
    """
    invalid_lines = entries = first = 0
    with path.open("rb") as file:
        for number, line in _numbered_lines(file):
            if line is None:
                raise ValueError(
                    f"{path}:{number}: not a journal; the line is longer than {MAX_SKIPPED} bytes"
                )
            if not line.strip():
                continue
            if (entry := _entry(line)) is not None:
                entries += 1
                yield entry
            else:
                first = first or number
                invalid_lines += 1
                if not entries and invalid_lines >= MAX_INVALID_LINES:
                    break
    if invalid_lines and not entries:
        raise ValueError(f"{path}:{first}: not a journal; every line must be a JSON object")
    if invalid_lines:
        more = f" and {invalid_lines - 1} more" if invalid_lines > 1 else ""
        warn(f"{path}:{first}: skipped a line that is not a journal entry{more}")


def _numbered_lines(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Yield the lines of a file with their numbers.

    Of a line longer than MAX_LINE bytes, only the beginning is yielded; if the line is longer than
    MAX_SKIPPED, None follows.
    """
    for number in count(1):
        line = file.readline(MAX_LINE)
        if not line:
            return
        yield number, line
        size = len(line)
        while line and not line.endswith(b"\n"):
            if size > MAX_SKIPPED:
                yield number, None
                return
            line = file.readline(MAX_LINE)
            size += len(line)


def _entry(line: bytes) -> JsonObject | None:
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return entry if isinstance(entry, dict) else None


# Filtering


def filtered(  # noqa: PLR0913 - one parameter per command line flag
    entries: Iterable[JsonObject],
    versions: Sequence[OcppVersion],
    *,
    station: str = "*",
    action: str | None = None,
    direction: Direction | None = None,
    type: EntryKind | None = None,  # noqa: A002 - the name of the field in the journal
    since: TimeFilter | None = None,
    until: TimeFilter | None = None,
    limit: int | None = None,
    errors_only: bool = False,
) -> Iterator[JsonObject]:
    """Yield the entries that match all filters, at most the first ``limit``; station and action are globs.

    ``since`` is inclusive, ``until`` exclusive.
    """
    filters: list[Callable[[JsonObject], bool]] = []
    if station != "*":
        filters.append(lambda entry: matches_glob(station_of(entry), station))
    if action is not None:
        filters.append(lambda entry: fnmatchcase(text_of(entry, "action"), action))
    if direction is not None:
        filters.append(lambda entry: entry.get("direction") == direction)
    if type is not None:
        filters.append(lambda entry: entry.get("type") == type)
    if since is not None or until is not None:
        filters.append(partial(_is_between, since, until))
    if errors_only:
        filters.append(lambda entry: is_error(entry, versions))
    return islice((entry for entry in entries if all(matches(entry) for matches in filters)), limit)


def is_error(entry: JsonEntry, versions: Sequence[OcppVersion]) -> bool:
    """Return whether an entry is a CALLERROR, malformed frame, violation, or refused handshake or command."""
    return entry.get("type") in ERRORS or bool(entry.get("violation")) or is_refused_command(entry, versions)


def parse_time(text: str) -> TimeFilter:
    """Parse a date and time, in UTC unless it has a zone, or a time of day in UTC. Raises ValueError."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        of_day = time.fromisoformat(text.removesuffix("Z"))
        if of_day.tzinfo is not None:
            raise ValueError("a time of day is in UTC") from None
        return of_day
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed


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
    """Format each entry as a line of the log, with the time in UTC."""
    for entry in entries:
        yield one_line("  ".join([clock_of(entry), _entry_text(entry, versions), *marks_of(entry)]))


def _entry_text(entry: JsonEntry, versions: Sequence[OcppVersion]) -> str:
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
    if is_note(entry):
        return "  ".join(filter(None, [station_of(entry), note_in(entry)]))
    return f"{station_of(entry)}  {kind}"


def _elapsed(entry: JsonEntry) -> float | None:
    elapsed = entry.get("elapsed")
    return elapsed if isinstance(elapsed, int | float) and abs(elapsed) < MAX_ELAPSED_S else None


# The command line


def main(arguments: Sequence[str], versions: Sequence[OcppVersion]) -> int:
    """Print a journal file according to the arguments; return the exit code.

    The ``versions`` decide which answers of stations are refusals.
    """
    try:
        options = _parser().parse_args(arguments)
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        print_text((f"{line}\n" for line in _lines(options, versions)), _JOURNAL_PROGRAM)
    except UsageError as error:
        _warn(str(error))
        return WRONG_USAGE
    return 0


def _lines(options: argparse.Namespace, versions: Sequence[OcppVersion]) -> Iterator[str]:
    is_diagram = options.form == "mermaid"
    entries = filtered(
        _read(options.file),
        versions,
        station=options.station,
        action=options.action,
        direction=options.direction,
        type=options.type,
        since=options.since,
        until=options.until,
        limit=None if is_diagram else options.limit,
        errors_only=options.errors,
    )
    if is_diagram:
        return as_mermaid(entries, versions, arrows=options.limit or MAX_ARROWS)
    return map(as_json, entries) if options.form == "json" else as_text(entries, versions)


def _read(path: Path) -> Iterator[JsonObject]:
    try:
        yield from read(path, _warn)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(str(error)) from None


def _warn(text: str) -> None:
    sys.stderr.write(f"{_JOURNAL_PROGRAM}: {one_line(text)}\n")


def _parser() -> argparse.ArgumentParser:
    parser = SuggestingParser(
        hint="; --help shows the usage",
        prog=_JOURNAL_PROGRAM,
        usage=f"{COMMAND} journal FILE [filters] [--mermaid | --json]",
        description="Print a file written by --journal, one line per entry, with the time in UTC.",
        epilog=EPILOG,
        formatter_class=UnbrokenFlagsFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="journal file (NDJSON)")
    _add_filters(parser.add_argument_group("filters").add_argument)
    formats = parser.add_argument_group("output format").add_mutually_exclusive_group()
    formats.add_argument(
        "--mermaid",
        dest="form",
        action="store_const",
        const="mermaid",
        help="print a Mermaid sequence diagram",
    )
    formats.add_argument(
        "--json",
        dest="form",
        action="store_const",
        const="json",
        help="print the entries as NDJSON, unchanged",
    )
    return parser


def _add_filters(add: Callable[..., argparse.Action]) -> None:
    add(
        "--station",
        metavar="GLOB",
        default="*",
        help="only entries of stations whose identity matches, for example 'CS0*'",
    )
    add(
        "--action",
        metavar="NAME",
        help="only messages whose action matches (a name or glob), and their answers",
    )
    add(
        "--direction",
        choices=get_args(Direction),
        help="only messages received from stations, or sent to them",
    )
    add("--type", choices=get_args(EntryKind), help="only entries of this type")
    add(
        "--since",
        metavar="TIME",
        type=_time_filter,
        help="only entries at or after this date and time, or time of day (UTC)",
    )
    add(
        "--until",
        metavar="TIME",
        type=_time_filter,
        help="only entries before this date and time, or time of day (UTC)",
    )
    add("--errors", action="store_true", help="only errors, malformed frames, violations and refusals")
    limit_help = f"print at most the first N entries (default: no limit; {MAX_ARROWS} for a diagram)"
    add("--limit", metavar="N", type=_positive, help=limit_help)


def _time_filter(text: str) -> TimeFilter:
    try:
        return parse_time(text)
    except ValueError:
        reason = f"expected a time such as 2026-01-01T12:00:00Z or 12:00:00, not {text!r}"
        raise argparse.ArgumentTypeError(reason) from None


def _positive(text: str) -> int:
    if not (text.isdecimal() and len(text) < 10 and int(text)):
        raise argparse.ArgumentTypeError(f"expected a positive integer, not {text!r}")
    return int(text)


EPILOG: Final = f"""\
examples:
  {COMMAND} journal run.ndjson
  {COMMAND} journal run.ndjson --station CS001 --action TransactionEvent
  {COMMAND} journal run.ndjson --since 12:00:00 --until 12:05:00 --errors
  {COMMAND} journal run.ndjson --station CS001 --mermaid > run.mmd"""
