"""Notes in the journal."""

import logging
from typing import Any

import orjson
import pytest

from tests.support.control import Mock, booted, driven, journal_entries, problem_detail

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_note_is_an_entry_and_a_log_line(
    mock: Mock, station_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    csms, client = mock
    async with booted(csms, station_id):
        with caplog.at_level(logging.INFO, "mock_csms"):
            answer = await client.post(
                "/v1/journal/notes", json={"text": "Plug in\nthe cable", "station": station_id.lower()}
            )
    assert answer.status_code == 201
    entry = answer.json()
    assert {**entry, "number": 0, "time": ""} == {
        "number": 0,
        "time": "",
        "station": station_id,
        "connection": 0,
        "type": "note",
        "note": "Plug in\nthe cable",
    }
    assert await journal_entries(client, station=station_id, type="note") == [entry]
    assert f"{station_id}  note: Plug in\\nthe cable" in caplog.messages


async def test_note_of_no_station_is_in_the_stream_of_all(
    mock: Mock, caplog: pytest.LogCaptureFixture
) -> None:
    csms, client = mock
    after = csms.records.last_event
    with caplog.at_level(logging.INFO, "mock_csms"):
        entry = (await client.post("/v1/journal/notes", json={"text": "Step 1"})).json()
    stream = await client.get("/v1/events", params={"within": 0}, headers={"Last-Event-ID": str(after)})
    data = next(line for line in stream.text.splitlines() if line.startswith("data: "))
    assert orjson.loads(data.removeprefix("data: ")) == entry
    assert entry["station"] == ""
    assert "note: Step 1" in caplog.messages


async def test_wait_ends_at_a_note(mock: Mock) -> None:
    _, client = mock
    entry = (await client.post("/v1/journal/notes", json={"text": "Step 2"})).json()
    request = {"match": {"type": "note"}, "since": entry["number"] - 1, "within": 0}
    assert (await client.post("/v1/wait", json=request)).json()["entries"] == [entry]


async def test_secret_in_a_note_is_masked() -> None:
    async with driven() as (_, client):
        text = '{"component": "SecurityCtrlr", "BasicAuthPassword": "open-sesame-1234567"}'
        entry = (await client.post("/v1/journal/notes", json={"text": text})).json()
        assert "open-sesame" not in entry["note"]
        assert await journal_entries(client) == [entry]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "body.text is missing"),
        ({"text": ""}, "body.text: write a text that is not blank"),
        ({"text": " \n"}, "body.text: write a text that is not blank"),
        ({"text": 1}, "body.text"),
        ({"text": "x" * 1001}, "body.text: String should have at most 1000 characters"),
        ({"text": "x", "station": ""}, "body.station"),
        ({"text": "x", "stations": "CS1"}, "body: there is no key 'stations'; did you mean station?"),
    ],
)
async def test_invalid_note_is_refused(mock: Mock, body: dict[str, Any], complaint: str) -> None:
    _, client = mock
    answer = await client.post("/v1/journal/notes", json=body)
    assert complaint in problem_detail(answer, 422, "invalid-request")


async def test_note_about_several_stations_is_refused(mock: Mock) -> None:
    _, client = mock
    answer = await client.post("/v1/journal/notes", json={"text": "x", "station": "CS*"})
    detail = problem_detail(answer, 422, "not-one-station")
    assert detail == (
        "a note is about one station; "
        "for a note without a station, leave out 'station' instead of writing 'CS*'"
    )
