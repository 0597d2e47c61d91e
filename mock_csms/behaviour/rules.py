"""Answers and faults on demand: which rule holds for a message, and what it makes of the answer."""

from bisect import insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from time import monotonic
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, NamedTuple, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    PositiveInt,
    SerializeAsAny,
    model_validator,
)

from mock_csms.behaviour.faults import AT_THE_DOOR, ON_ANSWERS, AnyFault, kind_named, named
from mock_csms.messages import Call, JsonObject
from mock_csms.schema import patch as payloads
from mock_csms.text import closest
from mock_csms.v201.actions import CSMS_ACTIONS, STATION_ACTIONS
from mock_csms.v201.version import OCPP_2_0_1

Payload = Annotated[JsonObject, BeforeValidator(payloads.with_times_as_text)]

HANDSHAKE: Final = "handshake"
"""Stands for an action in a rule about the opening handshake."""

FIRST_STATE: Final = "start"
"""The state of a station until a rule sets another."""

TO_THE_CONNECTION: Final = frozenset({"no-answer", "close", "reset", "stall"})
"""The faults that can follow a station's answer."""

Direction = Literal["call", "answer"]


class When(BaseModel):
    """Which messages a rule is about; what is not said does not matter."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    station: str = "*"
    """A glob over the station's identity."""
    action: str | None = None
    direction: Direction = "call"
    """"call": what a station sends by itself; "answer": its answer to a command."""
    payload: Payload | None = None
    """What the payload has at least."""
    expression: str | None = None
    """A JMESPath expression over the payload that is true."""
    nth: PositiveInt | None = None
    """Only the nth of all these messages of a station."""
    state: str | None = None
    """Only while the station is in this state."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        actions = {*CSMS_ACTIONS} if self.direction == "answer" else {*STATION_ACTIONS, HANDSHAKE}
        if self.action is not None and self.action not in actions:
            whose = "command" if self.direction == "answer" else "message of a station"
            raise ValueError(f"there is no {whose} {self.action!r}{closest(self.action, actions)}")
        if self.expression is not None:
            payloads.check_expression(self.expression)
        return self

    def holds(self, call: Call, state: str) -> bool:
        """Tell whether a message is one of these, but for the station, the action and the count."""
        if self.state is not None and self.state != state:
            return False
        if self.payload is not None and not payloads.contains(call.payload, self.payload):
            return False
        return self.expression is None or payloads.is_true(self.expression, call.payload)


class ErrorAnswer(BaseModel):
    """A CALLERROR; the code may be one that OCPP-J does not have."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    code: str = "InternalError"
    description: Annotated[str, Field(max_length=255)] = ""
    details: Payload = {}


class Then(BaseModel):
    """What becomes of the answer: something laid over it, an error instead, a fault, or a fault to either."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    answer: Payload | None = None
    error: ErrorAnswer | None = None
    fault: SerializeAsAny[AnyFault] | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.answer is not None and self.error is not None:
            raise ValueError("a rule has either an answer or an error, not both")
        payloads.check(self.answer)
        return self

    @property
    def withholds(self) -> bool:
        """Tell whether the station gets no answer to its message that is of use to it."""
        return self.error is not None or (self.fault is not None and self.fault.withholds)

    def __str__(self) -> str:
        parts = (
            f"error {self.error.code}" if self.error else "",
            "answer" if self.answer is not None else "",
            str(self.fault) if self.fault else "",
        )
        return " and ".join(filter(None, parts)) or "as usual"


def _sequence(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


class Rule(BaseModel):
    """One rule: when it holds, and what then; it is the same in TOML, over HTTP and in Python."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, populate_by_name=True)

    id: str = ""
    when: When = Field(default_factory=When)
    then: Annotated[tuple[Then, ...], BeforeValidator(_sequence)] = ()
    """One after the other, each time it holds for a station; the last one stays. Empty: just ``set``."""
    times: PositiveInt | None = None
    """How often it holds for each station."""
    probability: Annotated[FiniteFloat, Field(ge=0, le=1)] = 1.0
    priority: Annotated[int, Field(ge=1)] = 5
    """1 is asked first; among equals the newer."""
    ttl: Annotated[FiniteFloat, Field(gt=0)] | None = None
    """Seconds until it is over, from when it was made."""
    set: str | None = None
    """The state that a station is in afterwards."""
    check_answer: bool = Field(True, alias="validate")
    """Whether its answer has to keep to the schema."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if not self.then and self.set is None:
            raise ValueError("a rule needs something in then: an answer, an error or a fault")
        for then in self.then:
            if then.fault:
                self._check_fault(then.fault.kind)
            if then.answer is not None and self.check_answer:
                self._check_answer(then.answer)
            if self.when.action == HANDSHAKE and (then.answer is not None or then.error):
                raise ValueError("at the handshake there is nothing to answer yet, only a fault is possible")
        return self

    def _check_fault(self, kind: str) -> None:
        if (self.when.action == HANDSHAKE) != (kind in AT_THE_DOOR):
            possible = AT_THE_DOOR if self.when.action == HANDSHAKE else ON_ANSWERS
            where = "at the handshake" if self.when.action == HANDSHAKE else "to an answer"
            raise ValueError(f"the fault {kind} cannot be done {where}; there are {named(possible)}")
        if self.when.direction == "answer" and kind not in TO_THE_CONNECTION:
            raise ValueError(
                f"the fault {kind} cannot be done to a station's answer; "
                f"there are {', '.join(sorted(TO_THE_CONNECTION))}"
            )

    def _check_answer(self, answer: JsonObject) -> None:
        """Lay the answer over a minimal one, and see whether the schema still holds as far as can be told."""
        if self.when.action is None or self.when.action == HANDSHAKE:
            return
        schema = OCPP_2_0_1.response(self.when.action)
        if violation := schema.violation_of_patch(payloads.example(answer)):
            raise ValueError(
                f"its answer breaks the schema of {self.when.action}: {violation.found}; "
                "with validate = false it is sent as it is"
            )

    def __str__(self) -> str:
        return self.id


def rule_of_flag(text: str, station: str = "*") -> Rule:
    """Read a fault as it is written on the command line.

    ``TARGET:KIND[=VALUE][:key=value...]``, where TARGET is an action, ``STATION/ACTION`` or ``handshake``.
    """
    target, _, rest = text.partition(":")
    if not rest:
        raise ValueError(f"{text!r} must be a target, a colon and a fault, as in Heartbeat:no-answer:times=2")
    fault, *options = rest.split(":")
    kind, _, value = fault.partition("=")
    about, _, action = target.rpartition("/")
    parameters: dict[str, Any] = {"kind": kind}
    if value:
        main = kind_named(kind).main
        if main is None:
            raise ValueError(f"the fault {kind} takes no value")
        parameters[main] = value
    rule: dict[str, Any] = {"id": text, "then": {"fault": parameters}}
    when = {"station": about or station, "action": action}
    for option in options:
        name, _, value = option.partition("=")
        if name == "kind":
            raise ValueError(f"{text!r} has two kinds of fault")
        place = when if name in {"nth", "state"} else rule if name in RULE_OPTIONS else parameters
        place[name] = value
    return Rule.model_validate({**rule, "when": when})


Scalar = str | int | float
SCALARS: Final = frozenset({str, int, float})
"""The types of what can be looked up."""

RULE_OPTIONS: Final = frozenset({"times", "probability", "priority", "ttl", "set"})


class Hit(NamedTuple):
    """A rule that holds for a message, and what it says."""

    rule: Rule
    then: Then
    rng: Random


@dataclass(slots=True)
class Use:
    """How often a rule has held for one station, and the chance of that."""

    rng: Random
    matches: int = 0
    hits: int = 0


@dataclass(slots=True, eq=False)
class Entry:
    """A rule in the book, since when it is there, and what stations made of it."""

    rule: Rule
    number: int
    made: float
    lasting: bool
    uses: dict[str, Use] = field(default_factory=dict)

    def __lt__(self, other: "Entry") -> bool:
        return (self.rule.priority, -self.number) < (other.rule.priority, -other.number)


class Applicable:
    """The rules about one action of some stations, the first to ask first."""

    __slots__ = ("_entries", "_indexes", "_seed")

    def __init__(self, entries: Sequence[Entry], seed: int) -> None:
        self._entries = entries
        self._seed = seed
        self._indexes: dict[str, _Index] = {}

    def hit(self, identity: str, call: Call, state: str) -> Hit | None:
        """Find the rule that holds for a message of a station; every rule that is about it counts it.

        An answer comes as what Call.of_json makes of it.
        """
        found = None
        index = self._indexes.get(state) or self._index(state)
        for entry in index.candidates(call):
            if entry.rule.when.holds(call, state) and not _is_over(entry):
                found = self._asked(entry, identity, taken=found is not None) or found
        return found

    def trial(self, call: Call, state: str) -> list[Entry]:
        """The rules that are about a message, the first to ask first; nothing is counted."""
        candidates = self._index(state).candidates(call)
        return [it for it in candidates if it.rule.when.holds(call, state) and not _is_over(it)]

    def _index(self, state: str) -> "_Index":
        index = self._indexes.get(state)
        if index is None:
            about = [entry for entry in self._entries if entry.rule.when.state in {None, state}]
            index = self._indexes[state] = _Index(about)
        return index

    def _asked(self, entry: Entry, identity: str, *, taken: bool) -> Hit | None:
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
        return Hit(rule, then, use.rng)

    def _use(self, entry: Entry, identity: str) -> Use:
        use = entry.uses.get(identity)
        if use is None:
            rng = Random(f"{self._seed} {entry.rule.id} {identity}")  # noqa: S311 - has to be repeatable
            use = entry.uses[identity] = Use(rng)
        return use


def _is_over(entry: Entry) -> bool:
    return entry.rule.ttl is not None and monotonic() >= entry.made + entry.rule.ttl


type Path = tuple[str, ...]


class _Index:
    """Rules by one value that each asks a payload for, so that none is looked at that asks for another."""

    __slots__ = ("_by_value", "_others")

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._others: list[Entry] = []
        by_value: dict[Path, dict[Scalar, list[Entry]]] = {}
        for entry in entries:
            leaf = next(_leaves(entry.rule.when.payload or {}), None)
            if leaf is None:
                self._others.append(entry)
            else:
                path, value = leaf
                by_value.setdefault(path, {}).setdefault(value, []).append(entry)
        self._by_value = list(by_value.items())

    def candidates(self, call: Call) -> Sequence[Entry]:
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
    """Tell whether a rule is about a station; an identity may have the characters of a glob."""
    return rule.when.station == identity or fnmatchcase(identity, rule.when.station)


def _same(rule: Rule, entries: Sequence[Entry]) -> Entry | None:
    """Find a rule as it was before; one that nobody named may have stood in another place."""
    says = rule.model_copy(update={"id": ""})
    alike = [entry for entry in entries if entry.rule.model_copy(update={"id": ""}) == says]
    return next((entry for entry in alike if entry.rule.id == rule.id), next(iter(alike), None))


NO_RULES: Final[Mapping[str, Applicable]] = MappingProxyType({})


class Rulebook:
    """The rules in force; chance is drawn from ``seed``, for each rule and station by itself."""

    def __init__(self, rules: Iterable[Rule] = (), seed: int = 0) -> None:
        self.seed = seed
        self._entries: list[Entry] = []
        self._made = 0
        self._about: dict[tuple[int, ...], Mapping[str, Applicable]] = {}
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
        insort(self._entries, Entry(rule, self._made, monotonic(), lasting))
        return rule

    def _free_id(self, prefix: str) -> str:
        number = self._made
        while self.find(f"{prefix}-{number}"):
            number += 1
        return f"{prefix}-{number}"

    @property
    def entries(self) -> Sequence[Entry]:
        """The rules with what stations made of them, the first to ask first."""
        return self._entries

    def find(self, rule_id: str) -> Entry | None:
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
        fresh = Rulebook(rules, self.seed)
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

    def about(self, identity: str, direction: Direction = "call") -> Mapping[str, Applicable]:
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
            self._about[key] = self._by_action(
                entries, STATION_ACTIONS if direction == "call" else CSMS_ACTIONS
            )
        return self._about[key]

    def _by_action(self, entries: Sequence[Entry], actions: Iterable[str]) -> Mapping[str, Applicable]:
        by_action = {
            str(action): [entry for entry in entries if _is_about(entry.rule, action)]
            for action in (HANDSHAKE, *actions)
        }
        return {action: Applicable(found, self.seed) for action, found in by_action.items() if found}


def _is_about(rule: Rule, action: str) -> bool:
    return rule.when.action == action or (rule.when.action is None and action != HANDSHAKE)
