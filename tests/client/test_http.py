"""The client against a server that is not a mock, or that refuses or breaks the stream of events."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

import pytest

from mock_csms.client import ApiError, AsyncClient, StreamLost
from tests.support.control import patiently

type Answer = Callable[[str], bytes]

BODIES: Final = {
    "/v1/listeners": "[]",
    "/v1/actions": "[]",
    "/v1/journal": '{"last": 4, "entries": []}',
}
EVENTS: Final = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: following\nid: 4\n\n"


def response(status: str, body: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def answer_of_a_mock(path: str, *, events: bytes) -> bytes:
    """Return a mock's answer to a path that a connecting client requests, and ``events`` for other paths."""
    return response("200 OK", BODIES[path]) if path in BODIES else events


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[str]:
    """Run an HTTP server that sends ``answer(path)`` for each request; yield its URL."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                writer.write(answer(head.decode().split(" ")[1].partition("?")[0]))
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("body", ["<h1>Not found</h1>", "[]"])
async def test_server_that_is_not_a_mock_is_named(body: str) -> None:
    async with serving(lambda _: response("404 Not Found", body)) as url:
        with pytest.raises(
            ApiError,
            match=r"no control API at http://.*/v1/listeners: Not Found; give the URL of the control",
        ):
            async with AsyncClient(url):
                pass


@pytest.mark.parametrize("event", ["data: not JSON", "data: {}"])
async def test_event_that_cannot_be_read_ends_the_stream(event: str) -> None:
    events = f"{EVENTS}event: entry\n{event}\n\n".encode()
    async with serving(partial(answer_of_a_mock, events=events)) as url, AsyncClient(url) as client:
        with pytest.raises(StreamLost, match="the server sent an event that cannot be read"):
            await patiently(client.station("CS1").waits_for("Heartbeat"))


async def test_stream_that_is_refused_is_named() -> None:
    refusal = response("403 Forbidden", '{"type": "urn:x", "detail": "no streams here"}')
    async with serving(partial(answer_of_a_mock, events=refusal)) as url:
        with pytest.raises(StreamLost, match="no streams here"):
            async with AsyncClient(url):
                pass


async def test_busy_server_is_asked_again() -> None:
    answers = [response("503 Service Unavailable", '{"detail": "too many streams"}'), EVENTS.encode()]

    def answer(path: str) -> bytes:
        return answer_of_a_mock(path, events=b"" if path in BODIES else answers.pop(0))

    async with serving(answer) as url, AsyncClient(url) as client:
        assert client.station("CS1").cursor == 4
    assert answers == []
