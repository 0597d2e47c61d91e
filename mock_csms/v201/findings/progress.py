"""The steps of a firmware update and of a log upload (L01, N01)."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.registration import Registration

START: Final = "the command"
ANY: Final = ""
IDLE: Final = "Idle"
TRIGGERED_WITHIN: Final = 120.0

type StatusOrder = Mapping[str, frozenset[str]]
"""For each status the ones that it may follow; it may always be repeated."""

DOWNLOADING: Final = frozenset({"DownloadScheduled", "Downloading", "DownloadPaused"})
DOWNLOADED: Final = frozenset({"Downloaded", "SignatureVerified", "InstallScheduled"})
INSTALLING: Final = frozenset({"Installing", "InstallRebooting"})

FIRMWARE_ORDER: Final[StatusOrder] = {
    "DownloadScheduled": frozenset({START, "DownloadPaused", "DownloadFailed"}),
    "Downloading": frozenset({START, "DownloadScheduled", "DownloadPaused", "DownloadFailed"}),
    "DownloadPaused": frozenset({START, "DownloadScheduled", "Downloading"}),
    "DownloadFailed": DOWNLOADING | {START},
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
"""InstallRebooting comes before or after Installing, or not at all (L01)."""

FAILURES: Final = frozenset({"BadMessage", "NotSupportedOperation", "PermissionDenied", "UploadFailure"})

LOG_ORDER: Final[StatusOrder] = {
    "Uploading": FAILURES | {START},
    "Uploaded": frozenset({"Uploading"}),
    "AcceptedCanceled": FAILURES | {START, "Uploading"},
    **dict.fromkeys(FAILURES, FAILURES | {START, "Uploading"}),
}


class Course(NamedTuple):
    """A course of steps: the command that starts it and the kind of finding about it."""

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
    """The last status of each course, by the action of its messages and the requestId."""

    __slots__ = ()
    limit = 50


class Progress:
    """How far firmware updates and log uploads are."""

    __slots__ = ("_last", "_registration", "_report")

    def __init__(self, report: Reporter, registration: Registration) -> None:
        self._report = report
        self._registration = registration
        self._last = RecentSteps()

    def asked(self, action: str, request: JsonObject) -> None:
        """Take note of a command that starts a course anew."""
        for notified_by, course in COURSES.items():
            if course.command == action:
                self._last[notified_by, request["requestId"]] = START

    def lose_track(self, action: str | None = None) -> None:
        """Let any step follow: of one kind of course, or of all."""
        for key in self._last:
            if action in {None, key[0]}:
                self._last[key] = ANY

    def step(self, at: float, frame: int, action: str, payload: JsonObject) -> Findings:
        """Judge a step."""
        status, request_id = payload["status"], payload.get("requestId")
        if status == IDLE:
            return self._idle(at, frame, action)
        before = self._last.get((action, request_id), ANY)
        self._last[action, request_id] = status
        may_follow = COURSES[action].steps[status]
        is_new = request_id is None and START in may_follow
        if before in {ANY, status} or before in may_follow or is_new:
            return NO_FINDINGS
        return self._report(
            COURSES[action].kind,
            at,
            (frame,),
            f"{action} {status} of requestId {request_id} came after {before}; it comes after "
            f"{' or '.join(sorted(may_follow))}",
        )

    def _idle(self, at: float, frame: int, action: str) -> Findings:
        if self._registration.was_triggered(at, action, TRIGGERED_WITHIN):
            return NO_FINDINGS
        return self._report(
            COURSES[action].kind,
            at,
            (frame,),
            f"{action} Idle came unasked; it is sent only after a TriggerMessage",
        )
