"""Cases of block K about clearing and reporting charging profiles."""

from collections.abc import Mapping
from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.k_steps import (
    FIRST_PROFILE,
    SECOND_PROFILE,
    asks_for_profiles,
    has_reported,
    limit_unit,
)
from mock_csms.certify.charging import STATION_MAX, TX_DEFAULT, charging_profile
from mock_csms.certify.registry import CaseList
from mock_csms.certify.verdicts import Skipped

CASES: Final = CaseList()

LEVEL: Final = 1
"""stackLevel of the profiles that cases clear or report by their stackLevel."""
BY_LEVEL: Final[Mapping[str, Any]] = {"chargingProfilePurpose": TX_DEFAULT, "stackLevel": LEVEL}


async def has_default_profile(run: CaseRun, profile_id: int = FIRST_PROFILE, evse: int | None = None) -> None:
    """Before the case begins, set a TxDefaultProfile at an EVSE, by default at that of the case."""
    schedule = (await limit_unit(run)).schedule()
    profile = charging_profile(profile_id, TX_DEFAULT, schedule, stackLevel=LEVEL)
    await run.given.charging_profile(run.evse if evse is None else evse, profile)


async def has_two_profiles(run: CaseRun) -> list[tuple[int, dict[str, Any]]]:
    """Set a profile for the station and one for the EVSE of the case; return them with their EVSE ids."""
    unit = await limit_unit(run)
    first = charging_profile(FIRST_PROFILE, STATION_MAX, unit.schedule({0: 10}), stackLevel=LEVEL)
    second = charging_profile(SECOND_PROFILE, TX_DEFAULT, unit.schedule(), stackLevel=LEVEL)
    await run.given.charging_profile(0, first)
    await run.given.charging_profile(run.evse, second)
    return [(0, first), (run.evse, second)]


async def clears_profiles(run: CaseRun, expect: str, **fields: Any) -> None:
    """Send ClearChargingProfile with these fields, and expect this status."""
    await run.csms.sends("ClearChargingProfile", fields, expect=expect)


@CASES.case("TC_K_05_CS", "Clear a charging profile by its id")
async def cleared_by_id(run: CaseRun) -> None:
    await has_default_profile(run)
    await clears_profiles(run, "Accepted", chargingProfileId=FIRST_PROFILE)
    await asks_for_profiles(run, chargingProfileId=[FIRST_PROFILE], expect="NoProfiles")


@CASES.case("TC_K_06_CS", "Clear a charging profile by its purpose and stack level during a transaction")
async def cleared_by_level(run: CaseRun) -> None:
    await has_default_profile(run)
    await run.given.energy_transfer_started()
    await clears_profiles(run, "Accepted", chargingProfileCriteria=BY_LEVEL)
    await asks_for_profiles(run, **BY_LEVEL, expect="NoProfiles")


@CASES.case("TC_K_24_CS", "Clear charging profiles at several EVSEs by their purpose and stack level")
async def several_cleared_by_level(run: CaseRun) -> None:
    first, *others = sorted(run.file.station.evses)
    if not others:
        raise Skipped("the station has one EVSE only")
    await has_default_profile(run, FIRST_PROFILE, first)
    await has_default_profile(run, SECOND_PROFILE, others[0])
    await clears_profiles(run, "Accepted", chargingProfileCriteria=BY_LEVEL)
    await asks_for_profiles(run, **BY_LEVEL, expect="NoProfiles")


@CASES.case("TC_K_07_CS", "Answer Unknown when no charging profile meets the criteria for clearing")
async def nothing_cleared_by_level(run: CaseRun) -> None:
    await has_default_profile(run)
    unmet = {"chargingProfilePurpose": STATION_MAX, "stackLevel": 0}
    await clears_profiles(run, "Unknown", chargingProfileCriteria=unmet)


@CASES.case("TC_K_08_CS", "Answer Unknown when an unknown charging profile is to be cleared")
async def nothing_cleared_by_id(run: CaseRun) -> None:
    await clears_profiles(run, "Unknown", chargingProfileId=FIRST_PROFILE)


@CASES.family(
    {
        ("TC_K_29_CS", "Report the charging profiles of the station for EVSE 0"): ("station", {}, [0]),
        ("TC_K_30_CS", "Report the charging profiles of an EVSE"): ("EVSE", {}, [1]),
        ("TC_K_31_CS", "Report all charging profiles if no EVSE is named"): ("anywhere", {}, [0, 1]),
        ("TC_K_32_CS", "Report a charging profile by its id"): (
            "anywhere",
            {"chargingProfileId": [FIRST_PROFILE]},
            [0],
        ),
        ("TC_K_33_CS", "Report the charging profiles of an EVSE by their stack level"): (
            "EVSE",
            {"stackLevel": LEVEL},
            [1],
        ),
        ("TC_K_36_CS", "Report the charging profiles of an EVSE by their purpose and stack level"): (
            "EVSE",
            BY_LEVEL,
            [1],
        ),
    }
)
async def profiles_reported(
    run: CaseRun, place: str, criteria: Mapping[str, Any], numbers: list[int]
) -> None:
    profiles = await has_two_profiles(run)
    await asks_for_profiles(run, {"station": 0, "EVSE": run.evse}.get(place), **criteria)
    await has_reported(run, *(profiles[number] for number in numbers))


@CASES.case("TC_K_35_CS", "Report the charging profiles of an EVSE by their purpose during a transaction")
async def reported_by_purpose(run: CaseRun) -> None:
    _, of_evse = await has_two_profiles(run)
    await run.given.energy_transfer_started()
    await asks_for_profiles(run, run.evse, chargingProfilePurpose=TX_DEFAULT)
    await has_reported(run, of_evse)


@CASES.case("TC_K_34_CS", "Report the charging profiles of an EVSE by their source")
async def reported_by_source(run: CaseRun) -> None:
    schedule = (await limit_unit(run)).schedule()
    profile = charging_profile(FIRST_PROFILE, TX_DEFAULT, schedule, stackLevel=LEVEL)
    await run.given.charging_profile(run.evse, profile)
    await asks_for_profiles(run, run.evse, chargingLimitSource=["CSO"])
    await has_reported(run, (run.evse, profile))
    await asks_for_profiles(run, run.evse, request=2, chargingLimitSource=["SO"], expect="NoProfiles")
