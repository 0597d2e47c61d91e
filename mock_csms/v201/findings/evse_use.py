"""Use of EVSEs: one transaction at a time, and no readings of a transaction in MeterValues (E01, J02)."""

from dataclasses import dataclass
from typing import Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.clock import Clock, seconds_of
from mock_csms.v201.findings.transaction_state import INTERRUPTIONS, TransactionState

MAX_EVSES: Final = 500
OVERLAP_PAUSE_S: Final = 30.0
"""Time for a queued Ended event to arrive; each further queued event restarts the time."""
EXCUSED_OVERLAP_S: Final = 10.0
"""Maximum overlap of transactions that a correction of the clock may explain."""


@dataclass(slots=True)
class Doubt:
    """An apparent violation that an Ended event may explain if it is still on its way."""

    kind: str
    tracked: TransactionState
    """Transaction whose Ended event, if it is on its way, would explain the apparent violation."""
    moment: float
    """Time by which the transaction in ``tracked`` must have ended."""
    frames: tuple[int, ...]
    sentence: str
    due: float
    margin_s: float = 0.0
    """Maximum seconds by which the Ended event may be later than ``moment``."""


class EvseUse:
    """Last transaction of each EVSE, and the suspicions about these transactions."""

    __slots__ = ("_clock", "_report", "_running", "doubts")

    def __init__(self, report: Reporter, clock: Clock) -> None:
        self._report = report
        self._clock = clock
        self._running: dict[int, TransactionState] = {}
        self.doubts: dict[tuple[str, int], Doubt] = {}
        """Suspicions by kind and EVSE."""

    def judge(self, at: float, frame: int, tracked: TransactionState, event: JsonObject) -> Findings:
        """Settle the suspicions that an event decides, and compare its transaction with the previous one on
        the EVSE. The event must already be in the contents of its transaction.
        """
        findings = self._settle(at, frame, tracked, event) if self.doubts else NO_FINDINGS
        evse_id = event.get("evse", {}).get("id", 0)
        if evse_id > 0 and tracked.ended is None and (evse_id in self._running or self._has_room):
            other, self._running[evse_id] = self._running.get(evse_id), tracked
            if other is not None and other is not tracked:
                self._compare(at, frame, evse_id, other, tracked)
        return findings

    @property
    def _has_room(self) -> bool:
        return len(self._running) < MAX_EVSES

    def _compare(
        self, at: float, frame: int, evse_id: int, other: TransactionState, tracked: TransactionState
    ) -> None:
        """Suspect that two transactions on an EVSE overlap, if the earlier one has not ended."""
        first, second = sorted((other, tracked), key=_start_of)
        moment = _start_of(second)
        if first.id == second.id or second.started is None:
            return
        if first.ended is not None:
            self._report.met("E01.FR.14")
            return
        self.doubts["transactions-overlap", evse_id] = Doubt(
            "transactions-overlap",
            first,
            moment,
            (first.last_frame, frame),
            f"the transaction {short(second.id)} started on EVSE {evse_id} although the transaction "
            f"{short(first.id)} there had not ended; an EVSE can only have one transaction at a time",
            at + OVERLAP_PAUSE_S,
            EXCUSED_OVERLAP_S,
        )

    def judge_meter_values(self, at: float, frame: int, payload: JsonObject) -> None:
        """Suspect that a MeterValues contains readings of a running transaction (part 2, J 2.1)."""
        tracked = self._running.get(payload["evseId"])
        if tracked is None or tracked.ended is not None or tracked.started is None:
            return
        kind, evse_id = "transaction-readings-misplaced", payload["evseId"]
        if kind in tracked.contents.reported or (kind, evse_id) in self.doubts:
            return
        started_at = _start_of(tracked)
        for meter_value in payload["meterValue"]:
            if all(sample.get("context") != "Sample.Periodic" for sample in meter_value["sampledValue"]):
                continue
            moment = seconds_of(meter_value["timestamp"])
            if moment is not None and moment > started_at:
                self.doubts[kind, evse_id] = Doubt(
                    kind,
                    tracked,
                    moment,
                    (frame,),
                    f"MeterValues of EVSE {evse_id} has readings with context Sample.Periodic while the "
                    f"transaction {short(tracked.id)} is running there; send them in TransactionEvent",
                    at + OVERLAP_PAUSE_S,
                )
                return

    def _settle(self, at: float, frame: int, tracked: TransactionState, event: JsonObject) -> Findings:
        """Settle the suspicions about the transaction of an event, if the event is the Ended event or shows
        that the transaction had not ended in time.
        """
        if event.get("offline"):
            self._wait(at + OVERLAP_PAUSE_S)
        findings = NO_FINDINGS
        for place, doubt in list(self.doubts.items()):
            if doubt.tracked is not tracked:
                continue
            if event["eventType"] == "Ended":
                del self.doubts[place]
                findings += self._judge_ended(at, doubt)
            elif not event.get("offline") and self._is_after(event["timestamp"], doubt):
                del self.doubts[place]
                findings += self._confirm(at, doubt, frame)
        return findings

    def _is_after(self, timestamp: str, doubt: Doubt) -> bool:
        """Return whether a time is certainly later than the time by which the transaction must have ended."""
        seconds = seconds_of(timestamp)
        is_set = self._clock.since is not None and doubt.moment >= self._clock.since
        is_reliable = is_set and not self._clock.is_skewed
        return is_reliable and seconds is not None and seconds > doubt.moment + doubt.margin_s

    def _judge_ended(self, at: float, doubt: Doubt) -> Findings:
        """Confirm a suspicion if the Ended event is too late. The Ended event of an interrupted transaction
        is not judged: it may have the time of the restart.
        """
        ending = doubt.tracked.contents.ending
        if ending is None or ending.stopped_reason in INTERRUPTIONS:
            return NO_FINDINGS
        return (
            self._confirm(at, doubt, ending.frame) if self._is_after(ending.timestamp, doubt) else NO_FINDINGS
        )

    def _confirm(self, at: float, doubt: Doubt, *more_frames: int) -> Findings:
        contents = doubt.tracked.contents
        if doubt.tracked.is_doubtful or doubt.kind in contents.reported:
            return NO_FINDINGS
        contents.reported |= {doubt.kind}
        frames = tuple(sorted({*doubt.frames, *more_frames}))
        return self._report(doubt.kind, at, frames, doubt.sentence)

    def _wait(self, due: float) -> None:
        for doubt in self.doubts.values():
            doubt.due = max(doubt.due, due)

    def shift(self, seconds: float) -> None:
        """Extend the deadlines."""
        for doubt in self.doubts.values():
            doubt.due += seconds

    def event_refused(self, due: float) -> None:
        """Wait for the retry of an event that got a CALLERROR: other events may be queued behind it."""
        self._wait(due)

    def resumed(self, at: float) -> None:
        """Wait for queued events after a reconnect."""
        self._wait(at + OVERLAP_PAUSE_S)

    def overdue(self, at: float) -> Findings:
        """Report the suspicions for which no Ended event arrived in time."""
        findings = NO_FINDINGS
        for place, doubt in list(self.doubts.items()):
            if at > doubt.due:
                del self.doubts[place]
                findings += self._confirm(at, doubt)
        return findings


def _start_of(tracked: TransactionState) -> float:
    """Return the time of the Started event; 0 if it is not known."""
    seconds = seconds_of(tracked.started[1]) if tracked.started else None
    return seconds or 0.0
