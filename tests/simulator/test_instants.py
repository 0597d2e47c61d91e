"""Times in OCPP messages, as a simulated station reads and compares them."""

from datetime import UTC, datetime

import pytest

from mock_csms.messages import CallRejected
from mock_csms.simulator.instants import has_passed, moment, parse_instant

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-01-01T00:00:00", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00"])
def test_time_is_read_as_utc(text: str) -> None:
    assert moment(text) == START


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01T00:00:00Z"])
def test_invalid_time_is_rejected_and_never_passes(text: str) -> None:
    with pytest.raises(CallRejected):
        parse_instant(text)
    assert not has_passed(text, START)


@pytest.mark.parametrize(
    ("text", "is_past"), [("0001-01-01T00:00:00+23:59", True), ("9999-12-31T23:59:59-23:59", False)]
)
def test_time_at_the_end_of_the_calendar_is_compared(text: str, is_past: bool) -> None:
    assert has_passed(text, START) == is_past
    assert parse_instant(text).timestamp()


def test_time_has_passed_after_its_moment() -> None:
    assert has_passed("2025-12-31T23:59:59Z", START)
    assert not has_passed("2026-01-01T00:00:00Z", START)
    assert not has_passed(None, START)
