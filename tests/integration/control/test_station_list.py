"""The list of stations: the short form of each, and the list of only those that may have changed."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from ocpp.v201 import call

from mock_csms.errors import CallTimedOut
from mock_csms.findings.kinds import Finding
from tests.support.control import (
    Mock,
    booted,
    booted_raw,
    driven,
    problem_detail,
    send_command,
    wait_for_entry,
)
from tests.support.secured import with_password
from tests.support.station import ID_TOKEN, connected, receive

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSWORD = "a-password-of-16-to-40"


async def in_short(client: httpx.AsyncClient, station_id: str) -> Any:
    """Item of a station in the list of stations."""
    listed = (await client.get("/v1/stations")).json()
    return next(station for station in listed if station["id"] == station_id)


async def changed(client: httpx.AsyncClient, since: int, *station_ids: str) -> list[str]:
    """Those of ``station_ids`` that the API lists as possibly changed after the entry ``since``."""
    answer = await client.get("/v1/stations", params={"changedSince": since})
    assert answer.status_code == 200, answer.text
    listed = {station["id"] for station in answer.json()}
    return [station_id for station_id in station_ids if station_id in listed]


async def last_entry(client: httpx.AsyncClient) -> int:
    """Number of the newest journal entry, from the header X-Last-Entry of the list of stations."""
    return int((await client.get("/v1/stations")).headers["X-Last-Entry"])


# The short form


async def test_connected_station_has_the_facts_of_its_connection(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        short = await in_short(client, station_id)
        host, port = station.connection.local_address
    facts = {key: short[key] for key in ("ocppVersion", "listener", "securityProfile", "remote")}
    remote = f"{host}:{port}"
    assert facts == {"ocppVersion": "2.0.1", "listener": "main", "securityProfile": 0, "remote": remote}


async def test_disconnected_station_keeps_its_last_message_but_has_no_connection(
    mock: Mock, station_id: str
) -> None:
    csms, client = mock
    async with booted(csms, station_id):
        last_message = (await in_short(client, station_id))["lastMessage"]
    await wait_for_entry(client, station=station_id, type="disconnected")
    short = await in_short(client, station_id)
    names = (
        "connection",
        "connectedSince",
        "ocppVersion",
        "listener",
        "securityProfile",
        "remote",
        "pendingCall",
    )
    assert [short[name] for name in names] == [None] * 7
    assert short["lastMessage"] == last_message


async def test_security_profile_is_the_one_the_station_has_credentials_for() -> None:
    async with (
        driven(password=PASSWORD, security_profile=1) as (csms, client),
        connected(csms, "CS1", **with_password(PASSWORD)),
    ):
        await wait_for_entry(client, type="connected")
        assert (await in_short(client, "CS1"))["securityProfile"] == 1


async def test_last_message_is_the_time_of_the_last_frame_received(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id):
        await send_command(client, station_id, "ClearCache")
        answer = await wait_for_entry(client, station=station_id, type="result", direction="received")
        assert (await in_short(client, station_id))["lastMessage"] >= answer["time"]


async def test_boot_has_vendor_model_and_firmware(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with connected(csms, station_id) as station:
        await station.boot(firmware_version="1.2.3")
        short = await in_short(client, station_id)
    assert (short["vendor"], short["model"], short["firmware"]) == ("Vendor", "Model", "1.2.3")


async def test_times_of_connection_and_boot_are_those_of_the_latest(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with connected(csms, station_id) as station:
        before_boot = await in_short(client, station_id)
        await station.boot()
        first = await in_short(client, station_id)
    async with booted(csms, station_id):
        second = await in_short(client, station_id)
    assert before_boot["bootedAt"] is None
    assert before_boot["connectedSince"] == first["connectedSince"] <= first["bootedAt"]
    assert first["bootedAt"] <= second["connectedSince"] <= second["bootedAt"]


@pytest.mark.parametrize(
    "product", [7, {"model": ["Model"], "vendorName": None}, {"model": {}, "vendorName": 1.5}], ids=str
)
async def test_facts_of_a_boot_that_breaks_its_schema_are_null(
    mock: Mock, station_id: str, product: Any
) -> None:
    csms, client = mock
    boot = [2, "1", "BootNotification", {"reason": "PowerUp", "chargingStation": product}]
    await client.patch(f"/v1/stations/{station_id}/profile", json={"validation": "off"})
    async with booted_raw(csms, station_id) as connection:
        await connection.send(json.dumps(boot))
        await receive(connection)
        short = await in_short(client, station_id)
    assert [short[name] for name in ("vendor", "model", "firmware")] == [None, None, None]


async def test_running_transaction_is_in_the_list_until_it_ends(mock: Mock, station_id: str) -> None:
    csms, client = mock
    meter = [{"timestamp": "2026-01-01T10:00:00Z", "sampled_value": [{"value": value}]} for value in (0, 500)]
    await client.patch(f"/v1/stations/{station_id}/profile", json={"costPerKwh": 0.5})
    async with booted(csms, station_id) as station:
        fields = {"evse": {"id": 1, "connector_id": 2}, "id_token": ID_TOKEN, "meter_value": meter}
        await station.transaction("Started", 0, "tx-9", **fields)
        short = await in_short(client, station_id)
        await station.transaction("Ended", 1, "tx-9")
        after = await in_short(client, station_id)
        (ended,) = (await client.get(f"/v1/stations/{station_id}")).json()["transactions"]
    (running,) = short["running"]
    assert ended["startedAt"] == running.pop("startedAt")
    assert running == {
        "transactionId": "tx-9",
        "evseId": 1,
        "connectorId": 2,
        "idToken": {"idToken": "AABBCCDD", "type": "ISO14443"},
        "chargingState": None,
        "energyWh": 500.0,
        "totalCost": 0.25,
    }
    assert (short["transactions"], after["transactions"], after["running"]) == (1, 0, [])
    assert ended["endedAt"] >= ended["startedAt"]


async def test_of_many_running_transactions_the_newest_twenty_are_listed(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        for number in range(1, 23):
            await station.transaction("Started", 0, f"tx-{number}", evse={"id": number})
        short = await in_short(client, station_id)
    assert short["transactions"] == 22
    assert [running["transactionId"] for running in short["running"]] == [
        f"tx-{number}" for number in range(22, 2, -1)
    ]


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "yesterday"])
async def test_time_that_is_not_valid_in_utc_is_null(mock: Mock, station_id: str, time: str) -> None:
    csms, client = mock
    await client.patch(f"/v1/stations/{station_id}/profile", json={"validation": "off"})
    async with booted_raw(csms, station_id) as connection:
        for seq_no, event_type in enumerate(("Started", "Ended")):
            event = {
                "eventType": event_type,
                "timestamp": time,
                "triggerReason": "CablePluggedIn",
                "seqNo": seq_no,
                "transactionInfo": {"transactionId": "T1"},
                "meterValue": [{"timestamp": time, "sampledValue": [{"value": 5.0}]}],
            }
            await connection.send(json.dumps([2, f"event-{seq_no}", "TransactionEvent", event]))
            await receive(connection)
        answer = await client.get(f"/v1/stations/{station_id}")
    (transaction,) = answer.json()["transactions"]
    assert [transaction[name] for name in ("startedAt", "endedAt", "meterStart")] == [None, None, None]


async def test_findings_are_counted_by_severity(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted_raw(csms, station_id) as connection:
        await connection.send("no JSON")
        await receive(connection)
        assert (await in_short(client, station_id))["findings"] == {"error": 1, "warning": 0, "hint": 0}
        await client.post("/v1/reset", params={"station": station_id})
        assert (await in_short(client, station_id))["findings"] == {"error": 0, "warning": 0, "hint": 0}


async def test_pending_command_is_in_the_list(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted_raw(csms, station_id) as connection:
        pending_answer = asyncio.create_task(send_command(client, station_id, "Reset"))
        _, message_id, *_ = await receive(connection)
        short = await in_short(client, station_id)
        await connection.send(json.dumps([3, message_id, {"status": "Accepted"}]))
        await pending_answer
    assert short["pendingCall"] == {"messageId": message_id, "action": "Reset"}


async def test_key_code_is_masked_in_the_list(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        key_code = {"id_token": "4711", "type": "KeyCode"}
        await station.transaction("Started", 0, evse={"id": 1}, id_token=key_code)
        short = await in_short(client, station_id)
    assert "4711" not in json.dumps(short)


# Changes


async def test_station_is_left_out_until_it_changes(mock: Mock, station_id: str) -> None:
    csms, client = mock
    ids = station_id, f"{station_id}-b"
    async with booted(csms, ids[0]) as station, booted(csms, ids[1]):
        seen = await last_entry(client)
        assert await changed(client, 0, *ids) == [*ids]
        assert await changed(client, seen, *ids) == []
        await station.send(call.Heartbeat())
        assert await changed(client, seen, *ids) == [station_id]
        assert await changed(client, await last_entry(client), *ids) == []


async def test_headers_count_entries_and_stations(mock: Mock) -> None:
    csms, client = mock
    last = csms.records.journal.last_number
    answer = await client.get("/v1/stations", params={"changedSince": last})
    assert (answer.headers["X-Last-Entry"], answer.headers["X-Stations"]) == (
        str(last),
        str(len(csms.stations)),
    )


async def test_every_entry_about_a_station_is_a_change(mock: Mock, station_id: str) -> None:
    csms, client = mock
    ids = station_id, f"{station_id}-b"
    async with booted(csms, ids[1]):
        async with booted_raw(csms, station_id) as connection:
            for frame in ("no JSON", '[2,"1","Xyz",{}]', '[2,"2","Heartbeat",{}]'):
                seen = await last_entry(client)
                await connection.send(frame)
                await receive(connection)
                assert await changed(client, seen, *ids) == [station_id], frame
            seen = await last_entry(client)
        await wait_for_entry(client, station=station_id, type="disconnected")
        assert await changed(client, seen, *ids) == [station_id]
        seen = await last_entry(client)
        await client.post("/v1/journal/notes", json={"text": "begin", "station": station_id})
        assert await changed(client, seen, *ids) == [station_id]


async def test_command_that_fails_without_an_entry_is_a_change() -> None:
    async with driven(findings="never") as (csms, client), booted_raw(csms) as connection:
        pending_answer = asyncio.create_task(send_command(client, "CS1", "Reset"))
        await receive(connection)
        seen = await last_entry(client)
        pending = csms.sessions["CS1"].pending
        assert pending is not None
        pending.answer.set_exception(CallTimedOut("no answer in time"))
        assert "no answer in time" in (await pending_answer).text
        answer = await client.get("/v1/stations", params={"changedSince": seen})
    assert answer.headers["X-Last-Entry"] == str(seen)
    assert [station["pendingCall"] for station in answer.json()] == [None]


async def test_finding_without_an_entry_is_a_change(mock: Mock, station_id: str) -> None:
    csms, client = mock
    finding = Finding("call-unanswered", "error", "OCPP-J 4.1.1", station_id, 0.0, (), "it is not answered")
    async with booted(csms, station_id):
        seen = await last_entry(client)
        csms.records.find([finding])
        assert await changed(client, seen, station_id) == [station_id]
        assert (await in_short(client, station_id))["findings"]["error"] == 1


async def test_profile_token_and_reset_are_changes(mock: Mock, station_id: str) -> None:
    csms, client = mock
    ids = station_id, f"{station_id}-b"
    async with booted(csms, ids[0]), booted(csms, ids[1]):
        seen = await last_entry(client)
        await client.patch(f"/v1/stations/{station_id}/profile", json={"costPerKwh": 1})
        assert await changed(client, seen, *ids) == [station_id]
        seen = await next_entry(client, ids)
        await client.put("/v1/tokens/T1", json={"status": "Blocked"})
        assert await changed(client, seen, *ids) == [*ids]
        seen = await next_entry(client, ids)
        await client.post("/v1/reset", params={"station": ids[1]})
        assert await changed(client, seen, *ids) == [ids[1]]


async def next_entry(client: httpx.AsyncClient, station_ids: tuple[str, ...]) -> int:
    """Add a note that names no station to the journal; return its number, after which nothing has changed."""
    await client.post("/v1/journal/notes", json={"text": "next"})
    last = await last_entry(client)
    assert await changed(client, last, *station_ids) == []
    return last


async def test_state_set_at_the_handshake_is_a_change(mock: Mock, station_id: str) -> None:
    csms, client = mock
    when = {"action": "handshake", "station": station_id}
    await client.post("/v1/rules", json={"when": when, "then": {"fault": {"kind": "hang"}}, "set": "met"})
    async with booted(csms, f"{station_id}-b"):
        seen = await last_entry(client)
        async with connected(csms, station_id, close_timeout=0.1):
            assert await changed(client, seen, station_id) == [station_id]
            assert (await in_short(client, station_id))["state"] == "met"


async def test_offline_station_is_never_left_out(
    mock: Mock, station_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    csms, client = mock
    async with booted(csms, station_id):
        pass
    await wait_for_entry(client, station=station_id, type="disconnected")
    seen, now = await last_entry(client), 1_800_000_000.0
    monkeypatch.setattr(csms.outages, "_clock", lambda: now)
    await client.post(f"/v1/stations/{station_id}/offline", json={"for": 30})
    assert await changed(client, seen, station_id) == [station_id]
    assert (await in_short(client, station_id))["offline"] is True
    seen = csms.records.add_note("", "later").number
    now += 30
    assert await changed(client, seen, station_id) == [station_id]
    assert (await in_short(client, station_id))["offline"] is False
    await client.delete(f"/v1/stations/{station_id}/offline")
    assert await changed(client, seen, station_id) == [station_id]


@pytest.mark.parametrize("since", ["-1", "now", "1.5", ""])
async def test_changed_since_that_is_not_a_number_is_422(mock: Mock, since: str) -> None:
    _, client = mock
    answer = await client.get("/v1/stations", params={"changedSince": since})
    assert "changedSince" in problem_detail(answer, 422, "invalid-request")


async def test_changed_since_of_an_earlier_run_is_422(mock: Mock) -> None:
    csms, client = mock
    later = csms.records.journal.last_number + 1
    answer = await client.get("/v1/stations", params={"changedSince": later})
    assert "list all stations" in problem_detail(answer, 422, "unknown-event")


async def test_station_that_is_forgotten_while_stations_are_listed_is_left_out(
    mock: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    csms, client = mock
    csms.station("first")
    csms.station("forgotten")
    csms.records.activities.changed()

    async def forget() -> None:
        if "forgotten" in csms.stations:
            csms.reset({"forgotten"})

    monkeypatch.setattr("mock_csms.control.responses.SLICE_S", 0.0)
    monkeypatch.setattr("mock_csms.control.responses.next_slice", forget)
    assert await changed(client, 0, "first", "forgotten") == ["first"]
    assert "forgotten" not in csms.records.activities._by_station


@pytest.mark.parametrize("is_all", [True, False], ids=["all", "changed ones"])
async def test_stations_are_listed_in_slices(
    mock: Mock, monkeypatch: pytest.MonkeyPatch, *, is_all: bool
) -> None:
    csms, client = mock
    turns = 0

    async def count_turn() -> None:
        nonlocal turns
        turns += 1

    for number in range(50):
        csms.station(f"many-{number}")
    csms.records.add_note("", "later")
    monkeypatch.setattr("mock_csms.control.responses.SLICE_S", 0.0)
    monkeypatch.setattr("mock_csms.control.responses.next_slice", count_turn)
    since = 0 if is_all else csms.records.journal.last_number
    assert await changed(client, since, "many-0") == ["many-0"] * is_all
    assert turns >= len(csms.stations)
