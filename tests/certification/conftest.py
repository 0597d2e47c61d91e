"""A charging session for each case."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.certification.steps import ONLY_VALID_TOKEN, SessionCase
from tests.support.station_case import StationCase


@pytest_asyncio.fixture(loop_scope="session")
async def session(case: StationCase) -> AsyncIterator[SessionCase]:
    """A booted station of the shared mock, which accepts only the valid idToken from this station.

    A station that follows a test case of Part 6 must cause no finding but those that the test expects.
    """
    await case.configure(**ONLY_VALID_TOKEN)
    async with case.booted() as station:
        session = SessionCase(case, station)
        yield session
        assert await session.findings() == session.expected_findings
