"""The work of a user with one station, across the views of the page."""

import asyncio
import re
from typing import Final

import httpx
from playwright.async_api import Locator, Page, expect

from mock_csms import MockCsms
from tests.browser.conftest import StartStation
from tests.support.control import wait_for_entry
from tests.support.station import PATIENCE

POWER: Final = re.compile("^Power over time")
WAIT_FOR_POINTS: Final = """async ([station, transaction, points]) => {
  const { curveOf } = await import("/ui/curves.js");
  while (!(curveOf(station, transaction)?.time.length >= points)) await new Promise(requestAnimationFrame);
}"""


LEAVE: Final = """async () => {
  const { setParams } = await import("/ui/router.js");
  location.hash = "#/stations";
  setParams({ entry: 1 });
}"""


async def open_view(page: Page, name: str) -> None:
    """Choose a view in the navigation."""
    await page.get_by_role("navigation", name="Views").get_by_role("link", name=name).click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text(name)


async def test_station_appears_boots_and_charges_and_its_curve_grows(
    mock: MockCsms, page: Page, start_station: StartStation
) -> None:
    await open_view(page, "Stations")
    station = await start_station("CS001")
    await page.locator("#main").get_by_role("link", name="CS001").first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("CS001")
    await expect(page.get_by_text("Boot accepted")).to_be_visible()

    station.do("plug-in evse=1 power=11000", "present AABBCCDD evse=1")
    await page.get_by_role("tab", name="Transactions").click()
    curve = page.get_by_role("img", name=POWER)
    await expect(curve).to_be_visible()
    before = await drawn(curve)
    (transaction_id,) = mock.csms.stations["CS001"].transactions
    async with asyncio.timeout(PATIENCE):
        await page.evaluate(WAIT_FOR_POINTS, ["CS001", transaction_id, 5])
    assert await drawn(curve) != before


async def drawn(curve: Locator) -> str:
    """The picture on the canvas of a curve."""
    picture: str = await curve.locator("canvas").evaluate("(canvas) => canvas.toDataURL()")
    return picture


async def test_reset_is_sent_answered_and_followed_by_a_boot(
    api: httpx.AsyncClient, page: Page, start_station: StartStation
) -> None:
    station = await start_station("CS001")
    await page.goto(f"{api.base_url}/ui/#/send?station=CS001&action=Reset")
    await page.get_by_role("button", name=re.compile("^Send")).click()
    await expect(page.locator("#main")).to_contain_text("Accepted")

    await station.wait_for("boot answered", times=2)
    await open_view(page, "Messages")
    rows = page.locator(".message-row")
    await expect(rows.filter(has_text="Reset").first).to_be_visible()
    await expect(rows.filter(has_text="BootNotification").filter(has_text="RemoteReset")).to_be_visible()


async def test_fault_is_added_and_its_answers_are_marked(
    api: httpx.AsyncClient, page: Page, start_station: StartStation
) -> None:
    await start_station("CS001")
    await page.goto(f"{api.base_url}/ui/#/behave/gallery")
    await page.get_by_role("button", name="Add: Wrong message id").click()
    await expect(page.get_by_role("listitem").filter(has_text="Wrong message id")).to_contain_text("Active")

    trigger = {"action": "TriggerMessage", "payload": {"requestedMessage": "Heartbeat"}}
    await api.post("/v1/stations/CS001/calls", json=trigger)
    await wait_for_entry(api, station="CS001", action="Heartbeat", direction="sent", type=None)
    await open_view(page, "Messages")
    marked = page.locator(".message-row").filter(has_text="injected")
    await expect(marked).to_contain_text("Heartbeat")
    await expect(marked).to_contain_text("wrong-id")


async def test_finding_leads_to_its_frame(
    api: httpx.AsyncClient, page: Page, start_station: StartStation
) -> None:
    await start_station("CS001", misbehave=["send-unknown-action"])
    frame = await wait_for_entry(api, station="CS001", action="StartTransaction", type="call")
    await open_view(page, "Findings")
    await page.locator(".finding-head").filter(has_text="unknown-action").click()
    await page.get_by_role("link", name=f"Frame {frame['number']}").click()

    await expect(page.get_by_role("heading", level=1)).to_contain_text("Messages")
    await expect(page.locator("#main")).to_contain_text(
        "StartTransaction is not an action of this OCPP version"
    )


async def test_view_that_still_writes_its_address_does_not_undo_a_click(page: Page) -> None:
    await open_view(page, "Messages")
    await page.evaluate(LEAVE)

    await expect(page.get_by_role("heading", level=1)).to_contain_text("Stations")
    await expect(page).to_have_url(re.compile("#/stations$"))
