"""CALLs of a station as its connection takes them in."""

from typing import Any

from charge_point import ChargePoint
from mock_csms import frames, schemas
from mock_csms.contents import Unchecked
from mock_csms.frames import Call, JsonObject


def call(action: str, payload: JsonObject, message_id: str = "1") -> Call:
    """Read a CALL by its schema, or as it is let through where it breaks that."""
    read = frames.parse(frames.call(message_id, action, payload), ChargePoint.valid_calls)
    assert isinstance(read, Call)
    if read.content is None:
        read.content = content(action, payload)
    return read


def content(action: str, payload: JsonObject) -> Any:
    """Look at a payload by attribute, whether it keeps to its schema or not."""
    return Unchecked(payload, schemas.request(action).content)
