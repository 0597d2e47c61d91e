"""Diagnostics: the cases TC_N_*_CSMS of Part 6 about logs and customers, with their errata."""

import pytest
from ocpp.charge_point import snake_to_camel_case
from ocpp.v201 import call, call_result

from mock_csms.messages import JsonObject
from tests.support.station import Station, now
from tests.support.station_case import StationCase

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOKEN = {"idToken": "AABBCCDD", "type": "ISO14443"}
OTHER_TOKEN = {"idToken": "EEFF0011", "type": "ISO14443"}
DATA = ("first part of the data", "second part")


# Log files (N01)


async def report_log_status(station: Station, request_id: int, *statuses: str) -> None:
    """Report the progress of an upload."""
    for status in statuses:
        notification = call.LogStatusNotification(status=status, request_id=request_id)
        assert await station.send(notification) == call_result.LogStatusNotification()


async def uploads_log(case: StationCase, log_type: str) -> None:
    """Make the mock request a log of this type; the station reports its upload."""
    async with case.booted() as station:
        payload = {"logType": log_type, "requestId": 1, "log": {"remoteLocation": "https://logs.invalid/"}}
        request, answer = await case.exchange(station, "GetLog", payload)
        assert request == payload
        assert answer == {"status": "Accepted"}
        await report_log_status(station, 1, "Uploading", "Uploaded")
        assert (await case.state())["logStatus"] == "Uploaded"


async def test_tc_n_25_csms_diagnostics_log_is_requested(case: StationCase) -> None:
    await uploads_log(case, "DiagnosticsLog")


async def test_tc_n_35_csms_security_log_is_requested(case: StationCase) -> None:
    await uploads_log(case, "SecurityLog")


async def test_tc_n_34_csms_rejected_log_is_handled(case: StationCase) -> None:
    async with case.booted() as station:
        station.answers["GetLog"] = lambda **_: call_result.GetLog(status="Rejected")
        _, answer = await case.exchange(station, "GetLog")
        assert answer == {"status": "Rejected"}
        assert (await station.send(call.Heartbeat())).current_time


async def test_tc_n_36_csms_second_log_is_requested_during_an_upload(case: StationCase) -> None:
    async with case.booted() as station:
        first, _ = await case.exchange(station, "GetLog")
        await report_log_status(station, first["requestId"], "Uploading")
        station.answers["GetLog"] = lambda **_: call_result.GetLog(status="AcceptedCanceled")
        second, answer = await case.exchange(station, "GetLog")
        assert second["requestId"] != first["requestId"]
        assert answer == {"status": "AcceptedCanceled"}
        await report_log_status(station, first["requestId"], "AcceptedCanceled")
        await report_log_status(station, second["requestId"], "Uploading", "Uploaded")
        assert (await case.state())["logStatus"] == "Uploaded"


# Customers (N09, N10)


def customer(*, report: bool = True, clear: bool = False, **identifier: object) -> JsonObject:
    """The payload of a CustomerInformation; without an ``identifier``, it names an idToken."""
    return {"requestId": 1, "report": report, "clear": clear, **(identifier or {"idToken": TOKEN})}


async def handles_customer(case: StationCase, payload: JsonObject, *parts: str) -> JsonObject:
    """Make the mock send a CustomerInformation; return the payload received.

    The station reports the data of the customer in ``parts``, which the mock must then show.
    """
    async with case.booted() as station:
        request, answer = await case.exchange(station, "CustomerInformation", payload)
        assert answer == {"status": "Accepted"}
        await report_customer(station, *parts)
        [report] = (await case.state())["reports"]
    assert (report["items"], report["complete"]) == ([part for part in parts if part], True)
    return request


async def report_customer(station: Station, *parts: str) -> None:
    """Report data of a customer in parts."""
    for number, data in enumerate(parts):
        part = call.NotifyCustomerInformation(
            data=data, seq_no=number, generated_at=now(), request_id=1, tbc=number < len(parts) - 1
        )
        assert await station.send(part) == call_result.NotifyCustomerInformation()


async def test_tc_n_27_csms_data_of_a_customer_is_reported(case: StationCase) -> None:
    assert await handles_customer(case, customer(), *DATA) == customer()


async def test_tc_n_28_csms_report_without_data_of_the_customer_is_received(case: StationCase) -> None:
    assert await handles_customer(case, customer(), "") == customer()


async def test_tc_n_29_csms_rejected_request_for_a_customer_is_handled(case: StationCase) -> None:
    async with case.booted() as station:
        station.answers["CustomerInformation"] = lambda **_: call_result.CustomerInformation("Rejected")
        request, answer = await case.exchange(station, "CustomerInformation", customer())
        assert request == customer()
        assert answer == {"status": "Rejected"}
        assert (await case.state())["reports"] == []


async def test_tc_n_30_csms_data_of_a_customer_is_reported_and_cleared(case: StationCase) -> None:
    assert await handles_customer(case, customer(clear=True), *DATA) == customer(clear=True)


async def test_tc_n_31_csms_customer_without_data_is_cleared(case: StationCase) -> None:
    assert await handles_customer(case, customer(clear=True), "") == customer(clear=True)


async def test_tc_n_32_csms_data_of_a_customer_is_cleared_without_a_report(case: StationCase) -> None:
    payload = customer(report=False, clear=True)
    assert await handles_customer(case, payload, "") == payload


async def test_tc_n_62_csms_data_of_a_customer_identifier_is_cleared(case: StationCase) -> None:
    payload = customer(clear=True, customerIdentifier="OpenChargeAlliance")
    assert await handles_customer(case, payload, *DATA) == payload


async def test_tc_n_63_csms_data_of_a_customer_certificate_is_cleared(case: StationCase) -> None:
    payload = customer(clear=True, customerCertificate="{{certificate.contract.SHA256}}")
    hash_data = case.csms.authority.named("contract").hash_data("SHA256")
    request = await handles_customer(case, payload, *DATA)
    assert request == customer(clear=True, customerCertificate=hash_data)


@pytest.mark.also_covers("N10.FR.02")
async def test_tc_n_46_csms_cleared_customer_is_removed_from_the_local_list(case: StationCase) -> None:
    entries = [{"idToken": token, "idTokenInfo": {"status": "Accepted"}} for token in (TOKEN, OTHER_TOKEN)]
    async with case.booted() as station:
        full = {"versionNumber": 4, "updateType": "Full", "localAuthorizationList": entries}
        await case.exchange(station, "SendLocalList", full)
        request, _ = await case.exchange(station, "CustomerInformation", customer(clear=True))
        assert request == customer(clear=True)
        await report_customer(station, "data of the customer")
        assert snake_to_camel_case(await station.next("SendLocalList")) == {
            "versionNumber": 5,
            "updateType": "Differential",
            "localAuthorizationList": [{"idToken": TOKEN}],
        }
