"""The journal and the findings."""

import json
import re
from typing import Any

import pytest
from ocpp.v201 import call

from mock_csms.control import queries
from tests.support.control import (
    Mock,
    booted,
    booted_raw,
    driven,
    journal_entries,
    problem_detail,
    send_command,
)
from tests.support.station import receive

pytestmark = pytest.mark.asyncio(loop_scope="module")


# Entries


async def test_journal_filters_by_station_action_direction_and_type(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station, booted(csms, f"{station_id}-b"):
        await send_command(client, station_id, "Reset")
        await station.send(call.Heartbeat())

    def kinds(entries: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return [
            (entry["station"], entry.get("action"), entry.get("direction"), entry["type"])
            for entry in entries
        ]

    assert kinds(await journal_entries(client, station=station_id, action="Reset")) == [
        (station_id, "Reset", "sent", "call"),
        (station_id, "Reset", "received", "result"),
    ]
    assert kinds(await journal_entries(client, station=station_id, direction="sent")) == [
        (station_id, "BootNotification", "sent", "result"),
        (station_id, "Reset", "sent", "call"),
        (station_id, "Heartbeat", "sent", "result"),
    ]
    assert kinds(await journal_entries(client, station=f"{station_id}*", type="connected")) == [
        (station_id, None, None, "connected"),
        (f"{station_id}-b", None, None, "connected"),
    ]


async def test_journal_returns_the_newest_entries_and_those_after_a_number(
    mock: Mock, station_id: str
) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        for _ in range(3):
            await station.send(call.Heartbeat())
        beats = await journal_entries(client, station=station_id, action="Heartbeat", direction="received")
        assert len(beats) == 3
        newest = await journal_entries(
            client, station=station_id, action="Heartbeat", direction="received", limit=2
        )
        assert newest == beats[1:]
        since = await journal_entries(
            client, station=station_id, direction="received", since=beats[1]["number"]
        )
        assert since == beats[2:]


async def test_entry_has_its_original_frame_and_its_partner(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted_raw(csms, station_id) as connection:
        await connection.send('[2,"odd","Heartbeat",{ }]')
        await receive(connection)
        await connection.send("[nonsense")
        await receive(connection)
    request, answer, malformed, error = (
        await journal_entries(client, station=station_id, since=0, limit=50)
    )[3:7]
    assert (request["frame"], request["messageId"]) == ([2, "odd", "Heartbeat", {}], "odd")
    assert (answer["partner"], answer["frame"][0]) == (request["number"], 3)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", request["time"])
    assert (malformed["type"], malformed["text"]) == ("malformed", "[nonsense")
    assert (error["type"], error["partner"]) == ("error", malformed["number"])


@pytest.mark.parametrize(
    ("expression", "actions"),
    [
        ("frame[3].connectorStatus == 'Occupied'", ["StatusNotification"]),
        ("direction == 'sent' && partner", ["BootNotification", "StatusNotification"]),
        ("handshake", [None]),
        ("length(absent)", []),
    ],
)
async def test_journal_filters_by_an_expression_over_the_entry(
    mock: Mock, station_id: str, expression: str, actions: list[str | None]
) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        await station.status("Occupied")
    entries = await journal_entries(client, station=station_id, expression=expression)
    assert [entry.get("action") for entry in entries] == actions


async def test_expression_is_combined_with_the_limit(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        for _ in range(3):
            await station.send(call.Heartbeat())
    query = {"station": station_id, "expression": "type == 'call'"}
    calls = await journal_entries(client, **query)
    assert await journal_entries(client, **query, limit=2) == calls[-2:]


@pytest.mark.parametrize("expression", [None, "action == 'Heartbeat'"], ids=["plain", "expression"])
async def test_journal_is_paged_backwards(mock: Mock, station_id: str, expression: str | None) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        for _ in range(5):
            await station.send(call.Heartbeat())
    query = {"station": station_id, "action": "Heartbeat", "since": 1, "limit": 4}
    query |= {} if expression is None else {"expression": expression}
    pages = [await journal_entries(client, **query)]
    while pages[-1]:
        pages.append(await journal_entries(client, **query, before=pages[-1][0]["number"]))
    entries = [entry for page in reversed(pages) for entry in page]
    assert [len(page) for page in pages] == [4, 4, 2, 0]
    assert entries == await journal_entries(client, **{**query, "limit": 100})


@pytest.mark.parametrize("before", ["0", "-1", "now", ""])
async def test_before_that_is_not_a_number_of_an_entry_is_422(mock: Mock, before: str) -> None:
    answer = await mock[1].get("/v1/journal", params={"before": before})
    assert "before" in problem_detail(answer, 422, "invalid-request")


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("type ==", "is not valid JMESPath"),
        ("nosuch(type)", "Unknown function"),
        ("a" * 1001, "has 1001 characters; write one of at most 1000"),
        ("", "is not valid JMESPath"),
    ],
)
async def test_invalid_expression_is_refused(mock: Mock, expression: str, complaint: str) -> None:
    _, client = mock
    answer = await client.get("/v1/journal", params={"expression": expression})
    detail = problem_detail(answer, 422, "invalid-request")
    assert detail.startswith("query.expression: the expression ")
    assert complaint in detail


@pytest.mark.parametrize(
    ("limit", "complaint"), [(50_000, "takes too many steps on this payload"), (100, "after 100 steps")]
)
async def test_costly_expression_is_refused(
    limit: int, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MAX_QUERY_STEPS", limit)
    async with driven() as (csms, client):
        csms.records.journal.note("CS1", 1, "received", "call", raw=json.dumps(list(range(4000))).encode())
        params = {"expression": "frame[*].[@,@,@,@,@,@,@,@,@,@,@,@,@,@,@,@]"}
        answer = await client.get("/v1/journal", params=params)
    detail = problem_detail(answer, 422, "invalid-request")
    assert complaint in detail
    assert "1" in detail


async def test_cleared_journal_continues_its_numbers() -> None:
    async with driven() as (csms, client), booted(csms) as station:
        before = (await client.get("/v1/journal")).json()["last"]
        assert before > 0
        assert (await client.delete("/v1/journal")).status_code == 204
        assert (await client.get("/v1/journal")).json() == {"last": before, "entries": []}
        await station.send(call.Heartbeat())
        assert (await journal_entries(client))[0]["number"] == before + 1


# Findings


@pytest.mark.parametrize(
    ("glob", "stations"), [("CS1", {"CS1"}), ("CS1?", {"CS12"}), ("CS*", {"CS1", "CS12"}), ("cs*", set())]
)
async def test_findings_filter_by_glob(glob: str, stations: set[str]) -> None:
    async with driven(findings="always") as (csms, client):
        for station_id in ("CS1", "CS12"):
            async with booted_raw(csms, station_id) as connection:
                await connection.send("[nonsense")
                await receive(connection)
        findings = (await client.get("/v1/findings", params={"station": glob})).json()
    assert {finding["station"] for finding in findings} == stations
