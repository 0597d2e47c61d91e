"""One transaction as its TransactionEvents have told it so far."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from operator import itemgetter
from typing import Final

from mock_csms.messages import JsonObject
from mock_csms.v201.findings.clock import seconds_of

MOST_GAPS: Final = 100
MOST_READINGS: Final = 100
EVENTS_KEPT: Final = 8
ROUNDING_WH: Final = 1.0
"""Wh that a register may seem to go down by rounding."""
PLUGGED_IN: Final = frozenset({"EVConnected", "Charging", "SuspendedEV", "SuspendedEVSE"})


type EventKey = tuple[int, str, str, str, bool]
"""What is kept of a TransactionEvent: seqNo, timestamp, eventType, triggerReason, and whether it is offline.

All but the last is the same in a retry.
"""


type Reading = tuple[str, float, int, int]
"""The energy register: when as it sorts, Wh, and the seqNo and frame of the event that told it."""

BEFORE_ALL: Final[Reading] = ("", float("-inf"), 0, 0)


@dataclass(slots=True)
class TransactionState:
    """What is known of a transaction; its events have their place by their seqNo."""

    id: str
    first_frame: int
    last_frame: int
    low: int
    high: int
    key_seq_no: int
    """The seqNo of the last event that was told online."""
    may_be_older: bool
    """Whether its first events may have come before the station was known."""
    is_doubtful: bool
    """Whether an event of it may be among what could not be read."""
    is_judged: bool = False
    started: EventKey | None = None
    ended: int | None = None
    """The seqNo of its Ended."""
    plugged_in: int | None = None
    """The lowest seqNo that shows the cable plugged in."""
    located: int | None = None
    """The lowest seqNo that names the EVSE."""
    key: str = ""
    """The timestamp of the last event that was told online, as it sorts."""
    events: list[EventKey] = field(default_factory=list)
    """The last of them."""
    gaps: list[tuple[int, int]] = field(default_factory=list)
    repeated: list[tuple[int, int]] = field(default_factory=list)
    """The seqNo and the frame of each event that has the seqNo of another."""
    readings: list[Reading] = field(default_factory=list)
    """By their time."""

    def sort_in(self, seq_no: int) -> bool:
        """Take note of a seqNo; False if it is known."""
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
            del self.gaps[:-MOST_GAPS]

    def _fill(self, seq_no: int) -> bool:
        for place, (first, last) in enumerate(self.gaps):
            if first <= seq_no <= last:
                del self.gaps[place]
                self._leave_gap(first, seq_no - 1)
                self._leave_gap(seq_no + 1, last)
                return True
        return False

    def keep(self, told: EventKey) -> None:
        """Remember an event instead of the oldest."""
        events = self.events
        if len(events) == EVENTS_KEPT:
            del events[0]
        events.append(told)

    def repeat(self, frame: int, told: EventKey) -> None:
        """Take note of an event whose seqNo is known; a retry repeats all but perhaps the offline flag."""
        known = next((it for it in self.events if it[0] == told[0]), None)
        if known and not is_retry(told, known):
            self.repeated.append((told[0], frame))
            del self.repeated[MOST_GAPS:]

    def locate(self, event: JsonObject) -> None:
        """Take note of the first event that names the EVSE, and of the first that has to."""
        seq_no = event["seqNo"]
        if "evse" in event and (self.located is None or seq_no < self.located):
            self.located = seq_no
        if self.plugged_in is None or seq_no < self.plugged_in:
            state = event["transactionInfo"].get("chargingState")
            if state in PLUGGED_IN or event["triggerReason"] == "CablePluggedIn":
                self.plugged_in = seq_no

    def read(self, reading: Reading) -> tuple[Reading, Reading] | None:
        """Put a reading of the register in its place; returns it with its neighbour if it goes down there.

        What an event says of the time before earlier events proves nothing: the clock may have been set.
        """
        readings = self.readings
        place = bisect_right(readings, reading[0], key=itemgetter(0))
        readings.insert(place, reading)
        neighbours = readings[max(place - 1, 0) : place + 2]
        if len(readings) > MOST_READINGS:
            del readings[: MOST_READINGS // 2]
        for earlier, later in pairwise(neighbours):
            if (
                earlier[1] > later[1] + ROUNDING_WH
                and earlier[2] <= later[2]
                and _is_before(earlier[0], later[0])
            ):
                return earlier, later
        return None

    def neighbours(self, seq_no: int) -> tuple[EventKey | None, EventKey | None]:
        """The events next to a seqNo, of the last that were told online."""
        online = [told for told in self.events if not told[4]]
        before = [told for told in online if told[0] < seq_no]
        after = [told for told in online if told[0] > seq_no]
        return max(before, default=None), min(after, default=None)

    @property
    def frames(self) -> tuple[int, ...]:
        """Its first and its last frame."""
        if self.first_frame == self.last_frame:
            return (self.first_frame,)
        return self.first_frame, self.last_frame

    @property
    def is_complete(self) -> bool:
        """Whether it came from its Started to its Ended, and nothing is missing."""
        return (
            self.ended == self.high
            and not self.gaps
            and self.started is not None
            and self.started[0] == self.low
        )

    @property
    def is_just_ended(self) -> bool:
        """Whether nothing is known of it but its Ended."""
        return self.ended == self.low == self.high

    def missing(self) -> Iterator[tuple[int, int]]:
        """The ranges of seqNos that are missing, up to the Ended."""
        for first, last in sorted(self.gaps):
            if self.ended is None or first < self.ended:
                yield first, last if self.ended is None else min(last, self.ended - 1)

    def close(self) -> None:
        """Keep no more of it than it takes to know it again."""
        self.is_judged = True
        self.events.clear()
        self.readings.clear()


def is_retry(told: EventKey, known: EventKey) -> bool:
    """Tell whether two events are the same, but perhaps for the offline flag."""
    return told[:4] == known[:4]


def _is_before(key: str, other: str) -> bool:
    seconds, others = seconds_of(key), seconds_of(other)
    return seconds is not None and others is not None and seconds < others
