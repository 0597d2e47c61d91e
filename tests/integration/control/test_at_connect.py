"""Commands that are sent at the next connection of a station."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager

import httpx
import pytest

from mock_csms.ocppj.session import Session
from mock_csms.stations import arrivals
from mock_csms.stations.arrivals import Arrivals
from tests.support.control import Mock, booted, client_of, driven, patiently, problem_detail, send_command
from tests.support.station import PATIENCE, connected, raw_connection, receive
from tests.support.wire import TEXT, frame, tcp_wire
from tests.support.wire import request as opening_request

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEARTBEAT = '[2,"beat","Heartbeat",{}]'


class ObservedArrivals(Arrivals[Session]):
    """`Arrivals` (commands that wait for a station to connect); a test can wait for their number."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = asyncio.Event()

    @contextmanager
    def waiting(self, station: str, begin: Callable[[Session], None]) -> Iterator[None]:
        try:
            with super().waiting(station, begin):
                self._changed.set()
                yield
        finally:
            self._changed.set()

    async def wait_for(self, count: int) -> None:
        """Wait until exactly ``count`` commands wait for the connection of a station."""
        async with asyncio.timeout(PATIENCE):
            while self.count != count:
                self._changed.clear()
                await self._changed.wait()


def observed(mock: Mock) -> ObservedArrivals:
    """Return the `ObservedArrivals` of a server, which replace its `Arrivals` at the first call."""
    csms, _ = mock
    if not isinstance(csms.arrivals, ObservedArrivals):
        csms.arrivals = ObservedArrivals()
    return csms.arrivals


async def waiting_command(
    mock: Mock, station_id: str, action: str, **members: object
) -> asyncio.Task[httpx.Response]:
    """Request a command for the station's next connection; once it waits, return the request's task."""
    before = observed(mock).count
    sending = asyncio.create_task(send_command(mock[1], station_id, action, when="connected", **members))
    await observed(mock).wait_for(before + 1)
    return sending


async def answered(sending: Awaitable[httpx.Response]) -> dict[str, object]:
    outcome: dict[str, object] = (await patiently(sending)).json()
    return outcome


async def test_command_goes_out_before_the_first_answer_and_its_answer_is_returned(
    mock: Mock, station_id: str
) -> None:
    sending = await waiting_command(mock, station_id, "GetTransactionStatus", payload={})
    async with raw_connection(mock[0], station_id) as connection:
        for _ in range(3):
            await connection.send(HEARTBEAT)
        messages = [await receive(connection) for _ in range(4)]
        assert [message[0] for message in messages] == [2, 3, 3, 3]
        await connection.send(json.dumps([3, messages[0][1], {"messagesInQueue": True}]))
        outcome = await answered(sending)
    assert (outcome["outcome"], outcome["payload"]) == ("result", {"messagesInQueue": True})


async def test_command_goes_out_before_the_answer_to_a_message_that_came_with_the_handshake(
    mock: Mock, station_id: str
) -> None:
    sending = await waiting_command(mock, station_id, "ClearCache")
    async with tcp_wire(mock[0]) as wire:
        wire.write_bytes(opening_request(f"/{station_id}") + frame(TEXT, HEARTBEAT.encode()))
        await wire.read_head()
        command, answer = json.loads(await wire.read_text()), json.loads(await wire.read_text())
        wire.write(json.dumps([3, command[1], {"status": "Accepted"}]).encode())
        assert (await answered(sending))["outcome"] == "result"
    assert (command[2], answer[:2]) == ("ClearCache", [3, "beat"])


async def test_command_waits_for_the_next_connection_of_a_connected_station(
    mock: Mock, station_id: str
) -> None:
    async with booted(mock[0], station_id) as station:
        sending = await waiting_command(mock, station_id, "ClearCache")
        await station.boot()
        assert station.order == []
        async with connected(mock[0], station_id) as again:
            await again.next("ClearCache")
            assert (await answered(sending))["outcome"] == "result"
        assert station.order == []


async def test_commands_for_one_connection_keep_their_order(mock: Mock, station_id: str) -> None:
    actions = ["ClearCache", "GetLocalListVersion", "Reset", "GetVariables"]
    sending = [await waiting_command(mock, station_id, action) for action in actions]
    async with connected(mock[0], station_id) as station:
        assert [(await answered(each))["outcome"] for each in sending] == ["result"] * 4
    assert station.order == actions


async def test_case_of_an_unknown_identity_does_not_matter(mock: Mock, station_id: str) -> None:
    sending = await waiting_command(mock, station_id.lower(), "ClearCache")
    async with connected(mock[0], station_id):
        assert (await answered(sending))["outcome"] == "result"


async def test_long_list_is_split_at_the_connection(mock: Mock, station_id: str) -> None:
    csms, client = mock
    await client.patch(f"/v1/stations/{station_id}/profile", json={"getVariablesLimit": 1})
    sending = await waiting_command(mock, station_id, "GetVariables", split=True)
    async with connected(csms, station_id):
        assert len((await answered(sending))["parts"]) == 2  # type: ignore[arg-type]


async def test_station_that_does_not_connect_in_time_is_408(mock: Mock, station_id: str) -> None:
    answer = await send_command(mock[1], station_id, "Reset", when="connected", within=0.05)
    assert problem_detail(answer, 408, "not-connected-in-time") == (
        f"{station_id} did not connect within 0.05 s, so Reset was not sent"
    )
    assert mock[0].arrivals.count == 0


async def test_command_of_a_client_that_hangs_up_is_dropped(mock: Mock, station_id: str) -> None:
    sending = await waiting_command(mock, station_id, "Reset")
    sending.cancel()
    await observed(mock).wait_for(0)
    async with booted(mock[0], station_id) as station:
        await send_command(mock[1], station_id, "ClearCache")
    assert station.order == ["ClearCache"]


async def test_connection_that_ends_at_once_is_a_disconnected_outcome(mock: Mock, station_id: str) -> None:
    sending = [await waiting_command(mock, station_id, "Reset") for _ in range(3)]
    async with raw_connection(mock[0], station_id) as connection:
        await receive(connection)
        connection.transport.abort()
        answers = [await patiently(each) for each in sending]
    assert answers[0].json()["outcome"] == "disconnected"
    assert [problem_detail(answer, 409, "not-sent") for answer in answers[1:]]


async def test_reset_keeps_waiting_commands(mock: Mock, station_id: str) -> None:
    sending = await waiting_command(mock, station_id, "ClearCache")
    await mock[1].post("/v1/reset")
    async with connected(mock[0], station_id):
        assert (await answered(sending))["outcome"] == "result"


async def test_station_whose_boot_was_rejected_is_409(mock: Mock, station_id: str) -> None:
    csms, client = mock
    await client.patch(f"/v1/stations/{station_id}/profile", json={"bootStatus": "Rejected"})
    async with booted(csms, station_id):
        pass
    sending = await waiting_command(mock, station_id, "ClearCache")
    async with connected(csms, station_id):
        detail = problem_detail(await patiently(sending), 409, "not-sent")
    assert '"validate": false sends it anyway' in detail


async def test_waiting_commands_end_when_the_server_stops() -> None:
    async with AsyncExitStack() as closing:
        async with driven() as (csms, _):
            client = await closing.enter_async_context(client_of(csms.control))
            sending = await waiting_command((csms, client), "CS1", "Reset")
        answer = await patiently(sending)
    assert problem_detail(answer, 503, "stopping")


async def test_commands_past_the_limits_are_503(
    mock: Mock, station_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "MAX_AWAITING_ONE", 2)
    monkeypatch.setattr(arrivals, "MAX_AWAITING", 3)
    waiting = [await waiting_command(mock, station_id, "Reset") for _ in range(2)]
    third = await send_command(mock[1], station_id, "Reset", when="connected")
    waiting.append(await waiting_command(mock, f"{station_id}-b", "Reset"))
    fourth = await send_command(mock[1], f"{station_id}-c", "Reset", when="connected")
    for each in waiting:
        each.cancel()
    await observed(mock).wait_for(0)
    assert problem_detail(third, 503, "too-many-waits") == (
        f"2 commands already wait for {station_id} to connect, which is the maximum"
    )
    assert (
        problem_detail(fourth, 503, "too-many-waits")
        == "3 commands already wait for stations to connect, which is the maximum"
    )


@pytest.mark.parametrize(
    ("members", "kind", "detail"),
    [
        ({"when": "booted"}, "invalid-request", "body.when: Input should be 'connected'"),
        ({"within": 3}, "invalid-request", 'add "when": "connected"'),
        (
            {"when": "connected", "within": 0},
            "invalid-request",
            "body.within: Input should be greater",
        ),
        ({"when": "connected", "payload": {"type": "Now"}}, "invalid-payload", "breaks the schema of Reset"),
        ({"when": "connected", "payload": [1]}, "invalid-payload", "breaks the schema of Reset"),
    ],
)
async def test_bad_request_is_422_at_once(
    mock: Mock, station_id: str, members: dict[str, object], kind: str, detail: str
) -> None:
    answer = await patiently(send_command(mock[1], station_id, "Reset", **members))
    assert detail in problem_detail(answer, 422, kind)


async def test_glob_is_422(mock: Mock) -> None:
    answer = await send_command(mock[1], "CS*", "Reset", when="connected")
    assert problem_detail(answer, 422, "not-one-station") == (
        '"when": "connected" waits for one station; name each station instead of \'CS*\''
    )
