"""Stations: their state, their connections and their profiles."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from ocpp.v201 import call
from websockets.protocol import State

from tests.support.control import (
    Mock,
    booted,
    booted_raw,
    driven,
    patiently,
    problem_detail,
    send_command,
    wait_for_entry,
)
from tests.support.station import PATIENCE, connected, now, receive

pytestmark = pytest.mark.asyncio(loop_scope="module")


# State


async def test_list_has_the_short_form_of_a_station(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id):
        listed = (await client.get("/v1/stations")).json()
    (short_form,) = [station for station in listed if station["id"] == station_id]
    assert short_form.pop("connection") > 0
    assert short_form.pop("remote").startswith("127.0.0.1:")
    assert short_form.pop("connectedSince") <= short_form.pop("bootedAt") <= now()
    assert short_form.pop("lastMessage") <= now()
    assert short_form == {
        "id": station_id,
        "connected": True,
        "ocppVersion": "2.0.1",
        "listener": "main",
        "securityProfile": 0,
        "registration": "Accepted",
        "boots": 1,
        "vendor": "Vendor",
        "model": "Model",
        "firmware": None,
        "connectors": [],
        "transactions": 0,
        "running": [],
        "findings": {"error": 0, "warning": 0, "hint": 0},
        "offline": False,
        "pendingCall": None,
        "state": "start",
    }


async def test_station_has_its_boot_and_connectors(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        await station.status("Occupied", evse_id=2, connector_id=1)
        state = (await client.get(f"/v1/stations/{station_id}")).json()
    assert state["boot"]["chargingStation"] == {"model": "Model", "vendorName": "Vendor"}
    assert state["connectors"] == [{"evseId": 2, "connectorId": 1, "connectorStatus": "Occupied"}]
    assert state["pendingCall"] is None


async def test_transaction_has_its_energy_and_cost() -> None:
    def meter(value: float) -> list[dict[str, Any]]:
        return [{"timestamp": now(), "sampled_value": [{"value": value}]}]

    async with driven(cost_per_kwh=0.5) as (csms, client), booted(csms) as station:
        await station.transaction("Started", 0, "tx-9", evse={"id": 1}, meter_value=meter(1000.0))
        await station.transaction("Updated", 1, "tx-9", meter_value=meter(3500.0))
        (transaction,) = (await client.get("/v1/stations/CS1")).json()["transactions"]
        assert (await client.get("/v1/stations")).json()[0]["transactions"] == 1
    assert (transaction["transactionId"], transaction["evseId"], transaction["ended"]) == ("tx-9", 1, False)
    assert "id" not in transaction
    assert (transaction["energyWh"], transaction["totalCost"]) == (2500.0, 1.25)
    assert (transaction["meterStart"]["wh"], transaction["meterLast"]["wh"]) == (1000.0, 3500.0)


async def test_times_of_meter_readings_are_utc_with_milliseconds() -> None:
    meter = [{"timestamp": "2026-01-01T01:30:00.0060+01:00", "sampled_value": [{"value": 1.0}]}]
    async with driven() as (csms, client), booted(csms) as station:
        await station.transaction("Started", 0, "tx-9", meter_value=meter)
        (transaction,) = (await client.get("/v1/stations/CS1")).json()["transactions"]
    assert transaction["meterStart"]["timestamp"] == "2026-01-01T00:30:00.006Z"


async def test_report_names_its_missing_parts() -> None:
    async with driven() as (csms, client), booted(csms) as station:
        await station.send(call.NotifyReport(request_id=1, generated_at=now(), seq_no=2))
        (report,) = (await client.get("/v1/stations/CS1")).json()["reports"]
    assert (report["complete"], report["parts"], report["missing"]) == (False, [2], [0, 1])


async def test_transaction_names_its_missing_events() -> None:
    async with driven() as (csms, client), booted(csms) as station:
        await station.transaction("Started", 0, "tx-9")
        await station.transaction("Ended", 3, "tx-9")
        (transaction,) = (await client.get("/v1/stations/CS1")).json()["transactions"]
    assert transaction["missingSeqNos"] == [1, 2]


async def test_unknown_station_is_404_with_a_hint(mock: Mock) -> None:
    csms, client = mock
    async with booted(csms, "garage-left"):
        for answer in (
            await client.get("/v1/stations/garage-lef"),
            await send_command(client, "garage-lef", "Reset"),
        ):
            assert "did you mean garage-left?" in problem_detail(answer, 404, "unknown-station")


async def test_known_but_disconnected_station_is_409(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id):
        pass
    await wait_for_entry(client, station=station_id, type="disconnected")
    assert "not connected" in problem_detail(
        await send_command(client, station_id, "Reset"), 409, "not-connected"
    )
    answer = await client.delete(f"/v1/stations/{station_id}/connection")
    problem_detail(answer, 409, "not-connected")
    assert (await client.get(f"/v1/stations/{station_id}")).json()["connected"] is False


async def test_station_has_its_pending_call(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted_raw(csms, station_id) as connection:
        pending_answer = asyncio.create_task(send_command(client, station_id, "Reset"))
        _, message_id, *_ = await receive(connection)
        state = (await client.get(f"/v1/stations/{station_id}")).json()
        await connection.send(json.dumps([3, message_id, {"status": "Accepted"}]))
        await pending_answer
    assert state["pendingCall"] == {"messageId": message_id, "action": "Reset"}


# Connections


async def test_connection_is_closed_with_code_and_reason(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        close_frame: dict[str, str | int] = {"code": 1012, "reason": "back soon"}
        answer = await client.delete(f"/v1/stations/{station_id}/connection", params=close_frame)
        await patiently(station.connection.wait_closed())
    assert answer.status_code == 204
    assert (station.connection.close_code, station.connection.close_reason) == (1012, "back soon")


async def test_aborted_connection_ends_without_a_close_frame(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        answer = await client.delete(f"/v1/stations/{station_id}/connection", params={"abort": "true"})
        await patiently(station.connection.wait_closed())
    assert answer.status_code == 204
    assert station.connection.close_code == 1006


async def test_unsendable_close_code_is_422(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        answer = await client.delete(f"/v1/stations/{station_id}/connection", params={"code": 1005})
        assert "1005" in problem_detail(answer, 422, "invalid-close-code")
        assert station.connection.state is State.OPEN


async def test_too_long_close_reason_is_422(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        close_frame = {"reason": "\N{GRINNING FACE}" * 40}
        answer = await client.delete(f"/v1/stations/{station_id}/connection", params=close_frame)
        assert "123 bytes" in problem_detail(answer, 422, "invalid-close-reason")
        assert station.connection.state is State.OPEN


# Profiles


async def test_changed_profile_applies_to_the_current_connection(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        changed = await client.patch(f"/v1/stations/{station_id}/profile", json={"heartbeatInterval": 7})
        assert changed.json()["heartbeatInterval"] == 7
        assert (await station.boot()).interval == 7
    assert (await client.get(f"/v1/stations/{station_id}/profile")).json()["heartbeatInterval"] == 7


async def test_changed_boot_status_sequence_applies_to_the_current_connection(
    mock: Mock, station_id: str
) -> None:
    csms, client = mock
    async with connected(csms, station_id) as station:
        await wait_for_entry(client, station=station_id, type="connected")
        changes = {"bootStatusSequence": ["Pending", "Accepted"]}
        assert (await client.patch(f"/v1/stations/{station_id}/profile", json=changes)).status_code == 200
        assert [(await station.boot()).status for _ in range(2)] == ["Pending", "Accepted"]


async def test_changed_boot_sequence_begins_at_its_start(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        await station.boot()
        statuses = []
        for sequence in (["Pending", "Accepted"], ["Rejected", "Accepted"], ["Rejected", "Accepted"]):
            changes = {"bootStatusSequence": sequence}
            assert (await client.patch(f"/v1/stations/{station_id}/profile", json=changes)).status_code == 200
            statuses += [(await station.boot()).status for _ in range(3)]
    restarted = ["Rejected", "Accepted", "Accepted"]
    assert statuses == ["Pending", "Accepted", "Accepted", *restarted, *restarted]


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(["Heartbeat:no-answer"], id="text"),
        pytest.param([{"action": "Heartbeat", "kind": "no-answer"}], id="table"),
        pytest.param({"action": "Heartbeat", "kind": "no-answer"}, id="single table"),
    ],
)
async def test_faults_of_a_profile_may_be_texts_or_tables(mock: Mock, station_id: str, faults: Any) -> None:
    csms, client = mock
    profile = f"/v1/stations/{station_id}/profile"
    changed = await client.patch(profile, json={"faults": faults})
    with_fault = csms.rulebook.about(station_id)
    await client.patch(profile, json={"faults": None})
    assert changed.json()["faults"] == ["Heartbeat:no-answer"]
    assert (list(with_fault), list(csms.rulebook.about(station_id))) == (["Heartbeat"], [])


async def test_fault_of_a_changed_profile_is_injected_until_the_reset(mock: Mock, station_id: str) -> None:
    csms, client = mock
    faults = [{"action": "Heartbeat", "kind": "close", "code": 3001}]
    async with booted_raw(csms, station_id) as connection:
        await client.patch(f"/v1/stations/{station_id}/profile", json={"faults": faults})
        await connection.send('[2,"1","Heartbeat",{}]')
        async with asyncio.timeout(PATIENCE):
            await connection.wait_closed()
    csms.reset()
    assert connection.close_code == 3001
    assert list(csms.rulebook.about(station_id)) == []


async def test_null_reverts_a_change_of_a_profile(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        interval = (await station.boot()).interval
        await client.patch(f"/v1/stations/{station_id}/profile", json={"heartbeatInterval": interval + 1})
        await client.patch(f"/v1/stations/{station_id}/profile", json={"heartbeatInterval": None})
        assert (await station.boot()).interval == interval


async def test_header_names_the_changed_settings_of_a_profile(mock: Mock, station_id: str) -> None:
    _, client = mock
    profile = f"/v1/stations/{station_id}/profile"
    changed = await client.patch(profile, json={"heartbeatInterval": 7, "offline": True})
    assert changed.headers["X-Changed"] == "heartbeatInterval,offline"

    await client.patch(profile, json={"offline": None})
    assert (await client.get(profile)).headers["X-Changed"] == "heartbeatInterval"


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        pytest.param(
            {"heartbeatIntervall": 7},
            "'heartbeatIntervall'; did you mean heartbeatInterval?",
            id="unknown key",
        ),
        pytest.param({"heartbeatInterval": "often"}, "heartbeatInterval: ", id="wrong type"),
        pytest.param({"commands": ["Rest:1"]}, "did you mean Reset?", id="unknown command"),
    ],
)
async def test_invalid_change_of_a_profile_is_422(
    mock: Mock, station_id: str, changes: dict[str, Any], detail: str
) -> None:
    _, client = mock
    before = (await client.get(f"/v1/stations/{station_id}/profile")).json()
    answer = await client.patch(f"/v1/stations/{station_id}/profile", json=changes)
    assert detail in problem_detail(answer, 422, "invalid-profile")
    assert (await client.get(f"/v1/stations/{station_id}/profile")).json() == before


@pytest.mark.parametrize(
    "changes",
    [{"exiResponse": "@{}"}, {"command": "Reset", "payload": "@{}"}, {"contractRoots": "{}"}],
    ids=["exiResponse", "payload", "contractRoots"],
)
async def test_file_of_the_machine_cannot_be_read_by_a_change_of_a_profile(
    mock: Mock, station_id: str, tmp_path: Path, changes: dict[str, str]
) -> None:
    _, client = mock
    file = tmp_path / "file"
    file.write_text('{"type": "Immediate"} -----BEGIN CERTIFICATE-----', encoding="utf-8")
    named = {key: value.format(file) for key, value in changes.items()}
    answer = await client.patch(f"/v1/stations/{station_id}/profile", json=named)
    assert "a file can be named only by a flag or in the settings file" in problem_detail(
        answer, 422, "invalid-profile"
    )


async def test_meter_readings_have_times_like_all_others(mock: Mock, station_id: str) -> None:
    csms, client = mock
    sampled = {"timestamp": "2026-01-01T12:00:00.006+02:00", "sampledValue": [{"value": 5.0}]}
    event = {
        "eventType": "Started",
        "timestamp": "2026-01-01T10:00:00Z",
        "triggerReason": "CablePluggedIn",
        "seqNo": 0,
        "transactionInfo": {"transactionId": "T1"},
        "meterValue": [sampled],
    }
    async with booted_raw(csms, station_id) as connection:
        await connection.send(json.dumps([2, "event", "TransactionEvent", event]))
        await receive(connection)
        state = (await client.get(f"/v1/stations/{station_id}")).json()
    assert state["transactions"][0]["meterStart"] == {"timestamp": "2026-01-01T10:00:00.006Z", "wh": 5.0}


# Limits of the faults of a profile


async def test_too_many_faults_in_a_profile_are_422(mock: Mock, station_id: str) -> None:
    csms, client = mock
    before = len(csms.rulebook.entries)
    faults = [f"Heartbeat:no-answer:nth={number}" for number in range(1, 1002)]
    for value in (faults, ",".join(faults)):
        answer = await client.patch(f"/v1/stations/{station_id}/profile", json={"faults": value})
        detail = problem_detail(answer, 422, "invalid-profile")
        assert detail == "faults: there are 1001 faults; write at most 1000"
    assert len(csms.rulebook.entries) == before
    assert station_id not in csms.profiles.changes


async def test_faults_past_the_maximum_number_of_rules_are_409(
    mock: Mock, station_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    csms, client = mock
    before = len(csms.rulebook.entries)
    monkeypatch.setattr("mock_csms.settings.effective.MAX_RULES", before + 2)
    path = f"/v1/stations/{station_id}/profile"
    faults = [f"Heartbeat:no-answer:nth={number}" for number in range(1, 4)]

    assert (await client.patch(path, json={"faults": faults[:2]})).status_code == 200
    answer = await client.patch(path, json={"faults": faults, "heartbeatInterval": 7})
    assert f"there would be {before + 3} rules" in problem_detail(answer, 409, "too-many-rules")
    assert len(csms.rulebook.entries) == before + 2
    profile = (await client.get(path)).json()
    assert (profile["faults"], profile["heartbeatInterval"]) == (faults[:2], 300)

    assert (await client.patch(path, json={"faults": faults[1:]})).status_code == 200
    assert (await client.patch(path, json={"faults": None})).status_code == 200
    assert len(csms.rulebook.entries) == before
