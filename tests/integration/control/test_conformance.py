"""Answers of each operation, about a real station, conform to the OpenAPI document.

The client of `driven` validates every answer against the document; this module requests each operation.
A new operation needs one more line in `REQUESTS`.
"""

from collections.abc import AsyncIterator
from typing import Any, Final, NamedTuple

import httpx
import pytest
import pytest_asyncio
from ocpp.v201 import call

from tests.support.conformance import operation_of, operations, validator_of
from tests.support.control import booted, driven
from tests.support.station import ID_TOKEN, Station

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOOT: Final = {"station": "CS1", "action": "BootNotification"}
RULE: Final = {"when": {"station": "CS9"}, "then": [{"error": {}}, {"fault": "delay=1"}], "id": "error-first"}

RUN: Final = {
    "station": "CS1",
    "startedAt": "2026-01-31T12:00:00Z",
    "cases": [
        {"id": "TC_B_01_CS", "title": "Boots", "block": "B", "profiles": ["Core"], "mandatory": True},
        {"id": "TC_E_01_CS", "title": "Charges", "block": "E", "skipped": "needs a person"},
    ],
}
PROGRESS: Final = {
    "id": "TC_B_01_CS",
    "verdict": "PASS",
    "frame": 2,
    "steps": [{"text": "The station boots", "outcome": "ok", "frame": 2, "seconds": 0.3}],
}


class Sent(NamedTuple):
    """A request, and the status that its answer must have."""

    method: str
    path: str
    status: int = 200
    json: Any = None
    content: bytes | None = None
    scope: str = ""


REQUESTS: Final = [
    Sent("GET", "/health"),
    Sent("GET", "/metrics"),
    Sent("GET", "/v1/server"),
    Sent("GET", "/v1/statistics"),
    Sent("GET", "/v1/stations"),
    Sent("GET", "/v1/stations/CS1"),
    Sent("POST", "/v1/stations/CS1/calls", json={"action": "ClearCache"}),
    Sent("POST", "/v1/stations/*/calls", json={"action": "ClearCache"}),
    Sent("POST", "/v1/stations/CS1/calls", json={"action": "Xyz", "payload": {}, "validate": False}),
    Sent("POST", "/v1/stations/CS1/release", 409),
    Sent("GET", "/v1/stations/CS1/profile"),
    Sent("GET", "/v1/stations/CS1/coverage?state=met&state=broken"),
    Sent("PATCH", "/v1/stations/CS1/profile", json={"heartbeatInterval": 10, "tokens": {"T": {}}}),
    Sent("PATCH", "/v1/stations/CS1/profile", json={"command": "Reset", "delay": 60, "payload": {}}),
    Sent("PATCH", "/v1/stations/CS1/profile", json=dict.fromkeys(("command", "delay", "payload"))),
    Sent("PUT", "/v1/stations/CS9/password", 204, json={"password": "a-password-of-16-to-40"}),
    Sent("POST", "/v1/stations/CS9/offline", json={"refuse": 503}),
    Sent("GET", "/v1/stations/CS9/offline"),
    Sent("DELETE", "/v1/stations/CS9/offline"),
    Sent("GET", "/v1/actions"),
    Sent("GET", "/v1/actions/Reset?station=CS1"),
    Sent("PUT", "/v1/tokens/T1", json={"status": "Blocked", "cacheExpiry": "2030-01-01T00:00:00Z"}),
    Sent("GET", "/v1/tokens"),
    Sent("GET", "/v1/tokens/T1"),
    Sent("DELETE", "/v1/tokens/T1", 204),
    Sent("POST", "/v1/rules", 201, json=RULE),
    Sent(
        "POST", "/v1/rules", 201, json={"when": BOOT, "then": {"command": {"action": "Reset"}}, "set": "up"}
    ),
    Sent(
        "PUT", "/v1/rules/hang-up", json={"when": {"action": "handshake"}, "then": {"fault": {"kind": "503"}}}
    ),
    Sent("GET", "/v1/rules/hang-up"),
    Sent("PATCH", "/v1/rules/hang-up", json={"enabled": False}),
    Sent("DELETE", "/v1/rules/hang-up", 204),
    Sent("POST", "/v1/rules", 201, json=RULE, scope="S"),
    Sent("PATCH", "/v1/stations/CS1/profile", json={"heartbeatInterval": 10}, scope="S"),
    Sent("GET", "/v1/scopes"),
    Sent("GET", "/v1/scopes/S"),
    Sent("DELETE", "/v1/scopes/S"),
    Sent("GET", "/v1/rules"),
    Sent("POST", "/v1/rules/match", json=BOOT),
    Sent("GET", "/v1/journal?station=CS1"),
    Sent("POST", "/v1/journal/notes", 201, json={"text": "begin"}),
    Sent("POST", "/v1/wait", json={"match": BOOT, "since": 0}),
    Sent(
        "POST", "/v1/wait", 408, json={"match": {**BOOT, "payload": {"reason": "X"}}, "since": 0, "within": 0}
    ),
    Sent(
        "POST",
        "/v1/wait",
        408,
        json={"match": {"action": "", "type": "call", "payload": {"": 0}}, "since": 0, "within": 0},
    ),
    Sent(
        "POST",
        "/v1/wait",
        409,
        json={"match": {"type": "note"}, "unless": [BOOT], "since": 0, "within": 0},
    ),
    Sent("POST", "/v1/verify", json={"match": BOOT, "atLeast": 1}),
    Sent("POST", "/v1/verify", 409, json={"match": BOOT, "times": 7}),
    Sent("GET", "/v1/findings"),
    Sent("GET", "/v1/findings/kinds"),
    Sent("PATCH", "/v1/findings", json={"silence": ["message-id-reused"]}),
    Sent("PUT", "/v1/rehearsal", 204, json=RUN),
    Sent("PATCH", "/v1/rehearsal", 204, json={"case": PROGRESS}),
    Sent("PATCH", "/v1/rehearsal", 204, json={"prompt": {"id": "7", "text": "Plug in"}}),
    Sent("GET", "/v1/rehearsal"),
    Sent("GET", "/v1/rehearsal/prompts/7?within=0"),
    Sent("POST", "/v1/rehearsal/prompts/7", json={"answer": "done"}),
    Sent("GET", "/v1/rehearsal/prompts/7"),
    Sent("POST", "/v1/rehearsal/prompts/7", 409, json={"answer": "done"}),
    Sent("DELETE", "/v1/rehearsal", 204),
    Sent("GET", "/v1/rehearsal", 404),
    Sent("GET", "/v1/events?within=0"),
    Sent("DELETE", "/v1/journal", 204),
    Sent("GET", "/v1/listeners"),
    Sent("PUT", "/v1/listeners/main", json={}),
    Sent("PUT", "/files/uploads", 201, content=b"log"),
    Sent("POST", "/files/uploads", 201, content=b"log"),
    Sent("PUT", "/files/uploads/log", 201, content=b"log"),
    Sent("POST", "/files/uploads/log", 201, content=b"log"),
    Sent("GET", "/files/uploads"),
    Sent("GET", "/files/uploads/log"),
    Sent("GET", "/files/firmware.bin"),
    Sent("POST", "/ocsp", content=b"no request"),
    Sent("GET", "/ocsp/AAAA"),
    Sent("DELETE", "/v1/stations/CS1/connection", 204),
    Sent("POST", "/v1/reset?station=CS1", 204),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server with a station, CS1, that has reported all that the API shows."""
    async with driven() as (csms, http_client), booted(csms, "CS1") as station:
        await report_everything(station)
        yield http_client


async def report_everything(station: Station) -> None:
    """Send, as the station, a message about each part of the station's state that the API shows."""
    now = "2026-01-01T12:00:00Z"
    evse = {"id": 1, "connectorId": 1}
    component, variable = {"name": "EVSE", "evse": evse}, {"name": "Power", "instance": "a"}
    needs = {"requestedEnergyTransfer": "DC", "dcChargingParameters": {"evMaxCurrent": 9, "evMaxVoltage": 9}}
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}]}
    attributes = [{"type": "Actual", "value": "1"}, {"type": "Target"}]
    limit = {"chargingLimitSource": "EMS", "isGridCritical": True}
    item = {"component": component, "variable": variable, "variableAttribute": attributes}
    messages = [
        call.StatusNotification(timestamp=now, connector_status="Occupied", evse_id=1, connector_id=1),
        call.NotifyReport(request_id=1, generated_at=now, seq_no=1, report_data=[item]),
        call.NotifyChargingLimit(charging_limit=limit, evse_id=1),
        call.NotifyEVChargingNeeds(evse_id=1, charging_needs=needs),
        call.NotifyEVChargingSchedule(time_base=now, evse_id=1, charging_schedule=schedule),
        call.SecurityEventNotification(type="ClockChanged", timestamp=now),
        call.FirmwareStatusNotification(status="Idle"),
        call.LogStatusNotification(status="Idle"),
        call.TransactionEvent(
            event_type="Started",
            timestamp=now,
            trigger_reason="Authorized",
            seq_no=0,
            transaction_info={"transactionId": "T1", "chargingState": "Charging"},
            evse=evse,
            id_token=ID_TOKEN,
            meter_value=[{"timestamp": now, "sampledValue": [{"value": 7}]}],
        ),
    ]
    for message in messages:
        await station.send(message)


@pytest.mark.parametrize("sent", REQUESTS, ids=lambda sent: f"{sent.method} {sent.path} {sent.status}")
async def test_answer_is_as_the_document_says(sent: Sent, client: httpx.AsyncClient) -> None:
    headers = {"X-Scope": sent.scope} if sent.scope else None
    answer = await client.request(
        sent.method, sent.path, json=sent.json, content=sent.content, headers=headers
    )
    assert answer.status_code == sent.status, answer.text
    assert operation_of(answer.request) is not None


async def test_every_operation_is_driven() -> None:
    driven_operations = {
        operation_of(httpx.Request(sent.method, f"http://localhost{sent.path}")) for sent in REQUESTS
    }
    missing = [str(operation) for operation in operations() if operation not in driven_operations]
    assert missing == [], "add a line to REQUESTS for each of these"


async def test_unknown_key_in_an_answer_is_a_difference_from_the_document() -> None:
    request = httpx.Request("GET", "http://localhost/health")
    operation = operation_of(request)
    assert operation is not None
    body = {"status": "ok", "version": "0.1.0", "uptime": 1}
    assert not validator_of(operation, 200, "application/json").is_valid(body)
