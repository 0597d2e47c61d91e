"""Keeps track of the messages that a case has used, because each counts for one step only."""

from typing import Any

from mock_csms.client import Pattern, TranscriptEntry


class Cursor:
    """The messages that a case has used, and the newest entry that it has seen."""

    def __init__(self, start: int) -> None:
        self.start = start
        """Number of the journal entry after which the case begins."""
        self.newest = start
        """Highest number of an entry that the case has used."""
        self.boot = start
        """Number of the latest BootNotification that the case has used, or of the entry before the case."""
        self.reported: dict[tuple[int, int], str] = {}
        """Status of each connector, ``(evse, connector)``, in its latest report that the case has used."""
        self._used: set[int] = set()

    def note(self, entry: TranscriptEntry | None) -> None:
        """Mark an entry as used by the case; None is ignored."""
        if entry is not None:
            self._used.add(entry.number)
            self.newest = max(self.newest, entry.number)
            if entry.action == "BootNotification":
                self.boot = max(self.boot, entry.number)

    def is_used(self, entry: TranscriptEntry) -> bool:
        """Whether the case has used an entry."""
        return entry.number in self._used


class UnusedPattern(Pattern):
    """Pattern of a message that no step has used."""

    def __init__(self, cursor: Cursor, pattern: Pattern) -> None:
        super().__init__(pattern.actions, pattern.fields)
        self._cursor = cursor

    def concerns(self, entry: TranscriptEntry) -> bool:
        """Whether an entry is an unused message with an action of the pattern, whatever its fields are."""
        return not self._cursor.is_used(entry) and super().concerns(entry)


class UsedPattern(Pattern):
    """Pattern of a message that a step has used."""

    def __init__(self, cursor: Cursor, action: Any) -> None:
        super().__init__(action)
        self._cursor = cursor

    def holds(self, entry: TranscriptEntry) -> bool:
        """Whether a step has used an entry."""
        return self._cursor.is_used(entry)
