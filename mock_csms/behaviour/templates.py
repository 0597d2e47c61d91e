"""Payloads with placeholders: ``{{now}}``, ``{{request.idToken.idToken}}``, ``{{certificate.root}}``."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
import orjson

from mock_csms.messages import JsonObject
from mock_csms.text import timestamp

PLACEHOLDER: Final = re.compile(r"\{\{([^{}]*+)\}\}")
NOW: Final = re.compile(r"now(?:\s*([+-])\s*([0-9]{1,12}))?")
REQUEST: Final = re.compile(r"request((?:\.\w+)*)")
NAMED: Final = re.compile(r"(certificate|listener|files)\.(.+)")
MAX_SIZE: Final = 2**20
"""Maximum size of all placeholder values in a template, in characters of text and bytes of other JSON."""
MAX_PLACEHOLDERS: Final = 1000
"""Maximum number of placeholders of a template."""


class TemplateContext(NamedTuple):
    """Values for the placeholders; ``now`` is the mock's time as the station sees it."""

    request: JsonObject
    now: datetime
    rng: Random
    named: "NamedValues | None" = None
    """Returns the values of certificates, listeners and files; None while a template is only checked."""


type NamedValues = Callable[[str, str], Any]
"""Returns the value of a certificate, listener or file by its kind and name, such as ("certificate", "root").

Raises ValueError.
"""

type Value = Callable[[TemplateContext], Any]
"""Computes the value of a placeholder."""


class _Renderer:
    """Renders one template; counts the placeholders and the size of their values."""

    __slots__ = ("_context", "_size", "placeholders")

    def __init__(self, context: TemplateContext) -> None:
        self._context = context
        self._size = 0
        self.placeholders = 0

    def render(self, template: Any) -> Any:
        if isinstance(template, dict):
            return {name: self.render(value) for name, value in template.items()}
        if isinstance(template, list):
            return [self.render(value) for value in template]
        if not isinstance(template, str) or "{{" not in template:
            return template
        if placeholder := PLACEHOLDER.fullmatch(template):
            return self._value(placeholder)
        return PLACEHOLDER.sub(self._text, template)

    def _value(self, placeholder: re.Match[str]) -> Any:
        value = _value(placeholder[1])(self._context)
        self.placeholders += 1
        self._size += len(value) if isinstance(value, str) else len(msgspec.json.encode(value))
        if self._size > MAX_SIZE:
            raise ValueError(
                f"the values of the placeholders are larger than {MAX_SIZE} characters in all; "
                "use fewer placeholders, or name smaller fields of the request"
            )
        return value

    def _text(self, placeholder: re.Match[str]) -> str:
        value = self._value(placeholder)
        if value is None or isinstance(value, str):
            return value or ""
        return orjson.dumps(value).decode()


def render(template: Any, context: TemplateContext) -> Any:
    """Fill in the placeholders of a JSON value.

    A string that is a single placeholder becomes the placeholder's value, of any JSON type (null if the
    request has no such field). Placeholders inside a longer string become text. Raises ValueError for an
    unknown placeholder, and if all values together are larger than MAX_SIZE.
    """
    return _Renderer(context).render(template)


def check_template(template: Any, named: "NamedValues | None" = None) -> None:
    """Check that all placeholders are known, and that there are not too many; raises ValueError.

    Names of certificates, listeners and files are looked up only if ``named`` is given.
    """
    renderer = _Renderer(TemplateContext({}, datetime.now(UTC), Random(0), named))  # noqa: S311
    renderer.render(template)
    if renderer.placeholders > MAX_PLACEHOLDERS:
        raise ValueError(f"it has {renderer.placeholders} placeholders; use at most {MAX_PLACEHOLDERS}")


def example(template: Any) -> Any:
    """Render a template as an example; leave out values from a request, certificate, listener or file."""
    if isinstance(template, dict):
        return {name: example(value) for name, value in template.items() if not _is_known_later(value)}
    if isinstance(template, list):
        return [example(value) for value in template if not _is_known_later(value)]
    return render(template, TemplateContext({}, datetime.now(UTC), Random(0)))  # noqa: S311


def _is_known_later(template: Any) -> bool:
    placeholder = PLACEHOLDER.fullmatch(template) if isinstance(template, str) else None
    if placeholder is None:
        return False
    expression = placeholder[1].strip()
    return REQUEST.fullmatch(expression) is not None or NAMED.fullmatch(expression) is not None


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
    if match := NAMED.fullmatch(expression):
        kind, name = match.groups()
        return lambda context: context.named(kind, name) if context.named else ""
    raise ValueError(
        f"{{{{{expression}}}}} is not a placeholder; use {{{{now}}}}, {{{{now+3600}}}}, {{{{uuid}}}}, "
        "{{request.idToken.idToken}}, {{certificate.root}}, {{listener.main}} or {{files.firmware.bin}}"
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
