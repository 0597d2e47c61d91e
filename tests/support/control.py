"""A server in this process with its control API, and a client of that."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx

from mock_csms.control.serving import controlled
from mock_csms.csms import Csms
from mock_csms.mock import listening, recording
from mock_csms.settings import Settings
from server import VERSIONS
from tests.support.station import PATIENCE


@asynccontextmanager
async def driven(**settings: Any) -> AsyncIterator[tuple[Csms, httpx.AsyncClient]]:
    """Serve stations and the control API on free ports while the context lasts."""
    csms = Csms(Settings.model_validate({"port": 0, **settings}), VERSIONS)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(listening(csms))
        await stack.enter_async_context(recording(csms))
        await stack.enter_async_context(controlled(csms))
        yield csms, await stack.enter_async_context(client_of(csms.control))


def client_of(url: str) -> httpx.AsyncClient:
    """Make a client that asks this server and no proxy."""
    return httpx.AsyncClient(base_url=url, timeout=PATIENCE, trust_env=False, verify=False)
