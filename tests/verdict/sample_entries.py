"""Journal entries as JSON, and named cases of parametrized tests."""

from typing import Any

import pytest

from mock_csms.messages import JsonObject


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def call(action: str, payload: Any = None, station: str = "CS1", direction: str = "received") -> JsonObject:
    frame = [2, "id", action, {} if payload is None else payload]
    return {"station": station, "direction": direction, "type": "call", "action": action, "frame": frame}


def command(action: str, payload: Any = None) -> JsonObject:
    return call(action, payload, direction="sent")


def result(action: str, payload: Any = None, direction: str = "received") -> JsonObject:
    frame = [3, "id", {} if payload is None else payload]
    return {"station": "CS1", "direction": direction, "type": "result", "action": action, "frame": frame}


def error(code: str, description: str = "", details: Any = None) -> JsonObject:
    frame = [4, "id", code, description, {} if details is None else details]
    return {"station": "CS1", "direction": "received", "type": "error", "action": "Reset", "frame": frame}


ENDED = call("TransactionEvent", {"eventType": "Ended", "evse": {"id": 1}, "list": [{"a": 1, "b": 2}, 3]})
CONNECTED: JsonObject = {"station": "CS1", "type": "connected", "note": "from 127.0.0.1"}
MALFORMED: JsonObject = {"station": "CS1", "type": "malformed", "direction": "received", "text": "not json {"}
