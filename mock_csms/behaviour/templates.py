"""Answers with placeholders: ``{{now}}``, ``{{uuid}}``, ``{{request.idToken.idToken}}``."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from mock_csms.messages import JsonObject
from mock_csms.text import timestamp

PLACEHOLDER: Final = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
NOW: Final = re.compile(r"now(?:\s*([+-])\s*(\d+))?")
REQUEST: Final = re.compile(r"request((?:\.\w+)*)")


class TemplateContext(NamedTuple):
    """Values for the placeholders at one moment; ``now`` is the clock of the mock."""

    request: JsonObject
    now: datetime
    rng: Random


type Value = Callable[[TemplateContext], Any]


def render(template: Any, circumstances: TemplateContext) -> Any:
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


def check_template(template: Any) -> None:
    """Look for placeholders that stand for nothing; raises ValueError."""
    render(template, TemplateContext({}, datetime.now(UTC), Random(0)))  # noqa: S311


def example(template: Any) -> Any:
    """Fill in a JSON value as it might be once; a field that is all the request's is left out."""
    if isinstance(template, dict):
        return {name: example(value) for name, value in template.items() if not _is_of_request(value)}
    if isinstance(template, list):
        return [example(value) for value in template if not _is_of_request(value)]
    return render(template, TemplateContext({}, datetime.now(UTC), Random(0)))  # noqa: S311


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
