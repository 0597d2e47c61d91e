"""Turns for long work of many connections. Between two turns, other connections are served."""

from asyncio import AbstractEventLoop
from collections import deque
from typing import Final, Protocol

TURNS_PER_ITERATION: Final = 4
"""Maximum turns in one loop iteration; a TLS handshake takes about 1 ms of CPU time."""


class Worker(Protocol):
    """A connection with work to do."""

    def take_turn(self) -> None:
        """Do a part of the work."""


class Turns:
    """Queue of connections with work to do. In each loop iteration, a few take their turn.

    The plain way is to work at once. When a fleet of 1,000 stations connects over TLS, the loop would then
    be busy for a second before it reads the next message.
    """

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Worker] = deque()

    def put(self, worker: Worker) -> None:
        """Queue a connection for its turn."""
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
