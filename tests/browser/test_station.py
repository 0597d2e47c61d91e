"""The page of one station: its head, its tabs, and the commands that fill the tabs."""

import re
from urllib.parse import quote

import httpx
import pytest
from playwright.async_api import Page, Route, expect

from mock_csms import MockCsms
from tests.browser.accessibility import accessibility_faults
from tests.browser.conftest import OpenPage, StartStation
from tests.support.control import BOOT, wait_for_entry
from tests.support.station import raw_connection, receive

HOLD = {"id": "held", "when": {"action": "Heartbeat"}, "then": {"fault": "hold"}}
HOSTILE = "<script>alert(1)</script>\u202e"
MONITOR_EVENT = (
    'send NotifyEvent generatedAt=now seqNo=0 eventData=[{"eventId":1,"timestamp":"2026-01-01T00:00:00Z",'
    '"trigger":"Alerting","actualValue":"80","eventNotificationType":"CustomMonitor",'
    '"component":{"name":"ChargingStation"},"variable":{"name":"Temperature"}}] on BootNotification'
)
"""A misbehaviour: a NotifyEvent of a custom monitor, without the monitor's id."""
CUSTOM_DATA = f'"customData":{{"vendorId":"V","text":"{"x" * 10_000}"}}'


async def send_in_form(page: Page, label: str) -> None:
    """Open the form of a command that changes the station, send it, and return to the page of the station."""
    await page.get_by_role("link", name=f"{label} …").click()
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("region", name="Answers")).to_contain_text("Accepted")
    await page.go_back()


async def test_station_shows_its_boot_and_connectors(
    mock: MockCsms, page: Page, start_station: StartStation
) -> None:
    await start_station("CS001")
    await page.goto(f"{mock.control_url}/ui/#/stations/CS001")

    await expect(page.get_by_role("heading", level=1)).to_have_text("CS001")
    await expect(page.get_by_text("Boot accepted")).to_be_visible()
    await expect(page.locator(".connector-tile")).to_have_text(["Connector 1Available"] * 2)
    since = page.locator(".summary li", has_text="Connected since")
    await expect(since).to_have_text(re.compile(r"\d\d:\d\d:\d\d \(\d+ s\)$"))
    await expect(page.locator(".facts")).to_contain_text(re.compile(r"Time\d\d:\d\d:\d\d"))
    assert await accessibility_faults(page) == []


async def test_unknown_station_leads_back_to_the_list(mock: MockCsms, open_page: OpenPage) -> None:
    page = await open_page(f"{mock.control_url}/ui/#/stations/CS404")

    await expect(page.get_by_text("does not know this station")).to_be_visible()
    await page.get_by_role("link", name="All stations").click()
    await expect(page).to_have_url(f"{mock.control_url}/ui/#/stations")


async def test_connection_is_dropped_by_its_button(
    api: httpx.AsyncClient, page: Page, start_station: StartStation
) -> None:
    station = await start_station("CS001")
    await page.goto(f"{api.base_url}/ui/#/stations/CS001")
    await page.get_by_role("button", name="Drop connection").click()

    await wait_for_entry(api, station="CS001", type="disconnected")
    await station.wait_for("onnect", times=2)


async def test_connections_are_refused_until_they_are_accepted_again(
    api: httpx.AsyncClient, page: Page, start_station: StartStation
) -> None:
    await start_station("CS001")
    await page.goto(f"{api.base_url}/ui/#/stations/CS001")
    await page.get_by_role("button", name="Refuse connections").click()
    await page.get_by_label("Seconds").fill("")
    await page.get_by_role("button", name="Refuse", exact=True).click()

    await expect(page.locator("header").get_by_text("Connections refused")).to_be_visible()
    await page.get_by_role("button", name="Accept connections").click()
    await expect(page.locator("header").get_by_text("Connected", exact=True)).to_be_visible()


async def test_transaction_shows_its_events_and_curve(
    api: httpx.AsyncClient, page: Page, start_station: StartStation
) -> None:
    station = await start_station("CS001", sample_every_s=1)
    await page.goto(f"{api.base_url}/ui/#/stations/CS001?tab=transactions")
    await expect(page.get_by_text("No transaction yet")).to_be_visible()

    station.do("plug-in evse=1 power=11000", "present AABBCCDD evse=1")
    await expect(page.locator(".transaction summary")).to_contain_text("Charging")
    await expect(page.locator(".transaction-events tbody tr").first).to_contain_text("Started")
    await expect(page.get_by_role("img", name="Power over time, last 11.0 kW")).to_be_visible()

    await send_in_form(page, "RequestStopTransaction")
    await expect(page.locator(".transaction summary")).to_contain_text("Ended: Remote")
    assert await accessibility_faults(page) == []


async def test_device_model_is_reported_searched_and_changed(
    api: httpx.AsyncClient, page: Page, start_station: StartStation
) -> None:
    await start_station("CS001")
    await page.goto(f"{api.base_url}/ui/#/stations/CS001?tab=device-model")
    await page.get_by_role("button", name="GetBaseReport FullInventory").click()
    await wait_for_entry(api, station="CS001", action="NotifyReport", payload={"tbc": False})
    reported = (await api.get("/v1/stations/CS001")).json()["deviceModel"]
    assert reported
    await expect(page.get_by_text(f"{len(reported)} variables of")).to_be_visible()

    search = page.get_by_role("searchbox", name="Search variables")
    await search.fill("ocppcomm heartbeat")
    row = page.locator(".variables tbody tr")
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text("HeartbeatInterval")
    await search.blur()
    await page.keyboard.press("/")
    await expect(search).to_be_focused()

    await page.get_by_role("button", name="Read or set HeartbeatInterval").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("New value").fill("77")
    await dialog.get_by_role("button", name="Set", exact=True).click()
    await expect(dialog.get_by_text("Known value: 77")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(row).to_contain_text("77")
    assert await accessibility_faults(page) == []


async def test_charging_profiles_are_drawn_and_listed(
    api: httpx.AsyncClient, page: Page, start_station: StartStation
) -> None:
    await start_station("CS001")
    await page.goto(f"{api.base_url}/ui/#/stations/CS001?tab=charging")
    await send_in_form(page, "SetChargingProfile")
    await expect(page.locator(".limits tbody tr")).to_have_count(1)
    await page.get_by_role("button", name="GetCompositeSchedule").click()

    await expect(page.locator(".limits tbody tr")).to_have_count(2)
    await expect(page.locator(".limits tbody tr").first).to_contain_text("Composite schedule")
    await expect(page.get_by_role("img", name="Charging limits in")).to_be_visible()
    await page.get_by_label("From now").select_option("7 days")
    await expect(page.get_by_role("img", name="for 7 d")).to_be_visible()
    assert await accessibility_faults(page) == []

    await send_in_form(page, "Clear")
    await expect(page.locator(".limits tbody tr")).to_have_count(1)


FILLED_BY = {
    "reservations": "ReserveNow",
    "display": "SetDisplayMessage",
    "certificates": "InstallCertificate",
    "monitors": "SetVariableMonitoring",
}
"""Tabs that are empty at first, each with the command that fills it."""


@pytest.mark.parametrize("tab", FILLED_BY)
async def test_empty_part_is_filled_by_its_command(
    api: httpx.AsyncClient, page: Page, start_station: StartStation, tab: str
) -> None:
    await start_station("CS001")
    await page.goto(f"{api.base_url}/ui/#/stations/CS001?tab={tab}")
    await expect(page.locator(".empty")).to_be_visible()
    await send_in_form(page, FILLED_BY[tab])
    if tab == "certificates":  # the page shows them once the station has listed them
        await page.get_by_role("button", name="GetInstalledCertificateIds").click()

    await expect(page.locator(".things tbody tr")).to_have_count(1)
    assert await accessibility_faults(page) == []


async def test_texts_of_a_station_stay_text(mock: MockCsms, open_page: OpenPage) -> None:
    boot = BOOT.replace('"M"', '"<b>M</b>"').replace('"V"', f'"{HOSTILE}",{CUSTOM_DATA}')
    identity = quote(HOSTILE, safe="")
    async with raw_connection(mock.csms, identity) as station:
        await station.send(boot)
        await station.recv()
        page = await open_page(f"{mock.control_url}/ui/#/stations/{identity}")

        await expect(page.get_by_role("heading", level=1)).to_contain_text("<script>alert(1)</script>\\u202e")
        await expect(page.locator(".summary")).to_contain_text("<b>M</b>")
        await page.get_by_text("Payload").click()
        await page.get_by_role("button", name="show all 10000 characters").click()
        assert await accessibility_faults(page) == []


async def test_held_answer_is_released_by_its_button(
    mock: MockCsms, api: httpx.AsyncClient, page: Page
) -> None:
    await api.post("/v1/rules", json=HOLD)
    async with raw_connection(mock.csms) as station:
        await station.send(BOOT)
        await station.recv()
        await page.goto(f"{mock.control_url}/ui/#/stations/CS1")
        await station.send('[2,"held","Heartbeat",{}]')
        await page.locator(".cards").get_by_role("button", name="Release 1 held answer").click()

        assert (await receive(station))[1] == "held"
        await expect(page.get_by_text("No answer of the mock is held")).to_be_visible()


async def test_token_of_a_transaction_leads_to_its_block(
    api: httpx.AsyncClient, page: Page, start_station: StartStation
) -> None:
    station = await start_station("CS001", sample_every_s=1)
    station.do("plug-in evse=1 power=11000", "present AABBCCDD evse=1")
    await page.goto(f"{api.base_url}/ui/#/stations/CS001?tab=transactions")
    facts = page.locator(".transaction .facts")
    await expect(facts).to_contain_text("Power11.0 kW")
    starts = [
        await page.locator(f".transaction-events {cells}").evaluate_all(
            "cells => cells.slice(0, 6).map(cell => cell.getBoundingClientRect().left)"
        )
        for cells in ("th", "td")
    ]
    assert starts[0] == starts[1]

    await facts.get_by_role("link", name="Block …").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("idToken")).to_have_value("AABBCCDD")
    await dialog.get_by_role("button", name="Save the token").click()
    await expect(page.get_by_role("row", name="AABBCCDD")).to_contain_text("Blocked")
    await page.goto(f"{api.base_url}/ui/#/stations/CS001?tab=transactions")
    await facts.get_by_role("link", name="Messages").click()
    await expect(page.locator(".message-row").first).to_contain_text("AABBCCDD")


async def test_earlier_events_of_a_transaction_are_fetched(
    mock: MockCsms, api: httpx.AsyncClient, page: Page, start_station: StartStation
) -> None:
    station = await start_station("CS001")
    station.do("plug-in evse=1 power=11000", "present AABBCCDD evse=1")
    begun = await wait_for_entry(api, action="TransactionEvent", payload={"triggerReason": "Authorized"})

    async def skip(route: Route) -> None:
        await route.continue_(headers={**route.request.headers, "last-event-id": str(begun["number"])})

    await page.route("**/v1/events", skip)
    await page.goto(f"{mock.control_url}/ui/#/stations/CS001?tab=transactions")
    await page.reload()
    await expect(page.get_by_label("Message of seqNo 2")).to_be_visible()
    await expect(page.get_by_text("not among the newest messages")).to_be_visible()
    await expect(page.get_by_label("Message of seqNo 0")).not_to_be_visible()
    await page.get_by_role("button", name="Fetch from the journal").click()

    await expect(page.get_by_label("Message of seqNo 0")).to_be_visible()
    await expect(page.get_by_text("not among the newest messages")).not_to_be_visible()


async def test_coverage_shows_what_the_station_broke(
    mock: MockCsms, page: Page, start_station: StartStation
) -> None:
    await start_station("CS001", misbehave=[MONITOR_EVENT])
    await page.goto(f"{mock.control_url}/ui/#/stations/CS001?tab=coverage")
    await page.get_by_role("button", name="Broken").click()

    await expect(page.locator(".coverage-requirements").first).to_contain_text("event-monitor-id-missing")
    assert await accessibility_faults(page) == []
    await page.get_by_role("searchbox").fill("no such requirement")
    await page.get_by_role("button", name="Clear the filters").click()
    await expect(page.get_by_role("button", name="All")).to_have_attribute("aria-pressed", "true")
