"""Reading: turns bytes into whole messages, a few at a time. Other connections get their turn in between."""

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any, Final, Protocol

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import BytesLike

from mock_csms.private_api.websockets import ProtocolFailure, failure_of
from mock_csms.transport.fastpath import END_OF_REQUEST, end_of_request, first_frame, lone_text
from mock_csms.transport.handshake import (
    MAX_REQUEST_SIZE,
    REQUEST_TOO_LONG,
    HandshakeFailure,
    hello_instead,
    unfinished_request,
    unreadable_request,
)

BURST: Final = 8
"""Maximum frames of one connection in one turn; further frames wait for the next loop iteration."""
BURST_BYTES: Final = 2**16
"""Bytes of decompressed messages after which a turn ends, even if it had fewer than BURST frames."""
MAX_HEAD: Final = 256
"""Bytes to keep from the start of an opening handshake; the log shows them if it fails."""
POLL_INTERVAL: Final = 0.5
"""Seconds between checks for a disconnect while reading is stalled."""
TCP_ESTABLISHED: Final = 1
"""State of an open connection in the first byte of Linux's ``struct tcp_info``."""
DATA_OPCODES: Final = frozenset({Opcode.CONT, Opcode.TEXT, Opcode.BINARY})


class Receiver(Protocol):
    """Handles the messages of one connection; the connection logs the exceptions that it raises."""

    def receive(self, text: BytesLike) -> None:
        """Handle a text message."""

    def receive_binary(self, data: bytes) -> None:
        """Handle a binary message."""

    def violated(self, description: str) -> None:
        """Handle a violation of RFC 6455; the connection is being closed for it."""

    def closed(self, how: str) -> None:
        """Handle the end of the connection; ``how`` names the close code and the reason."""


class ReceiveBuffer:
    """Input that cannot be handled yet.

    The plain way is to make the fields of this class part of the connection. Most of the time there is no
    such input, so a connection makes a ReceiveBuffer only when input has to wait. This saves 0.9 KiB per
    station, and the fast path has one check per message instead of several.
    """

    __slots__ = ("head", "is_binary", "is_waiting", "parts", "request_size", "unread")

    def __init__(self) -> None:
        self.unread = bytearray()
        """Last bytes of an incomplete handshake request, or input after the last handled frame, as received.

        Frames stay compressed until their turn: 1 KiB on the wire may be 1 MiB of message.
        """
        self.is_waiting = False
        """Whether ``unread`` has whole frames that wait for the next turn. Reading is paused until then."""
        self.parts: bytearray | None = None
        """Fragments of an unfinished message, joined."""
        self.is_binary = False
        """Whether the unfinished message is binary."""
        self.head = b""
        """Beginning of the handshake request."""
        self.request_size = 0
        """Bytes received of the handshake request."""

    def __bool__(self) -> bool:
        return bool(self.unread or self.parts is not None)

    @property
    def unfinished(self) -> int:
        """Buffered bytes of a message that has not arrived completely."""
        return 0 if self.is_waiting else len(self.unread) + len(self.parts or b"")


class MessageReader(asyncio.Protocol, ABC):
    """The reading half of a connection: hands each whole message to a `Receiver`.

    The handshake and every message are handled in the loop iteration that received them. A task that awaits
    the next message would be plainer, but costs a task switch per message. If many frames arrive together, a
    few are handled at once. The remaining frames wait undecoded, and reading pauses, so that TCP slows down a
    station that sends faster than it is served.
    """

    __slots__ = (
        "_buffer",
        "_bytes_left",
        "_discard_input",
        "_fast_path",
        "_frames_left",
        "_has_ended",
        "_is_requested",
        "_is_serving",
        "_is_stalled",
        "_max_size",
        "_receiver",
        "_unfinished",
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
        self._frames_left = 0
        self._bytes_left = 0
        self._unfinished = 0
        self._fast_path = False
        self._has_ended = False
        self._is_requested = False
        self._is_serving = False
        self._is_stalled = False
        self._discard_input = False

    @abstractmethod
    def open(self, request: Request) -> None:
        """Answer the opening handshake."""

    @abstractmethod
    def hand_over(self, head: bytes) -> bool | None:
        """Hand the connection to an HTTP server if the request is for a file.

        Return whether the request is for a file; None if more of the request is needed.
        """

    @abstractmethod
    def send_pending(self) -> None:
        """Write the waiting messages and the output of `protocol`."""

    @abstractmethod
    def pong_received(self, data: BytesLike) -> None:
        """Handle a pong."""

    @abstractmethod
    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine in a task; the end of the connection cancels it."""

    @abstractmethod
    def drop(self) -> None:
        """End the TCP connection at once."""

    @abstractmethod
    def refuse(self, status: HTTPStatus, failure: HandshakeFailure) -> None:
        """Refuse a handshake without a valid request: record ``failure``, and respond with its reason."""

    @abstractmethod
    def record_refusal(self, failure: HandshakeFailure) -> None:
        """Record that the handshake has been refused."""

    @abstractmethod
    def violated(self, violation: ProtocolFailure) -> None:
        """Handle a frame that is forbidden or too large; the connection is being closed for it."""

    @abstractmethod
    def hold(self, size: int) -> None:
        """Register this many bytes of an unfinished message; 0 when it is complete."""

    @abstractmethod
    def report_failure(self, activity: str, error: Exception) -> None:
        """Log an exception that must not end the connection."""

    # From bytes to frames

    def data_received(self, data: bytes) -> None:
        """Handle data from the network."""
        # Nearly all data is a single text frame. Passing it to the parser of `websockets`, a generator that
        # resumes for each part of a frame, would take 50% more time per message.
        if self._fast_path and self._buffer is None:
            text = lone_text(data, self._max_size)
            if text is not None:
                self.pipelined = False
                try:
                    self._receiver.receive(text)
                except Exception as error:
                    self.report_failure("handling a message", error)
                return
        buffer = self._require_buffer()
        self.pipelined = buffer.is_waiting
        if not self._is_requested:
            data = self._handle_request(buffer, data)
        buffer.unread += data
        if self._is_requested and not buffer.is_waiting:
            self._take_turn(buffer)

    def eof_received(self) -> None:
        """Handle the end of the input; the transport then closes itself."""
        self.record_lost_opening()
        self.protocol.receive_eof()
        self.send_pending()

    def record_lost_opening(self) -> None:
        """Record the end of a connection in the middle of its handshake request."""
        if self._buffer is not None and not (self._is_requested or self._has_ended):
            self.record_refusal(unfinished_request(self._buffer.head, "the connection ended"))

    def _require_buffer(self) -> ReceiveBuffer:
        if self._buffer is None:
            self._buffer = ReceiveBuffer()
        return self._buffer

    def _handle_request(self, buffer: ReceiveBuffer, data: bytes) -> bytes:
        """Handle a part of the handshake request, and return the bytes that the caller must keep.

        These are the bytes after a complete request, or all bytes so far if they are too few for `hand_over`
        to tell whether the request is for a file.
        """
        if self._has_ended:
            self.protocol.receive_data(data)  # `websockets` discards it
            return b""
        buffer.head += data[: MAX_HEAD - len(buffer.head)]
        if failure := hello_instead(buffer.head):
            self.refuse(HTTPStatus.BAD_REQUEST, failure)
            return b""
        if not buffer.request_size:
            data = bytes(buffer.unread) + data  # the earlier parts were too short for `hand_over` to decide
            buffer.unread.clear()
            if (is_for_file := self.hand_over(data)) is not False:
                self._is_requested = bool(is_for_file)
                return b"" if is_for_file else data
        before = bytes(buffer.unread)
        end = end_of_request(before, data)
        # `websockets` keeps the request; only its last bytes are kept here, to find its end.
        buffer.unread[:] = b"" if end else (before + data)[-len(END_OF_REQUEST) + 1 :]
        buffer.request_size += len(data[:end])
        if buffer.request_size > MAX_REQUEST_SIZE:
            self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, REQUEST_TOO_LONG)
            return b""
        self._decode_request(buffer, data[:end])
        return data[end:] if end and self._is_requested else b""

    def _decode_request(self, buffer: ReceiveBuffer, data: bytes) -> None:
        """Pass a part of the request to the protocol. Answer the request if it is complete or invalid."""
        self.protocol.receive_data(data)
        events = self.protocol.events_received()
        if events:
            self._is_requested = True
            request = events[0]
            assert isinstance(request, Request)
            self.open(request)
        elif (error := self.protocol.handshake_exc) is not None:
            failure = unreadable_request(buffer.head, error)
            if failure.is_answered:  # by `websockets`
                self.record_refusal(failure)
            else:
                self.refuse(HTTPStatus.BAD_REQUEST, failure)
        self.send_pending()

    # Turns

    def _take_turn(self, buffer: ReceiveBuffer) -> None:
        """Handle a few frames. The remaining frames wait, so that other stations get their turn.

        Each frame is decoded when its turn comes. Passing all data to the protocol at once would be plainer,
        but compressed frames would then wait inflated, and an invalid frame would close the connection before
        the valid ones ahead of it are answered. An incomplete frame is kept back, so that the parser is
        between two frames and the fast path can be used.
        """
        buffer.is_waiting = False
        self._frames_left, self._bytes_left = BURST, BURST_BYTES
        while not self._is_stalled and (size := self._size_of_first(buffer.unread)):
            if self._frames_left <= 0 or self._bytes_left <= 0:
                self._wait_for_turn(buffer)
                break
            frame = bytes(buffer.unread[:size])
            del buffer.unread[:size]
            self._frames_left -= 1
            self._decode(buffer, frame)
        if not self._is_stalled and (self._unfinished or buffer.unfinished):
            self._unfinished = buffer.unfinished
            self.hold(self._unfinished)
        if not buffer:
            self._buffer = None

    def _wait_for_turn(self, buffer: ReceiveBuffer) -> None:
        if self.transport.is_closing():
            buffer.unread.clear()
            return
        buffer.is_waiting = True
        self.transport.pause_reading()
        self.loop.call_soon(self._continue_reading)

    def _continue_reading(self) -> None:
        """Handle a few of the waiting frames, and resume reading once no frame waits."""
        if self._is_stalled or self.transport.is_closing():
            return
        buffer = self._buffer
        if buffer is not None:
            self._take_turn(buffer)
            if buffer.is_waiting or self._is_stalled or self.transport.is_closing():
                return
        self.transport.resume_reading()

    def _size_of_first(self, unread: bytearray) -> int:
        return len(unread) if self._has_ended else first_frame(unread, self._max_size)

    def _decode(self, buffer: ReceiveBuffer, data: bytes) -> None:
        """Parse a frame with `websockets`, send the automatic answer, such as a pong, and handle the frame or
        the violation.
        """
        self.protocol.receive_data(data)
        events = self.protocol.events_received()
        was_open = not self._has_ended
        self.send_pending()
        for event in events:
            if isinstance(event, Frame) and not self._discard_input:
                self._bytes_left -= len(event.data)
                self._handle_frame(buffer, event)
        if not events and was_open and (violation := failure_of(self.protocol, data[0])) is not None:
            buffer.parts = None
            self.violated(violation)

    # From frames to messages

    def start_reading(self, receiver: Receiver, *, is_plain: bool) -> None:
        """Start passing messages to a receiver, beginning with those that came with the handshake.

        ``is_plain`` means that no extension was negotiated, so that the fast path can be used.
        """
        self._receiver = receiver
        self._is_serving = True
        self._fast_path = is_plain and self.protocol.state is State.OPEN

    def _handle_frame(self, buffer: ReceiveBuffer, frame: Frame) -> None:
        """Handle a frame; an exception is logged, and the next frame is handled."""
        try:
            if frame.opcode is Opcode.PONG:
                self.pong_received(frame.data)
            elif not self._is_serving:
                return
            elif frame.opcode is Opcode.TEXT and frame.fin:
                self._receiver.receive(frame.data)
            elif frame.opcode in DATA_OPCODES:
                self._handle_fragment(buffer, frame)
        except Exception as error:
            self.report_failure("handling a message", error)

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
        """Ignore all further messages and pongs, including frames that already wait, but not close frames."""
        self._fast_path, self._discard_input = False, True

    def stall(self, seconds: float | None) -> None:
        """Stop reading for some seconds; None means until the station disconnects."""
        self._is_stalled = True
        if self._unfinished:
            self._unfinished = 0
            self.hold(0)
        self.transport.pause_reading()
        self.spawn(self._drop_when_disconnected())
        if seconds is not None:
            self.spawn(self._recover_after(seconds))

    async def _drop_when_disconnected(self) -> None:
        """Poll until the station disconnects, and drop the connection. While reading is paused, the transport
        does not notice a disconnect.
        """
        while self._is_stalled and not self.transport.is_closing():
            if self._is_disconnected():
                self.drop()
                return
            await asyncio.sleep(POLL_INTERVAL)

    def _is_disconnected(self) -> bool:
        if not hasattr(socket, "TCP_INFO"):  # only Linux has it
            return False
        station_socket = self.transport.get_extra_info("socket")
        state: int = station_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        return state != TCP_ESTABLISHED

    async def _recover_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._is_stalled = False
        self._continue_reading()

    async def hang(self, seconds: float | None) -> None:
        """Read nothing until the station disconnects. After ``seconds``, if given, drop the connection."""
        self.stall(None)
        if seconds is not None:
            await asyncio.sleep(seconds)
            self.drop()
