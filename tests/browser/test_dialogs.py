"""Dialogs: how they close, and that they keep what has been entered."""

from playwright.async_api import Page, expect

from mock_csms import MockCsms
from tests.browser.conftest import OpenPage, StartMock

BESIDE = (5, 5)


async def _open_note(mock: MockCsms, open_page: OpenPage) -> Page:
    page = await open_page(f"{mock.control_url}/ui/#/messages")
    await page.get_by_role("button", name="Write a note").click()
    return page


async def test_click_beside_a_dialog_closes_it(mock: MockCsms, open_page: OpenPage) -> None:
    page = await _open_note(mock, open_page)
    await page.mouse.click(*BESIDE)
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_click_beside_a_dialog_keeps_what_has_been_entered(mock: MockCsms, open_page: OpenPage) -> None:
    page = await _open_note(mock, open_page)
    text = page.get_by_role("textbox", name="Text")
    await text.fill("Step 1")
    await page.mouse.click(*BESIDE)
    await page.mouse.click(*BESIDE)
    await expect(text).to_have_value("Step 1")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_dialog_for_the_token_stays_open(start_mock: StartMock, open_page: OpenPage) -> None:
    mock = await start_mock(control_token="secret")
    page = await open_page(f"{mock.control_url}/ui/")
    dialog = page.get_by_role("dialog", name="Control token")
    await expect(dialog).to_be_visible()
    await dialog.evaluate("dialog => dialog.close()")  # as a browser does when Escape is pressed again
    await expect(dialog).to_be_visible()
    await page.keyboard.type("secret")
