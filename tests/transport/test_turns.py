"""Connections take turns at long work, so that others are served in between."""

import asyncio
from typing import Any

from mock_csms.transport.turns import TURNS_PER_ITERATION, Turns


class CountingWorker:
    """Worker that asks for another turn until it has had ``wanted`` turns."""

    def __init__(self, turns: Turns, wanted: int = 1) -> None:
        self.turns = turns
        self.taken = 0
        self.wanted = wanted

    def take_turn(self) -> None:
        self.taken += 1
        if self.taken < self.wanted:
            self.turns.put(self)


async def test_few_turns_are_taken_in_each_loop_iteration() -> None:
    turns = Turns(asyncio.get_running_loop())
    workers = [CountingWorker(turns) for _ in range(TURNS_PER_ITERATION * 3)]
    for worker in workers:
        turns.put(worker)
    for iteration in 1, 2, 3:
        await asyncio.sleep(0)
        assert sum(worker.taken for worker in workers) == iteration * TURNS_PER_ITERATION


async def test_connection_with_more_work_waits_behind_the_others() -> None:
    turns = Turns(asyncio.get_running_loop())
    greedy, *others = [
        CountingWorker(turns, 10),
        *(CountingWorker(turns) for _ in range(TURNS_PER_ITERATION)),
    ]
    for worker in greedy, *others:
        turns.put(worker)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert all(worker.taken == 1 for worker in others)
    assert greedy.taken == 2


async def test_connection_that_fails_does_not_keep_the_others_waiting() -> None:
    class BrokenWorker:
        def take_turn(self) -> None:
            raise ValueError("broken")

    loop = asyncio.get_running_loop()
    failures: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: failures.append(context))
    turns = Turns(loop)
    other = CountingWorker(turns)
    turns.put(BrokenWorker())
    turns.put(other)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert other.taken == 1
    assert len(failures) == 1
