"""Opens and writes the files of a run; fails instead of waiting long for the reader of a named pipe."""

import errno
import os
import select
import stat
from pathlib import Path
from typing import Final

OPEN_WITHOUT_WAITING: Final = getattr(os, "O_NONBLOCK", 0)
"""Flag with which opening a named pipe without a reader fails instead of waiting for one. Windows has neither
the flag nor such pipes.
"""
READER_TIMEOUT_S: Final = 5.0
"""Seconds to wait for the reader of a full pipe."""


def opened_without_waiting(path: str, flags: int) -> int:
    """Open a file; an ``opener`` for `open`. Raises OSError for a named pipe without a reader."""
    try:
        return os.open(path, flags | OPEN_WITHOUT_WAITING, 0o666)
    except OSError as error:
        if error.errno == errno.ENXIO and stat.S_ISFIFO(Path(path).stat().st_mode):
            raise OSError(errno.ENXIO, "no program reads this pipe") from None
        raise


def write_file(path: Path, content: bytes) -> None:
    """Write a file. Raises OSError, also if the reader of a pipe reads nothing for READER_TIMEOUT_S."""
    with open(path, "wb", buffering=0, opener=opened_without_waiting) as file:
        rest = memoryview(content)
        while rest:
            written = file.write(rest)
            if written is None:  # the pipe is full
                _wait_for_reader(file.fileno())
            rest = rest[written or 0 :]


def _wait_for_reader(descriptor: int) -> None:
    if not select.select([], [descriptor], [], READER_TIMEOUT_S)[1]:
        raise OSError(errno.ETIMEDOUT, "the reader of the pipe does not read")
