"""Files served on the ports for stations, and the file URLs in commands."""

import asyncio
import hashlib
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from ocpp.v201 import call

from mock_csms.control.firmware import FIRMWARE_BYTES, FIRMWARE_MD5
from mock_csms.csms import Csms
from mock_csms.private_api.uvicorn import ProtocolWithDeadlines
from mock_csms.transport import listener
from tests.conftest import LogLines
from tests.support.control import Mock, client_of, driven, problem_detail, send_command
from tests.support.station import Station, connected_to

pytestmark = pytest.mark.asyncio(loop_scope="module")
needs_second_loopback = pytest.mark.skipif(
    sys.platform == "darwin", reason="macOS has no 127.0.0.2 unless it is configured"
)


@asynccontextmanager
async def elsewhere(
    csms: Csms, host: str = "127.0.0.2", listener: str = "main", **options: Any
) -> AsyncIterator[tuple[Station, str]]:
    """Connect CS1 to a listener's port at ``host``, and boot it; yield the station and ``host:port``."""
    place = f"{host}:{csms.listeners[listener].address.rpartition(':')[2]}"
    scheme = "wss" if "ssl" in options else "ws"
    async with connected_to(f"{scheme}://{place}", "CS1", **options) as station:
        await station.boot()
        yield station, place


def trusting_anything() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def command(client: httpx.AsyncClient, station: Station, action: str) -> dict[str, Any]:
    assert (await send_command(client, "CS1", action)).json()["outcome"] == "result"
    return await station.next(action)


@needs_second_loopback
async def test_station_at_another_address_uploads_its_log_there(log_lines: LogLines) -> None:
    async with driven(host="0.0.0.0") as (csms, client), client_of("") as web:
        async with elsewhere(csms) as (station, place):
            request = await command(client, station, "GetLog")
            location = request["log"]["remote_location"]
            answer = await web.put(f"{location}/CS1.log", content=b"log")
            status = {"status": "Uploaded", "request_id": request["request_id"]}
            await station.send(call.LogStatusNotification(**status))
        content = (await client.get("/files/uploads/CS1.log")).content

    assert location == f"http://{place}/files/uploads"
    assert (answer.status_code, content) == (201, b"log")
    assert not [line for line in log_lines.lines if "no log has arrived" in line]


@needs_second_loopback
async def test_station_at_another_address_downloads_its_firmware_there(log_lines: LogLines) -> None:
    async with (
        driven(host="0.0.0.0") as (csms, client),
        client_of("") as web,
        elsewhere(csms) as (station, place),
    ):
        update = (await command(client, station, "UpdateFirmware"))["firmware"]
        publication = await command(client, station, "PublishFirmware")
        firmware = (await web.get(update["location"])).content
        await web.get(f"{update['location']}.sig")

    assert await log_lines.wait_for("GET /files/firmware.bin from 127.0.0.", ": 200")
    assert await log_lines.wait_for("GET /files/firmware.bin.sig from 127.0.0.", ": 404")
    assert update["location"] == publication["location"] == f"http://{place}/files/firmware.bin"
    assert hashlib.md5(firmware).hexdigest() == FIRMWARE_MD5 == publication["checksum"]


@needs_second_loopback
async def test_listeners_are_named_by_the_address_that_the_station_has_reached() -> None:
    listeners = {"second": {"port": 0}, "own": {"port": 0, "host": "127.0.0.1"}}
    async with (
        driven(host="0.0.0.0", listeners=listeners) as (csms, client),
        elsewhere(csms) as (station, place),
    ):
        filled = csms.filled_in({"a": "{{listener.second}}", "b": "{{listener.own}}"}, "CS1")
        request = await command(client, station, "SetNetworkProfile")

    port = csms.listeners["second"].address.rpartition(":")[2]
    assert filled == {"a": f"ws://127.0.0.2:{port}", "b": f"ws://{csms.listeners['own'].address}"}
    assert request["connection_data"]["ocpp_csms_url"] == f"ws://{place}"


async def test_public_url_is_named_instead_of_the_address_of_a_station() -> None:
    listeners = {"second": {"port": 0}}
    public_url = "wss://csms.example.com/ocpp/"
    async with (
        driven(public_url=public_url, listeners=listeners) as (csms, client),
        elsewhere(csms, "127.0.0.1") as (station, _),
    ):
        log = (await command(client, station, "GetLog"))["log"]
        request = await command(client, station, "SetNetworkProfile")
        second = csms.filled_in("{{listener.second}}", "CS1")

    port = csms.listeners["second"].address.rpartition(":")[2]
    assert log["remote_location"] == "https://csms.example.com/ocpp/files/uploads"
    assert request["connection_data"]["ocpp_csms_url"] == "wss://csms.example.com/ocpp"
    assert second == f"ws://csms.example.com:{port}"


async def test_proxy_may_keep_or_strip_the_path_of_the_public_url() -> None:
    headers = {"Host": "csms.example.com"}
    async with driven(public_url="wss://csms.example.com/ocpp") as (csms, _), client_of("") as web:
        for path in ("/files/firmware.bin", "/ocpp/files/firmware.bin"):
            answer = await web.get(f"http://{csms.address}{path}", headers=headers)
            assert answer.content == FIRMWARE_BYTES


async def test_port_with_tls_only_serves_files_over_tls_and_plain_http(pki_folder: Path) -> None:
    async with (
        driven(tls_port=0, pki=pki_folder) as (csms, client),
        client_of("") as web,
        elsewhere(csms, "127.0.0.1", "tls", ssl=trusting_anything()) as (station, place),
    ):
        location = (await command(client, station, "UpdateFirmware"))["firmware"]["location"]
        plain = await web.get(location)
        large = bytes(range(256)) * 4096
        secure = await web.put(f"https://{place}/files/uploads/large", content=large)
        stored = (await client.get("/files/uploads/large")).content

    assert location == f"http://{place}/files/firmware.bin"
    assert plain.content == FIRMWARE_BYTES
    assert (secure.status_code, stored) == (201, large)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_large_file_reaches_a_client_that_reads_late(
    tmp_path: Path, pki_folder: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    paused = asyncio.Event()

    def pause(self: ProtocolWithDeadlines) -> None:
        paused.set()
        pause_writing(self)

    pause_writing = ProtocolWithDeadlines.pause_writing
    monkeypatch.setattr(ProtocolWithDeadlines, "pause_writing", pause)
    (tmp_path / "large.bin").write_bytes(content := bytes(range(256)) * 2**15)
    async with driven(tls=True, pki=pki_folder, files=tmp_path) as (csms, _):
        host, port = csms.address.split(":")
        sock = socket.create_connection((host, int(port)))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**17)
        options: dict[str, Any] = {"ssl": trusting_anything(), "server_hostname": host}
        reader, writer = await asyncio.open_connection(sock=sock, **options if scheme == "https" else {})
        writer.write(b"GET /files/large.bin HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        await paused.wait()
        await reader.readuntil(b"\r\n\r\n")
        received = await reader.read()
        writer.close()
        await writer.wait_closed()

    assert received == content


async def test_deadline_of_handshakes_does_not_apply_to_requests_for_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listener, "OPEN_TIMEOUT", 0.1)
    async with driven() as (csms, client), client_of("") as web:
        await client.get("/health")  # starts the HTTP server; before that, the deadline applies
        url = f"http://{csms.address}/files/firmware.bin"
        before = own_address(await web.get(url))
        silent, writer = await asyncio.open_connection(*csms.address.split(":"))
        assert await silent.read() == b""  # its deadline began later than that of the connection of ``web``
        after = own_address(await web.get(url))
        writer.close()

    assert before == after


def own_address(answer: httpx.Response) -> Any:
    """Return the local address of the client's connection on which an answer arrived."""
    return answer.extensions["network_stream"].get_extra_info("client_addr")


async def test_upload_that_ends_early_is_not_stored(mock: Mock) -> None:
    csms, client = mock
    host, port = csms.address.split(":")
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"PUT /files/uploads/half HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nhalf")
    await writer.drain()
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()

    assert (await client.get("/files/uploads/half")).status_code == 404


async def test_connection_with_broken_tls_ends_during_a_request(pki_folder: Path) -> None:
    async with driven(tls=True, pki=pki_folder) as (csms, _):
        host, port = csms.address.split(":")
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = trusting_anything().wrap_bio(incoming, outgoing)
        reader, writer = await asyncio.open_connection(host, port)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                writer.write(outgoing.read())
                incoming.write(await reader.read(2**16))
        tls.write(b"PUT /files/uploads/half HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nhalf")
        writer.write(outgoing.read())
        await writer.drain()
        writer.write(b"\x17\x03\x03\x00\x20" + bytes(32))
        await reader.read()
        writer.close()
        await writer.wait_closed()


# Access


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/files/uploads"),
        ("GET", "/files/uploads/CS1.log"),
        ("GET", "/files/%75ploads"),
        ("PUT", "/files/firmware.bin"),
    ],
)
async def test_port_for_stations_serves_nothing_but_what_stations_need(
    mock: Mock, method: str, path: str
) -> None:
    csms, client = mock
    await client.put("/files/uploads/CS1.log", content=b"log")
    answer = await client.request(method, f"http://{csms.address}{path}")

    assert csms.control in problem_detail(answer, 403, "forbidden")


async def test_control_api_is_not_served_on_the_port_for_stations(mock: Mock) -> None:
    csms, _ = mock
    paths = "/v1/stations", "/docs", "/openapi.json"
    async with httpx.AsyncClient(trust_env=False) as web:
        answers = [await web.get(f"http://{csms.address}{path}") for path in paths]

    assert [answer.status_code for answer in answers] == [426, 426, 426]


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({"Host": "evil.example"}, "--public-url"),
        ({"Origin": "http://evil.example"}, "pages of http://evil.example"),
        ({"Host": "[", "Origin": "x"}, "not a valid address"),
        ({"Content-Type": "application/ocsp-request"}, "send OCSP requests to /ocsp"),
    ],
)
async def test_page_or_foreign_name_is_rejected_on_the_port_for_stations(
    mock: Mock, headers: dict[str, str], detail: str
) -> None:
    csms, client = mock
    url = f"http://{csms.address}/files/uploads/page"
    answer = await client.put(url, content=b"page", headers=headers)

    assert detail in problem_detail(answer, 403, "forbidden")


async def test_ocsp_responder_is_served_on_the_port_for_stations(mock: Mock) -> None:
    csms, client = mock
    answer = await client.post(f"http://{csms.address}/ocsp", content=b"not a request")

    assert answer.headers["content-type"] == "application/ocsp-response"


async def test_station_may_have_a_url_below_files(mock: Mock, station_id: str) -> None:
    csms, _ = mock
    async with connected_to(f"ws://{csms.address}/files", station_id) as station:
        await station.boot()

    assert csms.stations[station_id].boots
