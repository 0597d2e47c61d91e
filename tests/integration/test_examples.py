"""Every file in examples/ as it is: a station sees what the comment on top of it promises."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import pytest
import websockets
from ocpp.exceptions import InternalError, SecurityError
from ocpp.v201 import call, call_result
from websockets.asyncio.client import ClientConnection

from mock_csms.csms import Csms
from mock_csms.mock import listening
from mock_csms.settings import read_settings
from mock_csms.stations.transactions import parse_timestamp
from server import OCPP_VERSIONS, VERSIONS
from tests.conftest import LogLines
from tests.support.paths import EXAMPLES
from tests.support.station import PATIENCE, Station, connected, now, raw_connection, receive

NAMES = sorted(path.name for path in EXAMPLES.glob("*.toml"))

ATTEMPT_INTERVAL = 0.1
MESSAGE_TIMEOUT = 0.5
SHORT_TIMEOUT = 0.1
"""Seconds to wait where no answer comes at all."""
MESSAGE_ATTEMPTS = 3


@asynccontextmanager
async def example(name: str, *flags: str) -> AsyncIterator[Csms]:
    """Run a server on a file in examples/, on any free port."""
    csms = Csms(
        read_settings(["--config", str(EXAMPLES / name), "--port", "0", *flags], {}, OCPP_VERSIONS), VERSIONS
    )
    async with listening(csms):
        yield csms


@pytest.mark.parametrize("name", NAMES)
def test_every_example_has_a_test(name: str) -> None:
    assert f'example("{name}"' in Path(__file__).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_every_example_says_how_it_is_started(name: str) -> None:
    title, empty, command, *_ = (EXAMPLES / name).read_text(encoding="utf-8").splitlines()

    assert title.startswith("# ")
    assert empty == "#"
    assert command.startswith(f"#     python server.py --config examples/{name}")


# TransactionEvents that are refused or have no answer (TC_E_41, 42, 50 and 51)


class RetryingStation:
    """A station that sends a TransactionEvent again until it is answered or was sent often enough (E13)."""

    def __init__(self, station: Station, message_timeout: float) -> None:
        self._station = station
        self._message_timeout = message_timeout
        self._seq_no = 0

    async def deliver(self, event: str) -> list[str]:
        """Send a TransactionEvent, again where it has to be; what came of each attempt."""
        outcomes: list[str] = []
        seq_no, self._seq_no = self._seq_no, self._seq_no + 1
        while outcomes[-1:] != ["answered"] and len(outcomes) < MESSAGE_ATTEMPTS:
            if outcomes:
                await asyncio.sleep(ATTEMPT_INTERVAL * len(outcomes))
            outcomes.append(await self._attempt(event, seq_no))
        return outcomes

    async def _attempt(self, event: str, seq_no: int) -> str:
        try:
            async with asyncio.timeout(self._message_timeout):
                await self._station.transaction(event, seq_no, f"tx-{self._station.id}")
        except InternalError as error:
            return f"refused, {error.description}"
        except TimeoutError:
            return "no answer"
        return "answered"


async def deliver_all(
    csms: Csms, identity: str = "CS1", message_timeout: float = PATIENCE
) -> list[list[str]]:
    """Have a station send a whole transaction; what came of each attempt at each event."""
    async with connected(csms, identity) as station:
        retrying = RetryingStation(station, message_timeout)
        return [await retrying.deliver(event) for event in ("Started", "Updated", "Ended")]


class Noted(NamedTuple):
    """What the log says of an attempt at a TransactionEvent that is not the first."""

    seq_no: int
    attempt: int
    seconds: float


NOTE = re.compile(
    r"CS1  TransactionEvent tx-CS1 seqNo (\d+): attempt (\d+), (\d+\.\d) s after the one before"
)


def noted(log_lines: LogLines) -> list[Noted]:
    """What the log says of the attempts of a station."""
    found = [it for it in map(NOTE.fullmatch, log_lines.lines) if it]
    return [Noted(int(it[1]), int(it[2]), float(it[3])) for it in found]


def are_apart(attempts: list[Noted], message_timeout: float = 0.0) -> bool:
    """Tell whether the attempts are as long after one another as a station has to wait.

    The time-out counts from when a station sends, the log from when the server receives, which may be later.
    """
    late = ATTEMPT_INTERVAL if message_timeout else 0
    waits = (round(message_timeout + ATTEMPT_INTERVAL * (it.attempt - 1) - late, 1) for it in attempts)
    return all(it.seconds >= least for it, least in zip(attempts, waits, strict=True))


REFUSED = "refused, refused on purpose"


async def test_tc_e_41_refuses_every_attempt(log_lines: LogLines) -> None:
    async with example("TC_E_41_CS.toml") as csms:
        outcomes = await deliver_all(csms)
    assert outcomes == [[REFUSED] * 3] * 3
    attempts = noted(log_lines)
    assert [it[:2] for it in attempts] == [(seq_no, attempt) for seq_no in range(3) for attempt in (2, 3)]
    assert are_apart(attempts)


async def test_tc_e_41_leaves_all_other_messages_as_they_are() -> None:
    async with example("TC_E_41_CS.toml") as csms, connected(csms) as station:
        assert (await station.boot()).status == "Accepted"
        await station.status()


async def test_tc_e_42_answers_the_third_attempt_and_all_that_follows(log_lines: LogLines) -> None:
    async with example("TC_E_42_CS.toml") as csms:
        outcomes = await deliver_all(csms)
    assert outcomes == [[REFUSED, REFUSED, "answered"], ["answered"], ["answered"]]
    attempts = noted(log_lines)
    assert [it[:2] for it in attempts] == [(0, 2), (0, 3)]
    assert are_apart(attempts)


async def test_tc_e_42_refuses_two_of_each_station() -> None:
    async with example("TC_E_42_CS.toml") as csms:
        outcomes = await asyncio.gather(*(deliver_all(csms, identity) for identity in ("CS1", "CS2")))
    assert outcomes == [[[REFUSED, REFUSED, "answered"], ["answered"], ["answered"]]] * 2


async def test_tc_e_50_answers_no_attempt(log_lines: LogLines) -> None:
    async with example("TC_E_50_CS.toml") as csms:
        outcomes = await deliver_all(csms, message_timeout=SHORT_TIMEOUT)
    assert outcomes == [["no answer"] * 3] * 3
    attempts = noted(log_lines)
    assert [it[:2] for it in attempts] == [(seq_no, attempt) for seq_no in range(3) for attempt in (2, 3)]
    assert are_apart(attempts, SHORT_TIMEOUT)


async def test_tc_e_50_leaves_all_other_messages_as_they_are() -> None:
    async with example("TC_E_50_CS.toml") as csms, connected(csms) as station:
        assert (await station.boot()).status == "Accepted"
        await station.status()


async def test_tc_e_51_answers_the_third_attempt_of_each_station_and_all_that_follows(
    log_lines: LogLines,
) -> None:
    async with example("TC_E_51_CS.toml") as csms:
        stations = (deliver_all(csms, identity, MESSAGE_TIMEOUT) for identity in ("CS1", "CS2"))
        outcomes = await asyncio.gather(*stations)
    assert outcomes == [[["no answer", "no answer", "answered"], ["answered"], ["answered"]]] * 2
    attempts = noted(log_lines)
    assert [it[:2] for it in attempts] == [(0, 2), (0, 3)]
    assert are_apart(attempts, MESSAGE_TIMEOUT)


# blocked-token.toml


CARD = {"id_token": "AABBCCDD", "type": "ISO14443"}


async def test_a_token_is_accepted_until_the_third_update() -> None:
    async with example("blocked-token.toml") as csms, connected(csms) as station:
        authorized = await station.send(call.Authorize(id_token=CARD))
        started = await station.transaction("Started", 0, id_token=CARD)
        updates = [await station.transaction("Updated", seq_no) for seq_no in (1, 2)]
    assert authorized.id_token_info["status"] == started.id_token_info["status"] == "Accepted"
    assert [update.id_token_info for update in updates] == [None, None]


async def test_a_token_is_blocked_at_the_third_update_and_the_transaction_is_stopped() -> None:
    async with example("blocked-token.toml") as csms, connected(csms) as station:
        await station.transaction("Started", 0, id_token=CARD)
        *_, third = [await station.transaction("Updated", seq_no) for seq_no in (1, 2, 3)]
        stop = await station.next("RequestStopTransaction")
    message = third.id_token_info["personal_message"]
    assert third.id_token_info["status"] == "Blocked"
    assert message["format"] == "UTF8"
    assert parse_timestamp(message["content"].removeprefix("Card blocked at ")) is not None
    assert stop == {"transaction_id": "tx-1"}


async def test_only_the_third_update_stops_the_transaction() -> None:
    async with example("blocked-token.toml") as csms, connected(csms) as station:
        await station.transaction("Started", 0, id_token=CARD)
        infos = [(await station.transaction("Updated", seq_no)).id_token_info for seq_no in range(1, 6)]
        await station.next("RequestStopTransaction")
    assert [bool(info) for info in infos] == [False, False, True, False, False]
    assert station.order == ["RequestStopTransaction"]


# flaky-network.toml


async def be_refused(csms: Csms, identity: str) -> None:
    """Have the first attempt to connect behind."""
    with pytest.raises(websockets.InvalidStatus) as caught:
        await websockets.connect(f"ws://{csms.address}/{identity}")
    assert caught.value.response.status_code == 503


@asynccontextmanager
async def flaky(identity: str = "CS1", *flags: str) -> AsyncIterator[Csms]:
    """Run the flaky network, past the first attempt to connect of a station."""
    async with example("flaky-network.toml", *flags) as csms:
        await be_refused(csms, identity)
        yield csms


async def test_the_first_attempt_to_connect_is_refused_and_the_next_is_not() -> None:
    async with flaky() as csms, connected(csms) as station:
        assert (await station.boot()).status == "Accepted"


async def test_the_first_attempt_of_every_station_is_refused() -> None:
    async with flaky("CS1") as csms:
        await be_refused(csms, "CS2")
        async with connected(csms, "CS2") as station:
            assert (await station.boot()).status == "Accepted"


async def answers_until_last(connection: ClientConnection) -> AsyncIterator[tuple[str, int]]:
    """Ask for one more answer; the message ids of all the answers up to it, and the fragments of each."""
    await connection.send('[2, "last", "DataTransfer", {"vendorId": "V"}]')
    message_id = ""
    while message_id != "last":
        async with asyncio.timeout(PATIENCE):
            parts = [part async for part in connection.recv_streaming(decode=True)]
        message_id = json.loads("".join(parts))[1]
        yield message_id, len(parts)


HEARTBEATS = 200


async def unanswered_heartbeats(identity: str = "CS1", *flags: str) -> set[int]:
    """Send Heartbeats; the numbers of those that have no answer."""
    async with flaky(identity, *flags) as csms, raw_connection(csms, identity) as connection:
        for number in range(HEARTBEATS):
            await connection.send(f'[2, "{number}", "Heartbeat", {{}}]')
        answered = {message_id async for message_id, _ in answers_until_last(connection)}
    return {number for number in range(HEARTBEATS) if str(number) not in answered}


async def test_one_heartbeat_in_four_has_no_answer() -> None:
    assert 0.15 * HEARTBEATS < len(await unanswered_heartbeats()) < 0.35 * HEARTBEATS


async def test_the_same_heartbeats_have_no_answer_again() -> None:
    assert await unanswered_heartbeats() == await unanswered_heartbeats()


async def test_the_seed_that_the_comment_names_is_the_one_of_the_file() -> None:
    assert await unanswered_heartbeats("CS1", "--seed", "42") == await unanswered_heartbeats()


async def test_with_another_seed_other_heartbeats_have_no_answer() -> None:
    assert await unanswered_heartbeats("CS1", "--seed", "43") != await unanswered_heartbeats()


async def test_each_station_has_troubles_of_its_own() -> None:
    assert await unanswered_heartbeats("CS1") != await unanswered_heartbeats("CS2")


METER_VALUES = 100


async def answered_in_a_row(station: Station, most: int) -> int:
    """Send MeterValues until one ends the connection; how many were answered before."""
    end = asyncio.create_task(station.connection.wait_closed())
    for number in range(most):
        values = [{"timestamp": now(), "sampled_value": [{"value": 1.0}]}]
        answer = asyncio.create_task(station.send(call.MeterValues(evse_id=1, meter_value=values)))
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait([answer, end], return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            return number
    end.cancel()
    return most


async def cut_meter_values() -> list[int]:
    """Send MeterValues, on a new connection after each that ends one; the numbers of those that do."""
    cut: list[int] = []
    sent = 0
    async with flaky() as csms:
        while sent < METER_VALUES:
            async with connected(csms) as station:
                sent += await answered_in_a_row(station, METER_VALUES - sent)
            if sent < METER_VALUES:
                cut.append(sent)
                sent += 1
    return cut


async def test_one_meter_values_in_ten_cuts_the_connection_and_the_station_can_come_back() -> None:
    assert 0.03 * METER_VALUES < len(await cut_meter_values()) < 0.2 * METER_VALUES


async def test_the_same_meter_values_cut_the_connection_again() -> None:
    assert await cut_meter_values() == await cut_meter_values()


async def exchange_meter_values(connection: ClientConnection) -> None:
    """Send MeterValues, each when the one before is answered."""
    values = [{"timestamp": now(), "sampledValue": [{"value": 1}]}]
    for number in range(METER_VALUES):
        await connection.send(
            json.dumps([2, str(number), "MeterValues", {"evseId": 1, "meterValue": values}])
        )
        await receive(connection)


async def test_the_connection_is_cut_by_a_tcp_reset() -> None:
    async with flaky() as csms, raw_connection(csms) as connection:
        with pytest.raises(websockets.ConnectionClosedError) as caught:
            await exchange_meter_values(connection)
    assert isinstance(caught.value.__cause__, ConnectionResetError)


STATUS = f'{{"timestamp": "{now()}", "connectorStatus": "Available", "evseId": 1, "connectorId": 1}}'


async def test_the_third_status_notification_is_answered_twice_and_the_fifth_in_three_fragments() -> None:
    async with flaky() as csms, raw_connection(csms) as connection:
        for number in range(1, 7):
            await connection.send(f'[2, "{number}", "StatusNotification", {STATUS}]')
        answers = [answer async for answer in answers_until_last(connection)]
    assert answers == [("1", 1), ("2", 1), ("3", 1), ("3", 1), ("4", 1), ("5", 3), ("6", 1), ("last", 1)]


async def test_a_station_gets_along_with_an_answer_that_comes_twice_and_one_in_fragments() -> None:
    async with flaky() as csms, connected(csms) as station:
        answers = [await station.status() for _ in range(6)]
    assert answers == [call_result.StatusNotification()] * 6


# pending-boot.toml


async def test_every_station_is_told_pending_twice_and_to_come_back_after_two_seconds() -> None:
    async with example("pending-boot.toml") as csms, connected(csms) as station:
        boots = [await station.boot() for _ in range(4)]
    told = [(boot.status, boot.interval) for boot in boots]
    assert told == [("Pending", 2), ("Pending", 2), ("Accepted", 60), ("Accepted", 60)]


async def test_a_pending_station_is_asked_for_its_device_model_and_may_send_it() -> None:
    async with example("pending-boot.toml") as csms, connected(csms) as station:
        await station.boot()
        asked = await station.next("GetBaseReport")
        report = await station.send(call.NotifyReport(asked["request_id"], now(), seq_no=0))
    assert report == call_result.NotifyReport()


async def test_what_a_pending_station_sends_unasked_is_refused_until_it_is_accepted() -> None:
    async with example("pending-boot.toml") as csms, connected(csms) as station:
        for _ in range(2):
            await station.boot()
            with pytest.raises(SecurityError):
                await station.status()
        await station.boot()
        assert await station.status() == call_result.StatusNotification()


async def test_a_rejected_station_is_sent_nothing_before_its_second_boot() -> None:
    async with example("pending-boot.toml") as csms, connected(csms, "REJECTED") as station:
        first = await station.boot()
        with pytest.raises(SecurityError):
            await station.status()
        before = list(station.order)
        second = await station.boot()
        await station.next("GetBaseReport")
    assert [first.status, second.status] == ["Rejected", "Accepted"]
    assert before == []


async def test_the_broken_station_gets_an_error_then_nothing_then_accepted() -> None:
    async with example("pending-boot.toml") as csms, connected(csms, "BROKEN") as station:
        with pytest.raises(InternalError, match="not today"):
            await station.boot()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SHORT_TIMEOUT):
                await station.boot()
        boots = [await station.boot() for _ in range(2)]
    assert [boot.status for boot in boots] == ["Accepted", "Accepted"]


# reset-storm.toml


async def seconds_until_reset(station: Station) -> float:
    """Boot, and wait for the Reset that follows."""
    since = monotonic()
    await station.boot()
    assert (await station.next("Reset"))["type"] == "Immediate"
    return monotonic() - since


async def test_a_second_after_every_boot_comes_a_reset_and_the_third_ends_the_connection(
    log_lines: LogLines,
) -> None:
    async with example("reset-storm.toml") as csms:
        seconds: list[float] = []
        for number in (1, 2):
            async with connected(csms) as station:
                seconds.append(await seconds_until_reset(station))
                await log_lines.wait_for("<- Reset result", times=number)
        async with connected(csms) as station:
            seconds.append(await seconds_until_reset(station))
            async with asyncio.timeout(PATIENCE):
                await station.connection.wait_closed()
            assert station.connection.close_code == 1001
        async with connected(csms) as station:
            seconds.append(await seconds_until_reset(station))
            results = await log_lines.wait_for("<- Reset result", times=3)
    assert (len(results), len(seconds)) == (3, 4)
    assert min(seconds) >= 1


# slow-answers.toml


async def seconds_of(answer: Coroutine[Any, Any, Any]) -> float:
    """How long an answer takes."""
    since = monotonic()
    await answer
    return monotonic() - since


@asynccontextmanager
async def fleet(csms: Csms, size: int) -> AsyncIterator[list[Station]]:
    """Connect many stations."""
    async with AsyncExitStack() as stack:
        names = [f"CS{number}" for number in range(size)]
        yield [await stack.enter_async_context(connected(csms, name)) for name in names]


async def test_a_boot_takes_a_second() -> None:
    async with example("slow-answers.toml") as csms, connected(csms) as station:
        assert await seconds_of(station.boot()) >= 1


async def test_everything_else_is_answered_while_a_boot_takes_its_time() -> None:
    boot = '{"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}'
    async with example("slow-answers.toml") as csms, raw_connection(csms) as connection:
        await connection.send(f'[2, "slow", "BootNotification", {boot}]')
        await connection.send(f'[2, "quick", "StatusNotification", {STATUS}]')
        answered = [(await receive(connection))[1] for _ in range(2)]
    assert answered == ["quick", "slow"]


async def test_each_authorize_takes_a_time_of_its_own_above_the_least() -> None:
    async with example("slow-answers.toml") as csms, fleet(csms, 20) as stations:
        authorize = call.Authorize(id_token=CARD)
        seconds = await asyncio.gather(*(seconds_of(station.send(authorize)) for station in stations))
    assert min(seconds) >= 0.2
    assert max(seconds) >= 0.4


async def test_some_transaction_events_take_much_longer_than_a_quarter_of_a_second() -> None:
    async with example("slow-answers.toml") as csms, fleet(csms, 40) as stations:
        seconds = await asyncio.gather(*(seconds_of(it.transaction("Started", 0)) for it in stations))
    assert max(seconds) >= 2 * 0.25


async def test_the_second_heartbeat_is_answered_when_the_station_has_given_up() -> None:
    async with example("slow-answers.toml") as csms, raw_connection(csms) as connection:
        since = monotonic()
        for number in (1, 2, 3):
            await connection.send(f'[2, "{number}", "Heartbeat", {{}}]')
        answered = [(await receive(connection))[1] for _ in range(3)]
    assert answered == ["1", "3", "2"]
    assert monotonic() - since >= 2


async def test_a_station_with_a_short_message_timeout_gives_up_on_the_second_heartbeat_only() -> None:
    async with example("slow-answers.toml") as csms, connected(csms) as station:
        await station.send(call.Heartbeat())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SHORT_TIMEOUT):
                await station.send(call.Heartbeat())
        await station.send(call.Heartbeat())


# smart-charging.toml


async def needs(station: Station, most: float, evse_id: int = 1) -> dict[str, Any]:
    """Tell of the needs of an EV that takes at most so many A; the SetChargingProfile that follows."""
    parameters = {"energy_amount": 20_000, "ev_min_current": 6, "ev_max_current": most, "ev_max_voltage": 230}
    answer = await station.send(
        call.NotifyEVChargingNeeds(
            evse_id=evse_id,
            charging_needs={
                "requested_energy_transfer": "AC_three_phase",
                "ac_charging_parameters": parameters,
            },
        )
    )
    assert answer.status == "Accepted"
    return await station.next("SetChargingProfile")


def limit(profile: dict[str, Any]) -> tuple[float, str]:
    (schedule,) = profile["charging_profile"]["charging_schedule"]
    (period,) = schedule["charging_schedule_period"]
    return period["limit"], schedule["charging_rate_unit"]


@pytest.mark.parametrize(("most", "allowed"), [(32, 16), (16, 16), (10, 10)])
async def test_needs_are_followed_by_a_profile_of_the_transaction_within_all_limits(
    most: float, allowed: float
) -> None:
    async with example("smart-charging.toml") as csms, connected(csms) as station:
        await station.transaction("Started", 0, "tx-other", evse={"id": 2, "connector_id": 1})
        await station.transaction("Started", 0, "tx-mine", evse={"id": 1, "connector_id": 1})
        profile = await needs(station, most)
    assert profile["evse_id"] == 1
    assert profile["charging_profile"]["charging_profile_purpose"] == "TxProfile"
    assert profile["charging_profile"]["transaction_id"] == "tx-mine"
    assert limit(profile) == (allowed, "A")


async def test_other_needs_replace_the_profile() -> None:
    async with example("smart-charging.toml") as csms, connected(csms) as station:
        await station.transaction("Started", 0, evse={"id": 1, "connector_id": 1})
        first, second = await needs(station, 32), await needs(station, 8)
    assert first["charging_profile"]["id"] == second["charging_profile"]["id"]
    assert [limit(first)[0], limit(second)[0]] == [16, 8]


def register(kwh: float) -> list[dict[str, Any]]:
    """A meter value of the energy register."""
    return [{"timestamp": now(), "sampled_value": [{"value": kwh * 1000}]}]


async def test_every_second_the_station_is_told_what_each_of_its_transactions_costs() -> None:
    async with example("smart-charging.toml") as csms:
        since = monotonic()
        async with connected(csms) as station:
            for name, kwh in (("tx-1", 4.0), ("tx-2", 10.0)):
                await station.transaction("Started", 0, name, meter_value=register(0))
                await station.transaction("Updated", 1, name, meter_value=register(kwh))
            told = [await station.next("CostUpdated") for _ in range(4)]
        assert monotonic() - since >= 2
    costs = [(cost["transaction_id"], cost["total_cost"]) for cost in told]
    assert sorted(costs) == [("tx-1", 2.0), ("tx-1", 2.0), ("tx-2", 5.0), ("tx-2", 5.0)]


# whitelist.toml


async def authorize(station: Station, name: str, kind: str = "ISO14443") -> dict[str, Any]:
    """Present a token in Authorize and at the start of a transaction; what both say of it."""
    id_token = {"id_token": name, "type": kind}
    before = datetime.now(UTC)
    authorized = (await station.send(call.Authorize(id_token=id_token))).id_token_info
    started = (await station.transaction("Started", 0, f"tx-{name}", id_token=id_token)).id_token_info
    for info in (authorized, started):
        if expiry := info.pop("cache_expiry_date_time", None):
            moment = parse_timestamp(expiry)
            assert moment
            assert timedelta(minutes=59) < moment - before < timedelta(minutes=61)
            info["forgotten"] = "after an hour"
    assert authorized == started
    return dict(authorized)


@pytest.mark.parametrize(
    ("name", "kind", "info"),
    [
        pytest.param("WELCOME", "ISO14443", {"status": "Accepted"}, id="on the list"),
        pytest.param("STRANGER", "ISO14443", {"status": "Blocked"}, id="not on the list"),
        pytest.param(
            "MEMBER",
            "ISO14443",
            {
                "status": "Accepted",
                "group_id_token": {"id_token": "FAMILY", "type": "Central"},
                "personal_message": {"format": "UTF8", "content": "Welcome back", "language": "en"},
                "language1": "en",
                "forgotten": "after an hour",
            },
            id="member of a group",
        ),
        pytest.param("FIRST-ONLY", "ISO14443", {"status": "Accepted", "evse_id": [1]}, id="one EVSE"),
        pytest.param("AABBCCDD", "ISO14443", {"status": "Expired"}, id="card"),
        pytest.param("AABBCCDD", "KeyCode", {"status": "Blocked"}, id="the number of the card, typed in"),
        pytest.param("BROKE", "ISO14443", {"status": "NoCredit"}, id="no credit"),
    ],
)
async def test_a_token_is_what_the_book_or_the_list_says(name: str, kind: str, info: dict[str, Any]) -> None:
    async with example("whitelist.toml") as csms, connected(csms) as station:
        assert await authorize(station, name, kind) == info


async def test_one_station_has_its_own_view_of_a_token() -> None:
    async with example("whitelist.toml") as csms, connected(csms, "DEPOT") as station:
        statuses = {
            name: (await authorize(station, name))["status"] for name in ("BROKE", "WELCOME", "OTHER")
        }
    assert statuses == {"BROKE": "Accepted", "WELCOME": "Accepted", "OTHER": "Blocked"}
