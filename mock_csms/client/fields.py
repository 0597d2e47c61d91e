"""Comparison of a payload with the fields that a test expects."""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum
from typing import Any, Final

from mock_csms.client.failures import WrongArgument
from mock_csms.text import one_line, truncate

__tracebackhide__ = True

MAX_VALUE_CHARACTERS: Final = 200
"""Maximum characters of a value in a failure."""
SIMILARITY: Final = 0.85
"""Similarity, from 0 to 1, above which an unknown name counts as mistyped."""


class Presence(Enum):
    """Conditions on whether a field is present."""

    ABSENT = "ABSENT"
    ANY = "ANY"

    def __repr__(self) -> str:
        return self.value


ABSENT: Final = Presence.ABSENT
"""The field must be absent; None means the same."""
ANY: Final = Presence.ANY
"""The field must be present, with any value."""


@dataclass(frozen=True, slots=True)
class PayloadDifference:
    """One field of a payload that differs from the expected one."""

    path: str
    expected: Any
    actual: Any
    names: Collection[str] = field(default=(), repr=False, compare=False)
    """Names of all fields of the object, if it lacks the expected field; otherwise empty."""

    @property
    def meant(self) -> str | None:
        """Name of the present field that the test probably means, such as evseId for evse_id, or None."""
        return similar_name(self.path.rpartition(".")[2].replace("_", ""), self.names)

    def __str__(self) -> str:
        hint = f"; the payload has {self.meant}" if self.meant else ""
        return f"{self.path}: expected {brief_value(self.expected)}, got {brief_value(self.actual)}{hint}"


def similar_name(name: str, names: Iterable[str]) -> str | None:
    """Return the name in ``names`` that a mistyped name probably means; None if none is similar."""
    by_lower_case = {each.lower(): each for each in names}
    similar = get_close_matches(name.lower(), by_lower_case, n=1, cutoff=SIMILARITY)
    return by_lower_case[similar[0]] if similar else None


def differences(expected: Mapping[str, Any], payload: Any) -> list[PayloadDifference]:
    """List the differences between a payload and the expected fields; empty if all match.

    An expected value is one of:

    - a value, which the field must equal;
    - a set: the field must equal one of its items;
    - `ABSENT` or None: the field must be absent; `ANY`: it must be present;
    - a function: it must return a true value for the field;
    - a dict: the field must be an object with at least these fields; an integer as key stands for the item of
      a list at this position;
    - a list: the field must be a list in which each of these items has a match.

    A name such as ``transactionInfo__chargingState``, or with a dot instead of the underscores, leads to a
    field inside an object; a number in it, as in ``eventData.0.trigger``, leads to an item of a list.
    """
    return list(_in_fields(expected, payload, ""))


def matches(expected: Mapping[str, Any], payload: Any) -> bool:
    """Whether a payload has the expected fields."""
    return next(_in_fields(expected, payload, ""), None) is None


def nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested dicts for names that are paths, such as ``evse__id`` or ``evse.id``.

    Raises WrongArgument if a field is given twice.
    """
    tree: dict[Any, Any] = {}
    for name, value in fields.items():
        steps: list[Any] = [int(step) if step.isdecimal() else step for step in re.split(r"__|\.", name)]
        place = tree
        for step in steps[:-1]:
            place = place.setdefault(step, {})
            if not isinstance(place, dict):
                raise WrongArgument(f"{name} is given twice")
        if steps[-1] in place:
            raise WrongArgument(f"{name} is given twice")
        place[steps[-1]] = dict(value) if isinstance(value, Mapping) else value
    return tree


def as_payload(fields: Mapping[str, Any]) -> Any:
    """Return fields as JSON for the server to compare; raises WrongArgument for conditions that JSON cannot
    express.
    """
    return _as_json(nested(fields), "")


def _as_json(value: Any, path: str) -> Any:
    if value is ABSENT or value is None:
        return None
    if isinstance(value, Mapping) and not any(isinstance(name, int) for name in value):
        return {name: _as_json(part, _join(path, name)) for name, part in value.items()}
    if isinstance(value, list):
        return [_as_json(item, path) for item in value]
    if isinstance(value, str | int | float):
        return value
    raise WrongArgument(
        f"{path}: the server cannot compare {brief_value(value)}; use 'expression', a JMESPath"
    )


def brief_value(value: Any, max_characters: int = MAX_VALUE_CHARACTERS) -> str:
    """Return a value as text for a failure, shortened."""
    if value is None or isinstance(value, Presence):
        return "no such field" if value is not ANY else "any value"
    if isinstance(value, set | frozenset):
        return "one of " + ", ".join(sorted(map(brief_value, value)))
    if callable(value):
        return f"a value for which {getattr(value, '__name__', 'the function')} is true"
    return truncate(one_line(_as_text(value)), max_characters)


def _as_text(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=_alternatives)
    except (TypeError, ValueError):
        return repr(value)


def _alternatives(value: Any) -> str:
    """Return a set inside a value as sorted text, because the order of a set differs between processes."""
    if isinstance(value, set | frozenset):
        return brief_value(value)
    raise TypeError(type(value).__name__)


def _in_fields(expected: Mapping[Any, Any], value: Any, path: str) -> Iterator[PayloadDifference]:
    for name, part in expected.items():
        actual = _member(value, name)
        yield from _between(part, actual, _join(path, name), _names_beside(value, name))


def _member(value: Any, name: Any) -> Any:
    """Return a field of an object or an item of a list; None if it is absent."""
    if isinstance(name, int) and isinstance(value, list):
        return value[name] if name < len(value) else None
    return value.get(name) if isinstance(value, dict) else None


def _join(path: str, name: Any) -> str:
    return f"{path}[{name}]" if isinstance(name, int) else f"{path}.{name}" if path else str(name)


def _names_beside(value: Any, name: Any) -> Collection[str]:
    """Return the names of the fields of an object; empty if it has the field ``name``."""
    return value.keys() if isinstance(value, dict) and name not in value else ()


def _between(part: Any, value: Any, path: str, names: Collection[str] = ()) -> Iterator[PayloadDifference]:
    if isinstance(part, Mapping) and isinstance(value, dict | list):
        yield from _in_fields(part, value, path)
    elif isinstance(part, list) and isinstance(value, list):
        for item in part:
            yield from _in_list(item, value, path)
    elif not _holds(part, value):
        yield PayloadDifference(path, part, value, names)


def _in_list(part: Any, items: list[Any], path: str) -> list[PayloadDifference]:
    """Return the differences between the expected item ``part`` and the closest of ``items``."""
    candidates = [list(_between(part, item, f"{path}[{number}]")) for number, item in enumerate(items)]
    return min(candidates, key=weight, default=[PayloadDifference(path, [part], items)])


def _holds(part: Any, value: Any) -> bool:
    if part is None or part is ABSENT:
        return value is None
    if part is ANY:
        return value is not None
    if isinstance(part, set | frozenset):
        return any(_holds(option, value) for option in part)
    if callable(part):
        return _is_true(part, value)
    return bool(part == value) and isinstance(part, bool) == isinstance(value, bool)


def _is_true(predicate: Callable[[Any], object], value: Any) -> bool:
    """Whether a predicate is true of a value; false if the value is absent or does not suit the predicate."""
    try:
        return value is not None and bool(predicate(value))
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError):
        return False


def weight(found: list[PayloadDifference]) -> int:
    """Weight of differences: an absent field counts twice, a wrong value once."""
    return sum(2 if difference.actual is None else 1 for difference in found)
