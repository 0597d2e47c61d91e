"""Answers to a station that a fault holds back until they are released."""

from collections.abc import Callable, Iterator
from time import time
from typing import Final, NamedTuple

from mock_csms.messages import Call

MAX_HELD: Final = 200
"""Maximum number of held answers of one connection."""
MAX_HELD_BYTES: Final = 2**20
"""Maximum bytes of the held answers of one connection together with their CALLs."""


class HeldAnswer(NamedTuple):
    """An answer that is held back."""

    action: str
    message_id: str
    since: float
    """Time of the CALL in seconds since the epoch."""
    size: int
    """Bytes of the CALL and of the answer."""
    send: Callable[[], None]
    drop: Callable[[], None]
    """Called instead of ``send`` if the connection ends."""

    @property
    def elapsed_s(self) -> float:
        """Seconds since the CALL."""
        return time() - self.since


def held_answer(call: Call, frame: bytes, send: Callable[[], None], drop: Callable[[], None]) -> HeldAnswer:
    """Make the held answer to a CALL that has just been received."""
    return HeldAnswer(call.action, call.message_id, time(), len(call.raw) + len(frame), send, drop)


class HeldAnswers:
    """The held answers of one connection, the oldest first."""

    __slots__ = ("_answers", "_last", "_size")

    def __init__(self) -> None:
        self._answers: dict[int, HeldAnswer] = {}
        self._last = 0
        self._size = 0

    def __iter__(self) -> Iterator[HeldAnswer]:
        return iter(self._answers.values())

    def add(self, answer: HeldAnswer) -> None:
        """Hold back an answer. While a limit is exceeded, send the oldest held answer, to keep the order."""
        self._last += 1
        self._answers[self._last] = answer
        self._size += answer.size
        while len(self._answers) > MAX_HELD or self._size > MAX_HELD_BYTES:
            self._pop(next(iter(self._answers))).send()

    def released(self, action: str | None, count: int | None) -> Iterator[HeldAnswer]:
        """Send and yield the oldest ``count`` held answers (None: all) to an action (None: to any)."""
        numbers = [
            number for number, answer in self._answers.items() if action is None or answer.action == action
        ]
        for number in numbers[:count]:
            if number in self._answers:  # the connection may end meanwhile
                answer = self._pop(number)
                answer.send()
                yield answer

    def drop_all(self) -> None:
        """Drop all answers because the connection has ended."""
        for number in list(self._answers):
            self._pop(number).drop()

    def _pop(self, number: int) -> HeldAnswer:
        answer = self._answers.pop(number)
        self._size -= answer.size
        return answer
