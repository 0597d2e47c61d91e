"""Reports of charging profiles, and external limits: cases TC_K_*_CSMS of Part 6, with their errata."""

import pytest
from ocpp.charge_point import camel_to_snake_case
from ocpp.v201 import call, call_result

from mock_csms.messages import JsonObject
from tests.certification.steps import SessionCase
from tests.support.charging import charging_profile, in_seconds

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVSE_ID = 1
EXTERNAL = "ChargingStationExternalConstraints"


# Reports of charging profiles (K09)


async def requests(session: SessionCase, evse_id: int | None = None, **criteria: object) -> JsonObject:
    """Make the mock send a GetChargingProfiles with these criteria; return the payload received."""
    place = {} if evse_id is None else {"evseId": evse_id}
    payload: JsonObject = {"requestId": 1, **place, "chargingProfile": criteria}
    received, answer = await session.case.exchange(session.station, "GetChargingProfiles", payload)
    assert received == payload
    assert answer == {"status": "Accepted"}
    return received


async def report(
    session: SessionCase, evse_id: int, profile: JsonObject, *, source: str = "CSO", tbc: bool = False
) -> None:
    """Report a profile of an EVSE in one ReportChargingProfiles."""
    answer = await session.station.send(
        call.ReportChargingProfiles(
            request_id=1,
            charging_limit_source=source,
            charging_profile=[camel_to_snake_case(profile)],
            evse_id=evse_id,
            tbc=tbc,
        )
    )
    assert answer == call_result.ReportChargingProfiles()


async def are_reported(
    session: SessionCase, evse_id: int, *profiles: JsonObject, source: str = "CSO"
) -> None:
    """Report profiles of consecutive EVSEs, beginning with ``evse_id``; the mock then shows them."""
    places = list(enumerate(profiles, evse_id))
    for place, profile in places:
        await report(session, place, profile, source=source, tbc=profile != profiles[-1])
    expected = [{"evseId": place, "chargingProfile": profile} for place, profile in places]
    assert (await session.case.state())["chargingProfiles"] == expected


async def test_tc_k_29_csms_profiles_of_the_station_are_reported(session: SessionCase) -> None:
    await session.transfer_energy()
    await requests(session, 0, chargingProfilePurpose="ChargingStationMaxProfile")
    await are_reported(session, 0, charging_profile("ChargingStationMaxProfile"))


async def test_tc_k_30_csms_profiles_of_an_evse_are_reported(session: SessionCase) -> None:
    await requests(session, EVSE_ID, chargingProfilePurpose="TxDefaultProfile")
    await are_reported(session, EVSE_ID, charging_profile())


async def test_tc_k_31_csms_profiles_of_all_evses_are_reported(session: SessionCase) -> None:
    await requests(session, chargingProfilePurpose="TxDefaultProfile")
    await are_reported(session, EVSE_ID, charging_profile(), charging_profile(id=2))


async def test_tc_k_32_csms_profile_with_an_id_is_reported(session: SessionCase) -> None:
    await requests(session, chargingProfileId=[7])
    await are_reported(session, EVSE_ID, charging_profile(id=7))


async def test_tc_k_33_csms_profiles_with_a_stack_level_are_reported(session: SessionCase) -> None:
    await requests(session, EVSE_ID, stackLevel=1)
    await are_reported(session, EVSE_ID, charging_profile())


async def test_tc_k_34_csms_profiles_of_a_source_are_reported(session: SessionCase) -> None:
    await requests(session, EVSE_ID, chargingLimitSource=["EMS"])
    await are_reported(session, EVSE_ID, charging_profile(EXTERNAL), source="EMS")


async def test_tc_k_35_csms_profiles_for_a_purpose_are_reported(session: SessionCase) -> None:
    await requests(session, EVSE_ID, chargingProfilePurpose="TxDefaultProfile")
    await are_reported(session, EVSE_ID, charging_profile())


async def test_tc_k_36_csms_profiles_for_a_purpose_with_a_stack_level_are_reported(
    session: SessionCase,
) -> None:
    await requests(session, EVSE_ID, chargingProfilePurpose="TxDefaultProfile", stackLevel=1)
    await are_reported(session, EVSE_ID, charging_profile())


async def test_tc_k_52_csms_profile_of_another_system_is_reported(session: SessionCase) -> None:
    await requests(session, chargingProfilePurpose=EXTERNAL)
    await are_reported(session, EVSE_ID, charging_profile(EXTERNAL), source="EMS")


# Composite schedules (K08)


async def shows_composite_schedule(session: SessionCase, evse_id: int) -> None:
    """Make the mock request the composite schedule of an EVSE, or of the whole station if ``evse_id`` is 0.

    Assert that the control API returns the station's answer.
    """
    schedule = {
        "evse_id": evse_id,
        "duration": 300,
        "schedule_start": in_seconds(0),
        "charging_rate_unit": "A",
        "charging_schedule_period": [{"start_period": 0, "limit": 10.0}],
    }
    answer = call_result.GetCompositeSchedule(status="Accepted", schedule=schedule)
    session.station.answers["GetCompositeSchedule"] = lambda **_: answer
    payload = {"evseId": evse_id, "duration": 300, "chargingRateUnit": "A"}
    received, given = await session.case.exchange(session.station, "GetCompositeSchedule", payload)
    assert received == payload
    assert camel_to_snake_case(given) == {"status": "Accepted", "schedule": schedule}


@pytest.mark.also_covers("K08.FR.01")
async def test_tc_k_43_csms_composite_schedule_of_an_evse_is_requested(session: SessionCase) -> None:
    await shows_composite_schedule(session, EVSE_ID)


async def test_tc_k_44_csms_composite_schedule_of_the_station_is_requested(session: SessionCase) -> None:
    await shows_composite_schedule(session, 0)


# Limits of other systems (K12, K13)


async def limits(session: SessionCase) -> list[JsonObject]:
    """The limits of other systems that the mock shows."""
    return [limit["chargingLimit"] for limit in (await session.case.state())["chargingLimits"]]


async def notify_limit(session: SessionCase) -> None:
    """Report a limit of an energy management system, which the mock then shows."""
    request = call.NotifyChargingLimit(charging_limit={"charging_limit_source": "EMS"})
    assert await session.station.send(request) == call_result.NotifyChargingLimit()
    assert await limits(session) == [{"chargingLimitSource": "EMS"}]


async def release_limit(session: SessionCase) -> None:
    """Report a limit, and then that it is gone; the mock then shows no limit."""
    await notify_limit(session)
    answer = await session.station.send(call.ClearedChargingLimit(charging_limit_source="EMS"))
    assert answer == call_result.ClearedChargingLimit()
    assert await limits(session) == []


async def test_tc_k_48_csms_limit_of_another_system_is_received(session: SessionCase) -> None:
    await notify_limit(session)


async def test_tc_k_50_csms_released_limit_is_received(session: SessionCase) -> None:
    await release_limit(session)


async def test_tc_k_51_csms_limit_released_during_a_transaction_is_received(session: SessionCase) -> None:
    await session.transfer_energy()
    await release_limit(session)
    await session.event("ChargingRateChanged", charging_state="Charging")
    assert (await session.stored())["chargingState"] == "Charging"
