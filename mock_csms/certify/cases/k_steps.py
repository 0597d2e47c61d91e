"""Steps that the smart charging cases share."""

from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.charging import LimitUnit, as_reported
from mock_csms.certify.verdicts import CaseFailed, Skipped
from mock_csms.client import TranscriptEntry
from mock_csms.client.fields import differences

FIRST_PROFILE: Final = 101
"""Id of the first charging profile of a case."""
SECOND_PROFILE: Final = 102
"""Id of the second charging profile of a case."""
MAX_REPORT_PARTS: Final = 50
"""Maximum number of parts of a report."""


async def rate_units(run: CaseRun) -> list[str]:
    """Read and return the units of limits (A, W) that the station supports."""
    value = await run.variable("SmartChargingCtrlr", "RateUnit") or "A"
    return [unit.strip() for unit in value.split(",")]


async def limit_unit(run: CaseRun) -> LimitUnit:
    """Return a unit of limits that the station supports, with the station's number of phases."""
    phases = await run.variable("ChargingStation", "SupplyPhases")
    return LimitUnit((await rate_units(run))[0], int(phases) if phases in {"1", "3"} else 3)


async def unsupported_unit(run: CaseRun) -> LimitUnit:
    """Return a unit of limits that the station does not support; raises Skipped if it supports both."""
    unsupported = {"A", "W"} - {*await rate_units(run)}
    if not unsupported:
        raise Skipped("the station supports limits both in A and in W")
    return LimitUnit(unsupported.pop())


async def sets_profile(run: CaseRun, evse: int, profile: dict[str, Any], expect: str) -> None:
    """Send a charging profile and expect this status."""
    await run.csms.sends("SetChargingProfile", evseId=evse, chargingProfile=profile, expect=expect)


async def asks_for_profiles(
    run: CaseRun, evse: int | None = None, *, request: int = 1, expect: str = "Accepted", **criteria: Any
) -> None:
    """Send GetChargingProfiles with these criteria, and expect this status."""
    place = {} if evse is None else {"evseId": evse}
    await run.csms.sends(
        "GetChargingProfiles", requestId=request, **place, chargingProfile=criteria, expect=expect
    )


async def has_reported(run: CaseRun, *expected: tuple[int, dict[str, Any]], request: int = 1) -> None:
    """Check that these profiles of the case and no others are reported, with EVSE and source."""
    reported = await reported_profiles(run, request)
    for evse, profile in expected:
        with run.steps.step(f"profile {profile['id']} is reported as it was set, for EVSE {evse}") as step:
            part = reported.pop(profile["id"], None)
            step.is_about(part and part[0])
            if part is None:
                raise CaseFailed(f"profile {profile['id']} is not reported")
            entry, actual = part
            place = {"evseId": evse, "chargingLimitSource": "CSO"}
            wrong = differences(as_reported(profile), actual) + differences(place, entry.payload)
            if wrong:
                raise CaseFailed(f"profile {profile['id']} is not as it was set: {wrong[0]}", entry.number)
    run.check(
        not {FIRST_PROFILE, SECOND_PROFILE} & reported.keys(),
        "only the profiles that were asked for are reported",
    )


async def reported_profiles(
    run: CaseRun, request: int = 1
) -> dict[int, tuple[TranscriptEntry, dict[str, Any]]]:
    """Collect the parts of a report, which have no seqNo, and return its profiles by id."""
    reported: dict[int, tuple[TranscriptEntry, dict[str, Any]]] = {}
    for _ in range(MAX_REPORT_PARTS):
        part = await run.station.sends("ReportChargingProfiles", requestId=request)
        reported |= {profile["id"]: (part, profile) for profile in part["chargingProfile"]}
        if not part.payload.get("tbc"):
            return reported
    raise CaseFailed(f"the report has more than {MAX_REPORT_PARTS} parts")


async def needs_at_least(run: CaseRun, **variables: int) -> None:
    """Read these variables of SmartChargingCtrlr; raises Skipped if one is lower than the given value."""
    for name, lowest in variables.items():
        value = await run.variable("SmartChargingCtrlr", name)
        if value is not None and value.isdecimal() and int(value) < lowest:
            raise Skipped(f"SmartChargingCtrlr.{name} is {value}, and the case needs at least {lowest}")
