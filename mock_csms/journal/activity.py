"""The newest activity of each station, by which a list of stations can omit the unchanged ones."""

from collections import Counter
from collections.abc import Set
from typing import Protocol

from mock_csms.findings.kinds import Finding, Severity


class Numbering(Protocol):
    """The numbers of journal entries."""

    @property
    def last_number(self) -> int:
        """Number of the newest entry."""


class Activity:
    """The newest entry about a station, its last message, and the number of its findings."""

    __slots__ = ("findings", "last_entry", "last_message")

    def __init__(self, last_entry: int) -> None:
        self.last_entry = last_entry
        """Number of the newest entry about the station. After a change without an entry, the number of the
        next entry.
        """
        self.last_message: float | None = None
        """Time of the last frame from the station in seconds since the epoch; None before the first."""
        self.findings: Counter[Severity] = Counter()
        """Findings by severity, including those that are no longer stored."""


class Activities:
    """The activities of all known stations.

    The recorders of connections update them with each entry. A change without an entry, such as a changed
    price, is dated to the next entry: a client that has seen all entries so far has not seen the change.
    """

    def __init__(self, journal: Numbering) -> None:
        self._journal = journal
        self._by_station: dict[str, Activity] = {}
        self.found_by_severity: Counter[Severity] = Counter()
        """Findings about all stations since the start."""
        self._all_changed = 0
        """Number of the entry to which the last change of all stations is dated."""

    def of(self, station: str) -> Activity:
        """Return the activity of a known station, created at its first use."""
        activity = self._by_station.get(station)
        if activity is None:
            activity = self._by_station[station] = Activity(self._next_number)
        return activity

    def noted(self, station: str, number: int) -> None:
        """Set the newest entry about a known station to one that no connection recorded, such as a note."""
        if activity := self._by_station.get(station):
            activity.last_entry = number

    def found(self, finding: Finding) -> None:
        """Count a finding."""
        self.found_by_severity[finding.severity] += 1
        if activity := self._by_station.get(finding.station):
            activity.findings[finding.severity] += 1
            activity.last_entry = self._next_number

    def changed(self, station: str | None = None) -> None:
        """Mark a station, or all (None), as changed although no journal entry records the change."""
        if station is None:
            self._all_changed = self._next_number
        else:
            self.noted(station, self._next_number)

    def has_changed(self, station: str, since: int) -> bool:
        """Return whether a station may have changed after the entry with this number."""
        activity = self._by_station.get(station)
        return self._all_changed > since or (activity is not None and activity.last_entry > since)

    def forget(self, station: str) -> None:
        """Drop the activity of a station that is no longer known."""
        self._by_station.pop(station, None)

    def clear(self, stations: Set[str] | None = None) -> None:
        """Reset the time of the last message and the findings of some stations, or of all (None)."""
        for station in list(self._by_station) if stations is None else stations & self._by_station.keys():
            activity = self._by_station[station]
            activity.last_message = None
            activity.findings.clear()
            activity.last_entry = self._next_number

    @property
    def _next_number(self) -> int:
        return self._journal.last_number + 1
