"""The shared state of a running mock central system."""

import secrets
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any, Final

from mock_csms.behaviour.named_values import certificate_value
from mock_csms.behaviour.rulebook import MAX_RULES, Rulebook, RuleMatch, TooManyRules
from mock_csms.behaviour.rules import FIRST_STATE, HANDSHAKE, Rule
from mock_csms.behaviour.templates import TemplateContext, render
from mock_csms.behaviour.tokens import Charging, Token
from mock_csms.errors import NothingToDo
from mock_csms.journal.recorder import Recorder
from mock_csms.journal.records import MakeObserver, Records
from mock_csms.journal.refusals import Refusals
from mock_csms.journal.store import Journal, format_seconds
from mock_csms.log.output import logger
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
from mock_csms.settings.profiles import fault_rules, updated_profile, with_changes
from mock_csms.stations.bounded import MIB, BoundedDict
from mock_csms.stations.memory import MAX_CONNECTED_BYTES, ConnectedStates
from mock_csms.stations.station import Station
from mock_csms.text import suggest, timestamp
from mock_csms.transport.connection import WebSocketConnection
from mock_csms.transport.handshake import is_identifier_string
from mock_csms.versions import OcppVersion

if TYPE_CHECKING:
    from mock_csms.pki import Pki


MAX_DISCONNECTED: Final = 10_000
"""Maximum number of stations whose state is kept while they are not connected."""
MAX_DISCONNECTED_BYTES: Final = 512 * 2**20
"""Maximum bytes of the state of all stations that are not connected."""

MAX_PATTERN_SETS: Final = 1_000
"""Maximum number of cached profiles by the patterns that match an identity; a full cache is emptied."""


class ProfileIds(BoundedDict[tuple[str, int, int], int]):
    """Ids of charging profiles by purpose, EVSE and stackLevel; stations may report any EVSE ids."""

    __slots__ = ()


type CommandBuilder = Callable[["Csms", Station], Any]
"""Builds the payload object of a command from the current state of a station; raises NothingToDo."""


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
    """Starts to send, on a new connection, the commands that the settings select."""

    def build(self, command: str, csms: "Csms", station: Station) -> JsonObject:
        """Return the payload of a command: the default for this station, merged with ``--payload`` if given.

        ``--payload`` is for the command of ``--command`` only.

        Raises NothingToDo for a command of another version. The default may name something of the station,
        such as a running transaction. If the station has none, and if ``--payload`` does not make the payload
        valid, NothingToDo is raised too. It is also raised if ``--payload`` has an unknown placeholder.
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
    """Base URL of the control API, as ``http://host:port``; empty if it is off."""
    stations: dict[str, Station] = field(default_factory=dict)
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
    records: Records = field(init=False)
    refusals: Refusals = field(init=False)
    rulebook: Rulebook = field(init=False)
    listeners: Listeners = field(init=False)
    profile_changes: dict[str, JsonObject] = field(default_factory=dict)
    """Changes of settings by station, made through the control API; they override the settings."""
    token_changes: dict[str, Token | None] = field(default_factory=dict)
    """Tokens added, or deleted (None), through the control API."""
    _disconnected: dict[str, int] = field(default_factory=dict)
    """Bytes of each station that is not connected; the first one has been disconnected the longest."""
    _disconnected_bytes: int = 0
    _connected: ConnectedStates = field(default_factory=ConnectedStates)
    _spellings: dict[str, str] = field(default_factory=dict)
    """Identities as the stations first wrote them, by their lower case."""
    _fault_rules: dict[str, Set[str]] = field(default_factory=dict)
    """Ids of the rules for the faults in ``profile_changes``, by station."""
    _profiles: dict[str, Profile] = field(default_factory=dict)
    """Cached profiles, by identity."""
    _profiles_by_patterns: dict[tuple[str, ...], Profile] = field(default_factory=dict)
    """Cached profiles of unchanged stations, by the ``[stations]`` patterns that match."""

    def __post_init__(self) -> None:
        settings = self.settings_at_start = self.settings
        journal = Journal(settings.journal_max, settings.journal_max_bytes)
        watch = "always" if settings.fail_on else settings.findings
        self.records = Records(journal, settings.silence, watch, hints=settings.hints)
        self.refusals = Refusals(self.records)
        seed = settings.seed
        self.rulebook = Rulebook(
            self.ocpp_versions, settings.all_rules(), secrets.randbits(32) if seed is None else seed
        )
        tls = TlsProvider(settings, lambda: self.authority, self._security_profiles, self.rulebook)
        self.listeners = Listeners(settings, tls)

    def prepare(self, settings: Settings) -> None:
        """Make the certificates for reloaded settings, in a thread.

        Raises CouldNotStart, OSError or ValueError.
        """
        faults = {kind for rule in settings.all_rules() for kind in rule.tls_faults}
        self.listeners.prepare_change(settings, faults)

    def apply(self, settings: Settings) -> None:
        """Apply reloaded settings; the listening addresses stay, and unchanged rules keep their counts."""
        self.listeners.apply(settings)
        self.settings = settings
        self.rulebook.replace(settings.all_rules())
        self.refresh()

    def refresh(self) -> None:
        """Apply changed settings, tokens or rules to every connection."""
        self._profiles.clear()
        self._profiles_by_patterns.clear()
        for session in self.sessions.values():
            self.configure(session)

    def _refresh_station(self, identity: str) -> None:
        """Apply the changed profile of one station to its connection."""
        self._profiles.pop(identity, None)
        if session := self.sessions.get(identity):
            self.configure(session)

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
        """The served version of a session."""
        return self.versions[session.version.subprotocol]

    def recorder(self, identity: str, version: OcppVersion) -> Recorder:
        """Make the recorder of a new connection of a station."""
        make_observer = self.versions[version.subprotocol].observer
        observer = self.records.observer(identity, version, make_observer)
        return Recorder(self.records, identity, version, observer)

    def profile(self, identity: str) -> Profile:
        """The settings of a station, one object for all with the same ``[stations]`` patterns."""
        profile = self._profiles.get(identity)
        if profile is None:
            profile = self._make_profile(identity)
            if identity in self.sessions:  # a disconnect removes it from the cache
                self._profiles[identity] = profile
        return profile

    def _make_profile(self, identity: str) -> Profile:
        if changes := self.profile_changes.get(identity):
            return self._with_tokens(with_changes(self.settings.profile(identity), changes))
        patterns = self.settings.matching(identity)
        if patterns not in self._profiles_by_patterns:
            if len(self._profiles_by_patterns) >= MAX_PATTERN_SETS:
                self._profiles_by_patterns.clear()
            self._profiles_by_patterns[patterns] = self._with_tokens(self.settings.profile(identity))
        return self._profiles_by_patterns[patterns]

    def _with_tokens(self, profile: Profile) -> Profile:
        if not self.token_changes:
            return profile
        tokens = {**profile.tokens, **self.token_changes}
        return updated_profile(
            profile, {"tokens": {name: token for name, token in tokens.items() if token is not None}}
        )

    def change_profile(self, identity: str, changes: JsonObject) -> Profile:
        """Change settings of one station; None reverts a change.

        Raises ValueError, Flawed, or TooManyRules for faults past the maximum number of rules.
        """
        if unknown := [name for name in changes if name not in Profile.model_fields]:
            hint = suggest(unknown[0], Profile.model_fields)
            raise ValueError(f"there is no key {unknown[0]}{hint}")
        merged = {**self.profile_changes.get(identity, {}), **changes}
        merged = {name: value for name, value in merged.items() if value is not None}
        changed = with_changes(self.settings.profile(identity), merged)
        has_password = bool(self.passwords.holding(identity, changed.password).passwords)
        has_tls = "security_profile" not in changes or bool(self.listeners.with_tls)
        flaw = check(changed, self.ocpp_versions)
        if flaw := flaw or check_security(changed, has_password=has_password, has_tls=has_tls):
            raise Flawed(flaw)
        if "password" in merged:
            merged["password"] = str(changed.password)  # a hash instead of the text
        if "faults" in changes:
            self._replace_fault_rules(identity, fault_rules(identity, merged))
        self.profile_changes[identity] = merged
        self._spellings.setdefault(identity.lower(), identity)
        if "boot_status_sequence" in changes and identity in self.stations:
            self.stations[identity].boot_sequence = None  # the sequence begins again even if it is the same
        self._refresh_station(identity)
        return self.profile(identity)

    def _replace_fault_rules(self, identity: str, rules: Mapping[str, Rule]) -> None:
        """Replace the rules for the faults in the changed profile of a station; unchanged rules are kept.

        Raises TooManyRules.
        """
        before = self._fault_rules.pop(identity, frozenset())
        number = len(self.rulebook.entries) + len(rules) - len(before)
        if len(rules) > len(before) and number > MAX_RULES:
            self._fault_rules[identity] = before
            raise TooManyRules(number)
        for rule_id in before - rules.keys():
            self.rulebook.remove(rule_id)
        for rule_id, rule in rules.items():
            if rule_id not in before:
                self.rulebook.add(rule)
        if rules:
            self._fault_rules[identity] = frozenset(rules)

    def change_token(self, name: str, token: Token | None) -> None:
        """Add or replace a token, or delete it (None); the case of idTokens does not matter."""
        self.token_changes = {
            other: change for other, change in self.token_changes.items() if other.lower() != name.lower()
        }
        spelling = next((other for other in self.settings.tokens if other.lower() == name.lower()), name)
        self.token_changes[spelling] = token
        self.refresh()

    def reset(self, identities: Collection[str] | None = None, *, keep_profiles: bool = False) -> None:
        """Reset some stations or all (None) to the state at the start; connections are kept.

        A station that is not connected is forgotten altogether. With ``keep_profiles``, changed settings of
        these stations are kept.
        """
        names = set(self.stations) if identities is None else set(identities)
        for name in names & self.stations.keys():
            self._reset_station(name)
        self.records.clear(None if identities is None else names)
        if identities is None:
            self.rulebook.forget()
            self.records.journal.clear()
            changed, self.profile_changes = self.profile_changes, {}
            for name in changed:
                self._release_spelling(name)
            self.token_changes.clear()
            self.charging = Charging()
            self.passwords.clear()
            self.upgrades.clear()
            self.listeners.reset()
            self._remove_fault_rules(list(self._fault_rules))
            self.refresh()
            return
        for name in names:
            self.rulebook.forget(name)
            self.passwords.forget(name)
            self.upgrades.forget(name)
        if not keep_profiles:
            self._revert_profiles(names & self.profile_changes.keys())

    def _revert_profiles(self, identities: Set[str]) -> None:
        self._remove_fault_rules(identities)
        for identity in identities:
            del self.profile_changes[identity]
            self._release_spelling(identity)
            self._refresh_station(identity)

    def _remove_fault_rules(self, identities: Iterable[str]) -> None:
        for identity in identities:
            self._replace_fault_rules(identity, {})

    def _reset_station(self, identity: str) -> None:
        if identity in self.sessions:
            self.stations[identity].forget()
        else:
            self._forget_station(identity)

    def _forget_station(self, identity: str) -> None:
        self._dismiss(identity)
        del self.stations[identity]
        self._release_spelling(identity)
        self.records.forget(identity)

    def _release_spelling(self, identity: str) -> None:
        """Forget the spelling of a station that has neither a state nor a changed profile."""
        is_needed = identity in self.stations or identity in self.profile_changes
        if not is_needed and self._spellings.get(identity.lower()) == identity:
            del self._spellings[identity.lower()]

    def match_handshake_rule(self, identity: str) -> RuleMatch | None:
        """Find the rule for the opening handshake of a station, and apply the state that the rule sets."""
        if rule_set := self.rulebook.about(identity).get(HANDSHAKE):
            station = self.stations.get(identity)
            state = station.state if station else FIRST_STATE
            match = rule_set.hit(identity, Call.of_json(HANDSHAKE, {}), state)
            if match and match.rule.set is not None:
                self.station(identity).state = match.rule.set
            return match
        return None

    def _security_profiles(self) -> frozenset[int]:
        """Security profiles that the stations require."""
        changes = self.profile_changes.values()
        changed = {int(change["security_profile"]) for change in changes if "security_profile" in change}
        return self.settings.security_profiles | changed

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
        """The mock's own certificates, in the PKI folder or in memory; they are made at their first use."""
        return open_pki(self.settings_at_start, lambda: self.control and f"{self.control}/ocsp")

    def profile_id(self, station: Station, purpose: str, evse_id: int, stack_level: int) -> int:
        """Id for a charging profile.

        Profiles for the same purpose, EVSE and stackLevel get the same id, so that a later one replaces an
        earlier one. No other known profile of the station has this id.
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
        return render(payload, TemplateContext({}, now, Random(), self.named_value))  # noqa: S311

    def named_value(self, kind: str, name: str) -> Any:
        """Value of ``{{kind.name}}``; raises ValueError for an unknown name."""
        if kind == "certificate":
            return certificate_value(self.authority, name)
        return self.listeners.url_of(name)

    def note_upload(self) -> None:
        """Count an uploaded file."""
        self.uploads += 1

    def ocsp_answer(self, request: bytes | str) -> bytes:
        """Return the OCSPResponse to the body of a POST request, or to the last part of a GET's URL."""
        from mock_csms.pki.responder import answer_ocsp  # noqa: PLC0415 - see open_pki

        return answer_ocsp(self.authority, request)

    @property
    def files_url(self) -> str:
        """Base URL for downloads and uploads by stations."""
        return f"{self.control or f'http://{self.address}'}/files"

    def station(self, identity: str) -> Station:
        """State of a station, created at its first use."""
        station = self.stations.get(identity)
        if station is None:
            station = self.stations[identity] = Station(identity)
            self._spellings.setdefault(identity.lower(), identity)
            if identity not in self.sessions:
                self._keep(station)
        return station

    def _keep(self, station: Station) -> None:
        """Keep the state of a station that is not connected, and drop the longest disconnected ones."""
        self._dismiss(station.id)
        self._disconnected[station.id] = size = station.size
        self._disconnected_bytes += size
        while len(self._disconnected) > MAX_DISCONNECTED or self._disconnected_bytes > MAX_DISCONNECTED_BYTES:
            oldest = next(iter(self._disconnected))
            self._forget_station(oldest)
            self.rulebook.forget(oldest)

    def _dismiss(self, identity: str) -> None:
        self._disconnected_bytes -= self._disconnected.pop(identity, 0)

    def spelling(self, identity: str) -> str:
        """The known spelling of an identity.

        An identity is an identifierString, whose case does not matter (OCPP-J 3.1.1, Part 2 2.1.4). A profile
        in the settings decides the spelling; without one, the first connection does.
        """
        if identity in self.stations or identity in self.settings.stations:
            return identity
        if not is_identifier_string(identity):
            return identity
        lower = identity.lower()
        if lower in self._spellings:
            return self._spellings[lower]
        return next((name for name in self.settings.stations if name.lower() == lower), identity)

    def connect(self, session: Session) -> None:
        """Register a new session of a station; it supersedes the previous one (OCPP-J 5.3)."""
        identity = session.station.id
        if previous := self.sessions.pop(identity, None):
            previous.supersede()
        self._dismiss(identity)
        self.sessions[identity] = session
        self._connected.add(identity)
        self.configure(session)

    def disconnect(self, session: Session) -> None:
        """Remove a session unless a newer one superseded it, and a station that never sent anything."""
        identity = session.station.id
        if self.sessions.get(identity) is not session:
            return
        del self.sessions[identity]
        self._connected.remove(identity)
        self._profiles.pop(identity, None)
        station = self.stations.get(identity)
        if station and not station.boots and station == Station(identity):
            self._forget_station(identity)
        elif station:
            self._keep(station)

    def limit_memory(self) -> None:
        """Trim the largest states of connected stations if they take too much; called every second."""
        for identity, freed in self._connected.measure(self.stations):
            logger.warning(
                "%s  its reports and lists (%.1f MiB) are forgotten: the states of the connected stations "
                "take more than %d MiB",
                identity,
                freed / MIB,
                MAX_CONNECTED_BYTES // MIB,
            )

    def now(self, skew: float = 0.0) -> str:
        """Current time in UTC, ``skew`` seconds ahead, with milliseconds and Z (RFC 3339)."""
        if skew:
            return timestamp(datetime.now(UTC) + timedelta(seconds=skew))
        return format_seconds(time.time())
