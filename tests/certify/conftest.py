"""A server in this process, its addresses, a client of the server, and runs of cases at its stations."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count

import pytest
import pytest_asyncio

from mock_csms.certify.box import box_station, file_of_box
from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.server_process import Addresses
from mock_csms.client import AsyncClient
from tests.support.control import driven

type Boxes = Callable[..., AbstractAsyncContextManager[CaseRun]]


@pytest.fixture
async def addresses() -> AsyncIterator[Addresses]:
    """The addresses of a server with the default settings."""
    async with driven() as (csms, _):
        yield Addresses(csms.control, f"ws://{csms.address}", None)


@pytest.fixture
async def client(addresses: Addresses) -> AsyncIterator[AsyncClient]:
    """A client of the control API of the server."""
    async with AsyncClient(addresses.control) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def box() -> AsyncIterator[Boxes]:
    """Yield a function that opens a `CaseRun` at a new simulated station, which has booted."""
    numbers = count(1)
    async with driven() as (csms, _), AsyncClient(csms.control) as client:

        @asynccontextmanager
        async def run(*misbehaviours: str) -> AsyncIterator[CaseRun]:
            identity = f"BOX{next(numbers)}"
            url = f"ws://{csms.address}"
            async with box_station(identity, url, misbehaviours) as rig:
                handle = client.station(identity)
                await handle.waits_for("SecurityEventNotification")
                await handle.skip_to_now()
                yield CaseRun(client, handle, file_of_box(identity), rig)

        yield run
