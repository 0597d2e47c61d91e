"""Scopes: changes of rules, tokens, profiles, passwords and silences that are reverted together."""

import asyncio
from typing import Any

import httpx
import pytest

from mock_csms.behaviour.layers import MAX_SCOPES
from mock_csms.behaviour.rules import Rule
from mock_csms.csms import Csms
from mock_csms.settings import Settings
from tests.support.control import Mock, booted, driven, problem_detail
from tests.support.station import raw_connection, receive

pytestmark = pytest.mark.asyncio(loop_scope="module")

SILENT = {"when": {"action": "Heartbeat"}, "then": {"fault": {"kind": "no-answer"}}}
FAILING = {"when": {"action": "Heartbeat"}, "then": {"error": {"code": "InternalError"}}}


def in_scope(name: str) -> dict[str, str]:
    """Headers with which a request makes its change in a scope."""
    return {"X-Scope": name}


async def revert_scope(client: httpx.AsyncClient, name: str) -> Any:
    """Revert a scope and return the answer."""
    answer = await client.delete(f"/v1/scopes/{name}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def rule_ids(client: httpx.AsyncClient) -> list[str]:
    """Ids of the rules in force."""
    return [rule["id"] for rule in (await client.get("/v1/rules")).json()]


async def heartbeat_interval(client: httpx.AsyncClient, station: str) -> Any:
    """The Heartbeat interval in the profile of a station."""
    return (await client.get(f"/v1/stations/{station}/profile")).json()["heartbeatInterval"]


async def test_scope_takes_all_its_changes_back() -> None:
    async with driven(tokens={"OLD": {"status": "Blocked"}}) as (csms, client):
        scope = in_scope("TC_E_41")
        added = await client.post("/v1/rules", json=SILENT, headers=scope)
        await client.put("/v1/tokens/NEW", json={"status": "Expired"}, headers=scope)
        await client.delete("/v1/tokens/old", headers=scope)
        await client.patch("/v1/stations/CS1/profile", json={"heartbeatInterval": 7}, headers=scope)
        await client.put("/v1/stations/CS2/password", json={"password": "0123456789abcdef"}, headers=scope)
        await client.patch("/v1/findings", json={"silence": ["call-unanswered"]}, headers=scope)

        details = (await client.get("/v1/scopes/TC_E_41")).json()
        summary = {"name": "TC_E_41", "rules": 1, "tokens": 2, "profiles": 2, "findings": 1}
        assert added.json()["scope"] == "TC_E_41"
        assert details == {
            "name": "TC_E_41",
            "rules": [added.json()["id"]],
            "tokens": ["NEW", "OLD"],
            "profiles": {"CS1": ["heartbeatInterval"], "CS2": ["password"]},
            "findings": ["call-unanswered"],
        }
        assert (await client.get("/v1/scopes")).json() == [summary]

        assert await revert_scope(client, "TC_E_41") == summary
        assert (await client.get("/v1/scopes")).json() == []
        assert await rule_ids(client) == []
        assert (await client.get("/v1/tokens")).json() == {"OLD": {"status": "Blocked"}}
        assert await heartbeat_interval(client, "CS1") == 300
        assert csms.profile("CS2").password is None
        assert "call-unanswered" not in csms.records.silences
        assert not csms.profiles.changes


async def test_change_that_is_taken_back_reaches_the_open_connection(mock: Mock, station_id: str) -> None:
    csms, client = mock
    rule = {**FAILING, "when": {"action": "Heartbeat", "station": station_id}}
    heartbeats = []
    async with raw_connection(csms, station_id) as connection:
        for change in ("none", "added", "reverted"):
            if change == "added":
                await client.post("/v1/rules", json=rule, headers=in_scope(station_id))
            elif change == "reverted":
                await revert_scope(client, station_id)
            await connection.send(f'[2,"{change}","Heartbeat",{{}}]')
            heartbeats.append((await receive(connection))[0])

    assert heartbeats == [3, 4, 3]


async def test_value_falls_back_to_the_next_open_scope(mock: Mock, station_id: str) -> None:
    _, client = mock
    path = f"/v1/stations/{station_id}/profile"
    await client.patch(path, json={"heartbeatInterval": 1})
    for seconds, scope in ((2, "outer"), (3, "inner")):
        await client.patch(path, json={"heartbeatInterval": seconds}, headers=in_scope(scope))
    intervals = [await heartbeat_interval(client, station_id)]
    for scope in ("inner", "outer"):
        await revert_scope(client, scope)
        intervals.append(await heartbeat_interval(client, station_id))

    assert intervals == [3, 2, 1]


async def test_later_value_outlives_the_scope_beneath_it(mock: Mock, station_id: str) -> None:
    """A scope is not a snapshot: later changes, in another scope or in none, outlive it."""
    _, client = mock
    path = f"/v1/stations/{station_id}/profile"
    changes = {"heartbeatInterval": 2, "bootStatus": "Pending"}
    await client.patch(path, json=changes, headers=in_scope("first"))
    await client.patch(path, json={"heartbeatInterval": 3}, headers=in_scope("second"))
    await client.patch(path, json={"bootStatus": "Rejected"})
    await revert_scope(client, "first")
    profile = (await client.get(path)).json()
    await revert_scope(client, "second")

    assert (profile["heartbeatInterval"], profile["bootStatus"]) == (3, "Rejected")
    assert await heartbeat_interval(client, station_id) == 300


async def test_null_in_a_scope_hides_the_change_until_it_is_taken_back(mock: Mock, station_id: str) -> None:
    _, client = mock
    path = f"/v1/stations/{station_id}/profile"
    await client.patch(path, json={"heartbeatInterval": 7})
    await client.patch(path, json={"heartbeatInterval": None}, headers=in_scope("plain"))
    hidden = await heartbeat_interval(client, station_id)
    await revert_scope(client, "plain")

    assert (hidden, await heartbeat_interval(client, station_id)) == (300, 7)


async def test_replaced_rule_comes_back_with_its_counts(mock: Mock, station_id: str) -> None:
    csms, client = mock
    rule = {"when": {"action": "Heartbeat", "station": station_id}, "set": "beating"}
    path = f"/v1/rules/kept-{station_id}"
    await client.put(path, json=rule)
    async with raw_connection(csms, station_id) as connection:
        await connection.send('[2,"1","Heartbeat",{}]')
        await receive(connection)
    before = (await client.get(path)).json()
    replaced = await client.put(path, json={**rule, "set": "other"}, headers=in_scope("rules"))
    summary = await revert_scope(client, "rules")

    assert (replaced.json()["set"], replaced.json()["uses"], summary["rules"]) == ("other", {}, 1)
    assert before["uses"] == {station_id: {"matches": 1, "hits": 1}}
    assert (await client.get(path)).json() == before


async def test_rule_that_a_scope_deletes_comes_back(mock: Mock, station_id: str) -> None:
    _, client = mock
    path = f"/v1/rules/deleted-{station_id}"
    await client.put(path, json=SILENT)
    await client.delete(path, headers=in_scope("deleting"))
    problem_detail(await client.get(path), 404, "unknown-rule")
    await revert_scope(client, "deleting")

    assert (await client.get(path)).status_code == 200
    await client.delete(path)


async def test_rule_deleted_without_a_scope_stays_deleted(mock: Mock, station_id: str) -> None:
    _, client = mock
    path = f"/v1/rules/gone-{station_id}"
    await client.put(path, json=SILENT)
    await client.put(path, json=FAILING, headers=in_scope("rules"))
    await client.delete(path)

    problem_detail(await client.get(path), 404, "unknown-rule")
    problem_detail(await client.delete("/v1/scopes/rules"), 404, "unknown-scope")


def rule(state: str, rule_id: str = "beat") -> Rule:
    """A rule that gives a station the state ``state``, a label for other rules, at each Heartbeat."""
    return Rule.model_validate({"id": rule_id, "when": {"action": "Heartbeat"}, "set": state})


async def test_reload_replaces_the_rule_beneath_a_scope() -> None:
    async with driven(rules=[rule("old")]) as (csms, client):
        await client.put("/v1/rules/beat", json=SILENT, headers=in_scope("reloaded"))
        csms.apply(Settings(port=0, rules=(rule("new"), rule("other", "second"))))
        covered = csms.rulebook.find("beat")
        await revert_scope(client, "reloaded")
        states = {one.id: one.set for one in csms.rulebook}

    assert covered is not None
    assert covered.rule.set is None
    assert states == {"beat": "new", "second": "other"}


async def test_rule_that_left_the_settings_does_not_come_back() -> None:
    async with driven(rules=[rule("old")]) as (csms, client):
        await client.delete("/v1/rules/beat", headers=in_scope("reloaded"))
        csms.apply(Settings(port=0, rules=(rule("old"),)))
        while_deleted = list(csms.rulebook)
        csms.apply(Settings(port=0))
        await revert_scope(client, "reloaded")

        assert (while_deleted, list(csms.rulebook)) == ([], [])


async def test_faults_of_a_profile_follow_its_scopes(mock: Mock, station_id: str) -> None:
    csms, client = mock
    path, fault = f"/v1/stations/{station_id}/profile", "Heartbeat:no-answer"
    await client.patch(path, json={"faults": [fault]})
    await client.patch(path, json={"faults": [f"{fault}:nth=2"]}, headers=in_scope("faults"))
    inside = [one.id for one in csms.rulebook if one.id and station_id in one.id]
    await revert_scope(client, "faults")
    outside = [one.id for one in csms.rulebook if one.id and station_id in one.id]
    await client.patch(path, json={"faults": None})

    assert inside == [f"changed {station_id}: {fault}:nth=2"]
    assert outside == [f"changed {station_id}: {fault}"]


async def test_reset_reverts_changes_in_scopes_and_keeps_their_rules() -> None:
    async with driven() as (csms, client):
        scope = in_scope("reset")
        await client.put("/v1/rules/kept", json=SILENT, headers=scope)
        await client.put("/v1/tokens/A", json={"status": "Blocked"}, headers=scope)
        await client.patch("/v1/stations/CS1/profile", json={"heartbeatInterval": 7}, headers=scope)
        await client.patch("/v1/findings", json={"silence": ["call-unanswered"]}, headers=scope)
        await client.post("/v1/reset")

        [summary] = (await client.get("/v1/scopes")).json()
        assert summary == {"name": "reset", "rules": 1, "tokens": 0, "profiles": 0, "findings": 0}
        assert (csms.profiles.tokens, csms.profiles.changes) == ({}, {})


async def test_reset_of_a_station_with_its_profile_ends_its_scope(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id):
        change = {"heartbeatInterval": 7}
        await client.patch(f"/v1/stations/{station_id}/profile", json=change, headers=in_scope("one"))
        await client.post("/v1/reset", params={"station": station_id, "profiles": True})

    assert (await client.get("/v1/scopes")).json() == []


async def test_boot_sequence_begins_again_when_it_is_taken_back(mock: Mock, station_id: str) -> None:
    csms, client = mock
    path = f"/v1/stations/{station_id}/profile"
    await client.patch(path, json={"bootStatusSequence": ["Rejected", "Accepted"]})
    async with booted(csms, station_id):
        await client.patch(path, json={"bootStatusSequence": ["Pending"]}, headers=in_scope("boots"))
    await revert_scope(client, "boots")
    async with booted(csms, station_id):
        assert csms.stations[station_id].registration == "Rejected"


async def test_name_of_a_scope_may_have_slashes_and_spaces(mock: Mock) -> None:
    _, client = mock
    name = "tests/test_x.py::test_y[a b]"
    await client.put("/v1/tokens/SCOPED", json={}, headers=in_scope(name))

    assert (await client.delete("/v1/scopes/tests%2Ftest_x.py::test_y[a%20b]")).json()["name"] == name


@pytest.mark.parametrize("name", ["", "x" * 201, "caf\u00e9", "a\tb"])
async def test_invalid_name_of_a_scope_is_422_and_changes_nothing(mock: Mock, name: str) -> None:
    csms, client = mock
    answer = await client.put("/v1/tokens/X", json={}, headers={b"X-Scope": name.encode("latin-1")})

    assert "1 to 200 visible ASCII characters" in problem_detail(answer, 422, "invalid-request")
    assert "X" not in csms.profiles.tokens


async def test_unknown_scope_is_404_with_a_suggestion(mock: Mock) -> None:
    _, client = mock
    await client.put("/v1/tokens/X", json={}, headers=in_scope("TC_E_41"))
    for method in ("GET", "DELETE"):
        answer = await client.request(method, "/v1/scopes/TC_E_14")
        assert "did you mean TC_E_41?" in problem_detail(answer, 404, "unknown-scope")
    await revert_scope(client, "TC_E_41")


async def test_change_with_a_problem_opens_no_scope(mock: Mock) -> None:
    _, client = mock
    scope = in_scope("refused")
    answers = [
        await client.post("/v1/rules", json={"when": {"action": "Hartbeat"}}, headers=scope),
        await client.put("/v1/tokens/X", json={"status": "Nope"}, headers=scope),
        await client.patch("/v1/stations/CS1/profile", json={"bootStatus": "Nope"}, headers=scope),
        await client.patch("/v1/findings", json={"silence": ["nope"]}, headers=scope),
        await client.delete("/v1/rules/nope", headers=scope),
        await client.delete("/v1/tokens/nope", headers=scope),
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422, 422, 404, 404]
    assert (await client.get("/v1/scopes")).json() == []


async def test_scopes_past_the_maximum_are_409() -> None:
    async with driven() as (csms, client):
        for number in range(MAX_SCOPES):
            csms.change_token("A", None, f"scope-{number}")
        rule = await client.post("/v1/rules", json=SILENT, headers=in_scope("one-more"))
        known = await client.post("/v1/rules", json=SILENT, headers=in_scope("scope-7"))

        assert "1000 scopes are open" in problem_detail(rule, 409, "too-many-scopes")
        assert known.status_code == 201


async def test_long_scope_is_taken_back_in_slices() -> None:
    async with driven() as (csms, client):
        fill(csms, "long", stations=6_000)
        turns: list[None] = []
        watching = asyncio.create_task(count_turns(turns))
        await revert_scope(client, "long")
        watching.cancel()

        assert not csms.profiles.changes
        assert len(turns) > 50


def fill(csms: Csms, scope: str, stations: int) -> None:
    """Change the profiles of many stations in a scope."""
    for number in range(stations):
        csms.profiles.change(f"CS{number}", {"heartbeat_interval": 7}, ["heartbeat_interval"], scope)


async def count_turns(turns: list[None]) -> None:
    """Add an item to ``turns`` in each iteration of the event loop, until cancelled."""
    while True:
        await asyncio.sleep(0)
        turns.append(None)
