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
_IDLE: Final = "Idle"
TRIGGERED_WITHIN_S: Final = 120.0
MAX_REPORTED: Final = 20

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
"""Allowed predecessors of each firmware status. InstallRebooting may come before or after Installing, or be
skipped (L01).
"""

FAILURES: Final = frozenset({"BadMessage", "NotSupportedOperation", "PermissionDenied", "UploadFailure"})

LOG_ORDER: Final[StatusOrder] = {
    "Uploading": FAILURES | {COMMAND_SENT},
    "Uploaded": frozenset({"Uploading"}),
    "AcceptedCanceled": FAILURES | {COMMAND_SENT, "Uploading"},
    **dict.fromkeys(FAILURES, FAILURES | {COMMAND_SENT, "Uploading"}),
}


class Course(NamedTuple):
    """A sequence of steps: the command that starts it, the kind of its findings, and the allowed order."""

    command: str
    kind: str
    steps: StatusOrder


FIRMWARE_REQUIREMENTS: Final[Mapping[str, tuple[str, str]]] = {
    "firmware-status-out-of-order": ("L02.FR.01", "L01.FR.01"),
    "request-id-missing": ("L02.FR.14", "L01.FR.20"),
    "request-id-unknown": ("L02.FR.06", "L01.FR.10"),
}
"""Requirements by kind of finding, for updates without and with a signing certificate."""
LOG_REQUIREMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "request-id-missing": ("N01.FR.13",),
    "request-id-unknown": ("N01.FR.07",),
}

LOG_STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "Uploading": ("N01.FR.08",),
    "Uploaded": ("N01.FR.09",),
}
"""Requirement to send a status of a log upload, by status."""
IDLE_SECTIONS: Final[Mapping[str, str]] = {
    Action.firmware_status_notification: "Part 2 3.33",
    Action.log_status_notification: "Part 2 3.87",
}
"""Section that allows the status Idle only in a message requested with a TriggerMessage, by action."""

COURSES: Final[Mapping[str, Course]] = {
    Action.firmware_status_notification: Course(
        Action.update_firmware, "firmware-status-out-of-order", FIRMWARE_ORDER
    ),
    Action.log_status_notification: Course(Action.get_log, "log-status-out-of-order", LOG_ORDER),
}


FINAL: Final = frozenset({"Installed", "Uploaded"})
"""Statuses that end an update or upload for good; after other final statuses, the station may try again."""
_CANCELLED: Final = frozenset({"AcceptedCanceled", "DownloadFailed", "InstallationFailed"})
"""Statuses that may end an update or upload at any step, if a newer command has cancelled that update or
upload.
"""
NOT_UPDATING: Final = frozenset(
    {
        _IDLE,
        "DownloadFailed",
        "InstallVerificationFailed",
        "InstallationFailed",
        "Installed",
        "InvalidSignature",
    }
)
"""Firmware statuses after which the station is not about to install firmware."""
ENDS: Final = FINAL | FAILURES | _CANCELLED | {"InvalidSignature", "InstallVerificationFailed"}


def _reachable(steps: StatusOrder) -> Mapping[str, frozenset[str]]:
    """Return for each status all statuses that may come later."""
    after = {status: {status} for status in steps}
    for _ in steps:
        for status, predecessors in steps.items():
            for earlier in after.values():
                if not earlier.isdisjoint(predecessors):
                    earlier.add(status)
    return {status: frozenset(later) for status, later in after.items()}


REACHABLE: Final = {action: _reachable(course.steps) for action, course in COURSES.items()}


class SignedUpdates(BoundedDict[int, bool]):
    """Whether the command of an update had a signing certificate, by requestId."""

    __slots__ = ()
    limit = 50


class RecentSteps(BoundedDict[tuple[str, int | None], str]):
    """Last status of each firmware update and log upload, by the action that reports it and the requestId."""

    __slots__ = ()
    limit = 50


class Progress:
    """Checks the order and the requestIds of the statuses of firmware updates and log uploads."""

    __slots__ = (
        "_cancelled",
        "_last",
        "_registration",
        "_report",
        "_reported",
        "_running",
        "_signed",
        "_with_gap",
        "is_updating",
    )

    def __init__(self, report: Reporter, registration: Registration) -> None:
        self._report = report
        self._registration = registration
        self._last = RecentSteps()
        self.is_updating = False
        """Whether firmware may be about to be installed; idle EVSEs are then Unavailable (L01.FR.07)."""
        self._running: dict[str, int] = {}
        """requestId of the latest accepted command with a running course, by action."""
        self._signed = SignedUpdates()
        self._reported: frozenset[tuple[str, int]] = frozenset()
        self._with_gap: frozenset[tuple[str, int | None]] = frozenset()
        """Courses in which statuses may have been lost since the last status that arrived."""
        self._cancelled: frozenset[tuple[str, int | None]] = frozenset()

    def command_sent(self, action: str, request: JsonObject) -> None:
        """Register an UpdateFirmware or GetLog. It starts a new course and may cancel earlier ones."""
        if action == Action.update_firmware:
            self._signed[request["requestId"]] = "signingCertificate" in request["firmware"]
        for notified_by, course in COURSES.items():
            if course.command == action:
                key = notified_by, request["requestId"]
                self._cancelled = frozenset(other for other in self._last if other[0] == notified_by) - {key}
                self._with_gap -= {key}
                # Statuses of an earlier course with the same requestId may still arrive.
                is_reused = self._last.pop(key, None) is not None
                self._last[key] = UNKNOWN_STEP if is_reused else COMMAND_SENT

    def command_accepted(self, action: str, request: JsonObject, status: str) -> None:
        """Register an accepted UpdateFirmware or GetLog. If ``status`` is AcceptedCanceled, the cancelled
        course may still report its end, so no course is certainly running.
        """
        self.is_updating = self.is_updating or action == Action.update_firmware
        for notified_by, course in COURSES.items():
            if course.command == action:
                self._running.pop(notified_by, None)
                if status == "Accepted":
                    self._running[notified_by] = request["requestId"]

    def disconnected(self) -> None:
        """Register a gap: statuses of the offline time are not sent later."""
        self._running.clear()
        self._with_gap = frozenset(self._last)

    def booted(self) -> None:
        """Allow any status next after a restart, except in a course that has ended for good (`FINAL`)."""
        self._running.clear()
        for key, status in self._last.items():
            self._last[key] = status if status in FINAL else UNKNOWN_STEP

    def lose_track(self, action: str | None = None) -> None:
        """Allow any status next in the courses of this action. None: in all courses."""
        if action is None or action in COURSES:
            self._running.clear()
        for key in self._last:
            if action in {None, key[0]}:
                self._last[key] = UNKNOWN_STEP

    def judge_step(self, at: float, frame: int, action: str, payload: JsonObject) -> Findings:
        """Report a status that must not follow the previous one, or whose requestId is missing or unknown."""
        status, request_id = payload["status"], payload.get("requestId")
        if action == Action.firmware_status_notification:
            self.is_updating = status not in NOT_UPDATING
        if status == _IDLE:
            return self._idle(at, frame, action)
        findings = self._judge_request_id(at, frame, action, payload)
        if findings:
            return findings
        key = action, request_id
        previous = self._last.get(key, UNKNOWN_STEP)
        is_allowed = self._may_follow(key, previous, status)
        is_certain = previous != UNKNOWN_STEP and key not in self._with_gap
        self._last[key] = status
        self._with_gap -= {key}
        if status in ENDS and request_id is not None and self._running.get(action) == request_id:
            del self._running[action]
        requirements = self._requirements(COURSES[action].kind, action, request_id)
        if is_allowed:
            if is_certain:
                self._report.met(*(requirements or LOG_STEPS.get(status, ())))
            return NO_FINDINGS
        return self._report(
            COURSES[action].kind,
            at,
            (frame,),
            f"{action} {status} with requestId {request_id} was sent after {previous}; it may only follow "
            f"{' or '.join(sorted(COURSES[action].steps[status]))}",
            requirements=requirements,
        )

    def _requirements(self, kind: str, action: str, request_id: int | None) -> tuple[str, ...]:
        """Return the requirements of ``kind`` that apply to this requestId; empty: all of them apply."""
        if action != Action.firmware_status_notification:
            return LOG_REQUIREMENTS.get(kind, ())
        is_signed = None if request_id is None else self._signed.get(request_id)
        requirements = FIRMWARE_REQUIREMENTS[kind]
        return requirements if is_signed is None else (requirements[is_signed],)

    def _may_follow(self, key: tuple[str, int | None], previous: str, status: str) -> bool:
        action, request_id = key
        predecessors = COURSES[action].steps[status]
        if previous in {UNKNOWN_STEP, status} or previous in predecessors:
            return True
        if key in self._with_gap and (
            previous == COMMAND_SENT or status in REACHABLE[action].get(previous, frozenset())
        ):
            return True
        is_cancelled = key in self._cancelled and status in _CANCELLED
        return is_cancelled or (request_id is None and COMMAND_SENT in predecessors)

    def _judge_request_id(self, at: float, frame: int, action: str, payload: JsonObject) -> Findings:
        """Check the requestId while a course of this action is certainly running (L01.FR.10, N01.FR.07)."""
        status, request_id, running = payload["status"], payload.get("requestId"), self._running.get(action)
        if running is None:
            return NO_FINDINGS
        if request_id is None:
            text = f"{action} {status} has no requestId"
            return self._wrong_id(at, frame, "request-id-missing", text, action)
        self._report.met(*self._requirements("request-id-missing", action, running))
        if (
            (action, request_id) in self._last
            or status in _CANCELLED
            or (action, request_id) in self._reported
        ):
            if request_id == running:
                self._report.met(*self._requirements("request-id-unknown", action, running))
            return NO_FINDINGS
        self._reported = frozenset([*self._reported, (action, request_id)][-MAX_REPORTED:])
        text = f"{action} {status} has the requestId {request_id}, which no {COURSES[action].command} had"
        return self._wrong_id(at, frame, "request-id-unknown", text, action)

    def _wrong_id(self, at: float, frame: int, kind: str, text: str, action: str) -> Findings:
        running = self._running[action]
        sentence = f"{text}; the latest accepted command has the requestId {running}"
        requirements = self._requirements(kind, action, running)
        return self._report(kind, at, (frame,), sentence, requirements=requirements)

    def _idle(self, at: float, frame: int, action: str) -> Findings:
        if self._registration.was_triggered(at, action, TRIGGERED_WITHIN_S):
            return NO_FINDINGS
        return self._report(
            COURSES[action].kind,
            at,
            (frame,),
            f"{action} Idle was sent without a request; it may only be sent after a TriggerMessage",
            requirements=(IDLE_SECTIONS[action],),
        )
