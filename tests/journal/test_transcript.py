"""A journal file: read again, filtered, printed as the log would, drawn as a sequence diagram."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_csms.journal import transcript
from mock_csms.journal.diagram import MOST_ARROWS, as_mermaid
from mock_csms.journal.entries import as_json
from mock_csms.journal.transcript import as_text, filtered, is_error, parse_time, read
from mock_csms.messages import JsonObject
from server import OCPP_VERSIONS
from tests.support.paths import ROOT

HOSTILE = {
    "newline": "one\n12:00:00.000  CS2  forged",
    "ANSI escape": "\x1b[2J\x1b[31mred",
    "line separator": "one\u2028two",
    "right to left": "\u202egnikniht",
    "very long": "x" * 100_000,
    "semicolon": "a;b",
    "number sign": "a#35;b",
    "colon": "wrap: a:b",
    "keyword": "end",
    "comment": "%% a",
    "directive": '%%{init: {"theme": "dark"}}%%',
    "HTML": "<script>alert(1)</script>",
    "style": "style a:b#c;",
    "the diagram's own escape": "\ufb02\u00b0\u00b035\u00b6\u00df",
    "empty": "",
}


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def entry(kind: str, **more: Any) -> JsonObject:
    return {"time": "2026-01-01T12:00:00.123Z", "station": "CS1", "type": kind, **more}


def message(kind: str, direction: str, action: str, frame: Any, **more: Any) -> JsonObject:
    return entry(kind, direction=direction, action=action, frame=frame, **more)


BOOT = message(
    "call", "received", "BootNotification",
    [2, "1", "BootNotification",
     {"chargingStation": {"vendorName": "Vendor", "model": "Model"}, "reason": "PowerUp"}],
)  # fmt: skip
BOOTED = message(
    "result", "sent", "BootNotification", [3, "1", {"status": "Accepted", "interval": 300}], elapsed=0.0004
)
RESET = message("call", "sent", "Reset", [2, "2", "Reset", {"type": "OnIdle"}])
REFUSED = message("result", "received", "Reset", [3, "2", {"status": "Rejected"}], elapsed=0.01)
ERROR = message("error", "sent", "Heartbeat", [4, "3", "InternalError", "why", {}], elapsed=0.001)
MALFORMED = entry("malformed", direction="received", text="not json {")
CONNECTED = entry("connected", note="from 127.0.0.1:5000")
DISCONNECTED = entry("disconnected", note="close code 1000")
AT_THE_DOOR = entry("refused", note="404 Not Found")
ALL = [CONNECTED, BOOT, BOOTED, RESET, REFUSED, ERROR, MALFORMED, AT_THE_DOOR, DISCONNECTED]

SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text()
JSON = st.recursive(
    SCALARS,
    lambda it: st.lists(it, max_size=4) | st.dictionaries(st.text(max_size=3), it, max_size=3),
    max_leaves=6,
)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "time": st.sampled_from(["2026-01-01T12:00:00.123Z", "x"]) | JSON,
        "type": st.sampled_from(["call", "result", "error", "malformed", "connected"]) | JSON,
        "direction": st.sampled_from(["received", "sent"]) | JSON,
        "station": JSON,
        "action": st.sampled_from(["Heartbeat", "Reset"]) | JSON,
        "elapsed": JSON,
        "violation": JSON,
        "rule": JSON,
        "injected": JSON,
        "note": JSON,
        "text": JSON,
        "frame": JSON
        | JSON.map(lambda it: [2, "id", "Heartbeat", it])
        | JSON.map(lambda it: [3, "id", it])
        | JSON.map(lambda it: [3, "id", {"status": it}])
        | JSON.map(lambda it: [3, "id", {"getVariableResult": [it]}])
        | JSON.map(lambda it: [4, "id", it, it, it]),
    },
)


# Reading

ONE, TWO = b'{"number": 1}', b'{"number": 2}'


def file_of(path: Path, *lines: bytes, end: bytes = b"\n") -> Path:
    file = path / "run.ndjson"
    file.write_bytes(b"\n".join(lines) + end)
    return file


@pytest.mark.parametrize(
    ("lines", "end", "numbers"),
    [
        case("whole", [ONE, TWO], b"\n", [1, 2]),
        case("no newline at the end", [ONE, TWO], b"", [1, 2]),
        case("empty lines", [ONE, b"", b"  ", TWO, b""], b"\n", [1, 2]),
        case("lines of Windows", [ONE + b"\r", TWO + b"\r"], b"\n", [1, 2]),
        case("nothing", [], b"", []),
        case("broken off", [ONE, TWO, b'{"numb'], b"", [1, 2]),
        case("broken off, then an empty line", [ONE, b'{"numb', b""], b"\n", [1]),
        case("broken off inside a letter", [ONE, b'{"a": "\xc3'], b"", [1]),
        case("nothing but broken", [b"{"], b"", []),
    ],
)
def test_a_file_is_read_line_by_line(
    tmp_path: Path, lines: list[bytes], end: bytes, numbers: list[int]
) -> None:
    assert [it["number"] for it in read(file_of(tmp_path, *lines, end=end))] == numbers


@pytest.mark.parametrize(
    "last",
    [case("cut off", b'{"number": 2'), case("no object", b"2"), case("zeros after a crash", b"\x00\x00")],
)
def test_a_last_line_that_is_broken_is_told(tmp_path: Path, last: bytes) -> None:
    told: list[str] = []
    file = file_of(tmp_path, ONE, last, end=b"")

    entries = list(read(file, told.append))

    assert entries == [{"number": 1}]
    assert told == [f"{file}:2: the last line is broken off and left out"]


def test_a_whole_file_is_nothing_to_tell_of(tmp_path: Path) -> None:
    told: list[str] = []

    list(read(file_of(tmp_path, ONE, TWO), told.append))

    assert not told


@pytest.mark.parametrize(
    "broken",
    [case("no JSON", b"not json"), case("no object", b"[1]"), case("no UTF-8", b'{"a": "\xff"}')],
)
def test_a_line_that_is_broken_elsewhere_is_refused_with_its_number(tmp_path: Path, broken: bytes) -> None:
    file = file_of(tmp_path, ONE, b"", broken, TWO)

    with pytest.raises(ValueError, match=r"run\.ndjson:3: is no entry of a journal"):
        list(read(file))


# Filtering


def numbered(*entries: JsonObject) -> list[JsonObject]:
    return [{"number": number, **it} for number, it in enumerate(entries)]


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        case("all", {}, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        case("action", {"action": "Reset"}, [3, 4]),
        case("glob of actions", {"action": "*t*a*"}, [1, 2, 5]),
        case("direction", {"direction": "sent"}, [2, 3, 5]),
        case("type", {"type": "call"}, [1, 3]),
        case("limit", {"limit": 2}, [0, 1]),
        case("no more than there is", {"limit": 100}, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        case("errors", {"errors_only": True}, [4, 5, 6, 7]),
        case("several", {"direction": "sent", "type": "call", "action": "Reset"}, [3]),
        case("the first of what is meant", {"type": "call", "limit": 1}, [1]),
        case("another station", {"station": "CS2"}, []),
    ],
)
def test_what_is_asked_for_is_left(asked: dict[str, Any], left: list[int]) -> None:
    assert [it["number"] for it in filtered(numbered(*ALL), OCPP_VERSIONS, **asked)] == left


@pytest.mark.parametrize(
    ("glob", "left"),
    [("*", ["CS1", "CS2", "EV1", None]), ("CS*", ["CS1", "CS2"]), ("CS1", ["CS1"]), ("[!C]*", ["EV1"])],
)
def test_stations_are_asked_for_with_a_glob(glob: str, left: list[str | None]) -> None:
    entries: list[JsonObject] = [{"station": it} if it else {} for it in ("CS1", "CS2", "EV1", None)]

    assert [it.get("station") for it in filtered(entries, OCPP_VERSIONS, station=glob)] == left


TIMES = [
    "2026-01-01T11:59:59.999Z",
    "2026-01-01T12:00:00.000Z",
    "2026-01-01T12:00:00.001Z",
    "2026-01-02T12:00:00.000Z",
    "long ago",
]


@pytest.mark.parametrize(
    ("since", "until", "left"),
    [
        case("since, itself included", "2026-01-01T12:00:00Z", None, [1, 2, 3]),
        case("until, itself left out", None, "2026-01-01T12:00:00Z", [0]),
        case("both", "2026-01-01T12:00:00Z", "2026-01-01T12:00:00.001Z", [1]),
        case("without a zone it is UTC", "2026-01-01T12:00:00.001", None, [2, 3]),
        case("another zone", "2026-01-01T14:00:00.001+02:00", None, [2, 3]),
        case("a day", "2026-01-02", None, [3]),
        case("a time of any day", "12:00", None, [1, 2, 3]),
        case("until a time of any day", None, "12:00", [0]),
        case("neither", None, None, [0, 1, 2, 3, 4]),
    ],
)
def test_entries_are_asked_for_by_time(since: str | None, until: str | None, left: list[int]) -> None:
    entries = numbered(*({"time": it} for it in TIMES))

    found = filtered(
        entries,
        OCPP_VERSIONS,
        since=parse_time(since) if since else None,
        until=parse_time(until) if until else None,
    )

    assert [it["number"] for it in found] == left


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-01T12:00:00.5Z", datetime(2026, 1, 1, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-01-01 12:00", datetime(2026, 1, 1, 12, tzinfo=UTC)),
        ("2026-01-01", datetime(2026, 1, 1, tzinfo=UTC)),
        ("12:00:05.25", time(12, 0, 5, 250_000)),
        ("12:00Z", time(12)),
    ],
)
def test_a_moment_is_read(text: str, expected: datetime | time) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize("text", ["", "x", "25:00", "2026-13-01", "yesterday"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_time(text)


@pytest.mark.parametrize(
    ("it", "expected"),
    [
        case("CALL", BOOT, False),
        case("CALLRESULT", BOOTED, False),
        case("refusal", REFUSED, True),
        case("refusal by us", {**BOOTED, "frame": [3, "1", {"status": "Rejected"}]}, False),
        case("command fulfilled", {**REFUSED, "frame": [3, "2", {"status": "Accepted"}]}, False),
        case("result that no schema has seen", {**REFUSED, "frame": [3, "2", {"a": [1]}]}, False),
        case("status that is a list", {**REFUSED, "frame": [3, "2", {"status": [1]}]}, False),
        case("violation", {**BOOT, "violation": "reason: is missing"}, True),
        case("CALLERROR", ERROR, True),
        case("malformed", MALFORMED, True),
        case("refused at the door", AT_THE_DOOR, True),
        case("connected", CONNECTED, False),
        case("disconnected", DISCONNECTED, False),
    ],
)
def test_what_went_wrong(it: JsonObject, expected: bool) -> None:
    assert is_error(it, OCPP_VERSIONS) is expected


# As text


def line_of(it: JsonObject) -> str:
    (line,) = as_text([it], OCPP_VERSIONS)
    return line


@pytest.mark.parametrize(
    ("it", "line"),
    [
        case("CALL received", BOOT,
             "12:00:00.123  CS1  <- BootNotification                    Vendor Model reason=PowerUp"),
        case("CALLRESULT sent", BOOTED,
             "12:00:00.123  CS1  -> BootNotification result             Accepted interval=300  0.4 ms"),
        case("CALL sent", RESET, "12:00:00.123  CS1  -> Reset                               type=OnIdle"),
        case("refusal", REFUSED,
             "12:00:00.123  CS1  <- Reset REFUSED                       Rejected  10.0 ms"),
        case("CALLERROR", ERROR,
             "12:00:00.123  CS1  -> Heartbeat ERROR                     InternalError: why  1.0 ms"),
        case("CALLERROR without words", {**ERROR, "frame": [4, "3", "InternalError", "", {}]},
             "12:00:00.123  CS1  -> Heartbeat ERROR                     InternalError  1.0 ms"),
        case("payload without fields", {**RESET, "frame": [2, "2", "Reset", {}]},
             "12:00:00.123  CS1  -> Reset"),
        case("payload that is no object", {**RESET, "frame": [2, "2", "Reset", 1]},
             '12:00:00.123  CS1  -> Reset                               [2,"2","Reset",1]'),
        case("malformed", MALFORMED, "12:00:00.123  CS1  <- malformed frame: not json {"),
        case("malformed JSON", entry("malformed", direction="received", frame=[9]),
             "12:00:00.123  CS1  <- malformed frame: [9]"),
        case("malformed on purpose", entry("malformed", direction="sent", text="{", injected=True),
             "12:00:00.123  CS1  -> malformed frame: {  injected"),
        case("malformed without words", entry("malformed", direction="received"),
             "12:00:00.123  CS1  <- malformed frame:"),
        case("connected", CONNECTED, "12:00:00.123  CS1  connected  (from 127.0.0.1:5000)"),
        case("disconnected", DISCONNECTED, "12:00:00.123  CS1  disconnected  (close code 1000)"),
        case("refused", AT_THE_DOOR, "12:00:00.123  CS1  refused  (404 Not Found)"),
        case("injected", {**BOOTED, "injected": True, "rule": "rule-1"},
             "12:00:00.123  CS1  -> BootNotification INJECTED           Accepted interval=300  0.4 ms"
             "  injected by rule-1"),
        case("rule", {**RESET, "rule": "rule-2"},
             "12:00:00.123  CS1  -> Reset                               type=OnIdle  injected by rule-2"),
        case("violation", {**RESET, "violation": "type: is missing"},
             "12:00:00.123  CS1  -> Reset                               type=OnIdle"
             "  violation: type: is missing"),
    ],
)  # fmt: skip
def test_an_entry_is_one_line_as_the_log_would_write_it(it: JsonObject, line: str) -> None:
    assert line_of(it) == line


@pytest.mark.parametrize("hostile", list(HOSTILE))
def test_a_hostile_string_does_not_break_a_line(hostile: str) -> None:
    text = HOSTILE[hostile]
    marks = {"note": text, "rule": text, "violation": text}
    entries = [
        message("call", "received", text, [2, text, text, {text: text}], station=text[:48], **marks),
        message("error", "received", text, [4, text, text, text, {}], **marks),
        entry("malformed", direction="received", text=text, **marks),
        entry("connected", **marks),
    ]

    assert all(line.isprintable() and len(line) < 1000 for line in as_text(entries, OCPP_VERSIONS))


@given(ENTRIES)
def test_no_entry_is_too_odd_for_a_line(it: JsonObject) -> None:
    assert line_of(it).isprintable()


# As JSON


def test_an_entry_as_json_is_what_was_read() -> None:
    assert json.loads(as_json(BOOT)) == BOOT


def test_a_payload_as_deep_as_can_be_read_is_written_again(tmp_path: Path) -> None:
    """A DataTransfer may carry anything that is JSON."""
    line = b'{"type":"call","frame":[2,"1","DataTransfer",{"data":' + b"[" * 1000 + b"]" * 1000 + b"}]}"

    assert [as_json(it).encode() for it in read(file_of(tmp_path, line))] == [line]


# As a sequence diagram


def drawn(*entries: JsonObject, **options: Any) -> list[str]:
    """The lines of a diagram but for what all of them begin with."""
    first, *lines = as_mermaid(entries, OCPP_VERSIONS, **options)
    assert first == "sequenceDiagram"
    return [line.strip() for line in lines if not line.startswith("    participant")]


def test_each_station_is_a_participant_and_the_csms_is_the_last() -> None:
    lines = list(as_mermaid([BOOT, {**BOOT, "station": "CS2"}, BOOTED], OCPP_VERSIONS))

    assert lines[:4] == [
        "sequenceDiagram",
        "    participant S1 as CS1",
        "    participant S2 as CS2",
        "    participant CSMS",
    ]


def test_a_diagram_of_nothing_has_the_csms_alone() -> None:
    assert list(as_mermaid([], OCPP_VERSIONS)) == ["sequenceDiagram", "    participant CSMS"]


@pytest.mark.parametrize(
    ("it", "lines"),
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
        case("refused", AT_THE_DOOR, ["Note over S1,CSMS: 12#58;00#58;00.123 refused (404 Not Found)"]),
        case("injected", {**BOOTED, "injected": True, "rule": "rule-1"},
             ["CSMS-->>S1: BootNotification INJECTED Accepted interval=300",
              "Note over S1,CSMS: injected by rule-1"]),
        case("injected at the door", {**AT_THE_DOOR, "injected": True},
             ["Note over S1,CSMS: 12#58;00#58;00.123 refused (404 Not Found) injected"]),
        case("violation", {**RESET, "violation": "is missing"},
             ["CSMS->>S1: Reset type=OnIdle", "Note over S1,CSMS: violation#58; is missing"]),
        case("CALL of nothing", entry("call", direction="received"), ["S1->>CSMS: ?"]),
        case("nothing", {}, ["Note over S1,CSMS: nothing"]),
    ],
)  # fmt: skip
def test_an_entry_is_an_arrow_or_a_note(it: JsonObject, lines: list[str]) -> None:
    assert drawn(it) == lines


@pytest.mark.parametrize(
    ("count", "arrows", "note"),
    [
        (3, 3, []),
        (4, 3, ["Note over CSMS: 1 more is left out"]),
        (9, 3, ["Note over CSMS: 6 more are left out"]),
    ],
)
def test_a_diagram_has_no_more_arrows_than_asked_for(count: int, arrows: int, note: list[str]) -> None:
    assert drawn(*[RESET] * count, arrows=arrows)[arrows:] == note


def test_a_diagram_has_no_more_arrows_than_can_be_read() -> None:
    assert len(drawn(*[RESET] * 1000)) == MOST_ARROWS + 1


def test_a_station_that_is_left_out_is_no_participant() -> None:
    assert "CS2" not in "".join(as_mermaid([BOOT, {**BOOT, "station": "CS2"}], OCPP_VERSIONS, arrows=1))


LINE = re.compile(
    r"""\ {4}(participant\ (CSMS|S\d+\ as\ (?P<name>.+))
          |(CSMS|S\d+)(->>|-->>|--x|-x)(CSMS|S\d+):\ (?P<label>.+)
          |Note\ over\ (S\d+,)?CSMS:\ (?P<note>.+))""",
    re.VERBOSE,
)
"""A line of a diagram."""

PLAIN = re.compile(r"(#\d+;|[\w .,/()\[\]=+*?!'|@-])+")
"""What means nothing to Mermaid but itself."""


def is_of_a_diagram(line: str) -> bool:
    found = LINE.fullmatch(line)
    said = found and (found["name"] or found["label"] or found["note"] or "CSMS")
    return bool(said and PLAIN.fullmatch(said) and len(said) < 600)


@pytest.mark.parametrize("hostile", list(HOSTILE))
def test_a_hostile_string_does_not_break_the_diagram(hostile: str) -> None:
    text = HOSTILE[hostile]
    marks = {"station": text, "note": text, "rule": text, "violation": text}
    entries = [
        message("call", "received", text, [2, text, text, {text: text}], **marks),
        message("error", "received", text, [4, text, text, text, {}], **marks),
        entry("malformed", direction="received", text=text, **marks),
        entry("connected", **marks),
    ]

    lines = list(as_mermaid(entries, OCPP_VERSIONS))

    assert [line for line in lines[1:] if not is_of_a_diagram(line)] == []


@pytest.mark.parametrize(
    ("name", "shown"),
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
def test_a_name_is_shown_as_it_is(name: str, shown: str) -> None:
    assert list(as_mermaid([{**BOOT, "station": name}], OCPP_VERSIONS))[1] == f"    participant S1 as {shown}"


@given(ENTRIES)
def test_no_entry_is_too_odd_for_a_diagram(it: JsonObject) -> None:
    assert [line for line in list(as_mermaid([it], OCPP_VERSIONS))[1:] if not is_of_a_diagram(line)] == []


# The command line


@pytest.fixture
def journal(tmp_path: Path) -> str:
    return str(file_of(tmp_path, *(json.dumps(it).encode() for it in numbered(*ALL))))


def run(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """The exit code, and what was written to standard output and standard error."""
    code = transcript.main(arguments, OCPP_VERSIONS)
    written = capsys.readouterr()
    return code, written.out, written.err


def test_a_file_is_printed_as_text(journal: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([journal], capsys) == (0, "\n".join([*as_text(ALL, OCPP_VERSIONS), ""]), "")


def test_a_file_is_printed_as_json(journal: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run([journal, "--json"], capsys)

    assert (code, [json.loads(line) for line in out.splitlines()]) == (0, numbered(*ALL))


def test_a_file_is_drawn(journal: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([journal, "--mermaid"], capsys) == (0, "\n".join([*as_mermaid(ALL, OCPP_VERSIONS), ""]), "")


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (["--station", "CS*"], [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (["--station", "EV*"], []),
        (["--action", "Reset"], [3, 4]),
        (["--direction", "received"], [1, 4, 6]),
        (["--type", "malformed"], [6]),
        (["--since", "2026-01-01T12:00:01Z"], []),
        (["--since", "12:00", "--until", "12:00:00.124"], [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (["--until", "12:00:00.123"], []),
        (["--errors"], [4, 5, 6, 7]),
        (["--limit", "3"], [0, 1, 2]),
        (["--type", "call", "--limit", "1"], [1]),
    ],
    ids=lambda it: " ".join(map(str, it)),
)
def test_a_flag_leaves_what_it_asks_for(
    journal: str, capsys: pytest.CaptureFixture[str], arguments: list[str], left: list[int]
) -> None:
    _, out, _ = run([journal, *arguments, "--json"], capsys)

    assert [json.loads(line)["number"] for line in out.splitlines()] == left


def test_the_limit_of_a_diagram_is_told_in_it(journal: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run([journal, "--mermaid", "--limit", "2"], capsys)

    assert out.splitlines()[-1] == "    Note over CSMS: 7 more are left out"


def test_the_help_page_names_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        transcript.main(["--help"], OCPP_VERSIONS)

    page = capsys.readouterr().out
    flags = {*re.findall(r"^ +(--\w+)", page, re.MULTILINE)}
    assert stopped.value.code == 0
    assert flags == {
        "--station", "--action", "--direction", "--type", "--since", "--until",
        "--errors", "--limit", "--mermaid", "--json",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        case("no file", [], "the following arguments are required: FILE; --help shows the usage"),
        case("mistyped flag", ["run.ndjson", "--limt", "3"], "--limt 3; did you mean --limit?"),
        case("type that is none", ["run.ndjson", "--type", "frame"], "invalid choice: 'frame'"),
        case("direction that is none", ["run.ndjson", "--direction", "up"], "invalid choice: 'up'"),
        case("time that is none", ["run.ndjson", "--since", "noon"], "wants a time as 2026-01-01T12:00:00Z"),
        case("limit of nothing", ["run.ndjson", "--limit", "0"], "wants a number from 1 on, not '0'"),
        case("limit that is none", ["run.ndjson", "--limit", "x\n"], r"wants a number from 1 on, not 'x\n'"),
        case("limit without end", ["run.ndjson", "--limit", "9" * 5000], "wants a number from 1 on"),
        case("two forms", ["run.ndjson", "--json", "--mermaid"], "not allowed with argument --json"),
        case("no such file", ["absent.ndjson"], "cannot read absent.ndjson: No such file or directory"),
        case("folder", ["."], "cannot read .: "),
    ],
)
def test_wrong_usage_is_answered_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    code, out, err = run(arguments, capsys)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("server.py journal: ")
    assert complaint in err


def test_a_broken_line_ends_with_its_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run([str(file_of(tmp_path, ONE, b"{", TWO)), "--json"], capsys)

    assert (code, out) == (2, '{"number":1}\n')
    assert "run.ndjson:2: is no entry of a journal" in err


def test_a_broken_last_line_is_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run([str(file_of(tmp_path, ONE, b"{", end=b"")), "--json"], capsys)

    assert (code, out) == (0, '{"number":1}\n')
    assert err.endswith("run.ndjson:2: the last line is broken off and left out\n")


def test_nothing_is_said_when_nobody_reads_any_more(tmp_path: Path) -> None:
    """As with ``| head``."""
    file = file_of(tmp_path, *[json.dumps(BOOT).encode()] * 10_000)
    program = "import sys; from mock_csms.journal.transcript import main; sys.exit(main(sys.argv[1:], []))"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(file)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()

    assert (process.returncode, said) == (0, b"")


@pytest.mark.skipif(os.name == "nt", reason="there the console is no pipe with an encoding")
def test_the_output_is_utf_8_whatever_the_console_speaks(tmp_path: Path) -> None:
    file = file_of(tmp_path, json.dumps({**BOOT, "station": "Gr\u00fcn \u6f22"}).encode())
    program = "import sys; from mock_csms.journal.transcript import main; sys.exit(main(sys.argv[1:], []))"

    done = subprocess.run(
        [sys.executable, "-c", program, str(file)],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=True,
        timeout=60,
    )

    assert "Gr\u00fcn \u6f22" in done.stdout.decode()
