"""Samples of the counters in the last minutes."""

from typing import Any

import pytest

from mock_csms.journal.history import HISTORY_SAMPLES, History
from mock_csms.journal.statistics import MAX_NEWEST_LATENCIES, Statistics
from mock_csms.journal.store import ROWS_PER_PART, Journal
from tests.support.journal import beat, exchange


class Clock:
    """A wall clock that a test sets by hand."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Recorded:
    """A history with its counters, its journal and its clock."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.statistics = Statistics()
        self.journal = Journal()
        self.history = History(self.statistics, self.journal, self.clock)

    def tick_after(self, seconds: float, connected: int = 0) -> None:
        self.clock.now += seconds
        self.history.tick(connected)

    def newest(self, *names: str) -> tuple[Any, ...]:
        """Values of these fields of the newest sample."""
        return tuple(getattr(self.history.samples[-1], name) for name in names)


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


def test_sample_is_taken_every_two_seconds(recorded: Recorded) -> None:
    for _ in range(7):
        recorded.tick_after(1.01, connected=3)
    assert [sample.connected for sample in recorded.history.samples] == [3, 3, 3]


def test_rates_are_per_second_since_the_last_sample(recorded: Recorded) -> None:
    recorded.statistics.answered["Heartbeat"] += 10
    recorded.tick_after(2)
    recorded.statistics.answered["Heartbeat"] += 6
    recorded.statistics.frames["received", "call"] += 2
    recorded.statistics.frames["sent", "error"] += 2
    recorded.statistics.frames["received", "malformed"] += 2
    recorded.statistics.refused["tls"] += 1
    recorded.tick_after(4)
    assert recorded.newest("received", "sent", "errors", "refused") == (2.5, 2.0, 1.0, 0.25)


def test_answer_time_is_the_median_since_the_last_sample(recorded: Recorded) -> None:
    for elapsed in (0.1, 0.3, 0.2):
        recorded.statistics.command_answered("Reset", "result", elapsed)
    recorded.tick_after(2)
    assert recorded.newest("answer_ms") == (200.0,)
    recorded.tick_after(2)
    assert recorded.newest("answer_ms") == (None,)


def test_answer_times_of_a_sample_are_bounded(recorded: Recorded) -> None:
    for _ in range(MAX_NEWEST_LATENCIES + 10):
        recorded.statistics.command_answered("Reset", "result", 0.1)
    assert len(recorded.statistics.newest_latencies) == MAX_NEWEST_LATENCIES


def test_time_of_the_mock_is_that_of_its_newest_exchanges(recorded: Recorded) -> None:
    exchange(recorded.journal)
    beat(recorded.journal)
    recorded.tick_after(2)
    assert recorded.newest("mock_ms") == (250.0,)
    recorded.tick_after(2)
    assert recorded.newest("mock_ms") == (None,)


def test_of_many_exchanges_the_newest_are_timed() -> None:
    journal = Journal()
    for _ in range(ROWS_PER_PART + 10):
        exchange(journal)
    assert len(journal.newest_answer_times(0)) == ROWS_PER_PART
    assert len(journal.newest_answer_times(journal.last_number - 4)) == 2
    assert journal.newest_answer_times(journal.last_number) == []


def test_history_covers_ten_minutes(recorded: Recorded) -> None:
    for _ in range(HISTORY_SAMPLES + 5):
        recorded.tick_after(2)
    times = [sample.time for sample in recorded.history.samples]
    assert (len(times), times[-1] - times[0]) == (300, 598)


def test_history_begins_again_when_the_clock_is_set_back(recorded: Recorded) -> None:
    recorded.tick_after(2)
    recorded.statistics.answered["Heartbeat"] += 10
    recorded.tick_after(-3600)
    assert not recorded.history.samples
    recorded.tick_after(2)
    assert recorded.newest("received") == (0.0,)
