"""Messages and commands before the boot is accepted (B01 to B03)."""

import asyncio
import json
from typing import Any, Final

import pytest
from ocpp.exceptions import SecurityError
from ocpp.v201 import call
from websockets.asyncio.client import ClientConnection

from charge_point import NotRegistered
from mock_csms.messages import JsonObject
from tests.conftest import LogLines, Serve
from tests.support.station import connected, now, raw_connection, receive

BOOT: Final = {"reason": "PowerUp", "chargingStation": {"model": "m", "vendorName": "v"}}


async def exchange(connection: ClientConnection, action: str, payload: JsonObject) -> Any:
    """Send a CALL with the id 1, and return the next frame."""
    await connection.send(json.dumps([2, "1", action, payload]))
    return await receive(connection)


async def test_each_station_has_its_own_position_in_the_boot_sequence(serve: Serve) -> None:
    csms = await serve(
        boot_status_sequence="Pending,Rejected,Accepted", heartbeat_interval=60, boot_retry_interval=7
    )
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two:
        answers = [await station.boot() for station in (one, one, two, one, one, two)]
    assert [(answer.status, answer.interval) for answer in answers] == [
        ("Pending", 7),
        ("Rejected", 7),
        ("Pending", 7),
        ("Accepted", 60),
        ("Accepted", 60),
        ("Rejected", 7),
    ]


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
async def test_station_that_is_not_accepted_gets_a_security_error(serve: Serve, status: str) -> None:
    """B02.FR.09, TC_B_30_CSMS."""
    csms = await serve(boot_status=status)
    async with connected(csms) as station:
        await station.boot()
        with pytest.raises(SecurityError):
            await station.status()
        with pytest.raises(SecurityError):
            await station.send(call.Heartbeat())
    assert csms.stations["CS1"].connectors == {}


async def test_pending_station_gets_commands_and_may_send_the_messages_they_request(serve: Serve) -> None:
    csms = await serve(boot_status="Pending", commands="GetBaseReport:0,TriggerMessage:0")
    async with connected(csms) as station:
        await station.boot()
        request_id = (await station.next("GetBaseReport"))["request_id"]
        await station.next("TriggerMessage")
        await station.send(call.NotifyReport(request_id=request_id, generated_at=now(), seq_no=0))
        await station.status()
        with pytest.raises(SecurityError):
            await station.send(call.NotifyReport(request_id=request_id + 100, generated_at=now(), seq_no=0))
        with pytest.raises(SecurityError):
            await station.send(call.Heartbeat())


async def test_rejected_station_gets_no_command_until_it_is_accepted(
    serve: Serve, log_lines: LogLines
) -> None:
    """B03, errata 2.3.1."""
    csms = await serve(boot_status_sequence="Rejected,Accepted", command="ClearCache", delay=0)
    async with connected(csms) as station:
        await station.boot()
        await asyncio.wait_for(station.connection.ping(), 10)
        assert station.order == []
        await station.boot()
        await station.next("ClearCache")


async def test_registration_survives_a_reconnect(serve: Serve) -> None:
    csms = await serve(boot_status="Pending")
    async with connected(csms) as station:
        await station.boot()
    async with connected(csms) as station:
        with pytest.raises(SecurityError):
            await station.send(call.Heartbeat())


UNFIT = [
    pytest.param("NoSuchAction", {}, id="unknown action"),
    pytest.param("Reset", {"type": "Immediate"}, id="action of a central system"),
    pytest.param("StatusNotification", {"evseId": "x"}, id="invalid payload"),
    pytest.param("NotifyReport", {"requestId": []}, id="invalid requestId"),
    pytest.param("Heartbeat", {"customData": {"vendorId": "x"}}, id="valid payload"),
]


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
@pytest.mark.parametrize(("action", "payload"), UNFIT)
async def test_security_error_comes_before_every_other_error(
    serve: Serve, status: str, action: str, payload: JsonObject
) -> None:
    """B01.FR.10, B02.FR.09, B03.FR.07: the answer does not depend on the message."""
    csms = await serve(boot_status=status)
    async with raw_connection(csms) as connection:
        await exchange(connection, "BootNotification", BOOT)
        answer = await exchange(connection, action, payload)
    assert answer[:3] == [4, "1", "SecurityError"]


async def test_invalid_boot_of_a_rejected_station_gets_its_schema_error(serve: Serve) -> None:
    csms = await serve(boot_status="Rejected")
    async with raw_connection(csms) as connection:
        await exchange(connection, "BootNotification", BOOT)
        answer = await exchange(connection, "BootNotification", {})
    assert answer[2] == "OccurenceConstraintViolation"


BROKEN_BOOT = {**BOOT, "reason": "Because"}
BOOT_FAILS: JsonObject = {
    "when": {"action": "BootNotification"},
    "then": {"error": {"code": "InternalError"}},
}
FRAGMENTED_FAILURE: JsonObject = {
    "when": {"action": "BootNotification"},
    "then": {"error": {"code": "InternalError"}, "fault": {"kind": "fragmented"}},
}


@pytest.mark.parametrize(
    ("settings", "boot"),
    [
        pytest.param({}, BROKEN_BOOT, id="by its schema"),
        pytest.param({"rules": [BOOT_FAILS]}, BOOT, id="by a rule"),
        pytest.param({"rules": [FRAGMENTED_FAILURE]}, BOOT, id="by a rule with a fault"),
    ],
)
async def test_station_whose_boot_was_refused_is_treated_as_rejected(
    serve: Serve, settings: JsonObject, boot: JsonObject
) -> None:
    """B01.FR.08: until a boot succeeds, a station sends nothing but boots."""
    csms = await serve(**settings)
    async with raw_connection(csms) as connection:
        assert (await exchange(connection, "BootNotification", boot))[0] == 4
        _, _, code, description, _ = await exchange(connection, "Heartbeat", {})
        assert (code, description) == (
            "SecurityError",
            "the last BootNotification of this station was answered with a CALLERROR",
        )
        with pytest.raises(NotRegistered, match="was answered with a CALLERROR; commands to it are not sent"):
            await csms.sessions["CS1"].call("ClearCache", {})


async def test_accepted_station_whose_later_boot_is_refused_stays_accepted(serve: Serve) -> None:
    """A BootNotification without a restart, such as a triggered one, does not end the registration."""
    csms = await serve()
    async with raw_connection(csms) as connection:
        await exchange(connection, "BootNotification", BOOT)
        assert (await exchange(connection, "BootNotification", BROKEN_BOOT))[0] == 4
        assert (await exchange(connection, "Heartbeat", {}))[0] == 3


async def test_accepted_station_whose_boot_after_a_restart_is_refused_is_treated_as_rejected(
    serve: Serve,
) -> None:
    csms = await serve(rules=[{**BOOT_FAILS, "when": {"action": "BootNotification", "nth": 2}}])
    async with raw_connection(csms) as connection:
        await exchange(connection, "BootNotification", BOOT)
        await exchange(connection, "BootNotification", BOOT)
        assert (await exchange(connection, "Heartbeat", {}))[2] == "SecurityError"


async def test_triggered_message_is_let_through_once(serve: Serve) -> None:
    csms = await serve(boot_status="Pending", command="TriggerMessage", delay=0, trigger_message="Heartbeat")
    async with connected(csms) as station:
        await station.boot()
        await station.next("TriggerMessage")
        await station.send(call.Heartbeat())
        with pytest.raises(SecurityError):
            await station.send(call.Heartbeat())


@pytest.mark.parametrize("refusal", [[3, {"status": "NotSupported"}], [4, "NotSupported", "", {}]])
async def test_report_of_a_refused_command_gets_a_security_error(serve: Serve, refusal: list[object]) -> None:
    csms = await serve(boot_status="Pending", command="GetBaseReport", delay=0)
    async with raw_connection(csms) as connection:
        await exchange(connection, "BootNotification", BOOT)
        _, message_id, _, request = await receive(connection)
        await connection.send(json.dumps([refusal[0], message_id, *refusal[1:]]))
        await (await connection.ping())
        report = {"requestId": request["requestId"], "generatedAt": now(), "seqNo": 0}
        assert (await exchange(connection, "NotifyReport", report))[2] == "SecurityError"
