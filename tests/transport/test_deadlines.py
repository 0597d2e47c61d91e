"""Time-outs of many connections on one timer."""

import asyncio
from collections.abc import Callable

from mock_csms.transport.deadlines import Deadlines

SOON = 0.02
"""Time-out of each connection in these tests, in seconds."""


def deadlines_with(expire: Callable[[str], None]) -> Deadlines[str]:
    return Deadlines(asyncio.get_running_loop(), SOON, expire)


async def test_overdue_connections_expire_in_order() -> None:
    expired: asyncio.Queue[str] = asyncio.Queue()
    deadlines = deadlines_with(expired.put_nowait)
    for name in ("a", "b", "c"):
        deadlines.begin(name)
    deadlines.end("b")
    assert [await expired.get(), await expired.get()] == ["a", "c"]
    assert len(deadlines) == 0


async def test_restarted_connection_expires_after_the_others() -> None:
    expired: asyncio.Queue[str] = asyncio.Queue()
    deadlines = deadlines_with(expired.put_nowait)
    deadlines.begin("a")
    deadlines.begin("b")
    deadlines.restart("a")
    assert [await expired.get(), await expired.get()] == ["b", "a"]


async def test_oldest_is_taken_out() -> None:
    deadlines = deadlines_with(lambda _: None)
    deadlines.begin("a")
    deadlines.begin("b")
    assert [deadlines.pop_oldest(), deadlines.pop_oldest(), deadlines.pop_oldest()] == ["a", "b", None]
