"""TLS connections that are slow, greedy, broken or cut off, and their effect on other connections."""

import asyncio
import gc
import json
import logging
import shutil
import ssl
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
import websockets

from mock_csms.transport.connection import WebSocketConnection
from mock_csms.transport.ports import TlsSetup
from mock_csms.transport.tls import TlsTransport
from tests.conftest import LogLines
from tests.support.loops import NewLoop, each_event_loop
from tests.support.station import OCPP_2_0_1, PATIENCE
from tests.support.tls import (
    TlsClient,
    TlsPort,
    TlsServer,
    client_context,
    on_each_loop,
    root,
    run_on,
    server_credentials,
    serving,
    tls_client,
)
from tests.support.wire import CLOSE, PING, TEXT, close, frame, request

each_version = pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


async def opened(client: TlsClient) -> None:
    """Complete the handshakes of TLS and of the WebSocket."""
    await client.shake_hands()
    await client.write(request("/CS1"))
    assert (await client.read()).startswith(b"HTTP/1.1 101")


def fault_of_heartbeats(kind: str, **fields: Any) -> dict[str, Any]:
    """Rule that injects a fault into the answers to Heartbeats."""
    return {"when": {"action": "Heartbeat"}, "then": {"fault": {"kind": kind, **fields}}}


def heartbeat(number: int = 0) -> bytes:
    return frame(TEXT, json.dumps([2, f"h{number}", "Heartbeat", {}]).encode())


async def message_ids(client: TlsClient, count: int) -> list[str]:
    """Read frames until this many answers have come; return their message ids."""
    received, ids = bytearray(), list[str]()
    while len(ids) < count:
        data = await client.read()
        assert data
        received += data
        while len(received) > 1 and len(received) >= (end := 2 + received[1]):
            ids.append(json.loads(received[2:end])[1])
            del received[:end]
    return ids


# Deadlines and numbers

type Begin = Callable[[TlsClient], Awaitable[None]]


async def half_a_hello(client: TlsClient) -> None:
    client.writer.write(client.hello()[:100])


async def only_a_hello(client: TlsClient) -> None:
    client.writer.write(client.hello())


async def no_request(client: TlsClient) -> None:
    await client.shake_hands()


@each_event_loop
@pytest.mark.parametrize(
    ("begin", "words"),
    [
        (half_a_hello, "sent half a ClientHello"),
        (only_a_hello, "did not answer this server's part of it"),
        (no_request, "it completed the TLS handshake, sent no HTTP request"),
    ],
)
def test_half_open_connection_is_dropped_at_the_opening_deadline(
    new_loop: NewLoop,
    monkeypatch: pytest.MonkeyPatch,
    begin: Begin,
    words: str,
) -> None:
    monkeypatch.setattr("mock_csms.transport.listener.OPEN_TIMEOUT", 0.3)

    async def test() -> None:
        async with serving() as server, tls_client(server) as client:
            await begin(client)
            failure = await server.refusal()
            assert failure.kind == "incomplete"
            assert words in failure.reason
            assert "nothing more came within 0.3 s" in failure.reason
            await client.rest()

    run_on(new_loop, test())


@on_each_loop
async def test_oldest_tls_handshake_ends_when_there_are_too_many() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mock_csms.transport.group.MAX_OPENING", 1)
        async with serving() as server, tls_client(server) as first:
            await only_a_hello(first)
            await first.reader.readexactly(100)
            async with tls_client(server) as second:
                await opened(second)
            assert "there are too many incomplete handshakes" in (await server.refusal()).reason


@on_each_loop
async def test_server_with_half_open_connections_stops_without_a_word() -> None:
    async with AsyncExitStack() as clients:
        async with serving() as server:
            for begin in half_a_hello, only_a_hello, no_request:
                client = await clients.enter_async_context(tls_client(server))
                await begin(client)
            await client.write(b"GET")
        assert server.refusals.empty()


@on_each_loop
async def test_connections_that_have_ended_leave_no_garbage() -> None:
    gc.collect()
    gc.disable()
    try:
        async with serving() as server:
            for begin in half_a_hello, only_a_hello, no_request, opened, damaged:
                async with tls_client(server) as client:
                    await begin(client)
            async with tls_client(server, client_context(trusts=server_credentials())) as client:
                with pytest.raises(ssl.SSLError):
                    await client.shake_hands()
            for _ in range(5):
                await server.refusal()
        assert not [each for each in gc.get_objects() if isinstance(each, TlsTransport | WebSocketConnection)]
    finally:
        gc.enable()


async def damaged(client: TlsClient) -> None:
    await client.shake_hands()
    client.writer.write(b"\x17\x03\x03\x00\x20" + bytes(32))
    await client.rest()


# Back-pressure and turns


@on_each_loop
async def test_messages_in_many_records_at_once_are_answered_in_order() -> None:
    async with serving() as server, tls_client(server) as client:
        await opened(client)
        for number in range(500):
            await client.write(heartbeat(number))
        assert await message_ids(client, 500) == [f"h{number}" for number in range(500)]


@on_each_loop
async def test_messages_in_one_record_are_answered_in_order() -> None:
    async with serving() as server, tls_client(server) as client:
        await opened(client)
        await client.write(b"".join(map(heartbeat, range(100))))
        assert await message_ids(client, 100) == [f"h{number}" for number in range(100)]


@each_event_loop
@each_version
def test_large_message_is_answered(new_loop: NewLoop, version: str) -> None:
    async def test() -> None:
        async with (
            serving() as server,
            websockets.connect(
                f"{server.url}/CS1", ssl=client_context(version=version), subprotocols=[OCPP_2_0_1]
            ) as station,
        ):
            data = "x" * 700_000
            await station.send(json.dumps([2, "1", "DataTransfer", {"vendorId": "V", "data": data}]))
            assert json.loads(await station.recv())[:2] == [3, "1"]

    run_on(new_loop, test())


async def keep_writing(client: TlsClient, data: bytes) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            await client.write(data)
            await client.writer.drain()


@on_each_loop
async def test_station_that_does_not_read_its_answers_is_dropped() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mock_csms.transport.connection.MAX_UNSENT", 2**16)
        async with serving() as server, tls_client(server) as client:
            await opened(client)
            ping = frame(PING, bytes(125))
            with pytest.raises(ConnectionError):
                await keep_writing(client, ping * 100)


# TLS messages after the handshake


async def s_client(server: TlsServer, version: str, *exchanges: tuple[str, str]) -> str:
    """Type the first text of each pair into ``openssl s_client``, and wait until it prints the second one.

    Return what it prints after that.
    """
    process = await asyncio.create_subprocess_exec(
        *("openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", version),
        stdin=PIPE,
        stdout=PIPE,
        stderr=STDOUT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        for sent, expected in exchanges:
            process.stdin.write(sent.encode())
            await process.stdout.readuntil(expected.encode())
        output, _ = await process.communicate()
    return output.decode(errors="replace")


@needs_openssl
@on_each_loop
async def test_key_updates_are_answered() -> None:
    """RFC 8446 4.6.3."""
    async with serving() as server:
        get = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
        await s_client(server, "-tls1_3", ("K\n", "KEYUPDATE"), ("k\n", "KEYUPDATE"), (get, "200 OK"))


@needs_openssl
@on_each_loop
async def test_renegotiation_is_refused() -> None:
    """If renegotiation were allowed, each record of a client could make the server calculate a handshake."""
    async with serving() as server:
        assert "no renegotiation" in await s_client(server, "-tls1_2", ("R\n", "RENEGOTIATING"))


@needs_openssl
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("curl -sS --noproxy * --cacert {root} https://localhost:{port}/health", '"status":"ok"'),
        ("openssl s_client -connect localhost:{port} -CAfile {root} -verify_return_error", "return code: 0"),
    ],
)
async def test_commands_of_the_security_page_verify_the_server(
    tmp_path: Path, command: str, expected: str
) -> None:
    file = tmp_path / "root.pem"
    file.write_bytes(root().pem)
    async with serving() as server:
        process = await asyncio.create_subprocess_exec(
            *command.format(root=file, port=server.port).split(), stdin=DEVNULL, stdout=PIPE, stderr=STDOUT
        )
        async with asyncio.timeout(PATIENCE):
            output, _ = await process.communicate()
    assert process.returncode == 0
    assert expected in output.decode()


@each_event_loop
@each_version
def test_server_answers_close_notify(new_loop: NewLoop, version: str) -> None:
    async def test() -> None:
        async with serving() as server, tls_client(server, client_context(version=version)) as client:
            await opened(client)
            await client.unwrap()

    run_on(new_loop, test())


@on_each_loop
async def test_closing_handshake_ends_with_close_notify_of_the_server() -> None:
    async with serving() as server, tls_client(server) as client:
        await opened(client)
        await client.write(close(1000))
        assert (await client.read())[0] == 0x80 | CLOSE
        assert await client.read() == b""


@on_each_loop
async def test_last_message_of_a_station_that_closes_at_once_is_handled() -> None:
    async with serving() as server:
        async with tls_client(server) as client:
            await opened(client)
            await client.write(b"".join(map(heartbeat, range(30))))
            await client.write(close(1000))
            with suppress(ssl.SSLWantReadError):
                client.ssl.unwrap()
            client.flush()
            client.writer.write_eof()
            await client.rest()
        assert server.csms.records.statistics.answered["Heartbeat"] == 30


@on_each_loop
async def test_damaged_record_ends_the_connection_with_an_alert_and_a_reason() -> None:
    async with serving() as server, tls_client(server) as client:
        lines = LogLines()
        logging.getLogger("mock_csms").addHandler(lines)
        await opened(client)
        client.writer.write(b"\x17\x03\x03\x00\x20" + bytes(32))
        with pytest.raises(ssl.SSLError) as error:
            await client.read()
        logging.getLogger("mock_csms").removeHandler(lines)
        assert error.value.reason == "SSLV3_ALERT_BAD_RECORD_MAC"
        assert await lines.wait_for("CS1  a record that it sent could not be decrypted")
        assert server.refusals.empty()


# Faults


@on_each_loop
async def test_connection_is_cut_in_the_middle_of_a_message() -> None:
    async with serving(rules=[fault_of_heartbeats("truncated")]) as server, tls_client(server) as client:
        await opened(client)
        await client.write(heartbeat())
        received = await client.read()
        assert 0 < len(received) < 2 + received[1]
        assert await client.read() == b""


@on_each_loop
async def test_connection_is_reset() -> None:
    async with serving(rules=[fault_of_heartbeats("reset")]) as server, tls_client(server) as client:
        await opened(client)
        await client.write(heartbeat())
        with pytest.raises(ConnectionResetError):
            await client.read()


@on_each_loop
async def test_server_that_stalls_reads_on_afterwards() -> None:
    rule = {**fault_of_heartbeats("stall", seconds=0.2), "times": 1}
    async with serving(rules=[rule]) as server, tls_client(server) as client:
        await opened(client)
        await client.write(heartbeat(1))
        for number in range(2, 50):
            await client.write(heartbeat(number))
        ids = await message_ids(client, 48)
        assert ids[-1] == "h49"


@pytest.mark.guarded_failures
@on_each_loop
async def test_port_that_cannot_set_up_tls_drops_the_connection() -> None:
    class BrokenPort(TlsPort):
        def tls(self, peer: Any) -> TlsSetup | None:
            raise OSError("the certificate cannot be read")

    async with serving(BrokenPort()) as server:
        async with tls_client(server) as client:
            client.writer.write(client.hello())
            with suppress(ConnectionResetError):
                assert await client.rest() == b""
        assert server.refusals.empty()  # the failure is not reported as TLS on a port without TLS
        async with tls_client(server) as client:
            client.writer.write(request("/CS1"))
            assert (await client.reader.readline()).startswith(b"HTTP/1.1 101")
