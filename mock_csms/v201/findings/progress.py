"""The steps of a firmware update and of a log upload (L01, N01)."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.registration import Registration

COMMAND_SENT: Final = "the command"
UNKNOWN_STEP: Final = ""
IDLE: Final = "Idle"
TRIGGERED_WITHIN_S: Final = 120.0

type StatusOrder = Mapping[str, frozenset[str]]
"""Allowed predecessors of each status; a status may always be repeated."""

DOWNLOADING: Final = frozenset({"DownloadScheduled", "Downloading", "DownloadPaused"})
DOWNLOADED: Final = frozenset({"Downloaded", "SignatureVerified", "InstallScheduled"})
INSTALLING: Final = frozenset({"Installing", "InstallRebooting"})

FIRMWARE_ORDER: Final[StatusOrder] = {
    "DownloadScheduled": frozenset({COMMAND_SENT, "DownloadPaused", "DownloadFailed"}),
    "Downloading": frozenset({COMMAND_SENT, "DownloadScheduled", "DownloadPaused", "DownloadFailed"}),
    "DownloadPaused": frozenset({COMMAND_SENT, "DownloadScheduled", "Downloading"}),
    "DownloadFailed": DOWNLOADING | {COMMAND_SENT},
    "Downloaded": frozenset({"Downloading", "DownloadPaused"}),
    "SignatureVerified": frozenset({"Downloaded"}),
    "InvalidSignature": frozenset({"Downloaded"}),
    "InstallScheduled": DOWNLOADED,
    "Installing": DOWNLOADED | INSTALLING,
    "InstallRebooting": DOWNLOADED | INSTALLING,
    "Installed": INSTALLING,
    "InstallationFailed": DOWNLOADED | INSTALLING,
    "InstallVerificationFailed": DOWNLOADED | INSTALLING,
}
"""InstallRebooting may come before or after Installing, or be skipped (L01)."""

FAILURES: Final = frozenset({"BadMessage", "NotSupportedOperation", "PermissionDenied", "UploadFailure"})

LOG_ORDER: Final[StatusOrder] = {
    "Uploading": FAILURES | {COMMAND_SENT},
    "Uploaded": frozenset({"Uploading"}),
    "AcceptedCanceled": FAILURES | {COMMAND_SENT, "Uploading"},
    **dict.fromkeys(FAILURES, FAILURES | {COMMAND_SENT, "Uploading"}),
}


class Course(NamedTuple):
    """A sequence of steps: the command that starts it, its kind of finding and the allowed order."""

    command: str
    kind: str
    steps: StatusOrder


COURSES: Final[Mapping[str, Course]] = {
    Action.firmware_status_notification: Course(
        Action.update_firmware, "firmware-status-out-of-order", FIRMWARE_ORDER
    ),
    Action.log_status_notification: Course(Action.get_log, "log-status-out-of-order", LOG_ORDER),
}


class RecentSteps(BoundedDict[tuple[str, int | None], str]):
    """Last status of each course, by the action of its messages and the requestId."""

    __slots__ = ()
    limit = 50


class Progress:
    """Checks the order of the steps of firmware updates and log uploads."""

    __slots__ = ("_last", "_registration", "_report")

    def __init__(self, report: Reporter, registration: Registration) -> None:
        self._report = report
        self._registration = registration
        self._last = RecentSteps()

    def command_sent(self, action: str, request: JsonObject) -> None:
        """Register a command that starts a new course."""
        for notified_by, course in COURSES.items():
            if course.command == action:
                self._last[notified_by, request["requestId"]] = COMMAND_SENT

    def lose_track(self, action: str | None = None) -> None:
        """Accept any next step in the courses of this action; in all courses if None."""
        for key in self._last:
            if action in {None, key[0]}:
                self._last[key] = UNKNOWN_STEP

    def judge_step(self, at: float, frame: int, action: str, payload: JsonObject) -> Findings:
        """Report a status that may not follow the previous one."""
        status, request_id = payload["status"], payload.get("requestId")
        if status == IDLE:
            return self._idle(at, frame, action)
        previous = self._last.get((action, request_id), UNKNOWN_STEP)
        self._last[action, request_id] = status
        predecessors = COURSES[action].steps[status]
        may_be_first = request_id is None and COMMAND_SENT in predecessors
        if previous in {UNKNOWN_STEP, status} or previous in predecessors or may_be_first:
            return NO_FINDINGS
        return self._report(
            COURSES[action].kind,
            at,
            (frame,),
            f"{action} {status} with requestId {request_id} was sent after {previous}; it may only follow "
            f"{' or '.join(sorted(predecessors))}",
        )

    def _idle(self, at: float, frame: int, action: str) -> Findings:
        if self._registration.was_triggered(at, action, TRIGGERED_WITHIN_S):
            return NO_FINDINGS
        return self._report(
            COURSES[action].kind,
            at,
            (frame,),
            f"{action} Idle was sent without a request; it may only be sent after a TriggerMessage",
        )
