"""Settings of station profiles, and the plan: the commands that settings make the mock send."""

import asyncio
import json
import shlex
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ocpp.v201 import call

from mock_csms.settings import read_settings
from mock_csms.stations.transactions import parse_timestamp
from server import OCPP_VERSIONS
from tests.conftest import LogLines, Serve
from tests.support.station import (
    COMPONENT,
    PATIENCE,
    Station,
    connected,
    heartbeat_is_answered,
    now,
    raw_connection,
    receive,
)


def flags(line: str) -> dict[str, Any]:
    """Return the settings of a command line."""
    return read_settings(shlex.split(line), {}, OCPP_VERSIONS).model_dump(exclude_unset=True)


# Merging of profiles


async def test_most_specific_profile_of_a_station_wins(serve: Serve) -> None:
    csms = await serve(
        heartbeat_interval=10, stations={"CS1": {"heartbeat_interval": 30}, "CS*": {"heartbeat_interval": 20}}
    )
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two, connected(csms, "XX1") as other:
        intervals = [(await station.boot()).interval for station in (one, two, other)]
    assert intervals == [30, 20, 10]


async def test_missing_key_falls_back_to_the_next_profile(serve: Serve) -> None:
    csms = await serve(
        boot_retry_interval=5,
        stations={"CS*": {"boot_status_sequence": "Pending,Accepted"}, "CS1": {"heartbeat_interval": 30}},
    )
    async with connected(csms, "CS1") as station:
        answers = [await station.boot() for _ in range(2)]
    assert [(answer.status, answer.interval) for answer in answers] == [("Pending", 5), ("Accepted", 30)]


async def test_pattern_with_more_characters_wins(serve: Serve) -> None:
    csms = await serve(stations={"CS-1*": {"heartbeat_interval": 30}, "CS-*": {"heartbeat_interval": 20}})
    async with connected(csms, "CS-12") as station:
        assert (await station.boot()).interval == 30


async def test_later_pattern_of_the_same_length_wins(serve: Serve) -> None:
    csms = await serve(stations={"CS*": {"heartbeat_interval": 20}, "*12": {"heartbeat_interval": 30}})
    async with connected(csms, "CS12") as station:
        assert (await station.boot()).interval == 30


async def test_boot_sequence_is_taken_from_the_profile(serve: Serve) -> None:
    csms = await serve(
        stations={
            "CS*": {"boot_status_sequence": "Pending,Accepted"},
            "CS1": {"boot_status_sequence": "Rejected,Pending,Accepted"},
        }
    )
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two:
        answers = {station.id: [(await station.boot()).status for _ in range(3)] for station in (one, two)}
    assert answers == {"CS1": ["Rejected", "Pending", "Accepted"], "CS2": ["Pending", "Accepted", "Accepted"]}


async def clock_skews(station: Station) -> list[timedelta]:
    """Return how far the times in two answers are ahead of the real time, rounded to the minute."""
    texts = [(await station.boot()).current_time, (await station.send(call.Heartbeat())).current_time]
    times = [parse_timestamp(text) for text in texts]
    return [
        timedelta(minutes=round((time - datetime.now(UTC)) / timedelta(minutes=1))) for time in times if time
    ]


async def test_clock_skew_is_taken_from_the_profile(serve: Serve) -> None:
    csms = await serve(stations={"CS*": {"clock_skew": "2h"}, "CS1": {"clock_skew": "-3d"}})
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two, connected(csms, "XX1") as other:
        assert await clock_skews(one) == [timedelta(days=-3)] * 2
        assert await clock_skews(two) == [timedelta(hours=2)] * 2
        assert await clock_skews(other) == [timedelta()] * 2


async def test_price_is_taken_from_the_profile(serve: Serve) -> None:
    csms = await serve(stations={"CS*": {"cost_per_kwh": 0.5}, "CS1": {"cost_per_kwh": 2}})
    meter = [
        {"timestamp": "2026-01-01T10:00:00Z", "sampled_value": [{"value": 0.0}]},
        {"timestamp": "2026-01-01T11:00:00Z", "sampled_value": [{"value": 3000.0}]},
    ]
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two, connected(csms, "XX1") as other:
        costs = [
            (await station.transaction("Ended", 0, meter_value=meter)).total_cost
            for station in (one, two, other)
        ]
    assert costs == [6.0, 1.5, 0.75]


async def test_call_timeout_is_taken_from_the_profile(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(
        command="ClearCache",
        delay=0,
        stations={"CS*": {"call_timeout": 0.06}, "CS1": {"call_timeout": 0.05}},
    )
    never = asyncio.Event()

    async def keep_silent(**_: Any) -> None:
        await never.wait()

    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two:
        for station in (one, two):
            station.answers["ClearCache"] = keep_silent
            await station.boot()
        await log_lines.wait_for("CS1", "ClearCache was not answered within 0.05 s")
        await log_lines.wait_for("CS2", "ClearCache", "was not answered within 0.06 s")


async def test_validation_mode_is_taken_from_the_profile(serve: Serve) -> None:
    csms = await serve(stations={"CS*": {"validation": "off"}, "CS1": {"validation": "strict"}})
    invalid = json.dumps([2, "1", "Heartbeat", {"surplus": True}])
    kinds = []
    for identity in ("CS1", "CS2", "XX1"):
        async with raw_connection(csms, identity) as connection:
            await connection.send(invalid)
            kinds.append((await receive(connection))[0])
    assert kinds == [4, 3, 4]


async def test_validation_mode_may_change_while_a_station_is_connected(serve: Serve) -> None:
    csms = await serve(validation="off")
    valid, invalid = ([2, "same", "Heartbeat", payload] for payload in ({}, {"surplus": True}))
    kinds, has_finding = [], []
    async with raw_connection(csms, "CS1") as connection:
        for validation in ("off", "strict", "off"):
            csms.change_profile("CS1", {"validation": validation})
            csms.records.clear()
            for frame in (invalid, valid, valid):
                await connection.send(json.dumps(frame))
                kinds.append((await receive(connection))[0])
            has_finding.append("message-id-reused" in {finding.id for finding in csms.records.findings})
    assert kinds == [3, 3, 3, 4, 3, 3, 3, 3, 3]
    assert has_finding == [False, True, False], "unchecked messages must give no findings"


async def test_commands_are_taken_from_the_profile(serve: Serve) -> None:
    csms = await serve(
        stations={"CS*": {"commands": "ClearCache:0"}, "CS1": {"commands": "Reset:0,GetLocalListVersion:0"}}
    )
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two, connected(csms, "XX1") as other:
        for station in (one, two, other):
            await station.boot()
        await one.next("GetLocalListVersion")
        await two.next("ClearCache")
        for station in (one, two, other):
            await station.send(call.Heartbeat())
    assert (one.order, two.order, other.order) == (["Reset", "GetLocalListVersion"], ["ClearCache"], [])


async def test_command_and_period_are_taken_from_the_profile(serve: Serve) -> None:
    csms = await serve(
        stations={
            "CS*": {"command": "ClearCache", "period": 3600},
            "CS1": {"command": "Reset", "period": 0.05},
        }
    )
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two:
        for station in (two, one):
            await station.boot()
        for _ in range(3):
            await one.next("Reset")
        await two.send(call.Heartbeat())
    assert set(one.order) == {"Reset"}
    assert two.order == []


async def test_delay_is_taken_from_the_profile(serve: Serve) -> None:
    csms = await serve(
        command="ClearCache", delay=3600, stations={"CS*": {"delay": 0}, "CS1": {"command": "Reset"}}
    )
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two, connected(csms, "XX1") as other:
        for station in (other, two, one):
            await station.boot()
        await one.next("Reset")
        await two.next("ClearCache")
        await other.send(call.Heartbeat())
    assert other.order == []


async def test_payload_is_taken_from_the_profile(serve: Serve) -> None:
    csms = await serve(
        command="Reset",
        delay=0,
        stations={"CS*": {"payload": {"evseId": 2}}, "CS1": {"payload": {"type": "OnIdle"}}},
    )
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two:
        for station in (one, two):
            await station.boot()
        assert await one.next("Reset") == {"type": "OnIdle"}
        assert await two.next("Reset") == {"type": "Immediate", "evse_id": 2}


# The start of a plan


async def test_plan_that_starts_on_connect_is_sent_before_the_boot(serve: Serve) -> None:
    csms = await serve(commands="GetBaseReport:0,ClearCache:0", **flags("--start connect"))
    async with connected(csms) as station:
        await station.next("ClearCache")
    assert station.order == ["GetBaseReport", "ClearCache"]
    assert csms.stations["CS1"].boots == 0


async def test_plan_that_starts_on_connect_does_not_start_again_on_boot(
    serve: Serve,
) -> None:
    csms = await serve(commands="ClearCache:0", start="connect")
    async with connected(csms) as station:
        await station.next("ClearCache")
        await station.boot()
        await station.send(call.Heartbeat())
    assert station.order == ["ClearCache"]


async def test_plan_that_starts_on_boot_waits_for_the_boot(serve: Serve) -> None:
    """A second station, whose plan starts on connect, connects later and gets its command first."""
    csms = await serve(commands="ClearCache:0", stations={"CS2": {"start": "connect"}})
    async with connected(csms, "CS1") as waiting, connected(csms, "CS2") as other:
        await other.next("ClearCache")
        await waiting.send(call.Heartbeat())
        assert waiting.order == []
        await waiting.boot()
        await waiting.next("ClearCache")


@pytest.mark.parametrize("start", ["boot", "connect"])
async def test_rejected_station_gets_no_plan_until_it_is_accepted(serve: Serve, start: str) -> None:
    """B03, errata 2.3.1."""
    csms = await serve(
        commands="ClearCache:0", start=start, repeat="connection", boot_status_sequence="Rejected,Accepted"
    )
    async with connected(csms) as station:
        await station.boot()
    async with connected(csms) as station:
        await asyncio.wait_for(await station.connection.ping(), PATIENCE)
        assert station.order == []
        await station.boot()
        await station.next("ClearCache")


# The repetition of a plan


async def test_plan_repeated_on_connection_is_sent_on_every_connection(serve: Serve) -> None:
    csms = await serve(commands="Reset:0,ClearCache:0", **flags("--repeat connection"))
    for boots in (True, False, True):
        async with connected(csms) as station:
            if boots:
                await station.boot()
            await station.next("ClearCache")
        assert station.order == ["Reset", "ClearCache"]


async def test_plan_repeated_on_connection_is_sent_once_per_connection(serve: Serve) -> None:
    csms = await serve(commands="ClearCache:0", repeat="connection")
    async with connected(csms) as station:
        await station.boot()
        await station.next("ClearCache")
        await station.boot()
        await station.send(call.Heartbeat())
    assert station.order == ["ClearCache"]


async def test_plan_repeated_on_connection_restarts_after_a_broken_connection(
    serve: Serve,
) -> None:
    csms = await serve(commands="Reset:0,ClearCache:3600", repeat="connection", start="connect")
    for _ in range(2):
        async with connected(csms) as station:
            await station.next("Reset")


async def test_plan_repeated_on_boot_is_sent_on_every_boot_of_a_connection(serve: Serve) -> None:
    csms = await serve(commands="Reset:0,ClearCache:0", **flags("--repeat boot"))
    async with connected(csms) as station:
        for _ in range(3):
            await station.boot()
            await station.next("ClearCache")
    assert station.order == ["Reset", "ClearCache"] * 3


async def test_plan_repeated_on_boot_restarts_after_a_boot_in_the_middle(
    serve: Serve,
) -> None:
    csms = await serve(commands="Reset:0,ClearCache:3600", repeat="boot")
    async with connected(csms) as station:
        for _ in range(2):
            await station.boot()
            await station.next("Reset")
    assert station.order == ["Reset"] * 2


async def test_plan_repeated_on_boot_is_not_sent_after_a_reconnect_without_boot(
    serve: Serve,
) -> None:
    csms = await serve(commands="ClearCache:0", repeat="boot")
    async with connected(csms) as station:
        await station.boot()
        await station.next("ClearCache")
    async with connected(csms) as station:
        await station.send(call.Heartbeat())
        assert station.order == []
        await station.boot()
        await station.next("ClearCache")


@pytest.mark.parametrize("line", ["", "--repeat once"])
async def test_plan_without_repetition_is_sent_once(serve: Serve, line: str) -> None:
    csms = await serve(commands="Reset:0,ClearCache:0", **flags(line))
    async with connected(csms) as first:
        await first.boot()
        await first.next("ClearCache")
        await first.boot()
        await first.send(call.Heartbeat())
    async with connected(csms) as second:
        await second.boot()
        await second.send(call.Heartbeat())
    assert (first.order, second.order) == (["Reset", "ClearCache"], [])


# Long lists (B05, B06, errata 5.1.1)

NAMES = ["A.One", "A.Two", "B.Three", "B.Four", "C.Five"]


def names_of(items: list[dict[str, Any]]) -> list[str]:
    return [f"{item['component']['name']}.{item['variable']['name']}" for item in items]


async def test_long_list_of_get_variables_is_split(serve: Serve) -> None:
    csms = await serve(
        **flags(f"--command GetVariables --delay 0 --get-variables {','.join(NAMES)} --get-variables-limit 2")
    )
    async with connected(csms) as station:
        await station.boot()
        parts = [names_of((await station.next("GetVariables"))["get_variable_data"]) for _ in range(3)]
    assert parts == [NAMES[:2], NAMES[2:4], NAMES[4:]]


async def test_long_list_of_set_variables_is_split(serve: Serve) -> None:
    values = ",".join(f"{name}={number}" for number, name in enumerate(NAMES))
    csms = await serve(
        **flags(f"--command SetVariables --delay 0 --set-variables {values} --set-variables-limit 3")
    )
    async with connected(csms) as station:
        await station.boot()
        parts = [(await station.next("SetVariables"))["set_variable_data"] for _ in range(2)]
    assert [names_of(part) for part in parts] == [NAMES[:3], NAMES[3:]]
    assert [item["attribute_value"] for part in parts for item in part] == ["0", "1", "2", "3", "4"]


async def test_long_list_of_get_report_is_split_with_a_request_id_per_part(serve: Serve) -> None:
    items = [
        {"component": {"name": component}, "variable": {"name": variable}}
        for component, variable in (name.split(".") for name in NAMES)
    ]
    csms = await serve(
        command="GetReport",
        delay=0,
        payload={"componentVariable": items, "componentCriteria": ["Problem"]},
        **flags("--get-report-limit 2"),
    )
    async with connected(csms) as station:
        await station.boot()
        parts = [await station.next("GetReport") for _ in range(3)]
    assert [names_of(part["component_variable"]) for part in parts] == [NAMES[:2], NAMES[2:4], NAMES[4:]]
    assert [part["component_criteria"] for part in parts] == [["Problem"]] * 3
    assert len({part["request_id"] for part in parts}) == 3


@pytest.mark.parametrize("limit", [5, 6])
async def test_list_within_the_limit_is_not_split(serve: Serve, limit: int) -> None:
    csms = await serve(commands="GetVariables:0,ClearCache:0", get_variables=NAMES, get_variables_limit=limit)
    async with connected(csms) as station:
        await station.boot()
        await station.next("ClearCache")
        assert names_of((await station.next("GetVariables"))["get_variable_data"]) == NAMES
    assert station.order == ["GetVariables", "ClearCache"]


async def report_limit(station: Station, command: str, value: str) -> None:
    """Report ItemsPerMessage of a command in a NotifyReport."""
    variable = {"name": "ItemsPerMessage", "instance": command}
    data = {
        "component": {"name": "DeviceDataCtrlr"},
        "variable": variable,
        "variable_attribute": [{"value": value}],
    }
    await station.send(call.NotifyReport(request_id=1, generated_at=now(), seq_no=0, report_data=[data]))


async def test_long_list_is_split_by_the_limit_reported_by_the_station(serve: Serve) -> None:
    csms = await serve(command="GetVariables", delay=0, get_variables=NAMES)
    async with connected(csms) as station:
        await report_limit(station, "GetVariables", "2")
        await station.boot()
        parts = [names_of((await station.next("GetVariables"))["get_variable_data"]) for _ in range(3)]
    assert parts == [NAMES[:2], NAMES[2:4], NAMES[4:]]


async def test_limit_of_the_settings_overrides_the_reported_limit(serve: Serve) -> None:
    csms = await serve(command="GetVariables", delay=0, get_variables=NAMES, get_variables_limit=3)
    async with connected(csms) as station:
        await report_limit(station, "GetVariables", "2")
        await station.boot()
        parts = [names_of((await station.next("GetVariables"))["get_variable_data"]) for _ in range(2)]
    assert parts == [NAMES[:3], NAMES[3:]]


@pytest.mark.parametrize(("command", "value"), [("SetVariables", "2"), ("GetVariables", "0")])
async def test_reported_limit_of_another_command_or_of_zero_is_ignored(
    serve: Serve, command: str, value: str
) -> None:
    csms = await serve(commands="GetVariables:0,ClearCache:0", get_variables=NAMES)
    async with connected(csms) as station:
        await report_limit(station, command, value)
        await station.boot()
        await station.next("ClearCache")
    assert station.order == ["GetVariables", "ClearCache"]


async def test_list_limit_is_taken_from_the_profile(serve: Serve) -> None:
    csms = await serve(
        commands="GetVariables:0,ClearCache:0",
        get_variables=NAMES,
        stations={"CS*": {"get_variables_limit": 4}, "CS1": {"get_variables_limit": 1}},
    )
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two, connected(csms, "XX1") as other:
        for station in (one, two, other):
            await station.boot()
            await station.next("ClearCache")
    assert [station.order.count("GetVariables") for station in (one, two, other)] == [5, 2, 1]


# Faults of a profile


async def test_faults_of_a_profile_apply_to_its_stations_only(serve: Serve) -> None:
    csms = await serve(stations={"CS*": {"faults": ["Heartbeat:no-answer"]}})
    answered = []
    for identity in ("CS1", "XX1"):
        async with raw_connection(csms, identity) as connection:
            await connection.send('[2, "first", "Heartbeat", {}]')
            await connection.send('[2, "second", "DataTransfer", {"vendorId": "org.example"}]')
            answered.append((await receive(connection))[1])
    assert answered == ["second", "first"]


async def test_faults_of_two_station_profiles_are_separate(serve: Serve) -> None:
    csms = await serve(
        stations={"CS1": {"faults": ["Heartbeat:no-answer"]}, "CS2": {"faults": ["Heartbeat:wrong-type"]}}
    )
    kinds = []
    for identity in ("CS1", "CS2", "CS3"):
        async with raw_connection(csms, identity) as connection:
            await connection.send('[2, "1", "Heartbeat", {}]')
            await connection.send("[2]")
            kinds.append((await receive(connection))[0])
    assert kinds == [4, 9, 3]


async def test_faults_of_a_station_named_like_a_glob_apply_to_it(serve: Serve) -> None:
    csms = await serve(stations={"CS[1]": {"faults": ["Heartbeat:wrong-type"]}})
    async with raw_connection(csms, "CS%5B1%5D") as connection:
        await connection.send('[2, "1", "Heartbeat", {}]')
        assert (await receive(connection))[0] == 9


# Payloads of commands


async def sent_payload(serve: Serve, line: str) -> dict[str, Any]:
    """Start a server with the flags in ``line``; return the payload of its command to a station."""
    settings = flags(f"--delay 0 {line}")
    csms = await serve(**settings)
    async with connected(csms) as station:
        await station.boot()
        return await station.next(settings["command"])


async def test_get_variables_flag_sets_the_payload(serve: Serve) -> None:
    line = "--command GetVariables --get-variables OCPPCommCtrlr.HeartbeatInterval,EVSE.AvailabilityState"
    assert await sent_payload(serve, line) == {
        "get_variable_data": [
            {"component": COMPONENT, "variable": {"name": "HeartbeatInterval"}},
            {"component": {"name": "EVSE"}, "variable": {"name": "AvailabilityState"}},
        ]
    }


async def test_set_variables_flag_sets_the_payload(serve: Serve) -> None:
    line = "--command SetVariables --set-variables OCPPCommCtrlr.HeartbeatInterval=60,EVSE.Name=a=b"
    assert await sent_payload(serve, line) == {
        "set_variable_data": [
            {"component": COMPONENT, "variable": {"name": "HeartbeatInterval"}, "attribute_value": "60"},
            {"component": {"name": "EVSE"}, "variable": {"name": "Name"}, "attribute_value": "a=b"},
        ]
    }


@pytest.mark.parametrize("kind", ["Immediate", "OnIdle"])
async def test_reset_type_flag_sets_the_payload(serve: Serve, kind: str) -> None:
    assert await sent_payload(serve, f"--command Reset --reset-type {kind}") == {"type": kind}


@pytest.mark.parametrize("status", ["Operative", "Inoperative"])
async def test_availability_status_flag_sets_the_payload(serve: Serve, status: str) -> None:
    line = f"--command ChangeAvailability --availability-status {status}"
    assert await sent_payload(serve, line) == {"operational_status": status}


@pytest.mark.parametrize("message", ["BootNotification", "Heartbeat", "SignV2GCertificate"])
async def test_trigger_message_flag_sets_the_payload(serve: Serve, message: str) -> None:
    line = f"--command TriggerMessage --trigger-message {message}"
    assert await sent_payload(serve, line) == {"requested_message": message}


async def test_local_list_tokens_flag_sets_the_payload(serve: Serve) -> None:
    csms = await serve(
        tokens={"AABBCC": {"status": "Blocked"}},
        **flags(
            "--command SendLocalList --delay 0 --local-list-tokens AABBCC DDEEFF --unknown-token NoCredit"
        ),
    )
    async with connected(csms) as station:
        await station.boot()
        sent = await station.next("SendLocalList")
    assert sent == {
        "version_number": 1,
        "update_type": "Full",
        "local_authorization_list": [
            {
                "id_token": {"id_token": name, "type": "ISO14443"},
                "id_token_info": {"status": status},
            }
            for name, status in (("AABBCC", "Blocked"), ("DDEEFF", "NoCredit"))
        ],
    }


async def test_reservation_flags_set_the_payload(serve: Serve) -> None:
    line = "--command ReserveNow --reservation-id 7 --reserve-id-token AABBCC --reserve-evse-id 2"
    sent = await sent_payload(serve, line)
    assert sent.pop("expiry_date_time")
    assert sent == {"id": 7, "evse_id": 2, "id_token": {"id_token": "AABBCC", "type": "ISO14443"}}


async def test_reservation_id_flag_sets_the_reservation_to_cancel(serve: Serve) -> None:
    line = "--command CancelReservation --reservation-id 7"
    assert await sent_payload(serve, line) == {"reservation_id": 7}


async def test_reset_type_is_taken_from_the_profile(serve: Serve) -> None:
    csms = await serve(
        command="Reset",
        delay=0,
        stations={"CS*": {"reset_type": "OnIdle"}, "CS1": {"reset_type": "Immediate"}},
    )
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two:
        for station in (one, two):
            await station.boot()
        assert [await station.next("Reset") for station in (one, two)] == [
            {"type": "Immediate"},
            {"type": "OnIdle"},
        ]


async def test_new_boot_does_not_send_a_second_call_while_one_is_pending(serve: Serve) -> None:
    """OCPP-J 4.1.1."""
    csms = await serve(commands="GetBaseReport:0", repeat="boot")
    async with raw_connection(csms) as connection:
        await connection.send(BOOT)
        assert (await receive(connection))[0] == 3
        _, first, action, _ = await receive(connection)
        assert action == "GetBaseReport"
        await connection.send(BOOT)
        assert (await receive(connection))[0] == 3
        assert await heartbeat_is_answered(connection)
        await connection.send(json.dumps([3, first, {"status": "Accepted"}]))
        assert (await receive(connection))[2] == "GetBaseReport"


BOOT = json.dumps(
    [
        2,
        "boot",
        "BootNotification",
        {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}},
    ]
)
