"""The composite schedule of charging profiles."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_csms.simulator.schedules import (
    MAX_PERIODS,
    ChargingProfile,
    EvseLimits,
    Rate,
    StationLimits,
    composite,
    lowest,
)
from mock_csms.text import timestamp
from tests.support.virtual_station import START

MAXIMUM = Rate.of(32, "A")
DAY_S = 86_400


def time_text(offset_s: int) -> str:
    """Timestamp of the moment this many seconds after START."""
    return timestamp(datetime.fromtimestamp(START + offset_s, UTC))


def profile(
    periods: list[tuple[int, float]],
    *,
    purpose: str = "TxDefaultProfile",
    level: int = 0,
    kind: str = "Absolute",
    start_s: int = 0,
    unit: str = "A",
    phases: int | None = None,
    evse_id: int = 1,
    duration_s: int | None = None,
    valid: tuple[int | None, int | None] = (None, None),
    recurrency: str | None = None,
) -> ChargingProfile:
    """Make a charging profile from plain values; times are relative to START."""
    optional: dict[str, Any] = {} if phases is None else {"numberPhases": phases}
    schedule: dict[str, Any] = {
        "id": 1,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [
            {"startPeriod": start, "limit": limit, **optional} for start, limit in periods
        ],
    }
    if kind != "Relative":
        schedule["startSchedule"] = time_text(start_s)
    if duration_s is not None:
        schedule["duration"] = duration_s
    json: dict[str, Any] = {
        "id": 1,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": [schedule],
    }
    json |= {"recurrencyKind": recurrency} if recurrency else {}
    json |= {
        name: time_text(value)
        for name, value in zip(("validFrom", "validTo"), valid, strict=True)
        if value is not None
    }
    return ChargingProfile.of(evse_id, json)


def limits(*profiles: ChargingProfile, closed_s: int = 0, sharers: int = 1) -> EvseLimits:
    """Limits by these profiles for an EVSE with at most 32 A on three phases."""
    return EvseLimits(profiles, MAXIMUM, START + closed_s, sharers)


def schedule_of(
    source: EvseLimits | StationLimits, duration_s: int = 400, unit: str = "A", offset_s: int = 0
) -> list[tuple[int, float]]:
    """Composite schedule as pairs of startPeriod and limit."""
    periods = composite(source, START + offset_s, duration_s, unit)
    assert periods is not None
    return [(period["startPeriod"], period["limit"]) for period in periods]


CASES: dict[str, tuple[list[ChargingProfile], list[tuple[int, float]]]] = {
    "no profile": ([], [(0, 32)]),
    "periods": ([profile([(0, 6), (100, 8), (200, 10)])], [(0, 6), (100, 8), (200, 10)]),
    "equal periods merge": ([profile([(0, 6), (100, 6), (200, 10)])], [(0, 6), (200, 10)]),
    "duration ends": ([profile([(0, 6), (300, 7)], duration_s=150)], [(0, 6), (150, 32)]),
    "starts later": ([profile([(0, 6)], start_s=60)], [(0, 32), (60, 6)]),
    "started before": ([profile([(0, 6), (100, 8)], start_s=-40)], [(0, 6), (60, 8)]),
    "valid for a while": ([profile([(0, 6)], valid=(50, 90))], [(0, 32), (50, 6), (90, 32)]),
    "limit above the maximum": ([profile([(0, 999_999)], unit="W")], [(0, 32)]),
    # TC_K_40_CS
    "stack levels": (
        [
            profile([(0, 6), (100, 8), (200, 10)], duration_s=400),
            profile([(0, 7), (100, 9)], level=1, duration_s=150),
        ],
        [(0, 7), (100, 9), (150, 8), (200, 10)],
    ),
    # TC_K_41_CS
    "purposes": (
        [
            profile([(0, 10)], purpose="ChargingStationMaxProfile", evse_id=0, duration_s=DAY_S),
            profile([(0, 6), (60, 10), (120, 8), (180, 15), (260, 8)], duration_s=300),
            profile([(0, 8), (50, 11), (140, 16), (200, 6), (240, 12)], purpose="TxProfile", duration_s=260),
        ],
        [(0, 8), (50, 10), (200, 6), (240, 10), (260, 8), (300, 10)],
    ),
    "a TxProfile overrules a lower default": (
        [profile([(0, 6)], level=9), profile([(0, 16)], purpose="TxProfile")],
        [(0, 16)],
    ),
    "an external limit": (
        [
            profile([(0, 20), (50, 13)], purpose="ChargingStationExternalConstraints", evse_id=0),
            profile([(0, 16)]),
        ],
        [(0, 16), (50, 13)],
    ),
    "daily": (
        [
            profile(
                [(0, 6), (100, 8)],
                kind="Recurring",
                recurrency="Daily",
                start_s=50 - 3 * DAY_S,
                duration_s=200,
            )
        ],
        [(0, 32), (50, 6), (150, 8), (250, 32)],
    ),
    "weekly on another day": (
        [profile([(0, 6)], kind="Recurring", recurrency="Weekly", start_s=-DAY_S, duration_s=DAY_S)],
        [(0, 32)],
    ),
    "recurring before its start": (
        [profile([(0, 6)], kind="Recurring", recurrency="Daily", start_s=DAY_S)],
        [(0, 32)],
    ),
}


@pytest.mark.parametrize(("profiles", "expected"), CASES.values(), ids=CASES)
def test_composite_follows_profiles(
    profiles: list[ChargingProfile], expected: list[tuple[int, float]]
) -> None:
    assert schedule_of(limits(*profiles)) == expected


def test_relative_profile_starts_when_power_path_closes() -> None:
    relative = profile([(0, 6), (100, 8)], kind="Relative")
    assert schedule_of(limits(relative, closed_s=-30)) == [(0, 6), (70, 8)]


def test_period_in_watts_is_converted_by_its_phases() -> None:
    assert schedule_of(limits(profile([(0, 6900)], unit="W"))) == [(0, 10)]
    assert schedule_of(limits(profile([(0, 2300)], unit="W", phases=1))) == [(0, 10)]


def test_period_in_amperes_is_converted_by_its_phases() -> None:
    assert schedule_of(limits(profile([(0, 10)])), unit="W") == [(0, 6900)]
    assert schedule_of(limits(profile([(0, 10)], phases=1)), unit="W") == [(0, 2300)]


def test_composite_rounds_down_to_a_tenth() -> None:
    assert schedule_of(limits(profile([(0, 11_000)], unit="W"))) == [(0, 15.9)]


def test_lowest_number_of_phases_is_used() -> None:
    station = profile([(0, 20)], purpose="ChargingStationMaxProfile", evse_id=0, phases=3)
    periods = composite(limits(station, profile([(0, 16)], phases=1)), START, 10, "W")
    assert periods == [{"startPeriod": 0, "limit": 16 * 230, "numberPhases": 1}]


def test_station_limit_is_shared_by_charging_evses() -> None:
    station = profile([(0, 20)], purpose="ChargingStationMaxProfile", evse_id=0)
    assert schedule_of(limits(station, sharers=2)) == [(0, 10)]


def test_station_schedule_is_the_limited_total() -> None:
    station = profile([(0, 40)], purpose="ChargingStationMaxProfile", evse_id=0, start_s=100)
    evses = [limits(profile([(0, 10)]), station), limits(station)]
    assert schedule_of(StationLimits(evses)) == [(0, 42), (100, 40)]


def test_composite_with_too_many_periods_is_none() -> None:
    alternating = profile([(index, 6 + index % 2) for index in range(1024)], kind="Recurring",
                          recurrency="Daily")  # fmt: skip
    assert composite(limits(alternating), START, 365 * DAY_S, "A") is None
    assert len(composite(limits(alternating), START, MAX_PERIODS, "A") or []) == MAX_PERIODS


def test_hidden_boundaries_cost_no_steps() -> None:
    hidden = profile([(index, 6 + index % 2) for index in range(1024)], kind="Recurring",
                     recurrency="Daily")  # fmt: skip
    assert schedule_of(limits(hidden, profile([(0, 9)], level=1)), 365 * DAY_S) == [(0, 9)]


def test_lowest_never_exceeds_any_rate() -> None:
    combined = lowest([Rate.of(11_000, "W"), Rate.of(32, "A", phases=1)])
    assert combined.phases == 1
    assert combined.amperes == pytest.approx(11_000 / 690)
    assert combined.watts == pytest.approx(11_000 / 3)


PERIODS = st.lists(st.integers(1, 60), max_size=3, unique=True).flatmap(
    lambda starts: st.tuples(
        *(st.tuples(st.just(start), st.integers(0, 40)) for start in [0, *sorted(starts)])
    )
)
PURPOSES = [
    "TxDefaultProfile",
    "TxProfile",
    "ChargingStationMaxProfile",
    "ChargingStationExternalConstraints",
]
OFFSETS = st.none() | st.integers(-20, 60)
SPECIFICATIONS = st.fixed_dictionaries(
    {
        "periods": PERIODS,
        "kind": st.sampled_from(["Absolute", "Recurring", "Relative"]),
        "start_s": st.integers(-20, 60) | st.integers(-DAY_S - 20, 60 - DAY_S),
        "duration_s": st.none() | st.integers(1, 80),
        "valid": st.tuples(OFFSETS, OFFSETS),
    }
)


def slow_limit(specification: dict[str, Any], second: int) -> int | None:
    """Limit by one profile at a second, calculated step by step as the specification defines it."""
    valid_from, valid_to = specification["valid"]
    if valid_from is not None and second < valid_from:
        return None
    if valid_to is not None and second >= valid_to:
        return None
    begin = 0 if specification["kind"] == "Relative" else specification["start_s"]
    if second < begin:
        return None
    while specification["kind"] == "Recurring" and begin + DAY_S <= second:
        begin += DAY_S
    if specification["duration_s"] is not None and second >= begin + specification["duration_s"]:
        return None
    limit = None
    for start, period_limit in specification["periods"]:
        if begin + start <= second:
            limit = period_limit
    return limit


def slow_total(by_purpose: dict[str, list[dict[str, Any]]], second: int) -> int:
    """Limit by all profiles at a second; the position of a profile in its list is its stack level."""

    def leading(purpose: str) -> int | None:
        found = [slow_limit(specification, second) for specification in by_purpose[purpose]]
        return next((limit for limit in reversed(found) if limit is not None), None)

    transaction = leading("TxProfile")
    if transaction is None:
        transaction = leading("TxDefaultProfile")
    others = [leading(purpose) for purpose in PURPOSES[2:]]
    return min(limit for limit in (32, transaction, *others) if limit is not None)


@settings(max_examples=150, deadline=None)
@given(
    st.fixed_dictionaries({purpose: st.lists(SPECIFICATIONS, max_size=3) for purpose in PURPOSES}),
    st.integers(1, 90),
)
def test_composite_equals_a_second_by_second_calculation(
    by_purpose: dict[str, list[dict[str, Any]]], duration_s: int
) -> None:
    profiles = [
        profile(
            **{**specification, "periods": list(specification["periods"])},
            purpose=purpose,
            level=level,
            recurrency="Daily" if specification["kind"] == "Recurring" else None,
        )
        for purpose, specifications in by_purpose.items()
        for level, specification in enumerate(specifications)
    ]
    slow = [slow_total(by_purpose, second) for second in range(duration_s)]
    changes = [
        (second, limit) for second, limit in enumerate(slow) if second == 0 or limit != slow[second - 1]
    ]
    assert schedule_of(limits(*profiles), duration_s) == changes
