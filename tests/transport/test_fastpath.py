"""Whole WebSocket frames in and out, against the frames that `websockets` itself makes and reads."""

import pytest
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, SERVER, Protocol

from mock_csms.transport import fastpath as websocket

MAX_SIZE = 100_000
SIZES = (0, 1, 125, 126, 127, 65_535, 65_536, 70_000)


def from_station(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin=fin).serialize(mask=True)


def a_text(size: int) -> bytes:
    return (b"0123456789" * (size // 10 + 1))[:size]


@pytest.mark.parametrize("size", [size for size in SIZES if size < 65_536])
def test_a_lone_text_frame_is_unmasked(size: int) -> None:
    assert websocket.lone_text(from_station(Opcode.TEXT, a_text(size)), MAX_SIZE) == a_text(size)


OTHERS = {
    "empty": b"",
    "a part of a header": from_station(Opcode.TEXT, b"x")[:5],
    "a part of a frame": from_station(Opcode.TEXT, a_text(200))[:-1],
    "a frame and a byte": from_station(Opcode.TEXT, b"x") + b"\x81",
    "two frames": from_station(Opcode.TEXT, b"x") * 2,
    "binary": from_station(Opcode.BINARY, b"x"),
    "the first fragment": from_station(Opcode.TEXT, b"x", fin=False),
    "the last fragment": from_station(Opcode.CONT, b"x"),
    "ping": from_station(Opcode.PING, b"x"),
    "close": from_station(Opcode.CLOSE, b"\x03\xe8"),
    "not masked": Frame(Opcode.TEXT, a_text(20)).serialize(mask=False),
    "compressed": bytes([0xC1]) + from_station(Opcode.TEXT, b"x")[1:],
    "over 65,535 bytes": from_station(Opcode.TEXT, a_text(65_536)),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_lone_text_frame_is_left_to_others(name: str) -> None:
    assert websocket.lone_text(OTHERS[name], MAX_SIZE) is None


def test_a_lone_text_frame_over_the_bound_is_left_to_others() -> None:
    assert websocket.lone_text(from_station(Opcode.TEXT, a_text(1000)), 1000) == a_text(1000)
    assert websocket.lone_text(from_station(Opcode.TEXT, a_text(1001)), 1000) is None


@pytest.mark.parametrize("size", SIZES)
def test_a_frame_is_waited_for_byte_by_byte(size: int) -> None:
    frame = from_station(Opcode.TEXT, a_text(size))
    cuts = {*range(min(len(frame), 20)), len(frame) - 1}
    for cut in cuts:
        assert websocket.first_frame(bytearray(frame[:cut]), MAX_SIZE) == 0
    assert websocket.first_frame(bytearray(frame), MAX_SIZE) == len(frame)


def test_the_first_of_several_frames_is_measured() -> None:
    first = from_station(Opcode.TEXT, a_text(300))
    others = from_station(Opcode.PING, b"") + from_station(Opcode.CLOSE, b"\x03\xe8")[:-1]
    assert websocket.first_frame(bytearray(first + others), MAX_SIZE) == len(first)


def test_a_frame_over_the_bound_is_not_waited_for() -> None:
    part = from_station(Opcode.TEXT, a_text(MAX_SIZE + 1))[:20]
    assert websocket.first_frame(bytearray(part), MAX_SIZE) == len(part)


@pytest.mark.parametrize("size", SIZES)
def test_a_text_frame_is_the_one_that_the_library_sends(size: int) -> None:
    library = Protocol(SERVER)
    library.send_text(a_text(size))
    assert websocket.text_frame(a_text(size)) == b"".join(library.data_to_send())


@pytest.mark.parametrize("size", SIZES)
def test_a_text_frame_is_read_by_the_library(size: int) -> None:
    library = Protocol(CLIENT)
    library.receive_data(websocket.text_frame(a_text(size)))
    (frame,) = library.events_received()
    assert isinstance(frame, Frame)
    assert (frame.opcode, bytes(frame.data), frame.fin) == (Opcode.TEXT, a_text(size), True)
