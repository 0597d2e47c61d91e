"""Payloads: compared in part, and filled in where they have placeholders."""

import tomllib
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from mock_csms.behaviour.templates import TemplateContext, check_template, example, render
from mock_csms.schema.patch import contains, with_times_as_text
from mock_csms.text import timestamp

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
REQUEST = {
    "eventType": "Started",
    "seqNo": 0,
    "offline": False,
    "total": 1.5,
    "nothing": None,
    "idToken": {"idToken": "AABB", "type": "ISO14443"},
    "meterValue": [{"value": 1}, {"value": 2}],
    "names": ["a", "b"],
}


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def rendered(template: Any, seed: int = 1) -> Any:
    return render(template, TemplateContext(REQUEST, NOON, Random(seed)))


# Compared in part


@pytest.mark.parametrize(
    ("value", "part"),
    [
        case("nothing asked for", {"a": 1}, {}),
        case("the same", {"a": 1}, {"a": 1}),
        case("more fields", {"a": 1, "b": 2}, {"a": 1}),
        case("nested", {"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}),
        case("any object", {"a": {"b": 1}}, {"a": {}}),
        case("a list's item", {"a": [1, 2]}, {"a": [2]}),
        case("items in another order", {"a": [1, 2, 3]}, {"a": [3, 1]}),
        case("an item in part", {"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}]}),
        case("one item for two", {"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}, {"c": 2}]}),
        case("any list", {"a": [1]}, {"a": []}),
        case("an absent field", {"a": 1}, {"b": None}),
        case("an absent field of an object", {"a": {}}, {"a": {"b": None}}),
        case("a null", {"a": None}, {"a": None}),
        case("1 and 1.0", {"a": 1}, {"a": 1.0}),
        case("the empty text", {"a": ""}, {"a": ""}),
    ],
)
def test_a_value_contains(value: object, part: object) -> None:
    assert contains(value, part)


@pytest.mark.parametrize(
    ("value", "part"),
    [
        case("another value", {"a": 1}, {"a": 2}),
        case("an absent field", {}, {"a": 1}),
        case("one of two fields", {"a": 1}, {"a": 1, "b": 2}),
        case("another case", {"a": "X"}, {"a": "x"}),
        case("a field that must be absent", {"a": 0}, {"a": None}),
        case("an object for a text", {"a": "x"}, {"a": {}}),
        case("a text for an object", {"a": {}}, {"a": "x"}),
        case("a list for its item", {"a": 1}, {"a": [1]}),
        case("an item for its list", {"a": [1]}, {"a": 1}),
        case("an item too few", {"a": [1]}, {"a": [1, 2]}),
        case("two halves of an item", {"a": [{"b": 1}, {"c": 2}]}, {"a": [{"b": 1, "c": 2}]}),
        case("an object for a list", {"a": {"0": 1}}, {"a": [1]}),
        case("a number as text", {"a": 1}, {"a": "1"}),
    ],
)
def test_a_value_does_not_contain(value: object, part: object) -> None:
    assert not contains(value, part)


# Filled in


@pytest.mark.parametrize(
    ("template", "value"),
    [
        case("now", "{{now}}", "2026-01-01T12:00:00.000Z"),
        case("later", "{{now+3600}}", "2026-01-01T13:00:00.000Z"),
        case("earlier", "{{now-60}}", "2026-01-01T11:59:00.000Z"),
        case("across midnight", "{{now-86400}}", "2025-12-31T12:00:00.000Z"),
        case("with blanks", "{{ now + 60 }}", "2026-01-01T12:01:00.000Z"),
        case("text", "{{request.eventType}}", "Started"),
        case("0", "{{request.seqNo}}", 0),
        case("false", "{{request.offline}}", False),
        case("float", "{{request.total}}", 1.5),
        case("null", "{{request.nothing}}", None),
        case("object", "{{request.idToken}}", {"idToken": "AABB", "type": "ISO14443"}),
        case("nested", "{{request.idToken.idToken}}", "AABB"),
        case("list", "{{request.names}}", ["a", "b"]),
        case("item", "{{request.names.1}}", "b"),
        case("field of an item", "{{request.meterValue.1.value}}", 2),
        case("everything", "{{request}}", REQUEST),
        case("request with blanks", "{{ request.seqNo }}", 0),
    ],
)
def test_a_text_that_is_one_placeholder_becomes_its_value_and_keeps_its_type(
    template: str, value: object
) -> None:
    found = rendered(template)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "template",
    [
        "{{request.vendor}}",
        "{{request.idToken.vendor}}",
        "{{request.vendor.deeper}}",
        "{{request.eventType.deeper}}",
        "{{request.names.2}}",
        "{{request.names.first}}",
        "{{request.idToken.0}}",
    ],
)
def test_what_the_request_does_not_have_is_null(template: str) -> None:
    assert rendered(template) is None


@pytest.mark.parametrize(
    ("template", "text"),
    [
        case("at the end", "event {{request.eventType}}", "event Started"),
        case("in the middle", "<{{request.seqNo}}>", "<0>"),
        case("two", "{{request.eventType}} {{request.seqNo}}", "Started 0"),
        case("two without a space", "{{request.seqNo}}{{request.seqNo}}", "00"),
        case("missing", "by {{request.vendor}}.", "by ."),
        case("time", "until {{now+60}}", "until 2026-01-01T12:01:00.000Z"),
        case("float", "{{request.total}} EUR", "1.5 EUR"),
    ],
)
def test_a_placeholder_within_a_text_becomes_text(template: str, text: str) -> None:
    assert rendered(template) == text


def test_placeholders_are_filled_in_at_any_depth() -> None:
    template = {"a": {"b": ["{{request.seqNo}}", {"c": "{{now}}"}]}, "d": "{{request.idToken.type}}"}
    assert rendered(template) == {
        "a": {"b": [0, {"c": "2026-01-01T12:00:00.000Z"}]},
        "d": "ISO14443",
    }


@pytest.mark.parametrize(
    "value", ["plain", "{now}", "}}now{{", "{{now", 7, 1.5, True, None, [], {}], ids=repr
)
def test_what_has_no_placeholder_stays_as_it_is(value: object) -> None:
    assert rendered(value) == value


def test_the_names_of_fields_stay_as_they_are() -> None:
    assert rendered({"{{now}}": 1}) == {"{{now}}": 1}


def test_a_template_is_not_changed_by_filling_it_in() -> None:
    template = {"a": ["{{request.seqNo}}"]}
    rendered(template)
    assert template == {"a": ["{{request.seqNo}}"]}


def test_a_uuid_is_one_of_version_4() -> None:
    text = rendered("{{uuid}}")
    assert str(UUID(text)) == text
    assert UUID(text).version == 4


def test_each_uuid_is_another() -> None:
    first, second = rendered(["{{uuid}}", "{{uuid}}"])
    assert first != second


def test_the_same_seed_makes_the_same_uuid() -> None:
    assert rendered("{{uuid}}", seed=7) == rendered("{{uuid}}", seed=7)
    assert rendered("{{uuid}}", seed=7) != rendered("{{uuid}}", seed=8)


# Looked at beforehand


@pytest.mark.parametrize(
    "template",
    [
        None,
        {},
        "plain",
        "{{now}} {{now+1}} {{now-1}} {{uuid}} {{request}} {{request.anything.at.all}}",
        {"a": [{"b": "{{request.idToken}}"}]},
    ],
    ids=repr,
)
def test_placeholders_that_stand_for_something_are_let_pass(template: object) -> None:
    check_template(template)


@pytest.mark.parametrize(
    "expression",
    ["later", "now+", "now+soon", "now*2", "Now", "uuid4", "request.", "request.a-b", "requests.a", ""],
)
@pytest.mark.parametrize(
    "place", [str, "text {}".format, lambda it: {"a": [it]}], ids=["whole", "in", "deep"]
)
def test_a_placeholder_that_stands_for_nothing_is_refused_with_those_there_are(
    expression: str, place: Any
) -> None:
    with pytest.raises(ValueError, match="stands for nothing; write") as caught:
        check_template(place(f"{{{{{expression}}}}}"))
    message = str(caught.value)
    assert message.startswith(f"{{{{{expression}}}}}")
    assert "{{now}}, {{now+3600}}, {{uuid}} or {{request.idToken.idToken}}" in message


def test_an_example_has_a_time_and_a_uuid() -> None:
    found = example({"at": "{{now}}", "id": "{{uuid}}"})
    assert datetime.fromisoformat(found["at"]).tzinfo is not None
    assert UUID(found["id"])


def test_an_example_leaves_out_what_is_all_the_requests() -> None:
    template = {"a": "{{request.a}}", "b": {"c": "{{ request }}", "d": 1}, "e": ["{{request.e}}", 2]}
    assert example(template) == {"b": {"d": 1}, "e": [2]}


def test_an_example_has_text_where_a_part_of_it_is_the_requests() -> None:
    assert example({"a": "no {{request.a}}!"}) == {"a": "no !"}


def test_an_example_keeps_what_is_no_placeholder() -> None:
    assert example({"a": None, "b": [1, {"c": "x"}]}) == {"a": None, "b": [1, {"c": "x"}]}


# Times


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        case("whole second", NOON, "2026-01-01T12:00:00.000Z"),
        case("milliseconds", NOON + timedelta(milliseconds=7), "2026-01-01T12:00:00.007Z"),
        case("cut, not rounded", NOON + timedelta(microseconds=1999), "2026-01-01T12:00:00.001Z"),
    ],
)
def test_a_time_is_written_in_milliseconds_and_with_z(moment: datetime, text: str) -> None:
    assert timestamp(moment) == text


def test_times_of_toml_are_written_as_ocpp_does() -> None:
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
