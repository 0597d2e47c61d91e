"""Every view of a full depot is accessible, light and dark, on a phone and on a wide screen."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import expect

from mock_csms import MockCsms
from tests.browser.accessibility import accessibility_faults
from tests.browser.conftest import OpenPage
from tests.browser.depot import broken_entry, depot

CHARGE_S: Final = 3.0
VIEWS: Final = (
    "stations",
    "stations/DEPOT-01",
    *(f"stations/DEPOT-01?tab={tab}" for tab in ("transactions", "device-model", "charging", "more")),
    "stations/GUEST-7",
    "messages",
    "messages?entry={broken}",
    "messages?errors=yes",
    "send",
    "send?station=DEPOT-01&action=SetChargingProfile",
    "behave/rules",
    "behave/gallery",
    "behave/tokens",
    "behave/profile?station=DEPOT-01",
    "findings",
    "certify",
    "overview",
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def full_depot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MockCsms]:
    """A depot of stations, after some seconds of charging."""
    async with depot(Path(tmp_path_factory.mktemp("depot")), charge_s=CHARGE_S) as mock:
        yield mock


@pytest.mark.parametrize("view", VIEWS)
async def test_view_is_accessible(view: str, full_depot: MockCsms, open_page: OpenPage) -> None:
    address = view.format(broken=broken_entry(full_depot))
    page = await open_page(f"{full_depot.control_url}/ui/#/{address}")
    await expect(page.locator(".link-state")).to_have_text("Live")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()

    assert await accessibility_faults(page) == []
