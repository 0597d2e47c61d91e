"""The view "Overview"."""

from pathlib import Path

from playwright.async_api import Locator, Page, expect

from mock_csms import MockCsms
from tests.browser.accessibility import accessibility_faults
from tests.browser.conftest import OpenPage, StartMock, StartStation


async def _open(mock: MockCsms, open_page: OpenPage) -> Page:
    return await open_page(f"{mock.control_url}/ui/#/overview")


async def test_facts_of_the_server_are_shown(
    start_mock: StartMock, open_page: OpenPage, tmp_path: Path
) -> None:
    journal = tmp_path / "run.ndjson"
    mock = await start_mock(journal=journal, command="GetBaseReport", period=30, seed=42)
    page = await _open(mock, open_page)

    await expect(_panel(page, "Where stations connect")).to_contain_text(f"{mock.url}/<station id>")
    await expect(_panel(page, "Scheduled commands")).to_contain_text("GetBaseReport")
    await expect(_panel(page, "Scheduled commands")).to_contain_text("every 30 s")
    await expect(_panel(page, "Journal")).to_contain_text(str(journal))
    await expect(_panel(page, "Server")).to_contain_text("42")


def _panel(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


async def test_station_with_errors_leads_to_its_findings(
    mock: MockCsms, start_station: StartStation, open_page: OpenPage
) -> None:
    await start_station("CS001", misbehave=["omit-time-zone"])
    page = await _open(mock, open_page)
    findings = _panel(page, "Findings")
    await expect(findings.get_by_text("errors").last).to_be_visible()
    await findings.get_by_role("link", name="CS001").click()
    await expect(page.locator(".finding-head")).to_contain_text("timestamp-invalid")


async def test_messages_and_connections_are_counted(
    mock: MockCsms, start_station: StartStation, open_page: OpenPage
) -> None:
    page = await _open(mock, open_page)
    await expect(_panel(page, "Connections")).to_contain_text("0 of 0 stations")
    await start_station("CS001")
    await expect(_panel(page, "Connections")).to_contain_text("1 of 1 station")
    await expect(_panel(page, "Messages")).to_contain_text("received")
    await expect(_panel(page, "Since the start")).to_contain_text("Messages received")


async def test_view_is_accessible(mock: MockCsms, start_station: StartStation, open_page: OpenPage) -> None:
    await start_station("CS001", misbehave=["omit-time-zone"])
    page = await _open(mock, open_page)
    await expect(_panel(page, "Findings").get_by_role("link", name="CS001")).to_be_visible()
    assert await accessibility_faults(page) == []
