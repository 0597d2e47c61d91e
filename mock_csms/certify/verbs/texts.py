"""Texts of steps. They are the same in every run, because the table of mutants names steps by them."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from mock_csms.client import ABSENT, ANY, Pattern
from mock_csms.text import one_line, timestamp, truncate

MAX_FIELDS: Final = 4
"""Maximum number of fields in the text of a step."""
MAX_VALUE_TEXT: Final = 80
"""Maximum characters of a value in the text of a step."""


class Varying(str):
    """A value that differs from run to run; texts of steps show its name instead."""

    name: str

    def __new__(cls, value: str, name: str) -> Self:
        varying = super().__new__(cls, value)
        varying.name = name
        return varying


def time_from_now(seconds: float) -> Varying:
    """Return the time this many seconds from now; a negative number is in the past."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return Varying(timestamp(moment), f"now{seconds:+g}s")


def pattern_text(pattern: str | Pattern) -> str:
    """Return the text of an action, or of a pattern with its fields."""
    if isinstance(pattern, str):
        return pattern
    return f"{' or '.join(pattern.actions)}{fields_text(pattern.fields, {})}"


def fields_text(fields: Mapping[str, Any] | None, others: Mapping[str, Any]) -> str:
    """Return fields in parentheses, shortened, with a space in front; empty without fields."""
    shown = [f"{path} {_value_text(value)}" for path, value in _flat({**(fields or {}), **others})]
    if not shown:
        return ""
    rest = ["..."] if len(shown) > MAX_FIELDS else []
    return f" ({', '.join([*shown[:MAX_FIELDS], *rest])})"


def _value_text(value: Any) -> str:
    """Return the text of a field value or of a condition for it, such as ``Failed or NotFound``."""
    if isinstance(value, Varying):
        return value.name
    if value is None or value is ABSENT:
        return "absent"
    if value is ANY:
        return "present"
    return truncate(_composed_text(value), MAX_VALUE_TEXT)


def _composed_text(value: Any) -> str:
    if isinstance(value, str) and value:
        return one_line(value)
    if isinstance(value, set | frozenset):
        return " or ".join(sorted(map(_value_text, value), key=lambda text: (text == "absent", text)))
    if isinstance(value, list) and value:
        return " and ".join(map(_value_text, value))
    if callable(value):
        return str(getattr(value, "__name__", "as expected")).replace("_", " ").removeprefix("is ")
    return json.dumps(value, ensure_ascii=False)


def _flat(fields: Mapping[Any, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """Yield the path and value of each field; the only item of a list has the path of the list."""
    for name, value in fields.items():
        path = f"{prefix}{str(name).replace('__', '.')}"
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{path}.")
        elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            items = {path: value[0]} if len(value) == 1 else {f"{path}.{n}": v for n, v in enumerate(value)}
            yield from _flat(items)
        else:
            yield path, value
