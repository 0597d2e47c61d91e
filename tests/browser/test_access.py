"""The control token: the page asks for it, keeps it for the session, and never puts it into a URL."""

from playwright.async_api import Browser, Page, expect

from mock_csms import MockCsms
from tests.browser.conftest import OpenPage, StartMock

TOKEN = "open-sesame"


async def test_page_asks_for_the_token_again_until_it_is_right(
    start_mock: StartMock, open_page: OpenPage
) -> None:
    mock = await start_mock(control_token=TOKEN)
    page = await open_page(f"{mock.control_url}/")
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    dialog = page.get_by_role("dialog", name="Control token")

    await dialog.get_by_label("Token").fill("wrong")
    await dialog.get_by_role("button", name="Continue").click()
    await expect(dialog.get_by_role("alert")).to_have_text("The server does not accept this token.")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_visible()
    await dialog.get_by_label("Token").fill(TOKEN)
    await page.keyboard.press("Enter")

    await expect(page.locator(".link-state")).to_have_text("Live")
    assert await _stored(page) == (TOKEN, False)
    await page.reload()
    await expect(page.locator(".link-state")).to_have_text("Live")
    assert urls
    assert [url for url in urls if TOKEN in url] == []


async def test_token_that_no_header_can_carry_is_refused_in_the_dialog(
    start_mock: StartMock, open_page: OpenPage
) -> None:
    mock = await start_mock(control_token=TOKEN)
    page = await open_page(f"{mock.control_url}/")
    dialog = page.get_by_role("dialog", name="Control token")

    await dialog.get_by_label("Token").fill("open\u202esesame")
    await dialog.get_by_role("button", name="Continue").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("visible ASCII characters")
    await expect(page.get_by_text("No connection")).to_have_count(0)
    await dialog.get_by_label("Token").fill(f" {TOKEN} ")
    await page.keyboard.press("Enter")

    await expect(page.locator(".link-state")).to_have_text("Live")
    assert await _stored(page) == (TOKEN, False)


async def test_page_works_without_storage(browser: Browser, mock: MockCsms) -> None:
    context = await browser.new_context()
    deny = "get() { throw new DOMException('denied', 'SecurityError'); }"
    for name in ("localStorage", "sessionStorage"):
        await context.add_init_script(f"Object.defineProperty(window, '{name}', {{ {deny} }});")
    page = await context.new_page()
    await page.goto(f"{mock.control_url}/")
    await expect(page.locator(".link-state")).to_have_text("Live")
    await context.close()


async def test_server_without_token_is_not_asked_for_one(page: Page) -> None:
    await expect(page.locator(".link-state")).to_have_text("Live")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def _stored(page: Page) -> tuple[str | None, bool]:
    """The token in sessionStorage, and whether localStorage or a cookie has it."""
    token = await page.evaluate("sessionStorage.getItem('control-token')")
    return token, TOKEN in await page.evaluate("JSON.stringify(localStorage) + document.cookie")
