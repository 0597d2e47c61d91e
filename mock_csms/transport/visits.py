"""Requests for files on a port for stations. An HTTP server takes over their connections."""

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
    """Beginnings of requests for files. A proxy may add ``prefix`` before the path."""
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


class Visited(Protocol):
    """A connection to a port for stations, on which a request for a file has arrived."""

    port: Port
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport

    def end_opening_deadline(self) -> None:
        """Cancel the deadline of the opening handshake."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Handle the end of the TCP connection."""


class Visits:
    """Hands connections that ask for a file to an HTTP server.

    The plain way is to serve files on the port of the control API only. A station on another machine would
    then need a second port that it can reach, and the control API is on loopback unless configured otherwise.
    """

    def __init__(self, prefix: str = "") -> None:
        self._lines = request_lines(prefix)
        self._turns: Turns | None = None
        self._make_protocol: Callable[[], asyncio.Protocol]
        self.waiting: list[_Arrival] = []
        """Requests that arrived before the HTTP server had started."""

    def open(self, make_protocol: Callable[[], asyncio.Protocol]) -> None:
        """Start serving requests for files over HTTP, the waiting requests first."""
        self._make_protocol = make_protocol
        self._turns = Turns(asyncio.get_running_loop())
        waiting, self.waiting = self.waiting, []
        for arrival in waiting:
            self._turns.put(arrival)

    def take(self, host: Visited, head: bytes) -> bool | None:
        """Take over a connection if its request is for a file.

        Return whether the request is for a file; None if ``head`` is too short to tell.
        """
        decision = asks_for_file(head, self._lines)
        if not decision:
            return decision
        host.transport.pause_reading()
        arrival = _Arrival(host, head, self._serve)
        if self._turns is not None:
            host.end_opening_deadline()
            self._turns.put(arrival)
        else:
            self.waiting.append(arrival)
        return True

    def _serve(self, host: Visited, request: bytes) -> None:
        protocol = self._make_protocol()
        host.end_opening_deadline()
        host.transport.resume_reading()  # before the request, as the HTTP server may pause reading again
        host.transport.set_protocol(_Visitor(host, protocol))
        protocol.connection_made(host.transport)
        protocol.data_received(request)


class _Arrival(NamedTuple):
    """A request that waits for its turn; a flood of downloads must not delay the stations."""

    host: Visited
    request: bytes
    serve: Callable[[Visited, bytes], None]

    def take_turn(self) -> None:
        if not self.host.transport.is_closing():
            self.serve(self.host, self.request)


class _Visitor(asyncio.Protocol):
    """Passes all events to the HTTP protocol; also tells the WebSocket connection when TCP ends."""

    def __init__(self, host: Visited, http: asyncio.Protocol) -> None:
        self.port = host.port
        self.loop = host.loop
        self._host = host
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
        self._host.connection_lost(exc)

    def secured(self, facts: TlsFacts) -> None:
        """Do nothing: the TLS handshake was over before the request."""

    def fail_tls(self, failure: HandshakeFailure) -> None:
        """Do nothing: TLS closes the connection."""

    def break_tls(self, reason: str) -> None:
        self._host.transport.close()
