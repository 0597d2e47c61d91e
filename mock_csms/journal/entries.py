"""Entries of the journal as JSON: their content, and how a transcript writes them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from mock_csms.log.summary import summary
from mock_csms.messages import JsonObject
from mock_csms.versions import OcppVersion
from mock_csms.versions import is_refusal as refuses

type JsonEntry = Mapping[str, Any]
"""An entry of the journal, as it is in JSON."""


def payload_in(entry: JsonEntry) -> JsonObject | None:
    """The payload of an entry; None if it has none.

    That of a CALLERROR is its details with errorCode and errorDescription.
    """
    match entry.get("type"), entry.get("frame"):
        case "call", [_, _, _, dict(payload), *_]:
            return payload
        case "result", [_, _, dict(payload), *_]:
            return payload
        case "error", [_, _, code, description, *rest]:
            details = rest[0] if rest and isinstance(rest[0], dict) else {}
            return {**details, "errorCode": code, "errorDescription": description}
    return None


def is_refused_command(entry: JsonEntry, versions: Iterable[OcppVersion]) -> bool:
    """Return whether an entry is a station's answer that refuses a command, in any version that has it."""
    if entry.get("type") != "result" or entry.get("direction") != "received":
        return False
    return refuses(versions, text_of(entry, "action"), payload_in(entry) or {})


def shown_content(entry: JsonEntry) -> Any:
    """Payload of a message, error of a CALLERROR, or the frame if it is not valid OCPP-J."""
    content = payload_in(entry)
    if content is None:
        return shown_frame(entry)
    if entry.get("type") == "error":
        return ": ".join(str(content[name]) for name in ("errorCode", "errorDescription") if content[name])
    return content


def shown_frame(entry: JsonEntry) -> str:
    """The frame as it was received or sent, on one line, truncated."""
    raw = entry.get("text", entry.get("frame", ""))
    return "" if raw == "" else summary(raw if isinstance(raw, str) else as_json(raw))


def outcome_of(entry: JsonEntry, versions: Iterable[OcppVersion]) -> str:
    """Outcome of a message as the log names it; empty for a CALL."""
    if entry.get("type") == "call":
        return ""
    if entry.get("type") == "error":
        return "ERROR"
    if entry.get("injected"):
        return "INJECTED"
    return "REFUSED" if is_refused_command(entry, versions) else "result"


def marks_of(entry: JsonEntry) -> Iterator[str]:
    """Note, injection and violation of an entry."""
    if entry.get("note"):
        yield f"({summary(entry['note'])})"
    if entry.get("injected") or entry.get("rule"):
        yield f"injected by {summary(entry['rule'])}" if entry.get("rule") else "injected"
    if entry.get("violation"):
        yield f"violation: {summary(entry['violation'])}"


def clock_of(entry: JsonEntry) -> str:
    """The time of the day."""
    return text_of(entry, "time")[11:23]


def station_of(entry: JsonEntry) -> str:
    """Identity of the station."""
    return text_of(entry, "station")


def text_of(entry: JsonEntry, name: str) -> str:
    """Value of a field; empty if it is not a text."""
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def as_json(value: Any) -> str:
    """Write a value on one line, as deep as it may have been read."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # nested deeper than orjson writes
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
