"""Faults on answers to a station: delayed, missing, repeated or altered, byte by byte."""

import asyncio
import json
import re
from time import perf_counter

import pytest
from ocpp.v201 import call

from mock_csms.csms import Csms
from tests.conftest import Serve
from tests.support.faults import DATA_TRANSFER_ANSWER, SHORT_DELAY, is_heartbeat_answer
from tests.support.loops import on_both_loops
from tests.support.station import PATIENCE, connected
from tests.support.wire import BINARY, CONT, FIN, OFFER, RSV1, TEXT, Frame, websocket_wire

pytestmark = pytest.mark.usefixtures("short_shutdown")


# Late, missing and repeated answers


async def test_answer_without_a_fault_is_one_text_frame(csms: Csms) -> None:
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert (
            await wire.read(2 + len(DATA_TRANSFER_ANSWER))
            == bytes([FIN | TEXT, len(DATA_TRANSFER_ANSWER)]) + DATA_TRANSFER_ANSWER
        )


@pytest.mark.parametrize("kind", ["delay", "late-answer"])
async def test_late_answer_equals_one_in_time(serve: Serve, kind: str) -> None:
    csms = await serve(faults=f"DataTransfer:{kind}={SHORT_DELAY}")
    async with websocket_wire(csms) as wire:
        started = perf_counter()
        wire.write_calls(1)
        assert await wire.read_text() == DATA_TRANSFER_ANSWER
        assert perf_counter() - started >= SHORT_DELAY


@pytest.mark.parametrize(
    "delay", ["delay:min=0.05:max=0.06", "delay:median=0.05:sigma=0"], ids=["uniform", "lognormal"]
)
async def test_random_delay_is_waited_for(serve: Serve, delay: str) -> None:
    csms = await serve(faults=f"DataTransfer:{delay}")
    async with websocket_wire(csms) as wire:
        started = perf_counter()
        wire.write_calls(1)
        assert await wire.read_text() == DATA_TRANSFER_ANSWER
        assert perf_counter() - started >= SHORT_DELAY


async def test_delayed_answer_does_not_delay_answers_to_later_messages(serve: Serve) -> None:
    csms = await serve(faults=f"DataTransfer:delay={SHORT_DELAY}:times=1")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1, 2, 3)
        answers = [await wire.read_message_id() for _ in range(3)]
    assert answers == ["2", "3", "1"]


async def test_delayed_answer_is_sent_on_time_to_an_idle_station(serve: Serve) -> None:
    csms = await serve(faults=f"Heartbeat:delay={SHORT_DELAY}")
    async with connected(csms) as station:
        started = perf_counter()
        assert (await station.send(call.Heartbeat())).current_time
        assert perf_counter() - started >= SHORT_DELAY


@on_both_loops
async def test_connection_end_during_a_delay_leaves_no_task_behind(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:delay=3600:times=3")
    before = asyncio.all_tasks()
    async with websocket_wire(csms) as wire:
        wire.write_calls(1, 2, 3, 4)
        assert await wire.read_message_id() == "4"
        tasks = asyncio.all_tasks() - before
        assert len(tasks) >= 3
    _, unfinished = await asyncio.wait(tasks, timeout=PATIENCE)
    assert not unfinished
    assert csms.sessions == {}


async def test_withheld_answer_leaves_the_connection_alive(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:no-answer:times=2")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1, 2, 3)
        assert await wire.read_message_id() == "3"


async def test_withheld_answer_times_out_at_a_real_station(serve: Serve) -> None:
    csms = await serve(faults="Heartbeat:no-answer:times=1")
    async with connected(csms) as station:
        station._response_timeout = SHORT_DELAY
        with pytest.raises(TimeoutError):
            await station.send(call.Heartbeat())
        station._response_timeout = PATIENCE
        assert (await station.send(call.Heartbeat())).current_time


@pytest.mark.parametrize("count", [2, 5])
async def test_duplicate_is_sent_exactly_as_often_as_configured(serve: Serve, count: int) -> None:
    csms = await serve(faults=f"DataTransfer:duplicate={count}:times=1")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1, 2)
        assert [await wire.read_text() for _ in range(count)] == [DATA_TRANSFER_ANSWER] * count
        assert await wire.read_message_id() == "2"


# Altered answers


async def test_wrong_id_answer_has_an_unused_message_id(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:wrong-id")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        text = await wire.read_text()
    assert re.fullmatch(rb'\[3,"[-0-9a-f]{36}",\{"status":"UnknownVendorId"\}\]', text)


async def test_malformed_answer_lacks_its_last_bracket(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:malformed")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await wire.read_text() == DATA_TRANSFER_ANSWER[:-1]


@pytest.mark.parametrize(("kind", "written"), [("wrong-type", b"9"), ("wrong-type=2", b"2")])
async def test_wrong_type_answer_has_the_configured_message_type(
    serve: Serve, kind: str, written: bytes
) -> None:
    csms = await serve(faults=f"DataTransfer:{kind}")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await wire.read_text() == DATA_TRANSFER_ANSWER.replace(b"3", written, 1)


async def test_binary_answer_is_one_binary_frame(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:binary")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await wire.read_frame() == Frame(BINARY, DATA_TRANSFER_ANSWER)


async def test_fragmented_answer_has_three_fragments_by_default(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:fragmented")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert [await wire.read_frame() for _ in range(3)] == [
            Frame(TEXT, DATA_TRANSFER_ANSWER[:12], fin=False),
            Frame(CONT, DATA_TRANSFER_ANSWER[12:24], fin=False),
            Frame(CONT, DATA_TRANSFER_ANSWER[24:]),
        ]


async def test_fragmented_answer_may_have_one_fragment_per_byte(serve: Serve) -> None:
    csms = await serve(faults=f"DataTransfer:fragmented={len(DATA_TRANSFER_ANSWER)}")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        frames = [await wire.read_frame() for _ in DATA_TRANSFER_ANSWER]
    assert b"".join(frame.data for frame in frames) == DATA_TRANSFER_ANSWER
    assert [frame.opcode for frame in frames] == [TEXT] + [CONT] * (len(DATA_TRANSFER_ANSWER) - 1)
    assert [frame.fin for frame in frames] == [False] * (len(DATA_TRANSFER_ANSWER) - 1) + [True]


async def test_fragmented_answer_is_accepted_by_a_real_station(serve: Serve) -> None:
    csms = await serve(faults="Heartbeat:fragmented=7")
    async with connected(csms) as station:
        assert (await station.send(call.Heartbeat())).current_time


@pytest.mark.parametrize("size", [1000, 2**16, 2**20])
async def test_oversized_answer_has_the_configured_size_and_is_valid(serve: Serve, size: int) -> None:
    csms = await serve(faults=f"Heartbeat:oversized={size}")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1, action="Heartbeat")
        text = await wire.read_text()
    answer = json.loads(text)[2]
    assert len(text) >= size
    assert {*answer} == {"currentTime", "customData"}
    assert {*answer["customData"]} == {"vendorId", "padding"}


async def test_oversized_answer_is_a_mebibyte_by_default(serve: Serve) -> None:
    csms = await serve(faults="Heartbeat:oversized")
    async with websocket_wire(csms) as wire:
        wire.write_calls(1, action="Heartbeat")
        assert len(await wire.read_text()) >= 2**20


# Answers and errors of a rule


async def test_fault_applies_to_the_answer_of_its_rule(serve: Serve) -> None:
    then = {"answer": {"status": "Accepted", "data": "{{request.vendorId}}"}, "fault": {"kind": "malformed"}}
    csms = await serve(rules=[{"when": {"action": "DataTransfer"}, "then": then}])
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await wire.read_text() == b'[3,"1",{"status":"Accepted","data":"V"}'


async def test_error_of_a_rule_replaces_the_answer(serve: Serve) -> None:
    error = {"code": "OutOfOrder", "description": "for a test", "details": {"why": 1}}
    csms = await serve(rules=[{"when": {"action": "DataTransfer"}, "then": {"error": error}}])
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await wire.read_text() == b'[4,"1","OutOfOrder","for a test",{"why":1}]'


async def test_fault_applies_to_the_error_of_its_rule(serve: Serve) -> None:
    then = {"error": {"code": "SecurityError"}, "fault": {"kind": "duplicate"}}
    csms = await serve(rules=[{"when": {"action": "DataTransfer"}, "then": then}])
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert [await wire.read_text() for _ in range(2)] == [b'[4,"1","SecurityError","",{}]'] * 2


@pytest.mark.parametrize(
    ("validate", "text"),
    [
        (True, b'[4,"1","InternalError","the mock server\'s answer breaks its schema",{}]'),
        (False, b'[3,"1",{"status":5}]'),
    ],
    ids=["validated", "not validated"],
)
async def test_invalid_answer_of_a_rule_is_sent_only_without_validation(
    serve: Serve, text: bytes, *, validate: bool
) -> None:
    """The rule names no action, so the server checks its answer against a schema only when sending it."""
    rule = {"when": {}, "then": {"answer": {"status": 5}}, "validate": validate}
    csms = await serve(rules=[rule])
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await wire.read_text() == text


async def test_rules_are_chained_by_the_state_of_a_station(serve: Serve) -> None:
    csms = await serve(
        rules=[
            {"when": {"action": "Heartbeat", "state": "start"}, "set": "beating"},
            {"when": {"action": "DataTransfer", "state": "beating"}, "then": {"fault": {"kind": "binary"}}},
        ]
    )
    async with websocket_wire(csms) as wire:
        wire.write_calls(1)
        assert await wire.read_text() == DATA_TRANSFER_ANSWER
        wire.write_calls(2, action="Heartbeat")
        assert is_heartbeat_answer(2, await wire.read_text())
        wire.write_calls(1)
        assert await wire.read_frame() == Frame(BINARY, DATA_TRANSFER_ANSWER)
    assert csms.stations["CS1"].state == "beating"


# Compressed answers


async def test_truncated_compressed_answer_is_half_of_its_frame(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:truncated")
    async with websocket_wire(csms, extensions=OFFER) as wire:
        wire.write_calls(1)
        first, length, *data = await wire.read_rest()
    assert first == FIN | RSV1 | TEXT
    assert len(data) == (2 + length) // 2 - 2
    assert 0 < len(data) < length


async def test_only_the_first_fragment_of_a_compressed_answer_has_rsv1(serve: Serve) -> None:
    """RFC 7692 6.1."""
    csms = await serve(faults="DataTransfer:fragmented:times=1")
    async with websocket_wire(csms, extensions=OFFER) as wire:
        wire.write_calls(1, 1)
        frames = [await wire.read_frame() for _ in range(3)]
        assert frames == [
            Frame(TEXT, frames[0].data, fin=False, compressed=True),
            Frame(CONT, frames[1].data, fin=False),
            Frame(CONT, frames[2].data),
        ]
        assert wire.decompress(b"".join(frame.data for frame in frames)) == DATA_TRANSFER_ANSWER
        assert wire.decompress((await wire.read_frame()).data) == DATA_TRANSFER_ANSWER


async def test_binary_answer_is_compressed(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:binary:times=1")
    async with websocket_wire(csms, extensions=OFFER) as wire:
        wire.write_calls(1, 1)
        binary, text = await wire.read_frame(), await wire.read_frame()
        assert binary == Frame(BINARY, binary.data, compressed=True)
        assert wire.decompress(binary.data) == DATA_TRANSFER_ANSWER
        assert text == Frame(TEXT, text.data, compressed=True)
        assert wire.decompress(text.data) == DATA_TRANSFER_ANSWER


async def test_oversized_compressed_answer_is_long_only_when_decompressed(serve: Serve) -> None:
    csms = await serve(faults="DataTransfer:oversized:times=1")
    async with websocket_wire(csms, extensions=OFFER) as wire:
        wire.write_calls(1, 1)
        frame = await wire.read_frame()
        assert frame == Frame(TEXT, frame.data, compressed=True)
        assert len(frame.data) < 2**16
        assert len(wire.decompress(frame.data)) >= 2**20
        assert wire.decompress((await wire.read_frame()).data) == DATA_TRANSFER_ANSWER


@pytest.mark.parametrize("fault", ["delay=3600", "late-answer=3600", "no-answer"])
async def test_call_before_the_late_answer_to_another_is_not_parallel(serve: Serve, fault: str) -> None:
    csms = await serve(faults=f"DataTransfer:{fault}:times=1", findings="always")
    async with websocket_wire(csms) as wire:
        for message_id in (1, 2):
            wire.write_calls(message_id)
            await wire.settle()
        assert await wire.read_message_id() == "2"
    assert "calls-in-parallel" not in {finding.id for finding in csms.records.findings}
