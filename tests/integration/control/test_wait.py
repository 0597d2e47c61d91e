"""Waiting for entries of the journal."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import ExitStack
from typing import Any, Final

import pytest
from ocpp.v201 import call

from mock_csms.control import responses
from mock_csms.control import wait as wait_module
from mock_csms.control import waits as waits_module
from mock_csms.control.conditions import EntryCondition
from mock_csms.control.models.waits import WaitRequest
from mock_csms.control.wait import wait_for
from mock_csms.control.waits import PendingWait, Waits
from mock_csms.csms import Csms
from mock_csms.journal.store import OVERHEAD, Entry, Journal, Query
from mock_csms.verdict.matches import Match
from tests.support.control import (
    Mock,
    booted,
    booted_raw,
    driven,
    journal_entries,
    patiently,
    problem_detail,
    wait_for_entry,
)
from tests.support.journal import HEARTBEAT, beat
from tests.support.station import PATIENCE, receive

pytestmark = pytest.mark.asyncio(loop_scope="module")


# Waits that end


async def test_wait_ends_at_the_first_future_matching_entry(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        await station.send(call.Heartbeat())
        last = (await client.get("/v1/journal")).json()["last"]
        match = {"station": station_id, "action": "Heartbeat", "type": "call"}
        pending_answer = asyncio.create_task(
            client.post("/v1/wait", json={"match": match, "within": PATIENCE})
        )
        while not pending_answer.done():
            await station.send(call.Heartbeat())
        (entry,) = (await pending_answer).json()["entries"]
    assert entry["number"] > last
    assert entry["frame"][2] == "Heartbeat"


async def test_wait_with_since_counts_past_entries(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        for _ in range(3):
            await station.send(call.Heartbeat())
        match = {"station": station_id, "action": "Heartbeat", "direction": "received"}
        request = {"match": match, "since": 0, "times": 2, "within": 0}
        entries = (await client.post("/v1/wait", json=request)).json()["entries"]
        beats = await journal_entries(client, station=station_id, action="Heartbeat", direction="received")
    assert entries == beats[:2]


async def test_wait_matches_payload_and_expression(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        await station.status("Available", evse_id=1)
        await station.status("Faulted", evse_id=2)
        by_payload = await wait_for_entry(client, station=station_id, payload={"connectorStatus": "Faulted"})
        by_expression = await wait_for_entry(
            client, station=station_id, type="call", expression="evseId > `1`"
        )
    assert by_payload["frame"][3]["evseId"] == 2
    assert by_expression == by_payload


async def test_wait_matches_an_unknown_action(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted_raw(csms, station_id) as connection:
        await connection.send('[2,"odd","Dance",{"steps":3}]')
        await receive(connection)
        entry = await wait_for_entry(
            client, station=station_id, action="Dance", type="call", payload={"steps": 3}
        )
    assert entry["frame"] == [2, "odd", "Dance", {"steps": 3}]


async def test_answer_of_the_mock_does_not_count_for_an_action_alone(mock: Mock, station_id: str) -> None:
    csms, client = mock
    match = {"station": station_id, "action": "BootNotification"}
    async with booted(csms, station_id):
        first = await wait_for_entry(client, **match)
        request = {"match": match, "since": first["number"], "within": 0}
        answer = await client.post("/v1/wait", json=request)
        answer_of_mock = await wait_for_entry(client, **match, type=None, expression="status")
    assert "0 of 1" in problem_detail(answer, 408, "wait-timeout")
    assert {"field": "type", "expected": "call", "actual": "result"} in answer.json()["closest"][
        "differences"
    ]
    assert answer_of_mock["type"] == "result"


async def test_wait_matches_any_of_several_actions(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        await station.send(call.Heartbeat())
        await station.status("Available")
    match = {"station": station_id, "action": ["StatusNotification", "Heartbeat"], "type": "call"}
    answer = await client.post("/v1/wait", json={"match": match, "times": 2, "since": 0, "within": 0})
    actions = [entry["action"] for entry in answer.json()["entries"]]
    assert actions == ["Heartbeat", "StatusNotification"]


async def test_wait_for_any_of_several_matches_counts_each_entry_once(mock: Mock, station_id: str) -> None:
    csms, client = mock
    matches = [
        {"station": station_id, "action": "StatusNotification", "payload": {"connectorStatus": "Available"}},
        {"station": station_id, "payload": {"evseId": 2}},
    ]
    async with booted(csms, station_id) as station:
        pending = asyncio.create_task(
            client.post("/v1/wait", json={"any": matches, "times": 2, "since": 0, "within": PATIENCE})
        )
        await station.status("Occupied")
        await station.status("Available", evse_id=2)
        await station.status("Available")
        entries = (await pending).json()["entries"]
    assert [entry["frame"][3]["evseId"] for entry in entries] == [2, 1]


async def test_skipped_entries_do_not_count(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        for _ in range(3):
            await station.send(call.Heartbeat())
    beats = await journal_entries(client, station=station_id, action="Heartbeat", type="call")
    request = {
        "match": {"station": station_id, "action": "Heartbeat", "type": "call"},
        "skip": [beats[0]["number"], beats[2]["number"], 10**9],
        "since": 0,
        "within": 0,
    }
    answer = await client.post("/v1/wait", json=request)
    assert answer.json()["entries"] == [beats[1]]
    answer = await client.post("/v1/wait", json={**request, "times": 2})
    assert "1 of 2" in problem_detail(answer, 408, "wait-timeout")


# Entries that must not come


def occupied_next(station_id: str) -> dict[str, Any]:
    """Return the body of a wait for the status Occupied that fails if another status comes first."""
    status = {"station": station_id, "action": "StatusNotification", "type": "call"}
    return {"match": {**status, "payload": {"connectorStatus": "Occupied"}}, "unless": [status]}


@pytest.mark.parametrize("since", [{"since": 0}, {}])
async def test_wait_fails_at_the_entry_that_must_not_come(
    mock: Mock, station_id: str, since: dict[str, int]
) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        request = {**occupied_next(station_id), **since, "within": PATIENCE}
        pending = asyncio.create_task(client.post("/v1/wait", json=request))
        while not pending.done():
            await station.status("Faulted", evse_id=2)
        await station.status("Occupied")
        answer = await pending
    number = answer.json()["entry"]["number"]
    detail = f'entry {number} meets "unless" after 0 of 1 matching entries'
    assert problem_detail(answer, 409, "wait-unless") == detail
    problem = answer.json()
    assert problem["entry"]["frame"][3]["connectorStatus"] == "Faulted"
    assert problem["unless"] == request["unless"][0]
    assert problem["expected"] == {"match": request["match"], "times": 1}
    assert problem["actual"] == []


async def test_entry_that_counts_does_not_fail_the_wait(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        await station.status("Occupied")
        await station.status("Faulted")
    answer = await client.post("/v1/wait", json={**occupied_next(station_id), "since": 0, "within": 0})
    assert answer.json()["entries"][0]["frame"][3]["connectorStatus"] == "Occupied"
    answer = await client.post(
        "/v1/wait", json={**occupied_next(station_id), "since": 0, "times": 2, "within": 0}
    )
    assert "after 1 of 2" in problem_detail(answer, 409, "wait-unless")
    assert [entry["frame"][3]["connectorStatus"] for entry in answer.json()["actual"]] == ["Occupied"]


async def test_entries_recorded_during_the_search_count_in_their_order() -> None:
    journal = Journal()
    wanted = EntryCondition(Match(action="Heartbeat"), Query(action="Heartbeat", since=0))
    unless = EntryCondition(Match(type="connected"), Query(type="connected", since=0))
    waits = Waits(journal)
    for _ in range(1000):
        journal.note("CS1", 1, "received", "call", "Authorize")
    for kinds in (["call", "connected", "call"], ["connected", "call"]):
        wait = PendingWait([wanted], [unless], times=2)
        with waits.waiting(wait):
            search = asyncio.create_task(wait.search_past(journal))
            await asyncio.sleep(0)
            for kind in kinds:
                journal.note("CS1", 1, "received", kind, "Heartbeat" if kind == "call" else None)  # type: ignore[arg-type]
            await search
        assert wait.tally.unwanted is not None
        assert [entry.type for entry in wait.tally.matching] == kinds[: kinds.index("connected")]
        journal.clear()
        for _ in range(1000):
            journal.note("CS1", 1, "received", "call", "Authorize")


@pytest.mark.parametrize("within", [0, 0.05])
async def test_search_of_past_entries_ends_with_the_time_of_the_wait(
    mock: Mock, station_id: str, monkeypatch: pytest.MonkeyPatch, within: float
) -> None:
    csms, client = mock
    monkeypatch.setattr(wait_module, "MIN_SEARCH_S", 0)
    monkeypatch.setattr(waits_module, "in_slices", endless)
    for _ in range(2):
        csms.records.journal.note(station_id, 1, "received", "call", "Heartbeat")
    request = {"match": {"station": station_id, "action": "Reset"}, "since": 0, "within": within}

    answer = await client.post("/v1/wait", json=request)

    assert "the search of past entries was not complete" in problem_detail(answer, 408, "wait-timeout")
    assert answer.json()["closest"] is None


async def endless(items: Iterable[Any]) -> AsyncIterator[Any]:
    """Yield items, then wait forever."""
    for item in items:
        yield item
    await asyncio.Event().wait()


async def test_wait_within_no_time_still_searches_past_entries(
    mock: Mock, station_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    csms, client = mock
    monkeypatch.setattr(responses, "SLICE_S", 0.0)
    for _ in range(20):
        csms.records.journal.note(station_id, 1, "received", "call", "Heartbeat")
    match = {"station": station_id, "action": "Heartbeat"}

    answer = await client.post("/v1/wait", json={"match": match, "since": 0, "times": 20, "within": 0})

    assert answer.status_code == 200


# New entries are compared outside the path that answers a station's message


A_HEARTBEAT: Final = EntryCondition(Match(action="Heartbeat"), Query(action="Heartbeat", since=0))


def numbers(wait: PendingWait) -> list[int]:
    """Return the numbers of the entries that count for a wait."""
    return [entry.number for entry in wait.tally.matching]


@pytest.fixture
def stalled_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the waits from comparing new entries, as if the queue of entries were long."""

    async def never() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(waits_module, "next_slice", never)


async def test_entries_are_compared_after_they_are_recorded_in_slices_and_in_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(responses, "SLICE_S", 0.0)
    journal = Journal()
    waits, pending = Waits(journal), [PendingWait([A_HEARTBEAT], times=3) for _ in range(20)]
    with ExitStack() as stack:
        for wait in pending:
            stack.enter_context(waits.waiting(wait))
            await wait.search_past(journal)
        for _ in range(3):
            beat(journal)
        iterations = 0
        assert not any(map(numbers, pending))
        while not all(wait.done.is_set() for wait in pending):
            await asyncio.sleep(0)
            iterations += 1
    assert iterations >= 3 * 20
    assert [numbers(wait) for wait in pending] == [[1, 2, 3]] * 20


async def test_entry_recorded_before_a_wait_is_counted_by_its_search_only() -> None:
    journal = Journal()
    waits, early, late = (
        Waits(journal),
        PendingWait([A_HEARTBEAT], times=3),
        PendingWait([A_HEARTBEAT], times=3),
    )
    with waits.waiting(early):
        await early.search_past(journal)
        beat(journal)
        with waits.waiting(late):  # the entry is still queued
            await late.search_past(journal)
            beat(journal)
            beat(journal)
            await patiently(asyncio.gather(early.done.wait(), late.done.wait()))
    assert numbers(early) == numbers(late) == [1, 2, 3]


@pytest.mark.usefixtures("stalled_comparison")
async def test_wait_that_ends_counts_the_entries_until_then() -> None:
    async with driven() as (csms, _):
        journal = csms.records.journal
        waits = Waits(journal)
        tasks = await opened(waits, csms, [{"action": "Heartbeat"}], within=0.05)
        number = beat(journal)
        ((entry,),) = await patiently(asyncio.gather(*tasks))
    assert entry.number == number


@pytest.mark.usefixtures("stalled_comparison")
async def test_entries_past_the_limit_of_the_queue_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits_module, "MAX_QUEUE_BYTES", 2 * (OVERHEAD + len(HEARTBEAT)))
    journal = Journal()
    authorize = EntryCondition(Match(action="Authorize"), Query(action="Authorize", since=0))
    waits, about, other = Waits(journal), PendingWait([A_HEARTBEAT]), PendingWait([authorize])
    with waits.waiting(about), waits.waiting(other):
        for _ in range(5):
            beat(journal)
        queued = waits.not_offered_to(about)
    assert [entry.number for entry in queued] == [1, 2]
    assert (about.not_compared, other.not_compared) == (3, 0)


async def test_compared_entries_do_not_count_for_the_limit_of_the_queue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waits_module, "MAX_QUEUE_BYTES", 2 * (OVERHEAD + len(HEARTBEAT)))
    journal = Journal()
    waits, wait = Waits(journal), PendingWait([A_HEARTBEAT], times=5)
    with waits.waiting(wait):
        await wait.search_past(journal)
        for _ in range(5):
            beat(journal)
            while waits.not_offered_to(wait):  # noqa: ASYNC110 - no event is set when it has been compared
                await asyncio.sleep(0)
    assert numbers(wait) == [1, 2, 3, 4, 5]


async def test_last_wait_that_ends_leaves_nothing_queued() -> None:
    journal = Journal()
    waits, tasks = Waits(journal), len(asyncio.all_tasks())
    for _ in range(2):
        wait = PendingWait([A_HEARTBEAT], times=2)
        with waits.waiting(wait):
            await wait.search_past(journal)
            beat(journal)
            assert len(waits.not_offered_to(wait)) == 1
        await asyncio.sleep(0)
        assert not waits.not_offered_to(wait)
        assert len(asyncio.all_tasks()) == tasks


# Waits that time out


async def test_wait_timeout_has_actual_entries_and_differences_of_the_closest(
    mock: Mock, station_id: str
) -> None:
    csms, client = mock
    condition = {"station": station_id, "action": "StatusNotification", "type": "call"}
    match = {**condition, "payload": {"connectorStatus": "Faulted"}}
    async with booted(csms, station_id) as station:
        await station.status("Faulted", evse_id=1)
        await station.status("Occupied", evse_id=2)
        request = {"match": match, "times": 2, "since": 0, "within": 0.05}
        answer = await client.post("/v1/wait", json=request)
    assert "1 of 2" in problem_detail(answer, 408, "wait-timeout")
    problem = answer.json()
    assert problem["expected"] == {"match": match, "times": 2}
    assert [entry["frame"][3]["evseId"] for entry in problem["actual"]] == [1]
    assert problem["closest"]["entry"]["frame"][3]["evseId"] == 2
    assert problem["closest"]["differences"] == [
        {"field": "payload.connectorStatus", "expected": "Faulted", "actual": "Occupied"}
    ]


async def test_closest_entry_of_a_wait_timeout_is_the_call_not_its_answer(
    mock: Mock, station_id: str
) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        await station.status("Occupied")
        match = {
            "station": station_id,
            "action": "StatusNotification",
            "payload": {"connectorStatus": "Faulted"},
        }
        answer = await client.post("/v1/wait", json={"match": match, "since": 0, "within": 0})
    closest = answer.json()["closest"]
    assert (closest["entry"]["type"], closest["entry"]["direction"]) == ("call", "received")
    assert closest["differences"] == [
        {"field": "payload.connectorStatus", "expected": "Faulted", "actual": "Occupied"}
    ]


async def test_closest_entry_is_of_the_station_that_the_match_names(mock: Mock, station_id: str) -> None:
    csms, client = mock
    match = {"station": station_id, "action": "StatusNotification"}
    async with booted(csms, station_id), booted(csms, f"{station_id}-b") as other:
        await other.status("Faulted")
        answers = [
            await client.post("/v1/wait", json={"match": {**match, **more}, "since": 0, "within": 0})
            for more in ({}, {"station": f"{station_id}*", "payload": {"connectorStatus": "Occupied"}})
        ]
    closest = [answer.json()["closest"]["entry"] for answer in answers]
    assert [(entry["station"], entry["action"]) for entry in closest] == [
        (station_id, "BootNotification"),
        (f"{station_id}-b", "StatusNotification"),
    ]


async def test_wait_timeout_names_an_earlier_matching_entry(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        await station.send(call.Heartbeat())
        match = {"station": station_id, "action": "Heartbeat", "type": "call"}
        answer = await client.post("/v1/wait", json={"match": match, "within": 0})
        (beat,) = await journal_entries(client, station=station_id, action="Heartbeat", type="call")
    last = beat["number"] + 1
    sentence = f"entry {beat['number']} matches, but only entries after {last} count ('since')"
    assert sentence in problem_detail(answer, 408, "wait-timeout")
    assert answer.json()["closest"] is None


@pytest.mark.parametrize("key", ["match", "unless"])
async def test_wait_for_a_misspelt_action_is_refused(mock: Mock, key: str) -> None:
    _, client = mock
    match = {"action": "Hearbeat"}
    body = {"match": match} if key == "match" else {"match": {}, "unless": [match]}
    answer = await client.post("/v1/wait", json=body)
    assert "no action 'Hearbeat'; did you mean Heartbeat?" in problem_detail(answer, 422, "invalid-request")


async def test_wait_timeout_suggests_an_action_for_a_misspelt_one(mock: Mock) -> None:
    _, client = mock
    match = {"action": "Hearbeat", "type": "call"}
    answer = await client.post("/v1/wait", json={"match": match, "within": 0})
    assert "no action 'Hearbeat'; did you mean Heartbeat?" in problem_detail(answer, 408, "wait-timeout")


async def test_wait_after_an_entry_that_does_not_exist_is_refused(mock: Mock) -> None:
    _, client = mock
    answer = await client.post("/v1/wait", json={"match": {}, "since": 99_999})
    assert "since: there is no entry 99999 yet" in problem_detail(answer, 422, "unknown-event")


async def test_wait_timeout_suggests_a_station_for_a_misspelt_one(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id):
        match = {"station": f"{station_id}x"}
        answer = await client.post("/v1/wait", json={"match": match, "within": 0})
    detail = problem_detail(answer, 408, "wait-timeout")
    assert f"; no station '{station_id}x' is known; did you mean {station_id}?" in detail


async def test_closest_entry_of_several_matches_comes_with_its_match(mock: Mock, station_id: str) -> None:
    csms, client = mock
    matches: list[dict[str, Any]] = [
        {"station": station_id, "action": "Reset"},
        {"station": station_id, "action": "StatusNotification", "payload": {"connectorStatus": "Faulted"}},
        {"station": station_id, "action": "Heartbeat", "payload": {"none": 1}},
    ]
    async with booted(csms, station_id) as station:
        await station.status("Occupied")
        await station.status("Faulted")
    request = {"any": matches, "since": 0, "times": 2, "within": 0}
    answer = await client.post("/v1/wait", json=request)
    assert "1 of 2" in problem_detail(answer, 408, "wait-timeout")
    problem = answer.json()
    assert problem["expected"] == {"any": matches, "times": 2}
    closest = problem["closest"]
    assert closest["match"] == matches[1]
    assert closest["entry"]["frame"][3]["connectorStatus"] == "Occupied"
    assert [difference["field"] for difference in closest["differences"]] == ["payload.connectorStatus"]


async def test_skipped_entry_is_not_the_closest(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        await station.status("Occupied")
    (status,) = await journal_entries(client, station=station_id, action="StatusNotification", type="call")
    match = {"station": station_id, "action": "StatusNotification", "payload": {"connectorStatus": "Faulted"}}
    request = {"match": match, "skip": [status["number"]], "since": 0, "within": 0}
    closest = (await client.post("/v1/wait", json=request)).json()["closest"]
    assert closest["entry"]["number"] != status["number"]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, 'give "match", or several matches in "any", but not both'),
        ({"match": {}, "any": [{}]}, 'give "match", or several matches in "any", but not both'),
        ({"any": []}, "body.any: List should have at least 1 item"),
        ({"any": [{}] * 21}, "body.any: List should have at most 20 items"),
        ({"match": {}, "unless": {}}, "body.unless"),
        ({"match": {}, "skip": [-1]}, "body.skip.0"),
        ({"match": {}, "skip": [0] * 10_001}, "body.skip: Tuple should have at most 10000 items"),
        ({"match": {"action": []}}, "body.match.action: write an action, or a list of actions"),
        ({"match": {"action": [1]}}, "body.match.action: write an action, or a list of actions"),
        ({"match": {"payload": {"a": [1] * 600}}, "unless": [{"payload": {"a": [1] * 600}}]}, "1000 values"),
    ],
)
async def test_invalid_wait_is_refused(mock: Mock, body: dict[str, Any], complaint: str) -> None:
    _, client = mock
    answer = await client.post("/v1/wait", json={**body, "within": 0})
    assert complaint in problem_detail(answer, 422, "invalid-request")


# Cost of the conditions

COSTLY = "data.items[*].[@,@,@,@,@,@,@,@,@,@,@,@,@,@,@,@]"
"""An expression that takes all steps allowed for one evaluation, given a few thousand items."""
ITEMS = {"vendorId": "x", "data": {"items": list(range(4000))}}


async def opened(
    waits: Waits, csms: Csms, matches: Sequence[dict[str, Any]], within: float
) -> list[asyncio.Task[list[Entry]]]:
    """Open a wait for each match; return the tasks of the waits once all are open."""
    requests = [WaitRequest.model_validate({"match": match, "within": within}) for match in matches]
    tasks = [asyncio.create_task(wait_for(waits, csms, request)) for request in requests]
    while len(waits) < len(tasks):  # noqa: ASYNC110 - no event is set when they are open
        await asyncio.sleep(0)
    return tasks


async def test_costly_waits_share_the_steps_for_an_entry() -> None:
    """Four of the waits use up the steps for the entry; the others are not compared with it."""
    async with driven() as (csms, _), booted_raw(csms, "CS1") as connection:
        match = {"action": "DataTransfer", "type": "call", "expression": COSTLY}
        tasks = await opened(Waits(csms.records.journal), csms, [match] * 10, within=0.5)
        await connection.send(json.dumps([2, "1", "DataTransfer", ITEMS]))
        assert (await receive(connection))[0] == 3
        problems = await asyncio.gather(*tasks, return_exceptions=True)
    hints = ["; 1 entry was not compared, because" in str(problem) for problem in problems]
    assert sum(hints) == 6


async def test_hundreds_of_waits_for_simple_expressions_are_met() -> None:
    async with driven() as (csms, _), booted_raw(csms, "CS1") as connection:
        matches = [
            {"action": "DataTransfer", "type": "call", "expression": f"vendorId != 'x{number}'"}
            for number in range(700)
        ]
        tasks = await opened(Waits(csms.records.journal), csms, matches, within=PATIENCE)
        await connection.send(json.dumps([2, "1", "DataTransfer", ITEMS]))
        entries = await asyncio.gather(*tasks)
    assert {len(found) for found in entries} == {1}


async def test_comparison_of_long_lists_with_a_past_entry_is_limited() -> None:
    async with driven() as (csms, client), booted_raw(csms, "CS1") as connection:
        await connection.send(json.dumps([2, "1", "DataTransfer", ITEMS]))
        assert (await receive(connection))[0] == 3
        match = {"action": "DataTransfer", "payload": {"data": {"items": [3999] * 900}}}
        answer = await client.post("/v1/wait", json={"match": match, "since": 0, "within": 0})
    assert "1 entry was not compared" in problem_detail(answer, 408, "wait-timeout")
