"""Messages between a station and its central system, in virtual time, given to the observer of findings."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import ocpp
import orjson
import pytest

from mock_csms.findings.coverage import RequirementState
from mock_csms.findings.kinds import Finding
from mock_csms.messages import JsonObject
from mock_csms.text import timestamp
from mock_csms.v201.findings.kinds import FINDING_KINDS
from mock_csms.v201.findings.observer import Observer201
from mock_csms.v201.version import OCPP_2_0_1
from tests.support.signing_requests import build_csr

START = 1_767_225_600.0
"""2026-01-01T00:00:00Z."""


VENDOR = {"model": "Model", "vendorName": "Vendor"}


TOKEN = {"idToken": "AABBCCDD", "type": "ISO14443"}


EVSE = {"id": 1, "connectorId": 1}


CSR = """-----BEGIN CERTIFICATE REQUEST-----
MIHJMHACAQAwDjEMMAoGA1UEAwwDQ1MxMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAENlWJ9Ep3Sx2iqg9I8NnAesqHhfm0rRElGoIUPoxMMzTa6XGZaL/LSopyvGLd
EQI6Q81o5/tD5vcFWtRj+O5hl6AAMAoGCCqGSM49BAMCA0kAMEYCIQDob0ZTt/EY
vyczUf6HDuHZzjnlzSgdJupPwqKQmvD9+QIhAIb5v4ErvULkXhNE3tIfYealU0o5
cWmU/rLNBW2Mlbef
-----END CERTIFICATE REQUEST-----
"""
"""A certificate signing request for a key on P-256."""


RFC_3339 = "%Y-%m-%dT%H:%M:%SZ"


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def stamp(at: float) -> str:
    return timestamp(datetime.fromtimestamp(at, UTC))


class Talk:
    """A conversation of a station and its central system, which the observer of findings sees.

    Its time is virtual. Payloads must be valid, except those of CALLs with a ``violation``.
    """

    def __init__(self, silenced: frozenset[str] = frozenset()) -> None:
        self.observer = Observer201("CS001", silenced, FINDING_KINDS)
        self.at = START
        self.frame = 0
        self.findings: list[Finding] = []
        self.sent: list[str] = []
        self._numbers = count(1)

    @property
    def ids(self) -> list[str]:
        return [finding.id for finding in self.findings]

    def coverage(self, requirement: str) -> RequirementState:
        """Return the state of a requirement: whether the station has been seen to meet or to break it."""
        return self.observer.coverage.state(requirement)

    @property
    def now(self) -> str:
        return stamp(self.at)

    def collect(self, findings: Iterable[Finding]) -> None:
        self.findings += findings

    def next_entry(self) -> tuple[float, int]:
        """Return time and number of the next journal entry."""
        self.frame += 1
        return self.at, self.frame

    def connect(self) -> None:
        self.collect(self.observer.connected(*self.next_entry()))

    def disconnect(self) -> None:
        self.collect(self.observer.disconnected(*self.next_entry()))

    def reconnect(self, after: float) -> None:
        self.disconnect()
        self.wait(after)
        self.connect()

    def wait(self, seconds: float, step: float = 1.0) -> None:
        """Advance the time, and call the observer's ``tick`` every ``step`` seconds."""
        until = self.at + seconds
        while self.at + step < until:
            self.at += step
            self.collect(self.observer.tick(self.at))
        self.at = until
        self.collect(self.observer.tick(self.at))

    def end(self) -> None:
        self.collect(self.observer.end(self.at))

    def send_call(
        self,
        action: str,
        payload: JsonObject,
        *,
        message_id: str | None = None,
        violation: str | None = None,
        together: bool = False,
    ) -> str:
        """Send a CALL of the station without answering it, and return its message id."""
        if violation is None:
            assert OCPP_2_0_1.request(action).violation(payload) is None
        message_id = message_id or f"station-{next(self._numbers)}"
        at, frame = self.next_entry()
        self.sent.append(action)
        self.collect(
            self.observer.received_call(
                at, frame, message_id, action, payload, violation=violation, together=together
            )
        )
        return message_id

    def send_unknown_call(self, action: str, **options: Any) -> str:
        """Send a CALL of the station with an unknown action, and return its message id."""
        message_id = f"station-{next(self._numbers)}"
        at, frame = self.next_entry()
        self.collect(
            self.observer.received_call(
                at, frame, message_id, action, {}, violation=None, known=False, **options
            )
        )
        return message_id

    def result(self, message_id: str, action: str, payload: JsonObject | None = None) -> None:
        """Send the central system's CALLRESULT to a CALL of the station."""
        answer = {"currentTime": self.now} if action == "Heartbeat" else {}
        at, frame = self.next_entry()
        self.collect(self.observer.sent_result(at, frame, message_id, action, payload or answer))

    def error(self, message_id: str, action: str) -> None:
        """Send the central system's CALLERROR to a CALL of the station."""
        at, frame = self.next_entry()
        self.collect(self.observer.sent_error(at, frame, message_id, action))

    def withhold(self, message_id: str) -> None:
        self.collect(self.observer.withheld(self.at, message_id))

    def call(self, action: str, payload: JsonObject | None = None, **options: Any) -> str:
        """Send a CALL of the station and, at once, the central system's answer; return the message id."""
        if options.get("violation"):
            message_id = self.send_call(action, payload or {}, **options)
            self.result(message_id, action)
            return message_id
        return self.exchange(action, payload or {}, **options)

    def exchange(
        self,
        action: str,
        payload: JsonObject,
        answer: JsonObject | None = None,
        *,
        message_id: str | None = None,
        together: bool = False,
    ) -> str:
        """Pass a valid CALL and its answer to the observer in one step; return the message id."""
        assert OCPP_2_0_1.request(action).violation(payload) is None
        message_id = message_id or f"station-{next(self._numbers)}"
        answer = answer or ({"currentTime": self.now} if action == "Heartbeat" else {})
        at, frame = self.next_entry()
        self.next_entry()
        self.sent.append(action)
        self.collect(self.observer.exchanged(at, frame, message_id, action, payload, answer, together))
        return message_id

    def boot(self, status: str = "Accepted", interval: float = 300, reason: str = "PowerUp") -> None:
        boot = {"reason": reason, "chargingStation": VENDOR}
        self.exchange("BootNotification", boot, self.registration(status, interval))

    def registration(self, status: str = "Accepted", interval: float = 300) -> JsonObject:
        return {"status": status, "interval": interval, "currentTime": self.now}

    def status(self, status: str = "Available", evse_id: int = 1, connector_id: int = 1) -> None:
        self.call("StatusNotification", self.status_payload(status, evse_id, connector_id))

    def status_payload(
        self, status: str = "Available", evse_id: int = 1, connector_id: int = 1
    ) -> JsonObject:
        connector = {"evseId": evse_id, "connectorId": connector_id}
        return {"timestamp": self.now, "connectorStatus": status, **connector}

    def request_certificate(self, csr: str = CSR) -> None:
        """Send a SignCertificate of the station, which the central system accepts."""
        self.exchange("SignCertificate", {"csr": csr}, {"status": "Accepted"})

    def send_availability_state(
        self, component: str, value: str, evse: JsonObject | None = None, **fields: Any
    ) -> None:
        """Send a NotifyEvent of the station with the AvailabilityState of a component."""
        event = {
            "eventId": 1,
            "timestamp": self.now,
            "trigger": "Delta",
            "actualValue": value,
            "eventNotificationType": "HardWiredNotification",
            "component": {"name": component, "evse": evse} if evse else {"name": component},
            "variable": {"name": "AvailabilityState"},
        }
        self.call("NotifyEvent", {"generatedAt": self.now, "seqNo": 0, "eventData": [event], **fields})

    def event(self, seq_no: int, event_type: str = "Updated", **fields: Any) -> JsonObject:
        """Build a TransactionEvent with the current time; ``info`` is merged into its transactionInfo."""
        info = {"transactionId": "T1", **fields.pop("info", {})}
        if fields.get("triggerReason") == "ChargingStateChanged":
            info.setdefault("chargingState", "Idle")
        required = {"timestamp": self.now, "triggerReason": "MeterValuePeriodic", "transactionInfo": info}
        return {"eventType": event_type, "seqNo": seq_no, **required, **fields}

    def send_event(self, seq_no: int, event_type: str = "Updated", **fields: Any) -> JsonObject:
        """Send a TransactionEvent of the station, and return its payload."""
        event = self.event(seq_no, event_type, **fields)
        self.call("TransactionEvent", event)
        return event

    def send_transaction(self, *seq_nos: int, transaction_id: str = "T1") -> None:
        """Send a transaction with these seqNos, from Started to Ended, one second apart."""
        info = {"transactionId": transaction_id}
        for seq_no in seq_nos:
            self.at += 1
            kind = {seq_nos[0]: "Started", seq_nos[-1]: "Ended"}.get(seq_no, "Updated")
            self.send_event(seq_no, kind, info=info)

    def send_command(self, action: str, payload: JsonObject) -> str:
        """Send a command to the station, without an answer, and return its message id."""
        assert OCPP_2_0_1.request(action).violation(payload) is None
        message_id = f"csms-{next(self._numbers)}"
        at, frame = self.next_entry()
        self.collect(self.observer.sent_call(at, frame, message_id, action, payload))
        return message_id

    def answer_command(
        self,
        message_id: str,
        action: str | None,
        payload: JsonObject | None = None,
        violation: str | None = None,
        code: str = "",
    ) -> None:
        """Send the station's answer to a command; ``payload=None`` sends a CALLERROR with this code."""
        at, frame = self.next_entry()
        self.collect(
            self.observer.received_answer(
                at, frame, message_id, action, payload, violation=violation, error_code=code
            )
        )

    def read_variables(self, values: Mapping[str, str]) -> None:
        """Send a GetVariables that the station answers with these values, by ``Component.Variable``."""
        items = [dict(zip(("component", "variable"), named, strict=True)) for named in map(_names, values)]
        results = [
            {**item, "attributeType": "Actual", "attributeStatus": "Accepted", "attributeValue": value}
            for item, value in zip(items, values.values(), strict=True)
        ]
        message_id = self.send_command("GetVariables", {"getVariableData": items})
        self.answer_command(message_id, "GetVariables", {"getVariableResult": results})

    def report_start_point(self, start_point: str) -> None:
        """Send a GetVariables that the station answers with this TxStartPoint; AuthorizeRemoteStart is false.

        Both variables decide when a remote start leads to an event.
        """
        self.read_variables({"TxCtrlr.TxStartPoint": start_point, "AuthCtrlr.AuthorizeRemoteStart": "false"})

    def ask_in_vain(self, action: str, payload: JsonObject) -> None:
        """Send a command that the station answers with a CALLERROR; later messages may still refer to it."""
        message_id = self.send_command(action, payload)
        self.answer_command(message_id, action)

    def command(self, action: str, payload: JsonObject, status: str = "Accepted", **fields: Any) -> None:
        """Send a command and, 0.1 s later, the station's answer with this status and these fields."""
        message_id = self.send_command(action, payload)
        self.at += 0.1
        file = {"filename": "log.txt"} if action == "GetLog" else {}
        self.answer_command(message_id, action, {"status": status, **file, **fields})

    def trigger(self, requested: str, status: str = "Accepted", evse: JsonObject | None = None) -> None:
        payload: JsonObject = {"requestedMessage": requested}
        self.command("TriggerMessage", {**payload, "evse": evse} if evse else payload, status)

    def time_out(self, action: str, payload: JsonObject) -> str:
        message_id = self.send_command(action, payload)
        self.at += 30
        self.collect(self.observer.timed_out(self.at, message_id, action))
        return message_id


def _names(variable: str) -> tuple[JsonObject, JsonObject]:
    component, name = variable.split(".")
    return {"name": component}, {"name": name}


@pytest.fixture
def unbooted() -> Talk:
    """A station that is connected but has not booted."""
    talk = Talk()
    talk.connect()
    return talk


@pytest.fixture
def talk(unbooted: Talk) -> Talk:
    """A station that has booted and reported its only connector (see `settle`)."""
    settle(unbooted)
    return unbooted


def settle(talk: Talk) -> None:
    """Boot, report the status of the only connector, and send the commands that later messages refer to.

    So a test can send reports with the requestId 7 or 8, and events whose triggerReason is a command.
    """
    talk.boot()
    talk.status()
    for action, fields in REPORT_COMMANDS.items():
        for request_id in (7, 8):
            talk.ask_in_vain(action, {"requestId": request_id, **fields})
    for action, payload in CAUSES.items():
        talk.ask_in_vain(action, payload)
    message_id = talk.send_command("Reset", {"type": "OnIdle"})
    talk.answer_command(message_id, "Reset", {"status": "Rejected"})


CAUSES: Mapping[str, JsonObject] = {
    "RequestStartTransaction": {"remoteStartId": 0, "idToken": {"idToken": "NONE", "type": "Central"}},
    "RequestStopTransaction": {"transactionId": "NONE"},
    "TriggerMessage": {"requestedMessage": "TransactionEvent"},
    "UnlockConnector": {"evseId": 9, "connectorId": 9},
}


REPORT_COMMANDS: Mapping[str, JsonObject] = {
    "GetBaseReport": {"reportBase": "FullInventory"},
    "GetMonitoringReport": {},
    "GetChargingProfiles": {"chargingProfile": {}},
    "GetDisplayMessages": {},
    "CustomerInformation": {"report": True, "clear": False, "customerIdentifier": "me"},
}
"""Payloads of the commands that ask for a report, without the requestId."""


def report(seq_no: int, *, tbc: bool | None = None, request_id: int = 7) -> JsonObject:
    part: JsonObject = {"requestId": request_id, "generatedAt": stamp(START), "seqNo": seq_no}
    return part if tbc is None else {**part, "tbc": tbc}


def device_report(
    *connectors: tuple[int, int], variable: str = "AvailabilityState", value: str = "Available"
) -> JsonObject:
    items = [
        {
            "component": {"name": "Connector", "evse": {"id": evse_id, "connectorId": connector_id}},
            "variable": {"name": variable},
            "variableAttribute": [{"value": value}],
            "variableCharacteristics": {"dataType": "string", "supportsMonitoring": False},
        }
        for evse_id, connector_id in connectors
    ]
    return {**report(0), "reportData": items}


def register(wh: float, at: float, **fields: Any) -> JsonObject:
    return {"meterValue": [{"timestamp": stamp(at), "sampledValue": [{"value": wh, **fields}]}]}


FIRMWARE_UPDATE = {"requestId": 5, "firmware": {"location": "http://x/f", "retrieveDateTime": stamp(START)}}


LOG_UPLOAD = {"requestId": 6, "logType": "DiagnosticsLog", "log": {"remoteLocation": "http://x"}}


REMOTE_START = {"remoteStartId": 9, "idToken": TOKEN}


def reservation(talk: Talk, **fields: Any) -> JsonObject:
    """Build a ReserveNow of EVSE 1 for an hour."""
    required = {"id": 3, "expiryDateTime": stamp(talk.at + 3600), "idToken": TOKEN, "evseId": EVSE["id"]}
    return {**required, **fields}


def profile(**fields: Any) -> JsonObject:
    """Build a TxDefaultProfile that does not end."""
    schedule = {
        "id": 1,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
    }
    required = {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
    }
    return {**required, **fields}


type Script = Callable[[Talk], object]


def reading(timestamp: str) -> JsonObject:
    return {"timestamp": timestamp, "sampledValue": [{"value": 5}]}


PARTS: Mapping[str, JsonObject] = {
    "NotifyReport": report(0),
    "NotifyMonitoringReport": {
        **report(0),
        "monitor": [
            {
                "component": {"name": "ChargingStation"},
                "variable": {"name": "Problem"},
                "variableMonitoring": [
                    {"id": 1, "transaction": False, "value": 1, "type": "Delta", "severity": 1}
                ],
            }
        ],
    },
    "NotifyCustomerInformation": {**report(0), "data": ""},
    "NotifyDisplayMessages": {
        "requestId": 7,
        "messageInfo": [
            {
                "id": 1,
                "priority": "NormalCycle",
                "message": {"format": "UTF8", "content": "Welcome", "language": "en"},
            }
        ],
    },
    "ReportChargingProfiles": {
        "requestId": 7,
        "chargingLimitSource": "CSO",
        "evseId": 1,
        "chargingProfile": [
            {
                "id": 1,
                "stackLevel": 0,
                "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Absolute",
                "chargingSchedule": [
                    {
                        "id": 1,
                        "chargingRateUnit": "A",
                        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
                    }
                ],
            }
        ],
    },
}


FIRMWARE_STEPS = ("Downloading", "Downloaded", "SignatureVerified", "Installing")


TRIGGERED: Mapping[str, tuple[str, Callable[[Talk], JsonObject]]] = {
    "FirmwareStatusNotification": ("FirmwareStatusNotification", lambda _: {"status": "Idle"}),
    "Heartbeat": ("Heartbeat", lambda _: {}),
    "LogStatusNotification": ("LogStatusNotification", lambda _: {"status": "Idle"}),
    "MeterValues": ("MeterValues", lambda talk: {"evseId": 1, "meterValue": [reading(talk.now)]}),
    "PublishFirmwareStatusNotification": (
        "PublishFirmwareStatusNotification",
        lambda _: {"status": "Idle"},
    ),
    "SignChargingStationCertificate": ("SignCertificate", lambda _: {"csr": build_csr()}),
    "SignCombinedCertificate": ("SignCertificate", lambda _: {"csr": build_csr()}),
    "SignV2GCertificate": ("SignCertificate", lambda _: {"csr": build_csr()}),
    "StatusNotification": ("StatusNotification", lambda talk: talk.status_payload()),
    "TransactionEvent": (
        "TransactionEvent",
        lambda talk: talk.event(0, "Started", triggerReason="Trigger", info={"chargingState": "Charging"}),
    ),
}


def availability(status: str, *, evse_id: int | None = None, connector_id: int | None = None) -> JsonObject:
    evse = {"id": evse_id, "connectorId": connector_id}
    scope = {name: value for name, value in evse.items() if value is not None}
    return {"operationalStatus": status, **({"evse": scope} if scope else {})}


def schema_of(name: str) -> JsonObject:
    file = Path(ocpp.__file__).parent / "v201" / "schemas" / f"{name}.json"
    schema: JsonObject = orjson.loads(file.read_text(encoding="utf-8-sig"))
    return schema
