"""Security: the cases TC_A_*_CSMS of Part 6, with their errata."""

from http import HTTPStatus
from typing import Any

import httpx
from ocpp.charge_point import camel_to_snake_case
from ocpp.v201 import call_result

from tests.certification.steps import boots_and_reports_connectors, result_of, set_variable_item
from tests.conftest import Serve
from tests.support.control import driven
from tests.support.secured import refused_status, with_password
from tests.support.station import Station, connected_to

PASSWORD = "correct-horse-battery"
NEW_PASSWORD = "staple-of-sixteen-and-more"

# Basic authentication


async def test_tc_a_01_csms_basic_authentication_with_valid_credentials_is_accepted(serve: Serve) -> None:
    csms = await serve(security_profile=1, password=PASSWORD)
    async with connected_to(f"ws://{csms.address}", "CS1", **with_password(PASSWORD)) as station:
        assert await boots_and_reports_connectors(station)


async def test_tc_a_02_csms_username_other_than_the_identity_is_refused(serve: Serve) -> None:
    csms = await serve(security_profile=1, password=PASSWORD)
    credentials = with_password(PASSWORD, user="CS1Invalid")
    assert await refused_status(f"ws://{csms.address}", **credentials) == HTTPStatus.UNAUTHORIZED


async def test_tc_a_03_csms_invalid_password_is_refused(serve: Serve) -> None:
    csms = await serve(security_profile=1, password=PASSWORD)
    credentials = with_password("another-password-of-40-characters-------")
    assert await refused_status(f"ws://{csms.address}", **credentials) == HTTPStatus.UNAUTHORIZED


# Change of the password


async def set_password(client: httpx.AsyncClient, station: Station, status: str) -> None:
    """Have the mock set the new password; the station answers with a status."""

    def answer(set_variable_data: list[dict[str, Any]], **_: Any) -> call_result.SetVariables:
        names = [{name: item[name] for name in ("component", "variable")} for item in set_variable_data]
        return call_result.SetVariables([{**name, "attribute_status": status} for name in names])

    station.answers["SetVariables"] = answer
    item = set_variable_item("SecurityCtrlr", "BasicAuthPassword", NEW_PASSWORD)
    await result_of(client, "SetVariables", {"setVariableData": [item]})
    received = await station.next("SetVariables")
    assert received["set_variable_data"] == [camel_to_snake_case(item)]


async def test_tc_a_10_csms_rejected_new_password_leaves_the_old_one() -> None:
    async with driven(security_profile=1, password=PASSWORD) as (csms, client):
        url = f"ws://{csms.address}"
        async with connected_to(url, "CS1", **with_password(PASSWORD)) as station:
            await set_password(client, station, "Rejected")
        async with connected_to(url, "CS1", **with_password(PASSWORD)) as station:
            assert await boots_and_reports_connectors(station)
        assert await refused_status(url, **with_password(NEW_PASSWORD)) == HTTPStatus.UNAUTHORIZED
