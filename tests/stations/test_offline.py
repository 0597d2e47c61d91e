"""Outages, in which the server refuses a station: when they end, and the stored connection attempts."""

from http import HTTPStatus

import pytest

from mock_csms.stations import offline
from mock_csms.stations.offline import MAX_ATTEMPTS, Outages, TooManyOutages


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outages(clock: Clock) -> Outages:
    return Outages(clock)


def test_outage_refuses_its_station_only(outages: Outages) -> None:
    outages.begin("CS1", HTTPStatus.SERVICE_UNAVAILABLE, None)
    assert outages.refuse("CS2", "192.0.2.1:1", "main") is None
    assert outages.refuse("CS1", "192.0.2.1:1", "main") is not None


def test_outage_with_seconds_is_over_after_them(outages: Outages, clock: Clock) -> None:
    outage = outages.begin("CS1", "hang", 30)
    clock.now += 29.9
    assert outages.refuse("CS1", "192.0.2.1:1", "main") is outage
    clock.now += 0.2
    assert outages.refuse("CS1", "192.0.2.1:2", "main") is None
    assert outages.of("CS1") is outage
    assert [attempt.remote for attempt in outage.attempts] == ["192.0.2.1:1"]


def test_ended_outage_says_when_it_ended(outages: Outages, clock: Clock) -> None:
    outages.begin("CS1", "reset", None)
    clock.now += 5
    outage = outages.end("CS1")
    assert outage is not None
    assert (outage.since, outage.until) == (1000, 1005)
    assert outages.end("CS1") is None


def test_outage_that_is_over_keeps_its_end(outages: Outages, clock: Clock) -> None:
    outages.begin("CS1", "reset", 2)
    clock.now += 5
    outage = outages.end("CS1")
    assert outage is not None
    assert outage.until == 1002


def test_case_of_an_identity_does_not_matter(outages: Outages) -> None:
    outages.begin("cs1", "hang", None)
    assert outages.refuse("CS1", "192.0.2.1:1", "main") is not None


def test_newest_attempts_are_kept_and_all_are_counted(outages: Outages, clock: Clock) -> None:
    outage = outages.begin("CS1", "hang", None)
    for _ in range(10_000):
        clock.now += 1
        outages.refuse("CS1", "192.0.2.1:1", "main")
    assert (outage.count, len(outage.attempts)) == (10_000, MAX_ATTEMPTS)
    assert (outage.attempts[0].time, outage.attempts[-1].time) == (10_001, 11_000)


def test_attempts_of_all_outages_are_bounded(outages: Outages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline, "MAX_ATTEMPTS_IN_ALL", 4)
    kept = [outages.begin(f"CS{number}", "hang", None) for number in range(2)]
    for _ in range(5):
        for outage in kept:
            outages.refuse(outage.station, "192.0.2.1:1", "main")
    assert [len(outage.attempts) for outage in kept] == [2, 2]
    outages.end("CS0")
    outages.refuse("CS1", "192.0.2.1:1", "main")
    assert len(kept[1].attempts) == 3


def test_outage_past_the_limit_needs_one_that_is_over(
    outages: Outages, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offline, "MAX_OUTAGES", 2)
    outages.begin("CS1", "hang", None)
    outages.begin("CS2", "hang", 10)
    with pytest.raises(TooManyOutages):
        outages.begin("CS3", "hang", None)
    clock.now += 11
    outages.begin("CS3", "hang", None)
    assert list(outages) == ["CS1", "CS3"]
