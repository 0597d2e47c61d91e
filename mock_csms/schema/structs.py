"""Payload types generated from JSON schemas. Decoding and validation are one step, and properties are
attributes.

Fast path: the plain way is to parse the frame as JSON and check the payload with a schema validator, as
`schema/validation.py` does. Decoding straight into these types takes 5 instead of 13 microseconds per
message, and raised the message rate of the whole server by 25 to 30% (bench/README.md, mix). A type accepts
only payloads that the validator accepts too; a payload that cannot be decoded to the type goes the plain way.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, cast

import msgspec

from mock_csms.messages import CALL, MAX_ID_LENGTH, Decoder, JsonObject

SUPPORTED_KEYWORDS: Final = frozenset(
    {
        *("$ref", "type", "enum", "minimum", "maximum", "maxLength", "items", "minItems", "maxItems"),
        *("properties", "required", "additionalProperties", "definitions", "$schema", "$id"),
        *("additionalItems", "comment", "default", "description", "format", "javaType"),
    }
)
"""Schema keywords that a type can express, or that have no effect; ``format`` is not checked."""

MIN_INT64: Final = -(2**63)
MAX_INT64: Final = 2**63 - 1
"""Largest 64-bit integer. A payload with an integer beyond 64 bits goes to the schema validator."""
ANY_INT: Final = Annotated[int, msgspec.Meta(ge=MIN_INT64, le=MAX_INT64)]

LIMIT_KEYWORDS: Final = frozenset({"minimum", "maximum"})
"""Keywords supported for an integer but not for a number."""

UNSATISFIABLE: Final = Annotated[int, msgspec.Meta(ge=1, le=0)]
"""Type of a required property whose schema cannot be expressed as a type.

No value matches it, so that the payload goes to the schema validator.
"""


class ValidPayload(msgspec.Struct, gc=False, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A payload that is valid by its schema. Each property is an attribute, and an absent one has the
    value None.
    """

    required: ClassVar[frozenset[str]] = frozenset()
    """Names of the required properties."""
    nested: ClassVar[Mapping[str, type["ValidPayload"]]] = {}
    """Types of the properties that are objects or lists of objects, by name."""


class LenientPayload:
    """A payload that may break its schema. Its properties are attributes, as in a ValidPayload.

    An absent optional property has the value None. Reading an absent property that is required or unknown
    raises AttributeError.
    """

    __slots__ = ("_payload_type", "json")

    def __init__(self, json: JsonObject, payload_type: type[ValidPayload]) -> None:
        self.json = json
        self._payload_type = payload_type

    def __getattr__(self, name: str) -> Any:
        if name in self.json:
            part, nested_type = self.json[name], self._payload_type.nested.get(name)
            return part if nested_type is None else _lenient(part, nested_type)
        if name in self._payload_type.required or name not in self._payload_type.__struct_fields__:
            raise AttributeError(f"{name} is missing")
        return None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LenientPayload) and self.json == other.json

    __hash__ = None  # type: ignore[assignment]


def _lenient(part: Any, part_type: type[ValidPayload]) -> Any:
    if isinstance(part, list):
        return [_lenient(item, part_type) for item in part]
    return LenientPayload(part, part_type) if isinstance(part, dict) else part


def to_json(content: Any) -> Any:
    """Convert a ValidPayload or LenientPayload to JSON; other values are returned unchanged."""
    if isinstance(content, ValidPayload):
        return msgspec.to_builtins(content)
    return content.json if isinstance(content, LenientPayload) else content


def decoder(action: str, content: type[ValidPayload]) -> Decoder:
    """Create the decoder for CALLs of an action. It raises one of messages.UNDECODABLE for invalid CALLs."""
    message_id = Annotated[str, msgspec.Meta(max_length=MAX_ID_LENGTH)]
    call = tuple[Literal[CALL], message_id, Literal[action], content]  # type: ignore[valid-type]
    return msgspec.json.Decoder(call).decode


def payload_type(name: str, schema: JsonObject) -> type[ValidPayload]:
    """Create the type of the payloads that are valid by a schema.

    A property that may hold any JSON, such as customData, or that has unsupported schema keywords is not part
    of the type: a payload with such a property cannot be decoded, and goes to the schema validator.
    """
    return _TypeBuilder(schema.get("definitions", {})).object_type(name, schema)


class _TypeBuilder:
    """Creates types from parts of a schema; None for a part that cannot be expressed as a type."""

    def __init__(self, definitions: Mapping[str, JsonObject]) -> None:
        self._definitions = definitions
        self._types: dict[str, Any] = {}

    def object_type(self, name: str, schema: JsonObject) -> type[ValidPayload]:
        required, nested = frozenset(schema.get("required", ())), {}
        fields: list[Any] = []
        for property_name, part in schema.get("properties", {}).items():
            property_type = self._type_of(part, property_name)
            if property_name in required:
                fields.append((property_name, UNSATISFIABLE if property_type is None else property_type))
            elif property_type is not None:
                fields.append((property_name, property_type, None))
            if (nested_type := self._object_in(part, property_name)) is not None:
                nested[property_name] = nested_type
        attributes = {"required": required, "nested": nested}
        struct = msgspec.defstruct(name, fields, bases=(ValidPayload,), namespace=attributes, kw_only=True)
        return cast("type[ValidPayload]", struct)

    def _object_in(self, schema: JsonObject, name: str) -> type[ValidPayload] | None:
        item = self._type_of(schema["items"] if schema.get("type") == "array" else schema, name)
        return item if isinstance(item, type) and issubclass(item, ValidPayload) else None

    def _type_of(self, schema: JsonObject, name: str) -> Any:
        if "$ref" not in schema:
            return self._inline_type(schema, name) if schema.keys() <= SUPPORTED_KEYWORDS else None
        definition = schema["$ref"].rpartition("/")[2]
        if definition not in self._types:
            self._types[definition] = self._type_of(self._definitions[definition], definition)
        return self._types[definition]

    def _inline_type(self, schema: JsonObject, name: str) -> Any:
        kind = schema.get("type")
        if "enum" in schema:
            return Literal[tuple(schema["enum"])]
        if kind == "object" and schema.get("additionalProperties") is False:
            return self.object_type(name, schema)
        if kind == "array" and (items := self._type_of(schema["items"], name)) is not None:
            limits = msgspec.Meta(min_length=schema.get("minItems"), max_length=schema.get("maxItems"))
            return Annotated[list[items], limits]  # type: ignore[valid-type]
        return SIMPLE_TYPES[kind](schema) if kind in SIMPLE_TYPES else None


SIMPLE_TYPES: Final[Mapping[Any, Callable[[JsonObject], Any]]] = {
    "string": lambda schema: Annotated[str, msgspec.Meta(max_length=schema.get("maxLength"))],
    "integer": lambda schema: Annotated[
        int, msgspec.Meta(ge=int(schema.get("minimum", MIN_INT64)), le=int(schema.get("maximum", MAX_INT64)))
    ],
    "number": lambda schema: None if LIMIT_KEYWORDS & schema.keys() else ANY_INT | float,
    "boolean": lambda _: bool,
}
"""Functions that create the type of a simple JSON value from its schema, by schema type."""
