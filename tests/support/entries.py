"""Journal entries as JSON: examples of every type, hostile strings, and a Hypothesis strategy."""

from typing import Any

import pytest
from hypothesis import strategies as st

from mock_csms.messages import JsonObject

HOSTILE = {
    "newline": "one\n12:00:00.000  CS2  forged",
    "ANSI escape": "\x1b[2J\x1b[31mred",
    "line separator": "one\u2028two",
    "right to left": "\u202egnikniht",
    "very long": "x" * 100_000,
    "semicolon": "a;b",
    "number sign": "a#35;b",
    "colon": "wrap: a:b",
    "Mermaid keyword": "end",
    "Mermaid comment": "%% a",
    "Mermaid directive": '%%{init: {"theme": "dark"}}%%',
    "HTML": "<script>alert(1)</script>",
    "Mermaid style": "style a:b#c;",
    "Mermaid's internal escape": "\ufb02\u00b0\u00b035\u00b6\u00df",
    "empty": "",
}


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def entry(kind: str, **fields: Any) -> JsonObject:
    return {"time": "2026-01-01T12:00:00.123Z", "station": "CS1", "type": kind, **fields}


def message(kind: str, direction: str, action: str, frame: Any, **fields: Any) -> JsonObject:
    return entry(kind, direction=direction, action=action, frame=frame, **fields)


BOOT = message(
    "call", "received", "BootNotification",
    [2, "1", "BootNotification",
     {"chargingStation": {"vendorName": "Vendor", "model": "Model"}, "reason": "PowerUp"}],
)  # fmt: skip
BOOTED = message(
    "result", "sent", "BootNotification", [3, "1", {"status": "Accepted", "interval": 300}], elapsed=0.0004
)
RESET = message("call", "sent", "Reset", [2, "2", "Reset", {"type": "OnIdle"}])
REFUSED = message("result", "received", "Reset", [3, "2", {"status": "Rejected"}], elapsed=0.01)
ERROR = message("error", "sent", "Heartbeat", [4, "3", "InternalError", "why", {}], elapsed=0.001)
MALFORMED = entry("malformed", direction="received", text="not json {")
CONNECTED = entry("connected", note="from 127.0.0.1:5000")
DISCONNECTED = entry("disconnected", note="close code 1000")
HANDSHAKE_REFUSED = entry("refused", note="404 Not Found")
NOTE = entry("note", note="Plug in")
ALL = [CONNECTED, BOOT, BOOTED, RESET, REFUSED, ERROR, MALFORMED, HANDSHAKE_REFUSED, DISCONNECTED]

SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text()
JSON = st.recursive(
    SCALARS,
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=3), part, max_size=3),
    max_leaves=6,
)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "time": st.sampled_from(["2026-01-01T12:00:00.123Z", "x"]) | JSON,
        "type": st.sampled_from(["call", "result", "error", "malformed", "connected", "note"]) | JSON,
        "direction": st.sampled_from(["received", "sent"]) | JSON,
        "station": JSON,
        "action": st.sampled_from(["Heartbeat", "Reset"]) | JSON,
        "elapsed": JSON,
        "violation": JSON,
        "rule": JSON,
        "injected": JSON,
        "note": JSON,
        "text": JSON,
        "frame": JSON
        | JSON.map(lambda value: [2, "id", "Heartbeat", value])
        | JSON.map(lambda value: [3, "id", value])
        | JSON.map(lambda value: [3, "id", {"status": value}])
        | JSON.map(lambda value: [3, "id", {"getVariableResult": [value]}])
        | JSON.map(lambda value: [4, "id", value, value, value]),
    },
)
