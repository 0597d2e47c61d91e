"""The log of messages: one line per event, in chronological order, with the outcome that it really had."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from mock_csms.csms import Csms
from mock_csms.errors import Disconnected, InvalidAnswer
from mock_csms.log import output
from mock_csms.log.output import logger
from tests.conftest import LogLines, Serve
from tests.support.station import heartbeat_is_answered, raw_connection, receive

BOOT = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}


async def ask(connection: ClientConnection, action: str, payload: Any, message_id: str = "1") -> Any:
    """Send a CALL, and return the next frame."""
    await connection.send(json.dumps([2, message_id, action, payload]))
    return await receive(connection)


async def answer_command(
    csms: Csms, connection: ClientConnection, action: str, payload: Any, *answer: Any
) -> "asyncio.Task[Any]":
    """Send a command, answer it with ``[type, id, *answer]``; return the finished task of `Session.call`."""
    command = asyncio.create_task(csms.sessions["CS1"].call(action, payload))
    _, message_id, *_ = await receive(connection)
    await connection.send(json.dumps([answer[0], message_id, *answer[1:]]))
    await asyncio.wait([command])
    return command


def lines_about(log_lines: LogLines, *words: str) -> list[str]:
    return [line for line in log_lines.lines if all(word in line for word in words)]


# Commands


async def test_command_without_answer_at_the_end_of_the_connection_is_disconnected(
    csms: Csms, log_lines: LogLines
) -> None:
    async with raw_connection(csms) as connection:
        command = asyncio.create_task(csms.sessions["CS1"].call("ClearCache", {}))
        await receive(connection)
    await log_lines.wait_for("CS1  disconnected")

    assert isinstance((await asyncio.gather(command, return_exceptions=True))[0], Disconnected)
    [line] = lines_about(log_lines, "<- ClearCache")
    assert "ClearCache DISCONNECTED" in line
    assert "the connection ended before the station answered" in line
    assert log_lines.lines.index(line) < log_lines.lines.index(lines_about(log_lines, "  disconnected")[0])
    assert csms.records.statistics.messages["sent", "ClearCache", "disconnected"] == 1


async def test_command_with_a_malformed_answer_is_counted(csms: Csms, log_lines: LogLines) -> None:
    async with raw_connection(csms) as connection:
        command = await answer_command(csms, connection, "ClearCache", {}, 3)
        assert isinstance(command.exception(), InvalidAnswer)
    assert csms.records.statistics.messages["sent", "ClearCache", "malformed"] == 1
    assert len(lines_about(log_lines, "malformed")) == 1


@pytest.mark.parametrize(
    ("command", "answer", "shown"),
    [
        (("GetInstalledCertificateIds", {}), {"status": "NotFound"}, "result"),
        (("UnpublishFirmware", {"checksum": "0" * 32}), {"status": "NoFirmware"}, "result"),
        (("ClearVariableMonitoring", {"id": [1]}),
         {"clearMonitoringResult": [{"id": 1, "status": "NotFound"}]}, "result"),
        (("ClearCache", {}), {"status": "Rejected"}, "REFUSED"),
        (("ClearVariableMonitoring", {"id": [1, 2]}),
         {"clearMonitoringResult": [{"id": 1, "status": "Accepted"}, {"id": 2, "status": "Rejected"}]},
         "PARTLY REFUSED"),
    ],
)  # fmt: skip
async def test_outcome_of_a_command_is_shown(
    csms: Csms, log_lines: LogLines, command: tuple[str, Any], answer: Any, shown: str
) -> None:
    action, payload = command
    async with raw_connection(csms) as connection:
        await answer_command(csms, connection, action, payload, 3, answer)
    [line] = lines_about(log_lines, f"<- {action}")
    assert line.split(action)[1].startswith(f" {shown} ")


async def test_answer_is_logged_and_learnt_before_the_message_after_it(
    csms: Csms, log_lines: LogLines
) -> None:
    """All frames arrive in one packet, so that no task runs between them."""
    async with raw_connection(csms, compression=None) as connection:
        command = asyncio.create_task(csms.sessions["CS1"].call("ClearCache", {}))
        _, message_id, *_ = await receive(connection)
        connection.protocol.send_text(json.dumps([3, message_id, {"status": "Accepted"}]).encode())
        connection.protocol.send_text(b'[2,"after","DataTransfer",{"vendorId":"V"}]')
        connection.send_data()
        assert (await receive(connection))[1] == "after"
        await command
    order = [line.split()[1:3] for line in log_lines.lines if "<-" in line]
    assert order == [["<-", "ClearCache"], ["<-", "DataTransfer"]]


async def test_answer_that_settles_a_command_is_not_a_time_out(csms: Csms, log_lines: LogLines) -> None:
    """The answer is read in the same iteration of the loop in which the time is up."""
    async with raw_connection(csms) as connection:
        session = csms.sessions["CS1"]
        command = asyncio.create_task(session.exchange("ClearCache", {}, timeout=60))
        _, message_id, *_ = await receive(connection)
        assert session.pending is not None
        exchange_task = next(
            task for task in asyncio.all_tasks() if "_in_turn" in getattr(task.get_coro(), "__qualname__", "")
        )
        session.receive(json.dumps([3, message_id, {"status": "Accepted"}]).encode())
        exchange_task.cancel()  # as `asyncio.timeout` does
        await asyncio.wait([command])
    assert len(lines_about(log_lines, "<- ClearCache result")) == 1


# One line for each event


@pytest.mark.parametrize("frame", ["{", '[3,"unknown",{}]', '[3,"1"]', "[9]"])
async def test_frame_with_a_finding_is_one_line(csms: Csms, log_lines: LogLines, frame: str) -> None:
    async with raw_connection(csms) as connection:
        await log_lines.wait_for("connected from")
        before = len(log_lines.lines)
        await connection.send(frame)
        await connection.send('[2,"end","DataTransfer",{"vendorId":"V"}]')
        await log_lines.wait_for("-> DataTransfer")
    lines = [line for line in log_lines.lines[before:] if "DataTransfer" not in line and "close" not in line]
    assert len(lines) == 1
    assert "  finding " in lines[0]


@pytest.mark.parametrize("frame", ["{", '[3,"unknown",{}]', '[3,"1"]', "[9]"])
async def test_frame_without_a_finding_is_one_line_too(serve: Serve, log_lines: LogLines, frame: str) -> None:
    csms = await serve(findings="never")
    async with raw_connection(csms) as connection:
        await log_lines.wait_for("connected from")
        before = len(log_lines.lines)
        await connection.send(frame)
        await connection.send('[2,"end","DataTransfer",{"vendorId":"V"}]')
        await log_lines.wait_for("-> DataTransfer")
    lines = [line for line in log_lines.lines[before:] if "DataTransfer" not in line and "close" not in line]
    assert len(lines) == 1


async def test_answer_that_breaks_its_schema_is_its_line_and_a_finding(
    serve: Serve, log_lines: LogLines
) -> None:
    csms = await serve(validation="report")
    async with raw_connection(csms) as connection:
        await answer_command(csms, connection, "ClearCache", {}, 3, {"status": "Perhaps"})
    assert len(lines_about(log_lines, "Perhaps")) == 1
    assert len(lines_about(log_lines, "ClearCache", "schema")) == 1


@pytest.mark.parametrize("findings", ["always", "never"])
async def test_reported_violation_is_one_line(serve: Serve, log_lines: LogLines, findings: str) -> None:
    csms = await serve(validation="report", findings=findings)
    async with raw_connection(csms) as connection:
        assert (await ask(connection, "Heartbeat", {"x": "y" * 900_000}))[0] == 3
        assert await heartbeat_is_answered(connection)
    assert len(lines_about(log_lines, "schema")) == 1
    assert max(map(len, log_lines.lines)) < 1000


# Order of time


@pytest.fixture
def log_to(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[io.StringIO], None]]:
    """Yield a function that makes the server log to a stream as JSON; undone after the test."""
    monkeypatch.setattr(output, "_output", None)
    root, level = logging.getLogger(), logger.level
    handlers = root.handlers[:]

    def configure(stream: io.StringIO) -> None:
        monkeypatch.setattr(sys, "stdout", stream)
        output.configure("info", "json")

    yield configure
    output.close()
    root.handlers[:] = handlers
    logger.setLevel(level)


async def test_lines_are_in_the_order_of_their_times(
    serve: Serve, log_to: Callable[[io.StringIO], None]
) -> None:
    log_to(log_text := io.StringIO())
    faults = ["DataTransfer:delay=0.02", "Authorize:duplicate"]
    csms = await serve(faults=faults, validation="report")
    token = {"idToken": {"idToken": "x", "type": "Local"}}
    async with raw_connection(csms, compression=None) as connection:
        for number in range(50):
            calls: list[tuple[str, Any]] = [
                ("Heartbeat", {"no": "x" * 20_000}),
                ("DataTransfer", {"vendorId": "V"}),
                ("Authorize", token),
                ("Heartbeat", {}),
                ("Invented", {}),
            ]
            for kind, (action, payload) in enumerate(calls):
                connection.protocol.send_text(json.dumps([2, f"{number}-{kind}", action, payload]).encode())
        connection.send_data()
        for _ in range(50 * 6):
            await receive(connection)
        await answer_command(csms, connection, "ClearCache", {}, 3, {"status": "Perhaps"})
    output.flush()

    times = [json.loads(line)["time"] for line in log_text.getvalue().splitlines()]
    assert len(times) > 500
    assert times == sorted(times)


# Limits


@pytest.mark.parametrize("validation", ["strict", "report", "off"])
@pytest.mark.parametrize("levels", [255, 300, 1000])
async def test_deep_boot_is_refused_without_a_finding(serve: Serve, validation: str, levels: int) -> None:
    csms = await serve(validation=validation)
    deep = "[" * levels + "]" * levels
    payload = json.dumps({**BOOT, "customData": {"vendorId": "V"}})[:-2] + f', "deep": {deep}}}}}'
    async with raw_connection(csms) as connection:
        await connection.send(f'[2,"boot","BootNotification",{payload}]')
        assert (await receive(connection))[:3] == [4, "boot", "FormatViolation"]
        assert await heartbeat_is_answered(connection)
    assert csms.records.found["malformed-frame"] == 0


@pytest.mark.parametrize("validation", ["strict", "report", "off"])
async def test_deep_answer_fails_its_command_without_a_finding(serve: Serve, validation: str) -> None:
    csms = await serve(validation=validation)
    async with raw_connection(csms) as connection:
        command = asyncio.create_task(csms.sessions["CS1"].call("ClearCache", {}))
        _, message_id, *_ = await receive(connection)
        deep = "[" * 300 + "]" * 300
        await connection.send(
            f'[3,"{message_id}",{{"status":"Accepted","customData":{{"vendorId":{deep}}}}}]'
        )
        with pytest.raises(InvalidAnswer, match="at most 128 levels"):
            await command
        assert await heartbeat_is_answered(connection)
    assert csms.records.found["malformed-frame"] == 0


@pytest.mark.parametrize("validation", ["strict", "report", "off"])
@pytest.mark.parametrize("item", ["{}", "1"])
async def test_message_full_of_violations_is_answered(serve: Serve, validation: str, item: str) -> None:
    csms = await serve(validation=validation)
    items = ",".join([item] * 300_000)
    async with raw_connection(csms, compression=None) as connection:
        await connection.send(
            '[2,"1","NotifyReport",{"requestId":1,"generatedAt":"2026-01-01T00:00:00Z","seqNo":0,'
            f'"reportData":[{items}]}}]'
        )
        kind, _, *rest = await receive(connection)
        assert kind == (4 if validation == "strict" else 3)
        if validation == "strict":
            assert "reportData[0]" in rest[1]
        assert await heartbeat_is_answered(connection)


async def test_answer_full_of_violations_fails_its_command(csms: Csms) -> None:
    async with raw_connection(csms, compression=None) as connection:
        payload = {"getVariableData": [{"component": {"name": "C"}, "variable": {"name": "V"}}]}
        answer: dict[str, Any] = {"getVariableResult": [{}] * 200_000}
        command = await answer_command(csms, connection, "GetVariables", payload, 3, answer)
        assert "getVariableResult[0]" in str(command.exception())
        assert await heartbeat_is_answered(connection)


# OCPP 1.6


async def test_boot_of_ocpp_1_6_is_named(csms: Csms, log_lines: LogLines) -> None:
    async with raw_connection(csms) as connection:
        boot = {"chargePointVendor": "V", "chargePointModel": "M"}
        _, _, _, description, _ = await ask(connection, "BootNotification", boot)
        assert "looks like OCPP 1.6: chargePointModel, chargePointVendor" in description
    async with raw_connection(csms, identity="CS2") as connection:
        _, _, code, description, _ = await ask(connection, "StartTransaction", {"idTag": "AA"}, "2")
        assert (code, "looks like OCPP 1.6" in description) == ("NotImplemented", True)
    await log_lines.wait_for("BootNotification ERROR", "looks like OCPP 1.6")


# Repeated properties


@pytest.mark.parametrize(("validation", "times"), [("strict", 1), ("report", 1), ("off", 0)])
async def test_property_that_is_there_twice_is_a_warning_once(
    serve: Serve, log_lines: LogLines, validation: str, times: int
) -> None:
    csms = await serve(validation=validation, tokens={"B": {"status": "Blocked"}})
    async with raw_connection(csms) as connection:
        for _ in range(3):
            await connection.send(
                '[2,"1","Authorize",{"idToken":{"idToken":"A","idToken":"B","type":"Local"}}]'
            )
            assert (await receive(connection))[2]["idTokenInfo"]["status"] == "Blocked"
    line = "CS1  Authorize has the property idToken twice in one object; the last value counts"
    assert log_lines.lines.count(line) == times


async def test_property_that_is_there_twice_in_an_answer_is_a_warning(
    csms: Csms, log_lines: LogLines
) -> None:
    async with raw_connection(csms) as connection:
        command = asyncio.create_task(csms.sessions["CS1"].call("ClearCache", {}))
        _, message_id, *_ = await receive(connection)
        await connection.send(f'[3,"{message_id}",{{"status":"Rejected","status":"Accepted"}}]')
        assert await command == {"status": "Accepted"}
    assert lines_about(log_lines, "the answer to ClearCache has the property status twice")


# Frames


async def test_debug_level_shows_whole_frames(csms: Csms, log_lines: LogLines) -> None:
    log_lines.setLevel(logging.DEBUG)
    logger.setLevel(logging.DEBUG)
    call = '[2,"1","DataTransfer",{"vendorId":"V","data":"' + "x" * 1000 + '"}]'
    async with raw_connection(csms) as connection:
        await connection.send(call)
        await receive(connection)
        await connection.send("{")
        await receive(connection)
        await answer_command(csms, connection, "ClearCache", {}, 3, {"status": "Accepted"})
    frames = [
        line.removeprefix("CS1  ") for line in log_lines.lines if "- frame " in line or "> frame " in line
    ]
    assert frames[:4] == [
        f"<- frame {call}",
        '-> frame [3,"1",{"status":"UnknownVendorId"}]',
        "<- frame {",
        frames[3],
    ]
    assert frames[3].startswith('-> frame [4,"-1","RpcFrameworkError"')
    assert [frame.split(",")[0] for frame in frames[4:]] == ["-> frame [2", "<- frame [3"]


async def test_debug_level_masks_passwords_in_frames(csms: Csms, log_lines: LogLines) -> None:
    log_lines.setLevel(logging.DEBUG)
    logger.setLevel(logging.DEBUG)
    variable = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    payload = {"setVariableData": [{**variable, "attributeValue": "secret-password-1"}]}
    accepted = {"setVariableResult": [{**variable, "attributeStatus": "Accepted"}]}
    async with raw_connection(csms) as connection:
        await answer_command(csms, connection, "SetVariables", payload, 3, accepted)
    assert lines_about(log_lines, "-> frame", "***")
    assert not lines_about(log_lines, "secret-password-1")
