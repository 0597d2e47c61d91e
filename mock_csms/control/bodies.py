"""Request and response bodies whose models the settings file uses too, such as `Rule` and `Token`."""

from http import HTTPStatus

from pydantic import BaseModel, ValidationError

from mock_csms.control.flaws import Shape, describe
from mock_csms.control.problems import Problem
from mock_csms.messages import JsonObject


def validated[Model: BaseModel](model: type[Model], value: JsonObject, kind: str) -> Model:
    """Parse a body into a model; raises Problem of the given kind if it is invalid."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        detail = describe(error, shape=Shape(model, value=value))
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, kind, detail) from None


def as_written(model: BaseModel) -> JsonObject:
    """JSON form of a model, without the keys that were not set."""
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)
