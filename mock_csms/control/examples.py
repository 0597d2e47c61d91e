"""Example requests and answers for the OpenAPI document, read from ``examples.json``."""

from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final

import orjson

from mock_csms.control.models.base import Responses
from mock_csms.messages import JsonObject


def example_response(description: str, **examples: Any) -> Responses:
    """Document a successful answer by named examples."""
    by_name = {name: {"summary": name, "value": value} for name, value in examples.items()}
    content = {"application/json": {"examples": by_name}}
    return {HTTPStatus.OK.value: {"description": description, "content": content}}


_examples: Final[JsonObject] = orjson.loads(files("mock_csms.control").joinpath("examples.json").read_bytes())

CALLS: Final = example_response(
    "The outcome of the command; for a glob such as `*`, an object with the outcome for each identity",
    **_examples["calls"],
)
RELEASED: Final = example_response("The commands with their outcomes", released=_examples["released"])
STATIONS: Final = example_response("The stations", stations=_examples["stations"])
FINDINGS: Final = example_response("The findings", findings=_examples["findings"])
RULES: Final = example_response("The rules", rules=_examples["rules"])

PROFILE: Final[JsonObject] = _examples["profile"]
RULE: Final[JsonObject] = _examples["rule"]
TOKEN: Final[JsonObject] = _examples["token"]
TRIAL: Final[JsonObject] = _examples["trial"]
