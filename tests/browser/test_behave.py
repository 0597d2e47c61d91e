"""The view "Behave" and its tabs: Rules, Gallery, Tokens, Profile (of a station) and Ports."""

import re
import tomllib
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from mock_csms import MockCsms
from tests.browser.accessibility import accessibility_faults
from tests.browser.conftest import OpenPage, StartMock, StartStation
from tests.support.control import booted_raw, wait_for_entry
from tests.support.station import receive
from tests.support.tcp_proxy import proxy_before

HELD = {"id": "held", "when": {"station": "CS*", "action": "Heartbeat"}, "then": {"fault": {"kind": "hold"}}}


async def _behave(mock: MockCsms, open_page: OpenPage, tab: str) -> Page:
    return await open_page(f"{mock.control_url}/ui/#/behave/{tab}")


async def test_rule_of_the_gallery_counts_its_hits(
    mock: MockCsms, open_page: OpenPage, start_station: StartStation
) -> None:
    page = await _behave(mock, open_page, "gallery")
    await page.get_by_role("button", name="Add: Heartbeat every 5 s").click()
    card = page.get_by_role("listitem").filter(has_text="Heartbeat every 5 s")
    await expect(card.get_by_text("Active")).to_be_visible()

    await start_station("CS001")
    await expect(card.get_by_role("link", name="1 hit")).to_be_visible()
    await card.get_by_role("link", name="1 hit").click()
    rule = page.get_by_role("listitem").filter(has_text="heartbeat-often")
    await expect(rule.get_by_text("of 1 match")).to_be_visible()


async def test_rule_is_edited_in_a_form_and_in_json(
    mock: MockCsms, api: httpx.AsyncClient, open_page: OpenPage
) -> None:
    await api.post("/v1/rules", json=HELD)
    page = await _behave(mock, open_page, "rules")
    await page.get_by_role("button", name="Edit rule held").click()
    dialog = page.get_by_role("dialog", name="Edit the rule")
    text = dialog.get_by_label("JSON", exact=True)
    await dialog.get_by_label("Station", exact=True).fill("CS7")
    await expect(text).to_have_value(re.compile('"station": "CS7"'))

    await text.fill('{"when": {"action": "Hertbeat"}, "then": {"fault": {"kind": "no-answer"}}}')
    await expect(dialog.get_by_label("Action", exact=True)).to_have_value("Hertbeat")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("did you mean Heartbeat?")

    await dialog.get_by_label("Action", exact=True).fill("Heartbeat")
    await dialog.get_by_role("button", name="Save").click()
    await expect(
        page.get_by_role("heading", name="Leaves Heartbeat of every station unanswered")
    ).to_be_visible()
    assert (await api.get("/v1/rules/held")).json()["then"] == [{"fault": {"kind": "no-answer"}}]


async def test_copies_of_a_rule_do_not_replace_each_other(
    mock: MockCsms, api: httpx.AsyncClient, open_page: OpenPage
) -> None:
    await api.post("/v1/rules", json=HELD)
    page = await _behave(mock, open_page, "rules")
    dialog = page.get_by_role("dialog", name="Add a rule")
    for _ in range(2):
        await page.get_by_role("button", name="Duplicate rule held", exact=True).click()
        await dialog.get_by_role("button", name="Add the rule").click()
        await expect(dialog).to_be_hidden()
    ids = {rule["id"] for rule in (await api.get("/v1/rules")).json()}
    assert ids == {"held", "held-copy", "held-copy-2"}

    await page.get_by_role("button", name="Duplicate rule held", exact=True).click()
    await dialog.get_by_label("Name of the rule").fill("held-copy")
    await dialog.get_by_role("button", name="Add the rule").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Another rule has this name")


async def test_rule_is_added_with_a_status_of_its_answer(
    mock: MockCsms, api: httpx.AsyncClient, open_page: OpenPage
) -> None:
    page = await _behave(mock, open_page, "rules")
    await page.get_by_role("button", name="Add a rule").click()
    dialog = page.get_by_role("dialog", name="Add a rule")
    await dialog.get_by_label("Action", exact=True).fill("BootNotification")
    await dialog.get_by_label("Answer", exact=True).select_option("with changed fields")
    await dialog.get_by_label("Fault").select_option("none")
    await dialog.get_by_label("status", exact=True).select_option("Pending")
    await dialog.get_by_role("button", name="Add the rule").click()

    name = "Answers BootNotification of every station with Pending"
    await expect(page.get_by_role("heading", name=name)).to_be_visible()
    (rule,) = (await api.get("/v1/rules")).json()
    assert rule["then"] == [{"answer": {"status": "Pending"}}]


async def test_rule_is_deleted_after_a_question(
    mock: MockCsms, api: httpx.AsyncClient, open_page: OpenPage
) -> None:
    await api.post("/v1/rules", json=HELD)
    page = await _behave(mock, open_page, "rules")
    await page.get_by_role("button", name="Delete rule held").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete the rule").click()

    await expect(page.get_by_text("There are no rules")).to_be_visible()
    assert (await api.get("/v1/rules")).json() == []


async def test_close_now_ends_the_connection_of_the_chosen_station(
    mock: MockCsms, api: httpx.AsyncClient, open_page: OpenPage, start_station: StartStation
) -> None:
    await start_station("CS001")
    page = await _behave(mock, open_page, "gallery?station=CS001")
    await page.get_by_role("button", name="Drop: Drop TCP now").click()

    await expect(page.get_by_text("Done for 1 station")).to_be_visible()
    await wait_for_entry(api, station="CS001", type="disconnected")


async def test_held_answer_is_released_from_the_rule(
    mock: MockCsms, api: httpx.AsyncClient, open_page: OpenPage
) -> None:
    await api.post("/v1/rules", json=HELD)
    async with booted_raw(mock.csms, "CS1") as station:
        await station.send('[2,"beat","Heartbeat",{}]')
        await wait_for_entry(api, station="CS1", action="Heartbeat")
        page = await _behave(mock, open_page, "rules")
        await page.get_by_role("button", name="Release the held answers").click()

        await expect(page.get_by_text("Done for 1 station")).to_be_visible()
        assert (await receive(station))[:2] == [3, "beat"]


async def test_reset_of_a_mistyped_station_says_so(mock: MockCsms, open_page: OpenPage) -> None:
    page = await _behave(mock, open_page, "rules")
    await page.get_by_role("button", name="Reset").click()
    dialog = page.get_by_role("dialog", name="Reset")
    await dialog.get_by_text("Some stations").click()
    await dialog.get_by_label("Identity or glob").fill("CS9")
    await dialog.get_by_role("button", name="Reset these stations").click()

    await expect(dialog.get_by_role("alert")).to_have_text("no station that matches 'CS9' is known")


async def test_rules_and_their_dialog_are_accessible(
    mock: MockCsms, api: httpx.AsyncClient, open_page: OpenPage
) -> None:
    await api.post("/v1/rules", json=HELD)
    page = await _behave(mock, open_page, "rules")
    await page.get_by_role("button", name="Edit rule held").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await accessibility_faults(page) == []


async def test_gallery_is_accessible(mock: MockCsms, open_page: OpenPage) -> None:
    page = await _behave(mock, open_page, "gallery")
    await expect(page.get_by_text("No port accepts TLS")).to_be_visible()
    assert await accessibility_faults(page) == []


async def test_token_is_added_and_searched(
    mock: MockCsms, api: httpx.AsyncClient, open_page: OpenPage
) -> None:
    page = await _behave(mock, open_page, "tokens")
    await page.get_by_role("button", name="Add a token").first.click()
    dialog = page.get_by_role("dialog", name="Add a token")
    await dialog.get_by_label("idToken").fill("CAFE")
    await dialog.get_by_label("EVSEs").fill("one")
    await dialog.get_by_role("button", name="Save the token").click()
    await expect(dialog.get_by_role("textbox", name="EVSEs")).to_have_accessible_description(
        "must be a whole number"
    )

    await dialog.get_by_label("EVSEs").fill("1, 2")
    await dialog.get_by_role("button", name="Save the token").click()
    await page.get_by_role("searchbox").fill("EVSE 1, 2")
    await expect(page.get_by_role("row").filter(has_text="CAFE")).to_contain_text("Blocked")
    assert (await api.get("/v1/tokens/CAFE")).json() == {"status": "Blocked", "evseId": [1, 2]}


async def test_new_token_does_not_replace_a_listed_one(
    mock: MockCsms, api: httpx.AsyncClient, open_page: OpenPage
) -> None:
    await api.put("/v1/tokens/CAFE", json={"status": "Expired"})
    page = await _behave(mock, open_page, "tokens")
    await expect(page.get_by_role("row").filter(has_text="CAFE")).to_contain_text("Expired")
    await page.get_by_role("button", name="Add a token").click()
    dialog = page.get_by_role("dialog", name="Add a token")
    await dialog.get_by_label("idToken").fill("cafe")
    await dialog.get_by_role("button", name="Save the token").click()

    await expect(dialog.get_by_role("alert")).to_contain_text("listed already")
    assert (await api.get("/v1/tokens/CAFE")).json() == {"status": "Expired"}


async def test_setting_of_a_station_is_changed_and_reverted(
    mock: MockCsms, api: httpx.AsyncClient, open_page: OpenPage
) -> None:
    page = await _behave(mock, open_page, "profile?station=CS7")
    interval = page.get_by_role("textbox", name="Heartbeat interval")
    await interval.fill("often")
    await page.get_by_role("button", name="Save 1 change").click()
    await expect(page.get_by_role("alert")).to_contain_text("heartbeatInterval")

    await interval.fill("7")
    await page.get_by_role("switch", name="Offline").check()
    await page.get_by_role("tab", name="Tokens").click()
    await expect(page.get_by_role("button", name="Add a token")).to_be_visible()
    await page.get_by_role("tab", name="Profile").click()
    await expect(interval).to_have_value("7")
    await page.get_by_role("button", name="Save 2 changes").click()
    await expect(page.get_by_text("2 settings changed here")).to_be_visible()
    assert (await api.get("/v1/stations/CS7/profile")).json()["heartbeatInterval"] == 7

    await page.get_by_role("button", name="Revert Heartbeat interval").click()
    await expect(interval).to_have_value("300")


async def test_port_shows_why_it_cannot_change(mock: MockCsms, open_page: OpenPage) -> None:
    page = await _behave(mock, open_page, "ports")
    port = page.get_by_role("form", name="Port main")
    await port.get_by_label("Security profile").select_option("3")
    await port.get_by_role("button", name="Change the port").click()

    await expect(port.get_by_role("alert")).to_contain_text("needs TLS")


async def test_tls_fault_of_a_port_is_set_and_shown(
    open_page: OpenPage, start_mock: StartMock, tmp_path: Path
) -> None:
    mock = await start_mock(tls=True, pki=str(tmp_path))
    page = await _behave(mock, open_page, "ports")
    port = page.get_by_role("form", name="Port main")
    await port.get_by_label("TLS fault").select_option("expired")
    await port.get_by_label("Number of connections").fill("2")
    await port.get_by_role("button", name="Change the port").click()

    await expect(port.get_by_text("The TLS of the next 2 connections has the fault expired.")).to_be_visible()


@pytest.mark.parametrize("tab", ["rules", "tokens", "profile?station=CS7", "ports"])
async def test_tab_is_accessible(
    mock: MockCsms, api: httpx.AsyncClient, open_page: OpenPage, tab: str
) -> None:
    await api.put("/v1/tokens/CAFE", json={"status": "Blocked", "groupIdToken": "G"})
    await api.patch("/v1/stations/CS7/profile", json={"heartbeatInterval": 7})
    for number in range(2):
        await api.post("/v1/rules", json={**HELD, "id": f"held-{number}", "enabled": number == 0})
    page = await _behave(mock, open_page, tab)
    await expect(
        page.get_by_text(re.compile("CAFE|Heartbeat interval|needs no credentials|held-0")).first
    ).to_be_visible()
    assert await accessibility_faults(page) == []


async def test_rule_is_switched_off_and_keeps_its_counts(
    mock: MockCsms, api: httpx.AsyncClient, open_page: OpenPage, start_station: StartStation
) -> None:
    await api.post(
        "/v1/rules",
        json={"id": "often", "when": {"action": "BootNotification"}, "then": {"answer": {"interval": 5}}},
    )
    await start_station("CS001")
    page = await _behave(mock, open_page, "rules")
    card = page.get_by_role("listitem").filter(has_text="often")
    await card.get_by_role("switch", name="Rule often is on").uncheck()

    await expect(card.get_by_text("Off", exact=True)).to_be_visible()
    rule = (await api.get("/v1/rules/often")).json()
    assert (rule["enabled"], rule["uses"]) == (False, {"CS001": {"matches": 1, "hits": 1}})


async def test_rules_are_copied_as_a_settings_file(
    mock: MockCsms, api: httpx.AsyncClient, open_page: OpenPage
) -> None:
    await api.post("/v1/rules", json=HELD)
    page = await _behave(mock, open_page, "rules")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Copy all as TOML").click()

    await expect(page.get_by_text("start the server with --config FILE")).to_be_visible()
    copied: str = await page.evaluate("navigator.clipboard.readText()")
    assert tomllib.loads(copied)["rules"][0]["id"] == "held"


async def test_rule_of_an_address_is_scrolled_to(
    mock: MockCsms, api: httpx.AsyncClient, open_page: OpenPage
) -> None:
    for number in range(20):
        await api.post("/v1/rules", json={**HELD, "id": f"held-{number}"})
    page = await _behave(mock, open_page, "rules?rule=held-0")

    await expect(page.get_by_role("listitem").filter(has_text="held-0")).to_be_focused()
    await expect(page.get_by_role("listitem").filter(has_text="held-0")).to_be_in_viewport()


async def test_rule_of_hostile_text_is_shown_as_text(
    mock: MockCsms, api: httpx.AsyncClient, open_page: OpenPage
) -> None:
    hostile = "<img src=x onerror=alert(1)>\u202e"
    await api.post("/v1/rules", json={**HELD, "id": hostile, "when": {"station": hostile}})
    page = await _behave(mock, open_page, "rules")

    card = page.get_by_role("listitem").filter(has_text="<img src=x onerror=alert(1)>\\u202e")
    await expect(card.get_by_role("heading")).to_contain_text("<img src=x")
    await card.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete the rule").click()
    await expect(page.get_by_text("There are no rules")).to_be_visible()


async def test_tab_is_fetched_again_with_the_token(start_mock: StartMock, open_page: OpenPage) -> None:
    mock = await start_mock(control_token="secret", tokens={"CAFE": {}})
    page = await _behave(mock, open_page, "tokens")
    await page.get_by_role("dialog").get_by_label("Token").fill("secret")
    await page.get_by_role("dialog").get_by_role("button", name="Continue").click()

    await expect(page.get_by_role("row").filter(has_text="CAFE")).to_be_visible()


async def test_reset_of_everything_reverts_tokens_and_deletes_rules_if_asked(
    mock: MockCsms, api: httpx.AsyncClient, open_page: OpenPage
) -> None:
    await api.post("/v1/rules", json=HELD)
    await api.put("/v1/tokens/CAFE", json={})
    page = await _behave(mock, open_page, "tokens")
    await expect(page.get_by_role("row").filter(has_text="CAFE")).to_be_visible()
    await page.get_by_role("button", name="Reset").click()
    await page.get_by_label("Delete the rule too").check()
    await page.get_by_role("button", name="Reset everything").click()

    await expect(page.get_by_text("No token is listed")).to_be_visible()
    assert (await api.get("/v1/rules")).json() == []


async def test_form_says_that_the_server_cannot_be_reached(mock: MockCsms, open_page: OpenPage) -> None:
    async with proxy_before(mock.control_url) as proxy:
        page = await open_page(f"{proxy.url}/ui/#/behave/ports")
        port = page.get_by_role("form", name="Port main")
        await port.get_by_label("Transport").select_option("mixed")
        proxy.is_open = False
        proxy.cut()
        await port.get_by_role("button", name="Change the port").click()

        await expect(port.get_by_role("alert")).to_have_text("the server cannot be reached")
