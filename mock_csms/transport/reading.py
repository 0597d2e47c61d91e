"""Reading: turns bytes into whole messages, a few at a time so that other connections get their turn."""

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
"""Messages of one station that are handled in one loop iteration; the rest wait for other stations."""
POLL_INTERVAL: Final = 0.5
"""Seconds between checks for a disconnect while reading is stalled."""
TCP_ESTABLISHED: Final = 1
"""State of an open connection in the first byte of Linux's ``struct tcp_info``."""
DATA_OPCODES: Final = frozenset({Opcode.CONT, Opcode.TEXT, Opcode.BINARY})


class Receiver(Protocol):
    """Handles the messages of one connection; its methods must not raise."""

    def receive(self, text: BytesLike) -> None:
        """Handle a text message."""

    def receive_binary(self, data: bytes) -> None:
        """Handle a binary message."""

    def closed(self, how: str) -> None:
        """Handle the end of the connection; ``how`` is the close code and reason, in words."""


class ReceiveBuffer:
    """Input that cannot be handled yet.

    The plain way is to make its fields part of the connection. Mostly there is no such input, so a connection
    makes a buffer only when it needs one. That saves 0.9 KiB per station, and the fast path has one check per
    message instead of several.
    """

    __slots__ = ("backlog", "is_binary", "parts", "unread")

    def __init__(self) -> None:
        self.unread = bytearray()
        """Beginning of the handshake request, or of an incomplete frame."""
        self.backlog: deque[Frame] = deque()
        """Frames that wait for their turn, oldest first."""
        self.parts: bytearray | None = None
        """Fragments of an unfinished message, joined."""
        self.is_binary = False
        """Whether the unfinished message is binary."""

    def __bool__(self) -> bool:
        return bool(self.unread or self.backlog or self.parts is not None)


class MessageReader(asyncio.Protocol, ABC):
    """The reading half of a connection: hands each whole message to a `Receiver`.

    The handshake and every message are handled in the loop iteration that received them; a task that awaits
    the next message would be plainer, but costs a task switch per message. Of frames that arrive together, a
    few are handled at once; the rest wait, and reading pauses meanwhile.
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
        """Station identity, for log lines."""
        self.pipelined = False
        """Whether the current message arrived together with the one before it."""
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
        """Write the output of the protocol."""

    @abstractmethod
    def pong_received(self, data: BytesLike) -> None:
        """Handle a pong."""

    @abstractmethod
    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine until the connection ends."""

    @abstractmethod
    def drop(self) -> None:
        """End the TCP connection at once."""

    # From bytes to frames

    def data_received(self, data: bytes) -> None:
        """Handle data from the network."""
        # Nearly all data is a single text frame. Passing it to the parser of `websockets`, a generator that
        # resumes for each part of a frame, would take half as long again per message.
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
            self._decode_whole_frames(buffer, data)
        else:
            self._handle_request(buffer, data)
        if not buffer:
            self._buffer = None

    def eof_received(self) -> None:
        """Handle the end of the input; the transport then closes itself."""
        self.protocol.receive_eof()
        self.send_pending()

    def _require_buffer(self) -> ReceiveBuffer:
        if self._buffer is None:
            self._buffer = ReceiveBuffer()
        return self._buffer

    def _handle_request(self, buffer: ReceiveBuffer, data: bytes) -> None:
        """Handle a part of the handshake request; answer a whole request before the frames that follow it."""
        before = bytes(buffer.unread)
        end = end_of_request(before, data)
        # Of a request only the last bytes are kept here, to find its end; `websockets` has the rest.
        buffer.unread[:] = b"" if end else (before + data)[-len(END_OF_REQUEST) + 1 :]
        self._decode(data[:end])
        if end and end < len(data):
            self._decode_whole_frames(buffer, data[end:])

    def _decode_whole_frames(self, buffer: ReceiveBuffer, data: bytes) -> None:
        """Pass one whole frame at a time to the protocol.

        Passing all data at once would be plainer, but an invalid frame would then close the connection before
        the valid ones ahead of it are answered. An incomplete frame is kept back, so that the parser is
        between two frames and the fast path stays possible.
        """
        buffer.unread += data
        while size := self._size_of_first(buffer.unread):
            frame = bytes(buffer.unread[:size])
            del buffer.unread[:size]
            self._decode(frame)

    def _size_of_first(self, unread: bytearray) -> int:
        is_open = self.protocol.state is State.OPEN  # otherwise, no fast path follows: parse all data at once
        return first_frame(unread, self._max_size) if is_open else len(unread)

    def _decode(self, data: bytes) -> None:
        """Parse data with `websockets`, send its automatic answers, and handle the events."""
        self.protocol.receive_data(data)
        events = self.protocol.events_received()
        self.send_pending()
        for event in events:
            if isinstance(event, Request):
                self._is_requested = True
                self.open(event)
            elif isinstance(event, Frame) and not self._discard_input:
                self._handle_in_turn(self._require_buffer(), event)

    # From frames to messages

    def start_reading(self, receiver: Receiver, *, is_plain: bool) -> None:
        """Start handing messages to a receiver, beginning with those that arrived with the handshake.

        ``is_plain`` means that no extension was negotiated, so that the fast path can be used.
        """
        self._receiver = receiver
        self._is_serving = True
        self._fast_path = is_plain and self.protocol.state is State.OPEN
        self._handle_backlog()

    def _handle_in_turn(self, buffer: ReceiveBuffer, frame: Frame) -> None:
        if self._burst_left and self._is_serving and not (buffer.backlog or self._is_stalled):
            self._burst_left -= 1
            self._handle_frame(buffer, frame)
            return
        if not buffer.backlog:
            self.transport.pause_reading()
            self.loop.call_soon(self._handle_backlog)
        buffer.backlog.append(frame)

    def _handle_backlog(self) -> None:
        """Handle the next few waiting frames, and resume reading when none are left."""
        if not self._is_serving:
            return
        buffer = self._require_buffer()
        for _ in range(min(BURST, len(buffer.backlog))):
            if buffer.backlog and not self._is_stalled:
                self._handle_frame(buffer, buffer.backlog.popleft())
        if self._is_stalled:
            return
        if buffer.backlog:
            self.loop.call_soon(self._handle_backlog)
        elif not self.transport.is_closing():
            self.transport.resume_reading()

    def _handle_frame(self, buffer: ReceiveBuffer, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT and frame.fin:
            self._receiver.receive(frame.data)
        elif frame.opcode in DATA_OPCODES:
            self._handle_fragment(buffer, frame)
        elif frame.opcode is Opcode.PONG:
            self.pong_received(frame.data)

    def _handle_fragment(self, buffer: ReceiveBuffer, frame: Frame) -> None:
        """Handle a fragment of a message, or a whole binary message."""
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
        """Ignore all further input, including frames that are waiting."""
        self._fast_path, self._discard_input = False, True
        if self._buffer is not None:
            self._buffer.backlog.clear()

    def stall(self, seconds: float | None) -> None:
        """Stop reading for some seconds; None: until the station disconnects."""
        self._is_stalled = True
        self.transport.pause_reading()
        self.spawn(self._drop_when_disconnected())
        if seconds is not None:
            self.spawn(self._recover_after(seconds))

    async def _drop_when_disconnected(self) -> None:
        """Poll for disconnect; while reading is paused, the transport does not notice it."""
        while self._is_stalled and not self.transport.is_closing():
            if self._is_disconnected():
                self.drop()
                return
            await asyncio.sleep(POLL_INTERVAL)

    def _is_disconnected(self) -> bool:
        if not hasattr(socket, "TCP_INFO"):  # Linux only
            return False
        station_socket = self.transport.get_extra_info("socket")
        state: int = station_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        return state != TCP_ESTABLISHED

    async def _recover_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._is_stalled = False
        self._handle_backlog()

    async def hang(self, seconds: float | None) -> None:
        """Read nothing until the station disconnects; drop the connection after ``seconds``, if given."""
        self.stall(None)
        if seconds is not None:
            await asyncio.sleep(seconds)
            self.drop()
