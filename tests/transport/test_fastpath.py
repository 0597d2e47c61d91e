"""Fast path: frames parsed and written without `websockets` agree with those of `websockets`."""

import pytest
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, SERVER, Protocol

from mock_csms.transport import fastpath

MAX_SIZE = 100_000
SIZES = (0, 1, 125, 126, 127, 65_535, 65_536, 70_000)


def from_station(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin=fin).serialize(mask=True)


def text_of(size: int) -> bytes:
    return (b"0123456789" * (size // 10 + 1))[:size]


@pytest.mark.parametrize("size", [size for size in SIZES if size < 65_536])
def test_single_text_frame_is_unmasked(size: int) -> None:
    assert fastpath.lone_text(from_station(Opcode.TEXT, text_of(size)), MAX_SIZE) == text_of(size)


OTHER_DATA = {
    "empty": b"",
    "part of a header": from_station(Opcode.TEXT, b"x")[:5],
    "part of a frame": from_station(Opcode.TEXT, text_of(200))[:-1],
    "frame and one byte": from_station(Opcode.TEXT, b"x") + b"\x81",
    "two frames": from_station(Opcode.TEXT, b"x") * 2,
    "binary": from_station(Opcode.BINARY, b"x"),
    "first fragment": from_station(Opcode.TEXT, b"x", fin=False),
    "last fragment": from_station(Opcode.CONT, b"x"),
    "ping": from_station(Opcode.PING, b"x"),
    "close": from_station(Opcode.CLOSE, b"\x03\xe8"),
    "not masked": Frame(Opcode.TEXT, text_of(20)).serialize(mask=False),
    "compressed": bytes([0xC1]) + from_station(Opcode.TEXT, b"x")[1:],
    "over 65,535 bytes": from_station(Opcode.TEXT, text_of(65_536)),
}


@pytest.mark.parametrize("name", OTHER_DATA)
def test_other_data_is_not_a_single_text_frame(name: str) -> None:
    assert fastpath.lone_text(OTHER_DATA[name], MAX_SIZE) is None


def test_text_frame_over_max_size_is_not_unmasked() -> None:
    assert fastpath.lone_text(from_station(Opcode.TEXT, text_of(1000)), 1000) == text_of(1000)
    assert fastpath.lone_text(from_station(Opcode.TEXT, text_of(1001)), 1000) is None


@pytest.mark.parametrize("size", SIZES)
def test_size_is_0_until_frame_is_complete(size: int) -> None:
    frame = from_station(Opcode.TEXT, text_of(size))
    cuts = {*range(min(len(frame), 20)), len(frame) - 1}
    for cut in cuts:
        assert fastpath.first_frame(bytearray(frame[:cut]), MAX_SIZE) == 0
    assert fastpath.first_frame(bytearray(frame), MAX_SIZE) == len(frame)


def test_size_is_that_of_the_first_frame() -> None:
    first = from_station(Opcode.TEXT, text_of(300))
    others = from_station(Opcode.PING, b"") + from_station(Opcode.CLOSE, b"\x03\xe8")[:-1]
    assert fastpath.first_frame(bytearray(first + others), MAX_SIZE) == len(first)


def test_frame_over_max_size_is_passed_on_incomplete() -> None:
    part = from_station(Opcode.TEXT, text_of(MAX_SIZE + 1))[:20]
    assert fastpath.first_frame(bytearray(part), MAX_SIZE) == len(part)


@pytest.mark.parametrize("size", SIZES)
def test_text_frame_equals_that_of_websockets(size: int) -> None:
    library = Protocol(SERVER)
    library.send_text(text_of(size))
    assert fastpath.text_frame(text_of(size)) == b"".join(library.data_to_send())


@pytest.mark.parametrize("size", SIZES)
def test_text_frame_is_parsed_by_websockets(size: int) -> None:
    library = Protocol(CLIENT)
    library.receive_data(fastpath.text_frame(text_of(size)))
    (frame,) = library.events_received()
    assert isinstance(frame, Frame)
    assert (frame.opcode, bytes(frame.data), frame.fin) == (Opcode.TEXT, text_of(size), True)
