"""What answers look like, for the document of the API."""

from http import HTTPStatus
from typing import Any, Final

from mock_csms.messages import JsonObject

type Responses = dict[int | str, dict[str, Any]]


def shown(description: str, **examples: Any) -> Responses:
    """Document the answer to a request that is fulfilled, by examples with a name each."""
    named = {name: {"summary": name, "value": value} for name, value in examples.items()}
    content = {"application/json": {"examples": named}}
    return {HTTPStatus.OK.value: {"description": description, "content": content}}


MESSAGE_ID: Final = "7d2f60c3-7a0c-4f3e-9f0e-2f5f0f6f3a11"

ENTRY: Final[JsonObject] = {
    "number": 17,
    "time": "2026-01-01T12:00:00.000Z",
    "station": "CS1",
    "connection": 1,
    "direction": "received",
    "type": "call",
    "action": "Heartbeat",
    "messageId": "42",
    "frame": [2, "42", "Heartbeat", {}],
}

CALLS: Final = shown(
    "What came of the command, or for `*` and other globs of each station by its identity",
    result={
        "outcome": "result",
        "messageId": MESSAGE_ID,
        "elapsed": 0.004,
        "payload": {"status": "Accepted"},
    },
    error={
        "outcome": "error",
        "messageId": MESSAGE_ID,
        "elapsed": 0.004,
        "errorCode": "NotSupported",
        "errorDescription": "",
        "errorDetails": {},
    },
    timeout={
        "outcome": "timeout",
        "messageId": MESSAGE_ID,
        "elapsed": 30.0,
        "detail": "no answer within 30 s",
    },
    disconnected={
        "outcome": "disconnected",
        "messageId": MESSAGE_ID,
        "elapsed": 2.5,
        "detail": "the connection ended before the station answered",
    },
)

STATIONS: Final = shown(
    "The stations",
    stations=[
        {
            "id": "CS1",
            "connected": True,
            "connection": 1,
            "registration": "Accepted",
            "boots": 1,
            "transactions": 0,
            "state": "start",
        }
    ],
)

JOURNAL: Final = shown("The entries", entries={"last": 18, "entries": [ENTRY]})

WAIT: Final = shown("What came", came={"entries": [ENTRY]})

FINDINGS: Final = shown(
    "The findings",
    findings=[
        {
            "id": "message-id-reused",
            "severity": "error",
            "section": "OCPP-J 4.1.4",
            "station": "CS1",
            "time": "2026-01-01T12:00:00.000Z",
            "frames": [11, 17],
            "sentence": "the CALL has the message id 42 of an earlier one",
        }
    ],
)

RULE: Final[JsonObject] = {
    "when": {"station": "CS*", "action": "Heartbeat", "nth": 2},
    "then": {"fault": {"kind": "delay", "seconds": 5}},
    "times": 1,
}

RULES: Final = shown(
    "The rules",
    rules=[
        {
            "id": "added-1",
            **RULE,
            "then": [RULE["then"]],
            "uses": {"CS1": {"matches": 2, "hits": 1}},
        }
    ],
)

TOKEN: Final[JsonObject] = {"status": "Blocked", "cacheExpiry": 3600}

PROFILE: Final[JsonObject] = {"heartbeatInterval": 10}
