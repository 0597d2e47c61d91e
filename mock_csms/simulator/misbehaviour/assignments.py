"""The words FIELD=VALUE of a mutation: values to set in a payload, and conditions on fields of a message."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from mock_csms.messages import MAX_NESTING, JsonObject, is_deeper
from mock_csms.simulator.misbehaviour.changes import NO_PROPERTY, Condition, put
from mock_csms.text import timestamp

TIME_TEXT: Final = re.compile(r"now([+-]\d{1,9})?", re.ASCII)
REFERENCE_TEXT: Final = re.compile(r"@([A-Za-z][\w.]*)([+-]\d{1,9})?", re.ASCII)


@dataclass(frozen=True)
class StationTime:
    """The time of the station's clock when the payload is changed or made, plus ``offset_s`` seconds."""

    offset_s: int


@dataclass(frozen=True)
class Reference:
    """Stands for the value of a field of the original message or step; written as ``@FIELD``."""

    path: str
    offset: int
    """Number to add, if the value is a number."""


@dataclass(frozen=True)
class Assignment:
    """A field and its new value: JSON, `NO_PROPERTY`, `StationTime` or `Reference`."""

    path: str
    value: Any

    def resolved(self, original: JsonObject, now: datetime) -> object:
        """Return the new value as JSON.

        ``original`` has the fields of the message or the arguments of the step that a `Reference` refers to.
        """
        match self.value:
            case StationTime(offset_s):
                return timestamp(now + timedelta(seconds=offset_s))
            case Reference(path, offset):
                found = next(values_at(original, path), NO_PROPERTY)
                return found + offset if offset and isinstance(found, int | float) else found
        return self.value


@dataclass(frozen=True)
class Comparison:
    """A condition on the values of a field. A path through a list leads to the field of each item."""

    path: str
    value: Any
    """JSON, or `NO_PROPERTY` for a field that is absent."""
    text: str
    """The value as written in the mutation: ``60`` matches the number 60 and also the text "60"."""
    is_equal: bool

    def holds(self, payload: JsonObject) -> bool:
        """Whether a message meets the condition: with ``is_equal``, at least one value at the path is equal;
        without ``is_equal``, no value at the path is equal.
        """
        values = list(values_at(payload, self.path))
        if self.value is NO_PROPERTY:
            return bool(values) != self.is_equal
        return any(value in (self.value, self.text) for value in values) == self.is_equal


def all_hold(comparisons: Iterable[Comparison]) -> Condition:
    """Condition that all comparisons hold."""
    needed = tuple(comparisons)
    return lambda payload: all(comparison.holds(payload) for comparison in needed)


def assign(
    payload: JsonObject, assignments: Iterable[Assignment], original: JsonObject, now: datetime
) -> JsonObject:
    """Return a copy of ``payload`` with the assigned values. Missing objects are not added."""
    for assignment in assignments:
        payload = put(assignment.path, assignment.resolved(original, now))(payload)
    return payload


def values_at(node: Any, path: str) -> Iterator[Any]:
    """Values at a path; a path through a list has a value for each item."""
    if isinstance(node, list):
        name, _, rest = path.partition(".")
        items = node[int(name) : int(name) + 1] if name.isdecimal() else node
        for item in items:
            yield from values_at(item, rest if name.isdecimal() else path)
    elif not path:
        yield node
    elif isinstance(node, dict):
        name, _, rest = path.partition(".")
        if name in node:
            yield from values_at(node[name], rest) if rest else (node[name],)


def json_value(text: str) -> Any:
    """Read a value as JSON, or as plain text if it is not JSON. An empty text is `NO_PROPERTY`."""
    if not text:
        return NO_PROPERTY
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return text if is_deeper(value, MAX_NESTING) else value


def assigned_value(text: str, *, is_time: bool, is_text: bool) -> Any:
    """Read the value of an assignment: ``now`` (if the field is a time), ``@FIELD``, JSON or plain text.

    If the field is a text, a number, true, false or null is read as plain text, so that the value 60
    of a variable, which OCPP sends as a text, needs no quotes.
    """
    if is_time and (match := TIME_TEXT.fullmatch(text)):
        return StationTime(int(match[1] or 0))
    if match := REFERENCE_TEXT.fullmatch(text):
        return Reference(match[1], int(match[2] or 0))
    value = json_value(text)
    return text if is_text and (value is None or isinstance(value, int | float)) else value
