"""What one line says of a payload: the fields that matter, and nothing that could break the line."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import inspect

from mock_csms.messages import JsonObject
from mock_csms.schema.structs import ValidPayload
from mock_csms.text import one_line, truncate

MAX_WIDTH: Final = 160
MAX_VALUE_WIDTH: Final = 60

UNNAMED: Final = frozenset({"status", "eventType", "connectorStatus"})
"""Properties that come first and need no name."""
LEFT_OUT: Final = frozenset({"customData", "timestamp", "generatedAt", "currentTime", "meterValue"})
RESULTS: Final = frozenset(
    {"getVariableResult", "setVariableResult", "setMonitoringResult", "clearMonitoringResult"}
)


def summary(content: Any) -> str:
    """Say the fields of a payload that matter in one line; anything but an object stands for itself."""
    return one_line(summarize(content))


def summarize(content: Any) -> str:
    """Say what `summary` says, which still may hold what cannot be printed."""
    kind = type(content)
    if kind is dict:
        said = " ".join(_said_of_json(content))
    elif (say := FORMATTERS[kind]) is not None:
        said = say(content)
    else:
        said = str(content) or "''"
    return said if len(said) <= MAX_WIDTH else truncate(said, MAX_WIDTH)


def statuses(results: list[Any]) -> list[str]:
    """The status of each result in a list of them, as SetVariables and its kin answer."""
    objects = [result if isinstance(result, dict) else {} for result in results]
    return [short(result.get("attributeStatus") or result.get("status")) for result in objects]


def short(value: Any) -> str:
    """Write a value that a station sent so that it cannot run on for ever."""
    return truncate(value if type(value) is str else str(value), MAX_VALUE_WIDTH) or "''"


def each_on_one_line(lines: Sequence[str]) -> str:
    """Join what `one_line` makes of each, in a third of the time where nothing has to be escaped."""
    text = "\n".join(lines)
    if text.isascii() and text.encode().translate(None, PRINTABLE_ASCII) == b"\n" * (len(lines) - 1):
        return text
    return "\n".join(map(one_line, lines))


PRINTABLE_ASCII: Final = bytes(range(0x20, 0x7F))


# Objects of which one or two fields say enough


def _said_of_evse(evse: Any) -> str:
    return f"evse={evse.id}" if evse.connectorId is None else f"evse={evse.id}/{evse.connectorId}"


def _said_of_transaction(info: Any) -> str:
    said = f"transactionId={short(info.transactionId)}"
    return f"{said} chargingState={short(info.chargingState)}" if info.chargingState else said


KEY_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "idToken": ("idToken", "idToken"),
    "idTokenInfo": ("idTokenInfo", "status"),
    "statusInfo": ("reasonCode", "reasonCode"),
}
"""The name to say and the field that says enough, by the property that holds the object."""

SHORT_FORMS: Final[Mapping[str, Callable[[Any], str]]] = {
    "chargingStation": lambda it: f"{short(it.vendorName)} {short(it.model)}",
    "evse": _said_of_evse,
    "transactionInfo": _said_of_transaction,
}
"""What says enough of an object whose fields can be looked at by attribute, by the property that holds it."""


# JSON


class _Json(dict[str, Any]):
    """JSON that can be looked at by attribute; None where it has no such property."""

    __slots__ = ()
    __getattr__ = dict.get


def _said_of_json(content: JsonObject) -> list[str]:
    said: list[str] = []
    for name, value in content.items():
        if name in UNNAMED:
            said.insert(0, short(value))
        elif name not in LEFT_OUT:
            said.append(_said_of_property(name, value))
    return said


def _said_of_property(name: str, value: Any) -> str:
    kind = type(value)
    if kind is str:
        return f"{name}={short(value)}"
    if kind is dict:
        return _said_of_object(name, value)
    if kind is list:
        return " ".join(statuses(value)) if name in RESULTS else f"{name}[{len(value)}]"
    return f"{name}={value}"


def _said_of_object(name: str, value: JsonObject) -> str:
    if name in KEY_FIELDS:
        label, field = KEY_FIELDS[name]
        return f"{label}={short(value.get(field))}"
    return SHORT_FORMS[name](_Json(value)) if name in SHORT_FORMS else f"{name}={{..}}"


# Contents


class _Sayers(dict[type, Callable[[Any], str] | None]):
    """What says the properties of each type of contents; None for what is no content."""

    def __missing__(self, kind: type) -> Callable[[Any], str] | None:
        self[kind] = made = _sayer(kind) if issubclass(kind, ValidPayload) else None
        return made


FORMATTERS: Final = _Sayers()


def _sayer(kind: type[ValidPayload]) -> Callable[[Any], str]:
    """Write the function that says the properties of contents of a type.

    It is written out, as `dataclasses` write out their methods: to go through the properties takes twice as
    long, and it is called for nearly every message.
    """
    fields = [it for it in _fields(kind) if it.name not in LEFT_OUT]
    fields.sort(key=lambda it: it.name not in UNNAMED)
    parts = []
    for field in fields:
        part = f" {_expression(field)}"
        parts.append(part if field.required else f"{{'' if it.{field.name} is None else f'{part}'}}")
    names = {"short": short, **SHORT_FORMS}
    say: Callable[[Any], str] = eval(f"lambda it: f'{''.join(parts)}'[1:]", names)  # noqa: S307
    return say


def _fields(kind: type[ValidPayload]) -> Sequence[inspect.Field]:
    made = inspect.type_info(kind)
    assert isinstance(made, inspect.StructType)
    return made.fields


def _expression(field: inspect.Field) -> str:
    """Say in an f-string what is said of a property of ``it``."""
    name, value = field.name, f"it.{field.name}"
    match field.type:
        case inspect.StructType() if name in KEY_FIELDS:
            label, telling = KEY_FIELDS[name]
            return f"{label}={{short({value}.{telling})}}"
        case inspect.StructType():
            return f"{{{name}({value})}}" if name in SHORT_FORMS else f"{name}={{{{..}}}}"
        case inspect.ListType():
            return f"{name}[{{len({value})}}]"
        case inspect.StrType():
            said = f"{{short({value})}}"
        case _:
            said = f"{{{value}}}"
    return said if name in UNNAMED else f"{name}={said}"
