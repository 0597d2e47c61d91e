"""Waiting for the station under test."""

import asyncio

import pytest

from mock_csms.certify import opening
from mock_csms.certify.opening import NoStation, await_station
from mock_csms.certify.server_process import Addresses
from mock_csms.certify.station_file import StationFile, StationTable, TimesTable
from mock_csms.client import AsyncClient
from tests.support.station import Station, connected_to

FILE = StationFile(station=StationTable(identity="CS1"), times=TimesTable(boot=5))


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a connected station only 0.1 s to boot, after which `await_station` resets it."""
    monkeypatch.setattr(opening, "BOOT_AFTER_CONNECTION_S", 0.1)


async def boot_after_reset(station: Station) -> None:
    await station.next("Reset")
    await station.boot("RemoteReset")


async def test_station_that_connects_without_a_boot_is_reset(
    addresses: Addresses, client: AsyncClient
) -> None:
    written: list[str] = []
    async with connected_to(str(addresses.ws), "CS1") as station, asyncio.TaskGroup() as tasks:
        tasks.create_task(boot_after_reset(station))
        await await_station(client, FILE, addresses, written.append)

    assert written == ["CS1 has connected without a BootNotification; it is reset\n"]


async def test_station_that_neither_boots_nor_resets_is_to_be_restarted(
    addresses: Addresses, client: AsyncClient
) -> None:
    times = TimesTable(boot=0.3)
    async with connected_to(str(addresses.ws), "CS1"):
        with pytest.raises(NoStation, match="has connected, but has not booted after a Reset; restart it"):
            await await_station(client, FILE.model_copy(update={"times": times}), addresses, lambda _: None)
