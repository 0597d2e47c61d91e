"""Splits the long work of many connections into turns, so that the event loop can serve other connections
between two turns.
"""

from asyncio import AbstractEventLoop
from collections import deque
from typing import Final, Protocol

TURNS_PER_ITERATION: Final = 4
"""Maximum number of turns in one iteration of the event loop; a TLS handshake takes about 1 ms of CPU
time.
"""


class Worker(Protocol):
    """Does long work of a connection in turns."""

    def take_turn(self) -> None:
        """Do one part of the work, and queue again if more is left."""


class Turns:
    """Queue of connections with work to do. In each iteration of the event loop, the first few take one turn
    each.

    The plain way is to work at once. When a fleet of 1,000 stations connects over TLS, the loop would then
    be busy for a second before it reads the next message.
    """

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Worker] = deque()

    def put(self, worker: Worker) -> None:
        """Queue a worker for one turn."""
        if not self._waiting:
            self._loop.call_soon(self._run)
        self._waiting.append(worker)

    def _run(self) -> None:
        try:
            for _ in range(min(TURNS_PER_ITERATION, len(self._waiting))):
                self._waiting.popleft().take_turn()
        finally:  # after an error of one connection, the other connections still get their turn
            if self._waiting:
                self._loop.call_soon(self._run)
