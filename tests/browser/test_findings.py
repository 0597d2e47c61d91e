"""The view "Findings"."""

import json
import re
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.async_api import Locator, Page, expect

from mock_csms import MockCsms
from tests.browser.accessibility import accessibility_faults
from tests.browser.conftest import OpenPage, StartMock, StartStation
from tests.support.control import booted_raw, wait_for_entry

MISTAKE: Final = "omit-time-zone"
KIND: Final = "timestamp-invalid"


async def _open(mock: MockCsms, open_page: OpenPage, rest: str = "") -> Page:
    return await open_page(f"{mock.control_url}/ui/#/findings{rest}")


def _group(page: Page, name: str) -> Locator:
    """The button that opens a group of findings."""
    return page.locator(".finding-head").filter(has_text=name)


async def test_finding_leads_to_its_frame(
    mock: MockCsms, start_station: StartStation, open_page: OpenPage
) -> None:
    page = await _open(mock, open_page)
    await expect(page.get_by_text("no station has connected yet")).to_be_visible()

    await start_station("CS001", misbehave=[MISTAKE])
    await _group(page, KIND).click()
    row = page.locator(".finding").first
    await expect(row).to_contain_text("has no zone; use an RFC 3339 date-time with a zone")
    await row.get_by_role("button", name="Show frame").click()
    await expect(row.get_by_role("group", name="as JSON")).to_contain_text('"StatusNotification"')
    await row.get_by_role("link", name=re.compile(r"^Frame \d+$")).first.click()
    await expect(page).to_have_url(re.compile(r"#/messages\?entry=\d+$"))


async def test_kind_is_silenced_and_reported_again(
    mock: MockCsms, api: httpx.AsyncClient, start_station: StartStation, open_page: OpenPage
) -> None:
    await start_station("CS001", misbehave=[MISTAKE])
    page = await _open(mock, open_page, f"?id={KIND}")

    await page.get_by_role("button", name=f"Silence {KIND}").click()
    await expect(_group(page, KIND)).to_contain_text("silenced")
    assert KIND in await _silenced(api)

    await page.get_by_role("tab", name="All kinds").click()
    await page.get_by_role("searchbox").fill("RFC 3339")
    await expect(page.locator(".kind")).to_have_count(1)
    await page.get_by_role("button", name=f"Report {KIND}").click()
    await expect(page.locator(".kind")).not_to_contain_text("silenced")
    assert KIND not in await _silenced(api)


async def test_silenced_hints_are_reported_together(
    mock: MockCsms, api: httpx.AsyncClient, start_station: StartStation, open_page: OpenPage
) -> None:
    await start_station("CS001", misbehave=[MISTAKE])
    page = await _open(mock, open_page, "?severity=hint")
    await page.get_by_role("link", name="Report them").click()
    await page.get_by_role("button", name=re.compile(r"Report all \d+ silenced")).click()
    await expect(page.get_by_text("0 of them silenced")).to_be_visible()
    assert await _silenced(api) == []


async def _silenced(api: httpx.AsyncClient) -> list[str]:
    kinds = (await api.get("/v1/findings/kinds")).json()
    return [kind["id"] for kind in kinds if kind["silenced"]]


async def test_filters_are_kept_in_the_address(
    mock: MockCsms, start_station: StartStation, open_page: OpenPage
) -> None:
    await start_station("CS1", misbehave=[MISTAKE])
    await start_station("CS10", misbehave=[MISTAKE])
    await start_station("CS2")
    page = await _open(mock, open_page, "?station=CS1")
    await expect(_group(page, KIND)).to_contain_text("CS1")

    await page.get_by_role("combobox", name="Station").fill("CS")
    await expect(_group(page, KIND)).to_contain_text("2 stations")
    await page.get_by_role("tab", name="By station").click()
    await page.get_by_role("button", name="Hints").click()
    await expect(page).to_have_url(re.compile(r"#/findings\?station=CS&tab=stations&severity=hint$"))
    await page.get_by_role("button", name="Clear the filters").click()
    await expect(page.locator(".finding-head")).to_have_count(2)

    await page.get_by_role("combobox", name="Station").fill("CS2")
    await expect(page.get_by_text("No findings about CS2")).to_be_visible()


async def test_groups_are_opened_by_keys(
    mock: MockCsms, start_station: StartStation, open_page: OpenPage
) -> None:
    await start_station("CS001", misbehave=[MISTAKE, "report-connector-zero"])
    page = await _open(mock, open_page)
    await expect(page.locator(".finding-head")).to_have_count(2)
    await page.keyboard.press("j")
    await page.keyboard.press("ArrowDown")
    await expect(_group(page, "connector-id-invalid")).to_be_focused()
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await expect(page.locator(".finding").first).to_contain_text("has no zone")
    await page.keyboard.press("/")
    await expect(page.get_by_role("searchbox")).to_be_focused()


async def test_findings_are_saved_as_json(
    mock: MockCsms, api: httpx.AsyncClient, start_station: StartStation, open_page: OpenPage
) -> None:
    await start_station("CS001", misbehave=[MISTAKE])
    page = await _open(mock, open_page, "?text=zone")
    async with page.expect_download() as download:
        await page.get_by_role("button", name="as JSON").click()
    path = await (await download.value).path()

    assert _json(path) == (await api.get("/v1/findings")).json()


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


async def test_report_of_a_kind_is_copied_with_its_frames(
    mock: MockCsms, start_station: StartStation, open_page: OpenPage
) -> None:
    await start_station("CS001", misbehave=[MISTAKE])
    page = await _open(mock, open_page, f"?id={KIND}")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Copy as Markdown").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()

    copied: str = await page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"### {KIND} (error)\n")
    assert '"StatusNotification",' in copied


async def test_frame_that_the_page_does_not_have_is_fetched(
    mock: MockCsms, start_station: StartStation, open_page: OpenPage
) -> None:
    await start_station("CS001", misbehave=[MISTAKE])
    page = await _open(mock, open_page, f"?id={KIND}")
    row = page.locator(".finding").first
    await expect(row).to_be_visible()
    await page.evaluate("import('./live.js').then(({ record }) => { record.entry = () => undefined; })")
    await row.get_by_role("button", name="Show frame").click()
    await expect(row.get_by_role("group", name="as JSON")).to_contain_text('"StatusNotification"')


async def test_findings_older_than_the_journal_are_listed_without_frames(
    start_mock: StartMock, open_page: OpenPage
) -> None:
    mock = await start_mock(journal_max=5)
    async with booted_raw(mock.csms, "CS1") as station:
        await station.send(json.dumps([2, "x", "Unknown", {}]))
        await station.recv()
        for number in range(5):
            await station.send(json.dumps([2, f"h{number}", "Heartbeat", {}]))
            await station.recv()
        page = await _open(mock, open_page, "?id=unknown-action")
        await page.get_by_role("button", name="Show frame").click()
        await expect(page.get_by_text("is no longer stored")).to_be_visible()


async def test_findings_are_gone_after_a_reset(
    mock: MockCsms, api: httpx.AsyncClient, start_station: StartStation, open_page: OpenPage
) -> None:
    await start_station("CS001", misbehave=[MISTAKE])
    page = await _open(mock, open_page)
    await expect(_group(page, KIND)).to_be_visible()
    count = page.get_by_role("navigation").get_by_role("link", name="Findings").locator(".count")
    await expect(count).to_be_visible()
    await page.get_by_role("link", name="Send").click()
    await api.post("/v1/reset")
    await expect(count).to_have_count(0)
    await page.get_by_role("link", name=re.compile("Findings")).click()
    await expect(page.get_by_text("1 station watched")).to_be_visible()


async def test_lists_that_cannot_be_fetched_are_tried_again(mock: MockCsms, open_page: OpenPage) -> None:
    page = await open_page(f"{mock.control_url}/ui/")
    kinds = "**/v1/findings/kinds"
    await page.route(kinds, lambda route: route.fulfill(status=503, json={"detail": "too many requests"}))
    await page.goto(f"{mock.control_url}/ui/#/findings")
    await expect(page.get_by_role("alert")).to_contain_text("cannot be fetched: too many requests")

    await page.unroute(kinds)
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_text("No findings")).to_be_visible()
    await expect(page.get_by_role("alert")).to_be_hidden()


async def test_texts_of_a_station_are_shown_as_text(mock: MockCsms, open_page: OpenPage) -> None:
    evil = "<script>alert(1)</script>\u202e" + "x" * 10_000
    async with booted_raw(mock.csms, "CS1") as station:
        await station.send(json.dumps([2, "x", evil, {}]))
        await station.recv()
        page = await _open(mock, open_page)
        await _group(page, "unknown-action").click()
        await expect(page.locator(".finding")).to_contain_text("<script>alert(1)</script>\\u202e")


async def test_view_is_accessible(
    mock: MockCsms, api: httpx.AsyncClient, start_station: StartStation, open_page: OpenPage
) -> None:
    await start_station("CS001", misbehave=[MISTAKE])
    await wait_for_entry(api, station="CS001", action="StatusNotification")
    page = await _open(mock, open_page, f"?id={KIND}")
    await page.get_by_role("button", name="Show frame").first.click()
    await expect(page.get_by_role("group", name="as JSON")).to_be_visible()
    assert await accessibility_faults(page) == []

    await page.get_by_role("tab", name="All kinds").click()
    await expect(page.locator(".kind").first).to_be_visible()
    assert await accessibility_faults(page) == []
