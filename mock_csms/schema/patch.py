"""Payloads: laid over one another, compared in part, and filled in where they have placeholders."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID
from warnings import catch_warnings, simplefilter

import orjson

from mock_csms.messages import JsonObject

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

PLACEHOLDER: Final = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
NOW: Final = re.compile(r"now(?:\s*([+-])\s*(\d+))?")
REQUEST: Final = re.compile(r"request((?:\.\w+)*)")


def timestamp(moment: datetime) -> str:
    """Write a moment in UTC with milliseconds and Z (RFC 3339)."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


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


@cache
def _parsed(expression: str) -> "ParsedResult":
    import jmespath  # noqa: PLC0415 - seldom needed, and a tenth of the start

    with catch_warnings():
        simplefilter("ignore", PendingDeprecationWarning)  # `text` in backquotes is old and yet JMESPath
        return jmespath.compile(expression)


def check_expression(expression: str) -> None:
    """See whether an expression is JMESPath; raises ValueError."""
    from jmespath.exceptions import JMESPathError, UnknownFunctionError  # noqa: PLC0415

    try:
        parsed = _parsed(expression)
    except JMESPathError as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"the expression {expression!r} is no JMESPath: {reason}") from None
    try:
        parsed.search({})
    except UnknownFunctionError as error:
        raise ValueError(f"the expression {expression!r}: {error}") from None
    except JMESPathError:  # of types, which are others in a real payload
        return


def search(expression: str, payload: Any) -> Any:
    """What an expression finds in a payload; None if it cannot be asked of it."""
    try:
        return _parsed(expression).search(payload)
    except Exception:  # a function of JMESPath may raise anything about a type that it was not made for
        return None


def is_true(expression: str, payload: Any) -> bool:
    """Tell whether an expression is true of a payload: as in JMESPath 0 is, but nothing that is empty."""
    found = search(expression, payload)
    return found is not None and found is not False and found not in ("", [], {})


class Circumstances(NamedTuple):
    """What the placeholders stand for at one moment; ``now`` is the clock of the mock."""

    request: JsonObject
    now: datetime
    rng: Random


type Value = Callable[[Circumstances], Any]


def render(template: Any, circumstances: Circumstances) -> Any:
    """Fill in the placeholders of a JSON value.

    A text that is one placeholder becomes its value, of whatever JSON type (null where the request has no
    such field); in a longer text each becomes text.
    """
    if isinstance(template, dict):
        return {name: render(value, circumstances) for name, value in template.items()}
    if isinstance(template, list):
        return [render(value, circumstances) for value in template]
    if not isinstance(template, str) or "{{" not in template:
        return template
    if whole := PLACEHOLDER.fullmatch(template):
        return _value(whole[1])(circumstances)
    return PLACEHOLDER.sub(lambda it: _text(_value(it[1])(circumstances)), template)


def check(template: Any) -> None:
    """Look for placeholders that stand for nothing; raises ValueError."""
    render(template, Circumstances({}, datetime.now(UTC), Random(0)))  # noqa: S311


def example(template: Any) -> Any:
    """Fill in a JSON value as it might be once; a field that is all the request's is left out."""
    if isinstance(template, dict):
        return {name: example(value) for name, value in template.items() if not _is_of_request(value)}
    if isinstance(template, list):
        return [example(value) for value in template if not _is_of_request(value)]
    return render(template, Circumstances({}, datetime.now(UTC), Random(0)))  # noqa: S311


def _is_of_request(template: Any) -> bool:
    whole = PLACEHOLDER.fullmatch(template) if isinstance(template, str) else None
    return whole is not None and REQUEST.fullmatch(whole[1]) is not None


def _value(expression: str) -> Value:
    if expression == "uuid":
        return lambda it: str(UUID(int=it.rng.getrandbits(128), version=4))
    if found := NOW.fullmatch(expression):
        seconds = int(found[2] or 0) * (-1 if found[1] == "-" else 1)
        return lambda it: _moment(it.now, seconds)
    if found := REQUEST.fullmatch(expression):
        names = found[1].split(".")[1:]
        return lambda it: _at(it.request, names)
    raise ValueError(
        f"{{{{{expression}}}}} stands for nothing; write {{{{now}}}}, {{{{now+3600}}}}, {{{{uuid}}}} or "
        "{{request.idToken.idToken}}"
    )


def _moment(now: datetime, seconds: int) -> str:
    try:
        return timestamp(now + timedelta(seconds=seconds))
    except OverflowError:
        raise ValueError(f"{seconds} seconds from now is beyond all years") from None


def _at(value: Any, names: list[str]) -> Any:
    for name in names:
        if isinstance(value, list) and name.isdigit():
            value = value[int(name)] if int(name) < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return orjson.dumps(value).decode()
