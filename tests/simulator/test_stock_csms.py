"""A simulated station works with a central system on the unmodified `ocpp` library, on a real socket."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from ocpp.v201 import call

from mock_csms.simulator.device_model import Key
from tests.support.linked_station import linked_station
from tests.support.observed_station import TOKEN
from tests.support.station import PATIENCE
from tests.support.stock_csms import StockCsms


class Pair:
    """A central system and a station that connects to it."""

    def __init__(self, csms: StockCsms) -> None:
        self.csms = csms
        self.station, self.connection = linked_station(csms.url, speed=1000)
        for variable in ("RetryBackOffWaitMinimum", "RetryBackOffRandomRange"):
            self.station.core.variables.put(Key("OCPPCommCtrlr", variable), "0")
        self._changed = asyncio.Event()
        self.event_types: list[str] = []
        """Types of the TransactionEvents received."""
        record = csms.record

        def recorded(frame: Any) -> None:
            record(frame)
            if frame[0] == 2 and frame[2] == "TransactionEvent":
                self.event_types.append(frame[3]["eventType"])
            self._changed.set()

        csms.record = recorded  # type: ignore[method-assign]

    async def wait_until(self, is_met: Callable[[], object]) -> None:
        """Wait until a condition is met, which is checked after each frame."""
        async with asyncio.timeout(PATIENCE):
            while not is_met():
                self._changed.clear()
                await self._changed.wait()

    async def wait_for(self, action: str, times: int = 1) -> None:
        """Wait until the central system has received this many messages of an action."""
        await self.wait_until(lambda: self.csms.received.count(action) >= times)

    async def command(self, request: Any) -> Any:
        """Send a command and return the answer."""
        return await self.csms.stations["CS1"].call(request)


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with StockCsms() as csms:
        pair = Pair(csms)
        pair.connection.open()
        await pair.wait_for("StatusNotification", 2)
        yield pair
        await pair.connection.aclose()
    assert csms.errors == []


async def test_boot_is_followed_by_the_status_of_each_connector(pair: Pair) -> None:
    await pair.wait_for("SecurityEventNotification")

    assert pair.csms.received[0] == "BootNotification"
    assert pair.csms.received.count("StatusNotification") == 2


async def test_session_is_a_transaction(pair: Pair) -> None:
    pair.station.plug_in()
    pair.station.present(TOKEN, 1)
    await pair.wait_for("TransactionEvent", 2)
    pair.station.present(TOKEN, 1)
    pair.station.unplug()
    await pair.wait_until(lambda: "Ended" in pair.event_types)

    assert "Authorize" in pair.csms.received
    assert pair.event_types[0] == "Started"
    assert pair.event_types[-1] == "Ended"


async def test_reset_boots_again(pair: Pair) -> None:
    answer = await pair.command(call.Reset(type="Immediate"))
    await pair.wait_for("BootNotification", 2)
    await pair.wait_for("StatusNotification", 4)

    assert answer.status == "Accepted"


async def test_report_has_every_variable(pair: Pair) -> None:
    answer = await pair.command(call.GetBaseReport(request_id=1, report_base="FullInventory"))
    size = pair.station.core.variables.integer("DeviceDataCtrlr", "ItemsPerMessage", "GetReport")
    variables = len(list(pair.station.core.variables))
    await pair.wait_for("NotifyReport", -(-variables // size))

    assert answer.status == "Accepted"
