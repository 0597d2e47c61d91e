"""Arbitrary text, JSON and mutated CALLs: one answer to each readable id, and no disconnect.

``HYPOTHESIS_PROFILE=long`` runs 20,000 examples per test.
"""

import asyncio
import copy
import json
import logging
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_csms.csms import Csms
from mock_csms.messages import CALL
from mock_csms.mock import listening
from mock_csms.settings import Settings
from server import VERSIONS
from tests.conftest import LogLines
from tests.support.station import raw_connection, receive

NOW = "2026-01-01T00:00:00Z"
TOKEN = {"idToken": "AA", "type": "ISO14443"}
HASH_DATA = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "ab" * 32,
    "issuerKeyHash": "cd" * 32,
    "serialNumber": "01",
    "responderURL": "http://ocsp.example",
}
COMPONENT_VARIABLE = {
    "component": {"name": "EVSE", "evse": {"id": 1}},
    "variable": {"name": "AvailabilityState"},
}
METER_VALUE = {
    "timestamp": NOW,
    "sampledValue": [{"value": 1.5, "unitOfMeasure": {"unit": "kWh", "multiplier": 1}, "phase": "L1"}],
}
EVENT = {
    "eventId": 1,
    "timestamp": NOW,
    "trigger": "Delta",
    "actualValue": "Available",
    "eventNotificationType": "HardWiredNotification",
}
SCHEDULE = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}]}
PROFILE = {
    "id": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": [SCHEDULE],
}

VALID: dict[str, Any] = {
    "Authorize": {"idToken": TOKEN, "iso15118CertificateHashData": [HASH_DATA]},
    "BootNotification": {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}},
    "ClearedChargingLimit": {"chargingLimitSource": "EMS", "evseId": 1},
    "DataTransfer": {"vendorId": "org.example", "data": {"a": [1, None]}},
    "FirmwareStatusNotification": {"status": "Installed", "requestId": 1},
    "Get15118EVCertificate": {"iso15118SchemaVersion": "x", "action": "Install", "exiRequest": "eA=="},
    "GetCertificateStatus": {"ocspRequestData": HASH_DATA},
    "Heartbeat": {"customData": {"vendorId": "org.example", "any": 1}},
    "LogStatusNotification": {"status": "Uploaded", "requestId": 1},
    "MeterValues": {"evseId": 1, "meterValue": [METER_VALUE]},
    "NotifyChargingLimit": {"chargingLimit": {"chargingLimitSource": "EMS"}, "chargingSchedule": [SCHEDULE]},
    "NotifyCustomerInformation": {"data": "x", "seqNo": 0, "generatedAt": NOW, "requestId": 1},
    "NotifyDisplayMessages": {
        "requestId": 1,
        "messageInfo": [{"id": 1, "priority": "InFront", "message": {"format": "UTF8", "content": "x"}}],
    },
    "NotifyEVChargingNeeds": {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "DC"}},
    "NotifyEVChargingSchedule": {"timeBase": NOW, "evseId": 1, "chargingSchedule": SCHEDULE},
    "NotifyEvent": {"generatedAt": NOW, "seqNo": 0, "eventData": [EVENT | COMPONENT_VARIABLE]},
    "NotifyMonitoringReport": {
        "requestId": 1,
        "seqNo": 0,
        "generatedAt": NOW,
        "monitor": [
            COMPONENT_VARIABLE
            | {
                "variableMonitoring": [
                    {"id": 1, "transaction": False, "value": 1, "type": "Delta", "severity": 1}
                ]
            }
        ],
    },
    "NotifyReport": {
        "requestId": 1,
        "seqNo": 0,
        "generatedAt": NOW,
        "reportData": [COMPONENT_VARIABLE | {"variableAttribute": [{"type": "Actual", "value": "x"}]}],
    },
    "PublishFirmwareStatusNotification": {"status": "Published", "location": ["http://x"], "requestId": 1},
    "ReportChargingProfiles": {
        "requestId": 1,
        "chargingLimitSource": "CSO",
        "evseId": 1,
        "chargingProfile": [PROFILE],
    },
    "ReservationStatusUpdate": {"reservationId": 1, "reservationUpdateStatus": "Expired"},
    "SecurityEventNotification": {"type": "StartupOfTheDevice", "timestamp": NOW},
    "SignCertificate": {"csr": "no CSR", "certificateType": "V2GCertificate"},
    "StatusNotification": {
        "timestamp": NOW,
        "connectorStatus": "Available",
        "evseId": 1,
        "connectorId": 1,
    },
    "TransactionEvent": {
        "eventType": "Updated",
        "timestamp": NOW,
        "triggerReason": "Authorized",
        "seqNo": 1,
        "transactionInfo": {"transactionId": "tx-1", "chargingState": "Charging"},
        "idToken": TOKEN,
        "evse": {"id": 1, "connectorId": 1},
        "meterValue": [METER_VALUE],
    },
}


UNLIMITED = 86_400.0
"""Time-out of commands in seconds: these tests answer no command, and a time-out would log a failure."""


class FuzzedServer:
    """A server and a bare WebSocket connection to it, for tests that are not coroutines."""

    def __init__(self, runner: asyncio.Runner, log: LogLines, **settings: Any) -> None:
        self.log = log
        self._runner = runner
        self._stack = AsyncExitStack()
        self._count = 0
        self._runner.run(self._open(settings))

    async def _open(self, settings: dict[str, Any]) -> None:
        csms = Csms(Settings.model_validate({"port": 0, "call_timeout": UNLIMITED, **settings}), VERSIONS)
        await self._stack.enter_async_context(listening(csms))
        self._connection = await self._stack.enter_async_context(raw_connection(csms, compression=None))

    def close(self) -> None:
        """Close the connection and stop the server."""
        self._runner.run(self._stack.aclose())

    def answers_to(self, text: str) -> list[list[Any]]:
        """Send a frame and a Heartbeat; return the answers that arrive before the answer to the Heartbeat.

        A refused BootNotification leaves the station unregistered, so the Heartbeat may be refused too.
        """
        return self._runner.run(self._answers_to(text))

    async def _answers_to(self, text: str) -> list[list[Any]]:
        self._count += 1
        last_id = f"last-{self._count}"
        await self._connection.send(text)
        await self._connection.send(json.dumps([2, last_id, "Heartbeat", {}]))
        answers = []
        while (answer := await receive(self._connection))[1] != last_id:
            if answer[0] != CALL:  # a command may follow an answer
                answers.append(answer)
        return answers


@pytest.fixture(scope="module", params=["strict", "report"])
def fuzzed(request: pytest.FixtureRequest) -> Iterator[FuzzedServer]:
    """Run each test with strict validation, and with a server that also answers invalid messages."""
    log = LogLines()
    logger = logging.getLogger("mock_csms")
    logger.addHandler(log)
    with asyncio.Runner() as runner:
        fuzzed = FuzzedServer(runner, log, validation=request.param)
        yield fuzzed
        fuzzed.close()
    logger.removeHandler(log)


def read(text: str) -> Any:
    """Parse JSON by RFC 8259, without NaN and too large numbers; return ``...`` if it is invalid."""

    def number(digits: str) -> float:
        value = float(digits)
        if value in (float("inf"), float("-inf")):
            raise ValueError("too large")
        return value

    def reject(constant: str) -> None:
        raise ValueError(constant)

    try:
        return json.loads(text, parse_float=number, parse_constant=reject)
    except ValueError:
        return ...


def ids_to_answer(message: Any) -> list[str]:
    """Ids of the answers due to a message: none if it is an answer, else its id, or "-1" if unreadable."""
    match message:
        case [3 | 4, *_]:
            return []
        case [_, str() as message_id, *_]:
            return [message_id]
        case _:
            return ["-1"]


def check(fuzzed: FuzzedServer, text: str) -> None:
    fuzzed.log.lines.clear()
    answers = fuzzed.answers_to(text)
    assert [answer[1] for answer in answers if answer[0] != 2] == ids_to_answer(read(text))
    assert not [answer for answer in answers if answer[0] == 4 and answer[2] == "InternalError"]
    assert not [line for line in fuzzed.log.lines if "failed" in line]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
likely_elements: st.SearchStrategy[Any] = st.sampled_from(
    [2, 3, 4, 5, "1", "Heartbeat", "BootNotification", "Reset", {}, None]
)


@given(text=st.text() | st.text('[]{}",:0123456789.eE+-ntrufalsNaI \\', max_size=60))
def test_any_text_is_answered(fuzzed: FuzzedServer, text: str) -> None:
    check(fuzzed, text)


@given(message=st.lists(likely_elements | json_values, max_size=6))
def test_any_json_array_is_answered(fuzzed: FuzzedServer, message: list[Any]) -> None:
    check(fuzzed, json.dumps(message))


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path to every value inside a value."""
    if path:
        yield path
    steps: Any = value.items() if isinstance(value, dict) else ()
    steps = enumerate(value) if isinstance(value, list) else steps
    for step, inner in steps:
        yield from paths(inner, (*path, step))


@st.composite
def mutated_calls(draw: st.DrawFn) -> str:
    action = draw(st.sampled_from(sorted(VALID)))
    frame = copy.deepcopy([2, "1", action, VALID[action]])
    path = draw(st.sampled_from(list(paths(frame))))
    *parents, last = path
    container: Any = frame
    for step in parents:
        container = container[step]
    match draw(st.sampled_from(["replace", "remove", "add", "wrap"])):
        case "replace":
            container[last] = draw(json_values)
        case "remove":
            del container[last]
        case "add" if isinstance(container, dict):
            container[draw(st.text(max_size=10))] = draw(json_values)
        case "add":
            container.insert(last, draw(json_values))
        case "wrap":
            container[last] = [container[last]]
    return json.dumps(frame)


@given(text=mutated_calls())
def test_any_valid_call_with_one_mutation_is_answered(fuzzed: FuzzedServer, text: str) -> None:
    check(fuzzed, text)


@pytest.mark.parametrize("action", VALID)
def test_unmutated_calls_are_valid(fuzzed: FuzzedServer, action: str) -> None:
    fuzzed.answers_to(json.dumps([2, "0", "BootNotification", VALID["BootNotification"]]))

    kind, message_id, _ = fuzzed.answers_to(json.dumps([2, "1", action, VALID[action]]))[0]

    assert (kind, message_id) == (3, "1")
