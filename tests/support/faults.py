"""Values that the tests of rules and faults share."""

import re
from typing import Any, Final

DATA_TRANSFER_ANSWER: Final = b'[3,"1",{"status":"UnknownVendorId"}]'
"""Answer to a DataTransfer with the message id 1 when no fault is injected."""

SHORT_DELAY: Final = 0.05
"""Seconds."""


def is_heartbeat_answer(message_id: object, text: bytes) -> bool:
    expected = rf'\[3,"{message_id}",{{"currentTime":"[-0-9T:.]+Z"}}\]'
    return re.fullmatch(expected.encode(), text) is not None


def clear_cache_rule(then: dict[str, Any] | None = None, **others: Any) -> list[dict[str, Any]]:
    """Build the setting ``rules`` with one rule about the station's answer to ClearCache."""
    rule: dict[str, Any] = {"when": {"action": "ClearCache", "direction": "answer"}, **others}
    return [rule if then is None else {**rule, "then": then}]
