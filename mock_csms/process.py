"""The process that runs a server or simulated stations: limits, signals, garbage collection."""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec


def collect_garbage_rarely() -> None:
    """Collect garbage rarely, and never scan the objects created during start-up."""
    gc.freeze()
    gc.set_threshold(50_000, 10, 20)
    gc.enable()


def raise_open_file_limit() -> None:
    """Raise RLIMIT_NOFILE to its hard limit; the usual soft limit is 1,024."""
    if find_spec("resource"):  # Windows has no RLIMIT_NOFILE
        resource = import_module("resource")
        _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))


@contextmanager
def stopping_on_signals(stop: Callable[[], object], is_stopping: Callable[[], bool]) -> Iterator[None]:
    """Call ``stop`` on SIGINT or SIGTERM; a signal while stopping ends the process at once."""
    loop = asyncio.get_running_loop()

    def on_signal(number: int) -> None:
        if is_stopping():
            logging.shutdown()
            os._exit(128 + number)
        stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, on_signal, number)
        except NotImplementedError:  # not supported by event loops on Windows
            signal.signal(number, lambda number, _: loop.call_soon_threadsafe(on_signal, number) and None)
    yield
