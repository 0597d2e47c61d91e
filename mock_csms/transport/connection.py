"""A WebSocket of a station: whole messages in and out, and what goes wrong with it on purpose."""

import asyncio
import socket
import struct
import sys
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.frames import DATA_OPCODES, CloseCode, Frame, Opcode
from websockets.http11 import SERVER, Request
from websockets.protocol import CLOSED, OPEN
from websockets.typing import BytesLike

from mock_csms.behaviour.faults import (
    Binary,
    Close,
    CutShort,
    Fault,
    Fragments,
    Reset,
    Stall,
    Step,
    Text,
    Wait,
)
from mock_csms.log.output import logger
from mock_csms.transport import fastpath as websocket
from mock_csms.transport.listener import Entrance

OUTGOING_BOUND: Final = 4 * 2**20
"""Bytes that may wait for a station that does not read; past that its connection is dropped."""

SECONDS_BETWEEN_LOOKS: Final = 0.5
"""How often a station that is not listened to is looked after."""
TCP_ESTABLISHED: Final = 1

BURST: Final = 8
"""Messages of one station that are taken before the others have their turn."""


class Held:
    """What came of a station and cannot be handed on yet."""

    __slots__ = ("backlog", "binary", "parts", "unread")

    def __init__(self) -> None:
        self.unread = bytearray()
        """The begin of the opening handshake or of a frame."""
        self.backlog: deque[Frame] = deque()
        """Frames that wait for their turn."""
        self.parts: bytearray | None = None
        """The fragments of a message that goes on."""
        self.binary = False
        """Whether that message is not text."""

    def __bool__(self) -> bool:
        return bool(self.unread or self.backlog or self.parts is not None)


class Wire(ServerConnection, ABC):
    """One station's WebSocket, which hands each whole message to ``receive``.

    The opening handshake and every message are taken in the step of the event loop that decoded them. What
    must wait is a task that the connection owns and cancels when it closes.
    """

    __slots__ = (
        "_budget",
        "_deaf",
        "_entrance",
        "_held",
        "_max_size",
        "_outbox",
        "_outgoing",
        "_plain",
        "_serving",
        "_stalled",
        "_tasks",
        "_unsent",
        "came_together",
        "door_fault",
        "name",
        "paused",  # these two are of the base, where they would be further away
        "transport",
    )

    def __init__(self, entrance: Entrance[Any], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.name = ""
        self._entrance = entrance
        self._outbox = entrance.outbox
        self._outgoing = b""
        self._serving = False
        self._plain = False
        self._held: Held | None = None
        self._max_size = self.protocol.max_message_size or sys.maxsize
        self._budget = 0
        self._unsent = bytearray()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stalled = False
        self._deaf = False
        self.came_together = False
        """Whether a message came in one piece of data with the one before it."""
        self.door_fault: Fault | None = None
        """What goes wrong on purpose at its opening handshake."""

    @abstractmethod
    def receive(self, text: BytesLike) -> None:
        """Take a message."""

    @abstractmethod
    def receive_binary(self, data: bytes) -> None:
        """Take a message that is not text."""

    def begin(self) -> None:
        """Hand on what comes, first what came together with the handshake."""
        self._serving = True
        self._plain = self.protocol.state is OPEN and not self.protocol.extensions
        self._forget_handshake()
        self._work_off()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that has to wait, for as long as the connection lives."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("%s  a task failed", self.name, exc_info=error)

    def _forget_handshake(self) -> None:
        """Let go of some kilobytes that nobody asks for any more, and of what refers to this in a circle."""
        if self.request:
            self.request.headers.clear()
        if self.response:
            self.response.headers.clear()
        vars(self.protocol).pop("select_subprotocol", None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the opening handshake; there is no task that does, as there is in the base."""
        super(ServerConnection, self).connection_made(transport)
        self._entrance.connections.add(self)
        self._entrance.opening.begin(self)

    def data_received(self, data: bytes) -> None:
        """Take what came in from the network."""
        if self._plain and self._held is None:
            text = websocket.lone_text(data, self._max_size)
            if text is not None:
                self.came_together = False
                self.receive(text)
                return
        self._budget = BURST
        held = self._hold()
        self.came_together = bool(held.backlog)
        if self.request is None:
            self._take_request(held, data)
        else:
            self._take_frames(held, data)
        if not held:
            self._held = None
        if self.close_deadline is not None:
            self._wait_for_close()

    def _hold(self) -> Held:
        if self._held is None:
            self._held = Held()
        return self._held

    def _take_request(self, held: Held, data: bytes) -> None:
        """Take a part of the opening handshake, which is answered before what came with it is read."""
        before = bytes(held.unread)
        end = websocket.end_of_request(before, data)
        held.unread[:] = b"" if end else (before + data)[-len(websocket.END_OF_REQUEST) + 1 :]
        super().data_received(data[:end])
        if end and end < len(data):
            self._take_frames(held, data[end:])

    def _take_frames(self, held: Held, data: bytes) -> None:
        """Take one whole frame after the other: what has to be answered is, before the next may end it all.

        A frame that is not whole yet is held back, so that the one after it can be read without help.
        """
        held.unread += data
        while size := self._size_of_first(held.unread):
            whole = bytes(held.unread[:size])
            del held.unread[:size]
            super().data_received(whole)

    def _size_of_first(self, unread: bytearray) -> int:
        is_open = self.protocol.state is OPEN
        return websocket.first_frame(unread, self._max_size) if is_open else len(unread)

    def process_event(self, event: Any) -> None:
        """Take what was decoded: a frame is handed on at once unless many came together."""
        if isinstance(event, Request):
            self._open(event)
        elif not self._deaf:
            self._take_in_turn(self._hold(), event)

    def _take_in_turn(self, held: Held, frame: Frame) -> None:
        if self._budget and self._serving and not (held.backlog or self._stalled):
            self._budget -= 1
            self._take(held, frame)
            return
        if not held.backlog:
            self.transport.pause_reading()
            self.loop.call_soon(self._work_off)
        held.backlog.append(frame)

    def _open(self, request: Request) -> None:
        """Answer the opening handshake, and let in whom the entrance does not refuse."""
        self.request = request
        response = self._entrance.admit(self, request) or self.protocol.accept(request)
        if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS and not self.server.is_serving():
            response = self.protocol.reject(HTTPStatus.SERVICE_UNAVAILABLE, "the server stops\n")
        response.headers["Server"] = SERVER
        self.response = response
        self.protocol.send_response(response)
        self.send_data()
        self._entrance.opening.end(self)
        if self.protocol.state is OPEN:
            self.server.all_connections.add(self)
            self.start_keepalive()
            self._entrance.enter(self)
        else:
            self._wait_for_close()

    def _work_off(self) -> None:
        """Take the next few of the frames that came together, and read on when none is left."""
        if not self._serving:
            return
        held = self._hold()
        for _ in range(min(BURST, len(held.backlog))):
            if held.backlog and not self._stalled:
                self._take(held, held.backlog.popleft())
        if self._stalled:
            return
        if held.backlog:
            self.loop.call_soon(self._work_off)
        elif not self.transport.is_closing():
            self.transport.resume_reading()

    def _take(self, held: Held, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT and frame.fin:
            self.receive(frame.data)
        elif frame.opcode in DATA_OPCODES:
            self._receive_part(held, frame)
        elif frame.opcode is Opcode.PONG:
            self.acknowledge_pings(bytes(frame.data))

    def _receive_part(self, held: Held, frame: Frame) -> None:
        """Take a fragment of a message, or a whole one that is not text."""
        if frame.opcode is not Opcode.CONT:
            held.binary = frame.opcode is Opcode.BINARY
        held.parts = held.parts or bytearray()
        held.parts += frame.data
        if not frame.fin:
            return
        whole, held.parts = bytes(held.parts), None
        if held.binary:
            self.receive_binary(whole)
        else:
            self.receive(whole)

    def fail(self, code: CloseCode, reason: str) -> None:
        """Close because of what the station sent."""
        logger.warning("%s  %s, connection closed with %d", self.name, reason, code)
        self.protocol.fail(code, reason)
        self.send_data()
        self._wait_for_close()

    def _wait_for_close(self) -> None:
        """Give the station a little time to end a connection that is closing, then drop it."""
        self._entrance.closing.begin(self)

    def transmit(self, text: bytes) -> None:
        """Send a message soon, together with those of other stations."""
        if self._plain:
            frame = websocket.text_frame(text)
        elif self.protocol.state is OPEN:
            self.protocol.send_text(text)
            frame = b"".join(self.protocol.data_to_send())
        else:
            logger.info("%s  the connection is closing, the next message is not sent", self.name)
            return
        if self._outgoing:
            self._outgoing += frame
        else:
            self._outgoing = frame
            self._outbox.put(self)

    def write_out(self) -> None:
        """Write the messages that wait to be written together with those of others."""
        outgoing, self._outgoing = self._outgoing, b""
        if not outgoing or self.transport.is_closing():
            return
        if self.paused:
            self._keep(outgoing)
        else:
            self.transport.write(outgoing)

    def perform(self, steps: Iterable[Step], note: Callable[[bytes | None], None] = lambda _: None) -> None:
        """Take the steps of a fault; what comes after a wait is a task of its own.

        ``note`` is told of every message that is sent.
        """
        steps = iter(steps)
        for step in steps:
            if isinstance(step, Wait):
                self.spawn(self._perform_after(step.seconds, steps, note))
                return
            self._take_step(step)
            if isinstance(step, Text | Binary | CutShort):
                note(step.data)
            elif isinstance(step, Fragments):
                note(b"".join(step.parts))

    async def _perform_after(
        self, seconds: float, steps: Iterator[Step], note: Callable[[bytes | None], None]
    ) -> None:
        await asyncio.sleep(seconds)
        self.perform(steps, note)

    def _take_step(self, step: Step) -> None:
        if self.protocol.state is not OPEN:
            return
        match step:
            case Text(data):
                self.transmit(data)
            case Binary(data):
                self.protocol.send_binary(data)
            case Fragments((first, *rest)):
                self.protocol.send_text(first, fin=not rest)
                for number, part in enumerate(rest, 1):
                    self.protocol.send_continuation(part, fin=number == len(rest))
            case CutShort(data):
                self.write_out()
                self.protocol.send_text(data)
                whole = b"".join(self.protocol.data_to_send())
                self.transport.write(whole[: len(whole) // 2])
                self._ignore_what_comes()
                self.transport.close()
            case Close(code, reason):
                self._ignore_what_comes()
                self.spawn(self.close(code, reason))
            case Reset():
                self._ignore_what_comes()
                self._reset()
            case Stall(seconds):
                self._stall(seconds)
        self.send_data()

    def _ignore_what_comes(self) -> None:
        """Answer nothing any more, what has come already included."""
        self._plain, self._deaf = False, True
        if self._held is not None:
            self._held.backlog.clear()

    def _reset(self) -> None:
        """Have the system send a RST: nothing is waited for and what is unsent is dropped."""
        self.write_out()
        linger = struct.pack("ii", 1, 0)
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.transport.abort()

    def _stall(self, seconds: float | None) -> None:
        self._stalled = True
        self.transport.pause_reading()
        self.spawn(self._drop_when_gone())
        if seconds is not None:
            self.spawn(self._recover_after(seconds))

    async def _drop_when_gone(self) -> None:
        """Look whether the station has gone: who does not read is not told."""
        while self._stalled and not self.transport.is_closing():
            if self._has_gone():
                self.drop()
                return
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    def _has_gone(self) -> bool:
        if not hasattr(socket, "TCP_INFO"):  # only Linux tells
            return False
        connected = self.transport.get_extra_info("socket")
        state: int = connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        return state != TCP_ESTABLISHED

    async def hang(self, seconds: float | None) -> None:
        """Read nothing until the station goes, or for so many seconds; then drop the connection."""
        self._stalled = True
        self.transport.pause_reading()
        self.spawn(self._drop_when_gone())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.wait_closed()
        self.drop()

    async def _recover_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._stalled = False
        self._work_off()

    def send_data(self) -> None:
        """Write what there is to write."""
        self._plain = self._plain and self.protocol.state is OPEN
        self.write_out()
        if self.paused:
            self._keep(b"".join(self.protocol.data_to_send()))
        else:
            super().send_data()

    def _keep(self, unsent: bytes) -> None:
        """Keep what cannot be written now, and drop a station that lets too much of it pile up."""
        self._unsent += unsent
        if len(self._unsent) > OUTGOING_BOUND and not self.transport.is_closing():
            logger.warning("%s  does not read what it is sent, connection dropped", self.name)
            self.drop()

    def resume_writing(self) -> None:
        """Write what has piled up, in one piece."""
        super().resume_writing()
        unsent, self._unsent = self._unsent, bytearray()
        if unsent:
            self.transport.write(unsent)

    def drop(self) -> None:
        """End the TCP connection at once, unless it is ending already."""
        self.write_out()
        if not self.transport.is_closing():
            self.transport.abort()

    async def close(self, code: CloseCode | int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Perform the closing handshake, unless that is done already."""
        if self.protocol.state is not CLOSED:
            await super().close(code, reason)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel what the connection still had to do."""
        super().connection_lost(exc)
        self._plain = self._serving = False
        self.server.all_connections.discard(self)
        self._entrance.connections.discard(self)
        self._entrance.opening.end(self)
        self._entrance.closing.end(self)
        self.cancel_tasks()

    def cancel_tasks(self) -> None:
        """Cancel what was spawned."""
        for task in self._tasks:
            task.cancel()

    def how_it_ended(self) -> str:
        """Say with which close code, or that there was none."""
        code = self.close_code
        if code == CloseCode.ABNORMAL_CLOSURE:
            return "without a close frame"
        return f"close code {code} {self.close_reason or ''}".rstrip()
