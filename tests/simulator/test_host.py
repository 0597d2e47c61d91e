"""Time, timers and threads of the event loop for simulated stations."""

import asyncio
import threading
import time
from typing import NoReturn

from mock_csms.simulator.host import LoopHost
from tests.support.station import PATIENCE


async def test_time_is_that_of_the_system() -> None:
    before = time.time()

    assert before <= LoopHost().time() <= time.time()


async def test_timers_are_called_in_order() -> None:
    calls: list[int] = []
    is_done = asyncio.Event()
    host = LoopHost()
    host.call_later(0.02, is_done.set)
    host.call_later(0.01, lambda: calls.append(2))
    host.call_later(0, lambda: calls.append(1))
    async with asyncio.timeout(PATIENCE):
        await is_done.wait()

    assert calls == [1, 2]


async def test_cancelled_timer_is_not_called() -> None:
    calls: list[int] = []
    is_done = asyncio.Event()
    host = LoopHost()
    host.call_later(0, lambda: calls.append(1)).cancel()
    host.call_later(0.01, is_done.set)
    async with asyncio.timeout(PATIENCE):
        await is_done.wait()

    assert calls == []


async def test_result_of_a_thread_comes_in_the_event_loop() -> None:
    results: asyncio.Queue[tuple[int, int]] = asyncio.Queue()
    LoopHost().run_in_thread(
        threading.get_ident,
        lambda thread: results.put_nowait((thread, threading.get_ident())),
        lambda _: None,
    )
    async with asyncio.timeout(PATIENCE):
        worker, caller = await results.get()

    assert caller == threading.get_ident()
    assert worker != caller


async def test_failure_of_a_thread_is_reported() -> None:
    failures: asyncio.Queue[OSError] = asyncio.Queue()
    error = ConnectionRefusedError("no such server")

    def fail() -> NoReturn:
        raise error

    LoopHost().run_in_thread(fail, lambda _: None, failures.put_nowait)
    async with asyncio.timeout(PATIENCE):
        failure = await failures.get()

    assert failure is error
