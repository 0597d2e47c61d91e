"""Detects by the first bytes of a connection whether the client uses TLS or plain text."""

import asyncio
from typing import cast

from mock_csms.transport.connection import WebSocketConnection
from mock_csms.transport.handshake import TLS_START
from mock_csms.transport.tls import TlsTransport
from mock_csms.transport.turns import Turns


class TlsDetector(asyncio.Protocol):
    """Protocol of a new connection to a port that takes TLS, until its first two bytes have arrived.

    The connection joins its `ConnectionGroup` at once, so that the opening deadline and the limits of the
    group apply to it before its first byte arrives.
    """

    __slots__ = ("_connection", "_head", "_tcp", "_turns")

    def __init__(self, connection: WebSocketConnection, turns: Turns) -> None:
        self._connection = connection
        self._turns = turns
        self._head = b""
        self._tcp: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connect the `WebSocketConnection` to its TCP transport, which also starts its opening deadline."""
        self._tcp = cast("asyncio.Transport", transport)
        self._connection.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Once the data shows whether the client uses TLS, pass all data to the connection, or with TLS to a
        new `TlsTransport` under it.
        """
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
        """Return a new `TlsTransport` for the connection; the connection itself if the port takes no TLS now,
        or if setting up TLS fails.
        """
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
        """Pass a single byte that has arrived, if any, and the end of the input to the connection."""
        if self._head:
            self._connection.data_received(self._head)
        self._connection.eof_received()

    def pause_writing(self) -> None:
        """Pause the writing of the WebSocket connection."""
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        """Resume the writing of the WebSocket connection."""
        self._connection.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Report the end of the TCP connection to the WebSocket connection."""
        self._connection.connection_lost(exc)
