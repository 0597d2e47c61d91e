"""The registration of a station: how its boots are answered, and what it may do then (B01 to B03)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.solicited import solicited_by

UNANSWERED: Final = "not answered"
STATUSES: Final = frozenset({"Accepted", "Pending", "Rejected"})
TOO_LATE: Final = 10.0
"""Seconds after which a station may have given up waiting for the answer to its boot."""
HEARTBEAT_INTERVAL: Final = "ocppcommctrlr/heartbeatinterval"
EARLY: Final = 1.0
"""Seconds that a boot may come before the interval is over."""


class RecentlyAsked(BoundedDict[tuple[str, int | None], float]):
    """What commands asked for last, by action and requestId, and when; a TriggerMessage has no requestId."""

    __slots__ = ()
    limit = 200


class Registration:
    """How a station's last boot was answered; it lasts across connections."""

    __slots__ = (
        "_asked",
        "_is_excused",
        "_is_reboot",
        "_not_before",
        "_report",
        "_silence_told",
        "interval",
        "interval_frame",
        "is_unsettled",
        "status",
    )

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._asked = RecentlyAsked()
        self._is_reboot = False
        self._not_before: tuple[float, str, int] | None = None
        self._is_excused = False
        self._silence_told = 0.0
        self.status: str | None = None
        """None while it is not known: the station may have booted before there was a mock."""
        self.is_unsettled = False
        """Whether the station may send nothing that it was not asked for."""
        self.interval: float | None = None
        """The seconds after which a Heartbeat is due."""
        self.interval_frame = 0

    def _become(self, status: str | None) -> None:
        self.status = status
        self.is_unsettled = status not in {None, "Accepted"}

    def boot(self, at: float, frame: int, payload: JsonObject) -> Findings:
        """Judge a boot: whether it comes before its time."""
        found = self._too_early(at, frame)
        self._not_before, self._is_excused = None, False
        self._is_reboot = payload["reason"] != "Triggered"
        if self.status is None and self._is_reboot:
            self._become(UNANSWERED)
        return found

    def _too_early(self, at: float, frame: int) -> Findings:
        if self._not_before is None or self._is_excused or at >= self._not_before[0] - EARLY:
            return NO_FINDINGS
        due, told, told_frame = self._not_before
        return self._report(
            "boot-retried-too-early",
            at,
            (told_frame, frame),
            f"BootNotification came {due - at:.1f} s before the interval was over that came with {told}",
        )

    def passed_over(self) -> None:
        """Take note of a boot that cannot be used."""
        self._not_before, self._is_reboot = None, False

    def answered(self, at: float, frame: int, answer: JsonObject, waited: float) -> bool:
        """Take in how a boot is answered; tells whether each connector's status is due (B01)."""
        status, interval = answer.get("status"), answer.get("interval")
        was = self.status
        if not isinstance(status, str) or status not in STATUSES or waited > TOO_LATE:
            self._become(None)
            return False
        self._become(status)
        seconds = float(interval) if isinstance(interval, int | float) and interval > 0 else None
        if status == "Accepted":
            self.interval, self.interval_frame = seconds, frame
            return self._is_reboot or was not in {None, "Accepted"}
        if seconds is not None:
            self._not_before = at + seconds, f"{status} ({seconds:g} s)", frame
        return False

    def call(self, at: float, frame: int, action: str, payload: JsonObject) -> Findings:
        """Judge a CALL that is sent while the boot is not accepted."""
        request_id = payload.get("requestId")
        is_reported = isinstance(request_id, int) and (action, request_id) in self._asked
        if is_reported or (action, None) in self._asked:
            return NO_FINDINGS
        return self._report(
            "call-before-boot-accepted",
            at,
            (frame,),
            f"{short(action)} was sent while the boot is {self.status}; until it is Accepted a station sends "
            "only what it was asked for",
        )

    def asked(self, at: float, action: str, request: JsonObject) -> None:
        """Take note of what a command asks for."""
        for wanted in solicited_by(action, request):
            self._asked.pop(wanted, None)
            self._asked[wanted] = at
            if wanted[0] == Action.boot_notification:
                self._is_excused = True
        if action == Action.reset:
            self._is_excused = True

    def refused(self, action: str, request: JsonObject) -> None:
        """Take note that the station will not do what a command asked for."""
        for wanted in solicited_by(action, request):
            self._asked.pop(wanted, None)
            if wanted[0] == Action.boot_notification:
                self._is_excused = False
        if action == Action.reset:
            self._is_excused = False

    def was_triggered(self, at: float, action: str, within: float) -> bool:
        """Tell whether a TriggerMessage asked for a message not long ago."""
        triggered = self._asked.get((action, None))
        return triggered is not None and at - triggered <= within

    def variables_set(self, frame: int, request: JsonObject, answer: JsonObject) -> None:
        """Take note of another HeartbeatInterval."""
        for result in answer["setVariableResult"]:
            status = result["attributeStatus"]
            if not _is_heartbeat_interval(result) or status not in {"Accepted", "RebootRequired"}:
                continue
            for item in request["setVariableData"]:
                if _is_heartbeat_interval(item):
                    seconds = _positive(item["attributeValue"])
                    if status == "RebootRequired" and seconds is not None:
                        seconds = max(seconds, self.interval or 0.0)
                    self.interval, self.interval_frame = seconds, frame

    def silence(self, at: float, heard: float) -> Findings:
        """Judge that nothing was heard from an accepted station since a moment, once for each silence."""
        interval = self.interval
        if interval is None or self.status != "Accepted" or self._silence_told == heard:
            return NO_FINDINGS
        if at - heard <= interval + max(0.5 * interval, 5.0):
            return NO_FINDINGS
        self._silence_told = heard
        return self._report(
            "heartbeat-missing",
            at,
            (self.interval_frame,),
            f"nothing was heard for {at - heard:.0f} s; a station without anything else to say sends a "
            f"Heartbeat every {interval:g} s",
        )


def _is_heartbeat_interval(item: JsonObject) -> bool:
    name = f"{item['component']['name']}/{item['variable']['name']}".lower()
    return name == HEARTBEAT_INTERVAL and item.get("attributeType", "Actual") == "Actual"


def _positive(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number > 0 else None
