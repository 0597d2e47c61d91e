"""Payloads: laid over one another, and compared in part."""

from datetime import UTC, date, datetime, time
from typing import Any

from mock_csms.text import timestamp


def with_times_as_text(value: Any) -> Any:
    """Write the times of a TOML file as OCPP does; one without a zone is in UTC."""
    match value:
        case dict():
            return {name: with_times_as_text(it) for name, it in value.items()}
        case list():
            return [with_times_as_text(it) for it in value]
        case datetime():
            return timestamp(value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))
        case date() | time():
            return value.isoformat()
        case _:
            return value


def merge_patch(target: Any, patch: Any) -> Any:
    """Lay a JSON merge patch over a value: objects merge, null removes, the rest replaces (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def contains(value: Any, part: Any) -> bool:
    """Tell whether a value has all that a part asks for.

    An object has at least the part's fields, a list has an item for each of the part's items, all else is
    equal; None in the part asks for a field that is absent.
    """
    if isinstance(part, dict):
        return isinstance(value, dict) and all(
            contains(value.get(name), expected) for name, expected in part.items()
        )
    if isinstance(part, list):
        return isinstance(value, list) and all(
            any(contains(item, expected) for item in value) for expected in part
        )
    return bool(value == part) and isinstance(value, bool) == isinstance(part, bool)
