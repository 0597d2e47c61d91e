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

from mock_csms import log
from mock_csms.contents import Content
from mock_csms.frames import JsonObject
from mock_csms.log import FROM_STATION, TO_STATION, JsonFormatter, MessageLine, TextFormatter, logger, summary
from tests.calls import call

HOSTILE = {
    "newline": "one\n12:00:00.000  CS002  forged",
    "carriage return": "one\rtwo",
    "ANSI escape": "\x1b[2J\x1b[31mred",
    "C1 control": "\x9b31mred",
    "NUL": "a\x00b",
    "line separator": "one\u2028two",
    "right to left": "\u202egnikniht",
    "very long": "x" * 100_000,
    "very long and hostile": "\n" * 100_000,
}
NOW = "2026-01-01T00:00:00Z"
WIDEST_LINE = 1000
"""Characters; generous, for what matters is that a line does not grow with what is sent."""


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


def is_one_clean_line(text: str) -> bool:
    return text.isprintable() and len(text) <= WIDEST_LINE


@pytest.fixture
def hostile(request: pytest.FixtureRequest) -> str:
    return HOSTILE[request.param]


each_hostile = pytest.mark.parametrize("hostile", list(HOSTILE), indirect=True)


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


# Summaries


@pytest.mark.parametrize(
    ("content", "said"),
    [
        case("nothing", {}, ""),
        case("boot", {"reason": "PowerUp", "chargingStation": {"model": "M1", "vendorName": "ACME"}},
             "reason=PowerUp ACME M1"),
        case("answer to a boot",
             {"currentTime": "2024-01-01T00:00:00Z", "interval": 300, "status": "Accepted"},
             "Accepted interval=300"),
        case("connector",
             {"timestamp": "2024-01-01T00:00:00Z", "connectorStatus": "Occupied", "evseId": 1,
              "connectorId": 2}, "Occupied evseId=1 connectorId=2"),
        case("token", {"idToken": {"idToken": "AABB", "type": "ISO14443"}}, "idToken=AABB"),
        case("token info", {"idTokenInfo": {"status": "Blocked"}}, "idTokenInfo=Blocked"),
        case("transaction", {"eventType": "Updated", "seqNo": 3,
                             "transactionInfo": {"transactionId": "T1", "chargingState": "Charging"}},
             "Updated seqNo=3 transactionId=T1 chargingState=Charging"),
        case("transaction without a state", {"transactionInfo": {"transactionId": "T1"}}, "transactionId=T1"),
        case("EVSE", {"evse": {"id": 1}}, "evse=1"),
        case("EVSE and connector", {"evse": {"id": 1, "connectorId": 2}}, "evse=1/2"),
        case("reason of a refusal", {"status": "Rejected", "statusInfo": {"reasonCode": "NotNow"}},
             "Rejected reasonCode=NotNow"),
        case("other object", {"firmware": {"location": "http://x"}}, "firmware={..}"),
        case("list", {"reportData": [1, 2, 3]}, "reportData[3]"),
        case("results",
             {"getVariableResult": [{"attributeStatus": "Accepted"}, {"attributeStatus": "Rejected"}]},
             "Accepted Rejected"),
        case("monitoring results", {"setMonitoringResult": [{"status": "Duplicate"}]}, "Duplicate"),
        case("customData", {"customData": {"vendorId": "x"}, "status": "Accepted"}, "Accepted"),
        case("meter values", {"evseId": 1, "meterValue": [{}]}, "evseId=1"),
        case("empty text", {"data": ""}, "data=''"),
        case("text for itself", "no answer within 30 s", "no answer within 30 s"),
        case("unicode", {"data": "Gr\u00fc\u00dfe"}, "data=Gr\u00fc\u00dfe"),
    ],
)  # fmt: skip
def test_a_summary_says_what_matters(content: object, said: str) -> None:
    assert summary(content) == said


@pytest.mark.parametrize("name", ["status", "eventType", "connectorStatus"])
def test_what_speaks_for_itself_comes_first(name: str) -> None:
    assert summary({"evseId": 1, name: "X"}) == "X evseId=1"


def test_a_summary_tells_of_many_fields_no_more_than_a_line_can_hold() -> None:
    assert len(summary({f"field{number}": number for number in range(1000)})) <= log.WIDEST_SUMMARY


@pytest.mark.parametrize(
    "content",
    [
        case("results that are no objects", {"getVariableResult": ["x", 1, None, []]}),
        case("results that are no list", {"setVariableResult": {"a": 1}}),
        case("chargingStation without fields", {"chargingStation": {}}),
        case("chargingStation that is no object", {"chargingStation": [1]}),
        case("evse without fields", {"evse": {}}),
        case("evse that is a list", {"evse": []}),
        case("token without fields", {"idToken": {}}),
        case("transactionInfo without fields", {"transactionInfo": {}}),
        case("status that is an object", {"status": {"a": 1}}),
        case("nulls", {"status": None, "evse": None, "idToken": None, "reportData": None}),
        case("list for a payload", [1, 2]),
        case("null for a payload", None),
        case("deep", {"status": nested(1000), "chargingStation": {"model": nested(1000)}, "a": nested(1000)}),
    ],
)
def test_a_summary_takes_what_no_schema_has_seen(content: object) -> None:
    """A CALL is logged as it comes, before its schema is asked."""
    assert is_one_clean_line(summary(content))


# Hostile stations


@each_hostile
@pytest.mark.parametrize(
    "wrap",
    [
        case("text for itself", lambda it: it),
        case("field", lambda it: {"data": it}),
        case("status", lambda it: {"status": it}),
        case("name of a field", lambda it: {it: 1}),
        case("name of an object", lambda it: {it: {}}),
        case("name of a list", lambda it: {it: []}),
        case("vendor", lambda it: {"chargingStation": {"vendorName": it, "model": it}}),
        case("EVSE", lambda it: {"evse": {"id": it, "connectorId": it}}),
        case("token", lambda it: {"idToken": {"idToken": it}}),
        case("token info", lambda it: {"idTokenInfo": {"status": it}}),
        case("reason code", lambda it: {"statusInfo": {"reasonCode": it}}),
        case("transaction", lambda it: {"transactionInfo": {"transactionId": it, "chargingState": it}}),
        case("result", lambda it: {"getVariableResult": [{"attributeStatus": it}]}),
        case("list in a short object", lambda it: {"idToken": {"idToken": [it]}}),
    ],
)
def test_a_hostile_string_does_not_break_the_summary(hostile: str, wrap: Any) -> None:
    assert is_one_clean_line(summary(wrap(hostile)))


@each_hostile
def test_a_hostile_action_does_not_break_the_line(hostile: str) -> None:
    """The action of a CALL is any string until it is looked up."""
    assert is_one_clean_line(str(MessageLine("CS001", FROM_STATION, hostile, {})))


@each_hostile
def test_a_hostile_string_does_not_break_the_line_of_json(hostile: str) -> None:
    line = MessageLine("CS001", FROM_STATION, "DataTransfer", {"data": hostile})

    assert json_line(line)["content"] == {"data": hostile}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        case("harmless", "Gr\u00fc\u00dfe \U0001f50c", "Gr\u00fc\u00dfe \U0001f50c"),
        case("newline", "a\nb", r"a\nb"),
        case("ANSI escape", "\x1b[31mred", r"\x1b[31mred"),
        case("line separator", "a\u2028b", r"a\u2028b"),
        case("empty", "", ""),
    ],
)
def test_what_cannot_be_printed_is_escaped_and_nothing_else(text: str, line: str) -> None:
    assert log.one_line(text) == line


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
    numbers = range(2 * log.MOST_TOLD + 3)

    for number in numbers:
        log.tell("CS001", FROM_STATION, f"Action{number}", {})
        if number % 50 == 0:
            logger.info("between")
    logger.warning("at once")

    told = [line.split()[-1] for line in capsys.readouterr().out.splitlines()]
    assert [it for it in told if it != "between"] == [*(f"Action{number}" for number in numbers), "once"]
    assert told[told.index("between") - 1] == "Action0"


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize(
    ("said", "shown"),
    [
        case("a new line", "CS002\nforged", r"CS002\nforged"),
        case("an ANSI escape", "\x1b[31mred", r"\x1b[31mred"),
        case("a separator of lines", "CS\u2028001", r"CS\u2028001"),
        case("letters of all kinds", "Säule 充电", "Säule 充电"),
    ],
)
async def test_what_a_station_sends_breaks_no_line_among_others(
    said: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log.configure("info", "text")

    for text in ("before", said, "after"):
        log.tell("CS001", FROM_STATION, "DataTransfer", {"vendorId": text})
    log.flush()

    lines = capsys.readouterr().out.split("\n")
    assert [line.partition("vendorId=")[2] for line in lines] == ["before", shown, "after", ""]


@pytest.mark.usefixtures("restored_logging")
async def test_a_line_has_the_time_at_which_it_was_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log.configure("info", "text")
    for moment in (1_800_000_000.1, 1_800_000_000.25, 1_800_000_000.2504, 1_800_000_001.5):
        monkeypatch.setattr("time.time", lambda moment=moment: moment)
        log.tell("CS001", FROM_STATION, "Heartbeat", {})
    log.flush()

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0][-3:] for line in lines] == ["100", "250", "250", "500"]


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
    log.tell("CS001", FROM_STATION, "Heartbeat", {})
    async with asyncio.timeout(5):
        await written.wait()
    assert json.loads(stream.getvalue())["station"] == "CS001"


@pytest.mark.usefixtures("restored_logging")
async def test_lines_are_made_when_there_are_many(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "text")
    made: list[int] = []

    class Content:
        def __init__(self, number: int) -> None:
            self.number = number

        def __str__(self) -> str:
            made.append(self.number)
            return f"number {self.number}"

    for number in range(log.MOST_TOLD + 1):
        log.tell("CS001", FROM_STATION, "X", Content(number))

    assert made == list(range(log.MOST_TOLD))
    log.flush()
    assert len(capsys.readouterr().out.splitlines()) == log.MOST_TOLD + 1


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
        log.tell("CS001", FROM_STATION, "Heartbeat", {})
        logger.info("soon")
        logger.warning("at once")
    log.tell("CS001", FROM_STATION, "Heartbeat", {})

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


STATUS = {"evseId": 1, "connectorId": 2, "timestamp": NOW, "connectorStatus": "Faulted"}
BOOT = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
ITEM = {"component": {"name": "C"}, "variable": {"name": "V"}, "variableAttribute": [{}]}
REPORT = {"requestId": 7, "generatedAt": NOW, "seqNo": 0, "tbc": True, "reportData": [ITEM]}
SECURITY_EVENT = {"type": "", "timestamp": NOW, "techInfo": "x" * 61}
NEEDS = {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "DC"}}
EVENT = {
    "eventType": "Updated",
    "timestamp": NOW,
    "triggerReason": "Trigger",
    "seqNo": 3,
    "evse": {"id": 1, "connectorId": 2},
    "idToken": {"idToken": "AA", "type": "Central"},
    "transactionInfo": {"transactionId": "T", "chargingState": "Idle"},
}


@pytest.mark.parametrize(
    ("action", "payload", "said"),
    [
        case("nothing", "Heartbeat", {}, ""),
        case("status first", "StatusNotification", STATUS, "Faulted evseId=1 connectorId=2"),
        case("nested", "BootNotification", BOOT, "V M reason=PowerUp"),
        case("list", "NotifyReport", REPORT, "requestId=7 reportData[1] tbc=True seqNo=0"),
        case("texts", "SecurityEventNotification", SECURITY_EVENT, f"type='' techInfo={'x' * 57}..."),
        case("object", "NotifyEVChargingNeeds", NEEDS, "chargingNeeds={..} evseId=1"),
        case("transaction", "TransactionEvent", EVENT,
             "Updated triggerReason=Trigger seqNo=3 transactionId=T chargingState=Idle evse=1/2 idToken=AA"),
    ],
)  # fmt: skip
def test_a_content_is_told_as_its_json_is(action: str, payload: JsonObject, said: str) -> None:
    content = call(action, payload).content
    assert isinstance(content, Content)
    assert summary(content) == said
    assert sorted(summary(payload).split()) == sorted(said.split())


def test_json_has_the_content_of_a_message_that_was_read() -> None:
    payload = {"requestId": 7, "status": "Uploading"}
    line = MessageLine("CS001", FROM_STATION, "X", call("LogStatusNotification", payload).content)
    assert json_line(line)["content"] == payload
