"""The `journal` command: reading, filtering and printing a journal file."""

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

from mock_csms.journal import command_line
from mock_csms.journal.command_line import as_text, filtered, is_error, parse_time, read
from mock_csms.journal.diagram import as_mermaid
from mock_csms.journal.entries import as_json
from mock_csms.messages import JsonObject
from server import OCPP_VERSIONS
from tests.support.entries import (
    ALL,
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
from tests.support.paths import ROOT

# Reading

ONE, TWO = b'{"number": 1}', b'{"number": 2}'


def file_of(path: Path, *lines: bytes, end: bytes = b"\n") -> Path:
    file = path / "run.ndjson"
    file.write_bytes(b"\n".join(lines) + end)
    return file


@pytest.mark.parametrize(
    ("lines", "end", "numbers"),
    [
        case("complete lines", [ONE, TWO], b"\n", [1, 2]),
        case("no newline at the end", [ONE, TWO], b"", [1, 2]),
        case("empty lines", [ONE, b"", b"  ", TWO, b""], b"\n", [1, 2]),
        case("CRLF", [ONE + b"\r", TWO + b"\r"], b"\n", [1, 2]),
        case("empty file", [], b"", []),
        case("incomplete", [ONE, TWO, b'{"numb'], b"", [1, 2]),
        case("incomplete, then an empty line", [ONE, b'{"numb', b""], b"\n", [1]),
        case("cut inside a UTF-8 character", [ONE, b'{"a": "\xc3'], b"", [1]),
        case("two lines glued together", [ONE, b'{"numb' + TWO, TWO], b"\n", [1, 2]),
        case("not JSON", [ONE, b"not json", TWO], b"\n", [1, 2]),
        case("not an object", [ONE, b"[1]", TWO], b"\n", [1, 2]),
        case("not UTF-8", [ONE, b'{"a": "\xff"}', TWO], b"\n", [1, 2]),
    ],
)
def test_entries_are_read_line_by_line(
    tmp_path: Path, lines: list[bytes], end: bytes, numbers: list[int]
) -> None:
    assert [item["number"] for item in read(file_of(tmp_path, *lines, end=end))] == numbers


@pytest.mark.parametrize(
    "last",
    [case("cut off", b'{"number": 2'), case("not an object", b"2"), case("zeros after a crash", b"\x00\x00")],
)
def test_incomplete_last_line_is_skipped_with_a_warning(tmp_path: Path, last: bytes) -> None:
    warnings: list[str] = []
    file = file_of(tmp_path, ONE, last, end=b"")

    entries = list(read(file, warnings.append))

    assert entries == [{"number": 1}]
    assert warnings == [f"{file}:2: skipped a line that is not a journal entry"]


def test_complete_file_gives_no_warning(tmp_path: Path) -> None:
    warnings: list[str] = []

    list(read(file_of(tmp_path, ONE, TWO), warnings.append))

    assert not warnings


def test_invalid_lines_are_counted_in_one_warning(tmp_path: Path) -> None:
    warnings: list[str] = []
    file = file_of(tmp_path, ONE, b"", b"x", TWO, b"y", b"z")

    assert list(read(file, warnings.append)) == [{"number": 1}, {"number": 2}]

    assert warnings == [f"{file}:3: skipped a line that is not a journal entry and 2 more"]


def test_file_without_any_entry_raises(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"run\.ndjson:1: not a journal; every line must be a JSON object"):
        list(read(file_of(tmp_path, b"not json", b"[1]")))


def test_very_long_line_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mock_csms.journal.command_line.MAX_LINE", 50)
    assert list(read(file_of(tmp_path, ONE, b"x" * 175, TWO))) == [{"number": 1}, {"number": 2}]


def test_line_without_end_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mock_csms.journal.command_line.MAX_LINE", 50)
    monkeypatch.setattr("mock_csms.journal.command_line.MAX_SKIPPED", 100)
    with pytest.raises(ValueError, match=r"run\.ndjson:2: not a journal; the line is longer than 100 bytes"):
        list(read(file_of(tmp_path, ONE, b"x" * 175, TWO)))


def test_many_invalid_lines_before_the_first_entry_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a journal"):
        list(read(file_of(tmp_path, *[b"x"] * 1000, ONE)))


# Filtering


def numbered(*entries: JsonObject) -> list[JsonObject]:
    return [{"number": number, **example} for number, example in enumerate(entries)]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        case("all", {}, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        case("action", {"action": "Reset"}, [3, 4]),
        case("glob of actions", {"action": "*t*a*"}, [1, 2, 5]),
        case("direction", {"direction": "sent"}, [2, 3, 5]),
        case("type", {"type": "call"}, [1, 3]),
        case("limit", {"limit": 2}, [0, 1]),
        case("limit above the number of entries", {"limit": 100}, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        case("errors", {"errors_only": True}, [4, 5, 6, 7]),
        case("several", {"direction": "sent", "type": "call", "action": "Reset"}, [3]),
        case("limit after another filter", {"type": "call", "limit": 1}, [1]),
        case("another station", {"station": "CS2"}, []),
    ],
)
def test_filter_keeps_matching_entries(filters: dict[str, Any], expected: list[int]) -> None:
    assert [item["number"] for item in filtered(numbered(*ALL), OCPP_VERSIONS, **filters)] == expected


@pytest.mark.parametrize(
    ("glob", "expected"),
    [("*", ["CS1", "CS2", "EV1", None]), ("CS*", ["CS1", "CS2"]), ("cs1", ["CS1"]), ("[!C]*", ["EV1"])],
)
def test_station_filter_is_a_glob_or_an_identity_in_any_case(glob: str, expected: list[str | None]) -> None:
    entries: list[JsonObject] = [
        {"station": station} if station else {} for station in ("CS1", "CS2", "EV1", None)
    ]

    assert [item.get("station") for item in filtered(entries, OCPP_VERSIONS, station=glob)] == expected


TIMES = [
    "2026-01-01T11:59:59.999Z",
    "2026-01-01T12:00:00.000Z",
    "2026-01-01T12:00:00.001Z",
    "2026-01-02T12:00:00.000Z",
    "long ago",
]


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        case("since is inclusive", "2026-01-01T12:00:00Z", None, [1, 2, 3]),
        case("until is exclusive", None, "2026-01-01T12:00:00Z", [0]),
        case("both", "2026-01-01T12:00:00Z", "2026-01-01T12:00:00.001Z", [1]),
        case("UTC without a zone", "2026-01-01T12:00:00.001", None, [2, 3]),
        case("another zone", "2026-01-01T14:00:00.001+02:00", None, [2, 3]),
        case("a day", "2026-01-02", None, [3]),
        case("since a time of day", "12:00", None, [1, 2, 3]),
        case("until a time of day", None, "12:00", [0]),
        case("neither", None, None, [0, 1, 2, 3, 4]),
    ],
)
def test_time_filter_includes_since_and_excludes_until(
    since: str | None, until: str | None, expected: list[int]
) -> None:
    entries = numbered(*({"time": moment} for moment in TIMES))

    entries_between = filtered(
        entries,
        OCPP_VERSIONS,
        since=parse_time(since) if since else None,
        until=parse_time(until) if until else None,
    )

    assert [item["number"] for item in entries_between] == expected


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
def test_valid_time_is_parsed(text: str, expected: datetime | time) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize("text", ["", "x", "25:00", "2026-13-01", "yesterday", "12:00+02:00"])
def test_invalid_time_raises(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_time(text)


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        case("CALL", BOOT, False),
        case("CALLRESULT", BOOTED, False),
        case("refusal", REFUSED, True),
        case("refusal sent by the CSMS", {**BOOTED, "frame": [3, "1", {"status": "Rejected"}]}, False),
        case("accepted command", {**REFUSED, "frame": [3, "2", {"status": "Accepted"}]}, False),
        case("result that breaks its schema", {**REFUSED, "frame": [3, "2", {"a": [1]}]}, False),
        case("status that is a list", {**REFUSED, "frame": [3, "2", {"status": [1]}]}, False),
        case("violation", {**BOOT, "violation": "reason: is missing"}, True),
        case("CALLERROR", ERROR, True),
        case("malformed", MALFORMED, True),
        case("refused handshake", HANDSHAKE_REFUSED, True),
        case("connected", CONNECTED, False),
        case("disconnected", DISCONNECTED, False),
    ],
)
def test_error_entries_are_recognised(example: JsonObject, expected: bool) -> None:
    assert is_error(example, OCPP_VERSIONS) is expected


# As text


def line_of(example: JsonObject) -> str:
    (line,) = as_text([example], OCPP_VERSIONS)
    return line


@pytest.mark.parametrize(
    ("example", "line"),
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
        case("CALLERROR without a description", {**ERROR, "frame": [4, "3", "InternalError", "", {}]},
             "12:00:00.123  CS1  -> Heartbeat ERROR                     InternalError  1.0 ms"),
        case("payload without fields", {**RESET, "frame": [2, "2", "Reset", {}]},
             "12:00:00.123  CS1  -> Reset"),
        case("payload that is not an object", {**RESET, "frame": [2, "2", "Reset", 1]},
             '12:00:00.123  CS1  -> Reset                               [2,"2","Reset",1]'),
        case("malformed", MALFORMED, "12:00:00.123  CS1  <- malformed frame: not json {"),
        case("malformed JSON", entry("malformed", direction="received", frame=[9]),
             "12:00:00.123  CS1  <- malformed frame: [9]"),
        case("malformed on purpose", entry("malformed", direction="sent", text="{", injected=True),
             "12:00:00.123  CS1  -> malformed frame: {  injected"),
        case("malformed without text", entry("malformed", direction="received"),
             "12:00:00.123  CS1  <- malformed frame:"),
        case("connected", CONNECTED, "12:00:00.123  CS1  connected  (from 127.0.0.1:5000)"),
        case("disconnected", DISCONNECTED, "12:00:00.123  CS1  disconnected  (close code 1000)"),
        case("note", NOTE, "12:00:00.123  CS1  note: Plug in"),
        case("note about no station", {**NOTE, "station": ""}, "12:00:00.123  note: Plug in"),
        case("refused", HANDSHAKE_REFUSED, "12:00:00.123  CS1  refused  (404 Not Found)"),
        case("injected", {**BOOTED, "injected": True, "rule": "rule-1"},
             "12:00:00.123  CS1  -> BootNotification INJECTED           Accepted interval=300  0.4 ms"
             "  injected by rule-1"),
        case("rule", {**RESET, "rule": "rule-2"},
             "12:00:00.123  CS1  -> Reset                               type=OnIdle  rule rule-2"),
        case("violation", {**RESET, "violation": "type: is missing"},
             "12:00:00.123  CS1  -> Reset                               type=OnIdle"
             "  violation: type: is missing"),
    ],
)  # fmt: skip
def test_entry_is_formatted_as_in_the_log(example: JsonObject, line: str) -> None:
    assert line_of(example) == line


@pytest.mark.parametrize("hostile", list(HOSTILE))
def test_hostile_string_is_escaped_in_a_line(hostile: str) -> None:
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
def test_arbitrary_entry_is_one_printable_line(example: JsonObject) -> None:
    assert line_of(example).isprintable()


# As JSON


def test_json_output_equals_the_entry() -> None:
    assert json.loads(as_json(BOOT)) == BOOT


def test_deeply_nested_payload_is_encoded_again(tmp_path: Path) -> None:
    """The data of a DataTransfer may be any JSON."""
    line = b'{"type":"call","frame":[2,"1","DataTransfer",{"data":' + b"[" * 1000 + b"]" * 1000 + b"}]}"

    assert [as_json(item).encode() for item in read(file_of(tmp_path, line))] == [line]


# The command line


@pytest.fixture
def journal(tmp_path: Path) -> str:
    return str(file_of(tmp_path, *(json.dumps(item).encode() for item in numbered(*ALL))))


def run(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Run the `journal` command; return exit code, standard output and standard error."""
    code = command_line.main(arguments, OCPP_VERSIONS)
    out, err = capsys.readouterr()
    return code, out, err


def test_default_output_is_text(journal: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([journal], capsys) == (0, "\n".join([*as_text(ALL, OCPP_VERSIONS), ""]), "")


def test_json_flag_prints_json(journal: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run([journal, "--json"], capsys)

    assert (code, [json.loads(line) for line in out.splitlines()]) == (0, numbered(*ALL))


def test_mermaid_flag_prints_a_diagram(journal: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([journal, "--mermaid"], capsys) == (0, "\n".join([*as_mermaid(ALL, OCPP_VERSIONS), ""]), "")


@pytest.mark.parametrize(
    ("arguments", "expected"),
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
    ids=lambda value: " ".join(map(str, value)),
)
def test_filter_flag_keeps_matching_entries(
    journal: str, capsys: pytest.CaptureFixture[str], arguments: list[str], expected: list[int]
) -> None:
    _, out, _ = run([journal, *arguments, "--json"], capsys)

    assert [json.loads(line)["number"] for line in out.splitlines()] == expected


def test_limit_of_a_diagram_is_noted_in_it(journal: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run([journal, "--mermaid", "--limit", "2"], capsys)

    assert out.splitlines()[-1] == "    Note over CSMS: 7 more entries left out"


def test_help_lists_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        command_line.main(["--help"], OCPP_VERSIONS)

    page = capsys.readouterr().out
    flags = {*re.findall(r"^ +(--\w+)", page, re.MULTILINE)}
    assert exit_info.value.code == 0
    assert flags == {
        "--station", "--action", "--direction", "--type", "--since", "--until",
        "--errors", "--limit", "--mermaid", "--json",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "expected_error"),
    [
        case("no file", [], "the following arguments are required: FILE; --help shows the usage"),
        case("mistyped flag", ["run.ndjson", "--limt", "3"], "--limt 3; did you mean --limit?"),
        case("unknown type", ["run.ndjson", "--type", "frame"], "invalid choice: 'frame'"),
        case("unknown direction", ["run.ndjson", "--direction", "up"], "invalid choice: 'up'"),
        case(
            "invalid time", ["run.ndjson", "--since", "noon"], "expected a time such as 2026-01-01T12:00:00Z"
        ),
        case("limit of 0", ["run.ndjson", "--limit", "0"], "expected a positive integer, not '0'"),
        case(
            "limit that is not a number",
            ["run.ndjson", "--limit", "x\n"],
            r"expected a positive integer, not 'x\n'",
        ),
        case("limit of 5,000 digits", ["run.ndjson", "--limit", "9" * 5000], "expected a positive integer"),
        case("two output formats", ["run.ndjson", "--json", "--mermaid"], "not allowed with argument --json"),
        case("no such file", ["absent.ndjson"], "cannot read absent.ndjson: No such file or directory"),
        case("folder", ["."], "cannot read .: "),
    ],
)
def test_wrong_usage_prints_one_line_and_exits_with_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], expected_error: str
) -> None:
    code, out, err = run(arguments, capsys)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("server.py journal: ")
    assert expected_error in err


def test_other_file_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run([str(file_of(tmp_path, b"not json")), "--json"], capsys)

    assert (code, out) == (2, "")
    assert "run.ndjson:1: not a journal" in err


def test_invalid_line_prints_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run([str(file_of(tmp_path, ONE, b"{", end=b"")), "--json"], capsys)

    assert (code, out) == (0, '{"number":1}\n')
    assert err.endswith("run.ndjson:2: skipped a line that is not a journal entry\n")


def test_closed_pipe_ends_the_command_silently(tmp_path: Path) -> None:
    """The reader closes the pipe early, as ``| head`` does."""
    file = file_of(tmp_path, *[json.dumps(BOOT).encode()] * 10_000)
    program = "import sys; from mock_csms.journal.command_line import main; sys.exit(main(sys.argv[1:], []))"
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
        errors = process.stderr.read()

    assert (process.returncode, errors) == (0, b"")


@pytest.mark.skipif(os.name == "nt", reason="the Windows console has an encoding of its own")
def test_output_is_utf_8_with_any_console_encoding(tmp_path: Path) -> None:
    file = file_of(tmp_path, json.dumps({**BOOT, "station": "Gr\u00fcn \u6f22"}).encode())
    program = "import sys; from mock_csms.journal.command_line import main; sys.exit(main(sys.argv[1:], []))"

    process = subprocess.run(
        [sys.executable, "-c", program, str(file)],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=True,
        timeout=60,
    )

    assert "Gr\u00fcn \u6f22" in process.stdout.decode()
