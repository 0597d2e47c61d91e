"""Admission and replacement of connections, and the time and memory that they cost."""

import asyncio
import gc
import json
import random
import signal
import socket
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from time import perf_counter

import psutil
import pytest
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.protocol import State
from websockets.typing import Subprotocol

from mock_csms.csms import Csms
from mock_csms.errors import Disconnected
from tests.conftest import LogLines, Serve
from tests.support.paths import ROOT
from tests.support.process import address_of, running
from tests.support.station import OCPP_2_0_1, connected, heartbeat_is_answered, raw_connection, receive

PING = b"x" * 125
BOOT = '[2,"boot","BootNotification",{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]'


async def http(csms: Csms, request: bytes) -> bytes:
    """Send a plain HTTP request and return the whole response."""
    host, _, port = csms.address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    async with asyncio.timeout(10):
        response = await reader.read()
    writer.close()
    await writer.wait_closed()
    return response


async def test_health_check_is_served_on_the_port_of_stations(csms: Csms) -> None:
    response = await http(csms, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    head, _, body = response.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"Content-Type: application/json" in head
    assert json.loads(body)["status"] == "ok"


@pytest.mark.parametrize(
    "head", ["GET / HTTP/1.1\r\nAccept: text/html,*/*;q=0.8", "GET /v1/stations HTTP/1.1\r\nAccept: */*"]
)
async def test_browser_on_the_port_of_stations_is_sent_to_the_page(csms: Csms, head: str) -> None:
    csms.control = "http://127.0.0.1:9001"
    response = await http(csms, f"{head}\r\nHost: x\r\n\r\n".encode())
    assert response.startswith(b"HTTP/1.1 426 ")
    assert b"Upgrade: websocket" in response
    assert f"stations, which connect to ws://{csms.address}/<station id>; ".encode() in response
    assert b"the page and the control API are at http://127.0.0.1:9001\n" in response


async def test_browser_is_told_that_there_is_no_page(csms: Csms) -> None:
    response = await http(csms, b"GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n")
    assert b"; the page and the control API are off (--no-control)\n" in response


async def test_repeated_header_accept_is_no_failure(csms: Csms) -> None:
    accept = b"Accept: application/json\r\nAccept: text/html\r\n"
    assert b"this port is for stations" in await http(csms, b"GET / HTTP/1.1\r\nHost: x\r\n%b\r\n" % accept)
    headers = [("Accept", "text/html"), ("Accept", "*/*")]
    async with raw_connection(csms, "CS1", additional_headers=headers) as connection:
        assert await heartbeat_is_answered(connection)


async def test_station_may_be_named_health(csms: Csms) -> None:
    async with raw_connection(csms, "health") as connection:
        assert await heartbeat_is_answered(connection)


@pytest.mark.parametrize(
    "path", ["", "ocpp/", "a:b", "x" * 49, "%00", "%0a", "%ff", "a%7Fb", "?CS1"], ids=repr
)
async def test_invalid_identity_is_refused_with_404_and_one_line(csms: Csms, path: str) -> None:
    """OCPP-J 3.2."""
    with pytest.raises(websockets.InvalidStatus) as refusal:
        async with raw_connection(csms, path):
            pass
    assert refusal.value.response.status_code == 404
    assert refusal.value.response.body.count(b"\n") == 1
    assert csms.stations == {}


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("CS1", "CS1"),
        ("ocpp/2.0.1/CS1", "CS1"),
        ("RDAM%20123", "RDAM 123"),
        ("CS1?token=a/b", "CS1"),
        ("a%2Fb", "a/b"),
        ("%C3%84", "\u00c4"),
    ],
)
async def test_identity_is_the_last_segment_of_the_path(csms: Csms, path: str, identity: str) -> None:
    """OCPP-J 3.1.1."""
    async with raw_connection(csms, path) as connection:
        assert await heartbeat_is_answered(connection)
        assert list(csms.sessions) == [identity]


async def test_identity_outside_the_identifier_alphabet_is_logged(csms: Csms, log_lines: LogLines) -> None:
    async with raw_connection(csms, "RDAM%20123"):
        await log_lines.wait_for("RDAM 123", "not a valid identifierString")


@pytest.mark.parametrize("offered", [["ocpp1.6"], ["ocpp2.0", "ocpp2.1"], None], ids=str)
async def test_connection_without_a_common_subprotocol_is_closed_after_the_handshake(
    csms: Csms, log_lines: LogLines, offered: list[Subprotocol] | None
) -> None:
    """OCPP-J 3.2: 101 without Sec-WebSocket-Protocol, then close."""
    async with websockets.connect(f"ws://{csms.address}/CS1", subprotocols=offered) as connection:
        assert connection.subprotocol is None
        await connection.wait_closed()
    assert connection.close_code == 1002
    words = ", ".join(offered) if offered else "no subprotocol"
    assert await log_lines.wait_for("CS1  refused", f"offers {words}, but this server speaks ocpp2.0.1")
    assert csms.stations == {}


async def test_subprotocol_is_found_anywhere_in_the_list_of_the_station(csms: Csms) -> None:
    offered = [Subprotocol("ocpp2.1"), OCPP_2_0_1, Subprotocol("ocpp1.6")]
    async with websockets.connect(f"ws://{csms.address}/CS1", subprotocols=offered) as connection:
        assert connection.subprotocol == OCPP_2_0_1
        assert await heartbeat_is_answered(connection)


async def test_stalled_opening_handshake_is_dropped(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mock_csms.transport.listener.OPEN_TIMEOUT", 0.05)
    csms = await serve()
    assert await http(csms, b"GET /CS1 HTTP/1.1\r\n") == b""


async def test_connection_over_the_limit_is_refused_with_503_but_a_station_may_reconnect(
    serve: Serve,
) -> None:
    csms = await serve(max_connections=1)
    async with raw_connection(csms, "CS1") as first:
        assert await heartbeat_is_answered(first)
        with pytest.raises(websockets.InvalidStatus) as refusal:
            async with raw_connection(csms, "CS2"):
                pass
        assert refusal.value.response.status_code == 503
        async with raw_connection(csms, "CS1") as again:
            assert await heartbeat_is_answered(again)


async def test_new_connection_of_a_station_closes_the_old_one_and_takes_over(serve: Serve) -> None:
    csms = await serve(command="ClearCache", period=0.05)
    async with connected(csms) as old:
        await old.boot()
        await old.transaction("Started", 0)
        await old.next("ClearCache")
        async with connected(csms) as new:
            await old.connection.wait_closed()
            await new.next("ClearCache")
            await new.transaction("Updated", 1)
            assert csms.stations["CS1"].transactions["tx-1"].events == 2
            assert csms.stations["CS1"].registration == "Accepted"
    assert old.connection.close_code == 1000


async def test_pending_call_on_a_replaced_connection_fails_at_once(csms: Csms) -> None:
    async with raw_connection(csms) as old:
        assert await heartbeat_is_answered(old)
        calling = asyncio.create_task(csms.sessions["CS1"].call("ClearCache", {}))
        await receive(old)
        old.transport.pause_reading()
        async with raw_connection(csms) as new:
            with pytest.raises(Disconnected):
                await calling
            assert await heartbeat_is_answered(new)
        old.transport.resume_reading()


async def test_connection_end_without_a_close_frame_is_noticed(csms: Csms, log_lines: LogLines) -> None:
    async with raw_connection(csms) as connection:
        assert await heartbeat_is_answered(connection)
        connection.transport.abort()
    assert await log_lines.wait_for("CS1", "disconnected", "without a close frame")
    assert csms.sessions == {}


async def test_station_that_sent_nothing_is_forgotten(csms: Csms, log_lines: LogLines) -> None:
    async with raw_connection(csms, "CS9"):
        await log_lines.wait_for("CS9", "connected")
    await log_lines.wait_for("CS9", "disconnected")
    assert csms.stations == {}


KILLED = """
import asyncio, sys, websockets
async def station():
    async with websockets.connect(sys.argv[1], subprotocols=["ocpp2.0.1"]) as connection:
        await connection.recv()
        print("called", flush=True)
        await asyncio.Event().wait()
asyncio.run(station())
"""


async def test_killed_station_fails_the_pending_command_within_a_second(
    csms: Csms, log_lines: LogLines
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", KILLED, f"ws://{csms.address}/CS1"), stdout=asyncio.subprocess.PIPE
    )
    await log_lines.wait_for("CS1", "connected")
    calling = asyncio.create_task(csms.sessions["CS1"].call("ClearCache", {}))
    assert process.stdout
    assert await process.stdout.readline() == b"called\n"
    process.send_signal(signal.SIGKILL)
    async with asyncio.timeout(1):
        with pytest.raises(Disconnected):
            await calling
    await process.communicate()


@pytest.mark.parametrize("flood", ["messages", "pings"])
async def test_station_that_does_not_read_its_answers_is_dropped(
    csms: Csms, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch, flood: str
) -> None:
    monkeypatch.setattr("mock_csms.transport.connection.MAX_UNSENT", 2**16)
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    host, _, port = csms.address.partition(":")
    small.connect((host, int(port)))
    async with raw_connection(csms, compression=None, sock=small) as connection:
        protocol = connection.protocol
        send = (
            partial(protocol.send_text, BOOT.encode())
            if flood == "messages"
            else partial(protocol.send_ping, PING)
        )
        connection.transport.pause_reading()
        with suppress(ConnectionError):
            while connection.state is State.OPEN:
                for _ in range(100):
                    send()
                connection.send_data()
                await connection.drain()
    assert await log_lines.wait_for("CS1", "does not read the data sent to it; the connection is dropped")


async def test_message_in_the_packet_of_a_close_frame_is_still_handled(
    csms: Csms, log_lines: LogLines
) -> None:
    async with raw_connection(csms) as connection:
        connection.protocol.send_text(BOOT.encode())
        connection.protocol.send_close(1000)
        connection.send_data()
        await connection.wait_closed()
    await log_lines.wait_for("CS1", "disconnected")
    assert csms.stations["CS1"].boots == 1


async def test_station_that_closes_but_keeps_the_tcp_connection_is_dropped(
    serve: Serve, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_csms.transport.listener.CLOSE_TIMEOUT", 0.05)
    csms = await serve()
    async with raw_connection(csms) as connection:
        connection.protocol.send_close(1000)
        connection.send_data()
        connection.transport.pause_reading()
        await log_lines.wait_for("CS1", "disconnected")
        connection.transport.resume_reading()


async def test_100_000_unexpected_answers_cost_no_memory(csms: Csms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mock_csms.log.output.logger.propagate", False)  # pytest stores every log record
    async with raw_connection(csms, compression=None) as connection:
        before = 0
        for number in range(100_000):
            if number == 30_000:  # the journal is full
                assert await heartbeat_is_answered(connection)
                before = psutil.Process().memory_info().rss
            connection.protocol.send_text(b'[3,"stale-%d",{"status":"Accepted"}]' % number)
            if number % 1000 == 999:
                connection.send_data()
                await connection.drain()
        assert await heartbeat_is_answered(connection)
    assert psutil.Process().memory_info().rss - before < 10 * 2**20


async def p99(connection: ClientConnection, calls: int = 500) -> float:
    """99th percentile of the response time of a Heartbeat, in seconds."""
    elapsed = []
    for _ in range(calls):
        started = perf_counter()
        assert await heartbeat_is_answered(connection)
        elapsed.append(perf_counter() - started)
    return statistics.quantiles(elapsed, n=100)[98]


@asynccontextmanager
async def neighbour(behaviour: str, address: str) -> AsyncIterator[None]:
    """Run a misbehaving station in another process while the context lasts."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.misbehaving", behaviour, f"ws://{address}/NEIGHBOUR"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    try:
        assert await process.stdout.readline() == b"misbehaving\n"
        yield
    finally:
        process.kill()
        await process.communicate()


@asynccontextmanager
async def draining(process: asyncio.subprocess.Process) -> AsyncIterator[None]:
    """Discard the log of a server, so that its output pipe never fills up."""
    assert process.stdout
    reading = asyncio.create_task(process.stdout.read())
    try:
        yield
    finally:
        reading.cancel()
        await asyncio.wait([reading])


@pytest.mark.parametrize("behaviour", ["does_not_read", "sends_10_mib"])
async def test_misbehaving_neighbour_does_not_slow_a_healthy_station(behaviour: str) -> None:
    """In the best of 5 tries, the neighbour makes the p99 of a Heartbeat at most three times as long."""
    ratios: list[float] = []
    async with running("--port", "0") as process:
        address = await address_of(process)
        url = f"ws://{address}/CS1"
        async with draining(process), websockets.connect(url, subprotocols=[OCPP_2_0_1]) as healthy:
            while not ratios or (min(ratios) > 3 and len(ratios) < 5):
                alone = await p99(healthy)
                async with neighbour(behaviour, address):
                    ratios.append(await p99(healthy) / alone)
    assert min(ratios) <= 3, ratios


ROUNDS = 20
STATIONS = 200


async def test_stations_that_come_and_go_leave_no_tasks_sockets_or_memory(
    serve: Serve, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 stations connect, boot and leave 20 times each, in random order, with a command pending."""
    csms = await serve(journal_max=STATIONS)  # full after the first round
    monkeypatch.setattr("mock_csms.log.output.logger.propagate", False)  # pytest stores every log record
    dice = random.Random(7)
    process = psutil.Process()
    tasks, sockets, memory = asyncio.all_tasks(), len(process.net_connections()), []
    for _ in range(ROUNDS):
        identities = [f"CS{number}" for number in range(STATIONS)]
        dice.shuffle(identities)
        visits = (come_and_go(csms, identity, politely=dice.random() < 0.5) for identity in identities)
        await asyncio.gather(*visits)
        await log_lines.wait_for("disconnected", times=STATIONS)
        log_lines.lines.clear()
        gc.collect()
        memory.append(process.memory_info().rss)
    assert len(csms.stations) == STATIONS
    assert csms.sessions == {}
    assert asyncio.all_tasks() == tasks
    assert len(process.net_connections()) == sockets
    assert memory[-1] <= memory[0] * 1.1, memory


async def come_and_go(csms: Csms, identity: str, *, politely: bool) -> None:
    """Connect, boot, and leave with a command unanswered; ``politely``: with a closing handshake."""
    async with raw_connection(csms, identity, compression=None) as connection:
        await connection.send(BOOT)
        assert (await receive(connection))[2]["status"] == "Accepted"
        await connection.send('[2, "invalid", "Heartbeat", {"x": 1}]')
        assert (await receive(connection))[2] == "FormatViolation"
        calling = asyncio.create_task(csms.sessions[identity].call("ClearCache", {}))
        assert (await receive(connection))[2] == "ClearCache"
        if not politely:
            connection.transport.abort()
    with pytest.raises(Disconnected):
        await calling
