"""Mermaid sequence diagram of a journal."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from mock_csms.journal.entries import (
    JsonEntry,
    clock_of,
    is_note,
    marks_of,
    note_in,
    outcome_of,
    shown_content,
    shown_frame,
    station_of,
    text_of,
)
from mock_csms.log.summary import summary
from mock_csms.text import one_line, truncate
from mock_csms.versions import OcppVersion

MAX_ARROWS: Final = 200
"""Default maximum of entries in a diagram: longer ones are hard to read, and Mermaid accepts at most 50,000
characters.
"""
MAX_LABEL_WIDTH: Final = 80

CSMS: Final = "CSMS"

ARROWS: Final = {"call": "->>", "result": "-->>", "error": "--x", "malformed": "-x"}

MERMAID_SYNTAX: Final = re.compile(r"[^\w .,/()\[\]=+*?!'|@-]|[\u00b0\u00b6\u00df\ufb02]")
"""Characters with a meaning in Mermaid, and the four characters that Mermaid uses to escape them."""


def as_mermaid(
    entries: Iterable[JsonEntry], versions: Sequence[OcppVersion], *, arrows: int = MAX_ARROWS
) -> Iterator[str]:
    """Yield the lines of a diagram of the first ``arrows`` entries; a note counts the omitted entries."""
    participants: dict[str, str] = {}
    body: list[str] = []
    left_out = 0
    for number, entry in enumerate(entries):
        if number >= arrows:
            left_out += 1
        elif is_note(entry) and not station_of(entry):
            body += _entry_lines(entry, "", versions)
        else:
            participant = participants.setdefault(station_of(entry), f"S{len(participants) + 1}")
            body += _entry_lines(entry, participant, versions)
    yield "sequenceDiagram"
    for name, participant in participants.items():
        yield f"    participant {participant} as {_escaped(name or 'unknown station')}"
    yield f"    participant {CSMS}"
    yield from body
    if left_out:
        yield f"    Note over {CSMS}: {left_out} more {'entry' if left_out == 1 else 'entries'} left out"


def _entry_lines(entry: JsonEntry, station: str, versions: Sequence[OcppVersion]) -> Iterator[str]:
    """Yield an arrow or a note for the entry, and a note for each of its marks.

    ``station`` is the participant of the entry's station, such as ``S1``; empty for a note about no station.
    """
    both = f"{station},{CSMS}" if station else CSMS
    kind, marks = text_of(entry, "type"), list(marks_of(entry))
    if kind in ARROWS:
        ends = (CSMS, station) if entry.get("direction") == "sent" else (station, CSMS)
        yield f"    {ends[0]}{ARROWS[kind]}{ends[1]}: {_escaped(_label(entry, versions))}"
    else:
        words = [note_in(entry)] if is_note(entry) else [kind, *marks]
        event = " ".join(filter(None, [clock_of(entry), *words]))
        marks = []
        yield f"    Note over {both}: {_escaped(event or 'nothing')}"
    for mark in marks:
        yield f"    Note over {both}: {_escaped(mark)}"


def _label(entry: JsonEntry, versions: Sequence[OcppVersion]) -> str:
    if entry.get("type") == "malformed":
        return f"malformed {shown_frame(entry)}"
    outcome = outcome_of(entry, versions)
    marked_outcome = outcome if outcome in {"REFUSED", "INJECTED"} else ""
    content = shown_content(entry)
    parts = text_of(entry, "action"), marked_outcome, summary(content) if content else ""
    return " ".join(filter(None, parts)) or "?"


def _escaped(text: str) -> str:
    """Escape a text for Mermaid, on one line and truncated to `MAX_LABEL_WIDTH`."""
    return MERMAID_SYNTAX.sub(lambda match: f"#{ord(match[0])};", one_line(truncate(text, MAX_LABEL_WIDTH)))
