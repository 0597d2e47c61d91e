"""What a test waits for, what came closest to it, and how often it came."""

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Any, Final, NamedTuple, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, model_validator

from mock_csms.behaviour.expressions import check_expression, is_true, search
from mock_csms.journal.entries import JsonEntry, payload_in
from mock_csms.journal.store import Direction, EntryKind
from mock_csms.messages import JsonObject
from mock_csms.schema.patch import contains
from mock_csms.schema.validation import Schema
from mock_csms.text import one_line, suggest
from mock_csms.versions import OcppVersion, actions_from_csms, actions_from_station, having

# Matches


class Match(BaseModel):
    """Which entries of the journal are meant; what is not said does not matter."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    station: Annotated[str, Field(description="a glob over the station's identity")] = "*"
    action: Annotated[str | None, Field(description="any, those that OCPP does not know included")] = None
    direction: Annotated[Direction | None, Field(description="from stations, or to them")] = None
    type: Annotated[EntryKind | None, Field(description="which kind of message, or what else happened")] = (
        None
    )
    payload: Annotated[
        JsonObject | None,
        Field(description="what the payload has at least; null asks for a field that is absent"),
    ] = None
    expression: Annotated[
        str | None, Field(description="a JMESPath expression over the payload that is true")
    ] = None

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.expression is not None:
            check_expression(self.expression)
        return self

    def holds(self, entry: JsonEntry) -> bool:
        """Tell whether an entry is meant."""
        return (
            (self.action is None or entry.get("action") == self.action)
            and (self.direction is None or entry.get("direction") == self.direction)
            and (self.type is None or entry.get("type") == self.type)
            and self._is_about(entry)
            and self._is_in(entry)
        )

    def _is_about(self, entry: JsonEntry) -> bool:
        return self.station == "*" or fnmatchcase(str(entry.get("station", "")), self.station)

    def _is_in(self, entry: JsonEntry) -> bool:
        if self.payload is None and self.expression is None:
            return True
        content = payload_in(entry)
        if content is None or (self.payload is not None and not contains(content, self.payload)):
            return False
        return self.expression is None or is_true(self.expression, content)

    def differences(self, entry: JsonEntry) -> list["Difference"]:
        """Say field by field why an entry is not meant; there are none if it is."""
        return list(self._differences(entry))

    def _differences(self, entry: JsonEntry) -> Iterator["Difference"]:
        if not self._is_about(entry):
            yield Difference("station", self.station, entry.get("station"))
        for name in ("action", "direction", "type"):
            expected, actual = getattr(self, name), entry.get(name)
            if expected is not None and actual != expected:
                yield Difference(name, expected, actual)
        content = payload_in(entry)
        if self.payload is not None:
            yield from _lacking("payload", content, self.payload)
        if self.expression is not None and (content is None or not is_true(self.expression, content)):
            found = None if content is None else search(self.expression, content)
            yield Difference("expression", self.expression, found)


class Difference(NamedTuple):
    """One field in which an entry is not what was meant."""

    field: str
    expected: Any
    actual: Any


def _lacking(place: str, value: Any, part: Any) -> Iterator[Difference]:
    """What a value lacks of all that a part asks for."""
    if contains(value, part):
        return
    if isinstance(part, dict) and isinstance(value, dict):
        for name, expected in part.items():
            yield from _lacking(f"{place}.{name}", value.get(name), expected)
    elif isinstance(part, list) and isinstance(value, list):
        for expected in part:
            yield from _lacking_of_any(place, value, expected)
    else:
        yield Difference(place, part, value)


def _lacking_of_any(place: str, items: list[Any], expected: Any) -> Sequence[Difference]:
    """What that item lacks that comes closest."""
    each = [list(_lacking(f"{place}[{number}]", item, expected)) for number, item in enumerate(items)]
    return min(each, key=_weight, default=[Difference(place, [expected], items)])


class Distance(NamedTuple):
    """How far an entry is from what is meant; what comes first counts more."""

    action: bool
    station: bool
    kind: int
    """In how many of direction and type."""
    weight: tuple[int, int]
    no_call: bool

    @classmethod
    def of(cls, entry: JsonEntry, differences: Sequence[Difference]) -> Self:
        """Tell how far an entry is by what differs; one that says nothing of it is further than a CALL."""
        fields = {it.field for it in differences}
        said = [it for it in differences if it.field not in {"action", "station", "direction", "type"}]
        kind = len(fields & {"direction", "type"})
        return cls("action" in fields, "station" in fields, kind, _weight(said), entry.get("type") != "call")


def _weight(differences: Sequence[Difference]) -> tuple[int, int]:
    """How much differs: a field that is absent weighs more than one with another value."""
    weight = sum(_size(it.expected) * (2 if it.actual is None else 1) for it in differences)
    return weight, -len(differences)


def _size(part: Any) -> int:
    """How many values a part asks for, but one at least."""
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return max(1, sum(map(_size, inner)))


def closest(match: Match, entries: Iterable[JsonEntry]) -> tuple[JsonEntry, list[JsonObject]] | None:
    """Find the entry that came closest to what is meant without being it, and what differs.

    The same action comes before the same station, that before the same direction and type, and then the
    payload; of those that are equally close it is a CALL, and the last.
    """
    found: tuple[JsonEntry, list[JsonObject]] | None = None
    nearest: Distance | None = None
    for entry in entries:
        differences = match.differences(entry)
        distance = Distance.of(entry, differences)
        if differences and (nearest is None or distance <= nearest):
            found, nearest = (entry, [it._asdict() for it in differences]), distance
    return found


# Expectations

EXAMPLE: Final = (
    "NotifyReport>=1, CS1/TransactionEvent[eventType=Ended]==1, >Reset or <Reset[status=Accepted]"
)

TEXT: Final = re.compile(
    r"""
    (?P<way> [<>]? ) \s*
    (?: (?P<station> (?: [^/\[\]<>] | \[ [^\]=/]* \] )+ ) / )?
    (?P<action> \w+ )
    (?: \[ (?P<fields> .* ) \] )? \s*
    (?: (?P<operator> [=!<>]= | [<>] ) \s* (?P<count> [0-9]{1,9} ) )?
    """,
    re.VERBOSE | re.DOTALL,
)
FIELD: Final = re.compile(
    r"""
    \s* (?P<path> [^\s=,"']+ ) \s* = \s*
    (?: (?P<quoted> "(?: [^"\\] | \\. )*" | '[^']*' ) | (?P<plain> (?: [^\s,="'] [^,]*? )? ) ) \s*
    (?P<more> , | \Z )
    """,
    re.VERBOSE | re.DOTALL,
)

OPERATORS: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


class Way(NamedTuple):
    """Which messages of an action an expectation counts."""

    direction: Direction
    type: EntryKind
    from_station: bool
    """Whether the station sends the CALL."""
    whose: str

    def actions(self, versions: Iterable[OcppVersion]) -> frozenset[str]:
        """Actions that are possible in any of these versions."""
        return actions_from_station(versions) if self.from_station else actions_from_csms(versions)


WAYS: Final = {
    "": Way("received", "call", True, "message of a station"),
    ">": Way("sent", "call", False, "command"),
    "<": Way("received", "result", False, "command"),
}


@dataclass(frozen=True, slots=True)
class Expectation:
    """How often a message has to come, as it is written: ``CS1/TransactionEvent[eventType=Ended]==1``."""

    text: str
    match: Match
    operator: str
    count: int

    @classmethod
    def parse(cls, text: str, versions: Iterable[OcppVersion]) -> Self:
        """Read ``[STATION/]ACTION[FIELD=VALUE,...]OPERATOR COUNT``; raises ValueError.

        The actions and the fields that they have are those of any of the ``versions``.

        A ``>`` before it makes it a command of ours, a ``<`` the station's result for one. The way to a field
        is dotted, with ``[]`` after a list, any item of which may have it: ``eventData[].trigger=Alerting``.
        """
        try:
            found = TEXT.fullmatch(text.strip())
            if found is None:
                raise ValueError(f"is no expectation; write {EXAMPLE}")
            match = _match(found, tuple(versions))
        except (ValueError, RecursionError) as error:
            raise ValueError(one_line(f"{text!r}: {error}")) from None
        return cls(text, match, found["operator"] or ">=", int(found["count"] or 1))

    def __str__(self) -> str:
        return self.text

    def is_met(self, actual: int) -> bool:
        """Tell whether it is met by so many messages."""
        return OPERATORS[self.operator](actual, self.count)

    def is_final(self, actual: int) -> bool:
        """Tell whether it is met and stays so, whatever else comes."""
        return self.is_met(actual) and (
            self.operator in {">=", ">"} or (self.operator == "!=" and actual > self.count)
        )

    def is_failed(self, actual: int) -> bool:
        """Tell whether it can never be met any more."""
        return self.operator in {"==", "<=", "<"} and actual >= self.count and not self.is_met(actual)

    def outcome(self, actual: int) -> "Outcome":
        """Say what came of it."""
        return Outcome(self.text, f"{self.operator}{self.count}", actual, self.is_met(actual))


def _match(found: re.Match[str], versions: Sequence[OcppVersion]) -> Match:
    way, station, action = WAYS[found["way"]], found["station"] or "*", found["action"]
    sending = having(versions, action, from_station=way.from_station)
    if not sending:
        raise ValueError(_no_such(way, action, versions))
    schemas = [it.response(action) if way.type == "result" else it.request(action) for it in sending]
    part: JsonObject = {}
    for place, value in _fields(found["fields"], schemas) if found["fields"] is not None else ():
        _put(part, place, value)
    return Match(station=station, action=action, direction=way.direction, type=way.type, payload=part or None)


def _no_such(way: Way, action: str, versions: Sequence[OcppVersion]) -> str:
    if way.from_station and having(versions, action, from_station=False):
        return f"{action} is a command; write >{action} for the command or <{action} for its result"
    if not way.from_station and having(versions, action, from_station=True):
        return f"{action} is a message of a station; write it without < or >"
    hint = suggest(action, way.actions(versions)) or "; POST /v1/wait of the control API waits for any action"
    return f"there is no {way.whose} {action!r}{hint}"


def _fields(text: str, schemas: Sequence[Schema]) -> Iterator[tuple[str, Any]]:
    """The fields between the brackets, and the values that they can have by any schema of the message."""
    at = 0
    while True:
        found = FIELD.match(text, at)
        if found is None:
            raise ValueError(
                f"[{text}] has to be field=value,field=value; a value with a comma is written in quotes"
            )
        yield found["path"], _possible(schemas, found["path"], _values(found["quoted"], found["plain"]))
        at = found.end()
        if not found["more"]:
            return


def _values(quoted: str | None, plain: str) -> list[Any]:
    """What a value may stand for, the likeliest first."""
    if quoted is not None:
        return [quoted[1:-1] if quoted.startswith("'") else _scalar(quoted)]
    try:
        return [_scalar(plain), plain]
    except ValueError:
        return [plain]


def _scalar(text: str) -> Any:
    value = orjson.loads(text)
    if isinstance(value, dict | list):
        raise ValueError(f"{text} is no scalar")
    return value


def _possible(schemas: Sequence[Schema], path: str, values: Sequence[Any]) -> Any:
    """The first of some values that a field can have: 1234 is a number, but for an idToken it is text."""
    found = ""
    for value in values:
        part: JsonObject = {}
        _put(part, path, value)
        violations = [schema.violation_of_patch(part) for schema in schemas]
        if None in violations:
            return value
        found = next(violation.found for violation in violations if violation)
    raise ValueError(found)


def _put(part: JsonObject, path: str, value: Any) -> None:
    """Ask a part of a payload for one more field."""
    *way, last = path.split(".")
    for step in way:
        part = _inside(part, step, path)
    name = last.removesuffix("[]")
    if name == last and name not in part and name:
        part[name] = value
    elif name != last and isinstance(part.setdefault(name, []), list) and name:
        part[name].append(value)
    else:
        raise ValueError(f"{path} cannot be asked for, or has been already")


def _inside(part: JsonObject, step: str, path: str) -> JsonObject:
    """The object that one step of the way leads to."""
    name = step.removesuffix("[]")
    inner = part.setdefault(name, {} if name == step else [{}])
    if name != step and isinstance(inner, list):
        inner = inner[0]
    if not name or not isinstance(inner, dict):
        raise ValueError(f"{path} cannot be asked for, or has been already")
    return inner


class Outcome(NamedTuple):
    """What came of an expectation."""

    text: str
    expected: str
    actual: int
    met: bool

    def __str__(self) -> str:
        return f"{self.text}: expected {self.expected}, came {self.actual}"


class Expectations:
    """Several expectations and how often what they wait for has come.

    In order, one begins to count when those before it are met.
    """

    def __init__(self, expectations: Iterable[Expectation], *, in_order: bool = False) -> None:
        self.in_order = in_order
        self._expectations = tuple(expectations)
        self._actual = [0] * len(self._expectations)
        self._about: dict[tuple[str | None, ...], list[int]] = {}
        for position, expectation in enumerate(self._expectations):
            match = expectation.match
            self._about.setdefault((match.direction, match.type, match.action), []).append(position)
        self._begun = 1 if in_order else len(self._expectations)
        self._begin()

    def __len__(self) -> int:
        return len(self._expectations)

    def note(self, entry: JsonEntry) -> bool:
        """Count an entry of the journal; tell whether any expectation is about it."""
        positions = self._about.get((entry.get("direction"), entry.get("type"), entry.get("action")))
        if positions is None:
            return False
        counting = [
            position
            for position in positions
            if position < self._begun and self._expectations[position].match.holds(entry)
        ]
        for position in counting:
            self._actual[position] += 1
        self._begin()
        return bool(counting)

    def _begin(self) -> None:
        """Let the next expectation begin to count, if those before it are met."""
        while self._begun < len(self) and all(
            expectation.is_met(actual) for expectation, actual in self._counts(self._begun)
        ):
            self._begun += 1

    def _counts(self, first: int | None = None) -> Iterable[tuple[Expectation, int]]:
        return zip(self._expectations[:first], self._actual[:first], strict=True)

    @property
    def met(self) -> bool:
        """Whether all hold now; what only the end can tell, as of ``==``, holds so far."""
        return all(expectation.is_met(actual) for expectation, actual in self._counts())

    @property
    def final(self) -> bool:
        """Whether all are met and stay so, whatever else comes."""
        return all(expectation.is_final(actual) for expectation, actual in self._counts())

    @property
    def failed(self) -> bool:
        """Whether one can never be met any more."""
        return any(expectation.is_failed(actual) for expectation, actual in self._counts())

    def outcomes(self) -> list[Outcome]:
        """Say what came of each."""
        return [expectation.outcome(actual) for expectation, actual in self._counts()]
