"""TLS under a station's WebSocket, as a separate protocol that reports why a handshake failed.

The plain way is the argument ``ssl`` of ``loop.create_server``. It does not report failed handshakes, neither
in asyncio nor in uvloop, and its context cannot be chosen for each connection.
"""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from typing import Any, Final, Protocol, cast

from mock_csms.private_api.ssl import observing_certificates
from mock_csms.transport import tls_failures
from mock_csms.transport.client_hello import MAX_HELLO, parse_client_hello
from mock_csms.transport.handshake import HandshakeFailure
from mock_csms.transport.ports import Port, TlsFacts, TlsSetup
from mock_csms.transport.turns import Turns

TLS_RECORD: Final = 2**14
"""Maximum bytes of plain text in one record (RFC 8446 5.1)."""
RECORD_HEADER: Final = 5
"""Bytes of a record before its content; the last two give the length of the content."""
RECORDS_PER_TURN: Final = 8
"""Maximum records of one client that one call of `take_turn` handles.

The remaining records wait for the next turn, because 256 KiB may be 9,000 key updates, for which OpenSSL
takes 0.4 s or more.
"""
MAX_BACKLOG: Final = 2**14
"""Bytes waiting for a turn; above it, reading from TCP pauses."""
MAX_HANDSHAKE_BACKLOG: Final = 2**17
"""Maximum bytes that wait for a turn in a handshake; above it, the handshake is refused. No client needs
as many.
"""
MAX_OUTPUT: Final = 8 * 2**20
"""Maximum buffered bytes of OpenSSL's own answers (to key updates), if the client does not read."""


def server_context() -> ssl.SSLContext:
    """TLS context for a port, without a certificate yet.

    It refuses compression (A00.FR.321), and renegotiation, which lets a client cause a handshake with every
    record. TLS 1.3 sends no session tickets, so that every connection shows its certificates. TLS 1.2 sends
    tickets, because without them OpenSSL would keep 20,000 sessions in memory and resume them anyway.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.num_tickets = 0
    return context


def next_records(data: bytes, missing: int) -> tuple[int, int]:
    """Return how many bytes of ``data`` to handle in one turn, and how many the last record still lacks.

    ``missing`` is the number of bytes that the previous turn's last record lacked; ``data`` begins with them.
    An incomplete record header at the end is not handled in this turn.
    """
    end = missing
    for _ in range(RECORDS_PER_TURN):
        if end + RECORD_HEADER > len(data):
            break
        end += RECORD_HEADER + int.from_bytes(data[end + 3 : end + RECORD_HEADER])
    size = min(end, len(data))
    return size, end - size


class Upper(Protocol):
    """The connection above TLS."""

    port: Port
    loop: asyncio.AbstractEventLoop

    def data_received(self, data: bytes) -> None:
        """Handle decrypted data."""

    def eof_received(self) -> None:
        """Handle the end of the input."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Handle the end of the TCP connection."""

    def pause_writing(self) -> None:
        """Stop writing."""

    def resume_writing(self) -> None:
        """Resume writing."""

    def secured(self, facts: TlsFacts) -> None:
        """Handle a completed TLS handshake."""

    def fail_tls(self, failure: HandshakeFailure) -> None:
        """Record that TLS failed before the request. The TCP connection is being closed."""

    def break_tls(self, reason: str) -> None:
        """Record that TLS failed later; the TCP connection is being closed."""


class Phase(Enum):
    """Phase of a TLS connection."""

    HANDSHAKE = auto()
    SECURED = auto()
    """The handshake is complete, and no data has arrived yet."""
    OPEN = auto()
    ENDED = auto()
    """All further input is ignored."""


class TlsTransport(asyncio.Transport, asyncio.Protocol):
    """A protocol towards TCP and a transport towards the connection above."""

    __slots__ = (
        "_backlog",
        "_certificate",
        "_end",
        "_fault",
        "_has_answered",
        "_has_tcp_ended",
        "_has_turn",
        "_hello",
        "_incoming",
        "_is_reading",
        "_is_shut",
        "_missing",
        "_outgoing",
        "_phase",
        "_ssl",
        "_tcp",
        "_turns",
        "_upper",
    )

    def __init__(self, tcp: asyncio.Transport, setup: TlsSetup, upper: Upper, turns: Turns) -> None:
        self._tcp = tcp
        self._upper = upper
        self._turns = turns
        self._fault = setup.fault
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._phase = Phase.HANDSHAKE
        self._backlog = b""
        """Input that is not passed to OpenSSL yet."""
        self._end: ssl.SSLError | None = None
        """Error or close_notify that ends the input; handled only after the data that came before it."""
        self._missing = 0
        """Bytes still missing from the last record passed to OpenSSL."""
        self._hello = b""
        self._certificate: bytes | None = None
        self._has_answered = False
        self._has_turn = False
        self._is_reading = True
        self._is_shut = False
        """Whether close_notify has been sent."""
        self._has_tcp_ended = False
        with self._observing(setup.context):
            self._ssl = setup.context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Set the protocol that gets the decrypted data from now on."""
        self._upper = cast("Upper", protocol)

    # Input

    def data_received(self, data: bytes) -> None:
        """Decrypt data from the network and pass it on; or queue it for the next turn."""
        # Nearly all data is a single record; handling it here saves a loop iteration.
        is_single = (
            not self._missing
            and len(data) > RECORD_HEADER
            and len(data) == RECORD_HEADER + (data[3] << 8 | data[4])
        )
        if is_single and self._phase is Phase.OPEN and self._is_reading and not self._backlog:
            self._incoming.write(data)
            self._read()
        elif not self._has_ended:
            self._backlog += data
            if self._phase is Phase.HANDSHAKE and len(self._backlog) > MAX_HANDSHAKE_BACKLOG:
                self._fail(tls_failures.flooded_handshake(self._attempt(), MAX_HANDSHAKE_BACKLOG))
            else:
                self._wait_for_turn()

    def _wait_for_turn(self) -> None:
        """Ask for a turn to handle the backlog. If the backlog exceeds MAX_BACKLOG, pause reading from TCP,
        so that TCP slows the client down.
        """
        if len(self._backlog) > MAX_BACKLOG:
            self._tcp.pause_reading()
        size, _ = next_records(self._backlog, self._missing)
        if self._has_turn or not size:
            return
        self._has_turn = True
        if self._phase is Phase.HANDSHAKE:
            self._turns.put(self)
        else:
            self._upper.loop.call_soon(self.take_turn)

    def take_turn(self) -> None:
        """Handle a part of the backlog."""
        self._has_turn = False
        if self._is_reading and not self._has_ended:
            self._handle_backlog()
        self._continue_reading()

    def _continue_reading(self) -> None:
        """Queue the remaining backlog for the next turn. If there is none, resume reading from TCP or handle
        the end of the input.
        """
        if self._has_ended or not self._is_reading:
            return
        if self._end is not None:
            self._handle_end(self._end)
            return
        self._wait_for_turn()
        if self._has_turn:
            return
        if self._has_tcp_ended:
            self._end_input("it closed the connection")
        else:
            self._resume_tcp()

    @property
    def _has_ended(self) -> bool:
        return self._phase is Phase.ENDED

    def _resume_tcp(self) -> None:
        if not self._tcp.is_closing():
            self._tcp.resume_reading()

    def _handle_backlog(self) -> None:
        size, self._missing = next_records(self._backlog, self._missing)
        fed, self._backlog = self._backlog[:size], self._backlog[size:]
        self._incoming.write(fed)
        if self._phase is Phase.HANDSHAKE:
            self._hello += fed[: MAX_HELLO - len(self._hello)]
            self._shake_hands()
        else:
            self._read()

    def _shake_hands(self) -> None:
        try:
            with self._observing(self._ssl.context):
                self._ssl.do_handshake()
        except ssl.SSLWantReadError:
            self._has_answered = self._flush() or self._has_answered
        except ssl.SSLError as error:
            self._flush()  # sends the alert to the client
            self._fail(tls_failures.failed_handshake(self._attempt(), error))
        else:
            self._flush()
            self._become_secure()

    def _become_secure(self) -> None:
        self._phase, self._certificate = Phase.SECURED, None
        hello = parse_client_hello(self._hello)
        cipher = self._ssl.cipher()
        facts = TlsFacts(
            version=self._ssl.version() or "",
            cipher=cipher[0] if cipher else "",
            certificate=self._ssl.getpeercert(binary_form=True),
            server_name=hello.server_name if hello else None,
            fault=self._fault,
            ciphers_offered=tls_failures.suites_offered(hello) if hello else "",
        )
        self._upper.secured(facts)
        self._read()

    def _read(self) -> None:
        """Decrypt all records and pass their data on. Then handle the end of the input, if it has arrived."""
        data, error = self._read_record()
        if data and (self._incoming.pending or self._ssl.pending()):
            parts = [data]
            while not error and (self._incoming.pending or self._ssl.pending()):
                data, error = self._read_record()
                parts.append(data)
            data = b"".join(parts)
        if self._outgoing.pending:
            self._flush_answers()
        if data and not self._has_ended:
            if self._phase is Phase.SECURED:
                self._phase, self._hello = Phase.OPEN, b""
            self._upper.data_received(data)
        self._end = error
        if error and self._is_reading and not self._has_ended:
            self._handle_end(error)

    def _read_record(self) -> tuple[bytes, ssl.SSLError | None]:
        """Data of the next record (may be empty), and the error that ends the input, if any."""
        try:
            data = self._ssl.read(TLS_RECORD)
        except ssl.SSLWantReadError:
            return b"", None
        except ssl.SSLError as error:
            return b"", error.with_traceback(None)  # the traceback refers to this transport
        return data, None if data else ssl.SSLZeroReturnError()

    def _flush_answers(self) -> None:
        self._flush()
        if self._tcp.get_write_buffer_size() > MAX_OUTPUT:
            self.abort()

    def _handle_end(self, error: ssl.SSLError) -> None:
        """Handle the error or close_notify that ends the input."""
        if isinstance(error, ssl.SSLZeroReturnError | ssl.SSLEOFError):
            # After close_notify is sent, OpenSSL raises SSLEOFError instead of asking for more input.
            self._end_input("it closed the connection")
        elif self._phase is Phase.SECURED:
            self._fail(tls_failures.failed_handshake(self._attempt(), error))
        else:
            self._phase, self._is_shut, self._backlog = Phase.ENDED, True, b""
            self._upper.break_tls(tls_failures.describe_error(error, self._upper.port))

    def eof_received(self) -> bool:
        """Handle the end of the TCP input. Return whether TCP stays open because input still waits."""
        self._has_tcp_ended = True
        if not self._has_ended and (self._has_turn or not self._is_reading):
            return True
        self._end_input("it closed the connection")
        return False

    def _end_input(self, how: str) -> None:
        """Handle the end of the input, by close_notify or by TCP."""
        failure, phase = self._failure_at_end(how), self._phase
        self._phase = Phase.ENDED
        if failure is not None:
            self._upper.fail_tls(failure)
        elif phase is Phase.OPEN:
            self._upper.eof_received()
        self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Handle the end of the TCP connection."""
        if self._phase is Phase.HANDSHAKE and self._backlog and self._has_answered:
            self._handle_backlog()  # the backlog may contain an alert with the cause
        failure = self._failure_at_end("it reset the connection" if exc else "it closed the connection")
        self._phase, self._backlog = Phase.ENDED, b""
        if failure is not None:
            self._upper.fail_tls(failure)
        upper = self._upper
        del self._upper  # breaks the cycle with this transport, so that no garbage collection is needed
        upper.connection_lost(exc)

    # Failures

    def _fail(self, failure: HandshakeFailure) -> None:
        """Record that TLS failed, ignore further input, and half-close the connection.

        If the client has sent more data, a full close would reset the connection, and the reset could
        overtake the alert.
        """
        self._phase, self._is_shut, self._backlog = Phase.ENDED, True, b""
        self._upper.fail_tls(failure)
        if self._has_tcp_ended:
            self._tcp.close()
        else:
            self._resume_tcp()  # to notice the end of the client's input
            self.write_eof()

    def _attempt(self) -> tls_failures.Attempt:
        return tls_failures.Attempt(
            self._upper.port, self._hello, self._has_answered, self._certificate, self._fault
        )

    def _failure_at_end(self, how: str) -> HandshakeFailure | None:
        match self._phase:
            case Phase.HANDSHAKE:
                return tls_failures.closed_handshake(self._attempt(), how)
            case Phase.SECURED:
                return tls_failures.closed_before_request(self._attempt(), how)
        return None

    def unfinished(self, end: str) -> HandshakeFailure | None:
        """Describe a connection that ends before its first data; None if data has arrived."""
        match self._phase:
            case Phase.HANDSHAKE:
                return tls_failures.unfinished_handshake(self._attempt(), end)
            case Phase.SECURED:
                return tls_failures.missing_request(self._attempt(), end)
        return None

    @contextmanager
    def _observing(self, context: ssl.SSLContext) -> Iterator[None]:
        """Store a certificate that the client sends during the context, so that a refusal can describe it."""
        if context.verify_mode is ssl.CERT_NONE:
            yield
        else:
            with observing_certificates(context, self._keep_certificate):
                yield

    def _keep_certificate(self, certificate: bytes) -> None:
        self._certificate = certificate or None

    # Output

    def write(self, data: Any) -> None:
        """Encrypt data and write it."""
        if self._is_shut or not data:
            return
        try:
            self._ssl.write(data)
        except ssl.SSLError:
            self.abort()
        else:
            self._flush()

    def _flush(self) -> bool:
        """Write the output of OpenSSL, if any; return whether there was any."""
        output = self._outgoing.read()
        if output and not self._tcp.is_closing():
            self._tcp.write(output)
        return bool(output)

    def can_write_eof(self) -> bool:
        """Return True: the output can end before the input."""
        return True

    def write_eof(self) -> None:
        """End the output, with close_notify, and keep reading."""
        self._send_close_notify()
        with suppress(OSError, RuntimeError):  # uvloop raises RuntimeError if closed, asyncio ignores it
            self._tcp.write_eof()

    def _send_close_notify(self) -> None:
        if not self._is_shut:
            self._is_shut = True
            with suppress(ssl.SSLError):  # SSLWantReadError: the client's close_notify has not come yet
                self._ssl.unwrap()
            self._flush()

    def close(self) -> None:
        """Close the connection after the output is written."""
        self._send_close_notify()
        self._tcp.close()

    def abort(self) -> None:
        """Close the connection at once."""
        self._phase, self._is_shut, self._backlog = Phase.ENDED, True, b""
        self._tcp.abort()

    def is_closing(self) -> bool:
        """Whether the connection is closing or closed."""
        return self._tcp.is_closing()

    # Flow control

    def pause_writing(self) -> None:
        """Pause the writing of the connection above."""
        self._upper.pause_writing()

    def resume_writing(self) -> None:
        """Resume the writing of the connection above."""
        self._upper.resume_writing()

    def pause_reading(self) -> None:
        """Stop reading from TCP and passing data to the connection above."""
        self._is_reading = False
        self._tcp.pause_reading()

    def resume_reading(self) -> None:
        """Read from TCP and pass data to the connection above again, beginning with the backlog."""
        self._is_reading = True
        self._continue_reading()

    def is_reading(self) -> bool:
        """Whether data is passed to the connection above."""
        return self._is_reading

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set the limits of the output buffer, in encrypted bytes."""
        self._tcp.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        """Encrypted bytes that are not written yet."""
        return self._tcp.get_write_buffer_size()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Information about the TCP connection, such as its ``socket``."""
        return self._tcp.get_extra_info(name, default)
