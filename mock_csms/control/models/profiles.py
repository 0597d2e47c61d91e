"""Models of the mock's settings for a station, generated from the fields of `Profile`."""

import re
from functools import cache
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from mock_csms.control.models.base import PAYLOAD_SCHEMA, Model, RequestBody
from mock_csms.messages import JsonObject
from mock_csms.security.passwords import MAX_PASSWORD_LENGTH
from mock_csms.settings import Profile

JSON_SCHEMA_OF_SETTINGS: Final = frozenset(
    {"$ref", "additionalProperties", "anyOf", "description", "enum", "exclusiveMinimum", "items", "maxLength"}
    | {"maximum", "minLength", "minimum", "pattern", "type"}
)
"""Keywords of a setting's schema that ``_fields`` keeps; the others are for command-line flags."""
_FLAG: Final = re.compile(r"--(?P<name>[a-z-]+)(?P<space> ?)(?P<value>[\w-]+)?")
"""A flag in a help text, with the word after it."""


@cache
def _fields() -> tuple[JsonObject, JsonObject]:
    """Return the schemas of the settings by camelCase name, and the definitions in these schemas."""
    schema = Profile.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    settings = schema["properties"]
    fields = {
        to_camel(name): {key: part for key, part in field.items() if key in JSON_SCHEMA_OF_SETTINGS}
        for name, field in settings.items()
    }
    for field in fields.values():
        field["description"] = _with_names_for_flags(field["description"], settings)
    return fields, schema["$defs"]


def _with_names_for_flags(help_text: str, settings: JsonObject) -> str:
    """Return a help text in which flags of ``settings`` are written as fields, as in `authMode: normal`."""

    def field_for(flag: re.Match[str]) -> str:
        name = flag["name"].replace("-", "_")
        if name not in settings:
            return flag[0]
        value = flag["value"] or ""
        is_value = value in settings[name].get("enum", ())
        return f"`{to_camel(name)}: {value}`" if is_value else f"`{to_camel(name)}`{flag['space']}{value}"

    return _FLAG.sub(field_for, help_text)


class NewPassword(RequestBody):
    """A password for a station."""

    model_config = ConfigDict(hide_input_in_errors=True)

    password: Annotated[str, Field(min_length=1, max_length=MAX_PASSWORD_LENGTH)]
    """The password, as text or as the hash that `mock-csms password` prints."""


class ProfileView(Model):
    """The settings that apply to a station."""

    @classmethod
    def __get_pydantic_json_schema__(cls, _: CoreSchema, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        fields, definitions = _fields()
        depends_on_version = {"trigger_message"}
        defaults = Profile().model_dump(mode="json", exclude=depends_on_version)
        shown = {name: dict(field) for name, field in fields.items()}
        for name, default in defaults.items():
            shown[to_camel(name)]["default"] = default
        return _object(cls, shown, required=list(shown), **{"$defs": definitions})


class ProfileChange(Model):
    """Changes to the mock's settings for a station; null reverts the earlier change of a setting."""

    @classmethod
    def __get_pydantic_json_schema__(cls, _: CoreSchema, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        fields, definitions = _fields()
        payload = {
            "anyOf": [PAYLOAD_SCHEMA, fields["payload"]],
            "description": fields["payload"]["description"],
        }
        changes = {name: _nullable(field) for name, field in {**fields, "payload": payload}.items()}
        return _object(cls, changes, **{"$defs": definitions})


def _object(model: type[Model], properties: JsonObject, **others: Any) -> JsonSchemaValue:
    return {
        "type": "object",
        "description": model.__doc__,
        "properties": properties,
        "additionalProperties": False,
        **others,
    }


def _nullable(field: JsonObject) -> JsonObject:
    schema = {key: part for key, part in field.items() if key != "description"}
    if {"type": "null"} in schema.get("anyOf", ()):
        return field
    return {"description": field["description"], "anyOf": [schema, {"type": "null"}]}
