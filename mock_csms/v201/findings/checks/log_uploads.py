"""Log uploads: the answer to GetLog, and cancelled uploads (N01)."""

from collections.abc import Callable
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome, StationCall
from mock_csms.findings.expectations import ExpectedMessage
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.log_uploads import CANCELLED, NOT_ENDED, LogUpload, LogUploads
from mock_csms.v201.findings.known import Known201

_CROSSING_S: Final = 10.0
"""Seconds in which the end of an upload may still arrive after the answer to the next GetLog."""
_REPORTED_WITHIN_S: Final = 60.0

LOG_FILENAME_MISSING: Final = CHECKS.kind(
    "log-filename-missing", "error", "a GetLog is accepted but the answer has no file name"
)
LOG_UPLOAD_NOT_CANCELLED: Final = CHECKS.kind(
    "log-upload-not-cancelled",
    "warning",
    "a GetLog during an upload is Accepted, and the earlier upload is not ended",
    "the status Uploading of the earlier upload on the same connection",
)
LOG_CANCEL_NOT_REPORTED: Final = CHECKS.kind(
    "log-cancel-not-reported",
    "error",
    "a GetLog is answered with AcceptedCanceled, but no status says that the earlier upload was cancelled",
    "the earlier accepted GetLog on the same connection",
)


@LOG_FILENAME_MISSING.on_command("N01.FR.01", of=Action.get_log)
def _judge_file_name(command: AnsweredCommand, _: Known201) -> Outcome:
    """Check that an accepted GetLog is answered with the name of the file."""
    if command.answer["status"] != "Accepted":
        return None
    if command.answer.get("filename"):
        return MET
    return Broken("a GetLog was accepted without a filename; the answer must name the file of the log")


def _earlier_upload(command: AnsweredCommand, known: Known201) -> LogUpload | None:
    """Return the upload that a GetLog may cancel; None if the GetLog has the same requestId."""
    current = known[LogUploads].current
    is_same = current is not None and current.request_id == command.request["requestId"]
    return None if is_same else current


def _is_end(request_id: int) -> Callable[[str, JsonObject], bool]:
    return lambda _, status: status.get("requestId") == request_id and status["status"] not in NOT_ENDED


@LOG_UPLOAD_NOT_CANCELLED.on_command("N01.FR.12", of=Action.get_log)
def _judge_cancelling(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a GetLog cancels an upload in progress, unless the upload has just ended."""
    earlier, status = _earlier_upload(command, known), command.answer["status"]
    if earlier is None or not earlier.is_uploading or status == "Rejected":
        return None
    if status == CANCELLED:
        return MET
    known.expectations.add(
        ExpectedMessage(
            LOG_UPLOAD_NOT_CANCELLED.id,
            ("N01.FR.12",),
            since=command.at,
            within_s=_CROSSING_S,
            actions=frozenset({Action.log_status_notification.value}),
            is_fulfilled_by=_is_end(earlier.request_id),
            sentence=f"a GetLog was Accepted during the upload with requestId {earlier.request_id}; the "
            "station should cancel that upload and answer with AcceptedCanceled",
            frames=(earlier.frame, command.frame),
            counts_as_met=False,
        )
    )
    return None


@LOG_CANCEL_NOT_REPORTED.on_command("N01.FR.20", of=Action.get_log)
def _judge_report(command: AnsweredCommand, known: Known201) -> Outcome:
    """Expect the status of a cancelled upload, unless it has already arrived."""
    if command.answer["status"] != CANCELLED:
        return None
    if known[LogUploads].has_reported:
        return MET
    earlier = _earlier_upload(command, known)
    if earlier is None:
        return None
    has_ended = _is_end(earlier.request_id)
    known.expectations.add(
        ExpectedMessage(
            LOG_CANCEL_NOT_REPORTED.id,
            ("N01.FR.20",),
            since=command.at,
            within_s=_REPORTED_WITHIN_S,
            actions=frozenset({Action.log_status_notification.value}),
            is_fulfilled_by=lambda action, status: status["status"] == CANCELLED or has_ended(action, status),
            sentence=f"a GetLog was answered with AcceptedCanceled, but no AcceptedCanceled was sent for "
            f"the upload with requestId {earlier.request_id} within {_REPORTED_WITHIN_S:g} s; the "
            "station must send it",
            frames=(earlier.frame, command.frame),
            counts_as_met=False,
        )
    )
    return None


@LOG_CANCEL_NOT_REPORTED.on_call("N01.FR.20", of=Action.log_status_notification)
def _judge_status(call: StationCall, known: Known201) -> Outcome:
    """Return MET if a cancelled upload is reported as AcceptedCanceled."""
    status, cancelled = call.payload, known[LogUploads].cancelled
    is_report = status["status"] == CANCELLED and status.get("requestId") == cancelled
    return MET if is_report and cancelled is not None else None
