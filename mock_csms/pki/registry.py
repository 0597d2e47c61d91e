"""Which certificates the PKI has issued, and which of them are revoked."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

MAX_RECORDS: Final = 20_000
"""Maximum number of certificates that are remembered; the oldest are forgotten, and then unknown to OCSP."""


class Record(NamedTuple):
    """An issued certificate."""

    name: str
    serial: int
    issuer: str
    """Name of the issuing certificate; empty if self-signed."""
    subject: str
    not_after: datetime
    revoked: datetime | None = None


class Registry:
    """Issued certificates by serial number, in memory."""

    def __init__(self) -> None:
        self._records: dict[int, Record] = {}

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    def get(self, serial: int) -> Record | None:
        """Record of a serial number, or None."""
        return self._records.get(serial)

    def add(self, record: Record) -> None:
        """Remember a certificate; the latest record of a serial number counts."""
        self._records.pop(record.serial, None)
        if len(self._records) >= MAX_RECORDS:
            del self._records[next(iter(self._records))]
        self._records[record.serial] = record
