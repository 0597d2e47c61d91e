"""Stations for which the central system is offline: their connections are refused and counted."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from time import time
from typing import Final, Literal, NamedTuple

from mock_csms.stations.spellings import spelling_key

MAX_OUTAGES: Final = 1_000
MAX_ATTEMPTS: Final = 1_000
"""Maximum stored attempts of one outage; above it, the oldest are dropped."""
MAX_ATTEMPTS_IN_ALL: Final = 100_000
"""Maximum stored attempts of all outages; above it, an outage drops its oldest attempt for each new one."""

type RefusalKind = HTTPStatus | Literal["hang", "reset"]
"""An HTTP status to refuse connections with, "hang" for no answer, or "reset" for a TCP reset."""


class TooManyOutages(Exception):
    """There are already MAX_OUTAGES outages, and none is over."""


class CountedAttempt(NamedTuple):
    """A connection that was refused; ``time`` is in seconds since the epoch."""

    time: float
    remote: str
    listener: str


@dataclass(slots=True)
class Outage:
    """A period in which a station cannot connect; times are in seconds since the epoch."""

    station: str
    refusal: RefusalKind
    since: float
    until: float | None
    """End of the outage; None if it lasts until `Outages.end` is called."""
    attempts: deque[CountedAttempt] = field(default_factory=deque)
    """The latest refused connections."""
    count: int = 0
    """Number of all refused connections."""

    def is_over(self, now: float) -> bool:
        """Whether the station may connect again."""
        return self.until is not None and now >= self.until

    def __str__(self) -> str:
        how = self.refusal.value if isinstance(self.refusal, HTTPStatus) else self.refusal
        return f"the central system is offline for this station ({how})"


class Outages:
    """The outages by station. An outage that is over is kept with its attempts until it is removed."""

    def __init__(self, clock: Callable[[], float] = time) -> None:
        self._clock = clock
        self._outages: dict[str, Outage] = {}
        self._kept_attempts = 0

    def __iter__(self) -> Iterator[str]:
        return (outage.station for outage in self._outages.values())

    def begin(self, station: str, refusal: RefusalKind, seconds: float | None) -> Outage:
        """Refuse a station for ``seconds``, or until `end` is called (None). This replaces an earlier outage.

        Raises TooManyOutages.
        """
        self.end(station)
        if len(self._outages) >= MAX_OUTAGES:
            self._drop_oldest_over()
        now = self._clock()
        outage = Outage(station, refusal, now, None if seconds is None else now + seconds)
        self._outages[spelling_key(station)] = outage
        return outage

    def end(self, station: str) -> Outage | None:
        """Remove and return the outage of a station; the station may connect again."""
        outage = self._outages.pop(spelling_key(station), None)
        if outage is None:
            return None
        self._kept_attempts -= len(outage.attempts)
        now = self._clock()
        if not outage.is_over(now):
            outage.until = now
        return outage

    def clear(self) -> None:
        """Remove all outages."""
        self._outages.clear()
        self._kept_attempts = 0

    def of(self, station: str) -> Outage | None:
        """Outage of a station, even if it is over."""
        # Without an outage, the usual case, listing thousands of stations computes no keys.
        return self._outages.get(spelling_key(station)) if self._outages else None

    def is_active(self, outage: Outage) -> bool:
        """Whether an outage still refuses the station."""
        return not outage.is_over(self._clock())

    def refuse(self, station: str, remote: str, listener: str) -> Outage | None:
        """Record a connection attempt in the active outage of a station. Return the outage, if any."""
        if not self._outages or (outage := self.of(station)) is None:
            return None
        now = self._clock()
        if outage.is_over(now):
            return None
        is_full = self._kept_attempts >= MAX_ATTEMPTS_IN_ALL and outage.attempts
        if is_full or len(outage.attempts) >= MAX_ATTEMPTS:
            outage.attempts.popleft()
            self._kept_attempts -= 1
        outage.attempts.append(CountedAttempt(now, remote, listener))
        outage.count += 1
        self._kept_attempts += 1
        return outage

    def _drop_oldest_over(self) -> None:
        now = self._clock()
        for outage in self._outages.values():
            if outage.is_over(now):
                self.end(outage.station)
                return
        raise TooManyOutages
