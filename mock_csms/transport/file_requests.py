"""HTTP requests for files that arrive on a port for stations. The HTTP server of the mock answers them."""

import asyncio
import re
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from mock_csms.transport.fastpath import END_OF_REQUEST
from mock_csms.transport.handshake import MAX_REQUEST_SIZE, HandshakeFailure
from mock_csms.transport.ports import Port, TlsFacts
from mock_csms.transport.turns import Turns

METHODS: Final = ("GET", "HEAD", "PUT", "POST")
FOLDERS: Final = ("/files/", "/ocsp")
UPGRADE: Final = re.compile(rb"\r\nupgrade[ \t]*:", re.IGNORECASE)


def request_lines(prefix: str = "") -> tuple[bytes, ...]:
    """Beginnings of requests for files, with and without ``prefix``, which a proxy may add to the path."""
    paths = [f"{before}{folder}" for before in dict.fromkeys(("", prefix)) for folder in FOLDERS]
    return tuple(f"{method} {path}".encode() for method in METHODS for path in paths)


def asks_for_file(head: bytes, lines: tuple[bytes, ...]) -> bool | None:
    """Whether a request with this beginning is for a file; None if the beginning is too short to tell.

    A station's WebSocket may have any path, so its opening handshake is recognized by the header Upgrade.
    """
    if not head.startswith(lines):
        return None if any(line.startswith(head) for line in lines) else False
    end = head.find(END_OF_REQUEST)
    if end >= 0:
        return UPGRADE.search(head, 0, end) is None
    return None if len(head) <= MAX_REQUEST_SIZE else False


class StationConnection(Protocol):
    """A connection to a port for stations, on which a request for a file has arrived."""

    port: Port
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport

    def end_opening_deadline(self) -> None:
        """Cancel the deadline of the opening handshake."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Handle the end of the TCP connection."""


class FileRequests:
    """Hands a connection whose first request is for a file to the HTTP server.

    The plain way is to serve files on the port of the control API only. A station on another machine would
    then need a second port that it can reach, and the control API is on loopback unless configured otherwise.
    """

    def __init__(self, prefix: str = "") -> None:
        self._lines = request_lines(prefix)
        self._turns: Turns | None = None
        self._make_protocol: Callable[[], asyncio.Protocol]
        self.waiting: list[_WaitingRequest] = []
        """Requests that arrived before the HTTP server had started."""

    def open(self, make_protocol: Callable[[], asyncio.Protocol]) -> None:
        """Start serving requests for files over HTTP, the waiting requests first."""
        self._make_protocol = make_protocol
        self._turns = Turns(asyncio.get_running_loop())
        waiting, self.waiting = self.waiting, []
        for request in waiting:
            self._turns.put(request)

    def take(self, connection: StationConnection, head: bytes) -> bool | None:
        """Take over a connection if its request is for a file.

        Return whether the request is for a file; None if ``head`` is too short to tell.
        """
        decision = asks_for_file(head, self._lines)
        if not decision:
            return decision
        connection.transport.pause_reading()
        request = _WaitingRequest(connection, head, self._serve)
        if self._turns is not None:
            connection.end_opening_deadline()
            self._turns.put(request)
        else:
            self.waiting.append(request)
        return True

    def _serve(self, connection: StationConnection, request: bytes) -> None:
        protocol = self._make_protocol()
        connection.end_opening_deadline()
        connection.transport.resume_reading()  # before the request: the HTTP server may pause reading again
        connection.transport.set_protocol(_HttpConnection(connection, protocol))
        protocol.connection_made(connection.transport)
        protocol.data_received(request)


class _WaitingRequest(NamedTuple):
    """A request for a file that waits for its turn; a flood of downloads must not delay the stations."""

    connection: StationConnection
    request: bytes
    serve: Callable[[StationConnection, bytes], None]

    def take_turn(self) -> None:
        if not self.connection.transport.is_closing():
            self.serve(self.connection, self.request)


class _HttpConnection(asyncio.Protocol):
    """Passes the events of TCP to the HTTP protocol, and the end of TCP also to the `StationConnection`."""

    def __init__(self, connection: StationConnection, http: asyncio.Protocol) -> None:
        self.port = connection.port
        self.loop = connection.loop
        self._connection = connection
        self._http = http

    def data_received(self, data: bytes) -> None:
        self._http.data_received(data)

    def eof_received(self) -> None:
        self._http.eof_received()

    def pause_writing(self) -> None:
        self._http.pause_writing()

    def resume_writing(self) -> None:
        self._http.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._http.connection_lost(exc)
        self._connection.connection_lost(exc)

    def secured(self, facts: TlsFacts) -> None:
        """Do nothing: the TLS handshake was over before the request."""

    def fail_tls(self, failure: HandshakeFailure) -> None:
        """Do nothing: TLS closes the connection."""

    def break_tls(self, reason: str) -> None:
        self._connection.transport.close()
