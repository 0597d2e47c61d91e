"""Charging schedules and profiles that a station makes itself, and composite schedules (K01, K08)."""

from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome, StationCall
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201

_CSO: Final = "CSO"
"""Source of the profiles that a central system has set. They are not checked: a fault in them may be the
central system's.
"""
_WITH_SCHEDULES: Final = (
    Action.notify_charging_limit,
    Action.notify_ev_charging_schedule,
    Action.report_charging_profiles,
)

CHARGING_SCHEDULE_INVALID: Final = CHECKS.kind(
    "charging-schedule-invalid",
    "error",
    "the periods of a charging schedule that the central system has not set do not begin at 0 or do not "
    "increase",
)
CHARGING_PROFILE_INVALID: Final = CHECKS.kind(
    "charging-profile-invalid",
    "error",
    "kind, purpose and startSchedule of a charging profile that the central system has not set do not fit "
    "together",
)
COMPOSITE_SCHEDULE_WRONG: Final = CHECKS.kind(
    "composite-schedule-wrong",
    "error",
    "a composite schedule does not fit the EVSE, unit or duration in the command, or its periods are "
    "not in order",
)


@CHARGING_SCHEDULE_INVALID.on_call("K01.FR.31", of=_WITH_SCHEDULES)
def _judge_first_period(call: StationCall, _: Known201) -> Outcome:
    """Check that each schedule begins at 0."""
    schedules = list(_own_schedules(call))
    for schedule in schedules:
        if first := schedule["chargingSchedulePeriod"][0]["startPeriod"]:
            return Broken(
                f"the charging schedule {schedule['id']} in {call.action} begins with the startPeriod "
                f"{first}; its first period must begin at 0"
            )
    return MET if schedules else None


@CHARGING_SCHEDULE_INVALID.on_call("K01.FR.35", of=_WITH_SCHEDULES)
def _judge_order(call: StationCall, _: Known201) -> Outcome:
    """Check that the periods of each schedule are in order."""
    schedules = list(_own_schedules(call))
    for schedule in schedules:
        if wrong := _disorder(schedule["chargingSchedulePeriod"]):
            return Broken(
                f"in the charging schedule {schedule['id']} in {call.action}, {wrong}; the periods must be "
                "ordered by startPeriod"
            )
    return MET if any(len(schedule["chargingSchedulePeriod"]) > 1 for schedule in schedules) else None


@CHARGING_PROFILE_INVALID.on_call("K01.FR.38", of=Action.report_charging_profiles)
def _judge_maximum(call: StationCall, _: Known201) -> Outcome:
    """Check that no ChargingStationMaxProfile is Relative."""
    maxima = [
        profile
        for profile in _foreign_profiles(call)
        if profile["chargingProfilePurpose"] == "ChargingStationMaxProfile"
    ]
    for profile in maxima:
        if profile["chargingProfileKind"] == "Relative":
            return Broken(
                f"the charging profile {profile['id']} is a ChargingStationMaxProfile of kind Relative; it "
                "must be Absolute or Recurring"
            )
    return MET if maxima else None


@CHARGING_PROFILE_INVALID.on_call("K01.FR.40", of=Action.report_charging_profiles)
def _judge_start(call: StationCall, _: Known201) -> Outcome:
    """Check that the schedules of an Absolute or Recurring profile have a startSchedule."""
    return _judge_starts(call, {"Absolute", "Recurring"}, must_have_start=True)


@CHARGING_PROFILE_INVALID.on_call("K01.FR.41", of=Action.report_charging_profiles)
def _judge_missing_start(call: StationCall, _: Known201) -> Outcome:
    """Check that the schedules of a Relative profile have no startSchedule."""
    return _judge_starts(call, {"Relative"}, must_have_start=False)


@COMPOSITE_SCHEDULE_WRONG.on_command("K08.FR.02", of=Action.get_composite_schedule)
def _judge_composite_schedule(command: AnsweredCommand, _: Known201) -> Outcome:
    """Check that a composite schedule fits the command; it may be shorter than asked."""
    schedule = command.answer.get("schedule")
    if command.answer["status"] != "Accepted" or schedule is None:
        return None
    wrong = _composite_flaw(command.request, schedule)
    return Broken(f"the composite schedule {wrong}") if wrong else MET


def _judge_starts(call: StationCall, kinds: Collection[str], *, must_have_start: bool) -> Outcome:
    profiles = [profile for profile in _foreign_profiles(call) if profile["chargingProfileKind"] in kinds]
    for profile in profiles:
        if any(("startSchedule" in each) != must_have_start for each in profile["chargingSchedule"]):
            has, must = ("no", "must") if must_have_start else ("a", "must not")
            return Broken(
                f"the charging profile {profile['id']} of kind {profile['chargingProfileKind']} has {has} "
                f"startSchedule; its schedules {must} have one"
            )
    return MET if profiles else None


def _foreign_profiles(call: StationCall) -> list[JsonObject]:
    """Return the reported profiles that no central system has set."""
    profiles: list[JsonObject] = call.payload["chargingProfile"]
    return [] if call.payload["chargingLimitSource"] == _CSO else profiles


def _own_schedules(call: StationCall) -> Iterator[JsonObject]:
    match call.action:
        case Action.report_charging_profiles:
            for profile in _foreign_profiles(call):
                yield from profile["chargingSchedule"]
        case Action.notify_charging_limit:
            yield from call.payload.get("chargingSchedule", ())
        case _:
            yield call.payload["chargingSchedule"]


def _disorder(periods: list[JsonObject]) -> str | None:
    starts = [period["startPeriod"] for period in periods]
    return next(
        (
            f"the startPeriod {later} follows {earlier}"
            for earlier, later in pairwise(starts)
            if later <= earlier
        ),
        None,
    )


def _composite_flaw(request: JsonObject, schedule: JsonObject) -> str | None:
    evse_id, duration, unit = request["evseId"], request["duration"], request.get("chargingRateUnit")
    if schedule["evseId"] != evse_id:
        return f"is for EVSE {schedule['evseId']}; it must be for EVSE {evse_id}"
    if unit not in {None, schedule["chargingRateUnit"]}:
        return f"is in {schedule['chargingRateUnit']}; it must be in {unit}"
    if schedule["duration"] > duration:
        return f"is {schedule['duration']} s long; it must not be longer than {duration} s"
    return _flaw_in_periods(schedule["chargingSchedulePeriod"], duration)


def _flaw_in_periods(periods: list[JsonObject], duration: int) -> str | None:
    first, last = periods[0]["startPeriod"], periods[-1]["startPeriod"]
    if first != 0:
        return f"begins with the startPeriod {first}; it must begin at 0"
    if wrong := _disorder(periods):
        return f"is not in order: {wrong}; the periods must be ordered by startPeriod"
    if len(periods) > 1 and last >= duration:
        return f"has a period that begins after {last} s; the schedule must end after {duration} s"
    return None
