"""A journal file: read again, filtered, printed as the log would, drawn as a sequence diagram."""

import argparse
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, time
from fnmatch import fnmatchcase
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, NoReturn, get_args

import orjson

from mock_csms.log.output import FROM_STATION, TO_STATION, MessageLine
from mock_csms.log.summary import cut, one_line, summary
from mock_csms.messages import JsonObject
from mock_csms.text import UsageError, closest
from mock_csms.v201.version import OCPP_2_0_1
from mock_csms.verdict.expectations import Direction, Entry, EntryType, content_of

MESSAGES: Final = frozenset({"call", "result", "error"})
ERRORS: Final = frozenset({"error", "malformed", "refused"})

LONGEST_ELAPSED: Final = 1e9
"""Seconds; what took longer was never measured."""

MOST_ARROWS: Final = 200
"""More than these are hard to read, and Mermaid takes no more than 50,000 characters."""
WIDEST_LABEL: Final = 80

PROGRAM: Final = "server.py journal"
WRONG_USAGE: Final = 2

type Moment = datetime | time
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
    *,
    station: str = "*",
    action: str | None = None,
    direction: Direction | None = None,
    type: EntryType | None = None,  # noqa: A002 - is what the journal calls it
    since: Moment | None = None,
    until: Moment | None = None,
    limit: int | None = None,
    errors_only: bool = False,
) -> Iterator[JsonObject]:
    """Leave what is asked for, at most the first ``limit``; station and action are globs.

    ``since`` is the first moment that is meant, ``until`` the first that is not any more.
    """
    asked: list[Callable[[JsonObject], bool]] = []
    if station != "*":
        asked.append(lambda it: fnmatchcase(_name(it), station))
    if action is not None:
        asked.append(lambda it: fnmatchcase(_text(it, "action"), action))
    if direction is not None:
        asked.append(lambda it: it.get("direction") == direction)
    if type is not None:
        asked.append(lambda it: it.get("type") == type)
    if since is not None or until is not None:
        asked.append(partial(_is_between, since, until))
    if errors_only:
        asked.append(is_error)
    return islice((it for it in entries if all(holds(it) for holds in asked)), limit)


def is_error(entry: Entry) -> bool:
    """Tell whether something went wrong: no message, an error, a violation or the refusal of a command."""
    return entry.get("type") in ERRORS or bool(entry.get("violation")) or _is_refusal(entry)


def _is_refusal(entry: Entry) -> bool:
    if entry.get("type") != "result" or entry.get("direction") != "received":
        return False
    try:
        return OCPP_2_0_1.is_refusal(content_of(entry) or {})
    except (AttributeError, TypeError):  # is no answer that a schema has seen
        return False


def moment(text: str) -> Moment:
    """Read a moment, in UTC if it does not say where, or a time of the day; raises ValueError."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return time.fromisoformat(text.removesuffix("Z")).replace(tzinfo=None)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read


def _is_between(since: Moment | None, until: Moment | None, entry: Entry) -> bool:
    try:
        at = datetime.fromisoformat(_text(entry, "time"))
    except ValueError:
        return False
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return not (since is not None and _is_before(at, since)) and (until is None or _is_before(at, until))


def _is_before(at: datetime, limit: Moment) -> bool:
    return at < limit if isinstance(limit, datetime) else at.time() < limit


# As JSON and as text


def as_json(value: Any) -> str:
    """Write a value on one line, as deep as it may have been read."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # nested deeper than orjson writes
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def as_text(entries: Iterable[Entry]) -> Iterator[str]:
    """Write each entry on one line as the log would, with the time in UTC."""
    for entry in entries:
        yield one_line("  ".join([_clock(entry), _told(entry), *_marks(entry)]))


def _told(entry: Entry) -> str:
    kind = _text(entry, "type")
    if kind in MESSAGES:
        line = MessageLine(
            _name(entry),
            FROM_STATION if entry.get("direction") == "received" else TO_STATION,
            _text(entry, "action"),
            _content(entry),
            _outcome(entry),
            _elapsed(entry),
        )
        return str(line)
    if kind == "malformed":
        arrow = FROM_STATION if entry.get("direction") != "sent" else TO_STATION
        return f"{_name(entry)}  {arrow} malformed frame: {_raw(entry)}".rstrip()
    return f"{_name(entry)}  {kind}"


def _content(entry: Entry) -> Any:
    """What a message says, whether it is what OCPP wants or not."""
    content = content_of(entry)
    if content is None:
        return _raw(entry)
    if entry.get("type") == "error":
        return ": ".join(str(content[name]) for name in ("errorCode", "errorDescription") if content[name])
    return content


def _raw(entry: Entry) -> str:
    """A frame that cannot be said any better, cut to a line."""
    raw = entry.get("text", entry.get("frame", ""))
    return "" if raw == "" else summary(raw if isinstance(raw, str) else as_json(raw))


def _outcome(entry: Entry) -> str:
    if entry.get("type") == "call":
        return ""
    if entry.get("type") == "error":
        return "ERROR"
    if entry.get("injected"):
        return "INJECTED"
    return "REFUSED" if _is_refusal(entry) else "result"


def _elapsed(entry: Entry) -> float | None:
    elapsed = entry.get("elapsed")
    return elapsed if isinstance(elapsed, int | float) and abs(elapsed) < LONGEST_ELAPSED else None


def _marks(entry: Entry) -> Iterator[str]:
    """What is remarkable about an entry."""
    if entry.get("note"):
        yield f"({summary(entry['note'])})"
    if entry.get("injected") or entry.get("rule"):
        yield f"injected by {summary(entry['rule'])}" if entry.get("rule") else "injected"
    if entry.get("violation"):
        yield f"violation: {summary(entry['violation'])}"


def _clock(entry: Entry) -> str:
    """The time of the day."""
    return _text(entry, "time")[11:23]


def _name(entry: Entry) -> str:
    return _text(entry, "station")


def _text(entry: Entry, name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


# As a sequence diagram

CSMS: Final = "CSMS"

ARROWS: Final = {"call": "->>", "result": "-->>", "error": "--x", "malformed": "-x"}

NOT_FOR_MERMAID: Final = re.compile(r"[^\w .,/()\[\]=+*?!'|@-]|[\u00b0\u00b6\u00df\ufb02]")
"""What is more than itself there, and the four characters with which it escapes that."""


def as_mermaid(entries: Iterable[Entry], *, arrows: int = MOST_ARROWS) -> Iterator[str]:
    """Draw the first entries as a sequence diagram of Mermaid; a note says how many there are besides."""
    names: dict[str, str] = {}
    drawn: list[str] = []
    left_out = 0
    for number, entry in enumerate(entries):
        if number < arrows:
            drawn += _drawn(entry, names.setdefault(_name(entry), f"S{len(names) + 1}"))
        else:
            left_out += 1
    yield "sequenceDiagram"
    for name, participant in names.items():
        yield f"    participant {participant} as {_escaped(name or 'unknown station')}"
    yield f"    participant {CSMS}"
    yield from drawn
    if left_out:
        yield f"    Note over {CSMS}: {left_out} more {'is' if left_out == 1 else 'are'} left out"


def _drawn(entry: Entry, station: str) -> Iterator[str]:
    """The lines for one entry: an arrow or a note, and a note for each of its marks."""
    both, kind, marks = f"{station},{CSMS}", _text(entry, "type"), list(_marks(entry))
    if kind in ARROWS:
        ends = (CSMS, station) if entry.get("direction") == "sent" else (station, CSMS)
        yield f"    {ends[0]}{ARROWS[kind]}{ends[1]}: {_escaped(_label(entry))}"
    else:
        said = " ".join(filter(None, [_clock(entry), kind, *marks]))
        marks = []
        yield f"    Note over {both}: {_escaped(said or 'nothing')}"
    for mark in marks:
        yield f"    Note over {both}: {_escaped(mark)}"


def _label(entry: Entry) -> str:
    if entry.get("type") == "malformed":
        return f"malformed {_raw(entry)}"
    outcome = _outcome(entry)
    shown = outcome if outcome in {"REFUSED", "INJECTED"} else ""
    content = _content(entry)
    return " ".join(filter(None, [_text(entry, "action"), shown, summary(content) if content else ""])) or "?"


def _escaped(text: str) -> str:
    """Write a text so that Mermaid shows it as it is, cut to what can be read."""
    return NOT_FOR_MERMAID.sub(lambda it: f"#{ord(it[0])};", one_line(cut(text, WIDEST_LABEL)))


# The command line


def main(arguments: Sequence[str]) -> int:
    """Print a journal file as the arguments ask; return the exit code."""
    try:
        asked = _parser().parse_args(arguments)
        return _print(_lines(asked))
    except UsageError as error:
        _warn(str(error))
        return WRONG_USAGE


def _lines(asked: argparse.Namespace) -> Iterator[str]:
    is_diagram = asked.form == "mermaid"
    entries = filtered(
        _read(asked.file),
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
        return as_mermaid(entries, arrows=asked.limit or MOST_ARROWS)
    return map(as_json, entries) if asked.form == "json" else as_text(entries)


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


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        wrong = message.removeprefix("unrecognized arguments: ").split(" ", 1)[0]
        raise UsageError(
            message + (closest(wrong, self._option_string_actions) or "; --help shows the usage")
        )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
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
    add("--type", choices=get_args(EntryType), help="only entries of this type")
    add("--since", metavar="TIME", type=_moment, help="only from a moment on, or a time of the day (UTC)")
    add("--until", metavar="TIME", type=_moment, help="only before a moment, or a time of the day (UTC)")
    add("--errors", action="store_true", help="only what went wrong: errors, violations and refusals")
    shown = f"only the first of them; of a diagram's arrows and notes (default there: {MOST_ARROWS})"
    add("--limit", metavar="N", type=_positive, help=shown)


def _moment(text: str) -> Moment:
    try:
        return moment(text)
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
