"""Opens what a run needs: a server, the station under test, and its rig."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from mock_csms.certify.box import box_station
from mock_csms.certify.box_bench import BoxForEachCase
from mock_csms.certify.box_server import server_for_boxes
from mock_csms.certify.registry import Case
from mock_csms.certify.rigs.choosing import automatic_rig, rig_table
from mock_csms.certify.rigs.person import Person, Terminal
from mock_csms.certify.runner import Bench, CaseOptions
from mock_csms.certify.server_process import Addresses, running_server
from mock_csms.certify.station_file import StationFile
from mock_csms.certify.stimuli import NoHands, Rig
from mock_csms.client import AsyncClient, AsyncStationHandle, StationFailure
from mock_csms.errors import CouldNotStart
from mock_csms.process import read_stdin

STATION_RIG: Final = "station"
"""Value of --rig: a simulated station is started, which is the station under test and its own rig."""
PERSON_RIG: Final = "person"
BOOT_AFTER_CONNECTION_S: Final = 5.0
"""Seconds to wait for the BootNotification of a station that has connected; then the station is reset."""

type WriteText = Callable[[str], object]

type BenchSupply = Callable[[Case, CaseOptions], AbstractAsyncContextManager[Bench]]
"""Function that provides the station under test for a case while the context is open."""


class NoStation(Exception):
    """The station under test did not connect or boot."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Server and rig of a station under test."""

    rig: str | None = None
    """Value of --rig; None for the rig of the station file."""
    has_hands: bool = True
    against: str | None = None
    """URL of the control API of a server that runs; None to start one."""
    token: str | None = None
    """Bearer token of the control API of the running server; None if it needs none."""
    server_flags: Sequence[str] = ()
    """Flags of the server that is started."""

    @property
    def has_box_for_each_case(self) -> bool:
        """Whether each case gets a new simulated station, in the variant for the case."""
        return self.rig == STATION_RIG and self.against is None and not self.server_flags


@dataclass(frozen=True, slots=True)
class OpenedBench:
    """A server with a station under test."""

    control: str
    """URL of the control API."""
    client: AsyncClient
    supply: BenchSupply


@asynccontextmanager
async def opened_bench(
    around: Surroundings, file: StationFile, write: WriteText
) -> AsyncIterator[OpenedBench]:
    """Provide a server and the station under test; raises CouldNotStart, NoStation or UsageError."""
    async with AsyncExitStack() as stack:
        if around.has_box_for_each_case:
            server = await stack.enter_async_context(server_for_boxes())
            client = await stack.enter_async_context(AsyncClient(server.control))
            yield OpenedBench(server.control, client, BoxForEachCase(server, client, file).bench)
            return
        addresses, client = await stack.enter_async_context(opened_server(around))
        rig = await stack.enter_async_context(opened_rig(around, file, addresses, client, write))
        await await_station(client, file, addresses, write)
        yield OpenedBench(addresses.control, client, partial(_one_station, client, file, rig))


@asynccontextmanager
async def _one_station(
    client: AsyncClient, file: StationFile, rig: Rig, _: Case, options: CaseOptions
) -> AsyncIterator[Bench]:
    yield Bench(client, file, rig, options)


@asynccontextmanager
async def opened_server(around: Surroundings) -> AsyncIterator[tuple[Addresses, AsyncClient]]:
    """Start a server, or use the running one at ``around.against``; yield its addresses and a client.

    Raises CouldNotStart or ClientError.
    """
    if around.against:
        async with AsyncClient(around.against, around.token) as client:
            listeners = await client.listeners()
            ws = next((each.ws for each in listeners if each.ws), None)
            yield Addresses(around.against, ws, None), client
        return
    async with (
        running_server(around.server_flags) as addresses,
        AsyncClient(addresses.control, around.token) as client,
    ):
        yield addresses, client


@asynccontextmanager
async def opened_rig(
    around: Surroundings, file: StationFile, addresses: Addresses, client: AsyncClient, write: WriteText
) -> AsyncIterator[Rig]:
    """Provide the rig that --rig or the station file names, by default a person; with --no-hands, none.

    Raises UsageError or CouldNotStart.
    """
    if not around.has_hands:
        yield NoHands()
    elif around.rig == STATION_RIG:
        async with box_station(file.station.identity, ws_of(addresses)) as rig:
            yield rig
    elif (rig_of_file := automatic_rig(_with_rig(file, around.rig))) is not None:
        yield rig_of_file
    else:
        terminal = Terminal(write)
        read_stdin(terminal.take)
        yield Person(client, terminal, file.times.manual)


def _with_rig(file: StationFile, rig: str | None) -> StationFile:
    if rig is None:
        return file
    table = rig_table(rig) if rig != PERSON_RIG else type(file.rig)()
    return file.model_copy(update={"rig": table})


def ws_of(addresses: Addresses) -> str:
    """Return the URL of the port without TLS; raises CouldNotStart if the server has none."""
    if addresses.ws is None:
        raise CouldNotStart("the server has no port without TLS, which the station in the box needs")
    return addresses.ws


async def await_station(
    client: AsyncClient, file: StationFile, addresses: Addresses, write: WriteText
) -> None:
    """Wait until the station is connected and booted; if it is not connected, write the URL for it.

    Raises NoStation.
    """
    identity, within = file.station.identity, file.times.boot
    station = client.station(identity)
    known = next((each for each in await client.stations() if each.id.lower() == identity.lower()), None)
    if known is None or not known.connected:
        url = addresses.ws or addresses.wss
        write(f"waiting up to {within:g} s for {identity} at {url}/{identity}\n")
        try:
            await station.connects(within=within)
        except StationFailure:
            raise NoStation(f"{identity} has not connected within {within:g} s") from None
    if known is None or known.registration is None:
        await _await_boot(station, within, write)


async def _await_boot(station: AsyncStationHandle, within: float, write: WriteText) -> None:
    """Wait for a BootNotification; reset the station if none comes soon. Raises NoStation.

    A station that has booted at an earlier server may connect without a BootNotification.
    """
    with suppress(StationFailure):
        await station.waits_for("BootNotification", within=min(within, BOOT_AFTER_CONNECTION_S))
        return
    write(f"{station.id} has connected without a BootNotification; it is reset\n")
    try:
        answer = await station.call("Reset", type="Immediate")
        answer.is_("Accepted")
        await station.waits_for("BootNotification", within=within)
    except StationFailure:
        raise NoStation(f"{station.id} has connected, but has not booted after a Reset; restart it") from None
