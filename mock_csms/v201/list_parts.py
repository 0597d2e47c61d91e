"""Splits a command whose list is longer than a station accepts (B05.FR.11, D01.FR.11)."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import orjson
from ocpp.v201.enums import Action

from mock_csms.messages import JsonObject, call_frame

MESSAGE_ID: Final = "x" * 36
"""A placeholder as long as the message ids of the mock's CALLs."""
GROWTH: Final = 24
"""Bytes that a later part may need in addition to its items: longer numbers, and Differential instead of
Full.
"""


class Size(NamedTuple):
    """Maximum size of one message; None for a limit that the station has not reported."""

    items: int | None
    bytes: int | None


def split(
    command: str, payload: JsonObject, list_name: str, limit: Size, ids: Iterator[int]
) -> list[JsonObject]:
    """Split the list of a payload into parts within the limit.

    An item that is larger than the limit in bytes is a part of its own. Each part of a report request has
    its own requestId. The parts of a SendLocalList after the first are Differential and have increasing
    versions (D01.FR.15, D01.FR.16, D01.FR.19).
    """
    items = payload.get(list_name)
    if not isinstance(items, list):
        return [payload]
    is_short = limit.items is None or len(items) <= limit.items
    if is_short and (limit.bytes is None or _size(command, payload) <= limit.bytes):
        return [payload]
    room = None if limit.bytes is None else limit.bytes - _size(command, {**payload, list_name: []}) - GROWTH
    parts = [{**payload, list_name: part} for part in _batches(items, limit.items, room)]
    return [part if number == 0 else _later(command, part, number, ids) for number, part in enumerate(parts)]


def _size(command: str, payload: JsonObject) -> int:
    return len(call_frame(MESSAGE_ID, command, payload))


def _batches(items: list[Any], max_items: int | None, room: int | None) -> Iterator[list[Any]]:
    """Yield consecutive batches of at most ``max_items`` items and ``room`` bytes of JSON."""
    batch: list[Any] = []
    used = 0
    for item in items:
        size = len(orjson.dumps(item)) + len(",")
        is_full = len(batch) == max_items or (room is not None and used + size > room)
        if batch and is_full:
            yield batch
            batch, used = [], 0
        batch.append(item)
        used += size
    if batch:
        yield batch


def _later(command: str, part: JsonObject, number: int, ids: Iterator[int]) -> JsonObject:
    """Return the second or a later part (``number`` 1 or higher), changed for sending: a report request gets
    a new requestId, and a SendLocalList becomes Differential with a higher versionNumber.
    """
    if "requestId" in part:
        return {**part, "requestId": next(ids)}
    if command == Action.send_local_list:
        version = part["versionNumber"] + number
        return {**part, "updateType": "Differential", "versionNumber": version}
    return part
