"""The list of stations."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final
from urllib.parse import quote

import httpx
from playwright.async_api import Locator, Page, expect

from mock_csms import MockCsms
from tests.browser.accessibility import accessibility_faults
from tests.browser.conftest import OpenPage, StartMock, StartStation
from tests.support.control import booted_raw, wait_for_entry
from tests.support.station import raw_connection

FLAT: Final = re.compile(r"^([\d.]+,2\.0 ?)+$")
"""Matches the points of a curve whose values are all equal: each point is at the top, where y is 2.0."""
MANY: Final = 120


def _row(page: Page, identity: str) -> Locator:
    link = page.get_by_role("link", name=identity, exact=True)
    return page.get_by_role("listitem").filter(has=link)


def _link(page: Page, identity: str) -> Locator:
    return page.get_by_role("link", name=identity, exact=True)


@asynccontextmanager
async def _many_stations(mock: MockCsms, count: int) -> AsyncIterator[None]:
    """Connect stations CS001, CS002, ... that send nothing."""
    async with AsyncExitStack() as stack:
        for number in range(1, count + 1):
            await stack.enter_async_context(raw_connection(mock.csms, f"CS{number:03}"))
        yield


async def test_first_station_appears_and_its_power_curve_grows(
    page: Page, start_station: StartStation
) -> None:
    await expect(page.get_by_text("No station has connected yet")).to_be_visible()

    station = await start_station("CS001")
    row = _row(page, "CS001")
    await expect(row).to_contain_text("Connected")
    await expect(row).to_contain_text("Accepted")
    await expect(row).to_contain_text("No security")
    await expect(row).to_contain_text("Mock Station")
    await expect(row.get_by_role("img", name="EVSE 2, connector 1: Available")).to_be_visible()
    await expect(row).to_contain_text("No transaction")

    station.do("plug-in evse=1 power=11000", "present AABBCCDD evse=1")
    await expect(row.get_by_role("img", name="EVSE 1, connector 1: Occupied, Charging")).to_be_visible()
    await expect(row.get_by_role("img", name="Power curve, 11.0 kW now")).to_be_visible()
    await expect(row.locator(".number").nth(1)).not_to_have_text("0 Wh")
    await expect(row.locator("polyline")).to_have_attribute("points", FLAT)
    station.do("pause evse=1")
    await expect(row.get_by_role("img", name="Power curve, 0 W now")).to_be_visible()
    await expect(row.locator("polyline")).not_to_have_attribute("points", FLAT)


async def test_empty_list_says_how_to_connect(start_mock: StartMock, open_page: OpenPage) -> None:
    mock = await start_mock()
    page = await open_page(f"{mock.control_url}/ui/#/stations")

    await expect(page.get_by_role("listitem").first).to_have_text(re.compile(re.escape(mock.url)))
    await expect(page.get_by_text(f"mock-csms station --to {mock.url}", exact=True)).to_be_visible()
    assert await accessibility_faults(page) == []


async def test_station_that_is_gone_is_last_known(page: Page, start_station: StartStation) -> None:
    station = await start_station("CS001")
    station.do("plug-in evse=1 power=11000", "present AABBCCDD evse=1")
    charging = page.get_by_role("button", name="Charging")
    await expect(charging).to_have_text("Charging 1")
    station.do("offline 9000")  # 90 s at 100 times the speed
    await expect(charging).to_have_text("Charging 0")
    await expect(_row(page, "CS001")).to_contain_text("last known")
    await expect(page.get_by_role("navigation", name="Views")).to_contain_text("0/1")


async def test_row_shows_findings_and_states_that_need_attention(
    api: httpx.AsyncClient, page: Page, start_station: StartStation
) -> None:
    station = await start_station("CS001", misbehave=["omit-time-zone"], connectors=2)
    row = _row(page, "CS001")
    errors = row.get_by_role("link", name=re.compile("^[0-9]+ errors?$"))
    await expect(errors).to_have_attribute("href", "#/findings?station=CS001&severity=error")

    station.do("plug-in evse=1", "present AABBCCDD evse=1", "fault evse=2 connector=2")
    await expect(row.get_by_role("img", name="EVSE 2, connector 2: Faulted")).to_be_visible()
    await expect(page.get_by_role("button", name="Faulted 1", exact=True)).to_be_visible()
    assert await accessibility_faults(page) == []

    await api.post("/v1/stations/CS001/offline", json={})
    await expect(row).to_contain_text("Not connected")
    await expect(row).to_contain_text("Refused")


async def test_search_filter_and_order_are_in_the_address(mock: MockCsms, page: Page) -> None:
    async with _many_stations(mock, 12):
        await page.get_by_label("Search stations").fill("cs01")
        await expect(page.get_by_role("listitem")).to_have_count(3)
        await page.get_by_role("button", name="Connected 12", exact=True).click()
        await page.get_by_label("Order").select_option("Sort by findings")
        await expect(page).to_have_url(re.compile(r"\?search=cs01&state=connected&sort=findings$"))

        await page.reload()
        await expect(page.get_by_role("listitem")).to_have_count(3)
        await expect(page.get_by_role("status").first).to_have_text("3 of 12")
        await page.get_by_role("button", name="Faulted 0").click()
        await page.get_by_role("button", name="Show all stations").click()
        await expect(page.get_by_role("listitem")).to_have_count(12)


async def test_keys_search_move_and_open(mock: MockCsms, page: Page) -> None:
    async with _many_stations(mock, 3):
        await expect(_link(page, "CS003")).to_be_visible()
        await page.keyboard.press("/")
        await expect(page.get_by_label("Search stations")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(_link(page, "CS001")).to_be_focused()
        await page.keyboard.press("j")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowDown")
        await expect(_link(page, "CS003")).to_be_focused()
        await page.keyboard.press("k")
        await expect(_link(page, "CS002")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile("#/stations/CS002$"))


async def test_scroll_and_focus_stay_while_stations_change(
    mock: MockCsms, api: httpx.AsyncClient, page: Page
) -> None:
    async with _many_stations(mock, MANY):
        await expect(page.get_by_role("status").first).to_have_text(str(MANY))
        await page.get_by_label("Order").select_option("Sort by last message")
        await page.keyboard.press("Tab")
        await _link(page, "CS001").focus()
        scroll = page.locator(".virtual-list")
        await scroll.evaluate("list => { list.scrollTop = 3000; }")
        await expect(_link(page, "CS055")).to_be_in_viewport()

        async with raw_connection(mock.csms, "A000") as first:
            await first.send(json.dumps([2, "1", "Heartbeat", {}]))
            await wait_for_entry(api, station="A000", action="Heartbeat")
            await expect(page.get_by_role("status").first).to_have_text(str(MANY + 1))
        assert await scroll.evaluate("list => list.scrollTop") == 3000
        await expect(_link(page, "CS001")).to_be_focused()
        await page.keyboard.press("j")
        await expect(_link(page, "CS002")).to_be_in_viewport()


async def test_connection_is_closed_after_confirmation(
    api: httpx.AsyncClient, mock: MockCsms, page: Page
) -> None:
    async with booted_raw(mock.csms, "CS001") as connection:
        await page.get_by_role("button", name="Close the connection of CS001").click()
        await page.get_by_role("button", name="Close the connection", exact=True).click()
        await connection.wait_closed()
        await wait_for_entry(api, station="CS001", type="disconnected")
    await expect(_row(page, "CS001")).to_contain_text("Not connected")


async def test_station_that_is_forgotten_disappears(mock: MockCsms, page: Page) -> None:
    async with booted_raw(mock.csms, "CS001"), raw_connection(mock.csms, "CS002"):
        await expect(_link(page, "CS002")).to_be_visible()
    await expect(_link(page, "CS002")).to_have_count(0)
    await expect(_row(page, "CS001")).to_contain_text("Not connected")


async def test_rows_lead_to_messages_and_commands(mock: MockCsms, page: Page) -> None:
    async with raw_connection(mock.csms, "CS001"):
        messages = page.get_by_role("link", name="Show the messages of CS001")
        await expect(messages).to_have_attribute("href", "#/messages?station=CS001")
        send = page.get_by_role("link", name="Send a command to CS001")
        await expect(send).to_have_attribute("href", "#/send?station=CS001")
        await _row(page, "CS001").get_by_text("No boot yet").click()
        await expect(page).to_have_url(re.compile("#/stations/CS001$"))


async def test_texts_of_stations_are_shown_as_text(mock: MockCsms, page: Page) -> None:
    hostile = '<img src=x onerror="alert(1)">\u202e'
    station = {"vendorName": hostile, "model": "<script>x</script>"}
    async with raw_connection(mock.csms, quote(hostile, safe="")) as connection:
        await connection.send(
            json.dumps([2, "1", "BootNotification", {"chargingStation": station, "reason": "PowerUp"}])
        )
        row = page.get_by_role("listitem").first
        escaped = hostile.replace("\u202e", "\\u202e")
        await expect(row.locator(".product")).to_have_text(f"{escaped} <script>x</script>")
        await expect(row.locator(".identity a")).to_have_text(escaped)


async def test_unknown_answer_to_a_boot_is_shown(start_mock: StartMock, open_page: OpenPage) -> None:
    answer = {"answer": {"status": "Perhaps"}}
    rule = {"when": {"action": "BootNotification"}, "then": answer, "validate": False}
    mock = await start_mock(rules=[rule])
    async with raw_connection(mock.csms, "CS001") as station:
        boot = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
        await station.send(json.dumps([2, "1", "BootNotification", boot]))
        await station.recv()
        page = await open_page(f"{mock.control_url}/ui/")
        await expect(_row(page, "CS001")).to_contain_text("Perhaps")
