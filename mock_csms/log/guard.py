"""Guard: logs exceptions of activities, such as recording a message, that must not end a connection."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from mock_csms.log.output import logger

QUIET_TIME: Final = 60.0
"""Seconds after an ERROR in which further failures of the same activity and station are only counted."""
MAX_ACTIVITIES: Final = 10_000
"""Maximum number of remembered pairs of station and activity. Above it, the oldest pair is dropped, and the
number of its further failures is logged.
"""


@dataclass(slots=True)
class _Failures:
    quiet_until: float
    count: int = 0


class Guard:
    """Logs at most one ERROR with traceback per minute, activity and station; then logs the number of
    further failures.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, str], _Failures] = {}

    def failed(self, station: str, activity: str, error: Exception) -> None:
        """Log an exception, or only count it during the quiet time of its activity and station.

        ``activity`` is a phrase such as "recording the answer to Heartbeat".
        """
        now, key = self._clock(), (station, activity)
        failures = self._failures.get(key)
        if failures is not None and now < failures.quiet_until:
            failures.count += 1
            return
        if failures is not None:
            self._report(key, failures)
        elif len(self._failures) >= MAX_ACTIVITIES:
            oldest = next(iter(self._failures))
            self._report(oldest, self._failures.pop(oldest))
        self._failures[key] = _Failures(now + QUIET_TIME)
        logger.error("%s  %s failed", station, activity, exc_info=error)

    def guarding(self, station: str, activity: str) -> "Guarded":
        """Return a context manager that logs and suppresses an exception."""
        return Guarded(self, station, activity)

    def tick(self) -> None:
        """Log the number of further failures of each activity whose quiet time is over."""
        now = self._clock()
        for key, failures in list(self._failures.items()):
            if now >= failures.quiet_until:
                self._report(key, failures)
                del self._failures[key]

    def report(self) -> None:
        """Log the number of further failures of all activities, at the end of a run."""
        for key, failures in self._failures.items():
            self._report(key, failures)
        self._failures.clear()

    def _report(self, key: tuple[str, str], failures: _Failures) -> None:
        if failures.count:
            logger.error("%s  %s failed %d more times within a minute", *key, failures.count)


class Guarded:
    """Context manager that logs an exception with a guard and suppresses it."""

    __slots__ = ("_activity", "_guard", "_station")

    def __init__(self, guard: Guard, station: str, activity: str) -> None:
        self._guard = guard
        self._station = station
        self._activity = activity

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if isinstance(error, Exception):
            self._guard.failed(self._station, self._activity, error)
            return True
        return False
