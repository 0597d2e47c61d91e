"""Registration of a station: boots, their retries, and CALLs before acceptance (B01 to B03)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.solicited import solicited_by

NOT_ANSWERED: Final = "not answered"
STATUSES: Final = frozenset({"Accepted", "Pending", "Rejected"})
BOOT_TIMEOUT_S: Final = 10.0
"""The station may have given up waiting for the answer to its boot after this time."""
HEARTBEAT_INTERVAL: Final = "ocppcommctrlr/heartbeatinterval"
EARLY_TOLERANCE_S: Final = 1.0
"""A boot may be retried this many seconds before the interval is over."""


class RecentlyRequested(BoundedDict[tuple[str, int | None], float]):
    """Time of the latest request for a message, by action and requestId (None for a TriggerMessage)."""

    __slots__ = ()
    limit = 200


class Registration:
    """Registration status of a station; it persists across connections."""

    __slots__ = (
        "_earliest_retry",
        "_is_reboot",
        "_may_be_early",
        "_report",
        "_reported_silence",
        "_requested",
        "interval_frame",
        "interval_s",
        "is_unsettled",
        "status",
    )

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._requested = RecentlyRequested()
        self._is_reboot = False
        self._earliest_retry: tuple[float, str, int] | None = None
        self._may_be_early = False
        self._reported_silence = 0.0
        self.status: str | None = None
        """None while unknown: the station may have booted before the mock was started."""
        self.is_unsettled = False
        """Whether the station may only send messages that a command requested."""
        self.interval_s: float | None = None
        """Seconds without a message after which a Heartbeat is due."""
        self.interval_frame = 0

    def _set_status(self, status: str | None) -> None:
        self.status = status
        self.is_unsettled = status not in {None, "Accepted"}

    def judge_boot(self, at: float, frame: int, payload: JsonObject) -> Findings:
        """Register a boot and report one that is retried too early."""
        findings = self._too_early(at, frame)
        self._earliest_retry, self._may_be_early = None, False
        self._is_reboot = payload["reason"] != "Triggered"
        if self.status is None and self._is_reboot:
            self._set_status(NOT_ANSWERED)
        return findings

    def _too_early(self, at: float, frame: int) -> Findings:
        if self._earliest_retry is None or self._may_be_early:
            return NO_FINDINGS
        due, answer, answer_frame = self._earliest_retry
        if at >= due - EARLY_TOLERANCE_S:
            return NO_FINDINGS
        return self._report(
            "boot-retried-too-early",
            at,
            (answer_frame, frame),
            f"BootNotification was sent {due - at:.1f} s before the end of the interval in the answer "
            f"{answer}",
        )

    def ignore_boot(self) -> None:
        """Register a boot that cannot be read."""
        self._earliest_retry, self._is_reboot = None, False

    def answered(self, at: float, frame: int, answer: JsonObject, waited: float) -> bool:
        """Register the answer to a boot; return whether each connector's status is due now (B01)."""
        status, interval_s = answer.get("status"), answer.get("interval")
        previous_status = self.status
        if not isinstance(status, str) or status not in STATUSES or waited > BOOT_TIMEOUT_S:
            self._set_status(None)
            return False
        self._set_status(status)
        seconds = float(interval_s) if isinstance(interval_s, int | float) and interval_s > 0 else None
        if status == "Accepted":
            self.interval_s, self.interval_frame = seconds, frame
            return self._is_reboot or previous_status not in {None, "Accepted"}
        if seconds is not None:
            self._earliest_retry = at + seconds, f"{status} ({seconds:g} s)", frame
        return False

    def judge_call(self, at: float, frame: int, action: str, payload: JsonObject) -> Findings:
        """Report a CALL sent before the boot is accepted, unless a command requested it."""
        request_id = payload.get("requestId")
        is_reported = isinstance(request_id, int) and (action, request_id) in self._requested
        if is_reported or (action, None) in self._requested:
            return NO_FINDINGS
        return self._report(
            "call-before-boot-accepted",
            at,
            (frame,),
            f"{short(action)} was sent while the boot is {self.status}; before it is Accepted, a station "
            "may only send requested messages",
        )

    def command_sent(self, at: float, action: str, request: JsonObject) -> None:
        """Register the messages that a command requests."""
        for solicited in solicited_by(action, request):
            self._requested.pop(solicited, None)
            self._requested[solicited] = at
            if solicited[0] == Action.boot_notification:
                self._may_be_early = True
        if action == Action.reset:
            self._may_be_early = True

    def command_refused(self, action: str, request: JsonObject) -> None:
        """Drop the messages requested by a command that the station refused."""
        for solicited in solicited_by(action, request):
            self._requested.pop(solicited, None)
            if solicited[0] == Action.boot_notification:
                self._may_be_early = False
        if action == Action.reset:
            self._may_be_early = False

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

    def judge_silence(self, at: float, last_heard: float) -> Findings:
        """Report that an accepted station has been silent for too long, once per silence."""
        interval_s = self.interval_s
        if interval_s is None or self.status != "Accepted" or self._reported_silence == last_heard:
            return NO_FINDINGS
        if at - last_heard <= interval_s + max(0.5 * interval_s, 5.0):
            return NO_FINDINGS
        self._reported_silence = last_heard
        return self._report(
            "heartbeat-missing",
            at,
            (self.interval_frame,),
            f"the station was silent for {at - last_heard:.0f} s; without other messages it must send a "
            f"Heartbeat every {interval_s:g} s",
        )


def _is_heartbeat_interval(item: JsonObject) -> bool:
    name = f"{item['component']['name']}/{item['variable']['name']}".lower()
    return name == HEARTBEAT_INTERVAL and item.get("attributeType", "Actual") == "Actual"


def _parse_positive(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number > 0 else None
