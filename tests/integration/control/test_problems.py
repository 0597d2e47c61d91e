"""Errors of the control API as problem details."""

from typing import Any

import pytest

from tests.support.control import (
    Mock,
    problem_detail,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        pytest.param("GET", "/nothing", 404, "not-found", id="unknown path"),
        pytest.param("DELETE", "/v1/stations", 405, "method-not-allowed", id="unknown method"),
        pytest.param("GET", "/v1/journal?limit=0", 422, "invalid-request", id="invalid parameter"),
        pytest.param("POST", "/v1/wait", 422, "invalid-request", id="missing body"),
    ],
)
async def test_error_is_answered_with_problem_details(
    mock: Mock, method: str, path: str, status: int, kind: str
) -> None:
    _, client = mock
    assert problem_detail(await client.request(method, path), status, kind)


async def test_problems_of_all_routes_are_documented(mock: Mock) -> None:
    _, client = mock
    paths = (await client.get("/openapi.json")).json()["paths"]
    for operation in (operation for path in paths.values() for operation in path.values()):
        statuses = {"403", "408", "413", "422", "500", "503"} | ({"401"} if operation["security"] else set())
        assert statuses <= set(operation["responses"]), operation


async def test_several_errors_are_all_named(mock: Mock, station_id: str) -> None:
    _, client = mock
    answer = await client.post(f"/v1/stations/{station_id}/calls", json={"timeout": 0})
    assert problem_detail(answer, 422, "invalid-request") == (
        "body.action is missing; body.timeout: Input should be greater than 0"
    )


@pytest.mark.parametrize(
    ("operation", "body", "kind", "detail"),
    [
        pytest.param(
            "POST /v1/stations/CS1/calls",
            {"Action": "Reset"},
            "invalid-request",
            "body: there is no key 'Action'; did you mean action?",
            id="misspelt instead of a required key",
        ),
        pytest.param(
            "POST /v1/wait",
            {"action": "Heartbeat"},
            "invalid-request",
            "body: there is no key 'action'; write it in \"match\"",
            id="condition outside of the match",
        ),
        pytest.param(
            "POST /v1/wait",
            {"any": [{}, {"acton": "Heartbeat"}]},
            "invalid-request",
            "body.any.1: there is no key 'acton'; did you mean action?",
            id="in an item of a list",
        ),
        pytest.param(
            "PATCH /v1/findings",
            {"x" * 1000: ""},
            "invalid-request",
            f"body: there is no key '{'x' * 97}...'; valid keys are silence, report",
            id="similar to no key",
        ),
        pytest.param(
            "POST /v1/rules",
            {"action": "Heartbeat", "fault": "no-answer"},
            "invalid-rule",
            "there is no key 'action'; write it in \"when\"",
            id="condition outside of when",
        ),
        pytest.param(
            "POST /v1/rules",
            {"then": {"fault": {"kind": "delay", "second": 5}}},
            "invalid-rule",
            "then.0.fault: there is no key 'second'; did you mean seconds?",
            id="parameter of a fault",
        ),
        pytest.param(
            "PUT /v1/tokens/AABBCCDD",
            {"Status": "Blocked"},
            "invalid-token",
            "there is no key 'Status'; did you mean status?",
            id="of a token",
        ),
    ],
)
async def test_unknown_key_is_refused_with_what_to_write_instead(
    mock: Mock, operation: str, body: dict[str, Any], kind: str, detail: str
) -> None:
    _, client = mock
    answer = await client.request(*operation.split(), json=body)
    assert problem_detail(answer, 422, kind) == detail


async def test_body_that_is_not_an_object_is_refused_in_words_of_json(mock: Mock) -> None:
    _, client = mock
    answer = await client.post("/v1/wait", json=["Heartbeat"])
    assert problem_detail(answer, 422, "invalid-request") == "body: write a JSON object"


async def test_many_unknown_keys_are_refused_with_three_sentences(mock: Mock) -> None:
    _, client = mock
    answer = await client.post("/v1/wait", json={f"key {number}": 0 for number in range(5000)})
    assert problem_detail(answer, 422, "invalid-request").count("there is no key") == 3


@pytest.mark.parametrize(
    ("method", "path", "methods"),
    [
        pytest.param("GET", "/v1/wait", ["POST"], id="one method"),
        pytest.param("PATCH", "/v1/rules", ["GET", "POST"], id="one route for each method"),
        pytest.param(
            "DELETE", "/v1/stations/CS1/calls", ["POST"], id="path of another operation matches too"
        ),
        pytest.param("GET", "/v1/stations/CS1/password", ["PUT"], id="operation of another path matches too"),
        pytest.param("POST", "/health", ["GET"], id="route without a router"),
    ],
)
async def test_unknown_method_is_refused_with_the_methods_to_use(
    mock: Mock, method: str, path: str, methods: list[str]
) -> None:
    _, client = mock
    answer = await client.request(method, path)
    detail = problem_detail(answer, 405, "method-not-allowed")
    use = f"use {' or '.join(methods)}, or another path: /docs lists the operations"
    assert detail == f"there is no {method} {path}; {use}"
    assert answer.headers["allow"] == ", ".join(methods)


async def test_internal_failure_is_answered_with_problem_details(
    mock: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    csms, client = mock
    monkeypatch.setattr(csms, "stations", None)
    problem_detail(await client.get("/v1/stations"), 500, "internal-server-error")
