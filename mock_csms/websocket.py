"""The shortest way in and out of a WebSocket: whole text frames, without an extension (RFC 6455 5.2).

Everything else (the handshake, fragments, control frames, compression, what is malformed) is left to
`websockets`, which is handed whole frames, so that it is between two frames whenever one is read here.
"""

from asyncio import AbstractEventLoop, TimerHandle
from typing import Final, Protocol

from websockets.frames import apply_mask  # type: ignore[attr-defined]  # the one in C where there is one

END_OF_REQUEST: Final = b"\r\n\r\n"
FINAL_TEXT: Final = 0x81
MASKED: Final = 0x80
LENGTH_IN_2_BYTES: Final = 126
LENGTH_IN_8_BYTES: Final = 127
MASK_SIZE: Final = 4

WRITTEN_TOGETHER: Final = 32
"""Connections whose messages wait for each other, at most."""


class Writer(Protocol):
    """Something that has messages to write."""

    def write_out(self) -> None:
        """Write them."""


class Droppable(Protocol):
    """Something that can be ended."""

    def drop(self) -> None:
        """End it."""


class Deadlines:
    """Drops connections that take more than so many seconds for something, with one timer for all of them."""

    def __init__(self, loop: AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._seconds = seconds
        self._due: dict[Droppable, float] = {}
        self._timer: TimerHandle | None = None

    def begin(self, connection: Droppable) -> None:
        """Give a connection its time, unless it runs already."""
        self._due.setdefault(connection, self._loop.time() + self._seconds)
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._look)

    def end(self, connection: Droppable) -> None:
        """Let a connection be."""
        self._due.pop(connection, None)

    def _look(self) -> None:
        self._timer, now = None, self._loop.time()
        while self._due:
            connection, due = next(iter(self._due.items()))
            if due > now:
                self._timer = self._loop.call_at(due, self._look)
                return
            del self._due[connection]
            connection.drop()


class Outbox:
    """Has connections write one after the other, when all that came in one turn of the loop is answered.

    A reader on the same machine is then woken once and not for each message, and the processor stays in one
    part of the system: a tenth of all the work where messages are many. A single one is not kept waiting.
    """

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[Writer] = []

    def put(self, writer: Writer) -> None:
        """Have a connection write soon, or at once."""
        if not self._waiting:
            self._loop.call_soon(self._write_out)
        self._waiting.append(writer)
        if len(self._waiting) == WRITTEN_TOGETHER:
            self._write_out()

    def _write_out(self) -> None:
        waiting, self._waiting = self._waiting, []
        for writer in waiting:
            writer.write_out()


def lone_text(data: bytes, max_size: int) -> bytes | None:
    """Unmask data that is just one whole text frame of at most ``max_size`` bytes; None if it is not that."""
    if len(data) < 6 or data[0] != FINAL_TEXT:
        return None
    start, length = 6, data[1] - MASKED
    if length == LENGTH_IN_2_BYTES:
        start, length = 8, data[2] << 8 | data[3]
    elif length == LENGTH_IN_8_BYTES:
        return None
    if len(data) != start + length or length > max_size:
        return None
    text: bytes = apply_mask(data[start:], data[start - MASK_SIZE : start])
    return text


def end_of_request(before: bytes, data: bytes) -> int | None:
    """Find where in the data an opening handshake ends that may have begun before; None if it goes on."""
    end = (before + data).find(END_OF_REQUEST)
    return None if end < 0 else end + len(END_OF_REQUEST) - len(before)


def first_frame(data: bytearray, max_size: int) -> int:
    """Measure the frame that the data begins with; 0 if it is not all there.

    A frame of more than ``max_size`` bytes is not waited for: the whole of the data is returned.
    """
    if len(data) < 2:
        return 0
    mask_size = MASK_SIZE if data[1] >= MASKED else 0
    length = data[1] % MASKED
    extra = {LENGTH_IN_2_BYTES: 2, LENGTH_IN_8_BYTES: 8}.get(length, 0)
    if 2 + extra > len(data):
        return 0
    if extra:
        length = int.from_bytes(data[2 : 2 + extra])
    if length > max_size:
        return len(data)
    size = 2 + extra + mask_size + length
    return size if size <= len(data) else 0


def text_frame(text: bytes) -> bytes:
    """Wrap a message in the one frame that a server sends it in."""
    length = len(text)
    if length < LENGTH_IN_2_BYTES:
        return b"\x81%c%b" % (length, text)
    if length < 2**16:
        return b"\x81\x7e%b%b" % (length.to_bytes(2), text)
    return b"\x81\x7f%b%b" % (length.to_bytes(8), text)
