"""Requirements for all messages of a central system (Part 2, general requirements)."""

import asyncio
import json

import pytest

from tests.support.control import BOOT
from tests.support.station import receive
from tests.support.station_case import StationCase

pytestmark = pytest.mark.asyncio(loop_scope="session")

HEARTBEAT = '[2,"h","Heartbeat",{}]'


async def test_fr_01_second_command_waits_for_the_answer_to_the_first(case: StationCase) -> None:
    async with case.raw_connection() as connection:
        commands = asyncio.gather(case.send("ClearCache"), case.send("ClearCache"))
        _, first_id, *_ = await receive(connection)
        await case.state()  # by now, the mock has received both requests
        await connection.send(HEARTBEAT)
        assert (await receive(connection))[:2] == [3, "h"]
        await connection.send(json.dumps([3, first_id, {"status": "Accepted"}]))
        _, second_id, *_ = await receive(connection)
        await connection.send(json.dumps([3, second_id, {"status": "Accepted"}]))
        assert [answer.json()["outcome"] for answer in await commands] == ["result", "result"]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('[2,"h","Heartbeat",{"currentTime":1}]', "FormatViolation"),
        ('[2,"h","Authorize",{}]', "OccurenceConstraintViolation"),
        ('[2,"h","Fly",{}]', "NotImplemented"),
        ('[2,"h","Heartbeat"]', "ProtocolError"),
    ],
)
async def test_fr_03_invalid_message_gets_a_call_error(case: StationCase, frame: str, code: str) -> None:
    async with case.raw_connection() as connection:
        await connection.send(frame)
        assert (await receive(connection))[:3] == [4, "h", code]


@pytest.mark.parametrize("frame", [HEARTBEAT, '[2,"h","Authorize",{}]', '[2,"h","Fly",{}]'])
async def test_fr_04_message_of_a_rejected_station_gets_a_security_error(
    case: StationCase, frame: str
) -> None:
    """Before the errata, the requirement also applied to a station whose boot is Pending."""
    await case.configure(boot_status="Rejected")
    async with case.raw_connection() as connection:
        await connection.send(BOOT)
        assert (await receive(connection))[2]["status"] == "Rejected"
        await connection.send(frame)
        assert (await receive(connection))[:3] == [4, "h", "SecurityError"]
