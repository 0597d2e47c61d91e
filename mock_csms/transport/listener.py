"""The listeners for stations."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from socket import socket
from typing import Final

from websockets.frames import CloseCode

from mock_csms.transport.connection import WebSocketConnection
from mock_csms.transport.file_requests import FileRequests
from mock_csms.transport.group import ConnectionGroup, Hooks, Options
from mock_csms.transport.ports import Port
from mock_csms.transport.tls_detection import TlsDetector

OPEN_TIMEOUT: Final = 10.0
"""Maximum seconds for an opening handshake."""
CLOSE_TIMEOUT: Final = 3.0
"""Seconds to wait for the answer to a close frame; then the TCP connection is dropped."""
MESSAGE_TIMEOUT: Final = 60.0
"""Maximum seconds without a byte in the middle of a message."""
SHUTDOWN_TIMEOUT: Final = 1.5
"""Seconds to wait at shutdown for all stations to answer the close frame."""
BACKLOG: Final = 1024
"""Connections that may wait to be accepted; enough for the reconnect of a whole fleet."""


@asynccontextmanager
async def serve(  # noqa: PLR0913 - each is one limit of a connection
    ports: Sequence[tuple[socket, Port]],
    hooks: Hooks[WebSocketConnection],
    *,
    max_message_size: int,
    compression: bool,
    ping_interval: float | None,
    ping_timeout: float,
    max_sockets: int | None = None,
    file_requests: FileRequests | None = None,
) -> AsyncIterator[None]:
    """Serve stations on listening sockets while the context lasts. Raises OSError.

    At the end, all connections are closed with code 1001. Sizes are in bytes, intervals and time-outs in
    seconds. ``max_sockets`` is the number of TCP connections that the open file limit leaves room for, over
    all ports. ``file_requests`` answers requests for files.
    """
    options = Options(
        max_message_size=max_message_size,
        compression=compression,
        ping_interval=ping_interval,
        ping_timeout=ping_timeout,
        open_timeout=OPEN_TIMEOUT,
        close_timeout=CLOSE_TIMEOUT,
        message_timeout=MESSAGE_TIMEOUT,
        max_sockets=max_sockets,
    )
    group: ConnectionGroup[WebSocketConnection] = ConnectionGroup(hooks, options, file_requests)
    async with AsyncExitStack() as servers:
        for sock, port in ports:
            accept = partial(_accept, group, port)
            server = await group.loop.create_server(accept, sock=sock, backlog=BACKLOG)
            servers.callback(server.close)
        try:
            yield
        finally:
            await servers.aclose()
            await group.close(CloseCode.GOING_AWAY, "the server is shutting down", SHUTDOWN_TIMEOUT)


def _accept(group: ConnectionGroup[WebSocketConnection], port: Port) -> WebSocketConnection | TlsDetector:
    """Make the asyncio protocol of a new connection; it is a TlsDetector if the port accepts TLS."""
    connection = WebSocketConnection(group, port)
    return TlsDetector(connection, group.tls_turns) if port.accepts_tls else connection
