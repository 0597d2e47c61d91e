"""Callers that wait for the next connection of a station."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from mock_csms.stations.spellings import spelling_key

MAX_AWAITING: Final = 1_000
"""Maximum number of callers that wait, for all stations together."""
MAX_AWAITING_ONE: Final = 100


class TooManyWaiting(Exception):
    """The maximum number of callers already waits for one station or for all; the message says which."""


class Arrivals[Visitor]:
    """Calls functions when a station connects, in the order of their registration."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Callable[[Visitor], None]]] = {}
        self.count = 0
        """Number of callers that wait."""

    @contextmanager
    def waiting(self, station: str, begin: Callable[[Visitor], None]) -> Iterator[None]:
        """Call ``begin`` with the next connection of a station, if the station connects during the context.

        Raises TooManyWaiting.
        """
        key = spelling_key(station)
        self._check_room(station, key)
        self._waiting.setdefault(key, []).append(begin)
        self.count += 1
        try:
            yield
        finally:
            self._leave(key, begin)

    def connected(self, station: str, visitor: Visitor) -> None:
        """Call the functions that wait for ``station``, with ``visitor``: the connection it has opened."""
        if self._waiting and (waiting := self._waiting.pop(spelling_key(station), None)):
            self.count -= len(waiting)
            for begin in waiting:
                begin(visitor)

    def _check_room(self, station: str, key: str) -> None:
        if len(self._waiting.get(key, ())) >= MAX_AWAITING_ONE:
            raise TooManyWaiting(
                f"{MAX_AWAITING_ONE} commands already wait for {station} to connect, which is the maximum"
            )
        if self.count >= MAX_AWAITING:
            raise TooManyWaiting(
                f"{MAX_AWAITING} commands already wait for stations to connect, which is the maximum"
            )

    def _leave(self, key: str, begin: Callable[[Visitor], None]) -> None:
        waiting = self._waiting.get(key, [])
        if begin in waiting:
            waiting.remove(begin)
            self.count -= 1
            if not waiting:
                del self._waiting[key]
