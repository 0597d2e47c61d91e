"""What one line says of a payload: the fields that matter, and nothing that could break the line."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import inspect

from mock_csms.messages import JsonObject
from mock_csms.schema.structs import Content
from mock_csms.text import cut, one_line

WIDEST: Final = 160
WIDEST_VALUE: Final = 60

SPEAK_FOR_THEMSELVES: Final = frozenset({"status", "eventType", "connectorStatus"})
"""Properties that come first and need no name."""
LEFT_OUT: Final = frozenset({"customData", "timestamp", "generatedAt", "currentTime", "meterValue"})
RESULTS: Final = frozenset(
    {"getVariableResult", "setVariableResult", "setMonitoringResult", "clearMonitoringResult"}
)


def summary(content: Any) -> str:
    """Say the fields of a payload that matter in one line; anything but an object stands for itself."""
    return one_line(said_of(content))


def said_of(content: Any) -> str:
    """Say what `summary` says, which still may hold what cannot be printed."""
    kind = type(content)
    if kind is dict:
        said = " ".join(_said_of_json(content))
    elif (say := SAYERS[kind]) is not None:
        said = say(content)
    else:
        said = str(content) or "''"
    return said if len(said) <= WIDEST else cut(said, WIDEST)


def statuses(results: list[Any]) -> list[str]:
    """The status of each result in a list of them, as SetVariables and its kin answer."""
    objects = [result if isinstance(result, dict) else {} for result in results]
    return [shown(result.get("attributeStatus") or result.get("status")) for result in objects]


def shown(value: Any) -> str:
    """Write a value that a station sent so that it cannot run on for ever."""
    return cut(value if type(value) is str else str(value), WIDEST_VALUE) or "''"


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
    said = f"transactionId={shown(info.transactionId)}"
    return f"{said} chargingState={shown(info.chargingState)}" if info.chargingState else said


TELLING: Final[Mapping[str, tuple[str, str]]] = {
    "idToken": ("idToken", "idToken"),
    "idTokenInfo": ("idTokenInfo", "status"),
    "statusInfo": ("reasonCode", "reasonCode"),
}
"""The name to say and the field that says enough, by the property that holds the object."""

SHORT: Final[Mapping[str, Callable[[Any], str]]] = {
    "chargingStation": lambda it: f"{shown(it.vendorName)} {shown(it.model)}",
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
        if name in SPEAK_FOR_THEMSELVES:
            said.insert(0, shown(value))
        elif name not in LEFT_OUT:
            said.append(_said_of_property(name, value))
    return said


def _said_of_property(name: str, value: Any) -> str:
    kind = type(value)
    if kind is str:
        return f"{name}={shown(value)}"
    if kind is dict:
        return _said_of_object(name, value)
    if kind is list:
        return " ".join(statuses(value)) if name in RESULTS else f"{name}[{len(value)}]"
    return f"{name}={value}"


def _said_of_object(name: str, value: JsonObject) -> str:
    if name in TELLING:
        label, field = TELLING[name]
        return f"{label}={shown(value.get(field))}"
    return SHORT[name](_Json(value)) if name in SHORT else f"{name}={{..}}"


# Contents


class _Sayers(dict[type, Callable[[Any], str] | None]):
    """What says the properties of each type of contents; None for what is no content."""

    def __missing__(self, kind: type) -> Callable[[Any], str] | None:
        self[kind] = made = _sayer(kind) if issubclass(kind, Content) else None
        return made


SAYERS: Final = _Sayers()


def _sayer(kind: type[Content]) -> Callable[[Any], str]:
    """Write the function that says the properties of contents of a type.

    It is written out, as `dataclasses` write out their methods: to go through the properties takes twice as
    long, and it is called for nearly every message.
    """
    fields = [it for it in _fields(kind) if it.name not in LEFT_OUT]
    fields.sort(key=lambda it: it.name not in SPEAK_FOR_THEMSELVES)
    parts = []
    for field in fields:
        part = f" {_expression(field)}"
        parts.append(part if field.required else f"{{'' if it.{field.name} is None else f'{part}'}}")
    names = {"shown": shown, **SHORT}
    say: Callable[[Any], str] = eval(f"lambda it: f'{''.join(parts)}'[1:]", names)  # noqa: S307
    return say


def _fields(kind: type[Content]) -> Sequence[inspect.Field]:
    made = inspect.type_info(kind)
    assert isinstance(made, inspect.StructType)
    return made.fields


def _expression(field: inspect.Field) -> str:
    """Say in an f-string what is said of a property of ``it``."""
    name, value = field.name, f"it.{field.name}"
    match field.type:
        case inspect.StructType() if name in TELLING:
            label, telling = TELLING[name]
            return f"{label}={{shown({value}.{telling})}}"
        case inspect.StructType():
            return f"{{{name}({value})}}" if name in SHORT else f"{name}={{{{..}}}}"
        case inspect.ListType():
            return f"{name}[{{len({value})}}]"
        case inspect.StrType():
            said = f"{{shown({value})}}"
        case _:
            said = f"{{{value}}}"
    return said if name in SPEAK_FOR_THEMSELVES else f"{name}={said}"
