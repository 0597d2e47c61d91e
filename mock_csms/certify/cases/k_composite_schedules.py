"""Cases of block K about composite schedules, and about the times at which profiles apply."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.k_steps import (
    FIRST_PROFILE,
    SECOND_PROFILE,
    limit_unit,
    needs_at_least,
    unsupported_unit,
)
from mock_csms.certify.charging import (
    STATION_MAX,
    TX_DEFAULT,
    TX_ONLY,
    LimitUnit,
    charging_profile,
    is_readable_time,
    limits_of,
    now,
    same_limit,
    time_of,
    time_text,
)
from mock_csms.certify.registry import CaseList
from mock_csms.client import ABSENT, CommandAnswer

CASES: Final = CaseList()

THIRD_PROFILE: Final = 103
"""Id of the third charging profile of a case."""
AMPERES: Final = 6
"""Limit of the profiles of most cases, in amperes per phase."""
START_TOLERANCE_S: Final = 1
"""Seconds added to the accepted deviation of a start, because startPeriod is a whole number."""


def lead_s(run: CaseRun) -> int:
    """Return the seconds by which profiles start before they are set, so that they apply at once."""
    return ceil(run.times.deviation)


async def composite_schedule(
    run: CaseRun, unit: LimitUnit, duration: int = 300, *, evse: int | None = None
) -> CommandAnswer:
    """Send GetCompositeSchedule for an EVSE (default: the EVSE of the case); return the checked answer."""
    asked = {"evseId": run.evse if evse is None else evse, "duration": duration}
    schedule = {**asked, "chargingRateUnit": unit.name}
    answer = await run.csms.sends(
        "GetCompositeSchedule", schedule, expect={"status": "Accepted", "schedule": schedule}
    )
    periods = answer["schedule"]["chargingSchedulePeriod"]
    run.check(periods[0]["startPeriod"] == 0, "the first period starts at 0", answer.entry)
    start = answer["schedule"]["scheduleStart"]
    run.check(is_readable_time(start), "scheduleStart is a time", answer.entry)
    return answer


def starts_on_time(run: CaseRun, answer: CommandAnswer) -> None:
    """Check that the schedule starts at the time of the request."""
    sent = answer.call.time if answer.call else now()
    passed = time_of(answer["schedule"]["scheduleStart"]) - sent
    is_near = abs(passed.total_seconds()) <= run.times.deviation + START_TOLERANCE_S
    run.check(is_near, "the schedule starts when it was asked for", answer.entry)


def has_limit(run: CaseRun, answer: CommandAnswer, limit: float) -> None:
    """Check that the schedule begins with this limit."""
    first = limits_of(answer["schedule"]["chargingSchedulePeriod"])[0]
    run.check(same_limit(first.limit, limit), f"the schedule begins with {limit:g}", answer.entry)


def has_limits(
    run: CaseRun, answer: CommandAnswer, start: datetime, limits: Mapping[int, float | None]
) -> None:
    """Check the limits of the schedule, by seconds since ``start``; None stands for any limit.

    The first of the limits applies from the start of the schedule.
    """
    begin = time_of(answer["schedule"]["scheduleStart"])
    actual = limits_of(answer["schedule"]["chargingSchedulePeriod"])
    run.check(len(actual) == len(limits), f"the schedule has {len(limits)} limits", answer.entry)
    for number, (second, limit) in enumerate(limits.items()):
        expected = 0.0 if number == 0 else second - (begin - start).total_seconds()
        is_timely = abs(actual[number].start - expected) <= run.times.deviation + START_TOLERANCE_S
        run.check(
            is_timely, f"limit {number + 1} begins {second} s after the start of the profile", answer.entry
        )
        is_right = limit is None or same_limit(actual[number].limit, limit)
        shown = "any limit" if limit is None else f"{limit:g}"
        run.check(is_right, f"limit {number + 1} is {shown}", answer.entry)


@CASES.case("TC_K_09_CS", "Lift the limit of a TxDefaultProfile that is cleared during a transaction")
async def default_profile_cleared(run: CaseRun) -> None:
    unit = await limit_unit(run)
    await run.given.variables(SmartChargingCtrlr__LimitChangeSignificance=1.0)
    schedule = unit.schedule({0: AMPERES}, duration=400 + lead_s(run))
    await run.given.charging_profile(run.evse, charging_profile(FIRST_PROFILE, TX_DEFAULT, schedule))
    await run.given.energy_transfer_started()
    has_limit(run, await composite_schedule(run, unit), unit.limit(AMPERES))
    criteria = {"chargingProfilePurpose": TX_DEFAULT}
    await run.csms.sends("ClearChargingProfile", chargingProfileCriteria=criteria, expect="Accepted")
    answer = await composite_schedule(run, unit)
    first = limits_of(answer["schedule"]["chargingSchedulePeriod"])[0]
    is_other = not same_limit(first.limit, unit.limit(AMPERES))
    run.check(is_other, "the schedule begins with another limit than that of the profile", answer.entry)


@CASES.case("TC_K_21_CS", "Apply a charging profile from validFrom on")
async def valid_from(run: CaseRun) -> None:
    unit = await limit_unit(run)
    begin = now()
    valid = {"validFrom": time_text(begin + timedelta(seconds=300))}
    profile = charging_profile(FIRST_PROFILE, TX_DEFAULT, unit.relative({0: AMPERES}), **valid)
    await run.state.charging_profile(run.evse, profile)
    answer = await composite_schedule(run, unit, 400)
    has_limits(run, answer, begin, {0: None, 300: unit.limit(AMPERES)})


@CASES.case("TC_K_22_CS", "Apply a charging profile to all EVSEs until validTo")
async def valid_to(run: CaseRun) -> None:
    unit = await limit_unit(run)
    begin = now()
    early = time_text(begin - timedelta(seconds=lead_s(run)))
    valid = {"validFrom": early, "validTo": time_text(begin + timedelta(seconds=300))}
    schedule = unit.schedule({0: AMPERES}, start=begin, duration=None)
    await run.state.charging_profile(0, charging_profile(FIRST_PROFILE, TX_DEFAULT, schedule, **valid))
    evses = sorted(run.file.station.evses)
    for evse, count in [(0, len(evses)), *((evse, 1) for evse in evses)]:
        answer = await composite_schedule(run, unit, 400, evse=evse)
        has_limits(run, answer, begin, {0: count * unit.limit(AMPERES), 300: None})


@CASES.case("TC_K_23_CS", "Apply a charging profile from startSchedule on")
async def start_schedule(run: CaseRun) -> None:
    unit = await limit_unit(run)
    begin = now()
    schedule = unit.schedule({0: AMPERES}, start=begin + timedelta(seconds=60), duration=None)
    await run.state.charging_profile(run.evse, charging_profile(FIRST_PROFILE, TX_DEFAULT, schedule))
    answer = await composite_schedule(run, unit)
    has_limits(run, answer, begin, {0: None, 60: unit.limit(AMPERES)})


@CASES.case("TC_K_28_CS", "Apply a TxDefaultProfile to the running transaction")
async def default_profile_in_transaction(run: CaseRun) -> None:
    unit = await limit_unit(run)
    await run.given.variables(SmartChargingCtrlr__LimitChangeSignificance=1.0)
    await run.given.energy_transfer_started()
    early = now() - timedelta(seconds=lead_s(run))
    schedule = unit.schedule({0: AMPERES}, start=early, duration=400 + lead_s(run))
    await run.state.charging_profile(run.evse, charging_profile(FIRST_PROFILE, TX_DEFAULT, schedule))
    has_limit(run, await composite_schedule(run, unit), unit.limit(AMPERES))


@CASES.case("TC_K_39_CS", "Calculate a composite schedule of the station if there are no charging profiles")
async def schedule_without_profiles(run: CaseRun) -> None:
    starts_on_time(run, await composite_schedule(run, await limit_unit(run), evse=0))


@CASES.case("TC_K_40_CS", "Calculate a composite schedule from the higher of two stack levels")
async def stacked_profiles(run: CaseRun) -> None:
    await needs_at_least(run, ProfileStackLevel=1, PeriodsPerSchedule=3)
    unit = await limit_unit(run)
    start = now() - timedelta(seconds=lead_s(run))
    longer = unit.schedule({0: 6, 100: 8, 200: 10}, start=start, duration=400 + lead_s(run))
    shorter = unit.schedule({0: 7, 100: 9}, start=start, duration=150 + lead_s(run))
    await run.given.charging_profile(run.evse, charging_profile(FIRST_PROFILE, TX_DEFAULT, longer))
    await run.given.charging_profile(
        run.evse, charging_profile(SECOND_PROFILE, TX_DEFAULT, shorter, stackLevel=1)
    )
    answer = await composite_schedule(run, unit, 350)
    starts_on_time(run, answer)
    amperes = {0: 7, 100: 9, 150 + lead_s(run): 8, 200: 10}
    has_limits(run, answer, start, {second: unit.limit(each) for second, each in amperes.items()})


@CASES.case("TC_K_41_CS", "Calculate a composite schedule from the lowest limit of all purposes")
async def combined_purposes(run: CaseRun) -> None:
    await needs_at_least(run, PeriodsPerSchedule=5)
    unit = await limit_unit(run)
    start = now() - timedelta(seconds=lead_s(run))
    await run.given.charging_profile(
        0, charging_profile(FIRST_PROFILE, STATION_MAX, unit.schedule({0: 10}, start=start, duration=86_400))
    )
    default = unit.schedule({0: 6, 60: 10, 120: 8, 180: 15, 260: 8}, start=start, duration=300)
    await run.given.charging_profile(run.evse, charging_profile(SECOND_PROFILE, TX_DEFAULT, default))
    await run.given.energy_transfer_started()
    own = unit.schedule({0: 8, 50: 11, 140: 16, 200: 6, 240: 12}, start=start, duration=260)
    transaction = {"transactionId": run.transaction_id}
    await run.given.charging_profile(run.evse, charging_profile(THIRD_PROFILE, TX_ONLY, own, **transaction))
    answer = await composite_schedule(run, unit, 400)
    starts_on_time(run, answer)
    amperes = {0: 8, 50: 10, 200: 6, 240: 10, 260: 8, 300: 10}
    has_limits(run, answer, start, {second: unit.limit(each) for second, each in amperes.items()})


@CASES.case("TC_K_42_CS", "Refuse a composite schedule in an unsupported unit")
async def schedule_in_unsupported_unit(run: CaseRun) -> None:
    unit = await unsupported_unit(run)
    await refuses_schedule(run, unit, 0)


@CASES.case("TC_K_47_CS", "Refuse a composite schedule of an unknown EVSE")
async def schedule_of_unknown_evse(run: CaseRun) -> None:
    await refuses_schedule(run, await limit_unit(run), max(run.file.station.evses) + 1)


async def refuses_schedule(run: CaseRun, unit: LimitUnit, evse: int) -> None:
    """Ask for a composite schedule that the station has to reject."""
    await run.csms.sends(
        "GetCompositeSchedule",
        {"evseId": evse, "duration": 300, "chargingRateUnit": unit.name},
        expect={"status": "Rejected", "schedule": ABSENT},
    )
