"""The process that runs a server or stations: limits, signals, garbage collection, standard streams."""

import asyncio
import ctypes
import gc
import io
import logging
import os
import signal
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from threading import Thread
from typing import Final, TextIO

SPARE_FILES: Final = 64
"""Number of file descriptors that station connections leave free, at most a quarter of the limit."""

M_MMAP_THRESHOLD: Final = -3
"""Parameter of mallopt(3)."""
LARGE_BLOCK: Final = 512 * 1024
"""Size in bytes at which glibc takes a block directly from the system.

It is above the 256 KiB buffer of a read: taking a buffer from the system for each read would cost time.
"""

MAX_STDIN_LINE: Final = 10_000
"""Maximum bytes of an incomplete line of standard input; above it, the bytes read so far are dropped."""


def collect_garbage_rarely() -> None:
    """Collect garbage rarely, and never scan objects from the start-up."""
    gc.freeze()
    gc.set_threshold(50_000, 10, 20)
    gc.enable()


def return_large_blocks() -> None:
    """Make glibc return the memory of large messages to the system when they are freed.

    By default, glibc only returns blocks above a threshold, which grows with the largest block ever freed, up
    to 32 MiB. It keeps smaller blocks for later, so the process would keep the memory of a burst of large
    messages.
    """
    with suppress(AttributeError, OSError, TypeError):  # a system without glibc
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)


def raise_open_file_limit() -> None:
    """Raise RLIMIT_NOFILE to its hard limit; the usual soft limit is 1,024."""
    if find_spec("resource"):  # Windows has no RLIMIT_NOFILE
        resource = import_module("resource")
        _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))


def connections_within_open_file_limit() -> int | None:
    """Number of connections that fit the soft limit of open files; None if the system has no such limit.

    Descriptors are kept free for the control API, uploads, the journal file and modules imported late.
    """
    if not find_spec("resource"):
        return None
    resource = import_module("resource")
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return None
    probe = os.open(os.devnull, os.O_RDONLY)  # gets the lowest free descriptor
    os.close(probe)
    return max(1, int(limit) - probe - min(SPARE_FILES, int(limit) // 4))


def open_standard_streams() -> None:
    """Open the null device for each standard stream that is closed.

    Otherwise, the next file or socket would take its number, and libraries would write to it or refuse to
    close it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    if sys.stdout is None:
        sys.stdout = _null_stream()
    if sys.stderr is None:
        sys.stderr = _null_stream()


def _null_stream() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - open for the process


def print_text(text: str | Iterable[str], program: str) -> None:
    """Print a text, whole or in parts. Characters that standard output cannot encode become escapes.

    If writing to standard output fails, prints one line to standard error and raises SystemExit with 1. A
    reader that closes its pipe early, as in ``| head``, is not an error.
    """
    try:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        sys.stdout.writelines([text] if isinstance(text, str) else text)
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
    except OSError as error:
        discard_output()
        sys.stderr.write(f"{program}: cannot write to standard output: {error.strerror}\n")
        raise SystemExit(1) from None


def discard_output() -> None:
    """Connect standard output to the null device, so that the exit does not try to flush it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def stopping_on_signals(stop: Callable[[], object], is_stopping: Callable[[], bool]) -> Iterator[None]:
    """Call ``stop`` on SIGINT or SIGTERM; a signal while stopping ends the process at once."""
    loop = asyncio.get_running_loop()

    def on_signal(number: int) -> None:
        if is_stopping():
            logging.shutdown()
            os._exit(128 + number)
        stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, on_signal, number)
        except NotImplementedError:  # not supported by event loops on Windows
            signal.signal(number, lambda number, _: loop.call_soon_threadsafe(on_signal, number) and None)
    yield


def read_stdin(on_line: Callable[[str], object], on_end: Callable[[], object] | None = None) -> None:
    """If standard input is readable, call ``on_line`` for each line and ``on_end`` at its end.

    Both are called in the event loop.

    A daemon thread calls ``os.read``. Reading in the event loop would make the terminal non-blocking for the
    output too. A thread that waits inside ``sys.stdin`` would make the interpreter abort at its exit.
    """
    if _is_stdin_readable():
        loop, number = asyncio.get_running_loop(), sys.stdin.fileno()
        Thread(target=_read_lines, args=(number, loop, on_line, on_end), daemon=True).start()


def _is_stdin_readable() -> bool:
    """Whether standard input is a pipe, or a terminal with this process in the foreground."""
    try:
        number = sys.stdin.fileno()
        mode = os.fstat(number).st_mode
        if os.isatty(number):
            # Reading the terminal from the background would stop the process.
            return os.name == "nt" or os.tcgetpgrp(number) == os.getpgrp()
    except (AttributeError, OSError, ValueError):  # closed
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _read_lines(
    number: int,
    loop: asyncio.AbstractEventLoop,
    on_line: Callable[[str], object],
    on_end: Callable[[], object] | None,
) -> None:
    rest = b""
    with suppress(OSError, RuntimeError):  # the loop was closed meanwhile
        while chunk := os.read(number, 4096):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                loop.call_soon_threadsafe(on_line, line.decode(errors="replace"))
            rest = rest if len(rest) <= MAX_STDIN_LINE else b""
        if rest:
            loop.call_soon_threadsafe(on_line, rest.decode(errors="replace"))
        if on_end is not None:
            loop.call_soon_threadsafe(on_end)
