"""Payloads as their schemas have them: read and checked in one go, and looked at by attribute."""

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
"""The keywords that types are made of, and those that do not matter: format is not checked."""

FIRST_INT: Final = -(2**63)
LAST_INT: Final = 2**63 - 1
"""A number beyond these is left to those who check whatever is JSON."""
ANY_INT: Final = Annotated[int, msgspec.Meta(ge=FIRST_INT, le=LAST_INT)]

LIMITS: Final = frozenset({"minimum", "maximum"})
"""Keywords that are understood of an integer, but not of a number."""

UNSATISFIABLE: Final = Annotated[int, msgspec.Meta(ge=1, le=0)]
"""The type of a property that must be there and has no type: no value is of it."""


class ValidPayload(msgspec.Struct, gc=False, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A JSON object that keeps to its schema: an attribute for each property, None where it has none."""

    needed: ClassVar[frozenset[str]] = frozenset()
    """The properties that it must have."""
    nested: ClassVar[Mapping[str, type["ValidPayload"]]] = {}
    """The properties that are objects or lists of them, and what these are."""


class LenientPayload:
    """A JSON object that need not keep to its schema, looked at in the same way.

    A property that it does not have is None; AttributeError if it must have it, or there is no such property.
    """

    __slots__ = ("_stands_for", "json")

    def __init__(self, json: JsonObject, stands_for: type[ValidPayload]) -> None:
        self.json = json
        self._stands_for = stands_for

    def __getattr__(self, name: str) -> Any:
        if name in self.json:
            part, nested = self.json[name], self._stands_for.nested.get(name)
            return part if nested is None else _looked_at(part, nested)
        if name in self._stands_for.needed or name not in self._stands_for.__struct_fields__:
            raise AttributeError(f"{name} is missing")
        return None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LenientPayload) and self.json == other.json

    __hash__ = None  # type: ignore[assignment]


def _looked_at(part: Any, stands_for: type[ValidPayload]) -> Any:
    if isinstance(part, list):
        return [_looked_at(item, stands_for) for item in part]
    return LenientPayload(part, stands_for) if isinstance(part, dict) else part


def to_json(content: Any) -> Any:
    """Make JSON again of a ValidPayload or an Unchecked; what is JSON stays as it is."""
    if isinstance(content, ValidPayload):
        return msgspec.to_builtins(content)
    return content.json if isinstance(content, LenientPayload) else content


def decoder(action: str, content: type[ValidPayload]) -> Decoder:
    """Make what reads the CALLs of an action; any but a valid one raises one of frames.UNREADABLE."""
    message_id = Annotated[str, msgspec.Meta(max_length=MAX_ID_LENGTH)]
    call = tuple[Literal[CALL], message_id, Literal[action], content]  # type: ignore[valid-type]
    return msgspec.json.Decoder(call).decode


def payload_type(name: str, schema: JsonObject) -> type[ValidPayload]:
    """Make the type of the payloads that keep to a schema.

    A property that may be anything, as those of customData may, has no place in it, nor has one of which the
    schema says more than is understood here: a payload that has one is not read in this way.
    """
    return _Types(schema.get("definitions", {})).of_object(name, schema)


class _Types:
    """Makes types of the parts of a schema; None for one that has none."""

    def __init__(self, definitions: Mapping[str, JsonObject]) -> None:
        self._definitions = definitions
        self._made: dict[str, Any] = {}

    def of_object(self, name: str, schema: JsonObject) -> type[ValidPayload]:
        needed, nested = frozenset(schema.get("required", ())), {}
        fields: list[Any] = []
        for property_name, part in schema.get("properties", {}).items():
            made = self._of(part, property_name)
            if property_name in needed:
                fields.append((property_name, UNSATISFIABLE if made is None else made))
            elif made is not None:
                fields.append((property_name, made, None))
            if (inner := self._object_in(part, property_name)) is not None:
                nested[property_name] = inner
        said = {"needed": needed, "nested": nested}
        made = msgspec.defstruct(name, fields, bases=(ValidPayload,), namespace=said, kw_only=True)
        return cast("type[ValidPayload]", made)

    def _object_in(self, schema: JsonObject, name: str) -> type[ValidPayload] | None:
        made = self._of(schema["items"] if schema.get("type") == "array" else schema, name)
        return made if isinstance(made, type) and issubclass(made, ValidPayload) else None

    def _of(self, schema: JsonObject, name: str) -> Any:
        if "$ref" not in schema:
            return self._of_plain(schema, name) if schema.keys() <= SUPPORTED_KEYWORDS else None
        defined = schema["$ref"].rpartition("/")[2]
        if defined not in self._made:
            self._made[defined] = self._of(self._definitions[defined], defined)
        return self._made[defined]

    def _of_plain(self, schema: JsonObject, name: str) -> Any:
        kind = schema.get("type")
        if "enum" in schema:
            return Literal[tuple(schema["enum"])]
        if kind == "object" and schema.get("additionalProperties") is False:
            return self.of_object(name, schema)
        if kind == "array" and (items := self._of(schema["items"], name)) is not None:
            limits = msgspec.Meta(min_length=schema.get("minItems"), max_length=schema.get("maxItems"))
            return Annotated[list[items], limits]  # type: ignore[valid-type]
        return SIMPLE[kind](schema) if kind in SIMPLE else None


SIMPLE: Final[Mapping[Any, Callable[[JsonObject], Any]]] = {
    "string": lambda schema: Annotated[str, msgspec.Meta(max_length=schema.get("maxLength"))],
    "integer": lambda schema: Annotated[
        int, msgspec.Meta(ge=int(schema.get("minimum", FIRST_INT)), le=int(schema.get("maximum", LAST_INT)))
    ],
    "number": lambda schema: None if LIMITS & schema.keys() else ANY_INT | float,
    "boolean": lambda _: bool,
}
"""The types of the simple kinds of JSON."""
