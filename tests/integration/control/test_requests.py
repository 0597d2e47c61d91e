"""Parsing of requests: invalid JSON and unknown parameters."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.control import (
    Mock,
    booted,
    problem_detail,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


INVALID_JSON = [
    pytest.param(b"{", id="cut short"),
    pytest.param(b'{"match": {"payload": {"a": NaN}}, "within": 0}', id="NaN"),
    pytest.param(b'{"match": {"payload": {"a": "\\ud800"}}, "within": 0}', id="lone surrogate"),
    pytest.param(b'{"match": {"payload": {"a": "\xff"}}, "within": 0}', id="not UTF-8"),
    pytest.param(
        b'{"match": {"payload": %b}, "within": 0}' % (b'{"a":' * 200 + b"1" + b"}" * 200), id="too deep"
    ),
    pytest.param(b"[" * 100_000, id="far too deep"),
]


@pytest.mark.parametrize("body", INVALID_JSON)
async def test_invalid_or_unserializable_json_is_rejected(mock: Mock, body: bytes) -> None:
    _, client = mock
    answer = await client.post("/v1/wait", content=body, headers={"Content-Type": "application/json"})
    assert "cannot be read as JSON" in problem_detail(answer, 422, "invalid-request")


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "no/such; x"]
)
async def test_body_that_parses_is_accepted_whatever_its_content_type(mock: Mock, content_type: str) -> None:
    _, client = mock
    headers = {"Content-Type": content_type} if content_type else {}
    answer = await client.post("/v1/wait", content=b'{"match": {}, "within": 0}', headers=headers)
    problem_detail(answer, 408, "wait-timeout")


async def test_missing_body_is_asked_for(mock: Mock) -> None:
    _, client = mock
    assert "send a body of JSON" in problem_detail(await client.post("/v1/wait"), 422, "invalid-request")


async def test_unknown_parameter_is_rejected_without_effect(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id):
        answer = await client.post("/v1/reset", params={"staton": "nobody"})
        boots = (await client.get(f"/v1/stations/{station_id}")).json()["boots"]
    assert "did you mean station?" in problem_detail(answer, 422, "unknown-parameter")
    assert boots == 1


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/verify", {"match": {}, "times": True}, "times"),
        ("/v1/verify", {"match": {}, "atLeast": "1"}, "atLeast"),
        ("/v1/wait", {"match": {}, "within": "1"}, "within"),
        ("/v1/wait", {"match": {}, "within": 0, "since": False}, "since"),
        ("/v1/wait", {"match": {}, "within": 0, "skip": [True]}, "skip"),
        ("/v1/stations/CS1/calls", {"action": "Reset", "split": 1}, "split"),
        ("/v1/stations/CS1/calls", {"action": "Reset", "validate": "no"}, "validate"),
        ("/v1/stations/CS1/calls", {"action": "Reset", "timeout": "1"}, "timeout"),
        ("/v1/stations/CS1/release", {"count": True}, "count"),
        ("/v1/stations/CS1/offline", {"for": "1"}, "for"),
        ("/v1/stations/CS1/offline", {"for": True}, "for"),
        ("/v1/stations/CS1/offline", {"close": "1001"}, "close"),
    ],
)
async def test_value_of_another_type_is_rejected(mock: Mock, path: str, body: JsonObject, field: str) -> None:
    _, client = mock
    assert field in problem_detail(await client.post(path, json=body), 422, "invalid-request")
