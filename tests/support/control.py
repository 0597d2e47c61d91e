"""A server in this process with its control API, a client for it, and requests that tests share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import httpx
from ocpp.v201 import call
from websockets.asyncio.client import ClientConnection

from mock_csms.control.serving import controlled
from mock_csms.csms import Csms
from mock_csms.mock import listening, recording
from mock_csms.settings import Settings
from server import VERSIONS
from tests.support.conformance import check_answer, openapi_document
from tests.support.station import ID_TOKEN, PATIENCE, Station, connected, raw_connection, receive

type Mock = tuple[Csms, httpx.AsyncClient]

TOKEN: Final = "open-sesame"
BOOT: Final = (
    '[2,"boot","BootNotification",{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]'
)


@asynccontextmanager
async def driven(**settings: Any) -> AsyncIterator[Mock]:
    """Serve stations and the control API on free ports; yield the `Csms` and a client of the control API."""
    csms = Csms(Settings.model_validate({"port": 0, **settings}), VERSIONS)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(listening(csms))
        await stack.enter_async_context(recording(csms))
        await stack.enter_async_context(controlled(csms))
        yield csms, await stack.enter_async_context(client_of(csms.control))


def client_of(url: str) -> httpx.AsyncClient:
    """Make a client that bypasses proxies, and validates all answers against the OpenAPI document."""
    openapi_document()  # made before the first request, which may be timed
    return httpx.AsyncClient(
        base_url=url,
        timeout=PATIENCE,
        trust_env=False,
        verify=False,
        event_hooks={"response": [check_answer]},
    )


@asynccontextmanager
async def booted(csms: Csms, station_id: str = "CS1") -> AsyncIterator[Station]:
    """Connect a station, and yield it after its boot."""
    async with connected(csms, station_id) as station:
        await station.boot()
        yield station


@asynccontextmanager
async def booted_raw(csms: Csms, station_id: str = "CS1") -> AsyncIterator[ClientConnection]:
    """Connect a raw WebSocket, and yield it after its boot; it answers no command by itself."""
    async with raw_connection(csms, station_id) as connection:
        await connection.send(BOOT)
        await receive(connection)
        yield connection


async def authorize(station: Station) -> Any:
    """Send an Authorize and return the status of the idToken."""
    return (await station.send(call.Authorize(id_token=ID_TOKEN))).id_token_info["status"]


def problem_detail(answer: httpx.Response, status: int, kind: str) -> str:
    """Assert that an answer is a problem of this kind, and return its detail."""
    assert answer.headers["content-type"] == "application/problem+json"
    members: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= set(members)
    assert (answer.status_code, members["status"]) == (status, status)
    assert members["type"] == f"urn:ocpp2-mock-server:{kind}"
    return str(members["detail"])


async def send_command(
    client: httpx.AsyncClient, station_id: str, action: str, **members: Any
) -> httpx.Response:
    """Ask the mock to send a command; ``members`` are further members of the request."""
    return await client.post(f"/v1/stations/{station_id}/calls", json={"action": action, **members})


async def wait_for_entry(client: httpx.AsyncClient, **match: Any) -> Any:
    """Wait for a matching entry of the journal, past or future, and return it."""
    answer = await client.post("/v1/wait", json={"match": match, "since": 0, "within": PATIENCE})
    assert answer.status_code == 200, answer.text
    return answer.json()["entries"][0]


async def journal_entries(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    """Return the journal entries that match a query."""
    answer = await client.get("/v1/journal", params=query)
    assert answer.status_code == 200
    entries: list[dict[str, Any]] = answer.json()["entries"]
    return entries


async def patiently[Result](awaitable: Awaitable[Result]) -> Result:
    """Await with a time-out of ``PATIENCE`` seconds."""
    async with asyncio.timeout(PATIENCE):
        return await awaitable
