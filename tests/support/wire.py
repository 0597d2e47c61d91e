"""The station's end of a TCP connection, byte by byte, and scripts of the exchange with the server.

Frames are built by hand, because the tests check the frames that `websockets` builds and parses.
"""

import asyncio
import json
import re
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from typing import Any, Final

import pytest

from mock_csms.csms import Csms
from tests.support.station import PATIENCE

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FIN, RSV1, RSV2, RSV3 = 0x80, 0x40, 0x20, 0x10

MASK: Final = b"\x37\xfa\x21\x3d"
KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT: Final = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""MASK, KEY and ACCEPT are from the examples in RFC 6455 (5.7, 1.3)."""

HEADERS: Final[Mapping[str, str]] = {
    "Host": "x",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "ocpp2.0.1",
}
OFFER: Final = "permessage-deflate; client_max_window_bits"
VARYING: Final = ("Date", "Server")
"""Response headers that tests do not compare."""


# Bytes that the station sends


def request(
    target: str = "/CS1",
    headers: Mapping[str, str | None] | None = None,
    *lines_to_add: str,
    method: str = "GET",
    version: str = "HTTP/1.1",
) -> bytes:
    """Build an opening handshake; a header whose value is None is left out, ``lines_to_add`` come last."""
    fields = {**HEADERS, **(headers or {})}
    lines = [f"{method} {target} {version}"]
    lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "".join(f"{line}\r\n" for line in [*lines, *lines_to_add, ""]).encode("latin-1")


def masked(data: bytes) -> bytes:
    """Apply the mask (RFC 6455 5.3)."""
    return bytes(byte ^ MASK[index % 4] for index, byte in enumerate(data))


def header(first: int, length: int, *, mask: bool = True, length_bytes: int | None = None) -> bytes:
    """Build the header of a frame (RFC 6455 5.2), with the shortest length field unless one is given."""
    if length_bytes is None:
        length_bytes = 0 if length < 126 else 2 if length < 2**16 else 8
    short = {0: length, 2: 126, 8: 127}[length_bytes]
    extended = length.to_bytes(length_bytes) if length_bytes else b""
    return bytes([first, short | (0x80 if mask else 0)]) + extended


def frame(
    opcode: int, data: bytes = b"", *, fin: bool = True, rsv: int = 0, length_bytes: int | None = None
) -> bytes:
    """Build a masked frame."""
    first = opcode | rsv | (FIN if fin else 0)
    return header(first, len(data), length_bytes=length_bytes) + MASK + masked(data)


def unmasked(opcode: int, data: bytes = b"") -> bytes:
    """Build an unmasked frame, which only a server may send."""
    return header(FIN | opcode, len(data), mask=False) + data


def close(code: int | None = None, reason: bytes = b"") -> bytes:
    """Build a close frame."""
    return frame(CLOSE, b"" if code is None else code.to_bytes(2) + reason)


def pieces(data: bytes, *cuts: int) -> list[bytes]:
    """Split data into packets at these offsets; without offsets, into single bytes."""
    edges = [0, *(cuts or range(1, len(data))), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


class Deflate:
    """One direction of permessage-deflate (RFC 7692 7.2)."""

    def __init__(self, *, window_bits: int = 10) -> None:
        self._deflate = zlib.compressobj(wbits=-window_bits)
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)

    def compress(self, data: bytes) -> bytes:
        return (self._deflate.compress(data) + self._deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]

    def decompress(self, data: bytes) -> bytes:
        return self._inflate.decompress(data + b"\x00\x00\xff\xff")


# Bytes that the station expects from the server


@dataclass(frozen=True)
class Head:
    """An expected response to the opening handshake, without the headers that vary.

    The body must equal ``text``. If ``about`` is given, the body, which `websockets` writes, must contain it.
    """

    status: str
    headers: tuple[str, ...] = ()
    text: str = ""
    about: str | None = None


def accepted(*headers: str) -> Head:
    """Return the expected response for an upgrade, with these headers besides the mandatory ones."""
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {ACCEPT}")
    return Head("101 Switching Protocols", (*upgrade, *headers))


def refused(status: str, *headers: str, text: str = "", about: str | None = None) -> Head:
    """Return the expected response with this status instead of the upgrade."""
    plain = ("Connection: close", "Content-Type: text/plain; charset=utf-8")
    return Head(status, (*plain, *headers), text, about)


@dataclass(frozen=True)
class Frame:
    """An expected frame of the server, compared byte by byte."""

    opcode: int
    data: bytes = b""
    fin: bool = True
    compressed: bool = False

    @property
    def raw(self) -> bytes:
        first = self.opcode | (FIN if self.fin else 0) | (RSV1 if self.compressed else 0)
        return header(first, len(self.data), mask=False) + self.data


@dataclass(frozen=True)
class Matching:
    """An expected text frame whose (decompressed) data matches a pattern."""

    pattern: bytes
    compressed: bool = False


@dataclass(frozen=True)
class Closing:
    """An expected close frame, whose reason must equal ``reason``.

    If ``about`` is given, the reason must only contain it, because `websockets` may reword the reason.
    """

    code: int
    reason: str = ""
    about: str | None = None


class Act(Enum):
    """An action of the station on its TCP connection."""

    END = auto()
    """Send a FIN and keep reading."""
    RESET = auto()
    """Send a RST."""


class Then(Enum):
    """Expected state of the connection at the end of a script, right after the last expected frame."""

    OPEN = auto()
    """The connection works: a ping is answered."""
    SILENT = auto()
    """The server has read everything, sends nothing and waits."""
    ENDED = auto()
    """The server sends a FIN."""
    DROPPED = auto()
    """The server sends a FIN and closes its socket, though the station keeps its end open."""
    WAS_RESET = auto()
    """The server sends a RST."""


type Step = bytes | Head | Frame | Matching | Closing | Act | Then


class Wire:
    """The station's end of a TCP connection, on which tests build WebSocket frames by hand."""

    def __init__(self, connected: socket.socket, clock: "Clock") -> None:
        self.head = b""
        """Response to the opening handshake, up to the empty line."""
        self._loop = asyncio.get_running_loop()
        self._socket = connected
        self._clock = clock
        self._deflate = Deflate()

    async def send(self, data: bytes) -> None:
        """Send a packet, and wait until the server has read it."""
        await self._loop.sock_sendall(self._socket, data)
        await self.settle()

    def write_bytes(self, data: bytes) -> None:
        """Send bytes that fit the send buffer, without waiting for the server."""
        self._socket.sendall(data)

    def write(self, *messages: bytes, opcode: int = TEXT) -> None:
        """Send each message in a frame, all in one packet, without waiting for the server."""
        self.write_bytes(b"".join(frame(opcode, message) for message in messages))

    def write_calls(self, *message_ids: object, action: str = "DataTransfer") -> None:
        """Send a CALL for each message id in one packet."""
        payload = {"DataTransfer": {"vendorId": "V"}}.get(action, {})
        calls = [[2, str(message_id), action, payload] for message_id in message_ids]
        self.write(*(json.dumps(call).encode() for call in calls))

    async def settle(self) -> None:
        """Wait until the server has read all bytes sent so far, and its event loop has run once more."""
        await self._clock.tick()

    async def read(self, size: int) -> bytes:
        """Return this many bytes, or fewer if the server ends the connection first."""
        data = b""
        async with asyncio.timeout(PATIENCE):
            while len(data) < size:
                received = await self._loop.sock_recv(self._socket, size - len(data))
                if not received:
                    break
                data += received
        return data

    async def read_rest(self) -> bytes:
        """Return all bytes up to the FIN of the server. Raises ConnectionResetError on a RST."""
        data = b""
        async with asyncio.timeout(PATIENCE):
            while received := await self._loop.sock_recv(self._socket, 2**16):
                data += received
        return data

    async def read_head(self) -> bytes:
        """Return the response to the opening handshake, up to the empty line."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = await self.read(1)
            assert byte, f"ended after {head!r}"
            head += byte
        return head

    async def read_frame(self) -> Frame:
        """Return the next frame."""
        first, length = await self.read(2)
        if size := {126: 2, 127: 8}.get(length):
            length = int.from_bytes(await self.read(size))
        data = await self.read(length)
        assert len(data) == length, f"ended after {len(data)} of {length} bytes"
        return Frame(first & 0xF, data, bool(first & FIN), bool(first & RSV1))

    async def read_text(self) -> bytes:
        """Return the data of the next frame, which must be a whole uncompressed text frame."""
        received = await self.read_frame()
        assert received == Frame(TEXT, received.data)
        return received.data

    async def read_message_id(self) -> Any:
        """Return the id of the next message, which must be a whole uncompressed text frame."""
        return json.loads(await self.read_text())[1]

    async def read_close(self) -> tuple[int, str]:
        """Answer the close frame of the server, wait for its FIN, and return the code and the reason."""
        received = await self.read_frame()
        assert received == Frame(CLOSE, received.data)
        self.write(received.data, opcode=CLOSE)
        assert await self.read_rest() == b""
        return int.from_bytes(received.data[:2]), received.data[2:].decode()

    async def is_silent(self) -> bool:
        """Send a ping, and return whether it is left unanswered on an open connection."""
        await self.settle()  # a ping in the same packet as a message would be answered before that message
        await self.send(frame(PING, b"?"))
        return self._waiting_bytes() is None

    def decompress(self, data: bytes) -> bytes:
        """Decompress the next message (RFC 7692 7.2.2)."""
        return self._deflate.decompress(data)

    async def play(self, *steps: Step) -> None:
        """Carry out the steps of a script in turn: send bytes, and check what the server sends."""
        async with asyncio.timeout(PATIENCE):
            for step in steps:
                await self._take(step)

    async def _take(self, step: Step) -> None:
        """Carry out one step: send bytes, a FIN or a RST, or check what the server sends."""
        match step:
            case bytes():
                await self.send(step)
            case Frame():
                assert await self.read(len(step.raw)) == step.raw
            case Head():
                await self._expect_head(step)
            case Matching():
                await self._expect_match(step)
            case Closing():
                await self._expect_close(step)
            case Act.END:
                self._socket.shutdown(socket.SHUT_WR)
                await self.settle()
            case Act.RESET:
                self._reset()
                await self.settle()
            case _:
                await self._expect_end(step)

    def _reset(self) -> None:
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    async def _expect_head(self, expected: Head) -> None:
        head = await self.read_head()
        status, *lines = head.decode().removesuffix("\r\n\r\n").split("\r\n")
        fields = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
        body = await self.read(int(dict(fields).get("Content-Length", 0)))
        compared = sorted(
            f"{name}: {value}" for name, value in fields if name not in (*VARYING, "Content-Length")
        )
        assert (status, compared) == (f"HTTP/1.1 {expected.status}", sorted(expected.headers))
        assert ("Content-Length" in dict(fields)) == (not expected.status.startswith("101"))
        if expected.about is None:
            assert body.decode() == expected.text
        else:
            assert expected.about in body.decode()

    async def _expect_match(self, expected: Matching) -> None:
        received = await self.read_frame()
        assert received == Frame(TEXT, received.data, compressed=expected.compressed)
        text = self.decompress(received.data) if expected.compressed else received.data
        assert re.fullmatch(expected.pattern, text), text

    async def _expect_close(self, expected: Closing) -> None:
        received = await self.read_frame()
        assert received == Frame(CLOSE, received.data)
        code, reason = int.from_bytes(received.data[:2]), received.data[2:].decode()
        assert code == expected.code, (code, reason)
        if expected.about is None:
            assert reason == expected.reason
        else:
            assert expected.about in reason

    async def _expect_end(self, end: Act | Then) -> None:
        match end:
            case Then.OPEN:
                await self.send(frame(PING, b"still open?"))
                await self._take(Frame(PONG, b"still open?"))
            case Then.SILENT:
                assert self._waiting_bytes() is None
            case Then.ENDED | Then.DROPPED:
                assert await self.read(1) == b""
                if end is Then.DROPPED:
                    await self._wait_for_reset()
            case Then.WAS_RESET:
                with pytest.raises(ConnectionResetError):
                    await self.read(1)

    def _waiting_bytes(self) -> bytes | None:
        """A byte that can be read without waiting, b"" after a FIN, or None."""
        try:
            return self._socket.recv(1)
        except BlockingIOError:
            return None

    async def _wait_for_reset(self) -> None:
        """Send bytes until the server answers with a RST, which shows that it has closed its socket."""
        with suppress(ConnectionError):
            while True:
                await self.send(b"\x00")


class Clock:
    """A second client: an answer to its request proves that the server has read all earlier bytes."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address

    async def tick(self) -> None:
        """Wait until the server has read all bytes sent so far, and its event loop has run once more."""
        with suppress(ConnectionRefusedError):  # a stopping server no longer listens
            client, loop = await _connect(self._address), asyncio.get_running_loop()
            with closing(client):
                await loop.sock_sendall(client, b"GET /health HTTP/1.1\r\n\r\n")
                while await loop.sock_recv(client, 1024):
                    pass


async def _connect(address: tuple[str, int]) -> socket.socket:
    client = socket.socket()
    client.setblocking(False)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        await asyncio.get_running_loop().sock_connect(client, address)
    except BaseException:
        client.close()
        raise
    return client


@asynccontextmanager
async def tcp_wire(csms: Csms) -> AsyncIterator[Wire]:
    """Open a TCP connection, and close it at the end of the context."""
    host, _, port = csms.address.partition(":")
    address = host, int(port)
    with closing(await _connect(address)) as client:
        yield Wire(client, Clock(address))


@asynccontextmanager
async def websocket_wire(
    csms: Csms, identity: str = "CS1", extensions: str | None = None
) -> AsyncIterator[Wire]:
    """Open a TCP connection and request the upgrade; ``head`` is the response, accepted or not."""
    async with tcp_wire(csms) as wire:
        wire.write_bytes(request(f"/{identity}", {"Sec-WebSocket-Extensions": extensions}))
        wire.head = await wire.read_head()
        yield wire


async def play(csms: Csms, steps: Iterable[Step]) -> None:
    """Carry out the steps of a script in turn, on a new connection."""
    async with tcp_wire(csms) as wire:
        await wire.play(*steps)
