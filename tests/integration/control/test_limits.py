"""Limits of requests, and requests that end because the client hangs up or the server stops."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest
from ocpp.v201 import call

from mock_csms.control import app, events, limits, wait
from mock_csms.control.models.waits import MAX_MATCH_VALUES
from mock_csms.csms import Csms
from mock_csms.private_api import uvicorn
from tests.support.control import (
    booted,
    booted_raw,
    client_of,
    driven,
    patiently,
    problem_detail,
    send_command,
)
from tests.support.station import PATIENCE, receive

WAIT = {"match": {"action": "Never", "type": "call"}, "within": 600}


async def condition(holds: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    while not holds():  # noqa: ASYNC110 - no event is set when it begins to hold
        await asyncio.sleep(0)


def is_watched(csms: Csms) -> bool:
    """Whether anything listens to the journal."""
    return bool(csms.records.journal._listeners)


def requests_to(csms: Csms) -> int:
    """Number of commands to CS1 that are pending or queued."""
    session = csms.sessions["CS1"]
    return (session.pending is not None) + len(session._turn._waiters or ())


@asynccontextmanager
async def half_request(url: str, head: str) -> AsyncIterator[asyncio.StreamReader]:
    """Open a connection, send the beginning of a request, and yield the reader."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
    writer.write(head.encode())
    try:
        yield reader
    finally:
        writer.close()


# Bodies


@pytest.mark.parametrize("has_length", [True, False])
async def test_too_large_body_is_413(has_length: bool) -> None:
    body = b'{"match": {}, "within": 0, "x": "' + b"x" * limits.MAX_BODY + b'"}'

    async def chunks() -> AsyncIterator[bytes]:
        yield body

    async with driven() as (_, client):
        answer = await client.post("/v1/wait", content=body if has_length else chunks())
        assert str(limits.MAX_BODY) in problem_detail(answer, 413, "body-too-large")
        assert (await client.get("/health")).status_code == 200


async def test_body_with_a_declared_size_of_20_digits_is_413_at_once() -> None:
    head = f"POST /v1/wait HTTP/1.1\r\nHost: localhost\r\nContent-Length: {10**19}\r\n\r\n"
    async with driven() as (csms, _), half_request(csms.control, head) as reader:
        assert b" 413 " in await patiently(reader.readline())


async def test_match_with_too_many_values_is_422() -> None:
    async with driven() as (_, client):
        match = {"payload": {"list": list(range(MAX_MATCH_VALUES + 1))}}
        answer = await client.post("/v1/wait", json={"match": match, "within": 0})
        assert "1000 values" in problem_detail(answer, 422, "invalid-request")


async def test_half_head_is_dropped_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn, "HEAD_TIMEOUT_S", 0.05)
    async with driven() as (csms, _), half_request(csms.control, "GET /health HTTP/1.1\r\nHo") as reader:
        assert await patiently(reader.read()) == b""


@pytest.mark.parametrize("path", ["/v1/wait", "/files/uploads/log"])
async def test_half_body_is_answered_with_408_at_its_deadline(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(limits, "BODY_TIMEOUT_S", 0.05)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{{"
    async with driven() as (csms, client), half_request(csms.control, head) as reader:
        assert await patiently(reader.readline()) == b"HTTP/1.1 408 Request Timeout\r\n"
        assert (await client.get("/files/uploads")).json() == []


# Numbers


async def test_waits_and_event_streams_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "MAX_WAITS", 0)
    monkeypatch.setattr(events, "MAX_FOLLOWERS", 0)
    async with driven() as (_, client):
        problem_detail(await client.post("/v1/wait", json=WAIT), 503, "too-many-waits")
        problem_detail(await client.get("/v1/events"), 503, "too-many-streams")


async def test_requests_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_REQUESTS", 0)
    async with driven() as (_, client):
        problem_detail(await client.get("/health"), 503, "too-many-requests")


@pytest.mark.parametrize("port", ["control", "stations"])
async def test_slow_downloads_are_limited_and_leave_room_for_the_control_api(
    monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    monkeypatch.setattr(limits, "MAX_TRANSFERS", 3)
    async with driven() as (csms, client), AsyncExitStack() as transfers:
        url = f"{csms.control if port == 'control' else f'http://{csms.address}'}/files/firmware.bin"
        for _ in range(3):
            slow = await transfers.enter_async_context(client.stream("GET", f"{url}?seconds=600"))
            assert slow.status_code == 200
        refused = await asyncio.gather(*(client.get(url) for _ in range(5)))
        for answer in refused:
            assert "at most 3 downloads" in problem_detail(answer, 503, "too-many-requests")
            assert answer.headers["retry-after"] == "1"
        assert (await client.get("/health")).status_code == 200
        await transfers.aclose()
        await patiently(served(client, url))


async def served(client: httpx.AsyncClient, url: str) -> None:
    """Request a file again and again until the status is 200."""
    while (await client.get(url)).status_code != 200:
        pass


async def test_quick_downloads_at_once_are_all_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_TRANSFERS", 30)
    async with driven() as (csms, client):
        url = f"http://{csms.address}/files/firmware.bin"
        answers = await asyncio.gather(*(client.get(url) for _ in range(60)))
        assert {answer.status_code for answer in answers} == {200}


# A client that hangs up


async def test_queued_command_is_not_sent_after_its_client_has_hung_up() -> None:
    async with driven() as (csms, client), booted_raw(csms) as connection:
        first = asyncio.create_task(send_command(client, "CS1", "ClearCache"))
        _, message_id, *_ = await receive(connection)
        async with client_of(csms.control) as other:
            queued = asyncio.create_task(send_command(other, "CS1", "Reset"))
            await patiently(condition(lambda: requests_to(csms) == 2))
            queued.cancel()
        await patiently(condition(lambda: requests_to(csms) == 1))
        await connection.send(json.dumps([3, message_id, {"status": "Accepted"}]))
        assert (await first).json()["outcome"] == "result"
        last = asyncio.create_task(send_command(client, "CS1", "GetLocalListVersion"))
        _, message_id, action, _ = await receive(connection)
        await connection.send(json.dumps([3, message_id, {"versionNumber": 1}]))
        assert action == "GetLocalListVersion"
        assert (await last).json()["outcome"] == "result"


async def test_wait_and_event_stream_end_when_their_client_hangs_up() -> None:
    async with driven() as (csms, _):
        async with client_of(csms.control) as client, client.stream("GET", "/v1/events"):
            waiting = asyncio.create_task(client.post("/v1/wait", json=WAIT))
            await patiently(condition(lambda: csms.records.feed.subscribers == 1 and is_watched(csms)))
            waiting.cancel()
        await patiently(condition(lambda: csms.records.feed.subscribers == 0 and not is_watched(csms)))


async def test_client_that_hangs_up_during_an_upload_leaves_no_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    head = "PUT /files/uploads/log HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx"
    async with driven() as (csms, client):
        async with half_request(csms.control, head):
            await asyncio.sleep(0)
        assert (await client.get("/files/uploads")).json() == []
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


# A server that stops


async def test_open_requests_end_cleanly_when_the_server_stops(caplog: pytest.LogCaptureFixture) -> None:
    running = driven()
    async with asyncio.timeout(PATIENCE):
        csms, _ = await running.__aenter__()
        client = client_of(csms.control)
        async with booted_raw(csms) as connection:
            waiting = asyncio.create_task(client.post("/v1/wait", json=WAIT))
            calling = asyncio.create_task(send_command(client, "CS1", "ClearCache"))
            following = asyncio.create_task(client.get("/v1/events"))
            await receive(connection)
            await condition(lambda: csms.records.feed.subscribers == 1 and is_watched(csms))
            await running.__aexit__(None, None, None)
        problem_detail(await waiting, 503, "stopping")
        problem_detail(await calling, 503, "stopping")
        assert ": following" in (await following).text
    await client.aclose()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_client_that_does_not_read_does_not_delay_the_stop(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "SHUTDOWN_S", 0.2)
    head = "GET /files/uploads/large HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with asyncio.timeout(PATIENCE), driven() as (csms, client):
        await client.put("/files/uploads/large", content=b"x" * 50_000_000)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(csms.control.rsplit(":", 1)[1]))
        writer.write(head.encode())
        await reader.read(1)
    writer.close()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


# Stations while the API works


async def test_station_is_answered_while_a_full_journal_is_searched() -> None:
    async with driven() as (csms, client), booted(csms) as station:
        for _ in range(20_000):
            csms.records.journal.note(
                "CS2", 1, "received", "call", "Heartbeat", "7", raw=b'[2,"7","Heartbeat",{}]'
            )
        request = {
            "match": {"station": "CS2", "expression": "length(keys(@)) > `5`"},
            "since": 0,
            "within": 0,
        }
        searching = asyncio.create_task(client.post("/v1/wait", json=request))
        listing = asyncio.create_task(client.get("/v1/journal", params={"limit": 10_000}))
        answered = 0
        while not (searching.done() and listing.done()):
            await station.send(call.Heartbeat())
            answered += 1
        assert answered > 3
        assert len((await listing).json()["entries"]) == 10_000
        problem_detail(await searching, 408, "wait-timeout")
