"""The log upload that a station has accepted last (N01)."""

from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201

ACCEPTED: Final = frozenset({"Accepted", "AcceptedCanceled"})
NOT_ENDED: Final = frozenset({"Idle", "Uploading"})
"""Statuses that are not the end of an upload."""


class LogUpload(NamedTuple):
    """An accepted upload without an end status."""

    request_id: int
    frame: int
    """Number of the entry of the answer."""
    is_uploading: bool = False


class LogUploads(Facts):
    """The upload in progress."""

    __slots__ = ("current",)

    def __init__(self) -> None:
        self.current: LogUpload | None = None

    def booted(self, reason: str) -> None:
        self.current = None

    def disconnected(self) -> None:
        self.current = None

    def doubt(self, action: str | None) -> None:
        if action in {None, Action.log_status_notification}:
            self.current = None

    def command_failed(self, action: str | None) -> None:
        if action in {None, Action.get_log}:
            self.current = None


@CHECKS.learn_command(Action.get_log)
def _apply_answer(command: AnsweredCommand, known: Known201) -> None:
    if command.answer["status"] in ACCEPTED:
        known[LogUploads].current = LogUpload(command.request["requestId"], command.frame)


@CHECKS.learn_call(Action.log_status_notification)
def _apply_status(call: StationCall, known: Known201) -> None:
    uploads, status = known[LogUploads], call.payload
    current = uploads.current
    if current is None or status.get("requestId", current.request_id) != current.request_id:
        return
    if status["status"] not in NOT_ENDED:
        uploads.current = None
    elif status["status"] == "Uploading":
        uploads.current = current._replace(is_uploading=True)
