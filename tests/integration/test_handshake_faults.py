"""Faults at the opening handshake, byte by byte."""

from time import perf_counter

import pytest
import websockets

from tests.conftest import Serve
from tests.support.faults import DATA_TRANSFER_ANSWER, SHORT_DELAY
from tests.support.loops import on_both_loops
from tests.support.station import raw_connection
from tests.support.wire import websocket_wire

pytestmark = pytest.mark.usefixtures("short_shutdown")


@pytest.mark.parametrize(
    ("status", "phrase"),
    [
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (404, "Not Found"),
        (500, "Internal Server Error"),
        (503, "Service Unavailable"),
    ],
)
async def test_handshake_is_refused_with_the_http_status(serve: Serve, status: int, phrase: str) -> None:
    csms = await serve(faults=f"handshake:{status}")
    async with websocket_wire(csms) as wire:
        assert wire.head.startswith(f"HTTP/1.1 {status} {phrase}\r\n".encode())
        assert b"Upgrade" not in wire.head
        assert await wire.read_rest() == f"{phrase}, on purpose\n".encode()
    assert csms.stations == {}


async def test_401_asks_for_basic_authentication(serve: Serve) -> None:
    """RFC 9110 11.6.1; OCPP 2.0.1 A00, security profile 1."""
    csms = await serve(faults="handshake:401")
    async with websocket_wire(csms) as wire:
        assert b'\r\nWWW-Authenticate: Basic realm="OCPP", charset="UTF-8"\r\n' in wire.head


async def test_other_status_than_401_asks_for_no_authentication(serve: Serve) -> None:
    csms = await serve(faults="handshake:403")
    async with websocket_wire(csms) as wire:
        assert b"WWW-Authenticate" not in wire.head


async def test_websocket_library_reports_the_status_to_the_station(serve: Serve) -> None:
    csms = await serve(faults="handshake:503")
    with pytest.raises(websockets.InvalidStatus) as refusal:
        async with raw_connection(csms):
            pass
    assert refusal.value.response.status_code == 503


async def test_handshake_is_accepted_after_the_configured_number_of_refusals(serve: Serve) -> None:
    csms = await serve(faults="handshake:503:times=2")
    heads = []
    for _ in range(2):
        async with websocket_wire(csms) as wire:
            heads.append(wire.head)
    assert all(head.startswith(b"HTTP/1.1 503 ") for head in heads)
    async with websocket_wire(csms) as wire:
        assert wire.head.startswith(b"HTTP/1.1 101 ")
        wire.write_calls(1)
        assert await wire.read_text() == DATA_TRANSFER_ANSWER


async def test_refusals_are_counted_for_each_station(serve: Serve) -> None:
    csms = await serve(faults="handshake:503:times=1")
    for identity in ("CS1", "CS2"):
        async with websocket_wire(csms, identity) as wire:
            assert wire.head.startswith(b"HTTP/1.1 503 ")
        async with websocket_wire(csms, identity) as wire:
            assert wire.head.startswith(b"HTTP/1.1 101 ")


async def test_refusal_applies_to_the_selected_station_only(serve: Serve) -> None:
    csms = await serve(faults="CS1/handshake:503")
    async with websocket_wire(csms, "CS1") as wire, websocket_wire(csms, "CS2") as other:
        assert wire.head.startswith(b"HTTP/1.1 503 ")
        assert other.head.startswith(b"HTTP/1.1 101 ")


async def test_handshake_is_refused_until_the_ttl_has_passed(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    for module in ("rulebook", "rule_sets"):
        monkeypatch.setattr(f"mock_csms.behaviour.{module}.monotonic", lambda: clock[0])
    csms = await serve(faults="handshake:503:ttl=60")
    heads = []
    for clock[0] in (0.0, 59.9, 60.0):
        async with websocket_wire(csms) as wire:
            heads.append(wire.head.split(b" ")[1])
    assert heads == [b"503", b"503", b"101"]


async def test_handshake_refusals_follow_the_sequence_of_the_rule(serve: Serve) -> None:
    then = [{"fault": {"kind": kind}} for kind in (401, 404, 500)]
    csms = await serve(rules=[{"when": {"action": "handshake"}, "then": then, "times": 3}])
    heads = []
    for _ in range(4):
        async with websocket_wire(csms) as wire:
            heads.append(wire.head.split(b" ")[1])
    assert heads == [b"401", b"404", b"500", b"101"]


@pytest.mark.parametrize(
    ("fault", "subprotocol"), [("wrong-subprotocol", b"ocpp0.0"), ("wrong-subprotocol=ocpp1.6", b"ocpp1.6")]
)
async def test_wrong_subprotocol_was_not_offered(serve: Serve, fault: str, subprotocol: bytes) -> None:
    csms = await serve(faults=f"handshake:{fault}")
    async with websocket_wire(csms) as wire:
        assert wire.head.startswith(b"HTTP/1.1 101 ")
        assert b"\r\nSec-WebSocket-Protocol: " + subprotocol + b"\r\n" in wire.head
    assert csms.stations == {}


async def test_station_that_checks_the_subprotocol_disconnects(serve: Serve) -> None:
    csms = await serve(faults="handshake:wrong-subprotocol")
    with pytest.raises(websockets.NegotiationError, match=r"ocpp0\.0"):
        async with raw_connection(csms):
            pass


@on_both_loops
async def test_station_that_ignores_the_wrong_subprotocol_is_not_answered(serve: Serve) -> None:
    csms = await serve(faults="handshake:wrong-subprotocol")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await wire.is_silent()


@on_both_loops
async def test_hanging_connection_is_accepted_and_then_silent(serve: Serve) -> None:
    csms = await serve(faults="CS1/handshake:hang")
    async with websocket_wire(csms) as wire, websocket_wire(csms, "CS2") as other:
        assert wire.head.startswith(b"HTTP/1.1 101 ")
        assert b"\r\nSec-WebSocket-Protocol: ocpp2.0.1\r\n" in wire.head
        wire.write_calls(1)
        assert await wire.is_silent()
        other.write_calls(1)
        assert await other.read_text() == DATA_TRANSFER_ANSWER
    assert "CS1" not in csms.stations


@on_both_loops
async def test_hanging_connection_ends_after_the_configured_time(serve: Serve) -> None:
    csms = await serve(faults=f"handshake:hang={SHORT_DELAY}")
    started = perf_counter()
    async with websocket_wire(csms) as wire:
        assert wire.head.startswith(b"HTTP/1.1 101 ")
        assert await wire.read_rest() == b""
        assert perf_counter() - started >= SHORT_DELAY


@on_both_loops
async def test_station_with_a_hanging_connection_can_reconnect(serve: Serve) -> None:
    csms = await serve(faults="handshake:hang:times=1")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        async with websocket_wire(csms) as again:
            again.write_calls(1)
            assert await again.read_text() == DATA_TRANSFER_ANSWER
