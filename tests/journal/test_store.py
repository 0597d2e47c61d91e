"""Journal in memory: numbering, limits, queries and lines."""

import json
from collections.abc import Iterator
from random import Random
from time import perf_counter
from typing import Any

import pytest

from mock_csms.journal.store import (
    MAX_HEAD_BYTES,
    Direction,
    Entry,
    EntryKind,
    Journal,
    Query,
    format_seconds,
)
from mock_csms.messages import call_result_frame
from tests.support.journal import ANSWER, HEARTBEAT, beat, exchange

SURROGATE = b'[2,"7","Heartbeat",{"a":"\xff"}]'


def single_entry(journal: Journal) -> Entry:
    (entry,) = journal
    return entry


def numbers_of(entries: Iterator[Entry] | list[Entry]) -> list[int]:
    return [entry.number for entry in entries]


# Numbering and limits


def test_entries_are_numbered_from_one_without_gaps() -> None:
    journal = Journal()
    assert [beat(journal) for _ in range(3)] == [1, 2, 3] == numbers_of(iter(journal))
    assert journal.last_number == 3


def test_numbering_continues_after_clear() -> None:
    journal = Journal()
    beat(journal)
    journal.clear()
    assert (len(journal), list(journal), journal.last_number) == (0, [], 1)
    assert beat(journal) == 2
    assert numbers_of(iter(journal)) == [2]


def test_oldest_are_dropped_past_max_entries() -> None:
    journal = Journal(max_entries=3)
    for _ in range(5):
        beat(journal)
    assert numbers_of(iter(journal)) == [3, 4, 5]
    assert numbers_of(reversed(journal)) == [5, 4, 3]


def test_oldest_are_dropped_past_max_bytes() -> None:
    journal = Journal(max_bytes=30_000)
    for _ in range(4):
        beat(journal, raw=b"x" * 10_000)
    assert numbers_of(iter(journal)) == [3, 4]
    beat(journal, raw=b"x" * 25_000)
    assert numbers_of(iter(journal)) == [5]


def test_dropping_leaves_headroom_and_keeps_the_newest() -> None:
    journal = Journal(max_entries=640, max_bytes=2**20)
    for _ in range(641):
        beat(journal)
    assert numbers_of(iter(journal)) == list(range(12, 642))
    longest = 2**20 - 2**14 - MAX_HEAD_BYTES
    for size, is_stored in ((longest, True), (longest + 1, False)):
        number = beat(journal, raw=b"x" * size)
        *_, newest = journal
        assert (newest.number, newest.raw is not None) == (number, is_stored)


@pytest.mark.parametrize("max_entries", [5, 1000])
def test_stored_entries_are_unchanged_after_drops(max_entries: int) -> None:
    journal, sizes, frames = Journal(max_entries, max_bytes=8192), Random(1), dict[int, bytes]()
    for _ in range(500):
        raw = sizes.randbytes(sizes.choice([0, 1, 30, 200, 1000, 3000]))
        frames[beat(journal, raw=raw)] = raw
        stored = list(journal)
        assert [entry.number for entry in stored] == list(range(stored[0].number, journal.last_number + 1))
        assert all(entry.raw == frames[entry.number] for entry in stored)
        assert sum(len(entry.raw or b"") for entry in stored) <= 8192
        assert len(stored) <= max_entries


def test_entry_is_returned_with_all_fields() -> None:
    journal = Journal()
    facts = {"path": "/CS1"}
    journal.note(
        "CS1", 4, "sent", "error", "Reset", "7", 3, 0.25, "broken", "a rule", True, "why", b"[]", facts
    )
    entry = single_entry(journal)
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
        facts,
        b"[]",
    )


def test_million_frames_stay_within_limits_in_seconds() -> None:
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


def test_exchange_is_two_entries() -> None:
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
def test_exchange_message_id_is_read_from_the_answer(message_id: str) -> None:
    journal = Journal()
    exchange(journal, message_id=message_id, answer=call_result_frame(message_id, {"status": "Accepted"}))
    assert [entry.message_id for entry in journal] == [message_id, message_id]


def test_exchanges_and_entries_keep_their_order() -> None:
    journal = Journal(max_entries=5)
    numbered = [exchange(journal), beat(journal), exchange(journal), beat(journal)]
    assert numbered == [1, 3, 4, 6]
    assert numbers_of(iter(journal)) == [3, 4, 5, 6]
    assert numbers_of(reversed(journal)) == [6, 5, 4, 3]
    assert len(journal) == 4


@pytest.mark.parametrize("size", [1_000, 30_000, 200_000])
def test_exchanges_stay_within_max_bytes(size: int) -> None:
    journal = Journal(max_bytes=50_000)
    for _ in range(100):
        exchange(journal, raw=b"x" * size, answer=ANSWER)
    assert 0 < journal.size <= journal.max_bytes
    assert len(journal) == len(list(journal)) < 200
    assert sum(len(entry.raw or b"") for entry in journal) <= journal.size


def test_query_may_match_half_of_an_exchange() -> None:
    journal = Journal()
    exchange(journal)
    exchange(journal)
    assert numbers_of(journal.query(Query(since=3))) == [4]
    assert numbers_of(journal.query(Query(limit=1))) == [4]
    assert numbers_of(journal.query(Query(action="Reset"))) == []
    assert numbers_of(journal.query(Query(direction="received"))) == [1, 3]


def test_listener_receives_both_entries_of_an_exchange() -> None:
    journal, received = Journal(), list[Entry]()
    journal.listen(received.append)
    exchange(journal)
    assert received == list(journal)


def test_half_a_million_exchanges_stay_within_limits_in_seconds() -> None:
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
def stored() -> Journal:
    """Journal with entries that differ in every field a query can filter by."""
    journal = Journal()
    journal.note("CS1", 1, None, "connected")
    beat(journal)
    journal.note("CS1", 1, "sent", "result", "Heartbeat", "7", partner=2, raw=b'[3,"7",{}]')
    journal.note("CS2", 2, "sent", "call", "Reset", "8", raw=b'[2,"8","Reset",{}]')
    journal.note("CS2", 2, "received", "error", "Reset", "8", raw=b'[4,"8","InternalError","",{}]')
    beat(journal, "DEPOT")
    return journal


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param(Query(), [1, 2, 3, 4, 5, 6], id="everything"),
        pytest.param(Query(station="CS2"), [4, 5], id="station"),
        pytest.param(Query(station="CS?"), [1, 2, 3, 4, 5], id="glob"),
        pytest.param(Query(station="cs1"), [1, 2, 3], id="station in another case"),
        pytest.param(Query(station="cs?"), [], id="glob is case-sensitive"),
        pytest.param(Query(action="Heartbeat"), [2, 3, 6], id="action"),
        pytest.param(Query(direction="sent"), [3, 4], id="direction"),
        pytest.param(Query(type="connected"), [1], id="type"),
        pytest.param(Query(since=4), [5, 6], id="since"),
        pytest.param(Query(since=6), [], id="since the newest"),
        pytest.param(Query(since=99), [], id="since a future number"),
        pytest.param(Query(limit=2), [5, 6], id="limit"),
        pytest.param(Query(since=1, limit=2), [5, 6], id="since and limit"),
        pytest.param(Query(before=4), [1, 2, 3], id="before"),
        pytest.param(Query(before=1), [], id="before the oldest"),
        pytest.param(Query(before=99), [1, 2, 3, 4, 5, 6], id="before a future number"),
        pytest.param(Query(before=5, limit=2), [3, 4], id="before and limit"),
        pytest.param(Query(since=2, before=5), [3, 4], id="since and before"),
        pytest.param(Query(since=4, before=4), [], id="since and before the same number"),
        pytest.param(Query(station="CS1", action="Heartbeat", type="call"), [2], id="several filters"),
    ],
)
def test_query_returns_the_newest_matches_oldest_first(
    stored: Journal, query: Query, expected: list[int]
) -> None:
    assert numbers_of(stored.query(query)) == expected


def test_query_before_an_answer_has_the_call_of_its_exchange() -> None:
    journal = Journal()
    exchange(journal)
    assert numbers_of(journal.query(Query(before=2))) == [1]
    assert [entry.number for part in journal.oldest_first(Query(before=2)) for entry in part] == [1]


def test_listener_receives_entries_until_removed() -> None:
    journal, received = Journal(), list[int]()
    beat(journal)
    remove = journal.listen(lambda entry: received.append(entry.number))
    beat(journal)
    beat(journal)
    remove()
    beat(journal)
    remove()
    assert received == [2, 3]


# Lines


def new_entry(kind: EntryKind = "call", raw: bytes | None = HEARTBEAT, **fields: Any) -> Entry:
    """Return an entry as the journal creates it."""
    journal, direction = Journal(), fields.pop("direction", "received")
    journal.note("CS1", 4, direction, kind, fields.pop("action", "Heartbeat"), raw=raw, **fields)
    return single_entry(journal)


def test_line_has_only_fields_with_a_value() -> None:
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


def test_line_has_the_frame_verbatim() -> None:
    assert new_entry().line().endswith(b',"frame":' + HEARTBEAT + b"}")


LINES = [
    pytest.param("call", HEARTBEAT, "frame", id="valid frame"),
    pytest.param("malformed", b"[nonsense", "text", id="not JSON"),
    pytest.param("malformed", b"", "text", id="empty frame"),
    pytest.param("malformed", b'{"an":"object"}', "text", id="JSON but not a message"),
    pytest.param("call", b'[2,\n"7","Heartbeat",\r\n{}]', None, id="newlines between tokens"),
    pytest.param("malformed", b"\xff\xfe\n", "text", id="not UTF-8"),
    pytest.param("malformed", b"\x00\x1f\x7f\xe2\x80\xa8", "text", id="control characters"),
    pytest.param("connected", None, None, id="no frame"),
]


@pytest.mark.parametrize(("kind", "raw", "field"), LINES)
def test_line_is_valid_json_for_any_frame(kind: EntryKind, raw: bytes | None, field: str | None) -> None:
    line = new_entry(kind, raw, message_id="7").line()
    fields = json.loads(line)
    assert not {b"\n", b"\r"} & {line[at : at + 1] for at in range(len(line))}
    assert field is None or field in fields


def test_invalid_utf8_is_escaped() -> None:
    assert json.loads(new_entry("malformed", SURROGATE).line())["text"].endswith('{"a":"\\xff"}]')


def test_as_json_has_the_parsed_frame() -> None:
    assert new_entry().as_json()["frame"] == [2, "7", "Heartbeat", {}]


@pytest.mark.parametrize("raw", [b"[nonsense", b"\xff", b""])
def test_as_json_has_an_invalid_frame_as_text(raw: bytes) -> None:
    fields = new_entry("malformed", raw).as_json()
    assert fields["text"] == raw.decode(errors="backslashreplace")
    assert "frame" not in fields


def test_as_json_accepts_a_frame_nested_1000_deep() -> None:
    raw = b'[2,"7","Heartbeat",' + b'{"a":' * 1000 + b"1" + b"}" * 1000 + b"]"
    fields = new_entry(raw=raw).as_json()
    assert ("frame" in fields) != ("text" in fields)
    assert json.dumps(fields)


def test_time_is_formatted_with_milliseconds() -> None:
    assert [format_seconds(seconds) for seconds in (0.0, 0.25, 59.999, 86400.0)] == [
        "1970-01-01T00:00:00.000Z",
        "1970-01-01T00:00:00.250Z",
        "1970-01-01T00:00:59.999Z",
        "1970-01-02T00:00:00.000Z",
    ]


def test_connection_event_has_no_direction() -> None:
    directions: tuple[Direction | None, ...] = ("received", "sent", None)
    written = [new_entry(direction=direction).as_json().get("direction") for direction in directions]
    assert written == ["received", "sent", None]
