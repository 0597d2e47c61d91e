"""First bytes of a connection: TLS or plain text."""

import asyncio
from typing import cast

from mock_csms.transport.connection import WebSocketConnection
from mock_csms.transport.handshake import TLS_START
from mock_csms.transport.tls import TlsTransport
from mock_csms.transport.turns import Turns


class TlsDetector(asyncio.Protocol):
    """Protocol of a new connection to a port that takes TLS, until its first two bytes have arrived.

    The connection joins its `ConnectionGroup` at once, so that its opening deadline and the limits apply.
    """

    __slots__ = ("_connection", "_head", "_tcp", "_turns")

    def __init__(self, connection: WebSocketConnection, turns: Turns) -> None:
        self._connection = connection
        self._turns = turns
        self._head = b""
        self._tcp: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the opening deadline."""
        self._tcp = cast("asyncio.Transport", transport)
        self._connection.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Pass the data to the connection; if a TLS handshake begins, put a `TlsTransport` under it first."""
        self._head += data
        if self._head == TLS_START[:1] or self._tcp.is_closing():
            return
        protocol: asyncio.Protocol = self._connection
        if self._head.startswith(TLS_START):
            protocol = self._secure()
        self._tcp.set_protocol(protocol)
        if not self._tcp.is_closing():
            protocol.data_received(self._head)

    def _secure(self) -> asyncio.Protocol:
        """Return a new TLS transport, or the connection itself if the port takes no TLS now."""
        connection = self._connection
        try:
            setup = connection.port.tls(connection.remote_address)
            if setup is None:
                return connection
            connection.transport = tls = TlsTransport(self._tcp, setup, connection, self._turns)
        except Exception as error:
            connection.report_failure("setting up TLS", error)
            connection.drop()
            return connection
        return tls

    def eof_received(self) -> None:
        """Handle the end of the input before two bytes have arrived."""
        if self._head:
            self._connection.data_received(self._head)
        self._connection.eof_received()

    def pause_writing(self) -> None:
        """Pause the writing of the connection."""
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        """Resume the writing of the connection."""
        self._connection.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the connection."""
        self._connection.connection_lost(exc)
