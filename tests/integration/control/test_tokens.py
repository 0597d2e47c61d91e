"""Tokens changed through the control API."""

import pytest

from tests.support.control import (
    Mock,
    authorize,
    booted,
    driven,
    problem_detail,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_added_token_takes_effect_until_it_is_deleted() -> None:
    async with driven(unknown_token="Unknown") as (csms, client), booted(csms) as station:
        token = {"status": "NoCredit", "cacheExpiry": 60}
        answer = await client.put("/v1/tokens/AABBCCDD", json=token)
        assert answer.json() == token
        assert (await client.get("/v1/tokens")).json() == {"AABBCCDD": token}
        assert await authorize(station) == "NoCredit"
        assert (await client.delete("/v1/tokens/aabbccdd")).status_code == 204
        assert await authorize(station) == "Unknown"
        problem_detail(await client.delete("/v1/tokens/AABBCCDD"), 404, "unknown-token")


async def test_token_with_an_invalid_status_is_422(mock: Mock) -> None:
    _, client = mock
    answer = await client.put("/v1/tokens/AABBCCDD", json={"status": "Broke"})
    assert "status" in problem_detail(answer, 422, "invalid-token")
    answer = await client.put("/v1/tokens/AABBCCDD", json={"status": "blocked"})
    assert "not 'blocked'; did you mean Blocked?" in problem_detail(answer, 422, "invalid-token")


async def test_each_invalid_field_of_a_token_is_named(mock: Mock) -> None:
    token = {"cacheExpiry": "soon", "evseId": ["first"]}
    detail = problem_detail(await mock[1].put("/v1/tokens/AABBCCDD", json=token), 422, "invalid-token")
    assert detail.split("; ") == [
        "cacheExpiry: Input should be a valid number or a valid datetime or date",
        "evseId.0: Input should be a valid integer",
    ]
