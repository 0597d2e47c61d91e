"""Fixtures of the tests in Chromium: a browser, mocks, simulated stations, and guarded pages.

All fixtures and tests run in one event loop, that of the session, as Playwright's objects belong to the loop
that made them. A page fails its test if it sends a request to another origin, logs an error (such as a
violation of the Content-Security-Policy) or leaves an exception uncaught.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from mock_csms import MockCsms, Settings
from server import VERSIONS
from tests.browser.chromium import NoBrowser, chromium, opened
from tests.browser.stations import BoxStation, box_station
from tests.support.station import PATIENCE

expect.set_options(timeout=PATIENCE * 1000)

type StartMock = Callable[..., Awaitable[MockCsms]]
type StartStation = Callable[..., Awaitable[BoxStation]]
type OpenPage = Callable[..., Awaitable[Page]]


IN_LOOP_OF_SESSION: Final = pytest.mark.asyncio(loop_scope="session")
HIDDEN_BY_FASTAPI: Final = pytest.mark.filterwarnings(
    "ignore::pydantic.warnings.UnsupportedFieldAttributeWarning"
)
"""FastAPI filters this warning out while a thread builds the OpenAPI document. All threads share the filters
of warnings, so the warning appears if another thread changes them meanwhile."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of this folder in the event loop of the session."""
    for item in items:
        if Path(__file__).parent in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(IN_LOOP_OF_SESSION, append=False)
            item.add_marker(HIDDEN_BY_FASTAPI)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A Chromium for all tests."""
    async with AsyncExitStack() as stack:
        try:
            found = await stack.enter_async_context(chromium())
        except NoBrowser as error:
            pytest.exit(str(error), 4)
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def start_mock() -> AsyncIterator[StartMock]:
    """Start mocks on free ports, with settings given by the test."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> MockCsms:
            ports = {"port": 0, "control": "127.0.0.1:0"}
            mock = MockCsms(Settings.model_validate(ports | settings), VERSIONS)
            return await stack.enter_async_context(mock)

        yield start


@pytest_asyncio.fixture(loop_scope="session")
async def mock(start_mock: StartMock) -> MockCsms:
    """A mock with the default settings."""
    return await start_mock()


@pytest_asyncio.fixture(loop_scope="session")
async def api(mock: MockCsms) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the control API of ``mock``."""
    async with httpx.AsyncClient(base_url=mock.control_url, timeout=PATIENCE, trust_env=False) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def start_station(mock: MockCsms) -> AsyncIterator[StartStation]:
    """Start simulated stations at ``mock``; the parameters are those of `box_station`."""
    async with AsyncExitStack() as stack:

        async def start(identity: str = "CS001", **options: Any) -> BoxStation:
            return await stack.enter_async_context(box_station(mock.url, identity, **options))

        yield start


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, start_mock: StartMock) -> AsyncIterator[OpenPage]:
    """Open guarded pages, each in a browser context of its own; the parameters are those of `opened`.

    This fixture depends on ``start_mock``, so that pages close before mocks.
    """
    async with AsyncExitStack() as stack:

        async def open_one(address: str, **look: Any) -> Page:
            return await stack.enter_async_context(opened(browser, address, **look))

        yield open_one


@pytest_asyncio.fixture(loop_scope="session")
async def page(mock: MockCsms, open_page: OpenPage) -> Page:
    """A page at the root address of ``mock``, 1440 pixels wide, in the light scheme."""
    return await open_page(f"{mock.control_url}/")
