"""The running mock central system: the one object that is passed around."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Protocol

from mock_csms.frames import JsonObject
from mock_csms.payloads import timestamp
from mock_csms.rules import FIRST_STATE, HANDSHAKE, Hit, Rulebook
from mock_csms.settings import Profile, Settings
from mock_csms.stations import Station
from mock_csms.tokens import Charging
from mock_csms.transactions import Transaction

if TYPE_CHECKING:
    from mock_csms.pki import CertificateAuthority


class Session(Protocol):
    """A station that is connected now."""

    async def call(self, action: str, payload: JsonObject) -> JsonObject:
        """Send a command and return the station's answer; raises `rpc.CallFailed`."""

    def replace(self) -> None:
        """Close the connection because the station came back on a new one."""

    def refresh(self) -> None:
        """Take note that settings, tokens or rules have changed."""


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
    charging: Charging = field(default_factory=Charging)
    rulebook: Rulebook = field(init=False)
    _profiles: dict[str, Profile] = field(default_factory=dict)
    _second: int = 0
    _date: str = ""

    def __post_init__(self) -> None:
        seed = self.settings.seed
        self.rulebook = Rulebook(self.settings.all_rules(), secrets.randbits(32) if seed is None else seed)

    def apply(self, settings: Settings) -> None:
        """Go on with other settings; where it listens does not change. Rules that stay go on counting."""
        self.settings = settings
        self.rulebook.replace(settings.all_rules())
        self.refresh()

    def refresh(self) -> None:
        """Let every connection take note that settings, tokens or rules have changed."""
        self._profiles.clear()
        for session in self.sessions.values():
            session.refresh()

    def profile(self, identity: str) -> Profile:
        """How a station is treated."""
        profile = self._profiles.get(identity)
        if profile is None:
            profile = self._profiles[identity] = self.settings.profile(identity)
        return profile

    def at_the_door(self, identity: str) -> Hit | None:
        """Find what goes wrong on purpose at the opening handshake of a station."""
        if applicable := self.rulebook.about(identity).get(HANDSHAKE):
            known = self.stations.get(identity)
            return applicable.hit(identity, {}, known.state if known else FIRST_STATE)
        return None

    @cached_property
    def authority(self) -> "CertificateAuthority":
        """The mock's own certificate authority, made when it is first needed.

        So is the import of what it stands on: a fifth of the time that the server takes to start.
        """
        from mock_csms.pki import CertificateAuthority  # noqa: PLC0415

        return CertificateAuthority()

    def chain_for(self, station: Station) -> str:
        """Sign the last CSR; a station without one that can be signed gets a chain that it has to refuse."""
        try:
            return self.authority.sign(station.csr or "")
        except ValueError:
            return self.authority.issue(station.id)

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
        self._profiles.pop(identity, None)
        if self.stations.get(identity) == Station(identity):
            del self.stations[identity]

    def cost(self, station: Station, transaction: Transaction) -> float:
        """What a transaction costs so far: the fixed price, or that of the energy its meter shows."""
        profile = self.profile(station.id)
        return transaction.cost(profile.cost_per_kwh) if profile.total_cost is None else profile.total_cost

    def now(self, skew: float = 0.0) -> str:
        """The time in UTC with milliseconds and Z (RFC 3339), ``skew`` seconds ahead."""
        if skew:
            return timestamp(datetime.now(UTC) + timedelta(seconds=skew))
        second, nanosecond = divmod(time.time_ns(), 1_000_000_000)
        if second != self._second:
            self._second = second
            self._date = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._date}.{nanosecond // 1_000_000:03}Z"
