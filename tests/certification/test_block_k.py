"""Setting and clearing charging profiles: cases TC_K_*_CSMS of Part 6, with their errata."""

from typing import Any

import pytest
from ocpp.charge_point import camel_to_snake_case
from ocpp.exceptions import NotSupportedError
from ocpp.v201 import call, call_result

from mock_csms.messages import JsonObject
from tests.certification.steps import SessionCase
from tests.support.charging import charging_profile, in_seconds

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVSE_ID = 1
TOKEN = {"idToken": "VALID01", "type": "ISO14443"}


async def sets(session: SessionCase, evse_id: int, profile: JsonObject, status: str = "Accepted") -> None:
    """Make the mock send a SetChargingProfile, which the station answers with ``status``."""
    answer = call_result.SetChargingProfile(status=status)
    session.station.answers["SetChargingProfile"] = lambda **_: answer
    payload = {"evseId": evse_id, "chargingProfile": profile}
    received, given = await session.case.exchange(session.station, "SetChargingProfile", payload)
    assert received == payload
    assert given == {"status": status}


async def known_profiles(session: SessionCase) -> list[Any]:
    """The profiles that the mock knows, each with its EVSE."""
    return list((await session.case.state())["chargingProfiles"])


async def sets_and_shows(session: SessionCase, evse_id: int, profile: JsonObject) -> None:
    """Make the mock set a charging profile; it then shows this profile and no other."""
    await sets(session, evse_id, profile)
    assert await known_profiles(session) == [{"evseId": evse_id, "chargingProfile": profile}]


# Setting profiles (K01 to K05)


@pytest.mark.also_covers("K01.FR.02", "K01.FR.08")
async def test_tc_k_01_csms_default_profile_is_set_on_an_evse(session: SessionCase) -> None:
    profile = charging_profile(validFrom=in_seconds(0), validTo=in_seconds(300))
    await sets_and_shows(session, EVSE_ID, profile)


async def test_tc_k_10_csms_default_profile_is_set_on_all_evses(session: SessionCase) -> None:
    await sets_and_shows(session, 0, charging_profile())


async def test_tc_k_03_csms_maximum_of_the_station_is_set(session: SessionCase) -> None:
    await sets_and_shows(session, 0, charging_profile("ChargingStationMaxProfile", limit=8.0))


async def test_tc_k_19_csms_recurring_profile_is_set(session: SessionCase) -> None:
    profile = charging_profile(kind="Recurring", recurrencyKind="Daily")
    await sets_and_shows(session, EVSE_ID, profile)


async def test_tc_k_02_csms_rejected_profile_without_a_transaction_is_handled(session: SessionCase) -> None:
    await sets(session, EVSE_ID, charging_profile("TxProfile", "Relative", 7.0), "Rejected")
    assert await known_profiles(session) == []


async def test_tc_k_15_csms_station_without_smart_charging_is_handled(session: SessionCase) -> None:
    def refuse(**_: Any) -> None:
        raise NotSupportedError

    session.station.answers["SetChargingProfile"] = refuse
    payload = {"evseId": EVSE_ID, "chargingProfile": charging_profile()}
    answer = (await session.case.send("SetChargingProfile", payload)).json()
    assert (answer["outcome"], answer["errorCode"]) == ("error", "NotSupported")
    assert await known_profiles(session) == []


async def test_tc_k_04_csms_profile_is_replaced(session: SessionCase) -> None:
    await sets_and_shows(session, EVSE_ID, charging_profile(limit=8.0))
    await sets_and_shows(session, EVSE_ID, charging_profile(limit=6.0))


async def test_tc_k_70_csms_profiles_of_two_purposes_are_set(session: SessionCase) -> None:
    await session.transfer_energy()
    await sets(session, EVSE_ID, charging_profile(id=1, stackLevel=1))
    await sets(session, 0, charging_profile("ChargingStationMaxProfile", id=2, stackLevel=2))
    assert [entry["chargingProfile"]["id"] for entry in await known_profiles(session)] == [1, 2]


@pytest.mark.also_covers("K01.FR.01")
@pytest.mark.parametrize("kind", ["Absolute", "Relative"])
async def test_tc_k_60_csms_profile_of_a_running_transaction_is_set(session: SessionCase, kind: str) -> None:
    await session.transfer_energy()
    profile = charging_profile("TxProfile", kind, transactionId=session.transaction_id)
    await sets_and_shows(session, EVSE_ID, profile)


@pytest.mark.also_covers("K05.FR.01")
@pytest.mark.parametrize("kind", ["Absolute", "Relative"])
async def test_tc_k_37_csms_remote_start_has_a_charging_profile(session: SessionCase, kind: str) -> None:
    profile = charging_profile("TxProfile", kind)
    payload = {"remoteStartId": 9, "idToken": TOKEN, "evseId": EVSE_ID, "chargingProfile": profile}
    received, _ = await session.case.exchange(session.station, "RequestStartTransaction", payload)
    assert received == payload
    id_token = camel_to_snake_case(TOKEN)
    await session.event("RemoteStart", remote_start_id=9, id_token=id_token, evse={"id": EVSE_ID})
    of_transaction = {**profile, "transactionId": session.transaction_id}
    assert await known_profiles(session) == [{"evseId": EVSE_ID, "chargingProfile": of_transaction}]


# Clearing profiles (K10)


CRITERIA = {
    "chargingProfileCriteria": {
        "evseId": EVSE_ID,
        "chargingProfilePurpose": "TxDefaultProfile",
        "stackLevel": 1,
    }
}


async def clears(session: SessionCase, payload: JsonObject, status: str) -> None:
    """Make the mock send a ClearChargingProfile, which the station answers with ``status``.

    The mock must then show no profile.
    """
    answer = call_result.ClearChargingProfile(status=status)
    session.station.answers["ClearChargingProfile"] = lambda **_: answer
    received, given = await session.case.exchange(session.station, "ClearChargingProfile", payload)
    assert received == payload
    assert given == {"status": status}
    assert await known_profiles(session) == []


async def test_tc_k_05_csms_reported_profile_is_cleared_by_its_id(session: SessionCase) -> None:
    session.expected_findings = {"charging-profile-not-asked-for"}  # the default payload asks for another
    request, _ = await session.case.exchange(session.station, "GetChargingProfiles")
    await session.station.send(
        call.ReportChargingProfiles(
            request_id=request["requestId"],
            charging_limit_source="CSO",
            charging_profile=[camel_to_snake_case(charging_profile("ChargingStationMaxProfile", id=83))],
            evse_id=0,
        )
    )
    [known] = await known_profiles(session)
    await clears(session, {"chargingProfileId": known["chargingProfile"]["id"]}, "Accepted")


async def test_tc_k_06_csms_profile_is_cleared_by_criteria(session: SessionCase) -> None:
    await sets(session, EVSE_ID, charging_profile())
    await clears(session, CRITERIA, "Accepted")


async def test_tc_k_08_csms_clearing_of_an_unknown_profile_is_handled(session: SessionCase) -> None:
    await clears(session, CRITERIA, "Unknown")
