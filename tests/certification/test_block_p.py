"""Data transfer: the cases TC_P_*_CSMS of Part 6, with their errata."""

import pytest
from ocpp.v201 import call

from tests.support.station import now
from tests.support.station_case import StationCase

pytestmark = pytest.mark.asyncio(loop_scope="session")

CUSTOM_DATA = {"vendor_id": "org.example", "note": {"depth": [1, 2]}}


@pytest.mark.also_covers("P02.FR.06")
async def test_tc_p_02_csms_data_of_an_unknown_vendor_is_not_accepted(case: StationCase) -> None:
    async with case.booted() as station:
        answer = await station.send(call.DataTransfer(vendor_id="com.example.vendor", message_id="Hello"))
        assert answer.status == "UnknownVendorId"


async def test_tc_p_03_csms_custom_data_is_received(case: StationCase) -> None:
    async with case.booted() as station:
        await station.send(
            call.StatusNotification(now(), "Available", evse_id=1, connector_id=1, custom_data=CUSTOM_DATA)
        )
        event = call.TransactionEvent(
            event_type="Started",
            timestamp=now(),
            trigger_reason="CablePluggedIn",
            seq_no=0,
            transaction_info={"transaction_id": "tx-1", "custom_data": CUSTOM_DATA},
            custom_data=CUSTOM_DATA,
        )
        await station.send(event)
        state = await case.state()
    assert [connector["connectorStatus"] for connector in state["connectors"]] == ["Available"]
    assert [transaction["transactionId"] for transaction in state["transactions"]] == ["tx-1"]
