"""Display messages of the station in the box, before and after a case."""

from collections.abc import AsyncIterator

import pytest

from mock_csms.certify.box import file_of_box, station_in_the_box
from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.o_steps import message_of, reports
from mock_csms.certify.server_process import Addresses
from mock_csms.client import AsyncClient


@pytest.fixture
async def run(client: AsyncClient, addresses: Addresses) -> AsyncIterator[CaseRun]:
    """A case at a station that has booted."""
    assert addresses.ws is not None
    async with station_in_the_box("CS001", addresses.ws) as rig:
        handle = client.station("CS001")
        await handle.waits_for("SecurityEventNotification")
        await handle.skip_to_now()
        yield CaseRun(client, handle, file_of_box("CS001"), rig)


async def test_earlier_messages_are_cleared_for_a_case_and_set_again_after_it(run: CaseRun) -> None:
    message = {**await message_of(run), "endDateTime": "2099-01-01T00:00:00Z"}
    await run.csms.sends("SetDisplayMessage", {"message": message}, expect="Accepted")

    await run.given.no_display_messages()
    await run.csms.sends("GetDisplayMessages", requestId=1, expect="Unknown")
    assert await run.settle() == []

    await reports(run, message)


async def test_fault_is_repaired_after_a_case(run: CaseRun) -> None:
    await run.rig.breaks()
    await run.station.reports("Faulted")

    assert await run.settle() == []
    await run.station.reports("Available")
