"""20,000 messages of one station over a real socket leave a bounded amount of memory in use."""

import json
from collections.abc import Iterator, Sized
from dataclasses import fields
from itertools import batched
from typing import Any

from mock_csms.csms import Csms
from mock_csms.stations.bounded import MAX_REMEMBERED, MIB
from tests.support.station import raw_connection

NOW = "2026-01-01T00:00:00Z"
MESSAGES = 20_000
PIPELINED = 200
"""Messages sent before their answers are read."""
MAX_BYTES = 5 * MIB
"""Maximum bytes of everything that the mock keeps about one station."""


def calls(number: int) -> list[tuple[str, dict[str, Any]]]:
    """Return messages that fill the large stores of a station's state; ``number`` makes their ids unique."""
    variable = {
        "component": {"name": f"C{number % 7}", "evse": {"id": number + 1}},
        "variable": {"name": f"V{number}"},
    }
    monitor = {"id": number, "transaction": False, "value": 1.0, "type": "Delta", "severity": 5}
    profile = {
        "id": number,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [
            {
                "id": 1,
                "startSchedule": NOW,
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
            }
        ],
    }
    display = {"id": number, "priority": "AlwaysFront", "message": {"format": "UTF8", "content": "x" * 300}}
    head = {"requestId": number, "seqNo": 0, "generatedAt": NOW}
    attributes = {"variableAttribute": [{"value": "x" * 900}]}
    return [
        ("NotifyReport", {**head, "reportData": [{**variable, **attributes}]}),
        ("NotifyMonitoringReport", {**head, "monitor": [{**variable, "variableMonitoring": [monitor]}]}),
        ("NotifyDisplayMessages", {"requestId": number, "messageInfo": [display]}),
        (
            "ReportChargingProfiles",
            {
                "requestId": number,
                "chargingLimitSource": "CSO",
                "evseId": number + 1,
                "chargingProfile": [profile],
            },
        ),
        (
            "NotifyChargingLimit",
            {"evseId": number + 1, "chargingLimit": {"chargingLimitSource": "EMS"}},
        ),
        (
            "TransactionEvent",
            {
                "eventType": "Started",
                "timestamp": NOW,
                "triggerReason": "Authorized",
                "seqNo": 0,
                "transactionInfo": {"transactionId": f"T{number}"},
                "evse": {"id": number + 1},
                "idToken": {"idToken": f"X{number}", "type": "ISO14443"},
            },
        ),
        ("StatusNotification", status(number)),
        ("SecurityEventNotification", {"type": "X", "timestamp": NOW, "techInfo": "x" * 250}),
    ]


def status(number: int) -> dict[str, Any]:
    return {"timestamp": NOW, "connectorStatus": "Available", "evseId": number + 1, "connectorId": 1}


def frames() -> Iterator[str]:
    for number in range(MESSAGES // 8):
        for index, (action, payload) in enumerate(calls(number)):
            yield json.dumps([2, f"{number}-{index}", action, payload])


async def test_many_messages_leave_a_bounded_state(csms: Csms) -> None:
    async with raw_connection(csms, compression=None) as connection:
        for batch in batched(frames(), PIPELINED):
            for frame in batch:
                await connection.send(frame)
            for _ in batch:
                answer = json.loads(await connection.recv())
                assert answer[0] == 3, answer
        station = csms.stations["CS1"]
        stores = {field.name: getattr(station, field.name) for field in fields(station)}
        sizes = {name: len(store) for name, store in stores.items() if isinstance(store, Sized)}

    assert station.size <= MAX_BYTES
    assert max(sizes.values()) <= MAX_REMEMBERED
    large = ("reports", "monitors", "display_messages", "charging_profiles", "security_events")
    assert all(0 < sizes[name] < MESSAGES // 8 for name in large)
    assert len(csms.records.findings) <= 10_000
