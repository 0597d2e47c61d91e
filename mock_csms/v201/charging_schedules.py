"""Compares the charging schedule of an EV with the charging profile in force (K15 to K17)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from mock_csms.messages import JsonObject
from mock_csms.stations.transactions import parse_timestamp

TOLERANCE: Final = 1e-6
"""Relative difference of two limits that are equal but for rounding."""
NOMINAL_VOLTAGE: Final = 230.0
"""Volts per phase to convert between A and W."""
DEFAULT_PHASES: Final = 3
"""Phases of a period without numberPhases (ChargingSchedulePeriodType)."""

type LimitPeriod = tuple[datetime, datetime | None, float]
"""Start, end (None: open) and limit."""


def exceeds(schedule: JsonObject, time_base: str, profile: JsonObject) -> bool:
    """Return whether a schedule, whose periods count from ``time_base``, is over the limits of a profile.

    The EV has chosen one of the profile's schedules, so it must fit into one of them.
    """
    return all(
        _is_over(
            list(_periods(schedule, time_base, candidate["chargingRateUnit"])),
            list(_periods(candidate, candidate.get("startSchedule", time_base))),
        )
        for candidate in profile["chargingSchedule"]
    )


def _periods(schedule: JsonObject, start_text: str, unit: str | None = None) -> Iterator[LimitPeriod]:
    """Yield the periods of a schedule, with limits in ``unit`` (None: the unit of the schedule)."""
    start = parse_timestamp(start_text)
    if start is None:
        return
    duration = schedule.get("duration")
    end_of_all = None if duration is None else start + timedelta(seconds=duration)
    periods = schedule["chargingSchedulePeriod"]
    ends = [start + timedelta(seconds=period["startPeriod"]) for period in periods[1:]]
    for period, end in zip(periods, [*ends, end_of_all], strict=True):
        begin = start + timedelta(seconds=period["startPeriod"])
        yield begin, end, _limit(period, schedule["chargingRateUnit"], unit)


def _limit(period: JsonObject, own_unit: str, unit: str | None) -> float:
    limit = float(period["limit"])
    if unit is None or unit == own_unit:
        return limit
    volts = NOMINAL_VOLTAGE * int(period.get("numberPhases", DEFAULT_PHASES))
    return limit * volts if unit == "W" else limit / volts


def _is_over(wanted: list[LimitPeriod], allowed: list[LimitPeriod]) -> bool:
    return any(
        _overlap(one, other) and one[2] > other[2] * (1 + TOLERANCE) for one in wanted for other in allowed
    )


def _overlap(one: LimitPeriod, other: LimitPeriod) -> bool:
    starts_before_end = other[1] is None or one[0] < other[1]
    return starts_before_end and (one[1] is None or other[0] < one[1])
