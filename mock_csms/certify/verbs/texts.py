"""Texts of steps."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from mock_csms.client.fields import brief_value

MAX_FIELDS: Final = 4
"""Maximum number of fields in the text of a step."""
MAX_VALUE: Final = 40
"""Maximum characters of a value in the text of a step."""


def fields_text(fields: Mapping[str, Any] | None, others: Mapping[str, Any]) -> str:
    """Return fields in parentheses, shortened, with a space in front; empty without fields."""
    shown = [_field_text(name, value) for name, value in _flat({**(fields or {}), **others})]
    if not shown:
        return ""
    rest = ["..."] if len(shown) > MAX_FIELDS else []
    return f" ({', '.join([*shown[:MAX_FIELDS], *rest])})"


def _field_text(name: str, value: Any) -> str:
    text = str(value) if isinstance(value, str) else brief_value(value, MAX_VALUE)
    return f"{name} {text[:MAX_VALUE]}"


def _flat(fields: Mapping[Any, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in fields.items():
        path = f"{prefix}{str(name).replace('__', '.')}"
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{path}.")
        else:
            yield path, value
