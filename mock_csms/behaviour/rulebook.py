"""The rules in force: which one holds for a message of a station."""

from bisect import insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from time import monotonic
from types import MappingProxyType
from typing import Final, NamedTuple

from mock_csms.behaviour.rules import HANDSHAKE, Rule, RuleDirection, Then
from mock_csms.messages import Call, JsonObject
from mock_csms.versions import OcppVersion, actions_from_csms, actions_from_station

Scalar = str | int | float
SCALARS: Final = frozenset({str, int, float})
"""Types of values that an index holds."""


class RuleMatch(NamedTuple):
    """A rule that holds for a message, and what it says."""

    rule: Rule
    then: Then
    rng: Random


@dataclass(slots=True)
class RuleUsage:
    """Count of a rule's matches and hits for one station, and its random numbers there."""

    rng: Random
    matches: int = 0
    hits: int = 0


@dataclass(slots=True, eq=False)
class ActiveRule:
    """A rule in the book, since when it is there, and what stations made of it."""

    rule: Rule
    number: int
    made: float
    lasting: bool
    uses: dict[str, RuleUsage] = field(default_factory=dict)

    def __lt__(self, other: "ActiveRule") -> bool:
        return (self.rule.priority, -self.number) < (other.rule.priority, -other.number)


class RuleSet:
    """The rules about one action of some stations, the first to ask first."""

    __slots__ = ("_entries", "_indexes", "_seed")

    def __init__(self, entries: Sequence[ActiveRule], seed: int) -> None:
        self._entries = entries
        self._seed = seed
        self._indexes: dict[str, _Index] = {}

    def hit(self, identity: str, call: Call, state: str) -> RuleMatch | None:
        """Find the rule that holds for a message of a station; every rule that is about it counts it.

        An answer comes as what Call.of_json makes of it.
        """
        found = None
        index = self._indexes.get(state) or self._index(state)
        for entry in index.candidates(call):
            if entry.rule.when.holds(call, state) and not _is_over(entry):
                found = self._asked(entry, identity, taken=found is not None) or found
        return found

    def trial(self, call: Call, state: str) -> list[ActiveRule]:
        """The rules that are about a message, the first to ask first; nothing is counted."""
        candidates = self._index(state).candidates(call)
        return [it for it in candidates if it.rule.when.holds(call, state) and not _is_over(it)]

    def _index(self, state: str) -> "_Index":
        index = self._indexes.get(state)
        if index is None:
            about = [entry for entry in self._entries if entry.rule.when.state in {None, state}]
            index = self._indexes[state] = _Index(about)
        return index

    def _asked(self, entry: ActiveRule, identity: str, *, taken: bool) -> RuleMatch | None:
        rule, use = entry.rule, self._use(entry, identity)
        use.matches += 1
        if taken or rule.when.nth not in {None, use.matches}:
            return None
        if rule.times is not None and use.hits >= rule.times:
            return None
        if rule.probability < 1 and use.rng.random() >= rule.probability:
            return None
        then = rule.then[min(use.hits, len(rule.then) - 1)] if rule.then else Then()
        use.hits += 1
        return RuleMatch(rule, then, use.rng)

    def _use(self, entry: ActiveRule, identity: str) -> RuleUsage:
        use = entry.uses.get(identity)
        if use is None:
            rng = Random(f"{self._seed} {entry.rule.id} {identity}")  # noqa: S311 - has to be repeatable
            use = entry.uses[identity] = RuleUsage(rng)
        return use


def _is_over(entry: ActiveRule) -> bool:
    return entry.rule.ttl is not None and monotonic() >= entry.made + entry.rule.ttl


type Path = tuple[str, ...]


class _Index:
    """Rules by one value that each asks a payload for, so that none is looked at that asks for another."""

    __slots__ = ("_by_value", "_others")

    def __init__(self, entries: Sequence[ActiveRule]) -> None:
        self._others: list[ActiveRule] = []
        by_value: dict[Path, dict[Scalar, list[ActiveRule]]] = {}
        for entry in entries:
            leaf = next(_leaves(entry.rule.when.payload or {}), None)
            if leaf is None:
                self._others.append(entry)
            else:
                path, value = leaf
                by_value.setdefault(path, {}).setdefault(value, []).append(entry)
        self._by_value = list(by_value.items())

    def candidates(self, call: Call) -> Sequence[ActiveRule]:
        """The rules that may hold for a message, the first to ask first."""
        found = self._others
        for path, asked in self._by_value:
            value = call.value_at(path)
            if type(value) in SCALARS and value in asked:
                found = sorted([*found, *asked[value]])
        return found


def _leaves(part: JsonObject, path: Path = ()) -> Iterator[tuple[Path, Scalar]]:
    """The values that a part of a payload names, but for those in lists, and the way to each."""
    for name, value in part.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, name))
        elif type(value) in SCALARS:
            yield (*path, name), value


def _is_about_station(rule: Rule, identity: str) -> bool:
    """Return whether a rule is about a station; an identity may contain characters of a glob."""
    return rule.when.station == identity or fnmatchcase(identity, rule.when.station)


def _same(rule: Rule, entries: Sequence[ActiveRule]) -> ActiveRule | None:
    """Find the entry of a rule before a reload; a rule without an id may have moved in the file."""
    says = rule.model_copy(update={"id": ""})
    alike = [entry for entry in entries if entry.rule.model_copy(update={"id": ""}) == says]
    return next((entry for entry in alike if entry.rule.id == rule.id), next(iter(alike), None))


NO_RULES: Final[Mapping[str, RuleSet]] = MappingProxyType({})


class Rulebook:
    """The rules in force; chance is drawn from ``seed``, for each rule and station by itself.

    A rule about any action is about every action of the ``versions``.
    """

    def __init__(self, versions: Iterable[OcppVersion], rules: Iterable[Rule] = (), seed: int = 0) -> None:
        self.seed = seed
        self._versions = tuple(versions)
        self._actions: Mapping[RuleDirection, frozenset[str]] = {
            "call": actions_from_station(self._versions),
            "answer": actions_from_csms(self._versions),
        }
        self._entries: list[ActiveRule] = []
        self._made = 0
        self._about: dict[tuple[int, ...], Mapping[str, RuleSet]] = {}
        for rule in rules:
            self.add(rule, lasting=False)

    def __iter__(self) -> Iterator[Rule]:
        return (entry.rule for entry in self._entries)

    def add(self, rule: Rule, *, lasting: bool = True) -> Rule:
        """Take a rule in, as the newest; one without an id gets one. One of the same id is replaced.

        One that is not ``lasting`` is gone when the settings are read again.
        """
        self._made += 1
        if not rule.id:
            rule = rule.model_copy(update={"id": self._free_id("added" if lasting else "rule")})
        self.remove(rule.id)
        self._about.clear()
        insort(self._entries, ActiveRule(rule, self._made, monotonic(), lasting))
        return rule

    def _free_id(self, prefix: str) -> str:
        number = self._made
        while self.find(f"{prefix}-{number}"):
            number += 1
        return f"{prefix}-{number}"

    @property
    def entries(self) -> Sequence[ActiveRule]:
        """The rules with what stations made of them, the first to ask first."""
        return self._entries

    def find(self, rule_id: str) -> ActiveRule | None:
        """Find a rule, and what stations made of it."""
        return next((entry for entry in self._entries if entry.rule.id == rule_id), None)

    def forget(self, identity: str | None = None) -> None:
        """Begin to count anew, for one station or all."""
        for entry in self._entries:
            if identity is None:
                entry.uses.clear()
            else:
                entry.uses.pop(identity, None)

    def remove(self, rule_id: str) -> bool:
        """Take a rule out; tell whether it was there."""
        before = len(self._entries)
        self._entries = [entry for entry in self._entries if entry.rule.id != rule_id]
        self._about.clear()
        return len(self._entries) < before

    def replace(self, rules: Iterable[Rule]) -> None:
        """Hold these rules instead of those that are not lasting; one that was there goes on counting."""
        fresh = Rulebook(self._versions, rules, self.seed)
        fresh._made += self._made
        left = list(self._entries)
        for entry in fresh._entries:
            if before := _same(entry.rule, left):
                left.remove(before)
                entry.uses, entry.made = before.uses, before.made
            entry.number += self._made
        lasting = [entry for entry in self._entries if entry.lasting]
        self._entries, self._made = sorted([*lasting, *fresh._entries]), fresh._made
        self._about.clear()

    def about(self, identity: str, direction: RuleDirection = "call") -> Mapping[str, RuleSet]:
        """The rules about a station, by action; an action that no rule is about is left out.

        Stations that the same rules are about share what is returned.
        """
        if not self._entries:
            return NO_RULES
        entries = [
            entry
            for entry in self._entries
            if entry.rule.when.direction == direction and _is_about_station(entry.rule, identity)
        ]
        key = tuple(entry.number for entry in entries)
        if key not in self._about:
            self._about[key] = self._by_action(entries, self._actions[direction])
        return self._about[key]

    def _by_action(self, entries: Sequence[ActiveRule], actions: Iterable[str]) -> Mapping[str, RuleSet]:
        by_action = {
            str(action): [entry for entry in entries if _is_about(entry.rule, action)]
            for action in (HANDSHAKE, *actions)
        }
        return {action: RuleSet(found, self.seed) for action, found in by_action.items() if found}


def _is_about(rule: Rule, action: str) -> bool:
    return rule.when.action == action or (rule.when.action is None and action != HANDSHAKE)
