"""Filters for journal entries, and a search for the entry that comes closest to a filter."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Annotated, Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from mock_csms.behaviour.expressions import Expression, TooCostly, check_expression
from mock_csms.journal.entries import JsonEntry, payload_in
from mock_csms.journal.globs import matches_glob
from mock_csms.journal.store import Direction, EntryKind
from mock_csms.messages import JsonObject
from mock_csms.schema.budget import Budget, OutOfBudget
from mock_csms.schema.patch import contains


class Match(BaseModel):
    """A filter for journal entries; fields left out match anything.

    With `action`, but without `type` and `direction`, only CALLs match: a BootNotification is then the
    message of the station, and not the answer to it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    station: Annotated[str, Field(max_length=200)] = "*"
    """The station's identity, or a glob."""
    action: str | list[str] | None = None
    """An action, or a list of alternative actions, including actions that OCPP does not have."""
    direction: Direction | None = None
    """`received` for frames received from stations, `sent` for frames sent to them."""
    type: EntryKind | None = None
    """Kind of message or event. An explicit null matches any kind, even with `action`."""
    payload: JsonObject | None = None
    """Fields that the payload must contain, at any depth. null requires that the field is absent."""
    expression: str | None = None
    """JMESPath expression over the payload that must be true."""

    @field_validator("action", mode="before")
    @classmethod
    def _check_action(cls, action: Any) -> Any:
        names = action if isinstance(action, list) else [action]
        if action is not None and not (names and all(isinstance(name, str) for name in names)):
            raise ValueError("write an action, or a list of actions")
        return action

    @model_validator(mode="after")
    def _check_expression(self) -> Self:
        if self.expression is not None:
            check_expression(self.expression)
        return self

    @cached_property
    def actions(self) -> frozenset[str] | None:
        """Actions that match; None if every action matches."""
        if self.action is None:
            return None
        return frozenset([self.action] if isinstance(self.action, str) else self.action)

    @cached_property
    def entry_type(self) -> EntryKind | None:
        """Type that an entry must have to match; None if every type matches."""
        is_for_calls = self.action is not None and self.direction is None and not self.names_type
        return "call" if is_for_calls else self.type

    @property
    def names_type(self) -> bool:
        """Whether `type` is given, even as null."""
        return "type" in self.model_fields_set

    @cached_property
    def compiled(self) -> Expression:
        """The expression, compiled at its first use."""
        return Expression(self.expression or "")

    def holds(self, entry: JsonEntry, budget: Budget | None = None) -> bool:
        """Whether an entry matches. Comparing the payload uses up steps of the budget.

        Raises OutOfBudget.
        """
        return (
            (self.direction is None or entry.get("direction") == self.direction)
            and (self.entry_type is None or entry.get("type") == self.entry_type)
            and self._station_matches(entry)
            and self.content_holds(entry, budget)
        )

    def content_holds(self, entry: JsonEntry, budget: Budget | None = None) -> bool:
        """Like `holds`, for an entry whose station, direction and type are known to match."""
        return self._action_matches(entry) and self._payload_matches(entry, budget)

    def _action_matches(self, entry: JsonEntry) -> bool:
        if self.actions is None:
            return True
        action = entry.get("action")
        return isinstance(action, str) and action in self.actions

    def _station_matches(self, entry: JsonEntry) -> bool:
        station = str(entry.get("station", ""))
        return self.station == "*" or matches_glob(station, self.station)

    def _payload_matches(self, entry: JsonEntry, budget: Budget | None) -> bool:
        if self.payload is None and self.expression is None:
            return True
        payload = payload_in(entry)
        if payload is None or (self.payload is not None and not contains(payload, self.payload, budget)):
            return False
        return self.expression is None or self._expression_holds(payload, budget)

    def _expression_holds(self, payload: Any, budget: Budget | None) -> bool:
        """Whether the expression is true of a payload; false if it is too costly. Raises OutOfBudget."""
        try:
            return self.compiled.holds(payload, budget)
        except TooCostly:
            return False

    def differences(self, entry: JsonEntry, budget: Budget | None = None) -> list["Difference"]:
        """Fields that do not match in an entry; empty if it matches. Raises OutOfBudget."""
        return list(self._differences(entry, Budget() if budget is None else budget))

    def _differences(self, entry: JsonEntry, budget: Budget) -> Iterator["Difference"]:
        if not self._station_matches(entry):
            yield Difference("station", self.station, entry.get("station"))
        if not self._action_matches(entry):
            yield Difference("action", self.action, entry.get("action"))
        for name, expected in (("direction", self.direction), ("type", self.entry_type)):
            actual = entry.get(name)
            if expected is not None and actual != expected:
                yield Difference(name, expected, actual)
        payload = payload_in(entry)
        if self.payload is not None:
            yield from _missing("payload", payload, self.payload, budget)
        if self.expression is not None and (payload is None or not self._expression_holds(payload, budget)):
            result = None if payload is None else self.compiled.result(payload, budget)
            yield Difference("expression", self.expression, result)


class Difference(NamedTuple):
    """One field in which an entry does not match."""

    field: str
    expected: Any
    actual: Any


def _missing(path: str, value: Any, part: Any, budget: Budget) -> Iterator[Difference]:
    """Yield the differences between a value and the part that it must contain."""
    if contains(value, part, budget):
        return
    if isinstance(part, dict) and isinstance(value, dict):
        for name, expected in part.items():
            yield from _missing(f"{path}.{name}", value.get(name), expected, budget)
    elif isinstance(part, list) and isinstance(value, list):
        for expected in part:
            yield from _missing_in_list(path, value, expected, budget)
    else:
        yield Difference(path, part, value)


def _missing_in_list(path: str, items: list[Any], expected: Any, budget: Budget) -> Sequence[Difference]:
    """Differences between ``expected`` and the item of a list that comes closest to it."""
    budget.take(len(items))
    by_item = [
        list(_missing(f"{path}[{number}]", item, expected, budget)) for number, item in enumerate(items)
    ]
    return min(by_item, key=_weight, default=[Difference(path, [expected], items)])


class Distance(NamedTuple):
    """Distance of an entry from a `Match`. The first field in which two distances differ decides."""

    station: bool
    action: bool
    kind: int
    """Number of differing fields among direction and type: 0 to 2."""
    other_message: bool
    """Whether the entry has a different action and is not a station's CALL.

    So among entries with a different action, a station's CALL is closer than others, whatever their payloads.
    """
    weight: tuple[int, int]
    kind_rank: int
    """0 for a CALL of the station, 1 for a command, 2 for other entries."""

    @classmethod
    def of(cls, entry: JsonEntry, differences: Sequence[Difference]) -> Self:
        """Return the distance of an entry that differs from a `Match` in these fields."""
        fields = {difference.field for difference in differences}
        envelope = {"action", "station", "direction", "type"}
        weight = _weight([difference for difference in differences if difference.field not in envelope])
        kind = len(fields & {"direction", "type"})
        rank = _kind_rank(entry)
        has_other_action = "action" in fields
        return cls("station" in fields, has_other_action, kind, has_other_action and rank > 0, weight, rank)


def _kind_rank(entry: JsonEntry) -> int:
    if entry.get("type") != "call":
        return 2
    return 0 if entry.get("direction") == "received" else 1


def _weight(differences: Sequence[Difference]) -> tuple[int, int]:
    """Return the weight of differences and, to compare equal weights, their number as a negative value.

    The weight is the number of expected values; those of an absent field count twice.
    """
    weight = sum(
        size_of(difference.expected) * (2 if difference.actual is None else 1) for difference in differences
    )
    return weight, -len(differences)


def size_of(part: Any) -> int:
    """Number of scalar values in a part of a payload; an empty object or list counts as one."""
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return max(1, sum(map(size_of, inner)))


class NearestMiss:
    """The entry that comes closest to one of several `Match` filters without matching any of them.

    The station counts most, then the action, then direction and type, then the payload. If all of these are
    equally close, a CALL of the station is closer than a command, and a command closer than other entries. If
    the action differs, being a CALL of the station counts more than the payload. Of equally close entries,
    the first one compared is kept.
    """

    def __init__(self, *matches: Match) -> None:
        self._matches = matches
        self._shortest: Distance | None = None
        self.match: Match | None = None
        """The filter that the entry comes closest to; None until an entry is found."""
        self.differences: Sequence[Difference] = ()
        """Differences of the entry from the filter ``match``."""

    def is_nearer(self, entry: JsonEntry, budget: Budget | None = None) -> bool:
        """Return whether an entry is nearer than all entries compared before; if so, keep its differences.

        An entry that matches is never nearer, and neither is an entry that takes too many steps to compare.
        """
        budget = Budget() if budget is None else budget
        try:
            by_match = [match.differences(entry, budget) for match in self._matches]
        except OutOfBudget:
            return False
        if not all(by_match):
            return False
        distances = [Distance.of(entry, differences) for differences in by_match]
        shortest = min(distances)
        if self._shortest is not None and shortest >= self._shortest:
            return False
        number = distances.index(shortest)
        self._shortest, self.match, self.differences = shortest, self._matches[number], by_match[number]
        return True
