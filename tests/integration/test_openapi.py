"""Whatever is asked of the control API, the answer is one that its document knows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from tests.support.process import lasting_station, server

EXAMPLES = 30
LONGEST = 0.05
"""Seconds that a request may have the server wait."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that has a station."""
    folder: Path = tmp_path_factory.mktemp("server")
    with server(folder, "--log-level", "warning") as ready, lasting_station(ready["ws"]):
        yield ready["control"]


def _about_what_there_is(case: Any) -> None:
    """Have some requests name the station that there is, and none wait for long."""
    path = case.path_parameters or {}
    if "station_id" in path and len(str(path["station_id"])) % 2:
        path["station_id"] = "CS1"
    if case.operation.path == "/v1/events":
        case.query = {**(case.query or {}), "within": LONGEST}
    if case.operation.path == "/v1/wait" and isinstance(case.body, dict):
        case.body.setdefault("within", LONGEST)
    if isinstance(case.body, dict):
        for name in ("within", "timeout"):
            value = case.body.get(name)
            if isinstance(value, int | float) and value > LONGEST:
                case.body[name] = LONGEST


def test_no_answer_is_a_server_error_or_undocumented(control: str) -> None:
    document = schemathesis.openapi.from_url(f"{control}/openapi.json")
    labels = []
    for found in document.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        labels.append(operation.label)

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        def ask(case: Any) -> None:
            _about_what_there_is(case)
            case.call_and_validate(checks=CHECKS, timeout=10)

        ask()
    assert len(labels) >= 25


def test_every_example_of_a_body_is_one_that_can_be_sent(tmp_path: Path) -> None:
    named = {"station_id": "CS1", "id_token": "AABBCCDD", "rule_id": "example"}
    sent = {}
    with server(tmp_path, "--log-level", "warning") as ready, lasting_station(ready["ws"]):
        control = ready["control"]
        for path, method, example in _examples(httpx.get(f"{control}/openapi.json").json()):
            answer = httpx.request(method, control + path.format(**named), json=example, timeout=20)
            sent[method, path] = answer.is_success
    assert sent == dict.fromkeys(sent, True)
    assert len(sent) == 7


def _examples(document: Any) -> Iterator[tuple[str, str, Any]]:
    """The examples of bodies, with where they are to be sent."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            known = document["components"]["schemas"].get(schema.get("$ref", "").split("/")[-1], {})
            for example in schema.get("examples", known.get("examples", [])):
                yield path, method, example


def test_every_operation_and_parameter_is_described(control: str) -> None:
    document = httpx.get(f"{control}/openapi.json").json()
    operations = [it for verbs in document["paths"].values() for it in verbs.values()]
    parameters = [it for operation in operations for it in operation.get("parameters", [])]
    assert [it for it in (*operations, *parameters) if not it.get("description")] == []


def test_operations_have_short_names_that_are_theirs_alone(control: str) -> None:
    document = httpx.get(f"{control}/openapi.json").json()
    names = [it["operationId"] for verbs in document["paths"].values() for it in verbs.values()]
    assert len(names) == len(set(names))
    assert "send_call" in names
