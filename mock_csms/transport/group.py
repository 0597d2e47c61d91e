"""What the connections of one listener share."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request, Response

from mock_csms.transport.batching import Outbox
from mock_csms.transport.deadlines import Deadlines, Droppable

SMALL_DEFLATE: Final = ServerPerMessageDeflateFactory(
    server_max_window_bits=10, client_max_window_bits=10, compress_settings={"memLevel": 3}
)
"""permessage-deflate (OCPP-J 3.3) with windows that fit the messages and 10,000 stations in memory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """Limits of connections, in bytes and seconds."""

    max_message_size: int
    compression: bool
    """Whether permessage-deflate is negotiated with stations that offer it."""
    ping_interval: float | None
    """None: no pings are sent."""
    ping_timeout: float
    open_timeout: float
    close_timeout: float


class Guest[Connection](Protocol):
    """A station whose opening handshake is to be accepted."""

    def select(self, offered: Sequence[str]) -> str | None:
        """Choose one of the subprotocols that the station offers; None: accept it without one."""

    def enter(self, connection: Connection) -> None:
        """Begin to serve the connection, which is open now."""


type Admit[Connection] = Callable[[Connection, Request], Response | Guest[Connection]]
"""Decides on an opening handshake: a response refuses it, or answers a plain HTTP request."""


class Member(Droppable, Protocol):
    """A connection of the group."""

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""

    async def close(self, code: int, reason: str) -> None:
        """Perform the closing handshake and wait until the TCP connection has ended."""

    async def wait_closed(self) -> None:
        """Wait until the TCP connection has ended."""


class ConnectionGroup[Connection: Member]:
    """Loop, limits, deadlines and outbox of the connections of one listener."""

    def __init__(self, admit: Admit[Connection], options: Options) -> None:
        self.loop = asyncio.get_running_loop()
        self.admit = admit
        self.options = options
        self.extensions = [SMALL_DEFLATE] if options.compression else []
        self.opening = Deadlines(self.loop, options.open_timeout)
        self.closing = Deadlines(self.loop, options.close_timeout)
        self.outbox = Outbox(self.loop)
        self.connections: set[Connection] = set()
        self.is_accepting = True

    async def close(self, code: int, reason: str, timeout_s: float) -> None:
        """Close every connection, and drop those that are not closed in time."""
        self.is_accepting = False
        await self._wait_for(timeout_s, *(it.close(code, reason) for it in self.connections if it.is_open))
        for connection in list(self.connections):
            connection.drop()
        await self._wait_for(timeout_s, *(it.wait_closed() for it in self.connections))

    async def _wait_for(self, timeout_s: float, *work: Coroutine[Any, Any, None]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await asyncio.gather(*work)
