"""Exceptions in the code that the transport calls never end a connection or stop its reading."""

import json
from typing import Any

import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame

from charge_point import ChargePoint
from mock_csms.csms import Csms
from mock_csms.journal.refusals import Refusals
from tests.conftest import LogLines
from tests.support.station import heartbeat_is_answered, raw_connection
from tests.support.wire import BINARY, OFFER, RSV1, TEXT, Deflate, frame, request, tcp_wire, websocket_wire

pytestmark = pytest.mark.guarded_failures

FRAMES = 30
"""Frames in one packet, more than are handled in one iteration of the event loop."""


class Broken(Exception):
    """Raised on purpose by the tests."""


def broken(*_: Any, **__: Any) -> Any:
    raise Broken


def breaking(monkeypatch: pytest.MonkeyPatch, method: str, words: bytes) -> None:
    """Make a method of the session raise for messages that contain these words."""
    plain = getattr(ChargePoint, method)

    def receive(session: ChargePoint, data: bytes) -> None:
        if words in data:
            raise Broken
        plain(session, data)

    monkeypatch.setattr(ChargePoint, method, receive)


@pytest.mark.parametrize("number", [0, 5, 11, FRAMES - 1])
@pytest.mark.parametrize("extensions", [None, OFFER], ids=["plain", "compression"])
async def test_receiver_that_raises_costs_only_its_own_answer(
    csms: Csms, monkeypatch: pytest.MonkeyPatch, number: int, extensions: str | None
) -> None:
    breaking(monkeypatch, "receive", b'"broken"')
    async with websocket_wire(csms, extensions=extensions) as wire:
        ids = ["broken" if index == number else str(index) for index in range(FRAMES)]
        wire.write_calls(*ids)
        for message_id in ids:
            if message_id != "broken":
                answer = await wire.read_frame()
                text = wire.decompress(answer.data) if answer.compressed else answer.data
                assert json.loads(text)[1] == message_id
        wire.write_calls("after")
        assert b"after" in (await wire.read_frame()).data or extensions


async def test_receiver_that_raises_for_a_single_frame_keeps_the_connection(
    csms: Csms, monkeypatch: pytest.MonkeyPatch, log_lines: LogLines
) -> None:
    breaking(monkeypatch, "receive", b'"broken"')
    async with websocket_wire(csms) as wire:
        wire.write_calls("broken")
        await log_lines.wait_for("CS1  handling a message failed")
        wire.write_calls("after")
        assert await wire.read_message_id() == "after"


async def test_receiver_that_raises_for_a_binary_message_keeps_the_connection(
    csms: Csms, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking(monkeypatch, "receive_binary", b"x")
    async with websocket_wire(csms) as wire:
        wire.write(b"x", opcode=BINARY)
        wire.write_calls("after")
        assert await wire.read_message_id() == "after"


async def test_failure_to_admit_is_an_http_500(csms: Csms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Csms, "match_handshake_rule", broken)
    async with tcp_wire(csms) as wire:
        wire.write_bytes(request("/CS1"))
        assert (await wire.read_head()).startswith(b"HTTP/1.1 500")


async def test_failure_to_serve_closes_with_1011(csms: Csms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Csms, "connect", broken)
    async with websocket_wire(csms) as wire:
        assert await wire.read_close() == (1011, "the mock server failed")


async def test_failure_to_record_a_refusal_leaves_its_response(
    csms: Csms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Refusals, "add", broken)
    async with tcp_wire(csms) as wire:
        wire.write_bytes(b"nonsense\r\n\r\n")
        assert (await wire.read_head()).startswith(b"HTTP/1.1 400")


async def test_end_of_a_connection_that_cannot_be_handled_lets_others_end(
    csms: Csms, monkeypatch: pytest.MonkeyPatch, log_lines: LogLines
) -> None:
    async with raw_connection(csms, "CS1"), raw_connection(csms, "CS2") as other:
        assert await heartbeat_is_answered(other)
        monkeypatch.setattr(ChargePoint, "closed", broken)
    await log_lines.wait_for("CS1  the end of a connection failed")
    await log_lines.wait_for("CS2  the end of a connection failed")


# A backlog of compressed messages


async def test_compressed_messages_that_wait_are_not_inflated(
    csms: Csms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each message is inflated when its turn comes, although many arrive together."""
    inflated = 0
    ahead: list[int] = []
    decode, plain_receive = PerMessageDeflate.decode, ChargePoint.receive

    def count(extension: PerMessageDeflate, received: Frame, **options: Any) -> Frame:
        nonlocal inflated
        inflated += 1
        return decode(extension, received, **options)

    def receive(session: ChargePoint, data: bytes) -> None:
        ahead.append(inflated - len(ahead))
        plain_receive(session, data)

    monkeypatch.setattr(PerMessageDeflate, "decode", count)
    monkeypatch.setattr(ChargePoint, "receive", receive)
    async with websocket_wire(csms, extensions=OFFER) as wire:
        deflate = Deflate()
        calls = [[2, str(number), "DataTransfer", {"vendorId": " " * 200_000}] for number in range(FRAMES)]
        messages = (deflate.compress(json.dumps(message).encode()) for message in calls)
        wire.write_bytes(b"".join(frame(TEXT, message, rsv=RSV1) for message in messages))
        for number in range(FRAMES):
            answer = await wire.read_frame()
            assert json.loads(wire.decompress(answer.data))[1] == str(number)
    assert ahead == [1] * FRAMES
