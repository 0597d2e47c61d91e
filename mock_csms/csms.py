"""The running mock central system: the one object that is passed around."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any

from mock_csms.behaviour.rulebook import Rulebook, RuleMatch
from mock_csms.behaviour.rules import FIRST_STATE, HANDSHAKE
from mock_csms.behaviour.tokens import Charging, Token
from mock_csms.errors import NothingToDo
from mock_csms.journal.recorder import Recorder
from mock_csms.journal.records import MakeObserver, Records
from mock_csms.journal.store import Journal, format_seconds
from mock_csms.messages import Call, JsonObject
from mock_csms.ocppj.routes import payload_of
from mock_csms.ocppj.session import Session
from mock_csms.schema.patch import merge_patch
from mock_csms.settings import Profile, Settings
from mock_csms.settings.check import Flawed, check
from mock_csms.stations.station import Station
from mock_csms.text import suggest, timestamp
from mock_csms.transport.connection import WebSocketConnection
from mock_csms.versions import OcppVersion

if TYPE_CHECKING:
    from mock_csms.pki import CertificateAuthority


type CommandBuilder = Callable[["Csms", Station], Any]
"""Makes a command's payload class for a station as it is known now; raises NothingToDo."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ServedVersion:
    """A version with all that the mock does in it."""

    version: OcppVersion
    charge_point: Callable[["Csms", Station, WebSocketConnection], Session]
    """Answers the CALLs of a station on one connection."""
    commands: Mapping[str, CommandBuilder]
    observer: MakeObserver
    """Finds what a station does against the specification."""
    start: Callable[["Csms", Session], None]
    """Starts sending the commands that the settings select on a new connection."""

    def build(self, command: str, csms: "Csms", station: Station) -> JsonObject:
        """Make the payload of a command: its default for this station, with ``--payload`` laid over it.

        Raises NothingToDo for a command of another version, and where the default needs something that the
        station does not have, unless ``--payload`` supplies it.
        """
        if command not in self.commands:
            raise NothingToDo(f"OCPP {self.version.name} has no such command")
        patch = csms.profile(station.id).payload or {}
        try:
            default = payload_of(self.commands[command](csms, station))
        except NothingToDo:
            if self.version.request(command).violation(patch):
                raise
            default = {}
        merged: JsonObject = merge_patch(default, patch)
        return merged


@dataclass
class Csms:
    """Everything the mock knows while it runs."""

    settings: Settings
    versions: Mapping[str, ServedVersion]
    """Versions that are served, by subprotocol."""
    address: str = ""
    """Where the server really listens, as ``host:port``; empty until it does."""
    control: str = ""
    """Where the control API listens, as ``http://host:port``; empty where it does not."""
    stations: dict[str, Station] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: count(1))
    """Integers that are used once: requestId, remoteStartId and the like."""
    charging: Charging = field(default_factory=Charging)
    records: Records = field(init=False)
    rulebook: Rulebook = field(init=False)
    profile_changes: dict[str, JsonObject] = field(default_factory=dict)
    """What was said of single stations while the mock runs; it goes before the settings."""
    token_changes: dict[str, Token | None] = field(default_factory=dict)
    """Tokens that were put into the book or taken out (None) while the mock runs."""
    _profiles: dict[str, Profile] = field(default_factory=dict)
    _shared: dict[tuple[str, ...], Profile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settings = self.settings_at_start = self.settings
        journal = Journal(settings.journal_max, settings.journal_max_bytes)
        watch = "always" if settings.fail_on else settings.findings
        self.records = Records(journal, settings.silence, watch)
        seed = settings.seed
        self.rulebook = Rulebook(
            self.ocpp_versions, settings.all_rules(), secrets.randbits(32) if seed is None else seed
        )

    def apply(self, settings: Settings) -> None:
        """Go on with other settings; where it listens does not change. Rules that stay go on counting."""
        self.settings = settings
        self.rulebook.replace(settings.all_rules())
        self.refresh()

    def refresh(self) -> None:
        """Let every connection take note that settings, tokens or rules have changed."""
        self._profiles.clear()
        self._shared.clear()
        for session in self.sessions.values():
            self.configure(session)

    def configure(self, session: Session) -> None:
        """Apply the settings, tokens and rules that hold now to a session."""
        identity = session.station.id
        rulebook = self.rulebook
        session.configure(
            self.profile(identity), rulebook.about(identity), rulebook.about(identity, "answer")
        )

    def served(self, session: Session) -> ServedVersion:
        """Return the version that a session speaks."""
        return self.versions[session.version.subprotocol]

    def recorder(self, identity: str, version: OcppVersion) -> Recorder:
        """Begin to record a new connection of a station."""
        make = self.versions[version.subprotocol].observer
        observer = self.records.observer(identity, version, make)
        return Recorder(self.records, identity, version, observer)

    def profile(self, identity: str) -> Profile:
        """How a station is treated; stations of which nothing else is said share what is returned."""
        profile = self._profiles.get(identity)
        if profile is None:
            profile = self._profiles[identity] = self._made_profile(identity)
        return profile

    def _made_profile(self, identity: str) -> Profile:
        if changes := self.profile_changes.get(identity):
            return self._with_tokens(_overlaid(self.settings.profile(identity), changes))
        patterns = self.settings.matching(identity)
        if patterns not in self._shared:
            self._shared[patterns] = self._with_tokens(self.settings.profile(identity))
        return self._shared[patterns]

    def _with_tokens(self, profile: Profile) -> Profile:
        if not self.token_changes:
            return profile
        tokens = {**profile.tokens, **self.token_changes}
        return _changed(profile, {"tokens": {name: it for name, it in tokens.items() if it is not None}})

    def change_profile(self, identity: str, changes: JsonObject) -> Profile:
        """Treat a station differently from now on; None takes a change back. Raises ValueError."""
        if unknown := [name for name in changes if name not in Profile.model_fields]:
            hint = suggest(unknown[0], Profile.model_fields)
            raise ValueError(f"there is no key {unknown[0]}{hint}")
        merged = {**self.profile_changes.get(identity, {}), **changes}
        merged = {name: value for name, value in merged.items() if value is not None}
        if flaw := check(_overlaid(self.settings.profile(identity), merged), self.ocpp_versions):
            raise Flawed(flaw)
        self.profile_changes[identity] = merged
        self.refresh()
        return self.profile(identity)

    def change_token(self, name: str, token: Token | None) -> None:
        """Put a token into the book, or take it out."""
        self.token_changes = {
            known: it for known, it in self.token_changes.items() if known.lower() != name.lower()
        }
        written = next((it for it in self.settings.tokens if it.lower() == name.lower()), name)
        self.token_changes[written] = token
        self.refresh()

    def reset(self, identity: str | None = None) -> None:
        """Go back to the start, for one station or all; connections are kept."""
        for name, station in self.stations.items():
            if identity in {None, name}:
                station.forget()
        if identity is not None:
            self.profile_changes.pop(identity, None)
        self.records.clear(identity)
        self.rulebook.forget(identity)
        if identity is None:
            self.records.journal.clear()
            self.profile_changes.clear()
            self.token_changes.clear()
            self.charging = Charging()
        self.refresh()

    def at_the_door(self, identity: str) -> RuleMatch | None:
        """Find what goes wrong on purpose at the opening handshake of a station."""
        if applicable := self.rulebook.about(identity).get(HANDSHAKE):
            known = self.stations.get(identity)
            state = known.state if known else FIRST_STATE
            hit = applicable.hit(identity, Call.of_json(HANDSHAKE, {}), state)
            if hit and hit.rule.set is not None:
                self.station(identity).state = hit.rule.set
            return hit
        return None

    @property
    def ocpp_versions(self) -> list[OcppVersion]:
        """Versions that are served, without what is done in them."""
        return [served.version for served in self.versions.values()]

    @cached_property
    def authority(self) -> "CertificateAuthority":
        """The mock's own certificate authority, made when it is first needed.

        So is the import of what it stands on: a fifth of the time that the server takes to start.
        """
        from mock_csms.pki import CertificateAuthority  # noqa: PLC0415

        return CertificateAuthority()

    @property
    def files_url(self) -> str:
        """Where stations find files to download, and leave those they upload."""
        return f"{self.control or f'http://{self.address}'}/files"

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

    def connect(self, session: Session) -> None:
        """Let a new session of a station take over from the one it may still have."""
        identity = session.station.id
        if previous := self.sessions.pop(identity, None):
            previous.supersede()
        self.sessions[identity] = session
        self.configure(session)

    def disconnect(self, session: Session) -> None:
        """Forget a session, unless a newer one has taken over, and a station that never sent anything."""
        identity = session.station.id
        if self.sessions.get(identity) is not session:
            return
        del self.sessions[identity]
        self._profiles.pop(identity, None)
        station = self.stations.get(identity)
        if station and not station.boots and station == Station(identity):
            del self.stations[identity]

    def now(self, skew: float = 0.0) -> str:
        """The time in UTC with milliseconds and Z (RFC 3339), ``skew`` seconds ahead."""
        if skew:
            return timestamp(datetime.now(UTC) + timedelta(seconds=skew))
        return format_seconds(time.time())


def _overlaid(profile: Profile, changes: JsonObject) -> Profile:
    """Lay over a profile what was said of a station; raises ValueError."""
    overlay = Profile.model_validate(changes)
    return _changed(profile, {name: getattr(overlay, name) for name in overlay.model_fields_set})


def _changed(profile: Profile, changes: Mapping[str, Any]) -> Profile:
    return Profile.model_construct(
        **{name: changes.get(name, getattr(profile, name)) for name in Profile.model_fields}
    )
