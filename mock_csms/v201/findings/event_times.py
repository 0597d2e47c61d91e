"""Timestamps and offline flags of TransactionEvents (E01, E04, E11, E12)."""

from typing import Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.v201.findings.clock import Clock, Online, seconds_of
from mock_csms.v201.findings.transaction_state import EventKey, TransactionState

MAX_CLOCK_CORRECTION_S: Final = 10.0
"""Maximum seconds by which a correction may set a station's clock back."""

_OFFLINE: Final = ("E04.FR.03", "E12.FR.02")
"""Requirements to flag the events of an offline period."""
_QUEUED: Final = ("E11.FR.07",)
"""Requirement to flag the events that wait to be sent when the connection is lost."""


class EventTimes:
    """Compares the time of an event with its offline flag and with neighbouring events."""

    __slots__ = ("_clock", "_online", "_report")

    def __init__(self, report: Reporter, clock: Clock, online: Online) -> None:
        self._report = report
        self._clock = clock
        self._online = online

    def judge(self, at: float, frame: int, tracked: TransactionState, key_fields: EventKey) -> Findings:
        """Check the time and the offline flag of an event, if the mock had sent the station the right time
        before the event happened.
        """
        seq_no, text, *_, is_offline = key_fields
        clock, seconds = self._clock, seconds_of(text)
        if seconds is None or clock.since is None or seconds < clock.since or clock.is_skewed:
            return NO_FINDINGS
        if is_offline:
            return self._judge_flag(at, frame, tracked, text, seconds)
        findings = NO_FINDINGS
        if self._online.was_offline(seconds):
            fault = "the station was not connected at that time"
            findings = self._flag_missing(at, frame, tracked, text, fault, _OFFLINE)
        elif self._online.was_followed_by_outage(seconds):
            fault = "it was still in the queue when the connection was lost"
            findings = self._flag_missing(at, frame, tracked, text, fault, _QUEUED)
        before, after = tracked.neighbours(seq_no)
        if before and self._is_decreasing(before, key_fields):
            findings += self._backwards(at, frame, tracked, before, key_fields)
        elif after and self._is_decreasing(key_fields, after):
            findings += self._backwards(at, frame, tracked, key_fields, after)
        return findings

    def _judge_flag(
        self, at: float, frame: int, tracked: TransactionState, text: str, seconds: float
    ) -> Findings:
        """Check that an event that is flagged as offline did not happen while the station was certainly
        online.
        """
        if self._online.was_offline(seconds):
            self._report.met(*_OFFLINE)
        elif self._online.was_followed_by_outage(seconds):
            self._report.met(*_QUEUED)
        elif self._online.has_been_online_since(seconds, at):
            return self._wrongly_flagged(at, frame, tracked, text)
        return NO_FINDINGS

    def _is_decreasing(self, first: EventKey, second: EventKey) -> bool:
        since = self._clock.since
        if since is None:
            return False
        earlier, later = seconds_of(first[1]), seconds_of(second[1])
        return earlier is not None and later is not None and since <= later < earlier - MAX_CLOCK_CORRECTION_S

    def _wrongly_flagged(self, at: float, frame: int, tracked: TransactionState, text: str) -> Findings:
        return self._report(
            "offline-flag-wrong",
            at,
            (frame,),
            f"an event of the transaction {short(tracked.id)} at {text} is flagged as offline, but the "
            "station has been online since before that time",
        )

    def _flag_missing(  # noqa: PLR0913, PLR0917 - the parts of a finding
        self,
        at: float,
        frame: int,
        tracked: TransactionState,
        text: str,
        fault: str,
        requirements: tuple[str, ...],
    ) -> Findings:
        return self._report(
            "offline-flag-missing",
            at,
            (frame,),
            f"an event of the transaction {short(tracked.id)} at {text} is not flagged as offline, but "
            f"{fault}; its offline flag must be true",
            requirements=requirements,
        )

    def _backwards(
        self, at: float, frame: int, tracked: TransactionState, first: EventKey, second: EventKey
    ) -> Findings:
        return self._report(
            "timestamp-goes-back",
            at,
            (frame,),
            f"the transaction {short(tracked.id)} goes back in time from {short(first[1])} (seqNo "
            f"{first[0]}) to {short(second[1])} (seqNo {second[0]}); timestamps must follow "
            "the order of the seqNos",
        )
