"""HTTP requests for files on a port for stations, which the server tells from opening handshakes."""

import asyncio
from collections import Counter

import httpx
import pytest

from mock_csms.transport.file_requests import asks_for_file, request_lines
from mock_csms.transport.handshake import MAX_REQUEST_SIZE
from mock_csms.transport.turns import TURNS_PER_ITERATION
from tests.conftest import Serve
from tests.support.loops import on_both_loops
from tests.support.station import connected

HEAD = b"GET /files/firmware.bin HTTP/1.1\r\nHost: 127.0.0.1:9000\r\n"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"G", None),
        (b"PUT /fi", None),
        (HEAD, None),
        (HEAD + b"\r\n", True),
        (b"PUT /files/uploads/log HTTP/1.1\r\nContent-Length: 3\r\n\r\nlog", True),
        (b"POST /ocsp HTTP/1.1\r\n\r\n", True),
        (b"GET /CS1 HTTP/1.1\r\n", False),
        (b"PUT /CS1", False),
        (b"\x16\x03\x01", False),
        (HEAD + b"upgrade: websocket\r\n\r\n", False),
        (HEAD + b"\r\nUpgrade: in the body", True),
        (HEAD + b"X: " + b"x" * MAX_REQUEST_SIZE, False),
    ],
)
def test_request_for_a_file_is_told_from_a_handshake(head: bytes, expected: bool | None) -> None:
    assert asks_for_file(head, request_lines()) is expected


def test_path_of_a_proxy_may_precede_the_path_of_a_file() -> None:
    lines = request_lines("/ocpp")

    assert asks_for_file(b"GET /ocpp/files/a HTTP/1.1\r\n\r\n", lines) is True
    assert asks_for_file(b"GET /files/a HTTP/1.1\r\n\r\n", lines) is True
    assert asks_for_file(b"GET /other/files/a HTTP/1.1\r\n\r\n", lines) is False


@on_both_loops
async def test_request_before_the_start_of_the_http_server_waits_for_it(serve: Serve) -> None:
    csms = await serve()
    taken: asyncio.Queue[bytes] = asyncio.Queue()

    class Protocol(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            taken.put_nowait(data)

    _, writer = await asyncio.open_connection(*csms.address.split(":"))
    for part in (b"GET /fi", b"les/a HTTP/1.1\r\n", b"\r\n"):
        writer.write(part)
        await writer.drain()
    async with connected(csms):  # its handshake comes later, so the request has arrived
        assert taken.empty()
    assert csms.file_requests is not None
    csms.file_requests.open(Protocol)
    assert await taken.get() == b"GET /files/a HTTP/1.1\r\n\r\n"
    writer.write(b"more")
    assert await taken.get() == b"more"
    writer.close()
    await writer.wait_closed()


async def test_http_server_may_pause_reading_at_a_request_that_has_waited_for_it(serve: Serve) -> None:
    csms = await serve()
    served: list[asyncio.Transport] = []

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            served.append(transport)

        def data_received(self, data: bytes) -> None:
            served[0].pause_reading()

    _, writer = await asyncio.open_connection(*csms.address.split(":"))
    writer.write(b"GET /files/a HTTP/1.1\r\n\r\n")
    async with connected(csms):  # its handshake comes later, so the request has arrived
        assert csms.file_requests is not None
        csms.file_requests.open(Protocol)
        await asyncio.sleep(0)
    assert not served[0].is_reading()
    writer.close()
    await writer.wait_closed()


async def test_few_requests_are_handed_over_in_each_iteration_of_the_loop(serve: Serve) -> None:
    csms = await serve()
    served: list[int] = []
    iterations = 0

    class Protocol(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            served.append(iterations)

    writers = [(await asyncio.open_connection(*csms.address.split(":")))[1] for _ in range(20)]
    for writer in writers:
        writer.write(b"GET /files/a HTTP/1.1\r\n\r\n")
    async with connected(csms):  # its handshake comes later, so the requests have arrived
        assert csms.file_requests is not None
        csms.file_requests.open(Protocol)
        while len(served) < len(writers):
            await asyncio.sleep(0)
            iterations += 1
    assert max(Counter(served).values()) == TURNS_PER_ITERATION
    for writer in writers:
        writer.close()
        await writer.wait_closed()


async def test_without_a_control_api_a_request_for_a_file_is_refused(serve: Serve) -> None:
    csms = await serve(no_control=True)
    async with httpx.AsyncClient(trust_env=False) as web:
        answer = await web.get(f"http://{csms.address}/files/firmware.bin")

    assert answer.status_code == 426
