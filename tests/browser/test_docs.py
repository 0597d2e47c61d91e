"""The page for the control API, in Chromium."""

from playwright.async_api import expect

from mock_csms import MockCsms
from tests.browser.accessibility import accessibility_faults
from tests.browser.conftest import OpenPage


async def test_docs_page_is_accessible_closed_and_open(mock: MockCsms, open_page: OpenPage) -> None:
    page = await open_page(f"{mock.control_url}/docs")
    await expect(page.locator(".operation").first).to_be_visible()
    assert await accessibility_faults(page) == []

    await page.locator("#wait > summary").click()
    await expect(page.locator("#wait form")).to_be_visible()
    assert await accessibility_faults(page) == []


async def test_docs_page_sends_a_request_from_a_form(mock: MockCsms, open_page: OpenPage) -> None:
    page = await open_page(f"{mock.control_url}/docs")
    await page.locator("summary", has_text="/health").click()
    form = page.locator("details[open] form")
    await form.get_by_role("button", name="Send").click()

    await expect(form.get_by_role("status")).to_contain_text("200")


async def test_docs_page_is_linked_from_a_narrow_page_and_leads_back(
    mock: MockCsms, open_page: OpenPage
) -> None:
    page = await open_page(f"{mock.control_url}/ui/#/messages")
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.get_by_role("link", name="API").click()
    await expect(page.locator(".operation").first).to_be_visible()
    await page.get_by_role("link", name="Stations and messages").click()
    await expect(page.get_by_role("heading", name="Stations", exact=True)).to_be_visible()
