"""The journal: its numbers and bounds, what can be asked of it, its lines, its file and what it hides."""

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import pytest

from mock_csms import journal as module
from mock_csms.journal import (
    LONGEST_TAIL,
    MASK,
    Direction,
    Entry,
    Feed,
    Journal,
    JournalFile,
    Kind,
    Query,
    Tail,
    line_of,
    masked,
    moment,
)

HEARTBEAT = b'[2, "7", "Heartbeat", { }]'
SURROGATE = b'[2,"7","Heartbeat",{"a":"\xff"}]'


def beat(journal: Journal, station: str = "CS1", **more: Any) -> int:
    """Note a Heartbeat."""
    said: dict[str, Any] = {"action": "Heartbeat", "message_id": "7", "raw": HEARTBEAT, **more}
    return journal.note(station, 1, "received", "call", **said)


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


def noted(kind: Kind = "call", raw: bytes | None = HEARTBEAT, **more: Any) -> Entry:
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
    kind: Kind, raw: bytes | None, place: str | None
) -> None:
    line = noted(kind, raw, message_id="7").line()
    said = json.loads(line)
    assert not {b"\n", b"\r"} & {line[at : at + 1] for at in range(len(line))}
    assert place is None or place in said


@pytest.mark.parametrize(("kind", "raw", "place"), LINES)
@pytest.mark.parametrize("more", [{}, {"partner": 3, "elapsed": 0.5}, {"note": 'a "note"\n'}, {"rule": "r"}])
def test_the_short_way_makes_the_same_line(
    kind: Kind, raw: bytes | None, place: str | None, more: dict[str, Any]
) -> None:
    entry = noted(kind, raw, message_id='7"\n\\', **more)
    assert json.loads(line_of(entry[:-1], raw)) == json.loads(entry.line())
    assert b"\n" not in line_of(entry[:-1], raw)


def test_the_names_of_a_station_and_an_action_are_quoted() -> None:
    journal = Journal()
    journal.note('C"S\n1', 1, "received", "call", 'Reset"\\', "7", raw=b"[]")
    line = line_of(only(journal)[:-1], b"[]")
    assert json.loads(line)["station"] == 'C"S\n1'
    assert json.loads(line)["action"] == 'Reset"\\'


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
    assert [moment(it) for it in (0.0, 0.25, 59.999, 86400.0)] == [
        "1970-01-01T00:00:00.000Z",
        "1970-01-01T00:00:00.250Z",
        "1970-01-01T00:00:59.999Z",
        "1970-01-02T00:00:00.000Z",
    ]


# What nobody should read


def test_the_value_of_a_secret_variable_is_masked_and_no_other() -> None:
    def variable(name: str, value: str) -> dict[str, Any]:
        return {"component": {"name": "C"}, "variable": {"name": name}, "attributeValue": value}

    payload = {"setVariableData": [variable("BasicAuthPassword", "secret"), variable("Interval", "60")]}
    assert masked(payload) == {
        "setVariableData": [variable("BasicAuthPassword", MASK), variable("Interval", "60")]
    }
    assert payload["setVariableData"][0]["attributeValue"] == "secret"


def test_the_passwords_of_a_network_profile_are_masked_and_nothing_else() -> None:
    apn = {"apn": "internet", "apnUserName": "user", "apnPassword": "secret", "simPin": 1234}
    vpn = {"server": "vpn", "user": "user", "password": "secret", "key": "secret", "type": "IKEv2"}
    data = {"apn": apn, "vpn": vpn, "messageTimeout": 30}
    assert masked({"configurationSlot": 2, "connectionData": data}) == {
        "configurationSlot": 2,
        "connectionData": {
            "apn": {**apn, "apnPassword": MASK, "simPin": MASK},
            "vpn": {**vpn, "password": MASK, "key": MASK},
            "messageTimeout": 30,
        },
    }


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ftp://user:secret@files.example/log", "ftp://***@files.example/log"),
        ("https://user:se:cret@files.example:8/log", "https://***@files.example:8/log"),
        ("https://files.example/log?to=me@example.org", "https://files.example/log?to=me@example.org"),
        ("https://files.example/log", "https://files.example/log"),
        ("me@example.org", "me@example.org"),
    ],
)
def test_the_user_and_password_of_a_url_are_masked(url: str, shown: str) -> None:
    assert masked({"log": {"remoteLocation": url}}) == {"log": {"remoteLocation": shown}}


@pytest.mark.parametrize("value", [None, 1, 1.5, True, "text", [1, [2]], {}, {"a": [{"b": None}]}])
def test_what_is_no_secret_stays_as_it_is(value: Any) -> None:
    assert masked(value) == value


# Who follows


async def test_a_tail_gives_all_that_came_in_one_piece() -> None:
    tail = Tail()
    tail.put(b"one")
    tail.put(b"two")
    assert await tail.get() == b"onetwo"


async def test_a_tail_waits_for_what_comes() -> None:
    tail = Tail()
    getting = asyncio.create_task(tail.get())
    tail.put(b"one")
    assert await getting == b"one"
    tail.put(b"two")
    assert await tail.get() == b"two"


async def test_who_is_too_slow_is_cut_off_and_nothing_waits_for_him_any_more() -> None:
    tail = Tail()
    tail.put(b"x" * LONGEST_TAIL)
    assert not tail.cut_off
    tail.put(b"x")
    assert tail.cut_off
    tail.put(b"more")
    assert await tail.get() is None


async def test_who_keeps_up_is_never_cut_off() -> None:
    tail = Tail()
    for _ in range(4):
        tail.put(b"x" * (LONGEST_TAIL // 2))
        assert await tail.get()
    assert not tail.cut_off


async def test_a_line_is_made_once_for_all_sinks(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counting(entry: tuple[Any, ...], raw: bytes | None) -> bytes:
        made.append(entry[0])
        return line_of(entry, raw)

    monkeypatch.setattr(module, "line_of", counting)
    journal, sinks = Journal(), [list[bytes](), list[bytes]()]
    feed = Feed(journal)
    for sink in sinks:
        feed.add(sink.append)
    beat(journal)
    beat(journal)
    feed.flush()
    assert made == [1, 2]
    assert sinks[0] == sinks[1]
    assert [json.loads(line)["number"] for line in sinks[0][0].splitlines()] == [1, 2]


async def test_a_sink_gets_only_what_comes_while_it_is_added() -> None:
    journal, first, second = Journal(), list[bytes](), list[bytes]()
    feed = Feed(journal)
    beat(journal)
    remove = feed.add(first.append)
    beat(journal)
    feed.add(second.append)
    beat(journal)
    remove()
    beat(journal)
    feed.flush()
    assert [json.loads(line)["number"] for line in b"".join(first).splitlines()] == [2, 3]
    assert [json.loads(line)["number"] for line in b"".join(second).splitlines()] == [3, 4]


async def test_without_a_sink_no_line_is_made() -> None:
    journal = Journal()
    Feed(journal).add(lambda _: None)()
    assert journal.tap is None


async def test_a_sink_is_given_its_lines_soon_without_being_asked() -> None:
    journal, came = Journal(), asyncio.get_running_loop().create_future()
    Feed(journal).add(came.set_result)
    beat(journal)
    assert json.loads(await asyncio.wait_for(came, 10))["number"] == 1


@pytest.mark.parametrize("query", [None, Query(station="CS1")])
async def test_who_follows_gets_each_entry_as_an_event(query: Query | None) -> None:
    journal, tail = Journal(), Tail()
    feed = Feed(journal)
    stop = feed.follow(tail, query)
    beat(journal)
    beat(journal)
    stop()
    beat(journal)
    feed.flush()
    events = (await asyncio.wait_for(tail.get(), 10) or b"").split(b"\n\n")
    assert events.pop() == b""
    assert [event.split(b"\n")[0] for event in events] == [b"event: entry"] * 2
    data = [json.loads(event.split(b"\n")[1].removeprefix(b"data: ")) for event in events]
    assert [it["number"] for it in data] == [1, 2]


async def test_who_follows_one_station_gets_nothing_of_others() -> None:
    journal, tail = Journal(), Tail()
    Feed(journal).follow(tail, Query(station="CS1"))
    beat(journal, "CS2")
    beat(journal, "CS1")
    assert b'"number":1' not in (await asyncio.wait_for(tail.get(), 10) or b"")


# The file


def test_a_file_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(b"before\n")
    file = JournalFile(path)
    file.write(b"one\ntwo\n")
    assert path.read_bytes() == b"before\none\ntwo\n"
    file.close()
    file.close()


def test_a_file_that_is_full_is_put_aside_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    file = JournalFile(path, max_bytes=10)
    for text in (b"12345\n", b"123\n", b"a\n", b"larger than ten bytes\n", b"b\n"):
        file.write(text)
    file.close()
    assert {it.name: it.read_bytes() for it in tmp_path.iterdir()} == {
        "run.jsonl.1": b"12345\n123\n",
        "run.jsonl.2": b"a\n",
        "run.jsonl.3": b"larger than ten bytes\n",
        "run.jsonl": b"b\n",
    }


def test_what_was_put_aside_before_stays(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    (tmp_path / "run.jsonl.1").write_bytes(b"of yesterday\n")
    path.write_bytes(b"full\n")
    file = JournalFile(path, max_bytes=5)
    file.write(b"more\n")
    file.close()
    assert (tmp_path / "run.jsonl.1").read_bytes() == b"of yesterday\n"
    assert (tmp_path / "run.jsonl.2").read_bytes() == b"full\n"
    assert path.read_bytes() == b"more\n"


def test_a_file_that_cannot_be_opened_raises(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        JournalFile(tmp_path / "no" / "run.jsonl")


def test_a_file_that_cannot_be_written_any_more_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "run.jsonl"
    file = JournalFile(path, max_bytes=5)
    file.write(b"full\n")
    path.unlink()
    with caplog.at_level(logging.ERROR, "mock_csms"):
        file.write(b"one\n")
        file.write(b"two\n")
    file.close()
    (record,) = caplog.records
    assert record.getMessage() == f"the journal {path} cannot be written: No such file or directory"


def test_an_entry_has_a_direction_only_where_there_is_one() -> None:
    directions: tuple[Direction | None, ...] = ("received", "sent", None)
    said = [noted(direction=it).as_json().get("direction") for it in directions]
    assert said == ["received", "sent", None]
