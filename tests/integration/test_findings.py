"""Findings report the violations of a station, and nothing about a compliant station."""

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


def finding_ids(csms: Csms) -> list[str]:
    return [finding.id for finding in csms.records.findings]


def status(connector_status: str = "Available") -> Payload:
    return {"timestamp": now(), "connectorStatus": connector_status, "evseId": 1, "connectorId": 1}


def meter_values(wh: float) -> list[Payload]:
    return [{"timestamp": now(), "sampledValue": [{"value": wh}, {"value": 230.1, "measurand": "Voltage"}]}]


def event(event_type: str, seq_no: int, trigger: str, transaction_id: str = "T1", **fields: Any) -> Payload:
    info = {"transactionId": transaction_id, "chargingState": "Charging"}
    fields_of_event = {"eventType": event_type, "timestamp": now(), "triggerReason": trigger, "seqNo": seq_no}
    return {**fields_of_event, "transactionInfo": info, **fields}


def transaction(transaction_id: str, wh: float) -> Iterator[tuple[str, Payload]]:
    """Yield the messages of one charging session."""
    yield "Authorize", {"idToken": TOKEN}
    yield "StatusNotification", status("Occupied")
    yield (
        "TransactionEvent",
        event(
            "Started", 0, "Authorized", transaction_id, idToken=TOKEN, evse=EVSE, meterValue=meter_values(wh)
        ),
    )
    for seq_no in range(1, 6):
        fields = {"meterValue": meter_values(wh + 10 * seq_no)}
        yield "TransactionEvent", event("Updated", seq_no, "MeterValuePeriodic", transaction_id, **fields)
        yield "MeterValues", {"evseId": 1, "meterValue": meter_values(wh + 10 * seq_no)}
    yield (
        "TransactionEvent",
        event("Ended", 6, "EVDeparted", transaction_id, meterValue=meter_values(wh + 60)),
    )
    yield "StatusNotification", status()
    yield "Heartbeat", {}


def compliant_messages() -> Iterator[tuple[str, Payload]]:
    """Yield the messages of a compliant station, without end."""
    yield "BootNotification", BOOT
    yield "StatusNotification", status()
    for number in count():
        yield from transaction(f"T{number}", 60.0 * number)
        yield "SecurityEventNotification", {"type": "SettingSystemTime", "timestamp": now()}


async def send_call(connection: ClientConnection, message_id: str, action: str, payload: Payload) -> Any:
    await connection.send(json.dumps([2, message_id, action, payload]))
    answer = await receive(connection)
    assert answer[:2] == [3, message_id]
    return answer[2]


async def test_compliant_station_has_no_findings_in_10_000_messages(serve: Serve) -> None:
    csms = await serve(findings="always")
    async with raw_connection(csms) as connection:
        for number, (action, payload) in zip(range(10_000), compliant_messages(), strict=False):
            await send_call(connection, f"id-{number}", action, payload)
    csms.records.end()
    assert csms.records.statistics.messages.total() == 10_000
    assert finding_ids(csms) == []


async def charge_remotely(csms: Csms, station: Station) -> None:
    """Send the commands that start and stop a transaction, and the TransactionEvents of the station."""
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


async def test_station_that_carries_out_commands_has_no_findings(csms: Csms) -> None:
    async with connected(csms) as station:
        await station.boot()
        await station.status("Available")
        session = csms.sessions["CS1"]
        await charge_remotely(csms, station)
        await session.call("GetBaseReport", {"requestId": 3, "reportBase": "FullInventory"})
        for seq_no, tbc in enumerate((True, True, None)):
            await station.send(call.NotifyReport(3, now(), seq_no, tbc=tbc))
        await session.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
        await station.send(call.Heartbeat())
        await session.call("ChangeAvailability", {"operationalStatus": "Inoperative"})
        await station.status("Unavailable")
        await session.call("Reset", {"type": "Immediate"})
    async with connected(csms) as station:
        await station.boot("RemoteReset")
        await station.status("Unavailable")
    csms.records.end()
    assert finding_ids(csms) == []


async def boot(csms: Csms, connection: ClientConnection) -> None:
    await send_call(connection, "boot", "BootNotification", BOOT)
    await send_call(connection, "status", "StatusNotification", status())


@pytest.mark.parametrize(
    ("frame", "finding"),
    [
        pytest.param('[2,"boot","Heartbeat",{}]', "message-id-reused", id="reused message id"),
        pytest.param('[2,"1","Heartbeat",{"a":1}]', "call-violates-schema", id="schema violation"),
        pytest.param('[2,"1","Heartbeat"', "malformed-frame", id="invalid JSON"),
        pytest.param('[3,"1",{}]', "answer-to-unknown-call", id="answer without a CALL"),
    ],
)
async def test_violation_is_found_at_once_and_logged(
    csms: Csms, caplog: pytest.LogCaptureFixture, frame: str, finding: str
) -> None:
    async with raw_connection(csms) as connection:
        await boot(csms, connection)
        await connection.send(frame)
        if frame.startswith("[2"):
            await receive(connection)
        await send_call(connection, "last", "Heartbeat", {})
    (only_finding,) = csms.records.findings
    assert (only_finding.id, only_finding.station) == (finding, "CS1")
    entries = {entry.number: entry for entry in csms.records.journal}
    assert entries[only_finding.frames[-1]].raw == frame.encode()
    assert any(f"finding {finding}" in record.getMessage() for record in caplog.records)


async def test_transaction_with_missing_event_is_found_at_the_end_of_the_run(csms: Csms) -> None:
    async with raw_connection(csms) as connection:
        await boot(csms, connection)
        for number, (seq_no, kind) in enumerate([(0, "Started"), (2, "Updated"), (3, "Ended")]):
            fields_of_event = {**event(kind, seq_no, "MeterValuePeriodic"), "evse": EVSE}
            await send_call(connection, f"e{number}", "TransactionEvent", fields_of_event)
    csms.records.end()
    assert finding_ids(csms) == ["seq-no-missing"]


async def test_parallel_calls_are_found_but_sequential_calls_are_not(csms: Csms) -> None:
    async with raw_connection(csms) as connection:
        await boot(csms, connection)
        await send_call(connection, "1", "Heartbeat", {})
        await send_call(connection, "2", "Heartbeat", {})
        assert finding_ids(csms) == []
        for message_id in ("3", "4"):
            connection.protocol.send_text(f'[2,"{message_id}","Heartbeat",{{}}]'.encode())
        connection.transport.write(b"".join(connection.protocol.data_to_send()))
        assert [(await receive(connection))[1] for _ in range(2)] == ["3", "4"]
    assert finding_ids(csms) == ["calls-in-parallel"]


async def test_action_of_a_central_system_sent_by_a_station_is_found(csms: Csms) -> None:
    async with raw_connection(csms) as station:
        await station.send(json.dumps([2, "1", "Reset", {"type": "Immediate"}]))
        answer = await receive(station)

    assert answer[:3] == [4, "1", "NotSupported"]
    assert finding_ids(csms) == ["unknown-action"]


async def test_call_retried_with_its_id_after_an_aborted_connection_is_not_a_finding(csms: Csms) -> None:
    for _ in range(2):
        async with raw_connection(csms) as station:
            await station.send(json.dumps([2, "same", "BootNotification", BOOT]))
            await receive(station)
            station.transport.abort()

    assert not finding_ids(csms)
