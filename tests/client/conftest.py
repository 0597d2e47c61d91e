"""A server for each module, a client in its event loop, and an unused station identity for each test."""

from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio

from mock_csms.client import AsyncClient, AsyncStationHandle
from tests.support.control import Mock, driven
from tests.support.station import Station, connected


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mock() -> AsyncIterator[Mock]:
    """A server with the default settings and an HTTP client of its API, shared by the tests of a module."""
    async with driven() as (csms, client):
        yield csms, client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(mock: Mock) -> AsyncIterator[AsyncClient]:
    """An `AsyncClient` connected to the server."""
    async with AsyncClient(mock[0].control) as client:
        yield client


@pytest.fixture
def station_id(numbers: "count[int]") -> str:
    """An identity that no other test of the module uses."""
    return f"CS{next(numbers)}"


@pytest.fixture(scope="module")
def numbers() -> "count[int]":
    """Counter that makes the identities in a module unique."""
    return count(1)


@pytest_asyncio.fixture(loop_scope="module")
async def peer(mock: Mock, station_id: str) -> AsyncIterator[Station]:
    """An `ocpp` station that has connected and booted."""
    async with connected(mock[0], station_id) as station:
        await station.boot()
        yield station


@pytest.fixture
def station(client: AsyncClient, peer: Station, station_id: str) -> AsyncStationHandle:
    """The client's handle of the station `peer`."""
    return client.station(station_id)
