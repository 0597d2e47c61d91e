"""Availability: requirements of block G for a central system."""

from datetime import UTC, datetime, timedelta

import pytest
from ocpp.v201 import call

from mock_csms.stations.transactions import parse_timestamp
from tests.certification.steps import SessionCase
from tests.support.station_case import StationCase

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def clock_error(session: SessionCase) -> timedelta:
    """Difference between the currentTime of a Heartbeat and the real time."""
    current_time = parse_timestamp((await session.station.send(call.Heartbeat())).current_time)
    assert current_time is not None
    return current_time - datetime.now(UTC)


async def test_g02_fr_03_answer_to_a_heartbeat_has_the_current_time(session: SessionCase) -> None:
    """With ``--clock-skew``, the currentTime is wrong by the skew, on purpose."""
    assert timedelta(seconds=-5) < await clock_error(session) <= timedelta()
    await session.case.configure(clock_skew=3600)
    assert timedelta(minutes=59) < await clock_error(session) <= timedelta(hours=1)


async def test_g02_fr_04_station_is_available_with_its_first_message(case: StationCase) -> None:
    async with case.connected() as station:
        assert (await case.state())["lastMessage"] is None
        await station.status()
        state = await case.state()
    assert (state["connected"], state["lastMessage"] is None) == (True, False)
