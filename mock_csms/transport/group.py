"""State shared by the connections of one listener."""

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
"""permessage-deflate (OCPP-J 3.3) with windows of 1 KiB, enough for OCPP messages.

With zlib's default windows of 32 KiB, 10,000 stations would take about 3 GiB.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """Connection settings; sizes in bytes, times in seconds."""

    max_message_size: int
    compression: bool
    """Whether permessage-deflate is negotiated with stations that offer it."""
    ping_interval: float | None
    """None disables pings."""
    ping_timeout: float
    open_timeout: float
    close_timeout: float


class Guest[Connection](Protocol):
    """A station that has been admitted and whose handshake is about to be accepted."""

    def select(self, offered: Sequence[str]) -> str | None:
        """Choose one of the subprotocols that the station offers; None accepts the connection without one."""

    def enter(self, connection: Connection) -> None:
        """Start serving the open connection."""


type Admit[Connection] = Callable[[Connection, Request], Response | Guest[Connection]]
"""Decides on an opening handshake: returns a guest to accept, or a response that refuses it."""


class Member(Droppable, Protocol):
    """A connection in a group."""

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""

    async def close(self, code: int, reason: str) -> None:
        """Perform the closing handshake and wait until the TCP connection has ended."""

    async def wait_closed(self) -> None:
        """Wait until the TCP connection has ended."""


class ConnectionGroup[Connection: Member]:
    """The connections of one listener, with their settings, time-outs and outbox."""

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
        """Close every connection, and drop those that are not closed within ``timeout_s``."""
        self.is_accepting = False
        open_connections = [connection for connection in self.connections if connection.is_open]
        await self._wait_for(timeout_s, *(each.close(code, reason) for each in open_connections))
        for connection in list(self.connections):
            connection.drop()
        await self._wait_for(timeout_s, *(each.wait_closed() for each in self.connections))

    async def _wait_for(self, timeout_s: float, *work: Coroutine[Any, Any, None]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await asyncio.gather(*work)
