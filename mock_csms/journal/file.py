"""Journal file (NDJSON) with rotation."""

import errno
import os
from contextlib import suppress
from pathlib import Path

from mock_csms.journal.output_files import opened_without_waiting
from mock_csms.log.output import logger


class JournalFile:
    """Appends lines to a file. A file that would exceed ``max_bytes`` is renamed, and a new one is
    started.

    Renamed files get the suffixes ``.1``, ``.2``, ... Raises OSError if the file cannot be opened at the
    start. Lines that cannot be written later are lost: the log reports the first failed write, and the number
    of lost lines once a write succeeds again. A file that another program has removed or renamed is created
    again.
    """

    def __init__(self, path: Path, max_bytes: int | None = None) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self.lost = 0
        """Number of lines that could not be written."""
        self._lost_before = 0
        """Number of lines lost before the present failure."""
        self._has_failed = False
        """Whether the last write failed."""
        self._open()

    def _open(self) -> None:
        file = open(self._path, "ab", buffering=0, opener=opened_without_waiting)  # noqa: SIM115 - open until closed
        try:
            self._size = file.tell()
        except OSError:
            file.close()
            raise OSError(errno.ESPIPE, "it is a pipe or a terminal; name a regular file") from None
        self._file = file

    def write(self, data: bytes) -> None:
        """Append complete lines."""
        try:
            self._reopen_if_needed()
            if self._max_bytes and self._size and self._size + len(data) > self._max_bytes:
                self._rotate()
            self._append(data)
        except OSError as error:
            self._lose(data, error)
        else:
            self._recover()

    def _append(self, data: bytes) -> None:
        """Append all lines; on OSError, remove the part that was already written."""
        start, written = self._size, 0
        try:
            while written < len(data):
                written += self._file.write(data[written:])
        except OSError:
            with suppress(OSError):  # not a regular file
                self._file.truncate(start)
            raise
        self._size += written

    def _reopen_if_needed(self) -> None:
        if self._file.closed:  # the last rotation could not reopen it
            self._open()
        elif not self._is_in_place():
            self._file.close()
            self._open()
            logger.warning("the journal %s was removed or renamed; a new file continues it", self._path)

    def _is_in_place(self) -> bool:
        """Whether the path still names the open file."""
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._file.fileno()))
        except FileNotFoundError:
            return False

    def _lose(self, data: bytes, error: OSError) -> None:
        if not self._has_failed:
            logger.error("cannot write the journal %s: %s", self._path, error.strerror)
            self._has_failed, self._lost_before = True, self.lost
        self.lost += data.count(b"\n")

    def _recover(self) -> None:
        if self._has_failed:
            lost = self.lost - self._lost_before
            logger.error("the journal %s can be written again; %d entries are missing", self._path, lost)
            self._has_failed = False

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
