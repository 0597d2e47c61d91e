"""Bodies of requests and answers that are models of the settings, such as rules and tokens."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from mock_csms.control.problems import Problem, describe
from mock_csms.messages import JsonObject


def validated[Model: BaseModel](model: type[Model], value: JsonObject, kind: str) -> Model:
    """Validate a body; raises Problem of a kind."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        detail = f"{describe(error)}{_known_keys(model, error)}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, kind, detail) from None


def _known_keys(model: type[BaseModel], error: ValidationError) -> str:
    """Hint with the valid keys, if an error is about an unknown key, and the model that lacks it is clear."""
    first_error = error.errors(include_url=False)[0]
    if first_error["type"] != "extra_forbidden":
        return ""
    place: type[BaseModel] | None = model
    for step in first_error["loc"][:-1]:
        if place is not None and isinstance(step, str):
            place = _model_of(place, step)
    return "" if place is None else f"; valid keys are {', '.join(_by_key(place))}"


def _by_key(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_of(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    """Model of the value of a key, or of its items; None without exactly one."""
    field = _by_key(model).get(key)
    models = [] if field is None else list(_models_in(field.annotation))
    return models[0] if len(models) == 1 else None


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def as_written(model: BaseModel) -> JsonObject:
    """JSON form of a model, without the keys that were not set."""
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)
