"""Files of the PKI folder: atomic writes, and a lock for one writer at a time."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

LOCK_FILE: Final = ".lock"
LOCK_TIMEOUT_S: Final = 10.0
_RETRY_S = 0.01
_FOR_THIS_USER = 0o600


def safe_file_name(text: str) -> str:
    """Encode any text as a file name without separators. Different texts get different names."""
    name = quote(text, safe="")
    return f"%2E{name[1:]}" if name.startswith(".") else name


def replace_file(path: Path, content: bytes) -> None:
    """Write a file for this user only, atomically: after a crash, the file is the old or the new one."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")  # with mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def append_line(path: Path, line: str) -> None:
    """Append a line to a file for this user only. If the last line is incomplete, end it first."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, _FOR_THIS_USER)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else f"\n{line}"
        file.write(line.encode())


@contextmanager
def lock_folder(folder: Path, timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[None]:
    """Lock a folder inside the context. Raises OSError, also if another process holds the lock too long."""
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, _FOR_THIS_USER)
    try:
        _wait_for_lock(descriptor, timeout_s)
        yield
    finally:
        os.close(descriptor)  # which releases the lock


def _wait_for_lock(descriptor: int, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not _try_lock(descriptor):
        if time.monotonic() > deadline:
            raise TimeoutError(0, f"another process holds the lock {LOCK_FILE}")
        time.sleep(_RETRY_S)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
