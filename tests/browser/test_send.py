"""The view "Send": commands are written in a form or as JSON, sent, and answered."""

import json
import re
from typing import Any, Final
from urllib.parse import quote

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from mock_csms import MockCsms
from tests.browser.accessibility import accessibility_faults
from tests.browser.conftest import OpenPage, StartStation
from tests.support.control import booted_raw, journal_entries, wait_for_entry
from tests.support.station import receive

SELECTED: Final = "(field) => field.value.slice(field.selectionStart, field.selectionEnd)"
RECENT: Final = "recent-commands"
"""Key under which the browser keeps the commands that were sent."""


async def show(page: Page, mock: MockCsms, hash_: str) -> None:
    await page.goto(f"{mock.control_url}/ui/#/send{hash_}")
    for action in re.findall(r"action=(\w+)", hash_):
        await expect(page.get_by_role("heading", name=action, exact=True)).to_be_visible()


def form(page: Page) -> Locator:
    return page.get_by_role("region", name="Payload", exact=True)


def json_text(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Payload as JSON")


def answers(page: Page) -> Locator:
    return page.get_by_role("region", name="Answers")


async def payload(page: Page) -> Any:
    return json.loads(await json_text(page).input_value())


async def send(page: Page) -> None:
    await page.get_by_role("button", name=re.compile(r"^Send( to \d+ stations)?$")).click()


async def test_command_is_found_and_sent_with_the_keyboard(
    page: Page, api: httpx.AsyncClient, start_station: StartStation
) -> None:
    await start_station()
    await page.get_by_role("link", name="Send").click()
    await expect(page.get_by_role("option")).to_have_count(40)
    await page.keyboard.press("/")
    await page.keyboard.type("restarts")
    await expect(page.get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Reset")).to_be_visible()
    await page.get_by_role("combobox", name="To").fill("cs0")
    await expect(page.get_by_role("option", name="CS001")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(form(page).get_by_label("type")).to_have_value("Immediate")
    await page.keyboard.press("Control+Enter")

    await expect(answers(page).get_by_text("Accepted", exact=True)).to_be_visible()
    sent = await wait_for_entry(api, station="CS001", action="Reset")
    link = answers(page).get_by_role("link", name=f"#{sent['number']} in Messages")
    assert await link.get_attribute("href") == f"#/messages?station=CS001&entry={sent['number']}"
    assert page.url.endswith("#/send?action=Reset&station=CS001")


@pytest.mark.parametrize("key", ["Tab", "Control+Enter"])
async def test_typed_station_is_taken_without_being_chosen(
    page: Page, mock: MockCsms, api: httpx.AsyncClient, start_station: StartStation, key: str
) -> None:
    await start_station()
    await show(page, mock, "?action=ClearCache")
    field = page.get_by_role("combobox", name="To")
    await field.fill("nowhere")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("No station nowhere is known")).to_be_visible()
    await field.fill("cs001")
    await expect(page.get_by_role("option", name="CS001", exact=True)).to_be_visible()
    await page.keyboard.press(key)
    await expect(page.get_by_role("button", name="Remove CS001")).to_be_visible()
    if key == "Tab":
        await send(page)

    await wait_for_entry(api, station="CS001", action="ClearCache")


async def test_reset_of_several_stations_is_asked_once(
    page: Page, mock: MockCsms, api: httpx.AsyncClient, start_station: StartStation
) -> None:
    for identity in ("CS001", "CS002"):
        await start_station(identity)
    await show(page, mock, "?action=Reset&station=*")
    await page.get_by_role("button", name="Send to 2 stations").click()
    question = page.get_by_role("dialog", name="Send Reset to 2 stations?")
    await expect(question).to_contain_text("It goes to CS001, CS002.")
    await expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    assert await journal_entries(api, action="Reset") == []
    await question.get_by_role("button", name="Send to 2 stations").click()

    for identity in ("CS001", "CS002"):
        await wait_for_entry(api, station=identity, action="Reset")


async def test_form_and_json_follow_each_other(
    page: Page, mock: MockCsms, api: httpx.AsyncClient, start_station: StartStation
) -> None:
    await start_station()
    await show(page, mock, "?station=CS001&action=Reset")
    await form(page).get_by_label("type").select_option("OnIdle")
    await expect(json_text(page)).to_have_value('{\n  "type": "OnIdle"\n}')
    await form(page).get_by_role("button", name="Add evseId").click()
    await expect(form(page).get_by_label("evseId", exact=True)).to_be_focused()
    await page.keyboard.type("2")
    assert await payload(page) == {"type": "OnIdle", "evseId": 2}
    await json_text(page).fill('{"type": "Immediate", "evseId": 1}')
    await expect(form(page).get_by_label("type")).to_have_value("Immediate")
    await expect(form(page).get_by_label("evseId", exact=True)).to_have_value("1")
    await form(page).get_by_role("button", name="Remove evseId").click()
    assert await payload(page) == {"type": "Immediate"}
    await send(page)

    assert (await wait_for_entry(api, station="CS001", action="Reset"))["frame"][3] == {"type": "Immediate"}


async def test_lists_have_items_added_and_removed(page: Page, mock: MockCsms) -> None:
    await show(page, mock, "?action=GetVariables")
    items = form(page).get_by_role("group", name="getVariableData required")
    await items.get_by_role("button", name="Add an item to getVariableData").click()
    assert (await payload(page))["getVariableData"][-1] == {
        "component": {"name": ""},
        "variable": {"name": ""},
    }
    await items.get_by_role("button", name="Remove getVariableData 1").click()

    assert len((await payload(page))["getVariableData"]) == 2


async def test_errors_stand_at_the_field_and_at_the_line(page: Page, mock: MockCsms) -> None:
    await show(page, mock, "?action=GetCompositeSchedule")
    duration = form(page).get_by_label("duration")
    await duration.fill("one hour")
    await expect(duration).to_have_attribute("aria-invalid", "true")
    await expect(form(page).get_by_text("must be a whole number")).to_be_visible()
    await page.get_by_role("button", name="Line 2: duration must be a whole number").click()
    selected = await json_text(page).evaluate(
        "(field) => field.value.slice(field.selectionStart, field.selectionEnd)"
    )
    assert selected == '"duration": "one hour"'
    await json_text(page).fill('{\n  "duration": 5,\n  evseId: 1\n}')
    await expect(page.get_by_role("list", name="Errors")).to_contain_text(
        "Line 3: a name in double quotes is expected here"
    )

    await expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()


async def test_refused_command_shows_the_sentence_of_the_server(
    page: Page, mock: MockCsms, start_station: StartStation
) -> None:
    await start_station()
    await show(page, mock, "?station=CS001&action=RequestStopTransaction")
    await expect(form(page)).to_contain_text("There is no default payload now: no transaction is running")
    await json_text(page).fill("{}")
    await send(page)

    await expect(answers(page)).to_contain_text("not sent")
    await expect(answers(page)).to_contain_text("transactionId is missing")


async def test_several_stations_answer_each(page: Page, mock: MockCsms, start_station: StartStation) -> None:
    for identity in ("CS001", "CS002", "CS003"):
        await start_station(identity)
    await show(page, mock, "?station=CS003&action=GetBaseReport")
    await page.get_by_role("button", name="All connected").click()
    await expect(page.get_by_role("button", name="Remove all 3 connected stations")).to_be_visible()
    await send(page)
    await expect(answers(page)).to_contain_text("Accepted: 3")
    await page.get_by_role("button", name="Remove all 3 connected stations").click()
    for identity in ("CS001", "CS009"):
        await page.get_by_role("combobox", name="To").fill(identity)
        await page.keyboard.press("Enter")
    await send(page)

    await expect(answers(page)).to_contain_text("no station 'CS009' is known")
    await expect(answers(page)).to_contain_text("Accepted: 1")


async def test_glob_has_an_answer_of_each_station(
    page: Page, mock: MockCsms, start_station: StartStation
) -> None:
    for identity in ("CS001", "CS002", "XS001"):
        await start_station(identity)
    await show(page, mock, "?action=ClearCache")
    await page.get_by_role("combobox", name="To").fill("CS*")
    await page.keyboard.press("Enter")
    await send(page)

    await expect(answers(page)).to_contain_text("Accepted: 2")


async def test_any_action_is_sent_without_validation(
    page: Page, mock: MockCsms, api: httpx.AsyncClient, start_station: StartStation
) -> None:
    await start_station()
    await show(page, mock, "?station=CS001")
    await page.get_by_role("combobox", name="Search for a command").fill("Dance")
    await page.keyboard.press("Enter")
    await json_text(page).fill('[null, "anything"]')
    await send(page)

    await expect(answers(page)).to_contain_text("the payload must be a JSON object")
    assert (await wait_for_entry(api, station="CS001", type="call", action="Dance"))["frame"][3] == [
        None,
        "anything",
    ]


async def test_recent_command_is_sent_again_and_secrets_are_not_kept(
    page: Page, mock: MockCsms, start_station: StartStation
) -> None:
    await start_station()
    await show(page, mock, "?station=CS001&action=ClearCache")
    await send(page)
    await expect(answers(page).get_by_text("Accepted", exact=True)).to_have_count(1)
    await show(page, mock, "?station=CS001&action=DataTransfer")
    await json_text(page).fill('{"vendorId": "x", "data": {"password": "hunter2"}}')
    await send(page)
    await expect(answers(page).get_by_text("UnknownVendorId", exact=True)).to_have_count(1)
    await page.get_by_role("tab", name="Recent").click()
    await expect(page.get_by_role("list", name="Recent commands").get_by_role("listitem")).to_have_count(1)
    assert "hunter2" not in await page.evaluate("(key) => localStorage.getItem(key)", RECENT)
    await page.get_by_role("button", name="Send ClearCache to CS001 again").click()

    await expect(answers(page).get_by_text("Accepted", exact=True)).to_have_count(2)


async def test_message_is_opened_with_its_payload_and_sent_with_a_new_id_each_time(
    page: Page, mock: MockCsms, api: httpx.AsyncClient, start_station: StartStation
) -> None:
    await start_station()
    body = {"action": "GetBaseReport", "payload": {"requestId": 77, "reportBase": "SummaryInventory"}}
    await api.post("/v1/stations/CS001/calls", json=body)
    sent = await wait_for_entry(api, station="CS001", action="GetBaseReport")
    await show(page, mock, f"?station=CS001&action=GetBaseReport&entry={sent['number']}")
    await expect(form(page).get_by_label("requestId")).to_have_value("77")
    await form(page).get_by_role("button", name="Default payload").click()
    await expect(form(page)).to_contain_text("the default for CS001")
    for _ in range(2):
        default = await payload(page)
        await send(page)
        await expect(form(page).get_by_label("requestId")).not_to_have_value(str(default["requestId"]))
    frames = await journal_entries(api, station="CS001", action="GetBaseReport", type="call")

    ids = [entry["frame"][3]["requestId"] for entry in frames]
    assert len(set(ids)) == len(ids) == 3


async def test_link_to_an_entry_that_is_gone_says_so(page: Page, mock: MockCsms) -> None:
    await show(page, mock, "?station=CS001&action=GetBaseReport&entry=99")

    await expect(page.get_by_role("status").filter(has_text="Entry 99 is no longer stored")).to_be_visible()
    await expect(form(page).get_by_label("requestId")).to_be_visible()


async def test_texts_from_a_station_are_shown_as_text(page: Page, mock: MockCsms) -> None:
    identity = "<script>alert(1)</script>\u202e" + "x" * 8
    async with booted_raw(mock.csms, quote(identity, safe="")) as station:
        await show(page, mock, "?action=ClearCache")
        await page.get_by_role("button", name="All connected").click()
        await send(page)
        _, message_id, *_ = await receive(station)
        await station.send(json.dumps([4, message_id, "<b>\u202e", "<img src=x>", {}]))
        await expect(answers(page)).to_contain_text("<b>\\u202e")

        await expect(answers(page)).to_contain_text("<script>alert(1)</script>\\u202e")


async def test_command_waits_for_the_next_connection(
    page: Page, mock: MockCsms, start_station: StartStation
) -> None:
    await show(page, mock, "?station=CS001&action=GetLocalListVersion")
    await page.get_by_text("Options").click()
    await page.get_by_label("At the next connection").check()
    await page.get_by_label("Wait for the connection").fill("20")
    await send(page)
    await expect(answers(page)).to_contain_text("waiting")
    await start_station()

    await expect(answers(page)).to_contain_text("the boot of this station was not accepted")


async def test_command_is_copied_as_curl_and_python(page: Page, mock: MockCsms) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await show(page, mock, "?station=CS001&action=Reset")
    copied = "navigator.clipboard.readText()"
    await page.get_by_role("button", name="Copy curl").click()
    await expect(page.get_by_role("status").get_by_text("Copied")).to_be_visible()
    assert await page.evaluate(copied) == (
        f"curl -s '{mock.control_url}/v1/stations/CS001/calls' \\\n"
        '     -d \'{"action":"Reset","payload":{"type":"Immediate"}}\'\n'
    )
    await page.get_by_role("button", name="Copy Python").click()
    await expect(page.get_by_role("status").get_by_text("Copied")).to_have_count(2)

    assert 'csms.station("CS001").call("Reset", {"type": "Immediate"})' in await page.evaluate(copied)


@pytest.mark.parametrize("action", ["SetChargingProfile", "SetNetworkProfile"])
async def test_view_is_accessible(
    mock: MockCsms, open_page: OpenPage, start_station: StartStation, action: str
) -> None:
    await start_station()
    page = await open_page(f"{mock.control_url}/ui/#/send?station=CS001&action={action}")
    await expect(form(page)).to_contain_text("the default for CS001")
    await send(page)
    await expect(answers(page)).to_contain_text("#")
    await json_text(page).fill(json.dumps({"evseId": "x"}, indent=2))
    await page.get_by_text("Options").click()
    await page.get_by_label("At the next connection").check()

    assert await accessibility_faults(page) == []
