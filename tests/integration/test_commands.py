"""All 40 commands over a real socket, and the loop that sends the commands named in the settings."""

import asyncio
import statistics
from typing import Any

from ocpp.exceptions import NotSupportedError
from ocpp.v201 import call, call_result

from commands import COMMANDS
from mock_csms.v201.action_tables import CSMS_ACTIONS
from tests.conftest import LogLines, Serve
from tests.support.station import Station, connected, now


def test_every_command_has_a_builder() -> None:
    assert set(COMMANDS) == CSMS_ACTIONS


NEEDS_AN_OBJECT = {
    "CancelReservation": "ReserveNow",
    "ClearDisplayMessage": "SetDisplayMessage",
    "ClearVariableMonitoring": "SetVariableMonitoring",
    "DeleteCertificate": "InstallCertificate",
}
"""Commands whose default payload names an object, with the command that makes the object."""


async def test_every_command_is_sent_with_its_default_payload_and_answered(
    serve: Serve, log_lines: LogLines
) -> None:
    order = [command for command in COMMANDS if command not in NEEDS_AN_OBJECT] + list(NEEDS_AN_OBJECT)
    csms = await serve(commands=",".join(f"{command}:0" for command in order))
    async with connected(csms) as station:
        await station.transaction("Started", 0)
        await station.boot()
        for command in order:
            await station.next(command)
        await log_lines.wait_for("<-", "result", times=len(order))
    assert station.order == order


async def test_command_without_known_object_is_skipped_and_logged(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(commands="CancelReservation:0,ClearDisplayMessage:0,ClearVariableMonitoring:0,Reset:0")
    async with connected(csms) as station:
        await station.boot()
        await station.next("Reset")
    assert station.order == ["Reset"]
    await log_lines.wait_for("CancelReservation skipped: no reservation is known")
    await log_lines.wait_for("ClearDisplayMessage skipped: no display message is known")
    await log_lines.wait_for("ClearVariableMonitoring skipped: no monitor is known")


async def test_refused_certificate_is_not_deleted(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(commands="InstallCertificate:0,DeleteCertificate:0")
    async with connected(csms) as station:
        station.answers["InstallCertificate"] = lambda **_: call_result.InstallCertificate(status="Rejected")
        await station.boot()
        await log_lines.wait_for("DeleteCertificate skipped", "does not have the certificate root")
    assert station.order == ["InstallCertificate"]


async def test_second_default_charging_profile_replaces_the_first(serve: Serve) -> None:
    """K01.FR.05, K01.FR.06."""
    csms = await serve(commands="SetChargingProfile:0,SetChargingProfile:0")
    async with connected(csms) as station:
        await station.boot()
        ids = [(await station.next("SetChargingProfile"))["charging_profile"]["id"] for _ in range(2)]
    assert ids[0] == ids[1]


async def test_command_that_breaks_a_requirement_is_sent_with_a_warning(
    serve: Serve, log_lines: LogLines
) -> None:
    csms = await serve(
        command="SetChargingProfile",
        delay=0,
        payload={"evseId": 0, "chargingProfile": {"chargingProfilePurpose": "TxProfile"}},
    )
    async with connected(csms) as station:
        await station.boot()
        await station.next("SetChargingProfile")
        await log_lines.wait_for("CS1  SetChargingProfile is sent, but", "K01.FR.03")
        await log_lines.wait_for("CS1  SetChargingProfile is sent, but", "K01.FR.16")


async def test_default_commands_are_sent_without_warnings(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(commands=",".join(f"{command}:0" for command in COMMANDS))
    async with connected(csms) as station:
        await station.status("Available")
        await station.boot()
        await station.next("UpdateFirmware")
    assert not [line for line in log_lines.lines if "is sent, but" in line]


async def test_profile_of_a_remote_start_is_replaced_by_the_next_one(serve: Serve) -> None:
    """K01.FR.39."""
    csms = await serve()
    async with connected(csms) as station:
        await station.boot()
        session = csms.sessions["CS1"]
        periods = [{"startPeriod": 0, "limit": 6.0}]
        schedule = {
            "id": 1,
            "startSchedule": now(),
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": periods,
        }
        profile = {
            "id": 77,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [schedule],
        }
        token = {"idToken": "AA", "type": "ISO14443"}
        request = {"remoteStartId": 5, "idToken": token, "evseId": 1, "chargingProfile": profile}
        await session.call("RequestStartTransaction", request)
        await station.send(
            call.TransactionEvent(
                event_type="Started",
                timestamp=now(),
                trigger_reason="RemoteStart",
                seq_no=0,
                transaction_info={"transaction_id": "tx-1", "remote_start_id": 5},
                evse={"id": 1},
            )
        )
        needs = {"requested_energy_transfer": "AC_three_phase"}
        await station.send(call.NotifyEVChargingNeeds(evse_id=1, charging_needs=needs))
        sent = (await station.next("SetChargingProfile"))["charging_profile"]
    assert (sent["id"], sent["transaction_id"]) == (77, "tx-1")


async def report_variable(station: Station, component: str, variable: dict[str, str], value: str) -> None:
    data = {
        "component": {"name": component},
        "variable": variable,
        "variable_attribute": [{"value": value}],
    }
    await station.send(call.NotifyReport(request_id=1, generated_at=now(), seq_no=0, report_data=[data]))


async def test_long_local_list_is_sent_in_parts(serve: Serve) -> None:
    """D01.FR.11, D01.FR.15, D01.FR.16."""
    csms = await serve(command="SendLocalList", delay=0, tokens={f"T{number}": {} for number in range(5)})
    async with connected(csms) as station:
        await report_variable(station, "LocalAuthListCtrlr", {"name": "ItemsPerMessage"}, "2")
        await station.boot()
        parts = [await station.next("SendLocalList") for _ in range(3)]
    assert [part["update_type"] for part in parts] == ["Full", "Differential", "Differential"]
    assert [part["version_number"] for part in parts] == [1, 2, 3]
    tokens = [entry["id_token"]["id_token"] for part in parts for entry in part["local_authorization_list"]]
    assert tokens == ["T0", "T1", "T2", "T3", "T4"]


async def test_local_list_stops_after_a_refused_part(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(commands="SendLocalList:0,Reset:0", local_list_tokens=("A", "B", "C"))
    async with connected(csms) as station:
        station.answers["SendLocalList"] = lambda **_: call_result.SendLocalList(status="Failed")
        await report_variable(station, "LocalAuthListCtrlr", {"name": "ItemsPerMessage"}, "1")
        await station.boot()
        await station.next("Reset")
        await log_lines.wait_for("SendLocalList stopped: message 1 of 3 was not accepted")
    assert station.order == ["SendLocalList", "Reset"]


async def test_first_boot_is_followed_by_an_inventory_if_configured(serve: Serve) -> None:
    """B07.FR.14."""
    csms = await serve(request_inventory=True)
    async with connected(csms) as station:
        await station.boot()
        assert (await station.next("GetBaseReport"))["report_base"] == "FullInventory"
        await station.send(call.NotifyReport(request_id=1, generated_at=now(), seq_no=0))
        await station.boot()
        await station.send(call.Heartbeat())
    assert station.order == ["GetBaseReport"]


async def test_cleared_customer_is_removed_from_the_local_list(serve: Serve) -> None:
    """N10.FR.02."""
    csms = await serve(commands="SendLocalList:0,CustomerInformation:0", tokens={"A": {}, "B": {}})
    async with connected(csms) as station:
        await station.boot()
        await station.next("CustomerInformation")
        session = csms.sessions["CS1"]
        token = {"idToken": "a", "type": "ISO14443"}
        clearing = {"requestId": 9, "report": False, "clear": True, "idToken": token}
        await session.call("CustomerInformation", clearing)
        await station.next("SendLocalList")
        update = await station.next("SendLocalList")
    assert update["update_type"] == "Differential"
    assert update["local_authorization_list"] == [{"id_token": {"id_token": "A", "type": "ISO14443"}}]


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
        await log_lines.wait_for("finding call-unanswered: ClearCache")
        await log_lines.wait_for("-> ClearCache", times=3)


async def test_loop_continues_after_an_answer_that_violates_its_schema(
    serve: Serve, log_lines: LogLines
) -> None:
    csms = await serve(command="ClearCache", period=0.05)
    async with connected(csms) as station:
        station.route_map["ClearCache"]["_skip_schema_validation"] = True
        station.answers["ClearCache"] = lambda **_: call_result.ClearCache(status="Perhaps")
        await station.boot()
        await log_lines.wait_for("finding answer-violates-schema: the answer to ClearCache")
        await log_lines.wait_for("-> ClearCache", times=3)


async def test_loop_ends_with_the_connection(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(command="ClearCache", period=0.05)
    async with connected(csms) as station:
        await station.boot()
        await station.next("ClearCache")
    await log_lines.wait_for("CS1", "disconnected")
    names = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]
    assert "run_plan" not in names
    assert csms.sessions == {}
