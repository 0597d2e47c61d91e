"""Charging profiles of the smart charging cases, and how reports and schedules are compared."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mock_csms.certify.charging import LimitUnit, as_reported, charging_profile, limits_of
from mock_csms.client.fields import matches

START = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
PROFILE = charging_profile(1, "TxDefaultProfile", LimitUnit().schedule({0: 6, 60: 8}, start=START))


def reported(**changes: Any) -> dict[str, Any]:
    """`PROFILE` as a station reports it, with these changes in its schedule."""
    return {**PROFILE, "chargingSchedule": [{**PROFILE["chargingSchedule"][0], **changes}]}


@pytest.mark.parametrize(
    ("unit", "limit"),
    [(LimitUnit("A", 3), 6), (LimitUnit("W", 1), 1380), (LimitUnit("W", 3), 4140)],
)
def test_limit_in_watts_is_that_of_all_phases(unit: LimitUnit, limit: float) -> None:
    assert unit.limit(6) == limit


def test_profile_without_start_is_relative() -> None:
    kinds = [
        charging_profile(1, "TxProfile", schedule)["chargingProfileKind"]
        for schedule in (LimitUnit().schedule(), LimitUnit().relative())
    ]

    assert kinds == ["Absolute", "Relative"]


def test_profile_may_be_reported_with_the_time_in_another_zone() -> None:
    assert matches(as_reported(PROFILE), reported(startSchedule="2026-11-28T13:00:00.000+01:00"))


@pytest.mark.parametrize(
    "changes",
    [
        {"startSchedule": "2026-11-28T12:00:01Z"},
        {"startSchedule": "noon"},
        {"duration": 301},
        {"chargingSchedulePeriod": PROFILE["chargingSchedule"][0]["chargingSchedulePeriod"][:1]},
        {"chargingSchedulePeriod": PROFILE["chargingSchedule"][0]["chargingSchedulePeriod"] * 2},
    ],
)
def test_changed_profile_is_not_as_reported(changes: dict[str, Any]) -> None:
    assert not matches(as_reported(PROFILE), reported(**changes))


def test_periods_with_the_same_limit_count_as_one() -> None:
    periods = [
        {"startPeriod": start, "limit": limit} for start, limit in [(0, 6), (10, 6.0), (20, 8), (30, 6)]
    ]

    assert limits_of(periods) == [(0, 6), (20, 8), (30, 6)]
