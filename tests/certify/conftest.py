"""A server in this process, a client of it, and its addresses."""

from collections.abc import AsyncIterator

import pytest

from mock_csms.certify.server_process import Addresses
from mock_csms.client import AsyncClient
from tests.support.control import driven


@pytest.fixture
async def addresses() -> AsyncIterator[Addresses]:
    """The addresses of a server with the default settings."""
    async with driven() as (csms, _):
        yield Addresses(csms.control, f"ws://{csms.address}", None)


@pytest.fixture
async def client(addresses: Addresses) -> AsyncIterator[AsyncClient]:
    """A client of the server."""
    async with AsyncClient(addresses.control) as client:
        yield client
