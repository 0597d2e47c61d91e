"""HTTP Basic at the handshake, and changes of the password while a station is connected (A00, A01)."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
from ocpp.v201 import call_result

from mock_csms.csms import Csms
from mock_csms.errors import UsageError
from mock_csms.mock import check_payload
from mock_csms.settings import Settings
from server import VERSIONS
from tests.conftest import LogLines, Serve
from tests.support.control import driven, problem_detail, send_command, wait_for_entry
from tests.support.loops import on_both_loops
from tests.support.secured import basic_authorization, refused_status, with_password
from tests.support.station import (
    Station,
    connected,
    heartbeat_is_answered,
    raw_connection,
)
from tests.support.wire import request, tcp_wire

OLD, NEW = "the-old-password-1", "the-new-password-2"
PROFILE_1: dict[str, Any] = {"security_profile": 1, "password": OLD}


def set_password(new: str) -> dict[str, Any]:
    """Payload of a SetVariables with a new password."""
    item = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    return {"setVariableData": [{**item, "attributeValue": new}]}


def answering(status: str) -> Any:
    """Make a handler that answers a SetVariables with this status for all items."""

    def answer(set_variable_data: list[dict[str, Any]], **_: Any) -> call_result.SetVariables:
        names = [{key: item[key] for key in ("component", "variable")} for item in set_variable_data]
        return call_result.SetVariables([{**name, "attribute_status": status} for name in names])

    return answer


async def is_admitted(csms: Csms, password: str) -> bool:
    """Return whether a station may connect with a password; a refusal must be a 401."""
    async with tcp_wire(csms) as wire:
        wire.write_bytes(request("/CS1", basic_authorization("CS1", password)))
        head = await wire.read_head()
        assert head.startswith((b"HTTP/1.1 101", b"HTTP/1.1 401"))
        return head.startswith(b"HTTP/1.1 101")


async def change(client: httpx.AsyncClient, station: Station, status: str) -> Any:
    station.answers["SetVariables"] = answering(status)
    answer = await send_command(client, "CS1", "SetVariables", payload=set_password(NEW))
    assert answer.status_code == 200, answer.text
    return answer.json()


# The handshake


@on_both_loops
async def test_profile_1_admits_the_right_password_only(serve: Serve) -> None:
    """Test cases TC_A_01_CSMS to TC_A_03_CSMS."""
    csms = await serve(**PROFILE_1)
    async with connected(csms, "CS1", **with_password(OLD)) as station:
        assert (await station.boot()).status == "Accepted"
    for user, password in [("CS1-invalid", OLD), ("CS1", NEW)]:
        async with tcp_wire(csms) as wire:
            wire.write_bytes(request("/CS1", basic_authorization(user, password)))
            head = await wire.read_head()
        assert head.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
        assert b'\r\nWWW-Authenticate: Basic realm="OCPP", charset="UTF-8"\r\n' in head


async def test_refusal_is_one_warning_and_one_entry_without_the_password(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    csms = await serve(**PROFILE_1)
    assert not await is_admitted(csms, "a-wrong-password")

    [line] = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert line.startswith("CS1  refused from 127.0.0.1:")
    assert line.endswith(
        "its password is wrong; compare BasicAuthPassword in the station with the password of CS1 in the "
        'mock (--password, [stations."CS1"], or a change at run time)'
    )
    [entry] = [entry for entry in csms.records.journal if entry.type == "refused"]
    assert entry.handshake == {
        "listener": "main",
        "path": "/CS1",
        "subprotocols": "ocpp2.0.1",
        "authorization": "Basic, user CS1",
    }
    assert csms.records.statistics.refused == {"password": 1}


async def test_user_name_in_another_case_is_the_identity(serve: Serve) -> None:
    csms = await serve(security_profile=1, stations={"CS1": {"password": OLD}}, password="of-other-stations")
    async with connected(csms, "cs1", **with_password(OLD, "cs1")) as station:
        await station.boot()
    assert list(csms.stations) == ["CS1"]


async def test_short_password_is_warned_of_at_the_start_and_at_a_change(log_lines: LogLines) -> None:
    async with driven(password="short") as (_, client):
        await log_lines.wait_for("a station may reject the password: a password must have 16 to 40")
        answer = await client.patch("/v1/stations/CS1/profile", json={"password": "also-short"})
    assert answer.status_code == 200
    (line,) = await log_lines.wait_for("the station may reject the password set for CS1: ")
    assert line.endswith("16 to 40 characters, not 10 (A00.FR.205)")


async def test_password_in_the_user_name_is_not_shown(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    csms = await serve(**PROFILE_1)
    async with tcp_wire(csms) as wire:
        wire.write_bytes(request("/CS1", basic_authorization(OLD, "CS1")))
        assert (await wire.read_head()).startswith(b"HTTP/1.1 401")
    [entry] = [entry for entry in csms.records.journal if entry.type == "refused"]
    assert OLD not in f"{caplog.text}{entry}"


async def test_profile_of_one_station_does_not_apply_to_others(serve: Serve) -> None:
    csms = await serve(stations={"CS1": PROFILE_1})
    async with connected(csms, "CS2") as station:
        await station.boot()
    assert not await is_admitted(csms, NEW)


async def test_profile_0_says_whether_the_password_is_right(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(password=OLD)
    assert await is_admitted(csms, NEW)
    await log_lines.wait_for("CS1  connected", "security profile 1 would refuse it: its password is wrong")
    assert await is_admitted(csms, OLD)
    await log_lines.wait_for(
        "CS1  connected", "its password is right, but security profile 0 does not need one"
    )


async def test_plain_text_is_refused_for_profile_2(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(stations={"CS1": {"security_profile": 2, "password": OLD}})
    assert await refused_status(f"ws://{csms.address}", **with_password(OLD)) == 403
    await log_lines.wait_for("CS1  refused", "security profile 2 requires TLS; set the station to wss://")


# Changes of the password


@on_both_loops
async def test_accepted_password_holds_and_the_old_one_does_not(serve: Serve) -> None:
    """Test case TC_A_09_CSMS."""
    async with driven(**PROFILE_1) as (csms, client):
        async with connected(csms, "CS1", **with_password(OLD)) as station:
            assert (await change(client, station, "Accepted"))["outcome"] == "result"
        assert not await is_admitted(csms, OLD)
        assert await is_admitted(csms, NEW)


@on_both_loops
async def test_rejected_password_changes_nothing(serve: Serve) -> None:
    """Test case TC_A_10_CSMS."""
    async with driven(**PROFILE_1) as (csms, client):
        async with connected(csms, "CS1", **with_password(OLD)) as station:
            await change(client, station, "Rejected")
        assert not await is_admitted(csms, NEW)
        assert await is_admitted(csms, OLD)


@on_both_loops
async def test_both_passwords_hold_until_the_reboot(serve: Serve) -> None:
    async with driven(**PROFILE_1) as (csms, client):
        async with connected(csms, "CS1", **with_password(OLD)) as station:
            await change(client, station, "RebootRequired")
            await station.boot()
        assert await is_admitted(csms, OLD)
        async with connected(csms, "CS1", **with_password(NEW)) as station:
            await station.boot()
        assert not await is_admitted(csms, OLD)
        assert await is_admitted(csms, NEW)


@pytest.mark.parametrize(("used", "other"), [(OLD, NEW), (NEW, OLD)])
async def test_unanswered_change_ends_with_the_next_connection(used: str, other: str) -> None:
    async with driven(**PROFILE_1) as (csms, client):
        async with raw_connection(csms, "CS1", **with_password(OLD)) as connection:
            sending = asyncio.create_task(
                send_command(client, "CS1", "SetVariables", payload=set_password(NEW))
            )
            await connection.recv()
        assert (await sending).json()["outcome"] == "disconnected"
        assert await is_admitted(csms, used)
        assert not await is_admitted(csms, other)


async def test_callerror_leaves_the_old_password() -> None:
    async with driven(**PROFILE_1) as (csms, client):
        async with connected(csms, "CS1", **with_password(OLD)) as station:
            del station.route_map["SetVariables"]
            answer = await send_command(client, "CS1", "SetVariables", payload=set_password(NEW))
            assert answer.json()["outcome"] == "error"
        assert await is_admitted(csms, OLD)
        assert not await is_admitted(csms, NEW)


@pytest.mark.parametrize("new", ["too-short", "a" * 41, "a password with spaces"])
async def test_unfit_password_is_not_sent_unless_told_to(new: str) -> None:
    async with driven(**PROFILE_1) as (csms, client):
        async with connected(csms, "CS1", **with_password(OLD)) as station:
            payload = set_password(new)
            answer = await send_command(client, "CS1", "SetVariables", payload=payload)
            detail = problem_detail(answer, 422, "invalid-payload")
            assert detail.startswith("SetVariables must not be sent: a password must have ")
            assert detail.endswith('"validate": false sends it anyway')
            assert new not in detail
            assert station.order == []

            sent = await send_command(client, "CS1", "SetVariables", payload=payload, validate=False)
            assert sent.json()["outcome"] == "result"
        assert await is_admitted(csms, new)
        assert not await is_admitted(csms, OLD)


async def test_password_set_by_a_plan_holds(log_lines: LogLines) -> None:
    plan = {"commands": "SetVariables:0", "set_variables": f"securityctrlr.basicauthpassword={NEW}"}
    async with driven(**PROFILE_1, **plan) as (csms, _):
        async with connected(csms, "CS1", **with_password(OLD)) as station:
            await station.boot()
            await log_lines.wait_for("CS1  only its new password is valid now")
        assert await is_admitted(csms, NEW)


async def test_change_in_profile_0_holds_in_profile_1() -> None:
    async with driven() as (csms, client):
        async with connected(csms, "CS1") as station:
            await change(client, station, "Accepted")
        answer = await client.patch("/v1/stations/CS1/profile", json={"securityProfile": 1})
        assert answer.status_code == 200, answer.text
        assert await is_admitted(csms, NEW)
        assert not await is_admitted(csms, OLD)


# The control API


async def test_password_set_over_the_api_holds() -> None:
    async with driven(**PROFILE_1) as (csms, client):
        answer = await client.put("/v1/stations/cs1/password", json={"password": NEW})
        assert answer.status_code == 204
        assert not await is_admitted(csms, OLD)
        assert await is_admitted(csms, NEW)
        assert (await client.get("/v1/stations/cs1/profile")).json()["password"] == "***"
        assert (await client.post("/v1/reset")).status_code == 204
        assert await is_admitted(csms, OLD)


@pytest.mark.parametrize(
    "body", [{"password": "short"}, {"password": "{SSHA256}x"}, {"password": ""}, {"password": 5}, {}]
)
async def test_unusable_password_is_refused_by_the_api(body: dict[str, Any]) -> None:
    async with driven(**PROFILE_1) as (csms, client):
        answer = await client.put("/v1/stations/CS1/password", json=body)
        assert answer.status_code == 422
        assert await is_admitted(csms, OLD)


async def test_profile_with_a_password_needs_one_over_the_api() -> None:
    async with driven() as (csms, client):
        answer = await client.patch("/v1/stations/CS1/profile", json={"securityProfile": 1})
        detail = problem_detail(answer, 422, "invalid-profile")
        assert detail == "securityProfile: 1 needs a password; set it too"
        both = {"securityProfile": 1, "password": OLD}
        assert (await client.patch("/v1/stations/CS1/profile", json=both)).json()["password"] == "***"
        assert OLD not in str(csms.profiles.changes)
        assert await is_admitted(csms, OLD)


async def test_profile_with_tls_is_refused_by_the_api_of_a_server_without_tls() -> None:
    async with driven() as (csms, client):
        answer = await client.patch("/v1/stations/CS1/profile", json={"securityProfile": 3})
        detail = problem_detail(answer, 422, "invalid-profile")
        assert (
            detail == "securityProfile: 3 needs TLS, which no listener accepts; start the server with --tls"
        )
        assert await is_admitted(csms, "")


@pytest.mark.parametrize("path", ["/v1/reset", "/v1/reset?station=CS1"])
async def test_reset_restores_the_password_of_the_settings(path: str) -> None:
    async with driven(**PROFILE_1) as (csms, client):
        async with connected(csms, "CS1", **with_password(OLD)) as station:
            await change(client, station, "Accepted")
        assert (await client.post(path)).status_code == 204
        assert await is_admitted(csms, OLD)
        assert not await is_admitted(csms, NEW)


async def test_station_keeps_its_connection_when_its_password_changes() -> None:
    async with driven(**PROFILE_1) as (csms, client):
        async with raw_connection(csms, "CS1", **with_password(OLD)) as connection:
            await client.put("/v1/stations/CS1/password", json={"password": NEW})
            assert await heartbeat_is_answered(connection)
        await wait_for_entry(client, station="CS1", type="disconnected")


def test_password_in_a_payload_that_a_station_may_reject_is_reported() -> None:
    plan = {"command": "SetVariables", "delay": 1, "payload": set_password("too-short")}
    settings = Settings.model_validate(plan)

    with pytest.raises(UsageError, match=r"SetVariables must not be sent: a password must have 16 to 40"):
        check_payload(settings, VERSIONS)
