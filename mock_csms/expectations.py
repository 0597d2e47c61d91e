"""What a test waits for, how often it came, and the verdict on a run."""

import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Self

import orjson
from ocpp.v201.enums import Action
from pydantic import BaseModel, ConfigDict, model_validator

from mock_csms import schemas
from mock_csms.actions import BY_CSMS, BY_STATION
from mock_csms.frames import JsonObject
from mock_csms.hints import closest as hint
from mock_csms.log import one_line
from mock_csms.payloads import check_expression, contains, is_true, search

if TYPE_CHECKING:
    from junitparser import TestCase

Direction = Literal["received", "sent"]
EntryType = Literal[
    "call", "result", "error", "malformed", "withheld", "connected", "disconnected", "refused"
]

type Entry = Mapping[str, Any]
"""An entry of the journal, as it is in JSON."""


def content_of(entry: Entry) -> JsonObject | None:
    """The payload of an entry; None if it has none.

    That of a CALLERROR is its details with errorCode and errorDescription.
    """
    match entry.get("type"), entry.get("frame"):
        case "call", [_, _, _, dict(payload), *_]:
            return payload
        case "result", [_, _, dict(payload), *_]:
            return payload
        case "error", [_, _, code, description, *rest]:
            details = rest[0] if rest and isinstance(rest[0], dict) else {}
            return {**details, "errorCode": code, "errorDescription": description}
    return None


# Matches


class Match(BaseModel):
    """Which entries of the journal are meant; what is not said does not matter."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    station: str = "*"
    """A glob over the station's identity."""
    action: str | None = None
    direction: Direction | None = None
    type: EntryType | None = None
    payload: JsonObject | None = None
    """What the payload has at least; null asks for a field that is absent."""
    expression: str | None = None
    """A JMESPath expression over the payload that is true."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.action is not None and self.action not in set(Action):
            raise ValueError(f"there is no action {self.action!r}{hint(self.action, Action)}")
        if self.expression is not None:
            check_expression(self.expression)
        return self

    def holds(self, entry: Entry) -> bool:
        """Tell whether an entry is meant."""
        return (
            (self.action is None or entry.get("action") == self.action)
            and (self.direction is None or entry.get("direction") == self.direction)
            and (self.type is None or entry.get("type") == self.type)
            and self._is_about(entry)
            and self._is_in(entry)
        )

    def _is_about(self, entry: Entry) -> bool:
        return self.station == "*" or fnmatchcase(str(entry.get("station", "")), self.station)

    def _is_in(self, entry: Entry) -> bool:
        if self.payload is None and self.expression is None:
            return True
        content = content_of(entry)
        if content is None or (self.payload is not None and not contains(content, self.payload)):
            return False
        return self.expression is None or is_true(self.expression, content)

    def differences(self, entry: Entry) -> list[JsonObject]:
        """Say field by field why an entry is not meant; the list is empty if it is."""
        return [
            {"field": place, "expected": expected, "actual": actual}
            for place, expected, actual in self._differences(entry)
        ]

    def _differences(self, entry: Entry) -> Iterator["Difference"]:
        if not self._is_about(entry):
            yield Difference("station", self.station, entry.get("station"))
        for name in ("action", "direction", "type"):
            expected, actual = getattr(self, name), entry.get(name)
            if expected is not None and actual != expected:
                yield Difference(name, expected, actual)
        content = content_of(entry)
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
    return min(each, key=len, default=[Difference(place, [expected], items)])


def closest(match: Match, entries: Iterable[Entry]) -> tuple[Entry, list[JsonObject]] | None:
    """Find the entry that came closest to what is meant without being it, and what differs.

    One of the same action comes before all others; of those that are equally close it is the last.
    """
    found: tuple[Entry, list[JsonObject]] | None = None
    fewest = (True, 0)
    for entry in entries:
        differences = match.differences(entry)
        distance = (match.action is not None and entry.get("action") != match.action, len(differences))
        if differences and (found is None or distance <= fewest):
            found, fewest = (entry, differences), distance
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
    type: EntryType
    actions: frozenset[Action]
    whose: str


WAYS: Final = {
    "": Way("received", "call", BY_STATION, "message of a station"),
    ">": Way("sent", "call", BY_CSMS, "command"),
    "<": Way("received", "result", BY_CSMS, "command"),
}


@dataclass(frozen=True, slots=True)
class Expectation:
    """How often a message has to come, as it is written: ``CS1/TransactionEvent[eventType=Ended]==1``."""

    text: str
    match: Match
    operator: str
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``[STATION/]ACTION[FIELD=VALUE,...]OPERATOR COUNT``; raises ValueError.

        A ``>`` before it makes it a command of ours, a ``<`` the station's result for one. The way to a field
        is dotted, with ``[]`` after a list, any item of which may have it: ``eventData[].trigger=Alerting``.
        """
        try:
            found = TEXT.fullmatch(text.strip())
            if found is None:
                raise ValueError(f"is no expectation; write {EXAMPLE}")
            match = _match(WAYS[found["way"]], found["station"] or "*", found["action"], found["fields"])
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


def _match(way: Way, station: str, action: str, fields: str | None) -> Match:
    if action not in way.actions:
        raise ValueError(_no_such(way, action))
    part: JsonObject = {}
    for place, value in _fields(fields, way, action) if fields is not None else ():
        _put(part, place, value)
    return Match(station=station, action=action, direction=way.direction, type=way.type, payload=part or None)


def _no_such(way: Way, action: str) -> str:
    if not way.whose.startswith("command") and action in BY_CSMS:
        return f"{action} is a command; write >{action} for the command or <{action} for its result"
    if way.whose == "command" and action in BY_STATION:
        return f"{action} is a message of a station; write it without < or >"
    return f"there is no {way.whose} {action!r}{hint(action, way.actions)}"


def _fields(text: str, way: Way, action: str) -> Iterator[tuple[str, Any]]:
    """The fields between the brackets, and the values that they can have by the schema of the message."""
    schema = schemas.response(action) if way.type == "result" else schemas.request(action)
    at = 0
    while True:
        found = FIELD.match(text, at)
        if found is None:
            raise ValueError(
                f"[{text}] has to be field=value,field=value; a value with a comma is written in quotes"
            )
        yield found["path"], _possible(schema, found["path"], _values(found["quoted"], found["plain"]))
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


def _possible(schema: schemas.Schema, path: str, values: Sequence[Any]) -> Any:
    """The first of some values that a field can have: 1234 is a number, but for an idToken it is text."""
    violations = []
    for value in values:
        part: JsonObject = {}
        _put(part, path, value)
        violation = schema.violation_of_patch(part)
        if violation is None:
            return value
        violations.append(violation.found)
    raise ValueError(violations[-1])


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

    def note(self, entry: Entry) -> bool:
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


# The verdict

type FailOn = frozenset[Literal["findings", "errors"]]
"""What fails a run, beside its expectations."""

NOTHING: Final[FailOn] = frozenset()

type CaseResult = Literal["passed", "failure", "error"]

MOST_FINDINGS: Final = 20
"""How many kinds of findings a summary names."""

PASSED: Final = 0
FAILED: Final = 1
NO_STATION: Final = 5


@dataclass(frozen=True, slots=True)
class Counts:
    """What happened in a run: stations that connected, and messages and commands by their action."""

    stations: int = 0
    received: Mapping[str, int] = field(default_factory=dict)
    sent: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    """Commands that stations refused."""
    failed: Mapping[str, int] = field(default_factory=dict)
    """Commands that brought a CALLERROR or no answer."""


class Kind(NamedTuple):
    """Findings of one kind about one station."""

    severity: str
    station: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a run; ``duration`` is in seconds, ``ended`` says why it did not last longer."""

    outcomes: Sequence[Outcome] = ()
    findings: Sequence[JsonObject] = ()
    counts: Counts = field(default_factory=Counts)
    duration: float = 0.0
    ended: str = ""

    def exit_code(self, fail_on: FailOn = NOTHING) -> int:
        """0 passed, 1 failed, 5 expected something of stations that never came."""
        if self._is_without_stations:
            return NO_STATION
        return FAILED if self._reasons(fail_on) else PASSED

    @property
    def _is_without_stations(self) -> bool:
        return bool(self.outcomes) and self.counts.stations == 0

    def _reasons(self, fail_on: FailOn) -> list[str]:
        """Why the run failed."""
        unmet = sum(not outcome.met for outcome in self.outcomes)
        findings = sum(_fails(finding, fail_on) for finding in self.findings)
        reasons = [f"{unmet} of {_number(len(self.outcomes), 'expectation')} not met"] if unmet else []
        if findings:
            reasons.append(_number(findings, "finding"))
        if "errors" in fail_on:
            reasons += [_in_sum("command", what, counted) for what, counted in self._commands() if counted]
        return reasons

    def summary(self, fail_on: FailOn = NOTHING) -> str:
        """Say what became of the run in some lines, the first of which says it all."""
        lines = [
            self._verdict(fail_on),
            f"  ended after {self.duration:.1f} s" + (f": {self.ended}" if self.ended else ""),
            *(f"  {'met' if it.met else 'NOT MET':7}  {it}" for it in self.outcomes),
            *self._findings_in_lines(),
            f"  {_number(self.counts.stations, 'station')} connected",
            *(
                f"  {_in_sum(thing, what, counted)}: {_by_action(counted)}"
                for thing, what, counted in self._counted()
                if counted
            ),
        ]
        return "\n".join(map(one_line, lines))

    def _verdict(self, fail_on: FailOn) -> str:
        if self._is_without_stations:
            return f"failed: no station ever connected, {_number(len(self.outcomes), 'expectation')} set"
        if reasons := self._reasons(fail_on):
            return f"failed: {', '.join(reasons)}"
        met = _number(len(self.outcomes), "expectation")
        return f"passed: {met} met" if self.outcomes else "passed: nothing was expected"

    def _findings_in_lines(self) -> Iterator[str]:
        kinds = self._kinds()
        for kind, sentences in list(kinds.items())[:MOST_FINDINGS]:
            yield f"  {kind.severity:7}  {kind.station}  {kind.id}: {_times(sentences[0], len(sentences))}"
        if len(kinds) > MOST_FINDINGS:
            yield f"  and {len(kinds) - MOST_FINDINGS} more kinds of findings"

    def _kinds(self) -> Mapping[Kind, Sequence[str]]:
        """What the findings say, by kind and station."""
        kinds: dict[Kind, list[str]] = {}
        for it in self.findings:
            kind = Kind(*(str(it.get(name, "")) for name in Kind._fields))
            kinds.setdefault(kind, []).append(str(it.get("sentence", "")))
        return kinds

    def _counted(self) -> Iterator[tuple[str, str, Mapping[str, int]]]:
        yield "message", "received", self.counts.received
        yield "message", "sent", self.counts.sent
        for what, counted in self._commands():
            yield "command", what, counted

    def _commands(self) -> Iterator[tuple[str, Mapping[str, int]]]:
        yield "refused", self.counts.refused
        yield "failed", self.counts.failed

    def as_json(self, fail_on: FailOn = NOTHING) -> JsonObject:
        """Say all there is to say, as JSON."""
        return {
            "exitCode": self.exit_code(fail_on),
            "verdict": self._verdict(fail_on),
            "ended": self.ended,
            "duration": self.duration,
            "expectations": [outcome._asdict() for outcome in self.outcomes],
            "findings": [dict(finding) for finding in self.findings],
            "counts": {
                "stations": self.counts.stations,
                "received": dict(self.counts.received),
                "sent": dict(self.counts.sent),
                "refused": dict(self.counts.refused),
                "failed": dict(self.counts.failed),
            },
        }

    def write_junit(self, path: Path, fail_on: FailOn = NOTHING) -> None:
        """Write a JUnit report; what does not fail the run is in the output of a case that passed."""
        from junitparser import JUnitXml, TestSuite  # noqa: PLC0415 - seldom needed

        suite = TestSuite("ocpp2-mock-server")
        suite.add_property("ended", one_line(self.ended))
        suite.add_property("stations", str(self.counts.stations))
        suite.add_testcases([*self._expectation_cases(), *self._finding_cases(fail_on)])
        suite.add_testcases(list(self._command_cases(fail_on)))
        suite.time = round(self.duration, 3)
        report = JUnitXml(suite.name)
        report.add_testsuite(suite)
        report.write(str(path), pretty=True)

    def _expectation_cases(self) -> Iterator["TestCase"]:
        for it in self.outcomes:
            if self._is_without_stations:
                yield _case("expectations", it.text, "error", "no station ever connected")
            else:
                yield _case("expectations", it.text, "passed" if it.met else "failure", str(it))

    def _finding_cases(self, fail_on: FailOn) -> Iterator["TestCase"]:
        for kind, sentences in self._kinds().items():
            result: CaseResult = "failure" if _fails({"severity": kind.severity}, fail_on) else "passed"
            said = [_times(sentence, count) for sentence, count in Counter(sentences).items()]
            yield _case(f"findings.{kind.station}", kind.id, result, f"{kind.severity}: {'; '.join(said)}")

    def _command_cases(self, fail_on: FailOn) -> Iterator["TestCase"]:
        result: CaseResult = "failure" if "errors" in fail_on else "passed"
        for what, counted in self._commands():
            for action, count in counted.items():
                yield _case("commands", f"{action} {what}", result, _times(f"{action} {what}", count))


def _fails(finding: JsonObject, fail_on: FailOn) -> bool:
    return "findings" in fail_on or ("errors" in fail_on and finding.get("severity") == "error")


def _case(group: str, name: str, result: CaseResult, said: str) -> "TestCase":
    from junitparser import Error, Failure, TestCase  # noqa: PLC0415 - seldom needed

    case = TestCase(one_line(name), one_line(group), 0.0)
    if result == "passed":
        case.system_out = one_line(said)
    else:
        case.result = [(Failure if result == "failure" else Error)(one_line(said))]
    return case


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _in_sum(thing: str, what: str, counted: Mapping[str, int]) -> str:
    return f"{_number(sum(counted.values()), thing)} {what}"


def _times(sentence: str, count: int) -> str:
    return f"{sentence} ({count} times)" if count > 1 else sentence


def _by_action(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{action} {count}" for action, count in sorted(counted.items()))
