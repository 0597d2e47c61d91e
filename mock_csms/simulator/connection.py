"""The WebSocket of a simulated station: connects, reads, writes and reconnects with back-off (OCPP-J 5.3)."""

import asyncio
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import websockets
from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import CloseCode
from websockets.typing import Subprotocol

from mock_csms.simulator.access import ConnectionAttempt
from mock_csms.simulator.connection_failures import Failure, connection_failure
from mock_csms.simulator.station import SimulatedStation
from mock_csms.simulator.tls import VERIFICATION, Verification
from mock_csms.versions import OcppVersion

if TYPE_CHECKING:
    from collections.abc import Callable

COMM: Final = "OCPPCommCtrlr"
OPEN_TIMEOUT_S: Final = 30
CONNECTION_FAILED: Final = (
    OSError,
    TimeoutError,
    UnicodeError,  # the host name is not valid in IDNA
    websockets.InvalidHandshake,
    websockets.InvalidURI,
)


class StationClient(ClientConnection):
    """A connection that reports the TLS alert if the server ends the opening handshake with one.

    With TLS 1.3, a server refuses a client certificate only after the TLS handshake, and `websockets` then
    raises an exception about the missing HTTP answer.
    """

    def connection_lost(self, exc: Exception | None) -> None:
        """Make a failed opening handshake raise the SSLError of the transport, if any."""
        super().connection_lost(exc)
        if isinstance(exc, ssl.SSLError) and self.protocol.handshake_exc is not None:
            self.protocol.handshake_exc = exc


def back_off_s(minimum_s: float, random_s: float, repeats: int, reconnects: int) -> float:
    """Seconds to wait before the next attempt to reconnect (OCPP-J 5.3).

    ``reconnects`` counts the failed attempts to reconnect; the caller provides a random ``random_s``.
    """
    return float(minimum_s * 2 ** min(reconnects, repeats) + random_s)


class Connection:
    """Keeps a station connected between `open` and `close`."""

    def __init__(self, station: SimulatedStation, version: OcppVersion) -> None:
        self._station = station
        self._core = station.core
        self._version = version
        self._task: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        """Tasks of former connections that were cancelled and may still be in their closing handshake."""
        self._websocket: ClientConnection | None = None
        self.failures = 0
        """Failed attempts to connect since the last connection or since `open`."""
        self._reconnects = 0
        """Attempts since the last connection or since `open`, but not the first attempt after `open`."""
        self.received = 0
        """Frames received."""
        self.sent = 0
        """Frames sent."""
        self.on_failure: Callable[[ConnectionAttempt, Failure], object] = lambda _attempt, _failure: None
        """Called with each failed attempt and its cause."""

    def open(self) -> None:
        """Connect, and connect again whenever the connection is lost."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep_connected())

    def close(self) -> None:
        """Disconnect and stay disconnected."""
        self._end(is_dropped=False)

    def drop(self) -> None:
        """Lose the connection without a closing handshake and stay disconnected."""
        self._end(is_dropped=True)

    def _end(self, *, is_dropped: bool) -> None:
        if self._websocket is not None and is_dropped:
            self._websocket.transport.abort()
        if self._task is not None:
            self._task.cancel()
            self._ending.add(self._task)
            self._task.add_done_callback(self._ending.discard)
            self._task = None

    async def aclose(self) -> None:
        """Disconnect and wait until the connection is closed."""
        self.close()
        await self._wait_until_closed()

    async def _wait_until_closed(self) -> None:
        while self._ending:
            await asyncio.wait(self._ending)

    async def _keep_connected(self) -> None:
        await self._wait_until_closed()
        self.failures = self._reconnects = 0
        while True:
            attempt = self._station.access.attempt(self.failures)
            verification = Verification()
            VERIFICATION.set(verification)
            try:
                await self._run(attempt)
            except CONNECTION_FAILED as error:
                self.failures += 1
                self._failed(attempt, connection_failure(verification.error or error, attempt.used))
            except Exception as error:
                self.failures += 1
                self._core.on_error("the connection", error)
            await asyncio.sleep(self._station.access.wait_s(self._back_off_s()))
            self._reconnects += 1

    def _failed(self, attempt: ConnectionAttempt, failure: Failure) -> None:
        self._core.guard("a failed attempt to connect", lambda: self._station.access.failed(failure))
        self.on_failure(attempt, failure)

    def _back_off_s(self) -> float:
        variables = self._core.variables
        return back_off_s(
            variables.integer(COMM, "RetryBackOffWaitMinimum"),
            self._core.random.uniform(0, variables.integer(COMM, "RetryBackOffRandomRange")),
            variables.integer(COMM, "RetryBackOffRepeatTimes"),
            self._reconnects,
        )

    def _connect(self, attempt: ConnectionAttempt) -> connect:
        ping_interval_s = self._core.variables.integer(COMM, "WebSocketPingInterval")
        context = self._station.access.context(attempt)
        options: dict[str, Any] = {} if context is None else {"ssl": context}
        return connect(
            attempt.url,
            subprotocols=[Subprotocol(attempt.subprotocol or self._version.subprotocol)],
            additional_headers={"Authorization": attempt.authorization} if attempt.authorization else None,
            open_timeout=OPEN_TIMEOUT_S,
            ping_interval=ping_interval_s or None,
            compression=None,
            create_connection=StationClient,
            **options,  # with ssl=None, a redirect from ws:// to wss:// would fail
        )

    async def _run(self, attempt: ConnectionAttempt) -> None:
        """Connect and exchange frames until the connection ends."""
        async with self._connect(attempt) as websocket:
            if websocket.subprotocol is None:
                raise ConnectionError(
                    f"the central system did not accept the subprotocol {self._version.subprotocol}"
                )
            self._station.connected(attempt)
            self.failures = self._reconnects = 0
            self._websocket = websocket
            outgoing: asyncio.Queue[bytes] = asyncio.Queue()
            writer = asyncio.create_task(self._write(websocket, outgoing))
            self._station.endpoint.opened(outgoing.put_nowait)
            try:
                async for frame in websocket:
                    self.received += 1
                    if isinstance(frame, str):
                        self._station.endpoint.receive(frame.encode())
            except websockets.ConnectionClosedError:
                pass
            except asyncio.CancelledError:
                await websocket.close(CloseCode.GOING_AWAY)
                raise
            finally:
                writer.cancel()
                self._websocket = None
                self._station.endpoint.closed()

    async def _write(self, websocket: ClientConnection, outgoing: asyncio.Queue[bytes]) -> None:
        with suppress(websockets.ConnectionClosed):
            while True:
                await websocket.send(await outgoing.get(), text=True)
                self.sent += 1
