"""The view "Certify": a run that a test reports to the control API, and prompts that the page answers."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from mock_csms import MockCsms
from mock_csms.client import AsyncClient
from tests.browser.accessibility import accessibility_faults
from tests.browser.conftest import OpenPage, StartStation
from tests.browser.rehearsal import rehearsing

CASES: Final[list[dict[str, Any]]] = [
    {"id": "TC_B_01_CS", "title": "Boots", "block": "B", "profiles": ["Core"], "mandatory": True},
    {"id": "TC_B_02_CS", "title": "Boots again", "block": "B", "profiles": ["Core"], "mandatory": True},
    {
        "id": "TC_E_01_CS",
        "title": "Charges",
        "block": "E",
        "profiles": ["Smart"],
        "skipped": "needs a person",
    },
]
FAILED: Final[dict[str, Any]] = {
    "id": "TC_B_01_CS",
    "verdict": "FAIL",
    "reason": "the station sent no StatusNotification",
    "frame": 2,
    "steps": [
        {"text": "the station boots", "outcome": "ok", "frame": 2, "seconds": 0.3},
        {"text": "the station reports its connectors", "outcome": "failed"},
    ],
}


@pytest_asyncio.fixture(loop_scope="session")
async def csms(mock: MockCsms) -> AsyncIterator[AsyncClient]:
    """A client of the control API, with which a test reports a run of certification test cases."""
    async with AsyncClient(mock.control_url) as client:
        yield client


async def _open(mock: MockCsms, open_page: OpenPage, rest: str = "", **look: Any) -> Page:
    return await open_page(f"{mock.control_url}/ui/#/certify{rest}", **look)


def _cell(page: Page, case_id: str) -> Locator:
    return page.get_by_role("link", name=re.compile(f"^{case_id}, "))


async def test_run_is_shown_as_it_goes_on(
    mock: MockCsms, csms: AsyncClient, start_station: StartStation, open_page: OpenPage
) -> None:
    await start_station("CS001")
    page = await _open(mock, open_page)
    await expect(page.get_by_text("No certification rehearsal has run yet")).to_be_visible()
    command = f"mock-csms certify CS001.toml --against {mock.control_url}"
    await expect(page.get_by_text(command)).to_be_visible()

    await csms.rehearsal.begin("CS001", CASES)
    await expect(_cell(page, "TC_B_01_CS")).to_have_text("·")
    await csms.rehearsal.progress({**FAILED, "verdict": "RUNNING", "steps": FAILED["steps"][:1]})
    case = page.get_by_role("region", name="Case TC_B_01_CS")
    await expect(case).to_contain_text("the station boots")
    await csms.rehearsal.progress(FAILED)
    await expect(_cell(page, "TC_B_01_CS")).to_have_text("F")
    await expect(page.get_by_text("0 of 2 mandatory cases passed")).to_be_visible()
    await expect(page.get_by_role("region", name="Not passed")).to_contain_text(FAILED["reason"])
    await csms.rehearsal.end()
    await expect(page.get_by_text(re.compile("^ended after"))).to_be_visible()

    await _cell(page, "TC_B_01_CS").click()
    await expect(page).to_have_url(re.compile(r"case=TC_B_01_CS"))
    await expect(case).to_contain_text(FAILED["reason"])
    await expect(case).to_contain_text("the station reports its connectors")
    await case.get_by_role("link", name="frame 2").first.click()
    await expect(page).to_have_url(re.compile(r"#/messages\?entry=2$"))
    await expect(page.get_by_text("BootNotification").first).to_be_visible()


@pytest.mark.parametrize(("button_or_key", "answer"), [("Done", "done"), ("c", "cannot")])
async def test_prompt_is_answered_in_the_page(
    mock: MockCsms, csms: AsyncClient, open_page: OpenPage, button_or_key: str, answer: str
) -> None:
    await csms.rehearsal.begin("CS001", CASES)
    page = await open_page(f"{mock.control_url}/ui/#/messages")
    asking = asyncio.create_task(csms.rehearsal.ask("Plug a cable into EVSE 1", "The vehicle must be ready"))
    await expect(page).to_have_title(re.compile("^● Messages"))
    await page.get_by_role("link", name="Answer").click()
    prompt = page.get_by_role("region", name="Prompt")
    await expect(prompt).to_contain_text("Plug a cable into EVSE 1")
    await expect(prompt).to_contain_text("The vehicle must be ready")

    if len(button_or_key) == 1:
        await page.keyboard.press(button_or_key)
    else:
        await prompt.get_by_role("button", name=button_or_key).click()

    assert await asking == answer
    await expect(prompt).to_have_count(0)


async def test_newest_step_of_the_running_case_stays_in_view(
    mock: MockCsms, csms: AsyncClient, open_page: OpenPage
) -> None:
    await csms.rehearsal.begin("CS001", CASES)
    page = await _open(mock, open_page, width=360)
    for number in (5, 60):
        steps = [{"text": f"step {step}", "outcome": "ok"} for step in range(1, number + 1)]
        await csms.rehearsal.progress({"id": "TC_B_01_CS", "verdict": "RUNNING", "steps": steps})
        await expect(page.get_by_text(f"step {number}", exact=True)).to_be_in_viewport()


async def test_answer_to_a_prompt_that_is_gone_says_so(
    mock: MockCsms, csms: AsyncClient, open_page: OpenPage
) -> None:
    await csms.rehearsal.begin("CS001", CASES)
    asking = asyncio.create_task(csms.rehearsal.ask("Plug in"))
    page = await _open(mock, open_page)
    await expect(page.get_by_role("button", name="Done")).to_be_visible()
    gone = {"detail": "prompt '1' is not open; no prompt is open now"}
    await page.route("**/prompts/*", lambda route: route.fulfill(status=404, json=gone))
    await page.get_by_role("button", name="Done").click()
    await expect(page.locator(".toast")).to_contain_text("is not open")
    await expect(page.get_by_role("button", name="Done")).to_be_enabled()
    asking.cancel()
    await expect(page.get_by_role("button", name="Done")).to_have_count(0)


async def test_cases_are_filtered_and_reached_by_keys(
    mock: MockCsms, csms: AsyncClient, open_page: OpenPage
) -> None:
    await csms.rehearsal.begin("CS001", CASES)
    await csms.rehearsal.progress(FAILED)
    page = await _open(mock, open_page)
    await expect(_cell(page, "TC_B_01_CS")).to_be_visible()
    await page.keyboard.press("j")
    await expect(_cell(page, "TC_B_01_CS")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(_cell(page, "TC_E_01_CS")).to_be_focused()
    await expect(page.get_by_role("region", name="Case TC_E_01_CS")).to_contain_text("needs a person")
    await page.keyboard.press("ArrowLeft")
    await expect(_cell(page, "TC_B_02_CS")).to_be_focused()

    await page.get_by_role("button", name="Failed 1").click()
    await expect(_cell(page, "TC_B_02_CS")).to_have_count(0)
    await page.get_by_role("combobox", name="Profile").select_option("Smart")
    await expect(page).to_have_url(re.compile("verdict=FAIL&profile=Smart$"))
    await page.get_by_role("button", name="Show all cases").click()
    await expect(page.locator(".certify-matrix a")).to_have_count(3)


async def test_run_that_is_deleted_or_replaced_is_gone(
    mock: MockCsms, csms: AsyncClient, open_page: OpenPage
) -> None:
    await csms.rehearsal.begin("CS001", CASES)
    page = await _open(mock, open_page, "?case=TC_B_01_CS")
    await expect(_cell(page, "TC_B_01_CS")).to_be_visible()
    await csms.rehearsal.begin("CS002", CASES[1:])
    await expect(page.get_by_text("The run has no case TC_B_01_CS")).to_be_visible()
    await csms.reset()
    await expect(page.get_by_text("No certification rehearsal has run yet")).to_be_visible()


async def test_texts_of_a_run_are_shown_as_text(
    mock: MockCsms, csms: AsyncClient, open_page: OpenPage
) -> None:
    evil = "<script>alert(1)</script>\u202e" + "W" * 1000
    case = {"id": "X", "title": evil, "block": "<b>", "profiles": [evil[:100]]}
    await csms.rehearsal.begin("CS001", [case])
    await csms.rehearsal.progress({**FAILED, "id": "X", "reason": evil, "known": evil})
    page = await _open(mock, open_page, "?case=X", width=360)
    await expect(page.locator(".certify-reason")).to_contain_text("<script>alert(1)</script>\\u202e")
    assert await page.locator("#app script").count() == 0
    assert await accessibility_faults(page) == []


async def test_full_run_is_accessible(
    mock: MockCsms, start_station: StartStation, open_page: OpenPage
) -> None:
    await start_station("CS001")
    async with rehearsing(mock.control_url, "CS001"):
        page = await _open(mock, open_page, "?case=TC_B_12_CS")
        await expect(page.get_by_role("region", name="Prompt")).to_be_visible()
        assert await accessibility_faults(page) == []
