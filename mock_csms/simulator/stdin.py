"""Lines from standard input while the event loop runs."""

import asyncio
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Final

MAX_STDIN_LINE: Final = 10_000
"""Maximum bytes of a line; a longer line is dropped."""


def is_readable() -> bool:
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


def read_lines(on_line: Callable[[str], object]) -> None:
    """Call back in the event loop for each line until standard input ends.

    A daemon thread calls ``os.read``. Reading in the event loop would make the terminal non-blocking for the
    output too. A thread that waits inside ``sys.stdin`` would make the interpreter abort at its exit.
    """
    if is_readable():
        loop, number = asyncio.get_running_loop(), sys.stdin.fileno()
        Thread(target=_read, args=(number, loop, on_line), daemon=True).start()


def _read(number: int, loop: asyncio.AbstractEventLoop, on_line: Callable[[str], object]) -> None:
    rest = b""
    with suppress(OSError, RuntimeError):  # the loop was closed meanwhile
        while chunk := os.read(number, 4096):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                loop.call_soon_threadsafe(on_line, line.decode(errors="replace"))
            rest = rest if len(rest) <= MAX_STDIN_LINE else b""
        if rest:
            loop.call_soon_threadsafe(on_line, rest.decode(errors="replace"))
