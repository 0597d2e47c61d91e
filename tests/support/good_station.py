"""A station that complies with the specification."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from random import Random
from typing import Any

from mock_csms.messages import JsonObject
from mock_csms.text import timestamp
from tests.support.talk import (
    CSR,
    EVSE,
    FIRMWARE_STEPS,
    FIRMWARE_UPDATE,
    LOG_UPLOAD,
    PARTS,
    REPORT_COMMANDS,
    RFC_3339,
    START,
    TOKEN,
    TRIGGERED,
    Talk,
    availability,
    device_report,
    stamp,
)

SAMPLES: list[Callable[[float], list[JsonObject]]] = [
    lambda wh: [{"value": wh}],
    lambda wh: [{"value": wh, "measurand": "Energy.Active.Import.Register", "unitOfMeasure": {"unit": "Wh"}}],
    lambda wh: [{"value": wh / 1000, "unitOfMeasure": {"unit": "kWh"}}],
    lambda wh: [{"value": wh / 3, "phase": phase} for phase in ("L1", "L2", "L3")],
    lambda wh: [{"value": 230, "measurand": "Voltage", "phase": "L1"}, {"value": wh}],
]
"""Builders of sampled values for an energy register in Wh."""


OTHER_MESSAGES: Mapping[str, JsonObject] = {
    "Authorize": {"idToken": TOKEN},
    "ClearedChargingLimit": {"chargingLimitSource": "EMS"},
    "DataTransfer": {"vendorId": "org.example", "data": {"any": [1, None]}},
    "Get15118EVCertificate": {"iso15118SchemaVersion": "urn:iso", "action": "Install", "exiRequest": "AA=="},
    "GetCertificateStatus": {
        "ocspRequestData": {
            "hashAlgorithm": "SHA256",
            "issuerNameHash": "aa",
            "issuerKeyHash": "bb",
            "serialNumber": "1",
            "responderURL": "http://x",
        }
    },
    "NotifyChargingLimit": {"chargingLimit": {"chargingLimitSource": "EMS"}},
    "NotifyEVChargingNeeds": {
        "evseId": 1,
        "chargingNeeds": {
            "requestedEnergyTransfer": "DC",
            "dcChargingParameters": {"evMaxCurrent": 200, "evMaxVoltage": 500},
        },
    },
    "NotifyEVChargingSchedule": {
        "timeBase": stamp(START + 10**6),
        "evseId": 1,
        "chargingSchedule": {
            "id": 1,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
        },
    },
    "PublishFirmwareStatusNotification": {"status": "Published", "location": ["http://x"], "requestId": 1},
    "ReservationStatusUpdate": {"reservationId": 1, "reservationUpdateStatus": "Expired"},
    "SignCertificate": {"csr": CSR},
}


class GoodStation:
    """A compliant station; a seed determines its random behaviour and the trouble of its network."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.talk = Talk()
        self.numbers = count(1)
        self.wh = 1000.0
        self.is_online = False
        self.queue: list[JsonObject] = []
        self.connectors = [(1, 1), (1, 2), (2, 1)]

    def run(self, messages: int) -> None:
        """Perform random activities until this many messages were sent."""
        talk = self.talk
        self.start_up("PowerUp")
        activities = [
            self.charge,
            self.charge_remotely,
            self.change_availability,
            self.change_interval,
            self.follow_triggers,
            self.report,
            self.restart,
            self.send_other_messages,
            self.update_firmware,
            self.upload_log,
        ]
        while len(talk.sent) < messages:
            self.rng.choice(activities)()
            self.pause(250)
            self.call("Heartbeat", {})
        talk.wait(10)
        talk.end()

    def pause(self, longest: float) -> None:
        self.talk.wait(self.rng.uniform(0.1, longest))

    def maybe(self, probability: float = 0.5) -> bool:
        return self.rng.random() < probability

    def now(self) -> str:
        """Return the time in a random valid format."""
        at = datetime.fromtimestamp(self.talk.at, UTC)
        match self.rng.randrange(4):
            case 0:
                return at.strftime(RFC_3339)
            case 1:
                return at.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat(
                    timespec="milliseconds"
                )
            case 2:
                return at.isoformat(timespec="milliseconds")
            case _:
                return timestamp(at)

    def call(self, action: str, payload: JsonObject) -> None:
        """Send a CALL until it gets a CALLRESULT."""
        talk, message_id = self.talk, f"good-{next(self.numbers)}"
        while True:
            talk.send_call(action, payload, message_id=message_id)
            talk.at += self.rng.uniform(0, 0.3)
            match self.rng.randrange(100):
                case 0:
                    talk.withhold(message_id)
                    talk.wait(30)
                case 1 if action == "TransactionEvent":
                    talk.error(message_id, action)
                    talk.wait(self.rng.uniform(1, 60))
                    message_id = f"good-{next(self.numbers)}"
                case 2:
                    talk.wait(self.rng.uniform(1, 9))
                    talk.result(message_id, action)
                    return
                case _:
                    talk.result(message_id, action)
                    return

    def start_up(self, reason: str) -> None:
        """Connect, boot (perhaps first Rejected or Pending), and report the status of each connector."""
        talk = self.talk
        talk.connect()
        self.is_online = True
        talk.at += 0.1
        if self.maybe(0.2):
            talk.boot("Rejected", 30, reason)
            if self.maybe():
                talk.reconnect(5)
            talk.wait(30)
        if self.maybe(0.2):
            talk.boot("Pending", 600, reason)
            talk.command("GetBaseReport", {"requestId": 7, "reportBase": "SummaryInventory"})
            talk.call("NotifyReport", {**device_report((1, 1), (1, 2)), "tbc": True})
            talk.wait(10)
            talk.call("NotifyReport", {**device_report((2, 1)), "seqNo": 1})
            talk.trigger("BootNotification")
            reason = "Triggered"
        talk.boot(reason=reason)
        for evse_id, connector_id in self.connectors:
            talk.wait(self.rng.uniform(0, 15))
            self.send_status("Available", evse_id, connector_id)

    def send_status(self, status: str, evse_id: int, connector_id: int) -> None:
        if self.maybe():
            self.talk.send_availability_state(
                "Connector", status, {"id": evse_id, "connectorId": connector_id}
            )
        else:
            self.call("StatusNotification", self.talk.status_payload(status, evse_id, connector_id))

    def disconnect(self) -> None:
        self.talk.disconnect()
        self.is_online = False

    def send_event(self, event: JsonObject) -> None:
        """Send a TransactionEvent, or queue it while offline."""
        if self.is_online:
            self.call("TransactionEvent", event)
            if event["triggerReason"] == "CablePluggedIn":
                self.send_status("Occupied", EVSE["id"], EVSE["connectorId"])
        else:
            self.queue.append({**event, "offline": True})

    def reconnect(self) -> None:
        """Connect again and send the queued TransactionEvents."""
        self.talk.connect()
        self.is_online = True
        for event in self.queue:
            self.talk.at += 0.1
            self.call("TransactionEvent", event)
        self.queue.clear()

    def pause_with_connection_loss(self) -> None:
        """Wait, and then, at random, lose or replace the connection or restore a lost one."""
        self.pause(100)
        if not self.is_online:
            if self.maybe(0.3):
                self.reconnect()
        elif self.maybe(0.03):
            self.disconnect()
        elif self.maybe(0.03):
            self.talk.connect()
            self.talk.disconnect()

    def meter(self) -> JsonObject:
        self.wh += self.rng.uniform(0, 500)
        sampled = self.rng.choice(SAMPLES[:3])(round(self.wh, 3))
        return {"timestamp": self.now(), "sampledValue": sampled}

    def charge(self, start: JsonObject | None = None, stop: str = "Local") -> None:
        """Run a transaction with random connection losses."""
        info: JsonObject = {"transactionId": f"T{next(self.numbers)}"}
        seq_nos = count(self.rng.choice([0, 1, 17]))
        first_reading = self.meter()

        def event(event_type: str, reason: str, **fields: Any) -> JsonObject:
            self.talk.at += 0.2
            transaction_info = {**info, **fields.pop("info", {})}
            required = {"seqNo": next(seq_nos), "timestamp": self.now(), "transactionInfo": transaction_info}
            return {"eventType": event_type, "triggerReason": reason, **required, **fields}

        if start:
            self.send_event(
                event("Started", "RemoteStart", idToken=TOKEN, info=start, meterValue=[first_reading])
            )
            self.pause(60)
            self.send_event(
                event("Updated", "CablePluggedIn", evse=EVSE, info={"chargingState": "EVConnected"})
            )
        elif self.maybe():
            self.call("Authorize", {"idToken": TOKEN})
            self.send_event(event("Started", "Authorized", idToken=TOKEN, meterValue=[first_reading]))
            self.pause(60)
            self.send_event(
                event("Updated", "CablePluggedIn", evse=EVSE, info={"chargingState": "EVConnected"})
            )
        else:
            connected = {"chargingState": "EVConnected"}
            self.send_event(
                event("Started", "CablePluggedIn", evse=EVSE, info=connected, meterValue=[first_reading])
            )
            self.send_event(event("Updated", "Authorized", idToken=TOKEN))
        self.send_event(event("Updated", "ChargingStateChanged", info={"chargingState": "Charging"}))
        for _ in range(self.rng.randrange(40)):
            self.pause_with_connection_loss()
            self.send_event(event("Updated", "MeterValuePeriodic", meterValue=[self.meter()]))
            if self.is_online and self.maybe(0.2):
                self.call("MeterValues", {"evseId": 2, "meterValue": [self.meter(), self.meter()]})
        if stop == "Remote":
            if not self.is_online:
                self.reconnect()
            self.talk.command("RequestStopTransaction", {"transactionId": info["transactionId"]})
            self.pause(60)
        late = event("Updated", "MeterValuePeriodic", meterValue=[self.meter()])
        stopped = {"stoppedReason": stop, "chargingState": "EVConnected"}
        trigger = "RemoteStop" if stop == "Remote" else "EVCommunicationLost"
        ended = event("Ended", trigger, info=stopped, meterValue=[first_reading, self.meter()])
        for event_payload in self.rng.choice([[late, ended], [ended, late]]):
            self.send_event(event_payload)
        if self.is_online:
            self.send_status("Available", EVSE["id"], EVSE["connectorId"])
        else:
            self.pause(100)
            self.reconnect()

    def charge_remotely(self) -> None:
        start = {"remoteStartId": next(self.numbers)}
        self.talk.command("RequestStartTransaction", {**start, "idToken": TOKEN})
        self.pause(60)
        self.charge(start, "Remote")

    def change_availability(self) -> None:
        scopes: list[tuple[dict[str, int], list[tuple[int, int]]]] = [
            ({}, self.connectors),
            ({"evse_id": 1}, self.connectors[:2]),
            ({"evse_id": 2, "connector_id": 1}, self.connectors[2:]),
        ]
        scope, connectors = self.rng.choice(scopes)
        for operational_status, status in (("Inoperative", "Unavailable"), ("Operative", "Available")):
            self.talk.command("ChangeAvailability", availability(operational_status, **scope))
            for connector in connectors:
                self.pause(15)
                self.send_status(status, *connector)
            self.talk.command("ChangeAvailability", availability(operational_status, **scope))
            self.pause(100)

    def change_interval(self) -> None:
        variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
        value = str(self.rng.choice([300, 600, 3600]))
        message_id = self.talk.send_command(
            "SetVariables", {"setVariableData": [{**variable, "attributeValue": value}]}
        )
        result = {**variable, "attributeType": "Actual", "attributeStatus": "Accepted"}
        self.talk.answer_command(message_id, "SetVariables", {"setVariableResult": [result]})

    def follow_triggers(self) -> None:
        for requested, (action, payload) in TRIGGERED.items():
            if requested == "TransactionEvent":
                self.talk.trigger(requested, "Rejected")
                continue
            evse = EVSE if requested == "StatusNotification" else None
            self.talk.trigger(requested, evse=evse)
            self.pause(25)
            self.call(action, payload(self.talk))
        self.talk.trigger("BootNotification", "Rejected")

    def report(self) -> None:
        request_id = next(self.numbers)
        self.talk.command("GetReport", {"requestId": request_id})
        self.talk.command("GetReport", {"requestId": request_id + 10**6}, "EmptyResultSet")
        for command, fields in REPORT_COMMANDS.items():
            if command != "GetBaseReport":
                self.talk.command(command, {"requestId": request_id, **fields})
        for action, payload in PARTS.items():
            for number in range(3):
                part = {**payload, "requestId": request_id, "tbc": number < 2}
                if "generatedAt" in part:
                    part.update(generatedAt=self.now(), seqNo=number)
                self.call(action, part)
                self.pause(20)

    def restart(self) -> None:
        if self.maybe():
            self.talk.command("Reset", {"type": "Immediate"})
            self.pause(60)
            reason = "RemoteReset"
        else:
            reason = "PowerUp"
        self.disconnect()
        self.pause(1000)
        self.start_up(reason)

    def send_other_messages(self) -> None:
        for action, payload in OTHER_MESSAGES.items():
            self.pause(20)
            self.call(action, payload)
        message_id = self.talk.send_command("ClearCache", {})
        self.call("SecurityEventNotification", {"type": "SettingSystemTime", "timestamp": self.now()})
        self.talk.answer_command(message_id, "ClearCache", self.rng.choice([None, {"status": "Rejected"}]))

    def update_firmware(self) -> None:
        request_id = next(self.numbers)
        self.talk.command("UpdateFirmware", {**FIRMWARE_UPDATE, "requestId": request_id})
        for status in (*FIRMWARE_STEPS[:3], "InstallRebooting"):
            self.pause(100)
            self.call("FirmwareStatusNotification", {"status": status, "requestId": request_id})
        self.disconnect()
        self.pause(300)
        self.start_up("FirmwareUpdate")
        self.call("SecurityEventNotification", {"type": "FirmwareUpdated", "timestamp": self.now()})
        for status in ("Installing", "Installed"):
            self.call("FirmwareStatusNotification", {"status": status, "requestId": request_id})

    def upload_log(self) -> None:
        first, second = next(self.numbers), next(self.numbers)
        self.talk.command("GetLog", {**LOG_UPLOAD, "requestId": first})
        self.call("LogStatusNotification", {"status": "Uploading", "requestId": first})
        self.talk.command("GetLog", {**LOG_UPLOAD, "requestId": second}, "AcceptedCanceled")
        self.call("LogStatusNotification", {"status": "AcceptedCanceled", "requestId": first})
        for status in ("Uploading", "UploadFailure", "Uploading", "Uploaded"):
            self.pause(60)
            self.call("LogStatusNotification", {"status": status, "requestId": second})
