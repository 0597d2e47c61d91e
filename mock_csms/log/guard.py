"""Failures of what must never end a connection: recording, learning, findings and follow-ups."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from mock_csms.log.output import logger

QUIET_TIME: Final = 60.0
"""Seconds after an ERROR in which further failures of the same place and station are only counted."""
MAX_PLACES: Final = 10_000
"""Places and stations that are told apart; then the oldest are forgotten."""


@dataclass(slots=True)
class _Failures:
    quiet_until: float
    count: int = 0


class Guard:
    """Logs one ERROR with its traceback per place and station a minute, then how many more there were."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, str], _Failures] = {}

    def failed(self, station: str, place: str, error: Exception) -> None:
        """Log that something failed; ``place`` says what, as in "recording the answer to Heartbeat"."""
        now, key = self._clock(), (station, place)
        failures = self._failures.get(key)
        if failures is not None and now < failures.quiet_until:
            failures.count += 1
            return
        if failures is not None:
            self._report(key, failures)
        elif len(self._failures) >= MAX_PLACES:
            oldest = next(iter(self._failures))
            self._report(oldest, self._failures.pop(oldest))
        self._failures[key] = _Failures(now + QUIET_TIME)
        logger.error("%s  %s failed", station, place, exc_info=error)

    def guarding(self, station: str, place: str) -> "Guarded":
        """Return a context whose exception is logged and goes no further."""
        return Guarded(self, station, place)

    def tick(self) -> None:
        """Report the counts of places whose quiet time is over."""
        now = self._clock()
        for key, failures in list(self._failures.items()):
            if now >= failures.quiet_until:
                self._report(key, failures)
                del self._failures[key]

    def _report(self, key: tuple[str, str], failures: _Failures) -> None:
        if failures.count:
            logger.error("%s  %s failed %d more times within a minute", *key, failures.count)


class Guarded:
    """A context whose exception is logged by a guard and goes no further."""

    __slots__ = ("_guard", "_place", "_station")

    def __init__(self, guard: Guard, station: str, place: str) -> None:
        self._guard = guard
        self._station = station
        self._place = place

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if isinstance(error, Exception):
            self._guard.failed(self._station, self._place, error)
            return True
        return False
