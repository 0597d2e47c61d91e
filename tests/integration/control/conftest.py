"""A server with its control API for each module, and an unused identity for each test."""

from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio

from tests.support.control import Mock, driven


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mock() -> AsyncIterator[Mock]:
    """A server with the default settings and an HTTP client of its API, shared by the tests of a module."""
    async with driven() as (csms, client):
        yield csms, client


@pytest.fixture
def station_id(numbers: "count[int]") -> str:
    """An identity that no other test of the module uses."""
    return f"CS{next(numbers)}"


@pytest.fixture(scope="module")
def numbers() -> "count[int]":
    """Counter that makes the identities in a module unique."""
    return count(1)
