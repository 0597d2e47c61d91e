"""Display messages of the simulated station, before and after a case."""

import pytest

from mock_csms.certify.cases.o_steps import message_of, reports
from tests.certify.conftest import Boxes

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_earlier_messages_are_cleared_for_a_case_and_set_again_after_it(box: Boxes) -> None:
    async with box() as run:
        message = {**await message_of(run), "endDateTime": "2099-01-01T00:00:00Z"}
        await run.csms.sends("SetDisplayMessage", {"message": message}, expect="Accepted")

        await run.given.no_display_messages()
        await run.csms.sends("GetDisplayMessages", requestId=1, expect="Unknown")
        assert await run.settle() == []

        await reports(run, message)


async def test_fault_is_repaired_after_a_case(box: Boxes) -> None:
    async with box() as run:
        await run.rig.breaks()
        await run.station.reports("Faulted")

        assert await run.settle() == []
        await run.station.reports("Available")
