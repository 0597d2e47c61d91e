"""Misbehaving stations on a real socket, and the findings of the server about them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mock_csms.csms import Csms
from mock_csms.simulator.station import SimulatedStation
from tests.conftest import LogLines
from tests.support.linked_station import linked_station


@asynccontextmanager
async def booted(csms: Csms, *misbehaviours: str) -> AsyncIterator[SimulatedStation]:
    """Connect a misbehaving station, and wait until its boot is accepted."""
    station, connection = linked_station(f"ws://{csms.address}", *misbehaviours, speed=100)
    is_booted = asyncio.Event()
    station.core.boot_accepted.connect(is_booted.set)
    connection.open()
    try:
        async with asyncio.timeout(10):
            await is_booted.wait()
        yield station
    finally:
        await connection.aclose()


def finding_ids(csms: Csms) -> set[str]:
    csms.records.end()
    return {finding.id for finding in csms.records.findings}


async def test_event_after_ended_is_found(csms: Csms, log_lines: LogLines) -> None:
    async with booted(csms, "continue-after-ended") as station:
        station.plug_in()
        station.unplug()
        await log_lines.wait_for("finding event-after-ended")

    assert finding_ids(csms) == {"event-after-ended"}


async def test_repeated_answer_is_found(csms: Csms, log_lines: LogLines) -> None:
    async with booted(csms, "repeat-answer"):
        await csms.sessions["CS1"].call("ClearCache", {})
        await log_lines.wait_for("finding answer-repeated")

    assert finding_ids(csms) == {"answer-repeated"}


async def test_unknown_action_is_found(csms: Csms, log_lines: LogLines) -> None:
    async with booted(csms, "send-unknown-action"):
        await log_lines.wait_for("finding unknown-action")

    assert finding_ids(csms) == {"unknown-action"}
