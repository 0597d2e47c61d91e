"""Writes of many connections, one after the other."""

from asyncio import AbstractEventLoop
from typing import Final, Protocol

BATCH_SIZE: Final = 32
"""Most connections whose messages wait for each other."""


class Writer(Protocol):
    """A connection with messages to write."""

    def write_out(self) -> None:
        """Write them."""


class Outbox:
    """Lets connections write together once all that arrived in one turn of the loop is answered.

    Writing each answer at once would wake a reader on the same machine for every message, and move the
    processor between the kernel and Python each time: together they take a tenth less time where messages
    are many. A single message is not kept waiting.
    """

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[Writer] = []

    def put(self, writer: Writer) -> None:
        """Let a connection write at the end of this turn of the loop, or at once if the batch is full."""
        waiting = self._waiting
        if not waiting:
            self._loop.call_soon(self._write_out)
        waiting.append(writer)
        if len(waiting) == BATCH_SIZE:
            self._write_out()

    def _write_out(self) -> None:
        waiting, self._waiting = self._waiting, []
        for writer in waiting:
            writer.write_out()
