"""Expected messages: parses them, and counts the journal entries that match them."""

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import orjson

from mock_csms.journal.entries import JsonEntry
from mock_csms.journal.store import Direction, EntryKind
from mock_csms.log.secret_text import masked_text
from mock_csms.messages import JsonObject
from mock_csms.schema.validation import Schema
from mock_csms.text import one_line, suggest
from mock_csms.verdict.matches import Match
from mock_csms.versions import OcppVersion, actions_from_csms, actions_from_station, having

EXAMPLE: Final = (
    "NotifyReport>=1, CS1/TransactionEvent[eventType=Ended]==1, >Reset or <Reset[status=Accepted]"
)

TEXT: Final = re.compile(
    r"""
    (?P<prefix> [<>]? ) \s*
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
    (?P<separator> , | \Z )
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


class MessagePrefix(NamedTuple):
    """Direction and type of the messages that an expectation with this prefix counts."""

    direction: Direction
    type: EntryKind
    from_station: bool
    """Whether the action is one that stations send; false for commands and for their results."""
    noun: str

    def actions(self, versions: Iterable[OcppVersion]) -> frozenset[str]:
        """Return the actions that may follow the prefix, from all the ``versions``."""
        return actions_from_station(versions) if self.from_station else actions_from_csms(versions)


PREFIXES: Final = {
    "": MessagePrefix("received", "call", True, "station message"),
    ">": MessagePrefix("sent", "call", False, "command"),
    "<": MessagePrefix("received", "result", False, "command"),
}


@dataclass(frozen=True, slots=True)
class Expectation:
    """An expected number of matching messages, such as ``CS1/TransactionEvent[eventType=Ended]==1``."""

    text: str
    match: Match
    operator: str
    count: int

    @classmethod
    def parse(cls, text: str, versions: Iterable[OcppVersion]) -> Self:
        """Parse ``[STATION/]ACTION[FIELD=VALUE,...]OPERATOR COUNT``; raises ValueError.

        Actions and fields of any of the ``versions`` are valid.

        The prefix ``>`` stands for a command of the mock, ``<`` for the station's result. Paths to fields are
        dotted; ``[]`` after a list means any of its items: ``eventData[].trigger=Alerting``.
        """
        try:
            parts = TEXT.fullmatch(text.strip())
            if parts is None:
                raise ValueError(f"not a valid expectation; write, for example, {EXAMPLE}")
            match = _match(parts, tuple(versions))
        except (ValueError, RecursionError) as error:
            raise ValueError(one_line(masked_text(f"{text!r}: {error}"))) from None
        return cls(masked_text(text), match, parts["operator"] or ">=", int(parts["count"] or 1))

    def __str__(self) -> str:
        return self.text

    def is_met(self, actual: int) -> bool:
        """Whether ``actual`` matching messages meet the expectation."""
        return OPERATORS[self.operator](actual, self.count)

    def is_final(self, actual: int) -> bool:
        """Whether ``actual`` matching messages meet the expectation, and further ones cannot change that."""
        return self.is_met(actual) and (
            self.operator in {">=", ">"} or (self.operator == "!=" and actual > self.count)
        )

    def is_failed(self, actual: int) -> bool:
        """Whether the expectation can no longer be met after ``actual`` matching messages."""
        return self.operator in {"==", "<=", "<"} and actual >= self.count and not self.is_met(actual)

    def outcome(self, actual: int) -> "ExpectationResult":
        """Return the result of the expectation after ``actual`` matching messages."""
        return ExpectationResult(self.text, f"{self.operator}{self.count}", actual, self.is_met(actual))


def _match(parts: re.Match[str], versions: Sequence[OcppVersion]) -> Match:
    prefix, station, action = PREFIXES[parts["prefix"]], parts["station"] or "*", parts["action"]
    sending = having(versions, action, from_station=prefix.from_station)
    if not sending:
        raise ValueError(_unknown_action(prefix, action, versions))
    schemas = [
        version.response(action) if prefix.type == "result" else version.request(action)
        for version in sending
    ]
    payload: JsonObject = {}
    for path, value in _fields(parts["fields"], schemas) if parts["fields"] is not None else ():
        _add_field(payload, path, value)
    return Match(
        station=station, action=action, direction=prefix.direction, type=prefix.type, payload=payload or None
    )


def _unknown_action(prefix: MessagePrefix, action: str, versions: Sequence[OcppVersion]) -> str:
    if prefix.from_station and having(versions, action, from_station=False):
        return f"{action} is a command; write >{action} for the command or <{action} for its result"
    if not prefix.from_station and having(versions, action, from_station=True):
        return f"{action} is a message of the station; write {action} without < or >, which mark commands"
    hint = (
        suggest(action, prefix.actions(versions)) or "; POST /v1/wait of the control API waits for any action"
    )
    return f"there is no {prefix.noun} {action!r}{hint}"


def _fields(text: str, schemas: Sequence[Schema]) -> Iterator[tuple[str, Any]]:
    """Yield the path and the value of each ``FIELD=VALUE``; raises ValueError if no schema allows a value."""
    position = 0
    while True:
        field = FIELD.match(text, position)
        if field is None:
            raise ValueError(f"[{text}] must be field=value,field=value; quote a value that contains a comma")
        yield (
            field["path"],
            _valid_value(schemas, field["path"], _candidates(field["quoted"], field["plain"])),
        )
        position = field.end()
        if not field["separator"]:
            return


def _candidates(quoted: str | None, plain: str) -> list[Any]:
    """Return the possible values of a field, the likeliest first: unquoted text may be JSON or plain text."""
    if quoted is not None:
        return [quoted[1:-1] if quoted.startswith("'") else _scalar(quoted)]
    try:
        return [_scalar(plain), plain]
    except ValueError:
        return [plain]


def _scalar(text: str) -> Any:
    value = orjson.loads(text)
    if isinstance(value, dict | list):
        raise ValueError(f"{text} is not a scalar")
    return value


def _valid_value(schemas: Sequence[Schema], path: str, values: Sequence[Any]) -> Any:
    """Return the first of ``values`` that a schema allows at ``path``; raises ValueError if there is none.

    So 1234 is read as a number, but for an idToken as text.
    """
    error = ""
    for value in values:
        part: JsonObject = {}
        _add_field(part, path, value)
        violations = [schema.violation_of_patch(part) for schema in schemas]
        if None in violations:
            return value
        error = next(violation.found for violation in violations if violation)
    raise ValueError(error)


def _add_field(part: JsonObject, path: str, value: Any) -> None:
    """Add a value at ``path`` to ``part``; raises ValueError if the path is malformed or given twice."""
    *parents, last = path.split(".")
    for step in parents:
        part = _child(part, step, path)
    name = last.removesuffix("[]")
    if name == last and name not in part and name:
        part[name] = value
    elif name != last and isinstance(part.setdefault(name, []), list) and name:
        part[name].append(value)
    else:
        raise ValueError(_bad_path(path))


def _bad_path(path: str) -> str:
    return f"{path} is given twice, or is not a path such as eventData[].trigger"


def _child(part: JsonObject, step: str, path: str) -> JsonObject:
    """Return the object at ``step`` of ``path``, adding it to ``part`` if absent; raises ValueError."""
    name = step.removesuffix("[]")
    child = part.setdefault(name, {} if name == step else [{}])
    if name != step and isinstance(child, list):
        child = child[0]
    if not name or not isinstance(child, dict):
        raise ValueError(_bad_path(path))
    return child


class ExpectationResult(NamedTuple):
    """Expected and actual number of messages of an expectation, and whether it is met."""

    text: str
    expected: str
    actual: int
    met: bool

    def __str__(self) -> str:
        return f"{self.text}: expected {self.expected}, got {self.actual}"


class Expectations:
    """Several expectations, and for each the number of messages that have matched it.

    With ``in_order``, an expectation starts counting when all earlier ones are met.
    """

    def __init__(self, expectations: Iterable[Expectation], *, in_order: bool = False) -> None:
        self.in_order = in_order
        self._expectations = tuple(expectations)
        self._actual = [0] * len(self._expectations)
        self._positions: dict[tuple[str | None, ...], list[int]] = {}
        for position, expectation in enumerate(self._expectations):
            match = expectation.match
            for action in match.actions or ():
                self._positions.setdefault((match.direction, match.type, action), []).append(position)
        self._active = 1 if in_order else len(self._expectations)
        self._activate_next()

    def __len__(self) -> int:
        return len(self._expectations)

    def note(self, entry: JsonEntry) -> bool:
        """Count a journal entry for each active expectation that it matches; return whether there is one."""
        positions = self._positions.get((entry.get("direction"), entry.get("type"), entry.get("action")))
        if positions is None:
            return False
        matching = [
            position
            for position in positions
            if position < self._active and self._expectations[position].match.holds(entry)
        ]
        for position in matching:
            self._actual[position] += 1
        self._activate_next()
        return bool(matching)

    def _activate_next(self) -> None:
        """Activate the next expectations, in order, up to and including the first one that is not met."""
        while self._active < len(self) and all(
            expectation.is_met(actual) for expectation, actual in self._counts(self._active)
        ):
            self._active += 1

    def _counts(self, number: int | None = None) -> Iterable[tuple[Expectation, int]]:
        return zip(self._expectations[:number], self._actual[:number], strict=True)

    @property
    def met(self) -> bool:
        """Whether all expectations are met now. A further message may break an expectation such as
        ``==1``.
        """
        return all(expectation.is_met(actual) for expectation, actual in self._counts())

    @property
    def final(self) -> bool:
        """Whether all expectations stay met whatever messages follow."""
        return all(expectation.is_final(actual) for expectation, actual in self._counts())

    @property
    def failed(self) -> bool:
        """Whether an expectation can no longer be met."""
        return any(expectation.is_failed(actual) for expectation, actual in self._counts())

    def outcomes(self) -> list[ExpectationResult]:
        """Return the result of each expectation so far."""
        return [expectation.outcome(actual) for expectation, actual in self._counts()]
