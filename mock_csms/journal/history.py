"""Samples of the counters of the last minutes: rates of messages and connections, and answer times."""

from collections import deque
from collections.abc import Callable
from statistics import median
from time import time
from typing import Final, NamedTuple, Protocol

from mock_csms.journal.statistics import Statistics, Totals

INTERVAL_S: Final = 2.0
"""Seconds between two samples."""
HISTORY_SAMPLES: Final = 300
"""Samples that are kept; they cover ten minutes."""
SAMPLE_EARLY_S: Final = 0.5
"""Maximum seconds by which a sample may be early, because a tick seldom falls on the exact time."""


class AnswerTimes(Protocol):
    """The part of the journal that samples need."""

    @property
    def last_number(self) -> int:
        """Number of the newest entry."""

    def newest_answer_times(self, since: int) -> list[float]:
        """Seconds that the mock took for each of its newest answers after the entry ``since``."""


class Sample(NamedTuple):
    """The numbers of one interval; messages and refused connections are counted per second."""

    time: float
    """End of the interval in seconds since the epoch."""
    received: float
    sent: float
    errors: float
    connected: int
    """Stations connected at the end of the interval."""
    refused: float
    answer_ms: float | None
    """Median of the answer times of stations in milliseconds; None without an answer."""
    mock_ms: float | None
    """Median of the mock's newest answer times in milliseconds; None without an answer."""


class _Counts(NamedTuple):
    at: float
    totals: Totals
    refused: int
    last_entry: int


class History:
    """The samples of the last ten minutes.

    A message costs no extra work: each sample is the difference of counters that other code keeps anyway.
    """

    def __init__(
        self, statistics: Statistics, journal: AnswerTimes, clock: Callable[[], float] = time
    ) -> None:
        self._statistics = statistics
        self._journal = journal
        self._clock = clock
        self._last = self._counts()
        self.samples: deque[Sample] = deque(maxlen=HISTORY_SAMPLES)
        """The samples, the oldest first."""

    def tick(self, connected: int) -> None:
        """Add a sample if the last one is old enough; to be called every second.

        If the wall clock has been set back, drop all samples, because their times have to ascend.
        """
        seconds = self._clock() - self._last.at
        if seconds < 0:
            self.samples.clear()
            self._last = self._counts()
        elif seconds >= INTERVAL_S - SAMPLE_EARLY_S:
            self._add(connected)

    def _add(self, connected: int) -> None:
        before, now = self._last, self._counts()
        seconds = now.at - before.at
        latencies, mock_times = self._statistics.newest_latencies, self._journal.newest_answer_times
        sample = Sample(
            time=round(now.at, 3),
            received=_rate(now.totals.received - before.totals.received, seconds),
            sent=_rate(now.totals.sent - before.totals.sent, seconds),
            errors=_rate(now.totals.errors - before.totals.errors, seconds),
            connected=connected,
            refused=_rate(now.refused - before.refused, seconds),
            answer_ms=_median_ms(latencies),
            mock_ms=_median_ms(mock_times(before.last_entry)),
        )
        latencies.clear()
        self.samples.append(sample)
        self._last = now

    def _counts(self) -> _Counts:
        statistics = self._statistics
        refused = statistics.refused.total()
        return _Counts(self._clock(), statistics.totals, refused, self._journal.last_number)


def _rate(number: int, seconds: float) -> float:
    return round(number / seconds, 2)


def _median_ms(times_s: deque[float] | list[float]) -> float | None:
    return round(median(times_s) * 1000, 3) if times_s else None
