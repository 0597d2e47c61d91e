"""Charging schedules of EVs within and over the limits of a charging profile (K15 to K17)."""

from typing import Any

import pytest

from mock_csms.messages import JsonObject
from mock_csms.v201.charging_schedules import exceeds

NOON = "2026-01-01T12:00:00Z"
ONE = "2026-01-01T13:00:00Z"
HOUR_S = 3600


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def schedule(*limits: float, unit: str = "A", start: str | None = None, **fields: Any) -> JsonObject:
    """A schedule with a limit for each hour."""
    periods = [{"startPeriod": hour * HOUR_S, "limit": limit} for hour, limit in enumerate(limits)]
    begin = {} if start is None else {"startSchedule": start}
    return {"id": 1, "chargingRateUnit": unit, "chargingSchedulePeriod": periods, **begin, **fields}


def phases(number: int, limit: float) -> JsonObject:
    period = {"startPeriod": 0, "limit": limit, "numberPhases": number}
    return {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period]}


def late(limit: float, start_period: int) -> JsonObject:
    """A schedule with a limit of 1 A, and from ``start_period`` seconds on with this limit."""
    later = {"startPeriod": start_period, "limit": limit}
    return {
        "id": 1,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 1}, later],
    }


@pytest.mark.parametrize(
    ("wanted", "allowed", "is_over"),
    [
        case("under the limit", schedule(10), [schedule(16, start=NOON)], False),
        case("at the limit", schedule(16.0), [schedule(16, start=NOON)], False),
        case("over the limit", schedule(32), [schedule(16, start=NOON)], True),
        case("over a later limit", schedule(16, 16), [schedule(16, 10, start=NOON)], True),
        case("over the limit before it applies", schedule(32, 16), [schedule(16, start=ONE)], False),
        case("over the limit after it applied", schedule(16, 32),
             [schedule(16, start=NOON, duration=HOUR_S)], False),
        case("ends before the lower limit", schedule(16, duration=HOUR_S),
             [schedule(16, 10, start=NOON)], False),
        case("profile that starts with the schedule", schedule(32), [schedule(16)], True),
        case("within one of two schedules", schedule(20), [schedule(16), schedule(32)], False),
        case("over both schedules", schedule(40), [schedule(16), schedule(32)], True),
        case("W over A", schedule(11_100, unit="W"), [schedule(16)], True),
        case("W within A", schedule(11_040, unit="W"), [schedule(16)], False),
        case("A of one phase within W", phases(1, 32), [schedule(11_000, unit="W")], False),
        case("A of three phases over W", phases(3, 32), [schedule(11_000, unit="W")], True),
        case("A without phases within W", phases(0, 15), [schedule(11_000, unit="W")], False),
        case("A without phases over W", phases(0, 32), [schedule(11_000, unit="W")], True),
        case("long duration", schedule(32, duration=10**15), [schedule(16, start=NOON)], True),
        case("late period", late(32, 10**12), [schedule(16, start=NOON)], True),
    ],
)  # fmt: skip
def test_schedule_is_compared_with_profile(
    wanted: JsonObject, allowed: list[JsonObject], is_over: bool
) -> None:
    assert exceeds(wanted, NOON, {"chargingSchedule": allowed}) is is_over


def test_schedule_without_readable_time_is_within() -> None:
    assert not exceeds(schedule(32), "soon", {"chargingSchedule": [schedule(16)]})


def test_schedule_at_the_end_of_time_is_compared() -> None:
    latest = "9999-12-31T23:59:59Z"

    assert exceeds(schedule(32, duration=HOUR_S), latest, {"chargingSchedule": [schedule(16)]})
