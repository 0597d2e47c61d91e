"""Time-outs of many connections on one timer."""

from asyncio import AbstractEventLoop, TimerHandle
from typing import Protocol


class Droppable(Protocol):
    """A connection that can be dropped."""

    def drop(self) -> None:
        """End the TCP connection at once."""


class Deadlines:
    """Drops connections that take longer than ``timeout_s`` for one phase, such as the handshake.

    The plain way is a timer per connection, at 0.4 KiB and an entry in the loop's heap for each of 10,000
    stations. All time-outs here are equally long, so the first to begin is the first to expire, and one timer
    is enough.
    """

    def __init__(self, loop: AbstractEventLoop, timeout_s: float) -> None:
        self._loop = loop
        self._timeout_s = timeout_s
        self._due: dict[Droppable, float] = {}
        self._timer: TimerHandle | None = None

    def begin(self, connection: Droppable) -> None:
        """Start the time-out of a connection, unless it is running already."""
        self._due.setdefault(connection, self._loop.time() + self._timeout_s)
        if self._timer is None:
            self._timer = self._loop.call_later(self._timeout_s, self._drop_overdue)

    def end(self, connection: Droppable) -> None:
        """Cancel the time-out of a connection."""
        self._due.pop(connection, None)

    def _drop_overdue(self) -> None:
        self._timer, now = None, self._loop.time()
        while self._due:
            connection, due = next(iter(self._due.items()))
            if due > now:
                self._timer = self._loop.call_at(due, self._drop_overdue)
                return
            del self._due[connection]
            connection.drop()
