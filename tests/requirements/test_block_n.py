"""Diagnostics: the requirements for a central system."""

from http import HTTPStatus

import httpx
import orjson
import pytest
from ocpp.charge_point import camel_to_snake_case, snake_to_camel_case
from ocpp.v201 import call_result

from mock_csms.messages import JsonObject
from tests.requirements.steps import broken_requirements, report_variable
from tests.support.station import no_command_follows
from tests.support.station_case import StationCase

pytestmark = pytest.mark.asyncio(loop_scope="session")

VARIABLES = [
    {"component": {"name": "EVSE", "evse": {"id": number}}, "variable": {"name": "AvailabilityState"}}
    for number in range(1, 6)
]
MONITORS = [{"value": 1, "type": "Delta", "severity": 8, **variable} for variable in VARIABLES]
CUSTOMER = {"requestId": 1, "report": True, "clear": False}
IDENTIFIERS = {"idToken", "customerCertificate", "customerIdentifier"}


@pytest.mark.also_covers("N01.FR.14")
@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_n01_fr_18_log_can_be_uploaded_with_each_method(case: StationCase, method: str) -> None:
    async with case.booted() as station, httpx.AsyncClient(trust_env=False) as client:
        request, _ = await case.exchange(station, "GetLog")
        location = f"{request['log']['remoteLocation']}/{case.station_id}.log"
        assert location.startswith("http://")
        upload = await client.request(method, location, content=b"log")
        assert upload.status_code in {HTTPStatus.OK, HTTPStatus.CREATED}
    uploaded = await case.client.get(f"/files/uploads/{case.station_id}.log")
    assert uploaded.content == b"log"


async def parts_of(case: StationCase, action: str, list_name: str, limit: JsonObject) -> list[JsonObject]:
    """Have the station report ``limit`` and the mock split a list over commands; return their payloads."""
    async with case.booted() as station:
        await report_variable(station, **limit)
        lists: JsonObject = {
            "componentVariable": VARIABLES,
            "setMonitoringData": MONITORS,
            "id": list(range(1, 101)),
        }
        request_id = {"requestId": 1} if action == "GetMonitoringReport" else {}
        answer = await case.send(action, {**request_id, list_name: lists[list_name]}, split=True)
        assert answer.json()["outcome"] == "result"
        parts = [snake_to_camel_case(station.received[action].get_nowait()) for _ in answer.json()["parts"]]
    assert [item for part in parts for item in part[list_name]] == lists[list_name]
    return parts


async def test_n02_fr_07_report_has_no_more_variables_than_the_station_accepts(case: StationCase) -> None:
    limit = {
        "component": "DeviceDataCtrlr",
        "variable": "ItemsPerMessage",
        "instance": "GetReport",
        "value": "2",
    }
    parts = await parts_of(case, "GetMonitoringReport", "componentVariable", limit)
    assert [len(part["componentVariable"]) for part in parts] == [2, 2, 1]


@pytest.mark.parametrize(
    ("action", "list_name"),
    [
        pytest.param("SetVariableMonitoring", "setMonitoringData", id="n04_fr_09"),
        pytest.param("ClearVariableMonitoring", "id", id="n06_fr_04"),
    ],
)
@pytest.mark.also_covers("N06.FR.04")
async def test_n04_fr_09_monitors_in_a_message_are_within_both_limits(
    case: StationCase, action: str, list_name: str
) -> None:
    limit = {"component": "MonitoringCtrlr", "instance": action}
    by_items = {**limit, "variable": "ItemsPerMessage", "value": "3"}
    parts = await parts_of(case, action, list_name, by_items)
    assert max(len(part[list_name]) for part in parts) == 3
    by_bytes = {**limit, "variable": "BytesPerMessage", "value": "350"}
    parts = await parts_of(case, action, list_name, by_bytes)
    assert max(len(orjson.dumps(part)) for part in parts) < 350


async def test_n04_fr_17_delta_monitor_of_a_text_has_the_value_1(case: StationCase) -> None:
    async with case.booted() as station:
        request, _ = await case.exchange(station, "SetVariableMonitoring")
    [monitor] = request["setMonitoringData"]
    assert (monitor["variable"]["name"], monitor["type"], monitor["value"]) == (
        "AvailabilityState",
        "Delta",
        1,
    )


async def test_n04_fr_19_monitors_are_requested_after_a_boot_if_configured(case: StationCase) -> None:
    async with case.booted() as station:
        assert await no_command_follows(station)
    await case.configure(command="GetMonitoringReport", delay=0, repeat="boot")
    async with case.booted() as station:
        await station.next("GetMonitoringReport")
        await station.boot("LocalReset")
        await station.next("GetMonitoringReport")


@pytest.mark.also_covers("N09.FR.04", "N10.FR.08")
async def test_n09_fr_01_report_about_one_customer_is_requested(
    case: StationCase, caplog: pytest.LogCaptureFixture
) -> None:
    async with case.booted() as station:
        request, _ = await case.exchange(station, "CustomerInformation")
        assert request["report"]
        assert len(IDENTIFIERS & request.keys()) == 1
        await case.exchange(station, "CustomerInformation", CUSTOMER)
    assert "N09.FR.04" in broken_requirements(caplog, case)


@pytest.mark.also_covers("N10.FR.09")
async def test_n09_fr_08_customer_certificate_has_the_algorithm_of_the_station(
    case: StationCase, caplog: pytest.LogCaptureFixture
) -> None:
    certificate = case.csms.authority.named("contract")
    chain = {
        "certificate_type": "V2GCertificateChain",
        "certificate_hash_data": camel_to_snake_case(certificate.hash_data("SHA384")),
    }
    async with case.booted() as station:
        station.answers["GetInstalledCertificateIds"] = lambda **_: call_result.GetInstalledCertificateIds(
            "Accepted", certificate_hash_data_chain=[chain]
        )
        await case.exchange(station, "GetInstalledCertificateIds")
        same = {**CUSTOMER, "customerCertificate": "{{certificate.contract.SHA384}}"}
        await case.exchange(station, "CustomerInformation", same)
        assert broken_requirements(caplog, case) == []
        other = {**CUSTOMER, "customerCertificate": "{{certificate.contract.SHA256}}"}
        await case.exchange(station, "CustomerInformation", other)
    assert broken_requirements(caplog, case) == ["N09.FR.08", "N10.FR.09"]
