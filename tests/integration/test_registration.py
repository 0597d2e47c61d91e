"""Messages and commands before the boot is accepted (B01 to B03)."""

import asyncio

import pytest
from ocpp.exceptions import SecurityError
from ocpp.v201 import call

from tests.conftest import LogLines, Serve
from tests.support.station import connected, now


async def test_each_station_has_its_own_position_in_the_boot_sequence(serve: Serve) -> None:
    csms = await serve(
        boot_status_sequence="Pending,Rejected,Accepted", heartbeat_interval=60, boot_retry_interval=7
    )
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two:
        answers = [await station.boot() for station in (one, one, two, one, one, two)]
    assert [(answer.status, answer.interval) for answer in answers] == [
        ("Pending", 7),
        ("Rejected", 7),
        ("Pending", 7),
        ("Accepted", 60),
        ("Accepted", 60),
        ("Rejected", 7),
    ]


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
async def test_station_that_is_not_accepted_gets_a_security_error(serve: Serve, status: str) -> None:
    """B02.FR.09, TC_B_30_CSMS."""
    csms = await serve(boot_status=status)
    async with connected(csms) as station:
        await station.boot()
        with pytest.raises(SecurityError):
            await station.status()
        with pytest.raises(SecurityError):
            await station.send(call.Heartbeat())
    assert csms.stations["CS1"].connectors == {}


async def test_pending_station_gets_commands_and_may_send_the_messages_they_request(serve: Serve) -> None:
    csms = await serve(boot_status="Pending", commands="GetBaseReport:0,TriggerMessage:0")
    async with connected(csms) as station:
        await station.boot()
        request_id = (await station.next("GetBaseReport"))["request_id"]
        await station.next("TriggerMessage")
        await station.send(call.NotifyReport(request_id=request_id, generated_at=now(), seq_no=0))
        await station.status()
        with pytest.raises(SecurityError):
            await station.send(call.NotifyReport(request_id=request_id + 100, generated_at=now(), seq_no=0))
        with pytest.raises(SecurityError):
            await station.send(call.Heartbeat())


async def test_rejected_station_gets_no_command_until_it_is_accepted(
    serve: Serve, log_lines: LogLines
) -> None:
    """B03, errata 2.3.1."""
    csms = await serve(boot_status_sequence="Rejected,Accepted", command="ClearCache", delay=0)
    async with connected(csms) as station:
        await station.boot()
        await asyncio.wait_for(station.connection.ping(), 10)
        assert station.order == []
        await station.boot()
        await station.next("ClearCache")


async def test_registration_survives_a_reconnect(serve: Serve) -> None:
    csms = await serve(boot_status="Pending")
    async with connected(csms) as station:
        await station.boot()
    async with connected(csms) as station:
        with pytest.raises(SecurityError):
            await station.send(call.Heartbeat())
