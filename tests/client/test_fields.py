"""Comparison of payloads with expected fields."""

from typing import Any

import pytest

from mock_csms.client import ABSENT, ANY
from mock_csms.client.fields import brief_value, differences, nested

EVENT: dict[str, Any] = {
    "eventType": "Ended",
    "seqNo": 1,
    "offline": True,
    "evse": {"id": 1, "connectorId": 2},
    "meterValue": [{"context": "Begin"}, {"context": "End", "value": 5}],
}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"eventType": "Ended", "seqNo": 1},
        {"eventType": {"Started", "Ended"}},
        {"idToken": ABSENT, "seqNo": ANY},
        {"idToken": None},
        {"idToken": {ABSENT, "A"}},
        {"seqNo": lambda number: number > 0},
        {"evse": {"id": 1}},
        {"evse__id": 1, "evse.connectorId": 2},
        {"meterValue": [{"value": 5}]},
        {"meterValue": [{"context": "End"}, {"context": "Begin"}]},
        {"meterValue": {1: {"value": 5}}},
        {"meterValue__0__context": "Begin"},
    ],
)
def test_matching_fields_have_no_differences(fields: dict[str, Any]) -> None:
    assert differences(nested(fields), EVENT) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"eventType": "Started"}, ['eventType: expected "Started", got "Ended"']),
        (
            {"eventType": {"Started", "Updated"}},
            ['eventType: expected one of "Started", "Updated", got "Ended"'],
        ),
        ({"seqNo": ABSENT}, ["seqNo: expected no such field, got 1"]),
        ({"idToken": ANY}, ["idToken: expected any value, got no such field"]),
        ({"seqNo": True}, ["seqNo: expected true, got 1"]),
        ({"offline": 1}, ["offline: expected 1, got true"]),
        ({"evse": 1}, ['evse: expected 1, got {"id": 1, "connectorId": 2}']),
        (
            {"evse": {"id": 2, "connectorId": 3}},
            ["evse.id: expected 2, got 1", "evse.connectorId: expected 3, got 2"],
        ),
        ({"evse__id__x": 2}, ['evse.id: expected {"x": 2}, got 1']),
        ({"meterValue": [{"context": "End", "value": 6}]}, ["meterValue[1].value: expected 6, got 5"]),
        ({"meterValue": {2: {"value": 5}}}, ['meterValue[2]: expected {"value": 5}, got no such field']),
        (
            {"evse__connectorid": 2},
            ["evse.connectorid: expected 2, got no such field; the payload has connectorId"],
        ),
        ({"idToken": 1}, ["idToken: expected 1, got no such field"]),
        (
            {"event_type": "Ended"},
            ['event_type: expected "Ended", got no such field; the payload has eventType'],
        ),
    ],
)
def test_differences_name_field_and_values(fields: dict[str, Any], expected: list[str]) -> None:
    assert [str(difference) for difference in differences(nested(fields), EVENT)] == expected


def test_item_of_an_empty_list_differs() -> None:
    (difference,) = differences({"meterValue": [{"value": 5}]}, {"meterValue": []})

    assert str(difference) == 'meterValue: expected [{"value": 5}], got []'


def is_even(value: int) -> bool:
    return value % 2 == 0


@pytest.mark.parametrize("value", [1, "text", None])
def test_predicate_that_does_not_hold_is_named(value: object) -> None:
    (difference,) = differences({"seqNo": is_even}, {"seqNo": value})

    assert "expected a value for which is_even is true" in str(difference)


def test_path_that_is_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"evse\.id is given twice"):
        nested({"evse": 1, "evse.id": 2})
    with pytest.raises(ValueError, match=r"evse\.id is given twice"):
        nested({"evse__id": 1, "evse.id": 2})


def test_long_value_is_shortened_to_one_line() -> None:
    text = brief_value("a\nb" * 200)

    assert len(text) == 200
    assert "\n" not in text


def test_value_that_is_not_json_is_shown() -> None:
    assert brief_value({"a": 1j}) == "{'a': 1j}"


def test_alternatives_in_a_payload_are_shown_in_order() -> None:
    assert brief_value({"a": {"y", "x"}}) == r"""{"a": "one of \"x\", \"y\""}"""
