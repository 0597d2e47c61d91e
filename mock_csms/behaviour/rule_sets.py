"""Sets of rules for one action, which choose the rule for a message and count the uses of each rule."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from time import monotonic
from typing import Final, NamedTuple

from mock_csms.behaviour.expressions import TooCostly
from mock_csms.behaviour.rules import Rule, Then
from mock_csms.log.output import logger
from mock_csms.messages import Call, JsonObject
from mock_csms.schema.budget import Budget, OutOfBudget
from mock_csms.stations.bounded import BoundedDict

Scalar = str | int | float
SCALARS: Final = frozenset({str, int, float})
"""Types of the values that rules are indexed by."""
MAX_COUNTED_STATIONS: Final = 100_000
"""Maximum number of stations with counts, per rule; above it, the oldest counts are dropped."""


@dataclass(slots=True)
class RuleUsage:
    """Counts and random number generator of one rule for one station.

    A match is a message that meets ``when`` apart from ``nth``; a hit is a match that triggers the rule.
    """

    seed: str
    matches: int = 0
    hits: int = 0
    _rng: Random | None = None

    @property
    def rng(self) -> Random:
        """The random generator, made at its first use: it takes 2.5 KiB, and most rules need none."""
        if self._rng is None:
            self._rng = Random(self.seed)  # noqa: S311 - has to be repeatable
        return self._rng


class RuleMatch(NamedTuple):
    """The rule that applies to a message, the effect of this hit, and the rule's usage by the station."""

    rule: Rule
    then: Then
    usage: RuleUsage

    @property
    def rng(self) -> Random:
        """Random number generator of the rule for this station."""
        return self.usage.rng


class Usages(BoundedDict[str, RuleUsage]):
    """Usage of one rule, by station identity."""

    __slots__ = ()
    limit = MAX_COUNTED_STATIONS


@dataclass(slots=True, eq=False)
class ActiveRule:
    """A rule in the rulebook, with its usage per station identity."""

    rule: Rule
    number: int
    """Rules with higher numbers are newer."""
    added_at: float
    """Time on the monotonic clock, in seconds."""
    survives_reload: bool
    scope: str | None = None
    """Scope (X-Scope) under which the rule was added, enabled or disabled; None without a scope."""
    uses: Usages = field(default_factory=Usages)
    has_failed: bool = False
    """Whether a failure of the expression has been logged."""

    def holds(self, call: Call, state: str, budget: Budget) -> bool:
        """Return whether a message meets the conditions of the rule; log an expression that is too costly.

        If the budget of the message is used up, the rule is not applied; the log names only the first such
        rule.
        """
        is_first = not budget.is_exceeded
        try:
            return self.rule.when.holds(call, state, budget) and not _is_expired(self)
        except OutOfBudget as error:
            if is_first and not self.has_failed:
                self.has_failed = True
                logger.error(
                    "rule %s, and later rules with costly conditions, are not applied to a %s: %s",
                    self.rule,
                    call.action,
                    error,
                )
            return False
        except TooCostly as error:
            if not self.has_failed:
                self.has_failed = True
                logger.error("rule %s is not applied to a %s: %s", self.rule, call.action, error)
            return False

    def __lt__(self, other: "ActiveRule") -> bool:
        return (self.rule.priority, -self.number) < (other.rule.priority, -other.number)


class RuleSet:
    """Rules for one action of some stations, in the order they are tried."""

    __slots__ = ("_entries", "_indexes", "_seed")

    def __init__(self, entries: Sequence[ActiveRule], seed: int) -> None:
        self._entries = entries
        self._seed = seed
        self._indexes: dict[str, _Index] = {}

    def hit(self, identity: str, call: Call, state: str) -> RuleMatch | None:
        """Find the rule that applies to a message of a station. Count the match in every matching rule.

        A station's answer to a command is passed as a call made by `Call.of_json`.
        """
        match = None
        index = self._index(state)
        budget = Budget()
        for entry in index.candidates(call):
            if entry.holds(call, state, budget):
                match = self._count_match(entry, identity, is_taken=match is not None) or match
        return match

    def trial(self, call: Call, state: str) -> list[ActiveRule]:
        """List the rules that match a message, in the order they are tried, without counting."""
        candidates, budget = self._index(state).candidates(call), Budget()
        return [entry for entry in candidates if entry.holds(call, state, budget)]

    def _index(self, state: str) -> "_Index":
        index = self._indexes.get(state)
        if index is None:
            entries = [entry for entry in self._entries if entry.rule.when.state in {None, state}]
            index = self._indexes[state] = _Index(entries)
        return index

    def _count_match(self, entry: ActiveRule, identity: str, *, is_taken: bool) -> RuleMatch | None:
        """Count a match. Return the match if it is a hit and no earlier rule has taken the message."""
        rule, usage = entry.rule, self._usage(entry, identity)
        usage.matches += 1
        if is_taken or rule.when.nth not in {None, usage.matches}:
            return None
        if rule.times is not None and usage.hits >= rule.times:
            return None
        if rule.probability < 1 and usage.rng.random() >= rule.probability:
            return None
        then = rule.then[min(usage.hits, len(rule.then) - 1)] if rule.then else Then()
        usage.hits += 1
        return RuleMatch(rule, then, usage)

    def _usage(self, entry: ActiveRule, identity: str) -> RuleUsage:
        usage = entry.uses.get(identity)
        if usage is None:
            # One generator per rule and station: neither other rules nor other stations change the sequence.
            usage = entry.uses[identity] = RuleUsage(f"{self._seed} {entry.rule.id} {identity}")
        return usage


def _is_expired(entry: ActiveRule) -> bool:
    return entry.rule.ttl is not None and monotonic() >= entry.added_at + entry.rule.ttl


type Path = tuple[str, ...]
"""Names of nested properties, outermost first."""


class _Index:
    """Rules indexed by one value that each of them requires in the payload.

    Without the index, every rule would be tried on every message. With it, only the rules that require a
    value of this payload are tried, for example one of thousands of rules with one idToken each.
    """

    __slots__ = ("_by_value", "_not_indexed")

    def __init__(self, entries: Sequence[ActiveRule]) -> None:
        self._not_indexed: list[ActiveRule] = []
        by_value: dict[Path, dict[Scalar, list[ActiveRule]]] = {}
        for entry in entries:
            required = next(_required_values(entry.rule.when.payload or {}), None)
            if required is None:
                self._not_indexed.append(entry)
            else:
                path, value = required
                by_value.setdefault(path, {}).setdefault(value, []).append(entry)
        self._by_value = list(by_value.items())

    def candidates(self, call: Call) -> Sequence[ActiveRule]:
        """List the rules that may apply to a message, in the order in which they are tried."""
        candidates = self._not_indexed
        for path, entries_by_value in self._by_value:
            value = call.value_at(path)
            if type(value) in SCALARS and value in entries_by_value:
                candidates = sorted([*candidates, *entries_by_value[value]])
        return candidates


def _required_values(part: JsonObject, path: Path = ()) -> Iterator[tuple[Path, Scalar]]:
    """Scalar values that a partial payload requires, each with its path; lists are skipped."""
    for name, value in part.items():
        if isinstance(value, dict):
            yield from _required_values(value, (*path, name))
        elif type(value) in SCALARS:
            yield (*path, name), value
