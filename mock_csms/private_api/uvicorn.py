"""Undocumented names of `uvicorn` that this project uses.

- ``Server.capture_signals``: context manager in which the server handles SIGINT and SIGTERM.
- ``Server.main_loop``: returns when the server has to stop. ``Server.on_tick`` returns whether it has to, and
  updates the Date header.
- ``Server.shutdown``: ends the connections; ``Server.servers`` are the listening servers.
- ``Server.server_state``: its ``connections`` are the open connections, each with a ``transport``.
- ``H11Protocol``: serves one connection; ``cycle`` is the current request, None before the first one. It is
  made from a configuration, the state of a server, the state of an application, and a loop.
- ``H11Protocol._unsupported_upgrade_warning``: logs that a request for a WebSocket is answered as HTTP.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import socket
from typing import Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_TIMEOUT_S: Final = 10.0
"""Seconds within which the head of a request must be complete."""
TICK_S: Final = 0.1
"""Seconds between two calls of `on_tick`, which expects ten calls a second."""
UNREAD_TIMEOUT_S: Final = 60.0
"""Seconds until a connection is dropped if the client does not read the response."""

logger = logging.getLogger("mock_csms")


class ServerWithoutSignals(uvicorn.Server):
    """A server that leaves signals to the process around it, and stops at once."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Make the server stop at once. With ``should_exit`` alone, it would stop at its next tick."""
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        """Call `on_tick` regularly until the server has to stop."""
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), TICK_S)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Close listeners and connections. Without connections, return at once; uvicorn would wait 0.1 s."""
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave SIGINT and SIGTERM to the process; the method of uvicorn would handle them."""
        yield

    def protocol(self, config: uvicorn.Config) -> asyncio.Protocol:
        """Return a protocol for a connection of another listener. `drop_connections` drops it too."""
        return ProtocolWithDeadlines(config, self.server_state, {}, asyncio.get_running_loop())

    def drop_connections(self) -> None:
        """Drop all open connections."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()


class ProtocolWithDeadlines(H11Protocol):
    """Drops a connection whose client does not complete a request, or does not read the response."""

    _head_deadline: asyncio.TimerHandle | None = None
    _unread_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the deadline for the head of the first request."""
        super().connection_made(transport)
        self._expect_request()

    def data_received(self, data: bytes) -> None:
        """Handle data; start or cancel the deadline for the head of a request."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._expect_request()
        elif self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the deadlines."""
        super().connection_lost(exc)
        for deadline in (self._head_deadline, self._unread_deadline):
            if deadline is not None:
                deadline.cancel()

    def pause_writing(self) -> None:
        """Start the deadline for the client to read the response."""
        super().pause_writing()
        if self._unread_deadline is None:
            self._unread_deadline = self.loop.call_later(UNREAD_TIMEOUT_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Cancel the deadline, because the client has read."""
        super().resume_writing()
        if self._unread_deadline is not None:
            self._unread_deadline.cancel()
            self._unread_deadline = None

    def _unsupported_upgrade_warning(self) -> None:
        """Log that a client asked the control API for a WebSocket, and the remedy.

        The warning of uvicorn names a package to install, which would not help.
        """
        logger.warning(
            "%s asked the control API for a WebSocket; connect stations to the address shown at the start",
            self.client[0] if self.client else "a client",
        )

    def _expect_request(self) -> None:
        if self._head_deadline is None:
            self._head_deadline = self.loop.call_later(HEAD_TIMEOUT_S, self._drop_incomplete_request)

    def _drop_incomplete_request(self) -> None:
        self._head_deadline = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
