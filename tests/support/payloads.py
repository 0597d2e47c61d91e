"""CALLs of a station as its connection takes them in, and payloads for them."""

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
"""Values that stand where others belong."""


def read(action: str, payload: JsonObject, message_id: str = "1") -> Call:
    """Read a CALL by its schema; it has no content where it breaks that."""
    text = json.dumps([frames.CALL, message_id, action, payload]).encode()
    frame = frames.parse_message(text, DIALECT, ChargePoint.decoders)
    assert isinstance(frame, Call)
    return frame


def call(action: str, payload: JsonObject, message_id: str = "1") -> Call:
    """Read a CALL by its schema, or as it is let through where it breaks that."""
    frame = read(action, payload, message_id)
    if frame.content is None:
        frame.content = content(action, payload)
    return frame


def content(action: str, payload: JsonObject) -> Any:
    """Look at a payload by attribute, whether it keeps to its schema or not."""
    return LenientPayload(payload, OCPP_2_0_1.request(action).content)


def full(schema: JsonObject, definitions: JsonObject) -> Any:
    """Make a valid value that has all there can be but customData; None for what may be anything."""
    match schema:
        case {"$ref": way}:
            return full(definitions[way.rpartition("/")[2]], definitions)
        case {"enum": [*_, last]}:
            return last
        case {"properties": properties}:
            parts = {name: full(it, definitions) for name, it in properties.items() if name != "customData"}
            return {name: part for name, part in parts.items() if part is not None}
        case {"type": "array", "minItems": fewest}:
            return [full(schema["items"], definitions) for _ in range(fewest)]
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
    """Change one thing in a value, whatever there is and in many ways."""
    yield from MISPLACED
    if isinstance(value, str):
        yield from (f"{value}x", value[:-1], value.lower())
    elif isinstance(value, list):
        yield from (value * 2, value * 100, value[:-1])
        for number, item in enumerate(value):
            yield from ([*value[:number], it, *value[number + 1 :]] for it in variations(item))
    elif isinstance(value, dict):
        yield from ({**value, name: {"vendorId": "x"}} for name in ("x", "customData"))
        for name, part in value.items():
            yield {other: it for other, it in value.items() if other != name}
            yield from ({**value, name: it} for it in variations(part))
