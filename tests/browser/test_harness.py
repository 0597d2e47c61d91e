"""The fixtures of this folder: the guard reports faults, and a simulated station charges."""

from typing import Final, Literal

import httpx
import pytest
from playwright.async_api import Browser

from mock_csms import MockCsms
from tests.browser.accessibility import accessibility_faults
from tests.browser.chromium import NoBrowser, executable, opened
from tests.browser.conftest import OpenPage, StartStation
from tests.support.control import wait_for_entry
from tests.support.tcp_proxy import proxy_before

GREY_AND_WIDE: Final = """() => {
  const title = document.querySelector("h1");
  title.style.color = "#888";
  title.style.backgroundColor = "#999";
  title.style.minWidth = "500px";
}"""


@pytest.mark.parametrize(
    ("event", "script", "fault"),
    [
        ("console", "console.error('broken')", "console: broken"),
        ("pageerror", "setTimeout(() => { throw new Error('broken') })", "uncaught: Error: broken"),
        ("console", "document.body.setAttribute('style', 'color: red')", "Content Security Policy"),
        ("console", "fetch('http://127.0.0.1:9/').catch(() => {})", "Content Security Policy"),
        ("console", "fetch('missing.css')", "404.*missing.css"),
    ],
)
async def test_guard_fails_the_page(
    browser: Browser, mock: MockCsms, event: Literal["console", "pageerror"], script: str, fault: str
) -> None:
    with pytest.raises(AssertionError, match=fault):
        async with opened(browser, f"{mock.control_url}/docs") as page, page.expect_event(event):
            await page.evaluate(script)


async def test_guard_fails_the_page_after_a_request_to_another_origin(
    browser: Browser, mock: MockCsms
) -> None:
    async with proxy_before(mock.control_url) as other:
        with pytest.raises(AssertionError, match="request to another origin"):
            async with opened(browser, f"{mock.control_url}/docs") as page:
                await page.goto(f"{other.url}/docs")


async def test_guard_lets_requests_of_the_api_fail(browser: Browser, mock: MockCsms) -> None:
    async with opened(browser, f"{mock.control_url}/docs") as page, page.expect_event("console"):
        await page.evaluate("fetch('v1/stations/unknown')")


async def test_page_of_grey_text_on_grey_is_not_accessible(mock: MockCsms, open_page: OpenPage) -> None:
    page = await open_page(f"{mock.control_url}/docs")
    await page.evaluate(GREY_AND_WIDE)
    faults = await accessibility_faults(page)

    assert any("color-contrast (serious) at h1" in fault for fault in faults)
    assert any(fault.startswith("dark, 360 px: scrolls sideways") for fault in faults)


async def test_station_in_the_box_charges(api: httpx.AsyncClient, start_station: StartStation) -> None:
    station = await start_station("CS007")
    station.do("plug-in evse=1", "present AABBCCDD evse=1")
    await station.wait_for("EVSE 1 transaction", "started")

    started = await wait_for_entry(api, station="CS007", action="TransactionEvent")
    assert started["frame"][3]["eventType"] == "Started"


def test_browser_named_in_the_environment_must_exist() -> None:
    with pytest.raises(NoBrowser, match="CHROMIUM=/no/such is not a program"):
        executable("", {"CHROMIUM": "/no/such"})


def test_without_a_browser_the_message_says_how_to_get_one() -> None:
    with pytest.raises(NoBrowser, match="playwright install chromium"):
        executable("/no/such", {"PATH": ""})
