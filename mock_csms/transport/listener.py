"""Where stations come in, and what all their connections share."""

import asyncio
from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable
from typing import Final, Protocol

from websockets.http11 import Request, Response

WRITTEN_TOGETHER: Final = 32
"""Connections whose messages wait for each other, at most."""


class Writer(Protocol):
    """Something that has messages to write."""

    def write_out(self) -> None:
        """Write them."""


class Droppable(Protocol):
    """Something that can be ended."""

    def drop(self) -> None:
        """End it."""


class Deadlines:
    """Drops connections that take more than so many seconds for something, with one timer for all of them."""

    def __init__(self, loop: AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._seconds = seconds
        self._due: dict[Droppable, float] = {}
        self._timer: TimerHandle | None = None

    def begin(self, connection: Droppable) -> None:
        """Give a connection its time, unless it runs already."""
        self._due.setdefault(connection, self._loop.time() + self._seconds)
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._look)

    def end(self, connection: Droppable) -> None:
        """Let a connection be."""
        self._due.pop(connection, None)

    def _look(self) -> None:
        self._timer, now = None, self._loop.time()
        while self._due:
            connection, due = next(iter(self._due.items()))
            if due > now:
                self._timer = self._loop.call_at(due, self._look)
                return
            del self._due[connection]
            connection.drop()


class Outbox:
    """Has connections write one after the other, when all that came in one turn of the loop is answered.

    A reader on the same machine is then woken once and not for each message, and the processor stays in one
    part of the system: a tenth of all the work where messages are many. A single one is not kept waiting.
    """

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[Writer] = []

    def put(self, writer: Writer) -> None:
        """Have a connection write soon, or at once."""
        waiting = self._waiting
        if not waiting:
            self._loop.call_soon(self._write_out)
        waiting.append(writer)
        if len(waiting) == WRITTEN_TOGETHER:
            self._write_out()

    def _write_out(self) -> None:
        waiting, self._waiting = self._waiting, []
        for writer in waiting:
            writer.write_out()


class Entrance[Connection: Droppable]:
    """Where stations come in.

    ``admit`` refuses an opening handshake with the response that it returns, ``enter`` begins to serve who
    came in.
    """

    def __init__(
        self,
        admit: Callable[[Connection, Request], Response | None],
        enter: Callable[[Connection], None],
        *,
        seconds_to_open: float,
        seconds_to_close: float,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.admit = admit
        self.enter = enter
        self.opening = Deadlines(loop, seconds_to_open)
        self.closing = Deadlines(loop, seconds_to_close)
        self.outbox = Outbox(loop)
        self.connections: set[Connection] = set()
