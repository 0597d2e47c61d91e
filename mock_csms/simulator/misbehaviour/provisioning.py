"""Misbehaviours of provisioning, clock, security events and diagnostics (A, B, G, L, N)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.messages import JsonObject
from mock_csms.simulator.misbehaviour.changes import alter, put, where
from mock_csms.simulator.misbehaviour.deviations import (
    AddCall,
    ChangeCall,
    MisreadResult,
    SkipCall,
    SkipUnchangedStatuses,
)
from mock_csms.simulator.misbehaviour.record import Misbehaviour
from mock_csms.simulator.misbehaviour.signing import USUAL_REQUEST
from mock_csms.simulator.station import SimulatedStation
from mock_csms.text import timestamp

AHEAD: Final = timedelta(hours=1)


def moved(text: str, by: timedelta) -> str:
    """Timestamp plus a duration; the duration may be negative."""
    return timestamp(datetime.fromisoformat(text) + by)


def _invented_event(station: SimulatedStation, _: JsonObject) -> JsonObject:
    return {"type": "CoffeeSpilled", "timestamp": station.core.timestamp()}


def _connector_zero(_: SimulatedStation, status: JsonObject) -> JsonObject:
    return {**status, "evseId": 0, "connectorId": 0}


def _unasked_report(station: SimulatedStation, _: JsonObject) -> JsonObject:
    return {"requestId": 822, "generatedAt": station.core.timestamp(), "seqNo": 0}


def _event(**fields: object) -> Callable[[SimulatedStation, JsonObject], JsonObject]:
    def make(station: SimulatedStation, _: JsonObject) -> JsonObject:
        now = station.core.timestamp()
        event = {
            "eventId": station.core.random.randrange(1_000_000),
            "timestamp": now,
            "trigger": "Delta",
            "actualValue": "false",
            "eventNotificationType": "HardWiredNotification",
            "component": {"name": "ChargingStation"},
            "variable": {"name": "Problem"},
        }
        return {"generatedAt": now, "seqNo": 0, "eventData": [event], **fields}

    return make


def _needs(_station: SimulatedStation, _: JsonObject) -> JsonObject:
    return {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "AC_three_phase"}}


def _same(_: SimulatedStation, payload: JsonObject) -> JsonObject:
    return payload


def _signing_request(_station: SimulatedStation, _: JsonObject) -> JsonObject:
    return {"csr": USUAL_REQUEST, "certificateType": "ChargingStationCertificate"}


def _idle(_station: SimulatedStation, _: JsonObject) -> JsonObject:
    return {"status": "Idle"}


PROVISIONING: Final = (
    Misbehaviour(
        "send-heartbeat-before-acceptance",
        "A Heartbeat follows each BootNotification, even one that is not accepted.",
        "call-before-boot-accepted",
        (AddCall(Action.boot_notification, lambda *_: {}, Action.heartbeat),),
    ),
    Misbehaviour(
        "retry-boot-early",
        "A boot that is not accepted is retried after a tenth of the interval in the answer.",
        "boot-retried-too-early",
        (
            MisreadResult(
                Action.boot_notification,
                alter("interval", lambda interval: max(interval // 10, 1)),
                when=where("status", "Pending", "Rejected"),
            ),
        ),
    ),
    Misbehaviour(
        "never-report-connector-status",
        "No StatusNotification is sent.",
        "connector-status-missing",
        (SkipCall(Action.status_notification),),
    ),
    Misbehaviour(
        "omit-statuses-after-offline",
        "A connector status that has not changed is not sent again, even after a long offline period.",
        "status-missing-after-offline",
        (SkipUnchangedStatuses(Action.status_notification),),
    ),
    Misbehaviour(
        "never-send-heartbeat",
        "No Heartbeat is sent unless a TriggerMessage asks for it.",
        "heartbeat-missing",
        (SkipCall(Action.heartbeat, is_only_unsolicited=True),),
    ),
    Misbehaviour(
        "omit-time-zone",
        "The timestamp of a StatusNotification has no time zone.",
        "timestamp-invalid",
        (ChangeCall(Action.status_notification, alter("timestamp", lambda text: text.removesuffix("Z"))),),
    ),
    Misbehaviour(
        "run-clock-ahead",
        "The clock is set an hour later than the central system says.",
        "timestamp-in-future",
        tuple(
            MisreadResult(action, alter("currentTime", lambda text: moved(text, AHEAD)))
            for action in (Action.boot_notification, Action.heartbeat)
        ),
    ),
    Misbehaviour(
        "never-finish-report",
        "Every part of a device report has tbc=true, even the last one.",
        "report-incomplete",
        (ChangeCall(Action.notify_report, put("tbc", value=True)),),
    ),
    Misbehaviour(
        "invent-security-event",
        "The first StatusNotification is followed by a security event of an unknown type.",
        "security-event-unknown",
        (AddCall(Action.status_notification, _invented_event, Action.security_event_notification, limit=1),),
    ),
    Misbehaviour(
        "report-idle-firmware",
        "An unsolicited FirmwareStatusNotification Idle follows the first StatusNotification.",
        "firmware-status-out-of-order",
        (AddCall(Action.status_notification, _idle, Action.firmware_status_notification, limit=1),),
    ),
    Misbehaviour(
        "skip-downloaded-status",
        "A firmware update goes from Downloading to SignatureVerified or Installing, without Downloaded.",
        "firmware-status-out-of-order",
        (SkipCall(Action.firmware_status_notification, when=where("status", "Downloaded")),),
    ),
    Misbehaviour(
        "report-idle-log",
        "An unsolicited LogStatusNotification Idle follows the first StatusNotification.",
        "log-status-out-of-order",
        (AddCall(Action.status_notification, _idle, Action.log_status_notification, limit=1),),
    ),
    Misbehaviour(
        "skip-uploading-status",
        "A log upload is reported as Uploaded without Uploading before it.",
        "log-status-out-of-order",
        (SkipCall(Action.log_status_notification, when=where("status", "Uploading")),),
    ),
    Misbehaviour(
        "never-retry-boot",
        "A boot that is not accepted is retried after six times the interval in the answer.",
        "boot-not-retried",
        (
            MisreadResult(
                Action.boot_notification,
                alter("interval", lambda interval: 6 * interval),
                when=where("status", "Pending", "Rejected"),
            ),
        ),
    ),
    Misbehaviour(
        "always-boot-for-power-up",
        "The reason of each BootNotification is PowerUp, even after a Reset.",
        "boot-reason-wrong",
        (ChangeCall(Action.boot_notification, put("reason", "PowerUp")),),
    ),
    Misbehaviour(
        "report-connector-zero",
        "The first StatusNotification is followed by one for connector 0 of EVSE 0.",
        "connector-id-invalid",
        (AddCall(Action.status_notification, _connector_zero, limit=1),),
    ),
    Misbehaviour(
        "shorten-offset",
        "The timestamp of a StatusNotification ends with +00 instead of Z.",
        "timestamp-invalid",
        (
            ChangeCall(
                Action.status_notification, alter("timestamp", lambda text: text.removesuffix("Z") + "+00")
            ),
        ),
    ),
    Misbehaviour(
        "never-set-clock",
        "The first StatusNotification is dated 1970.",
        "clock-not-set",
        (ChangeCall(Action.status_notification, put("timestamp", "1970-01-01T00:00:12Z"), limit=1),),
    ),
    Misbehaviour(
        "number-report-from-one",
        "The first part of a device report has seqNo 1.",
        "report-incomplete",
        (ChangeCall(Action.notify_report, alter("seqNo", lambda seq_no: seq_no + 1)),),
    ),
    Misbehaviour(
        "send-unasked-report",
        "A NotifyReport that no command asked for follows the first StatusNotification.",
        "request-id-unknown",
        (AddCall(Action.status_notification, _unasked_report, Action.notify_report, limit=1),),
    ),
    Misbehaviour(
        "number-events-from-one",
        "Two NotifyEvents with seqNo 1 follow the first StatusNotifications.",
        "event-seq-no-wrong",
        (AddCall(Action.status_notification, _event(seqNo=1), Action.notify_event, limit=2),),
    ),
    Misbehaviour(
        "never-finish-event",
        "A NotifyEvent with tbc=true follows the first StatusNotification, but no further part.",
        "event-incomplete",
        (AddCall(Action.status_notification, _event(tbc=True), Action.notify_event, limit=1),),
    ),
    Misbehaviour(
        "repeat-signing-request",
        "Each SignCertificate is sent twice.",
        "csr-repeated-too-early",
        (AddCall(Action.sign_certificate, _same),),
    ),
    Misbehaviour(
        "request-certificate-after-refusal",
        "A SignCertificate follows the security event about a rejected certificate.",
        "csr-repeated-after-refusal",
        (
            AddCall(
                Action.security_event_notification,
                _signing_request,
                Action.sign_certificate,
                when=where("type", "InvalidChargingStationCertificate"),
            ),
        ),
    ),
    Misbehaviour(
        "omit-charging-parameters",
        "NotifyEVChargingNeeds without AC or DC parameters follows the first StatusNotification.",
        "charging-needs-incomplete",
        (AddCall(Action.status_notification, _needs, Action.notify_ev_charging_needs, limit=1),),
    ),
)
