"""The running mock central system: the one object that is passed around."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Protocol

from mock_csms.frames import JsonObject
from mock_csms.settings import Settings
from mock_csms.stations import Station
from mock_csms.transactions import Transaction

if TYPE_CHECKING:
    from mock_csms.pki import CertificateAuthority


class Session(Protocol):
    """A station that is connected now."""

    async def call(self, action: str, payload: JsonObject) -> JsonObject:
        """Send a command and return the station's answer; raises `rpc.CallFailed`."""

    def replace(self) -> None:
        """Close the connection because the station came back on a new one."""


@dataclass
class Csms:
    """Everything the mock knows while it runs."""

    settings: Settings
    address: str = ""
    """Where the server really listens, as ``host:port``; empty until it does."""
    stations: dict[str, Station] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: count(1))
    """Integers that are used once: requestId, remoteStartId and the like."""
    _second: int = 0
    _date: str = ""

    @cached_property
    def authority(self) -> "CertificateAuthority":
        """The mock's own certificate authority, made when it is first needed.

        So is the import of what it stands on: a fifth of the time that the server takes to start.
        """
        from mock_csms.pki import CertificateAuthority  # noqa: PLC0415

        return CertificateAuthority()

    def station(self, identity: str) -> Station:
        """Find what is known of a station, or begin to know it."""
        if identity not in self.stations:
            self.stations[identity] = Station(identity)
        return self.stations[identity]

    def connect(self, identity: str, session: Session) -> None:
        """Let a new connection of a station take over from the one it may still have."""
        if previous := self.sessions.pop(identity, None):
            previous.replace()
        self.sessions[identity] = session

    def disconnect(self, identity: str, session: Session) -> None:
        """Forget a connection, unless a newer one has taken over, and a station that never said anything."""
        if self.sessions.get(identity) is not session:
            return
        del self.sessions[identity]
        if self.stations.get(identity) == Station(identity):
            del self.stations[identity]

    def cost(self, transaction: Transaction) -> float:
        """What a transaction costs so far: the fixed price, or that of the energy its meter shows."""
        if self.settings.total_cost is not None:
            return self.settings.total_cost
        return transaction.cost(self.settings.cost_per_kwh)

    def now(self) -> str:
        """The time in UTC with milliseconds and Z (RFC 3339)."""
        second, nanosecond = divmod(time.time_ns(), 1_000_000_000)
        if second != self._second:
            self._second = second
            self._date = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._date}.{nanosecond // 1_000_000:03}Z"


def timestamp(moment: datetime) -> str:
    """Write a moment in UTC with milliseconds and Z (RFC 3339)."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
