"""Remote control: the cases TC_F_*_CSMS of Part 6, with their errata."""

from typing import Any

import pytest
from ocpp.v201 import call, call_result

from tests.certification.steps import VALID_TOKEN, SessionCase, report_connector
from tests.support.station import now

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVSE = {"id": 1, "connector_id": 1}
TRIGGERED = {"timestamp": "2026-01-01T00:00:00Z", "sampled_value": [{"value": 1.0, "context": "Trigger"}]}


# Remote start and stop (F01 to F03)


async def start_remotely(session: SessionCase, transaction_id: str | None = None) -> int:
    """Make the mock send its default RequestStartTransaction, with VALID_TOKEN; return the remoteStartId."""
    answer = call_result.RequestStartTransaction(status="Accepted", transaction_id=transaction_id)
    session.station.answers["RequestStartTransaction"] = lambda **_: answer
    received = await session.command("RequestStartTransaction")
    assert received["id_token"] == VALID_TOKEN
    return int(received["remote_start_id"])


async def report_remote_start(session: SessionCase, remote_start_id: int) -> None:
    """Report that the remote start has authorized the transaction; the idToken has to be Accepted."""
    answer = await session.event("RemoteStart", remote_start_id=remote_start_id, id_token=VALID_TOKEN)
    assert answer.id_token_info["status"] == "Accepted"
    assert (await session.stored())["remoteStartId"] == remote_start_id
    session.states.add("Authorized")


async def charges(session: SessionCase) -> bool:
    """Reach the state EnergyTransferStarted; return whether the mock shows the state Charging."""
    await session.transfer_energy()
    return bool((await session.stored())["chargingState"] == "Charging")


@pytest.mark.also_covers("F01.FR.04", "F02.FR.12")
async def test_tc_f_01_csms_transaction_is_started_remotely_after_the_cable_is_plugged_in(
    session: SessionCase,
) -> None:
    await session.connect_vehicle()
    remote_start_id = await start_remotely(session, session.transaction_id)
    await report_remote_start(session, remote_start_id)
    assert await charges(session)


@pytest.mark.also_covers("F01.FR.03", "F02.FR.11")
async def test_tc_f_02_csms_station_authorizes_the_token_of_a_remote_start(session: SessionCase) -> None:
    remote_start_id = await start_remotely(session)
    await session.present_token()
    await report_remote_start(session, remote_start_id)
    assert await charges(session)


async def test_tc_f_03_csms_station_trusts_the_token_of_a_remote_start(session: SessionCase) -> None:
    await report_remote_start(session, await start_remotely(session))
    assert await charges(session)


async def test_tc_f_04_csms_remote_start_without_a_vehicle_is_deauthorized(session: SessionCase) -> None:
    await report_remote_start(session, await start_remotely(session))
    await session.event("EVConnectTimeout")
    stored = await session.stored()
    assert (stored["events"], stored["ended"]) == (2, False)


# Unlock a connector (F05)


async def test_tc_f_06_csms_connector_is_unlocked(session: SessionCase) -> None:
    await report_connector(session.station, "Available")
    assert await session.command("UnlockConnector") == {"evse_id": 1, "connector_id": 1}


# Triggered messages (F06)


async def trigger(session: SessionCase, message: str, **evse: int) -> None:
    """Make the mock send a TriggerMessage for the station or one EVSE; it must arrive as requested."""
    place = {"evse": {"id": evse["id"]}} if evse else {}
    received = await session.command("TriggerMessage", {"requestedMessage": message, **place})
    assert received == {"requested_message": message, **place}


async def send_meter_values(session: SessionCase, evse_id: int) -> None:
    await session.station.send(call.MeterValues(evse_id=evse_id, meter_value=[TRIGGERED]))


async def send_triggered_event(session: SessionCase, **fields: Any) -> None:
    """Send the TransactionEvent that a TriggerMessage has requested."""
    await session.event("Trigger", charging_state="Charging", meter_value=[TRIGGERED], **fields)
    assert (await session.stored())["chargingState"] == "Charging"


@pytest.mark.also_covers("F06.FR.01", "F06.FR.02")
async def test_tc_f_11_csms_meter_values_of_one_evse_are_triggered(session: SessionCase) -> None:
    await trigger(session, "MeterValues", id=1)
    await send_meter_values(session, 1)


async def test_tc_f_12_csms_meter_values_of_all_evses_are_triggered(session: SessionCase) -> None:
    await trigger(session, "MeterValues")
    for evse_id in (1, 2):
        await send_meter_values(session, evse_id)


async def test_tc_f_13_csms_transaction_event_of_one_evse_is_triggered(session: SessionCase) -> None:
    await session.transfer_energy()
    await trigger(session, "TransactionEvent", id=1)
    await send_triggered_event(session, evse=EVSE)


async def test_tc_f_14_csms_transaction_events_of_all_evses_are_triggered(session: SessionCase) -> None:
    await session.transfer_energy()
    await trigger(session, "TransactionEvent")
    await send_triggered_event(session)


async def test_tc_f_15_csms_log_status_is_triggered(session: SessionCase) -> None:
    await trigger(session, "LogStatusNotification")
    await session.station.send(call.LogStatusNotification(status="Idle"))
    assert (await session.case.state())["logStatus"] == "Idle"


async def test_tc_f_18_csms_firmware_status_is_triggered(session: SessionCase) -> None:
    await trigger(session, "FirmwareStatusNotification")
    await session.station.send(call.FirmwareStatusNotification(status="Idle"))
    assert (await session.case.state())["firmwareStatus"] == "Idle"


async def test_tc_f_20_csms_heartbeat_is_triggered(session: SessionCase) -> None:
    await trigger(session, "Heartbeat")
    assert (await session.station.send(call.Heartbeat())).current_time <= now()


async def triggers_status(session: SessionCase, status: str) -> None:
    """Make the mock send its default TriggerMessage; the station then reports the connector as ``status``."""
    await report_connector(session.station, status)
    received = await session.command("TriggerMessage")
    assert received == {"requested_message": "StatusNotification", "evse": EVSE}
    await report_connector(session.station, status)
    [connector] = (await session.case.state())["connectors"]
    assert connector == {"evseId": 1, "connectorId": 1, "connectorStatus": status}


@pytest.mark.also_covers("F06.FR.13")
async def test_tc_f_23_csms_status_of_an_available_connector_is_triggered(session: SessionCase) -> None:
    await triggers_status(session, "Available")


async def test_tc_f_24_csms_status_of_an_occupied_connector_is_triggered(session: SessionCase) -> None:
    await triggers_status(session, "Occupied")


async def test_tc_f_27_csms_message_that_the_station_does_not_implement_is_handled(
    session: SessionCase,
) -> None:
    answer = call_result.TriggerMessage(status="NotImplemented")
    session.station.answers["TriggerMessage"] = lambda **_: answer
    assert await session.case.result_of("TriggerMessage") == {"status": "NotImplemented"}
    assert (await session.station.send(call.Heartbeat())).current_time
