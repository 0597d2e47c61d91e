"""All 40 commands over a real socket, and the loop that sends the configured ones."""

import asyncio
import statistics
from typing import Any

from ocpp.exceptions import NotSupportedError
from ocpp.v201 import call, call_result

from commands import COMMANDS
from mock_csms.v201.action_tables import CSMS_ACTIONS
from tests.conftest import LogLines, Serve
from tests.support.station import connected


def test_every_command_has_a_builder() -> None:
    assert set(COMMANDS) == CSMS_ACTIONS


async def test_every_command_is_sent_with_its_default_payload_and_answered(
    serve: Serve, log_lines: LogLines
) -> None:
    csms = await serve(commands=",".join(f"{command}:0" for command in COMMANDS))
    async with connected(csms) as station:
        await station.transaction("Started", 0)
        await station.boot()
        for command in COMMANDS:
            await station.next(command)
        await log_lines.wait_for("<-", "result", times=len(COMMANDS))
    assert station.order == list(COMMANDS)


async def test_accepted_commands_update_the_station_state(serve: Serve, log_lines: LogLines) -> None:
    accepted = ("ReserveNow", "SetDisplayMessage", "SetChargingProfile", "SendLocalList", "SetVariables")
    csms = await serve(commands=",".join(f"{command}:0" for command in accepted))
    async with connected(csms) as station:
        await station.boot()
        await log_lines.wait_for("<-", "result", times=len(accepted))
    state = csms.stations["CS1"]
    assert len(state.reservations) == len(state.display_messages) == len(state.charging_profiles) == 1
    assert state.local_list_version == 1
    assert state.device_model["OCPPCommCtrlr/HeartbeatInterval"]["attributes"] == {"Actual": "300"}


async def test_default_payload_refers_to_connectors_and_transactions_of_the_station(serve: Serve) -> None:
    csms = await serve(commands="UnlockConnector:0,RequestStopTransaction:0,RequestStartTransaction:0")
    async with connected(csms) as station:
        await station.status("Occupied", evse_id=2, connector_id=3)
        await station.status("Available", evse_id=4)
        await station.transaction("Started", 0, "the-one")
        await station.boot()
        assert await station.next("UnlockConnector") == {"evse_id": 2, "connector_id": 3}
        assert await station.next("RequestStopTransaction") == {"transaction_id": "the-one"}
        assert (await station.next("RequestStartTransaction"))["evse_id"] == 4


async def test_stop_without_a_transaction_is_skipped_and_logged(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(commands="RequestStopTransaction:0,ClearCache:0")
    async with connected(csms) as station:
        await station.boot()
        await station.next("ClearCache")
    assert station.order == ["ClearCache"]
    assert await log_lines.wait_for("CS1", "RequestStopTransaction skipped", "no transaction is running")


async def test_period_repeats_with_unique_request_ids(serve: Serve) -> None:
    csms = await serve(command="GetBaseReport", period=0.05)
    async with connected(csms) as station:
        await station.boot()
        ids = [(await station.next("GetBaseReport"))["request_id"] for _ in range(4)]
    assert len(set(ids)) == 4


async def test_period_does_not_drift(serve: Serve) -> None:
    """Each command is due a whole number of periods after the first, regardless of slow answers."""
    csms = await serve(command="ClearCache", period=0.4)
    sent_at: list[float] = []

    async def take_half_a_period(**_: Any) -> call_result.ClearCache:
        sent_at.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0.2)
        return call_result.ClearCache(status="Accepted")

    async with connected(csms) as station:
        station.answers["ClearCache"] = take_half_a_period
        await station.boot()
        for _ in range(5):
            await station.next("ClearCache")
    late_by = [abs((at - sent_at[0] + 0.2) % 0.4 - 0.2) for at in sent_at[1:]]
    assert statistics.median_high(late_by) < 0.1, "half the commands were sent in the middle of a period"


async def test_station_without_boot_gets_commands_one_period_after_connecting(serve: Serve) -> None:
    csms = await serve(command="ClearCache", period=0.1)
    async with connected(csms) as station:
        await station.next("ClearCache")
        await station.next("ClearCache")


async def test_period_continues_after_a_reconnect(serve: Serve) -> None:
    csms = await serve(command="ClearCache", period=0.05)
    async with connected(csms) as station:
        await station.boot()
        await station.next("ClearCache")
    async with connected(csms) as station:
        await station.next("ClearCache")


async def test_single_command_is_not_sent_again_after_a_reconnect(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(command="Reset", delay=0)
    async with connected(csms) as station:
        await station.boot()
        await station.next("Reset")
    async with connected(csms) as station:
        await station.boot()
        await station.send(call.Heartbeat())
    assert "Reset" not in station.order
    assert len(await log_lines.wait_for("-> Reset")) == 1


async def test_sequence_continues_where_the_connection_broke_it(serve: Serve) -> None:
    csms = await serve(commands="Reset:0,ClearCache:0.2,GetLocalListVersion:0")
    async with connected(csms) as station:
        await station.boot()
        await station.next("Reset")
    async with connected(csms) as station:
        await station.boot()
        await station.next("GetLocalListVersion")
    assert station.order == ["ClearCache", "GetLocalListVersion"]


async def test_delay_and_period_send_after_the_delay_and_then_every_period(serve: Serve) -> None:
    csms = await serve(command="ClearCache", delay=0, period=0.05)
    async with connected(csms) as station:
        await station.boot()
        for _ in range(3):
            await station.next("ClearCache")


async def test_payload_is_merged_into_the_default(serve: Serve) -> None:
    csms = await serve(command="GetReport", delay=0, payload='{"requestId": 42, "componentCriteria": null}')
    async with connected(csms) as station:
        await station.boot()
        assert await station.next("GetReport") == {"request_id": 42}


async def test_station_pattern_selects_the_stations_that_get_commands(serve: Serve) -> None:
    csms = await serve(command="ClearCache", period=0.05, station="CS*")
    async with connected(csms, "XX1") as other, connected(csms, "CS1") as chosen:
        await other.boot()
        await chosen.boot()
        for _ in range(3):
            await chosen.next("ClearCache")
        assert other.order == []


async def test_rejected_command_is_logged_as_refused_and_the_loop_continues(
    serve: Serve, log_lines: LogLines
) -> None:
    csms = await serve(command="ClearCache", period=0.05)
    async with connected(csms) as station:
        station.answers["ClearCache"] = lambda **_: call_result.ClearCache(status="Rejected")
        await station.boot()
        lines = await log_lines.wait_for("CS1", "ClearCache REFUSED", "Rejected", times=2)
    assert len(lines) >= 2


async def test_loop_continues_after_a_callerror(serve: Serve, log_lines: LogLines) -> None:
    def refuse(**_: Any) -> None:
        raise NotSupportedError(description="not here")

    csms = await serve(command="ClearCache", period=0.05)
    async with connected(csms) as station:
        station.answers["ClearCache"] = refuse
        await station.boot()
        await log_lines.wait_for("ClearCache ERROR", "NotSupported: not here", times=2)


async def test_remaining_parts_of_a_long_list_are_sent_after_a_rejected_part(
    serve: Serve, log_lines: LogLines
) -> None:
    def refuse(**_: Any) -> None:
        raise NotSupportedError(description="not here")

    names = [f"OCPPCommCtrlr.Variable{number}" for number in range(5)]
    csms = await serve(command="GetVariables", delay=0, get_variables=names, get_variables_limit=2)
    async with connected(csms) as station:
        station.answers["GetVariables"] = refuse
        await station.boot()
        await log_lines.wait_for("GetVariables ERROR", "NotSupported: not here", times=3)
        sizes = [len((await station.next("GetVariables"))["get_variable_data"]) for _ in range(3)]
    assert sizes == [2, 2, 1]


async def test_loop_continues_after_a_missing_answer(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(command="ClearCache", period=0.05, call_timeout=0.05)
    never = asyncio.Event()

    async def keep_silent(**_: Any) -> None:
        await never.wait()

    async with connected(csms) as station:
        await station.boot()
        station.answers["ClearCache"] = keep_silent
        await log_lines.wait_for("ClearCache", "no answer within 0.05 s", times=2)


async def test_loop_continues_after_an_answer_that_violates_its_schema(
    serve: Serve, log_lines: LogLines
) -> None:
    csms = await serve(command="ClearCache", period=0.05)
    async with connected(csms) as station:
        station.route_map["ClearCache"]["_skip_schema_validation"] = True
        station.answers["ClearCache"] = lambda **_: call_result.ClearCache(status="Perhaps")
        await station.boot()
        await log_lines.wait_for("the answer to ClearCache breaks its schema", times=2)


async def test_loop_ends_with_the_connection(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(command="ClearCache", period=0.05)
    async with connected(csms) as station:
        await station.boot()
        await station.next("ClearCache")
    await log_lines.wait_for("CS1", "disconnected")
    names = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]
    assert "run_plan" not in names
    assert csms.sessions == {}
