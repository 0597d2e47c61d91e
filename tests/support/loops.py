"""Runs tests on asyncio's own event loop and on the server's (uvloop), whose transports differ."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from mock_csms.csms import Csms
from mock_csms.mock import listening
from mock_csms.settings import Settings
from server import FASTEST_EVENT_LOOP, VERSIONS
from tests.conftest import Serve

type NewLoop = Callable[[], asyncio.AbstractEventLoop]

each_event_loop = pytest.mark.parametrize(
    "new_loop", [asyncio.SelectorEventLoop, FASTEST_EVENT_LOOP], ids=["asyncio", "fastest"]
)


@asynccontextmanager
async def server_starter() -> AsyncIterator[Serve]:
    """Yield a function that starts servers on the running loop; they stop with the context."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Csms:
            csms = Csms(Settings.model_validate({"port": 0, **settings}), VERSIONS)
            await stack.enter_async_context(listening(csms))
            return csms

        yield start


def run_with_servers(new_loop: NewLoop, test: Callable[[Serve], Awaitable[None]]) -> None:
    """Run a test on a new event loop, with a function that starts servers on it."""

    async def run() -> None:
        async with server_starter() as serve:
            await test(serve)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(run())


def on_both_loops(test: Callable[[Serve], Awaitable[None]]) -> Callable[..., None]:
    """Make a test run once on asyncio's own event loop and once on the server's."""

    @each_event_loop
    def run_on(new_loop: NewLoop) -> None:
        run_with_servers(new_loop, test)

    run_on.__doc__ = test.__doc__
    return run_on
