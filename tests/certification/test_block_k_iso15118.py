"""Smart charging by ISO 15118: cases TC_K_53 to TC_K_59_CSMS of Part 6, with their errata."""

from typing import Any

import pytest
from ocpp.charge_point import camel_to_snake_case, snake_to_camel_case
from ocpp.v201 import call

from mock_csms.messages import JsonObject
from tests.certification.steps import SessionCase
from tests.support.charging import AC_NEEDS, charging_profile, in_seconds
from tests.support.station import no_command_follows

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVSE_ID = 1
NEEDS = {
    "AC": AC_NEEDS,
    "DC": {
        "requested_energy_transfer": "DC",
        "dc_charging_parameters": {"ev_max_current": 100, "ev_max_voltage": 400, "ev_max_power": 30_000},
    },
}


async def notify_needs(session: SessionCase, kind: str = "AC") -> JsonObject:
    """Send the needs of the vehicle, and return the charging profile that the mock sends for them."""
    request = call.NotifyEVChargingNeeds(charging_needs=NEEDS[kind], evse_id=EVSE_ID, max_schedule_tuples=3)
    answer = await session.station.send(request)
    assert answer.status == "Accepted"
    return await received_profile(session)


async def received_profile(session: SessionCase) -> JsonObject:
    """Return the charging profile that the mock sends for the transaction."""
    request = snake_to_camel_case(await session.station.next("SetChargingProfile"))
    profile: JsonObject = request["chargingProfile"]
    assert request["evseId"] == EVSE_ID
    assert profile["chargingProfilePurpose"] == "TxProfile"
    assert profile["transactionId"] == session.transaction_id
    return profile


async def schedule_status(session: SessionCase, profile: JsonObject, excess: float = 0.0) -> Any:
    """Send a NotifyEVChargingSchedule with the profile's limit plus ``excess`` A; return the status."""
    schedule = camel_to_snake_case(profile["chargingSchedule"][0])
    [period] = schedule["charging_schedule_period"]
    schedule["charging_schedule_period"] = [{**period, "limit": period["limit"] + excess}]
    time_base = schedule.pop("start_schedule", in_seconds(0))
    request = call.NotifyEVChargingSchedule(time_base=time_base, charging_schedule=schedule, evse_id=EVSE_ID)
    return (await session.station.send(request)).status


async def begin(session: SessionCase) -> None:
    """Reach the reusable states Authorized and EVConnectedPreSession."""
    await session.authorize()
    await session.connect_vehicle()


async def charge(session: SessionCase) -> None:
    """Report that the transfer of energy has begun."""
    await session.event("ChargingStateChanged", charging_state="Charging")


async def negotiate(session: SessionCase, kind: str = "AC") -> None:
    """Reach the reusable state ISO15118SmartCharging."""
    await begin(session)
    profile = await notify_needs(session, kind)
    assert await schedule_status(session, profile) == "Accepted"
    await charge(session)


async def set_profile(session: SessionCase) -> JsonObject:
    """Use the control API to make the mock send another profile for the transaction; return the profile."""
    [known] = (await session.case.state())["chargingProfiles"]
    of_transaction = {"transactionId": session.transaction_id, "id": known["chargingProfile"]["id"]}
    profile = charging_profile("TxProfile", stackLevel=0, **of_transaction)
    await session.case.result_of("SetChargingProfile", {"evseId": EVSE_ID, "chargingProfile": profile})
    assert await received_profile(session) == profile
    return profile


@pytest.mark.also_covers(
    *("K15.FR.02", "K15.FR.03", "K15.FR.11", "K17.FR.02", "K17.FR.03"),
    *("K02.FR.03", "K15.FR.08", "K17.FR.08"),
)
@pytest.mark.parametrize("kind", ["AC", "DC"])
async def test_tc_k_53_csms_schedule_for_the_needs_of_a_vehicle_is_sent_once(
    session: SessionCase, kind: str
) -> None:
    await negotiate(session, kind)
    session.station.order.clear()
    assert await no_command_follows(session.station)


@pytest.mark.also_covers("K15.FR.12", "K15.FR.13", "K16.FR.07", "K16.FR.08", "K17.FR.12", "K17.FR.13")
async def test_tc_k_55_csms_schedule_beyond_the_limits_is_rejected_and_negotiated_again(
    session: SessionCase,
) -> None:
    await begin(session)
    profile = await notify_needs(session)
    assert await schedule_status(session, profile, excess=1.0) == "Rejected"
    await charge(session)
    profile = await received_profile(session)
    assert await schedule_status(session, profile) == "Accepted"


@pytest.mark.also_covers("K17.FR.11")
async def test_tc_k_57_csms_vehicle_renegotiates_the_schedule(session: SessionCase) -> None:
    await negotiate(session)
    profile = await notify_needs(session)
    assert await schedule_status(session, profile) == "Accepted"


@pytest.mark.also_covers("K16.FR.06")
async def test_tc_k_58_csms_central_system_renegotiates_the_schedule(session: SessionCase) -> None:
    await negotiate(session)
    profile = await set_profile(session)
    assert await schedule_status(session, profile) == "Accepted"


@pytest.mark.also_covers("K16.FR.12")
async def test_tc_k_59_csms_needs_repeated_in_a_renegotiation_get_another_profile(
    session: SessionCase,
) -> None:
    await negotiate(session)
    await set_profile(session)
    profile = await notify_needs(session)
    assert await schedule_status(session, profile) == "Accepted"
