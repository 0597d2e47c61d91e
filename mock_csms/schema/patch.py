"""JSON merge patches and partial comparison of payloads."""

from datetime import UTC, date, datetime, time
from typing import Any

from mock_csms.schema.budget import Budget
from mock_csms.text import timestamp


def with_times_as_text(value: Any) -> Any:
    """Convert the dates and times of a TOML value to OCPP text; a time without a zone is in UTC."""
    match value:
        case dict():
            return {name: with_times_as_text(part) for name, part in value.items()}
        case list():
            return [with_times_as_text(item) for item in value]
        case datetime():
            return timestamp(value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))
        case date() | time():
            return value.isoformat()
        case _:
            return value


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply a JSON merge patch: objects merge, null removes, other values replace (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def contains(value: Any, part: Any, budget: Budget | None = None) -> bool:
    """Return whether a value contains a part.

    An object must have at least the properties of the part. For each item of a list in the part, the list in
    the value must have an item that contains it. Other values must be equal. None in the part requires the
    property to be absent. If ``budget`` is given, each comparison with an item of a list takes steps from it,
    because two long lists need very many comparisons; raises OutOfBudget.
    """
    if isinstance(part, dict):
        return isinstance(value, dict) and all(
            contains(value.get(name), expected, budget) for name, expected in part.items()
        )
    if isinstance(part, list):
        return isinstance(value, list) and all(_has_item(value, expected, budget) for expected in part)
    return bool(value == part) and isinstance(value, bool) == isinstance(part, bool)


def _has_item(items: list[Any], expected: Any, budget: Budget | None) -> bool:
    size = len(expected) + 1 if isinstance(expected, dict | list) else 1
    for item in items:
        if budget is not None:
            budget.take(size)
        if contains(item, expected, budget):
            return True
    return False
