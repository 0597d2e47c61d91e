"""Stations whose identities have characters with a meaning in globs or URLs."""

import asyncio
import json
from urllib.parse import quote

import pytest

from tests.support.control import (
    Mock,
    booted,
    booted_raw,
    driven,
    journal_entries,
    problem_detail,
    send_command,
)
from tests.support.station import PATIENCE, raw_connection

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAMES = [
    "CS[1]",
    "a/b",
    "a/profile",
    "x/calls",
    "%2F",
    "c%25d",
    "Lade säule",
    "?",
    "a\ufdd0s",
    "a b",
    "{id}",
    "..",
]


@pytest.mark.parametrize("name", NAMES)
async def test_station_of_any_name_is_reached_by_every_route(mock: Mock, name: str) -> None:
    csms, client = mock
    path = f"/v1/stations/{quote(name, safe='')}".replace("/..", "/%2E%2E")
    async with booted_raw(csms, quote(name, safe="")), booted_raw(csms, "CS1"):
        assert (await client.get(path)).json()["id"] == name
        command = await client.post(f"{path}/calls", json={"action": "Reset", "timeout": 0.01})
        assert command.json()["outcome"] == "timeout"
        changed = await client.patch(f"{path}/profile", json={"heartbeatInterval": 7})
        assert (changed.status_code, csms.profile(name).heartbeat_interval) == (200, 7)
        assert {entry["station"] for entry in await journal_entries(client, station=name)} == {name}
        wait = {"match": {"station": name, "action": "Reset"}, "since": 0, "within": 0}
        (entry,) = (await client.post("/v1/wait", json=wait)).json()["entries"]
        assert entry["station"] == name
        reset = await client.post("/v1/reset", params={"station": name, "profiles": True})
        assert (reset.status_code, csms.stations[name].boots) == (204, 0)
        assert csms.stations["CS1"].boots
        assert (await client.delete(f"{path}/connection", params={"abort": True})).status_code == 204


async def test_star_means_all_stations_though_one_is_called_star() -> None:
    async with driven() as (csms, client), booted_raw(csms, "*"), booted_raw(csms, "CS1"):
        everyone = await send_command(client, "*", "Reset", timeout=0.01)
        star = await send_command(client, "[*]", "Reset", timeout=0.01)
        assert (set(everyone.json()), set(star.json())) == ({"*", "CS1"}, {"*"})
        assert (await client.get("/v1/stations/*")).json()["id"] == "*"


async def test_plain_slash_in_a_path_belongs_to_the_identity(mock: Mock) -> None:
    csms, client = mock
    async with booted(csms, "north%2F7"):
        assert (await client.get("/v1/stations/north/7")).json()["id"] == "north/7"
        assert (await client.get("/v1/stations/north/7/profile")).status_code == 200


async def test_glob_matches_if_no_station_has_this_identity(mock: Mock) -> None:
    csms, client = mock
    async with raw_connection(csms, "DE7"):
        assert {entry["station"] for entry in await journal_entries(client, station="DE[78]")} == {"DE7"}


async def test_method_that_a_route_of_a_station_lacks_is_405(mock: Mock) -> None:
    _, client = mock
    problem_detail(await client.get("/v1/stations/CS1/calls"), 405, "method-not-allowed")


async def test_token_and_rule_with_slashes_can_be_set_and_deleted(mock: Mock) -> None:
    _, client = mock
    rule = {"when": {"action": "Heartbeat"}, "then": {"error": {}}}
    for path, body in (("/v1/tokens/a%2Fb", {"status": "Accepted"}), ("/v1/rules/a%2Fb", rule)):
        answer = await client.put(path, json=body)
        assert answer.status_code == 200, answer.text
        assert (await client.delete(path)).status_code == 204


async def test_case_of_an_identity_does_not_matter() -> None:
    async with driven() as (csms, client), booted_raw(csms, "CS1"), booted_raw(csms, "CS2"):
        path = "/v1/stations/cs1"
        assert (await client.get(path)).json()["id"] == "CS1"
        command = await client.post(f"{path}/calls", json={"action": "Reset", "timeout": 0.01})
        assert command.json()["outcome"] == "timeout"
        await client.patch(f"{path}/profile", json={"heartbeatInterval": 7})
        assert csms.profile("CS1").heartbeat_interval == 7
        assert (await client.get(f"{path}/profile")).json()["heartbeatInterval"] == 7
        assert {entry["station"] for entry in await journal_entries(client, station="cs1")} == {"CS1"}
        wait = {"match": {"station": "cs1", "action": "Reset"}, "since": 0, "within": 0}
        (entry,) = (await client.post("/v1/wait", json=wait)).json()["entries"]
        assert entry["station"] == "CS1"
        reset = await client.post("/v1/reset", params={"station": "cs1", "profiles": True})
        assert (reset.status_code, csms.stations["CS1"].boots, csms.stations["CS2"].boots) == (204, 0, 1)
        assert csms.profile("CS1").heartbeat_interval == 300
        assert (await client.delete(f"{path}/connection")).status_code == 204


async def test_wait_and_events_opened_before_the_first_connection_match_in_any_case() -> None:
    wait = {"match": {"station": "cs1", "action": "BootNotification"}, "within": PATIENCE}
    async with (
        asyncio.timeout(PATIENCE),
        driven() as (csms, client),
        client.stream("GET", "/v1/events", params={"station": "cs1"}) as answer,
    ):
        lines = aiter(answer.aiter_lines())
        assert await anext(lines) == ": following"
        pending_answer = asyncio.create_task(client.post("/v1/wait", json=wait))
        while not csms.records.journal._listeners:  # noqa: ASYNC110 - no event is set when it is open
            await asyncio.sleep(0)
        async with booted(csms, "CS1"):
            (entry,) = (await pending_answer).json()["entries"]
            event = await anext(line async for line in lines if line.startswith("data:"))
    assert entry["station"] == "CS1"
    assert json.loads(event.removeprefix("data:"))["station"] == "CS1"


async def test_profile_changed_before_the_first_connection_counts_in_any_case() -> None:
    async with driven() as (csms, client):
        await client.patch("/v1/stations/cs1/profile", json={"heartbeatInterval": 7})
        async with booted(csms, "CS1") as station:
            assert (await station.boot()).interval == 7
        await client.post("/v1/reset")
        async with booted(csms, "CS1") as station:
            assert (await station.boot()).interval == 300
            assert set(csms.stations) == {"CS1"}
