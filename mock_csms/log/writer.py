"""Writes log lines to standard output in a thread, so that a slow reader never blocks the event loop."""

import io
import sys
from collections.abc import Callable
from contextlib import suppress
from select import select
from threading import Condition, Thread
from typing import Any, Final

MAX_UNWRITTEN: Final = 4 * 2**20
"""Maximum characters waiting to be written; further lines are dropped and counted."""
PIECE: Final = 2**16
"""Maximum number of bytes of one write."""
DRAIN_TIMEOUT_S: Final = 2.0
"""Maximum seconds that the process, at its end, waits for standard output to take the remaining lines."""


class LineWriter:
    """Writes lines in order. A notice takes the place of missing lines.

    Lines are missing if they were dropped because standard output is slower than the log, or if writing them
    failed. ``notice`` formats the line that says how many. Bytes go to the raw stream below ``sys.stdout``,
    whose buffer would keep the bytes of a failed write and try again when the interpreter ends.
    """

    def __init__(self, notice: Callable[[int], str]) -> None:
        self._notice = notice
        self._changed = Condition()
        self._thread: Thread | None = None
        self._waiting: list[str] = []
        self._size = 0
        """Characters in ``_waiting``."""
        self._dropped = 0
        """Lines dropped since the last line in ``_waiting`` was added."""
        self._unwritten = b""
        """Bytes that are being written."""
        self._is_closed = False
        """Whether writing has ended, because the process ends or the reader of the pipe is gone."""
        self._failed = 0
        """Lines that could not be written since the last successful write."""
        self._is_mid_line = False
        """Whether a failed write ended within a line."""
        self.missing = 0
        """Number of all lines that were dropped or could not be written."""

    def put(self, text: str) -> None:
        """Queue lines for the thread, or drop them if too much waits; the last line has no line break."""
        with self._changed:
            if self._is_closed:
                return
            if self._waiting and self._size + len(text) > MAX_UNWRITTEN:
                self._drop(_lines_in(text))
                return
            self._mark_dropped()
            self._waiting.append(text)
            self._size += len(text)
            self._changed.notify_all()
        if self._thread is None:
            self._start()

    def _drop(self, lines: int) -> None:
        self._dropped += lines
        self.missing += lines

    def _mark_dropped(self) -> None:
        if self._dropped:
            self._waiting.append(self._notice(self._dropped))
            self._dropped = 0

    def wait_written(self, timeout_s: float | None = None) -> None:
        """Wait until all lines are written, for at most ``timeout_s`` seconds (default:
        `DRAIN_TIMEOUT_S`).
        """
        with self._changed:
            self._changed.wait_for(self._is_idle, DRAIN_TIMEOUT_S if timeout_s is None else timeout_s)

    def _is_idle(self) -> bool:
        return self._is_closed or not (self._waiting or self._dropped or self._unwritten)

    def close(self) -> None:
        """Wait for the remaining lines like `wait_written`, then stop. Lines not written by then count as
        missing.
        """
        self.wait_written()
        with self._changed:
            if not self._is_closed:
                self.missing += sum(map(_lines_in, self._waiting)) + self._unwritten.count(b"\n")
            self._stop()

    def _stop(self) -> None:
        self._is_closed, self._waiting, self._dropped = True, [], 0
        self._changed.notify_all()

    # In the thread

    def _start(self) -> None:
        self._thread = Thread(target=self._run, name="log writer", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter is ending, or the system has no more threads
            self._thread = None
            self._write_waiting()

    def _run(self) -> None:
        while not self._is_closed:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._dropped or self._is_closed)
            self._write_waiting()

    def _write_waiting(self) -> None:
        with self._changed:
            self._mark_dropped()
            lines, self._waiting, self._size = self._waiting, [], 0
            if not lines:
                return
            if self._failed:
                lines.insert(0, "\n" * self._is_mid_line + self._notice(self._failed))
            self._unwritten = _encoded("\n".join([*lines, ""]))
        self._write()
        with self._changed:
            self._unwritten = b""
            self._changed.notify_all()

    def _write(self) -> None:
        has_notice = self._failed > 0
        try:
            while self._unwritten and not self._is_closed:
                written = _write_some(self._unwritten[:PIECE])
                if written:
                    self._is_mid_line = self._unwritten[written - 1 : written] != b"\n"
                    self._failed, has_notice = 0, False
                    self._unwritten = self._unwritten[written:]
        except BrokenPipeError:  # the reader has gone, as after `| head`
            with self._changed:
                self._stop()
        except (OSError, ValueError):  # a full disk, or a closed file
            lines = self._unwritten.count(b"\n")
            if has_notice:
                lines -= 1 + self._is_mid_line
            self._count_failed(lines)

    def _count_failed(self, lines: int) -> None:
        with self._changed:
            if not self._is_closed:  # `close` counted them already
                self._failed += lines
                self.missing += lines


def _lines_in(text: str) -> int:
    return text.count("\n") + 1


def _raw_output() -> Any:
    """Raw stream below standard output, or None for a stream in memory."""
    buffer = getattr(sys.stdout, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    return raw if isinstance(raw, io.RawIOBase) else None


def _encoded(text: str) -> bytes:
    """Encode for standard output, with escapes for characters that its encoding lacks."""
    if sys.platform == "win32" and _raw_output() is not None:
        text = text.replace("\n", "\r\n")
    return text.encode(_encoding(), "backslashreplace")


def _encoding() -> str:
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def _write_some(data: bytes) -> int:
    """Write to standard output; return the number of bytes written. Raises OSError or ValueError."""
    if sys.stdout is None:  # the process was started without standard output
        return len(data)
    raw = _raw_output()
    if raw is None:
        sys.stdout.write(data.decode(_encoding()))
        sys.stdout.flush()
        return len(data)
    with suppress(BlockingIOError):
        if written := raw.write(data):
            return int(written)
    select([], [raw], [], 1.0)  # a non-blocking pipe is full
    return 0
