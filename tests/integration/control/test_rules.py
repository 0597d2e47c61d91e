"""Rules changed and tried through the control API."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from ocpp.exceptions import InternalError, SecurityError
from ocpp.v201 import call

from mock_csms.behaviour.rulebook import Rulebook
from mock_csms.messages import JsonObject
from server import OCPP_VERSIONS
from tests.support.control import (
    Mock,
    booted,
    driven,
    problem_detail,
)
from tests.support.secured import station_context, wss_url
from tests.support.settings import settings_of_file
from tests.support.station import connected_to

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


# Disabled rules


async def test_disabled_rule_is_listed_but_applies_to_no_message(mock: Mock, station_id: str) -> None:
    csms, client = mock
    when, path = {"station": station_id, "action": "Heartbeat"}, f"/v1/rules/the-{station_id}"
    async with booted(csms, station_id) as station:
        await client.put(path, json={"when": when, "then": {"error": {"code": "InternalError"}}})
        with pytest.raises(InternalError):
            await station.send(call.Heartbeat())
        disabled = (await client.patch(path, json={"enabled": False})).json()
        await station.send(call.Heartbeat())
        assert disabled["enabled"] is False
        assert (await client.get(path)).json() == disabled
        assert (await client.post("/v1/rules/match", json=when)).json()["rules"] == []
        enabled = (await client.patch(path, json={"enabled": True})).json()
        assert (enabled["enabled"], enabled["uses"]) == (True, {station_id: {"matches": 1, "hits": 1}})
        with pytest.raises(InternalError):
            await station.send(call.Heartbeat())


async def test_rule_can_be_added_disabled(mock: Mock, station_id: str) -> None:
    csms, client = mock
    rule = {"when": {"station": station_id}, "then": {"error": {}}, "enabled": False}
    async with booted(csms, station_id) as station:
        assert (await client.post("/v1/rules", json=rule)).json()["enabled"] is False
        await station.send(call.Heartbeat())


async def test_disabled_rules_about_handshakes_let_stations_in() -> None:
    async with driven(faults=("handshake:503", "handshake:expired"), tls=True) as (csms, client):
        for name in ("handshake:503", "handshake:expired"):
            await client.patch(f"/v1/rules/{name}", json={"enabled": False})
        async with connected_to(
            wss_url(csms), "CS1", ssl=station_context(csms.authority.root_pem)
        ) as station:
            await station.boot()


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({}, "enabled"),
        ({"enabled": "no"}, "enabled"),
        ({"enabled": None}, "enabled"),
        ({"enable": True}, "did you mean enabled?"),
        ({"enabled": True, "times": 2}, "times"),
        ([], "body"),
    ],
    ids=str,
)
async def test_invalid_change_of_a_rule_is_422(mock: Mock, station_id: str, change: Any, detail: str) -> None:
    _, client = mock
    path = f"/v1/rules/the-{station_id}"
    await client.put(path, json={"when": {"station": station_id}, "then": {"error": {}}})
    assert detail in problem_detail(await client.patch(path, json=change), 422, "invalid-request")
    assert (await client.get(path)).json()["enabled"] is True


async def test_change_of_an_unknown_rule_is_404_with_a_hint(mock: Mock, station_id: str) -> None:
    _, client = mock
    await client.put(f"/v1/rules/the-{station_id}", json={"when": {"station": station_id}, "set": "x"})
    answer = await client.patch(f"/v1/rules/the{station_id}", json={"enabled": False})
    assert f"did you mean the-{station_id}?" in problem_detail(answer, 404, "unknown-rule")


async def test_rule_is_switched_in_a_scope_until_that_is_taken_back(mock: Mock, station_id: str) -> None:
    _, client = mock
    path = f"/v1/rules/the-{station_id}"
    await client.put(path, json={"when": {"station": station_id}, "then": {"error": {}}})
    switched = await client.patch(path, json={"enabled": False}, headers={"X-Scope": station_id})
    assert (switched.json()["enabled"], switched.json()["scope"]) == (False, station_id)
    await client.delete(f"/v1/scopes/{station_id}")
    rule = (await client.get(path)).json()
    assert (rule["enabled"], "scope" in rule) == (True, False)


async def test_rules_can_be_switched_past_their_maximum_number_but_not_in_a_scope(
    mock: Mock, station_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, client = mock
    path, rule = f"/v1/rules/the-{station_id}", {"when": {"station": station_id}, "then": {"error": {}}}
    await client.put(path, json=rule, headers={"X-Scope": "outer"})
    monkeypatch.setattr("mock_csms.behaviour.rulebook.MAX_RULES", 0)
    assert (await client.patch(path, json={"enabled": False})).json()["enabled"] is False
    answer = await client.patch(path, json={"enabled": True}, headers={"X-Scope": "inner"})
    problem_detail(answer, 409, "too-many-rules")


# TOML

AS_TOML = {"Accept": "application/toml"}
RULES: list[dict[str, Any]] = [
    {"id": "first", "when": {"action": "Heartbeat"}, "then": {"error": {"details": {"a": [1, {"b": 1.5}]}}}},
    {
        "id": 'a "quoted"\nname',
        "when": {
            "station": "CS*",
            "action": "Authorize",
            "payload": {"idToken": {"type": "eMAID"}},
            "nth": 2,
        },
        "then": [{"answer": {"idTokenInfo": {"status": "Blocked"}}}, {"fault": "delay=2"}],
        "times": 3,
        "enabled": False,
    },
    {
        "id": "unusual",
        "when": {"action": "Heartbeat"},
        "then": {"answer": {"x": "\x00\u202e\\"}},
        "validate": False,
    },
    {"id": "set", "when": {"action": "handshake"}, "fault": {"kind": "503"}, "set": "up", "priority": 1},
    {"id": "a", "when": {"action": "Heartbeat"}, "set": "short"},
    {"id": "b", "when": {"action": "Heartbeat"}, "then": {"error": {}}},
    {"id": "sent", "when": {"action": "GetBaseReport"}, "fault": "fragmented", "probability": 0.5, "ttl": 60},
]


async def test_rules_in_toml_are_a_settings_file_with_the_same_rules(tmp_path: Path) -> None:
    async with driven() as (csms, client):
        for rule in RULES:
            assert (await client.post("/v1/rules", json=rule)).status_code == 201
        answer = await client.get("/v1/rules", headers=AS_TOML)
        in_order = [rule.model_dump() for rule in csms.rulebook]
    file = tmp_path / "rules.toml"
    file.write_text(answer.text, encoding="utf-8")
    read_back = Rulebook(OCPP_VERSIONS, settings_of_file(file).all_rules())
    assert answer.headers["content-type"] == "application/toml"
    assert [rule.model_dump() for rule in read_back] == in_order
    assert len(in_order) == len(RULES)


async def test_one_rule_in_toml_is_a_settings_file(mock: Mock, station_id: str, tmp_path: Path) -> None:
    csms, client = mock
    path = f"/v1/rules/the-{station_id}"
    await client.put(path, json={"when": {"station": station_id}, "then": {"fault": "delay=1"}})
    await client.patch(path, json={"enabled": False})
    file = tmp_path / "rules.toml"
    file.write_text((await client.get(path, headers=AS_TOML)).text, encoding="utf-8")
    (rule,) = settings_of_file(file).all_rules()
    stored = csms.rulebook.find(f"the-{station_id}")
    assert stored is not None
    assert (rule.model_dump(), rule.enabled) == (stored.rule.model_dump(), False)


async def test_rule_with_a_null_is_a_comment_in_toml(mock: Mock, station_id: str, tmp_path: Path) -> None:
    _, client = mock
    rule = {"id": f"{station_id}\nport = 1", "when": {"action": "BootNotification"}}
    added = await client.post("/v1/rules", json={**rule, "then": {"answer": {"customData": None}}})
    answer = await client.get(f"/v1/rules/{quote(added.json()['id'])}", headers=AS_TOML)
    file = tmp_path / "rules.toml"
    file.write_text(answer.text, encoding="utf-8")
    assert (
        answer.text == f"# {station_id}\\nport = 1: this rule has a null, which TOML cannot express; "
        "the control API returns it as JSON\n"
    )
    assert list(settings_of_file(file).all_rules()) == []


async def test_no_rules_in_toml_are_an_empty_file() -> None:
    async with driven() as (_, client):
        assert (await client.get("/v1/rules", headers=AS_TOML)).text == ""


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/toml", "application/toml"),
        ("Application/TOML; charset=utf-8", "application/toml"),
        ("application/json;q=0.5, application/toml", "application/toml"),
        ("*/*", "application/json"),
        ("application/json, application/toml", "application/json"),
        ("application/json, application/toml;q=0.9", "application/json"),
        ("application/toml;q=0", "application/json"),
        ("application/toml; q=never", "application/toml"),
        (";,;q=,application/", "application/json"),
        ("", "application/json"),
    ],
)
async def test_rules_are_in_the_form_that_the_client_prefers(
    mock: Mock, accept: str, media_type: str
) -> None:
    answer = await mock[1].get("/v1/rules", headers={"Accept": accept})
    assert answer.headers["content-type"] == media_type


async def test_rules_in_toml_are_written_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = 0

    async def count_turn() -> None:
        nonlocal turns
        turns += 1

    async with driven(faults=tuple(f"Heartbeat:delay={number}" for number in range(50))) as (_, client):
        monkeypatch.setattr("mock_csms.control.responses.SLICE_S", 0.0)
        monkeypatch.setattr("mock_csms.control.responses.next_slice", count_turn)
        answer = await client.get("/v1/rules", headers=AS_TOML)
    assert (answer.text.count("[[rules]]"), turns) == (50, 50)
