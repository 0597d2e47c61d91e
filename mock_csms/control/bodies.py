"""Bodies of requests and answers that are models of the settings, such as rules and tokens."""

from http import HTTPStatus

from pydantic import BaseModel, ValidationError

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
    """Hint with the valid keys, if an error is about an unknown key at the top level."""
    first_error = error.errors(include_url=False)[0]
    if first_error["type"] != "extra_forbidden" or len(first_error["loc"]) > 1:
        return ""
    return f"; valid keys are {', '.join(field.alias or name for name, field in model.model_fields.items())}"


def as_written(model: BaseModel) -> JsonObject:
    """JSON form of a model, without the keys that were not set."""
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)
