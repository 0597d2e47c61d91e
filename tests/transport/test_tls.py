"""A TLS transport with recorded input and output: work in turns, and flow control."""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from mock_csms.transport.handshake import HandshakeFailure
from mock_csms.transport.ports import Port, TlsFacts, TlsSetup
from mock_csms.transport.tls import MAX_BACKLOG, RECORDS_PER_TURN, TlsTransport
from mock_csms.transport.turns import Turns
from tests.support.tls import TlsPort, client_context, port_context


class RecordedTcp(asyncio.Transport):
    """TCP transport that stores the bytes written to it instead of sending them."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.is_paused = False
        self.is_closed = False
        self.unread = 0

    def write(self, data: Any) -> None:
        self.written += data

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = True

    def write_eof(self) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return self.unread


@dataclass
class RecordedConnection:
    """Connection above TLS that keeps what it receives."""

    loop: asyncio.AbstractEventLoop
    port: Port = field(default_factory=TlsPort)
    received: list[bytes] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    facts: TlsFacts | None = None

    def data_received(self, data: bytes) -> None:
        self.received.append(data)

    def eof_received(self) -> None:
        self.events.append("end")

    def connection_lost(self, exc: Exception | None) -> None:
        self.events.append("lost")

    def pause_writing(self) -> None:
        self.events.append("pause")

    def resume_writing(self) -> None:
        self.events.append("resume")

    def secured(self, facts: TlsFacts) -> None:
        self.facts = facts

    def fail_tls(self, failure: HandshakeFailure) -> None:
        self.events.append(failure.reason)

    def break_tls(self, reason: str) -> None:
        self.events.append(reason)


class Pair:
    """A server's TLS transport and a client in memory."""

    def __init__(self, version: str = "TLSv1_3") -> None:
        loop = asyncio.get_running_loop()
        self.tcp = RecordedTcp()
        self.connection = RecordedConnection(loop)
        self.transport = TlsTransport(self.tcp, TlsSetup(port_context()), self.connection, Turns(loop))
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = client_context(version=version).wrap_bio(
            self.incoming, self.outgoing, server_hostname="localhost"
        )

    async def shake_hands(self) -> None:
        """Complete the handshake, then send a first byte from the client to the server."""
        with suppress(ssl.SSLWantReadError):
            self.client.do_handshake()
        await self.exchange()
        self.client.do_handshake()
        self.client.write(b"!")
        await self.exchange()
        assert self.connection.received == [b"!"]
        self.connection.received.clear()

    async def exchange(self) -> None:
        self.transport.data_received(self.outgoing.read())
        await turns()
        self.incoming.write(bytes(self.tcp.written))
        self.tcp.written.clear()

    def record(self, data: bytes) -> bytes:
        self.client.write(data)
        return self.outgoing.read()


async def turns(count: int = 50) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
async def pair() -> Pair:
    """A pair after its handshake."""
    pair = Pair()
    await pair.shake_hands()
    return pair


async def test_single_record_is_passed_on_at_once(pair: Pair) -> None:
    pair.transport.data_received(pair.record(b"one"))
    assert pair.connection.received == [b"one"]


async def test_many_records_are_passed_on_in_turns_and_in_order(pair: Pair) -> None:
    pair.transport.data_received(b"".join(pair.record(b"%02d " % n) for n in range(RECORDS_PER_TURN * 2)))
    pair.transport.data_received(pair.record(b"last"))
    assert pair.connection.received == []
    await turns(1)
    assert pair.connection.received == [b"00 01 02 03 04 05 06 07 "]
    await turns()
    assert b"".join(pair.connection.received) == b"%slast" % b"".join(
        b"%02d " % n for n in range(RECORDS_PER_TURN * 2)
    )


async def test_record_in_pieces_is_passed_on_when_it_is_complete(pair: Pair) -> None:
    record = pair.record(b"one") + pair.record(b"two")
    for byte in record:
        pair.transport.data_received(bytes([byte]))
        await turns(2)
    assert pair.connection.received == [b"one", b"two"]


async def test_tcp_is_paused_while_the_backlog_is_long(pair: Pair) -> None:
    record = b"".join(pair.record(b"x") for _ in range(MAX_BACKLOG // 20))
    pair.transport.data_received(record)
    assert pair.tcp.is_paused
    await turns(200)
    assert not pair.tcp.is_paused
    assert b"".join(pair.connection.received) == b"x" * (MAX_BACKLOG // 20)


async def test_nothing_is_passed_on_while_reading_is_paused(pair: Pair) -> None:
    pair.transport.pause_reading()
    assert pair.tcp.is_paused
    pair.transport.data_received(pair.record(b"one"))
    await turns()
    assert pair.connection.received == []
    assert pair.tcp.is_paused
    pair.transport.resume_reading()
    await turns()
    assert pair.connection.received == [b"one"]
    assert not pair.tcp.is_paused


async def test_end_of_tcp_waits_for_the_backlog(pair: Pair) -> None:
    pair.transport.data_received(b"".join(pair.record(b"x") for _ in range(RECORDS_PER_TURN * 2)))
    assert pair.transport.eof_received()
    assert pair.connection.events == []
    await turns()
    assert b"".join(pair.connection.received) == b"x" * RECORDS_PER_TURN * 2
    assert pair.connection.events == ["end"]
    assert pair.tcp.is_closed


async def test_end_of_tcp_waits_while_reading_is_paused(pair: Pair) -> None:
    pair.transport.pause_reading()
    assert pair.transport.eof_received()
    assert pair.connection.events == []
    pair.transport.resume_reading()
    assert pair.connection.events == ["end"]


async def test_alert_is_read_though_the_connection_is_reset_at_once() -> None:
    pair = Pair()
    with suppress(ssl.SSLWantReadError):
        pair.client.do_handshake()
    await pair.exchange()
    pair.transport.data_received(b"\x15\x03\x03\x00\x02\x02\x30")  # unknown_ca
    pair.transport.connection_lost(ConnectionResetError())
    [reason, last] = pair.connection.events
    assert "alert unknown_ca" in reason
    assert last == "lost"


async def test_flood_instead_of_a_handshake_is_refused() -> None:
    pair = Pair()
    pair.transport.data_received(b"\x16\x03\x01" + bytes(2**17))
    [reason] = pair.connection.events
    assert "it sent more than 131072 bytes before its TLS handshake was complete" in reason
    await turns()
    assert pair.connection.events == [reason]


async def test_client_that_does_not_read_answers_to_tls_messages_is_dropped(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_csms.transport.tls.MAX_OUTPUT", 1000)
    pair.tcp.unread = 1001
    pair.transport.data_received(pair.record(b"one"))
    assert not pair.tcp.is_closed
    pair.transport.data_received(b"\x17\x03\x03\x00\x20" + bytes(32))  # invalid: leads to an alert
    await turns()
    assert pair.tcp.is_closed
