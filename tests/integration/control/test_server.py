"""The server: how it was started, where it keeps its records, and what it has counted."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.support.control import TOKEN, Mock, booted, booted_raw, driven, patiently
from tests.support.station import connected, receive

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSWORD = "a-password-of-16-to-40"


async def facts_of(**settings: Any) -> Any:
    """Start a server with these settings; return the answer to GET /v1/server."""
    async with driven(**settings) as (_, client):
        return (await client.get("/v1/server")).json()


async def test_server_has_its_addresses_and_versions(mock: Mock) -> None:
    csms, client = mock
    facts = (await client.get("/v1/server")).json()
    assert facts["stationUrls"] == [f"ws://{csms.address}/"]
    assert (facts["control"], facts["ocppVersions"]) == (csms.control, ["2.0.1"])
    assert facts["startedAt"] <= datetime.now(UTC).isoformat()
    assert (facts["files"], facts["pki"], facts["tokenRequired"]) == (None, None, False)
    assert facts["seed"] == csms.rulebook.seed


async def test_server_names_each_port_once(tmp_path: Path) -> None:
    listeners = {"plain": {"port": 0}, "secure": {"port": 0, "security_profile": 2}}
    async with driven(pki=tmp_path, tls=True, password=PASSWORD, listeners=listeners) as (csms, client):
        facts = (await client.get("/v1/server")).json()
        ports = {name: listener.address for name, listener in csms.listeners.items()}
    assert facts["stationUrls"] == [
        f"ws://{ports['main']}/",
        f"wss://{ports['main']}/",
        f"ws://{ports['plain']}/",
        f"wss://{ports['secure']}/",
    ]
    assert facts["pki"] == str(tmp_path)


async def test_public_url_is_the_one_for_stations() -> None:
    facts = await facts_of(public_url="ws://192.0.2.7:9000/ocpp")
    assert facts["stationUrls"] == ["ws://192.0.2.7:9000/ocpp/"]


async def test_journal_has_its_use_and_its_file(tmp_path: Path) -> None:
    path = tmp_path / "journal.ndjson"
    async with driven(journal=path, journal_max=50, files=tmp_path) as (csms, client), booted(csms):
        facts = (await client.get("/v1/server")).json()
        assert csms.journal_file is not None
        csms.journal_file.lost = 3
        assert (await client.get("/v1/server")).json()["journal"]["missing"] == 3
    journal = facts["journal"]
    assert journal.pop("bytes") > 0
    assert journal == {
        "last": 3,
        "stored": 3,
        "maxEntries": 50,
        "maxBytes": csms.records.journal.max_bytes,
        "file": str(path),
        "missing": 0,
    }
    assert facts["files"] == str(tmp_path)


@pytest.mark.parametrize(
    ("settings", "schedule"),
    [
        ({}, []),
        ({"command": "GetBaseReport", "period": 5}, [("*", "GetBaseReport", None, 5)]),
        (
            {"commands": "Reset:5,ClearCache:0.5", "station": "CS*"},
            [("CS*", "Reset", 5, None), ("CS*", "ClearCache", 0.5, None)],
        ),
        (
            {"command": "Reset", "delay": 2, "stations": {"CS1": {"commands": ["ClearCache:1"]}, "CS2": {}}},
            [("*", "Reset", 2, None), ("CS1", "ClearCache", 1, None)],
        ),
    ],
    ids=["nothing", "periodic", "sequence", "profile"],
)
async def test_schedule_is_that_of_the_settings(settings: dict[str, Any], schedule: list[Any]) -> None:
    facts = await facts_of(**settings)
    keys = ("stations", "action", "delay", "period")
    assert facts["schedule"] == [dict(zip(keys, command, strict=True)) for command in schedule]


async def test_server_shows_no_secret() -> None:
    secrets = {"control_token": TOKEN, "password": PASSWORD}
    async with driven(**secrets) as (_, client):
        refused = await client.get("/v1/server")
        shown = await client.get("/v1/server", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (refused.status_code, shown.json()["tokenRequired"]) == (401, True)
    assert not any(secret in shown.text for secret in secrets.values())


# Statistics


async def test_statistics_count_messages_connections_and_findings() -> None:
    async with driven(faults="Heartbeat:delay=0") as (csms, client):
        empty = (await client.get("/v1/statistics")).json()
        async with booted_raw(csms) as connection:
            for frame in ("no JSON", '[2,"1","Heartbeat",{}]', '[2,"2","Xyz",{}]'):
                await connection.send(frame)
                await receive(connection)
            with pytest.raises(InvalidStatus):
                await connected(csms, "").__aenter__()
            counted = (await client.get("/v1/statistics")).json()
    assert list(empty.pop("history").values()) == [[]] * 8
    assert set(empty.pop("findings").values()) == {0}
    numbers = {name: number for name, number in counted.items() if name not in {"findings", "history"}}
    assert numbers == {
        "received": 4,
        "sent": 4,
        "results": 2,
        "errors": 3,
        "timeouts": 0,
        "connections": 1,
        "connected": 1,
        "refused": 1,
        "faults": 1,
    }
    assert counted["findings"] == {"error": 2, "warning": 0, "hint": 0}
    assert set(empty.values()) == {0}


async def test_history_is_sampled_while_the_server_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mock_csms.journal.history.INTERVAL_S", 0.5)
    async with driven() as (csms, client), booted(csms):
        is_sampled, tick = asyncio.Event(), csms.records.history.tick

        def note_tick(stations: int) -> None:
            tick(stations)
            is_sampled.set()

        monkeypatch.setattr(csms.records.history, "tick", note_tick)
        await patiently(is_sampled.wait())
        history = (await client.get("/v1/statistics")).json()["history"]
    columns = ["time", "received", "sent", "errors", "connected", "refused", "answerMs", "mockMs"]
    assert list(history) == columns
    assert {len(column) for column in history.values()} == {1}
    assert history["received"][0] > 0
    assert history["connected"] == [1]
    assert history["mockMs"][0] > 0


async def test_counts_are_kept_by_a_reset() -> None:
    async with driven() as (csms, client), booted_raw(csms) as connection:
        await connection.send("no JSON")
        await receive(connection)
        before = (await client.get("/v1/statistics")).json()
        await client.post("/v1/reset")
        after = (await client.get("/v1/statistics")).json()
    assert (before["findings"]["error"], before) == (1, after)
