"""The client's own copy of the journal."""

from datetime import UTC, datetime

import pytest

from mock_csms.client.entries import TranscriptEntry
from mock_csms.client.transcript import Transcript, transcript_text

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def entry(number: int, station: str = "CS1") -> TranscriptEntry:
    return TranscriptEntry(
        number, NOON, station, "call", "received", "Heartbeat", frame=[2, "1", "Heartbeat", {}]
    )


def transcript(*numbers: int, max_entries: int = 100, max_bytes: int = 1000) -> Transcript:
    filled = Transcript(0, max_entries, max_bytes)
    for number in numbers:
        filled.add(entry(number, f"CS{number % 2}"), 10)
    return filled


def numbers_of(of: Transcript) -> list[int]:
    return [each.number for each in of.all()]


def test_entries_are_found_by_station_in_any_case() -> None:
    filled = transcript(1, 2, 3, 4, 5)

    assert [each.number for each in filled.after("cs1", 1)] == [3, 5]
    assert filled.stations == ["CS1", "CS0"]
    assert numbers_of(filled) == [1, 2, 3, 4, 5]


def test_entry_that_comes_again_is_ignored() -> None:
    filled = transcript(1, 2)

    assert filled.add(entry(2), 10) is False
    assert filled.add(entry(3), 10) is True
    assert filled.last == 3


@pytest.mark.parametrize("limit", [{"max_entries": 4}, {"max_bytes": 40}])
def test_oldest_entries_are_dropped_past_a_limit(limit: dict[str, int]) -> None:
    filled = transcript(1, 2, 3, 4, 5, **limit)

    assert numbers_of(filled) == [3, 4, 5]
    assert filled.first_complete == 3


def test_entry_above_the_limit_is_dropped_alone() -> None:
    filled = transcript(1, max_bytes=5)

    assert numbers_of(filled) == []
    assert (filled.last, filled.first_complete) == (1, 2)


def test_text_has_the_newest_entries() -> None:
    filled = transcript(1, 2, 3)

    assert transcript_text(filled, None, 2) == (
        "(1 earlier entries)\nCS0 #2 12:00:00.000 <- Heartbeat {}\nCS1 #3 12:00:00.000 <- Heartbeat {}"
    )
    assert transcript_text(filled, "CS0", 2) == "CS0 #2 12:00:00.000 <- Heartbeat {}"
