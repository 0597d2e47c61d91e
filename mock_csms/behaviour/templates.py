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

PLACEHOLDER: Final = re.compile(r"\{\{([^{}]*+)\}\}")
NOW: Final = re.compile(r"now(?:\s*([+-])\s*([0-9]{1,12}))?")
REQUEST: Final = re.compile(r"request((?:\.\w+)*)")


class TemplateContext(NamedTuple):
    """Values for the placeholders; ``now`` is the mock's time as the station sees it."""

    request: JsonObject
    now: datetime
    rng: Random


type Value = Callable[[TemplateContext], Any]
"""Computes the value of a placeholder."""


def render(template: Any, context: TemplateContext) -> Any:
    """Fill in the placeholders of a JSON value; raises ValueError for an unknown placeholder.

    A string that is a single placeholder becomes the placeholder's value, of any JSON type (null if the
    request has no such field). Placeholders inside a longer string become text.
    """
    if isinstance(template, dict):
        return {name: render(value, context) for name, value in template.items()}
    if isinstance(template, list):
        return [render(value, context) for value in template]
    if not isinstance(template, str) or "{{" not in template:
        return template
    if placeholder := PLACEHOLDER.fullmatch(template):
        return _value(placeholder[1])(context)
    return PLACEHOLDER.sub(lambda match: _text(_value(match[1])(context)), template)


def check_template(template: Any) -> None:
    """Check that all placeholders are known; raises ValueError."""
    render(template, TemplateContext({}, datetime.now(UTC), Random(0)))  # noqa: S311


def example(template: Any) -> Any:
    """Render a template without a request; values taken from the request are left out."""
    if isinstance(template, dict):
        return {name: example(value) for name, value in template.items() if not _is_of_request(value)}
    if isinstance(template, list):
        return [example(value) for value in template if not _is_of_request(value)]
    return render(template, TemplateContext({}, datetime.now(UTC), Random(0)))  # noqa: S311


def _is_of_request(template: Any) -> bool:
    placeholder = PLACEHOLDER.fullmatch(template) if isinstance(template, str) else None
    return placeholder is not None and REQUEST.fullmatch(placeholder[1].strip()) is not None


def _value(expression: str) -> Value:
    expression = expression.strip()
    if expression == "uuid":
        return lambda context: str(UUID(int=context.rng.getrandbits(128), version=4))
    if match := NOW.fullmatch(expression):
        seconds = int(match[2] or 0) * (-1 if match[1] == "-" else 1)
        return lambda context: _time_after(context.now, seconds)
    if match := REQUEST.fullmatch(expression):
        names = match[1].split(".")[1:]
        return lambda context: _value_at(context.request, names)
    raise ValueError(
        f"{{{{{expression}}}}} is not a placeholder; use {{{{now}}}}, {{{{now+3600}}}}, {{{{uuid}}}} or "
        "{{request.idToken.idToken}}"
    )


def _time_after(now: datetime, seconds: int) -> str:
    try:
        return timestamp(now + timedelta(seconds=seconds))
    except OverflowError:
        raise ValueError(f"{seconds} seconds from now is outside the years 1 to 9999") from None


def _value_at(value: Any, names: list[str]) -> Any:
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
