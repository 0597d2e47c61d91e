"""State of one transaction, built from its TransactionEvents."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from operator import itemgetter
from typing import Final

from mock_csms.messages import JsonObject
from mock_csms.v201.findings.clock import seconds_of

MAX_GAPS: Final = 100
MAX_READINGS: Final = 100
EVENTS_KEPT: Final = 8
ROUNDING_WH: Final = 1.0
"""Decrease of a register that rounding can explain."""
PLUGGED_IN: Final = frozenset({"EVConnected", "Charging", "SuspendedEV", "SuspendedEVSE"})


type EventKey = tuple[int, str, str, str, bool]
"""Fields kept of a TransactionEvent: seqNo, timestamp, eventType, triggerReason and the offline flag.

A retry repeats all of them except perhaps the offline flag.
"""


type Reading = tuple[str, float, int, int]
"""Reading of the energy register: sortable timestamp, Wh, and the seqNo and frame of its event."""

BEFORE_ALL: Final[Reading] = ("", float("-inf"), 0, 0)


@dataclass(slots=True)
class TransactionState:
    """State of a transaction; its events are ordered by seqNo."""

    id: str
    first_frame: int
    last_frame: int
    low: int
    high: int
    key_seq_no: int
    """seqNo of the last event without the offline flag."""
    may_be_older: bool
    """Whether its first events may have been sent before the station was known."""
    is_doubtful: bool
    """Whether one of its events may have been in an unreadable message."""
    is_judged: bool = False
    started: EventKey | None = None
    ended: int | None = None
    """seqNo of the Ended event."""
    plugged_in: int | None = None
    """Lowest seqNo of an event that shows the cable plugged in."""
    located: int | None = None
    """Lowest seqNo of an event that names the EVSE."""
    key: str = ""
    """Sortable timestamp of the last event without the offline flag."""
    events: list[EventKey] = field(default_factory=list)
    """Latest events, at most EVENTS_KEPT."""
    gaps: list[tuple[int, int]] = field(default_factory=list)
    repeated: list[tuple[int, int]] = field(default_factory=list)
    """seqNo and frame of each event that reuses the seqNo of another."""
    readings: list[Reading] = field(default_factory=list)
    """Ordered by time."""

    def sort_in(self, seq_no: int) -> bool:
        """Register a seqNo; return False if it is not new."""
        if seq_no > self.high:
            self._leave_gap(self.high + 1, seq_no - 1)
            self.high = seq_no
            return True
        if seq_no < self.low:
            self._leave_gap(seq_no + 1, self.low - 1)
            self.low = seq_no
            return True
        return self._fill(seq_no)

    def _leave_gap(self, first: int, last: int) -> None:
        if first <= last:
            self.gaps.append((first, last))
            del self.gaps[:-MAX_GAPS]

    def _fill(self, seq_no: int) -> bool:
        for index, (first, last) in enumerate(self.gaps):
            if first <= seq_no <= last:
                del self.gaps[index]
                self._leave_gap(first, seq_no - 1)
                self._leave_gap(seq_no + 1, last)
                return True
        return False

    def keep(self, event: EventKey) -> None:
        """Keep an event, dropping the oldest if necessary."""
        events = self.events
        if len(events) == EVENTS_KEPT:
            del events[0]
        events.append(event)

    def repeat(self, frame: int, event: EventKey) -> None:
        """Register an event whose seqNo is known, unless it is a retry."""
        known = next((other for other in self.events if other[0] == event[0]), None)
        if known and not is_retry(event, known):
            self.repeated.append((event[0], frame))
            del self.repeated[MAX_GAPS:]

    def locate(self, event: JsonObject) -> None:
        """Register whether an event names the EVSE, and whether it shows the cable plugged in."""
        seq_no = event["seqNo"]
        if "evse" in event and (self.located is None or seq_no < self.located):
            self.located = seq_no
        if self.plugged_in is None or seq_no < self.plugged_in:
            state = event["transactionInfo"].get("chargingState")
            if state in PLUGGED_IN or event["triggerReason"] == "CablePluggedIn":
                self.plugged_in = seq_no

    def read(self, reading: Reading) -> tuple[Reading, Reading] | None:
        """Insert a register reading by time; return (earlier, later) if the register decreases there.

        A reading that is older than the readings of earlier events proves nothing, because the clock may have
        been set in between.
        """
        readings = self.readings
        index = bisect_right(readings, reading[0], key=itemgetter(0))
        readings.insert(index, reading)
        neighbours = readings[max(index - 1, 0) : index + 2]
        if len(readings) > MAX_READINGS:
            del readings[: MAX_READINGS // 2]
        for earlier, later in pairwise(neighbours):
            if (
                earlier[1] > later[1] + ROUNDING_WH
                and earlier[2] <= later[2]
                and _is_before(earlier[0], later[0])
            ):
                return earlier, later
        return None

    def neighbours(self, seq_no: int) -> tuple[EventKey | None, EventKey | None]:
        """Return the kept events right before and after a seqNo, ignoring offline events."""
        online = [event for event in self.events if not event[4]]
        before = [event for event in online if event[0] < seq_no]
        after = [event for event in online if event[0] > seq_no]
        return max(before, default=None), min(after, default=None)

    @property
    def frames(self) -> tuple[int, ...]:
        """First and last frame of the transaction."""
        if self.first_frame == self.last_frame:
            return (self.first_frame,)
        return self.first_frame, self.last_frame

    @property
    def is_complete(self) -> bool:
        """Whether all events from Started to Ended were received."""
        return (
            self.ended == self.high
            and not self.gaps
            and self.started is not None
            and self.started[0] == self.low
        )

    @property
    def is_just_ended(self) -> bool:
        """Whether only the Ended event is known."""
        return self.ended == self.low == self.high

    def missing(self) -> Iterator[tuple[int, int]]:
        """Yield the ranges of missing seqNos, up to the Ended event."""
        for first, last in sorted(self.gaps):
            if self.ended is None or first < self.ended:
                yield first, last if self.ended is None else min(last, self.ended - 1)

    def close(self) -> None:
        """Mark as judged, and drop all data that is not needed to recognize later events."""
        self.is_judged = True
        self.events.clear()
        self.readings.clear()


def is_retry(event: EventKey, known: EventKey) -> bool:
    """Return whether two events are equal apart from the offline flag."""
    return event[:4] == known[:4]


def _is_before(key: str, other: str) -> bool:
    seconds, others = seconds_of(key), seconds_of(other)
    return seconds is not None and others is not None and seconds < others
