"""Verification of how many entries of the journal match."""

from typing import Any

import pytest
from ocpp.v201 import call

from tests.support.control import Mock, booted, driven, journal_entries, problem_detail

pytestmark = pytest.mark.asyncio(loop_scope="module")


def beats_of(station_id: str) -> dict[str, Any]:
    return {"station": station_id, "action": "Heartbeat", "type": "call"}


@pytest.mark.parametrize(
    "number", [{"times": 2}, {"atLeast": 2}, {"atMost": 2}, {"atLeast": 1, "atMost": 3}, {"atLeast": 0}]
)
async def test_right_number_is_answered_with_the_entries(
    mock: Mock, station_id: str, number: dict[str, int]
) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        for _ in range(2):
            await station.send(call.Heartbeat())
        answer = await client.post("/v1/verify", json={"match": beats_of(station_id), **number})
    beats = await journal_entries(client, **beats_of(station_id))
    assert answer.status_code == 200
    assert answer.json()["count"] == 2
    assert answer.json()["entries"] == beats
    assert answer.json()["last"] > beats[1]["number"]


async def test_answers_do_not_count_for_an_action_alone(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id):
        request = {"match": {"station": station_id, "action": "BootNotification"}, "times": 1}
        answer = await client.post("/v1/verify", json=request)
    assert answer.json()["count"] == 1


async def test_none_is_verified_after_a_number(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        await station.send(call.Heartbeat())
        last = (await client.get("/v1/journal")).json()["last"]
        request = {"match": beats_of(station_id), "times": 0, "since": last}
        assert (await client.post("/v1/verify", json=request)).json() == {
            "count": 0,
            "entries": [],
            "last": last,
        }
        await station.send(call.Heartbeat())
        answer = await client.post("/v1/verify", json=request)
    assert problem_detail(answer, 409, "not-verified") == "1 matching entries, expected 0"


async def test_too_many_entries_are_named(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        for _ in range(3):
            await station.send(call.Heartbeat())
        answer = await client.post("/v1/verify", json={"match": beats_of(station_id), "atMost": 2})
    assert problem_detail(answer, 409, "not-verified") == "3 matching entries, expected at most 2"
    problem = answer.json()
    assert problem["expected"] == {"match": beats_of(station_id), "atMost": 2}
    assert problem["actual"]["count"] == 3
    assert problem["actual"]["entries"] == await journal_entries(client, **beats_of(station_id))
    assert problem["closest"] is None


async def test_too_few_entries_come_with_the_closest(mock: Mock, station_id: str) -> None:
    csms, client = mock
    match = {"station": station_id, "action": "StatusNotification", "payload": {"connectorStatus": "Faulted"}}
    async with booted(csms, station_id) as station:
        await station.status("Occupied")
        answer = await client.post("/v1/verify", json={"match": match, "atLeast": 1, "atMost": 2})
    detail = problem_detail(answer, 409, "not-verified")
    assert detail == "0 matching entries, expected at least 1 and at most 2"
    assert answer.json()["closest"]["differences"] == [
        {"field": "payload.connectorStatus", "expected": "Faulted", "actual": "Occupied"}
    ]


@pytest.mark.parametrize(
    ("match", "closest"), [({"action": "Heartbeat"}, "connected"), ({"type": "note", "action": "x"}, "note")]
)
async def test_note_is_not_the_closest_entry_of_a_message(match: dict[str, Any], closest: str) -> None:
    async with driven() as (csms, client):
        csms.records.journal.note("CS1", 1, None, "connected")
        csms.records.add_note("CS1", "Step 1")
        answer = await client.post("/v1/verify", json={"match": match, "atLeast": 1})
    assert answer.json()["closest"]["entry"]["type"] == closest


async def test_unknown_station_is_named(mock: Mock, station_id: str) -> None:
    csms, client = mock
    match = {"station": f"{station_id}x", "action": "Reset"}
    async with booted(csms, station_id):
        none = await client.post("/v1/verify", json={"match": match, "times": 0})
        one = await client.post("/v1/verify", json={"match": match, "times": 1})
    hint = f"no station '{station_id}x' is known; did you mean {station_id}?"
    assert none.json()["hint"] == hint
    detail = problem_detail(one, 409, "not-verified")
    assert detail == f"0 matching entries, expected 1; {hint}"


async def test_unknown_action_is_refused_without_a_type(mock: Mock) -> None:
    _, client = mock
    match = {"action": ["Hearbeat", "Reset"]}
    answer = await client.post("/v1/verify", json={"match": match, "times": 0})
    assert problem_detail(answer, 422, "invalid-request") == (
        "OCPP has no action 'Hearbeat'; did you mean Heartbeat?; to match an action that OCPP does not have, "
        'give "type" too, such as "call"'
    )
    answer = await client.post("/v1/verify", json={"match": {**match, "type": "call"}, "times": 0})
    assert answer.json()["hint"] == "OCPP has no action 'Hearbeat'; did you mean Heartbeat?"


async def test_number_after_an_entry_that_does_not_exist_is_refused(mock: Mock) -> None:
    _, client = mock
    answer = await client.post("/v1/verify", json={"match": {}, "times": 0, "since": 99_999})
    assert "since: there is no entry 99999 yet" in problem_detail(answer, 422, "unknown-event")


async def test_newest_hundred_entries_are_shown() -> None:
    async with driven() as (csms, client):
        numbers = [csms.records.journal.note("CS1", 1, None, "connected") for _ in range(150)]
        answer = await client.post("/v1/verify", json={"match": {"type": "connected"}, "times": 150})
    assert [entry["number"] for entry in answer.json()["entries"]] == numbers[-100:]


async def test_maximum_is_not_verified_if_entries_are_no_longer_stored() -> None:
    async with driven(journal_max=4) as (csms, client):
        for _ in range(6):
            csms.records.journal.note("CS1", 1, None, "connected")

        async def verify(since: int, **number: int) -> Any:
            body = {"match": {"type": "connected"}, "since": since, **number}
            return await client.post("/v1/verify", json=body)

        assert (await verify(2, times=4)).status_code == 200
        assert (await verify(1, atLeast=4)).status_code == 200
        assert (await verify(0, times=4)).status_code == 200
        detail = problem_detail(await verify(1, atMost=4), 409, "not-verified")
    assert detail == (
        "4 matching entries, expected at most 4; the entries 2 to 2 are no longer stored, and matches "
        "among them are not counted: use a later 'since', or a higher --journal-max and --journal-max-bytes"
    )


@pytest.mark.parametrize(
    ("number", "complaint"),
    [
        ({}, 'give "times", or "atLeast", "atMost" or both'),
        ({"times": 1, "atMost": 1}, 'give "times", or "atLeast", "atMost" or both'),
        ({"atLeast": 2, "atMost": 1}, '"atLeast" must not be higher than "atMost"'),
        ({"times": -1}, "body.times"),
        ({"at_least": 1}, "did you mean atLeast?"),
        ({"times": 0, "since": -1}, "body.since"),
        ({"times": 0, "within": 1}, "there is no key 'within'"),
        ({"times": 0, "match": {"action": 5}}, "body.match.action: write an action, or a list of actions"),
    ],
)
async def test_invalid_request_is_refused(mock: Mock, number: dict[str, Any], complaint: str) -> None:
    _, client = mock
    answer = await client.post("/v1/verify", json={"match": {}, **number})
    assert complaint in problem_detail(answer, 422, "invalid-request")
