"""The taking of messages: bytes from the network become whole messages, in turn with other connections."""

import asyncio
import socket
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Coroutine
from typing import Any, Final, Protocol

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import BytesLike

from mock_csms.transport.fastpath import END_OF_REQUEST, end_of_request, first_frame, lone_text

BURST: Final = 8
"""Messages of one station that are taken before other stations have their turn."""
POLL_INTERVAL: Final = 0.5
"""Seconds between two looks whether a station that is not read from has gone."""
TCP_ESTABLISHED: Final = 1
DATA_OPCODES: Final = frozenset({Opcode.CONT, Opcode.TEXT, Opcode.BINARY})


class Receiver(Protocol):
    """Handles the messages of one connection; its methods must not raise."""

    def receive(self, text: BytesLike) -> None:
        """Handle a text message."""

    def receive_binary(self, data: bytes) -> None:
        """Handle a message that is not text."""

    def closed(self, how: str) -> None:
        """Handle the end of the connection; ``how`` is the close code and reason, in words."""


class ReceiveBuffer:
    """Input that cannot be handed on yet; most connections have none, most of the time."""

    __slots__ = ("backlog", "is_binary", "parts", "unread")

    def __init__(self) -> None:
        self.unread = bytearray()
        """Start of the handshake request, or of a frame."""
        self.backlog: deque[Frame] = deque()
        """Frames that wait for their turn."""
        self.parts: bytearray | None = None
        """Fragments of an unfinished message."""
        self.is_binary = False
        """Whether the unfinished message is not text."""

    def __bool__(self) -> bool:
        return bool(self.unread or self.backlog or self.parts is not None)


class MessageReader(asyncio.Protocol, ABC):
    """The reading half of a connection: hands each whole message to a `Receiver`.

    The handshake and every message are taken in the step of the event loop that received them. Of frames
    that arrive together, a few are taken at once; the rest wait, and reading pauses meanwhile.
    """

    __slots__ = (
        "_buffer",
        "_burst_left",
        "_discard_input",
        "_fast_path",
        "_is_requested",
        "_is_serving",
        "_is_stalled",
        "_max_size",
        "_receiver",
        "loop",
        "name",
        "pipelined",
        "protocol",
        "transport",
    )

    transport: asyncio.Transport
    _receiver: Receiver

    def __init__(self, loop: asyncio.AbstractEventLoop, protocol: ServerProtocol, max_size: int) -> None:
        self.loop = loop
        self.protocol = protocol
        self.name = ""
        """The station's identity, for the log."""
        self.pipelined = False
        """Whether the message arrived together with the one before it."""
        self._max_size = max_size
        self._buffer: ReceiveBuffer | None = None
        self._burst_left = 0
        self._fast_path = False
        self._is_requested = False
        self._is_serving = False
        self._is_stalled = False
        self._discard_input = False

    @abstractmethod
    def open(self, request: Request) -> None:
        """Answer the opening handshake."""

    @abstractmethod
    def send_pending(self) -> None:
        """Write what the protocol has to send."""

    @abstractmethod
    def pong_received(self, data: BytesLike) -> None:
        """Handle a pong."""

    @abstractmethod
    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine for as long as the connection lives."""

    @abstractmethod
    def drop(self) -> None:
        """End the TCP connection at once."""

    # From bytes to frames

    def data_received(self, data: bytes) -> None:
        """Take data from the network."""
        # Nearly all data is one whole text frame. Unmasking it here and not in websockets' parser, which
        # makes a generator take a step for each part of a frame, saves a third of the time of a message.
        if self._fast_path and self._buffer is None:
            text = lone_text(data, self._max_size)
            if text is not None:
                self.pipelined = False
                self._receiver.receive(text)
                return
        self._burst_left = BURST
        buffer = self._require_buffer()
        self.pipelined = bool(buffer.backlog)
        if self._is_requested:
            self._take_frames(buffer, data)
        else:
            self._take_request(buffer, data)
        if not buffer:
            self._buffer = None

    def eof_received(self) -> None:
        """Handle the end of the input; the transport closes itself afterwards."""
        self.protocol.receive_eof()
        self.send_pending()

    def _require_buffer(self) -> ReceiveBuffer:
        if self._buffer is None:
            self._buffer = ReceiveBuffer()
        return self._buffer

    def _take_request(self, buffer: ReceiveBuffer, data: bytes) -> None:
        """Take a part of the handshake request, which is answered before frames that came with it."""
        before = bytes(buffer.unread)
        end = end_of_request(before, data)
        buffer.unread[:] = b"" if end else (before + data)[-len(END_OF_REQUEST) + 1 :]
        self._decode(data[:end])
        if end and end < len(data):
            self._take_frames(buffer, data[end:])

    def _take_frames(self, buffer: ReceiveBuffer, data: bytes) -> None:
        """Take one whole frame after the other, so that each is answered before the next may end it all.

        A frame that is not whole yet is held back: between frames the fast path can be taken.
        """
        buffer.unread += data
        while size := self._size_of_first(buffer.unread):
            frame = bytes(buffer.unread[:size])
            del buffer.unread[:size]
            self._decode(frame)

    def _size_of_first(self, unread: bytearray) -> int:
        is_open = self.protocol.state is State.OPEN
        return first_frame(unread, self._max_size) if is_open else len(unread)

    def _decode(self, data: bytes) -> None:
        """Let websockets parse data, send what it answers by itself, and take what it has parsed."""
        self.protocol.receive_data(data)
        events = self.protocol.events_received()
        self.send_pending()
        for event in events:
            if isinstance(event, Request):
                self._is_requested = True
                self.open(event)
            elif isinstance(event, Frame) and not self._discard_input:
                self._take_in_turn(self._require_buffer(), event)

    # From frames to messages

    def start_reading(self, receiver: Receiver, *, is_plain: bool) -> None:
        """Hand messages to a receiver, first those that came together with the handshake.

        ``is_plain`` says that no extension was negotiated, so that the fast path may be taken.
        """
        self._receiver = receiver
        self._is_serving = True
        self._fast_path = is_plain and self.protocol.state is State.OPEN
        self._take_backlog()

    def _take_in_turn(self, buffer: ReceiveBuffer, frame: Frame) -> None:
        if self._burst_left and self._is_serving and not (buffer.backlog or self._is_stalled):
            self._burst_left -= 1
            self._take(buffer, frame)
            return
        if not buffer.backlog:
            self.transport.pause_reading()
            self.loop.call_soon(self._take_backlog)
        buffer.backlog.append(frame)

    def _take_backlog(self) -> None:
        """Take the next few waiting frames, and read on when none is left."""
        if not self._is_serving:
            return
        buffer = self._require_buffer()
        for _ in range(min(BURST, len(buffer.backlog))):
            if buffer.backlog and not self._is_stalled:
                self._take(buffer, buffer.backlog.popleft())
        if self._is_stalled:
            return
        if buffer.backlog:
            self.loop.call_soon(self._take_backlog)
        elif not self.transport.is_closing():
            self.transport.resume_reading()

    def _take(self, buffer: ReceiveBuffer, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT and frame.fin:
            self._receiver.receive(frame.data)
        elif frame.opcode in DATA_OPCODES:
            self._take_fragment(buffer, frame)
        elif frame.opcode is Opcode.PONG:
            self.pong_received(frame.data)

    def _take_fragment(self, buffer: ReceiveBuffer, frame: Frame) -> None:
        """Take a fragment of a message, or a whole message that is not text."""
        if frame.opcode is not Opcode.CONT:
            buffer.is_binary = frame.opcode is Opcode.BINARY
        buffer.parts = buffer.parts or bytearray()
        buffer.parts += frame.data
        if not frame.fin:
            return
        message, buffer.parts = bytes(buffer.parts), None
        if buffer.is_binary:
            self._receiver.receive_binary(message)
        else:
            self._receiver.receive(message)

    # Faults of reading

    def discard_input(self) -> None:
        """Ignore everything that arrives from now on, and what has arrived and waits."""
        self._fast_path, self._discard_input = False, True
        if self._buffer is not None:
            self._buffer.backlog.clear()

    def stall(self, seconds: float | None) -> None:
        """Stop reading for some seconds; None: until the station goes."""
        self._is_stalled = True
        self.transport.pause_reading()
        self.spawn(self._drop_when_gone())
        if seconds is not None:
            self.spawn(self._recover_after(seconds))

    async def _drop_when_gone(self) -> None:
        """Poll for the end of the connection: a transport that does not read would not notice it."""
        while self._is_stalled and not self.transport.is_closing():
            if self._has_gone():
                self.drop()
                return
            await asyncio.sleep(POLL_INTERVAL)

    def _has_gone(self) -> bool:
        if not hasattr(socket, "TCP_INFO"):  # only Linux tells
            return False
        connected = self.transport.get_extra_info("socket")
        state: int = connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        return state != TCP_ESTABLISHED

    async def _recover_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._is_stalled = False
        self._take_backlog()

    async def hang(self, seconds: float | None) -> None:
        """Read nothing until the station goes; drop the connection after some seconds, if any are given."""
        self.stall(None)
        if seconds is not None:
            await asyncio.sleep(seconds)
            self.drop()
