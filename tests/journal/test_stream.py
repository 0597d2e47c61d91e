"""Stream of journal entries: lines, subscribers, and the journal file."""

import asyncio
import errno
import io
import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from mock_csms.journal.file import JournalFile
from mock_csms.journal.store import Journal
from mock_csms.journal.stream import MAX_SUBSCRIBER_BYTES, EntryStream, Subscriber
from mock_csms.messages import call_result_frame
from tests.support.journal import HEARTBEAT, beat, exchange


async def test_exchange_lines_equal_its_entry_lines() -> None:
    journal, lines = Journal(), list[bytes]()
    stream = EntryStream(journal)
    stream.add(lines.append)
    for station, message_id in (("CS1", "7"), ('C"S\n1', 'a "quote"\\'), ("CS1", "8")):
        raw = b'[2,\n"7","Heartbeat",\r{}]' if message_id == "8" else HEARTBEAT
        exchange(journal, station, message_id, raw=raw, answer=call_result_frame(message_id, {}))
    stream.flush()
    written = [json.loads(line) for line in b"".join(lines).splitlines()]
    assert written == [json.loads(entry.line()) for entry in journal]


# Subscribers


async def test_subscriber_gets_all_buffered_chunks_at_once() -> None:
    subscriber = Subscriber()
    subscriber.put(b"one")
    subscriber.put(b"two")
    assert await subscriber.get() == b"onetwo"


async def test_subscriber_waits_for_a_chunk() -> None:
    subscriber = Subscriber()
    chunk = asyncio.create_task(subscriber.get())
    subscriber.put(b"one")
    assert await chunk == b"one"
    subscriber.put(b"two")
    assert await subscriber.get() == b"two"


async def test_slow_subscriber_is_cut_off_and_its_buffer_dropped() -> None:
    subscriber = Subscriber()
    subscriber.put(b"x" * MAX_SUBSCRIBER_BYTES)
    assert not subscriber.cut_off
    subscriber.put(b"x")
    assert subscriber.cut_off
    subscriber.put(b"more")
    assert await subscriber.get() is None


async def test_reading_subscriber_is_not_cut_off() -> None:
    subscriber = Subscriber()
    for _ in range(4):
        subscriber.put(b"x" * (MAX_SUBSCRIBER_BYTES // 2))
        assert await subscriber.get()
    assert not subscriber.cut_off


async def test_lines_are_formatted_once_for_all_sinks() -> None:
    journal, first, second = Journal(), list[bytes](), list[bytes]()
    stream = EntryStream(journal)
    stream.add(first.append)
    stream.add(second.append)
    exchange(journal)
    beat(journal)
    stream.flush()
    assert len(first) == 1
    assert first[0] is second[0]
    assert [json.loads(line)["number"] for line in first[0].splitlines()] == [1, 2, 3]


async def test_sink_gets_only_entries_between_add_and_remove() -> None:
    journal, first, second = Journal(), list[bytes](), list[bytes]()
    stream = EntryStream(journal)
    beat(journal)
    remove = stream.add(first.append)
    beat(journal)
    stream.add(second.append)
    beat(journal)
    remove()
    beat(journal)
    stream.flush()
    assert [json.loads(line)["number"] for line in b"".join(first).splitlines()] == [2, 3]
    assert [json.loads(line)["number"] for line in b"".join(second).splitlines()] == [3, 4]


async def test_last_sink_removed_stops_formatting() -> None:
    journal = Journal()
    EntryStream(journal).add(lambda _: None)()
    assert journal.sink is None


async def test_lines_are_flushed_without_a_further_entry() -> None:
    journal, first_lines = Journal(), asyncio.get_running_loop().create_future()
    EntryStream(journal).add(first_lines.set_result)
    beat(journal)
    assert json.loads(await asyncio.wait_for(first_lines, 10))["number"] == 1


@pytest.mark.parametrize("station", [None, "CS1"])
async def test_follower_gets_each_entry_as_an_event(station: str | None) -> None:
    journal, subscriber = Journal(), Subscriber()
    stream = EntryStream(journal)
    stop = stream.follow(subscriber, station)
    beat(journal)
    beat(journal)
    stream.flush()
    stop()
    beat(journal)
    stream.flush()
    events = (await asyncio.wait_for(subscriber.get(), 10) or b"").split(b"\n\n")
    assert events.pop() == b""
    fields = [event.split(b"\n") for event in events]
    assert [event[:2] for event in fields] == [[b"id: 1", b"event: entry"], [b"id: 2", b"event: entry"]]
    data = [json.loads(event[2].removeprefix(b"data: ")) for event in fields]
    assert [entry["number"] for entry in data] == [1, 2]


@pytest.mark.parametrize("raw", [HEARTBEAT, b'[2,\n"7","Heartbeat",\r{}]'])
async def test_follower_gets_an_exchange_as_two_events(raw: bytes) -> None:
    journal, subscriber = Journal(), Subscriber()
    stream = EntryStream(journal)
    stream.follow(subscriber)
    exchange(journal, raw=raw)
    stream.flush()
    *events, rest = (await subscriber.get() or b"").split(b"\n\n")
    fields = [event.split(b"\n") for event in events]
    assert rest == b""
    assert [event[:2] for event in fields] == [[b"id: 1", b"event: entry"], [b"id: 2", b"event: entry"]]
    assert [json.loads(event[2].removeprefix(b"data: ")) for event in fields] == [
        json.loads(entry.line()) for entry in journal
    ]


async def test_followers_of_the_same_stations_share_their_events() -> None:
    journal, subscribers = Journal(), [Subscriber() for _ in range(3)]
    stream = EntryStream(journal)
    for subscriber in subscribers[:2]:
        stream.follow(subscriber)
    stream.follow(subscribers[2], "CS1")
    exchange(journal, "CS1")
    stream.publish("CS2", b"event: finding\n\n")
    stream.flush()
    first, second, of_one_station = [await subscriber.get() for subscriber in subscribers]
    assert first is second
    assert first
    assert of_one_station
    assert first.removesuffix(b"event: finding\n\n") == of_one_station
    assert first.count(b"event: entry\ndata: ") == 2


async def test_new_follower_does_not_get_the_events_collected_before() -> None:
    journal = Journal()
    stream, early, late = EntryStream(journal), Subscriber(), Subscriber()
    stream.follow(early)
    beat(journal)
    stream.follow(late)
    assert not early.has_chunk  # a new follower does not cause a batch for the others
    for _ in range(2):
        beat(journal)
        stream.flush()
    ids = [re.findall(rb"id: (\d+)", await follower.get() or b"") for follower in (early, late)]
    assert ids == [[b"1", b"2", b"3"], [b"2", b"3"]]


async def test_event_of_an_idle_stream_is_sent_at_once_and_further_ones_are_collected() -> None:
    journal, subscriber = Journal(), Subscriber()
    EntryStream(journal).follow(subscriber)
    beat(journal)
    await asyncio.sleep(0)
    assert (await subscriber.get() or b"").count(b"event: entry") == 1
    beat(journal)
    await asyncio.sleep(0)
    assert not subscriber.has_chunk
    beat(journal)
    assert (await asyncio.wait_for(subscriber.get(), 10) or b"").count(b"event: entry") == 2


async def test_follower_of_a_station_gets_only_its_entries() -> None:
    journal, subscriber = Journal(), Subscriber()
    EntryStream(journal).follow(subscriber, "CS1")
    beat(journal, "CS2")
    beat(journal, "CS1")
    assert b'"number":1' not in (await asyncio.wait_for(subscriber.get(), 10) or b"")


# The file


def test_existing_file_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(b"before\n")
    file = JournalFile(path)
    file.write(b"one\ntwo\n")
    assert path.read_bytes() == b"before\none\ntwo\n"
    file.close()
    file.close()


def test_full_file_is_rotated_without_loss(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    file = JournalFile(path, max_bytes=10)
    for text in (b"12345\n", b"123\n", b"a\n", b"larger than ten bytes\n", b"b\n"):
        file.write(text)
    file.close()
    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == {
        "run.jsonl.1": b"12345\n123\n",
        "run.jsonl.2": b"a\n",
        "run.jsonl.3": b"larger than ten bytes\n",
        "run.jsonl": b"b\n",
    }


def test_rotation_keeps_existing_files(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    (tmp_path / "run.jsonl.1").write_bytes(b"of yesterday\n")
    path.write_bytes(b"full\n")
    file = JournalFile(path, max_bytes=5)
    file.write(b"more\n")
    file.close()
    assert (tmp_path / "run.jsonl.1").read_bytes() == b"of yesterday\n"
    assert (tmp_path / "run.jsonl.2").read_bytes() == b"full\n"
    assert path.read_bytes() == b"more\n"


def test_unopenable_file_raises(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        JournalFile(tmp_path / "no" / "run.jsonl")


def test_removed_file_is_created_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "run.jsonl"
    file = JournalFile(path, max_bytes=5)
    file.write(b"full\n")
    path.unlink()
    file.write(b"one\n")
    file.close()
    assert path.read_bytes() == b"one\n"
    assert [record.getMessage() for record in caplog.records] == [
        f"the journal {path} was removed or renamed; a new file continues it"
    ]


def test_renamed_file_is_continued_by_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    file = JournalFile(path)
    file.write(b"one\n")
    path.rename(tmp_path / "old.jsonl")
    file.write(b"two\n")
    file.write(b"three\n")
    file.close()
    assert (tmp_path / "old.jsonl").read_bytes() == b"one\n"
    assert path.read_bytes() == b"two\nthree\n"


class FullDisk(io.FileIO):
    """A file on a disk with room for ``room`` more bytes."""

    room = 0

    def write(self, data: Any) -> int:
        """Write as much as there is room for; raises OSError on a full disk."""
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = super().write(data[: self.room])
        self.room -= written
        return written


def test_full_disk_loses_whole_lines_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "run.jsonl"
    disk = FullDisk(path, "ab")
    with monkeypatch.context() as patched:
        patched.setattr("mock_csms.journal.file.open", lambda *_, **__: disk, raising=False)
        file = JournalFile(path)
    disk.room = 6
    file.write(b"one\n")
    file.write(b"two\nthree\n")
    file.write(b"four\n")
    disk.room = 100
    file.write(b"five\n")
    file.write(b"six\n")
    file.close()
    assert path.read_bytes() == b"one\nfive\nsix\n"
    assert file.lost == 3
    assert [record.getMessage() for record in caplog.records] == [
        f"cannot write the journal {path}: No space left on device",
        f"the journal {path} can be written again; 3 entries are missing",
    ]


def test_failing_file_is_logged_once_and_retried(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
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
    assert record.getMessage() == f"cannot write the journal {path}: No such file or directory"
    path.parent.mkdir()
    file.write(b"four\n")
    file.close()
    assert path.read_bytes() == b"four\n"
