"""Time-outs of many connections on one timer."""

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable


class Deadlines[Connection]:
    """Calls ``expire`` with each connection whose time-out has run for ``timeout_s``.

    The plain way is a timer per connection. It takes 0.4 KiB and an entry in the loop's heap for each of
    10,000 stations. All time-outs here are equally long, so that the first one to begin is the first one to
    expire, and one timer is enough.
    """

    def __init__(
        self, loop: AbstractEventLoop, timeout_s: float, expire: Callable[[Connection], None]
    ) -> None:
        self._loop = loop
        self._timeout_s = timeout_s
        self._expire = expire
        self._due: dict[Connection, float] = {}
        self._timer: TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._due)

    def begin(self, connection: Connection) -> None:
        """Start the time-out of a connection, unless it is already running."""
        self._due.setdefault(connection, self._loop.time() + self._timeout_s)
        if self._timer is None:
            self._timer = self._loop.call_later(self._timeout_s, self._expire_overdue)

    def restart(self, connection: Connection) -> None:
        """Start the time-out of a connection again, from now."""
        self.end(connection)
        self.begin(connection)

    def end(self, connection: Connection) -> None:
        """Cancel the time-out of a connection."""
        self._due.pop(connection, None)

    def pop_oldest(self) -> Connection | None:
        """Cancel the oldest time-out and return its connection; None if no time-out is running."""
        oldest = next(iter(self._due), None)
        if oldest is not None:
            del self._due[oldest]
        return oldest

    def _expire_overdue(self) -> None:
        self._timer, now = None, self._loop.time()
        while self._due:
            connection, due = next(iter(self._due.items()))
            if due > now:
                self._timer = self._loop.call_at(due, self._expire_overdue)
                return
            del self._due[connection]
            self._expire(connection)
