"""JSON responses, and long work in slices; between two slices, the event loop serves the stations."""

from collections.abc import AsyncIterator, Iterable, Mapping
from http import HTTPStatus
from time import perf_counter
from typing import Any, Final

import msgspec
from fastapi.responses import Response

from mock_csms.control.slices import SLICE_S, next_slice
from mock_csms.journal.store import Entry
from mock_csms.log.redact import masked, may_have_secret

encode: Final = msgspec.json.encode
"""Encode JSON of any depth that can be parsed; orjson and pydantic have a lower limit."""


def json_response(
    content: Any,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> Response:
    """Make a response with JSON.

    Its secrets are masked, except in parts that are encoded already (`msgspec.Raw`).
    """
    return Response(encode(masked(content)), status, headers, media_type)


async def in_slices[Item](items: Iterable[Item]) -> AsyncIterator[Item]:
    """Yield items, and let the event loop run other tasks after every `SLICE_S` seconds."""
    end = perf_counter() + SLICE_S
    for item in items:
        yield item
        if perf_counter() > end:
            await next_slice()
            end = perf_counter() + SLICE_S


def as_raw(entries: Iterable[Entry]) -> list[msgspec.Raw]:
    """Return journal entries in encoded form, to be part of a JSON response."""
    return [msgspec.Raw(entry.json()) for entry in entries]


async def encoded_list(items: Iterable[Any]) -> msgspec.Raw:
    """Encode a list of any length in slices, with its secrets masked."""
    parts = [encoded(item) async for item in in_slices(items)]
    return msgspec.Raw(b"[%b]" % b",".join(parts))


def encoded(item: Any) -> bytes:
    """Encode an item of a list, with its secrets masked."""
    data = encode(item)
    return encode(masked(item)) if may_have_secret(data) else data
