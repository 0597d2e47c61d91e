"""Repeated properties in JSON objects, and which messages are searched for them."""

import pytest

from mock_csms.schema import repeats
from mock_csms.schema.repeats import RepeatCheck, repeated_property

TWICE = b'[2,"1","Authorize",{"idToken":{"idToken":"A","idToken":"B","type":"Local"}}]'
ONCE = b'[2,"1","Authorize",{"idToken":{"idToken":"A","type":"Local"}}]'


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("{}", None),
        ('{"a": 1, "b": 2}', None),
        ('{"a": 1, "a": 2}', "a"),
        ('{"a": 1, "b": 1, "c": 1, "b": 2}', "b"),
        ('{"a": {"a": 1}}', None),
        ('[{"a": 1}, {"a": 2}]', None),
        ('[{"x": [{"a": 1, "a": 1}]}]', "a"),
        (r'{"a": 1, "\u0061": 2}', "a"),
        ('{"a": "a\\": 1, \\"a"}', None),
    ],
)
def test_repeated_property_is_found(text: str, name: str | None) -> None:
    assert repeated_property(text.encode()) == name


def test_repeat_is_reported_once_for_a_station_and_an_action() -> None:
    check = RepeatCheck()

    reports = [
        check.repeat_in(station, action, TWICE)
        for station, action in [("CS1", "A"), ("CS1", "A"), ("CS2", "A"), ("CS1", "B")]
    ]

    assert reports == ["idToken", None, "idToken", "idToken"]


def test_size_of_a_message_without_repeats_is_remembered() -> None:
    check = RepeatCheck()

    assert check.repeat_in("CS1", "Authorize", ONCE) is None
    assert check.repeat_in("CS1", "Authorize", TWICE) == "idToken"

    assert check.clean == {("Authorize", len(ONCE))}


def test_remembered_sizes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "MAX_SIZES", 10)
    check = RepeatCheck()

    for number in range(100):
        check.repeat_in("CS1", "Authorize", b" " * number + ONCE)

    assert len(check.clean) <= 10
