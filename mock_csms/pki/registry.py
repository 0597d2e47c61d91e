"""Registry of the certificates that the PKI has issued, and of their revocations."""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple, Self

from mock_csms.errors import CouldNotStart
from mock_csms.log.output import logger
from mock_csms.pki.files import LOCK_TIMEOUT_S, append_line, lock_folder, replace_file
from mock_csms.text import timestamp

SIGNED: Final = "signed/"
"""Beginning of the name of a certificate for a station's CSR; the CN follows."""
MAX_RECORDS: Final = 20_000
"""Maximum number of records. Above it, the oldest certificates for CSRs are dropped unless revoked."""
MAX_SUBJECT: Final = 200
"""Maximum characters of a subject in a record; a CSR may have a longer one."""


LOSS_OF_INDEX: Final = "its revoked certificates may be accepted again; restore the file from a copy"


class Record(NamedTuple):
    """An issued certificate."""

    name: str
    serial: int
    issuer: str
    """Name of the issuing certificate; empty if self-signed."""
    subject: str
    not_after: datetime
    revoked: datetime | None = None

    @classmethod
    def from_line(cls, line: str) -> Self | None:
        """Read a line of the index, or return None if it is malformed."""
        try:
            fields = json.loads(line)
            revoked = fields.get("revoked")
            return cls(
                name=str(fields["name"]),
                serial=int(fields["serial"], 16),
                issuer=str(fields["issuer"]),
                subject=str(fields["subject"]),
                not_after=datetime.fromisoformat(fields["notAfter"]),
                revoked=datetime.fromisoformat(revoked) if revoked else None,
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    def to_line(self) -> str:
        """The record as a line of the index."""
        fields = {
            "name": self.name,
            "serial": f"{self.serial:x}",
            "issuer": self.issuer,
            "subject": self.subject,
            "notAfter": timestamp(self.not_after),
            **({"revoked": timestamp(self.revoked)} if self.revoked else {}),
        }
        return json.dumps(fields) + "\n"


class Registry:
    """Issued certificates by serial number, in memory and, with a folder, in an index file.

    Each line of the index is a JSON object; the last line of a serial number counts. Other processes, such as
    `pki revoke`, may append lines; every look-up sees them.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._records: dict[int, Record] = {}
        self._unwritten: deque[Record] = deque(maxlen=MAX_RECORDS)
        self._lines = 0
        self._version: tuple[int, ...] = ()
        """Inode, size and modification time of the index when it was last read or written."""
        self._warned: set[str] = set()

    def warn_if_missing(self) -> None:
        """Warn if the index is missing; called for a folder that already has certificates."""
        if self._path is not None and not self._path.exists():
            self._warn(f"{self._path} is missing; {LOSS_OF_INDEX}")

    def __iter__(self) -> Iterator[Record]:
        self._refresh()
        return iter(list(self._records.values()))

    def get(self, serial: int) -> Record | None:
        """Record of a serial number, or None."""
        self._refresh()
        return self._records.get(serial)

    def add(self, record: Record, timeout_s: float = LOCK_TIMEOUT_S) -> None:
        """Store the record of an issued certificate.

        If the index cannot be written in time, the record is kept in memory, a log line says so, and the next
        call of `add` or `write` writes it too.
        """
        try:
            self.write([record], timeout_s)
        except CouldNotStart as error:
            self._keep(record)
            self._unwritten.append(record)
            self._warn(
                f"{error}; certificates that the server issues meanwhile may be unknown after a restart"
            )

    def write(self, records: Sequence[Record], timeout_s: float = LOCK_TIMEOUT_S) -> None:
        """Store records, also in the index; raises CouldNotStart if it is locked or not writable."""
        if self._path is None:
            self._keep_all(records)
            return
        try:
            with lock_folder(self._path.parent, timeout_s):
                self._refresh()
                self._append(self._path, [*self._unwritten, *records])
                self._unwritten.clear()
                self._compact(self._path)
        except OSError as error:
            raise CouldNotStart(f"cannot write {self._path}: {error.strerror}") from None

    def _append(self, path: Path, records: Sequence[Record]) -> None:
        append_line(path, "".join(record.to_line() for record in records))
        self._keep_all(records)
        self._lines += len(records)
        self._version = _version(path)

    def _warn(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            logger.warning("%s", message)

    def _keep_all(self, records: Iterable[Record]) -> None:
        for record in records:
            self._keep(record)

    def _keep(self, record: Record) -> None:
        self._records[record.serial] = record
        if len(self._records) > MAX_RECORDS and (oldest := self._oldest_forgettable()) is not None:
            del self._records[oldest]

    def _oldest_forgettable(self) -> int | None:
        return next((one.serial for one in self._records.values() if _is_forgettable(one)), None)

    def _refresh(self) -> None:
        if self._path is None or (version := _version(self._path)) == self._version:
            return
        try:
            lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            lines = []
        except OSError as error:
            self._warn(
                f"cannot read {self._path}: {error.strerror}; revocations by other processes are not seen"
            )
            return
        self._version, self._lines = version, len(lines)
        records = [record for record in map(Record.from_line, lines) if record]
        if unreadable := len(lines) - len(records):
            self._warn(
                f"{self._path} has lines that are not records of certificates: {unreadable}; {LOSS_OF_INDEX}"
            )
        self._replace(self._path, records)

    def _replace(self, path: Path, records: Sequence[Record]) -> None:
        """Replace the records in memory by those of the index.

        Records that the index has lost stay in memory, and are written back with the next certificate.
        """
        before, self._records = self._records, {}
        self._keep_all(records)
        is_full = len(records) >= MAX_RECORDS  # another process may have left out certificates for CSRs
        self._unwritten = deque(filter(self._lacks, self._unwritten), MAX_RECORDS)
        self._keep_all(self._unwritten)
        lost = [one for one in before.values() if self._lacks(one) and not (is_full and _is_forgettable(one))]
        if lost:
            logger.error(
                "%s no longer has the records of %d certificates (%d revoked); the server has them in "
                "memory and writes them back when it issues a certificate",
                path,
                len(lost),
                sum(one.revoked is not None for one in lost),
            )
            self._keep_all(lost)
            self._unwritten.extendleft(reversed(lost))

    def _lacks(self, record: Record) -> bool:
        """Return whether the registry lacks a record or the revocation in it."""
        current = self._records.get(record.serial)
        return current is None or (record.revoked is not None and current.revoked is None)

    def _compact(self, path: Path) -> None:
        """Rewrite the index if most of its lines are obsolete."""
        if self._lines > 2 * MAX_RECORDS:
            content = "".join(record.to_line() for record in self._records.values())
            replace_file(path, content.encode())
            self._lines = len(self._records)
            self._version = _version(path)


def _is_forgettable(record: Record) -> bool:
    return record.name.startswith(SIGNED) and record.revoked is None


def _version(path: Path) -> tuple[int, ...]:
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns
