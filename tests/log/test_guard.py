"""Guard: for each activity and station, it logs one traceback a minute and counts further failures."""

import logging

import pytest

from mock_csms.log import guard as guards
from mock_csms.log.guard import QUIET_TIME, Guard

pytestmark = pytest.mark.guarded_failures


class Clock:
    """Clock moved by the tests."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guard(clock: Clock) -> Guard:
    return Guard(clock)


def fail(guard: Guard, times: int = 1, *, station: str = "CS1", activity: str = "recording") -> None:
    for _ in range(times):
        with guard.guarding(station, activity):
            raise RuntimeError("broken")


def test_first_failure_is_logged_with_its_traceback(guard: Guard, caplog: pytest.LogCaptureFixture) -> None:
    fail(guard)

    [record] = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "CS1  recording failed")
    assert record.exc_info
    assert isinstance(record.exc_info[1], RuntimeError)
    assert record.exc_info[2] is not None


def test_further_failures_within_a_minute_are_not_logged(
    guard: Guard, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    fail(guard)
    clock.now += QUIET_TIME - 1
    fail(guard, 100)
    guard.tick()

    assert len(caplog.messages) == 1


def test_tick_after_the_minute_reports_the_count(
    guard: Guard, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    fail(guard, 4)
    clock.now += QUIET_TIME
    guard.tick()
    guard.tick()

    assert caplog.messages == ["CS1  recording failed", "CS1  recording failed 3 more times within a minute"]
    assert not caplog.records[1].exc_info


def test_next_failure_after_the_minute_reports_the_count_and_its_own_traceback(
    guard: Guard, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    fail(guard, 4)
    clock.now += QUIET_TIME
    fail(guard, 2)

    assert caplog.messages == [
        "CS1  recording failed",
        "CS1  recording failed 3 more times within a minute",
        "CS1  recording failed",
    ]
    assert caplog.records[2].exc_info


def test_single_failure_is_not_counted_later(
    guard: Guard, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    fail(guard)
    clock.now += QUIET_TIME
    guard.tick()

    assert caplog.messages == ["CS1  recording failed"]


def test_activities_and_stations_are_reported_separately(
    guard: Guard, caplog: pytest.LogCaptureFixture
) -> None:
    fail(guard, 2)
    fail(guard, 2, station="CS2")
    fail(guard, 2, activity="learning")

    assert caplog.messages == ["CS1  recording failed", "CS2  recording failed", "CS1  learning failed"]


def test_oldest_activity_is_dropped_past_the_limit(
    guard: Guard, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guards, "MAX_ACTIVITIES", 3)
    for number in range(5):
        fail(guard, station=f"CS{number}")
    caplog.clear()
    for number in (4, 3, 2, 0):
        fail(guard, station=f"CS{number}")

    assert len(guard._failures) == 3
    assert caplog.messages == ["CS2  recording failed 1 more times within a minute", "CS0  recording failed"]


def test_count_of_a_dropped_activity_is_reported(
    guard: Guard, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guards, "MAX_ACTIVITIES", 1)
    fail(guard, 3, station="CS1")
    fail(guard, station="CS2")

    assert caplog.messages == [
        "CS1  recording failed",
        "CS1  recording failed 2 more times within a minute",
        "CS2  recording failed",
    ]


def test_success_is_not_logged(guard: Guard, caplog: pytest.LogCaptureFixture) -> None:
    with guard.guarding("CS1", "recording"):
        pass

    assert not caplog.messages


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_only_exceptions_are_caught(
    guard: Guard, error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(error), guard.guarding("CS1", "recording"):
        raise error
    assert not caplog.messages
