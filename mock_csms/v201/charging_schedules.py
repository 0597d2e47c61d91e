"""Compares an EV's charging schedule with the active charging profile (K15 to K17)."""

import math
from collections.abc import Iterator
from typing import Final

from mock_csms.messages import JsonObject
from mock_csms.stations.transactions import parse_timestamp
from mock_csms.v201.charging_profiles import convert_limit

TOLERANCE: Final = 1e-6
"""Relative difference up to which two limits count as equal; rounding may cause it."""

type LimitPeriod = tuple[float, float, float]
"""Start and end in Unix seconds (an open end is inf), and limit. Some values do not fit into a datetime."""


def exceeds(schedule: JsonObject, time_base: str, profile: JsonObject) -> bool:
    """Return whether an EV's schedule exceeds the limits of a profile; the schedule starts at
    ``time_base``.

    The EV has chosen one of the profile's schedules, so its own schedule must be within one of these.
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
    start_time = parse_timestamp(start_text)
    if start_time is None:
        return
    start, own_unit = start_time.timestamp(), schedule["chargingRateUnit"]
    periods = schedule["chargingSchedulePeriod"]
    begins = [start + period["startPeriod"] for period in periods]
    ends = [*begins[1:], start + schedule.get("duration", math.inf)]
    for period, begin, end in zip(periods, begins, ends, strict=True):
        limit = convert_limit(period["limit"], own_unit, unit or own_unit, period.get("numberPhases"))
        yield begin, end, limit


def _is_over(wanted: list[LimitPeriod], allowed: list[LimitPeriod]) -> bool:
    return any(
        _overlap(one, other) and one[2] > other[2] * (1 + TOLERANCE) for one in wanted for other in allowed
    )


def _overlap(one: LimitPeriod, other: LimitPeriod) -> bool:
    return one[0] < other[1] and other[0] < one[1]
