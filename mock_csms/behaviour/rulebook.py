"""The active rules of all stations; adds, replaces, removes, enables, disables and reloads rules."""

import re
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import translate
from functools import lru_cache
from time import monotonic
from types import MappingProxyType
from typing import Final

from mock_csms.behaviour.layers import Layers
from mock_csms.behaviour.rule_sets import ActiveRule, RuleMatch, RuleSet
from mock_csms.behaviour.rules import (
    ANY_STATION,
    FIRST_STATE,
    HANDSHAKE,
    TLS_HANDSHAKE,
    Rule,
    RuleDirection,
)
from mock_csms.messages import Call
from mock_csms.versions import OcppVersion, actions_from_csms, actions_from_station

WILDCARDS: Final = frozenset("*?[")
"""Characters of globs; a glob without any of them matches only its own text."""
MAX_RULES: Final = 1000
"""Maximum number of rules after one is added at run time; a settings file may have more."""
MAX_RULE_SETS: Final = 1_000
"""Maximum number of cached results of `Rulebook.about`; the cache is emptied before it would hold more."""


class TooManyRules(ValueError):
    """A change would lead to more than MAX_RULES rules."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there would be {number} rules, and the maximum is {MAX_RULES}; delete some first")


class _Globs:
    """The distinct globs in ``when.station`` of some rules."""

    __slots__ = ("_all", "_last", "_patterns")

    def __init__(self, entries: Iterable[ActiveRule]) -> None:
        self._all = {entry.rule.when.station for entry in entries}
        self._patterns = [(glob, _pattern(glob)) for glob in self._all if WILDCARDS & set(glob)]
        self._last: tuple[str | None, frozenset[str]] = None, frozenset()

    def about(self, identity: str) -> frozenset[str]:
        """Return the globs that match a station. A glob that equals the identity also matches."""
        if self._last[0] != identity:  # callers ask for the same station once per direction
            matching = {glob for glob, pattern in self._patterns if pattern.match(identity)}
            self._last = identity, frozenset(matching | {identity} & self._all)
        return self._last[1]


@lru_cache(4096)
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob))


type _Content = str
"""A rule as JSON without its id and ``enabled``, for finding the unchanged rules after a reload.

The id is left out because a generated id depends on the rule's place in the file. ``enabled`` is left out
because a rule keeps its counts when it is enabled or disabled.
"""


def _content_of(rule: Rule) -> _Content:
    return rule.model_dump_json(exclude={"id", "enabled"})


class _Unmatched:
    """Rules from before a reload that are not yet matched with a reloaded rule."""

    def __init__(self, entries: Iterable[ActiveRule]) -> None:
        self._by_content: defaultdict[_Content, dict[str, ActiveRule]] = defaultdict(dict)
        for entry in entries:
            self._by_content[_content_of(entry.rule)][entry.rule.id] = entry

    def take_same(self, rule: Rule) -> ActiveRule | None:
        """Return and remove the entry with the id and the `_Content` of a reloaded rule; None without one."""
        return self._by_content[_content_of(rule)].pop(rule.id, None)

    def take_equal(self, rule: Rule) -> ActiveRule | None:
        """Return and remove an entry with the `_Content` of a reloaded rule and any id; None without one."""
        entries = self._by_content[_content_of(rule)]
        return entries.pop(next(iter(entries))) if entries else None


NO_RULES: Final[Mapping[str, RuleSet]] = MappingProxyType({})


class Rulebook:
    """All active rules; random numbers come from ``seed``, separately for each rule and station.

    A rule without an action is about every action of the ``versions``.
    """

    def __init__(self, versions: Iterable[OcppVersion], rules: Iterable[Rule] = (), seed: int = 0) -> None:
        self.seed = seed
        self._versions = tuple(versions)
        self._actions: Mapping[RuleDirection, frozenset[str]] = {
            "call": actions_from_station(self._versions),
            "answer": actions_from_csms(self._versions),
            "command": actions_from_csms(self._versions),
        }
        self._by_id: dict[str, ActiveRule] = {}
        self._layers = Layers[str, ActiveRule | None]()
        """Changes under scopes (X-Scope), by rule id: the added rule, or None for a removed rule.

        The value for the scope None is the rule that these changes hide.
        """
        self._entries: list[ActiveRule] = []
        self._last_number = 0
        self._globs: _Globs | None = None
        self._rule_sets: dict[tuple[RuleDirection, frozenset[str]], Mapping[str, RuleSet]] = {}
        for rule in rules:
            self.add(rule, survives_reload=False)

    def __iter__(self) -> Iterator[Rule]:
        return (entry.rule for entry in self._entries)

    def add(self, rule: Rule, scope: str | None = None, *, survives_reload: bool = True) -> Rule:
        """Add a rule as the newest. It replaces a rule with the same id; a rule without an id gets one.

        A rule added under a scope hides other rules with the same id until the scope is reverted.
        Without ``survives_reload``, the next `replace` removes the rule.
        """
        self._last_number += 1
        if not rule.id:
            rule = rule.model_copy(update={"id": self._free_id("added" if survives_reload else "rule")})
        rule = rule.directed(self._actions["call"], self._actions["command"])
        entry = ActiveRule(rule, self._last_number, monotonic(), survives_reload, scope)
        self._write(rule.id, entry, scope)
        return rule

    def _write(self, rule_id: str, entry: ActiveRule | None, scope: str | None) -> None:
        """Make ``entry`` (None: no rule) the rule with this id; under a scope, only hide the earlier rule."""
        covered = self._by_id.get(rule_id)
        if scope is not None and rule_id not in self._layers and covered is not None:
            self._layers.write(rule_id, covered)
        if scope is not None or rule_id in self._layers:
            self._layers.write(rule_id, entry, scope)
        self._enforce(rule_id, entry)

    def _enforce(self, rule_id: str, entry: ActiveRule | None) -> None:
        before = self._by_id.pop(rule_id, None)
        if before is not None:
            del self._entries[bisect_left(self._entries, before)]
        if entry is not None:
            self._by_id[rule_id] = entry
            insort(self._entries, entry)
        self._changed()

    def _free_id(self, prefix: str) -> str:
        number = self._last_number
        while self.find(f"{prefix}-{number}"):
            number += 1
        return f"{prefix}-{number}"

    @property
    def entries(self) -> Sequence[ActiveRule]:
        """Rules with their usage, in the order they are tried."""
        return self._entries

    def find(self, rule_id: str) -> ActiveRule | None:
        """Find a rule and its usage by id."""
        return self._by_id.get(rule_id)

    def forget(self, identity: str | None = None) -> None:
        """Reset all counts, for one station or for all."""
        for entry in (*self._entries, *self._covered()):
            if identity is None:
                entry.uses.clear()
            else:
                entry.uses.pop(identity, None)

    def remove(self, rule_id: str, scope: str | None = None) -> bool:
        """Remove a rule; return whether it was there.

        A rule removed under a scope comes back when the scope is reverted. Without a scope, hidden rules
        with this id are removed too.
        """
        if rule_id not in self._by_id:
            return False
        if scope is None:
            self._layers.drop(rule_id)
        self._write(rule_id, None, scope)
        if not any(self._layers.of(rule_id).values()):
            self._layers.drop(rule_id)
        return True

    def switch(self, rule_id: str, scope: str | None = None, *, enabled: bool) -> None:
        """Enable or disable a known rule and keep its counts.

        Under a scope, the change lasts until the scope is reverted. Without a scope, hidden rules with this
        id are enabled or disabled too.
        """
        entry, change = self._by_id[rule_id], {"enabled": enabled}
        if scope in {None, entry.scope}:
            covered = self._layers.of(rule_id).values() if scope is None else ()
            for each in filter(None, (entry, *covered)):
                each.rule = each.rule.model_copy(update=change)
            self._changed()
        else:
            rule = entry.rule.model_copy(update=change)
            self._write(rule_id, replace(entry, rule=rule, scope=scope, survives_reload=True), scope)

    def has_room(self, rule_id: str, scope: str | None) -> bool:
        """Whether a rule can be added at run time: it replaces a rule, or there are fewer than MAX_RULES."""
        covering = self._layers.of(rule_id)
        is_replaced = scope in covering if covering else scope is None and rule_id in self._by_id
        return is_replaced or len(self._entries) + len(self._covered()) < MAX_RULES

    def _covered(self) -> list[ActiveRule]:
        """Hidden rules, which are inactive because they were replaced or removed under a scope."""
        return [
            entry
            for rule_id in self._layers
            for entry in self._layers.of(rule_id).values()
            if entry is not None and entry is not self._by_id.get(rule_id)
        ]

    @property
    def scopes(self) -> list[str]:
        """Scopes under which rules were added or removed."""
        return self._layers.scopes

    def ids_of(self, scope: str) -> list[str]:
        """Ids of the rules that were added or removed under a scope."""
        return self._layers.keys_of(scope)

    def revert_scope(self, rule_id: str, scope: str) -> None:
        """Revert the change to a rule made under a scope, so that the latest remaining change is in force."""
        if scope not in self._layers.of(rule_id):
            return
        self._layers.revert_scope(rule_id, scope)
        rules = list(self._layers.of(rule_id).values())
        entry = rules[-1] if rules else None
        if entry is None or entry is not self._by_id.get(rule_id):
            self._enforce(rule_id, entry)
        if self._layers.of(rule_id).keys() == {None}:
            self._layers.drop(rule_id)

    def replace(self, rules: Iterable[Rule]) -> None:
        """Replace the rules of the settings after a reload; unchanged rules keep counts and remaining ttl."""
        fresh = Rulebook(self._versions, rules, self.seed)
        fresh._last_number += self._last_number
        unmatched = _Unmatched([*self._entries, *self._covered()])
        same = {entry.rule.id: unmatched.take_same(entry.rule) for entry in fresh._entries}
        for entry in fresh._entries:
            if before := same[entry.rule.id] or unmatched.take_equal(entry.rule):
                entry.uses, entry.added_at = before.uses, before.added_at
            entry.number += self._last_number
        surviving = {entry.rule.id: entry for entry in self._entries if entry.survives_reload}
        self._by_id = fresh._by_id | surviving
        self._replace_covered(fresh)
        self._entries, self._last_number = sorted(self._by_id.values()), fresh._last_number
        self._changed()

    def _replace_covered(self, fresh: "Rulebook") -> None:
        """Put the reloaded rules of ``fresh`` beneath the rules added under scopes, which hide them."""
        for rule_id in list(self._layers):
            covered = self._layers.of(rule_id).get(None)
            if covered is None or not covered.survives_reload:
                self._layers.revert_scope(rule_id, None)
                if entry := fresh.find(rule_id):
                    self._layers.lay_beneath(rule_id, entry)
            if self._layers[rule_id] is None:
                self._by_id.pop(rule_id, None)

    def about(self, identity: str, direction: RuleDirection = "call") -> Mapping[str, RuleSet]:
        """Rules about a station, by action; actions without rules are left out.

        Stations with the same rules share one result, which saves memory with 10,000 stations.
        """
        if not self._entries:
            return NO_RULES
        if self._globs is None:
            self._globs = _Globs(self._entries)
        key = direction, self._globs.about(identity)
        rule_sets = self._rule_sets.get(key)
        if rule_sets is None:
            if len(self._rule_sets) >= MAX_RULE_SETS:
                self._rule_sets.clear()
            rule_sets = self._rule_sets[key] = self._by_action(*key)
        return rule_sets

    def match_tls_handshake(self) -> RuleMatch | None:
        """Find the rule for the next TLS handshake and count the match. The station is not known yet."""
        rule_set = self.about(ANY_STATION).get(TLS_HANDSHAKE)
        return rule_set.hit(ANY_STATION, Call.of_json(HANDSHAKE, {}), FIRST_STATE) if rule_set else None

    def _by_action(self, direction: RuleDirection, globs: frozenset[str]) -> Mapping[str, RuleSet]:
        actions = self._actions[direction]
        by_action: defaultdict[str, list[ActiveRule]] = defaultdict(list)
        for entry in self._entries:
            when = entry.rule.when
            if when.direction != direction or when.station not in globs or not entry.rule.enabled:
                continue
            action_of_rule = entry.rule.action
            for action in actions if action_of_rule is None else (action_of_rule,):
                by_action[action].append(entry)
        return {
            action: RuleSet(entries, self.seed)
            for action, entries in by_action.items()
            if action in {HANDSHAKE, TLS_HANDSHAKE} or action in actions
        }

    def _changed(self) -> None:
        self._globs = None
        self._rule_sets.clear()
