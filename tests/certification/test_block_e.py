"""Transactions: the cases TC_E_*_CSMS of Part 6, with their errata."""

from typing import Any

import pytest
from ocpp.v201 import call_result

from tests.certification.steps import INVALID_TOKEN, VALID_TOKEN, SessionCase, report_connector

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVSE = {"id": 1, "connector_id": 1}
METER_VALUE = {"timestamp": "2026-01-01T00:00:00Z", "sampled_value": [{"value": 1.0}]}
SIGNED_METER_VALUE = {
    "timestamp": "2026-01-01T00:00:00Z",
    "sampled_value": [
        {
            "value": 0.0,
            "context": "Transaction.Begin",
            "signed_meter_value": {
                "signed_meter_data": "AA==",
                "signing_method": "",
                "encoding_method": "OCMF",
                "public_key": "",
            },
        }
    ],
}


# Start of a transaction (E01 to E03)


async def starts(
    session: SessionCase, trigger_reason: str, charging_state: str | None = None, **fields: Any
) -> None:
    """Authorize the idToken, then start a transaction with it; both answers have to accept it."""
    await session.present_token()
    await report_connector(session.station, "Occupied")
    answer = await session.event(
        trigger_reason, charging_state=charging_state, id_token=VALID_TOKEN, evse=EVSE, **fields
    )
    assert answer.id_token_info["status"] == "Accepted"


async def charges(session: SessionCase) -> bool:
    """Return whether the mock shows that energy is transferred."""
    return bool((await session.stored())["chargingState"] == "Charging")


async def test_tc_e_01_csms_transaction_starts_when_the_power_path_is_closed(
    session: SessionCase,
) -> None:
    await starts(session, "ChargingStateChanged", "SuspendedEVSE")
    await session.event("ChargingStateChanged", charging_state="Charging")
    assert await charges(session)


async def test_tc_e_02_csms_transaction_starts_with_the_energy_transfer(session: SessionCase) -> None:
    await starts(session, "ChargingStateChanged", "Charging")
    assert await charges(session)


@pytest.mark.also_covers("E02.FR.02")
async def test_tc_e_03_csms_transaction_is_authorized_after_the_cable_is_plugged_in(
    session: SessionCase,
) -> None:
    await session.connect_vehicle()
    assert (await session.stored())["idToken"] is None
    assert (await session.authorize()).id_token_info == {"status": "Accepted"}
    await session.transfer_energy()
    assert await charges(session)


@pytest.mark.also_covers("E03.FR.02")
async def test_tc_e_04_csms_transaction_starts_with_the_authorization(session: SessionCase) -> None:
    assert (await session.authorize()).id_token_info == {"status": "Accepted"}
    await session.transfer_energy()
    assert await charges(session)


async def test_tc_e_09_csms_transaction_starts_when_the_cable_is_plugged_in(session: SessionCase) -> None:
    await session.connect_vehicle()
    stored = await session.stored()
    assert (stored["evseId"], stored["connectorId"]) == (1, 1)
    assert stored["chargingState"] == "EVConnected"


async def test_tc_e_10_csms_transaction_starts_with_a_local_authorization(session: SessionCase) -> None:
    assert (await session.authorize()).id_token_info == {"status": "Accepted"}
    assert (await session.stored())["idToken"] == {"idToken": "VALID01", "type": "ISO14443"}


async def test_tc_e_11_csms_transaction_starts_with_a_signed_meter_value(session: SessionCase) -> None:
    await starts(session, "SignedDataReceived", meter_value=[SIGNED_METER_VALUE])
    await session.event("ChargingStateChanged", charging_state="Charging")
    assert await charges(session)


async def test_tc_e_12_csms_transaction_starts_when_the_parking_bay_is_occupied(
    session: SessionCase,
) -> None:
    await session.event("EVDetected")
    assert not (await session.stored())["ended"]


async def test_tc_e_38_csms_vehicle_that_is_not_ready_is_handled(session: SessionCase) -> None:
    await session.authorize()
    await session.connect_vehicle()
    await session.suspend_energy()
    assert (await session.stored())["chargingState"] == "SuspendedEV"


async def test_tc_e_53_csms_each_new_transaction_begins_with_seq_no_0(session: SessionCase) -> None:
    await session.transfer_energy()
    for _ in range(2):
        await session.stop_energy()
        await session.disconnect_vehicle()
        assert (await session.stored())["ended"]
        session.begin_again()
        await session.transfer_energy()
        stored = await session.stored()
        assert (stored["lastSeqNo"], stored["missingSeqNos"]) == (stored["events"] - 1, [])


# End of a transaction (E06 to E10)


async def ends(session: SessionCase, reason: str) -> None:
    """Assert that the transaction has ended for a reason, and that no event is missing."""
    stored = await session.stored()
    assert (stored["ended"], stored["stoppedReason"], stored["missingSeqNos"]) == (True, reason, [])


async def test_tc_e_07_csms_transaction_that_the_driver_stops_locally_ends(session: SessionCase) -> None:
    await session.transfer_energy()
    await session.end("StopAuthorized", "Local")
    await ends(session, "Local")


async def test_tc_e_08_csms_transaction_whose_energy_transfer_stops_ends(session: SessionCase) -> None:
    await session.transfer_energy()
    await session.authorize_stop()
    await session.end("ChargingStateChanged", "Local", charging_state="EVConnected")
    await ends(session, "Local")


async def test_tc_e_14_csms_transaction_of_a_vehicle_that_is_unplugged_at_the_station_ends(
    session: SessionCase,
) -> None:
    await session.transfer_energy()
    await session.stop_energy()
    await session.disconnect_vehicle()
    await ends(session, "EVDisconnected")


async def test_tc_e_15_csms_transaction_ends_with_a_local_authorization_to_stop(
    session: SessionCase,
) -> None:
    await session.transfer_energy()
    await session.end("StopAuthorized", "Local", id_token=VALID_TOKEN)
    await ends(session, "Local")


@pytest.mark.also_covers("E01.FR.11", "E05.FR.01")
@pytest.mark.parametrize(
    ("id_token", "status"),
    [(INVALID_TOKEN, "Invalid"), ({**VALID_TOKEN, "id_token": "NEVER-SEEN"}, "Unknown")],
)
async def test_tc_e_16_csms_transaction_with_an_invalid_token_is_deauthorized(
    id_token: dict[str, str], status: str, session: SessionCase
) -> None:
    answer = await session.event("Authorized", id_token=id_token)
    assert answer.id_token_info == {"status": status}
    await session.end("Deauthorized", "DeAuthorized")
    await ends(session, "DeAuthorized")


async def test_tc_e_17_csms_transaction_of_a_vehicle_that_is_gone_ends(session: SessionCase) -> None:
    await session.transfer_energy()
    await session.suspend_energy()
    await session.end("EVCommunicationLost", "EVDisconnected", charging_state="Idle")
    await ends(session, "EVDisconnected")


async def test_tc_e_19_csms_transaction_ends_when_the_vehicle_leaves_the_parking_bay(
    session: SessionCase,
) -> None:
    """With the TxStopPoint ParkingBayOccupancy, unplugging alone does not end the transaction."""
    await session.transfer_energy()
    await session.stop_energy()
    await report_connector(session.station, "Available")
    await session.event("EVCommunicationLost", charging_state="Idle")
    assert not (await session.stored())["ended"]
    await session.end("EVDeparted", "Local")
    await ends(session, "Local")


async def test_tc_e_20_csms_transaction_of_a_vehicle_that_is_unplugged_at_its_side_ends(
    session: SessionCase,
) -> None:
    await session.transfer_energy()
    await session.suspend_energy()
    await session.stop_energy()
    await session.disconnect_vehicle()
    await ends(session, "EVDisconnected")


@pytest.mark.also_covers("F03.FR.01", "F04.FR.01")
async def test_tc_e_21_csms_transaction_is_stopped_remotely(session: SessionCase) -> None:
    await session.transfer_energy()
    assert await session.command("RequestStopTransaction") == {"transaction_id": session.transaction_id}
    await session.end("RemoteStop", "Remote")
    await ends(session, "Remote")


async def test_tc_e_22_csms_transaction_that_the_vehicle_stops_ends(session: SessionCase) -> None:
    await session.transfer_energy()
    await session.end("ChargingStateChanged", "StoppedByEV", charging_state="SuspendedEV")
    await ends(session, "StoppedByEV")


async def test_tc_e_26_csms_transaction_goes_on_when_the_vehicle_is_plugged_in_again(
    session: SessionCase,
) -> None:
    await session.transfer_energy()
    await session.suspend_energy()
    await session.event("EVCommunicationLost", charging_state="Idle")
    await report_connector(session.station, "Available")
    assert (await session.stored())["chargingState"] == "Idle"
    await session.event("CablePluggedIn", charging_state="EVConnected")
    await session.event("ChargingStateChanged", charging_state="Charging")
    assert await charges(session)


async def test_tc_e_39_csms_transaction_without_a_vehicle_ends_after_a_time(session: SessionCase) -> None:
    await session.authorize()
    await session.end("EVConnectTimeout", "Timeout")
    await ends(session, "Timeout")


# Status of a transaction (E14)


def report_status(session: SessionCase, *, queued: bool, ongoing: bool | None = None) -> None:
    """Make the station answer GetTransactionStatus with these indicators."""
    answer = call_result.GetTransactionStatus(messages_in_queue=queued, ongoing_indicator=ongoing)
    session.station.answers["GetTransactionStatus"] = lambda **_: answer


async def test_tc_e_29_csms_status_of_an_ongoing_transaction_with_queued_messages_is_requested(
    session: SessionCase,
) -> None:
    await session.case.configure(check_transactions=True)
    await session.transfer_energy()
    report_status(session, queued=True, ongoing=True)
    async with session.reconnected():
        received = await session.station.next("GetTransactionStatus")
        assert received == {"transaction_id": session.transaction_id}
        await session.event("MeterValuePeriodic", meter_value=[METER_VALUE], offline=True)
        assert not (await session.stored())["ended"]


async def test_tc_e_30_csms_status_of_an_ongoing_transaction_without_queued_messages_is_requested(
    session: SessionCase,
) -> None:
    await session.transfer_energy()
    report_status(session, queued=False, ongoing=True)
    received = await session.command("GetTransactionStatus", {"transactionId": session.transaction_id})
    assert received == {"transaction_id": session.transaction_id}
    assert not (await session.stored())["ended"]


async def test_tc_e_31_csms_status_of_an_ended_transaction_with_queued_messages_is_requested(
    session: SessionCase,
) -> None:
    await session.transfer_energy()
    async with session.reconnected():
        await session.station.status("Available")
        skipped = [session.use_seq_no(), session.use_seq_no()]
        await session.end("EVCommunicationLost", "EVDisconnected", charging_state="Idle", offline=True)
        assert (await session.stored())["missingSeqNos"] == skipped
        report_status(session, queued=True, ongoing=False)
        received = await session.command("GetTransactionStatus", {"transactionId": session.transaction_id})
        assert received == {"transaction_id": session.transaction_id}
        await session.event("StopAuthorized", seq_no=skipped[0], offline=True)
        await session.event(
            "ChargingStateChanged", seq_no=skipped[1], charging_state="EVConnected", offline=True
        )
        await ends(session, "EVDisconnected")


async def test_tc_e_33_csms_queue_with_messages_is_requested(session: SessionCase) -> None:
    await session.transfer_energy()
    async with session.reconnected():
        report_status(session, queued=True)
        assert await session.command("GetTransactionStatus", {}) == {}
        await session.event("MeterValuePeriodic", meter_value=[METER_VALUE], offline=True)
        assert not (await session.stored())["ended"]


async def test_tc_e_34_csms_queue_without_messages_is_requested(session: SessionCase) -> None:
    report_status(session, queued=False)
    assert await session.case.result_of("GetTransactionStatus") == {"messagesInQueue": False}
    assert await session.station.next("GetTransactionStatus") == {}
