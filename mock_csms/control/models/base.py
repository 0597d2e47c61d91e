"""Base classes of the models of requests and answers, and helpers to declare them in routes.

The descriptions of fields are the docstrings under them, and the examples are in ``examples/``. Both are read
when the OpenAPI document is first requested (`mock_csms.control.document`), because reading them for each
class would take longer than the rest of the start.
"""

from http import HTTPStatus
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, RootModel, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import definitions_schema

from mock_csms.messages import JsonObject

type Responses = dict[int | str, dict[str, Any]]
"""Responses of an operation by status, as FastAPI documents them."""

PAYLOAD_SCHEMA: Final[JsonObject] = {
    "type": "object",
    "additionalProperties": True,
    "description": "OCPP payload, see the schema of the action",
}


class Model(BaseModel):
    """A request or an answer, or a part of one. Keys are in camelCase; unknown keys are rejected."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, defer_build=True)


class RequestBody(Model):
    """The body of a request that FastAPI validates. Numbers must be numbers: true and texts are rejected.

    The model is built when its class is defined, because building it later would show a warning of pydantic
    that FastAPI hides only while it adds the route.
    """

    model_config = ConfigDict(defer_build=False, strict=True)


class Root[Content](RootModel[Content]):
    """A request or an answer that is not an object with fixed keys."""

    model_config = ConfigDict(defer_build=True)


OcppPayload = Annotated[JsonObject, WithJsonSchema(PAYLOAD_SCHEMA)]
"""An OCPP payload as a JSON object; its fields depend on the action and on the OCPP version."""


def absent(alias: str | None = None) -> Any:
    """Declare a field of an answer that may be missing. ``alias`` is the key if Python reserves the name."""
    return Field(default=None, alias=alias, json_schema_extra=_without_default)


def _without_default(schema: JsonObject) -> None:
    schema.pop("default", None)


class ShownAs:
    """Marks a value that a handler validates itself; the OpenAPI document shows the schema of ``model``."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(definitions_schema(self._model.__pydantic_core_schema__, []))


def answer(model: type[BaseModel], description: str, status: HTTPStatus = HTTPStatus.OK) -> Responses:
    """Return the documentation of a successful response whose body has the schema of ``model``."""
    return {status.value: {"model": model, "description": description}}
