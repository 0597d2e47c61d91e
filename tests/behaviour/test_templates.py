"""Templates: placeholders in the answers of rules."""

from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import pytest

from mock_csms.behaviour.templates import (
    MAX_PLACEHOLDERS,
    MAX_SIZE,
    TemplateContext,
    check_template,
    example,
    render,
)

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


# Rendering


@pytest.mark.parametrize(
    ("template", "value"),
    [
        case("now", "{{now}}", "2026-01-01T12:00:00.000Z"),
        case("now plus seconds", "{{now+3600}}", "2026-01-01T13:00:00.000Z"),
        case("now minus seconds", "{{now-60}}", "2026-01-01T11:59:00.000Z"),
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
        case("whole request", "{{request}}", REQUEST),
        case("request with blanks", "{{ request.seqNo }}", 0),
    ],
)
def test_single_placeholder_keeps_type_of_value(template: str, value: object) -> None:
    rendered_value = rendered(template)
    assert rendered_value == value
    assert type(rendered_value) is type(value)


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
def test_missing_request_field_renders_as_null(template: str) -> None:
    assert rendered(template) is None


@pytest.mark.parametrize(
    ("template", "text"),
    [
        case("at the end", "event {{request.eventType}}", "event Started"),
        case("in the middle", "<{{request.seqNo}}>", "<0>"),
        case("two placeholders", "{{request.eventType}} {{request.seqNo}}", "Started 0"),
        case("two adjacent placeholders", "{{request.seqNo}}{{request.seqNo}}", "00"),
        case("missing field", "by {{request.vendor}}.", "by ."),
        case("time", "until {{now+60}}", "until 2026-01-01T12:01:00.000Z"),
        case("float", "{{request.total}} EUR", "1.5 EUR"),
    ],
)
def test_placeholder_inside_string_renders_as_text(template: str, text: str) -> None:
    assert rendered(template) == text


def test_nested_placeholders_are_rendered() -> None:
    template = {"a": {"b": ["{{request.seqNo}}", {"c": "{{now}}"}]}, "d": "{{request.idToken.type}}"}
    assert rendered(template) == {
        "a": {"b": [0, {"c": "2026-01-01T12:00:00.000Z"}]},
        "d": "ISO14443",
    }


@pytest.mark.parametrize(
    "value", ["plain", "{now}", "}}now{{", "{{now", 7, 1.5, True, None, [], {}], ids=repr
)
def test_value_without_placeholder_is_unchanged(value: object) -> None:
    assert rendered(value) == value


def test_field_names_are_not_rendered() -> None:
    assert rendered({"{{now}}": 1}) == {"{{now}}": 1}


def test_rendering_does_not_change_template() -> None:
    template = {"a": ["{{request.seqNo}}"]}
    rendered(template)
    assert template == {"a": ["{{request.seqNo}}"]}


def test_uuid_has_version_4() -> None:
    text = rendered("{{uuid}}")
    assert str(UUID(text)) == text
    assert UUID(text).version == 4


def test_uuids_differ() -> None:
    first, second = rendered(["{{uuid}}", "{{uuid}}"])
    assert first != second


def test_same_seed_gives_same_uuid() -> None:
    assert rendered("{{uuid}}", seed=7) == rendered("{{uuid}}", seed=7)
    assert rendered("{{uuid}}", seed=7) != rendered("{{uuid}}", seed=8)


def test_named_value_is_looked_up_by_kind_and_name() -> None:
    context = TemplateContext({}, NOON, Random(1), lambda kind, name: [kind, name])
    template = {"certificate": "{{certificate.client:CS 1.SHA256}}", "url": "{{listener.second}}/x"}
    assert render(template, context) == {
        "certificate": ["certificate", "client:CS 1.SHA256"],
        "url": '["listener","second"]/x',
    }


# Checking


@pytest.mark.parametrize(
    "template",
    [
        None,
        {},
        "plain",
        "{{now}} {{now+1}} {{now-1}} {{uuid}} {{request}} {{request.anything.at.all}}",
        "{{certificate.root}} {{listener.main}} {{files.firmware.bin}}",
        {"a": [{"b": "{{request.idToken}}"}]},
    ],
    ids=repr,
)
def test_known_placeholders_are_accepted(template: object) -> None:
    check_template(template)


@pytest.mark.parametrize(
    "expression",
    [
        "later",
        "now+",
        "now+soon",
        "now*2",
        "Now",
        "uuid4",
        "request.",
        "request.a-b",
        "requests.a",
        "certificate.",
        "listener",
        "",
    ],
)
@pytest.mark.parametrize(
    "embed", [str, "text {}".format, lambda text: {"a": [text]}], ids=["alone", "inside a string", "nested"]
)
def test_unknown_placeholder_is_rejected_with_known_ones(expression: str, embed: Any) -> None:
    with pytest.raises(ValueError, match="is not a placeholder; use") as caught:
        check_template(embed(f"{{{{{expression}}}}}"))
    message = str(caught.value)
    assert message.startswith(f"{{{{{expression}}}}}")
    assert "{{certificate.root}}, {{listener.main}} or {{files.firmware.bin}}" in message


# Examples


def test_example_has_time_and_uuid() -> None:
    values = example({"at": "{{now}}", "id": "{{uuid}}"})
    assert datetime.fromisoformat(values["at"]).tzinfo is not None
    assert UUID(values["id"])


def test_example_omits_values_known_later() -> None:
    template = {"a": "{{request.a}}", "b": {"c": "{{ request }}", "d": 1}, "e": ["{{certificate.e}}", 2]}
    assert example(template) == {"b": {"d": 1}, "e": [2]}


def test_example_renders_request_placeholder_in_text_as_empty() -> None:
    assert example({"a": "no {{request.a}}!"}) == {"a": "no !"}


def test_example_keeps_values_without_placeholder() -> None:
    assert example({"a": None, "b": [1, {"c": "x"}]}) == {"a": None, "b": [1, {"c": "x"}]}


@pytest.mark.parametrize(
    "text",
    [
        case("spaces", "{{" + " " * 50_000 + "x"),
        case("spaces after a name", "{{now" + " " * 50_000 + "}"),
        case("openings", "{{" * 50_000),
        case("openings with names", "{{now" * 50_000),
    ],
)
def test_text_without_an_end_of_placeholder_is_kept(text: str) -> None:
    assert rendered(text) == text


def test_number_of_seconds_with_too_many_digits_is_rejected() -> None:
    with pytest.raises(ValueError, match="is not a placeholder"):
        check_template("{{now+" + "9" * 5000 + "}}")


# Limits


@pytest.mark.parametrize(
    "template",
    [
        case("text", "{{request.data}}" * 30 + "x"),
        case("list", ["{{request.data}}"] * 30),
        case("objects", ["{{request.items}}"] * 30),
        case("objects in text", "{{request.items}}" * 30),
        case("text and objects", {"a": ["{{request}}"] * 30}),
    ],
)
def test_values_of_placeholders_past_the_maximum_size_raise(template: Any) -> None:
    request = {"data": "x" * 50_000, "items": [{"a": "x" * 5000}] * 10}
    with pytest.raises(ValueError, match="the values of the placeholders are larger than 1048576 characters"):
        render(template, TemplateContext(request, NOON, Random(1)))


def test_values_of_placeholders_up_to_the_maximum_size_are_rendered() -> None:
    request = {"data": "x" * (MAX_SIZE // 2)}
    result = render(["{{request.data}}", "{{request.data}}"], TemplateContext(request, NOON, Random(1)))
    assert result == [request["data"]] * 2


def test_texts_without_placeholders_do_not_count_towards_the_size() -> None:
    long = "x" * MAX_SIZE
    assert rendered([long, long, "{{request.seqNo}}"]) == [long, long, 0]


def test_template_with_too_many_placeholders_is_rejected() -> None:
    check_template(["{{uuid}}"] * MAX_PLACEHOLDERS)
    with pytest.raises(ValueError, match="it has 1001 placeholders; use at most 1000"):
        check_template({"a": ["{{uuid}}"] * MAX_PLACEHOLDERS, "b": "at {{now}}"})
