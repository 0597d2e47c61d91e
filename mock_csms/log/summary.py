"""One-line summaries of payloads: the important fields, with unprintable characters escaped."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import inspect

from mock_csms.log.redact import KEY_CODE, has_value_of_variable, masked
from mock_csms.log.secret_text import MASK
from mock_csms.messages import JsonObject
from mock_csms.schema.structs import ValidPayload
from mock_csms.text import one_line, truncate

MAX_WIDTH: Final = 160
MAX_VALUE_WIDTH: Final = 60
MAX_ADDITIONAL_INFO: Final = 512
"""Maximum characters shown of additionalInfo, the explanation of a status (StatusInfoType)."""

UNNAMED: Final = frozenset({"status", "eventType", "connectorStatus"})
"""Properties shown first and without their name."""
LEFT_OUT: Final = frozenset(
    {"customData", "statusInfo", "timestamp", "generatedAt", "currentTime", "meterValue"}
)
RESULTS: Final = frozenset(
    {"getVariableResult", "setVariableResult", "setMonitoringResult", "clearMonitoringResult"}
)
STATUS_INFOS: Final = frozenset({"attributeStatusInfo", "statusInfo"})
"""Properties that explain the status of a result."""


def summary(content: Any) -> str:
    """Return the important fields of a payload on one line. A value that is not an object is shown as
    text.
    """
    return one_line(summarize(content))


def summarize(content: Any) -> str:
    """Return the summary of a payload without escaping unprintable characters."""
    kind = type(content)
    if kind is dict:
        if has_value_of_variable(content):  # mask now: the summary lacks the name that marks a secret
            content = masked(content)
        text = " ".join(_format_fields(content))
        if "statusInfo" in content:
            text = truncate(text, MAX_WIDTH)
            return f"{text} {_format_status_info(content['statusInfo'])}".lstrip()
    elif (format_payload := FORMATTERS[kind]) is not None:
        text = format_payload(content)
    else:
        text = str(masked(content)) or "''"
    return text if len(text) <= MAX_WIDTH else truncate(text, _max_width(content))


def _max_width(content: Any) -> int:
    """Return the maximum width of the summary; it is larger if a result in a list explains its status."""
    results = [content.get(name) for name in RESULTS] if isinstance(content, dict) else []
    items = [item for items in results if isinstance(items, list) for item in items if isinstance(item, dict)]
    is_explained = any(not STATUS_INFOS.isdisjoint(item) for item in items)
    return MAX_WIDTH + MAX_ADDITIONAL_INFO if is_explained else MAX_WIDTH


def statuses(results: list[Any]) -> list[str]:
    """Return the status of each result in a list, as in the response to SetVariables.

    A status other than Accepted is followed by the name of its variable or the id of its monitor, and by its
    explanation.
    """
    return [_format_result(result if isinstance(result, dict) else {}) for result in results]


def _format_result(result: JsonObject) -> str:
    status = short(result.get("attributeStatus") or result.get("status"))
    component, variable = result.get("component"), result.get("variable")
    if status == "Accepted":
        return status
    parts = []
    if isinstance(component, dict) and isinstance(variable, dict):
        parts.append(f"{short(component.get('name'))}.{short(variable.get('name'))}")
    elif "id" in result:
        parts.append(f"id={short(result['id'])}")
    parts += [_format_status_info(result[name]) for name in sorted(STATUS_INFOS & result.keys())]
    return f"{status}({' '.join(parts)})" if parts else status


def _format_status_info(info: Any) -> str:
    if not isinstance(info, dict):
        return f"statusInfo={short(info)}"
    text = f"reasonCode={short(info.get('reasonCode'))}"
    if "additionalInfo" in info:
        text += f" additionalInfo={truncate(str(info['additionalInfo']), MAX_ADDITIONAL_INFO)}"
    return text


def error_summary(code: str, description: str) -> str:
    """Return a CALLERROR on one line, without the request that some stations repeat in the description."""
    own, *rest = REPEATED_REQUEST.split(description, maxsplit=1)
    own = own.rstrip(" :,-")
    text = f"{code}: {own}" if own else code
    return f"{text} ..." if rest and own else text


REPEATED_REQUEST: Final = re.compile(r"[\r\n{]|\[\s*2\s*,")
"""Matches the beginning of a repeated request: a line break, an object or a CALL."""


def short(value: Any) -> str:
    """Format a value sent by a station, truncated to `MAX_VALUE_WIDTH`."""
    return truncate(value if type(value) is str else str(value), MAX_VALUE_WIDTH) or "''"


def each_on_one_line(lines: Sequence[str]) -> str:
    """Escape each line with `one_line` and join them.

    Fast path: one check covers the joined text. The plain way, `one_line` for each line, takes three times as
    long and is used only if a character may have to be escaped.
    """
    text = "\n".join(lines)
    if text.isascii() and text.encode().translate(None, PRINTABLE_ASCII) == b"\n" * (len(lines) - 1):
        return text
    return "\n".join(map(one_line, lines))


PRINTABLE_ASCII: Final = bytes(range(0x20, 0x7F))


# Objects shown by one or two of their fields


def _format_evse(evse: Any) -> str:
    return f"evse={evse.id}" if evse.connectorId is None else f"evse={evse.id}/{evse.connectorId}"


def _format_transaction(info: Any) -> str:
    text = f"transactionId={short(info.transactionId)}"
    return f"{text} chargingState={short(info.chargingState)}" if info.chargingState else text


def _format_profile(profile: Any) -> str:
    """Format the main properties of a charging profile, its first limit, and the number of its periods."""
    parts = [] if profile.id is None else [f"id={short(profile.id)}"]
    if profile.chargingProfilePurpose is not None:
        parts.append(short(profile.chargingProfilePurpose))
    if profile.stackLevel is not None:
        parts.append(f"stackLevel={short(profile.stackLevel)}")
    if profile.chargingProfileKind is not None:
        parts.append(short(profile.chargingProfileKind))
    if profile.transactionId:
        parts.append(f"transactionId={short(profile.transactionId)}")
    schedule = _first(profile.chargingSchedule)
    periods = schedule.chargingSchedulePeriod
    limit = _first(periods).limit
    if limit is not None:
        parts.append(f"limit={short(limit)} {short(schedule.chargingRateUnit)}")
    if isinstance(periods, list) and len(periods) > 1:
        parts.append(f"periods={len(periods)}")
    return f"chargingProfile({' '.join(parts)})"


def _first(items: Any) -> Any:
    """Return the first object of a list, with its properties as attributes; an empty object for an empty
    list.
    """
    first = items[0] if isinstance(items, list) and items else None
    return first if isinstance(first, ValidPayload) else _Json(first if isinstance(first, dict) else {})


class _Json(dict[str, Any]):
    """JSON object with its properties as attributes; a missing property is None."""

    __slots__ = ()
    __getattr__ = dict.get


def _format_id_token(token: Any) -> str:
    """Format an idToken without its text if it is a key code (C04.FR.04)."""
    kind = token.type
    if type(kind) is str and kind.lower() == KEY_CODE:
        return f"idToken={MASK}"
    return f"idToken={short(token.idToken)}"


def _format_url(url: Any) -> str:
    """Format a URL. Its user and password are masked before the URL is truncated."""
    text = str(url)
    user, at, place = text.rpartition("@")
    return f"{MASK}{at}{short(place)}" if user else short(text)


KEY_FIELDS: Final[Mapping[str, tuple[str, str]]] = {"idTokenInfo": ("idTokenInfo", "status")}
"""Label and name of the only field shown of an object, by the property that holds the object."""

SHORT_FORMS: Final[Mapping[str, Callable[[Any], str]]] = {
    "chargingProfile": _format_profile,
    "chargingStation": lambda station: f"{short(station.vendorName)} {short(station.model)}",
    "connectionData": lambda data: f"ocppCsmsUrl={_format_url(data.ocppCsmsUrl)}",
    "evse": _format_evse,
    "firmware": lambda firmware: f"firmware={_format_url(firmware.location)}",
    "idToken": _format_id_token,
    "log": lambda log: f"log={_format_url(log.remoteLocation)}",
    "transactionInfo": _format_transaction,
}
"""Functions that format an object from its attributes, by the property that holds the object."""


# JSON


def _format_fields(content: JsonObject) -> list[str]:
    texts: list[str] = []
    for name, value in content.items():
        if name in UNNAMED:
            texts.insert(0, short(value))
        elif name not in LEFT_OUT:
            texts.append(_format_property(name, value))
    return texts


def _format_property(name: str, value: Any) -> str:
    kind = type(value)
    if kind is str:
        return f"{name}={short(value)}"
    if kind is dict:
        return _format_object(name, value)
    if kind is list:
        return " ".join(statuses(value)) if name in RESULTS else f"{name}[{len(value)}]"
    return f"{name}={value}"


def _format_object(name: str, value: JsonObject) -> str:
    if name in KEY_FIELDS:
        label, field = KEY_FIELDS[name]
        return f"{label}={short(value.get(field))}"
    return SHORT_FORMS[name](_Json(value)) if name in SHORT_FORMS else f"{name}={{..}}"


# Valid payloads


class _Formatters(dict[type, Callable[[Any], str] | None]):
    """Formatting function for each payload type, generated on first use; None for other types."""

    def __missing__(self, kind: type) -> Callable[[Any], str] | None:
        self[kind] = formatter = _make_formatter(kind) if issubclass(kind, ValidPayload) else None
        return formatter


FORMATTERS: Final = _Formatters()


def _make_formatter(kind: type[ValidPayload]) -> Callable[[Any], str]:
    """Generate the function that formats the properties of a payload type.

    Fast path: one f-string with an expression for each property, compiled once for each type, as
    `dataclasses` generates methods. A loop over the properties, as in `_format_fields` for JSON, takes twice
    as long, and nearly every message needs it. The only variable parts of the generated source
    are property names of the shipped schemas.
    """
    fields = [field for field in _fields(kind) if field.name not in LEFT_OUT]
    fields.sort(key=lambda field: field.name not in UNNAMED)
    parts = []
    for field in fields:
        part = f" {_expression(field)}"
        parts.append(part if field.required else f"{{'' if payload.{field.name} is None else f'{part}'}}")
    names = {"short": short, **SHORT_FORMS}
    formatter: Callable[[Any], str] = eval(f"lambda payload: f'{''.join(parts)}'[1:]", names)  # noqa: S307
    return formatter


def _fields(kind: type[ValidPayload]) -> Sequence[inspect.Field]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return info.fields


def _expression(field: inspect.Field) -> str:
    """Return the part of the f-string that formats a property of ``payload``."""
    name, value = field.name, f"payload.{field.name}"
    match field.type:
        case inspect.StructType() if name in KEY_FIELDS:
            label, key_field = KEY_FIELDS[name]
            return f"{label}={{short({value}.{key_field})}}"
        case inspect.StructType():
            return f"{{{name}({value})}}" if name in SHORT_FORMS else f"{name}={{{{..}}}}"
        case inspect.ListType():
            return f"{name}[{{len({value})}}]"
        case inspect.StrType():
            text = f"{{short({value})}}"
        case _:
            text = f"{{{value}}}"
    return text if name in UNNAMED else f"{name}={text}"
