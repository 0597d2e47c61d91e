"""Local authorization list: the cases TC_D_*_CSMS of Part 6, with their errata."""

from typing import Any

import pytest
from ocpp.v201 import call_result

from tests.certification.steps import INVALID_TOKEN, VALID_TOKEN, SessionCase

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIRST = {"idToken": "VALID01", "type": "ISO14443"}
SECOND = {"idToken": "VALID02", "type": "ISO14443"}


async def has_version(session: SessionCase, version: int) -> None:
    """Make the mock send a GetLocalListVersion, which the station answers with this version."""
    answer = call_result.GetLocalListVersion(version_number=version)
    session.station.answers["GetLocalListVersion"] = lambda **_: answer
    assert await session.case.result_of("GetLocalListVersion") == {"versionNumber": version}
    assert (await session.case.state())["localListVersion"] == version


async def send_differential(session: SessionCase, *entries: dict[str, Any]) -> dict[str, Any]:
    """Make the mock send a Differential update of list version 1; return the payload received."""
    await has_version(session, 1)
    update = {"versionNumber": 2, "updateType": "Differential", "localAuthorizationList": list(entries)}
    return await session.command("SendLocalList", update)


@pytest.mark.also_covers("D01.FR.01", "D01.FR.18")
@pytest.mark.parametrize("version", [1, 7])
async def test_tc_d_01_csms_full_list_has_information_about_each_token(
    session: SessionCase, version: int
) -> None:
    await has_version(session, version)
    received = await session.command("SendLocalList")
    assert (received["update_type"], received["version_number"]) == ("Full", version + 1)
    assert received["local_authorization_list"] == [
        {"id_token": VALID_TOKEN, "id_token_info": {"status": "Accepted"}},
        {"id_token": INVALID_TOKEN, "id_token_info": {"status": "Invalid"}},
    ]
    assert (await session.case.state())["localListVersion"] == version + 1


async def test_tc_d_02_csms_differential_list_is_sent(session: SessionCase) -> None:
    received = await send_differential(session, {"idToken": SECOND, "idTokenInfo": {"status": "Accepted"}})
    assert (received["update_type"], received["version_number"]) == ("Differential", 2)
    assert len(received["local_authorization_list"]) == 1
    assert (await session.case.state())["localListVersion"] == 2


async def test_tc_d_03_csms_differential_list_removes_tokens(session: SessionCase) -> None:
    """An entry without idTokenInfo removes its idToken."""
    received = await send_differential(session, {"idToken": FIRST}, {"idToken": SECOND})
    assert (received["update_type"], received["version_number"]) == ("Differential", 2)
    assert [list(entry) for entry in received["local_authorization_list"]] == [["id_token"]] * 2


async def test_tc_d_04_csms_full_list_without_entries_is_sent(session: SessionCase) -> None:
    received = await session.command("SendLocalList", {"versionNumber": 1, "updateType": "Full"})
    assert received == {"version_number": 1, "update_type": "Full"}
    assert (await session.case.state())["localListVersion"] == 1


async def test_tc_d_08_csms_version_of_the_list_is_requested(session: SessionCase) -> None:
    await has_version(session, 3)


async def test_tc_d_09_csms_version_of_a_station_without_a_list_is_requested(session: SessionCase) -> None:
    await has_version(session, 0)
