"""The connection of the page to the server: lost, found again, and a server that was restarted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import httpx
from playwright.async_api import Page, expect

from mock_csms import MockCsms, Settings
from server import VERSIONS
from tests.browser.conftest import OpenPage, StartStation
from tests.browser.stations import box_station
from tests.support.control import wait_for_entry
from tests.support.station import PATIENCE
from tests.support.tcp_proxy import proxy_before

ENTRIES: Final = """async () => {
  const { record } = await import("/ui/live.js");
  return record.entries.map(({ number, station }) => [number, station]);
}"""
WAIT_FOR_ENTRY: Final = """async (number) => {
  const live = await import("/ui/live.js");
  while (!live.record.entry(number)) await new Promise(requestAnimationFrame);
}"""


@asynccontextmanager
async def serving(control: str = "127.0.0.1:0") -> AsyncIterator[MockCsms]:
    async with MockCsms(Settings(port=0, control=control), VERSIONS) as mock:
        yield mock


async def entries_of(page: Page) -> list[tuple[int, str]]:
    """Number and station of each journal entry that the page has received."""
    entries: list[tuple[int, str]] = await page.evaluate(ENTRIES)
    return [(number, station) for number, station in entries]


async def wait_until_recorded(page: Page, number: int) -> None:
    async with asyncio.timeout(PATIENCE):
        await page.evaluate(WAIT_FOR_ENTRY, number)


async def test_lost_connection_is_shown_and_recovers_without_a_gap(
    mock: MockCsms, api: httpx.AsyncClient, start_station: StartStation, open_page: OpenPage
) -> None:
    station = await start_station()
    async with proxy_before(mock.control_url) as proxy:
        page = await open_page(f"{proxy.url}/ui/")
        await expect(page.locator(".link-state")).to_have_text("Live")
        proxy.is_open = False
        proxy.cut()
        await expect(page.get_by_role("alert")).to_contain_text("No connection")
        await expect(page.locator(".link-state")).to_have_text("Connection lost")

        station.do("plug-in evse=1", "present AABBCCDD evse=1")
        missed = await wait_for_entry(api, action="TransactionEvent", payload={"eventType": "Started"})
        proxy.is_open = True
        await expect(page.locator(".link-state")).to_have_text("Live")
        await expect(page.get_by_role("alert")).to_have_count(0)
        await wait_until_recorded(page, missed["number"] + 1)

        numbers = [number for number, _ in await entries_of(page)]
        assert numbers == list(range(1, numbers[-1] + 1))


async def test_page_begins_anew_after_a_restart_of_the_server(open_page: OpenPage) -> None:
    async with serving() as first, box_station(first.url, "BEFORE"):
        page = await open_page(f"{first.control_url}/ui/")
        await wait_until_recorded(page, 1)
        assert {station for _, station in await entries_of(page)} == {"BEFORE"}
    await expect(page.locator(".link-state")).to_have_text("Connection lost")

    async with serving(urlsplit(first.control_url).netloc) as second, box_station(second.url, "AFTER"):
        await expect(page.locator(".link-state")).to_have_text("Live")
        await wait_until_recorded(page, 1)
        assert {station for _, station in await entries_of(page)} == {"AFTER"}
