"""The thread that writes the log: slow, full and closed outputs cost lines, never time or an exception."""

import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mock_csms.log import writer as log_writer
from mock_csms.log.writer import LineWriter

PATIENCE_S = 10.0
FULL_DISK = Path("/dev/full")
needs_full_disk = pytest.mark.skipif(not FULL_DISK.exists(), reason="needs /dev/full")


def notice(lines: int) -> str:
    return f"missing {lines}"


@pytest.fixture
def writer() -> Iterator[LineWriter]:
    writer = LineWriter(notice)
    yield writer
    writer.close()


def lines_of(count: int, width: int = 99) -> list[str]:
    return [f"{number:0{width}}" for number in range(count)]


def test_lines_are_written_in_their_order(monkeypatch: pytest.MonkeyPatch, writer: LineWriter) -> None:
    monkeypatch.setattr(sys, "stdout", stream := io.StringIO())

    for line in lines_of(1000):
        writer.put(line)
    writer.wait_written(PATIENCE_S)

    assert stream.getvalue().splitlines() == lines_of(1000)
    assert writer.missing == 0


class UnreadPipe:
    """A pipe as standard output, which nobody reads until `read` is called."""

    def __init__(self) -> None:
        self._read_end, write_end = os.pipe()
        self.stream = io.TextIOWrapper(io.BufferedWriter(io.FileIO(write_end, "w")), encoding="utf-8")
        self._received = bytearray()
        self._reader = threading.Thread(target=self._read)

    def _read(self) -> None:
        while data := os.read(self._read_end, 2**16):
            self._received += data

    def read(self) -> None:
        """Start reading."""
        self._reader.start()

    def close_reader(self) -> None:
        """Close the read end of the pipe, without having read anything."""
        os.close(self._read_end)

    def lines(self) -> list[str]:
        """Close the pipe and return all lines that were written."""
        self.stream.close()
        self._reader.join(PATIENCE_S)
        os.close(self._read_end)
        return bytes(self._received).decode().splitlines()


def test_lines_beyond_the_bound_of_an_unread_pipe_are_dropped_and_counted(
    monkeypatch: pytest.MonkeyPatch, writer: LineWriter
) -> None:
    monkeypatch.setattr(log_writer, "MAX_UNWRITTEN", 100_000)
    pipe = UnreadPipe()
    monkeypatch.setattr(sys, "stdout", pipe.stream)
    sent = lines_of(10_000)

    for line in sent:
        writer.put(line)
    pipe.read()
    writer.wait_written(PATIENCE_S)
    writer.put("after")
    writer.wait_written(PATIENCE_S)

    received = pipe.lines()
    missing = [int(line.split()[1]) for line in received if line.startswith("missing")]
    kept = [line for line in received if not line.startswith("missing")]
    assert kept[-1] == "after"
    assert kept[:-1] == sorted(set(kept[:-1]))
    assert sum(missing) == writer.missing == len(sent) - len(kept[:-1])
    assert writer.missing > 5_000


def test_notice_is_in_the_place_of_the_dropped_lines(
    monkeypatch: pytest.MonkeyPatch, writer: LineWriter
) -> None:
    monkeypatch.setattr(log_writer, "MAX_UNWRITTEN", 100_000)
    pipe = UnreadPipe()
    monkeypatch.setattr(sys, "stdout", pipe.stream)

    for line in lines_of(10_000):
        writer.put(line)
    pipe.read()
    writer.wait_written(PATIENCE_S)

    expected = 0
    for line in pipe.lines():
        if line.startswith("missing"):
            expected += int(line.split()[1])
        else:
            assert int(line) == expected
            expected += 1
    assert expected == 10_000


def test_close_does_not_wait_for_a_reader_for_good(
    monkeypatch: pytest.MonkeyPatch, writer: LineWriter
) -> None:
    monkeypatch.setattr(log_writer, "DRAIN_TIMEOUT_S", 0.01)
    pipe = UnreadPipe()
    monkeypatch.setattr(sys, "stdout", pipe.stream)
    for line in lines_of(10_000):
        writer.put(line)

    writer.close()

    assert writer.missing > 5_000
    pipe.read()
    pipe.lines()


def test_end_of_the_reader_ends_writing_without_an_exception(
    monkeypatch: pytest.MonkeyPatch, writer: LineWriter
) -> None:
    pipe = UnreadPipe()
    monkeypatch.setattr(sys, "stdout", pipe.stream)
    pipe.close_reader()

    writer.put("line")
    writer.wait_written(PATIENCE_S)
    writer.put("line")

    assert writer.missing == 0
    with suppress(BrokenPipeError):
        pipe.stream.close()


class FailingStream(io.RawIOBase):
    """Raw stream that writes at most ``room`` bytes and then fails, as a full disk does."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.written = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if not self.room:
            raise OSError(28, "No space left on device")
        part = bytes(data)[: self.room]
        self.room -= len(part)
        self.written += part
        return len(part)


def full_output(monkeypatch: pytest.MonkeyPatch, room: int) -> FailingStream:
    raw = FailingStream(room)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8"))
    return raw


def put_each(writer: LineWriter, *lines: str) -> None:
    """Put lines and wait for each one, so that each is written by itself."""
    for line in lines:
        writer.put(line)
        writer.wait_written(PATIENCE_S)


def test_lines_that_cannot_be_written_are_counted_in_their_place(
    monkeypatch: pytest.MonkeyPatch, writer: LineWriter
) -> None:
    raw = full_output(monkeypatch, room=4)

    put_each(writer, "one", "two", "three")
    raw.room = 1000
    put_each(writer, "four")

    assert raw.written.decode().splitlines() == ["one", "missing 2", "four"]
    assert writer.missing == 2


def test_half_a_line_is_counted_and_ended(monkeypatch: pytest.MonkeyPatch, writer: LineWriter) -> None:
    raw = full_output(monkeypatch, room=6)

    put_each(writer, "one", "two", "three")
    raw.room = 1000
    put_each(writer, "four", "five")

    assert raw.written.decode().splitlines() == ["one", "tw", "missing 2", "four", "five"]
    assert writer.missing == 2


class SlowlyFailingStream(FailingStream):
    """A full output: a write to it waits until ``may_fail`` is set, and then raises OSError."""

    def __init__(self) -> None:
        super().__init__(room=0)
        self.is_writing = threading.Event()
        self.may_fail = threading.Event()

    def write(self, data: Any) -> int:
        self.is_writing.set()
        self.may_fail.wait(PATIENCE_S)
        return super().write(data)


def test_lines_that_fail_after_the_end_are_counted_once(
    monkeypatch: pytest.MonkeyPatch, writer: LineWriter
) -> None:
    monkeypatch.setattr(log_writer, "DRAIN_TIMEOUT_S", 0.01)
    raw = SlowlyFailingStream()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8"))

    writer.put("one")
    assert raw.is_writing.wait(PATIENCE_S)
    writer.close()
    raw.may_fail.set()
    assert writer._thread
    writer._thread.join(PATIENCE_S)

    assert writer.missing == 1


@needs_full_disk
def test_full_disk_leaves_nothing_in_the_buffer_of_standard_output(
    monkeypatch: pytest.MonkeyPatch, writer: LineWriter
) -> None:
    with FULL_DISK.open("w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        put_each(writer, "one", "two")
        monkeypatch.undo()
    assert writer.missing == 2


def test_lines_without_a_standard_output_are_discarded(
    monkeypatch: pytest.MonkeyPatch, writer: LineWriter
) -> None:
    monkeypatch.setattr(sys, "stdout", None)

    put_each(writer, "line")

    assert writer.missing == 0


def test_full_non_blocking_pipe_is_waited_for(monkeypatch: pytest.MonkeyPatch, writer: LineWriter) -> None:
    pipe = UnreadPipe()
    os.set_blocking(pipe.stream.fileno(), False)
    monkeypatch.setattr(sys, "stdout", pipe.stream)

    for line in lines_of(5_000):
        writer.put(line)
    pipe.read()
    writer.wait_written(PATIENCE_S)

    assert pipe.lines() == lines_of(5_000)
    assert writer.missing == 0
