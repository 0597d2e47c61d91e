"""Limits of all requests: their number, the size of bodies, and the cancelling of unfinished requests."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_csms.control import problems
from mock_csms.control.names import with_marked_slashes
from mock_csms.control.problems import Problem
from mock_csms.control.slices import Work, next_slice

MAX_REQUESTS: Final = 2000
"""Maximum number of requests at a time."""
MAX_TRANSFERS: Final = 500
"""Maximum number of transfers at a time: file requests, and all requests on the ports for stations.

A slow download takes about 0.1 ms of CPU time for each part that it sends, and all downloads may have to send
a part at the same moment.
"""
MAX_BODY: Final = 2**20
"""Maximum bytes of a request body, except for uploads."""
BODY_TIMEOUT_S: Final = 30.0
"""Seconds within which a body must be complete; in an upload, seconds within which each part must arrive."""
GRACE_S: Final = 0.1
"""Seconds that a request may take to end when the server stops."""
FILES: Final = "/files/"
UPLOADS: Final = "/files/uploads"
OF_STATION: Final = "mock_csms.of_station"
"""Key that `StationAccess` adds to the ASGI scope of each request that it allows on a port for stations."""


class OpenRequests:
    """The requests that are being served."""

    def __init__(self) -> None:
        self.count = 0
        self.transfers = 0
        """Number of transfers among the requests."""
        self.stopping = asyncio.Event()
        """Set when the server stops, to end the requests that wait for a station."""


class RequestLimits:
    """Limits the number of requests; cancels a request if its client disconnects or the server stops."""

    def __init__(self, app: ASGIApp, *, requests: OpenRequests) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the application, or answer it with a problem if a limit is exceeded."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_transfer = OF_STATION in scope or scope["path"].startswith(FILES)
        await next_slice(Work.TRANSFER if is_transfer else Work.REQUEST)
        self._requests.count += 1
        self._requests.transfers += is_transfer
        try:
            self._check_number(is_transfer)
            await self._serve(with_marked_slashes(scope), receive, send)
        except Problem as problem:
            await problems.response_to(problem)(scope, receive, send)
        finally:
            self._requests.count -= 1
            self._requests.transfers -= is_transfer

    def _check_number(self, is_transfer: bool) -> None:
        if is_transfer and self._requests.transfers > MAX_TRANSFERS:
            detail = f"the server handles at most {MAX_TRANSFERS} downloads and uploads at a time"
        elif self._requests.count > MAX_REQUESTS:
            detail = f"the server handles at most {MAX_REQUESTS} requests at a time"
        else:
            return
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "too-many-requests", f"{detail}; try again later")

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(UPLOADS) and scope["method"] in {"PUT", "POST"}:
            await self._app(scope, _in_time(receive), send)
            return
        body = await _body(scope, receive)
        if body is not None:
            await self._run(scope, body, receive, _Response(send))

    async def _run(self, scope: Scope, body: bytes, receive: Receive, response: "_Response") -> None:
        """Run the application until it is done, the client disconnects, or the server stops."""
        gone = asyncio.create_task(_disconnected(receive))
        stopping = asyncio.create_task(self._requests.stopping.wait())
        work = asyncio.create_task(_completed(self._app(scope, _replayed(body, gone), response.send)))
        try:
            await asyncio.wait({work, gone, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                await asyncio.wait({work, gone}, timeout=GRACE_S, return_when=asyncio.FIRST_COMPLETED)
            if response.has_length and not gone.done():
                await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            work.cancel()
            await asyncio.wait({work})
            gone.cancel()
            stopping.cancel()
        if not work.cancelled():
            work.result()
        elif not gone.done():
            await response.end(scope, receive)


async def _completed(work: Awaitable[None]) -> None:
    await work


class _Response:
    """Passes the response of the application on; can end it early when the server stops."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.is_started = False
        self.has_length = False
        """Whether the response declares its length; such a response cannot end early."""

    async def send(self, message: Message) -> None:
        """Pass an ASGI message on to the server."""
        if message["type"] == "http.response.start":
            self.is_started = True
            self.has_length = any(name.lower() == b"content-length" for name, _ in message["headers"])
        await self._send(message)

    async def end(self, scope: Scope, receive: Receive) -> None:
        """End a response that has begun, or send a problem (503) instead, because the server stops."""
        if self.is_started:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        detail = "the server is stopping; a command may have been sent, but its answer is unknown"
        answer = problems.response(HTTPStatus.SERVICE_UNAVAILABLE, "stopping", detail)
        await answer(scope, receive, self._send)


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """Read the body of a request; None if the client disconnects. Raises Problem."""
    declared_size = Headers(scope=scope).get("content-length", "")
    # The length is checked first, because `int` refuses more than 4,300 digits.
    if declared_size.isdecimal() and (len(declared_size) > 19 or int(declared_size) > MAX_BODY):
        raise _too_large()
    body, receive = bytearray(), _in_time(receive, asyncio.get_running_loop().time() + BODY_TIMEOUT_S)
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise _too_large()
        if not message.get("more_body", False):
            return bytes(body)


def _too_large() -> Problem:
    detail = f"the body must not be larger than {MAX_BODY} bytes"
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body-too-large", detail)


def _in_time(receive: Receive, deadline: float | None = None) -> Receive:
    """Return a ``receive`` for the parts of a body; it raises Problem if they take too long.

    All parts must arrive before ``deadline``; without a deadline, each one within `BODY_TIMEOUT_S`.
    """

    async def receive_in_time() -> Message:
        at = asyncio.get_running_loop().time() + BODY_TIMEOUT_S if deadline is None else deadline
        try:
            async with asyncio.timeout_at(at):
                return await receive()
        except TimeoutError:
            detail = f"the body did not arrive within {BODY_TIMEOUT_S:g} s"
            raise Problem(HTTPStatus.REQUEST_TIMEOUT, "body-timeout", detail) from None

    return receive_in_time


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _replayed(body: bytes, gone: asyncio.Task[None]) -> Callable[[], Awaitable[Message]]:
    """Return a ``receive`` for a body read earlier; after the body, it waits until the client disconnects."""
    is_read = False

    async def receive() -> Message:
        nonlocal is_read
        if not is_read:
            is_read = True
            return {"type": "http.request", "body": body, "more_body": False}
        await asyncio.wait({gone})
        return {"type": "http.disconnect"}

    return receive
