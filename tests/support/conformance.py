"""Validates answers of the control API against its OpenAPI document."""

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import jsonschema_rs

from mock_csms.control.app import make
from mock_csms.csms import Csms
from mock_csms.settings import Settings
from server import VERSIONS

type Json = dict[str, Any]


class Operation(NamedTuple):
    """An operation of the OpenAPI document."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@cache
def openapi_document() -> Json:
    """Return the OpenAPI document, which is made only once because it does not depend on the settings."""
    csms = Csms(Settings.model_validate({"port": 0}), VERSIONS)
    return dict(make(csms, "127.0.0.1", Path()).openapi())


@cache
def operations() -> dict[Operation, Json]:
    """Operations of the document; references to shared responses are resolved."""
    return {
        Operation(method.upper(), path): {**operation, "responses": _resolved(operation["responses"])}
        for path, methods in openapi_document()["paths"].items()
        for method, operation in methods.items()
    }


def _resolved(responses: Json) -> Json:
    shared = openapi_document()["components"]["responses"]
    return {
        status: shared[response["$ref"].rpartition("/")[2]] if "$ref" in response else response
        for status, response in responses.items()
    }


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Return pairs of a pattern and the path template that it matches, the most specific first."""
    paths = {operation.path for operation in operations()}
    by_text = {path: re.split(r"\{\w+\}", path) for path in paths}
    most_literal_first = sorted(paths, key=lambda path: -sum(map(len, by_text[path])))
    return [(re.compile(".+".join(map(re.escape, by_text[path])), re.S), path) for path in most_literal_first]


def operation_of(request: httpx.Request) -> Operation | None:
    """Find the operation of a request; None if the document has none."""
    path = request.url.raw_path.decode("latin-1").partition("?")[0]
    found = next((template for pattern, template in _patterns() if pattern.fullmatch(path)), None)
    operation = Operation(request.method, found or "")
    return operation if operation in operations() else None


@cache
def validator_of(operation: Operation, status: int, media_type: str) -> Any:
    """Make a validator of answer bodies; raise AssertionError if the document lacks the status or type."""
    responses = operations()[operation]["responses"]
    documented = responses.get(str(status)) or responses.get(f"{status // 100}XX")
    assert documented, f"{operation}: the document has no status {status}"
    content = documented.get("content", {})
    assert media_type in content, f"{operation}: {status} has no {media_type} in the document"
    return validator(content[media_type].get("schema", {}))


def validator(schema: Json) -> Any:
    """Make a validator of a schema of the document."""
    return jsonschema_rs.validator_for({**schema, "components": openapi_document()["components"]})


async def check_answer(answer: httpx.Response) -> None:
    """Assert that status, media type and JSON body of an answer match the OpenAPI document."""
    operation = operation_of(answer.request)
    if operation is None or answer.status_code in {204, 405}:  # 405: the path has other methods
        return
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    checked = validator_of(operation, answer.status_code, media_type)
    if media_type.endswith("json"):
        await answer.aread()
        for error in checked.iter_errors(answer.json()):
            path = ".".join(map(str, error.instance_path))
            raise AssertionError(f"{operation}, {answer.status_code}: {path}: {error.message}")
