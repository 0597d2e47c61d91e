"""Steps that a connection can take instead of sending a message.

The steps are plain data: an injected fault returns them, and `perform` carries them out.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any, NamedTuple, Protocol


class Text(NamedTuple):
    """Send a text frame."""

    data: bytes


class Binary(NamedTuple):
    """Send a binary frame."""

    data: bytes


class Fragments(NamedTuple):
    """Send one text message in several frames."""

    parts: tuple[bytes, ...]


class CutShort(NamedTuple):
    """Send the first half of a text frame, then end the TCP connection."""

    data: bytes


class Wait(NamedTuple):
    """Wait before the next step, without blocking the connection."""

    seconds: float


class Close(NamedTuple):
    """Close the WebSocket."""

    code: int
    reason: str


class Reset(NamedTuple):
    """Reset the TCP connection."""


class Stall(NamedTuple):
    """Stop reading for some seconds; None means until the station disconnects."""

    seconds: float | None


type Step = Text | Binary | Fragments | CutShort | Wait | Close | Reset | Stall


class Performer(Protocol):
    """A connection that can take steps."""

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine in a task; the end of the connection cancels it."""

    def transmit(self, text: bytes) -> None:
        """Send a text frame."""

    def send_binary(self, data: bytes) -> None:
        """Send a binary frame."""

    def send_fragments(self, parts: tuple[bytes, ...]) -> None:
        """Send a text message in several frames."""

    def cut_short(self, data: bytes) -> None:
        """Send half of a text frame and end the TCP connection."""

    def close_deaf(self, code: int, reason: str) -> None:
        """Start closing the WebSocket and ignore all further input."""

    def reset(self) -> None:
        """Reset the TCP connection."""

    def stall(self, seconds: float | None) -> None:
        """Stop reading for some seconds; None means until the station disconnects."""


type OnSent = Callable[[bytes | None], None]
"""Called after each Text, Binary, CutShort and Fragments, with its data, even on a closed connection.

For a fault that needs no answer, such as a reset, the session calls this function with None before the steps.
"""


def perform(connection: Performer, steps: Iterable[Step], on_sent: OnSent) -> None:
    """Take the steps in order. After a wait, a task of the connection takes the remaining steps."""
    steps = iter(steps)
    for step in steps:
        if isinstance(step, Wait):
            connection.spawn(_perform_later(connection, step.seconds, steps, on_sent))
            return
        if connection.is_open:
            _take_step(connection, step)
        if isinstance(step, Text | Binary | CutShort):
            on_sent(step.data)
        elif isinstance(step, Fragments):
            on_sent(b"".join(step.parts))


async def _perform_later(
    connection: Performer, seconds: float, steps: Iterator[Step], on_sent: OnSent
) -> None:
    await asyncio.sleep(seconds)
    perform(connection, steps, on_sent)


def _take_step(connection: Performer, step: Step) -> None:
    match step:
        case Text(data):
            connection.transmit(data)
        case Binary(data):
            connection.send_binary(data)
        case Fragments(parts):
            connection.send_fragments(parts)
        case CutShort(data):
            connection.cut_short(data)
        case Close(code, reason):
            connection.close_deaf(code, reason)
        case Reset():
            connection.reset()
        case Stall(seconds):
            connection.stall(seconds)
