"""Errors of the control API as problem details."""

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
    answer = await client.post(f"/v1/stations/{station_id}/calls", json={"Action": "Reset"})
    detail = problem_detail(answer, 422, "invalid-request")
    assert ("body.action: Field required" in detail, "body.Action" in detail) == (True, True)


async def test_internal_failure_is_answered_with_problem_details(
    mock: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    csms, client = mock
    monkeypatch.setattr(csms, "stations", None)
    problem_detail(await client.get("/v1/stations"), 500, "internal-server-error")
