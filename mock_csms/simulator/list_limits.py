"""Limits on the lists in a command, as the device model reports them."""

from typing import Any

import orjson

from mock_csms.messages import CallRejected, ErrorCode
from mock_csms.simulator.device_model import LocalDeviceModel


def check_size(variables: LocalDeviceModel, controller: str, message: str, items: list[Any] | None) -> None:
    """Raise CallRejected for a list with too many items or bytes (B06.FR.16, B06.FR.17).

    The limits are ItemsPerMessage and BytesPerMessage of the controller, with the message as the instance.
    The lists of GetReport (B08.FR.17, B08.FR.18) and of monitors (N04.FR.09, N06.FR.06, N06.FR.07) have the
    same kinds of limits.
    """
    items = items or []
    limit = variables.integer(controller, "ItemsPerMessage", message)
    if len(items) > limit:
        raise CallRejected(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, f"more than {limit} items")
    limit = variables.integer(controller, "BytesPerMessage", message)
    if len(orjson.dumps(items)) > limit:
        raise CallRejected(ErrorCode.FORMAT_VIOLATION, f"more than {limit} bytes")
