"""Client of the control API, in the event loop of anyio's plugin for pytest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mock_csms.client import AsyncClient
    from mock_csms.pytest_plugin.processes import ServerProcess


@pytest.fixture(name="_async_csms_of_anyio")
async def connected(csms_server: ServerProcess, anyio_backend_name: str) -> AsyncIterator[AsyncClient]:
    """A client of the control API of the test's server, in the event loop of the test."""
    if anyio_backend_name != "asyncio":
        pytest.fail(
            f"async_csms needs asyncio, not {anyio_backend_name}; return 'asyncio' from anyio_backend",
            pytrace=False,
        )
    async with csms_server.async_client() as client:
        yield client
