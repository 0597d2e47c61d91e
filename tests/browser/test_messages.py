"""The view "Messages": the timeline, its filters, and the details of a message."""

import json
from collections.abc import Sequence
from typing import Final

import httpx
from playwright.async_api import Locator, Page, expect
from websockets.asyncio.client import ClientConnection

from mock_csms import MockCsms
from tests.browser.accessibility import accessibility_faults
from tests.browser.conftest import OpenPage, StartMock, StartStation
from tests.support.control import booted_raw, journal_entries, wait_for_entry
from tests.support.station import raw_connection, receive

BOOT: Final = {"chargingStation": {"model": "M", "vendorName": "V"}, "reason": "PowerUp"}
HOSTILE: Final = "<script>alert(1)</script>\u202e\u2066\u0007"


def rows(page: Page) -> Locator:
    """The rows of the timeline that are drawn."""
    return page.get_by_role("listbox", name="Messages").get_by_role("option")


def row(page: Page, label: str) -> Locator:
    """The rows whose label has this text."""
    return page.get_by_role("listbox", name="Messages").get_by_role("option", name=label)


def details(page: Page) -> Locator:
    """The details of a message."""
    return page.get_by_role("complementary", name="Details of the message")


async def exchange(mock: MockCsms, station: str, *frames: Sequence[object] | str) -> None:
    """Connect a station, and send frames one after the other, each when the one before is answered."""
    async with raw_connection(mock.csms, station) as connection:
        for frame in frames:
            await connection.send(frame if isinstance(frame, str) else json.dumps(frame))
            await receive(connection)


async def send_heartbeats(connection: ClientConnection, numbers: range) -> None:
    """Send a Heartbeat for each number, and wait for all answers."""
    for number in numbers:
        await connection.send(f'[2, "{number}", "Heartbeat", {{}}]')
    for _ in numbers:
        await receive(connection)


async def test_messages_appear_as_they_are_sent(
    page: Page, mock: MockCsms, start_station: StartStation
) -> None:
    await page.goto(f"{mock.control_url}/ui/#/messages")
    await expect(page.get_by_text("No messages yet")).to_be_visible()
    station = await start_station("CS001")
    await expect(row(page, "BootNotification, from CS001")).to_be_visible()
    await expect(row(page, "answer, BootNotification, to CS001")).to_contain_text("Accepted interval=300")
    station.do("plug-in evse=1")
    await expect(row(page, "TransactionEvent, from CS001").last).to_contain_text("Started")


async def test_filters_are_kept_in_the_address(mock: MockCsms, open_page: OpenPage) -> None:
    await exchange(mock, "CS1", [2, "1", "BootNotification", BOOT], [2, "2", "Heartbeat", {}])
    await exchange(mock, "CS10", [2, "1", "BootNotification", BOOT], [2, "2", "Nonsense", {}])
    page = await open_page(f"{mock.control_url}/ui/#/messages?station=CS1")
    await expect(rows(page)).to_have_count(6)
    await expect(page.locator(".message-station")).to_have_count(0)
    await page.get_by_label("Station", exact=True).fill("CS10")
    await expect(row(page, "Nonsense, from CS10")).to_be_visible()
    await page.get_by_label("Errors only").check()
    await expect(rows(page)).to_have_count(2)
    await page.get_by_label("Direction").select_option("sent")
    await page.reload()
    await expect(rows(page)).to_have_count(1)
    await expect(rows(page)).to_contain_text("NotImplemented")
    await page.get_by_label("Action", exact=True).fill("Reset")
    await page.get_by_role("button", name="Clear the filter").last.click()
    await expect(rows(page)).to_have_count(12)


async def test_text_is_found_anywhere_in_a_frame(mock: MockCsms, open_page: OpenPage) -> None:
    token = {"idToken": {"idToken": "DEADBEEF", "type": "ISO14443"}}
    await exchange(mock, "CS1", [2, "1", "BootNotification", BOOT], [2, "a-7", "Authorize", token])
    page = await open_page(f"{mock.control_url}/ui/#/messages")
    field = page.get_by_label("Search", exact=True)
    await field.fill("deadbeef")
    await expect(rows(page)).to_have_count(1)
    await field.fill("a-7")
    await expect(rows(page)).to_have_count(2)
    await page.get_by_role("button", name="Clear the filter").click()
    await expect(rows(page)).to_have_count(6)
    await page.get_by_label("JMESPath").fill("DEADBEEF")
    await page.get_by_role("button", name="Search for the text").click()
    await expect(rows(page)).to_have_count(1)
    assert page.url.endswith("/#/messages?text=DEADBEEF")


async def test_keys_lead_from_a_filter_to_the_messages(mock: MockCsms, open_page: OpenPage) -> None:
    await exchange(mock, "CS1", [2, "1", "BootNotification", BOOT])
    page = await open_page(f"{mock.control_url}/ui/#/messages")
    await expect(rows(page)).to_have_count(4)
    await page.keyboard.press("/")
    field = page.get_by_label("Search", exact=True)
    await field.press_sequentially("Boot")
    await expect(rows(page)).to_have_count(2)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("listbox", name="Messages")).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(rows(page).first).to_have_attribute("aria-selected", "true")
    await field.press("Escape")
    await expect(field).to_have_value("")
    await expect(field).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("listbox", name="Messages")).to_be_focused()


async def test_example_fills_in_an_expression(mock: MockCsms, open_page: OpenPage) -> None:
    await exchange(mock, "CS1", [2, "1", "BootNotification", BOOT])
    page = await open_page(f"{mock.control_url}/ui/#/messages")
    examples = page.get_by_role("list", name="Examples of expressions")
    await expect(examples).to_be_hidden()
    field = page.get_by_label("JMESPath")
    for example in ("half a second", "end of a transaction", "about EVSE 1", "one of two actions"):
        await field.fill("")
        await field.focus()
        await examples.get_by_role("button", name=example).click()
        await expect(field).to_be_focused()
        await expect(page.get_by_text("No message passes the filter")).to_be_visible()
        await expect(field).not_to_have_attribute("aria-invalid", "true")


async def test_expression_is_evaluated_by_the_server(mock: MockCsms, open_page: OpenPage) -> None:
    await exchange(mock, "CS1", [2, "1", "BootNotification", BOOT], [2, "2", "Heartbeat", {}])
    page = await open_page(f"{mock.control_url}/ui/#/messages?expression=frame[2].interval")
    await expect(rows(page)).to_have_count(1)
    await exchange(mock, "CS2", [2, "1", "BootNotification", BOOT])
    await expect(rows(page)).to_have_count(2)
    field = page.get_by_label("JMESPath")
    await field.fill("frame[")
    await expect(page.locator("#message-expression-problem")).to_contain_text("JMESPath")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(rows(page)).to_have_count(10)


async def test_broken_payload_is_marked_at_its_place(
    mock: MockCsms, open_page: OpenPage, api: httpx.AsyncClient
) -> None:
    status = {"timestamp": "2026-01-31T12:00:00Z", "connectorStatus": "Charging", "evseId": 1, "extra": 1}
    async with booted_raw(mock.csms) as connection:
        await connection.send(json.dumps([2, "7", "StatusNotification", {**status, "connectorId": "1"}]))
        await receive(connection)
    number = (await wait_for_entry(api, action="StatusNotification"))["number"]
    page = await open_page(f"{mock.control_url}/ui/#/messages?entry={number}")
    marked = details(page).locator(".json-line.marked")
    await expect(marked).to_have_count(3)
    await expect(marked.nth(0)).to_contain_text("connectorStatus")
    await expect(marked.nth(0)).to_contain_text("must be one of Available, Occupied")
    await expect(marked.nth(1)).to_contain_text("is not a field of this message")
    await expect(marked.nth(2)).to_contain_text("must be a whole number")
    await expect(details(page)).to_contain_text("PropertyConstraintViolation")
    await expect(details(page).get_by_role("list")).to_contain_text("OCPP-J 4.1.7")
    await expect(page.get_by_role("button", name="new message")).to_be_hidden()
    await details(page).get_by_role("link", name="Show all of this kind").click()
    await expect(page).to_have_url(f"{mock.control_url}/ui/#/findings?station=CS1&id=call-violates-schema")


async def test_malformed_frame_is_shown_as_text(mock: MockCsms, open_page: OpenPage) -> None:
    await exchange(mock, "CS1", '[2, "1", "Heart\u202e')
    page = await open_page(f"{mock.control_url}/ui/#/messages")
    await row(page, "Malformed frame, from CS1").click()
    await expect(details(page).locator("pre")).to_have_text('[2, "1", "Heart\\u202e')
    await expect(details(page)).to_contain_text("the frame is not valid JSON")


async def test_injected_answer_looks_injected(start_mock: StartMock, open_page: OpenPage) -> None:
    rule = {"id": "lost", "when": {"action": "Heartbeat"}, "fault": "wrong-id"}
    mock = await start_mock(rules=[rule])
    await exchange(mock, "CS1", [2, "1", "Heartbeat", {}])
    page = await open_page(f"{mock.control_url}/ui/#/messages")
    injected = row(page, "answer, Heartbeat, to CS1, injected, rule lost: wrong-id")
    await expect(injected).to_contain_text("injected")
    await expect(injected).to_contain_text("rule lost")
    await injected.click()
    await details(page).get_by_role("link", name="lost").click()
    await expect(page).to_have_url(f"{mock.control_url}/ui/#/behave/rules?rule=lost")


async def test_paused_timeline_stands_still(mock: MockCsms, page: Page) -> None:
    await exchange(mock, "CS1", [2, "1", "BootNotification", BOOT])
    await page.goto(f"{mock.control_url}/ui/#/messages")
    await expect(rows(page)).to_have_count(4)
    await page.keyboard.press("Space")
    await exchange(mock, "CS2", [2, "1", "BootNotification", BOOT])
    unseen = page.get_by_role("button", name="4 new messages")
    await expect(unseen).to_be_visible()
    await expect(rows(page)).to_have_count(4)
    await page.keyboard.press("Space")
    await expect(rows(page)).to_have_count(8)
    await expect(unseen).to_be_hidden()


async def test_timeline_follows_its_end_until_the_user_scrolls(mock: MockCsms, page: Page) -> None:
    heartbeats = [[2, str(number), "Heartbeat", {}] for number in range(100)]
    await exchange(mock, "CS1", [2, "b", "BootNotification", BOOT], *heartbeats)
    await page.goto(f"{mock.control_url}/ui/#/messages")
    await expect(row(page, "Disconnected")).to_be_in_viewport()
    await page.get_by_role("listbox").evaluate("list => list.scrollTo(0, 0)")
    await expect(row(page, "Connected").first).to_be_in_viewport()
    await exchange(mock, "CS2", [2, "b", "BootNotification", BOOT])
    await expect(row(page, "Connected").first).to_be_in_viewport()
    await page.get_by_role("button", name="4 new messages").click()
    await expect(row(page, "Disconnected, CS2")).to_be_in_viewport()


async def test_keys_move_through_the_messages(mock: MockCsms, page: Page) -> None:
    await exchange(mock, "CS1", [2, "1", "BootNotification", BOOT])
    await page.goto(f"{mock.control_url}/ui/#/messages")
    await expect(rows(page)).to_have_count(4)
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await expect(rows(page).nth(2)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(details(page)).to_contain_text("interval")
    await expect(page).to_have_url(f"{mock.control_url}/ui/#/messages?entry=3")
    await page.get_by_role("listbox").press("ArrowUp")
    await expect(details(page)).to_contain_text("Call")
    await page.keyboard.press("Escape")
    await expect(details(page)).to_be_hidden()
    await page.keyboard.press("/")
    await expect(page.get_by_label("Search", exact=True)).to_be_focused()


async def test_back_button_closes_the_message(mock: MockCsms, open_page: OpenPage) -> None:
    await exchange(mock, "CS1", [2, "1", "BootNotification", BOOT])
    page = await open_page(f"{mock.control_url}/ui/#/stations")
    await page.get_by_role("link", name="Messages", exact=True).click()
    await row(page, "BootNotification, from").click()
    await expect(page).to_have_url(f"{mock.control_url}/ui/#/messages?entry=2")
    await row(page, "answer, BootNotification").click()
    await expect(page).to_have_url(f"{mock.control_url}/ui/#/messages?entry=3")
    await page.go_back()
    await expect(details(page)).to_be_hidden()
    await expect(page).to_have_url(f"{mock.control_url}/ui/#/messages")
    await row(page, "BootNotification, from").click()
    await expect(page).to_have_url(f"{mock.control_url}/ui/#/messages?entry=2")
    await page.keyboard.press("Escape")
    await expect(page).to_have_url(f"{mock.control_url}/ui/#/messages")
    await page.go_back()
    await expect(page).to_have_url(f"{mock.control_url}/ui/#/stations")


async def test_message_fills_a_narrow_screen(mock: MockCsms, open_page: OpenPage) -> None:
    await exchange(mock, "CS1", [2, "1", "BootNotification", BOOT])
    page = await open_page(f"{mock.control_url}/ui/#/messages?station=CS1")
    await page.set_viewport_size({"width": 360, "height": 740})
    await row(page, "BootNotification, from").click()
    await expect(page.get_by_label("Station", exact=True)).to_be_hidden()
    box = await details(page).bounding_box()
    assert box is not None
    assert box["height"] > 580
    await page.get_by_role("button", name="Close the details").click()
    await expect(page.get_by_label("Station", exact=True)).to_be_visible()
    await expect(rows(page)).to_have_count(4)


async def test_rows_in_view_stay_while_the_oldest_are_dropped(mock: MockCsms, open_page: OpenPage) -> None:
    async with booted_raw(mock.csms) as connection:
        await send_heartbeats(connection, range(5_300))
        page = await open_page(f"{mock.control_url}/ui/#/messages")
        await expect(page.get_by_text("10,000 messages")).to_be_visible()
        await page.get_by_role("listbox").evaluate("list => list.scrollTo(0, 8_000 * 40)")
        await page.locator("#message-8610").click()
        await page.keyboard.press("Escape")
        await expect(details(page)).to_be_hidden()
        await expect(page.locator("#message-8610")).to_be_visible()
        before = await page.locator("#message-8610").bounding_box()
        await send_heartbeats(connection, range(5_300, 5_900))
        await expect(page.get_by_role("button", name="1,200 new messages")).to_be_visible()
        await expect(page.get_by_text("10,2")).to_be_visible()
        assert await page.locator("#message-8610").bounding_box() == before


async def test_entry_that_is_no_longer_loaded_is_fetched(
    mock: MockCsms, open_page: OpenPage, api: httpx.AsyncClient
) -> None:
    async with booted_raw(mock.csms) as connection:
        await send_heartbeats(connection, range(5_600))
    page = await open_page(f"{mock.control_url}/ui/#/messages?entry=50")
    await expect(details(page)).to_contain_text("Heartbeat")
    await expect(page.get_by_role("listbox").get_by_role("option", selected=True)).to_be_in_viewport()
    await expect(page.get_by_text("Entries around 50, from the journal")).to_be_visible()
    await page.get_by_role("button", name="Show the newest messages").click()
    await expect(row(page, "Disconnected")).to_be_in_viewport()
    await api.delete("/v1/journal")
    await page.goto(f"{mock.control_url}/ui/#/messages?entry=60")
    await expect(page.get_by_text("The journal no longer has entry 60.")).to_be_visible()


async def test_message_is_copied_as_json_curl_and_rule(
    mock: MockCsms, page: Page, api: httpx.AsyncClient
) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await exchange(mock, "CS1", [2, "1", "Heartbeat", {}])
    await page.goto(f"{mock.control_url}/ui/#/messages")
    await row(page, "answer, Heartbeat").click()
    copied = "navigator.clipboard.readText()"
    await page.get_by_role("button", name="Copy a curl that waits for this message").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert (await page.evaluate(copied)).startswith(f"curl -s {mock.control_url}/v1/wait -d ")
    await page.get_by_role("button", name="Copy as JSON").click()
    await expect(page.get_by_role("button", name="Copied")).to_have_count(2)
    assert json.loads(await page.evaluate(copied))[:2] == [3, "1"]
    await page.get_by_role("button", name="Make a rule").click()
    text = page.get_by_role("dialog").locator("pre")
    await expect(text).to_contain_text('then = { answer = { currentTime = "{{now}}" } }')
    choices = page.get_by_label("The mock is to")
    for label in await choices.locator("option").all_inner_texts():
        await choices.select_option(label=label)
        await page.get_by_role("button", name="Add the rule now").click()
        await expect(page.get_by_role("link", name="Show the rule")).to_be_visible()
    assert len((await api.get("/v1/rules")).json()) == 6


async def test_note_is_written_into_the_journal(mock: MockCsms, page: Page, api: httpx.AsyncClient) -> None:
    await exchange(mock, "CS1", [2, "1", "BootNotification", BOOT])
    await page.goto(f"{mock.control_url}/ui/#/messages?station=CS1")
    await expect(rows(page)).to_have_count(4)
    await expect(page.locator(".message-station")).to_have_count(0)
    await page.get_by_role("button", name="Write a note").click()
    await page.get_by_label("Text").fill("Step 1: plug in")
    await page.get_by_role("button", name="Write the note").click()
    await expect(row(page, "Note, CS1, note, Step 1: plug in")).to_be_visible()
    (note,) = await journal_entries(api, type="note")
    assert (note["station"], note["note"]) == ("CS1", "Step 1: plug in")


async def test_shown_messages_are_exported(mock: MockCsms, page: Page, api: httpx.AsyncClient) -> None:
    await exchange(mock, "CS1", [2, "1", "BootNotification", BOOT], [2, "2", "Heartbeat", {}])
    await page.goto(f"{mock.control_url}/ui/#/messages?action=Heartbeat")
    await expect(rows(page)).to_have_count(2)
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Export").click()
    path = await (await download.value).path()
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == await journal_entries(api, action="Heartbeat")


async def test_hostile_texts_are_shown_as_text(mock: MockCsms, open_page: OpenPage) -> None:
    payload = {"vendorId": HOSTILE, "data": {HOSTILE: HOSTILE * 400}, "messageId": "x" * 10_000}
    async with raw_connection(mock.csms, "CS<b>%E2%80%AE") as connection:
        await connection.send(json.dumps([2, HOSTILE, "DataTransfer", payload]))
        await connection.send(json.dumps([2, "2", HOSTILE * 30, {}]))
        await receive(connection)
        await receive(connection)
        page = await open_page(f"{mock.control_url}/ui/#/messages")
        await expect(row(page, "DataTransfer, from CS<b>\\u202e").first).to_be_visible()
        assert "\u202e" not in await page.locator("main").inner_text()
        await row(page, "DataTransfer, from").first.click()
        await expect(details(page)).to_contain_text("<script>alert(1)</script>\\u202e\\u2066\\u0007")
        assert "\u202e" not in await page.locator("main").inner_text()
        assert await accessibility_faults(page) == []


async def test_timeline_is_accessible(mock: MockCsms, open_page: OpenPage, api: httpx.AsyncClient) -> None:
    await api.post("/v1/rules", json={"id": "r", "when": {"action": "Heartbeat"}, "fault": "duplicate"})
    await api.post("/v1/journal/notes", json={"text": "Step 1"})
    await exchange(mock, "CS1", [2, "1", "BootNotification", BOOT], [2, "2", "Heartbeat", {}], "[2,")
    page = await open_page(f"{mock.control_url}/ui/#/messages?expression=frame[&errors=false")
    await expect(page.locator("#message-expression-problem")).to_contain_text("JMESPath")
    await row(page, "Malformed").click()
    await expect(details(page)).to_be_visible()
    assert await accessibility_faults(page) == []
