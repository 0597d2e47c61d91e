"""Smart charging: the requirements for a central system.

The profiles that the mock builds meet all requirements. A user's profile is sent unchanged, with a warning in
the log that names each requirement that the profile breaks.
"""

import pytest
from ocpp.charge_point import camel_to_snake_case, snake_to_camel_case
from ocpp.v201 import call

from mock_csms.messages import JsonObject
from tests.certification.steps import SessionCase
from tests.requirements.steps import broken_requirements, report_variable
from tests.support.charging import AC_NEEDS, charging_profile
from tests.support.station import no_command_follows

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVSE_ID = 1


def with_periods(*periods: JsonObject) -> JsonObject:
    """A profile whose schedule has these periods."""
    profile = charging_profile()
    [schedule] = profile["chargingSchedule"]
    return {**profile, "chargingSchedule": [{**schedule, "chargingSchedulePeriod": list(periods)}]}


def period(start: int, **fields: int) -> JsonObject:
    return {"startPeriod": start, "limit": 6.0, **fields}


async def default_profile(session: SessionCase) -> JsonObject:
    """Send the SetChargingProfile that the mock builds by default, and return its charging profile."""
    request, _ = await session.case.exchange(session.station, "SetChargingProfile")
    profile: JsonObject = request["chargingProfile"]
    return profile


async def warned_of(
    session: SessionCase, caplog: pytest.LogCaptureFixture, evse_id: int, profile: JsonObject
) -> set[str]:
    """Send ``profile`` as a user's profile; return the requirements that it breaks according to the log."""
    caplog.clear()
    payload = {"evseId": evse_id, "chargingProfile": profile}
    received, _ = await session.case.exchange(session.station, "SetChargingProfile", payload)
    assert received == payload
    return set(broken_requirements(caplog, session.case))


async def profile_for_needs(session: SessionCase) -> JsonObject:
    """Send a NotifyEVChargingNeeds, which is Accepted; return the profile that the mock sends after it."""
    assert await needs_status(session) == "Accepted"
    return await received_profile(session)


async def needs_status(session: SessionCase) -> str:
    """Send a NotifyEVChargingNeeds, and return the status of the response."""
    request = call.NotifyEVChargingNeeds(charging_needs=AC_NEEDS, evse_id=EVSE_ID, max_schedule_tuples=1)
    return str((await session.station.send(request)).status)


async def received_profile(session: SessionCase) -> JsonObject:
    """Wait for the next SetChargingProfile, and return its charging profile."""
    request = snake_to_camel_case(await session.station.next("SetChargingProfile"))
    assert request["evseId"] == EVSE_ID
    profile: JsonObject = request["chargingProfile"]
    return profile


# Any profile (K01)


@pytest.mark.also_covers("K01.FR.19", "K01.FR.22", "K01.FR.31", "K01.FR.34", "K01.FR.35", "K01.FR.40")
async def test_k01_fr_06_default_profile_keeps_all_requirements(
    session: SessionCase, caplog: pytest.LogCaptureFixture
) -> None:
    profile = await default_profile(session)
    [schedule] = profile["chargingSchedule"]
    [only] = schedule["chargingSchedulePeriod"]
    assert profile["chargingProfilePurpose"] == "TxDefaultProfile"
    assert (profile["chargingProfileKind"], "startSchedule" in schedule) == ("Absolute", True)
    assert only["startPeriod"] == 0
    assert "phaseToUse" not in only
    again = await default_profile(session)
    assert again["id"] == profile["id"]
    assert broken_requirements(caplog, session.case) == []


async def test_k01_fr_06_default_profile_replaces_a_reported_one(
    session: SessionCase, caplog: pytest.LogCaptureFixture
) -> None:
    reported = charging_profile(id=77, stackLevel=0)
    await session.case.exchange(session.station, "GetChargingProfiles", {"requestId": 1, **criteria()})
    await session.station.send(
        call.ReportChargingProfiles(1, "CSO", [camel_to_snake_case(reported)], evse_id=0)
    )
    assert (await default_profile(session))["id"] == 77
    other = charging_profile(id=78, stackLevel=0)
    assert await warned_of(session, caplog, 0, other) == {"K01.FR.06"}


def criteria() -> JsonObject:
    return {"chargingProfile": {"chargingProfilePurpose": "TxDefaultProfile"}}


@pytest.mark.parametrize(
    ("evse_id", "profile", "requirement"),
    [
        (1, charging_profile("TxProfile"), "K01.FR.03"),
        (0, charging_profile("TxProfile", transactionId="tx-1"), "K01.FR.16"),
        (1, with_periods(period(0, phaseToUse=1)), "K01.FR.19"),
        (1, with_periods(period(0, phaseToUse=1, numberPhases=1)), "K01.FR.20"),
        (1, charging_profile("ChargingStationExternalConstraints"), "K01.FR.22"),
        (1, with_periods(period(60)), "K01.FR.31"),
        (1, charging_profile(chargingSchedule=charging_profile()["chargingSchedule"] * 2), "K01.FR.34"),
        (1, with_periods(period(0), period(60), period(30)), "K01.FR.35"),
        (0, charging_profile("ChargingStationMaxProfile", "Relative"), "K01.FR.38"),
        (
            1,
            charging_profile(chargingSchedule=charging_profile(kind="Relative")["chargingSchedule"]),
            "K01.FR.40",
        ),
        (
            1,
            charging_profile(kind="Relative", chargingSchedule=charging_profile()["chargingSchedule"]),
            "K01.FR.41",
        ),
        (1, charging_profile("ChargingStationMaxProfile"), "K04.FR.03"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.also_covers(
    *("K01.FR.16", "K01.FR.19", "K01.FR.20", "K01.FR.22", "K01.FR.31", "K01.FR.34", "K01.FR.35"),
    *("K01.FR.38", "K01.FR.40", "K01.FR.41", "K04.FR.03"),
)
async def test_k01_fr_03_profile_of_the_user_that_breaks_a_requirement_is_logged(
    session: SessionCase,
    caplog: pytest.LogCaptureFixture,
    evse_id: int,
    profile: JsonObject,
    requirement: str,
) -> None:
    if requirement in {"K01.FR.16", "K04.FR.03"}:  # this station accepts any profile
        session.expected_findings = {"impossible-charging-profile-accepted"}
    assert await warned_of(session, caplog, evse_id, profile) == {requirement}


async def test_k01_fr_20_phase_is_chosen_where_the_station_can_switch_phases(
    session: SessionCase, caplog: pytest.LogCaptureFixture
) -> None:
    await report_variable(session.station, "SmartChargingCtrlr", "ACPhaseSwitchingSupported", "true")
    profile = with_periods(period(0, phaseToUse=1, numberPhases=1))
    assert await warned_of(session, caplog, EVSE_ID, profile) == set()


@pytest.mark.also_covers("K01.FR.03", "K01.FR.16")
async def test_k01_fr_39_profile_of_a_transaction_is_replaced_under_its_id(
    session: SessionCase, caplog: pytest.LogCaptureFixture
) -> None:
    await session.transfer_energy()
    first, second = await profile_for_needs(session), await profile_for_needs(session)
    assert (first["id"], first["stackLevel"]) == (second["id"], second["stackLevel"])
    assert broken_requirements(caplog, session.case) == []
    other = {**first, "id": first["id"] + 1}
    assert await warned_of(session, caplog, EVSE_ID, other) == {"K01.FR.39"}


# Limits of other systems (K02)


async def test_k02_fr_01_profiles_stay_within_an_external_limit(session: SessionCase) -> None:
    [schedule] = charging_profile(limit=9.0)["chargingSchedule"]
    await session.station.send(
        call.NotifyChargingLimit(
            charging_limit={"charging_limit_source": "EMS"},
            charging_schedule=[camel_to_snake_case(schedule)],
            evse_id=EVSE_ID,
        )
    )
    await session.transfer_energy()
    for profile in (await default_profile(session), await profile_for_needs(session)):
        [sent] = profile["chargingSchedule"]
        assert [each["limit"] for each in sent["chargingSchedulePeriod"]] == [9.0]


# Selecting profiles (K09, K10)


async def logged_for(
    session: SessionCase, caplog: pytest.LogCaptureFixture, action: str, payload: JsonObject | None = None
) -> list[str]:
    """Send a command, and return the requirements that commands have broken according to the log."""
    await session.case.exchange(session.station, action, payload)
    return broken_requirements(caplog, session.case)


async def test_k09_fr_03_report_is_requested_with_criteria(
    session: SessionCase, caplog: pytest.LogCaptureFixture
) -> None:
    assert await logged_for(session, caplog, "GetChargingProfiles", {"requestId": 1, **criteria()}) == []
    without = {"requestId": 1, "chargingProfile": {}}
    assert await logged_for(session, caplog, "GetChargingProfiles", without) == ["K09.FR.03"]


async def test_k10_fr_02_profiles_to_clear_are_named(
    session: SessionCase, caplog: pytest.LogCaptureFixture
) -> None:
    assert await logged_for(session, caplog, "ClearChargingProfile") == []
    assert await logged_for(session, caplog, "ClearChargingProfile", {}) == ["K10.FR.02"]


async def test_k10_fr_06_profiles_of_other_systems_are_not_cleared(
    session: SessionCase, caplog: pytest.LogCaptureFixture
) -> None:
    session.expected_findings = {"external-profile-cleared"}  # this station accepts any command
    request, _ = await session.case.exchange(session.station, "ClearChargingProfile")
    assert request["chargingProfileCriteria"]["chargingProfilePurpose"] == "TxDefaultProfile"
    external = {"chargingProfileCriteria": {"chargingProfilePurpose": "ChargingStationExternalConstraints"}}
    assert await logged_for(session, caplog, "ClearChargingProfile", external) == ["K10.FR.06"]


# Needs of a vehicle (K15, K17)


@pytest.mark.also_covers("K17.FR.04")
async def test_k15_fr_04_needs_are_rejected_if_no_profile_will_follow(session: SessionCase) -> None:
    await session.case.configure(charging_profiles=False)
    await session.transfer_energy()
    session.station.order.clear()
    assert await needs_status(session) == "Rejected"
    assert await no_command_follows(session.station)


@pytest.mark.also_covers("K17.FR.05")
async def test_k15_fr_05_needs_before_the_transaction_are_processed_later(session: SessionCase) -> None:
    assert await needs_status(session) == "Processing"
    assert await no_command_follows(session.station)
    await session.connect_vehicle()
    assert (await received_profile(session))["transactionId"] == session.transaction_id


@pytest.mark.also_covers("K15.FR.18", "K17.FR.07")
async def test_k15_fr_07_profile_for_the_needs_has_one_schedule_of_one_period(session: SessionCase) -> None:
    await session.transfer_energy()
    profile = await profile_for_needs(session)
    [schedule] = profile["chargingSchedule"]
    assert (profile["chargingProfilePurpose"], profile["transactionId"]) == (
        "TxProfile",
        session.transaction_id,
    )
    assert len(schedule["chargingSchedulePeriod"]) == 1
