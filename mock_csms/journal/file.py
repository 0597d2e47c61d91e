"""The journal as a file of NDJSON."""

import os
from contextlib import suppress
from pathlib import Path

from mock_csms.log.output import logger


class JournalFile:
    """A file of lines; past ``max_bytes`` it is put aside as ``.1``, ``.2``, ... and begun anew.

    Raises OSError if it cannot be written at the start; later the log says so once.
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
        """Append lines, in one piece."""
        try:
            if self._file.closed:  # the last rotation could not open it
                self._open()
            if self._max_bytes and self._size and self._size + len(data) > self._max_bytes:
                self._rotate()
            self._file.write(data)
            self._size += len(data)
        except OSError as error:
            if not self._failed:
                logger.error("the journal %s cannot be written: %s", self._path, error.strerror)
            self._failed = True

    def _rotate(self) -> None:
        self._file.close()
        number = 1
        while self._path.with_name(f"{self._path.name}.{number}").exists():
            number += 1
        try:
            with suppress(FileNotFoundError):  # somebody has taken it away
                self._path.replace(self._path.with_name(f"{self._path.name}.{number}"))
        finally:
            self._open()

    def close(self) -> None:
        """Have the system write what it still holds, and close."""
        if not self._file.closed:
            with suppress(OSError):  # a device has nothing to keep
                os.fsync(self._file.fileno())
            self._file.close()
