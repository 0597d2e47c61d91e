"""The client's own copy of the journal, by station, limited in size."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

from mock_csms.client.entries import MAX_DETAILED_CHARACTERS, TranscriptEntry

MAX_KEPT: Final = 20_000
"""Maximum number of entries. Above it, the oldest are dropped, down to three quarters of the maximum."""
MAX_KEPT_BYTES: Final = 64 * 2**20
"""Maximum bytes of the entries as JSON; above it, the oldest entries are dropped likewise."""


class Transcript:
    """Stores the newest journal entries that the client has received, in the order of their numbers."""

    def __init__(
        self,
        start: int = 0,
        max_entries: int = MAX_KEPT,
        max_bytes: int = MAX_KEPT_BYTES,
        *,
        station_url: str = "",
    ) -> None:
        self.station_url = station_url
        """URL of the server to which a station appends its identity; empty if unknown."""
        self.start = start
        """Number of the newest entry when the client connected; all entries here have higher numbers."""
        self.last = start
        """Number of the newest entry that was added or skipped; at first, `start`."""
        self.first_complete = start + 1
        """All entries with numbers from this one to `last` are in the transcript."""
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._by_station: dict[str, list[TranscriptEntry]] = {}
        self._sizes: deque[int] = deque()
        """Bytes of each entry, in the order of their numbers."""
        self._bytes = 0

    def add(self, entry: TranscriptEntry, size: int) -> bool:
        """Add an entry of ``size`` bytes; if its number is not above `last`, ignore it and return False."""
        if entry.number <= self.last:
            return False
        self.last = entry.number
        self._by_station.setdefault(entry.station.lower(), []).append(entry)
        self._sizes.append(size)
        self._bytes += size
        if len(self._sizes) > self._max_entries or self._bytes > self._max_bytes:
            self._drop_oldest()
        return True

    def skip(self, number: int) -> None:
        """Record that the entries after `last` and up to ``number`` are missing."""
        self.last = number
        self.first_complete = number + 1

    def after(self, station: str, number: int) -> Sequence[TranscriptEntry]:
        """List the entries of a station with a number above ``number``."""
        entries = self._by_station.get(station.lower(), [])
        return entries[bisect_right(entries, number, key=_number) :]

    def of(self, station: str) -> Sequence[TranscriptEntry]:
        """List the entries of a station."""
        return self._by_station.get(station.lower(), [])

    def all(self) -> list[TranscriptEntry]:
        """List the entries of all stations in the order of their numbers."""
        return sorted(chain.from_iterable(self._by_station.values()), key=_number)

    @property
    def stations(self) -> list[str]:
        """Identities of the stations, in the spelling of their newest entries."""
        return [entries[-1].station for entries in self._by_station.values() if entries]

    def _drop_oldest(self) -> None:
        entries, count = self.all(), len(self._sizes)
        while len(self._sizes) > self._max_entries * 3 // 4 or self._bytes > self._max_bytes * 3 // 4:
            self._bytes -= self._sizes.popleft()
        dropped, kept = entries[: count - len(self._sizes)], entries[count - len(self._sizes) :]
        self.first_complete = max(self.first_complete, dropped[-1].number + 1)
        self._by_station = _by_station(kept)


def _number(entry: TranscriptEntry) -> int:
    return entry.number


def _by_station(entries: Iterable[TranscriptEntry]) -> dict[str, list[TranscriptEntry]]:
    by_station: dict[str, list[TranscriptEntry]] = {}
    for entry in entries:
        by_station.setdefault(entry.station.lower(), []).append(entry)
    return by_station


def transcript_text(transcript: Transcript, station: str | None, limit: int) -> str:
    """Return the newest ``limit`` entries as text, one line each: <- from the station, -> to it."""
    entries = transcript.all() if station is None else transcript.of(station)
    shown = entries[-limit:]
    left_out = [f"({len(entries) - len(shown)} earlier entries)"] if len(entries) > len(shown) else []
    return "\n".join([*left_out, *entry_lines(shown)])


def entry_lines(entries: Sequence[TranscriptEntry]) -> list[str]:
    """Return entries as lines, with aligned identities and long payloads cut."""
    width = max((len(entry.station) for entry in entries), default=0)
    return [f"{entry.station:{width}} {entry.as_line(MAX_DETAILED_CHARACTERS)}" for entry in entries]
