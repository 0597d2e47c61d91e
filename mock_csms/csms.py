"""The shared state of a running mock central system."""

import secrets
import time
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

from mock_csms.behaviour.named_values import certificate_value
from mock_csms.behaviour.rule_sets import RuleMatch
from mock_csms.behaviour.rulebook import Rulebook
from mock_csms.behaviour.rules import FIRST_STATE, HANDSHAKE
from mock_csms.behaviour.templates import TemplateContext, render
from mock_csms.behaviour.tokens import Charging, Token
from mock_csms.errors import NothingToDo
from mock_csms.findings.silences import Silences
from mock_csms.journal.file import JournalFile
from mock_csms.journal.recorder import Recorder
from mock_csms.journal.records import MakeObserver, Records
from mock_csms.journal.refusals import Refusals
from mock_csms.journal.store import Journal, format_seconds
from mock_csms.messages import Call, JsonObject
from mock_csms.ocppj.routes import payload_of
from mock_csms.ocppj.session import Session
from mock_csms.schema.patch import merge_patch
from mock_csms.security.listeners import Listeners
from mock_csms.security.rotation import PasswordChanges
from mock_csms.security.tls_provider import TlsProvider, open_pki
from mock_csms.security.upgrades import SecurityUpgrades
from mock_csms.settings import Profile, Settings
from mock_csms.settings.check import Flawed, check, check_security
from mock_csms.settings.effective import EffectiveProfiles
from mock_csms.settings.profiles import with_changes
from mock_csms.stations.arrivals import Arrivals
from mock_csms.stations.bounded import BoundedDict
from mock_csms.stations.known import KnownStations
from mock_csms.stations.offline import Outages
from mock_csms.stations.spellings import Spellings
from mock_csms.stations.station import Station
from mock_csms.text import timestamp
from mock_csms.transport.connection import WebSocketConnection
from mock_csms.transport.file_requests import FileRequests
from mock_csms.verdict.rehearsal import Rehearsal
from mock_csms.versions import CommandParts, OcppVersion

if TYPE_CHECKING:
    from mock_csms.pki import Pki


class ProfileIds(BoundedDict[tuple[str, int, int], int]):
    """Ids of charging profiles by purpose, EVSE and stackLevel.

    The number of ids is bounded, because stations may report any number of EVSE ids.
    """

    __slots__ = ()


type CommandBuilder = Callable[["Csms", Station], Any]
"""Builds the payload object of a command from the state of a station; raises NothingToDo."""


def _whole(command: str, payload: JsonObject, csms: "Csms", session: Session) -> CommandParts:
    return CommandParts([payload])


@dataclass(frozen=True, kw_only=True, eq=False)
class ServedVersion:
    """An OCPP version and its implementation: handlers, commands, findings."""

    version: OcppVersion
    charge_point: Callable[["Csms", Station, WebSocketConnection], Session]
    """Makes the session that answers the CALLs of a station on one connection."""
    commands: Mapping[str, CommandBuilder]
    observer: MakeObserver
    """Makes the observer that reports a station's violations of the specification."""
    start: Callable[["Csms", Session], None]
    """Starts sending the commands that the settings select, on a new connection."""
    split: Callable[[str, JsonObject, "Csms", Session], CommandParts] = _whole
    """Splits the payload of a command by the limits of the station; by default, returns it as one part."""

    def build(self, command: str, csms: "Csms", station: Station) -> JsonObject:
        """Return the payload of a command: the default for this station, merged with any ``--payload``.

        ``--payload`` is for the command of ``--command`` only.

        Raises NothingToDo if the version has no such command, or ``--payload`` has an unknown placeholder.
        Also raises NothingToDo if the default payload needs something that the station lacks, such as a
        running transaction, and merging ``--payload`` does not make the payload valid.
        """
        if command not in self.commands:
            raise NothingToDo(f"OCPP {self.version.name} has no such command")
        profile = csms.profile(station.id)
        patch = {}
        if profile.payload and command == profile.command:
            try:
                patch = csms.filled_in(profile.payload, station.id)
            except ValueError as error:
                raise NothingToDo(f"--payload cannot be filled in: {error}") from None
        try:
            default = payload_of(self.commands[command](csms, station))
        except NothingToDo as reason:
            default = {} if reason.instead is None else payload_of(reason.instead)
            if not patch or self.version.request(command).violation(merge_patch(default, patch)):
                raise
        merged: JsonObject = merge_patch(default, patch)
        return merged


@dataclass
class Csms:
    """State of the mock while it runs: settings, stations, sessions, rules and records."""

    settings: Settings
    versions: Mapping[str, ServedVersion]
    """Served OCPP versions, by subprotocol."""
    control: str = ""
    """Base URL of the control API, as ``http://host:port``; empty if the API is off."""
    stations: KnownStations = field(default_factory=KnownStations)
    sessions: dict[str, Session] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: count(1))
    """Unique integers for requestId, remoteStartId and the like."""
    uploads: int = 0
    """Number of files that stations have uploaded to this server."""
    profile_ids: ProfileIds = field(default_factory=ProfileIds)
    """Ids of the charging profiles that the mock sends."""
    charging: Charging = field(default_factory=Charging)
    passwords: PasswordChanges = field(default_factory=PasswordChanges)
    upgrades: SecurityUpgrades = field(default_factory=SecurityUpgrades)
    outages: Outages = field(default_factory=Outages)
    arrivals: Arrivals[Session] = field(default_factory=Arrivals)
    rehearsal: Rehearsal = field(default_factory=Rehearsal)
    records: Records = field(init=False)
    refusals: Refusals = field(init=False)
    rulebook: Rulebook = field(init=False)
    listeners: Listeners = field(init=False)
    file_requests: FileRequests | None = field(init=False)
    """Serves files on the ports for stations; None if the control API is off."""
    profiles: EffectiveProfiles = field(init=False)
    """Settings of each station, including changes through the control API."""
    journal_file: JournalFile | None = None
    """The journal file that is being written; None if no file is written."""
    started_at: float = field(default_factory=time.time)
    """Time of the start in seconds since the epoch."""
    _spellings: Spellings = field(default_factory=Spellings)

    def __post_init__(self) -> None:
        settings = self.settings_at_start = self.settings
        journal = Journal(settings.journal_max, settings.journal_max_bytes)
        watch = "always" if settings.fail_on else settings.findings
        kinds = (version.finding_kinds for version in self.ocpp_versions)
        self.records = Records(
            journal, watch, silences=Silences(kinds, settings.silence, hints=settings.hints)
        )
        self.refusals = Refusals(self.records)
        seed = settings.seed
        self.rulebook = Rulebook(
            self.ocpp_versions, settings.all_rules(), secrets.randbits(32) if seed is None else seed
        )
        self.profiles = profiles = EffectiveProfiles(settings, self.rulebook, self.sessions)
        tls = TlsProvider(settings, lambda: self.authority, lambda: profiles.security_profiles, self.rulebook)
        self.listeners = Listeners(settings, tls)
        public_url = settings.public_url
        self.file_requests = (
            None if settings.no_control else FileRequests(public_url.path if public_url else "")
        )

    def prepare(self, settings: Settings) -> None:
        """Make the certificates for reloaded settings; called in a thread, because this takes time.

        Raises CouldNotStart, OSError or ValueError.
        """
        faults = {kind for rule in settings.all_rules() for kind in rule.tls_faults}
        self.listeners.prepare_change(settings, faults)

    def apply(self, settings: Settings) -> None:
        """Apply reloaded settings. Listening addresses do not change, and unchanged rules keep their
        counts.
        """
        self.listeners.apply(settings)
        self.settings = settings
        self.profiles.use(settings)
        self.rulebook.replace(settings.all_rules())
        self.refresh()

    def refresh(self) -> None:
        """Apply changed settings, tokens or rules to every connection."""
        self.profiles.clear_cache()
        for session in self.sessions.values():
            self.configure(session)
        self.records.activities.changed()

    def _refresh_station(self, identity: str) -> None:
        """Apply the changed settings of one station to its connection, if it is connected."""
        if session := self.sessions.get(identity):
            self.configure(session)
        self.records.activities.changed(identity)

    def configure(self, session: Session) -> None:
        """Apply the current settings, tokens and rules to a session."""
        identity = session.station.id
        rulebook = self.rulebook
        session.configure(
            self.profile(identity),
            rulebook.about(identity),
            rulebook.about(identity, "answer"),
            rulebook.about(identity, "command"),
        )

    def served(self, session: Session) -> ServedVersion:
        """The OCPP version that a session speaks, with its implementation."""
        return self.versions[session.version.subprotocol]

    def recorder(self, identity: str, version: OcppVersion) -> Recorder:
        """Make the recorder of a new connection of a station."""
        make_observer = self.versions[version.subprotocol].observer
        observer = self.records.observer(identity, version, make_observer)
        return Recorder(self.records, identity, version, observer)

    def profile(self, identity: str) -> Profile:
        """The settings of a station."""
        return self.profiles.of(identity)

    def change_profile(self, identity: str, changes: JsonObject, scope: str | None = None) -> Profile:
        """Change settings of one station. The value None restores the value of the loaded settings.

        Raises ValueError for invalid changes, Flawed for changes that OCPP does not allow, and TooManyRules
        if faults exceed the maximum number of rules.
        """
        merged = self.profiles.merged(identity, changes)
        changed = with_changes(self.settings.profile(identity), merged)
        has_password = bool(self.passwords.holding(identity, changed.password).passwords)
        has_tls = "security_profile" not in changes or bool(self.listeners.with_tls)
        flaw = check(changed, self.ocpp_versions)
        if flaw := flaw or check_security(changed, has_password=has_password, has_tls=has_tls):
            raise Flawed(flaw)
        if "password" in merged:
            merged["password"] = str(changed.password)  # a hash instead of the text
        self.profiles.change(identity, merged, changes, scope)
        self._spellings.add(identity)
        self._use_changes(identity, changes)
        return self.profile(identity)

    def revert_scope_of_profile(self, identity: str, scope: str) -> None:
        """Revert the changes that were made to the settings of a station under a scope."""
        names = self.profiles.settings_of(identity, scope)
        self.profiles.revert_scope(identity, scope)
        self._use_changes(identity, names)

    def _use_changes(self, identity: str, names: Container[str]) -> None:
        if "boot_status_sequence" in names and identity in self.stations:
            self.stations[identity].boot_sequence = None  # the sequence begins again even if it is the same
        self._release_spelling(identity)
        self._refresh_station(identity)

    def change_token(self, name: str, token: Token | None, scope: str | None = None) -> None:
        """Add or replace a token; None deletes it. idTokens are compared without regard to case."""
        self.profiles.change_token(name, token, scope)
        self.refresh()

    def reset(self, identities: Collection[str] | None = None, *, keep_profiles: bool = False) -> None:
        """Reset some stations, or all (None), to the state at the start. Connections are kept.

        A station that is not connected is forgotten altogether. ``keep_profiles`` keeps the changed settings
        of the stations in ``identities``; it has no effect on a reset of all.
        """
        names = set(self.stations) if identities is None else set(identities)
        for name in names & self.stations.keys():
            self._reset_station(name)
        self.records.clear(None if identities is None else names)
        if identities is None:
            self.rulebook.forget()
            self.records.journal.clear()
            self._revert_profiles(set(self.profiles.changes))
            self.profiles.revert_tokens()
            self.charging = Charging()
            self.passwords.clear()
            self.upgrades.clear()
            self.outages.clear()
            self.listeners.reset()
            self.records.silences.reset()
            self.rehearsal.clear()
            self.refresh()
            return
        for name in names:
            self.rulebook.forget(name)
            self.passwords.forget(name)
            self.upgrades.forget(name)
            self.outages.end(name)
        if not keep_profiles:
            self._revert_profiles(names & self.profiles.changes.keys())

    def _revert_profiles(self, identities: Set[str]) -> None:
        self.profiles.revert(identities)
        for identity in identities:
            self._release_spelling(identity)
            self._refresh_station(identity)

    def _reset_station(self, identity: str) -> None:
        if identity in self.sessions:
            self.stations[identity].forget()
        else:
            self._forget_station(identity)

    def _forget_station(self, identity: str) -> None:
        self.stations.remove(identity)
        self._release_spelling(identity)
        self.records.forget(identity)

    def _release_spelling(self, identity: str) -> None:
        """Forget how an identity is capitalized, unless its station has a state or changed settings."""
        if identity not in self.stations and identity not in self.profiles.changes:
            self._spellings.remove(identity)

    def match_handshake_rule(self, identity: str) -> RuleMatch | None:
        """Return the rule that matches a station's opening handshake; None if there is none.

        If the rule sets a state of the station, the station gets this state.
        """
        if rule_set := self.rulebook.about(identity).get(HANDSHAKE):
            station = self.stations.get(identity)
            state = station.state if station else FIRST_STATE
            match = rule_set.hit(identity, Call.of_json(HANDSHAKE, {}), state)
            if match and match.rule.set is not None:
                self.station(identity).state = match.rule.set
                self.records.activities.changed(identity)
            return match
        return None

    @property
    def address(self) -> str:
        """Address of the main listener, as ``host:port``; empty until it listens."""
        return self.listeners.main.address

    @property
    def ocpp_versions(self) -> list[OcppVersion]:
        """Served OCPP versions, without their handlers."""
        return [served.version for served in self.versions.values()]

    @cached_property
    def authority(self) -> "Pki":
        """The mock's own certificates, in the PKI folder or in memory; each is made at its first use."""
        return open_pki(self.settings_at_start, lambda: self.control and f"{self.http_url('')}/ocsp")

    def profile_id(self, station: Station, purpose: str, evse_id: int, stack_level: int) -> int:
        """Return an id for a new charging profile; no known charging profile of the station has this id.

        Further profiles for the same purpose, EVSE and stackLevel get the same id, until the station has a
        profile with this id.
        """
        place = purpose, evse_id, stack_level
        if place not in self.profile_ids:
            self.profile_ids[place] = next(self.ids)
        if (profile_id := self.profile_ids[place]) not in station.charging_profiles:
            return profile_id
        return next(number for number in self.ids if number not in station.charging_profiles)

    def filled_in(self, payload: Any, identity: str) -> Any:
        """Fill in the placeholders of a payload for a station; raises ValueError for an unknown one."""
        now = datetime.now(UTC) + timedelta(seconds=self.profile(identity).clock_skew)
        return render(payload, TemplateContext({}, now, Random(), partial(self.named_value, identity)))  # noqa: S311

    def named_value(self, identity: str, kind: str, name: str) -> Any:
        """Value of the placeholder ``{{kind.name}}`` for a station; raises ValueError for an unknown name."""
        if kind == "certificate":
            return certificate_value(self.authority, name)
        if kind == "files":
            return f"{self.files_url(identity)}/{name}"
        return self.listeners.url_from(self.reached_address(identity)[0], name)

    def note_upload(self) -> None:
        """Count an uploaded file."""
        self.uploads += 1

    def ocsp_answer(self, request: bytes | str) -> bytes:
        """Return the OCSPResponse to a request: the body of a POST, or the last part of the URL of a GET."""
        from mock_csms.pki.responder import answer_ocsp  # noqa: PLC0415 - see open_pki

        return answer_ocsp(self.authority, request)

    def reached_address(self, identity: str) -> tuple[str, int]:
        """Host and port of this machine that a station has connected to.

        For a station that is not connected, return those of the main listener, preferably with an address
        that other machines can reach.
        """
        session = self.sessions.get(identity)
        address = session.connection.local_address if session else None
        return address or self.listeners.usual_address

    def http_url(self, identity: str) -> str:
        """Base URL of the files and the OCSP responder for a station, without a slash at the end."""
        return self.listeners.http_url_from(*self.reached_address(identity))

    def files_url(self, identity: str) -> str:
        """Base URL for downloads and uploads by a station."""
        return f"{self.http_url(identity)}/files"

    def station(self, identity: str) -> Station:
        """State of a station, created at its first use."""
        station = self.stations.get(identity)
        if station is None:
            station = self.stations.add(identity)
            self.records.activities.of(identity)
            self._spellings.add(identity)
            self._forget_surplus()
        return station

    def _forget_surplus(self) -> None:
        for identity in self.stations.surplus():
            self._forget_station(identity)
            self.rulebook.forget(identity)

    def spelling(self, identity: str) -> str:
        """Identity under which the mock knows a station; the case may differ from ``identity``.

        An identity that has a state or settings in exactly this spelling is returned unchanged.
        """
        if identity in self.stations or identity in self.settings.stations:
            return identity
        return self._spellings.find(identity, self.settings.stations)

    def connect(self, session: Session) -> None:
        """Register a new session of a station; it replaces the previous one (OCPP-J 5.3)."""
        identity = session.station.id
        if previous := self.sessions.pop(identity, None):
            previous.supersede()
        self.sessions[identity] = session
        self.stations.connect(identity)
        self.configure(session)

    def disconnect(self, session: Session) -> None:
        """Remove a session, and forget its station if the station never sent anything. Do nothing if a newer
        session has replaced it.
        """
        identity = session.station.id
        if self.sessions.get(identity) is not session:
            return
        del self.sessions[identity]
        self.profiles.drop(identity)
        if self.stations.disconnect(identity):
            self._forget_surplus()
        else:
            self._forget_station(identity)

    def limit_memory(self) -> None:
        """Trim the largest states of connected stations if they take too much memory; called every second."""
        self.stations.limit_memory()

    def now(self, skew: float = 0.0) -> str:
        """Current time in UTC, ``skew`` seconds ahead, with milliseconds and Z (RFC 3339)."""
        if skew:
            return timestamp(datetime.now(UTC) + timedelta(seconds=skew))
        return format_seconds(time.time())
