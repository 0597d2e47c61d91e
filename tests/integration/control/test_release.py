"""Answers that the fault ``hold`` keeps back until they are released."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from ocpp.v201 import call

from mock_csms.ocppj import held
from tests.conftest import LogLines
from tests.support.certificates import build_csr
from tests.support.control import (
    Mock,
    booted,
    booted_raw,
    driven,
    journal_entries,
    problem_detail,
    wait_for_entry,
)
from tests.support.station import PATIENCE, raw_connection, receive

pytestmark = pytest.mark.asyncio(loop_scope="module")


def heartbeat(message_id: str) -> str:
    return f'[2,"{message_id}","Heartbeat",{{}}]'


def transfer(message_id: str) -> str:
    return json.dumps([2, message_id, "DataTransfer", {"vendorId": "V"}])


async def hold(client: httpx.AsyncClient, station_id: str, *actions: str) -> None:
    """Add rules that hold back the answers to a station's CALLs of these actions."""
    for action in actions:
        rule = {"when": {"station": station_id, "action": action}, "then": {"fault": {"kind": "hold"}}}
        assert (await client.post("/v1/rules", json=rule)).status_code == 201


async def release(client: httpx.AsyncClient, station_id: str, **choice: Any) -> Any:
    answer = await client.post(f"/v1/stations/{station_id}/release", json=choice or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def wait_for_entries(client: httpx.AsyncClient, times: int, **match: str) -> list[dict[str, Any]]:
    """Wait for a number of matching entries of the journal, past or future."""
    body = {"match": match, "since": 0, "within": PATIENCE, "times": times}
    entries: list[dict[str, Any]] = (await client.post("/v1/wait", json=body)).json()["entries"]
    return entries


async def wait_until_held(client: httpx.AsyncClient, station_id: str, *message_ids: str) -> None:
    """Wait until the server has received the CALLs with these ids, whose answers a rule holds back."""
    times = len(message_ids) + 1  # and the boot
    entries = await wait_for_entries(client, times, station=station_id, type="call", direction="received")
    assert {entry["messageId"] for entry in entries} >= set(message_ids)


async def test_answers_are_held_until_the_release_and_then_sent_in_order(mock: Mock, station_id: str) -> None:
    csms, client = mock
    await hold(client, station_id, "Heartbeat")
    async with booted_raw(csms, station_id) as connection:
        for message_id in ("1", "2", "3"):
            await connection.send(heartbeat(message_id))
        await connection.send(transfer("between"))
        assert (await receive(connection))[1] == "between"
        released = await release(client, station_id)
        received = [(await receive(connection))[:2] for _ in range(3)]
    assert received == [[3, "1"], [3, "2"], [3, "3"]]
    assert [item["messageId"] for item in released] == ["1", "2", "3"]
    assert {(item["action"], item["outcome"]) for item in released} == {("Heartbeat", "sent")}
    assert all(item["elapsed"] > 0 for item in released)


async def test_release_can_name_the_action_and_the_number_of_answers(mock: Mock, station_id: str) -> None:
    csms, client = mock
    await hold(client, station_id, "Heartbeat", "DataTransfer")
    async with booted_raw(csms, station_id) as connection:
        for frame in (heartbeat("1"), transfer("2"), heartbeat("3"), transfer("4"), transfer("5")):
            await connection.send(frame)
        await wait_until_held(client, station_id, "1", "2", "3", "4", "5")
        await release(client, station_id, action="DataTransfer", count=2)
        await release(client, station_id, count=1)
        await release(client, station_id)
        received = [(await receive(connection))[1] for _ in range(5)]
    assert received == ["2", "4", "1", "3", "5"]


async def test_state_of_the_station_shows_the_held_answers(mock: Mock, station_id: str) -> None:
    csms, client = mock
    await hold(client, station_id, "Heartbeat")
    async with booted_raw(csms, station_id) as connection:
        await connection.send(heartbeat("1"))
        await wait_until_held(client, station_id, "1")
        (shown,) = (await client.get(f"/v1/stations/{station_id}")).json()["heldAnswers"]
        await release(client, station_id)
        after = (await client.get(f"/v1/stations/{station_id}")).json()["heldAnswers"]
    (entry,) = await journal_entries(client, station=station_id, action="Heartbeat", type="call")
    assert (shown["action"], shown["messageId"]) == ("Heartbeat", "1")
    assert shown["since"][:19] == entry["time"][:19]
    assert after == []


async def test_released_answer_is_recorded_and_logged_when_it_is_sent_and_not_as_injected(
    mock: Mock, station_id: str, log_lines: LogLines
) -> None:
    csms, client = mock
    await hold(client, station_id, "Heartbeat")
    async with booted_raw(csms, station_id) as connection:
        await connection.send(heartbeat("1"))
        await log_lines.wait_for(f"{station_id}  rule ", "holds back the answer to Heartbeat")
        before = await journal_entries(client, station=station_id, action="Heartbeat")
        await release(client, station_id)
        call, result = await journal_entries(client, station=station_id, action="Heartbeat")
    assert [entry["type"] for entry in before] == ["call"]
    assert (result["type"], result["partner"], result["note"]) == ("result", call["number"], "hold")
    assert "injected" not in result
    assert await log_lines.wait_for(station_id, "-> Heartbeat result", ": hold)")
    assert not [line for line in log_lines.lines if "INJECTED" in line]


async def test_held_answers_end_with_the_connection(mock: Mock, station_id: str) -> None:
    csms, client = mock
    await hold(client, station_id, "Heartbeat")
    async with booted_raw(csms, station_id) as connection:
        await connection.send(heartbeat("1"))
        await wait_until_held(client, station_id, "1")
    await wait_for_entry(client, station=station_id, type="disconnected")
    (withheld,) = await journal_entries(client, station=station_id, action="Heartbeat", type="withheld")
    assert (withheld["note"], "frame" in withheld) == ("hold", False)
    async with booted_raw(csms, station_id):
        answer = await client.post(f"/v1/stations/{station_id}/release")
    assert "nothing is held back" in problem_detail(answer, 409, "nothing-held")


async def test_held_answers_of_a_superseded_connection_are_not_sent(mock: Mock, station_id: str) -> None:
    csms, client = mock
    await hold(client, station_id, "Heartbeat")
    async with booted_raw(csms, station_id) as old:
        await old.send(heartbeat("1"))
        await wait_until_held(client, station_id, "1")
        async with raw_connection(csms, station_id) as new:
            await new.send(heartbeat("2"))
            await wait_until_held(client, station_id, "1", "2")
            assert [item["messageId"] for item in await release(client, station_id)] == ["2"]
            assert (await receive(new))[1] == "2"


async def test_station_that_gives_up_a_held_answer_and_retries_is_not_blamed() -> None:
    async with driven(faults="TransactionEvent:hold:times=2") as (csms, client):
        async with booted_raw(csms) as connection:
            event = {
                "eventType": "Started",
                "timestamp": csms.now(),
                "triggerReason": "CablePluggedIn",
                "seqNo": 0,
                "transactionInfo": {"transactionId": "tx-1"},
                "evse": {"id": 1, "connectorId": 1},
            }
            for attempt, message_id in enumerate(("1", "2", "2"), start=1):
                await connection.send(json.dumps([2, message_id, "TransactionEvent", event]))
                await wait_for_entries(client, times=attempt, action="TransactionEvent", type="call")
            assert (await receive(connection))[1] == "2"
            await release(client, "CS1")
            await connection.send(heartbeat("3"))
            for _ in range(3):
                await receive(connection)
        findings = (await client.get("/v1/findings")).json()
    assert [finding["sentence"] for finding in findings] == []


async def test_follow_up_comes_after_the_released_answer() -> None:
    async with driven(faults="SignCertificate:hold") as (csms, client), booted_raw(csms) as connection:
        await connection.send(json.dumps([2, "1", "SignCertificate", {"csr": build_csr()}]))
        await connection.send(heartbeat("2"))
        assert (await receive(connection))[1] == "2"
        await release(client, "CS1")
        answer, follow_up = await receive(connection), await receive(connection)
    assert answer[1:] == ["1", {"status": "Accepted"}]
    assert follow_up[2] == "CertificateSigned"


async def test_one_release_sends_the_answer_to_a_csr_and_then_the_held_certificate() -> None:
    settings = {"faults": "SignCertificate:hold", "certificates": "hold"}
    async with driven(**settings) as (csms, client), booted(csms) as station:
        asking = asyncio.create_task(station.send(call.SignCertificate(csr=build_csr())))
        await wait_for_entry(client, action="SignCertificate")
        refused = await client.post("/v1/stations/CS1/release", json={"action": "CertificateSigned"})
        released = await release(client, "CS1")
        assert (await asking).status == "Accepted"
    assert problem_detail(refused, 409, "nothing-held") == (
        "no CertificateSigned is held back for CS1; the mock holds back the answers to 1 SignCertificate"
    )
    assert [(item["action"], item["outcome"]) for item in released] == [
        ("SignCertificate", "sent"),
        ("CertificateSigned", "result"),
    ]


async def test_answers_past_the_limit_are_sent_oldest_first(
    mock: Mock, station_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "MAX_HELD", 3)
    csms, client = mock
    await hold(client, station_id, "Heartbeat")
    async with booted_raw(csms, station_id) as connection:
        for number in range(500):
            await connection.send(heartbeat(f"m{number}"))
        received = [(await receive(connection))[1] for _ in range(497)]
        released = await release(client, station_id)
    assert received == [f"m{number}" for number in range(497)]
    assert [item["messageId"] for item in released] == ["m497", "m498", "m499"]


async def test_bytes_of_held_answers_are_limited(
    mock: Mock, station_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "MAX_HELD_BYTES", 10)
    csms, client = mock
    await hold(client, station_id, "Heartbeat")
    async with booted_raw(csms, station_id) as connection:
        await connection.send(heartbeat("1"))
        assert (await receive(connection))[1] == "1"


async def test_server_stops_while_answers_are_held() -> None:
    async with driven(faults="Heartbeat:hold") as (csms, client), booted_raw(csms) as connection:
        await connection.send(heartbeat("1"))
        await wait_until_held(client, "CS1", "1")


@pytest.mark.parametrize("direction", ["command", "answer"])
async def test_hold_is_for_answers_to_stations_only(mock: Mock, direction: str) -> None:
    rule = {"when": {"action": "Reset", "direction": direction}, "then": {"fault": {"kind": "hold"}}}
    answer = await mock[1].post("/v1/rules", json=rule)
    assert "hold" in problem_detail(answer, 422, "invalid-rule")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"count": 0}, "body.count: Input should be greater than or equal to 1"),
        ({"action": 3}, "body.action: Input should be a valid string"),
        ({"messageId": "1"}, "there is no key 'messageId'"),
    ],
)
async def test_bad_request_is_422(mock: Mock, station_id: str, body: dict[str, Any], detail: str) -> None:
    csms, client = mock
    async with booted(csms, station_id):
        answer = await client.post(f"/v1/stations/{station_id}/release", json=body)
    assert detail in problem_detail(answer, 422, "invalid-request")


async def test_name_without_held_answers_is_409_with_those_that_are_held(mock: Mock, station_id: str) -> None:
    csms, client = mock
    await hold(client, station_id, "Heartbeat")
    async with booted_raw(csms, station_id) as connection:
        await connection.send(heartbeat("1"))
        await connection.send(heartbeat("2"))
        await wait_until_held(client, station_id, "1", "2")
        answer = await client.post(f"/v1/stations/{station_id}/release", json={"action": "Heartbeet"})
    assert problem_detail(answer, 409, "nothing-held") == (
        f"no Heartbeet is held back for {station_id}; the mock holds back the answers to 2 Heartbeat"
    )
