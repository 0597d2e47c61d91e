"""A charging session for each case."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.certification.steps import ONLY_VALID_TOKEN, SessionCase
from tests.support.station_case import StationCase


@pytest_asyncio.fixture(loop_scope="session")
async def session(case: StationCase) -> AsyncIterator[SessionCase]:
    """A charging session at a booted station, from which the shared mock accepts only the valid idToken.

    At the end, the fixture asserts that the station has caused exactly the findings that the test expects: a
    station that follows a test case of Part 6 must cause no others.
    """
    await case.configure(**ONLY_VALID_TOKEN)
    async with case.booted() as station:
        session = SessionCase(case, station)
        yield session
        assert await session.findings() == session.expected_findings
