"""Reports in parts: a command must have requested them, and all parts must come in order."""

from dataclasses import dataclass
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings import report_requirements
from mock_csms.v201.solicited import REPORTED_BY

PART_TIMEOUT_S: Final = 60.0
MAX_OPEN_REPORTS: Final = 100
REPORTS: Final = frozenset(
    {
        Action.get_base_report.value,
        Action.get_report.value,
        Action.get_monitoring_report.value,
        Action.get_charging_profiles.value,
        Action.get_display_messages.value,
        Action.customer_information.value,
    }
)

type ReportKey = tuple[str, int]
"""Action of the parts of a report, and its requestId."""


@dataclass(slots=True)
class Parts:
    """Parts received for a requestId."""

    command: str = ""
    """Action of the command that asked for the report."""
    continued: tuple[str, ...] = ()
    """Requirements that a part with tbc=true is followed by another one."""
    next_seq_no: int = 0
    last: JsonObject | None = None
    is_finished: bool = False
    """Whether the last part has arrived."""
    is_certain: bool = True
    """False if a part may have been lost or repeated, or after a finding was reported."""


class RecentRequests(BoundedDict[ReportKey, Parts]):
    """Reports that the mock has requested since it was started."""

    __slots__ = ()
    limit = 200


class ReportParts:
    """Checks that the parts of each report were requested, come in order and are complete."""

    __slots__ = ("_has_booted", "_open", "_report", "_reported", "_requested")

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._open: dict[ReportKey, tuple[float, int]] = {}
        self._requested = RecentRequests()
        self._has_booted = False
        """Whether the mock has seen the station restart, and so knows all commands since its last restart."""
        self._reported: frozenset[ReportKey] = frozenset()

    def command_sent(self, action: str, request: JsonObject) -> None:
        """Register the report that a command asks for."""
        if action in REPORTS:
            key = REPORTED_BY[action], request["requestId"]
            before = self._requested.pop(key, None)
            parts = Parts(action, report_requirements.continued(action, request))
            parts.is_certain = before is None or before.is_finished
            self._requested[key] = parts

    def booted(self) -> None:
        """Register a restart of the station, which ends its unfinished reports."""
        self._has_booted = True
        self.give_up()

    def judge_part(
        self, at: float, frame: int, action: str, payload: JsonObject, *, is_settled: bool
    ) -> Findings:
        """Register a part. Report it if no command requested it, or if it does not follow the previous
        one.

        Before the boot is accepted (``is_settled=False``), a part that no command requested is no finding
        here, because `Registration` reports it.
        """
        key = action, payload["requestId"]
        parts = self._requested.get(key)
        if parts is not None and key in self._open:
            self._report.met(*parts.continued)
        self.add_part(at, frame, action, payload)
        if parts is None:
            return self._unknown(at, frame, key) if is_settled else NO_FINDINGS
        self._report.met(*report_requirements.REQUEST_ID[action])
        expected, previous = parts.next_seq_no, parts.last
        seq_no = payload.get("seqNo")
        if seq_no is None or payload == previous:
            return NO_FINDINGS
        parts.next_seq_no, parts.last = seq_no + 1, payload
        parts.is_finished = not payload.get("tbc")
        if not parts.is_certain:
            return NO_FINDINGS
        numbered = report_requirements.SEQ_NO[parts.command]
        if seq_no == expected:
            self._report.met(*numbered)
            return NO_FINDINGS
        parts.is_certain = False
        return self._report(
            "report-incomplete",
            at,
            (frame,),
            f"{action} with requestId {key[1]} has seqNo {seq_no} instead of {expected}; the parts of a "
            "report must be numbered 0, 1, 2 and so on",
            requirements=numbered,
        )

    def _unknown(self, at: float, frame: int, key: ReportKey) -> Findings:
        if not self._has_booted or key in self._reported or len(self._requested) == RecentRequests.limit:
            return NO_FINDINGS
        self._reported = frozenset([*self._reported, key][-MAX_OPEN_REPORTS:])
        return self._report(
            "request-id-unknown",
            at,
            (frame,),
            f"{key[0]} has the requestId {key[1]}, but no command asked for a report with that requestId",
            requirements=report_requirements.REQUEST_ID[key[0]],
        )

    def add_part(self, at: float, frame: int, action: str, payload: JsonObject) -> None:
        """Register a part; without tbc, it is the last one."""
        key = action, payload["requestId"]
        self._open.pop(key, None)
        if payload.get("tbc", False):
            self._open[key] = at + PART_TIMEOUT_S, frame
        if len(self._open) > MAX_OPEN_REPORTS:
            del self._open[next(iter(self._open))]

    def give_up(self, action: str | None = None) -> None:
        """Drop the open reports of one action, or of all actions (None)."""
        self._open = {key: part for key, part in self._open.items() if action not in {None, key[0]}}
        for key, parts in self._requested.items():
            if action in {None, key[0]}:
                parts.is_certain = False

    def shift(self, seconds: float) -> None:
        """Extend the deadlines for the next part of each report."""
        self._open = {key: (due + seconds, frame) for key, (due, frame) in self._open.items()}

    def overdue(self, at: float) -> Findings:
        """Return a finding for each report whose next part was not sent in time."""
        if not self._open:
            return NO_FINDINGS
        return self._incomplete(at, [key for key, (due, _) in self._open.items() if at > due])

    def _incomplete(self, at: float, keys: list[tuple[str, int]]) -> Findings:
        findings = NO_FINDINGS
        for action, request_id in keys:
            _, frame = self._open.pop((action, request_id))
            parts = self._requested.get((action, request_id))
            findings += self._report(
                "report-incomplete",
                at,
                (frame,),
                f"no part followed the {action} with requestId {request_id} and tbc=true (to be continued); "
                "the last part must have no tbc or tbc=false",
                requirements=parts.continued if parts else (),
            )
        return findings
