"""A station's WebSocket: handshake, sending, flow control, keep-alive and closing."""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final, cast

from websockets.frames import CloseCode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import BytesLike

from mock_csms._version import __version__
from mock_csms.private_api.websockets import ProtocolFailure, release_frames
from mock_csms.transport.fastpath import text_frame
from mock_csms.transport.group import ConnectionGroup, Guest, Silence
from mock_csms.transport.handshake import (
    PLAIN_ON_TLS,
    SUBPROTOCOL_HEADER,
    BadIdentity,
    HandshakeFailure,
    identity,
    offered_subprotocols,
    unacceptable_request,
    unfinished_request,
)
from mock_csms.transport.ports import Port, TlsFacts
from mock_csms.transport.reading import MessageReader, Receiver
from mock_csms.transport.sockets import reset_on_close
from mock_csms.transport.tls import TlsTransport

WRITE_BUFFER: Final = 2**15
"""Bytes that the transport may buffer. Above it, writing is paused and further data goes to `_unsent`."""
MAX_UNSENT: Final = 4 * 2**20
"""Maximum bytes buffered for a station that does not read; above it, the connection is dropped."""

SERVER: Final = f"ocpp2-mock-server/{__version__}"
EXTENSIONS_HEADER: Final = "Sec-WebSocket-Extensions"

logger = logging.getLogger("mock_csms")


class WebSocketConnection(MessageReader):
    """One station's WebSocket, built on the sans-I/O `ServerProtocol` of `websockets`.

    The plain way is the asyncio server of `websockets`, with a task and a queue per connection. Handling each
    message in `data_received` saves a task switch per message and memory per station. Work that has to wait
    runs in tasks, which the connection owns and cancels when it ends.
    """

    __slots__ = (
        "_closed",
        "_closing_reason",
        "_eof_pending",
        "_group",
        "_is_compressed",
        "_outbox",
        "_outgoing",
        "_ping",
        "_ping_sent",
        "_ping_timer",
        "_tasks",
        "_unsent",
        "_writing_paused",
        "port",
        "subprotocol",
        "tls",
    )

    def __init__(self, group: ConnectionGroup[Any], port: Port) -> None:
        max_size = group.options.max_message_size
        super().__init__(group.loop, ServerProtocol(extensions=group.extensions, max_size=max_size), max_size)
        self.port = port
        self.tls: TlsFacts | None = None
        """Facts of the TLS handshake; None on plain text."""
        self.subprotocol: str | None = None
        self._group = group
        self._outbox = group.outbox
        self._is_compressed = False
        self._outgoing = b""
        self._unsent: bytearray | None = None
        self._eof_pending = False
        self._writing_paused = False
        self._tasks: set[asyncio.Task[None]] | None = None  # None until needed: an empty set takes 0.2 KiB
        self._closing_reason: str | None = None
        """Code and reason of the close frame if this server sent one before the station did."""
        self._closed: asyncio.Future[None] | None = None
        self._ping = b""
        self._ping_sent = 0.0
        self._ping_timer: asyncio.TimerHandle | None = None

    @property
    def remote_address(self) -> Any:
        """Address of the station; None if the transport does not know it."""
        return self.transport.get_extra_info("peername")

    @property
    def local_address(self) -> tuple[str, int] | None:
        """Host and port of this machine that the station has connected to; None if unknown."""
        address = self.transport.get_extra_info("sockname")
        return (address[0].partition("%")[0], address[1]) if address else None

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self.protocol.state is State.OPEN

    # Opening

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the opening handshake's time-out, or refuse the connection above the limit of open files."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(WRITE_BUFFER)
        if not self._group.add(self):
            failure = HandshakeFailure("open-files", "the limit of open files is reached (ulimit -n)")
            self.refuse(HTTPStatus.SERVICE_UNAVAILABLE, failure)
            self.transport.close()

    def open(self, request: Request) -> None:
        """Answer the opening handshake. If it is accepted, start serving the station."""
        self._group.opening.end(self)
        try:
            guest, response = self._answer(request)
        except Exception as error:
            self.report_failure("the opening handshake", error)
            guest, response = None, self.respond(HTTPStatus.INTERNAL_SERVER_ERROR, "the mock server failed\n")
        if isinstance(response, Silence):
            self._leave_unanswered(response)
            return
        response.headers["Server"] = SERVER
        self._is_compressed = EXTENSIONS_HEADER in response.headers
        self.protocol.send_response(response)
        self.send_pending()
        if guest and self.is_open:
            request.headers.clear()  # the parser keeps the request; this frees some kilobytes
            self._start_ping_timer(self._group.options.ping_interval, self._send_ping)
            try:
                guest.enter(self)
            except Exception as error:
                self.report_failure("starting to serve a connection", error)
                self.close_deaf(CloseCode.INTERNAL_ERROR, "the mock server failed")

    def hand_over(self, head: bytes) -> bool | None:
        """Return whether the HTTP server takes over the connection; None if ``head`` is too short to tell."""
        file_requests = self._group.file_requests
        return False if file_requests is None else file_requests.take(self, head)

    def end_opening_deadline(self) -> None:
        """Cancel the deadline of the opening handshake."""
        self._group.opening.end(self)

    def _leave_unanswered(self, silence: Silence) -> None:
        self._has_ended = True
        if silence is Silence.RESET:
            self.reset()
        else:
            self.stall(None)
            self._group.opening.begin(self)

    def _answer(self, request: Request) -> tuple[Guest[Any] | None, Response | Silence]:
        """Return the `Guest` to serve (None if the handshake is refused) and the response, or a `Silence`."""
        if self.tls is None and not self.port.accepts_plain:
            if "Upgrade" in request.headers:
                with suppress(BadIdentity):
                    self.name = identity(request.path)
            self.record_refusal(PLAIN_ON_TLS, request)
            return None, self.respond(HTTPStatus.BAD_REQUEST, f"{PLAIN_ON_TLS.reason}\n")
        decision = self._group.hooks.admit(self, request)
        if isinstance(decision, Response | Silence):
            return None, decision
        if not self._group.is_accepting:
            text = "the server is shutting down"
            self.record_refusal(HandshakeFailure("stopping", text), request)
            return None, self.respond(HTTPStatus.SERVICE_UNAVAILABLE, f"{text}\n")
        response = self.protocol.accept(request)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self.record_refusal(unacceptable_request(request, self.protocol.handshake_exc), request)
            return None, response
        choice = decision.select(offered_subprotocols(request.headers), self)
        if isinstance(choice, Response):
            return None, choice
        self.subprotocol = choice
        if choice is not None:
            response.headers[SUBPROTOCOL_HEADER] = choice
        return decision, response

    def refuse(self, status: HTTPStatus, failure: HandshakeFailure) -> None:
        """Refuse a handshake without a valid request: record ``failure``, and respond with its reason."""
        self.record_refusal(failure)
        response = self.respond(status, f"{failure.reason}\n")
        response.headers["Server"] = SERVER
        if self.protocol.close_expected():  # `websockets` has ended its output already
            self._write(response.serialize())
        else:
            self.protocol.send_response(response)
        self.send_pending()

    def record_refusal(self, failure: HandshakeFailure, request: Request | None = None) -> None:
        """Record that the handshake has been refused."""
        self._group.opening.end(self)
        try:
            self._group.hooks.refused(self, failure, request)
        except Exception as error:
            self.report_failure("recording a refused connection", error)

    def end_opening(self, why: str) -> None:
        """Record the failure of an incomplete handshake, and drop the connection."""
        if not self._is_requested:  # otherwise the handshake is left unanswered on purpose
            transport = self.transport
            failure = transport.unfinished(why) if isinstance(transport, TlsTransport) else None
            head = self._buffer.head if self._buffer else b""
            self.record_refusal(failure or unfinished_request(head, why))
        self._has_ended = True
        self.drop()

    def secured(self, facts: TlsFacts) -> None:
        """Store the facts of the TLS handshake."""
        self.tls = facts

    def fail_tls(self, failure: HandshakeFailure) -> None:
        """Record that TLS failed before a handshake request arrived. Start the close time-out."""
        self.record_refusal(failure)
        self._has_ended = True
        self._group.closing.begin(self)

    def break_tls(self, reason: str) -> None:
        """Log that TLS failed, and end the WebSocket."""
        logger.warning("%s  %s; the connection is closed", self.name or "a connection", reason)
        self.eof_received()

    def respond(self, status: HTTPStatus, text: str) -> Response:
        """Make an HTTP response with a text, which refuses the handshake."""
        return self.protocol.reject(status, text)

    def serve(self, receiver: Receiver) -> None:
        """Start handing messages to a receiver."""
        self.start_reading(receiver, is_plain=not self._is_compressed)

    # Sending

    def transmit(self, text: bytes) -> None:
        """Send a text message in the next batch of writes."""
        if self._fast_path:  # `send_text` would do the same, but takes six times as long for 300 bytes
            frame = text_frame(text)
        elif self.is_open:
            self.protocol.send_text(text)
            frame = b"".join(self.protocol.data_to_send())
        else:
            logger.info("%s  the connection is closing; a message to the station is not sent", self.name)
            return
        if self._outgoing:
            self._outgoing += frame
        else:
            self._outgoing = frame
            self._outbox.put(self)

    def write_out(self) -> None:
        """Write the messages that were waiting for this batch."""
        outgoing, self._outgoing = self._outgoing, b""
        if outgoing and not self.transport.is_closing():
            self._write(outgoing)

    def send_pending(self) -> None:
        """Write waiting messages and the output of `protocol`. When closing, start the close time-out."""
        self._fast_path = self._fast_path and self.is_open  # no message may follow a close frame
        self.write_out()
        for data in self.protocol.data_to_send():
            if self.transport.is_closing():
                break
            if data:
                self._write(data)
            else:  # empty data means: end the stream
                self._has_ended = True
                self._write_eof()
        if self.protocol.close_expected():
            self._group.closing.begin(self)

    def send_binary(self, data: bytes) -> None:
        """Send a binary message."""
        self.protocol.send_binary(data)
        self.send_pending()

    def send_fragments(self, parts: tuple[bytes, ...]) -> None:
        """Send one text message in several frames."""
        first, *rest = parts
        self.protocol.send_text(first, fin=not rest)
        for number, part in enumerate(rest, 1):
            self.protocol.send_continuation(part, fin=number == len(rest))
        self.send_pending()

    # Flow control

    def _write(self, data: bytes) -> None:
        if self._writing_paused:
            self._buffer_unsent(data)
        else:
            self.transport.write(data)

    def _buffer_unsent(self, data: bytes) -> None:
        """Buffer data while writing is paused. Above MAX_UNSENT bytes, drop the connection.

        The plain way is to keep writing to the transport, but its buffer has no limit.
        """
        if self._unsent is None:
            self._unsent = bytearray()
        self._unsent += data
        if len(self._unsent) > MAX_UNSENT and not self.transport.is_closing():
            logger.warning("%s  does not read the data sent to it; the connection is dropped", self.name)
            self.drop()

    def _write_eof(self) -> None:
        """Half-close the TCP connection once all data is written."""
        if self._writing_paused:
            self._eof_pending = True
        elif self.transport.can_write_eof():
            with suppress(OSError, RuntimeError):  # uvloop raises RuntimeError if closed, asyncio ignores it
                self.transport.write_eof()
        else:
            self.transport.close()

    def pause_writing(self) -> None:
        """Start buffering writes."""
        self._writing_paused = True

    def resume_writing(self) -> None:
        """Write the buffered data, then any pending end of the stream."""
        self._writing_paused = False
        unsent, self._unsent = self._unsent, None
        if unsent:
            self.transport.write(bytes(unsent))
        if self._eof_pending:
            # The write above may have paused writing again; the transport keeps the order of data and EOF.
            self._eof_pending = self._writing_paused = False
            self._write_eof()

    # Keep-alive

    def _send_ping(self) -> None:
        if self.is_open:
            self._ping = random.randbytes(4)  # noqa: S311 - need only differ from the last ping
            self._ping_sent = self.loop.time()
            self.protocol.send_ping(self._ping)
            self.send_pending()
            self._start_ping_timer(self._group.options.ping_timeout, self._fail_without_pong)

    def pong_received(self, data: BytesLike) -> None:
        """Schedule the next ping if this pong answers the last one; ignore other pongs (RFC 6455 5.5.3)."""
        interval = self._group.options.ping_interval
        if interval is not None and self._ping and bytes(data) == self._ping:
            self._ping = b""
            elapsed = self.loop.time() - self._ping_sent
            self._start_ping_timer(max(0.0, interval - elapsed), self._send_ping)

    def _fail_without_pong(self) -> None:
        if self.is_open:
            self.fail(CloseCode.INTERNAL_ERROR, "keepalive ping timeout")

    def _start_ping_timer(self, seconds: float | None, action: Callable[[], None]) -> None:
        if self._ping_timer is not None:
            self._ping_timer.cancel()
        self._ping_timer = None if seconds is None else self.loop.call_later(seconds, action)

    # Closing

    def fail(self, code: CloseCode, reason: str) -> None:
        """Close the WebSocket because the station made an error or does not respond."""
        logger.warning("%s  %s; closing the connection with code %d", self.name, reason, code)
        self._closing_reason = f"{code} {reason}"
        self.protocol.fail(code, reason)
        self.send_pending()

    def violated(self, violation: ProtocolFailure) -> None:
        """Log why `websockets` closes the connection; notify the receiver of a violation of RFC 6455."""
        code, reason, is_forbidden = violation
        logger.warning("%s  %s; closing the connection with code %d", self.name, reason, code)
        self._closing_reason = f"{code} {reason}"
        if is_forbidden and self._is_serving:
            try:
                self._receiver.violated(reason)
            except Exception as error:
                self.report_failure("recording a violation", error)

    async def close(self, code: CloseCode | int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Perform the closing handshake and wait until the TCP connection has ended."""
        if self.is_open:
            self._closing_reason = f"{int(code)} {reason}".rstrip()
            self.protocol.send_close(code, reason)
            self.send_pending()
        await self.wait_closed()

    def hold(self, size: int) -> None:
        """Tell the group how many bytes of an unfinished message are held; 0 when the message is complete."""
        self._group.hold(self, size)

    def end_unfinished(self, why: str) -> None:
        """Close the connection because of a message that is not complete."""
        if self._buffer is not None:
            self._buffer.unread.clear()
            self._buffer.parts = None
        if self.is_open:
            self.fail(CloseCode.POLICY_VIOLATION, why)
        else:
            self.drop()

    def close_deaf(self, code: CloseCode | int, reason: str) -> None:
        """Start closing the WebSocket and ignore all further input."""
        self.discard_input()
        self.spawn(self.close(code, reason))

    async def wait_closed(self) -> None:
        """Wait until the TCP connection has ended."""
        if self in self._group.connections:
            if self._closed is None:  # made on demand, because few callers wait for the end of a connection
                self._closed = self.loop.create_future()
            await asyncio.shield(self._closed)

    def drop(self) -> None:
        """End the TCP connection at once, even while it is closing. Unsent data is lost."""
        self.write_out()
        self.transport.abort()

    def cut_short(self, data: bytes) -> None:
        """Send half of a text frame and end the TCP connection."""
        self.write_out()
        self.protocol.send_text(data)
        frame = b"".join(self.protocol.data_to_send())
        self.transport.write(frame[: len(frame) // 2])
        self.discard_input()
        self.transport.close()
        self._group.closing.begin(self)

    def reset(self) -> None:
        """Reset the TCP connection."""
        self.discard_input()
        self.write_out()
        reset_on_close(self.transport)
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the group, notify the receiver and cancel timers and tasks."""
        if self._group.is_accepting:
            self.record_lost_opening()
        self.protocol.receive_eof()
        release_frames(self.protocol)
        was_serving, self._is_serving, self._fast_path = self._is_serving, False, False
        self._group.remove(self)
        self._buffer = None
        self._start_ping_timer(None, self._send_ping)
        if was_serving:
            receiver = self._receiver
            del self._receiver  # breaks the cycle with the receiver, so that no garbage collection is needed
            try:
                receiver.closed(self._close_description())
            except Exception as error:
                self.report_failure("the end of a connection", error)
        self.cancel_tasks()
        if self._closed is not None:
            self._closed.set_result(None)

    def report_failure(self, activity: str, error: Exception) -> None:
        """Log an exception that must not end the connection."""
        self._group.hooks.failed(self.name or "a connection", activity, error)

    def _close_description(self) -> str:
        code = self.protocol.close_code
        if code == CloseCode.ABNORMAL_CLOSURE and self._closing_reason is not None:
            return f"closed by this server with code {self._closing_reason}"
        if code == CloseCode.ABNORMAL_CLOSURE:
            return "without a close frame"
        return f"close code {code} {self.protocol.close_reason or ''}".rstrip()

    # Tasks

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine in a task; log its failure. The end of the connection cancels the task."""
        if self._tasks is None:
            self._tasks = set()
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finish_task)

    @property
    def task_count(self) -> int:
        """Number of tasks that are running or waiting."""
        return len(self._tasks or ())

    def _finish_task(self, task: asyncio.Task[None]) -> None:
        if self._tasks is not None:
            self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("%s  a task failed", self.name, exc_info=error)

    def cancel_tasks(self) -> None:
        """Cancel all tasks of the connection."""
        for task in self._tasks or ():
            task.cancel()
