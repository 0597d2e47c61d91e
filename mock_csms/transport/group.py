"""State shared by the connections of all ports."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, Protocol

from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request, Response

from mock_csms.transport.batching import Outbox
from mock_csms.transport.deadlines import Deadlines
from mock_csms.transport.file_requests import FileRequests
from mock_csms.transport.handshake import HandshakeFailure
from mock_csms.transport.turns import Turns

SMALL_DEFLATE: Final = ServerPerMessageDeflateFactory(
    server_max_window_bits=10, client_max_window_bits=10, compress_settings={"memLevel": 3}
)
"""permessage-deflate (OCPP-J 3.3) with windows of 1 KiB, enough for OCPP messages.

With zlib's default windows of 32 KiB, 10,000 stations would take about 3 GiB.
"""


MAX_OPENING: Final = 2048
"""Maximum opening handshakes in progress; above it, a new handshake ends the oldest one."""
MAX_UNFINISHED: Final = 64 * 2**20
"""Maximum bytes of unfinished messages of all connections.

Above it, the connection that has waited longest for more of its message is closed.
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
    message_timeout: float
    """Seconds until a connection with an unfinished message is closed if no further byte arrives."""
    max_sockets: int | None = None
    """Maximum TCP connections under the limit of open files; None if there is no such limit."""


class Guest[Connection](Protocol):
    """An admitted station whose handshake is about to be accepted."""

    def select(self, offered: Sequence[str], connection: Connection) -> str | Response | None:
        """Choose one of the subprotocols that the station offers.

        Return None to accept the connection without a subprotocol, or a response to refuse it.
        """

    def enter(self, connection: Connection) -> None:
        """Start serving the open connection."""


class Silence(Enum):
    """Ways to refuse an opening handshake without sending a response."""

    HANG = auto()
    """Leave the request unanswered until the time-out of opening handshakes."""
    RESET = auto()
    """Reset the TCP connection."""


type Admit[Connection] = Callable[[Connection, Request], Response | Silence | Guest[Connection]]
"""Decides on an opening handshake. Returns the `Guest` to accept, or how to refuse the handshake."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hooks[Connection]:
    """Functions of the server that the transport calls."""

    admit: Admit[Connection]
    refused: Callable[[Connection, HandshakeFailure, Request | None], None]
    """Called for a failed handshake, unless ``admit`` or `Guest.select` refused it."""
    failed: Callable[[str, str, Exception], None]
    """Called with the station's identity, an activity and the exception that ended the activity."""


class Member(Protocol):
    """A connection in a group."""

    def drop(self) -> None:
        """End the TCP connection at once."""

    def end_opening(self, why: str) -> None:
        """Record the failure of an incomplete handshake, and drop the connection."""

    def end_unfinished(self, why: str) -> None:
        """Close the connection because of a message that is not complete."""

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""

    async def close(self, code: int, reason: str) -> None:
        """Perform the closing handshake and wait until the TCP connection has ended."""

    async def wait_closed(self) -> None:
        """Wait until the TCP connection has ended."""


class ConnectionGroup[Connection: Member]:
    """The connections of all ports, with their settings, time-outs and outbox."""

    def __init__(
        self, hooks: Hooks[Connection], options: Options, file_requests: FileRequests | None = None
    ) -> None:
        self.loop = loop = asyncio.get_running_loop()
        self.hooks = hooks
        self.options = options
        self.file_requests = file_requests
        """Serves requests for files; None if no port for stations serves files."""
        self.extensions = [SMALL_DEFLATE] if options.compression else []
        self.opening: Deadlines[Connection] = Deadlines(loop, options.open_timeout, self._end_opening)
        self.closing: Deadlines[Connection] = Deadlines(loop, options.close_timeout, _drop)
        self.outbox = Outbox(loop)
        self.tls_turns = Turns(loop)
        self.connections: set[Connection] = set()
        self.is_accepting = True
        self._idle: Deadlines[Connection] = Deadlines(loop, options.message_timeout, self._end_unfinished)
        self._unfinished: dict[Connection, int] = {}
        """Size in bytes of the unfinished message of each connection."""
        self._unfinished_size = 0

    # Limits

    def add(self, connection: Connection) -> bool:
        """Add a new connection; return whether it is within the limit of open files."""
        if len(self.opening) >= MAX_OPENING:
            self._end_oldest_opening("there are too many incomplete handshakes")
        max_sockets = self.options.max_sockets
        if max_sockets is not None and len(self.connections) >= max_sockets:
            self._end_oldest_opening("the limit of open files is reached")
        self.connections.add(connection)
        if max_sockets is not None and len(self.connections) > max_sockets:
            return False
        self.opening.begin(connection)
        return True

    def remove(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self.connections.discard(connection)
        self.opening.end(connection)
        self.closing.end(connection)
        self.hold(connection, 0)

    def hold(self, connection: Connection, size: int) -> None:
        """Register the size of a connection's unfinished message, and restart the time-out for its rest.

        A size of 0 removes the registration and cancels the time-out.
        While all unfinished messages together exceed MAX_UNFINISHED, close the longest idle connection.
        """
        self._unfinished_size += size - self._unfinished.pop(connection, 0)
        if not size:
            self._idle.end(connection)
            return
        self._unfinished[connection] = size
        self._idle.restart(connection)
        while self._unfinished_size > MAX_UNFINISHED and (idlest := self._idle.pop_oldest()) is not None:
            self._unfinished_size -= self._unfinished.pop(idlest, 0)
            idlest.end_unfinished("unfinished messages take too much memory")

    def _end_oldest_opening(self, why: str) -> None:
        oldest = self.opening.pop_oldest()
        if oldest is not None:
            self.connections.discard(oldest)
            oldest.end_opening(why)

    def _end_opening(self, connection: Connection) -> None:
        connection.end_opening(f"nothing more came within {self.options.open_timeout:g} s")

    def _end_unfinished(self, connection: Connection) -> None:
        connection.end_unfinished(
            f"the rest of a message did not come within {self.options.message_timeout:g} s"
        )

    # Closing

    async def close(self, code: int, reason: str, timeout_s: float) -> None:
        """Close every connection. Drop those still open after ``timeout_s``."""
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


def _drop(connection: Member) -> None:
    connection.drop()
