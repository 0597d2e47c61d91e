"""Every file in examples/, unchanged: the mock behaves as the first comment of the file promises."""

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
from tests.support.secured import refused_in_tls, station_context, with_password
from tests.support.station import PATIENCE, Station, connected, connected_to, now, raw_connection, receive

NAMES = sorted(path.name for path in EXAMPLES.glob("*.toml"))

ATTEMPT_INTERVAL = 0.1
MESSAGE_TIMEOUT = 0.5
SHORT_TIMEOUT = 0.1
"""Seconds to wait for an answer that never arrives."""
MESSAGE_ATTEMPTS = 3


@asynccontextmanager
async def example(name: str | Path, *flags: str) -> AsyncIterator[Csms]:
    """Run a server with a file in examples/ or a copy of one, on any free port."""
    csms = Csms(
        read_settings(["--config", str(EXAMPLES / name), "--port", "0", *flags], {}, OCPP_VERSIONS), VERSIONS
    )
    async with listening(csms):
        yield csms


@pytest.mark.parametrize("name", NAMES)
def test_example_has_a_test(name: str) -> None:
    assert f'("{name}"' in Path(__file__).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_example_begins_with_title_and_command(name: str) -> None:
    title, empty, command, *_ = (EXAMPLES / name).read_text(encoding="utf-8").splitlines()

    assert title.startswith("# ")
    assert empty == "#"
    assert command.startswith(f"#     python server.py --config examples/{name}")


# Refused and unanswered TransactionEvents (TC_E_41, 42, 50 and 51)


class RetryingStation:
    """A station that repeats a TransactionEvent until it is answered or the attempts are used up (E13)."""

    def __init__(self, station: Station, message_timeout: float) -> None:
        self._station = station
        self._message_timeout = message_timeout
        self._seq_no = 0

    async def deliver(self, event: str) -> list[str]:
        """Send a TransactionEvent with its retries; return the outcome of each attempt."""
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
    """Send a whole transaction; return the outcome of each attempt at each event."""
    async with connected(csms, identity) as station:
        retrying = RetryingStation(station, message_timeout)
        return [await retrying.deliver(event) for event in ("Started", "Updated", "Ended")]


class LoggedAttempt(NamedTuple):
    """A log line about a second or later attempt; ``interval_s`` counts from the attempt before."""

    seq_no: int
    attempt: int
    interval_s: float


ATTEMPT_LINE = re.compile(
    r"CS1  TransactionEvent tx-CS1 seqNo (\d+): attempt (\d+), (\d+\.\d) s after the previous one"
)


def logged_attempts(log_lines: LogLines) -> list[LoggedAttempt]:
    """Return the attempts of CS1 that the log reports."""
    matches = [match for match in map(ATTEMPT_LINE.fullmatch, log_lines.lines) if match]
    return [LoggedAttempt(int(match[1]), int(match[2]), float(match[3])) for match in matches]


def intervals_are_long_enough(attempts: list[LoggedAttempt], message_timeout: float = 0.0) -> bool:
    """Return whether the intervals between attempts are at least those that a station must keep.

    With a time-out, the intervals may be shorter by `ATTEMPT_INTERVAL`: the time-out starts when the station
    sends the message, but the logged interval starts when the server receives it, possibly later.
    """
    tolerance = ATTEMPT_INTERVAL if message_timeout else 0
    minima = (
        round(message_timeout + ATTEMPT_INTERVAL * (logged.attempt - 1) - tolerance, 1) for logged in attempts
    )
    return all(logged.interval_s >= minimum for logged, minimum in zip(attempts, minima, strict=True))


REFUSED = "refused, refused on purpose"
TIMEOUT_S_BY_FAILURE = {"no answer": SHORT_TIMEOUT, REFUSED: PATIENCE}
"""Time-out of the station in seconds, by the failure of an attempt."""


@pytest.mark.parametrize(
    ("name", "failure"), [("TC_E_41_CS.toml", "no answer"), ("TC_E_50_CS.toml", REFUSED)]
)
async def test_max_retry_count_example_fails_every_attempt_at_the_ended(
    log_lines: LogLines, name: str, failure: str
) -> None:
    async with example(name) as csms:
        outcomes = await deliver_all(csms, message_timeout=TIMEOUT_S_BY_FAILURE[failure])
    assert outcomes == [["answered"], ["answered"], [failure] * 3]
    attempts = logged_attempts(log_lines)
    assert [logged[:2] for logged in attempts] == [(2, 2), (2, 3)]
    assert intervals_are_long_enough(attempts, SHORT_TIMEOUT if failure == "no answer" else 0)


@pytest.mark.parametrize(
    ("name", "failure"), [("TC_E_42_CS.toml", "no answer"), ("TC_E_51_CS.toml", REFUSED)]
)
async def test_success_example_fails_only_the_first_attempt_per_station(
    log_lines: LogLines, name: str, failure: str
) -> None:
    timeout = MESSAGE_TIMEOUT if failure == "no answer" else PATIENCE
    async with example(name) as csms:
        outcomes = await asyncio.gather(
            *(deliver_all(csms, identity, timeout) for identity in ("CS1", "CS2"))
        )
    assert outcomes == [[["answered"], ["answered"], [failure, "answered"]]] * 2
    attempts = logged_attempts(log_lines)
    assert [logged[:2] for logged in attempts] == [(2, 2)]
    assert intervals_are_long_enough(attempts, MESSAGE_TIMEOUT if failure == "no answer" else 0)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("TC_E_")])
async def test_retry_example_answers_other_messages_normally(name: str) -> None:
    async with example(name) as csms, connected(csms) as station:
        assert (await station.boot()).status == "Accepted"
        await station.status()


# blocked-token.toml


CARD = {"id_token": "AABBCCDD", "type": "ISO14443"}


async def test_blocked_token_is_accepted_until_third_update() -> None:
    async with example("blocked-token.toml") as csms, connected(csms) as station:
        authorized = await station.send(call.Authorize(id_token=CARD))
        started = await station.transaction("Started", 0, id_token=CARD)
        updates = [await station.transaction("Updated", seq_no) for seq_no in (1, 2)]
    assert authorized.id_token_info["status"] == started.id_token_info["status"] == "Accepted"
    assert [update.id_token_info for update in updates] == [None, None]


async def test_blocked_token_is_blocked_at_third_update_and_transaction_stopped() -> None:
    async with example("blocked-token.toml") as csms, connected(csms) as station:
        await station.transaction("Started", 0, id_token=CARD)
        *_, third = [await station.transaction("Updated", seq_no) for seq_no in (1, 2, 3)]
        stop = await station.next("RequestStopTransaction")
    message = third.id_token_info["personal_message"]
    assert third.id_token_info["status"] == "Blocked"
    assert message["format"] == "UTF8"
    assert parse_timestamp(message["content"].removeprefix("Card blocked at ")) is not None
    assert stop == {"transaction_id": "tx-1"}


async def test_blocked_token_stops_transaction_once() -> None:
    async with example("blocked-token.toml") as csms, connected(csms) as station:
        await station.transaction("Started", 0, id_token=CARD)
        infos = [(await station.transaction("Updated", seq_no)).id_token_info for seq_no in range(1, 6)]
        await station.next("RequestStopTransaction")
    assert [bool(info) for info in infos] == [False, False, True, False, False]
    assert station.order == ["RequestStopTransaction"]


# flaky-network.toml


async def connect_refused(csms: Csms, identity: str) -> None:
    """Connect a station for the first time, which the server must refuse with 503."""
    with pytest.raises(websockets.InvalidStatus) as caught:
        await websockets.connect(f"ws://{csms.address}/{identity}")
    assert caught.value.response.status_code == 503


@asynccontextmanager
async def flaky(identity: str = "CS1", *flags: str) -> AsyncIterator[Csms]:
    """Run a server with flaky-network.toml; yield it once it has refused a station's first connection."""
    async with example("flaky-network.toml", *flags) as csms:
        await connect_refused(csms, identity)
        yield csms


async def test_flaky_network_refuses_only_first_connection() -> None:
    async with flaky() as csms, connected(csms) as station:
        assert (await station.boot()).status == "Accepted"


async def test_flaky_network_refuses_first_connection_of_each_station() -> None:
    async with flaky("CS1") as csms:
        await connect_refused(csms, "CS2")
        async with connected(csms, "CS2") as station:
            assert (await station.boot()).status == "Accepted"


async def answers_until_last(connection: ClientConnection) -> AsyncIterator[tuple[str, int]]:
    """Send one last CALL; yield message id and number of fragments of each answer, the last one included."""
    await connection.send('[2, "last", "DataTransfer", {"vendorId": "V"}]')
    message_id = ""
    while message_id != "last":
        async with asyncio.timeout(PATIENCE):
            parts = [part async for part in connection.recv_streaming(decode=True)]
        message_id = json.loads("".join(parts))[1]
        yield message_id, len(parts)


HEARTBEATS = 200


async def unanswered_heartbeats(identity: str = "CS1", *flags: str) -> set[int]:
    """Send Heartbeats to a server with flaky-network.toml; return the numbers of the unanswered ones."""
    async with flaky(identity, *flags) as csms, raw_connection(csms, identity) as connection:
        for number in range(HEARTBEATS):
            await connection.send(f'[2, "{number}", "Heartbeat", {{}}]')
        answered = {message_id async for message_id, _ in answers_until_last(connection)}
    return {number for number in range(HEARTBEATS) if str(number) not in answered}


async def test_flaky_network_leaves_a_quarter_of_heartbeats_unanswered() -> None:
    assert 0.15 * HEARTBEATS < len(await unanswered_heartbeats()) < 0.35 * HEARTBEATS


async def test_unanswered_heartbeats_are_the_same_in_next_run() -> None:
    assert await unanswered_heartbeats() == await unanswered_heartbeats()


async def test_seed_in_comment_is_the_seed_in_file() -> None:
    assert await unanswered_heartbeats("CS1", "--seed", "42") == await unanswered_heartbeats()


async def test_unanswered_heartbeats_differ_with_another_seed() -> None:
    assert await unanswered_heartbeats("CS1", "--seed", "43") != await unanswered_heartbeats()


async def test_unanswered_heartbeats_differ_between_stations() -> None:
    assert await unanswered_heartbeats("CS1") != await unanswered_heartbeats("CS2")


METER_VALUES = 100


async def answered_before_cut(station: Station, limit: int) -> int:
    """Send up to ``limit`` MeterValues until one ends the connection; return the number answered."""
    end = asyncio.create_task(station.connection.wait_closed())
    for number in range(limit):
        values = [{"timestamp": now(), "sampled_value": [{"value": 1.0}]}]
        answer = asyncio.create_task(station.send(call.MeterValues(evse_id=1, meter_value=values)))
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait([answer, end], return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            return number
    end.cancel()
    return limit


async def cut_meter_values() -> list[int]:
    """Send MeterValues, reconnecting after each cut; return the numbers of those that cut the connection."""
    cut: list[int] = []
    sent = 0
    async with flaky() as csms:
        while sent < METER_VALUES:
            async with connected(csms) as station:
                sent += await answered_before_cut(station, METER_VALUES - sent)
            if sent < METER_VALUES:
                cut.append(sent)
                sent += 1
    return cut


async def test_flaky_network_cuts_connection_at_a_tenth_of_meter_values() -> None:
    assert 0.03 * METER_VALUES < len(await cut_meter_values()) < 0.2 * METER_VALUES


async def test_connection_cuts_are_the_same_in_next_run() -> None:
    assert await cut_meter_values() == await cut_meter_values()


async def exchange_meter_values(connection: ClientConnection) -> None:
    """Send MeterValues one after the other, waiting for each answer."""
    values = [{"timestamp": now(), "sampledValue": [{"value": 1}]}]
    for number in range(METER_VALUES):
        await connection.send(
            json.dumps([2, str(number), "MeterValues", {"evseId": 1, "meterValue": values}])
        )
        await receive(connection)


async def test_flaky_network_cuts_connection_with_tcp_reset() -> None:
    async with flaky() as csms, raw_connection(csms) as connection:
        with pytest.raises(websockets.ConnectionClosedError) as caught:
            await exchange_meter_values(connection)
    assert isinstance(caught.value.__cause__, ConnectionResetError)


STATUS = f'{{"timestamp": "{now()}", "connectorStatus": "Available", "evseId": 1, "connectorId": 1}}'


async def test_third_status_notification_is_answered_twice_and_fifth_in_fragments() -> None:
    async with flaky() as csms, raw_connection(csms) as connection:
        for number in range(1, 7):
            await connection.send(f'[2, "{number}", "StatusNotification", {STATUS}]')
        answers = [answer async for answer in answers_until_last(connection)]
    assert answers == [("1", 1), ("2", 1), ("3", 1), ("3", 1), ("4", 1), ("5", 3), ("6", 1), ("last", 1)]


async def test_station_accepts_duplicate_and_fragmented_answers() -> None:
    async with flaky() as csms, connected(csms) as station:
        answers = [await station.status() for _ in range(6)]
    assert answers == [call_result.StatusNotification()] * 6


# pending-boot.toml


async def test_pending_boot_is_pending_twice_then_accepted() -> None:
    async with example("pending-boot.toml") as csms, connected(csms) as station:
        boots = [await station.boot() for _ in range(4)]
    answers = [(boot.status, boot.interval) for boot in boots]
    assert answers == [("Pending", 2), ("Pending", 2), ("Accepted", 60), ("Accepted", 60)]


async def test_pending_station_may_send_requested_report() -> None:
    async with example("pending-boot.toml") as csms, connected(csms) as station:
        await station.boot()
        command = await station.next("GetBaseReport")
        report = await station.send(call.NotifyReport(command["request_id"], now(), seq_no=0))
    assert report == call_result.NotifyReport()


async def test_unsolicited_message_is_refused_until_boot_is_accepted() -> None:
    async with example("pending-boot.toml") as csms, connected(csms) as station:
        for _ in range(2):
            await station.boot()
            with pytest.raises(SecurityError):
                await station.status()
        await station.boot()
        assert await station.status() == call_result.StatusNotification()


async def test_rejected_station_gets_no_command_before_second_boot() -> None:
    async with example("pending-boot.toml") as csms, connected(csms, "REJECTED") as station:
        first = await station.boot()
        with pytest.raises(SecurityError):
            await station.status()
        before = list(station.order)
        second = await station.boot()
        await station.next("GetBaseReport")
    assert [first.status, second.status] == ["Rejected", "Accepted"]
    assert before == []


async def test_broken_station_gets_error_then_no_answer_then_accepted() -> None:
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
    """Boot and wait for the Reset that follows; return the seconds in between."""
    since = monotonic()
    await station.boot()
    assert (await station.next("Reset"))["type"] == "Immediate"
    return monotonic() - since


async def test_reset_follows_each_boot_and_third_one_closes_connection(
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
    """Await an answer; return the seconds until it arrived."""
    since = monotonic()
    await answer
    return monotonic() - since


@asynccontextmanager
async def fleet(csms: Csms, size: int) -> AsyncIterator[list[Station]]:
    """Connect ``size`` stations, and yield them."""
    async with AsyncExitStack() as stack:
        names = [f"CS{number}" for number in range(size)]
        yield [await stack.enter_async_context(connected(csms, name)) for name in names]


async def test_slow_answers_delay_boot_by_a_second() -> None:
    async with example("slow-answers.toml") as csms, connected(csms) as station:
        assert await seconds_of(station.boot()) >= 1


async def test_other_messages_are_answered_while_boot_is_delayed() -> None:
    boot = '{"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}'
    async with example("slow-answers.toml") as csms, raw_connection(csms) as connection:
        await connection.send(f'[2, "slow", "BootNotification", {boot}]')
        await connection.send(f'[2, "quick", "StatusNotification", {STATUS}]')
        answered = [(await receive(connection))[1] for _ in range(2)]
    assert answered == ["quick", "slow"]


async def test_authorize_is_delayed_by_varying_times() -> None:
    async with example("slow-answers.toml") as csms, fleet(csms, 20) as stations:
        authorize = call.Authorize(id_token=CARD)
        seconds = await asyncio.gather(*(seconds_of(station.send(authorize)) for station in stations))
    assert min(seconds) >= 0.2
    assert max(seconds) >= 0.4


async def test_some_transaction_events_are_delayed_much_longer() -> None:
    async with example("slow-answers.toml") as csms, fleet(csms, 40) as stations:
        seconds = await asyncio.gather(
            *(seconds_of(station.transaction("Started", 0)) for station in stations)
        )
    assert max(seconds) >= 2 * 0.25


async def test_second_heartbeat_is_answered_late() -> None:
    async with example("slow-answers.toml") as csms, raw_connection(csms) as connection:
        since = monotonic()
        for number in (1, 2, 3):
            await connection.send(f'[2, "{number}", "Heartbeat", {{}}]')
        answered = [(await receive(connection))[1] for _ in range(3)]
    assert answered == ["1", "3", "2"]
    assert monotonic() - since >= 2


async def test_station_times_out_on_second_heartbeat_only() -> None:
    async with example("slow-answers.toml") as csms, connected(csms) as station:
        await station.send(call.Heartbeat())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SHORT_TIMEOUT):
                await station.send(call.Heartbeat())
        await station.send(call.Heartbeat())


# smart-charging.toml


async def send_charging_needs(station: Station, max_current: float, evse_id: int = 1) -> dict[str, Any]:
    """Send the needs of an EV with this maximum current in A; return the SetChargingProfile that follows."""
    parameters = {
        "energy_amount": 20_000,
        "ev_min_current": 6,
        "ev_max_current": max_current,
        "ev_max_voltage": 230,
    }
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


@pytest.mark.parametrize(("max_current", "allowed"), [(32, 16), (16, 16), (10, 10)])
async def test_charging_needs_lead_to_profile_within_limits(max_current: float, allowed: float) -> None:
    async with example("smart-charging.toml") as csms, connected(csms) as station:
        await station.transaction("Started", 0, "tx-other", evse={"id": 2, "connector_id": 1})
        await station.transaction("Started", 0, "tx-mine", evse={"id": 1, "connector_id": 1})
        profile = await send_charging_needs(station, max_current)
    assert profile["evse_id"] == 1
    assert profile["charging_profile"]["charging_profile_purpose"] == "TxProfile"
    assert profile["charging_profile"]["transaction_id"] == "tx-mine"
    assert limit(profile) == (allowed, "A")


async def test_new_charging_needs_replace_profile() -> None:
    async with example("smart-charging.toml") as csms, connected(csms) as station:
        await station.transaction("Started", 0, evse={"id": 1, "connector_id": 1})
        first, second = await send_charging_needs(station, 32), await send_charging_needs(station, 8)
    assert first["charging_profile"]["id"] == second["charging_profile"]["id"]
    assert [limit(first)[0], limit(second)[0]] == [16, 8]


def register(kwh: float) -> list[dict[str, Any]]:
    """Return a meter value whose energy register is at this many kWh."""
    return [{"timestamp": now(), "sampled_value": [{"value": kwh * 1000}]}]


async def test_costs_of_each_transaction_are_sent_every_second() -> None:
    async with example("smart-charging.toml") as csms:
        since = monotonic()
        async with connected(csms) as station:
            for name, kwh in (("tx-1", 4.0), ("tx-2", 10.0)):
                await station.transaction("Started", 0, name, meter_value=register(0))
                await station.transaction("Updated", 1, name, meter_value=register(kwh))
            updates = [await station.next("CostUpdated") for _ in range(4)]
        assert monotonic() - since >= 2
    costs = [(cost["transaction_id"], cost["total_cost"]) for cost in updates]
    assert sorted(costs) == [("tx-1", 2.0), ("tx-1", 2.0), ("tx-2", 5.0), ("tx-2", 5.0)]


# security-profiles.toml


def on_any_ports(name: str, folder: Path) -> Path:
    """Copy an example into a folder, with port 0 for every listener."""
    content = (EXAMPLES / name).read_text(encoding="utf-8")
    copy = folder / name
    copy.write_text(re.sub(r"^port = \d+", "port = 0", content, flags=re.MULTILINE), encoding="utf-8")
    return copy


async def test_station_moves_to_a_higher_security_profile(tmp_path: Path) -> None:
    config = on_any_ports("security-profiles.toml", tmp_path)
    credentials = with_password("a-password-of-16-to-40", user="MOVES")

    async with example(config, "--pki", str(tmp_path / "pki")) as csms:
        async with connected(csms, "MOVES", **credentials) as station:
            await station.boot()
            profile = await station.next("SetNetworkProfile")
            await station.next("SetVariables")
            await station.next("Reset")
        data = profile["connection_data"]
        context = station_context(csms.authority.root_pem)
        async with connected_to(data["ocpp_csms_url"], "MOVES", ssl=context, **credentials) as station:
            assert (await station.boot()).status == "Accepted"
        await refused_in_tls(csms.listeners.url_of("third"), context, "MOVES", **credentials)

    assert data["security_profile"] == 2
    assert data["ocpp_csms_url"].startswith("wss://")


# whitelist.toml


async def authorize(station: Station, name: str, kind: str = "ISO14443") -> dict[str, Any]:
    """Present a token in Authorize and TransactionEvent; return the idTokenInfo that both answers share."""
    id_token = {"id_token": name, "type": kind}
    before = datetime.now(UTC)
    authorized = (await station.send(call.Authorize(id_token=id_token))).id_token_info
    started = (await station.transaction("Started", 0, f"tx-{name}", id_token=id_token)).id_token_info
    for info in (authorized, started):
        if expiry := info.pop("cache_expiry_date_time", None):
            moment = parse_timestamp(expiry)
            assert moment
            assert timedelta(minutes=59) < moment - before < timedelta(minutes=61)
            info["expires"] = "after an hour"
    assert authorized == started
    return dict(authorized)


@pytest.mark.parametrize(
    ("name", "kind", "info"),
    [
        pytest.param("WELCOME", "ISO14443", {"status": "Accepted"}, id="on the list"),
        pytest.param("UNKNOWN", "ISO14443", {"status": "Blocked"}, id="not on the list"),
        pytest.param(
            "MEMBER",
            "ISO14443",
            {
                "status": "Accepted",
                "group_id_token": {"id_token": "FAMILY", "type": "Central"},
                "personal_message": {"format": "UTF8", "content": "Welcome back", "language": "en"},
                "language1": "en",
                "expires": "after an hour",
            },
            id="member of a group",
        ),
        pytest.param("FIRST-ONLY", "ISO14443", {"status": "Accepted", "evse_id": [1]}, id="one EVSE"),
        pytest.param("AABBCCDD", "ISO14443", {"status": "Expired"}, id="card"),
        pytest.param("AABBCCDD", "KeyCode", {"status": "Blocked"}, id="the number of the card, typed in"),
        pytest.param("BROKE", "ISO14443", {"status": "NoCredit"}, id="no credit"),
    ],
)
async def test_token_has_status_of_table_or_whitelist(name: str, kind: str, info: dict[str, Any]) -> None:
    async with example("whitelist.toml") as csms, connected(csms) as station:
        assert await authorize(station, name, kind) == info


async def test_station_profile_overrides_token() -> None:
    async with example("whitelist.toml") as csms, connected(csms, "DEPOT") as station:
        statuses = {
            name: (await authorize(station, name))["status"] for name in ("BROKE", "WELCOME", "OTHER")
        }
    assert statuses == {"BROKE": "Accepted", "WELCOME": "Accepted", "OTHER": "Blocked"}
