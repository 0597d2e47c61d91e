"""State of one transaction, built from its TransactionEvents."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from sys import intern
from typing import Any, Final

from mock_csms.messages import JsonObject
from mock_csms.v201.findings.registers import Registers
from mock_csms.v201.findings.transaction_contents import Contents

MAX_GAPS: Final = 100
EVENTS_KEPT: Final = 8
INTERRUPTIONS: Final = frozenset({"ImmediateReset", "PowerLoss", "Reboot"})
"""Values of stoppedReason for which a station may create the Ended event only after it has restarted."""
PLUGGED_IN: Final = frozenset({"EVConnected", "Charging", "SuspendedEV", "SuspendedEVSE"})


type EventKey = tuple[int, str, str, str, bool]
"""Fields kept of a TransactionEvent: seqNo, timestamp, eventType, triggerReason and the offline flag.

A retry repeats all of them except perhaps the offline flag.
"""


type Gap = tuple[int, int, bool]
"""First and last missing seqNo, and whether the station may have dropped the events while offline."""


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
    """Whether the first events of the transaction may have been sent before the server knew the station."""
    is_doubtful: bool
    """Whether an unreadable message may have been an event of the transaction."""
    is_judged: bool = False
    begins_offline: bool = False
    """Whether the first known event of the transaction is flagged as offline."""
    started: EventKey | None = None
    ended: int | None = None
    """seqNo of the Ended event."""
    ended_content: int | None = None
    """Hash of the content of the Ended event."""
    offline_after: int | None = None
    """seqNo of the latest event that is flagged as offline, or of the last event before a disconnection; None
    if there was neither.
    """
    plugged_in: int | None = None
    """Lowest seqNo of an event that shows the cable plugged in."""
    located: int | None = None
    """Lowest seqNo of an event that names the EVSE and the connector."""
    key: str = ""
    """Sortable timestamp of the last event without the offline flag."""
    events: list[EventKey] = field(default_factory=list)
    """Latest events, at most EVENTS_KEPT."""
    gaps: list[Gap] = field(default_factory=list)
    repeated: list[tuple[int, int]] = field(default_factory=list)
    """seqNo and frame number of each event that reuses the seqNo of another event."""
    registers: Registers = field(default_factory=Registers)
    contents: Contents = field(default_factory=Contents)

    def sort_in(self, seq_no: int, *, is_offline: bool) -> bool:
        """Register a seqNo; return False if it is not new."""
        if seq_no > self.high:
            may_be_dropped = is_offline or self.offline_after == self.high
            self._leave_gap(self.high + 1, seq_no - 1, may_be_dropped=may_be_dropped)
            self.high = seq_no
            if seq_no == self.low:
                self.begins_offline = is_offline
            if is_offline:
                self.offline_after = seq_no
            return True
        if seq_no < self.low:
            may_be_dropped = is_offline or self.offline_after is not None
            self._leave_gap(seq_no + 1, self.low - 1, may_be_dropped=may_be_dropped)
            self.low, self.begins_offline = seq_no, is_offline
            return True
        return self._fill(seq_no)

    def _leave_gap(self, first: int, last: int, *, may_be_dropped: bool) -> None:
        if first <= last:
            self.gaps.append((first, last, may_be_dropped))
            del self.gaps[:-MAX_GAPS]

    def _fill(self, seq_no: int) -> bool:
        for index, (first, last, may_be_dropped) in enumerate(self.gaps):
            if first <= seq_no <= last:
                del self.gaps[index]
                self._leave_gap(first, seq_no - 1, may_be_dropped=may_be_dropped)
                self._leave_gap(seq_no + 1, last, may_be_dropped=may_be_dropped)
                return True
        return False

    def keep(self, event: EventKey) -> None:
        """Keep an event, dropping the oldest if necessary."""
        events = self.events
        if len(events) == EVENTS_KEPT:
            del events[0]
        events.append(event)

    def repeat(self, frame: int, event: EventKey) -> bool:
        """Register an event with a known seqNo. Return whether it is certainly not a retry."""
        known = next((other for other in self.events if other[0] == event[0]), None)
        if known is None or is_retry(event, known):
            return False
        self.add_repeated(event[0], frame)
        return True

    def add_repeated(self, seq_no: int, frame: int) -> None:
        """Store an event that reuses the seqNo of another event."""
        self.repeated.append((seq_no, frame))
        del self.repeated[MAX_GAPS:]

    def locate(self, event: JsonObject) -> None:
        """Register whether an event names the connector, and whether it shows that the cable is plugged
        in.
        """
        seq_no = event["seqNo"]
        names_connector = "connectorId" in event.get("evse", ())
        if names_connector and (self.located is None or seq_no < self.located):
            self.located = seq_no
        if self.plugged_in is None or seq_no < self.plugged_in:
            state = event["transactionInfo"].get("chargingState")
            if state in PLUGGED_IN or event["triggerReason"] == "CablePluggedIn":
                self.plugged_in = seq_no

    def neighbours(self, seq_no: int) -> tuple[EventKey | None, EventKey | None]:
        """Return the stored events right before and after a seqNo. Offline events are skipped."""
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
        """Yield the first and last seqNo of each gap that breaks a requirement.

        Gaps after the Ended event are ignored, and so are gaps of Updated events that the station may have
        dropped while offline (E04.FR.07, E11.FR.04, E12.FR.04).
        """
        for first, last, may_be_dropped in sorted(self.gaps):
            if not may_be_dropped and (self.ended is None or first < self.ended):
                yield first, last if self.ended is None else min(last, self.ended - 1)

    def close(self) -> None:
        """Mark as checked. Keep only the data that is needed to recognize later events."""
        self.is_judged = True
        self.events.clear()
        self.registers.clear()


def event_key(event: JsonObject) -> EventKey:
    """Return the fields of a TransactionEvent that are kept."""
    return (
        event["seqNo"],
        event["timestamp"],
        intern(event["eventType"]),
        intern(event["triggerReason"]),
        event.get("offline", False),
    )


def is_retry(event: EventKey, known: EventKey) -> bool:
    """Return whether two events are equal apart from the offline flag."""
    return event[:4] == known[:4]


def content_hash(value: Any) -> int:
    """Hash of a JSON value. A retry has the same hash, even if it spells numbers or orders names
    differently.

    The offline flag and customData, such as a number of attempts, may differ, so they are left out.
    """
    if isinstance(value, dict):
        names = value.keys() - {"customData", "offline"}
        return hash(frozenset((name, content_hash(value[name])) for name in names))
    if isinstance(value, list):
        return hash(tuple(map(content_hash, value)))
    return hash(value)
