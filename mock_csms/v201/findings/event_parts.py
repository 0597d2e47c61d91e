"""NotifyEvent in parts: the numbers of the parts, and the arrival of the last one (N07, N08)."""

from typing import Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.messages import JsonObject

EVENT_PART_TIMEOUT_S: Final = 60.0
MAX_OPEN: Final = 100


class EventParts:
    """Parts of NotifyEvent whose next part has not arrived. Parts of different events may alternate."""

    __slots__ = ("_is_certain", "_last", "_open", "_report")

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._open: dict[int, tuple[float, int]] = {}
        """Deadline and frame of each part with tbc=true, by the seqNo of the next part."""
        self._last: JsonObject | None = None
        self._is_certain = False
        """Whether no part since the latest complete event can have been lost."""

    def judge_part(self, at: float, frame: int, payload: JsonObject) -> Findings:
        """Register a part. Report it if it neither begins an event nor follows a part with tbc=true."""
        seq_no, is_certain = payload["seqNo"], self._is_certain
        self._is_certain = is_certain or not seq_no or not payload.get("tbc")
        is_retry, self._last = payload == self._last, payload
        if is_retry:
            return NO_FINDINGS
        is_expected = seq_no == 0 or self._open.pop(seq_no, None) is not None
        if payload.get("tbc"):
            self._open[seq_no + 1] = at + EVENT_PART_TIMEOUT_S, frame
            if len(self._open) > MAX_OPEN:
                del self._open[next(iter(self._open))]
        is_periodic = payload["eventData"][0]["trigger"] == "Periodic"
        requirement = "N08.FR.04" if is_periodic else "N07.FR.07"
        if seq_no == 0 and is_certain:
            self._report.met(requirement)
        if is_expected or not is_certain or self._open.keys() - {seq_no + 1}:
            return NO_FINDINGS
        return self._report(
            "event-seq-no-wrong",
            at,
            (frame,),
            f"NotifyEvent has seqNo {seq_no}, but no part with tbc=true and seqNo {seq_no - 1} came before; "
            "the first part of an event must have seqNo 0",
            requirements=(requirement,),
        )

    def give_up(self) -> None:
        """Drop the parts: some may have been lost or may be repeated."""
        self._open.clear()
        self._is_certain = False

    def shift(self, seconds: float) -> None:
        """Extend the deadlines."""
        self._open = {seq_no: (due + seconds, frame) for seq_no, (due, frame) in self._open.items()}

    def overdue(self, at: float) -> Findings:
        """Report each part that was announced but not sent in time."""
        findings = NO_FINDINGS
        for seq_no, (due, frame) in list(self._open.items()):
            if at > due:
                del self._open[seq_no]
                findings += self._report(
                    "event-incomplete",
                    at,
                    (frame,),
                    f"no NotifyEvent with seqNo {seq_no} followed the one with tbc=true (to be continued) "
                    f"within {EVENT_PART_TIMEOUT_S:g} s",
                )
        return findings
