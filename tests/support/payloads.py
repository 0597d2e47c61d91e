"""CALLs of a station as the server parses them, and payloads for them."""

import json
from collections.abc import Iterator
from typing import Any

from charge_point import ChargePoint
from mock_csms import messages as frames
from mock_csms.messages import Call, JsonObject
from mock_csms.schema.structs import LenientPayload
from mock_csms.v201.version import DIALECT, OCPP_2_0_1

PAST_63_BITS = 2**63
NUMBERS = (0, -1, 1.0, 1.5, PAST_63_BITS - 1, PAST_63_BITS, 2**70, 1e300)
MISPLACED: tuple[object, ...] = (None, True, *NUMBERS, "", "x", "x" * 20_000, [], {}, [[]], [{}])
"""Values of the wrong type or size for most fields."""


def read(action: str, payload: JsonObject, message_id: str = "1") -> Call:
    """Parse a CALL, leaving its content None if it violates the schema."""
    text = json.dumps([frames.CALL, message_id, action, payload]).encode()
    frame = frames.parse_message(text, DIALECT, ChargePoint.decoders)
    assert isinstance(frame, Call)
    return frame


def call(action: str, payload: JsonObject, message_id: str = "1") -> Call:
    """Parse a CALL; if it violates the schema, its content is a `LenientPayload`."""
    frame = read(action, payload, message_id)
    if frame.content is None:
        frame.content = content(action, payload)
    return frame


def content(action: str, payload: JsonObject) -> Any:
    """Wrap a payload for attribute access, even if it violates the schema."""
    return LenientPayload(payload, OCPP_2_0_1.request(action).content)


def full(schema: JsonObject, definitions: JsonObject) -> Any:
    """Build a valid value with every property except customData; None for a schema without a type."""
    match schema:
        case {"$ref": reference}:
            return full(definitions[reference.rpartition("/")[2]], definitions)
        case {"enum": [*_, last]}:
            return last
        case {"properties": properties}:
            values = {
                name: full(part, definitions) for name, part in properties.items() if name != "customData"
            }
            return {name: value for name, value in values.items() if value is not None}
        case {"type": "array", "minItems": min_items}:
            return [full(schema["items"], definitions) for _ in range(min_items)]
        case {"type": "string"}:
            return "\u00e9" * schema.get("maxLength", 10)
    return {"integer": int(schema.get("maximum", 7)), "number": 7.25, "boolean": False}.get(
        schema.get("type", "")
    )


def full_payload(action: str) -> JsonObject:
    schema = OCPP_2_0_1.request(action).read()
    payload: JsonObject = full(schema, schema.get("definitions", {}))
    return payload


def variations(value: Any) -> Iterator[Any]:
    """Yield wrong values to replace a value, and copies of it with one change somewhere inside."""
    yield from MISPLACED
    if isinstance(value, str):
        yield from (f"{value}x", value[:-1], value.lower())
    elif isinstance(value, list):
        yield from (value * 2, value * 100, value[:-1])
        for number, item in enumerate(value):
            yield from ([*value[:number], changed, *value[number + 1 :]] for changed in variations(item))
    elif isinstance(value, dict):
        yield from ({**value, name: {"vendorId": "x"}} for name in ("x", "customData"))
        for name, part in value.items():
            yield {other: kept for other, kept in value.items() if other != name}
            yield from ({**value, name: changed} for changed in variations(part))
