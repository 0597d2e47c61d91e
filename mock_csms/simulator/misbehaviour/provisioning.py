"""Misbehaviours of provisioning, clock, security events and diagnostics (A, B, G, L, N)."""

from datetime import datetime, timedelta
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.messages import JsonObject
from mock_csms.simulator.misbehaviour.changes import alter, put, where
from mock_csms.simulator.misbehaviour.deviations import AddCall, ChangeCall, MisreadResult, SkipCall
from mock_csms.simulator.misbehaviour.record import Misbehaviour
from mock_csms.simulator.station import SimulatedStation
from mock_csms.text import timestamp

AHEAD: Final = timedelta(hours=1)


def moved(text: str, by: timedelta) -> str:
    """Timestamp that is later by a duration, or earlier if it is negative."""
    return timestamp(datetime.fromisoformat(text) + by)


def _invented_event(station: SimulatedStation, _: JsonObject) -> JsonObject:
    return {"type": "CoffeeSpilled", "timestamp": station.core.timestamp()}


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
)
