"""Registration: boots (BootNotifications), their retries, and CALLs before acceptance (B01 to B03)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.learning import RESTARTS
from mock_csms.v201.solicited import solicited_by
from mock_csms.v201.variables import is_actual, name_of

NOT_ANSWERED: Final = "not answered"
STATUSES: Final = frozenset({"Accepted", "Pending", "Rejected"})
BOOT_TIMEOUT_S: Final = 10.0
"""Time after which the station may have given up waiting for the answer to its boot."""
HEARTBEAT_INTERVAL: Final = "ocppcommctrlr/heartbeatinterval"
EARLY_TOLERANCE_S: Final = 1.0
"""A boot may be retried this many seconds before the interval is over."""
TRIGGER_CROSSING_S: Final = 5.0
"""Maximum time between a command and a boot that the station may have sent before the command arrived."""
RETRY_MARGIN_S: Final = 60.0
REASON_WITHIN_S: Final = 300.0
"""Maximum time after an accepted Reset for a boot that counts as its result."""
FIRST_BOOT_WITHIN_S: Final = 60.0
"""If a boot after a restart comes within this time after a connection opens, the restart was before the
opening.
"""
RESTARTED: Final = RESTARTS - {"ApplicationReset"}
"""Boot reasons for a restart of the whole station, not only of an application."""
EARLIEST_HEARTBEAT: Final = 0.8
"""Fraction of the interval after which a Heartbeat counts as regular, not as triggered."""
REFUSED: Final = "refused with a CALLERROR"


SILENCE: Final[Mapping[str | None, tuple[str, ...]]] = {
    "Pending": ("B02.FR.02",),
    "Rejected": ("B03.FR.02",),
}
"""Requirements that a station sends nothing but boots, by the status of its boot; for any other status,
B01.FR.08.
"""
NOT_TOO_EARLY: Final[Mapping[str, tuple[str, ...]]] = {
    "Pending": ("B02.FR.04",),
    "Rejected": ("B02.FR.04", "B03.FR.02"),
}
RETRIED: Final[Mapping[str, tuple[str, ...]]] = {
    "Pending": ("B02.FR.08",),
    "Rejected": ("B02.FR.08", "B03.FR.06"),
}
"""Requirements that a boot is not retried too early (`NOT_TOO_EARLY`), and that it is retried (`RETRIED`), by
the status of the boot.
"""


@dataclass(slots=True)
class Retry:
    """When a station may retry a boot that was not accepted, and when this retry is overdue."""

    frame: int
    status: str
    interval_s: float
    due: float
    overdue: float
    interval_ends: float
    """End of the interval in the answer. A new connection may begin with a boot before this time."""

    @property
    def description(self) -> str:
        """Status and interval in the answer to the boot, as text."""
        return f"{self.status} ({self.interval_s:g} s)"


@dataclass(slots=True)
class BootCause:
    """An accepted command that leads to a boot."""

    at: float
    frame: int


class RecentlyRequested(BoundedDict[tuple[str, int | None], float]):
    """Time of the latest request for a message, by action and requestId (None for a TriggerMessage)."""

    __slots__ = ()
    limit = 200


class Registration:
    """Registration status of a station; it persists across connections."""

    __slots__ = (
        "_connected_at",
        "_early_since",
        "_first_call",
        "_has_booted_here",
        "_heartbeat_at",
        "_is_interval_of_boot",
        "_is_reboot",
        "_is_triggered",
        "_report",
        "_requested",
        "_reset",
        "_retry",
        "_scheduled_reset",
        "_silent_since_reported",
        "_status_when_sent",
        "_trigger",
        "_was_accepted_when_sent",
        "interval_frame",
        "interval_s",
        "is_accepted_here",
        "is_unsettled",
        "must_judge_calls",
        "status",
    )

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._requested = RecentlyRequested()
        self._is_reboot = self._is_triggered = False
        self._retry: Retry | None = None
        self._early_since: float | None = None
        """Time of the latest command that lets the station boot before a retry is due; None: no such command.
        """
        self._reset: BootCause | None = None
        self._scheduled_reset: BootCause | None = None
        self._trigger: BootCause | None = None
        self._silent_since_reported = 0.0
        self._connected_at = 0.0
        self._first_call: tuple[int, str] | None = None
        self._has_booted_here = False
        self.is_accepted_here = False
        """Whether the latest boot on this connection was accepted."""
        self.status: str | None = None
        """Status of the boot; None while unknown: the station may have booted before the mock was started."""
        self.is_unsettled = False
        """Whether the boot is known not to be Accepted: the station may only send boots and requested
        messages.
        """
        self.must_judge_calls = True
        """Whether `judge_call` needs to see the next CALL."""
        self._status_when_sent: str | None = None
        self._was_accepted_when_sent = False
        """`_status_when_sent` and this: the values of `status` and `is_accepted_here` when the latest command
        was sent. A boot may cross the command or its answer.
        """
        self.interval_s: float | None = None
        """Seconds without a message after which a Heartbeat is due."""
        self.interval_frame = 0
        self._is_interval_of_boot = False
        """Whether `interval_s` comes from the answer to a boot, not from a SetVariables."""
        self._heartbeat_at: float | None = None
        """Time of the latest Heartbeat, or of the answer to the boot, since the interval was set."""

    @property
    def first_call_without_boot(self) -> int | None:
        """Frame of the first unsolicited CALL on this connection, if the station is accepted and has not
        booted on this connection.
        """
        if self._first_call is None or self._has_booted_here or self.status != "Accepted":
            return None
        return self._first_call[0]

    def _set_status(self, status: str | None) -> None:
        self.status = status
        self.is_unsettled = status not in {None, "Accepted"}
        self.must_judge_calls = self.is_unsettled or self._first_call is None
        self.is_accepted_here = status == "Accepted"

    def connected(self, at: float) -> None:
        """Register a new connection. A station that has restarted may boot at once (B01.FR.03)."""
        self._connected_at, self._first_call = at, None
        self._has_booted_here = self.is_accepted_here = False
        self.must_judge_calls = True
        if retry := self._retry:
            retry.due, retry.overdue = at, at + _patience(retry.interval_s)

    def judge_boot(
        self, at: float, frame: int, payload: JsonObject, idle_since: float | None = None
    ) -> Findings:
        """Register a boot. Report it if it is retried too early or has a wrong reason, or if the station has
        sent another CALL before it.

        ``idle_since``: when the last transaction ended; None while one is running.
        """
        reason = payload["reason"]
        findings = self._too_early(at, frame) + self._not_first(at, frame, reason)
        findings += self._wrong_reason(at, frame, reason, idle_since)
        self._is_reboot, self._is_triggered = reason != "Triggered", reason == "Triggered"
        if self._is_triggered or self._early_since is None or at - self._early_since > TRIGGER_CROSSING_S:
            self._early_since = None
        if self._is_reboot:
            self._retry = None
            if self.status is None:
                self._set_status(NOT_ANSWERED)
        self._has_booted_here = True
        return findings

    def _too_early(self, at: float, frame: int) -> Findings:
        retry = self._retry
        if retry is None or self._early_since is not None:
            return NO_FINDINGS
        if at >= retry.due - EARLY_TOLERANCE_S:
            if at >= retry.interval_ends - EARLY_TOLERANCE_S:
                self._report.met(*NOT_TOO_EARLY[retry.status], *RETRIED[retry.status])
            return NO_FINDINGS
        return self._report(
            "boot-retried-too-early",
            at,
            (retry.frame, frame),
            f"BootNotification was sent {retry.due - at:.1f} s before the end of the interval in the answer "
            f"{retry.description}",
            requirements=NOT_TOO_EARLY[retry.status],
        )

    def _not_first(self, at: float, frame: int, reason: str) -> Findings:
        """Report a CALL before the boot of a station that has restarted (B01.FR.03, B01.FR.08)."""
        if self._first_call is None or self._has_booted_here or reason not in RESTARTED:
            return NO_FINDINGS
        if self._early_since is not None or at - self._connected_at > FIRST_BOOT_WITHIN_S:
            return NO_FINDINGS
        first_frame, action = self._first_call
        return self._report(
            "call-before-boot-accepted",
            at,
            (first_frame, frame),
            f"{short(action)} was sent before the BootNotification with reason {reason}; after a restart, a "
            "station must first send a BootNotification and wait until it is Accepted",
            requirements=("B01.FR.08",),
        )

    def _wrong_reason(self, at: float, frame: int, reason: str, idle_since: float | None) -> Findings:
        """Report the reason PowerUp if a command caused the boot (B01.FR.09)."""
        reset, trigger, retry = self._reset, self._trigger, self._retry
        scheduled = self._scheduled_reset
        self._reset = self._scheduled_reset = self._trigger = None
        is_explained = (reset, "RemoteReset"), (scheduled, "ScheduledReset"), (trigger, "Triggered")
        if any(cause is not None and reason == expected for cause, expected in is_explained):
            self._report.met("B01.FR.09")
        if reason != "PowerUp":
            return NO_FINDINGS
        if reset is not None and at - reset.at <= REASON_WITHIN_S:
            return self._reason_finding(at, (reset.frame, frame), "an accepted Reset", "RemoteReset")
        if scheduled and idle_since is not None and at - max(scheduled.at, idle_since) <= REASON_WITHIN_S:
            frames = (scheduled.frame, frame)
            return self._reason_finding(at, frames, "a scheduled Reset", "ScheduledReset")
        is_early = retry is not None and at < retry.due - EARLY_TOLERANCE_S
        if trigger is not None and is_early and at - trigger.at <= RETRY_MARGIN_S:
            return self._reason_finding(at, (trigger.frame, frame), "an accepted TriggerMessage", "Triggered")
        return NO_FINDINGS

    def _reason_finding(self, at: float, frames: tuple[int, ...], cause: str, expected: str) -> Findings:
        return self._report(
            "boot-reason-wrong",
            at,
            frames,
            f"the BootNotification after {cause} has the reason PowerUp; it must be {expected}",
        )

    def ignore_boot(self) -> None:
        """Register a boot that cannot be read."""
        self._retry, self._is_reboot, self._has_booted_here = None, False, True
        self._reset = self._scheduled_reset = self._trigger = None

    def boot_refused(self) -> None:
        """Register a boot that got a CALLERROR. Until a boot is accepted, the station may send nothing but
        boots.
        """
        if self.status != "Accepted":
            self._set_status(REFUSED)

    def answered(self, at: float, frame: int, answer: JsonObject, waited: float) -> bool:
        """Register the answer to a boot. Return whether the station must now report the status of each
        connector (B01).
        """
        status, interval_s = answer.get("status"), answer.get("interval")
        previous_status, previous_retry = self.status, self._retry
        self._retry = None
        if not isinstance(status, str) or status not in STATUSES or waited > BOOT_TIMEOUT_S:
            self._set_status(None)
            return False
        self._set_status(status)
        seconds = float(interval_s) if isinstance(interval_s, int | float) and interval_s > 0 else None
        self._report.met(*SILENCE.get(previous_status, ()))
        if self._first_call is None:
            self._report.met("B01.FR.08")
        if status == "Accepted":
            self.interval_s, self.interval_frame = seconds, frame
            self._is_interval_of_boot, self._heartbeat_at = True, at
            return self._is_reboot or previous_status not in {None, "Accepted"}
        if seconds is not None:
            due = at + seconds
            if self._is_triggered and previous_retry is not None:
                due = min(due, previous_retry.due)
            self._retry = Retry(frame, status, seconds, due, at + _patience(seconds), due)
        return False

    def shift(self, seconds: float) -> None:
        """Extend the time after which the retry of a boot is overdue."""
        if self._retry:
            self._retry.overdue += seconds

    def clock_jumped(self) -> None:
        """Drop the times of earlier boots and commands, because the server's clock has been set."""
        self._retry = self._reset = self._scheduled_reset = self._trigger = None

    def overdue(self, at: float) -> Findings:
        """Report that a boot is not retried although its interval ended long ago (B02.FR.08, B03.FR.06)."""
        retry = self._retry
        if retry is None or at <= retry.overdue:
            return NO_FINDINGS
        self._retry = None
        return self._report(
            "boot-not-retried",
            at,
            (retry.frame,),
            f"no BootNotification followed the answer {retry.description}; a station must boot again after "
            "the interval",
            requirements=RETRIED[retry.status],
        )

    def judge_call(self, at: float, frame: int, action: str, payload: JsonObject) -> Findings:
        """Report a CALL sent before the boot is accepted, unless a command requested it."""
        request_id = payload.get("requestId")
        is_reported = isinstance(request_id, int) and (action, request_id) in self._requested
        if is_reported or (action, None) in self._requested:
            return NO_FINDINGS
        self._first_call = self._first_call or (frame, action)
        self.must_judge_calls = self.is_unsettled
        if not self.is_unsettled:
            return NO_FINDINGS
        return self._report(
            "call-before-boot-accepted",
            at,
            (frame,),
            f"{short(action)} was sent while the boot is {self.status}; before it is Accepted, a station "
            "may only send requested messages",
            requirements=SILENCE.get(self.status, ("B01.FR.08",)),
        )

    def command_sent(self, at: float, action: str, request: JsonObject) -> None:
        """Register the messages that a command requests."""
        for solicited in solicited_by(action, request):
            self._requested.pop(solicited, None)
            self._requested[solicited] = at
        if _causes_boot(action, request):
            self._early_since = at
        self._status_when_sent, self._was_accepted_when_sent = self.status, self.is_accepted_here

    def command_accepted(self, at: float, frame: int, action: str, request: JsonObject) -> None:
        """Register an accepted command that leads to a boot."""
        if action == Action.reset and "evseId" not in request:
            self._reset = BootCause(at, frame)
        elif _causes_boot(action, request):
            self._trigger = BootCause(at, frame)

    def reset_scheduled(self, at: float, frame: int, request: JsonObject) -> None:
        """Register a Reset of the whole station that waits until no transaction is running."""
        if "evseId" not in request:
            self._scheduled_reset = BootCause(at, frame)

    def must_refuse(self, action: str, request: JsonObject) -> bool:
        """Return whether the latest command triggers a boot although a boot is already accepted
        (F06.FR.17).
        """
        is_trigger = action == Action.trigger_message and _causes_boot(action, request)
        return is_trigger and self.is_accepted_here and self._was_accepted_when_sent

    @property
    def is_pending_since_command(self) -> bool:
        """Whether the boot was Pending when the latest command was sent, and is so now."""
        return self._status_when_sent == self.status == "Pending"

    def command_refused(self, action: str, request: JsonObject) -> None:
        """Drop the messages requested by a command that the station refused."""
        for solicited in solicited_by(action, request):
            self._requested.pop(solicited, None)
        if _causes_boot(action, request):
            self._early_since = None

    def was_triggered(self, at: float, action: str, within: float) -> bool:
        """Return whether a TriggerMessage requested this message at most ``within`` seconds ago."""
        triggered = self._requested.get((action, None))
        return triggered is not None and at - triggered <= within

    def variables_set(self, frame: int, request: JsonObject, answer: JsonObject) -> None:
        """Apply a changed HeartbeatInterval."""
        for result in answer["setVariableResult"]:
            status = result["attributeStatus"]
            if not _is_heartbeat_interval(result) or status not in {"Accepted", "RebootRequired"}:
                continue
            for item in request["setVariableData"]:
                if _is_heartbeat_interval(item):
                    seconds = _parse_positive(item["attributeValue"])
                    if status == "RebootRequired" and seconds is not None:
                        seconds = max(seconds, self.interval_s or 0.0)
                    self.interval_s, self.interval_frame = seconds, frame
                    self._is_interval_of_boot, self._heartbeat_at = False, None

    def judge_silence(self, at: float, last_heard: float) -> Findings:
        """Report that an accepted station has been silent too long, once for each silence."""
        interval_s = self.interval_s
        if interval_s is None or self.status != "Accepted" or self._silent_since_reported == last_heard:
            return NO_FINDINGS
        if at - last_heard <= silence_limit_s(interval_s):
            return NO_FINDINGS
        self._silent_since_reported = last_heard
        return self._report(
            "heartbeat-missing",
            at,
            (self.interval_frame,),
            f"the station was silent for {at - last_heard:.0f} s; without other messages it must send a "
            f"Heartbeat every {interval_s:g} s",
            requirements=self._heartbeat_requirements,
        )

    @property
    def _heartbeat_requirements(self) -> tuple[str, ...]:
        return ("B01.FR.04", "G02.FR.01", "G02.FR.02") if self._is_interval_of_boot else ("G02.FR.02",)

    def heartbeat_answered(self, at: float) -> None:
        """Register the answer to a Heartbeat. The Heartbeat counts as regular if it comes about an interval
        after the previous one.
        """
        since, self._heartbeat_at = self._heartbeat_at, at
        if since is None or self.interval_s is None:
            return
        if EARLIEST_HEARTBEAT * self.interval_s < at - since <= silence_limit_s(self.interval_s):
            self._report.met(*self._heartbeat_requirements)


def silence_limit_s(interval_s: float) -> float:
    """Return the seconds of silence after which a Heartbeat is certainly late."""
    return interval_s + max(0.5 * interval_s, 5.0)


def _patience(interval_s: float) -> float:
    """Return the seconds until a retry is overdue. The specification has no upper limit."""
    return 2 * interval_s + RETRY_MARGIN_S


def _causes_boot(action: str, request: JsonObject) -> bool:
    if action == Action.trigger_message:
        return bool(request["requestedMessage"] == Action.boot_notification)
    return bool(action == Action.reset)


def _is_heartbeat_interval(item: JsonObject) -> bool:
    return name_of(item) == HEARTBEAT_INTERVAL and is_actual(item.get("attributeType"))


def _parse_positive(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number > 0 else None
