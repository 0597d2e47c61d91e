"""An event loop in a thread, for code that does not use asyncio."""

import asyncio
import sys
from collections.abc import Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import AbstractAsyncContextManager, contextmanager
from threading import Event, Lock, Thread, current_thread
from typing import Any, Final

from mock_csms.client.failures import ClientError, StationFailure, WrongArgument

__tracebackhide__ = True

INTERRUPTIBLE_S: Final = 0.2 if sys.platform == "win32" else None
"""Seconds between checks for Ctrl+C in a wait on Windows; None elsewhere, where Ctrl+C interrupts a wait."""


class Portal:
    """Runs coroutines in its own thread; any thread may wait for their results."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._is_open = True
        self._started = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), name="mock-csms-client", daemon=True)
        self._thread.start()
        self._started.wait()

    async def _serve(self) -> None:
        """Run until `close`; `asyncio.run` then cancels all other work."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._started.set()
        await self._stop.wait()

    def run[Result](self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine and return its result; cancel it if Ctrl+C interrupts the calling thread."""
        future = self._start(work)
        try:
            return _result_of(future)
        except (ClientError, StationFailure, WrongArgument) as failure:
            raise failure.with_traceback(None)  # noqa: B904 - the frames of the other thread do not help
        except CancelledError:
            raise ClientError("the client is closed") from None
        finally:
            future.cancel()

    @contextmanager
    def entered[Value](self, context: AbstractAsyncContextManager[Value]) -> Iterator[Value]:
        """Enter ``context`` in the event loop of the portal, and exit it after the ``with`` block."""
        value = self.run(context.__aenter__())
        try:
            yield value
        except BaseException as error:
            if not self.run(context.__aexit__(type(error), error, error.__traceback__)):
                raise
        else:
            self.run(context.__aexit__(None, None, None))

    def _start[Result](self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        with self._lock:
            if self._is_open and current_thread() is not self._thread:
                return asyncio.run_coroutine_threadsafe(work, self._loop)
        work.close()
        if self._is_open:
            raise ClientError("a condition of a wait must not use the client")
        raise ClientError("the client is closed")

    def close(self, last_work: Coroutine[Any, Any, None]) -> None:
        """Run a last coroutine and end the thread; does nothing the second time."""
        if not self._is_open:
            last_work.close()
            return
        try:
            self.run(last_work)
        finally:
            with self._lock:
                self._is_open = False
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()


def _result_of[Result](future: Future[Result]) -> Result:
    while True:
        try:
            return future.result(INTERRUPTIBLE_S)
        except TimeoutError:
            if future.done():  # the work itself raised it
                raise
