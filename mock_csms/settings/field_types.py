"""Defines settings: headings of the help page, the ``setting`` function, and types that also parse text."""

import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, cast

import orjson
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    FiniteFloat,
    PlainSerializer,
    PositiveInt,
    ValidationError,
)

from mock_csms.behaviour.rules import check_levels, fault_as_text, rule_of_flag
from mock_csms.behaviour.templates import check_template
from mock_csms.behaviour.tokens import A_CENTURY
from mock_csms.messages import JsonObject
from mock_csms.settings.files import read_file
from mock_csms.text import truncate

LISTENING_GROUP: Final = "Listening"
SECURITY_GROUP: Final = "Security"
COMMANDS_GROUP: Final = "Commands"
PAYLOADS_GROUP: Final = "Command payloads"
ANSWERS_GROUP: Final = "Answers"
TOKENS_GROUP: Final = "Tokens"
AUTOMATIC_GROUP: Final = "Automatic behaviour"
CERTIFICATES_GROUP: Final = "Certificates"
FAULTS_GROUP: Final = "Faults"
CONTROL_GROUP: Final = "Control"
VERDICT_GROUP: Final = "Journal, findings and verdict"
LOG_GROUP: Final = "Log"


class PlanStep(NamedTuple):
    """One scheduled command, and the seconds to wait before it."""

    command: str
    after: float

    def __str__(self) -> str:
        return f"{self.command}:{self.after:.15g}"


class Variable(NamedTuple):
    """A variable of the device model, with the ``value`` to set, or None to read it."""

    component: str
    name: str
    value: str | None = None
    component_instance: str | None = None
    instance: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None

    def __str__(self) -> str:
        path = f"{_with_instance(self.component, self.component_instance)}{self._evse}"
        path += f"{'/' if self._evse else '.'}{_with_instance(self.name, self.instance)}"
        return path + ("" if self.value is None else f"={self.value}")

    @property
    def _evse(self) -> str:
        ids = [str(number) for number in (self.evse_id, self.connector_id) if number is not None]
        return f"#{'.'.join(ids)}" if ids else ""


def _with_instance(name: str, instance: str | None) -> str:
    return name if instance is None else f"{name}[{instance}]"


def setting(  # noqa: PLR0913 - one argument for each property of a setting
    default: object,
    description: str,
    *,
    group: str,
    expected: str,
    example: str,
    flag: str | None = None,
    short: str | None = None,
    metavar: str | None = None,
    many: Literal["words", "flags", None] = None,
    without_value: str | None = None,
    secret: bool = False,
) -> Any:
    """Define a setting; error messages quote ``expected`` and ``example``.

    ``many`` allows several values: with "words", they all follow one flag; with "flags", the flag is repeated
    for each value. ``without_value`` is the value of a flag that is written without a value. The value of a
    ``secret`` setting is not shown in messages.
    """
    extra = {
        "group": group,
        "expected": expected,
        "example": example,
        "flag": flag,
        "short": short,
        "metavar": metavar,
        "many": many,
        "without_value": without_value,
        "secret": secret,
    }
    return Field(default, description=description, json_schema_extra=cast("dict[str, Any]", extra))


def _none_if_empty(value: object) -> object:
    """Return None, which removes an inherited command, for an empty text; return other values unchanged."""
    return None if value == "" else value


def _listed(value: object) -> list[object] | object:
    """Split text at commas, as flags and environment variables write lists; return other values unchanged."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return value


def separate(value: object) -> object:
    """Return text split at commas, or a list, as a tuple; return other values unchanged."""
    parts = _listed(value)
    return tuple(parts) if isinstance(parts, list) else parts


def _words(value: object) -> object:
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _path(value: object) -> object:
    if isinstance(value, str) and (not value.strip() or "\0" in value):
        raise ValueError(f"must be a path, not {value!r}; leave the setting out if there is none")
    return value


def _steps(value: object) -> object:
    parts = _listed(value)
    if not isinstance(parts, Iterable):
        return parts
    return tuple(_step(part) if isinstance(part, str) else part for part in parts)


def _step(text: str) -> PlanStep:
    name, _, seconds = text.strip().partition(":")
    try:
        after = float(seconds)
    except ValueError:
        after = math.nan
    if not 0 <= after < math.inf:
        example = f"{name}:5" if name else "Reset:5"
        raise ValueError(f"{text.strip()!r} must be a command, a colon and seconds, as in {example}")
    return PlanStep(name, after)


COMPONENT_NAME: Final = r"[^,=./#\[\]]+"
INSTANCE: Final = r"(?:\[([^\[\]]+)\])?"
VARIABLE_NAME: Final = r"(?!\d)[^,=/#\[\]]+"
"""Name of a variable, which may contain dots.

It cannot begin with a digit: ``1.5`` is more likely a value, and ``EVSE#1.2`` ends in a connector id.
"""
PATH: Final = rf"({COMPONENT_NAME}){INSTANCE}(?:#([1-9]\d*)(?:\.([1-9]\d*))?)?[./]({VARIABLE_NAME}){INSTANCE}"
VARIABLE: Final = re.compile(rf"{PATH}\s*(?:=(.*))?", re.DOTALL)
LEADING_PATH: Final = re.compile(rf"\s*{PATH}")
NEXT_VARIABLE: Final = re.compile(rf",(?=\s*{PATH}\s*(?:=|,|$))")
EXAMPLES_OF_VARIABLES: Final = (
    "EVSE.Power, Connector#1.2/Available or DeviceDataCtrlr/ItemsPerMessage[GetReport]"
)


def _variables(value: object) -> object:
    parts = _split_variables(value) if isinstance(value, str) else value
    if not isinstance(parts, Iterable):
        return parts
    return tuple(_variable(part) if isinstance(part, str) else part for part in parts)


def _split_variables(text: str) -> list[str]:
    """Split text at each comma before a variable; values and instances may contain other commas."""
    items: list[str] = []
    start = 0
    while True:
        path = LEADING_PATH.match(text, start)
        comma = NEXT_VARIABLE.search(text, path.end() if path else start)
        if comma is None:
            return [*items, text[start:]]
        items.append(text[start : comma.start()])
        start = comma.end()


def _variable(text: str) -> Variable:
    """Parse a variable in the notation of the device model, with a dot or a slash after the component."""
    match = VARIABLE.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"{text.strip()!r} must be a component, a dot or slash, and a variable, as in "
            f"{EXAMPLES_OF_VARIABLES}"
        )
    component, component_instance, evse_id, connector_id, name, instance, value = match.groups()
    return Variable(
        component.strip(),
        name.strip(),
        value,
        component_instance,
        instance,
        int(evse_id) if evse_id else None,
        int(connector_id) if connector_id else None,
    )


def _with_values(variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
    for variable in variables:
        if variable.value is None:
            raise ValueError(f"{variable} must have a value, as in {variable}=60")
    return variables


def _json_object(value: object) -> object:
    payload = value
    if isinstance(value, str):
        try:
            payload = _json(read_file(Path(value[1:])) if value.startswith("@") else value)
        except OSError as error:
            raise ValueError(f"cannot read {value[1:]}: {error.strerror}") from None
        if not isinstance(payload, dict):
            raise ValueError("must be a JSON object")
    if isinstance(payload, dict):
        check_template(check_levels(payload))
    return payload


def _as_texts(values: tuple[PlanStep | Variable, ...]) -> list[str]:
    return [str(value) for value in values]


def _as_json(payload: JsonObject | None) -> str | None:
    """Serialize a payload to JSON text, because TOML has no null."""
    return None if payload is None else orjson.dumps(payload).decode()


SECONDS_IN: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION: Final = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*([smhd]?)")


def _duration(value: object) -> object:
    """Return the seconds of a text such as "90", "-90s", "15m", "2h" or "3d"; or ``value`` unchanged."""
    match = DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    return float(match[1]) * SECONDS_IN[match[2]] if match else value


def _accept_switch(seconds: float) -> object:
    """Return a validator that reads true as ``seconds``, and false as None."""

    def read(value: object) -> object:
        switches = {True: seconds, False: None, "true": seconds, "false": None}
        return switches.get(value, value) if isinstance(value, bool | str) else value

    return BeforeValidator(read)


def _fault_texts(value: object) -> object:
    """Convert faults to a tuple of texts; each fault may be written as text, as a table or in JSON."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        value = _json(value)
    parts = [value] if isinstance(value, dict) else _listed(value)
    if not isinstance(parts, list | tuple):
        return parts
    return tuple(_fault_text(part) for part in parts)


def _fault_text(part: object) -> object:
    if isinstance(part, str) and part.lstrip().startswith("{"):
        part = _json(part)
    return fault_as_text(part) if isinstance(part, dict) else part


def _json(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"not valid JSON ({error.msg}, line {error.lineno} column {error.colno})") from None


def _faults(texts: tuple[str, ...]) -> tuple[str, ...]:
    if len(texts) > MAX_FAULTS:
        raise ValueError(f"there are {len(texts)} faults; write at most {MAX_FAULTS}")
    for text in texts:
        try:
            rule_of_flag(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            path = ".".join(step for step in first["loc"] if isinstance(step, str))
            raise ValueError(f"{text!r}: {path + ': ' if path else ''}{in_words(first)}") from None
    return texts


def shown_value(value: object) -> str:
    """Format a wrong value for an error message, shortened if it is long."""
    return truncate(repr(value), MAX_SHOWN)


def in_words(error: Any) -> str:
    """Message of a pydantic error, without the prefix that pydantic adds for validators."""
    if error["type"] == "extra_forbidden":
        return "there is no such key"
    if error["type"] in {"dict_type", "model_type"}:
        return "must be a table"
    return str(error["msg"]).removeprefix("Value error, ")


MAX_FAULTS: Final = 1000
"""Maximum number of faults in one setting."""
MAX_SHOWN: Final = 200
"""Maximum characters of a wrong value in an error message."""

SECONDS: Final = "a number of seconds, 0 or more"
SOME_SECONDS: Final = "a number of seconds greater than 0"
WHOLE_SECONDS: Final = "a whole number of seconds, 0 or more"
WHOLE_NUMBER: Final = "a whole number greater than 0"
TRUE_OR_FALSE: Final = "true or false"
BOOT_STATUSES: Final = "Accepted, Pending or Rejected"

Seconds = Annotated[FiniteFloat, Field(ge=0)]
Period = Annotated[FiniteFloat, Field(gt=0)]
PeriodOrSwitch = Annotated[Period | None, _accept_switch(60.0)]
Duration = Annotated[FiniteFloat, Field(ge=-A_CENTURY, le=A_CENTURY), BeforeValidator(_duration)]
Interval = Annotated[int, Field(ge=0, le=2**31 - 1)]
Price = Annotated[FiniteFloat, Field(ge=0, le=1_000_000)]
OptionalCommand = Annotated[str | None, BeforeValidator(_none_if_empty)]
PlanSteps = Annotated[tuple[PlanStep, ...], BeforeValidator(_steps), PlainSerializer(_as_texts)]
VariableNames = Annotated[tuple[Variable, ...], BeforeValidator(_variables), PlainSerializer(_as_texts)]
VariableValues = Annotated[VariableNames, AfterValidator(_with_values)]
PayloadSetting = Annotated[JsonObject | None, BeforeValidator(_json_object), PlainSerializer(_as_json)]
FilePath = Annotated[Path, BeforeValidator(_path)]
FilePaths = Annotated[tuple[FilePath, ...], BeforeValidator(separate)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Faults = Annotated[tuple[str, ...], BeforeValidator(_fault_texts), AfterValidator(_faults)]
Validation = Literal["strict", "report", "off"]
BootStatus = Literal["Accepted", "Pending", "Rejected"]
BootStatuses = Annotated[tuple[BootStatus, ...], BeforeValidator(separate)]
ItemsPerMessage = PositiveInt | None
