"""Texts of steps."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from mock_csms.client.fields import brief_value
from mock_csms.text import timestamp

MAX_FIELDS: Final = 4
"""Maximum number of fields in the text of a step."""
MAX_VALUE: Final = 40
"""Maximum characters of a value in the text of a step."""


class Varying(str):
    """A value that differs from run to run; the texts of steps have its name in its place."""

    name: str

    def __new__(cls, value: str, name: str) -> Self:
        varying = super().__new__(cls, value)
        varying.name = name
        return varying


def time_from_now(seconds: float) -> Varying:
    """Return the time that is so many seconds from now."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return Varying(timestamp(moment), f"now{seconds:+g}s")


def fields_text(fields: Mapping[str, Any] | None, others: Mapping[str, Any]) -> str:
    """Return fields in parentheses, shortened, with a space in front; empty without fields."""
    shown = [_field_text(name, value) for name, value in _flat({**(fields or {}), **others})]
    if not shown:
        return ""
    rest = ["..."] if len(shown) > MAX_FIELDS else []
    return f" ({', '.join([*shown[:MAX_FIELDS], *rest])})"


def _field_text(name: str, value: Any) -> str:
    if isinstance(value, Varying):
        text = value.name
    else:
        text = value if isinstance(value, str) else brief_value(value, MAX_VALUE)
    return f"{name} {text[:MAX_VALUE]}"


def _flat(fields: Mapping[Any, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in fields.items():
        path = f"{prefix}{str(name).replace('__', '.')}"
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{path}.")
        else:
            yield path, value
