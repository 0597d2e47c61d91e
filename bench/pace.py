"""How fast a core runs now: on a shared machine it may run at half of its speed for seconds on end."""

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import mean
from threading import Event, Thread
from time import monotonic, sleep, thread_time
from typing import Final

from bench import machine

STEADY: Final = 0.85
"""A core that runs at less than this share of the fastest that it was seen at is not measured on."""

STEPS: Final = 20_000
SECONDS_BETWEEN_LOOKS: Final = 0.04
LOOKS: Final = 10


class Pace:
    """The speed of a core against the fastest that it was seen at."""

    def __init__(self, core: int | None) -> None:
        self._core = core
        self._fastest = 0.0

    @contextmanager
    def watching(self) -> Iterator[list[float]]:
        """Count for a millisecond on that core now and then; each time adds how fast it was, 1 at best."""
        seen: list[float] = []
        stopped = Event()

        def watch() -> None:
            machine.pin(self._core)  # this thread alone
            while not stopped.wait(SECONDS_BETWEEN_LOOKS):
                speed = _speed()
                self._fastest = max(self._fastest, speed)
                seen.append(speed / self._fastest)

        watcher = Thread(target=watch)
        watcher.start()
        try:
            yield seen
        finally:
            stopped.set()
            watcher.join()

    def wait(self, seconds: float) -> None:
        """Wait until the core is steady, at most so long."""
        deadline = monotonic() + seconds
        with self.watching() as seen:
            while monotonic() < deadline and (len(seen) < LOOKS or mean(seen[-LOOKS:]) < STEADY):
                sleep(SECONDS_BETWEEN_LOOKS)


def _speed() -> float:
    """Additions per second of CPU time."""
    began, total = thread_time(), 0
    for number in range(STEPS):
        total += number
    return STEPS / (thread_time() - began)
