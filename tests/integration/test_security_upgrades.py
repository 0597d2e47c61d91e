"""A station whose security profile was upgraded, and the ways back to a lower profile (A05)."""

from http import HTTPStatus
from typing import Any

import pytest

from mock_csms.csms import Csms
from tests.conftest import LogLines, Serve
from tests.support.control import driven
from tests.support.secured import refused_status
from tests.support.station import connected


async def test_lower_profile_than_the_upgraded_one_is_refused_with_the_reason(
    serve: Serve, log_lines: LogLines
) -> None:
    csms = await serve()
    upgrade(csms)
    assert await refused_status(f"ws://{csms.address}") == HTTPStatus.FORBIDDEN
    await log_lines.wait_for("speaks plain text", "upgraded to security profile 2", "A05.FR.07")


async def test_upgrade_of_one_station_leaves_others_alone(serve: Serve) -> None:
    csms = await serve()
    upgrade(csms)
    async with connected(csms, "CS2") as station:
        assert (await station.boot()).status == "Accepted"


@pytest.mark.parametrize("query", [{}, {"station": "CS*"}])
async def test_reset_ends_the_upgrade(query: dict[str, Any]) -> None:
    async with driven() as (csms, client):
        async with connected(csms) as station:
            await station.boot()
        upgrade(csms)
        assert (await client.post("/v1/reset", params=query)).is_success
        async with connected(csms) as station:
            assert (await station.boot()).status == "Accepted"


def upgrade(csms: Csms) -> None:
    """Record what upgrades CS1 to security profile 2: accepted commands, and a connection with profile 2."""
    csms.upgrades.slot_accepted("CS1", 0, 2, 2)
    csms.upgrades.priority_accepted("CS1", 0, [2, 1])
    csms.upgrades.connected("CS1", 2)
