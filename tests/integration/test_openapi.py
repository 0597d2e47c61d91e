"""Answers of the control API to generated requests conform to its OpenAPI document."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.process import lasting_station, server

EXAMPLES = 30
MAX_WAIT_S = 0.05
"""Maximum seconds that a generated request waits in the server."""
schemathesis.serializer.alias("application/ocsp-request", "application/octet-stream")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the control API of a server with a connected station, CS1."""
    folder: Path = tmp_path_factory.mktemp("server")
    with server(folder, "--log-level", "warning") as ready, lasting_station(ready["ws"]):
        yield ready["control"]


def _use_known_station_and_short_waits(case: Any) -> None:
    """Make about half of the requests name the connected station, and all of them wait briefly."""
    path = case.path_parameters or {}
    if "station_id" in path and len(str(path["station_id"])) % 2:
        path["station_id"] = "CS1"
    if case.operation.path == "/v1/events":
        case.query = {**(case.query or {}), "within": MAX_WAIT_S}
    if case.operation.path.startswith("/files/"):
        case.query = _with_brief_transfer(case.query or {})
    if isinstance(case.body, dict) and (case.operation.path == "/v1/wait" or case.body.get("when")):
        case.body["within"] = case.body.get("within") or MAX_WAIT_S
    if isinstance(case.body, dict):
        for name in ("within", "timeout"):
            value = case.body.get(name)
            if isinstance(value, int | float) and value > MAX_WAIT_S:
                case.body[name] = MAX_WAIT_S


def _with_brief_transfer(query: dict[str, Any]) -> dict[str, Any]:
    """Return the query of a file transfer, changed to make it brief and to ask for no status above 499."""
    parameters = dict(query)
    if isinstance(seconds := query.get("seconds"), int | float) and seconds > MAX_WAIT_S:
        parameters["seconds"] = MAX_WAIT_S
    if isinstance(status := query.get("status"), int) and status >= 500:
        parameters["status"] = 403
    return parameters


def test_generated_requests_get_documented_answers(control: str) -> None:
    document = schemathesis.openapi.from_url(f"{control}/openapi.json")
    labels = []
    for loaded in document.get_all_operations():
        assert isinstance(loaded, Ok)
        operation = loaded.ok()
        labels.append(operation.label)

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        def send_request(case: Any) -> None:
            _use_known_station_and_short_waits(case)
            case.call_and_validate(checks=CHECKS, timeout=10)

        send_request()
    assert len(labels) >= 25


def test_documented_example_bodies_are_accepted(tmp_path: Path) -> None:
    path_parameters = {
        "station_id": "CS1",
        "id_token": "AABBCCDD",
        "rule_id": "example",
        "name": "main",
        "prompt_id": "7",
    }
    is_success = {}
    with server(tmp_path, "--log-level", "warning") as ready, lasting_station(ready["ws"]):
        control = ready["control"]
        for path, method, example in _examples(httpx.get(f"{control}/openapi.json").json()):
            answer = httpx.request(method, control + path.format(**path_parameters), json=example, timeout=20)
            is_success[method, path] = answer.is_success
    assert is_success == dict.fromkeys(is_success, True)
    assert len(is_success) >= 9


def _examples(document: Any) -> Iterator[tuple[str, str, Any]]:
    """Example bodies, with the path and method of their operation."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            component = document["components"]["schemas"].get(schema.get("$ref", "").split("/")[-1], {})
            for example in schema.get("examples", component.get("examples", [])):
                yield path, method, example


def test_operation_ids_are_unique_function_names(control: str) -> None:
    document = httpx.get(f"{control}/openapi.json").json()
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert "send_call" in names
