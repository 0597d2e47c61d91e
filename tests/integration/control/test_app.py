"""The control API as an application: health check, documentation, redirect."""

import re

import pytest

from mock_csms import __version__
from tests.conftest import LogLines
from tests.support.control import (
    Mock,
    problem_detail,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_health_returns_status_and_version(mock: Mock) -> None:
    _, client = mock
    assert (await client.get("/health")).json() == {"status": "ok", "version": __version__}


async def test_docs_load_nothing_from_other_hosts(mock: Mock) -> None:
    _, client = mock
    answer = await client.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert not re.search(r"(?:https?:)?//[a-z0-9-]+\.", answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "/v1/stations/{station_id}/calls" in (await client.get("/openapi.json")).json()["paths"]


async def test_unknown_path_points_to_the_documentation(mock: Mock) -> None:
    _, client = mock
    assert "/docs" in problem_detail(await client.get("/v1"), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/v1/stations/CS1/call", "calls"),
        ("PATCH", "/v1/stations/CS1/profil", "profile"),
        ("POST", "/v1/verfy", "verify"),
        ("GET", "/v1/jornal", "journal"),
    ],
)
async def test_mistyped_name_in_a_path_is_suggested(mock: Mock, method: str, path: str, name: str) -> None:
    answer = await mock[1].request(method, path, json={})
    detail = problem_detail(answer, 404, "not-found")
    assert detail == f"there is no {method} {path}; did you mean {name}?"


async def test_station_that_connects_to_the_control_api_leaves_a_line_with_the_remedy(
    mock: Mock, log_lines: LogLines
) -> None:
    _, client = mock
    headers = {"Connection": "Upgrade", "Upgrade": "websocket"}
    problem_detail(await client.get("/CS1", headers=headers), 404, "not-found")

    assert await log_lines.wait_for("127.0.0.1 asked the control API for a WebSocket")
