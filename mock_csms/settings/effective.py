"""The settings in force for each station: its profile with the changes made while the mock runs."""

from collections.abc import Container, Iterable, Mapping, Set
from typing import Final

from mock_csms.behaviour.rulebook import MAX_RULES, Rulebook, TooManyRules
from mock_csms.behaviour.rules import Rule
from mock_csms.behaviour.tokens import Token
from mock_csms.messages import JsonObject
from mock_csms.settings.profiles import fault_rules, updated_profile, with_changes
from mock_csms.settings.server_settings import Settings
from mock_csms.settings.station_settings import Profile
from mock_csms.text import suggest

MAX_PATTERN_SETS: Final = 1_000
"""Maximum number of cached profiles by the patterns that match an identity; a full cache is emptied."""


class EffectiveProfiles:
    """Profiles of stations, and their changes through the control API, which override the settings."""

    def __init__(self, settings: Settings, rulebook: Rulebook, connected: Container[str]) -> None:
        self.settings = settings
        self.changes: dict[str, JsonObject] = {}
        """Changed settings, by station."""
        self.tokens: dict[str, Token | None] = {}
        """Tokens added, or deleted (None)."""
        self._rulebook = rulebook
        self._connected = connected
        self._fault_rules: dict[str, Set[str]] = {}
        """Ids of the rules for the faults in ``changes``, by station."""
        self._cached: dict[str, Profile] = {}
        """Profiles of connected stations."""
        self._by_patterns: dict[tuple[str, ...], Profile] = {}
        """Profiles of unchanged stations, by the ``[stations]`` patterns that match."""

    def use(self, settings: Settings) -> None:
        """Replace the settings; the changes stay."""
        self.settings = settings
        self.clear_cache()

    def clear_cache(self) -> None:
        """Compute all profiles again at their next use."""
        self._cached.clear()
        self._by_patterns.clear()

    def drop(self, identity: str) -> None:
        """Drop the cached profile of a station."""
        self._cached.pop(identity, None)

    def of(self, identity: str) -> Profile:
        """The profile of a station, one object for all with the same ``[stations]`` patterns."""
        profile = self._cached.get(identity)
        if profile is None:
            profile = self._make(identity)
            if identity in self._connected:  # a disconnect removes it from the cache
                self._cached[identity] = profile
        return profile

    def _make(self, identity: str) -> Profile:
        if changes := self.changes.get(identity):
            return self._with_tokens(with_changes(self.settings.profile(identity), changes))
        patterns = self.settings.matching(identity)
        if patterns not in self._by_patterns:
            if len(self._by_patterns) >= MAX_PATTERN_SETS:
                self._by_patterns.clear()
            self._by_patterns[patterns] = self._with_tokens(self.settings.profile(identity))
        return self._by_patterns[patterns]

    def _with_tokens(self, profile: Profile) -> Profile:
        if not self.tokens:
            return profile
        tokens = {**profile.tokens, **self.tokens}
        return updated_profile(
            profile, {"tokens": {name: token for name, token in tokens.items() if token is not None}}
        )

    def merged(self, identity: str, changes: JsonObject) -> JsonObject:
        """The earlier changes of a station with further ones; None reverts a change.

        Raises ValueError for an unknown key.
        """
        if unknown := [name for name in changes if name not in Profile.model_fields]:
            hint = suggest(unknown[0], Profile.model_fields)
            raise ValueError(f"there is no key {unknown[0]}{hint}")
        merged = {**self.changes.get(identity, {}), **changes}
        return {name: value for name, value in merged.items() if value is not None}

    def change(self, identity: str, changes: JsonObject) -> None:
        """Replace the changes of a station, which are valid; raises TooManyRules."""
        if changes.get("faults") != self.changes.get(identity, {}).get("faults"):
            self._replace_fault_rules(identity, fault_rules(identity, changes))
        self.changes[identity] = changes
        self.drop(identity)

    def revert(self, identities: Iterable[str]) -> None:
        """Revert the changes of stations."""
        for identity in identities:
            self._replace_fault_rules(identity, {})
            del self.changes[identity]
            self.drop(identity)

    def change_token(self, name: str, token: Token | None) -> None:
        """Add or replace a token, or delete it (None); the case of idTokens does not matter."""
        lower = name.lower()
        self.tokens = {other: change for other, change in self.tokens.items() if other.lower() != lower}
        spelling = next((other for other in self.settings.tokens if other.lower() == lower), name)
        self.tokens[spelling] = token
        self.clear_cache()

    @property
    def security_profiles(self) -> frozenset[int]:
        """Security profiles that the stations require."""
        changes = self.changes.values()
        changed = {int(change["security_profile"]) for change in changes if "security_profile" in change}
        return self.settings.security_profiles | changed

    def _replace_fault_rules(self, identity: str, rules: Mapping[str, Rule]) -> None:
        """Replace the rules for the faults in the changed profile of a station; unchanged rules are kept.

        Raises TooManyRules.
        """
        before = self._fault_rules.pop(identity, frozenset())
        number = len(self._rulebook.entries) + len(rules) - len(before)
        if len(rules) > len(before) and number > MAX_RULES:
            self._fault_rules[identity] = before
            raise TooManyRules(number)
        for rule_id in before - rules.keys():
            self._rulebook.remove(rule_id)
        for rule_id, rule in rules.items():
            if rule_id not in before:
                self._rulebook.add(rule)
        if rules:
            self._fault_rules[identity] = frozenset(rules)
