"""Provisioning: the cases TC_B_*_CSMS of Part 6 about variables and reports, with their errata."""

from typing import Any

import pytest
from ocpp.charge_point import camel_to_snake_case
from ocpp.v201 import call, call_result

from mock_csms.messages import JsonObject
from tests.support.station import Station, now
from tests.support.station_case import StationCase

pytestmark = pytest.mark.asyncio(loop_scope="session")

OFFLINE_THRESHOLD = "OCPPCommCtrlr/OfflineThreshold"
AUTHORIZE_REMOTE_START = "AuthCtrlr/AuthorizeRemoteStart"
ITEMS_PER_MESSAGE = "DeviceDataCtrlr/ItemsPerMessage[GetVariables]"


def item_of(variable: str) -> JsonObject:
    """Component and variable of a name such as ``Component/Variable[instance]``."""
    component, _, named = variable.partition("/")
    name, _, instance = named.rstrip("]").partition("[")
    return {
        "component": {"name": component},
        "variable": {"name": name, "instance": instance} if instance else {"name": name},
    }


async def values_in_mock(case: StationCase) -> dict[str, str]:
    """Actual value of each variable that the mock knows."""
    model = (await case.state())["deviceModel"]
    return {name: known["attributes"]["Actual"] for name, known in model.items()}


# Get variables (B06)


async def get_variables(
    case: StationCase, station: Station, values: dict[str, str], **members: Any
) -> list[list[JsonObject]]:
    """Make the mock read variables that have these values at the station; return the items of each CALL."""

    def answer(get_variable_data: list[JsonObject], **_: Any) -> call_result.GetVariables:
        results = [
            {**item, "attribute_status": "Accepted", "attribute_value": value_of(item)}
            for item in get_variable_data
        ]
        return call_result.GetVariables(results)

    def value_of(item: JsonObject) -> str:
        return next(value for name, value in values.items() if item_of(name) == item)

    station.answers["GetVariables"] = answer
    payload = {"getVariableData": [item_of(name) for name in values]}
    sent_before = station.order.count("GetVariables")
    result = (await case.send("GetVariables", payload, **members)).json()
    assert result["outcome"] == "result"
    count = station.order.count("GetVariables") - sent_before
    return [(await station.next("GetVariables"))["get_variable_data"] for _ in range(count)]


async def reads(case: StationCase, values: dict[str, str]) -> None:
    """Assert that the mock reads variables in one GetVariables, and then knows their values."""
    async with case.booted() as station:
        messages = await get_variables(case, station, values)
        assert messages == [[item_of(name) for name in values]]
        assert await values_in_mock(case) == values


async def test_tc_b_06_csms_single_variable_is_read(case: StationCase) -> None:
    await reads(case, {OFFLINE_THRESHOLD: "123"})


async def test_tc_b_07_csms_several_variables_are_read(case: StationCase) -> None:
    await reads(case, {OFFLINE_THRESHOLD: "123", AUTHORIZE_REMOTE_START: "false"})


@pytest.mark.also_covers("B06.FR.05")
async def test_tc_b_08_csms_no_more_variables_are_read_in_a_message_than_the_station_accepts(
    case: StationCase,
) -> None:
    values = {
        "DeviceDataCtrlr/ItemsPerMessage[GetReport]": "4",
        ITEMS_PER_MESSAGE: "4",
        "DeviceDataCtrlr/BytesPerMessage[GetReport]": "8000",
        "DeviceDataCtrlr/BytesPerMessage[GetVariables]": "8000",
        AUTHORIZE_REMOTE_START: "false",
    }
    async with case.booted() as station:
        await get_variables(case, station, {ITEMS_PER_MESSAGE: "4"})
        messages = await get_variables(case, station, values, split=True)
        assert [len(items) for items in messages] == [4, 1]
        assert [item for items in messages for item in items] == [item_of(name) for name in values]
        assert await values_in_mock(case) == values


# Set variables (B05)


async def sets(case: StationCase, values: dict[str, str]) -> None:
    """Assert that the mock sets variables in one SetVariables, and then knows their values."""
    items = [{**item_of(name), "attributeValue": value} for name, value in values.items()]
    async with case.booted() as station:
        await case.result_of("SetVariables", {"setVariableData": items})
        received = await station.next("SetVariables")
        assert received == {"set_variable_data": camel_to_snake_case(items)}
        assert await values_in_mock(case) == values


async def test_tc_b_09_csms_single_variable_is_set(case: StationCase) -> None:
    await sets(case, {OFFLINE_THRESHOLD: "123"})


async def test_tc_b_10_csms_several_variables_are_set(case: StationCase) -> None:
    await sets(case, {OFFLINE_THRESHOLD: "123", AUTHORIZE_REMOTE_START: "false"})


# Base reports (B07)


def report_data(variable: str, value: str) -> JsonObject:
    """A ReportData with the value of a variable."""
    return {**item_of(variable), "variable_attribute": [{"value": value}]}


async def send_report(station: Station, request_id: int, values: dict[str, str]) -> None:
    """Report each variable in a NotifyReport of its own."""
    for seq_no, (name, value) in enumerate(values.items()):
        await station.send(
            call.NotifyReport(
                request_id=request_id,
                generated_at=now(),
                seq_no=seq_no,
                tbc=seq_no + 1 < len(values),
                report_data=[report_data(name, value)],
            )
        )


async def gets_base_report(case: StationCase, report_base: str) -> None:
    """Make the mock send a GetBaseReport, and check that it stores what the station reports in two parts."""
    values = {OFFLINE_THRESHOLD: "123", AUTHORIZE_REMOTE_START: "false"}
    async with case.booted() as station:
        await case.result_of("GetBaseReport", {"requestId": 7, "reportBase": report_base})
        assert await station.next("GetBaseReport") == {"request_id": 7, "report_base": report_base}
        await send_report(station, 7, values)
        [report] = (await case.state())["reports"]
        assert (report["requestId"], report["parts"], report["complete"]) == (7, [0, 1], True)
        assert await values_in_mock(case) == values


async def test_tc_b_12_csms_configuration_inventory_is_reported(case: StationCase) -> None:
    await gets_base_report(case, "ConfigurationInventory")


async def test_tc_b_13_csms_full_inventory_is_reported(case: StationCase) -> None:
    await gets_base_report(case, "FullInventory")


async def test_tc_b_14_csms_summary_inventory_is_reported(case: StationCase) -> None:
    await gets_base_report(case, "SummaryInventory")


# Custom reports (B08)


async def test_tc_b_18_csms_report_by_criterion_and_variable_is_empty_or_has_the_value(
    case: StationCase,
) -> None:
    evse = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}}
    async with case.booted() as station:
        answers = {"Problem": "EmptyResultSet", "Available": "Accepted"}
        station.answers["GetReport"] = lambda component_criteria, **_: call_result.GetReport(
            status=answers[component_criteria[0]]
        )
        for criterion, status in answers.items():
            request = {"requestId": 8, "componentCriteria": [criterion], "componentVariable": [evse]}
            assert await case.result_of("GetReport", request) == {"status": status}
            assert await station.next("GetReport") == camel_to_snake_case(request)
        data = {**evse, "variable_attribute": [{"value": "Available"}]}
        await station.send(call.NotifyReport(request_id=8, generated_at=now(), seq_no=0, report_data=[data]))
        assert await values_in_mock(case) == {"EVSE#1/AvailabilityState": "Available"}
