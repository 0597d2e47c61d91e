"""Mermaid sequence diagrams of a journal."""

import re
from typing import Any

import pytest
from hypothesis import given

from mock_csms.journal.diagram import MAX_ARROWS, as_mermaid
from mock_csms.messages import JsonObject
from server import OCPP_VERSIONS
from tests.support.entries import (
    BOOT,
    BOOTED,
    CONNECTED,
    DISCONNECTED,
    ENTRIES,
    ERROR,
    HANDSHAKE_REFUSED,
    HOSTILE,
    MALFORMED,
    NOTE,
    REFUSED,
    RESET,
    case,
    entry,
    message,
)


def diagram_body(*entries: JsonObject, **options: Any) -> list[str]:
    """Lines of a diagram after the header and the participants."""
    first, *lines = as_mermaid(entries, OCPP_VERSIONS, **options)
    assert first == "sequenceDiagram"
    return [line.strip() for line in lines if not line.startswith("    participant")]


def test_participants_are_the_stations_then_the_csms() -> None:
    lines = list(as_mermaid([BOOT, {**BOOT, "station": "CS2"}, BOOTED], OCPP_VERSIONS))

    assert lines[:4] == [
        "sequenceDiagram",
        "    participant S1 as CS1",
        "    participant S2 as CS2",
        "    participant CSMS",
    ]


def test_empty_diagram_has_only_the_csms() -> None:
    assert list(as_mermaid([], OCPP_VERSIONS)) == ["sequenceDiagram", "    participant CSMS"]


@pytest.mark.parametrize(
    ("example", "lines"),
    [
        case("CALL received", BOOT, ["S1->>CSMS: BootNotification Vendor Model reason=PowerUp"]),
        case("CALLRESULT sent", BOOTED, ["CSMS-->>S1: BootNotification Accepted interval=300"]),
        case("CALL sent", RESET, ["CSMS->>S1: Reset type=OnIdle"]),
        case("refusal", REFUSED, ["S1-->>CSMS: Reset REFUSED Rejected"]),
        case("CALLERROR", ERROR, ["CSMS--xS1: Heartbeat InternalError#58; why"]),
        case("malformed", MALFORMED, ["S1-xCSMS: malformed not json #123;"]),
        case("connected", CONNECTED,
             ["Note over S1,CSMS: 12#58;00#58;00.123 connected (from 127.0.0.1#58;5000)"]),
        case("disconnected", DISCONNECTED,
             ["Note over S1,CSMS: 12#58;00#58;00.123 disconnected (close code 1000)"]),
        case("note", NOTE, ["Note over S1,CSMS: 12#58;00#58;00.123 note#58; Plug in"]),
        case("note about no station", {**NOTE, "station": ""},
             ["Note over CSMS: 12#58;00#58;00.123 note#58; Plug in"]),
        case("refused", HANDSHAKE_REFUSED, ["Note over S1,CSMS: 12#58;00#58;00.123 refused (404 Not Found)"]),
        case("injected", {**BOOTED, "injected": True, "rule": "rule-1"},
             ["CSMS-->>S1: BootNotification INJECTED Accepted interval=300",
              "Note over S1,CSMS: injected by rule-1"]),
        case("injected at the handshake", {**HANDSHAKE_REFUSED, "injected": True},
             ["Note over S1,CSMS: 12#58;00#58;00.123 refused (404 Not Found) injected"]),
        case("violation", {**RESET, "violation": "is missing"},
             ["CSMS->>S1: Reset type=OnIdle", "Note over S1,CSMS: violation#58; is missing"]),
        case("CALL without a frame", entry("call", direction="received"), ["S1->>CSMS: ?"]),
        case("empty entry", {}, ["Note over S1,CSMS: nothing"]),
    ],
)  # fmt: skip
def test_entry_is_an_arrow_or_a_note(example: JsonObject, lines: list[str]) -> None:
    assert diagram_body(example) == lines


@pytest.mark.parametrize(
    ("count", "arrows", "note"),
    [
        (3, 3, []),
        (4, 3, ["Note over CSMS: 1 more entry left out"]),
        (9, 3, ["Note over CSMS: 6 more entries left out"]),
    ],
)
def test_entries_past_the_limit_are_counted_in_a_note(count: int, arrows: int, note: list[str]) -> None:
    assert diagram_body(*[RESET] * count, arrows=arrows)[arrows:] == note


def test_default_limit_is_max_arrows() -> None:
    assert len(diagram_body(*[RESET] * 1000)) == MAX_ARROWS + 1


def test_station_past_the_limit_is_not_a_participant() -> None:
    assert "CS2" not in "".join(as_mermaid([BOOT, {**BOOT, "station": "CS2"}], OCPP_VERSIONS, arrows=1))


LINE = re.compile(
    r"""\ {4}(participant\ (CSMS|S\d+\ as\ (?P<name>.+))
          |(CSMS|S\d+)(->>|-->>|--x|-x)(CSMS|S\d+):\ (?P<label>.+)
          |Note\ over\ (S\d+,)?CSMS:\ (?P<note>.+))""",
    re.VERBOSE,
)
"""Matches a valid line of a diagram."""

SAFE_TEXT = re.compile(r"(#\d+;|[\w .,/()\[\]=+*?!'|@-])+")
"""Text without Mermaid syntax, apart from escapes."""


def is_diagram_line(line: str) -> bool:
    match = LINE.fullmatch(line)
    text = match and (match["name"] or match["label"] or match["note"] or "CSMS")
    return bool(text and SAFE_TEXT.fullmatch(text) and len(text) < 600)


@pytest.mark.parametrize("hostile", list(HOSTILE))
def test_hostile_string_is_escaped_in_every_line(hostile: str) -> None:
    text = HOSTILE[hostile]
    marks = {"station": text, "note": text, "rule": text, "violation": text}
    entries = [
        message("call", "received", text, [2, text, text, {text: text}], **marks),
        message("error", "received", text, [4, text, text, text, {}], **marks),
        entry("malformed", direction="received", text=text, **marks),
        entry("connected", **marks),
    ]

    lines = list(as_mermaid(entries, OCPP_VERSIONS))

    assert [line for line in lines[1:] if not is_diagram_line(line)] == []


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("CS1", "CS1"),
        ("Gr\u00fcn", "Gr\u00fcn"),
        ("a;b#c:d", "a#59;b#35;c#58;d"),
        ("Stra\u00dfe", "Stra#223;e"),
        ("a\nb", "a#92;nb"),
        ("<b>", "#60;b#62;"),
        ("%%{x}", "#37;#37;#123;x#125;"),
        ("x" * 100, "x" * 77 + "..."),
        ("", "unknown station"),
    ],
)
def test_station_name_is_escaped_and_truncated(name: str, escaped: str) -> None:
    assert (
        list(as_mermaid([{**BOOT, "station": name}], OCPP_VERSIONS))[1] == f"    participant S1 as {escaped}"
    )


@given(ENTRIES)
def test_arbitrary_entry_gives_valid_lines(example: JsonObject) -> None:
    assert [
        line for line in list(as_mermaid([example], OCPP_VERSIONS))[1:] if not is_diagram_line(line)
    ] == []
