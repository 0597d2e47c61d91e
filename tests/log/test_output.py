"""Log output: lines of text and JSON, which nothing sent by a station can break."""

import asyncio
import io
import json
import logging
import sys
from typing import Any

import orjson
import pytest

from mock_csms.log import output as log
from mock_csms.log.color import Color
from mock_csms.log.output import (
    FROM_STATION,
    MAX_STATION_WIDTH,
    TO_STATION,
    JsonFormatter,
    MessageLine,
    PendingLine,
    TextFormatter,
    logger,
)
from mock_csms.messages import JsonObject
from tests.support.hostile import each_hostile, is_one_clean_line
from tests.support.payloads import call, read

NOW = "2026-01-01T00:00:00Z"


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def nested(depth: int) -> Any:
    return orjson.loads("[" * depth + "]" * depth)


def record(
    message: object, *arguments: object, level: int = logging.INFO, **options: Any
) -> logging.LogRecord:
    return logging.LogRecord("mock_csms", level, "file.py", 1, message, arguments, options.get("exc_info"))


def json_line(message: object, *arguments: object, level: int = logging.INFO, **options: Any) -> JsonObject:
    line = JsonFormatter().format(record(message, *arguments, level=level, **options))
    assert "\n" not in line
    fields: JsonObject = json.loads(line)
    return fields


def text_line(message: object, level: int = logging.INFO) -> str:
    return TextFormatter().format(record(message, level=level))


def written(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the log written to standard output since the last call."""
    log.flush()
    return capsys.readouterr().out


# Hostile stations


@each_hostile
def test_hostile_action_is_escaped(hostile: str) -> None:
    """The action of a CALL may be any string until it is looked up."""
    assert is_one_clean_line(str(MessageLine("CS001", FROM_STATION, hostile, {})))


@each_hostile
def test_hostile_string_is_escaped_in_json(hostile: str) -> None:
    line = MessageLine("CS001", FROM_STATION, "DataTransfer", {"data": hostile})

    assert json_line(line)["content"] == {"data": hostile}


def test_hostile_argument_is_escaped_in_text() -> None:
    line = TextFormatter().format(record("%s  connected", "CS\u2028001\n"))

    assert line.isprintable()


# Lines of text


def test_line_of_a_call_has_station_direction_action_and_content() -> None:
    line = str(MessageLine("CS001", FROM_STATION, "Authorize", {"idToken": {"idToken": "AABB"}}))

    assert line.split() == ["CS001", "<-", "Authorize", "idToken=AABB"]


def test_line_of_an_answer_has_outcome_and_duration() -> None:
    line = str(MessageLine("CS001", TO_STATION, "Reset", {"status": "Rejected"}, "REFUSED", 0.01234))

    assert line.split() == ["CS001", "->", "Reset", "REFUSED", "Rejected", "12.3", "ms"]


def test_outcome_follows_a_truncated_action() -> None:
    line = str(MessageLine("CS001", TO_STATION, "x" * 1000, "why", "ERROR"))

    assert line.split()[3:] == ["ERROR", "why"]


def test_long_action_is_separated_from_the_content() -> None:
    line = str(MessageLine("CS001", TO_STATION, "PublishFirmwareStatusNotification", "why", "ERROR", 0.0))

    assert line.split()[3:] == ["ERROR", "why", "0.0", "ms"]


@pytest.mark.parametrize(
    ("level", "shown"),
    [(logging.INFO, []), (logging.WARNING, ["WARN"]), (logging.ERROR, ["ERROR"]), (logging.DEBUG, ["DEBUG"])],
    ids=str,
)
def test_text_shows_every_level_but_info(level: int, shown: list[str]) -> None:
    assert text_line("something happened", level).split()[1:] == [*shown, "something", "happened"]


def test_line_break_at_the_end_of_a_text_is_dropped() -> None:
    assert text_line("Exception in ASGI application\n").endswith("  Exception in ASGI application")
    assert json_line("Exception in ASGI application\n")["message"] == "Exception in ASGI application"


def test_text_begins_with_time_of_day_in_milliseconds() -> None:
    hello = record("hello")
    hello.created = 1_800_000_000.5

    time = TextFormatter().format(hello).split()[0]

    assert len(time) == len("12:00:00.500")
    assert time.endswith(".500")


def test_identities_are_padded_to_the_longest_one() -> None:
    formatter = TextFormatter()
    heartbeats = [
        formatter.format(record(MessageLine(station, FROM_STATION, "Heartbeat", {})))
        for station in ("CS1", "CS-0001", "CS1", "x" * 100, "CS1")
    ]

    columns = [line.index("<-") for line in heartbeats]
    assert columns[1] == columns[2] == columns[0] + len("CS-0001") - len("CS1")
    assert columns[4] == columns[0] + MAX_STATION_WIDTH - len("CS1")


def test_lines_about_stations_are_padded_alike() -> None:
    formatter = TextFormatter()
    formatter.format(record(MessageLine("CS-0001", FROM_STATION, "Heartbeat", {})))

    event = formatter.format(record("%s  connected from %s", "CS1", "127.0.0.1"))
    call_and_answer = formatter.format_messages([PendingLine(0.0, "CS1", "Heartbeat", "", {}, 0.0)])

    assert "CS1      connected from 127.0.0.1" in event
    assert [line[21:33] for line in call_and_answer.splitlines()] == ["CS1      <- ", "CS1      -> "]


@pytest.mark.parametrize(
    ("level", "start"),
    [
        (logging.INFO, ""),
        (logging.WARNING, "\x1b[33m"),
        (logging.ERROR, "\x1b[31m"),
    ],
)
def test_level_is_coloured_on_request(level: int, start: str) -> None:
    line = TextFormatter(color=True).format(record("text\x1b[31m", level=level))

    assert line[14:].startswith(start)
    assert line.endswith(r"text\x1b[31m")
    assert line.count("\x1b") == (2 if start else 0)


def test_line_at_debug_is_dimmed_as_a_whole() -> None:
    line = TextFormatter(color=True).format(record("%s  <- frame []", "CS1", level=logging.DEBUG))

    assert line[14:] == "\x1b[2mDEBUG  CS1  <- frame []\x1b[0m"


def test_identity_has_a_colour_of_its_own_in_every_line() -> None:
    formatter = TextFormatter(color=True)
    lines = [
        formatter.format(record("%s  connected", "CS1")),
        formatter.format(record(MessageLine("CS1", FROM_STATION, "Heartbeat", {}))),
        *formatter.format_messages([PendingLine(0.0, "CS1", "Heartbeat", "", {}, 0.0)]).splitlines(),
    ]
    (other,) = formatter.format_messages([PendingLine(0.0, "CS2", "Heartbeat", "")]).splitlines()

    start = lines[0][21 : lines[0].index("CS1")]
    assert start.startswith("\x1b[")
    assert all(line[21:].startswith(f"{start}CS1\x1b[0m  ") for line in lines)
    assert not other[21:].startswith(start)


def test_identity_with_an_escape_sequence_is_not_coloured() -> None:
    formatter = TextFormatter(color=True)
    (line,) = formatter.format_messages([PendingLine(0.0, "\x1b[31mCS", "Heartbeat", "")]).splitlines()

    assert "\x1b" not in line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize(
    ("color", "stream", "environment", "is_coloured"),
    [
        ("auto", Terminal(), {}, True),
        ("auto", io.StringIO(), {}, False),
        ("auto", Terminal(), {"NO_COLOR": "1"}, False),
        ("auto", Terminal(), {"TERM": "dumb"}, False),
        ("auto", io.StringIO(), {"FORCE_COLOR": "1"}, True),
        ("auto", Terminal(), {"FORCE_COLOR": "0"}, True),
        ("auto", io.StringIO(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("always", io.StringIO(), {"NO_COLOR": "1"}, True),
        ("never", Terminal(), {}, False),
    ],
)
def test_colour_depends_on_the_setting_the_terminal_and_no_color(
    monkeypatch: pytest.MonkeyPatch,
    color: Color,
    stream: io.StringIO,
    environment: dict[str, str],
    is_coloured: bool,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", stream)
    log.configure("info", "text", color)

    logger.warning("text")
    log.flush()

    assert ("\x1b[33m" in stream.getvalue()) == is_coloured


def test_message_line_is_formatted_as_text() -> None:
    line = MessageLine("CS001", FROM_STATION, "Heartbeat", {})

    assert text_line(line).endswith("CS001  <- Heartbeat")


# Lines of JSON


def test_json_has_time_level_and_message() -> None:
    connected = record("%s  connected from %s", "CS001", "127.0.0.1", level=logging.WARNING)
    connected.created = 1704110400.5

    assert json.loads(JsonFormatter().format(connected)) == {
        "time": "2024-01-01T12:00:00.500Z",
        "level": "warning",
        "message": "CS001  connected from 127.0.0.1",
    }


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        case("CALL received", MessageLine("CS001", FROM_STATION, "Reset", {"a": 1}),
             {"direction": "received", "outcome": "call", "elapsed": None}),
        case("CALL sent", MessageLine("CS001", TO_STATION, "Reset", {"a": 1}),
             {"direction": "sent", "outcome": "call", "elapsed": None}),
        case("CALLRESULT", MessageLine("CS001", TO_STATION, "Reset", {"a": 1}, "result", 0.5),
             {"direction": "sent", "outcome": "result", "elapsed": 0.5}),
        case("refusal", MessageLine("CS001", FROM_STATION, "Reset", {"a": 1}, "REFUSED", 0.5),
             {"direction": "received", "outcome": "refused", "elapsed": 0.5}),
        case("CALLERROR", MessageLine("CS001", FROM_STATION, "Reset", {"a": 1}, "ERROR", 0.5),
             {"direction": "received", "outcome": "error", "elapsed": 0.5}),
    ],
)  # fmt: skip
def test_json_has_the_fields_of_a_message_line(line: MessageLine, fields: JsonObject) -> None:
    written = json_line(line)

    expected = {"station": "CS001", "action": "Reset", "content": {"a": 1}, **fields}
    assert {key: written[key] for key in expected} == expected


def test_json_has_the_exception_on_the_same_line() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        fields = json_line("it failed", level=logging.ERROR, exc_info=sys.exc_info())

    assert fields["exception"].startswith("Traceback")
    assert fields["exception"].endswith("ValueError: two\nlines")


def test_json_accepts_a_deeply_nested_payload() -> None:
    """The data of a DataTransfer may be any JSON."""
    fields = json_line(MessageLine("CS001", FROM_STATION, "DataTransfer", {"data": nested(900)}))

    assert fields["action"] == "DataTransfer"


# configure


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_level_hides_less_severe_records(
    capsys: pytest.CaptureFixture[str], level: str, shown: list[str]
) -> None:
    log.configure(level, "json")

    for each in ("debug", "info", "warning", "error"):
        getattr(logger, each)("message")

    assert [json.loads(line)["level"] for line in written(capsys).splitlines()] == shown


@pytest.mark.usefixtures("restored_logging")
def test_log_goes_only_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "text")

    logger.info("listening")

    log.flush()
    out, err = capsys.readouterr()
    assert (out.split()[1:], err) == (["listening"], "")


@pytest.mark.usefixtures("restored_logging")
def test_websockets_errors_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("debug", "text")

    logging.getLogger("websockets.server").error("opening handshake failed")

    assert written(capsys) == ""


@pytest.mark.usefixtures("restored_logging")
def test_configuring_twice_writes_a_line_once(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "text")
    log.configure("info", "text")

    logger.info("once")

    assert written(capsys).count("once") == 1


class Unprintable:
    """A value whose ``str()`` raises."""

    def __str__(self) -> str:
        raise ValueError("no text")


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize("style", ["text", "json"])
async def test_line_that_cannot_be_formatted_costs_no_other_line(
    style: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log.configure("info", style)

    for content in ({"data": "before"}, {"data": Unprintable()}, {"data": "after"}):
        log.log_answer(log.log_call("CS001", "DataTransfer", {}), content, 0.0)
    logger.warning("%s", Unprintable())
    log.flush()

    out, err = capsys.readouterr()
    assert [text in out for text in ("before", "after")] == [True, True]
    assert out.count("a line of the log cannot be formatted: ValueError") == 2
    assert err == ""


# Lines of messages


@pytest.mark.usefixtures("restored_logging")
async def test_lines_keep_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "text")
    expected: list[str] = []

    for number in range(2 * log.MAX_PENDING_LINES + 3):
        line = log.log_call("CS001", f"Action{number}", {"data": "called"})
        expected.append(f"CS001 <- Action{number} data=called")
        if number % 50 == 0:
            logger.info("between")
            expected.append("between")
        if number % 7:
            log.log_answer(line, {"status": "Accepted"}, 0.00123)
            expected.append(f"CS001 -> Action{number} result Accepted 1.2 ms")
    logger.warning("at once")

    lines = [" ".join(line.split()[1:]) for line in written(capsys).splitlines()]
    assert lines == [*expected, "WARN at once"]


@pytest.mark.usefixtures("restored_logging")
async def test_column_cache_is_bounded_for_invented_actions() -> None:
    log.configure("info", "text")
    invented = [f"invented{number}" for number in range(3 * log.MAX_COLUMNS)]
    for action in (*invented, "x" * 1000, "Heartbeat"):
        log.log_call("CS001", action, {})
    log.flush()

    assert "Heartbeat" in log.COLUMNS
    assert len(log.COLUMNS) <= log.MAX_COLUMNS
    assert max(map(len, log.COLUMNS)) <= log.MAX_ACTION_WIDTH


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize("style", ["text", "json"])
async def test_fast_path_and_logging_write_the_same_lines(
    style: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "clock_offset", lambda: 1_800_000_000.0)
    log.configure("info", style)
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.5)
    payload: JsonObject
    for payload in ({}, {"status": "Uploading", "requestId": 7}, {"customData": {"vendorId": "x"}}):
        content = read("LogStatusNotification", payload).content
        line = log.log_call("CS001", "LogStatusNotification", payload if content is None else content, 0.5)
        log.log_answer(line, payload, 12.3456)
        logger.info(MessageLine("CS001", FROM_STATION, "LogStatusNotification", payload))
        logger.info(MessageLine("CS001", TO_STATION, "LogStatusNotification", payload, "result", 12.3456))

    lines = [line.replace(":00.500", ":12.845") for line in written(capsys).splitlines()]
    assert len(lines) == 12
    for number in range(0, 12, 4):
        assert lines[number : number + 2] == lines[number + 2 : number + 4]


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        case("newline", "CS002\nforged", r"CS002\nforged"),
        case("ANSI escape", "\x1b[31mred", r"\x1b[31mred"),
        case("line separator", "CS\u2028001", r"CS\u2028001"),
        case("non-ASCII letters", "S\u00e4ule \u5145\u7535", "S\u00e4ule \u5145\u7535"),
    ],
)
async def test_hostile_content_is_escaped_among_other_lines(
    content: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log.configure("info", "text")

    for text in ("before", content, "after"):
        log.log_call("CS001", "DataTransfer", {"vendorId": text})
    log.flush()

    lines = written(capsys).split("\n")
    assert [line.partition("vendorId=")[2] for line in lines] == ["before", expected, "after", ""]


@pytest.mark.usefixtures("restored_logging")
async def test_lines_have_the_times_of_call_and_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "clock_offset", lambda: 1_800_000_000.0)
    log.configure("info", "text")
    for arrival, elapsed in ((0.1, 0.0002), (0.25, 0.0015), (0.2504, 0.0), (1.5, 2.0)):
        log.log_answer(log.log_call("CS001", "Heartbeat", {}, arrival), {}, elapsed)
    log.flush()

    clocks = [line.split()[0][-6:] for line in written(capsys).splitlines()]
    expected = ["00.100", "00.100", "00.250", "00.251", "00.251", "00.251", "01.500", "03.500"]
    assert clocks == expected


def test_interruption_between_two_clocks_does_not_change_their_offset(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    readings = iter([10.0, 10.5, 11.0, 11.000_001])  # half a second passes between the first two
    monkeypatch.setattr(log, "perf_counter", lambda: next(readings))
    monkeypatch.setattr("time.time", iter([1_800_000_010.0, 1_800_000_011.0]).__next__)
    assert log.clock_offset() == pytest.approx(1_800_000_000, abs=0.001)


@pytest.mark.usefixtures("restored_logging")
async def test_times_of_lines_follow_the_clock_when_it_is_set(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log.configure("info", "text")
    for offset in (1_800_000_000.0, 1_800_000_060.0):
        monkeypatch.setattr(log, "clock_offset", lambda offset=offset: offset)
        log.log_call("CS001", "Heartbeat", {}, 1.5)
        log.flush()
    clocks = [line.split()[0][-9:] for line in written(capsys).splitlines()]
    assert clocks == ["00:01.500", "01:01.500"]


@pytest.mark.usefixtures("restored_logging")
async def test_lines_are_flushed_without_a_further_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = asyncio.Event()

    class Stream(io.StringIO):
        def flush(self) -> None:
            written.set()

    monkeypatch.setattr(sys, "stdout", stream := Stream())
    log.configure("info", "json")
    log.log_call("CS001", "Heartbeat", {})
    async with asyncio.timeout(5):
        await written.wait()
    assert json.loads(stream.getvalue())["station"] == "CS001"


@pytest.mark.usefixtures("restored_logging")
async def test_pending_lines_are_formatted_at_the_limit(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "text")
    formatted: list[int] = []

    class Number(int):
        def __str__(self) -> str:
            formatted.append(int(self))
            return "number"

    for number in range(log.MAX_PENDING_LINES + 1):
        log.log_answer(log.log_call("CS001", "X", {}), {"status": Number(number)}, 0.0)

    assert formatted == list(range(log.MAX_PENDING_LINES))
    log.flush()
    assert len(written(capsys).splitlines()) == 2 * (log.MAX_PENDING_LINES + 1)


@pytest.mark.usefixtures("restored_logging")
async def test_immediate_write_cancels_the_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    loop, timers = asyncio.get_running_loop(), list[asyncio.TimerHandle]()
    call_later = loop.call_later

    def recording_call_later(*arguments: Any) -> asyncio.TimerHandle:
        timers.append(call_later(*arguments))
        return timers[-1]

    monkeypatch.setattr(loop, "call_later", recording_call_later)
    log.configure("info", "text")
    for _ in range(3):
        log.log_call("CS001", "Heartbeat", {})
        logger.info("soon")
        logger.warning("at once")
    log.log_call("CS001", "Heartbeat", {})

    assert [timer.cancelled() for timer in timers] == [True, True, True, False]


@pytest.mark.usefixtures("restored_logging")
def test_lines_of_a_closed_loop_are_written_later(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "FLUSH_DELAY", 60.0)  # so that the loop is closed before the lines are written
    log.configure("info", "text")

    async def log_once() -> None:
        logger.info("logged")

    asyncio.run(log_once())
    assert capsys.readouterr().out == ""
    logger.info("logged")
    assert len(written(capsys).splitlines()) == 2


def test_json_has_the_content_of_a_valid_payload() -> None:
    payload = {"requestId": 7, "status": "Uploading"}
    line = MessageLine("CS001", FROM_STATION, "X", call("LogStatusNotification", payload).content)
    assert json_line(line)["content"] == payload
