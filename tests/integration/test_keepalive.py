"""WebSocket pings of the server and of the station (RFC 6455 5.5.2)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

import pytest

from mock_csms.csms import Csms
from tests.conftest import LogLines, Serve
from tests.support.station import PATIENCE
from tests.support.wire import (
    FIN,
    PING,
    PONG,
    TEXT,
    Closing,
    Matching,
    Then,
    Wire,
    accepted,
    dialled,
    frame,
    request,
)

INTERVAL = 0.05
SHORT, LONG = 0.05, 0.5
"""Time-outs in seconds, for a station that answers nothing and for one that does in time."""
A_MILLISECOND = 0.001
"""How much earlier than asked for a timer may run."""

HEARTBEAT = frame(TEXT, b'[2,"1","Heartbeat",{}]')
ANSWER = Matching(rb'\[3,"1",.*\]')
KEEPALIVE_TIMEOUT = Closing(1011, "keepalive ping timeout")


@asynccontextmanager
async def opened(csms: Csms) -> AsyncIterator[Wire]:
    """Open a WebSocket for as long as the context lasts."""
    async with asyncio.timeout(PATIENCE), dialled(csms) as wire:
        await wire.play(request(), accepted("Sec-WebSocket-Protocol: ocpp2.0.1"))
        yield wire


async def ping_of(wire: Wire) -> bytes:
    """Wait for a ping, which must be the next frame, and return its data."""
    first, data = await wire.frame()
    assert first == FIN | PING
    return data


async def test_ping_comes_after_the_interval_and_again_after_the_pong(serve: Serve) -> None:
    csms = await serve(ping_interval=INTERVAL)
    started = perf_counter()
    async with opened(csms) as wire:
        for count in (1, 2, 3):
            data = await ping_of(wire)
            assert perf_counter() - started > count * INTERVAL - A_MILLISECOND
            await wire.send(frame(PONG, data))


async def test_pings_differ_so_that_a_pong_answers_one_of_them(serve: Serve) -> None:
    csms = await serve(ping_interval=INTERVAL)
    async with opened(csms) as wire:
        first = await ping_of(wire)
        await wire.send(frame(PONG, first))
        assert first
        assert await ping_of(wire) != first


async def test_station_that_answers_keeps_its_connection(serve: Serve) -> None:
    csms = await serve(ping_interval=INTERVAL, ping_timeout=LONG)
    async with opened(csms) as wire:
        for _ in range(int(LONG / INTERVAL) + 2):
            await wire.send(frame(PONG, await ping_of(wire)))
        await wire.play(HEARTBEAT, ANSWER)


async def test_station_that_never_answers_is_closed_after_the_time_out(
    serve: Serve, log_lines: LogLines
) -> None:
    csms = await serve(ping_interval=INTERVAL, ping_timeout=SHORT)
    started = perf_counter()
    async with opened(csms) as wire:
        await ping_of(wire)
        await wire.play(KEEPALIVE_TIMEOUT)
        assert perf_counter() - started > INTERVAL + SHORT - A_MILLISECOND
        await wire.play(Then.ENDED)
    await log_lines.wait_for("CS1", "disconnected", "without a close frame")


async def test_station_that_does_not_end_the_connection_either_is_dropped(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_csms.transport.listener.CLOSE_TIMEOUT", 0.05)
    csms = await serve(ping_interval=INTERVAL, ping_timeout=SHORT)
    async with opened(csms) as wire:
        await ping_of(wire)
        await wire.play(KEEPALIVE_TIMEOUT, Then.DROPPED)


@pytest.mark.parametrize("pong", [b"other", b""], ids=["other data", "no data"])
async def test_pong_with_other_data_does_not_count(serve: Serve, pong: bytes) -> None:
    csms = await serve(ping_interval=INTERVAL, ping_timeout=SHORT)
    async with opened(csms) as wire:
        await ping_of(wire)
        await wire.play(frame(PONG, pong), KEEPALIVE_TIMEOUT, Then.ENDED)


async def test_pong_before_the_ping_does_not_count(serve: Serve) -> None:
    csms = await serve(ping_interval=INTERVAL, ping_timeout=LONG)
    async with opened(csms) as wire:
        first = await ping_of(wire)
        await wire.send(frame(PONG, first))
        await wire.send(frame(PONG, first))
        await ping_of(wire)
        await wire.play(frame(PONG, first), KEEPALIVE_TIMEOUT, Then.ENDED)


async def test_message_does_not_count_as_a_pong(serve: Serve) -> None:
    csms = await serve(ping_interval=INTERVAL, ping_timeout=LONG)
    async with opened(csms) as wire:
        await ping_of(wire)
        await wire.play(HEARTBEAT, ANSWER, KEEPALIVE_TIMEOUT, Then.ENDED)


async def test_no_ping_is_sent_without_an_interval(serve: Serve) -> None:
    quiet, pinging = await serve(ping_timeout=SHORT), await serve(ping_interval=INTERVAL)
    async with opened(quiet) as wire, opened(pinging) as clock:
        for _ in range(3):
            await clock.send(frame(PONG, await ping_of(clock)))
        await wire.play(Then.SILENT, Then.OPEN)


async def test_pings_of_the_station_are_answered_with_their_data(serve: Serve) -> None:
    csms = await serve(ping_interval=INTERVAL, ping_timeout=LONG)
    async with opened(csms) as wire:
        for data in (b"", b"hello", bytes(range(125))):
            await wire.send(frame(PONG, await ping_of(wire)))
            await wire.send(frame(PING, data))
            assert await wire.frame() == (FIN | PONG, data)


async def test_ping_of_the_station_does_not_count_as_a_pong(serve: Serve) -> None:
    csms = await serve(ping_interval=INTERVAL, ping_timeout=LONG)
    async with opened(csms) as wire:
        data = await ping_of(wire)
        await wire.send(frame(PING, data))
        assert await wire.frame() == (FIN | PONG, data)
        await wire.play(KEEPALIVE_TIMEOUT, Then.ENDED)
