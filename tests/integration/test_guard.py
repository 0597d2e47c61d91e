"""Failures while recording, learning, logging or judging are logged and never end a connection."""

import asyncio
import gc
import io
import json
import logging
import os
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import pytest
from websockets.asyncio.client import ClientConnection

from charge_point import ChargePoint
from mock_csms import MockCsms, Settings
from mock_csms.csms import Csms
from mock_csms.errors import CallFailed, CallTimedOut, Disconnected, InvalidAnswer
from mock_csms.journal.recorder import Recorder
from mock_csms.log import output
from mock_csms.log.guard import QUIET_TIME
from mock_csms.log.output import logger
from mock_csms.messages import CallRejected, JsonObject
from mock_csms.mock import listening
from mock_csms.v201.findings.observer import Observer201
from mock_csms.v201.version import OCPP_2_0_1
from server import VERSIONS
from tests.conftest import LogLines, Serve
from tests.support.station import heartbeat_is_answered, raw_connection, receive

pytestmark = pytest.mark.guarded_failures

BOOT = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
FULL_DISK = Path("/dev/full")
needs_full_disk = pytest.mark.skipif(not FULL_DISK.exists(), reason="the system has no /dev/full")


class Broken(Exception):
    """Raised on purpose by the tests."""


def broken(*_: Any, **__: Any) -> Any:
    raise Broken


def failures(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Messages of the errors that were logged with a traceback."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno == logging.ERROR and record.exc_info
    ]


def journal_of(csms: Csms) -> list[tuple[str, str | None, str | None]]:
    return [(entry.type, entry.direction, entry.action) for entry in csms.records.journal]


class MinuteClock:
    """Clock of a server's guard; `advance` moves it by a minute."""

    def __init__(self, csms: Csms, monkeypatch: pytest.MonkeyPatch) -> None:
        self._now = 0.0
        self._csms = csms
        monkeypatch.setattr(csms.records.guard, "_clock", lambda: self._now)

    def advance(self) -> None:
        self._now += QUIET_TIME
        self._csms.records.tick()


async def ask(connection: ClientConnection, action: str, payload: JsonObject, message_id: str = "1") -> Any:
    """Send a CALL, and return its answer without the message id."""
    await connection.send(json.dumps([2, message_id, action, payload]))
    kind, answered_id, *rest = await receive(connection)
    assert answered_id == message_id
    return [kind, *rest]


@asynccontextmanager
async def pending_command(
    csms: Csms, connection: ClientConnection, action: str, payload: JsonObject
) -> AsyncIterator[tuple[str, "asyncio.Task[JsonObject]"]]:
    """Send a command; once it arrives, yield its message id and the task that waits for the answer."""
    command = asyncio.create_task(csms.sessions["CS1"].call(action, payload))
    kind, message_id, sent, _ = await receive(connection)
    assert (kind, sent) == (2, action)
    yield message_id, command
    await asyncio.wait([command])


async def command_answered(
    csms: Csms, connection: ClientConnection, action: str, payload: JsonObject, answer: JsonObject
) -> JsonObject:
    """Send a command, answer it as the station, and return the result of `Session.call`."""
    async with pending_command(csms, connection, action, payload) as (message_id, command):
        await connection.send(json.dumps([3, message_id, answer]))
    return await command


# Answers of any shape

ODD_ANSWERS: dict[str, tuple[JsonObject, JsonObject]] = {
    "ClearCache": ({}, {"status": {}}),
    "Reset": ({"type": "OnIdle"}, {"status": [[]]}),
    "GetVariables": (
        {"getVariableData": [{"component": {"name": "C"}, "variable": {"name": "V"}}]},
        {"getVariableResult": [{"attributeStatus": {}}, 7, None]},
    ),
}


@pytest.mark.parametrize("validation", ["off", "report"])
@pytest.mark.parametrize("action", ODD_ANSWERS)
@pytest.mark.parametrize("extra_calls", [0, 30], ids=["alone", "with 30 CALLs"])
async def test_answer_of_any_shape_leaves_the_connection_alive(
    serve: Serve, caplog: pytest.LogCaptureFixture, validation: str, action: str, extra_calls: int
) -> None:
    """One packet has more frames than are handled at once (8): reading must resume afterwards."""
    csms = await serve(validation=validation)
    payload, answer = ODD_ANSWERS[action]
    async with raw_connection(csms) as connection:
        async with pending_command(csms, connection, action, payload) as (message_id, command):
            connection.protocol.send_text(json.dumps([3, message_id, answer]).encode())
            for number in range(extra_calls):
                connection.protocol.send_text(f'[2,"{number}","Heartbeat",{{}}]'.encode())
            connection.send_data()
            answers = [await receive(connection) for _ in range(extra_calls)]
        assert await command == answer
        assert [message[:2] for message in answers] == [[3, str(number)] for number in range(extra_calls)]
        assert await heartbeat_is_answered(connection)
    assert failures(caplog) == []


# Findings


async def trigger_every_event(csms: Csms, connection: ClientConnection) -> None:
    """Trigger every kind of event that an observer receives."""
    assert (await ask(connection, "Heartbeat", {}))[0] == 3
    assert (await ask(connection, "Heartbeat", {"more": 1}, "2"))[0] == 4
    assert (await ask(connection, "BootNotification", BOOT, "3"))[0] == 3
    await connection.send("{")
    assert (await receive(connection))[:2] == [4, "-1"]
    assert (await ask(connection, "Authorize", {"idToken": {"idToken": "x", "type": "Local"}}, "4"))[0] == 4
    assert await command_answered(csms, connection, "ClearCache", {}, {"status": "Accepted"})
    async with pending_command(csms, connection, "Reset", {"type": "OnIdle"}) as (_, command):
        pass
    assert isinstance(command.exception(), CallFailed)


EVENT_SETTINGS: dict[str, Any] = {
    "call_timeout": 0.05,
    "rules": [{"when": {"action": "Authorize"}, "then": {"error": {"code": "GenericError"}}}],
}
EXPECTED_JOURNAL = [
    ("connected", None, None),
    ("call", "received", "Heartbeat"),
    ("result", "sent", "Heartbeat"),
    ("call", "received", "Heartbeat"),
    ("error", "sent", "Heartbeat"),
    ("call", "received", "BootNotification"),
    ("result", "sent", "BootNotification"),
    ("malformed", "received", None),
    ("error", "sent", None),
    ("call", "received", "Authorize"),
    ("error", "sent", "Authorize"),
    ("call", "sent", "ClearCache"),
    ("result", "received", "ClearCache"),
    ("call", "sent", "Reset"),
    ("call", "received", "Heartbeat"),
    ("result", "sent", "Heartbeat"),
]


@pytest.mark.parametrize(
    "event",
    [
        *("connected", "exchanged", "received_call", "sent_error", "malformed", "resumed"),
        *("sent_call", "received_answer", "timed_out", "judge_call", "answered", "doubt"),
        *("command_sent", "command_answered", "command_failed"),
    ],
)
async def test_finding_that_raises_costs_no_answer_and_no_entry(
    serve: Serve, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    csms = await serve(**EVENT_SETTINGS)
    monkeypatch.setattr(Observer201, event, broken)
    async with raw_connection(csms) as connection:
        await trigger_every_event(csms, connection)
        csms.records.tick()
        assert await heartbeat_is_answered(connection)
    assert journal_of(csms)[: len(EXPECTED_JOURNAL)] == EXPECTED_JOURNAL
    assert csms.records.statistics.messages["received", "Heartbeat", "result"] == 2
    assert failures(caplog)
    assert len(failures(caplog)) == len(set(failures(caplog)))


async def test_withheld_answer_is_recorded_although_its_finding_raises(
    serve: Serve, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    csms = await serve(faults=["Authorize:no-answer"])
    monkeypatch.setattr(Observer201, "withheld", broken)
    async with raw_connection(csms) as connection:
        await connection.send('[2,"1","Authorize",{"idToken":{"idToken":"x","type":"Local"}}]')
        assert await heartbeat_is_answered(connection)
    assert ("withheld", "sent", "Authorize") in journal_of(csms)
    assert failures(caplog) == ["CS1  looking for findings (broken) failed"]


async def test_tick_that_raises_for_one_station_goes_on_for_others_and_is_counted(
    csms: Csms, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticked: list[str] = []
    minute = MinuteClock(csms, monkeypatch)

    def overdue(observer: Observer201, _: float) -> Any:
        ticked.append(observer._report._station)
        if ticked[-1] == "CS1":
            raise Broken
        return ()

    async with raw_connection(csms, "CS1") as first, raw_connection(csms, "CS2") as second:
        monkeypatch.setattr(Observer201, "overdue", overdue)
        for _ in range(3):
            csms.records.tick()
        assert await heartbeat_is_answered(first)
        assert await heartbeat_is_answered(second)
    assert ticked == ["CS1", "CS2"] * 3
    minute.advance()
    assert failures(caplog) == ["CS1  looking for overdue messages failed"]
    assert "CS1  looking for overdue messages failed 2 more times within a minute" in caplog.messages


async def test_finding_that_raises_again_is_counted_after_a_minute(
    csms: Csms, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    minute = MinuteClock(csms, monkeypatch)
    monkeypatch.setattr(Observer201, "judge_call", broken)
    async with raw_connection(csms) as connection:
        for _ in range(4):
            assert await heartbeat_is_answered(connection)
        minute.advance()
        assert await heartbeat_is_answered(connection)
    assert failures(caplog) == ["CS1  recording a CALL failed"] * 2
    assert "CS1  recording a CALL failed 3 more times within a minute" in caplog.messages


# Learning, follow-ups, handlers


@pytest.mark.parametrize(
    ("target", "activity"),
    [
        ("charge_point.learn_from_message", "learning from a BootNotification"),
        ("charge_point.ChargePoint.register", "the follow-up of a BootNotification"),
        ("charge_point.followups.after_boot", "the follow-up of a BootNotification"),
    ],
)
async def test_failure_beside_an_answer_leaves_the_answer(
    csms: Csms, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, target: str, activity: str
) -> None:
    minute = MinuteClock(csms, monkeypatch)
    async with raw_connection(csms) as connection:
        monkeypatch.setattr(target, broken)
        for message_id in ("1", "2", "3"):
            kind, answer = await ask(connection, "BootNotification", BOOT, message_id)
            assert (kind, answer["status"]) == (3, "Accepted")
        minute.advance()
        assert await heartbeat_is_answered(connection)
    assert f"CS1  {activity} failed" in failures(caplog)
    assert f"CS1  {activity} failed 2 more times within a minute" in caplog.messages


async def test_failed_follow_up_of_a_connection_leaves_it_alive(
    csms: Csms, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("charge_point.followups.after_reconnect", broken)
    async with raw_connection(csms) as connection:
        assert await heartbeat_is_answered(connection)
    assert failures(caplog) == ["CS1  the follow-up of a connection failed"]


async def test_counting_attempts_that_raises_leaves_the_answer(
    serve: Serve, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    csms = await serve(rules=[{"when": {"action": "Authorize"}, "then": {"answer": {}}}])
    monkeypatch.setattr(ChargePoint, "note_attempt", broken)
    async with raw_connection(csms) as connection:
        token = {"idToken": {"idToken": "x", "type": "Local"}}
        assert (await ask(connection, "Authorize", token))[0] == 3
        assert await heartbeat_is_answered(connection)
    assert failures(caplog) == ["CS1  counting attempts at a Authorize failed"]


async def test_learning_from_an_answer_that_raises_leaves_the_answer(
    csms: Csms, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("charge_point.learn_from_answer", broken)
    async with raw_connection(csms) as connection:
        answer = await command_answered(csms, connection, "ClearCache", {}, {"status": "Accepted"})
        assert answer == {"status": "Accepted"}
        assert await heartbeat_is_answered(connection)
    assert failures(caplog) == ["CS1  learning from the answer to ClearCache failed"]


async def test_handler_that_raises_is_an_internal_error(
    csms: Csms, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with raw_connection(csms) as connection:
        monkeypatch.setattr(ChargePoint, "_lookup_token", broken)
        token = {"idToken": {"idToken": "x", "type": "Local"}}
        assert (await ask(connection, "Authorize", token))[:2] == [4, "InternalError"]
        assert await heartbeat_is_answered(connection)
    assert failures(caplog) == ["CS1  the answer to Authorize failed"]


# Listeners


async def test_journal_listener_that_raises_costs_no_answer_and_no_entry(
    csms: Csms, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    minute = MinuteClock(csms, monkeypatch)
    seen: list[Any] = []
    async with raw_connection(csms) as connection:
        csms.records.journal.listen(broken)
        csms.records.journal.listen(seen.append)
        assert await heartbeat_is_answered(connection)
        assert (await ask(connection, "Heartbeat", {"more": 1}))[0] == 4
        answer = await command_answered(csms, connection, "ClearCache", {}, {"status": "Accepted"})
        assert answer == {"status": "Accepted"}
        assert await heartbeat_is_answered(connection)
    assert [entry.type for entry in seen][:6] == ["call", "result", "call", "error", "call", "result"]
    assert seen == list(csms.records.journal)[1:]
    assert [(entry.partner, entry.number) for entry in seen if entry.type == "error"] == [(4, 5)]
    assert [finding.id for finding in csms.records.findings] == ["call-violates-schema", "message-id-reused"]
    minute.advance()
    assert failures(caplog) == ["CS1  a listener of the journal failed"]
    assert (
        f"CS1  a listener of the journal failed {len(seen) - 1} more times within a minute" in caplog.messages
    )


async def test_finding_listener_that_raises_costs_no_finding(
    csms: Csms, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []
    csms.records.on_finding += [broken, lambda finding: seen.append(finding.id)]
    async with raw_connection(csms) as connection:
        assert (await ask(connection, "Heartbeat", {"more": 1}))[0] == 4
        assert await heartbeat_is_answered(connection)
    assert seen == ["call-violates-schema"]
    assert failures(caplog) == ["CS1  a listener for findings failed"]


# Standard output and the journal's file


@pytest.fixture
def log_to(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[TextIO, str], None]]:
    """Yield a function that replaces standard output by a stream and logs to it; undone after the test."""
    monkeypatch.setattr(output, "_output", None)
    loggers = logging.getLogger(), logging.getLogger("websockets"), logger
    handlers, levels = loggers[0].handlers[:], [changed.level for changed in loggers]

    def configure(stream: TextIO, style: str = "text") -> None:
        monkeypatch.setattr(sys, "stdout", stream)
        output.configure("info", style)

    yield configure
    output.close()
    loggers[0].handlers[:] = handlers
    for changed, level in zip(loggers, levels, strict=True):
        changed.setLevel(level)


type LogTo = Callable[..., None]


@pytest.mark.parametrize("style", ["text", "json"])
async def test_line_that_cannot_be_encoded_is_written_with_escapes(
    csms: Csms, log_to: LogTo, style: str
) -> None:
    written = io.BytesIO()
    log_to(io.TextIOWrapper(written, encoding="ascii"), style)
    boot = {**BOOT, "chargingStation": {"model": "Zoë", "vendorName": "électrique"}}
    async with raw_connection(csms, "St%C3%A4tion") as connection:
        assert (await ask(connection, "BootNotification", boot))[0] == 3
        assert await heartbeat_is_answered(connection)
    logger.warning("é")
    output.flush()
    lines = written.getvalue().decode("ascii")
    assert r"St\xe4tion" in lines
    assert r"\xe9lectrique" in lines


@contextmanager
def full_disk() -> Iterator[TextIO]:
    """A stream on which every write fails."""
    stream = FULL_DISK.open("w", encoding="utf-8")
    try:
        yield stream
    finally:
        with suppress(OSError):  # closing writes the rest, which fails too
            stream.close()


@needs_full_disk
async def test_full_disk_costs_no_answer_and_is_logged(log_to: LogTo, log_lines: LogLines) -> None:
    """The journal failure is logged once; lost log lines are counted until they can be written again."""
    settings = Settings(port=0, no_control=True, journal=FULL_DISK)
    works_again = io.StringIO()
    with full_disk() as stream:
        log_to(stream)
        async with MockCsms(settings, VERSIONS) as mock, raw_connection(mock.csms) as connection:
            for _ in range(3):
                assert await heartbeat_is_answered(connection)
                mock.csms.records.feed.flush()
                output.flush()
            replace_stdout(works_again)
            assert await heartbeat_is_answered(connection)
            output.flush()
        assert len(await log_lines.wait_for("cannot write the journal /dev/full: No space left")) == 1
    [lost_lines] = re.findall(r"(\d+) lines of the log are missing here", works_again.getvalue())
    assert int(lost_lines) > 3
    assert "Heartbeat result" in works_again.getvalue()


def replace_stdout(stream: TextIO) -> None:
    """Replace standard output, without configuring the log again."""
    sys.stdout = stream


# No free file descriptor


@contextmanager
def no_free_descriptor() -> Iterator[None]:
    """Make every open() fail while the context lasts: the lowest free descriptor is past the limit."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            os.open(os.devnull, os.O_RDONLY)
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.fixture
async def without_schemas() -> AsyncIterator[Csms]:
    """A server that has not loaded any schema."""
    fresh = replace(OCPP_2_0_1)

    class FreshChargePoint(ChargePoint):
        version = fresh

    served = replace(VERSIONS[fresh.subprotocol], version=fresh, charge_point=FreshChargePoint)
    csms = Csms(Settings(port=0), {fresh.subprotocol: served})
    async with listening(csms):
        yield csms


async def test_call_whose_schema_cannot_be_read_is_an_internal_error(
    without_schemas: Csms, caplog: pytest.LogCaptureFixture
) -> None:
    async with raw_connection(without_schemas) as connection:
        with no_free_descriptor():
            for message_id in ("1", "2"):
                assert (await ask(connection, "Heartbeat", {}, message_id))[:2] == [4, "InternalError"]
        assert await heartbeat_is_answered(connection)
    assert failures(caplog) == ["CS1  the answer to Heartbeat failed"]


async def test_command_whose_schema_cannot_be_read_is_not_sent(without_schemas: Csms) -> None:
    async with raw_connection(without_schemas) as connection:
        assert await heartbeat_is_answered(connection)
        with no_free_descriptor():
            with pytest.raises(CallFailed, match="the schema of ClearCache cannot be read: Too many open"):
                await without_schemas.sessions["CS1"].call("ClearCache", {})
            assert await heartbeat_is_answered(connection)
        answer = await command_answered(without_schemas, connection, "ClearCache", {}, {"status": "Accepted"})
        assert answer == {"status": "Accepted"}


async def test_answer_whose_schema_cannot_be_read_is_not_checked(
    without_schemas: Csms, caplog: pytest.LogCaptureFixture
) -> None:
    async with raw_connection(without_schemas) as connection:
        assert await heartbeat_is_answered(connection)
        assert without_schemas.ocpp_versions[0].request("ClearCache").violation_when_sent({}) is None
        with no_free_descriptor():
            accepted = {"status": "Accepted"}
            answer = await command_answered(without_schemas, connection, "ClearCache", {}, accepted)
            assert answer == accepted
            assert await heartbeat_is_answered(connection)
    assert failures(caplog) == ["CS1  checking the answer to ClearCache failed"]


# A recorder that raises

RECORDER_METHODS = sorted(
    name for name, member in vars(Recorder).items() if callable(member) and not name.startswith("_")
)


async def talk(csms: Csms, connection: ClientConnection) -> None:
    """Exchange messages both ways: valid, invalid, malformed, late, and some that rules answer or drop."""
    assert (await ask(connection, "Heartbeat", {}))[0] == 3
    assert (await ask(connection, "Heartbeat", {"x": 1}))[1] == "FormatViolation"
    await connection.send("[")
    assert (await receive(connection))[2] == "RpcFrameworkError"
    assert (await ask(connection, "DataTransfer", {"vendorId": "V"}, "2"))[1] == "GenericError"
    await connection.send('[2, "withheld", "FirmwareStatusNotification", {"status": "Idle"}]')
    await connection.send('[3, "nobody-asked", {}]')
    assert await command_answered(csms, connection, "ClearCache", {}, {"status": "Accepted"}) == {
        "status": "Accepted"
    }
    async with pending_command(csms, connection, "GetLocalListVersion", {}) as (message_id, command):
        for version in (1, 2):  # a rule withholds the first answer
            await connection.send(json.dumps([3, message_id, {"versionNumber": version}]))
            assert await heartbeat_is_answered(connection)
    assert await command == {"versionNumber": 2}
    async with pending_command(csms, connection, "ClearCache", {}) as (message_id, command):
        await connection.send(json.dumps([3, message_id]))
        with pytest.raises(InvalidAnswer):
            await command
    with pytest.raises(CallTimedOut):
        await csms.sessions["CS1"].exchange("ClearCache", {}, timeout=0.01)
    assert (await receive(connection))[2] == "ClearCache"


TALK_RULES: list[JsonObject] = [
    {"when": {"action": "DataTransfer"}, "then": {"error": {"code": "GenericError"}}},
    {"when": {"action": "FirmwareStatusNotification"}, "then": {"fault": {"kind": "no-answer"}}},
    {
        "when": {"action": "GetLocalListVersion", "direction": "answer"},
        "then": {"fault": {"kind": "no-answer"}},
        "times": 1,
    },
]

HOOKS = [
    "charge_point.ChargePoint.learn",
    "charge_point.ChargePoint.learn_from_answer",
    "mock_csms.journal.records.Records.find",
    "mock_csms.journal.statistics.Statistics.command_answered",
    "mock_csms.journal.store.Journal.note",
    "mock_csms.journal.store.Journal.note_exchange",
    "mock_csms.ocppj.calling.MessageLine",
    "mock_csms.ocppj.calling.masked",
    "mock_csms.ocppj.answer_log.MessageLine",
    "mock_csms.ocppj.session.log_answer",
    "mock_csms.ocppj.session.log_call",
    "mock_csms.versions.OcppVersion.outcome",
]
"""Functions that record, learn, judge or log, apart from the methods of recorder and observer."""


@pytest.mark.parametrize("hook", HOOKS)
async def test_hook_that_raises_costs_no_answer(
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    log_lines: LogLines,
    hook: str,
) -> None:
    monkeypatch.setattr(hook, broken)
    csms = await serve(rules=TALK_RULES, validation="strict")
    async with raw_connection(csms, compression=None) as connection:
        await talk(csms, connection)
        assert await heartbeat_is_answered(connection)
        async with pending_command(csms, connection, "ClearCache", {}) as (_, command):
            await connection.close()
        assert isinstance(command.exception(), Disconnected)
    await log_lines.wait_for("CS1  disconnected")
    assert failures(caplog)


@pytest.mark.parametrize("method", RECORDER_METHODS)
async def test_recorder_that_raises_costs_no_answer(
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    log_lines: LogLines,
    method: str,
) -> None:
    monkeypatch.setattr(Recorder, method, broken)
    csms = await serve(rules=TALK_RULES, validation="strict")
    async with raw_connection(csms, compression=None) as connection:
        await talk(csms, connection)
        assert await heartbeat_is_answered(connection)
    await log_lines.wait_for("CS1  disconnected")
    assert failures(caplog)


async def test_answer_that_json_cannot_express_is_an_internal_error(
    csms: Csms, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_to_encode(*_: Any) -> Any:
        raise TypeError("Recursion limit reached")

    async with raw_connection(csms, compression=None) as connection:
        monkeypatch.setattr("mock_csms.ocppj.session.call_result_frame", fail_to_encode)
        assert (await ask(connection, "DataTransfer", {"vendorId": "V"}))[:2] == [4, "InternalError"]
        monkeypatch.undo()
        assert await heartbeat_is_answered(connection)
    assert ("error", "sent", "DataTransfer") in journal_of(csms)


async def test_rejected_call_leaves_nothing_behind(serve: Serve) -> None:
    csms = await serve()
    async with raw_connection(csms, compression=None) as connection:
        for number in range(20):
            assert (await ask(connection, "Heartbeat", {"x": 1}, str(number)))[1] == "FormatViolation"
        gc.collect()
        assert [it for it in gc.get_objects() if isinstance(it, CallRejected)] == []
