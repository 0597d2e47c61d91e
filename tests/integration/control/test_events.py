"""The stream of events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
from ocpp.v201 import call

from mock_csms.control import events as events_module
from mock_csms.journal.event_ids import EventId
from mock_csms.journal.stream import MAX_SUBSCRIBER_BYTES
from tests.support.control import Mock, booted, booted_raw, driven, patiently, problem_detail
from tests.support.station import receive

pytestmark = pytest.mark.asyncio(loop_scope="module")

type Event = dict[str, str]
"""Fields of a server-sent event by name; a comment is stored under the empty name."""


async def events_in(answer: httpx.Response) -> AsyncIterator[Event]:
    """Yield the events and comments of a stream."""
    event: Event = {}
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if line:
            event[name] = value
        else:
            yield event
            event = {}


@asynccontextmanager
async def following(
    client: httpx.AsyncClient, last_event_id: str | None = None, **params: Any
) -> AsyncIterator[AsyncIterator[Event]]:
    """Open a stream of events; yield the events and comments in it."""
    headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    async with client.stream("GET", "/v1/events", params=params, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events_in(answer)


async def live(events: AsyncIterator[Event]) -> Event:
    """Skip the stored events; return the comment ``following``, after which the live events begin."""
    while (event := await patiently(anext(events))).get("") != "following":
        pass
    return event


async def past_events(
    client: httpx.AsyncClient, last_event_id: str | None = None, **params: Any
) -> list[Event]:
    """Return the stored events, without waiting for live ones."""
    headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    answer = await client.get("/v1/events", params={"within": 0, **params}, headers=headers)
    assert answer.status_code == 200, answer.text
    blocks = answer.text.split(": following")[0].split("\n\n")[:-1]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]


def ids_of(events: list[Event]) -> list[str]:
    return [event["id"] for event in events]


# Live events


async def test_events_stream_entries_as_they_happen(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station, following(client, station=station_id) as events:
        start = await live(events)
        await station.status("Occupied")
        call_event, result_event = [await patiently(anext(events)) for _ in range(2)]
    entry = orjson.loads(call_event["data"])
    assert (entry["station"], entry["type"], entry["action"]) == (station_id, "call", "StatusNotification")
    assert entry["frame"][3]["connectorStatus"] == "Occupied"
    assert (call_event["event"], call_event["id"]) == ("entry", str(entry["number"]))
    assert orjson.loads(result_event["data"])["partner"] == entry["number"]
    assert int(start["id"].split(".")[0]) < entry["number"]


async def test_events_of_one_station_exclude_other_stations(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with (
        booted(csms, station_id) as station,
        booted(csms, f"{station_id}-b") as other,
        following(client, station=station_id) as events,
    ):
        await live(events)
        await other.send(call.Heartbeat())
        await station.send(call.Heartbeat())
        stations = [orjson.loads((await patiently(anext(events)))["data"])["station"] for _ in range(2)]
    assert stations == [station_id, station_id]


async def test_events_end_after_the_requested_seconds(mock: Mock) -> None:
    _, client = mock
    answer = await client.get("/v1/events", params={"within": 0.05})
    assert answer.text.startswith(": following\n")


async def test_idle_stream_names_the_newest_event_of_all_stations(
    mock: Mock, station_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_module, "KEEP_ALIVE_S", 0.01)
    csms, client = mock
    async with following(client, station="another") as events:
        await live(events)
        async with booted(csms, station_id):
            newest = csms.records.last_event
            while EventId.parse((event := await patiently(anext(events)))["id"]) < newest:
                pass
    assert event[""] == "nothing new"


# Earlier events


async def test_events_begin_after_an_entry(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        after = csms.records.journal.last_number
        await station.send(call.Heartbeat())
        async with following(client, station=station_id, since=after) as events:
            past = [await patiently(anext(events)) for _ in range(2)]
            assert (await live(events))["id"] == str(after + 2)
            await station.send(call.Heartbeat())
            live_events = [await patiently(anext(events)) for _ in range(2)]
    assert ids_of(past + live_events) == [str(after + number) for number in range(1, 5)]
    entries = [orjson.loads(event["data"]) for event in past]
    assert entries == [
        orjson.loads(entry.line()) for entry in csms.records.journal if after < entry.number <= after + 2
    ]


async def test_last_event_id_takes_precedence_over_since(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        after = csms.records.journal.last_number
        await station.send(call.Heartbeat())
        events = await past_events(client, str(after + 1), since=after, station=station_id)
    assert ids_of(events)[:1] == [str(after + 2)]


async def test_findings_are_resumed_between_entries() -> None:
    async with driven(findings="always") as (csms, client), booted_raw(csms) as connection:
        after = csms.records.journal.last_number
        for _ in range(2):
            await connection.send("[nonsense")
            await receive(connection)
        events = await past_events(client, since=after)
        resumed = [await past_events(client, event["id"]) for event in events]
    finding_ids = [event["id"] for event in events if event["event"] == "finding"]
    assert [event["event"] for event in events].count("entry") == 4
    assert [id_.split(".")[1] for id_ in finding_ids] == ["1", "1"]
    assert resumed == [events[number:] for number in range(1, len(events) + 1)]


async def test_live_findings_have_the_ids_of_stored_ones() -> None:
    async with driven(findings="always") as (csms, client), booted_raw(csms) as connection:
        async with following(client) as events:
            after = (await live(events))["id"]
            await connection.send("[nonsense")
            await receive(connection)
            live_events = [await patiently(anext(events)) for _ in range(3)]
        assert await past_events(client, after) == live_events


async def test_dropped_entries_are_named_in_a_missed_event() -> None:
    async with driven(journal_max=4) as (csms, client), booted(csms) as station:
        for _ in range(3):
            await station.send(call.Heartbeat())
        missed, *events = await past_events(client, since=1)
        last = csms.records.journal.last_number
    assert missed == {"id": "1", "event": "missed", "data": f'{{"from":2,"to":{last - 4}}}'}
    assert ids_of(events) == [str(number) for number in range(last - 3, last + 1)]


async def test_stream_without_since_has_no_earlier_event(mock: Mock) -> None:
    _, client = mock
    assert await past_events(client) == []


# Limits and bad input


async def test_cut_off_client_resumes_without_loss() -> None:
    async with driven() as (csms, client):
        journal, frame = csms.records.journal, b'["%b"]' % (b"x" * 2**20)
        async with following(client) as events:
            start = await live(events)
            for _ in range(MAX_SUBSCRIBER_BYTES // 2**20 + 1):
                journal.note("CS1", 1, "received", "call", raw=frame)
            assert await patiently(anext(events)) == {"event": "cut-off", "data": "{}"}
            assert await patiently(anext(events, None)) is None
        resumed = await past_events(client, start["id"])
    assert ids_of(resumed) == [str(number) for number in range(1, journal.last_number + 1)]


async def test_many_streams_are_refused_until_one_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_module, "MAX_FOLLOWERS", 1)
    async with driven() as (_, client):
        async with following(client) as events:
            await live(events)
            answer = await client.get("/v1/events")
            assert "1 event streams are open" in problem_detail(answer, 503, "too-many-streams")
        while (answer := await client.get("/v1/events", params={"within": 0})).status_code == 503:
            pass
    assert answer.text.startswith(": following")


async def test_streams_that_begin_at_once_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_module, "MAX_FOLLOWERS", 2)
    all_answered, statuses = asyncio.Barrier(10), list[int]()

    async def follow(client: httpx.AsyncClient) -> None:
        async with client.stream("GET", "/v1/events") as answer:
            statuses.append(answer.status_code)
            await patiently(all_answered.wait())

    async with driven() as (_, client):
        await asyncio.gather(*(follow(client) for _ in range(10)))
    assert sorted(statuses) == [200, 200] + [503] * 8


@pytest.mark.parametrize("event_id", ["x", "-1", "1.2.3", "1" * 20])
async def test_invalid_last_event_id_is_refused(mock: Mock, event_id: str) -> None:
    _, client = mock
    answer = await client.get("/v1/events", headers={"Last-Event-ID": event_id})
    detail = f"Last-Event-ID: {event_id!r} is not the id of an event; write an id such as 412 or 412.1"
    assert problem_detail(answer, 422, "invalid-request") == detail


async def test_event_of_the_future_is_refused() -> None:
    async with driven() as (_, client):
        answers = [
            await client.get("/v1/events", params={"since": 5}),
            await client.get("/v1/events", headers={"Last-Event-ID": "0.1"}),
        ]
    details = [problem_detail(answer, 422, "unknown-event") for answer in answers]
    assert [detail.split(";")[0] for detail in details] == [
        f"there is no event {after} yet, the newest is 0" for after in ("5", "0.1")
    ]


@pytest.mark.parametrize("since", ["-1", "x", "1.1"])
async def test_invalid_since_is_refused(mock: Mock, since: str) -> None:
    _, client = mock
    answer = await client.get("/v1/events", params={"since": since})
    assert "query.since" in problem_detail(answer, 422, "invalid-request")


# The certification rehearsal


async def test_changes_of_the_rehearsal_are_events_also_at_the_beginning() -> None:
    run = {"station": "CS1", "startedAt": "2026-01-31T12:00:00Z", "cases": []}
    async with driven() as (_, client), following(client) as events:
        await live(events)
        await client.put("/v1/rehearsal", json=run)
        began = await patiently(anext(events))
        await client.delete("/v1/rehearsal")
        deleted = await patiently(anext(events))
        async with following(client) as later:
            await live(later)
            first = await patiently(anext(later))

    assert began["event"] == "rehearsal"
    assert orjson.loads(began["data"])["version"] == 1
    assert deleted == first == {"event": "rehearsal", "data": '{"run":null,"version":2}'}
