"""Refused opening handshakes. Each gets a log line, a journal entry and a count, within limits."""

from collections.abc import Callable
from time import monotonic
from typing import Final

from mock_csms.journal.records import Records
from mock_csms.log.output import logger
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict

BURST_OF_LINES: Final = 20
"""Number of log lines about refused connections that are allowed at once; after that, one a second."""
BURST_OF_ENTRIES: Final = 1000
"""Number of journal entries about refused connections that are allowed at once; after that, 20 a second."""
ENTRIES_PER_SECOND: Final = 20.0
MAX_SOURCES: Final = 1000
"""Maximum number of sources whose refused tries to connect are counted: stations, and pairs of address and
path. Above it, the oldest are dropped.
"""


class _Tries(BoundedDict[str, tuple[int, float]]):
    """Number of refused tries and time of the last one, by station; by address and path if it is unknown."""

    limit = MAX_SOURCES


class Throttle:
    """Allows ``burst`` events at once and ``per_second`` after that; counts the events it does not allow."""

    def __init__(self, burst: int, per_second: float, clock: Callable[[], float]) -> None:
        self.skipped = 0
        """Number of events that were not allowed since the last call of `take_skipped`."""
        self._burst = burst
        self._per_second = per_second
        self._clock = clock
        self._left = float(burst)
        self._at = clock()

    def allows(self) -> bool:
        """Count an event; return whether it is within the limits."""
        is_allowed = self._take()
        self.skipped += not is_allowed
        return is_allowed

    def allows_summary(self) -> bool:
        """Return whether a summary of skipped events is due and within the limits; if so, count it."""
        return self.skipped > 0 and self._take()

    def _take(self) -> bool:
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def take_skipped(self) -> int:
        """Return the number of events that were not allowed, and count from zero again."""
        skipped, self.skipped = self.skipped, 0
        return skipped


class Refusals:
    """Records refused opening handshakes.

    Any client can cause any number of refusals, so log lines and journal entries about them are limited.
    Refusals by a rule are part of a test; all of them are recorded.
    """

    def __init__(self, records: Records, clock: Callable[[], float] = monotonic) -> None:
        self._records = records
        self._clock = clock
        self._lines = Throttle(BURST_OF_LINES, 1.0, clock)
        self._entries = Throttle(BURST_OF_ENTRIES, ENTRIES_PER_SECOND, clock)
        self._tries = _Tries()

    def add(
        self,
        kind: str,
        station: str,
        peer: tuple[str, int] | None,
        reason: str,
        handshake: JsonObject | None = None,
    ) -> None:
        """Record a refused handshake, counted under ``kind``; ``station`` is empty if it is unknown."""
        address = address_in_words(peer)
        tries = self.count_try(station or _source(peer, handshake))
        self._records.statistics.refused[kind] += 1
        if self._lines.allows():
            subject = f"{station}  refused" if station else "refused a connection"
            logger.warning("%s from %s: %s%s%s", subject, address, reason, tries, self._unseen())
        if self._entries.allows():
            note = f"from {address}: {reason}{self._unrecorded()}"
            self._records.refused(station, note, handshake=handshake)

    def add_offline(self, station: str, address: str, reason: str, handshake: JsonObject) -> None:
        """Record a handshake that is refused because the server is offline for the station."""
        tries = self.count_try(station)
        self._records.statistics.refused["offline"] += 1
        if self._lines.allows():
            logger.info("%s  refused from %s: %s%s%s", station, address, reason, tries, self._unseen())
        if self._entries.allows():
            note = f"from {address}: {reason}{self._unrecorded()}"
            self._records.refused(station, note, handshake=handshake, injected=True)

    def add_injected(self, station: str, reason: str, rule: str, handshake: JsonObject) -> None:
        """Record a handshake that a rule refuses."""
        self._records.statistics.refused["rule"] += 1
        self._records.refused(station, reason, rule, handshake)

    def count_try(self, source: str) -> str:
        """Count a refused try to connect.

        Return its number and the time since the previous try as text; empty for the first try of a source.
        """
        now = self._clock()
        count, last = self._tries.pop(source, (0, now))
        self._tries[source] = count + 1, now
        return f" (try {count + 1}, {now - last:.1f} s after the previous try)" if count else ""

    def forget(self, station: str) -> None:
        """Reset the count of a station's tries, because it has connected."""
        self._tries.pop(station, None)

    def tick(self) -> None:
        """Log the number of skipped log lines as soon as the limits allow it."""
        if self._lines.allows_summary():
            self._log_unseen()

    def end(self) -> None:
        """Log the number of skipped log lines at the end of a run."""
        if self._lines.skipped:
            self._log_unseen()

    def _log_unseen(self) -> None:
        skipped = self._lines.take_skipped()
        logger.warning("%d further refused connections are not shown", skipped)

    def _unseen(self) -> str:
        skipped = self._lines.take_skipped()
        return f"; {skipped} more refusals are not shown" if skipped else ""

    def _unrecorded(self) -> str:
        skipped = self._entries.take_skipped()
        return f"; {skipped} further refusals are not recorded" if skipped else ""


def _source(peer: tuple[str, int] | None, handshake: JsonObject | None) -> str:
    """Host and path of a handshake without a valid identity. Several stations may share the host."""
    host = peer[0] if peer else ""
    return f"{host} {handshake['path']}" if handshake and "path" in handshake else host


def address_in_words(peer: tuple[str, int] | None) -> str:
    """Host and port of a station, for the log."""
    return f"{peer[0]}:{peer[1]}" if peer else "an unknown address"
