"""Opening handshakes that fail: response, log line, journal entry and count."""

import asyncio
import base64
import json
import logging

import pytest
import websockets

from mock_csms.csms import Csms
from mock_csms.journal.store import Entry
from tests.conftest import LogLines, Serve
from tests.support.control import driven, wait_for_entry
from tests.support.station import OCPP_2_0_1, heartbeat_is_answered, raw_connection
from tests.support.wire import RSV1, TEXT, Act, frame, header, request, tcp_wire, websocket_wire

SSL_2_HELLO = b"\x80\x1c\x01\x03\x01\x00\x03\x00\x00\x00\x10\x00\x00\x2f" + bytes(16)
CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"


def refused_entries(csms: Csms) -> list[Entry]:
    return [entry for entry in csms.records.journal if entry.type == "refused"]


@pytest.mark.parametrize(
    ("sent", "kind", "words"),
    [
        pytest.param(CLIENT_HELLO, "tls", "this port is ws://", id="TLS ClientHello"),
        pytest.param(SSL_2_HELLO, "tls", "a hello of SSL 2.0", id="SSL 2.0 hello"),
        pytest.param(
            request(headers={"Upgrade": None}), "no-upgrade", "'Upgrade: websocket'", id="no Upgrade"
        ),
        pytest.param(
            request(headers={"Sec-WebSocket-Version": "8"}),
            "websocket-version",
            "its Sec-WebSocket-Version is 8; it must be 13",
            id="WebSocket version 8",
        ),
        pytest.param(request(headers={"X": "x" * 8192}), "too-long", "too long", id="long header"),
        pytest.param(
            request("/CS1", None, *[f"X: {'x' * 4000}"] * 9), "too-long", "32768 bytes", id="many headers"
        ),
        pytest.param(request(method="POST"), "method", "it sent POST", id="POST"),
        pytest.param(request("/\u00c4"), "not-http", "percent-encode", id="raw UTF-8 in the path"),
        pytest.param(request().replace(b"\r\n", b"\n"), "not-http", "CRLF", id="bare LF"),
        pytest.param(request(version="HTTP/1.0"), "http-version", "HTTP/1.0", id="HTTP/1.0"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "not-http", "HTTP/2", id="HTTP/2"),
        pytest.param(b"\x10\x0c\x00\x04MQTT\r\n", "not-http", "not an HTTP request", id="MQTT"),
        pytest.param(
            request(headers={"Sec-WebSocket-Key": None}), "header", "Sec-WebSocket-Key", id="no key"
        ),
        pytest.param(request("/"), "identity", "must end in", id="no identity"),
    ],
)
async def test_failed_handshake_is_answered_at_once_and_leaves_one_line_and_one_entry(
    csms: Csms, caplog: pytest.LogCaptureFixture, sent: bytes, kind: str, words: str
) -> None:
    async with tcp_wire(csms) as wire:
        wire.write_bytes(sent)
        assert (await wire.read_head()).startswith(b"HTTP/1.1 4" if kind != "http-version" else b"HTTP/1.1 5")
        await wire.read_rest()
    [line] = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert words in line
    [entry] = refused_entries(csms)
    assert entry.note
    assert words in entry.note
    assert csms.records.statistics.refused == {kind: 1}


async def test_half_a_handshake_that_times_out_is_recorded(
    serve: Serve, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_csms.transport.listener.OPEN_TIMEOUT", 0.05)
    csms = await serve()
    async with tcp_wire(csms) as wire:
        wire.write_bytes(b"GET /CS1 HTTP/1.1\r\nHost")
        assert await wire.read_rest() == b""
    [line] = await log_lines.wait_for("refused a connection")
    assert "'GET /CS1 HTTP/1.1' but no complete handshake request" in line
    assert "nothing more came within 0.05 s" in line
    assert csms.records.statistics.refused == {"incomplete": 1}


async def test_half_a_handshake_that_the_client_ends_is_recorded_once(
    csms: Csms, log_lines: LogLines
) -> None:
    async with tcp_wire(csms) as wire:
        await wire.play(b"GET /CS1", Act.END)
        await log_lines.wait_for("refused a connection", "the connection ended")
    assert len(refused_entries(csms)) == 1


async def test_connection_without_a_byte_is_not_a_failed_handshake(csms: Csms, log_lines: LogLines) -> None:
    """Health checks of load balancers open and close a connection."""
    async with tcp_wire(csms) as wire:
        await wire.play(Act.END)
    assert refused_entries(csms) == []
    assert log_lines.lines == []


async def test_oldest_incomplete_handshake_ends_when_there_are_too_many(
    csms: Csms, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_csms.transport.group.MAX_OPENING", 1)
    async with tcp_wire(csms) as first:
        await first.play(b"GET /CS1")
        async with tcp_wire(csms) as second:
            second.write_bytes(request("/CS2"))
            assert (await second.read_head()).startswith(b"HTTP/1.1 101")
        assert await log_lines.wait_for("'GET /CS1'", "too many incomplete handshakes")


async def test_connection_beyond_the_open_file_limit_is_refused_and_others_are_served(
    serve: Serve, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_csms.mock.connections_within_open_file_limit", lambda: 2)
    csms = await serve()
    async with raw_connection(csms, "CS1") as first, raw_connection(csms, "CS2"):
        with pytest.raises((websockets.InvalidHandshake, ConnectionError)):
            async with raw_connection(csms, "CS3"):
                pass
        assert await log_lines.wait_for("refused a connection", "the limit of open files is reached")
        assert await heartbeat_is_answered(first)
    assert csms.records.statistics.refused == {"open-files": 1}


async def test_incomplete_handshakes_make_room_for_a_station_at_the_open_file_limit(
    serve: Serve, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_csms.mock.connections_within_open_file_limit", lambda: 1)
    csms = await serve()
    async with tcp_wire(csms) as stranger:
        stranger.write_bytes(b"GET")
        async with raw_connection(csms) as station:
            assert await heartbeat_is_answered(station)
    await log_lines.wait_for("refused a connection", "the limit of open files is reached")


# Subprotocol, origin and credentials


@pytest.mark.parametrize("offered", ["ocpp0.1", None])
async def test_station_without_a_common_subprotocol_is_refused_if_configured(
    serve: Serve, offered: str | None
) -> None:
    """Test case TC_B_58_CSMS."""
    csms = await serve(no_common_subprotocol="refuse")
    async with tcp_wire(csms) as wire:
        wire.write_bytes(request("/CS1", {"Sec-WebSocket-Protocol": offered}))
        assert (await wire.read_head()).startswith(b"HTTP/1.1 400")
    async with raw_connection(csms) as connection:
        assert await heartbeat_is_answered(connection)
    assert [entry.station for entry in refused_entries(csms)] == ["CS1"]


@pytest.mark.parametrize("how", ["close", "refuse"])
async def test_missing_common_subprotocol_can_be_waited_for(how: str) -> None:
    async with driven(no_common_subprotocol=how) as (csms, client), tcp_wire(csms) as wire:
        wire.write_bytes(request("/CS1", {"Sec-WebSocket-Protocol": "ocpp1.6"}))
        entry = await wait_for_entry(client, type="refused", station="CS1")
        assert entry["handshake"] == {"listener": "main", "path": "/CS1", "subprotocols": "ocpp1.6"}
        assert "offers ocpp1.6, but this server speaks ocpp2.0.1" in entry["note"]
        metrics = await client.get("/metrics")
    assert 'ocpp_handshakes_refused_total{reason="subprotocol"} 1.0' in metrics.text


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://localhost:3000", 101), (None, 101), ("http://evil.example", 403), ("null", 403)],
)
async def test_only_configured_origins_may_connect(serve: Serve, origin: str | None, status: int) -> None:
    csms = await serve(station_origins="http://localhost:3000/")
    async with tcp_wire(csms) as wire:
        wire.write_bytes(request("/CS1", {"Origin": origin}))
        assert (await wire.read_head()).startswith(b"HTTP/1.1 %d" % status)
    assert csms.records.statistics.refused == ({} if status == 101 else {"origin": 1})


async def test_any_origin_may_connect_by_default(csms: Csms) -> None:
    async with tcp_wire(csms) as wire:
        wire.write_bytes(request("/CS1", {"Origin": "http://simulator.example"}))
        assert (await wire.read_head()).startswith(b"HTTP/1.1 101")


async def test_connected_entry_has_the_facts_of_the_handshake_without_a_password(
    csms: Csms, log_lines: LogLines
) -> None:
    credentials = base64.b64encode(b"CS1:secret").decode()
    async with websockets.connect(
        f"ws://{csms.address}/ocpp/CS1?token=hidden",
        subprotocols=[OCPP_2_0_1],
        origin=websockets.Origin("http://simulator.example"),
        additional_headers={"Authorization": f"Basic {credentials}"},
    ):
        [line] = await log_lines.wait_for("CS1  connected")
    entry = next(iter(csms.records.journal))
    assert json.loads(entry.line())["handshake"] == {
        "listener": "main",
        "path": "/ocpp/CS1",
        "subprotocols": "ocpp2.0.1",
        "origin": "http://simulator.example",
        "authorization": "Basic, user CS1",
    }
    assert line.endswith("; it sent Basic credentials of user CS1, which this server does not check")
    assert "secret" not in f"{line}{entry.line().decode()}"


async def test_password_of_credentials_in_the_wrong_order_is_not_shown(
    csms: Csms, log_lines: LogLines
) -> None:
    credentials = base64.b64encode(b"secret:with-colon:CS1").decode()
    headers = {"Authorization": f"Basic {credentials}"}
    async with raw_connection(csms, additional_headers=headers):
        [line] = await log_lines.wait_for("CS1  connected")
    entry = next(iter(csms.records.journal))
    handshake = json.loads(entry.line())["handshake"]
    assert handshake["authorization"] == "Basic, with a password as the user name"
    assert line.endswith("; it sent an Authorization header, which this server does not check")
    assert "secret" not in f"{line}{entry.line().decode()}"


async def test_refused_tries_by_a_rule_are_numbered(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(faults="handshake:503:times=2")
    for _ in range(2):
        with pytest.raises(websockets.InvalidStatus):
            async with raw_connection(csms):
                pass
    async with raw_connection(csms) as connection:
        assert await heartbeat_is_answered(connection)
    first, second = await log_lines.wait_for("fault injected at the handshake", times=2)
    assert "try" not in first
    assert "(try 2, " in second


# Identities that differ by case


async def test_identity_in_another_case_is_the_same_station(csms: Csms, log_lines: LogLines) -> None:
    async with raw_connection(csms, "CS1") as first:
        assert await heartbeat_is_answered(first)
        async with raw_connection(csms, "cs1") as second:
            assert await heartbeat_is_answered(second)
            assert list(csms.sessions) == list(csms.stations) == ["CS1"]
        await log_lines.wait_for("CS1  connects with its identity written as cs1")


async def test_identity_takes_the_spelling_of_its_profile(serve: Serve) -> None:
    csms = await serve(stations={"CS1": {"heartbeat_interval": 7}})
    async with raw_connection(csms, "cs1") as connection:
        assert await heartbeat_is_answered(connection)
        assert list(csms.sessions) == ["CS1"]


async def test_name_that_is_not_an_identifier_string_keeps_its_case(csms: Csms) -> None:
    async with raw_connection(csms, "CS[1]") as first, raw_connection(csms, "cs[1]") as second:
        assert await heartbeat_is_answered(first)
        assert await heartbeat_is_answered(second)
        assert sorted(csms.sessions) == ["CS[1]", "cs[1]"]


async def test_forgotten_station_frees_its_spelling(csms: Csms, log_lines: LogLines) -> None:
    async with raw_connection(csms, "CS1"):
        pass
    await log_lines.wait_for("CS1  disconnected")
    assert csms.spelling("cs1") == "cs1"


# Violations of RFC 6455 after the handshake


async def test_compressed_frame_without_negotiation_is_logged_and_found(
    csms: Csms, log_lines: LogLines
) -> None:
    async with websocket_wire(csms) as wire:
        await wire.send(frame(TEXT | RSV1, b"x"))
        await wire.read_close()
    words = "reserved bits must be 0: RSV1 marks a compressed frame, but no compression was negotiated"
    assert await log_lines.wait_for("CS1", words, "closing the connection with code 1002")
    assert await log_lines.wait_for(f"disconnected (closed by this server with code 1002 {words})")
    assert [finding.id for finding in csms.records.findings] == ["malformed-frame"]


async def test_message_over_the_limit_of_the_server_is_not_a_finding(
    serve: Serve, log_lines: LogLines
) -> None:
    csms = await serve(max_message_size=100)
    async with websocket_wire(csms) as wire:
        await wire.send(header(0x81, 101) + bytes(101))
        assert (await wire.read_close())[0] == 1009
    await log_lines.wait_for("disconnected (closed by this server with code 1009")
    assert list(csms.records.findings) == []


# Unfinished messages


async def test_unfinished_message_closes_the_connection_after_the_time_out(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_csms.transport.listener.MESSAGE_TIMEOUT", 0.05)
    csms = await serve()
    async with websocket_wire(csms) as wire:
        await wire.send(frame(TEXT, b"[2", fin=False))
        async with asyncio.timeout(5):
            assert (await wire.read_close())[0] == 1008


async def test_unfinished_messages_over_the_limit_close_the_one_that_is_idle_longest(
    csms: Csms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_csms.transport.group.MAX_UNFINISHED", 1500)
    async with websocket_wire(csms, "CS1") as idle, websocket_wire(csms, "CS2") as busy:
        await idle.send(frame(TEXT, b" " * 1000)[:-1])
        whole = frame(TEXT, b'[2,"1","Heartbeat",{}]'.ljust(1000))
        await busy.send(whole[:-1])
        assert (await idle.read_close())[0] == 1008
        await busy.send(whole[-1:])
        assert await busy.read_message_id() == "1"
