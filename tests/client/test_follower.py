"""The client follows the server's events: many waits, lost connections, missing entries."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from ocpp.v201 import call

from mock_csms.client import (
    AsyncClient,
    ClientError,
    NotReachable,
    NotSeen,
    StreamLost,
    UnwantedMessage,
    follower,
)
from mock_csms.client.http import Reconnects
from mock_csms.journal import stream
from tests.support.control import Mock, driven, patiently
from tests.support.station import Station, connected
from tests.support.tcp_proxy import TcpProxy, proxy_before

pytestmark = pytest.mark.asyncio(loop_scope="module")

WAITS = 1000
MESSAGES = 10


@pytest_asyncio.fixture(loop_scope="module")
async def proxy(mock: Mock) -> AsyncIterator[TcpProxy]:
    """A TCP proxy in front of the control API."""
    async with proxy_before(mock[0].control) as proxy:
        yield proxy


@pytest_asyncio.fixture(loop_scope="module")
async def behind_proxy(proxy: TcpProxy) -> AsyncIterator[AsyncClient]:
    """A client that reaches the control API through the proxy."""
    async with AsyncClient(proxy.url) as client:
        yield client


async def test_thousand_waits_need_no_request(
    behind_proxy: AsyncClient, proxy: TcpProxy, peer: Station, station_id: str
) -> None:
    station = behind_proxy.station(station_id)
    waits = [station.waits_for("StatusNotification", evseId=number % MESSAGES) for number in range(WAITS)]
    waiting = asyncio.gather(*waits)
    proxy.requests.clear()
    for number in range(MESSAGES):
        await peer.status(evse_id=number)

    entries = await patiently(waiting)

    assert [entry["evseId"] for entry in entries] == list(range(MESSAGES)) * (WAITS // MESSAGES)
    assert proxy.requests == []


async def test_events_of_an_outage_are_fetched(
    behind_proxy: AsyncClient, proxy: TcpProxy, peer: Station, station_id: str
) -> None:
    station = behind_proxy.station(station_id)
    waiting = asyncio.create_task(station.collects("NotifyReport"))
    await peer.send(call.NotifyReport(1, "2026-01-01T00:00:00Z", 0, tbc=True))
    proxy.is_open = False
    proxy.cut()
    await patiently(proxy.attempted.wait())
    await peer.send(call.NotifyReport(1, "2026-01-01T00:00:00Z", 1, tbc=True))
    proxy.is_open = True
    await peer.send(call.NotifyReport(1, "2026-01-01T00:00:00Z", 2))

    assert [part["seqNo"] for part in await patiently(waiting)] == [0, 1, 2]
    assert [request for request in proxy.requests if "events" in request] == ["GET /v1/events"] * 2


async def test_stream_is_lost_after_a_long_outage(proxy: TcpProxy) -> None:
    async with AsyncClient(proxy.url, connect_within=0) as client:
        waiting = asyncio.create_task(client.station("CS").waits_for("Heartbeat"))
        await asyncio.sleep(0)
        proxy.is_open = False
        proxy.cut()

        with pytest.raises(StreamLost, match=r"the event stream of http://.* is lost: no mock server"):
            await patiently(waiting)
        with pytest.raises(StreamLost):
            await client.station("CS").waits_for("Heartbeat", within=0)


@pytest.mark.parametrize("verb", ["never", "waits_for"])
async def test_silence_during_an_outage_blames_the_server(proxy: TcpProxy, verb: str) -> None:
    async with AsyncClient(proxy.url, connect_within=0.2) as client:
        station = client.station("CS")
        proxy.is_open = False
        proxy.cut()

        with pytest.raises(ClientError, match=r"no mock server answers at http://127"):
            await (station.never("X", during=0) if verb == "never" else station.waits_for("X", within=0))
        assert await client.transcript() == ""


async def test_short_outage_at_the_end_of_a_wait_is_waited_out(
    behind_proxy: AsyncClient, proxy: TcpProxy, station_id: str
) -> None:
    proxy.is_open = False
    proxy.cut()
    watching = asyncio.create_task(behind_proxy.station(station_id).never("Heartbeat", during=0))
    await patiently(proxy.attempted.wait())
    proxy.is_open = True

    await patiently(watching)


async def test_silence_without_the_newest_events_is_uncertain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "WRITE_INTERVAL_S", 3600)
    monkeypatch.setattr(follower, "CATCH_UP_S", 0.01)
    async with driven() as (csms, _), AsyncClient(csms.control) as client, connected(csms) as peer:
        station = client.station("CS1")
        await station.connects()
        await peer.send(call.Heartbeat())

        with pytest.raises(StreamLost, match=r"entries up to #3 did not come within 0\.01 s"):
            await station.never("BootNotification", during=0)


async def test_missing_entries_fail_the_verbs_that_need_all() -> None:
    async with (
        driven() as (csms, http),
        proxy_before(csms.control) as proxy,
        AsyncClient(proxy.url) as client,
        connected(csms) as peer,
    ):
        station = client.station("CS1")
        watching = asyncio.create_task(station.never("StatusNotification", during=30))
        waiting = asyncio.create_task(station.waits_for("StatusNotification"))
        await station.connects()
        proxy.is_open = False
        proxy.cut()
        await patiently(proxy.attempted.wait())
        await peer.status()
        await http.delete("/v1/journal")
        proxy.is_open = True

        with pytest.raises(StreamLost, match="entries after #0 and before #4 were dropped"):
            await patiently(watching)
        with pytest.raises(StreamLost, match="move the cursor with skip_to_now"):
            await station.next("StatusNotification")
        with pytest.raises(NotSeen, match="the entries before #4 were dropped before"):
            await station.waits_for("Heartbeat", within=0)
        await peer.status()
        assert (await patiently(waiting)).number == 4


async def test_restarted_server_is_noticed() -> None:
    async with driven() as (csms, _), connected(csms) as peer, proxy_before(csms.control) as proxy:
        await peer.boot()
        async with driven() as (other, _), AsyncClient(proxy.url) as client:
            proxy.lead_to(other.control)
            waiting = asyncio.create_task(client.station("CS1").waits_for("Heartbeat"))
            proxy.cut()

            with pytest.raises(StreamLost, match="the server has been restarted"):
                await patiently(waiting)


async def test_closing_the_client_ends_its_waits(mock: Mock) -> None:
    async with AsyncClient(mock[0].control) as client:
        waiting = asyncio.create_task(client.station("CS").waits_for("Heartbeat"))
        await asyncio.sleep(0)

    with pytest.raises(StreamLost, match="the client is closed"):
        await patiently(waiting)
    with pytest.raises(ClientError, match="the client is closed"):
        await client.stations()


async def test_message_of_the_last_moment_is_not_missed(
    behind_proxy: AsyncClient, peer: Station, station_id: str
) -> None:
    station = behind_proxy.station(station_id)
    await peer.send(call.Heartbeat())

    await station.waits_for("Heartbeat", within=0)
    await peer.send(call.Heartbeat())
    with pytest.raises(UnwantedMessage):
        await station.never("Heartbeat", during=0)


async def test_frames_of_a_command_come_with_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "WRITE_INTERVAL_S", 3600)
    async with driven() as (csms, _), AsyncClient(csms.control) as client, connected(csms):
        answers = [await client.station("CS1").call("Reset", type="OnIdle") for _ in range(2)]

    assert [answer.entry and answer.entry["status"] for answer in answers] == ["Accepted"] * 2


async def test_missing_server_is_named_in_one_line() -> None:
    with pytest.raises(
        NotReachable, match=r"no mock server answers at http://127.0.0.1:1: .*; is it running"
    ):
        async with AsyncClient("http://127.0.0.1:1", connect_within=0):
            pass


async def test_client_waits_for_a_server_that_starts(mock: Mock) -> None:
    async with proxy_before(mock[0].control) as proxy:
        proxy.is_open = False
        entering = asyncio.create_task(AsyncClient(proxy.url).__aenter__())
        await patiently(proxy.attempted.wait())
        proxy.is_open = True

        client = await patiently(entering)

        assert client.ws.startswith("ws://")
        await client.close()


async def test_wrong_token_is_named() -> None:
    async with driven(control_token="open-sesame") as (csms, _):
        with pytest.raises(ClientError, match="401"):
            async with AsyncClient(csms.control, "wrong"):
                pass
        async with AsyncClient(csms.control, "open-sesame") as client:
            assert await client.stations() == []


async def test_url_without_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match=r"write, for example, http://127\.0\.0\.1:9001"):
        AsyncClient("127.0.0.1:9001")


async def test_outage_has_growing_pauses_and_an_end() -> None:
    reconnects = Reconnects(60)
    assert [reconnects.next_pause() for _ in range(6)] == [0.0, 0.05, 0.1, 0.2, 0.5, 0.5]
    reconnects.end()
    assert reconnects.next_pause() == 0.0
