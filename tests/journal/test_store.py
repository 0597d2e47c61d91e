"""The journal: its numbers and bounds, what can be asked of it, and its lines."""

import json
from collections.abc import Iterator
from random import Random
from time import perf_counter
from typing import Any

import pytest

from mock_csms.journal.store import LONGEST_HEAD, Direction, Entry, EntryKind, Journal, Query, format_seconds
from mock_csms.messages import call_result_frame
from tests.support.journal import ANSWER, HEARTBEAT, beat, exchange

SURROGATE = b'[2,"7","Heartbeat",{"a":"\xff"}]'


def only(journal: Journal) -> Entry:
    (entry,) = journal
    return entry


def numbers(entries: Iterator[Entry] | list[Entry]) -> list[int]:
    return [entry.number for entry in entries]


# Numbers and bounds


def test_entries_are_numbered_from_one_without_a_gap() -> None:
    journal = Journal()
    assert [beat(journal) for _ in range(3)] == [1, 2, 3] == numbers(iter(journal))
    assert journal.last_number == 3


def test_numbers_go_on_after_everything_is_forgotten() -> None:
    journal = Journal()
    beat(journal)
    journal.clear()
    assert (len(journal), list(journal), journal.last_number) == (0, [], 1)
    assert beat(journal) == 2
    assert numbers(iter(journal)) == [2]


def test_the_oldest_go_when_there_are_too_many() -> None:
    journal = Journal(max_entries=3)
    for _ in range(5):
        beat(journal)
    assert numbers(iter(journal)) == [3, 4, 5]
    assert numbers(reversed(journal)) == [5, 4, 3]


def test_the_oldest_go_when_they_take_too_much() -> None:
    journal = Journal(max_bytes=30_000)
    for _ in range(4):
        beat(journal, raw=b"x" * 10_000)
    assert numbers(iter(journal)) == [3, 4]
    beat(journal, raw=b"x" * 25_000)
    assert numbers(iter(journal)) == [5]


def test_a_few_more_of_the_oldest_go_than_have_to_but_never_the_newest() -> None:
    journal = Journal(max_entries=640, max_bytes=2**20)
    for _ in range(641):
        beat(journal)
    assert numbers(iter(journal)) == list(range(12, 642))
    longest = 2**20 - 2**14 - LONGEST_HEAD
    for size, is_kept in ((longest, True), (longest + 1, False)):
        number = beat(journal, raw=b"x" * size)
        *_, newest = journal
        assert (newest.number, newest.raw is not None) == (number, is_kept)


@pytest.mark.parametrize("max_entries", [5, 1000])
def test_what_is_kept_is_as_it_was_noted_however_often_the_oldest_went(max_entries: int) -> None:
    journal, sizes, noted_before = Journal(max_entries, max_bytes=8192), Random(1), dict[int, bytes]()
    for _ in range(500):
        raw = sizes.randbytes(sizes.choice([0, 1, 30, 200, 1000, 3000]))
        noted_before[beat(journal, raw=raw)] = raw
        kept = list(journal)
        assert [it.number for it in kept] == list(range(kept[0].number, journal.last_number + 1))
        assert all(it.raw == noted_before[it.number] for it in kept)
        assert sum(len(it.raw or b"") for it in kept) <= 8192
        assert len(kept) <= max_entries


def test_an_entry_comes_back_as_it_was_noted() -> None:
    journal = Journal()
    journal.note("CS1", 4, "sent", "error", "Reset", "7", 3, 0.25, "broken", "a rule", True, "why", b"[]")
    entry = only(journal)
    assert entry == Entry(
        1,
        entry.time,
        "CS1",
        4,
        "sent",
        "error",
        "Reset",
        "7",
        3,
        0.25,
        "broken",
        "a rule",
        True,
        "why",
        b"[]",
    )


def test_a_million_frames_stay_within_both_bounds_and_take_a_few_seconds() -> None:
    journal = Journal()
    note, raw = journal.note, b"x" * 200
    started = perf_counter()
    for _ in range(20):
        for _ in range(50_000):
            note("CS1", 1, "received", "call", "Heartbeat", "7", raw=raw)
        assert len(journal) <= journal.max_entries
        assert len(journal) * len(raw) < journal.size <= journal.max_bytes
    assert perf_counter() - started < 10
    assert journal.last_number == 1_000_000


# A CALL and its answer


def test_a_call_and_its_answer_are_two_entries() -> None:
    journal = Journal()
    number = exchange(journal)
    call, result = journal
    assert call == Entry(number, 1.5, "CS1", 1, "received", "call", "Heartbeat", "7", raw=HEARTBEAT)
    assert result == call._replace(
        number=number + 1,
        time=1.75,
        direction="sent",
        type="result",
        partner=number,
        elapsed=0.25,
        raw=ANSWER,
    )
    assert (len(journal), journal.last_number) == (2, 2)


@pytest.mark.parametrize("message_id", ["7", "", 'a "quote"', "a\\", '",{', "\n", "ü", "7" * 36])
def test_the_message_id_of_an_exchange_is_read_from_its_answer(message_id: str) -> None:
    journal = Journal()
    exchange(journal, message_id=message_id, answer=call_result_frame(message_id, {"status": "Accepted"}))
    assert [entry.message_id for entry in journal] == [message_id, message_id]


def test_exchanges_and_other_entries_go_in_the_order_they_came() -> None:
    journal = Journal(max_entries=5)
    numbered = [exchange(journal), beat(journal), exchange(journal), beat(journal)]
    assert numbered == [1, 3, 4, 6]
    assert numbers(iter(journal)) == [3, 4, 5, 6]
    assert numbers(reversed(journal)) == [6, 5, 4, 3]
    assert len(journal) == 4


@pytest.mark.parametrize("size", [1_000, 30_000, 200_000])
def test_exchanges_stay_within_the_bytes(size: int) -> None:
    journal = Journal(max_bytes=50_000)
    for _ in range(100):
        exchange(journal, raw=b"x" * size, answer=ANSWER)
    assert 0 < journal.size <= journal.max_bytes
    assert len(journal) == len(list(journal)) < 200
    assert sum(len(entry.raw or b"") for entry in journal) <= journal.size


def test_a_query_stops_within_an_exchange() -> None:
    journal = Journal()
    exchange(journal)
    exchange(journal)
    assert numbers(journal.query(Query(since=3))) == [4]
    assert numbers(journal.query(Query(limit=1))) == [4]
    assert numbers(journal.query(Query(action="Reset"))) == []
    assert numbers(journal.query(Query(direction="received"))) == [1, 3]


def test_a_listener_is_told_of_both() -> None:
    journal, told = Journal(), list[Entry]()
    journal.listen(told.append)
    exchange(journal)
    assert told == list(journal)


def test_a_million_calls_stay_within_both_bounds_and_take_a_few_seconds() -> None:
    journal, raw = Journal(), b"x" * 200
    started = perf_counter()
    for _ in range(500_000):
        exchange(journal, raw=raw)
    assert perf_counter() - started < 10
    assert len(journal) <= journal.max_entries
    assert len(journal) * len(raw) / 2 < journal.size <= journal.max_bytes
    assert journal.last_number == 1_000_000


# Queries


@pytest.fixture
def kept() -> Journal:
    """A journal with one entry of each kind that a query can tell apart."""
    journal = Journal()
    journal.note("CS1", 1, None, "connected")
    beat(journal)
    journal.note("CS1", 1, "sent", "result", "Heartbeat", "7", partner=2, raw=b'[3,"7",{}]')
    journal.note("CS2", 2, "sent", "call", "Reset", "8", raw=b'[2,"8","Reset",{}]')
    journal.note("CS2", 2, "received", "error", "Reset", "8", raw=b'[4,"8","InternalError","",{}]')
    beat(journal, "DEPOT")
    return journal


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param(Query(), [1, 2, 3, 4, 5, 6], id="everything"),
        pytest.param(Query(station="CS2"), [4, 5], id="station"),
        pytest.param(Query(station="CS?"), [1, 2, 3, 4, 5], id="glob"),
        pytest.param(Query(station="cs1"), [], id="case of the station"),
        pytest.param(Query(action="Heartbeat"), [2, 3, 6], id="action"),
        pytest.param(Query(direction="sent"), [3, 4], id="direction"),
        pytest.param(Query(type="connected"), [1], id="type"),
        pytest.param(Query(since=4), [5, 6], id="since"),
        pytest.param(Query(since=6), [], id="since the last"),
        pytest.param(Query(since=99), [], id="since what is yet to come"),
        pytest.param(Query(limit=2), [5, 6], id="limit"),
        pytest.param(Query(since=1, limit=2), [5, 6], id="since and limit"),
        pytest.param(Query(station="CS1", action="Heartbeat", type="call"), [2], id="all at once"),
    ],
)
def test_a_query_finds_the_newest_and_the_oldest_of_them_first(
    kept: Journal, query: Query, found: list[int]
) -> None:
    assert numbers(kept.query(query)) == found


def test_a_listener_is_told_of_every_entry_until_it_stops() -> None:
    journal, told = Journal(), list[int]()
    beat(journal)
    stop = journal.listen(lambda entry: told.append(entry.number))
    beat(journal)
    beat(journal)
    stop()
    beat(journal)
    stop()
    assert told == [2, 3]


# Lines


def noted(kind: EntryKind = "call", raw: bytes | None = HEARTBEAT, **more: Any) -> Entry:
    """An entry as a journal makes it."""
    journal, direction = Journal(), more.pop("direction", "received")
    journal.note("CS1", 4, direction, kind, more.pop("action", "Heartbeat"), raw=raw, **more)
    return only(journal)


def test_a_line_has_what_is_known_and_leaves_out_what_is_not() -> None:
    entry = Entry(8, 1.5, "CS1", 4, "sent", "result", "Reset", "7", 6, 0.25, None, "r", True, "why", None)
    assert json.loads(entry.line()) == {
        "number": 8,
        "time": "1970-01-01T00:00:01.500Z",
        "station": "CS1",
        "connection": 4,
        "direction": "sent",
        "type": "result",
        "action": "Reset",
        "messageId": "7",
        "partner": 6,
        "elapsed": 0.25,
        "rule": "r",
        "injected": True,
        "note": "why",
    }


def test_a_frame_stands_in_its_line_as_it_was() -> None:
    assert noted().line().endswith(b',"frame":' + HEARTBEAT + b"}")


LINES = [
    pytest.param("call", HEARTBEAT, "frame", id="a frame"),
    pytest.param("malformed", b"[nonsense", "text", id="no JSON"),
    pytest.param("malformed", b"", "text", id="an empty frame"),
    pytest.param("malformed", b'{"an":"object"}', "text", id="JSON but no message"),
    pytest.param("call", b'[2,\n"7","Heartbeat",\r\n{}]', None, id="newlines between tokens"),
    pytest.param("malformed", b"\xff\xfe\n", "text", id="no UTF-8"),
    pytest.param("malformed", b"\x00\x1f\x7f\xe2\x80\xa8", "text", id="control characters"),
    pytest.param("connected", None, None, id="no frame"),
]


@pytest.mark.parametrize(("kind", "raw", "place"), LINES)
def test_a_line_is_one_line_of_valid_json_whatever_the_frame_is(
    kind: EntryKind, raw: bytes | None, place: str | None
) -> None:
    line = noted(kind, raw, message_id="7").line()
    said = json.loads(line)
    assert not {b"\n", b"\r"} & {line[at : at + 1] for at in range(len(line))}
    assert place is None or place in said


def test_bytes_that_are_no_utf8_are_shown_as_such() -> None:
    assert json.loads(noted("malformed", SURROGATE).line())["text"].endswith('{"a":"\\xff"}]')


def test_as_json_has_the_frame_as_an_object() -> None:
    assert noted().as_json()["frame"] == [2, "7", "Heartbeat", {}]


@pytest.mark.parametrize("raw", [b"[nonsense", b"\xff", b""])
def test_as_json_has_a_frame_that_is_no_json_as_text(raw: bytes) -> None:
    said = noted("malformed", raw).as_json()
    assert said["text"] == raw.decode(errors="backslashreplace")
    assert "frame" not in said


def test_a_frame_that_is_nested_a_thousand_deep_can_be_told() -> None:
    raw = b'[2,"7","Heartbeat",' + b'{"a":' * 1000 + b"1" + b"}" * 1000 + b"]"
    said = noted(raw=raw).as_json()
    assert ("frame" in said) != ("text" in said)
    assert json.dumps(said)


def test_a_moment_is_written_with_milliseconds() -> None:
    assert [format_seconds(it) for it in (0.0, 0.25, 59.999, 86400.0)] == [
        "1970-01-01T00:00:00.000Z",
        "1970-01-01T00:00:00.250Z",
        "1970-01-01T00:00:59.999Z",
        "1970-01-02T00:00:00.000Z",
    ]


def test_an_entry_has_a_direction_only_where_there_is_one() -> None:
    directions: tuple[Direction | None, ...] = ("received", "sent", None)
    said = [noted(direction=it).as_json().get("direction") for it in directions]
    assert said == ["received", "sent", None]
