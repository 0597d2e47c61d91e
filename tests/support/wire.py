"""A station's end of a TCP connection, byte by byte, and scripts of what both ends send.

Frames are built by hand: what `websockets` makes and reads is what these tests are about.
"""

import asyncio
import re
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from typing import Final

import pytest

from mock_csms.csms import Csms
from tests.support.station import PATIENCE

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FIN, RSV1, RSV2, RSV3 = 0x80, 0x40, 0x20, 0x10

MASK: Final = b"\x37\xfa\x21\x3d"
KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT: Final = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""The mask, the key and the answer to it that RFC 6455 has in its examples (5.7, 1.3)."""

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
"""Response headers that no test compares."""


# What a station sends


def request(
    target: str = "/CS1",
    headers: Mapping[str, str | None] | None = None,
    *more: str,
    method: str = "GET",
    version: str = "HTTP/1.1",
) -> bytes:
    """Build an opening handshake; a header of None is left out, ``more`` are lines to add."""
    fields = {**HEADERS, **(headers or {})}
    lines = [f"{method} {target} {version}"]
    lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "".join(f"{line}\r\n" for line in [*lines, *more, ""]).encode("latin-1")


def masked(data: bytes) -> bytes:
    """Apply the mask (RFC 6455 5.3)."""
    return bytes(byte ^ MASK[index % 4] for index, byte in enumerate(data))


def header(first: int, length: int, *, mask: bool = True, length_bytes: int | None = None) -> bytes:
    """Build the header of a frame (RFC 6455 5.2), in as few bytes as possible unless told in how many."""
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
    """Build a frame without a mask, which only a server may send."""
    return header(FIN | opcode, len(data), mask=False) + data


def close(code: int | None = None, reason: bytes = b"") -> bytes:
    """Build a close frame."""
    return frame(CLOSE, b"" if code is None else code.to_bytes(2) + reason)


def pieces(data: bytes, *cuts: int) -> list[bytes]:
    """Cut data into packets; without cuts, into single bytes."""
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


# What a station expects


@dataclass(frozen=True)
class Head:
    """A response to the opening handshake, without the headers that vary.

    ``text`` is the whole body; where the text is that of `websockets`, only its ``about`` is compared.
    """

    status: str
    headers: tuple[str, ...] = ()
    text: str = ""
    about: str | None = None


def accepted(*headers: str) -> Head:
    """Expect the upgrade, with these headers besides those that are always there."""
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {ACCEPT}")
    return Head("101 Switching Protocols", (*upgrade, *headers))


def refused(status: str, *headers: str, text: str = "", about: str | None = None) -> Head:
    """Expect an answer other than the upgrade."""
    plain = ("Connection: close", "Content-Type: text/plain; charset=utf-8")
    return Head(status, (*plain, *headers), text, about)


@dataclass(frozen=True)
class Frame:
    """A frame of the server, to the byte."""

    opcode: int
    data: bytes = b""
    fin: bool = True

    @property
    def raw(self) -> bytes:
        return header(self.opcode | (FIN if self.fin else 0), len(self.data), mask=False) + self.data


@dataclass(frozen=True)
class Matching:
    """A whole text frame of the server that matches a pattern; its compressed form where that is agreed."""

    pattern: bytes
    compressed: bool = False


@dataclass(frozen=True)
class Closing:
    """A close frame of the server; of a reason that `websockets` gives only its ``about`` is compared."""

    code: int
    reason: str = ""
    about: str | None = None


class Act(Enum):
    """Something a station does with its TCP connection."""

    END = auto()
    """Send a FIN and go on reading."""
    RESET = auto()
    """Send a RST."""


class Then(Enum):
    """How a script ends, with nothing between it and what was received before."""

    OPEN = auto()
    """The connection works: a ping is answered."""
    SILENT = auto()
    """The server has read everything, sends nothing and waits."""
    ENDED = auto()
    """The server sends a FIN."""
    DROPPED = auto()
    """The server sends a FIN, and ends the connection though the station does not."""
    WAS_RESET = auto()
    """The server sends a RST."""


type Step = bytes | Head | Frame | Matching | Closing | Act | Then


class Wire:
    """A station's end of a TCP connection."""

    def __init__(self, connected: socket.socket, clock: "Clock") -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = connected
        self._clock = clock
        self._deflate = Deflate()

    async def send(self, data: bytes) -> None:
        """Send a packet, and wait until the server has read it."""
        await self._loop.sock_sendall(self._socket, data)
        await self.settle()

    async def settle(self) -> None:
        """Wait until the server has read what was sent, and has had another turn of its loop."""
        await self._clock.tick()

    async def read(self, size: int) -> bytes:
        """Wait for so many bytes; fewer if the connection ends."""
        data = b""
        while len(data) < size and (more := await self._loop.sock_recv(self._socket, size - len(data))):
            data += more
        return data

    async def play(self, *steps: Step) -> None:
        """Take the steps of a script, one after the other."""
        async with asyncio.timeout(PATIENCE):
            for step in steps:
                await self._take(step)

    async def _take(self, step: Step) -> None:
        """Take a step of a script."""
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

    async def frame(self) -> tuple[int, bytes]:
        """Wait for a frame of the server, and return its first byte and its data."""
        first, length = await self.read(2)
        if size := {126: 2, 127: 8}.get(length):
            length = int.from_bytes(await self.read(size))
        return first, await self.read(length)

    async def _expect_head(self, expected: Head) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = await self.read(1)
            assert byte, f"ended after {head!r}"
            head += byte
        status, *lines = head.decode().removesuffix("\r\n\r\n").split("\r\n")
        fields = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
        body = await self.read(int(dict(fields).get("Content-Length", 0)))
        kept = sorted(
            f"{name}: {value}" for name, value in fields if name not in (*VARYING, "Content-Length")
        )
        assert (status, kept) == (f"HTTP/1.1 {expected.status}", sorted(expected.headers))
        assert ("Content-Length" in dict(fields)) == (not expected.status.startswith("101"))
        if expected.about is None:
            assert body.decode() == expected.text
        else:
            assert expected.about in body.decode()

    async def _expect_match(self, expected: Matching) -> None:
        first, data = await self.frame()
        assert first == FIN | TEXT | (RSV1 if expected.compressed else 0)
        text = self._deflate.decompress(data) if expected.compressed else data
        assert re.fullmatch(expected.pattern, text), text

    async def _expect_close(self, expected: Closing) -> None:
        first, data = await self.frame()
        assert first == FIN | CLOSE, (first, data)
        code, reason = int.from_bytes(data[:2]), data[2:].decode()
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
                    await self._is_dropped()
            case Then.WAS_RESET:
                with pytest.raises(ConnectionResetError):
                    await self.read(1)

    def _waiting_bytes(self) -> bytes | None:
        """Bytes that are there to be read, b"" after a FIN, None if there is nothing."""
        try:
            return self._socket.recv(1)
        except BlockingIOError:
            return None

    async def _is_dropped(self) -> None:
        """Send until the answer is a RST, as it is once the server has closed its end."""
        with suppress(ConnectionError):
            while True:
                await self.send(b"\x00")


class Clock:
    """Another client, whose answer proves that the server has read all that was sent before its request."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address

    async def tick(self) -> None:
        """Wait until the server has read what was sent so far, and has had another turn of its loop."""
        with suppress(ConnectionRefusedError):  # the server stops, and only what it sends can be waited for
            client, loop = await _connect(self._address), asyncio.get_running_loop()
            with closing(client):
                await loop.sock_sendall(client, b"GET /health HTTP/1.1\r\n\r\n")
                while await loop.sock_recv(client, 1024):
                    pass


async def _connect(address: tuple[str, int]) -> socket.socket:
    opened = socket.socket()
    opened.setblocking(False)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        await asyncio.get_running_loop().sock_connect(opened, address)
    except BaseException:
        opened.close()
        raise
    return opened


@asynccontextmanager
async def dialled(csms: Csms) -> AsyncIterator[Wire]:
    """Open a TCP connection for as long as the context lasts."""
    host, _, port = csms.address.partition(":")
    address = host, int(port)
    with closing(await _connect(address)) as opened:
        yield Wire(opened, Clock(address))


async def play(csms: Csms, steps: Iterable[Step]) -> None:
    """Take the steps of a script, one after the other, on a connection of its own."""
    async with dialled(csms) as wire:
        await wire.play(*steps)
