"""Validation of charging profiles that the central system sends (K01)."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from ocpp.v201.enums import ChargingProfileKindEnumType as Kind
from ocpp.v201.enums import ChargingProfilePurposeEnumType as Purpose
from ocpp.v201.enums import ChargingRateUnitEnumType as RateUnit

from mock_csms.messages import JsonObject
from mock_csms.simulator.device_model import MAX_INTEGER
from mock_csms.simulator.schedules import ChargingProfile

type Refusal = tuple[str, str] | None
"""Reason code and explanation if a profile is rejected; None if it is acceptable."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """Limits of a station for charging profiles, from its device model."""

    rate_units: frozenset[str]
    max_stack_level: int
    max_periods: int


@dataclass(frozen=True, slots=True)
class Installed:
    """A charging profile that is installed on the station."""

    profile: ChargingProfile
    json: JsonObject
    """The profile as received."""
    source: str

    @property
    def is_external(self) -> bool:
        """Whether an external system set the profile; the central system cannot change such a profile."""
        return bool(self.profile.purpose == Purpose.charging_station_external_constraints)


def profile_refusal(profile: JsonObject, abilities: Abilities, *, may_choose: bool) -> Refusal:
    """Check a profile without regard to other profiles, and return the first violation.

    With ``may_choose``, a TxProfile may have several charging schedules, from which an ISO 15118 vehicle
    selects one (K01.FR.34).
    """
    schedules = profile["chargingSchedule"]
    is_choice = may_choose and profile["chargingProfilePurpose"] == Purpose.tx_profile
    if len(schedules) > 1 and not is_choice:
        return "TooManyElements", "several schedules are only allowed in a TxProfile for an ISO 15118 vehicle"
    wrong = _wrong_profile(profile) or _wrong_stack_level(profile["stackLevel"], abilities)
    kind = profile["chargingProfileKind"]
    for schedule in schedules:
        wrong = wrong or _wrong_schedule(schedule, kind, abilities)
        wrong = wrong or _wrong_periods(schedule["chargingSchedulePeriod"], abilities)
    return wrong or _wrong_times(profile)


def duplicate(evse_id: int, profile: JsonObject, others: Iterable[Installed]) -> Refusal:
    """Return a refusal if a competing profile has the same purpose and stack level.

    ``others`` are the installed profiles with other ids. Profiles on the same EVSE compete if their periods
    of validity overlap; TxProfiles always compete. A TxDefaultProfile on EVSE 0 competes with a
    TxDefaultProfile on any other EVSE, whatever their periods of validity (K01.FR.52, K01.FR.53).
    """
    new = ChargingProfile.of(evse_id, profile)
    for other in others:
        old = other.profile
        if (old.purpose, old.stack_level) != (new.purpose, new.stack_level):
            continue
        overlaps = new.valid_from < old.valid_to and old.valid_from < new.valid_to
        if new.purpose == Purpose.tx_profile:  # K01.FR.39
            clashes = old.evse_id == evse_id
        elif old.evse_id == evse_id:  # K01.FR.06
            clashes = overlaps
        else:
            clashes = 0 in {old.evse_id, evse_id}
        if clashes:
            return "DuplicateProfile", f"profile {other.json['id']} has the same stack level and purpose"
    return None


def _wrong_profile(profile: JsonObject) -> Refusal:
    purpose, kind = profile["chargingProfilePurpose"], profile["chargingProfileKind"]
    if abs(profile["id"]) > MAX_INTEGER:
        return "ValueOutOfRange", "id is not a 32-bit integer"
    if purpose == Purpose.charging_station_external_constraints:  # K01.FR.22
        return "InvalidProfile", "only an external system sets ChargingStationExternalConstraints"
    if purpose == Purpose.charging_station_max_profile and kind == Kind.relative:  # K01.FR.38
        return "InvalidProfile", "a ChargingStationMaxProfile cannot be Relative"
    if purpose != Purpose.tx_profile and "transactionId" in profile:
        return "InvalidProfile", "only a TxProfile may have a transactionId"
    if kind == Kind.recurring and "recurrencyKind" not in profile:
        return "InvalidProfile", "a Recurring profile needs a recurrencyKind"
    return None


def _wrong_stack_level(level: int, abilities: Abilities) -> Refusal:
    if 0 <= level <= abilities.max_stack_level:
        return None
    return "InvalidStackLevel", f"stackLevel is not between 0 and {abilities.max_stack_level}"


def _wrong_schedule(schedule: JsonObject, kind: str, abilities: Abilities) -> Refusal:
    if schedule["chargingRateUnit"] not in abilities.rate_units:  # K01.FR.26
        return "UnsupportedRateUnit", f"chargingRateUnit {schedule['chargingRateUnit']} is not supported"
    if (kind == Kind.relative) == ("startSchedule" in schedule):  # K01.FR.40, K01.FR.41
        return "InvalidSchedule", "startSchedule is required, but not allowed in a Relative profile"
    if not 0 < schedule.get("duration", 1) <= MAX_INTEGER:
        return "InvalidSchedule", "duration is not a positive 32-bit integer"
    return None


def _wrong_periods(periods: list[JsonObject], abilities: Abilities) -> Refusal:
    if len(periods) > abilities.max_periods:
        return "TooManyElements", f"more than {abilities.max_periods} periods"
    starts = [period["startPeriod"] for period in periods]
    if starts[0] != 0:  # K01.FR.31
        return "InvalidSchedule", "the first startPeriod is not 0"
    if any(later <= earlier for earlier, later in pairwise(starts)):  # K01.FR.35
        return "InvalidSchedule", "startPeriod does not increase from one period to the next"
    if starts[-1] > MAX_INTEGER:
        return "InvalidSchedule", "startPeriod is not a 32-bit integer"
    return next(filter(None, map(_wrong_period, periods)), None)


def _wrong_period(period: JsonObject) -> Refusal:
    if not 0 <= period["limit"] <= MAX_INTEGER:
        return "InvalidSchedule", "limit is out of range"
    if not 1 <= period.get("numberPhases", 3) <= 3:
        return "InvalidSchedule", "numberPhases is not between 1 and 3"
    if "phaseToUse" in period:  # K01.FR.48: ACPhaseSwitchingSupported is false
        return "UnsupportedParam", "phaseToUse is not supported"
    return None


def _wrong_times(profile: JsonObject) -> Refusal:
    try:
        parsed = [
            ChargingProfile.of(0, {**profile, "chargingSchedule": [schedule]})
            for schedule in profile["chargingSchedule"]
        ]
    except ValueError:
        return "InvalidProfile", "a time is not a valid date and time"
    if parsed[0].valid_from >= parsed[0].valid_to:
        return "InvalidProfile", "validFrom is not before validTo"
    return None


def external_limit(profile_id: int, limit_a: float, start: str) -> JsonObject:
    """Make the profile that reports a limit of an external system (K11.FR.06)."""
    return {
        "id": profile_id,
        "stackLevel": 0,
        "chargingProfilePurpose": Purpose.charging_station_external_constraints,
        "chargingProfileKind": Kind.absolute,
        "chargingSchedule": [
            {
                "id": 1,
                "startSchedule": start,
                "chargingRateUnit": RateUnit.amps,
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit_a}],
            }
        ],
    }


def change_percent(old: float | None, new: float) -> float:
    """Change of a limit in percent of the old limit; infinite if the old limit was 0 or missing."""
    if old is None:
        return inf
    if old == 0:
        return 0 if new == 0 else inf
    return abs(new - old) / old * 100
