"""Transactions as a whole, once all their events should have arrived (E)."""

from typing import Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.v201.findings.transaction_state import TransactionState

MAX_RANGES_SHOWN: Final = 10
_QUEUED: Final = ("E04.FR.01", "E04.FR.02")
"""Requirements to queue the events of an offline period, and to send them afterwards."""


class WholeTransactions:
    """Checks whether the events of a transaction are complete."""

    __slots__ = ("_report",)

    def __init__(self, report: Reporter) -> None:
        self._report = report

    def judge(self, at: float, tracked: TransactionState, *, may_be_older: bool) -> Findings:
        """Check a transaction. ``may_be_older``: its Started event may be from before the boot."""
        return (
            self._judge_start(at, tracked, may_be_older=may_be_older)
            + self._judge_gaps(at, tracked)
            + self._judge_evse(at, tracked)
        )

    def _judge_start(self, at: float, tracked: TransactionState, *, may_be_older: bool) -> Findings:
        requirements: tuple[str, ...] = ("Part 2 1.60.1",)
        if tracked.started is not None:
            if tracked.started[0] == tracked.low:
                return NO_FINDINGS
            fault = f"has seqNo {tracked.low} before its Started event with seqNo {tracked.started[0]}"
        elif tracked.low > 0 and may_be_older:
            return NO_FINDINGS
        else:
            fault = "has no Started event"
            if tracked.begins_offline and tracked.low > 0:
                requirements += _QUEUED
        return self._report(
            "transaction-not-started",
            at,
            tracked.frames,
            f"the transaction {short(tracked.id)} {fault}; the first event of a transaction must be its "
            "Started event",
            requirements=requirements,
        )

    def _judge_gaps(self, at: float, tracked: TransactionState) -> Findings:
        if not (missing := list(tracked.missing())):
            self._met(tracked)
            return NO_FINDINGS
        return self._report(
            "seq-no-missing",
            at,
            tracked.frames,
            f"the transaction {short(tracked.id)} lacks seqNo {_ranges(missing)} between {tracked.low} and "
            f"{tracked.high}; seqNo must increase by 1",
        )

    def judge_repeats(self, at: float, tracked: TransactionState) -> Findings:
        """Report all events with the seqNo of another event in one finding, once for each transaction."""
        if not tracked.repeated or "seq-no-repeated" in tracked.contents.reported:
            return NO_FINDINGS
        tracked.contents.reported |= {"seq-no-repeated"}
        numbers = sorted({seq_no for seq_no, _ in tracked.repeated})
        return self._report(
            "seq-no-repeated",
            at,
            tuple(frame for _, frame in tracked.repeated),
            f"the transaction {short(tracked.id)} has different events with the same seqNo, "
            f"{_ranges([(number, number) for number in numbers])}; each event must have its own seqNo",
        )

    def _met(self, tracked: TransactionState) -> None:
        """Count the requirements that the events of a complete transaction show to be met."""
        if not tracked.is_complete or tracked.low == tracked.high:
            return
        if not tracked.repeated:
            self._report.met("E01.FR.07")
        if tracked.begins_offline:
            self._report.met(*_QUEUED)

    def _judge_evse(self, at: float, tracked: TransactionState) -> Findings:
        """Report a complete transaction in which the plug-in event came before any event named the EVSE."""
        plugged_in, located = tracked.plugged_in, tracked.located
        is_known = tracked.started is not None and tracked.ended is not None and not tracked.gaps
        if not is_known or plugged_in is None:
            return NO_FINDINGS
        if located is not None and located <= plugged_in:
            self._report.met("E01.FR.16")
            return NO_FINDINGS
        return self._report(
            "evse-missing",
            at,
            tracked.frames,
            f"the transaction {short(tracked.id)} has no evse with a connectorId in any event up to seqNo "
            f"{plugged_in}, when the cable was plugged in; that event or an earlier one must name the EVSE "
            "and the connector",
        )


def _ranges(ranges: list[tuple[int, int]]) -> str:
    """Format ranges, as in ``3, 5 to 7``."""
    parts = [
        f"{first}" if first == last else f"{first} to {last}" for first, last in ranges[:MAX_RANGES_SHOWN]
    ]
    return ", ".join(parts) + (", ..." if len(ranges) > MAX_RANGES_SHOWN else "")
