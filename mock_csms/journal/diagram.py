"""A sequence diagram of a journal, in Mermaid."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from mock_csms.journal.entries import (
    JsonEntry,
    clock_of,
    marks_of,
    outcome_of,
    shown_content,
    shown_frame,
    station_of,
    text_of,
)
from mock_csms.log.summary import summary
from mock_csms.text import one_line, truncate
from mock_csms.versions import OcppVersion

MOST_ARROWS: Final = 200
"""More than these are hard to read, and Mermaid takes no more than 50,000 characters."""
WIDEST_LABEL: Final = 80

CSMS: Final = "CSMS"

ARROWS: Final = {"call": "->>", "result": "-->>", "error": "--x", "malformed": "-x"}

NOT_FOR_MERMAID: Final = re.compile(r"[^\w .,/()\[\]=+*?!'|@-]|[\u00b0\u00b6\u00df\ufb02]")
"""Characters with a meaning in Mermaid, and the four that it uses to escape them."""


def as_mermaid(
    entries: Iterable[JsonEntry], versions: Sequence[OcppVersion], *, arrows: int = MOST_ARROWS
) -> Iterator[str]:
    """Draw the first entries as a sequence diagram of Mermaid; a note says how many there are besides."""
    names: dict[str, str] = {}
    drawn: list[str] = []
    left_out = 0
    for number, entry in enumerate(entries):
        if number < arrows:
            drawn += _drawn(entry, names.setdefault(station_of(entry), f"S{len(names) + 1}"), versions)
        else:
            left_out += 1
    yield "sequenceDiagram"
    for name, participant in names.items():
        yield f"    participant {participant} as {_escaped(name or 'unknown station')}"
    yield f"    participant {CSMS}"
    yield from drawn
    if left_out:
        yield f"    Note over {CSMS}: {left_out} more {'is' if left_out == 1 else 'are'} left out"


def _drawn(entry: JsonEntry, station: str, versions: Sequence[OcppVersion]) -> Iterator[str]:
    """The lines for one entry: an arrow or a note, and a note for each of its marks."""
    both, kind, marks = f"{station},{CSMS}", text_of(entry, "type"), list(marks_of(entry))
    if kind in ARROWS:
        ends = (CSMS, station) if entry.get("direction") == "sent" else (station, CSMS)
        yield f"    {ends[0]}{ARROWS[kind]}{ends[1]}: {_escaped(_label(entry, versions))}"
    else:
        said = " ".join(filter(None, [clock_of(entry), kind, *marks]))
        marks = []
        yield f"    Note over {both}: {_escaped(said or 'nothing')}"
    for mark in marks:
        yield f"    Note over {both}: {_escaped(mark)}"


def _label(entry: JsonEntry, versions: Sequence[OcppVersion]) -> str:
    if entry.get("type") == "malformed":
        return f"malformed {shown_frame(entry)}"
    outcome = outcome_of(entry, versions)
    shown = outcome if outcome in {"REFUSED", "INJECTED"} else ""
    content = shown_content(entry)
    parts = text_of(entry, "action"), shown, summary(content) if content else ""
    return " ".join(filter(None, parts)) or "?"


def _escaped(text: str) -> str:
    """Write a text so that Mermaid shows it as it is, truncate to what can be read."""
    return NOT_FOR_MERMAID.sub(lambda it: f"#{ord(it[0])};", one_line(truncate(text, WIDEST_LABEL)))
