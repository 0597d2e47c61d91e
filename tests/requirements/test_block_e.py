"""Transactions: requirements of block E for a central system."""

import pytest

from tests.certification.steps import VALID_TOKEN, SessionCase

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.also_covers("E02.FR.04", "E05.FR.01")
async def test_e01_fr_11_token_of_each_event_is_judged_anew(session: SessionCase) -> None:
    await session.authorize()
    await session.case.configure(tokens={"VALID01": {"status": "Blocked"}})
    late = await session.event("Authorized", id_token=VALID_TOKEN, offline=True)
    last = await session.end("StopAuthorized", "Local", id_token=VALID_TOKEN)
    assert late.id_token_info == last.id_token_info == {"status": "Blocked"}


async def test_e01_fr_12_answer_to_each_event_with_a_token_has_its_group(session: SessionCase) -> None:
    await session.case.configure(tokens={"VALID01": {"groupIdToken": "FAMILY"}})
    family = {"status": "Accepted", "group_id_token": {"id_token": "FAMILY", "type": "Central"}}
    for event_type in ("Started", "Updated", "Ended"):
        answer = await session.event("Authorized", event_type, id_token=VALID_TOKEN)
        assert answer.id_token_info == family


async def test_answer_to_an_event_without_a_token_has_no_id_token_info(session: SessionCase) -> None:
    answer = await session.event("CablePluggedIn", charging_state="EVConnected")
    assert answer.id_token_info is None
