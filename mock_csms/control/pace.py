"""Slow and refused transfers: downloads and uploads that take several seconds, or get an error status."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, BinaryIO, Final, NamedTuple

from fastapi import Query, Request
from pydantic import AfterValidator
from starlette.requests import ClientDisconnect

from mock_csms.control.models.base import Responses
from mock_csms.control.models.problems import URN, ProblemDetails
from mock_csms.control.problems import MEDIA_TYPE, Problem, inlined
from mock_csms.messages import JsonObject

MAX_SECONDS: Final = 3600
"""Maximum duration of a slow download or upload."""
PART_S: Final = 0.25
"""Maximum seconds between two parts of a slow download, unless the file has too few bytes for so many
parts.
"""
MAX_PART: Final = 65_536
"""Maximum bytes of a part of a download."""
MAX_PAUSE_S: Final = 1.0
"""Maximum pause between two parts of a slow upload; a disconnect is noticed only after the pause."""

REFUSAL: Final[JsonObject] = {
    "$ref": f"#/components/schemas/{ProblemDetails.__name__}",
    "properties": {"type": {"const": f"{URN}refused"}},
}
"""JSON schema of the problem that answers a transfer with ``?status=``, whatever this status is."""


def _error_status(status: int | None) -> int | None:
    if status is not None and status not in list(HTTPStatus):
        raise ValueError(f"there is no HTTP status {status}; use for example 403, 404, 500 or 503")
    return status


TransferSeconds = Annotated[
    float,
    Query(
        description="duration of the transfer in seconds. A download is sent in even parts. An upload is "
        "answered at the end; if its size is known, it is read slowly",
        ge=0,
        le=MAX_SECONDS,
    ),
]
RefusingStatus = Annotated[
    int | None,
    Query(
        description="refuse the transfer with this HTTP status after `seconds`; an upload is read but not "
        "stored",
        ge=400,
        le=599,
    ),
    AfterValidator(_error_status),
]


class Part(NamedTuple):
    """A part of a download: its time in seconds from the start, and its number of bytes."""

    due_s: float
    size: int


def parts_of(size: int, seconds: float) -> Iterator[Part]:
    """Yield equal parts of a download of ``size`` bytes; the last part is due after ``seconds``."""
    count = max(1, min(size, math.ceil(seconds / PART_S)), math.ceil(size / MAX_PART))
    for number in range(1, count + 1):
        yield Part(seconds * number / count, size * number // count - size * (number - 1) // count)


async def slow_download(file: BinaryIO, size: int, seconds: float) -> AsyncIterator[bytes]:
    """Yield the next ``size`` bytes of a file, spread over ``seconds``, and close the file."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    with file:
        for part in parts_of(size, seconds):
            await asyncio.sleep(start + part.due_s - loop.time())
            yield file.read(part.size)


async def slow_upload(request: Request, seconds: float) -> AsyncIterator[bytes]:
    """Yield the body of a request, spread over ``seconds``; raises ClientDisconnect.

    If the body is small, the client notices no slowness: the buffers of the system take all of it at once.
    """
    loop = asyncio.get_running_loop()
    start, read, size = loop.time(), 0, _size_of_body(request)
    async for chunk in request.stream():
        yield chunk
        read += len(chunk)
        if seconds and read < size:
            due = start + seconds * read / size
            await asyncio.sleep(min(due - loop.time(), MAX_PAUSE_S))
    await _wait_until(start + seconds, request)


def _size_of_body(request: Request) -> int:
    """Size of a body in bytes; 0 if it is not known in advance."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) < 19 else 0


async def _wait_until(time: float, request: Request) -> None:
    """Wait until ``time`` on the clock of the event loop; raises ClientDisconnect."""
    loop = asyncio.get_running_loop()
    while (remaining := time - loop.time()) > 0:
        with suppress(TimeoutError):
            async with asyncio.timeout(min(remaining, MAX_PAUSE_S)):
                if (await request.receive())["type"] == "http.disconnect":
                    raise ClientDisconnect


def may_refuse(responses: Responses) -> Responses:
    """Return ``responses`` extended by the error statuses that a request can ask for with ``?status=``."""
    refused: JsonObject = {"content": {MEDIA_TYPE: {"schema": REFUSAL}}}
    documented: Responses = {f"{hundred}XX": {"description": "A refusal", **refused} for hundred in (4, 5)}
    for status, described in inlined(responses).items():
        problems = described.get("content", {}).get(MEDIA_TYPE)
        if problems is None:
            documented[status] = described
            continue
        schema = problems["schema"]
        any_of = [*schema.get("anyOf", [schema]), REFUSAL]
        documented[status] = {**described, "content": {MEDIA_TYPE: {**problems, "schema": {"anyOf": any_of}}}}
    return documented


async def refuse_download(status: int, seconds: float) -> None:
    """Raise Problem with this HTTP status after ``seconds``."""
    await asyncio.sleep(seconds)
    raise _refusal(status)


async def refuse_upload(request: Request, status: int, seconds: float) -> None:
    """Read an upload over ``seconds`` without storing it, then raise Problem with this HTTP status."""
    async for _ in slow_upload(request, seconds):
        pass
    raise _refusal(status)


def _refusal(status: int) -> Problem:
    detail = f"the URL asks for the status {status}; without ?status= the file is served"
    return Problem(HTTPStatus(status), "refused", detail)
