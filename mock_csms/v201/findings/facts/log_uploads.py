"""The log upload that a station has accepted last (N01)."""

from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CommandCall, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201

CANCELLED: Final = "AcceptedCanceled"
_ACCEPTED: Final = frozenset({"Accepted", CANCELLED})
NOT_ENDED: Final = frozenset({"Idle", "Uploading"})
"""Statuses that do not report the end of an upload."""


class LogUpload(NamedTuple):
    """An upload that the station has accepted, and whose end it has not reported."""

    request_id: int
    frame: int
    """Number of the journal entry of the answer to the GetLog."""
    is_uploading: bool = False


class LogUploads(Facts):
    """The upload in progress, and the latest cancellation."""

    __slots__ = ("cancelled", "current", "has_reported")

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Drop everything."""
        self.current: LogUpload | None = None
        self.cancelled: int | None = None
        """requestId of the upload that the latest AcceptedCanceled cancelled."""
        self.has_reported = False
        """Whether the station has reported the status AcceptedCanceled since the latest GetLog was sent."""

    def booted(self, reason: str) -> None:
        self.forget()

    def disconnected(self) -> None:
        self.forget()

    def doubt(self, action: str | None) -> None:
        if action in {None, Action.log_status_notification}:
            self.forget()

    def command_failed(self, action: str | None) -> None:
        if action in {None, Action.get_log}:
            self.forget()


@CHECKS.learn_sent(Action.get_log)
def _begin(_: CommandCall, known: Known201) -> None:
    known[LogUploads].has_reported = False


@CHECKS.learn_command(Action.get_log)
def _apply_answer(command: AnsweredCommand, known: Known201) -> None:
    uploads, status = known[LogUploads], command.answer["status"]
    if status not in _ACCEPTED:
        return
    current = uploads.current
    uploads.cancelled = current.request_id if current is not None and status == CANCELLED else None
    uploads.current = LogUpload(command.request["requestId"], command.frame)


@CHECKS.learn_call(Action.log_status_notification)
def _apply_status(call: StationCall, known: Known201) -> None:
    uploads, status = known[LogUploads], call.payload
    current = uploads.current
    if current is None or status.get("requestId", current.request_id) != current.request_id:
        return
    if status["status"] not in NOT_ENDED:
        uploads.current = None
        uploads.has_reported = status["status"] == CANCELLED
    elif status["status"] == "Uploading":
        uploads.current = current._replace(is_uploading=True)
