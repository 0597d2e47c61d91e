"""The journal as it grows: its lines for those who follow, and its file."""

import asyncio
import json
import logging
from pathlib import Path

import pytest

from mock_csms.journal.file import JournalFile
from mock_csms.journal.store import Journal, Query
from mock_csms.journal.stream import MAX_SUBSCRIBER_BYTES, EntryStream, Subscriber
from mock_csms.messages import call_result_frame
from tests.support.journal import HEARTBEAT, beat, exchange


async def test_the_lines_of_an_exchange_are_those_of_its_entries() -> None:
    journal, lines = Journal(), list[bytes]()
    feed = EntryStream(journal)
    feed.add(lines.append)
    for station, message_id in (("CS1", "7"), ('C"S\n1', 'a "quote"\\'), ("CS1", "8")):
        raw = b'[2,\n"7","Heartbeat",\r{}]' if message_id == "8" else HEARTBEAT
        exchange(journal, station, message_id, raw=raw, answer=call_result_frame(message_id, {}))
    feed.flush()
    made = [json.loads(line) for line in b"".join(lines).splitlines()]
    assert made == [json.loads(entry.line()) for entry in journal]


# Who follows


async def test_a_tail_gives_all_that_came_in_one_piece() -> None:
    tail = Subscriber()
    tail.put(b"one")
    tail.put(b"two")
    assert await tail.get() == b"onetwo"


async def test_a_tail_waits_for_what_comes() -> None:
    tail = Subscriber()
    getting = asyncio.create_task(tail.get())
    tail.put(b"one")
    assert await getting == b"one"
    tail.put(b"two")
    assert await tail.get() == b"two"


async def test_who_is_too_slow_is_cut_off_and_nothing_waits_for_him_any_more() -> None:
    tail = Subscriber()
    tail.put(b"x" * MAX_SUBSCRIBER_BYTES)
    assert not tail.cut_off
    tail.put(b"x")
    assert tail.cut_off
    tail.put(b"more")
    assert await tail.get() is None


async def test_who_keeps_up_is_never_cut_off() -> None:
    tail = Subscriber()
    for _ in range(4):
        tail.put(b"x" * (MAX_SUBSCRIBER_BYTES // 2))
        assert await tail.get()
    assert not tail.cut_off


async def test_lines_are_made_once_for_all_sinks() -> None:
    journal, first, second = Journal(), list[bytes](), list[bytes]()
    feed = EntryStream(journal)
    feed.add(first.append)
    feed.add(second.append)
    exchange(journal)
    beat(journal)
    feed.flush()
    assert len(first) == 1
    assert first[0] is second[0]
    assert [json.loads(line)["number"] for line in first[0].splitlines()] == [1, 2, 3]


async def test_a_sink_gets_only_what_comes_while_it_is_added() -> None:
    journal, first, second = Journal(), list[bytes](), list[bytes]()
    feed = EntryStream(journal)
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
    EntryStream(journal).add(lambda _: None)()
    assert journal.tap is None


async def test_a_sink_is_given_its_lines_soon_without_being_asked() -> None:
    journal, came = Journal(), asyncio.get_running_loop().create_future()
    EntryStream(journal).add(came.set_result)
    beat(journal)
    assert json.loads(await asyncio.wait_for(came, 10))["number"] == 1


@pytest.mark.parametrize("query", [None, Query(station="CS1")])
async def test_who_follows_gets_each_entry_as_an_event(query: Query | None) -> None:
    journal, tail = Journal(), Subscriber()
    feed = EntryStream(journal)
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
    journal, tail = Journal(), Subscriber()
    EntryStream(journal).follow(tail, Query(station="CS1"))
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


def test_a_file_that_was_taken_away_is_begun_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "run.jsonl"
    file = JournalFile(path, max_bytes=5)
    file.write(b"full\n")
    path.unlink()
    file.write(b"one\n")
    file.close()
    assert path.read_bytes() == b"one\n"
    assert not caplog.records


def test_a_file_that_cannot_be_written_any_more_is_logged_once_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "folder" / "run.jsonl"
    path.parent.mkdir()
    file = JournalFile(path, max_bytes=5)
    file.write(b"full\n")
    path.unlink()
    path.parent.rmdir()
    with caplog.at_level(logging.ERROR, "mock_csms"):
        file.write(b"one\n")
        file.write(b"two\n")
    (record,) = caplog.records
    assert record.getMessage() == f"the journal {path} cannot be written: No such file or directory"
    path.parent.mkdir()
    file.write(b"four\n")
    file.close()
    assert path.read_bytes() == b"four\n"
