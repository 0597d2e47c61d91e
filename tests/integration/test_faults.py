"""What goes wrong on purpose, down to the bytes that a station gets."""

import asyncio
import json
import re
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from time import perf_counter
from typing import Any, NamedTuple

import pytest
import websockets
from ocpp.v201 import call, call_result
from websockets.frames import Opcode

from mock_csms.csms import Csms
from mock_csms.errors import CallErrorReceived, CallTimedOut, Disconnected, InvalidAnswer
from mock_csms.mock import listening
from mock_csms.settings import Settings
from server import FASTEST_EVENT_LOOP, VERSIONS
from tests.conftest import LogLines, Serve
from tests.support.station import PATIENCE, Station, connected, heartbeat_is_answered, raw_connection, receive

ANSWER = b'[3,"1",{"status":"UnknownVendorId"}]'
"""How a DataTransfer with the message id 1 is answered where nothing goes wrong."""

A_WHILE = 0.05
DEFLATE = "permessage-deflate; client_max_window_bits"
ON_TEXT, ON_BINARY, CONTINUES = 0x1, 0x2, 0x0
FINAL, COMPRESSED, MASKED = 0x80, 0x40, 0x80


@pytest.fixture(autouse=True)
def short_goodbye(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait long for connections that hang when the server stops."""
    monkeypatch.setattr("mock_csms.transport.listener.SHUTDOWN_TIMEOUT", 0.05)


class Frame(NamedTuple):
    """A WebSocket frame of the server, as it came."""

    fin: bool
    compressed: bool
    opcode: int
    data: bytes


class Wire:
    """A station's end of a TCP connection on which the WebSocket is done by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        self.head = head
        self._reader = reader
        self._writer = writer
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)

    def write(self, *messages: bytes, opcode: int = ON_TEXT) -> None:
        """Send messages in masked frames, all of them at once."""
        mask = b"\x00\x00\x00\x00"
        self._writer.write(
            b"".join(bytes([FINAL | opcode, MASKED | len(text)]) + mask + text for text in messages)
        )

    def ask(self, *message_ids: object, action: str = "DataTransfer") -> None:
        """Send calls of these ids."""
        payload = {"DataTransfer": {"vendorId": "V"}}.get(action, {})
        self.write(*(json.dumps([2, str(it), action, payload]).encode() for it in message_ids))

    async def read(self, size: int) -> bytes:
        """Wait for so many bytes."""
        async with asyncio.timeout(PATIENCE):
            return await self._reader.readexactly(size)

    async def rest(self) -> bytes:
        """Wait until the server ends its side, and return what came before; raises if it is reset."""
        async with asyncio.timeout(PATIENCE):
            return await self._reader.read()

    async def frame(self) -> Frame:
        """Wait for the next frame."""
        first, length = await self.read(2)
        if length == 126:
            length = int.from_bytes(await self.read(2))
        elif length == 127:
            length = int.from_bytes(await self.read(8))
        return Frame(bool(first & FINAL), bool(first & COMPRESSED), first & 0xF, await self.read(length))

    async def text(self) -> bytes:
        """Wait for a whole text frame that is not compressed."""
        frame = await self.frame()
        assert frame[:3] == (True, False, ON_TEXT)
        return frame.data

    def inflated(self, data: bytes) -> bytes:
        """Decompress the next message (RFC 7692 7.2.2)."""
        return self._inflate.decompress(data + b"\x00\x00\xff\xff")

    async def closes_with(self) -> tuple[int, str]:
        """Wait for the close frame, answer it, see the connection end, and return the code and the reason."""
        frame = await self.frame()
        assert frame[:3] == (True, False, Opcode.CLOSE)
        self.write(frame.data, opcode=Opcode.CLOSE)
        assert await self.rest() == b""
        return int.from_bytes(frame.data[:2]), frame.data[2:].decode()

    async def is_silent(self) -> bool:
        """Tell whether nothing comes, not even for a ping, while another station is answered."""
        self.write(b"?", opcode=Opcode.PING)
        try:
            async with asyncio.timeout(A_WHILE):
                await self._reader.read(1)
        except TimeoutError:
            return True
        return False


@asynccontextmanager
async def dialled(csms: Csms, identity: str = "CS1", extensions: str = "") -> AsyncIterator[Wire]:
    """Open a TCP connection and ask for the upgrade; what the server says to it is the head."""
    host, _, port = csms.address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    wanted = f"Sec-WebSocket-Extensions: {extensions}\r\n" if extensions else ""
    writer.write(
        (
            f"GET /{identity} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: ocpp2.0.1\r\n{wanted}\r\n"
        ).encode()
    )
    try:
        async with asyncio.timeout(PATIENCE):
            head = await reader.readuntil(b"\r\n\r\n")
        yield Wire(reader, writer, head)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def serving() -> AsyncIterator[Serve]:
    """Start servers on the loop that runs."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Csms:
            csms = Csms(Settings.model_validate({"port": 0, **settings}), VERSIONS)
            await stack.enter_async_context(listening(csms))
            return csms

        yield start


def on_both_loops(test: Callable[[Serve], Awaitable[None]]) -> Callable[..., None]:
    """Run a test on the event loop of Python and on that of the server, whose transports differ."""

    async def run() -> None:
        async with serving() as serve:
            await test(serve)

    @pytest.mark.parametrize(
        "new_loop", [asyncio.SelectorEventLoop, FASTEST_EVENT_LOOP], ids=["asyncio", "fastest"]
    )
    def run_on(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(run())

    run_on.__doc__ = test.__doc__
    return run_on


def is_heartbeat_answer(message_id: object, text: bytes) -> bool:
    expected = rf'\[3,"{message_id}",{{"currentTime":"[-0-9T:.]+Z"}}\]'
    return re.fullmatch(expected.encode(), text) is not None


# Instead of an answer: later, never, more than once


async def test_without_a_fault_the_answer_comes_in_one_text_frame(csms: Csms) -> None:
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await wire.read(2 + len(ANSWER)) == bytes([FINAL | ON_TEXT, len(ANSWER)]) + ANSWER


@pytest.mark.parametrize("kind", ["delay", "late-answer"])
async def test_a_late_answer_is_the_same_as_one_in_time(serve: Serve, kind: str) -> None:
    csms = await serve(faults=f"DataTransfer:{kind}={A_WHILE}")
    async with dialled(csms) as wire:
        started = perf_counter()
        wire.ask(1)
        assert await wire.text() == ANSWER
        assert perf_counter() - started >= A_WHILE


@pytest.mark.parametrize(
    "delay", ["delay:min=0.05:max=0.06", "delay:median=0.05:sigma=0"], ids=["uniform", "lognormal"]
)
async def test_a_delay_that_is_drawn_is_waited_for(serve: Serve, delay: str) -> None:
    csms = await serve(faults=f"DataTransfer:{delay}")
    async with dialled(csms) as wire:
        started = perf_counter()
        wire.ask(1)
        assert await wire.text() == ANSWER
        assert perf_counter() - started >= A_WHILE


async def test_a_delayed_answer_does_not_hold_up_those_to_later_messages(serve: Serve) -> None:
    csms = await serve(faults=f"DataTransfer:delay={A_WHILE}:times=1")
    async with dialled(csms) as wire:
        wire.ask(1, 2, 3)
        answers = [json.loads(await wire.text())[1] for _ in range(3)]
    assert answers == ["2", "3", "1"]


async def test_a_delayed_answer_comes_on_time_though_the_station_is_idle(serve: Serve) -> None:
    csms = await serve(faults=f"Heartbeat:delay={A_WHILE}")
    async with connected(csms) as station:
        started = perf_counter()
        assert (await station.send(call.Heartbeat())).current_time
        assert perf_counter() - started >= A_WHILE


@on_both_loops
async def test_a_connection_that_ends_during_a_delay_leaves_no_task_behind(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:delay=3600:times=3")
    before = asyncio.all_tasks()
    async with dialled(csms) as wire:
        wire.ask(1, 2, 3, 4)
        assert json.loads(await wire.text())[1] == "4"
        under_way = asyncio.all_tasks() - before
        assert len(under_way) >= 3
    _, left = await asyncio.wait(under_way, timeout=PATIENCE)
    assert not left
    assert csms.sessions == {}


async def test_an_answer_that_is_not_given_does_not_come_and_the_connection_goes_on(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:no-answer:times=2")
    async with dialled(csms) as wire:
        wire.ask(1, 2, 3)
        assert json.loads(await wire.text())[1] == "3"


async def test_a_real_station_runs_into_its_time_out(serve: Serve) -> None:
    csms = await serve(faults="Heartbeat:no-answer:times=1")
    async with connected(csms) as station:
        station._response_timeout = A_WHILE
        with pytest.raises(TimeoutError):
            await station.send(call.Heartbeat())
        station._response_timeout = PATIENCE
        assert (await station.send(call.Heartbeat())).current_time


@pytest.mark.parametrize("count", [2, 5])
async def test_a_duplicate_comes_as_often_as_asked_for_and_no_more(serve: Serve, count: int) -> None:
    csms = await serve(faults=f"DataTransfer:duplicate={count}:times=1")
    async with dialled(csms) as wire:
        wire.ask(1, 2)
        assert [await wire.text() for _ in range(count)] == [ANSWER] * count
        assert json.loads(await wire.text())[1] == "2"


# Instead of an answer: something else


async def test_an_answer_comes_on_an_id_that_was_never_used(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:wrong-id")
    async with dialled(csms) as wire:
        wire.ask(1)
        text = await wire.text()
    assert re.fullmatch(rb'\[3,"[-0-9a-f]{36}",\{"status":"UnknownVendorId"\}\]', text)


async def test_a_malformed_answer_lacks_its_last_bracket(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:malformed")
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await wire.text() == ANSWER[:-1]


@pytest.mark.parametrize(("kind", "written"), [("wrong-type", b"9"), ("wrong-type=2", b"2")])
async def test_an_answer_comes_with_a_message_type_that_is_not_its_own(
    serve: Serve, kind: str, written: bytes
) -> None:
    csms = await serve(faults=f"DataTransfer:{kind}")
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await wire.text() == ANSWER.replace(b"3", written, 1)


async def test_an_answer_comes_in_a_binary_frame(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:binary")
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await wire.frame() == Frame(True, False, ON_BINARY, ANSWER)


async def test_an_answer_comes_in_fragments(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:fragmented")
    async with dialled(csms) as wire:
        wire.ask(1)
        assert [await wire.frame() for _ in range(3)] == [
            Frame(False, False, ON_TEXT, ANSWER[:12]),
            Frame(False, False, CONTINUES, ANSWER[12:24]),
            Frame(True, False, CONTINUES, ANSWER[24:]),
        ]


async def test_an_answer_comes_in_as_many_fragments_as_it_has_bytes(serve: Serve) -> None:
    csms = await serve(faults=f"DataTransfer:fragmented={len(ANSWER)}")
    async with dialled(csms) as wire:
        wire.ask(1)
        frames = [await wire.frame() for _ in ANSWER]
    assert b"".join(frame.data for frame in frames) == ANSWER
    assert [frame.opcode for frame in frames] == [ON_TEXT] + [CONTINUES] * (len(ANSWER) - 1)
    assert [frame.fin for frame in frames] == [False] * (len(ANSWER) - 1) + [True]


async def test_a_real_station_takes_an_answer_in_fragments(serve: Serve) -> None:
    csms = await serve(faults="Heartbeat:fragmented=7")
    async with connected(csms) as station:
        assert (await station.send(call.Heartbeat())).current_time


@pytest.mark.parametrize("size", [1000, 2**16, 2**20])
async def test_an_oversized_answer_is_as_long_as_asked_for_and_valid(serve: Serve, size: int) -> None:
    csms = await serve(faults=f"Heartbeat:oversized={size}")
    async with dialled(csms) as wire:
        wire.ask(1, action="Heartbeat")
        text = await wire.text()
    answer = json.loads(text)[2]
    assert len(text) >= size
    assert {*answer} == {"currentTime", "customData"}
    assert {*answer["customData"]} == {"vendorId", "padding"}


async def test_an_oversized_answer_is_a_mebibyte_unless_said_otherwise(serve: Serve) -> None:
    csms = await serve(faults="Heartbeat:oversized")
    async with dialled(csms) as wire:
        wire.ask(1, action="Heartbeat")
        assert len(await wire.text()) >= 2**20


# To an answer or an error that a rule makes


async def test_a_fault_is_done_to_the_answer_that_its_rule_makes(serve: Serve) -> None:
    then = {"answer": {"status": "Accepted", "data": "{{request.vendorId}}"}, "fault": {"kind": "malformed"}}
    csms = await serve(rules=[{"when": {"action": "DataTransfer"}, "then": then}])
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await wire.text() == b'[3,"1",{"status":"Accepted","data":"V"}'


async def test_an_error_comes_instead_of_an_answer(serve: Serve) -> None:
    error = {"code": "OutOfOrder", "description": "for a test", "details": {"why": 1}}
    csms = await serve(rules=[{"when": {"action": "DataTransfer"}, "then": {"error": error}}])
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await wire.text() == b'[4,"1","OutOfOrder","for a test",{"why":1}]'


async def test_a_fault_is_done_to_the_error_that_its_rule_makes(serve: Serve) -> None:
    then = {"error": {"code": "SecurityError"}, "fault": {"kind": "duplicate"}}
    csms = await serve(rules=[{"when": {"action": "DataTransfer"}, "then": then}])
    async with dialled(csms) as wire:
        wire.ask(1)
        assert [await wire.text() for _ in range(2)] == [b'[4,"1","SecurityError","",{}]'] * 2


@pytest.mark.parametrize(
    ("validate", "text"),
    [
        (True, b'[4,"1","InternalError","the mock server\'s answer breaks its schema",{}]'),
        (False, b'[3,"1",{"status":5}]'),
    ],
    ids=["refused", "sent as it is"],
)
async def test_an_answer_that_breaks_its_schema_only_when_it_is_filled_in(
    serve: Serve, text: bytes, *, validate: bool
) -> None:
    """With validate = false it is sent as it is."""
    rule = {"when": {}, "then": {"answer": {"status": 5}}, "validate": validate}
    csms = await serve(rules=[rule])
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await wire.text() == text


async def test_rules_follow_one_another_by_the_state_of_a_station(serve: Serve) -> None:
    csms = await serve(
        rules=[
            {"when": {"action": "Heartbeat", "state": "start"}, "set": "beating"},
            {"when": {"action": "DataTransfer", "state": "beating"}, "then": {"fault": {"kind": "binary"}}},
        ]
    )
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await wire.text() == ANSWER
        wire.ask(2, action="Heartbeat")
        assert is_heartbeat_answer(2, await wire.text())
        wire.ask(1)
        assert await wire.frame() == Frame(True, False, ON_BINARY, ANSWER)
    assert csms.stations["CS1"].state == "beating"


# To the connection


@on_both_loops
async def test_a_truncated_answer_ends_in_the_middle_of_its_frame(serve: Serve) -> None:
    """The TCP connection ends with a FIN, not with a RST."""
    csms = await serve(faults="DataTransfer:truncated")
    async with dialled(csms) as wire:
        wire.ask(1)
        whole = bytes([FINAL | ON_TEXT, len(ANSWER)]) + ANSWER
        assert await wire.rest() == whole[: len(whole) // 2]


@on_both_loops
async def test_a_connection_that_is_reset_ends_with_a_rst_and_without_a_byte(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:reset")
    async with dialled(csms) as wire:
        wire.ask(1)
        with pytest.raises(ConnectionResetError):
            await wire.rest()


@pytest.mark.parametrize("kind", ["reset", "truncated"])
async def test_a_station_whose_connection_was_broken_can_come_back(
    serve: Serve, log_lines: LogLines, kind: str
) -> None:
    csms = await serve(faults=f"DataTransfer:{kind}:times=1")
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await log_lines.wait_for("CS1", "disconnected (without a close frame)")
        assert csms.sessions == {}
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await wire.text() == ANSWER


@on_both_loops
async def test_a_connection_that_is_closed_ends_with_1011_and_a_fin(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:close")
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await wire.closes_with() == (1011, "closed on purpose")


@on_both_loops
async def test_a_connection_is_closed_with_the_code_and_the_reason_asked_for(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:close=4000:reason=maintenance")
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await wire.closes_with() == (4000, "maintenance")


async def test_a_connection_is_closed_without_a_reason(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:close=1000:reason=")
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await wire.closes_with() == (1000, "")


@pytest.mark.parametrize("kind", ["close", "reset", "truncated"])
async def test_what_came_together_with_the_last_message_is_passed_over(serve: Serve, kind: str) -> None:
    """More came in one packet than is taken at once, and the connection ends in the middle of it."""
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    csms = await serve(rules=[{"when": {"payload": {"data": "last"}}, "then": {"fault": {"kind": kind}}}])
    async with dialled(csms) as wire, connected(csms, "CS2") as other:
        payloads = [{"vendorId": "V", "data": "last" if it == 12 else str(it)} for it in range(20)]
        wire.write(
            *(
                json.dumps([2, str(it), "DataTransfer", payload]).encode()
                for it, payload in enumerate(payloads)
            )
        )
        answered = [json.loads(await wire.text())[1] for _ in range(12)]
        wire.write((1000).to_bytes(2), opcode=Opcode.CLOSE)
        with suppress(ConnectionResetError):
            await wire.rest()
        await other.send(call.Heartbeat())
    assert answered == [str(it) for it in range(12)]
    assert failures == []


async def test_a_close_on_purpose_is_logged_with_its_code(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(faults="DataTransfer:close=1001")
    async with dialled(csms) as wire:
        wire.ask(1)
        await wire.closes_with()
    assert await log_lines.wait_for("CS1", "disconnected (close code 1001 closed on purpose)")


@on_both_loops
async def test_a_connection_that_stalls_is_silent_while_others_are_answered(serve: Serve) -> None:
    csms = await serve(faults="CS1/DataTransfer:stall")
    async with dialled(csms) as wire, dialled(csms, "CS2") as other:
        wire.ask(1, 2)
        wire.ask(3, action="Heartbeat")
        other.ask(1)
        assert await other.text() == ANSWER
        assert await wire.is_silent()
        other.ask(1)
        assert await other.text() == ANSWER


@on_both_loops
async def test_a_stall_holds_what_comes_with_it_and_what_comes_after_it(serve: Serve) -> None:
    """When it is over all is answered in order, but for the message that led to it."""
    csms = await serve(faults=f"DataTransfer:stall={A_WHILE}:times=1")
    async with dialled(csms) as wire:
        started = perf_counter()
        wire.ask(1, 2, *range(3, 20))
        wire.ask(20, 21)
        answers = [json.loads(await wire.text())[1] for _ in range(2, 22)]
        assert perf_counter() - started >= A_WHILE
    assert answers == [str(number) for number in range(2, 22)]


async def test_a_connection_that_stalls_is_dropped_when_the_server_stops(log_lines: LogLines) -> None:
    async with AsyncExitStack() as stack:
        async with serving() as serve:
            csms = await serve(faults="DataTransfer:stall")
            wire = await stack.enter_async_context(dialled(csms))
            wire.ask(1)
            await log_lines.wait_for("DataTransfer INJECTED")
        assert (await wire.frame()).opcode == Opcode.CLOSE
        assert await wire.rest() == b""


# On a compressed connection


async def test_a_truncated_answer_is_half_of_its_compressed_frame(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:truncated")
    async with dialled(csms, extensions=DEFLATE) as wire:
        wire.ask(1)
        first, length, *data = await wire.rest()
    assert first == FINAL | COMPRESSED | ON_TEXT
    assert len(data) == (2 + length) // 2 - 2
    assert 0 < len(data) < length


async def test_only_the_first_fragment_of_a_compressed_answer_is_marked_so(serve: Serve) -> None:
    """RFC 7692 6.1."""
    csms = await serve(faults="DataTransfer:fragmented:times=1")
    async with dialled(csms, extensions=DEFLATE) as wire:
        wire.ask(1, 1)
        frames = [await wire.frame() for _ in range(3)]
        assert [frame[:3] for frame in frames] == [
            (False, True, ON_TEXT),
            (False, False, CONTINUES),
            (True, False, CONTINUES),
        ]
        assert wire.inflated(b"".join(frame.data for frame in frames)) == ANSWER
        assert wire.inflated((await wire.frame()).data) == ANSWER


async def test_a_binary_answer_is_compressed(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:binary:times=1")
    async with dialled(csms, extensions=DEFLATE) as wire:
        wire.ask(1, 1)
        binary, text = await wire.frame(), await wire.frame()
        assert binary[:3] == (True, True, ON_BINARY)
        assert wire.inflated(binary.data) == ANSWER
        assert text[:3] == (True, True, ON_TEXT)
        assert wire.inflated(text.data) == ANSWER


async def test_an_oversized_answer_is_long_only_when_it_is_decompressed(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:oversized:times=1")
    async with dialled(csms, extensions=DEFLATE) as wire:
        wire.ask(1, 1)
        frame = await wire.frame()
        assert frame[:3] == (True, True, ON_TEXT)
        assert len(frame.data) < 2**16
        assert len(wire.inflated(frame.data)) >= 2**20
        assert wire.inflated((await wire.frame()).data) == ANSWER


# At the handshake


@pytest.mark.parametrize(
    ("status", "phrase"),
    [
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (404, "Not Found"),
        (500, "Internal Server Error"),
        (503, "Service Unavailable"),
    ],
)
async def test_the_handshake_is_refused_with_an_http_status(serve: Serve, status: int, phrase: str) -> None:
    csms = await serve(faults=f"handshake:{status}")
    async with dialled(csms) as wire:
        assert wire.head.startswith(f"HTTP/1.1 {status} {phrase}\r\n".encode())
        assert b"Upgrade" not in wire.head
        assert await wire.rest() == f"{phrase}, on purpose\n".encode()
    assert csms.stations == {}


async def test_a_401_asks_for_basic_authentication(serve: Serve) -> None:
    """RFC 9110 11.6.1; OCPP 2.0.1 A00, security profile 1."""
    csms = await serve(faults="handshake:401")
    async with dialled(csms) as wire:
        assert b'\r\nWWW-Authenticate: Basic realm="OCPP"\r\n' in wire.head


async def test_a_status_that_is_not_401_asks_for_no_authentication(serve: Serve) -> None:
    csms = await serve(faults="handshake:403")
    async with dialled(csms) as wire:
        assert b"WWW-Authenticate" not in wire.head


async def test_a_station_is_told_the_status_by_its_websocket_library(serve: Serve) -> None:
    csms = await serve(faults="handshake:503")
    with pytest.raises(websockets.InvalidStatus) as refusal:
        async with raw_connection(csms):
            pass
    assert refusal.value.response.status_code == 503


async def test_the_handshake_is_refused_so_many_times_and_then_let_in(serve: Serve) -> None:
    csms = await serve(faults="handshake:503:times=2")
    heads = []
    for _ in range(2):
        async with dialled(csms) as wire:
            heads.append(wire.head)
    assert all(head.startswith(b"HTTP/1.1 503 ") for head in heads)
    async with dialled(csms) as wire:
        assert wire.head.startswith(b"HTTP/1.1 101 ")
        wire.ask(1)
        assert await wire.text() == ANSWER


async def test_each_station_is_refused_so_many_times(serve: Serve) -> None:
    csms = await serve(faults="handshake:503:times=1")
    for identity in ("CS1", "CS2"):
        async with dialled(csms, identity) as wire:
            assert wire.head.startswith(b"HTTP/1.1 503 ")
        async with dialled(csms, identity) as wire:
            assert wire.head.startswith(b"HTTP/1.1 101 ")


async def test_one_station_is_refused_and_another_is_not(serve: Serve) -> None:
    csms = await serve(faults="CS1/handshake:503")
    async with dialled(csms, "CS1") as wire, dialled(csms, "CS2") as other:
        assert wire.head.startswith(b"HTTP/1.1 503 ")
        assert other.head.startswith(b"HTTP/1.1 101 ")


async def test_the_handshake_is_refused_for_so_many_seconds(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("mock_csms.behaviour.rulebook.monotonic", lambda: clock[0])
    csms = await serve(faults="handshake:503:ttl=60")
    heads = []
    for clock[0] in (0.0, 59.9, 60.0):
        async with dialled(csms) as wire:
            heads.append(wire.head.split(b" ")[1])
    assert heads == [b"503", b"503", b"101"]


async def test_the_handshake_is_refused_in_one_way_after_the_other(serve: Serve) -> None:
    then = [{"fault": {"kind": kind}} for kind in (401, 404, 500)]
    csms = await serve(rules=[{"when": {"action": "handshake"}, "then": then, "times": 3}])
    heads = []
    for _ in range(4):
        async with dialled(csms) as wire:
            heads.append(wire.head.split(b" ")[1])
    assert heads == [b"401", b"404", b"500", b"101"]


@pytest.mark.parametrize(
    ("fault", "said"), [("wrong-subprotocol", b"ocpp0.0"), ("wrong-subprotocol=ocpp1.6", b"ocpp1.6")]
)
async def test_the_handshake_ends_with_a_subprotocol_that_was_not_offered(
    serve: Serve, fault: str, said: bytes
) -> None:
    csms = await serve(faults=f"handshake:{fault}")
    async with dialled(csms) as wire:
        assert wire.head.startswith(b"HTTP/1.1 101 ")
        assert b"\r\nSec-WebSocket-Protocol: " + said + b"\r\n" in wire.head
    assert csms.stations == {}


async def test_a_station_that_looks_at_the_subprotocol_goes_away(serve: Serve) -> None:
    csms = await serve(faults="handshake:wrong-subprotocol")
    with pytest.raises(websockets.NegotiationError, match=r"ocpp0\.0"):
        async with raw_connection(csms):
            pass


@on_both_loops
async def test_a_station_that_overlooks_the_wrong_subprotocol_is_not_answered(serve: Serve) -> None:
    csms = await serve(faults="handshake:wrong-subprotocol")
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await wire.is_silent()


@on_both_loops
async def test_a_connection_that_hangs_is_accepted_and_then_silent(serve: Serve) -> None:
    csms = await serve(faults="CS1/handshake:hang")
    async with dialled(csms) as wire, dialled(csms, "CS2") as other:
        assert wire.head.startswith(b"HTTP/1.1 101 ")
        assert b"\r\nSec-WebSocket-Protocol: ocpp2.0.1\r\n" in wire.head
        wire.ask(1)
        assert await wire.is_silent()
        other.ask(1)
        assert await other.text() == ANSWER
    assert "CS1" not in csms.stations


@on_both_loops
async def test_a_connection_that_hangs_for_a_while_ends_then(serve: Serve) -> None:
    csms = await serve(faults=f"handshake:hang={A_WHILE}")
    started = perf_counter()
    async with dialled(csms) as wire:
        assert wire.head.startswith(b"HTTP/1.1 101 ")
        assert await wire.rest() == b""
        assert perf_counter() - started >= A_WHILE


@on_both_loops
async def test_a_station_whose_connection_hung_can_come_back(serve: Serve) -> None:
    csms = await serve(faults="handshake:hang:times=1")
    async with dialled(csms) as wire:
        wire.ask(1)
        async with dialled(csms) as again:
            again.ask(1)
            assert await again.text() == ANSWER


# To the station's answers to commands


def answer_rule(then: dict[str, Any] | None = None, **more: Any) -> list[dict[str, Any]]:
    """A rule about the station's answer to ClearCache."""
    rule: dict[str, Any] = {"when": {"action": "ClearCache", "direction": "answer"}, **more}
    return [rule if then is None else {**rule, "then": then}]


@asynccontextmanager
async def at_work(csms: Csms) -> AsyncIterator[Station]:
    """Connect a real station and see that it is served."""
    async with connected(csms) as station:
        await station.send(call.Heartbeat())
        yield station


async def test_an_answer_that_is_lost_leads_to_a_time_out_of_the_call(serve: Serve) -> None:
    csms = await serve(rules=answer_rule({"fault": {"kind": "no-answer"}}, times=1), call_timeout=A_WHILE)
    async with at_work(csms) as station:
        with pytest.raises(CallTimedOut):
            await csms.sessions["CS1"].call("ClearCache", {})
        assert await station.next("ClearCache") == {}


async def test_after_an_answer_that_is_lost_the_next_call_goes_out(serve: Serve) -> None:
    csms = await serve(rules=answer_rule({"fault": {"kind": "no-answer"}}, times=1), call_timeout=A_WHILE)
    async with at_work(csms):
        with pytest.raises(CallTimedOut):
            await csms.sessions["CS1"].call("ClearCache", {})
        assert await csms.sessions["CS1"].call("ClearCache", {}) == {"status": "Accepted"}


async def test_the_answers_to_other_commands_are_not_lost(serve: Serve) -> None:
    csms = await serve(rules=answer_rule({"fault": {"kind": "no-answer"}}))
    async with at_work(csms):
        assert (await csms.sessions["CS1"].call("Reset", {"type": "OnIdle"}))["status"] == "Accepted"


async def test_an_answer_is_followed_by_a_close(serve: Serve) -> None:
    csms = await serve(rules=answer_rule({"fault": {"kind": "close", "code": 1012}}))
    async with at_work(csms) as station:
        with pytest.raises(Disconnected):
            await csms.sessions["CS1"].call("ClearCache", {})
        await station.connection.wait_closed()
    assert station.connection.close_code == 1012


@on_both_loops
async def test_an_answer_is_followed_by_a_reset(serve: Serve) -> None:
    csms = await serve(rules=answer_rule({"fault": {"kind": "reset"}}))
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await wire.text() == ANSWER
        calling = asyncio.create_task(csms.sessions["CS1"].call("ClearCache", {}))
        message_id = json.loads(await wire.text())[1]
        wire.write(json.dumps([3, message_id, {"status": "Accepted"}]).encode())
        with pytest.raises(ConnectionResetError):
            await wire.rest()
        with pytest.raises(Disconnected):
            await calling


@on_both_loops
async def test_an_answer_is_followed_by_a_stall(serve: Serve) -> None:
    csms = await serve(rules=answer_rule({"fault": {"kind": "stall"}}), call_timeout=A_WHILE)
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await wire.text() == ANSWER
        calling = asyncio.create_task(csms.sessions["CS1"].call("ClearCache", {}))
        message_id = json.loads(await wire.text())[1]
        wire.write(json.dumps([3, message_id, {"status": "Accepted"}]).encode())
        with pytest.raises(CallTimedOut):
            await calling
        wire.ask(2)
        assert await wire.is_silent()


async def test_something_is_laid_over_what_the_station_said(serve: Serve) -> None:
    answer = {"status": "Rejected", "statusInfo": {"reasonCode": "{{request.status}}"}}
    csms = await serve(rules=answer_rule({"answer": answer}))
    async with at_work(csms):
        assert await csms.sessions["CS1"].call("ClearCache", {}) == {
            "status": "Rejected",
            "statusInfo": {"reasonCode": "Accepted"},
        }


async def test_what_is_laid_over_an_answer_leaves_the_rest_of_it(serve: Serve) -> None:
    csms = await serve(rules=answer_rule({"answer": {"customData": {"vendorId": "V"}}}))
    async with at_work(csms) as station:
        station.answers["ClearCache"] = lambda: call_result.ClearCache(status="Rejected")
        assert await csms.sessions["CS1"].call("ClearCache", {}) == {
            "status": "Rejected",
            "customData": {"vendorId": "V"},
        }


async def test_an_error_takes_the_place_of_what_the_station_said(serve: Serve) -> None:
    error = {"code": "NotSupported", "description": "not today", "details": {"until": "tomorrow"}}
    csms = await serve(rules=answer_rule({"error": error}))
    async with at_work(csms):
        with pytest.raises(CallErrorReceived) as failure:
            await csms.sessions["CS1"].call("ClearCache", {})
    found = failure.value
    assert (found.code, found.description, found.details) == ("NotSupported", "not today", error["details"])


async def test_an_answer_by_a_rule_that_breaks_its_schema_is_treated_as_the_stations_own(
    serve: Serve,
) -> None:
    csms = await serve(rules=answer_rule({"answer": {"status": "Maybe"}}, validate=False))
    async with at_work(csms):
        with pytest.raises(InvalidAnswer):
            await csms.sessions["CS1"].call("ClearCache", {})


async def test_a_rule_holds_for_the_answers_that_have_what_it_asks_for(serve: Serve) -> None:
    rules = answer_rule({"answer": {"status": "Accepted"}})
    rules[0]["when"]["payload"] = {"status": "Rejected"}
    csms = await serve(rules=rules)
    async with at_work(csms) as station:
        station.answers["ClearCache"] = lambda: call_result.ClearCache(status="Rejected")
        assert await csms.sessions["CS1"].call("ClearCache", {}) == {"status": "Accepted"}


async def test_an_answer_sets_the_state_of_the_station(serve: Serve) -> None:
    csms = await serve(rules=answer_rule(set="cleared"))
    async with at_work(csms):
        assert await csms.sessions["CS1"].call("ClearCache", {}) == {"status": "Accepted"}
    assert csms.stations["CS1"].state == "cleared"


# What the log says


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("delay=0.05", "UnknownVendorId"),
        ("no-answer", "nothing (no-answer)"),
        ("late-answer=0.05", "UnknownVendorId"),
        ("duplicate", "UnknownVendorId"),
        ("wrong-id", "UnknownVendorId"),
        ("malformed", "UnknownVendorId"),
        ("truncated", "UnknownVendorId"),
        ("wrong-type", "UnknownVendorId"),
        ("binary", "UnknownVendorId"),
        ("fragmented", "UnknownVendorId"),
        ("oversized=1000", "UnknownVendorId"),
        ("close", "nothing (close)"),
        ("reset", "nothing (reset)"),
        ("stall", "nothing (stall)"),
    ],
)
async def test_the_log_says_that_an_answer_is_injected(
    serve: Serve, log_lines: LogLines, fault: str, told: str
) -> None:
    csms = await serve(faults=f"DataTransfer:{fault}")
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await log_lines.wait_for("CS1", "->", "DataTransfer INJECTED", told)
        kind = fault.partition("=")[0]
        assert await log_lines.wait_for("CS1", f"injected by DataTransfer:{fault}: {kind}")
    assert not [line for line in log_lines.lines if "DataTransfer result" in line]


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ({"answer": {"status": "Accepted"}}, "Accepted"),
        ({"error": {"code": "SecurityError", "description": "no"}}, "SecurityError: no"),
    ],
    ids=["answer", "error"],
)
async def test_the_log_says_that_what_a_rule_answers_is_injected(
    serve: Serve, log_lines: LogLines, then: dict[str, Any], told: str
) -> None:
    csms = await serve(rules=[{"id": "mine", "when": {"action": "DataTransfer"}, "then": then}])
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await log_lines.wait_for("CS1", "->", "DataTransfer INJECTED", told)
        assert await log_lines.wait_for("CS1", "injected by mine")


@pytest.mark.parametrize("kind", ["401", "403", "404", "500", "503", "wrong-subprotocol", "hang"])
async def test_the_log_says_that_a_handshake_is_injected(
    serve: Serve, log_lines: LogLines, kind: str
) -> None:
    csms = await serve(faults=f"handshake:{kind}")
    async with dialled(csms):
        pass
    assert await log_lines.wait_for(f"CS1  injected by handshake:{kind} at the handshake: {kind}")


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ({"fault": {"kind": "no-answer"}}, "no-answer"),
        ({"fault": {"kind": "close"}}, "close"),
        ({"fault": {"kind": "reset"}}, "reset"),
        ({"fault": {"kind": "stall"}}, "stall"),
        ({"answer": {"status": "Rejected"}}, "answer"),
        ({"error": {"code": "SecurityError"}}, "error SecurityError"),
    ],
    ids=["no-answer", "close", "reset", "stall", "answer", "error"],
)
async def test_the_log_says_that_something_is_injected_into_a_stations_answer(
    serve: Serve, log_lines: LogLines, then: dict[str, Any], told: str
) -> None:
    csms = await serve(rules=answer_rule(then, id="mine"))
    async with dialled(csms) as wire:
        wire.ask(1)
        assert await wire.text() == ANSWER
        calling = asyncio.create_task(csms.sessions["CS1"].call("ClearCache", {}))
        message_id = json.loads(await wire.text())[1]
        wire.write(json.dumps([3, message_id, {"status": "Accepted"}]).encode())
        line = f"CS1  injected by mine into the answer to ClearCache: {told}"
        assert await log_lines.wait_for(line)
        calling.cancel()
        await asyncio.wait([calling])


async def test_the_log_says_nothing_of_what_is_not_injected(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(faults="DataTransfer:no-answer:times=1")
    async with dialled(csms) as wire:
        wire.ask(1, 2)
        await wire.text()
        assert await log_lines.wait_for("CS1", "->", "DataTransfer result", "UnknownVendorId")
    assert len([line for line in log_lines.lines if "INJECTED" in line]) == 1


# The same again


async def heartbeats_answered(csms: Csms, identity: str, number: int = 50) -> list[int]:
    """Send so many Heartbeats, and tell which of them were answered before a last message was."""
    answered = []
    async with dialled(csms, identity) as wire:
        wire.ask(*range(number), action="Heartbeat")
        wire.ask("last")
        while (message_id := json.loads(await wire.text())[1]) != "last":
            answered.append(int(message_id))
    return answered


CHANCE = "Heartbeat:no-answer:probability=0.5"


async def test_with_the_same_seed_a_station_is_answered_and_not_answered_as_before(serve: Serve) -> None:
    first, second = [await serve(faults=CHANCE, seed=42) for _ in range(2)]
    for identity in ("CS1", "CS2"):
        answered = await heartbeats_answered(first, identity)
        assert 0 < len(answered) < 50
        assert answered == await heartbeats_answered(second, identity)


async def test_each_station_has_its_own_sequence(serve: Serve) -> None:
    csms = await serve(faults=CHANCE, seed=42)
    assert await heartbeats_answered(csms, "CS1") != await heartbeats_answered(csms, "CS2")


async def test_the_sequence_of_a_station_does_not_depend_on_when_others_come(serve: Serve) -> None:
    first, second = [await serve(faults=CHANCE, seed=42) for _ in range(2)]
    alone = await heartbeats_answered(first, "CS1")
    await heartbeats_answered(second, "CS2")
    together = await asyncio.gather(*(heartbeats_answered(second, it) for it in ("CS3", "CS1", "CS4")))
    assert together[1] == alone


async def test_another_seed_makes_another_sequence(serve: Serve) -> None:
    first, second = [await serve(faults=CHANCE, seed=seed) for seed in (42, 43)]
    assert await heartbeats_answered(first, "CS1") != await heartbeats_answered(second, "CS1")


async def test_a_sequence_goes_on_when_the_station_comes_back(serve: Serve) -> None:
    first, second = [await serve(faults=CHANCE, seed=42) for _ in range(2)]
    whole = await heartbeats_answered(first, "CS1", 50)
    before, after = [await heartbeats_answered(second, "CS1", 25) for _ in range(2)]
    assert before + [number + 25 for number in after] == whole


async def test_a_server_with_faults_for_one_station_is_as_ever_for_another(serve: Serve) -> None:
    csms = await serve(faults="CS1/Heartbeat:no-answer")
    async with raw_connection(csms, "CS2") as connection:
        assert await heartbeat_is_answered(connection)


async def test_a_fault_of_one_connection_is_also_one_of_the_next(serve: Serve) -> None:
    """Counts belong to the station, not to its connection."""
    csms = await serve(faults="Heartbeat:wrong-type:nth=2")
    kinds = []
    for _ in range(3):
        async with raw_connection(csms) as connection:
            await connection.send('[2,"1","Heartbeat",{}]')
            kinds.append((await receive(connection))[0])
    assert kinds == [3, 9, 3]
