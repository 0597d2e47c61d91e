"""Fields of payloads, looked up in the JSON schemas of the messages."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, Literal

from mock_csms.messages import JsonObject
from mock_csms.text import suggest_or_list
from mock_csms.versions import OcppVersion

type PayloadKind = Literal["request", "response"]

PLAIN_STATUS: Final = "Accepted"
"""Value of each enumeration in a `plain_payload`, if the schema allows this value."""
ZEROS: Final[Mapping[str, object]] = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": []}
"""Values of required fields in a `plain_payload`, by JSON type."""


class UnknownField(ValueError):
    """A path that does not lead to a field of a payload. The error text is one clause with a suggestion."""


@cache
def payload_schema(version: OcppVersion, action: str, kind: PayloadKind) -> JsonObject:
    """Read the JSON schema of the CALL or of the answer of an action."""
    return (version.request(action) if kind == "request" else version.response(action)).read()


def field_schema(schema: JsonObject, path: str) -> JsonObject:
    """Schema of the field at a path; raises UnknownField.

    A path continues in the items of a list, with or without the number of an item.
    """
    node = schema
    for name in path.split("."):
        node = _resolved(schema, node)
        if node.get("type") == "array":
            node = _resolved(schema, node["items"])
            if name.isdecimal():
                continue
        node = _property(node, name, path)
    return _resolved(schema, node)


def _property(node: JsonObject, name: str, path: str) -> JsonObject:
    properties: JsonObject = node.get("properties", {})
    if name in properties:
        return dict(properties[name])
    if not name or node.get("type", "object") != "object":
        raise UnknownField(f"{path!r} leads to no field")
    if node.get("additionalProperties", True):
        return {}  # a field of customData or data, which the schema does not restrict
    raise UnknownField(f"unknown field {path!r}{suggest_or_list(name, properties)}")


def _resolved(schema: JsonObject, node: JsonObject) -> JsonObject:
    """Return a part of a schema, or the definition that it refers to."""
    reference = node.get("$ref")
    if reference is None:
        return node
    definition: JsonObject = schema["definitions"][reference.rpartition("/")[2]]
    return definition


def is_time(field: JsonObject) -> bool:
    """Whether the schema of a field is that of a date and time."""
    return field.get("format") == "date-time"


def is_text(field: JsonObject) -> bool:
    """Whether the schema of a field is that of a string."""
    return field.get("type") == "string"


def plain_payload(schema: JsonObject, now: str) -> JsonObject:
    """Return a valid payload of the required fields only, with values such as Accepted, now, zero or an
    empty text.
    """
    return _plain_object(schema, schema, now)


def _plain_object(schema: JsonObject, node: JsonObject, now: str) -> JsonObject:
    properties = node.get("properties", {})
    return {name: _plain_value(schema, properties[name], now) for name in node.get("required", ())}


def _plain_value(schema: JsonObject, node: JsonObject, now: str) -> object:
    node = _resolved(schema, node)
    if "enum" in node:
        return PLAIN_STATUS if PLAIN_STATUS in node["enum"] else node["enum"][0]
    if is_time(node):
        return now
    if node.get("type") == "object":
        return _plain_object(schema, node, now)
    return ZEROS.get(node.get("type", "string"))


def with_field(schema: JsonObject, payload: JsonObject, path: str, value: object) -> JsonObject:
    """Return a copy of a payload with ``value`` at a path; missing objects and lists are added."""
    changed: JsonObject = _with_value(schema, schema, payload, path.split("."), value)
    return changed


def _with_value(schema: JsonObject, node: JsonObject, old: Any, names: Sequence[str], value: object) -> Any:
    if not names:
        return value
    node = _resolved(schema, node)
    name, *rest = names
    if node.get("type") == "array":
        items = list(old or [])
        position = min(int(name), len(items)) if name.isdecimal() else 0
        rest = rest if name.isdecimal() else list(names)
        item = items[position] if position < len(items) else None
        items[position : position + 1] = [_with_value(schema, node["items"], item, rest, value)]
        return items
    part = node.get("properties", {}).get(name, {})
    previous = old if isinstance(old, dict) else {}
    return {**previous, name: _with_value(schema, part, previous.get(name), rest, value)}
