"""A new firmware update during another one (L01.FR.24, L02.FR.15)."""

from collections.abc import Callable
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome, StationCall
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.firmware import FirmwareUpdate, FirmwareUpdates, on_new_status
from mock_csms.v201.findings.known import Known201

_END_OF_CANCELLED: Final = frozenset({"DownloadFailed", "InstallationFailed"})
"""Statuses that a cancelled update may still report."""

FIRMWARE_UPDATE_NOT_CANCELLED: Final = CHECKS.kind(
    "firmware-update-not-cancelled",
    "warning",
    "an UpdateFirmware during another update is answered with Accepted, or the earlier update goes on",
    "a status of the earlier update and a later status of the new one, without a disconnection or "
    "reboot between them",
)


@on_new_status(FIRMWARE_UPDATE_NOT_CANCELLED, signed="L01.FR.24", unsigned="L02.FR.15")
def _judge_acceptance(call: StationCall, update: FirmwareUpdate, known: Known201) -> Outcome:
    """Check, at the first status of a new update, that the station did not answer Accepted to the new update
    while an earlier one was in progress. If the earlier one had ended by then, the station has reported its
    end before this status.
    """
    other = update.found
    if other is None or update.statuses or update.has_gap or not other.is_in_progress:
        return None
    return Broken(
        f"the station answered the UpdateFirmware with requestId {update.request_id} with Accepted while the "
        f"update with requestId {other.request_id} was in the status {other.status}; it should cancel "
        "the earlier update and answer AcceptedCanceled",
        (other.frame, update.frame),
    )


@on_new_status(FIRMWARE_UPDATE_NOT_CANCELLED, signed="L01.FR.24", unsigned="L02.FR.15")
def _judge_cancelled(call: StationCall, update: FirmwareUpdate, known: Known201) -> Outcome:
    """Check that a cancelled update does not go on once the new one has begun."""
    status, successor = call.payload["status"], update.cancelled_by
    if successor is None or not successor.statuses or successor.has_gap or status in _END_OF_CANCELLED:
        return None
    return Broken(
        f"{status} was sent for the update with requestId {update.request_id}, which the station has "
        f"cancelled for the update with requestId {successor.request_id}; a cancelled update should not "
        "go on",
        (update.frame, successor.frame),
    )


def _judge_answer(*, is_signed: bool) -> Callable[[AnsweredCommand, Known201], Outcome]:
    def judge(command: AnsweredCommand, known: Known201) -> Outcome:
        if ("signingCertificate" in command.request["firmware"]) != is_signed:
            return None
        latest = known[FirmwareUpdates].latest
        is_met = latest is not None and latest.is_in_progress
        return MET if is_met and command.answer["status"] == "AcceptedCanceled" else None

    return judge


FIRMWARE_UPDATE_NOT_CANCELLED.on_command("L01.FR.24", of=Action.update_firmware)(
    _judge_answer(is_signed=True)
)
FIRMWARE_UPDATE_NOT_CANCELLED.on_command("L02.FR.15", of=Action.update_firmware)(
    _judge_answer(is_signed=False)
)
