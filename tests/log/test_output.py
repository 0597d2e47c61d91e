"""The log: what a line says, and that nothing a station sends can break it."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from mock_csms.log import output as log
from mock_csms.log.output import (
    FROM_STATION,
    TO_STATION,
    JsonFormatter,
    MessageLine,
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


def record(message: object, *arguments: object, level: int = logging.INFO, **more: Any) -> logging.LogRecord:
    return logging.LogRecord("mock_csms", level, "file.py", 1, message, arguments, more.get("exc_info"))


def json_line(message: object, *arguments: object, level: int = logging.INFO, **more: Any) -> JsonObject:
    line = JsonFormatter().format(record(message, *arguments, level=level, **more))
    assert "\n" not in line
    found: JsonObject = json.loads(line)
    return found


def text_line(message: object, level: int = logging.INFO) -> str:
    return TextFormatter().format(record(message, level=level))


@pytest.fixture
def restored_logging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put back what `configure` changes."""
    monkeypatch.setattr(log, "_output", None)
    root, websockets = logging.getLogger(), logging.getLogger("websockets")
    handlers, levels = root.handlers[:], [it.level for it in (root, websockets, logger)]
    yield
    root.handlers[:] = handlers
    for it, level in zip((root, websockets, logger), levels, strict=True):
        it.setLevel(level)


# Hostile stations


@each_hostile
def test_a_hostile_action_does_not_break_the_line(hostile: str) -> None:
    """The action of a CALL is any string until it is looked up."""
    assert is_one_clean_line(str(MessageLine("CS001", FROM_STATION, hostile, {})))


@each_hostile
def test_a_hostile_string_does_not_break_the_line_of_json(hostile: str) -> None:
    line = MessageLine("CS001", FROM_STATION, "DataTransfer", {"data": hostile})

    assert json_line(line)["content"] == {"data": hostile}


def test_a_hostile_argument_does_not_break_the_line_of_text() -> None:
    line = TextFormatter().format(record("%s  connected", "CS\u2028001\n"))

    assert line.isprintable()


# Lines of text


def test_a_line_names_station_direction_action_and_content() -> None:
    line = str(MessageLine("CS001", FROM_STATION, "Authorize", {"idToken": {"idToken": "AABB"}}))

    assert line.split() == ["CS001", "<-", "Authorize", "idToken=AABB"]


def test_a_line_of_an_answer_tells_outcome_and_time() -> None:
    line = str(MessageLine("CS001", TO_STATION, "Reset", {"status": "Rejected"}, "REFUSED", 0.01234))

    assert line.split() == ["CS001", "->", "Reset", "REFUSED", "Rejected", "12.3", "ms"]


def test_a_line_tells_the_outcome_however_long_the_action_is() -> None:
    line = str(MessageLine("CS001", TO_STATION, "x" * 1000, "why", "ERROR"))

    assert line.split()[3:] == ["ERROR", "why"]


def test_what_a_line_says_does_not_stick_to_a_long_name() -> None:
    line = str(MessageLine("CS001", TO_STATION, "PublishFirmwareStatusNotification", "why", "ERROR", 0.0))

    assert line.split()[3:] == ["ERROR", "why", "0.0", "ms"]


@pytest.mark.parametrize(
    ("level", "shown"),
    [(logging.INFO, []), (logging.WARNING, ["WARN"]), (logging.ERROR, ["ERROR"]), (logging.DEBUG, ["DEBUG"])],
    ids=str,
)
def test_text_shows_the_level_where_it_is_not_info(level: int, shown: list[str]) -> None:
    assert text_line("something happened", level).split()[1:] == [*shown, "something", "happened"]


def test_text_begins_with_the_time_of_the_day_in_milliseconds() -> None:
    made = record("hello")
    made.created = 1_800_000_000.5

    time = TextFormatter().format(made).split()[0]

    assert len(time) == len("12:00:00.500")
    assert time.endswith(".500")


def test_a_message_line_is_written_as_text() -> None:
    line = MessageLine("CS001", FROM_STATION, "Heartbeat", {})

    assert text_line(line).endswith("CS001  <- Heartbeat")


# Lines of JSON


def test_json_has_time_level_and_message() -> None:
    made = record("%s  connected from %s", "CS001", "127.0.0.1", level=logging.WARNING)
    made.created = 1704110400.5

    assert json.loads(JsonFormatter().format(made)) == {
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
    found = json_line(line)

    expected = {"station": "CS001", "action": "Reset", "content": {"a": 1}, **fields}
    assert {key: found[key] for key in expected} == expected


def test_json_has_the_exception_on_the_same_line() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        found = json_line("it failed", level=logging.ERROR, exc_info=sys.exc_info())

    assert found["exception"].startswith("Traceback")
    assert found["exception"].endswith("ValueError: two\nlines")


def test_json_writes_a_payload_as_deep_as_frames_can_be() -> None:
    """A DataTransfer may carry anything that is JSON."""
    found = json_line(MessageLine("CS001", FROM_STATION, "DataTransfer", {"data": nested(900)}))

    assert found["action"] == "DataTransfer"


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
def test_the_log_shows_a_level_and_what_is_worse(
    capsys: pytest.CaptureFixture[str], level: str, shown: list[str]
) -> None:
    log.configure(level, "json")

    for each in ("debug", "info", "warning", "error"):
        getattr(logger, each)("message")

    assert [json.loads(line)["level"] for line in capsys.readouterr().out.splitlines()] == shown


@pytest.mark.usefixtures("restored_logging")
def test_the_log_goes_to_standard_output_alone(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "text")

    logger.info("listening")

    out, err = capsys.readouterr()
    assert (out.split()[1:], err) == (["listening"], "")


@pytest.mark.usefixtures("restored_logging")
def test_what_websockets_says_of_broken_connections_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("debug", "text")

    logging.getLogger("websockets.server").error("opening handshake failed")

    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("restored_logging")
def test_configuring_twice_shows_a_line_once(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "text")
    log.configure("info", "text")

    logger.info("once")

    assert capsys.readouterr().out.count("once") == 1


# Lines of messages


@pytest.mark.usefixtures("restored_logging")
async def test_lines_stay_in_the_order_in_which_they_were_told(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "text")
    expected: list[str] = []

    for number in range(2 * log.MAX_PENDING_LINES + 3):
        told = log.log_call("CS001", f"Action{number}", {"data": "called"})
        expected.append(f"CS001 <- Action{number} data=called")
        if number % 50 == 0:
            logger.info("between")
            expected.append("between")
        if number % 7:
            log.log_answer(told, {"status": "Accepted"}, 0.00123)
            expected.append(f"CS001 -> Action{number} result Accepted 1.2 ms")
    logger.warning("at once")

    lines = [" ".join(line.split()[1:]) for line in capsys.readouterr().out.splitlines()]
    assert lines == [*expected, "WARN at once"]


@pytest.mark.usefixtures("restored_logging")
async def test_what_is_kept_of_actions_is_bounded_whatever_stations_send() -> None:
    log.configure("info", "text")
    invented = [f"invented{number}" for number in range(3 * log.MOST_COLUMNS)]
    for action in (*invented, "x" * 1000, "Heartbeat"):
        log.log_call("CS001", action, {})
    log.flush()

    assert "Heartbeat" in log.COLUMNS
    assert len(log.COLUMNS) <= log.MOST_COLUMNS
    assert max(map(len, log.COLUMNS)) <= log.MAX_ACTION_WIDTH


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize("style", ["text", "json"])
async def test_what_is_told_of_a_call_and_its_answer_is_what_is_logged_of_them(
    style: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log.configure("info", style)
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.5)
    payload: JsonObject
    for payload in ({}, {"status": "Uploading", "requestId": 7}, {"customData": {"vendorId": "x"}}):
        content = read("LogStatusNotification", payload).content
        told = log.log_call("CS001", "LogStatusNotification", payload if content is None else content)
        log.log_answer(told, payload, 12.3456)
        logger.info(MessageLine("CS001", FROM_STATION, "LogStatusNotification", payload))
        logger.info(MessageLine("CS001", TO_STATION, "LogStatusNotification", payload, "result", 12.3456))
    log.flush()

    lines = [it.replace(":00.500", ":12.845") for it in capsys.readouterr().out.splitlines()]
    assert len(lines) == 12
    for number in range(0, 12, 4):
        assert lines[number : number + 2] == lines[number + 2 : number + 4]


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize(
    ("said", "shown"),
    [
        case("a new line", "CS002\nforged", r"CS002\nforged"),
        case("an ANSI escape", "\x1b[31mred", r"\x1b[31mred"),
        case("a separator of lines", "CS\u2028001", r"CS\u2028001"),
        case("letters of all kinds", "S\u00e4ule \u5145\u7535", "S\u00e4ule \u5145\u7535"),
    ],
)
async def test_what_a_station_sends_breaks_no_line_among_others(
    said: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log.configure("info", "text")

    for text in ("before", said, "after"):
        log.log_call("CS001", "DataTransfer", {"vendorId": text})
    log.flush()

    lines = capsys.readouterr().out.split("\n")
    assert [line.partition("vendorId=")[2] for line in lines] == ["before", shown, "after", ""]


@pytest.mark.usefixtures("restored_logging")
async def test_a_line_has_the_time_at_which_it_was_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log.configure("info", "text")
    for moment, elapsed in ((0.1, 0.0002), (0.25, 0.0015), (0.2504, 0.0), (1.5, 2.0)):
        monkeypatch.setattr("time.time", lambda moment=moment: 1_800_000_000 + moment)
        log.log_answer(log.log_call("CS001", "Heartbeat", {}), {}, elapsed)
    log.flush()

    clocks = [line.split()[0][-6:] for line in capsys.readouterr().out.splitlines()]
    expected = ["00.100", "00.100", "00.250", "00.251", "00.251", "00.251", "01.500", "03.500"]
    assert clocks == expected


@pytest.mark.usefixtures("restored_logging")
async def test_the_last_lines_are_written_soon_though_nothing_follows(
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
async def test_lines_are_made_when_there_are_many(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "text")
    made: list[int] = []

    class Number(int):
        def __str__(self) -> str:
            made.append(int(self))
            return "said"

    for number in range(log.MAX_PENDING_LINES + 1):
        log.log_answer(log.log_call("CS001", "X", {}), {"status": Number(number)}, 0.0)

    assert made == list(range(log.MAX_PENDING_LINES))
    log.flush()
    assert len(capsys.readouterr().out.splitlines()) == 2 * (log.MAX_PENDING_LINES + 1)


@pytest.mark.usefixtures("restored_logging")
async def test_what_is_written_at_once_leaves_no_timer_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, timers = asyncio.get_running_loop(), list[asyncio.TimerHandle]()
    call_later = loop.call_later

    def noted(*arguments: Any) -> asyncio.TimerHandle:
        timers.append(call_later(*arguments))
        return timers[-1]

    monkeypatch.setattr(loop, "call_later", noted)
    log.configure("info", "text")
    for _ in range(3):
        log.log_call("CS001", "Heartbeat", {})
        logger.info("soon")
        logger.warning("at once")
    log.log_call("CS001", "Heartbeat", {})

    assert [it.cancelled() for it in timers] == [True, True, True, False]


@pytest.mark.usefixtures("restored_logging")
def test_lines_that_an_ended_loop_left_are_written_by_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "text")

    async def say() -> None:
        logger.info("said")

    asyncio.run(say())
    assert capsys.readouterr().out == ""
    logger.info("said")
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_json_has_the_content_of_a_message_that_was_read() -> None:
    payload = {"requestId": 7, "status": "Uploading"}
    line = MessageLine("CS001", FROM_STATION, "X", call("LogStatusNotification", payload).content)
    assert json_line(line)["content"] == payload
