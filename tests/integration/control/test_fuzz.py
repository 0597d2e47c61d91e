"""Generated requests to every route: never a failure, a traceback, or a station that is not answered."""

import asyncio
import random
import re
from typing import Any, Final

import httpx
import pytest
from ocpp.v201 import call

from tests.support.conformance import openapi_document
from tests.support.control import booted, driven
from tests.support.station import PATIENCE, Station

SEEDS: Final = range(4)
REQUESTS: Final = 150
MAX_HEARTBEAT_S: Final = 2.0
"""Maximum seconds until the answer to a Heartbeat: far more than it takes, far less than a stall."""

METHODS: Final = ["GET", "GET", "POST", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW"]
PATHS: Final = [
    "/", "/docs", "/docs/{}", "/openapi.json", "/files/uploads/", "/{}",
    *(re.sub(r"\{\w+\}", "{}", path) for path in openapi_document()["paths"]),
]  # fmt: skip
NAMES: Final = [
    "CS2", "*", "CS[2", "%2F", "%2e%2e%2f", "%00", "%0A", "%ff", "%F0%9F%94%8C", "a/b", "[", "x" * 60, "{}",
    "%", "x" * 5000, "firmware.bin", "%EF%B7%90s", "*" * 48,
]  # fmt: skip
QUERIES: Final = [
    "", "", "", "?station=*", "?station=%00", "?station=[", "?limit=10000", "?limit=-1", "?limit=1e9",
    "?since=0", "?since=99999999999999999999", "?within=0.01", "?within=nan", "?within=-1", "?code=1006",
    "?code=1000", "?reason=" + "%F0%9F%94%8C" * 60, "?abort=true", "?station=" + "*a" * 24, "?=&&=",
    "?profiles=true",
]  # fmt: skip
CONTENT_TYPES: Final = [
    "application/json", "", "text/plain", "multipart/form-data; boundary=b", "multipart/form-data; boundary=",
    "application/x-www-form-urlencoded", "\xff", "application/json; charset=utf-16", ";",
]  # fmt: skip
FRAGMENTS: Final[list[Any]] = [
    b"{", b"}", b"[", b"]", b'"', b"null", b"1e999", b"-", b"\xff", b"\x00", b'{"a":', b"--b\r\n", b"--b--",
    b'Content-Disposition: form-data; name="f"; filename="x"\r\n\r\n', b"\\ud800", b"NaN", b",",
]  # fmt: skip
BODIES: Final = [
    b"", b"{}", b"[]", b"null", b"1", b"[" * 3000, b'{"a":' * 1500, b"[" * 200 + b"]" * 200, b"\xff\xfe",
    b'{"action": "Reset", "timeout": 0.01}', b'{"action": "Reset", "payload": null, "timeout": 0.01}',
    b'{"action": "X", "payload": ' + b"[" * 90 + b"]" * 90 + b', "validate": false, "timeout": 0.01}',
    b'{"match": {"expression": "a.b[?c]"}, "since": 0, "within": 0.01}',
    b'{"match": {"expression": "' + b"!" * 3000 + b'"}, "within": 0}',
    b'{"match": {"expression": "' + b"(" * 3000 + b'"}, "within": 0}',
    b'{"match": {"expression": "' + b"a." * 3000 + b'a"}, "since": 0, "within": 0}',
    b'{"match": {"payload": {"a": [[[1]]]}}, "since": 0, "within": 0, "times": 10000}',
    b'{"match": {"station": "' + b"*?" * 100 + b'"}, "since": 0, "within": 0}',
    b'{"match": {}, "within": 1e400}', b'{"match": {}, "within": 0, "since": 1e30}',
    b'{"when": {"action": "Heartbeat", "expression": "@"}, "then": {"answer": {"a": "{{ now }}"}}}',
    b'{"when": {"action": "Reset"}, "then": {"fault": {"kind": "delay", "seconds": 1e300}}}',
    b'{"heartbeatInterval": -1}', b'{"faults": [1]}', b'{"status": "Blocked"}', b'{"status": 1}',
    b'{"station": "CS1", "action": "Heartbeat", "payload": {}}',
    b"[" + b"{}," * 100_000 + b"{}]", b"x" * 1_100_000, b"--b\r\n" * 20_000, b"--b\r\n\r\n" * 20_000,
    b'--b\r\nContent-Disposition: form-data; name="f"; filename="../x"\r\n\r\ntext\r\n--b--\r\n',
]  # fmt: skip


def body_of(rng: random.Random) -> bytes:
    """A body that is known to be difficult, or random fragments."""
    if rng.random() < 0.7:
        return rng.choice(BODIES)
    return b"".join(rng.choice(FRAGMENTS) for _ in range(rng.randrange(1, 40)))


async def send_random_request(client: httpx.AsyncClient, rng: random.Random) -> httpx.Response:
    """Send a random request and return the answer."""
    path = rng.choice(PATHS).replace("{}", rng.choice(NAMES)) + rng.choice(QUERIES)
    if "/events" in path:
        path = "/v1/events?within=0.01"
    headers = {b"Content-Type": rng.choice(CONTENT_TYPES).encode("latin-1")}
    url = client.base_url.copy_with(raw_path=path.encode())
    request = client.build_request(rng.choice(METHODS), url, content=body_of(rng), headers=headers)
    return await client.send(request)


async def beat_until(done: asyncio.Event, station: Station) -> None:
    """Send Heartbeats until ``done`` is set; each must be answered within `MAX_HEARTBEAT_S`."""
    while not done.is_set():
        async with asyncio.timeout(MAX_HEARTBEAT_S):
            await station.send(call.Heartbeat())


@pytest.mark.parametrize("seed", SEEDS)
async def test_no_request_causes_a_failure_or_a_stall(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    rng = random.Random(seed)
    async with (
        driven(max_upload=500_000) as (csms, client),
        booted(csms, "CS1") as station,
        booted(csms, "CS2"),
    ):
        done = asyncio.Event()
        beating = asyncio.create_task(beat_until(done, station))
        for _ in range(REQUESTS):
            async with asyncio.timeout(PATIENCE):
                answer = await send_random_request(client, rng)
            request = answer.request
            assert answer.status_code < 500 or answer.status_code == 507, (
                request.method,
                request.url,
                answer.text,
            )
        done.set()
        await beating
    failures = [record.getMessage() for record in caplog.records if record.exc_info]
    assert failures == []
