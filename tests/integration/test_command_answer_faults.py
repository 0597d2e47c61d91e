"""Faults on a station's answers to commands."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from ocpp.v201 import call, call_result

from mock_csms.csms import Csms
from mock_csms.errors import CallErrorReceived, CallTimedOut, Disconnected, InvalidAnswer
from tests.conftest import Serve
from tests.support.faults import DATA_TRANSFER_ANSWER, SHORT_DELAY, clear_cache_rule
from tests.support.loops import on_both_loops
from tests.support.station import Station, connected
from tests.support.wire import websocket_wire

pytestmark = pytest.mark.usefixtures("short_shutdown")


@asynccontextmanager
async def served_station(csms: Csms) -> AsyncIterator[Station]:
    """Connect an `ocpp` station and wait until the server answers its Heartbeat."""
    async with connected(csms) as station:
        await station.send(call.Heartbeat())
        yield station


async def test_lost_answer_times_out_the_call(serve: Serve) -> None:
    csms = await serve(
        rules=clear_cache_rule({"fault": {"kind": "no-answer"}}, times=1), call_timeout=SHORT_DELAY
    )
    async with served_station(csms) as station:
        with pytest.raises(CallTimedOut):
            await csms.sessions["CS1"].call("ClearCache", {})
        assert await station.next("ClearCache") == {}


async def test_next_call_is_sent_after_a_lost_answer(serve: Serve) -> None:
    csms = await serve(
        rules=clear_cache_rule({"fault": {"kind": "no-answer"}}, times=1), call_timeout=SHORT_DELAY
    )
    async with served_station(csms):
        with pytest.raises(CallTimedOut):
            await csms.sessions["CS1"].call("ClearCache", {})
        assert await csms.sessions["CS1"].call("ClearCache", {}) == {"status": "Accepted"}


async def test_answers_to_other_commands_are_not_lost(serve: Serve) -> None:
    csms = await serve(rules=clear_cache_rule({"fault": {"kind": "no-answer"}}))
    async with served_station(csms):
        assert (await csms.sessions["CS1"].call("Reset", {"type": "OnIdle"}))["status"] == "Accepted"


async def test_close_follows_the_answer(serve: Serve) -> None:
    csms = await serve(rules=clear_cache_rule({"fault": {"kind": "close", "code": 1012}}))
    async with served_station(csms) as station:
        with pytest.raises(Disconnected):
            await csms.sessions["CS1"].call("ClearCache", {})
        await station.connection.wait_closed()
    assert station.connection.close_code == 1012


@on_both_loops
async def test_reset_follows_the_answer(serve: Serve) -> None:
    csms = await serve(rules=clear_cache_rule({"fault": {"kind": "reset"}}))
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await wire.read_text() == DATA_TRANSFER_ANSWER
        pending_call = asyncio.create_task(csms.sessions["CS1"].call("ClearCache", {}))
        message_id = await wire.read_message_id()
        wire.write(json.dumps([3, message_id, {"status": "Accepted"}]).encode())
        with pytest.raises(ConnectionResetError):
            await wire.read_rest()
        with pytest.raises(Disconnected):
            await pending_call


@on_both_loops
async def test_stall_follows_the_answer(serve: Serve) -> None:
    csms = await serve(rules=clear_cache_rule({"fault": {"kind": "stall"}}), call_timeout=SHORT_DELAY)
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await wire.read_text() == DATA_TRANSFER_ANSWER
        pending_call = asyncio.create_task(csms.sessions["CS1"].call("ClearCache", {}))
        message_id = await wire.read_message_id()
        wire.write(json.dumps([3, message_id, {"status": "Accepted"}]).encode())
        with pytest.raises(CallTimedOut):
            await pending_call
        wire.write_calls(2)
        assert await wire.is_silent()


async def test_answer_of_a_rule_is_merged_into_the_stations_answer(serve: Serve) -> None:
    answer = {"status": "Rejected", "statusInfo": {"reasonCode": "{{request.status}}"}}
    csms = await serve(rules=clear_cache_rule({"answer": answer}))
    async with served_station(csms):
        assert await csms.sessions["CS1"].call("ClearCache", {}) == {
            "status": "Rejected",
            "statusInfo": {"reasonCode": "Accepted"},
        }


async def test_merged_answer_keeps_the_other_fields(serve: Serve) -> None:
    csms = await serve(rules=clear_cache_rule({"answer": {"customData": {"vendorId": "V"}}}))
    async with served_station(csms) as station:
        station.answers["ClearCache"] = lambda: call_result.ClearCache(status="Rejected")
        assert await csms.sessions["CS1"].call("ClearCache", {}) == {
            "status": "Rejected",
            "customData": {"vendorId": "V"},
        }


async def test_error_of_a_rule_replaces_the_stations_answer(serve: Serve) -> None:
    error = {"code": "NotSupported", "description": "not today", "details": {"until": "tomorrow"}}
    csms = await serve(rules=clear_cache_rule({"error": error}))
    async with served_station(csms):
        with pytest.raises(CallErrorReceived) as failure:
            await csms.sessions["CS1"].call("ClearCache", {})
    received = failure.value
    assert (received.code, received.description) == ("NotSupported", "not today")
    assert received.details == error["details"]


async def test_invalid_answer_of_a_rule_is_treated_as_the_stations_own(
    serve: Serve,
) -> None:
    csms = await serve(rules=clear_cache_rule({"answer": {"status": "Maybe"}}, validate=False))
    async with served_station(csms):
        with pytest.raises(InvalidAnswer):
            await csms.sessions["CS1"].call("ClearCache", {})


async def test_rule_matches_the_payload_of_the_stations_answer(serve: Serve) -> None:
    rules = clear_cache_rule({"answer": {"status": "Accepted"}})
    rules[0]["when"]["payload"] = {"status": "Rejected"}
    csms = await serve(rules=rules)
    async with served_station(csms) as station:
        station.answers["ClearCache"] = lambda: call_result.ClearCache(status="Rejected")
        assert await csms.sessions["CS1"].call("ClearCache", {}) == {"status": "Accepted"}


async def test_answer_sets_the_state_of_the_station(serve: Serve) -> None:
    csms = await serve(rules=clear_cache_rule(set="cleared"))
    async with served_station(csms):
        assert await csms.sessions["CS1"].call("ClearCache", {}) == {"status": "Accepted"}
    assert csms.stations["CS1"].state == "cleared"
