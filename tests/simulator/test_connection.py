"""The WebSocket of a simulated station, against a real server."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Any

import pytest
from websockets import ConnectionClosed, Request, Response
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from mock_csms.simulator.connection import back_off_s
from mock_csms.simulator.device_model import Key
from mock_csms.v201.version import OCPP_2_0_1
from tests.support.linked_station import linked_station
from tests.support.station import PATIENCE

PAUSE_S = 0.05
CLOSING_HANDSHAKE_S = 0.1
"""Duration of a slow closing handshake."""


async def take[T](queue: asyncio.Queue[T]) -> T:
    """Wait for the next item of a queue."""
    return await asyncio.wait_for(queue.get(), PATIENCE)


class Server:
    """A central system that stores received frames and close codes, and answers no frame."""

    def __init__(self) -> None:
        self.refusals: list[HTTPStatus] = []
        """HTTP statuses with which the next opening handshakes are refused."""
        self.connections: asyncio.Queue[ServerConnection] = asyncio.Queue()
        self.frames: asyncio.Queue[Any] = asyncio.Queue()
        self.close_codes: asyncio.Queue[int] = asyncio.Queue()

    def refuse(self, connection: ServerConnection, _: Request) -> Response | None:
        """Refuse a handshake with the next status of ``refusals``, or accept it if there is none."""
        return connection.respond(self.refusals.pop(0), "") if self.refusals else None

    async def serve(self, connection: ServerConnection) -> None:
        """Store the frames of a connection until it is closed, and then the close code."""
        self.connections.put_nowait(connection)
        try:
            while True:
                self.frames.put_nowait(json.loads(await connection.recv()))
        except ConnectionClosed as error:
            self.close_codes.put_nowait(error.rcvd.code if error.rcvd else 1006)


class Client:
    """A station that reconnects without a back-off delay, and the events of its connection."""

    def __init__(self, url: str, identity: str = "CS1") -> None:
        self.station, self.connection = linked_station(url, identity=identity)
        self.core = self.station.core
        for variable in ("RetryBackOffWaitMinimum", "RetryBackOffRandomRange"):
            self.core.variables.put(Key("OCPPCommCtrlr", variable), "0")
        self.reasons: asyncio.Queue[str] = asyncio.Queue()
        self.connection.on_failure = lambda _attempt, failure: self.reasons.put_nowait(failure.text)
        self.events: list[str] = []
        self.openings: asyncio.Queue[None] = asyncio.Queue()
        self.core.connected.connect(lambda: self.openings.put_nowait(None))
        self.core.connected.connect(lambda: self.events.append("connected"))
        self.core.disconnected.connect(lambda: self.events.append("disconnected"))


@pytest.fixture
async def server() -> Server:
    return Server()


type Connect = Callable[..., Client]


@asynccontextmanager
async def listening(server: Server, *, has_subprotocol: bool = True) -> AsyncIterator[str]:
    """Serve on a free port, and yield the URL."""
    subprotocols = [Subprotocol(OCPP_2_0_1.subprotocol)] if has_subprotocol else None
    async with serve(
        server.serve, "127.0.0.1", 0, subprotocols=subprotocols, process_request=server.refuse
    ) as listener:
        yield f"ws://127.0.0.1:{next(iter(listener.sockets)).getsockname()[1]}/ocpp/"


@pytest.fixture
async def connect(server: Server) -> AsyncIterator[Connect]:
    """Yield a function that connects a station to the server, or to another URL."""
    async with AsyncExitStack() as stack:
        own_url = await stack.enter_async_context(listening(server))

        def open_(url: str = own_url, identity: str = "CS1") -> Client:
            client = Client(url, identity)
            stack.push_async_callback(client.connection.aclose)
            client.connection.open()
            return client

        yield open_


@pytest.mark.parametrize(
    ("reconnects", "seconds"), [(0, 11.5), (1, 21.5), (2, 41.5), (3, 81.5), (4, 81.5), (10_000, 81.5)]
)
def test_back_off_doubles_up_to_the_repeat_times(reconnects: int, seconds: float) -> None:
    assert back_off_s(10, 1.5, 3, reconnects) == seconds


def test_back_off_without_repeats_stays_the_same() -> None:
    assert [back_off_s(10, 0, 0, reconnects) for reconnects in range(3)] == [10, 10, 10]


async def test_station_names_itself_in_the_url(connect: Connect, server: Server) -> None:
    connect(identity="CS 1/a")
    connection = await take(server.connections)

    assert connection.request is not None
    assert connection.request.path == "/ocpp/CS%201%2Fa"
    assert connection.subprotocol == "ocpp2.0.1"


async def test_frames_go_both_ways(connect: Connect, server: Server) -> None:
    connect()
    connection = await take(server.connections)
    boot = await take(server.frames)
    await connection.send('[2, "1", "ClearCache", {}]')
    answer = await take(server.frames)

    assert boot[2] == "BootNotification"
    assert answer[:3] == [4, "1", "SecurityError"]


async def test_binary_frame_is_ignored(connect: Connect, server: Server) -> None:
    client = connect()
    connection = await take(server.connections)
    await take(server.frames)
    await connection.send(b'[2, "1", "ClearCache", {}]')
    await connection.send('[2, "2", "ClearCache", {}]')

    assert (await take(server.frames))[1] == "2"
    assert client.connection.received == 2


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.BAD_GATEWAY])
async def test_refused_handshake_is_reported_and_retried(
    connect: Connect, server: Server, status: HTTPStatus
) -> None:
    server.refusals = [status]
    client = connect()
    await take(server.frames)

    assert str(status.value) in client.reasons.get_nowait()
    assert client.reasons.empty()
    assert client.connection.failures == 0


async def test_server_without_the_subprotocol_is_refused(connect: Connect, server: Server) -> None:
    async with listening(server, has_subprotocol=False) as url:
        client = connect(url)

        assert "ocpp2.0.1" in await take(client.reasons)
        assert client.events == []
        await client.connection.aclose()


@pytest.mark.parametrize("host", ["127.0.0.1:1", "a..b"], ids=["port", "host"])
async def test_unreachable_server_is_tried_again(connect: Connect, host: str) -> None:
    client = connect(f"ws://{host}")
    await take(client.reasons)
    await take(client.reasons)

    assert client.connection.failures >= 2


async def test_lost_connection_is_opened_again(connect: Connect, server: Server) -> None:
    client = connect()
    (await take(server.connections)).transport.abort()
    await take(client.openings)
    await take(client.openings)

    assert client.events == ["connected", "disconnected", "connected"]


async def test_closed_connection_is_opened_again(connect: Connect, server: Server) -> None:
    client = connect()
    await (await take(server.connections)).close()
    await take(client.openings)
    await take(client.openings)

    assert client.events == ["connected", "disconnected", "connected"]


async def test_back_off_grows_until_a_connection_succeeds(
    connect: Connect, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    reconnects: list[int] = []

    def record(_minimum_s: float, _random_s: float, _repeats: int, number: int) -> float:
        reconnects.append(number)
        return 0

    monkeypatch.setattr("mock_csms.simulator.connection.back_off_s", record)
    connect()
    connection = await take(server.connections)
    await take(server.frames)
    server.refusals = [HTTPStatus.NOT_FOUND] * 2
    connection.transport.abort()
    (await take(server.connections)).transport.abort()
    await take(server.connections)

    assert reconnects == [0, 1, 2, 0]


async def test_closing_says_that_the_station_goes_away(connect: Connect, server: Server) -> None:
    client = connect()
    await take(server.frames)
    await client.connection.aclose()

    assert await take(server.close_codes) == 1001
    assert client.events == ["connected", "disconnected"]


async def test_drop_leaves_out_the_closing_handshake(connect: Connect, server: Server) -> None:
    client = connect()
    await take(server.frames)
    client.connection.drop()

    assert await take(server.close_codes) == 1006


async def test_dropped_connection_can_be_opened_again(connect: Connect, server: Server) -> None:
    client = connect()
    await take(server.frames)
    client.station.go_offline()
    client.station.go_online()
    await take(client.openings)
    await take(client.openings)

    assert client.events == ["connected", "disconnected", "connected"]


async def test_opening_waits_for_the_closing_handshake(connect: Connect, server: Server) -> None:
    client = connect()
    transport = (await take(server.connections)).transport
    await take(server.frames)
    transport.pause_reading()
    asyncio.get_running_loop().call_later(CLOSING_HANDSHAKE_S, transport.resume_reading)
    client.connection.close()
    client.connection.open()
    await take(server.close_codes)
    await take(client.openings)
    await take(client.openings)

    assert client.events == ["connected", "disconnected", "connected"]


async def test_opening_starts_the_count_of_failures_again(connect: Connect, server: Server) -> None:
    client = connect("ws://127.0.0.1:1")
    await take(client.reasons)
    await client.connection.aclose()
    client.connection.open()
    await take(client.reasons)

    assert client.connection.failures == 1


async def test_opening_twice_connects_once(connect: Connect, server: Server) -> None:
    client = connect()
    client.connection.open()
    await take(server.frames)

    assert client.events == ["connected"]
    assert server.connections.qsize() == 1


async def test_back_off_is_waited_for_and_configured_by_variables(
    connect: Connect, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[tuple[float, float, int]] = []

    def record(minimum_s: float, random_s: float, repeats: int, _number: int) -> float:
        waits.append((minimum_s, random_s, repeats))
        return PAUSE_S

    monkeypatch.setattr("mock_csms.simulator.connection.back_off_s", record)
    server.refusals = [HTTPStatus.NOT_FOUND] * 2
    client = connect()
    for variable, value in (("WaitMinimum", 7), ("RandomRange", 0), ("RepeatTimes", 5)):
        client.core.variables.put(Key("OCPPCommCtrlr", f"RetryBackOff{variable}"), str(value))
    started = asyncio.get_running_loop().time()
    await take(client.openings)

    assert waits == [(7, 0, 5)] * 2
    assert asyncio.get_running_loop().time() - started >= 2 * PAUSE_S
