"""Messages that a TriggerMessage has requested (F06)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import is_live, seconds_of
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.recent_settings import RecentSettings
from mock_csms.v201.findings.facts.triggers import IDLE, WORKING, TriggerFacts
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.samples import (
    ALIGNED_DATA_CTRLR,
    SAMPLED_DATA_CTRLR,
    configured_measurands,
    sampled_measurands,
)

_TRIGGER: Final = frozenset({"Trigger"})
_TRIGGERED_WITHIN_S: Final = 60.0
"""Time after an Accepted answer in which a message is certainly the triggered one."""
_RETRIED_WITHIN_S: Final = 600.0
"""Maximum time after a message, or after the TriggerMessage that caused it, in which the station may send the
message again.
"""

TRIGGERED_MESSAGE_BEFORE_ANSWER: Final = CHECKS.kind(
    "triggered-message-before-answer",
    "error",
    "a triggered message is sent before the TriggerMessage is answered",
    "the TriggerMessage, and that no earlier TriggerMessage asked for the same message",
)
TRIGGERED_EVENT_INCOMPLETE: Final = CHECKS.kind(
    "triggered-event-incomplete",
    "error",
    "a triggered TransactionEvent lacks the chargingState or the configured readings",
    "for the readings, SampledDataCtrlr.Available, SampledDataCtrlr.Enabled, "
    "SampledDataCtrlr.TxUpdatedMeasurands and the EVSE of the transaction",
)
TRIGGERED_READINGS_MISSING: Final = CHECKS.kind(
    "triggered-readings-missing",
    "error",
    "triggered MeterValues have none of the measurands that AlignedDataCtrlr.Measurands lists",
    "AlignedDataCtrlr.Available, AlignedDataCtrlr.Enabled and AlignedDataCtrlr.Measurands",
)
TRIGGERED_STATUS_WRONG: Final = CHECKS.kind(
    "triggered-status-wrong",
    "error",
    "a triggered LogStatusNotification or FirmwareStatusNotification does not have the current state "
    "of the log upload or firmware update",
    "the statuses since the last boot, all on the same connection",
)


@TRIGGERED_MESSAGE_BEFORE_ANSWER.on_event("F06.FR.04", triggers=_TRIGGER)
def _judge_event_order(call: StationCall, known: Known201) -> Outcome:
    """Check that a triggered TransactionEvent is not sent before the TriggerMessage is answered. An event
    that has not just happened is not judged: an earlier TriggerMessage may have caused it.
    """
    return _judge_order(call, known) if is_live(call) else None


@TRIGGERED_MESSAGE_BEFORE_ANSWER.on_call("F06.FR.04", of=Action.meter_values)
def _judge_readings_order(call: StationCall, known: Known201) -> Outcome:
    """Check that triggered MeterValues are not sent before the TriggerMessage is answered."""
    triggers = known[TriggerFacts].of(call.action)
    is_expected = triggers.unanswered_frame is not None or triggers.accepted_at is not None
    return _judge_order(call, known) if is_expected and sampled_measurands(call.payload, "Trigger") else None


@TRIGGERED_READINGS_MISSING.on_call("F06.FR.06", of=Action.meter_values)
def _judge_measurands(call: StationCall, known: Known201) -> Outcome:
    """Check that triggered MeterValues have at least one measurand of AlignedDataCtrlr.Measurands. The
    station may send the others in a further message, or may be unable to measure them at the moment.
    """
    if known[TriggerFacts].of(call.action).accepted_at is None:
        return None
    sent = sampled_measurands(call.payload, "Trigger")
    configured = known[DeviceModelFacts].members(ALIGNED_DATA_CTRLR, "Measurands")
    if not sent or not configured or not known[RecentSettings].is_settled(ALIGNED_DATA_CTRLR, call.at):
        return None
    if not sent.isdisjoint(configured):
        return MET if sent >= configured else None
    if not configured_measurands(known, ALIGNED_DATA_CTRLR, "Measurands"):
        return None
    return Broken(
        f"triggered MeterValues of EVSE {call.payload['evseId']} have the measurands "
        f"{short(', '.join(sorted(sent)))} only; they must have those of AlignedDataCtrlr.Measurands, "
        f"{short(', '.join(sorted(configured)))}"
    )


def _judge_order(call: StationCall, known: Known201) -> Outcome:
    facts, triggers = known[TriggerFacts], known[TriggerFacts].of(call.action)
    since_s = None if triggers.accepted_at is None else call.at - triggers.accepted_at
    if triggers.unanswered_frame is None:
        return MET if since_s is not None and since_s <= _TRIGGERED_WITHIN_S else None
    if facts.may_be_triggered or (since_s is not None and since_s <= _RETRIED_WITHIN_S):
        return None
    return Broken(
        f"a triggered {call.action} was sent before the TriggerMessage was answered; the answer must come "
        "first",
        (triggers.unanswered_frame,),
    )


@TRIGGERED_EVENT_INCOMPLETE.on_event("F06.FR.07", triggers=_TRIGGER)
def _judge_contents(call: StationCall, known: Known201) -> Outcome:
    """Check that a triggered TransactionEvent has a chargingState and the configured readings."""
    event, info = call.payload, call.payload["transactionInfo"]
    missing = []
    if "chargingState" not in info:
        missing.append("chargingState")
    has_readings = "meterValue" in event
    if not has_readings and _has_configured_readings(call, known):
        missing.append("meterValue")
    if not missing:
        needs_none = known[DeviceModelFacts].members(SAMPLED_DATA_CTRLR, "TxUpdatedMeasurands") == frozenset()
        return MET if has_readings or needs_none else None
    return Broken(
        f"the triggered event of the transaction {short(info['transactionId'])} has no "
        f"{' and no '.join(missing)}; it must have the chargingState and the readings that "
        "TxUpdatedMeasurands lists",
    )


def _has_configured_readings(call: StationCall, known: Known201) -> bool:
    """Return whether the event certainly must have readings."""
    event = call.payload
    since = min(call.at, seconds_of(event["timestamp"]) or 0.0)
    if not configured_measurands(known, SAMPLED_DATA_CTRLR, "TxUpdatedMeasurands"):
        return False
    if not known[RecentSettings].is_settled(SAMPLED_DATA_CTRLR, since):
        return False
    running = known.running.by_id.get(event["transactionInfo"]["transactionId"])
    return "evse" in event or (running is not None and running.evse_id is not None)


@TRIGGERED_STATUS_WRONG.on_call("F06.FR.14", of=Action.log_status_notification)
def _judge_status_of_upload(call: StationCall, known: Known201) -> Outcome:
    """Check that the triggered LogStatusNotification is not Idle during a log upload."""
    status = call.payload["status"]
    if not _is_triggered(call, known) or known[TriggerFacts].task(call.action).state != WORKING:
        return None
    if status == "Uploading":
        return MET
    if status != IDLE:
        return None
    return Broken(
        "the triggered LogStatusNotification is Idle although the upload was Uploading and has not ended; it "
        "must be Uploading"
    )


@TRIGGERED_STATUS_WRONG.on_call("F06.FR.15", of=Action.log_status_notification)
@TRIGGERED_STATUS_WRONG.on_call("F06.FR.16", of=Action.firmware_status_notification)
def _judge_status_without_task(call: StationCall, known: Known201) -> Outcome:
    """Check that the triggered status is Idle while no upload or update is in progress."""
    task, status = known[TriggerFacts].task(call.action), call.payload["status"]
    if not _is_triggered(call, known) or task.state not in {None, IDLE}:
        return None
    if status == IDLE:
        is_certain = task.state == IDLE or known.registration.is_accepted_here
        return MET if is_certain else None
    is_retry = status == task.status and call.at - task.told_at <= _RETRIED_WITHIN_S
    if task.state is None or is_retry:
        return None
    return Broken(
        f"the triggered {call.action} is {status} although no upload or update has been in progress "
        f"since the status {task.status}; it must be Idle"
    )


def _is_triggered(call: StationCall, known: Known201) -> bool:
    accepted_at = known[TriggerFacts].of(call.action).accepted_at
    return accepted_at is not None and call.at - accepted_at <= _TRIGGERED_WITHIN_S
