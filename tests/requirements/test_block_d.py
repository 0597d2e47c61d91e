"""Local authorization list: requirements of block D for a central system."""

import pytest
from ocpp.v201 import call, call_result

from tests.certification.steps import SessionCase
from tests.conftest import LogLines

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def report_items_per_message(session: SessionCase, items: int) -> None:
    """Answer a GetReport with ItemsPerMessage: the number of entries that a SendLocalList may have."""
    variable = {
        "component": {"name": "LocalAuthListCtrlr"},
        "variable": {"name": "ItemsPerMessage"},
        "variable_attribute": [{"value": str(items)}],
    }
    received = await session.command("GetReport")
    report = call.NotifyReport(
        request_id=received["request_id"],
        generated_at="2026-01-01T00:00:00Z",
        seq_no=0,
        report_data=[variable],
    )
    await session.station.send(report)


async def test_d01_fr_06_list_names_each_token_once(session: SessionCase, log_lines: LogLines) -> None:
    """If a user's list has an idToken twice, the list is sent unchanged, with a warning in the log."""
    await session.case.configure(local_list_tokens=["VALID01", "valid01"])
    received = await session.command("SendLocalList")
    assert [entry["id_token"]["id_token"] for entry in received["local_authorization_list"]] == ["VALID01"]
    entry = {"idToken": {"idToken": "A", "type": "Local"}, "idTokenInfo": {"status": "Accepted"}}
    update = {"versionNumber": 2, "updateType": "Full", "localAuthorizationList": [entry, entry]}
    await session.command("SendLocalList", update)
    await log_lines.wait_for(session.case.station_id, "an idToken is listed twice (D01.FR.06)")


async def test_d01_fr_11_long_list_is_sent_in_parts(session: SessionCase) -> None:
    session.expected_findings = {"report-characteristics-missing"}  # the report has the value only
    await report_items_per_message(session, 2)
    await session.case.configure(local_list_tokens=["A", "B", "C", "D", "E"])
    await session.case.send("SendLocalList", split=True)
    parts = [await session.station.next("SendLocalList") for _ in range(3)]
    assert [part["update_type"] for part in parts] == ["Full", "Differential", "Differential"]
    assert [len(part["local_authorization_list"]) for part in parts] == [2, 2, 1]


async def test_d01_fr_18_version_after_that_of_a_station_without_a_list_is_1(session: SessionCase) -> None:
    answer = call_result.GetLocalListVersion(version_number=0)
    session.station.answers["GetLocalListVersion"] = lambda **_: answer
    await session.case.result_of("GetLocalListVersion")
    assert (await session.command("SendLocalList"))["version_number"] == 1
