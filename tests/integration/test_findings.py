"""What a station does against the specification is found, and nothing about one that keeps to it."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from ocpp.v201 import call
from websockets.asyncio.client import ClientConnection

from mock_csms.csms import Csms
from tests.conftest import Serve
from tests.support.station import ID_TOKEN, Station, connected, now, raw_connection, receive

type Payload = dict[str, Any]

VENDOR = {"model": "Model", "vendorName": "Vendor"}
BOOT = {"reason": "PowerUp", "chargingStation": VENDOR}
TOKEN = {"idToken": "AABBCCDD", "type": "ISO14443"}
EVSE = {"id": 1, "connectorId": 1}


def found(csms: Csms) -> list[str]:
    return [finding.id for finding in csms.records.findings]


def status(connector_status: str = "Available") -> Payload:
    return {"timestamp": now(), "connectorStatus": connector_status, "evseId": 1, "connectorId": 1}


def metered(wh: float) -> list[Payload]:
    return [{"timestamp": now(), "sampledValue": [{"value": wh}, {"value": 230.1, "measurand": "Voltage"}]}]


def event(event_type: str, seq_no: int, trigger: str, transaction_id: str = "T1", **more: Any) -> Payload:
    info = {"transactionId": transaction_id, "chargingState": "Charging"}
    told = {"eventType": event_type, "timestamp": now(), "triggerReason": trigger, "seqNo": seq_no}
    return {**told, "transactionInfo": info, **more}


def transaction(transaction_id: str, wh: float) -> Iterator[tuple[str, Payload]]:
    """The messages of someone who charges."""
    yield "Authorize", {"idToken": TOKEN}
    yield "StatusNotification", status("Occupied")
    yield (
        "TransactionEvent",
        event("Started", 0, "Authorized", transaction_id, idToken=TOKEN, evse=EVSE, meterValue=metered(wh)),
    )
    for seq_no in range(1, 6):
        more = {"meterValue": metered(wh + 10 * seq_no)}
        yield "TransactionEvent", event("Updated", seq_no, "MeterValuePeriodic", transaction_id, **more)
        yield "MeterValues", {"evseId": 1, "meterValue": metered(wh + 10 * seq_no)}
    yield "TransactionEvent", event("Ended", 6, "EVDeparted", transaction_id, meterValue=metered(wh + 60))
    yield "StatusNotification", status()
    yield "Heartbeat", {}


def good_life() -> Iterator[tuple[str, Payload]]:
    """What a station that keeps to the specification sends, day in, day out."""
    yield "BootNotification", BOOT
    yield "StatusNotification", status()
    for number in count():
        yield from transaction(f"T{number}", 60.0 * number)
        yield "SecurityEventNotification", {"type": "SettingSystemTime", "timestamp": now()}


async def ask(connection: ClientConnection, message_id: str, action: str, payload: Payload) -> Any:
    await connection.send(json.dumps([2, message_id, action, payload]))
    answer = await receive(connection)
    assert answer[:2] == [3, message_id]
    return answer[2]


async def test_nothing_is_found_in_10_000_messages_of_a_good_station(serve: Serve) -> None:
    csms = await serve(findings="always")
    async with raw_connection(csms) as connection:
        for number, (action, payload) in zip(range(10_000), good_life(), strict=False):
            await ask(connection, f"id-{number}", action, payload)
    csms.records.end()
    assert csms.records.statistics.messages.total() == 10_000
    assert found(csms) == []


async def charge_remotely(csms: Csms, station: Station) -> None:
    """Have the station start and stop a transaction as it is told to."""
    session = csms.sessions["CS1"]
    remote_start = {"remoteStartId": 7, "evseId": 1, "idToken": TOKEN}
    await session.call("RequestStartTransaction", remote_start)
    info = {"transaction_id": "tx-1", "remote_start_id": 7, "charging_state": "EVConnected"}
    evse = {"id": 1, "connector_id": 1}
    started = call.TransactionEvent("Started", now(), "RemoteStart", 0, info, id_token=ID_TOKEN, evse=evse)
    await station.send(started)
    await session.call("RequestStopTransaction", {"transactionId": "tx-1"})
    stopped = {"transaction_id": "tx-1", "stopped_reason": "Remote"}
    await station.send(call.TransactionEvent("Ended", now(), "RemoteStop", 1, stopped))


async def test_nothing_is_found_about_a_station_that_does_what_it_is_told(csms: Csms) -> None:
    async with connected(csms) as station:
        await station.boot()
        await station.status("Available")
        session = csms.sessions["CS1"]
        await charge_remotely(csms, station)
        await session.call("GetBaseReport", {"requestId": 3, "reportBase": "FullInventory"})
        for seq_no, more in enumerate((True, True, None)):
            await station.send(call.NotifyReport(3, now(), seq_no, tbc=more))
        await session.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
        await station.send(call.Heartbeat())
        await session.call("ChangeAvailability", {"operationalStatus": "Inoperative"})
        await station.status("Unavailable")
        await session.call("Reset", {"type": "Immediate"})
    async with connected(csms) as station:
        await station.boot()
        await station.status("Unavailable")
    csms.records.end()
    assert found(csms) == []


async def after_boot(csms: Csms, connection: ClientConnection) -> None:
    await ask(connection, "boot", "BootNotification", BOOT)
    await ask(connection, "status", "StatusNotification", status())


ODD_EVENT = '[2,"1","SecurityEventNotification",{"type":"Odd","timestamp":"2026-01-01T00:00:00Z"}]'


@pytest.mark.parametrize(
    ("frame", "finding"),
    [
        pytest.param('[2,"boot","Heartbeat",{}]', "message-id-reused", id="an id twice"),
        pytest.param('[2,"1","Heartbeat",{"a":1}]', "call-violates-schema", id="broken schema"),
        pytest.param('[2,"1","Heartbeat"', "malformed-frame", id="no JSON"),
        pytest.param('[3,"1",{}]', "answer-to-unknown-call", id="answer to nothing"),
        pytest.param(ODD_EVENT, "security-event-unknown", id="security event"),
    ],
)
async def test_an_offence_is_found_at_once_and_told_in_the_log(
    csms: Csms, caplog: pytest.LogCaptureFixture, frame: str, finding: str
) -> None:
    async with raw_connection(csms) as connection:
        await after_boot(csms, connection)
        await connection.send(frame)
        if frame.startswith("[2"):
            await receive(connection)
        await ask(connection, "last", "Heartbeat", {})
    (only,) = csms.records.findings
    assert (only.id, only.station) == (finding, "CS1")
    kept = {entry.number: entry for entry in csms.records.journal}
    assert kept[only.frames[-1]].raw == frame.encode()
    assert any(f"found {finding}" in record.getMessage() for record in caplog.records)


async def test_a_transaction_that_lacks_an_event_is_found_when_the_run_ends(csms: Csms) -> None:
    async with raw_connection(csms) as connection:
        await after_boot(csms, connection)
        for number, (seq_no, kind) in enumerate([(0, "Started"), (2, "Updated"), (3, "Ended")]):
            told = {**event(kind, seq_no, "Trigger"), "evse": EVSE}
            await ask(connection, f"e{number}", "TransactionEvent", told)
    csms.records.end()
    assert found(csms) == ["seq-no-missing"]


async def test_two_calls_that_come_together_are_found_and_one_after_the_other_is_not(csms: Csms) -> None:
    async with raw_connection(csms) as connection:
        await after_boot(csms, connection)
        await ask(connection, "1", "Heartbeat", {})
        await ask(connection, "2", "Heartbeat", {})
        assert found(csms) == []
        for message_id in ("3", "4"):
            connection.protocol.send_text(f'[2,"{message_id}","Heartbeat",{{}}]'.encode())
        connection.transport.write(b"".join(connection.protocol.data_to_send()))
        assert [(await receive(connection))[1] for _ in range(2)] == ["3", "4"]
    assert found(csms) == ["calls-in-parallel"]
