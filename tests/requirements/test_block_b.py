"""Provisioning: the requirements of block B for a central system."""

from http import HTTPStatus

import pytest
from ocpp.v201 import call
from websockets.frames import CloseCode

from mock_csms.messages import JsonObject
from mock_csms.pki import Pki
from tests.conftest import LogLines
from tests.support.control import patiently, problem_detail
from tests.support.secured_case import secured
from tests.support.station import Station, no_command_follows, now
from tests.support.station_case import StationCase

pytestmark = pytest.mark.asyncio(loop_scope="session")


# Boot (B01, B03)


@pytest.mark.also_covers("B01.FR.11")
async def test_b01_fr_12_boot_with_another_serial_number_closes_the_connection_if_configured(
    pki: Pki, log_lines: LogLines
) -> None:
    async with secured(3, pki) as mock, mock.connected() as station:
        assert (await station.boot(serial_number="SN-7")).status == "Accepted"
        await log_lines.wait_for("its serial number 'SN-7' is not the common name", "(B01.FR.12)")
        assert (await station.send(call.Heartbeat())).current_time
    async with secured(3, pki, serial_number_mismatch="close", commands="ClearCache:0") as mock:
        async with mock.connected() as station:
            await station.boot(serial_number="CS1")
            await station.next("ClearCache")
        async with mock.connected() as station:
            await station.boot(serial_number="SN-7")
            await patiently(station.connection.wait_closed())
            assert station.connection.close_code == CloseCode.POLICY_VIOLATION
            assert station.order == []


async def test_b03_fr_03_rejected_station_gets_no_command(case: StationCase) -> None:
    await case.configure(boot_status_sequence=["Rejected", "Accepted"])
    async with case.booted() as station:
        answer = await case.send("ClearCache")
        assert "the BootNotification of this station was answered with Rejected" in problem_detail(
            answer, HTTPStatus.CONFLICT, "not-sent"
        )
        assert station.order == []
        await station.boot()
        await case.result_of("ClearCache")
        assert station.order == ["ClearCache"]


# Variables and reports (B05, B07, B08)


def variables(count: int) -> list[JsonObject]:
    """Build items that name ``count`` variables of one component."""
    component = {"name": "OCPPCommCtrlr"}
    return [{"component": component, "variable": {"name": f"V{number}"}} for number in range(count)]


async def report_limit(station: Station, action: str, limit: int) -> None:
    """Send a NotifyReport in which ItemsPerMessage for ``action`` is ``limit``."""
    data = {
        "component": {"name": "DeviceDataCtrlr"},
        "variable": {"name": "ItemsPerMessage", "instance": action},
        "variable_attribute": [{"value": str(limit)}],
    }
    await station.send(call.NotifyReport(request_id=1, generated_at=now(), seq_no=0, report_data=[data]))


async def keeps_limit(case: StationCase, action: str, list_name: str, payload: JsonObject) -> list[int]:
    """Send five items to a station that accepts two per message; return the list lengths that it receives."""
    async with case.booted() as station:
        await report_limit(station, action, 2)
        refused = await case.send(action, payload)
        assert problem_detail(refused, HTTPStatus.UNPROCESSABLE_ENTITY, "list-too-long")
        assert station.order == []
        await case.send(action, payload, split=True)
        return [len((await station.next(action))[list_name]) for _ in list(station.order)]


async def test_b05_fr_11_no_more_variables_are_set_in_a_message_than_the_station_accepts(
    case: StationCase,
) -> None:
    items = [{**item, "attributeValue": "1"} for item in variables(5)]
    assert await keeps_limit(case, "SetVariables", "set_variable_data", {"setVariableData": items}) == [
        2,
        2,
        1,
    ]


async def test_b05_fr_13_variable_is_set_once_in_a_message(case: StationCase) -> None:
    await case.configure(set_variables="A.B=1,A.C=2,a.b=3")
    async with case.booted() as station:
        await case.result_of("SetVariables")
        items = (await station.next("SetVariables"))["set_variable_data"]
    assert [(item["variable"]["name"], item["attribute_value"]) for item in items] == [("b", "3"), ("C", "2")]


async def test_b07_fr_14_full_inventory_is_requested_if_configured(case: StationCase) -> None:
    async with case.booted() as station:
        assert await no_command_follows(station)
        await case.configure(request_inventory=True)
        await station.boot()
        assert (await station.next("GetBaseReport"))["report_base"] == "FullInventory"
        await station.send(call.NotifyReport(request_id=1, generated_at=now(), seq_no=0))
        await station.boot("FirmwareUpdate")
        assert (await station.next("GetBaseReport"))["report_base"] == "FullInventory"


async def test_b08_fr_06_no_more_variables_are_in_a_get_report_than_the_station_accepts(
    case: StationCase,
) -> None:
    payload = {"requestId": 900, "componentVariable": variables(5)}
    assert await keeps_limit(case, "GetReport", "component_variable", payload) == [2, 2, 1]
