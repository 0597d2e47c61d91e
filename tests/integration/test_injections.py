"""Rules and faults: their side effects on other messages and rules, and the limits of their parameters."""

import asyncio
import json
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from mock_csms.behaviour.faults import LONGEST_DELAY, CloseConnection, Delay, Fragmented, Oversized
from mock_csms.behaviour.rulebook import Rulebook
from mock_csms.behaviour.rules import Rule, When
from mock_csms.behaviour.templates import TemplateContext, render
from mock_csms.errors import CallErrorReceived
from mock_csms.messages import Call
from mock_csms.transport.steps import Fragments, Text
from server import OCPP_VERSIONS
from tests.conftest import LogLines, Serve
from tests.support.faults import DATA_TRANSFER_ANSWER, clear_cache_rule
from tests.support.loops import on_both_loops
from tests.support.station import raw_connection, receive
from tests.support.wire import CLOSE, websocket_wire

BOOT = '[2,"boot","BootNotification",{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]'


async def test_no_command_is_sent_before_a_delayed_boot_answer(serve: Serve) -> None:
    csms = await serve(faults="BootNotification:delay=0.1", command="ClearCache", delay=0)
    async with raw_connection(csms) as connection:
        await connection.send(BOOT)
        assert (await receive(connection))[:2] == [3, "boot"]


@pytest.mark.parametrize(
    "fault", ["CS1/handshake:hang", "CS1/handshake:wrong-subprotocol", "CS1/DataTransfer:stall"]
)
async def test_station_that_leaves_while_reading_is_paused_is_noticed(serve: Serve, fault: str) -> None:
    csms = await serve(faults=fault)
    before = asyncio.all_tasks()
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await wire.is_silent()
        tasks = asyncio.all_tasks() - before
    _, unfinished = await asyncio.wait(tasks, timeout=2)
    assert not unfinished


async def test_unnamed_rule_does_not_replace_a_named_one(serve: Serve) -> None:
    no_answer = {"fault": {"kind": "no-answer"}}
    rules = [
        {"id": "rule-2", "when": {"action": "Heartbeat"}, "then": no_answer},
        {"when": {"action": "Authorize"}, "then": no_answer},
    ]
    csms = await serve(rules=rules)
    assert len(list(csms.rulebook)) == 2


async def test_handshake_rule_sets_the_state(serve: Serve) -> None:
    rule = {
        "when": {"action": "handshake", "state": "start"},
        "then": {"fault": {"kind": 503}},
        "set": "seen",
    }
    csms = await serve(rules=[rule])
    async with websocket_wire(csms):
        pass
    async with websocket_wire(csms) as wire:
        assert wire.head.startswith(b"HTTP/1.1 101 ")


async def test_rule_that_only_sets_a_state_keeps_a_callerror(serve: Serve) -> None:
    csms = await serve(rules=clear_cache_rule(set="cleared"))
    async with raw_connection(csms) as connection:
        await connection.send('[2,"1","Heartbeat",{}]')
        await receive(connection)
        pending_call = asyncio.create_task(csms.sessions["CS1"].call("ClearCache", {}))
        message_id = (await receive(connection))[1]
        await connection.send(json.dumps([4, message_id, "NotSupported", "no", {}]))
        with pytest.raises(CallErrorReceived):
            await pending_call


def test_expression_that_cannot_be_evaluated_does_not_match() -> None:
    assert not When(expression="length(idToken.groupId) > `1`").holds(Call.of_json("Heartbeat", {}), "start")


def test_unknown_function_is_rejected_when_the_rule_is_parsed() -> None:
    with pytest.raises(ValidationError):
        When(expression="lenght(idToken)")


def test_zero_is_true_as_in_jmespath() -> None:
    assert When(expression="seqNo").holds(Call.of_json("Heartbeat", {"seqNo": 0}), "start")


@pytest.mark.parametrize("text", ["{{now+999999999999999}}", "{{now-99999999999}}"])
def test_time_out_of_range_is_rejected(text: str) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate({"when": {"action": "Heartbeat"}, "then": {"answer": {"currentTime": text}}})


def test_reason_that_does_not_fit_a_close_frame_is_rejected() -> None:
    with pytest.raises(ValidationError):
        CloseConnection(reason="x" * 124)


@on_both_loops
async def test_message_after_an_injected_close_is_not_answered(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:close:times=1")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1, 2)
        assert (await wire.read_frame()).opcode == CLOSE


@pytest.mark.parametrize("fault", ["reset", "truncated"])
async def test_message_after_a_broken_connection_is_not_logged_as_answered(
    serve: Serve, log_lines: LogLines, fault: str
) -> None:
    csms = await serve(faults=f"Heartbeat:{fault}:times=1")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1, action="Heartbeat")
        wire.write_calls(*range(2, 14))
        await log_lines.wait_for("CS1", "disconnected")
    assert not [line for line in log_lines.lines if "DataTransfer result" in line]


@pytest.mark.parametrize("parts", [9, 20, 40])
def test_fragmented_answer_has_the_configured_number_of_parts(parts: int) -> None:
    frame = b'[3,"19223201",{"currentTime":"2026-01-01T00:00:00.000Z"}]'
    (step,) = Fragmented(parts=parts).steps(frame, Random(1))
    assert isinstance(step, Fragments)
    assert len(step.parts) == parts


def test_oversized_answer_has_exactly_the_configured_size() -> None:
    (step,) = Oversized(size=1000).steps(DATA_TRANSFER_ANSWER, Random(1))
    assert isinstance(step, Text)
    assert len(step.data) == 1000


@pytest.mark.parametrize(
    "parameters",
    [{"seconds": 1, "min": 5}, {"seconds": 1, "sigma": 2}, {"median": 1, "min": 5}, {"max": 1, "sigma": 1}],
    ids=str,
)
def test_delay_with_parameters_of_two_distributions_is_rejected(parameters: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Delay(**parameters)


def test_lognormal_delay_never_exceeds_the_maximum() -> None:
    delay = Delay(median=1e7, sigma=10)
    assert all(delay.draw(Random(seed)) <= LONGEST_DELAY for seed in range(1000))
    with pytest.raises(ValidationError):
        Delay(median=1, sigma=1000)


def test_boolean_in_a_template_is_rendered_as_json() -> None:
    assert (
        render("{{request.offline}}!", TemplateContext({"offline": True}, datetime.now(UTC), Random(0)))
        == "true!"
    )


def test_true_does_not_match_1() -> None:
    rule = Rule.model_validate({"when": {"payload": {"x": 1}}, "set": "a"})
    assert (
        Rulebook(OCPP_VERSIONS, [rule])
        .about("CS1")["Heartbeat"]
        .hit("CS1", Call.of_json("Heartbeat", {"x": True}), "start")
        is None
    )


# Size of rendered answers and commands

REPEATED = "{{request.data}}" * 100 + "x"
LARGE = json.dumps([2, "large", "DataTransfer", {"vendorId": "x", "data": "x" * 20_000}])


@pytest.mark.parametrize("data", [REPEATED, ["{{request.data}}"] * 100], ids=["text", "list"])
async def test_too_large_answer_of_a_rule_is_an_internal_error(
    serve: Serve, log_lines: LogLines, data: object
) -> None:
    rule = {"when": {"action": "DataTransfer"}, "then": {"answer": {"status": "Accepted", "data": data}}}
    csms = await serve(rules=[{"id": "echo", **rule}])
    async with raw_connection(csms) as connection:
        await connection.send(LARGE)
        assert (await receive(connection))[:3] == [4, "large", "InternalError"]
        await connection.send('[2,"small","DataTransfer",{"vendorId":"x","data":"y"}]')
        assert (await receive(connection))[:2] == [3, "small"]
    (line,) = [line for line in log_lines.lines if "cannot answer" in line]
    assert "rule echo cannot answer a DataTransfer: the values of the placeholders are larger than" in line


async def test_too_large_command_of_a_rule_is_not_sent(serve: Serve, log_lines: LogLines) -> None:
    command = {"action": "DataTransfer", "payload": {"vendorId": "x", "data": REPEATED}}
    rule = {"id": "echo", "when": {"action": "DataTransfer"}, "then": {"command": command}}
    csms = await serve(rules=[rule])
    async with raw_connection(csms) as connection:
        await connection.send(LARGE)
        assert (await receive(connection))[:2] == [3, "large"]
        await connection.send('[2,"small","DataTransfer",{"vendorId":"x","data":"y"}]')
        assert (await receive(connection))[:2] == [3, "small"]
        assert (await receive(connection))[3]["data"] == "y" * 100 + "x"
    assert any("rule echo cannot send its DataTransfer: the values" in line for line in log_lines.lines)
