"""Provisioning: the cases TC_B_*_CSMS of Part 6 about the boot, resets and networks, with their errata."""

from http import HTTPStatus

import pytest
import websockets
from ocpp.charge_point import camel_to_snake_case
from ocpp.exceptions import SecurityError
from ocpp.v201 import call, call_result
from websockets.typing import Subprotocol

from mock_csms.messages import JsonObject
from tests.certification.steps import (
    SessionCase,
    boots_and_reports_connectors,
    report_connector,
    set_variable_item,
)
from tests.conftest import Serve
from tests.support.station import OCPP_2_0_1
from tests.support.station_case import StationCase

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVSE_ID = 1

NOT_ACCEPTED = [pytest.param("Pending", id="Pending"), pytest.param("Rejected", id="Rejected")]


# Boot (B01 to B03)


@pytest.mark.also_covers("B01.FR.02")
async def test_tc_b_01_csms_boot_is_accepted(case: StationCase) -> None:
    async with case.connected() as station:
        assert await boots_and_reports_connectors(station)


@pytest.mark.also_covers("B01.FR.02", "B02.FR.01", "B02.FR.06")
async def test_tc_b_02_csms_boot_is_pending_first(case: StationCase) -> None:
    await case.configure(boot_status_sequence=["Pending", "Accepted"], boot_retry_interval=60)
    async with case.connected() as station:
        boot = await station.boot()
        assert (boot.status, boot.interval) == ("Pending", 60)
        await case.result_of("GetVariables")
        item = set_variable_item("OCPPCommCtrlr", "OfflineThreshold", "123")
        await case.result_of("SetVariables", {"setVariableData": [item]})
        assert station.order == ["GetVariables", "SetVariables"]
        assert await boots_and_reports_connectors(station)


@pytest.mark.also_covers("FR.04", "B01.FR.10", "B02.FR.09", "B03.FR.07")
@pytest.mark.parametrize("status", NOT_ACCEPTED)
async def test_tc_b_30_csms_station_that_is_not_accepted_gets_a_security_error(
    case: StationCase, status: str
) -> None:
    await case.configure(boot_status=status)
    async with case.connected() as station:
        assert (await station.boot()).status == status
        with pytest.raises(SecurityError):
            await station.status()
        with pytest.raises(SecurityError):
            await station.availability()


async def test_tc_b_31_csms_boot_is_triggered_before_the_interval_is_over(case: StationCase) -> None:
    """The boot is Pending, because a CSMS may not send a command to a Rejected station (B03.FR.03)."""
    await case.configure(boot_status_sequence=["Pending", "Accepted"], boot_retry_interval=60)
    async with case.connected() as station:
        assert (await station.boot()).status == "Pending"
        await case.result_of("TriggerMessage", {"requestedMessage": "BootNotification"})
        assert await station.next("TriggerMessage") == {"requested_message": "BootNotification"}
        assert (await station.boot("Triggered")).status == "Accepted"
        await report_connector(station)


# Reset (B11, B12)


async def reset(session: SessionCase, status: str, payload: JsonObject) -> None:
    """Make the mock send a Reset with exactly this payload, which the station answers with ``status``."""
    session.station.answers["Reset"] = lambda **_: call_result.Reset(status=status)
    assert await session.case.result_of("Reset", payload) == {"status": status}
    assert await session.station.next("Reset") == camel_to_snake_case(payload)


async def boots_after_reset(session: SessionCase, reason: str, connector: str = "Available") -> bool:
    """Boot the station on a new connection; return whether the boot is accepted."""
    async with session.reconnected():
        boot = await session.station.boot(reason)
        await report_connector(session.station, connector)
    return bool(boot.status == "Accepted")


async def test_tc_b_20_csms_station_is_reset_on_idle(session: SessionCase) -> None:
    await reset(session, "Accepted", {"type": "OnIdle"})
    assert await boots_after_reset(session, "RemoteReset")


async def test_tc_b_21_csms_station_is_reset_on_idle_after_its_transaction(session: SessionCase) -> None:
    await session.transfer_energy()
    await reset(session, "Scheduled", {"type": "OnIdle"})
    await session.authorize_stop(charging_state="EVConnected")
    await session.end("EVCommunicationLost", "EVDisconnected", charging_state="Idle")
    assert await boots_after_reset(session, "ScheduledReset")


async def test_tc_b_22_csms_station_is_reset_during_its_transaction(session: SessionCase) -> None:
    await session.transfer_energy()
    await reset(session, "Accepted", {"type": "Immediate"})
    await session.end("ResetCommand", "ImmediateReset", charging_state="EVConnected")
    assert await boots_after_reset(session, "RemoteReset", "Occupied")
    assert (await session.stored())["ended"]


async def test_tc_b_25_csms_evse_is_reset_on_idle(session: SessionCase) -> None:
    await reset(session, "Accepted", {"type": "OnIdle", "evseId": EVSE_ID})


async def test_tc_b_26_csms_evse_is_reset_on_idle_after_its_transaction(session: SessionCase) -> None:
    await session.transfer_energy()
    await reset(session, "Scheduled", {"type": "OnIdle", "evseId": EVSE_ID})
    await session.authorize_stop(charging_state="EVConnected")
    await session.end("EVCommunicationLost", "EVDisconnected", charging_state="Idle")
    assert (await session.stored())["ended"]


async def test_tc_b_27_csms_evse_is_reset_during_its_transaction(session: SessionCase) -> None:
    await session.transfer_energy()
    await reset(session, "Accepted", {"type": "Immediate", "evseId": EVSE_ID})
    await session.end("ResetCommand", "ImmediateReset", charging_state="EVConnected")
    assert (await session.stored())["ended"]


# Network connection profiles (B09)

NETWORK_PROFILE: JsonObject = {
    "configurationSlot": 2,
    "connectionData": {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": "wss://csms.example.org/ocpp",
        "messageTimeout": 30,
        "securityProfile": 2,
        "ocppInterface": "Wired0",
    },
}


async def sets_network_profile(case: StationCase, status: str) -> None:
    """Make the mock send a SetNetworkProfile, which the station answers with ``status``."""
    async with case.booted() as station:
        station.answers["SetNetworkProfile"] = lambda **_: call_result.SetNetworkProfile(status=status)
        assert await case.result_of("SetNetworkProfile", NETWORK_PROFILE) == {"status": status}
        assert await station.next("SetNetworkProfile") == camel_to_snake_case(NETWORK_PROFILE)
        assert (await station.send(call.Heartbeat())).current_time


async def test_tc_b_42_csms_network_profile_is_set(case: StationCase) -> None:
    await sets_network_profile(case, "Accepted")


async def test_tc_b_44_csms_failed_network_profile_is_handled(case: StationCase) -> None:
    await sets_network_profile(case, "Failed")


# Subprotocol


@pytest.mark.asyncio(loop_scope="function")
async def test_tc_b_58_csms_known_subprotocol_is_chosen_and_an_unknown_one_refused(serve: Serve) -> None:
    csms = await serve(no_common_subprotocol="refuse")
    url, unknown = f"ws://{csms.address}/CS1", Subprotocol("ocpp0.1")
    with pytest.raises(websockets.InvalidStatus) as caught:
        await websockets.connect(url, subprotocols=[unknown])
    assert caught.value.response.status_code == HTTPStatus.BAD_REQUEST
    async with websockets.connect(url, subprotocols=[unknown, OCPP_2_0_1]) as connection:
        assert connection.response is not None
        assert connection.response.headers.get_all("Sec-WebSocket-Protocol") == [OCPP_2_0_1]
