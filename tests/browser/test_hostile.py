"""Texts from a station that would change the page if the page showed them as anything but text."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import quote

import httpx
from playwright.async_api import Page
from websockets.asyncio.client import ClientConnection

from mock_csms import MockCsms
from tests.browser.accessibility import sideways_faults
from tests.browser.conftest import OpenPage
from tests.support.control import journal_entries
from tests.support.station import PATIENCE, raw_connection, receive

OVERRIDE: Final = "\u202e"
"""Right-to-left override: it would reverse the text after it."""
ESCAPED: Final = "\\u202e"
IDENTITY: Final = f"<script>alert(1)</script>{OVERRIDE}/'\"&amp;${{x}}"
MARKUP: Final = "<img src=x onerror=alert(2)>"
MARKED_UP: Final = "[onerror], #app script"
LONG: Final = f"<script>alert(3)</script>{OVERRIDE}" + "W" * 10_000
STATION: Final = quote(IDENTITY, safe="")
FRAMES: Final = 6
"""Frames that the station sends."""
SETTLE: Final = """async (entries) => {
  const live = await import("/ui/live.js");
  while (live.stations.value.size === 0 || live.record.entries.length < entries) {
    await new Promise(requestAnimationFrame);
  }
  for (let frame = 0; frame < 30; frame += 1) await new Promise(requestAnimationFrame);
}"""
VIEWS: Final = {
    "list of stations": "stations",
    "station": f"stations/{STATION}",
    "transactions": f"stations/{STATION}?tab=transactions",
    "messages": "messages",
    "message": "messages?entry={entry}",
    "messages of the station": f"messages?station={STATION}",
    "form": f"send?station={STATION}&action=Reset",
    "rules": "behave/rules",
    "profile": f"behave/profile?station={STATION}",
    "findings": "findings",
    "findings of the station": f"findings?station={STATION}",
    "overview": "overview",
}


NAMES_THE_STATION: Final = {"list of stations", "station", "messages"}


@asynccontextmanager
async def hostile_station(mock: MockCsms) -> AsyncIterator[ClientConnection]:
    """A station whose identity and messages are full of markup, direction marks and long texts."""
    product = {"model": MARKUP[:20], "vendorName": MARKUP, "serialNumber": f"{OVERRIDE}1"}
    frames = [
        [2, "boot", "BootNotification", {"reason": "PowerUp", "chargingStation": product}],
        [2, f"{MARKUP}{OVERRIDE}", "DataTransfer", {"vendorId": MARKUP, "data": LONG}],
        [2, "long", "DataTransfer", {"vendorId": "V", "data": {LONG: [LONG, {MARKUP: LONG}]}}],
        [2, "unknown", f"{MARKUP}{OVERRIDE}", {MARKUP: MARKUP}],
        [2, "broken", "Authorize", {"idToken": {"idToken": LONG, "type": MARKUP}, MARKUP: 1}],
        [2, "event", "TransactionEvent", transaction_event()],
    ]
    async with raw_connection(mock.csms, STATION) as connection:
        for frame in frames:
            await connection.send(json.dumps(frame))
            await receive(connection)
        yield connection


def transaction_event() -> dict[str, object]:
    return {
        "eventType": "Started",
        "timestamp": "2026-01-01T00:00:00Z",
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {"transactionId": f"{MARKUP}{OVERRIDE}"[:36]},
        "evse": {"id": 1, "connectorId": 1},
        "idToken": {"idToken": f"{MARKUP}{OVERRIDE}", "type": "ISO14443"},
    }


async def test_texts_of_a_station_stay_text(
    mock: MockCsms, api: httpx.AsyncClient, open_page: OpenPage
) -> None:
    dialogs: list[str] = []
    faults: dict[str, list[str]] = {}
    async with hostile_station(mock):
        (entry,) = await journal_entries(api, action="DataTransfer", limit=1)
        page = await open_page(f"{mock.control_url}/ui/", width=360)
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        for name, view in VIEWS.items():
            await page.goto(f"{mock.control_url}/ui/#/{view.format(entry=entry['number'])}")
            await settle(page)
            if found := [fault async for fault in interpreted(page, name)]:
                faults[name] = found

    assert (faults, dialogs) == ({}, [])


async def interpreted(page: Page, name: str) -> AsyncIterator[str]:
    """Yield each fault of the page: it scrolls sideways, or does not show a station's text as plain text."""
    text = await page.locator("body").inner_text()
    if OVERRIDE in text:
        yield "a mark that changes the direction of text"
    if await page.locator(MARKED_UP).count():
        yield "markup"
    if name in NAMES_THE_STATION and f"<script>alert(1)</script>{ESCAPED}" not in text:
        yield "the identity is not shown"
    for fault in await sideways_faults(page):
        yield fault


async def settle(page: Page) -> None:
    """Wait until the page has all entries and stations, and has had time to show them."""
    async with asyncio.timeout(PATIENCE):
        await page.evaluate(SETTLE, 2 * FRAMES)
