"""Reads the files that settings name, without ever blocking the event loop."""

import asyncio
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import BinaryIO, Final

MAX_FILE_SIZE: Final = 4 * 2**20
"""Maximum size in bytes of a file with settings or a payload."""
STREAM_FOLDERS: Final = ("/dev/", "/proc/")
"""Folders of files that may be empty when opened a second time, such as ``/dev/stdin``."""
CANNOT_BLOCK: Final = getattr(os, "O_NONBLOCK", 0)
"""Flag that opens a named pipe at once, even without a writer. Windows has neither the flag nor such
pipes.
"""

is_reloading: Final[ContextVar[bool]] = ContextVar("is_reloading", default=False)
"""Whether the settings are being reloaded. `read_file` then opens no pipe, because it could block forever."""

_may_read: Final[ContextVar[bool]] = ContextVar("may_read", default=True)

_contents_of_streams: Final[dict[Path, bytes]] = {}


@contextmanager
def reading_no_files() -> Iterator[None]:
    """Make `read_file` refuse every file, because clients of the control API must not see local files."""
    token = _may_read.set(False)
    try:
        yield
    finally:
        _may_read.reset(token)


def is_regular_file(path: Path) -> bool:
    """Return whether the file at a path can be read more than once; raises OSError."""
    return stat.S_ISREG(path.stat().st_mode) and not str(path.absolute()).startswith(STREAM_FOLDERS)


def read_file(path: Path) -> bytes:
    """Return the content of a file. Raises OSError, also if it is larger than MAX_FILE_SIZE.

    A pipe or device, such as ``/dev/stdin``, is read once, and later calls return the same content. While
    an event loop runs or the settings are reloaded, only regular files are opened.
    """
    if not _may_read.get():
        raise OSError(
            errno.EACCES,
            "a file can be named only by a flag or in the settings file; send its content instead",
        )
    if is_regular_file(path):
        with open(path, "rb", opener=_open_regular_file) as file:
            return _read(file)
    if path not in _contents_of_streams:
        if is_reloading.get() or _is_in_event_loop():
            raise _not_a_regular_file()
        with path.open("rb") as file:
            _contents_of_streams[path] = _read(file)
    return _contents_of_streams[path]


def _open_regular_file(path: str, flags: int) -> int:
    """Open a file without blocking; raises OSError if a pipe has replaced it since `is_regular_file`."""
    descriptor = os.open(path, flags | CANNOT_BLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_a_regular_file()
    return descriptor


def _not_a_regular_file() -> OSError:
    return OSError(
        errno.EINVAL, "not a regular file; pipes and devices are read only once, when the server starts"
    )


def _read(file: BinaryIO) -> bytes:
    content = file.read(MAX_FILE_SIZE + 1)
    if len(content) > MAX_FILE_SIZE:
        raise OSError(errno.EFBIG, f"larger than {MAX_FILE_SIZE} bytes")
    return content


def _is_in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
