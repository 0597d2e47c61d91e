"""The services that a simulated station needs from its surroundings: time, timers and threads."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A scheduled callback."""

    def cancel(self) -> None:
        """Cancel the callback."""


class Host(Protocol):
    """Time, timers and threads; tests use a host with virtual time."""

    def time(self) -> float:
        """Seconds since the epoch."""

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        """Call a callback after a delay."""

    def run_in_thread[T](
        self,
        function: Callable[[], T],
        on_result: Callable[[T], object],
        on_failure: Callable[[OSError], object],
    ) -> None:
        """Run a blocking function in a thread. Then, in the event loop, call ``on_result`` with its result
        or ``on_failure`` with its OSError.
        """


class LoopHost:
    """A Host on the running asyncio event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        """Call a callback after a delay."""
        return self._loop.call_later(delay_s, callback)

    def run_in_thread[T](
        self,
        function: Callable[[], T],
        on_result: Callable[[T], object],
        on_failure: Callable[[OSError], object],
    ) -> None:
        """Run a blocking function in a thread. Then, in the event loop, call ``on_result`` with its result
        or ``on_failure`` with its OSError.
        """

        async def run() -> None:
            try:
                result = await asyncio.to_thread(function)
            except OSError as error:
                on_failure(error)
            else:
                on_result(result)

        task = self._loop.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
