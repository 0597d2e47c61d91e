"""Past events: the stored entries and findings after a given event, read a few at a time."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from heapq import merge
from operator import attrgetter
from typing import Final

import orjson

from mock_csms.findings.kinds import Finding
from mock_csms.journal.event_ids import EventId
from mock_csms.journal.records import Records
from mock_csms.journal.store import NumberedRow, Query, RowPlace
from mock_csms.journal.stream import ENTRY_EVENT

FINDING_EVENT: Final = b"id: %b\nevent: finding\ndata: %b\n\n"
MISSED_EVENT: Final = b'id: %b\nevent: missed\ndata: {"from":%d,"to":%d}\n\n'

type _Event = tuple[EventId, bytes]


def finding_event(finding: Finding) -> bytes:
    """Format a finding as a server-sent event."""
    return FINDING_EVENT % (str(finding.event).encode(), orjson.dumps(finding.as_json()))


class CatchUp:
    """Reads the events after a given event, oldest first, up to the newest one.

    Entries may be added and dropped while the caller handles an event. Only a few rows of the journal are
    held at a time, so that a slow reader does not keep entries in memory that the journal drops.
    """

    def __init__(self, records: Records, station: str | None, after: EventId) -> None:
        """``station`` is a glob that selects the stations whose events are read."""
        self._records = records
        self._query = Query(station, since=after.number)
        self._place = RowPlace(0, 1)
        self._last = after
        """Every event up to this one has been read."""
        self._last_missed_finding = after

    def __iter__(self) -> Iterator[bytes]:
        """Yield each event as bytes. Also yield ``b""`` before each few rows of the journal, so that a caller
        can pause even if no event matches.
        """
        while self._last < self._records.last_event:
            yield from self._next_part()

    def _next_part(self) -> Iterator[bytes]:
        """Yield the events of the next few rows of the journal, with the findings up to the last row."""
        missed = self._missed()
        rows, self._place = self._records.journal.rows_after(self._place)
        last_entry = EventId(self._place.number - 1)
        is_newest = last_entry.number == self._records.journal.last_number
        last = self._records.last_event if is_newest else last_entry
        findings = self._findings_until(last)
        self._last = max(self._last, last)
        yield missed
        yield from (event for _, event in merge(self._entry_events(rows), self._finding_events(findings)))

    def _missed(self) -> bytes:
        """Return a ``missed`` event if entries or findings were dropped before they were read, else ``b""``.

        It has the id of the last event that was read, so that a client that resumes after this id gets all
        events that are still stored.
        """
        last_read = max(self._place.number - 1, self._query.since or 0)
        last_dropped = self._records.journal.start.number - 1
        last_finding = max(self._last, self._last_missed_finding)
        dropped_finding = self._records.last_dropped_finding
        numbers = []
        if last_dropped > last_read:
            numbers += [last_read + 1, last_dropped]
        if dropped_finding > last_finding:
            numbers += [last_finding.number, dropped_finding.number]
            self._last_missed_finding = dropped_finding
        if not numbers:
            return b""
        return MISSED_EVENT % (str(self._last).encode(), min(numbers), max(numbers))

    def _findings_until(self, last: EventId) -> list[Finding]:
        findings, key = self._records.findings, attrgetter("event")
        first = bisect_right(findings, self._last, key=key)
        return [findings[index] for index in range(first, bisect_right(findings, last, key=key))]

    def _entry_events(self, rows: Iterable[NumberedRow]) -> Iterator[_Event]:
        for number, row in rows:
            for entry in self._query.entries_in(row, number):
                yield EventId(entry.number), ENTRY_EVENT % (entry.number, entry.line() + b"\n")

    def _finding_events(self, findings: Iterable[Finding]) -> Iterator[_Event]:
        for finding in findings:
            if self._query.is_about_station(finding.station):
                yield finding.event, finding_event(finding)
