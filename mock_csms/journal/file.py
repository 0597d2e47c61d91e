"""Journal file (NDJSON) with rotation."""

import os
from contextlib import suppress
from pathlib import Path

from mock_csms.log.output import logger


class JournalFile:
    """Appends lines to a file; a file that would exceed ``max_bytes`` is renamed, and a new one is started.

    Renamed files get the suffixes ``.1``, ``.2``, ... Raises OSError if the file cannot be opened at the
    start; only the first later failure is logged.
    """

    def __init__(self, path: Path, max_bytes: int | None = None) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._failed = False
        self._open()

    def _open(self) -> None:
        self._file = self._path.open("ab", buffering=0)
        self._size = self._file.tell()

    def write(self, data: bytes) -> None:
        """Append lines with a single write."""
        try:
            if self._file.closed:  # the last rotation could not reopen it
                self._open()
            if self._max_bytes and self._size and self._size + len(data) > self._max_bytes:
                self._rotate()
            self._file.write(data)
            self._size += len(data)
        except OSError as error:
            if not self._failed:
                logger.error("cannot write the journal %s: %s", self._path, error.strerror)
            self._failed = True

    def _rotate(self) -> None:
        self._file.close()
        number = 1
        while self._path.with_name(f"{self._path.name}.{number}").exists():
            number += 1
        try:
            with suppress(FileNotFoundError):  # the file was removed by another program
                self._path.replace(self._path.with_name(f"{self._path.name}.{number}"))
        finally:
            self._open()

    def close(self) -> None:
        """Flush the file to disk and close it."""
        if not self._file.closed:
            with suppress(OSError):  # fsync fails on devices such as /dev/null
                os.fsync(self._file.fileno())
            self._file.close()
