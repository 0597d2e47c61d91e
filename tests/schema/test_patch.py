"""Partial payloads: containment, and times of TOML as OCPP timestamps."""

import tomllib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mock_csms.schema.budget import Budget, OutOfBudget
from mock_csms.schema.patch import contains, with_times_as_text
from mock_csms.text import timestamp

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


# Containment


@pytest.mark.parametrize(
    ("value", "part"),
    [
        case("empty part", {"a": 1}, {}),
        case("equal", {"a": 1}, {"a": 1}),
        case("more fields", {"a": 1, "b": 2}, {"a": 1}),
        case("nested", {"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}),
        case("any object", {"a": {"b": 1}}, {"a": {}}),
        case("item of a list", {"a": [1, 2]}, {"a": [2]}),
        case("items in another order", {"a": [1, 2, 3]}, {"a": [3, 1]}),
        case("part of an item", {"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}]}),
        case("one item for two parts", {"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}, {"c": 2}]}),
        case("any list", {"a": [1]}, {"a": []}),
        case("absent field as null", {"a": 1}, {"b": None}),
        case("absent field of an object", {"a": {}}, {"a": {"b": None}}),
        case("null", {"a": None}, {"a": None}),
        case("1 and 1.0", {"a": 1}, {"a": 1.0}),
        case("empty text", {"a": ""}, {"a": ""}),
    ],
)
def test_value_contains_part(value: object, part: object) -> None:
    assert contains(value, part)


@pytest.mark.parametrize(
    ("value", "part"),
    [
        case("other value", {"a": 1}, {"a": 2}),
        case("absent field", {}, {"a": 1}),
        case("one of two fields", {"a": 1}, {"a": 1, "b": 2}),
        case("other case", {"a": "X"}, {"a": "x"}),
        case("field required to be absent", {"a": 0}, {"a": None}),
        case("object instead of text", {"a": "x"}, {"a": {}}),
        case("text instead of object", {"a": {}}, {"a": "x"}),
        case("list instead of item", {"a": 1}, {"a": [1]}),
        case("item instead of list", {"a": [1]}, {"a": 1}),
        case("one item too few", {"a": [1]}, {"a": [1, 2]}),
        case("fields spread over two items", {"a": [{"b": 1}, {"c": 2}]}, {"a": [{"b": 1, "c": 2}]}),
        case("list instead of object", {"a": {"0": 1}}, {"a": [1]}),
        case("number as text", {"a": 1}, {"a": "1"}),
    ],
)
def test_value_does_not_contain_part(value: object, part: object) -> None:
    assert not contains(value, part)


# Times


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        case("whole second", NOON, "2026-01-01T12:00:00.000Z"),
        case("milliseconds", NOON + timedelta(milliseconds=7), "2026-01-01T12:00:00.007Z"),
        case("truncated, not rounded", NOON + timedelta(microseconds=1999), "2026-01-01T12:00:00.001Z"),
    ],
)
def test_timestamp_has_milliseconds_and_z(moment: datetime, text: str) -> None:
    assert timestamp(moment) == text


def test_toml_times_become_ocpp_timestamps() -> None:
    content = """
        zulu = 2026-01-01T00:00:00Z
        other = [{ at = 2026-01-01T01:30:00.25+01:30 }]
        local = 2026-01-01T00:00:00
        day = 2026-01-01
        hour = 07:32:00
        text = "2026-01-01"
    """
    assert with_times_as_text(tomllib.loads(content)) == {
        "zulu": "2026-01-01T00:00:00.000Z",
        "other": [{"at": "2026-01-01T00:00:00.250Z"}],
        "local": "2026-01-01T00:00:00.000Z",
        "day": "2026-01-01",
        "hour": "07:32:00",
        "text": "2026-01-01",
    }


# Budget


def test_comparisons_with_items_take_steps() -> None:
    budget = Budget(100)
    assert contains({"a": list(range(50))}, {"a": [49]}, budget)
    assert budget.steps_left == 50


def test_comparison_without_lists_takes_no_steps() -> None:
    budget = Budget(0)
    assert contains({"a": {"b": 1}}, {"a": {"b": 1}}, budget)


def test_comparison_of_lists_past_the_budget_raises() -> None:
    with pytest.raises(OutOfBudget):
        contains({"a": list(range(50))}, {"a": [49, 48, 47]}, Budget(100))
