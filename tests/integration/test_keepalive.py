"""WebSocket pings of the server and of the station (RFC 6455 5.5.2)."""

from time import perf_counter

import pytest

from tests.conftest import LogLines, Serve
from tests.support.wire import (
    PING,
    PONG,
    TEXT,
    Closing,
    Frame,
    Matching,
    Then,
    Wire,
    frame,
    websocket_wire,
)

INTERVAL = 0.05
SHORT, LONG = 0.05, 0.5
"""Time-outs of pings in seconds: SHORT for a station that answers none, LONG for one that answers in time."""
TIMER_TOLERANCE = 0.001
"""Seconds that a timer may fire early."""

HEARTBEAT = frame(TEXT, b'[2,"1","Heartbeat",{}]')
ANSWER = Matching(rb'\[3,"1",.*\]')
KEEPALIVE_TIMEOUT = Closing(1011, "keepalive ping timeout")


async def ping_of(wire: Wire) -> bytes:
    """Return the data of the next frame, which must be a ping."""
    ping = await wire.read_frame()
    assert ping == Frame(PING, ping.data)
    return ping.data


async def test_ping_is_sent_after_the_interval_and_again_after_the_pong(serve: Serve) -> None:
    csms = await serve(ping_interval=INTERVAL)
    started = perf_counter()
    async with websocket_wire(csms) as wire:
        for count in (1, 2, 3):
            data = await ping_of(wire)
            assert perf_counter() - started > count * INTERVAL - TIMER_TOLERANCE
            await wire.send(frame(PONG, data))


async def test_pings_differ_so_that_a_pong_answers_one_of_them(serve: Serve) -> None:
    csms = await serve(ping_interval=INTERVAL)
    async with websocket_wire(csms) as wire:
        first = await ping_of(wire)
        await wire.send(frame(PONG, first))
        assert first
        assert await ping_of(wire) != first


async def test_station_that_answers_keeps_its_connection(serve: Serve) -> None:
    csms = await serve(ping_interval=INTERVAL, ping_timeout=LONG)
    async with websocket_wire(csms) as wire:
        for _ in range(int(LONG / INTERVAL) + 2):
            await wire.send(frame(PONG, await ping_of(wire)))
        await wire.play(HEARTBEAT, ANSWER)


async def test_station_that_never_answers_is_closed_after_the_time_out(
    serve: Serve, log_lines: LogLines
) -> None:
    csms = await serve(ping_interval=INTERVAL, ping_timeout=SHORT)
    started = perf_counter()
    async with websocket_wire(csms) as wire:
        await ping_of(wire)
        await wire.play(KEEPALIVE_TIMEOUT)
        assert perf_counter() - started > INTERVAL + SHORT - TIMER_TOLERANCE
        await wire.play(Then.ENDED)
    await log_lines.wait_for(
        "CS1", "disconnected", "closed by this server with code 1011 keepalive ping timeout"
    )


async def test_station_that_keeps_the_connection_after_the_time_out_is_dropped(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_csms.transport.listener.CLOSE_TIMEOUT", 0.05)
    csms = await serve(ping_interval=INTERVAL, ping_timeout=SHORT)
    async with websocket_wire(csms) as wire:
        await ping_of(wire)
        await wire.play(KEEPALIVE_TIMEOUT, Then.DROPPED)


@pytest.mark.parametrize("pong", [b"other", b""], ids=["other data", "no data"])
async def test_pong_with_other_data_does_not_count(serve: Serve, pong: bytes) -> None:
    csms = await serve(ping_interval=INTERVAL, ping_timeout=SHORT)
    async with websocket_wire(csms) as wire:
        await ping_of(wire)
        await wire.play(frame(PONG, pong), KEEPALIVE_TIMEOUT, Then.ENDED)


async def test_pong_before_the_ping_does_not_count(serve: Serve) -> None:
    csms = await serve(ping_interval=INTERVAL, ping_timeout=LONG)
    async with websocket_wire(csms) as wire:
        first = await ping_of(wire)
        await wire.send(frame(PONG, first))
        await wire.send(frame(PONG, first))
        await ping_of(wire)
        await wire.play(frame(PONG, first), KEEPALIVE_TIMEOUT, Then.ENDED)


async def test_message_does_not_count_as_a_pong(serve: Serve) -> None:
    csms = await serve(ping_interval=INTERVAL, ping_timeout=LONG)
    async with websocket_wire(csms) as wire:
        await ping_of(wire)
        await wire.play(HEARTBEAT, ANSWER, KEEPALIVE_TIMEOUT, Then.ENDED)


async def test_no_ping_is_sent_without_an_interval(serve: Serve) -> None:
    quiet, pinging = await serve(ping_timeout=SHORT), await serve(ping_interval=INTERVAL)
    async with websocket_wire(quiet) as wire, websocket_wire(pinging) as clock:
        for _ in range(3):
            await clock.send(frame(PONG, await ping_of(clock)))
        await wire.play(Then.SILENT, Then.OPEN)


async def test_pings_of_the_station_are_answered_with_their_data(serve: Serve) -> None:
    csms = await serve(ping_interval=INTERVAL, ping_timeout=LONG)
    async with websocket_wire(csms) as wire:
        for data in (b"", b"hello", bytes(range(125))):
            await wire.send(frame(PONG, await ping_of(wire)))
            await wire.send(frame(PING, data))
            assert await wire.read_frame() == Frame(PONG, data)


async def test_ping_of_the_station_does_not_count_as_a_pong(serve: Serve) -> None:
    csms = await serve(ping_interval=INTERVAL, ping_timeout=LONG)
    async with websocket_wire(csms) as wire:
        data = await ping_of(wire)
        await wire.send(frame(PING, data))
        assert await wire.read_frame() == Frame(PONG, data)
        await wire.play(KEEPALIVE_TIMEOUT, Then.ENDED)
