"""Composite schedules: the limit at each moment that results from all charging profiles (K08).

Moments are seconds since the epoch. Only the first charging schedule of a profile counts: further ones are
alternatives for an ISO 15118 vehicle, and the simulated vehicle selects the first.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, inf
from typing import Final, NamedTuple, Protocol

from ocpp.v201.enums import ChargingProfilePurposeEnumType as Purpose
from ocpp.v201.enums import ChargingRateUnitEnumType as RateUnit

from mock_csms.messages import JsonObject
from mock_csms.simulator.instants import moment
from mock_csms.simulator.metering import VOLTAGE_V

MAX_PERIODS: Final = 1024
"""Maximum number of periods in a composite schedule, as for a charging schedule in the schema."""
MAX_STEPS: Final = 4000
"""Maximum number of moments that are examined for one composite schedule."""
RECURRENCE_S: Final = {"Daily": 86_400, "Weekly": 7 * 86_400}

_ROUNDING = 1e-6
"""Tolerance for floating-point errors, in seconds and in tenths of an ampere or watt."""


class Rate(NamedTuple):
    """A limit for charging, in both units."""

    amperes: float
    """Per phase (K01.FR.51)."""
    watts: float
    """Over all phases."""
    phases: int = 3

    @classmethod
    def of(cls, limit: float, unit: str, phases: int = 3) -> "Rate":
        """Convert a limit, using the nominal voltage and the number of phases of the limit (K01.FR.50)."""
        if unit == RateUnit.watts:
            return cls(limit / (VOLTAGE_V * phases), limit, phases)
        return cls(limit, limit * VOLTAGE_V * phases, phases)

    def shared(self, count: int) -> "Rate":
        """Limit of each EVSE if ``count`` EVSEs share this limit equally."""
        return self._replace(amperes=self.amperes / count, watts=self.watts / count)

    def as_period(self, start_period: int, unit: str) -> JsonObject:
        """ChargingSchedulePeriodType. The limit is rounded down to one decimal."""
        limit = self.watts if unit == RateUnit.watts else self.amperes
        return {
            "startPeriod": start_period,
            "limit": floor(limit * 10 + _ROUNDING) / 10,
            "numberPhases": self.phases,
        }


class LimitStep(NamedTuple):
    """A limit, and the moment until which it certainly applies."""

    rate: Rate
    until: float


class Limits(Protocol):
    """Limits over time, of one EVSE or of the whole station."""

    def at(self, moment: float) -> LimitStep:
        """Limit at a moment."""


@dataclass(frozen=True, slots=True)
class ChargingProfile:
    """A valid charging profile, ready for calculation."""

    evse_id: int
    stack_level: int
    purpose: str
    valid_from: float
    valid_to: float
    start: float | None
    """None for a Relative profile, which starts when the power path closes."""
    duration_s: float
    recurrence_s: int | None
    starts: tuple[int, ...]
    rates: tuple[Rate, ...]

    @classmethod
    def of(cls, evse_id: int, profile: JsonObject) -> "ChargingProfile":
        """Convert a valid ChargingProfileType; raises ValueError for a malformed time."""
        schedule = profile["chargingSchedule"][0]
        periods = schedule["chargingSchedulePeriod"]
        is_recurring = profile["chargingProfileKind"] == "Recurring"
        return cls(
            evse_id,
            profile["stackLevel"],
            profile["chargingProfilePurpose"],
            _moment(profile.get("validFrom"), -inf),
            _moment(profile.get("validTo"), inf),
            _moment(schedule["startSchedule"], 0) if "startSchedule" in schedule else None,
            schedule.get("duration", inf),
            RECURRENCE_S[profile["recurrencyKind"]] if is_recurring else None,
            tuple(period["startPeriod"] for period in periods),
            tuple(_rate(period, schedule["chargingRateUnit"]) for period in periods),
        )

    def at(self, moment: float, power_path_closed: float) -> tuple[Rate | None, float]:
        """Limit of the profile at a moment, and the moment until which this applies.

        The limit is None if the profile sets no limit at the moment.
        """
        if moment < self.valid_from:
            return None, self.valid_from
        if moment >= self.valid_to:
            return None, inf
        rate, until = self._in_schedule(moment, power_path_closed if self.start is None else self.start)
        return rate, min(until, self.valid_to)

    def _in_schedule(self, moment: float, start: float) -> tuple[Rate | None, float]:
        if moment < start:  # K01.FR.30
            return None, start
        elapsed = moment - start
        cycle_s = self.recurrence_s or inf
        if self.recurrence_s:
            elapsed %= self.recurrence_s
        if elapsed >= self.duration_s:  # K01.FR.12, K01.FR.13
            return None, moment + cycle_s - elapsed
        index = bisect_right(self.starts, elapsed) - 1
        next_start = self.starts[index + 1] if index + 1 < len(self.starts) else inf
        return self.rates[index], moment + min(next_start, self.duration_s, cycle_s) - elapsed


@dataclass(frozen=True, slots=True)
class EvseLimits:
    """Limits of one EVSE by the charging profiles that apply to it."""

    profiles: Sequence[ChargingProfile]
    """Profiles of the EVSE and of the station (EVSE 0), in any order."""
    maximum: Rate
    power_path_closed: float
    """Moment at which Relative profiles start."""
    sharers: int = 1
    """Number of EVSEs that share the limits of the station."""

    def at(self, moment: float) -> LimitStep:
        """Limit at a moment. The limits of the station are shared equally (K04.FR.05)."""
        own, station = self.own_at(moment), self.station_at(moment)
        rates = [rate.shared(self.sharers) for rate, _ in station if rate is not None]
        return LimitStep(lowest([own.rate, *rates]), min([own.until, *(until for _, until in station)]))

    def own_at(self, moment: float) -> LimitStep:
        """Limit of the EVSE itself, without the limits of the station."""
        rate, until = self._leading(moment, Purpose.tx_profile)
        if rate is None:  # K02.FR.08: where a TxProfile has no period, the TxDefaultProfile applies
            rate, until_default = self._leading(moment, Purpose.tx_default_profile)
            until = min(until, until_default)
        return LimitStep(self.maximum if rate is None else lowest([self.maximum, rate]), until)

    def station_at(self, moment: float) -> list[tuple[Rate | None, float]]:
        """Limits of the whole station, one for each purpose."""
        return [
            self._leading(moment, Purpose.charging_station_max_profile),
            self._leading(moment, Purpose.charging_station_external_constraints),
        ]

    def _leading(self, moment: float, purpose: str) -> tuple[Rate | None, float]:
        """Limit of the highest stack level with a period at this moment (K01.FR.17).

        Lower levels are not examined while a higher level has a period, because the boundaries of their
        periods would count towards MAX_STEPS.
        """
        until = inf
        chosen = [profile for profile in self.profiles if profile.purpose == purpose]
        for profile in sorted(chosen, key=lambda profile: -profile.stack_level):
            rate, profile_until = profile.at(moment, self.power_path_closed)
            until = min(until, profile_until)
            if rate is not None:
                return rate, until
        return None, until


@dataclass(frozen=True, slots=True)
class StationLimits:
    """Total of all EVSEs, within the limits of the station (K08.FR.03)."""

    evses: Sequence[EvseLimits]
    """Limits of the EVSEs of the station; not empty."""

    def at(self, moment: float) -> LimitStep:
        """Limit of the grid connection at a moment."""
        own = [evse.own_at(moment) for evse in self.evses]
        station = self.evses[0].station_at(moment)
        total = Rate(
            sum(step.rate.amperes for step in own),
            sum(step.rate.watts for step in own),
            max(step.rate.phases for step in own),
        )
        untils = [*(step.until for step in own), *(until for _, until in station)]
        return LimitStep(lowest([total, *(rate for rate, _ in station if rate is not None)]), min(untils))


def lowest(rates: Iterable[Rate]) -> Rate:
    """Combine limits into the lowest current per phase, the lowest power and the fewest phases (SC.01)."""
    rates = list(rates)
    phases = min(rate.phases for rate in rates)
    amperes = min(rate.amperes for rate in rates)
    watts = min(rate.watts for rate in rates)
    if any(rate.phases != phases for rate in rates):
        watts = min(watts, amperes * VOLTAGE_V * phases)
    return Rate(amperes, watts, phases)


def composite(limits: Limits, start: float, duration_s: int, unit: str) -> list[JsonObject] | None:
    """Periods of a composite schedule in whole seconds; None if there are too many to report."""
    periods: list[JsonObject] = []
    second = 0
    for _ in range(MAX_STEPS):
        rate, until = limits.at(start + second)
        period = rate.as_period(second, unit)
        if not periods or period != {**periods[-1], "startPeriod": second}:
            periods.append(period)
        if until >= start + duration_s:
            return periods
        second = max(second + 1, ceil(until - start - _ROUNDING))
        if second >= duration_s:
            return periods
        if len(periods) == MAX_PERIODS:
            return None
    return None


def _moment(text: str | None, default: float) -> float:
    return default if text is None else moment(text).timestamp()


def _rate(period: JsonObject, unit: str) -> Rate:
    """Limit of a ChargingSchedulePeriodType; without numberPhases, it is for three phases (K01.FR.49)."""
    return Rate.of(period["limit"], unit, period.get("numberPhases", 3))
