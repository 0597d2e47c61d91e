"""Slices of long requests: each iteration of the event loop runs only one slice of each kind of work."""

import asyncio

from mock_csms.control.slices import Work, next_slice
from tests.support.control import patiently


async def test_one_request_works_in_each_iteration_of_the_loop() -> None:
    iterations, working, is_done = 0, list[int](), asyncio.Event()

    def count() -> None:
        nonlocal iterations
        iterations += 1
        if not is_done.is_set():
            asyncio.get_running_loop().call_soon(count)

    async def work() -> None:
        for _ in range(3):
            await next_slice()
            working.append(iterations)

    asyncio.get_running_loop().call_soon(count)
    await patiently(asyncio.gather(*(work() for _ in range(10))))
    is_done.set()
    assert len(working) == len(set(working)) == 30


async def test_waiting_transfers_do_not_delay_other_requests() -> None:
    transfers = [asyncio.create_task(next_slice(Work.TRANSFER)) for _ in range(20)]
    await asyncio.sleep(0)
    await patiently(next_slice())
    assert sum(transfer.done() for transfer in transfers) <= 2
    await patiently(asyncio.wait(transfers))


async def test_cancelled_request_does_not_hold_up_the_others() -> None:
    tasks = [asyncio.create_task(next_slice()) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await patiently(asyncio.wait(tasks))
    assert [task.cancelled() for task in tasks] == [True, False, False]
