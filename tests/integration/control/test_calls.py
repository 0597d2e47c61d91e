"""Commands sent to stations, one at a time and by glob."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from ocpp.exceptions import SecurityError
from ocpp.v201 import call_result

from tests.support.control import (
    Mock,
    booted,
    booted_raw,
    driven,
    journal_entries,
    patiently,
    problem_detail,
    send_command,
    wait_for_entry,
)
from tests.support.station import PATIENCE, receive

pytestmark = pytest.mark.asyncio(loop_scope="module")


# Outcomes


async def test_command_without_payload_is_sent_with_its_default(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        outcome = (await send_command(client, station_id, "GetVariables")).json()
        requested = (await station.next("GetVariables"))["get_variable_data"]
    assert [item["variable"]["name"] for item in requested] == ["HeartbeatInterval", "SecurityProfile"]
    assert outcome["outcome"] == "result"
    assert len(outcome["payload"]["getVariableResult"]) == 2


async def test_command_is_sent_with_the_given_payload(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        outcome = (
            await send_command(client, station_id, "Reset", payload={"type": "OnIdle", "evseId": 3})
        ).json()
        assert await station.next("Reset") == {"type": "OnIdle", "evse_id": 3}
    assert outcome["payload"] == {"status": "Accepted"}


async def test_result_has_message_id_and_elapsed_time(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id):
        outcome = (await send_command(client, station_id, "ClearCache")).json()
    (entry,) = await journal_entries(client, station=station_id, action="ClearCache", type="call")
    assert outcome["messageId"] == entry["messageId"]
    assert 0 < outcome["elapsed"] < PATIENCE


async def test_callerror_is_an_error_outcome_with_its_code(mock: Mock, station_id: str) -> None:
    def refuse(**_: Any) -> Any:
        raise SecurityError("not now", {"why": "night"})

    csms, client = mock
    async with booted(csms, station_id) as station:
        station.answers["Reset"] = refuse
        outcome = (await send_command(client, station_id, "Reset")).json()
    assert outcome.pop("messageId")
    assert outcome.pop("elapsed") > 0
    assert outcome == {
        "outcome": "error",
        "errorCode": "SecurityError",
        "errorDescription": "not now",
        "errorDetails": {"why": "night"},
    }


async def test_missing_answer_is_a_timeout_outcome(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted_raw(csms, station_id) as connection:
        outcome = (await send_command(client, station_id, "Reset", timeout=0.05)).json()
        _, message_id, *_ = await receive(connection)
    assert (outcome["outcome"], outcome["messageId"]) == ("timeout", message_id)
    assert "0.05 s" in outcome["detail"]


async def test_elapsed_time_of_a_timeout_counts_from_sending(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted_raw(csms, station_id) as connection:
        first = asyncio.create_task(send_command(client, station_id, "Reset", timeout=0.5))
        await receive(connection)
        second = asyncio.create_task(send_command(client, station_id, "ClearCache", timeout=0.05))
        assert 0.4 < (await first).json()["elapsed"] < PATIENCE
        assert 0.04 < (await second).json()["elapsed"] < 0.5


async def test_connection_lost_before_the_answer_is_a_disconnected_outcome(
    mock: Mock, station_id: str
) -> None:
    csms, client = mock
    async with booted_raw(csms, station_id) as connection:
        pending_answer = asyncio.create_task(send_command(client, station_id, "Reset"))
        _, message_id, *_ = await receive(connection)
        connection.transport.abort()
        outcome = (await pending_answer).json()
    assert (outcome["outcome"], outcome["messageId"]) == ("disconnected", message_id)
    assert 0 < outcome["elapsed"] < PATIENCE


async def test_answer_that_breaks_its_schema_has_a_violation(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted_raw(csms, station_id) as connection:
        pending_answer = asyncio.create_task(send_command(client, station_id, "Reset"))
        _, message_id, *_ = await receive(connection)
        await connection.send(json.dumps([3, message_id, {"status": "Perhaps"}]))
        outcome = (await pending_answer).json()
    assert (outcome["outcome"], outcome["payload"]) == ("result", {"status": "Perhaps"})
    assert "status" in outcome["violation"]


async def test_concurrent_commands_are_sent_one_after_the_other_in_order(mock: Mock, station_id: str) -> None:
    csms, client = mock

    async def start_command(message: str) -> asyncio.Task[httpx.Response]:
        """Request a command; once the request is written, return the task that waits for the response."""
        body_sent = asyncio.Event()

        async def trace(event: str, _: dict[str, Any]) -> None:
            if event == "http11.send_request_body.complete":
                body_sent.set()

        body = {"action": "DataTransfer", "payload": {"vendorId": "v", "messageId": message}}
        path = f"/v1/stations/{station_id}/calls"
        pending_answer = asyncio.create_task(client.post(path, json=body, extensions={"trace": trace}))
        await patiently(body_sent.wait())
        return pending_answer

    data_ids = [str(number) for number in range(5)]
    received_ids = []
    async with booted_raw(csms, station_id) as connection:
        pending_answers = [await start_command(message) for message in data_ids]
        for _ in data_ids:
            _, message_id, _, payload = await receive(connection)
            received_ids.append(payload["messageId"])
            await connection.send(json.dumps([3, message_id, {"status": "Accepted"}]))
        outcomes = [(await pending).json()["outcome"] for pending in pending_answers]
    assert (received_ids, outcomes) == (data_ids, ["result"] * 5)
    entries = await journal_entries(client, station=station_id, action="DataTransfer")
    assert [entry["type"] for entry in entries] == ["call", "result"] * 5


# Rejected requests


async def test_payload_that_breaks_the_schema_is_422_and_not_sent(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        answer = await send_command(client, station_id, "Reset", payload={"type": "Sometime"})
        assert "Reset" in problem_detail(answer, 422, "invalid-payload")
        await send_command(client, station_id, "ClearCache")
        assert station.order == ["ClearCache"]


async def test_command_to_a_rejected_station_is_409_and_says_how_to_send_it(
    mock: Mock, station_id: str
) -> None:
    csms, client = mock
    await client.patch(f"/v1/stations/{station_id}/profile", json={"bootStatus": "Rejected"})
    async with booted_raw(csms, station_id) as connection:
        answer = await send_command(client, station_id, "ClearCache")
        assert '"validate": false sends it anyway' in problem_detail(answer, 409, "not-sent")
        sent = asyncio.create_task(send_command(client, station_id, "ClearCache", validate=False))
        _, message_id, action, _ = await receive(connection)
        await connection.send(json.dumps([3, message_id, {"status": "Accepted"}]))
        assert (action, (await sent).json()["outcome"]) == ("ClearCache", "result")


async def test_deeply_nested_answer_is_returned(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted_raw(csms, station_id) as connection:
        sent = asyncio.create_task(send_command(client, station_id, "ClearCache", validate=False))
        _, message_id, *_ = await receive(connection)
        deep = "[" * 300 + "]" * 300
        await connection.send(f'[3,"{message_id}",{{"customData":{deep}}}]')
        answer = await sent
    assert answer.status_code == 200
    assert deep in answer.text or answer.json()["outcome"] == "error"


async def test_unknown_command_is_422_with_a_hint(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id):
        answer = await send_command(client, station_id, "Rest")
    assert "did you mean Reset?" in problem_detail(answer, 422, "unknown-command")


async def test_command_without_a_default_payload_now_is_422(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id):
        answer = await send_command(client, station_id, "RequestStopTransaction")
    assert "no transaction is running" in problem_detail(answer, 422, "nothing-to-do")


async def test_message_from_stations_as_a_command_is_422(mock: Mock, station_id: str) -> None:
    _, client = mock
    answer = await send_command(client, station_id, "Heartbeat")
    assert "Heartbeat is a message from stations" in problem_detail(answer, 422, "unknown-command")


async def test_null_payload_is_422_with_validation(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        answer = await send_command(client, station_id, "Reset", payload=None)
        assert "Reset" in problem_detail(answer, 422, "invalid-payload")
        assert station.order == []


# Without validation


async def test_validate_false_sends_any_action_and_any_payload(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted_raw(csms, station_id) as connection:
        payload = [1, "two", None]
        pending_answer = asyncio.create_task(
            send_command(client, station_id, "Dance", payload=payload, validate=False)
        )
        _, message_id, action, received = await receive(connection)
        await connection.send(json.dumps([3, message_id, {"any": "thing"}]))
        outcome = (await pending_answer).json()
    assert (action, received) == ("Dance", payload)
    assert (outcome["outcome"], outcome["payload"]) == ("result", {"any": "thing"})
    assert "violation" not in outcome


async def test_null_payload_is_sent_as_null_without_validation(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted_raw(csms, station_id) as connection:
        pending_answer = asyncio.create_task(
            send_command(client, station_id, "Reset", payload=None, validate=False)
        )
        _, message_id, *action_and_payload = await receive(connection)
        await connection.send(json.dumps([3, message_id, {"status": "Rejected"}]))
        assert (await pending_answer).json()["outcome"] == "result"
    assert action_and_payload == ["Reset", None]


# Globs


async def test_star_sends_to_every_connected_station() -> None:
    async with driven() as (csms, client), booted(csms, "CS1") as first, booted(csms, "CS2") as second:
        second.answers["Reset"] = lambda **_: call_result.Reset(status="Scheduled")
        outcomes = (await send_command(client, "*", "Reset", payload={"type": "OnIdle"})).json()
        assert await first.next("Reset") == await second.next("Reset")
    assert {station_id: outcome["payload"]["status"] for station_id, outcome in outcomes.items()} == {
        "CS1": "Accepted",
        "CS2": "Scheduled",
    }


async def test_glob_sends_to_the_matching_connected_stations() -> None:
    async with driven() as (csms, client), booted(csms, "CS1"), booted(csms, "CS2"), booted(csms, "XX1"):
        outcomes = (await send_command(client, "CS*", "ClearCache")).json()
    assert {station_id: outcome["outcome"] for station_id, outcome in outcomes.items()} == {
        "CS1": "result",
        "CS2": "result",
    }


async def test_glob_without_a_matching_station_is_404() -> None:
    async with driven() as (_, client):
        problem_detail(await send_command(client, "*", "ClearCache"), 404, "unknown-station")


async def test_glob_without_a_connected_station_is_409() -> None:
    async with driven() as (csms, client):
        async with booted(csms):
            pass
        await wait_for_entry(client, type="disconnected")
        problem_detail(await send_command(client, "CS*", "ClearCache"), 409, "not-connected")


async def test_identity_that_looks_like_a_glob_selects_only_its_station() -> None:
    async with driven() as (csms, client), booted(csms, "CS*"), booted(csms, "CS2"):
        assert (await send_command(client, "CS*", "ClearCache")).json()["outcome"] == "result"


async def test_star_with_a_payload_invalid_for_every_station_is_422() -> None:
    async with driven() as (csms, client), booted(csms, "CS1"), booted(csms, "CS2"):
        answer = await send_command(client, "*", "Reset", payload={"type": "Sometime"})
        assert "Reset" in problem_detail(answer, 422, "invalid-payload")


async def test_star_has_an_error_outcome_for_a_station_that_was_sent_nothing() -> None:
    async with driven() as (csms, client), booted(csms, "CS1") as first, booted(csms, "CS2"):
        await first.transaction("Started", 0)
        outcomes = (await send_command(client, "*", "RequestStopTransaction")).json()
    assert outcomes["CS1"]["outcome"] == "result"
    assert outcomes["CS2"].pop("detail").endswith("no transaction is running")
    assert outcomes["CS2"] == {"outcome": "error", "messageId": None}


# Times


async def test_payload_with_an_invalid_time_is_422(mock: Mock, station_id: str) -> None:
    """Part 2, 3.1."""
    csms, client = mock
    payload = {
        "logType": "DiagnosticsLog",
        "requestId": 1,
        "log": {"remoteLocation": "x", "oldestTimestamp": ""},
    }
    async with booted(csms, station_id) as station:
        answer = await send_command(client, station_id, "GetLog", payload=payload)
        detail = problem_detail(answer, 422, "invalid-payload")
        await send_command(client, station_id, "GetLog", payload=payload, validate=False)
        assert (await station.next("GetLog"))["log"]["oldest_timestamp"] == ""
    assert "log.oldestTimestamp" in detail
    assert "as in 2026-01-31T12:00:00Z" in detail
