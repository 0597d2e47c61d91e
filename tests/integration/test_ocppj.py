"""OCPP-J 4: answers to wrong frames on a connection that stays open, and calls in both directions."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import websockets
from ocpp.v201 import call_result
from websockets.frames import Frame, Opcode

from charge_point import ChargePoint
from mock_csms.csms import Csms
from mock_csms.errors import CallErrorReceived, CallTimedOut, Disconnected
from mock_csms.messages import CallError
from mock_csms.ocppj.routes import route
from mock_csms.v201.version import OCPP_2_0_1
from tests.conftest import LogLines, Serve
from tests.support.station import heartbeat_is_answered, raw_connection, receive

MARK = "SenderWroteThis"


@pytest.fixture(autouse=True, params=["deflate", None], ids=["compressed", "plain"])
def compression(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test with and without permessage-deflate, which a station need not offer (OCPP-J 3.3)."""
    monkeypatch.setattr("tests.support.station.COMPRESSION", request.param)


BOOT = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}


def call_of(action: str, payload: Any, message_id: str = "1") -> str:
    return json.dumps([2, message_id, action, payload])


def boot_with(**changes: Any) -> str:
    return call_of("BootNotification", BOOT | changes)


FRAMES = {
    "not JSON": ("{", "-1", "RpcFrameworkError"),
    "empty": ("", "-1", "RpcFrameworkError"),
    "cut off": ('[2,"1","Heartbeat",{', "-1", "RpcFrameworkError"),
    "two messages": ('[2,"1","Heartbeat",{}][2,"2","Heartbeat",{}]', "-1", "RpcFrameworkError"),
    "not an array": ('{"a":1}', "-1", "RpcFrameworkError"),
    "null": ("null", "-1", "RpcFrameworkError"),
    "empty array": ("[]", "-1", "RpcFrameworkError"),
    "NaN": ('[2,"1","Heartbeat",{"customData":{"vendorId":"x","y":NaN}}]', "-1", "RpcFrameworkError"),
    "Infinity": (
        '[2,"1","Heartbeat",{"customData":{"vendorId":"x","y":-Infinity}}]',
        "-1",
        "RpcFrameworkError",
    ),
    "lone surrogate": (r'[2,"1","DataTransfer",{"vendorId":"\ud800"}]', "-1", "RpcFrameworkError"),
    "5,000 digits": (f'[2,"1","GetBaseReport",{{"x":{"9" * 5000}}}]', "-1", "RpcFrameworkError"),
    "100,000 levels": ("[" * 100_000 + "]" * 100_000, "-1", "RpcFrameworkError"),
    "1,000 levels in a payload": (
        f'[2,"1","StatusNotification",{{"timestamp":{"[" * 1000 + "]" * 1000}}}]',
        "1",
        "FormatViolation",
    ),
    "message type 1": ('[1,"1","Heartbeat",{}]', "1", "MessageTypeNotSupported"),
    "message type 5": ('[5,"1","Heartbeat",{}]', "1", "MessageTypeNotSupported"),
    "message type is a string": ('["2","1","Heartbeat",{}]', "1", "MessageTypeNotSupported"),
    "message type without an id": ("[7]", "-1", "MessageTypeNotSupported"),
    "CALL of 1 element": ("[2]", "-1", "ProtocolError"),
    "CALL of 3 elements": ('[2,"1","Heartbeat"]', "1", "ProtocolError"),
    "CALL of 5 elements": ('[2,"1","Heartbeat",{},{}]', "1", "ProtocolError"),
    "id is a number": ('[2,1,"Heartbeat",{}]', "-1", "RpcFrameworkError"),
    "id is null": ('[2,null,"Heartbeat",{}]', "-1", "RpcFrameworkError"),
    "id of 37 characters": (f'[2,"{"i" * 37}","Heartbeat",{{}}]', "i" * 37, "RpcFrameworkError"),
    "action is a number": ('[2,"1",5,{}]', "1", "RpcFrameworkError"),
    "action is an object": ('[2,"1",{},{}]', "1", "RpcFrameworkError"),
    "payload is a list": ('[2,"1","Heartbeat",[]]', "1", "ProtocolError"),
    "payload is a string": ('[2,"1","Heartbeat","{}"]', "1", "ProtocolError"),
    "unknown action": (call_of(MARK, {}), "1", "NotImplemented"),
    "action in the wrong case": (call_of("heartbeat", {}), "1", "NotImplemented"),
    "action with Request": (call_of("HeartbeatRequest", {}), "1", "NotImplemented"),
    "signed action": (call_of("Heartbeat-Signed", {}), "1", "NotImplemented"),
    "action of a CSMS": (call_of("GetBaseReport", {}), "1", "NotSupported"),
    "missing field": (call_of("BootNotification", {}), "1", "OccurenceConstraintViolation"),
    "too few items": (
        call_of("MeterValues", {"evseId": 1, "meterValue": []}),
        "1",
        "OccurenceConstraintViolation",
    ),
    "wrong type": (
        call_of("MeterValues", {"evseId": MARK, "meterValue": []}),
        "1",
        "TypeConstraintViolation",
    ),
    "null for a field": (boot_with(customData=None), "1", "TypeConstraintViolation"),
    "not in the enumeration": (boot_with(reason=MARK), "1", "PropertyConstraintViolation"),
    "too long": (
        boot_with(chargingStation={"model": MARK * 10, "vendorName": "V"}),
        "1",
        "PropertyConstraintViolation",
    ),
    "unknown field": (boot_with(**{MARK: 1}), "1", "FormatViolation"),
}


@pytest.mark.parametrize("name", FRAMES)
async def test_wrong_frame_is_answered_with_a_callerror_and_the_connection_stays_open(
    csms: Csms, name: str
) -> None:
    """The answer has the exact code and id, and quotes nothing from the frame (OCPP-J 4.2.3, 4.3)."""
    text, message_id, code = FRAMES[name]
    async with raw_connection(csms) as connection:
        await connection.send(text)
        raw = await connection.recv()
        assert isinstance(raw, str)
        assert raw.startswith(f'[4,"{message_id}","{code}","')
        assert raw.endswith(",{}]")
        assert MARK not in raw
        assert 0 < len(json.loads(raw)[3]) <= 255
        await connection.send('[2,"next","Heartbeat",{}]')
        assert (await receive(connection))[1] == "next"  # with a CALLERROR, if the boot was refused


async def test_binary_frame_is_answered_with_a_callerror(csms: Csms) -> None:
    async with raw_connection(csms) as connection:
        await connection.send(b'[2,"1","Heartbeat",{}]')
        assert (await receive(connection))[:3] == [4, "-1", "RpcFrameworkError"]
        assert await heartbeat_is_answered(connection)


async def test_fragmented_binary_message_is_answered_once(csms: Csms) -> None:
    async with raw_connection(csms) as connection:
        await connection.send([b"[2,", b'"1",', b'"Heartbeat",{}]'])
        assert (await receive(connection))[:3] == [4, "-1", "RpcFrameworkError"]
        assert await heartbeat_is_answered(connection)


async def test_text_that_is_not_utf_8_closes_with_1007(csms: Csms) -> None:
    async with raw_connection(csms) as connection:
        await connection.send(b'[2,"\xff","Heartbeat",{}]', text=True)
        await connection.wait_closed()
    assert connection.close_code == 1007


async def test_error_description_names_the_path_and_the_rule(csms: Csms) -> None:
    async with raw_connection(csms) as connection:
        await connection.send(boot_with(chargingStation={"model": 5, "vendorName": "V"}))
        assert (await receive(connection))[3] == "chargingStation.model: must be of type string (type)"


async def test_null_payload_is_treated_as_empty(csms: Csms) -> None:
    """OCPP-J 4.1.5."""
    async with raw_connection(csms) as connection:
        await connection.send('[2,"1","Heartbeat",null]')
        assert (await receive(connection))[:2] == [3, "1"]


async def test_fragmented_message_is_answered_when_complete(csms: Csms) -> None:
    async with raw_connection(csms) as connection:
        await connection.send(["[2,", '"1",', "", '"Heartbeat",{}]'])
        assert (await receive(connection))[:2] == [3, "1"]


REQUEST = (
    b"GET /CS1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: ocpp2.0.1\r\n\r\n"
)
CALL_FRAME = Frame(Opcode.TEXT, b'[2,"1","Heartbeat",{}]').serialize(mask=True)
PING_FRAME = Frame(Opcode.PING, b"p").serialize(mask=True)
CLOSE_FRAME = Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True)


@pytest.mark.parametrize("cut", [None, 1, 20, len(REQUEST) - 3, len(REQUEST) - 1, len(REQUEST) + 1])
async def test_frames_sent_with_the_handshake_are_answered_in_order(csms: Csms, cut: int | None) -> None:
    """Response, pong, CALLRESULT and close frame arrive in order, wherever the packet is split."""
    host, _, port = csms.address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    packet = REQUEST + PING_FRAME + CALL_FRAME + CLOSE_FRAME
    writer.write(packet[:cut])
    if cut is not None:
        await asyncio.sleep(0)  # lets the server read
        writer.write(packet[cut:])
    async with asyncio.timeout(10):
        head = await reader.readuntil(b"\r\n\r\n")
        rest = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert head.startswith(b"HTTP/1.1 101")
    assert rest.startswith(b"\x8a\x01p\x81")
    assert rest[5:].startswith(b'[3,"1",{"currentTime"')
    assert rest.endswith(b"}]\x88\x02\x03\xe8")


async def test_message_sent_byte_by_byte_is_answered(csms: Csms) -> None:
    async with raw_connection(csms) as connection:
        assert await heartbeat_is_answered(connection)
        pieces: list[bytes] = []
        write = connection.transport.write
        connection.transport.write = pieces.append  # type: ignore[method-assign, assignment]
        connection.protocol.send_text(call_of("Heartbeat", {}).encode())
        connection.protocol.send_ping(b"between")
        connection.protocol.send_text(call_of("Heartbeat", {}, "2").encode())
        connection.send_data()
        for byte in b"".join(pieces):
            write(bytes([byte]))
            await asyncio.sleep(0)
        connection.transport.write = write  # type: ignore[method-assign]
        assert [(await receive(connection))[1] for _ in range(2)] == ["1", "2"]
        assert await heartbeat_is_answered(connection)


async def test_text_frame_between_fragments_closes_with_1002(csms: Csms) -> None:
    """RFC 6455 5.4."""
    async with raw_connection(csms) as connection:
        assert await heartbeat_is_answered(connection)
        connection.protocol.send_text(b"[2,", fin=False)
        connection.send_data()
        await (await connection.ping())
        connection.protocol.expect_continuation_frame = False
        connection.protocol.send_frame(Frame(Opcode.TEXT, b'[2,"1","Heartbeat",{}]'))
        connection.send_data()
        await connection.wait_closed()
    assert connection.close_code == 1002


async def test_messages_in_one_packet_are_answered_in_order(csms: Csms) -> None:
    async with raw_connection(csms) as connection:
        for number in range(50):
            connection.protocol.send_text(call_of("Heartbeat", {}, str(number)).encode())
        connection.send_data()
        answers = [await receive(connection) for _ in range(50)]
    assert [answer[1] for answer in answers] == [str(number) for number in range(50)]


async def test_station_may_call_while_our_call_is_pending(serve: Serve) -> None:
    """The station sends three CALLs before it answers the mock's RequestStartTransaction."""
    csms = await serve(command="RequestStartTransaction", delay=0)
    async with raw_connection(csms) as connection:
        await connection.send(call_of("BootNotification", BOOT, "boot"))
        assert (await receive(connection))[:2] == [3, "boot"]
        kind, command_id, action, _ = await receive(connection)
        assert (kind, action) == (2, "RequestStartTransaction")
        token = {"idToken": {"idToken": "AA", "type": "ISO14443"}}
        status = {
            "timestamp": "2026-01-01T00:00:00Z",
            "connectorStatus": "Occupied",
            "evseId": 1,
            "connectorId": 1,
        }
        for action, payload in (("Authorize", token), ("StatusNotification", status), ("Heartbeat", {})):
            await connection.send(call_of(action, payload, action))
            assert (await receive(connection))[:2] == [3, action]
        await connection.send(json.dumps([3, command_id, {"status": "Accepted"}]))
        assert await heartbeat_is_answered(connection)


async def test_calls_are_sent_one_at_a_time_and_in_order(csms: Csms) -> None:
    """OCPP-J 4.1.1."""
    async with raw_connection(csms) as connection:
        assert await heartbeat_is_answered(connection)
        session = csms.sessions["CS1"]
        vendors = [f"vendor-{number}" for number in range(5)]
        calls = [
            asyncio.create_task(session.call("DataTransfer", {"vendorId": vendor})) for vendor in vendors
        ]
        sent = []
        for _ in vendors:
            _, message_id, _, payload = await receive(connection)
            sent.append(payload["vendorId"])
            assert await heartbeat_is_answered(connection), "a second CALL precedes the first answer"
            await connection.send(json.dumps([3, message_id, {"status": "Accepted"}]))
        assert await asyncio.gather(*calls) == [{"status": "Accepted"}] * 5
    assert sent == vendors


async def test_callerror_reaches_the_caller_with_code_description_and_details(csms: Csms) -> None:
    async with raw_connection(csms) as connection:
        assert await heartbeat_is_answered(connection)
        pending_call = asyncio.create_task(csms.sessions["CS1"].call("ClearCache", {}))
        message_id = (await receive(connection))[1]
        await connection.send(
            json.dumps([4, message_id, "OccurrenceConstraintViolation", "no", ["any", {"json": 1}]])
        )
        with pytest.raises(CallErrorReceived) as failure:
            await pending_call
    error = failure.value
    assert (error.code, error.description) == ("OccurenceConstraintViolation", "no")
    assert error.details == ["any", {"json": 1}]


@pytest.mark.parametrize(
    "answer", ['[3,"{id}"]', '[3,"{id}",[]]', '[4,"{id}","X"]', '[4,"{id}",1,2,3]'], ids=str
)
async def test_malformed_answer_fails_the_call_at_once_and_is_never_answered(csms: Csms, answer: str) -> None:
    async with raw_connection(csms) as connection:
        assert await heartbeat_is_answered(connection)
        pending_call = asyncio.create_task(csms.sessions["CS1"].call("ClearCache", {}))
        message_id = (await receive(connection))[1]
        await connection.send(answer.replace("{id}", message_id))
        with pytest.raises(Exception, match="must be"):
            await pending_call
        assert await heartbeat_is_answered(connection)


async def test_unexpected_answers_are_ignored(csms: Csms, log_lines: LogLines) -> None:
    async with raw_connection(csms) as connection:
        await connection.send('[3,"unknown",{}]')
        await connection.send('[4,"unknown","GenericError","",{}]')
        assert await heartbeat_is_answered(connection)
    await log_lines.wait_for("CS1", "answer-to-unknown-call")
    assert csms.records.found["answer-to-unknown-call"] == 2


def raise_error(_: ChargePoint) -> None:
    raise RuntimeError("a bug")


def return_invalid_answer(_: ChargePoint) -> call_result.Heartbeat:
    return call_result.Heartbeat(current_time=5)


@pytest.mark.guarded_failures
@pytest.mark.parametrize("handler", [raise_error, return_invalid_answer])
async def test_failing_handler_is_answered_with_internal_error_and_logged(
    csms: Csms, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch, handler: Callable[..., Any]
) -> None:
    """Applies to a handler that raises and to one whose answer violates its schema."""
    working = ChargePoint.routes["Heartbeat"]
    monkeypatch.setattr(
        ChargePoint, "routes", {**ChargePoint.routes, "Heartbeat": route(OCPP_2_0_1, "Heartbeat", handler)}
    )
    async with raw_connection(csms) as connection:
        await connection.send(call_of("Heartbeat", {}))
        assert (await receive(connection))[:3] == [4, "1", "InternalError"]
        monkeypatch.setattr(ChargePoint, "routes", {**ChargePoint.routes, "Heartbeat": working})
        assert await heartbeat_is_answered(connection)
    assert [line for line in log_lines.lines if "the answer" in line and "to Heartbeat" in line]


async def test_answer_after_the_time_out_is_ignored_and_the_next_call_is_sent(serve: Serve) -> None:
    csms = await serve(call_timeout=0.05)
    async with raw_connection(csms) as connection:
        assert await heartbeat_is_answered(connection)
        session = csms.sessions["CS1"]
        late = asyncio.create_task(session.call("ClearCache", {}))
        late_id = (await receive(connection))[1]
        with pytest.raises(CallTimedOut):
            await late
        await connection.send(json.dumps([3, late_id, {"status": "Rejected"}]))
        assert await heartbeat_is_answered(connection)
        pending_call = asyncio.create_task(session.call("ClearCache", {}))
        await connection.send(json.dumps([3, (await receive(connection))[1], {"status": "Accepted"}]))
        assert await pending_call == {"status": "Accepted"}


async def test_disconnect_fails_every_waiting_call_at_once(csms: Csms) -> None:
    async with raw_connection(csms) as connection:
        assert await heartbeat_is_answered(connection)
        session = csms.sessions["CS1"]
        calls = [asyncio.create_task(session.call("ClearCache", {})) for _ in range(20)]
        await receive(connection)
        connection.transport.abort()
        async with asyncio.timeout(10):
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(outcome, Disconnected) for outcome in outcomes)


async def test_our_message_ids_are_unique_across_connections(serve: Serve) -> None:
    csms = await serve(command="ClearCache", period=0.01)
    ids = []
    for _ in range(3):
        async with raw_connection(csms) as connection:
            for _ in range(3):
                _, message_id, *_ = await receive(connection)
                await connection.send(json.dumps([3, message_id, {"status": "Accepted"}]))
                ids.append(message_id)
    assert len(set(ids)) == 9
    assert all(len(message_id) <= 36 for message_id in ids)


REPORTED = {
    "missing field": ("BootNotification", {}, "currentTime"),
    "wrong type": ("TransactionEvent", {"eventType": "Ended", "transactionInfo": "x"}, None),
    "wrong token": ("Authorize", {"idToken": 5}, "idTokenInfo"),
    "unknown field": ("Heartbeat", {"self": 1, "endpoint": 2}, "currentTime"),
    "invalid hashes": ("GetCertificateStatus", {"ocspRequestData": 7}, "status"),
    "invalid CSR": ("SignCertificate", {"csr": 7}, "status"),
}


@pytest.mark.parametrize("name", REPORTED)
async def test_validation_report_answers_an_invalid_message_and_logs_the_violation(
    serve: Serve, log_lines: LogLines, name: str
) -> None:
    action, payload, expected = REPORTED[name]
    csms = await serve(validation="report")
    async with raw_connection(csms) as connection:
        await connection.send(call_of(action, payload))
        kind, _, answer = await receive(connection)
    assert kind == 3
    assert expected is None or expected in answer
    assert await log_lines.wait_for("CS1", action, "violates its schema")


async def test_validation_report_learns_from_the_valid_fields(serve: Serve) -> None:
    csms = await serve(validation="report")
    status = {"timestamp": 5, "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1, "vendor": "field"}
    async with raw_connection(csms) as connection:
        await connection.send(call_of("StatusNotification", status))
        assert (await receive(connection))[0] == 3
    assert csms.stations["CS1"].connectors == {(1, 1): "Occupied"}


async def test_validation_off_checks_nothing(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(validation="off")
    async with raw_connection(csms) as connection:
        await connection.send(call_of("BootNotification", {"reason": 5}))
        kind, _, answer = await receive(connection)
    assert (kind, answer["status"]) == (3, "Accepted")
    assert not [line for line in log_lines.lines if "schema" in line]


async def test_compression_is_negotiated_when_offered(csms: Csms) -> None:
    """OCPP-J 3.3."""
    async with raw_connection(csms, compression="deflate") as connection:
        assert [extension.name for extension in connection.protocol.extensions] == ["permessage-deflate"]
        assert await heartbeat_is_answered(connection)


async def test_compression_is_not_required(csms: Csms) -> None:
    async with raw_connection(csms, compression=None) as connection:
        assert await heartbeat_is_answered(connection)


async def test_compression_can_be_turned_off(serve: Serve) -> None:
    csms = await serve(compression=False)
    async with raw_connection(csms, compression="deflate") as connection:
        assert connection.protocol.extensions == []
        assert await heartbeat_is_answered(connection)


async def test_pings_are_answered(csms: Csms) -> None:
    """OCPP-J 5.2."""
    async with raw_connection(csms) as connection, asyncio.timeout(10):
        await (await connection.ping())


async def test_pings_are_sent_with_a_ping_interval(serve: Serve) -> None:
    csms = await serve(ping_interval=0.05)
    pinged = asyncio.Event()
    async with raw_connection(csms) as connection:
        process_event = connection.process_event

        def watch(event: Any) -> None:
            if event.opcode is Opcode.PING:
                pinged.set()
            process_event(event)

        connection.process_event = watch  # type: ignore[method-assign]
        async with asyncio.timeout(10):
            await pinged.wait()


async def test_station_without_pongs_is_dropped(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(ping_interval=0.05, ping_timeout=0.05)
    async with raw_connection(csms) as connection:
        connection.transport.pause_reading()
        await log_lines.wait_for("CS1", "disconnected")
        connection.transport.resume_reading()


async def test_message_over_the_size_limit_closes_with_1009(serve: Serve) -> None:
    csms = await serve(max_message_size=1000)
    async with raw_connection(csms, compression=None) as connection:
        await connection.send("[" + " " * 998 + "]")
        assert (await receive(connection))[:2] == [4, "-1"]
        await connection.send(" " * 1001)
        await connection.wait_closed()
    assert connection.close_code == 1009


async def test_fragmented_message_over_the_size_limit_closes_with_1009(serve: Serve) -> None:
    csms = await serve(max_message_size=1000)
    async with raw_connection(csms) as connection:
        with suppress(websockets.ConnectionClosed):
            await connection.send(" " * 100 for _ in range(100))
        await connection.wait_closed()
    assert connection.close_code == 1009


def test_callerror_without_a_description_is_shown_as_its_code() -> None:
    assert str(CallErrorReceived(CallError("1", "NotSupported", "", {}))) == "NotSupported"
