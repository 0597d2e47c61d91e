"""Finds and starts Chromium, and opens pages that a guard watches."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import which
from typing import Final, Literal

from playwright.async_api import Browser, Page, async_playwright

from tests.browser.guard import PageGuard
from tests.support.station import PATIENCE

type Scheme = Literal["light", "dark"]

SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
VARIABLE: Final = "CHROMIUM"
"""Environment variable with the path of a Chromium."""
PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
WIDE: Final = 1440
NARROW: Final = 360
HEIGHT: Final = 900


class NoBrowser(Exception):
    """Chromium was not found; the message says how to get one."""


def executable(own: str, environment: Mapping[str, str] = os.environ) -> str:
    """Path of a Chromium; ``own`` is where Playwright installs a Chromium. Raises NoBrowser."""
    if given := environment.get(VARIABLE):
        if which(given):
            return given
        raise NoBrowser(f"{VARIABLE}={given} is not a program; set it to the path of a Chromium")
    if found := next(filter(None, (which(name, path=environment.get("PATH")) for name in PROGRAMS)), None):
        return found
    if Path(own).exists():
        return own
    raise NoBrowser(
        f"no Chromium found; install the package chromium of your system, set {VARIABLE} to the path of a "
        "Chromium or Chrome, or run .venv/bin/playwright install chromium"
    )


@asynccontextmanager
async def chromium(*arguments: str) -> AsyncIterator[Browser]:
    """Run a headless Chromium while the context lasts; raises NoBrowser."""
    async with async_playwright() as playwright:
        path = executable(playwright.chromium.executable_path)
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def opened(
    browser: Browser,
    address: str,
    *,
    width: int = WIDE,
    height: int = HEIGHT,
    scheme: Scheme = "light",
    timeout_s: float = PATIENCE,
) -> AsyncIterator[Page]:
    """Open an address in a new browser context; at the end, fail if the guard has seen a fault."""
    context = await browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    context.set_default_timeout(timeout_s * 1000)
    guard = PageGuard(address)
    guard.watch(context)
    try:
        page = await context.new_page()
        await page.goto(address)
        yield page
    finally:
        await context.close()
    guard.check()
