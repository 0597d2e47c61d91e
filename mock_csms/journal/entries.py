"""Journal entries read from JSON: their payload, outcome and marks, as transcripts show them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from mock_csms.log.summary import summary
from mock_csms.messages import JsonObject
from mock_csms.versions import SHOWN_OUTCOMES, CommandOutcome, OcppVersion, outcome

type JsonEntry = Mapping[str, Any]
"""A journal entry as JSON."""


def payload_in(entry: JsonEntry) -> JsonObject | None:
    """Return the payload of an entry; None if it has no valid OCPP-J message.

    The payload of a CALLERROR is its details plus errorCode and errorDescription.
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
    """Return whether an entry is a station's answer that refuses a command or some items of it."""
    return _command_outcome(entry, versions) != "result"


def _command_outcome(entry: JsonEntry, versions: Iterable[OcppVersion]) -> CommandOutcome:
    if entry.get("type") != "result" or entry.get("direction") != "received":
        return "result"
    return outcome(versions, text_of(entry, "action"), payload_in(entry) or {})


def shown_content(entry: JsonEntry) -> Any:
    """Return the payload; for a CALLERROR, its code and description; for invalid OCPP-J, the whole frame."""
    content = payload_in(entry)
    if content is None:
        return shown_frame(entry)
    if entry.get("type") == "error":
        return ": ".join(str(content[name]) for name in ("errorCode", "errorDescription") if content[name])
    return content


def shown_frame(entry: JsonEntry) -> str:
    """Return the frame of an entry as received or sent, on one line, truncated; empty without a frame."""
    raw = entry.get("text", entry.get("frame", ""))
    return "" if raw == "" else summary(raw if isinstance(raw, str) else as_json(raw))


def outcome_of(entry: JsonEntry, versions: Iterable[OcppVersion]) -> str:
    """Return the outcome of a message as the log shows it, such as ERROR or REFUSED; empty for a CALL."""
    if entry.get("type") == "call":
        return ""
    if entry.get("type") == "error":
        return "ERROR"
    if entry.get("injected"):
        return "INJECTED"
    return SHOWN_OUTCOMES[_command_outcome(entry, versions)]


def marks_of(entry: JsonEntry) -> Iterator[str]:
    """Yield an entry's remark, the rule that applied to its message, and its violation, each as text."""
    if entry.get("note") and not is_note(entry):
        yield f"({summary(entry['note'])})"
    if entry.get("injected"):
        yield f"injected by {summary(entry['rule'])}" if entry.get("rule") else "injected"
    elif entry.get("rule"):
        yield f"rule {summary(entry['rule'])}"
    if entry.get("violation"):
        yield f"violation: {summary(entry['violation'])}"


def is_note(entry: JsonEntry) -> bool:
    """Return whether an entry is a note from a client of the control API."""
    return entry.get("type") == "note"


def note_in(entry: JsonEntry) -> str:
    """Return the text of a note with the prefix ``note: ``."""
    return f"note: {text_of(entry, 'note')}"


def clock_of(entry: JsonEntry) -> str:
    """Return the time of day of an entry, as ``HH:MM:SS.mmm`` in UTC."""
    return text_of(entry, "time")[11:23]


def station_of(entry: JsonEntry) -> str:
    """Return the identity of the station that an entry is about; empty if it is about none."""
    return text_of(entry, "station")


def text_of(entry: JsonEntry, name: str) -> str:
    """Return the value of a field if it is text, else an empty string."""
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def as_json(value: Any) -> str:
    """Encode a value as JSON on one line, at any depth that can be parsed."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # nested deeper than orjson can encode
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
