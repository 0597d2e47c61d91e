"""Rules changed and tried through the control API."""

import pytest
from ocpp.exceptions import InternalError, SecurityError
from ocpp.v201 import call

from mock_csms.messages import JsonObject
from tests.support.control import (
    Mock,
    booted,
    driven,
    problem_detail,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_added_rule_takes_effect_until_it_is_deleted(mock: Mock, station_id: str) -> None:
    csms, client = mock
    rule = {
        "when": {"station": station_id, "action": "Heartbeat"},
        "then": {"error": {"code": "InternalError"}},
    }
    async with booted(csms, station_id) as station:
        added = await client.post("/v1/rules", json=rule)
        assert added.status_code == 201
        with pytest.raises(InternalError):
            await station.send(call.Heartbeat())
        assert (await client.delete(f"/v1/rules/{added.json()['id']}")).status_code == 204
        await station.send(call.Heartbeat())
        problem_detail(await client.delete(f"/v1/rules/{added.json()['id']}"), 404, "unknown-rule")


async def test_put_rule_replaces_the_rule_with_its_id(mock: Mock, station_id: str) -> None:
    csms, client = mock
    when = {"station": station_id, "action": "Heartbeat"}
    async with booted(csms, station_id) as station:
        for code, exception in (("InternalError", InternalError), ("SecurityError", SecurityError)):
            rule = {"when": when, "then": {"error": {"code": code}}}
            assert (await client.put(f"/v1/rules/the-{station_id}", json=rule)).json()[
                "id"
            ] == f"the-{station_id}"
            with pytest.raises(exception):
                await station.send(call.Heartbeat())
    rules = [rule for rule in (await client.get("/v1/rules")).json() if rule["id"] == f"the-{station_id}"]
    assert [rule["uses"] for rule in rules] == [{station_id: {"matches": 1, "hits": 1}}]


async def test_invalid_rule_is_422_with_a_hint(mock: Mock) -> None:
    _, client = mock
    answer = await client.post("/v1/rules", json={"when": {"action": "Hartbeat"}, "then": {"answer": {}}})
    assert "did you mean Heartbeat?" in problem_detail(answer, 422, "invalid-rule")


@pytest.mark.parametrize(
    ("rule", "detail"),
    [
        ({"then": {"answers": [{}]}}, "then.0: there is no key 'answers'; did you mean answer?"),
        ({"when": {"acton": "Heartbeat"}}, "when: there is no key 'acton'; did you mean action?"),
        (
            {"then": {"often": 1}},
            "then.0: there is no key 'often'; valid keys are answer, error, fault, command",
        ),
    ],
)
async def test_unknown_key_of_a_rule_is_refused_with_the_valid_ones(
    mock: Mock, rule: JsonObject, detail: str
) -> None:
    answer = await mock[1].post("/v1/rules", json=rule)
    assert problem_detail(answer, 422, "invalid-rule") == detail


async def test_trial_of_rules_counts_nothing(mock: Mock, station_id: str) -> None:
    _, client = mock
    condition = {"station": station_id, "action": "Authorize", "payload": {"idToken": {"idToken": "A"}}}
    rule = {"when": condition, "then": {"error": {}}, "times": 1}
    await client.put(f"/v1/rules/trial-{station_id}", json=rule)
    trial = {**condition, "payload": {"idToken": {"idToken": "A", "type": "Central"}}}
    for _ in range(2):
        answer = (await client.post("/v1/rules/match", json=trial)).json()
        assert answer == {"state": "start", "rules": [f"trial-{station_id}"]}
    other = {**condition, "payload": {"idToken": {"idToken": "B"}}}
    assert (await client.post("/v1/rules/match", json=other)).json()["rules"] == []
    (listed,) = [
        rule for rule in (await client.get("/v1/rules")).json() if rule["id"] == f"trial-{station_id}"
    ]
    assert listed["uses"] == {}


@pytest.mark.parametrize(
    ("direction", "action", "detail"),
    [
        pytest.param("call", "Hearbeat", "did you mean Heartbeat?", id="misspelt CALL"),
        pytest.param("answer", "Heartbeat", "'Heartbeat'", id="answer to a message from stations"),
    ],
)
async def test_trial_of_a_message_not_from_stations_is_422(
    mock: Mock, station_id: str, direction: str, action: str, detail: str
) -> None:
    _, client = mock
    trial = {"station": station_id, "action": action, "direction": direction}
    answer = await client.post("/v1/rules/match", json=trial)
    assert detail in problem_detail(answer, 422, "invalid-request")


async def test_trial_of_a_handshake_lists_rules_for_tls_too() -> None:
    async with driven(faults="handshake:503,handshake:expired") as (_, client):
        answer = await client.post("/v1/rules/match", json={"station": "CS1", "action": "handshake"})

    assert answer.json()["rules"] == ["handshake:expired", "handshake:503"]
