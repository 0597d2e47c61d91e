"""Slices of work: each iteration of the event loop runs only one slice of each kind (`Work`), even if many
requests have work to do, so that the loop soon serves the stations.
"""

import asyncio
from asyncio import AbstractEventLoop, Future
from collections import deque
from enum import Enum
from typing import Final
from weakref import WeakKeyDictionary

SLICE_S: Final = 0.002
"""Seconds that a request may work before it lets the event loop run other tasks."""


class Work(Enum):
    """Kinds of work. Each has its own queue, so many transfers do not delay the control API."""

    REQUEST = "request"
    TRANSFER = "transfer"


class _Queue:
    """Requests that wait for their next slice.

    The plain way would be `asyncio.sleep(0)` in each request. With 100 busy requests, 100 slices would then
    run before the next message of a station is read.
    """

    def __init__(self) -> None:
        self._waiting: deque[Future[None]] = deque()

    async def next_slice(self) -> None:
        """Wait until the calling request may work for another slice."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        if len(self._waiting) == 1:
            self._start_later()
        await turn

    def _start_later(self) -> None:
        asyncio.get_running_loop().call_soon(self._start)

    def _start(self) -> None:
        turn = self._waiting.popleft()
        if not turn.done():  # done if the request has been cancelled
            turn.set_result(None)
        if self._waiting:
            self._start_later()


_queues: Final[WeakKeyDictionary[AbstractEventLoop, dict[Work, _Queue]]] = WeakKeyDictionary()


async def next_slice(work: Work = Work.REQUEST) -> None:
    """Let the event loop run other tasks, then return: the caller may work for another `SLICE_S` seconds."""
    loop = asyncio.get_running_loop()
    queues = _queues.get(loop)
    if queues is None:
        queues = _queues[loop] = {kind: _Queue() for kind in Work}
    await queues[work].next_slice()
