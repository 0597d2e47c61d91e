"""The settings in force for each station: its profile with the changes made while the mock runs.

Changes may be made under a scope, the value of the header X-Scope, and are then reverted together.
"""

from collections.abc import Container, Iterable, Mapping, Set
from typing import Any, Final

from mock_csms.behaviour.layers import Layers
from mock_csms.behaviour.rulebook import MAX_RULES, Rulebook, TooManyRules
from mock_csms.behaviour.rules import Rule
from mock_csms.behaviour.tokens import Token
from mock_csms.log.output import logger
from mock_csms.messages import JsonObject
from mock_csms.settings.profiles import fault_rules, updated_profile, with_changes
from mock_csms.settings.server_settings import Settings
from mock_csms.settings.station_settings import Profile
from mock_csms.text import suggest

MAX_CHANGED_PROFILES: Final = 20_000
"""Maximum number of stations with a changed profile.

Changes under scopes have a limit of the same size, in which a station counts once for each scope.
"""
MAX_CHANGED_TOKENS: Final = 10_000
"""Maximum number of changed tokens; a token counts once for each scope."""
MAX_PATTERN_SETS: Final = 1_000
"""Maximum number of cached profiles, one for each set of matching patterns. A full cache is emptied."""


class EffectiveProfiles:
    """Profiles of stations: those of the settings, overridden by changes through the control API."""

    def __init__(self, settings: Settings, rulebook: Rulebook, connected: Container[str]) -> None:
        self.settings = settings
        self.changes: dict[str, JsonObject] = {}
        """Changed settings in force, by station."""
        self.tokens: dict[str, Token | None] = {}
        """Changed idTokens in force; None for a deleted idToken."""
        self._changes: dict[str, Layers[str, Any]] = {}
        """Values of changed settings in each scope, by station. None stands for the value in ``settings``."""
        self._stations: dict[str, dict[str, None]] = {}
        """Stations with changed settings, by the scope of the changes."""
        self._tokens = Layers[str, tuple[str, Token | None]]()
        """Changed idTokens in each scope, by idToken in lower case: spelling and Token (None: deleted)."""
        self._rulebook = rulebook
        self._connected = connected
        self._fault_rules: dict[str, Set[str]] = {}
        """Ids of the rules for the faults in ``changes``, by station."""
        self._cached: dict[str, Profile] = {}
        """Profiles of connected stations."""
        self._by_patterns: dict[tuple[str, ...], Profile] = {}
        """Profiles of unchanged stations, by the ``[stations]`` patterns that match."""

    def use(self, settings: Settings) -> None:
        """Replace the settings; the changes of stations and tokens stay in force."""
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
        """The profile of a station. Unchanged stations that match the same patterns share one object."""
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
        """Return the present changes of a station with ``changes`` merged over them; change nothing.

        None in ``changes`` removes the change of a setting. Raises ValueError for an unknown key.
        """
        if unknown := [name for name in changes if name not in Profile.model_fields]:
            hint = suggest(unknown[0], Profile.model_fields)
            raise ValueError(f"there is no key {unknown[0]}{hint}")
        merged = {**self.changes.get(identity, {}), **changes}
        return {name: value for name, value in merged.items() if value is not None}

    def change(self, identity: str, changes: JsonObject, names: Iterable[str], scope: str | None) -> None:
        """Set the settings in ``names`` to their values in ``changes``, the result of `merged`.

        A name that ``changes`` lacks is reverted. Raises TooManyRules.
        """
        self._use_faults(identity, changes)
        layers = self._changes.setdefault(identity, Layers())
        for name in names:
            layers.write(name, changes.get(name), scope)
        if scope is not None:
            self._stations.setdefault(scope, {})[identity] = None
        self._settle(identity)

    def revert_scope(self, identity: str, scope: str) -> None:
        """Revert the changes to a station made under a scope; the latest remaining changes apply again."""
        layers = self._changes.get(identity, Layers[str, Any]())
        for name in layers.keys_of(scope):
            layers.revert_scope(name, scope)
        try:
            self._use_faults(identity, _in_force(layers))
        except TooManyRules as error:
            layers.drop("faults")
            self._replace_fault_rules(identity, {})
            logger.warning(
                "%s  the faults of its profile cannot be restored and are removed: %s", identity, error
            )
        self._settle(identity)

    def revert(self, identities: Iterable[str]) -> None:
        """Revert the changes of stations, in all scopes."""
        for identity in identities:
            self._replace_fault_rules(identity, {})
            self._changes[identity].clear()
            self._settle(identity)

    def _settle(self, identity: str) -> None:
        """Apply the latest changes of a station; drop each setting whose value is None in all scopes."""
        layers = self._changes.get(identity, Layers[str, Any]())
        for name in list(layers):
            if all(value is None for value in layers.of(name).values()):
                layers.drop(name)
        for scope in [scope for scope, stations in self._stations.items() if identity in stations]:
            if not layers.keys_of(scope):
                self._forget_scope(identity, scope)
        if len(layers):
            self.changes[identity] = _in_force(layers)
        else:
            self.changes.pop(identity, None)
            self._changes.pop(identity, None)
        self.drop(identity)

    def _forget_scope(self, identity: str, scope: str) -> None:
        """Remove a station, which has no more changes under a scope, from the stations of this scope."""
        del self._stations[scope][identity]
        if not self._stations[scope]:
            del self._stations[scope]

    def _use_faults(self, identity: str, changes: JsonObject) -> None:
        if changes.get("faults") != self.changes.get(identity, {}).get("faults"):
            self._replace_fault_rules(identity, fault_rules(identity, changes))

    @property
    def scopes(self) -> list[str]:
        """Scopes under which profiles or tokens were changed."""
        return [*self._stations, *self._tokens.scopes]

    def stations_of(self, scope: str) -> list[str]:
        """Stations whose profiles were changed under a scope."""
        return list(self._stations.get(scope, ()))

    def settings_of(self, identity: str, scope: str) -> list[str]:
        """Settings of a station that were changed under a scope."""
        return self._changes[identity].keys_of(scope) if identity in self._changes else []

    def has_room(self, identity: str, scope: str | None) -> bool:
        """Whether a profile may be changed: true if it is changed already or if the limit is not reached."""
        if scope is None:
            return identity in self.changes or len(self.changes) < MAX_CHANGED_PROFILES
        in_scopes = sum(map(len, self._stations.values()))
        return identity in self._stations.get(scope, ()) or in_scopes < MAX_CHANGED_PROFILES

    def change_token(self, name: str, token: Token | None, scope: str | None = None) -> None:
        """Add or replace a token; None deletes it. idTokens are compared without regard to case."""
        lower = name.lower()
        spelling = next((other for other in self.settings.tokens if other.lower() == lower), name)
        self._tokens.write(lower, (spelling, token), scope)
        self._use_tokens()

    def has_room_for_token(self, name: str, scope: str | None) -> bool:
        """Whether a token may be changed: true if it is changed already or if the limit is not reached."""
        return scope in self._tokens.of(name.lower()) or self._tokens.number < MAX_CHANGED_TOKENS

    def tokens_of(self, scope: str) -> list[str]:
        """IdTokens that were changed under a scope."""
        return [self._tokens.of(key)[scope][0] for key in self._tokens.keys_of(scope)]

    def revert_scope_of_tokens(self, scope: str) -> None:
        """Revert the changes to idTokens made under a scope."""
        for key in self._tokens.keys_of(scope):
            self._tokens.revert_scope(key, scope)
        self._use_tokens()

    def revert_tokens(self) -> None:
        """Revert all changes of tokens, in all scopes."""
        self._tokens.clear()
        self._use_tokens()

    def _use_tokens(self) -> None:
        self.tokens = dict(self._tokens[key] for key in self._tokens)
        self.clear_cache()

    @property
    def security_profiles(self) -> frozenset[int]:
        """Values of ``security_profile`` in the settings and in the changes."""
        changes = self.changes.values()
        changed = {int(change["security_profile"]) for change in changes if "security_profile" in change}
        return self.settings.security_profiles | changed

    def _replace_fault_rules(self, identity: str, rules: Mapping[str, Rule]) -> None:
        """Replace the rules for the faults in a station's changed profile. Unchanged rules are kept.

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


def _in_force(layers: Layers[str, Any]) -> JsonObject:
    """The latest value of each changed setting of a station; a setting is left out if this value is None."""
    return {name: value for name in layers if (value := layers[name]) is not None}
