"""Data transfer: the requirements of block P for a central system."""

import re

import pytest
from ocpp.v201 import call

from tests.support.station_case import StationCase

pytestmark = pytest.mark.asyncio(loop_scope="session")

VENDOR = "com.example.vendor"


async def test_p01_fr_02_vendor_in_a_data_transfer_is_a_reversed_domain(case: StationCase) -> None:
    async with case.booted() as station:
        await case.result_of("DataTransfer")
        vendor_id = (await station.next("DataTransfer"))["vendor_id"]
    assert re.fullmatch(r"(org|com)(\.[a-z0-9]+)+", vendor_id)


async def test_p02_fr_07_message_of_a_vendor_is_unknown_if_a_rule_knows_the_vendor(
    case: StationCase,
) -> None:
    request = call.DataTransfer(vendor_id=VENDOR, message_id="Unheard")
    async with case.booted() as station:
        assert (await station.send(request)).status == "UnknownVendorId"
        known = {"station": case.station_id, "action": "DataTransfer", "payload": {"vendorId": VENDOR}}
        rule = {"when": known, "then": {"answer": {"status": "UnknownMessageId"}}}
        assert (await case.client.post("/v1/rules", json=rule)).status_code == 201
        assert (await station.send(request)).status == "UnknownMessageId"
