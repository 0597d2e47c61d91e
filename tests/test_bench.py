"""The benchmark's stations speak valid OCPP, and its loads get the answers they ask for."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from ocpp.messages import MessageType, get_validator
from websockets.asyncio.server import ServerConnection, serve

from bench import loop, report, wire
from bench.contenders import CONTENDERS
from bench.door import ANSWERS, HOST, SUBPROTOCOLS
from bench.pace import Pace
from bench.rounds import START, Plan, Row, measure, measure_steadily
from bench.station import Failed, Run, Station
from bench.workloads import CYCLES, Step, digits, encode, encode_boot

SHORT = Plan(
    contenders=["shipped", "limit"],
    workloads=["mix", "idle"],
    stations=[2],
    idle_stations=[3, 1000],
    rounds=2,
    idle_rounds=1,
    seconds=0.3,
    warm_up=0.1,
    max_calls=100_000,
    patience=0,
    attempts=3,
)


def text_of(step: Step, cycle: int) -> bytes:
    frame = digits(cycle).join(step.frame)
    header = 6 if frame[1] & 0x7F < 126 else 8
    return frame[header:]


@pytest.mark.parametrize("workload", CYCLES)
def test_every_call_of_a_cycle_is_valid(workload: str) -> None:
    for step in encode(CYCLES[workload]):
        message_type, _, action, payload = json.loads(text_of(step, cycle=7))
        assert message_type == MessageType.Call
        get_validator(MessageType.Call, action, "2.0.1").validate(payload)


@pytest.mark.parametrize("action", ANSWERS)
def test_every_canned_answer_is_valid(action: str) -> None:
    get_validator(MessageType.CallResult, action, "2.0.1").validate(ANSWERS[action])


def test_the_boot_is_valid_compressed_or_not() -> None:
    plain = json.loads(text_of(encode_boot(deflate=False), cycle=0))
    compressed = json.loads(wire.decompress(text_of(encode_boot(deflate=True), cycle=0)))
    get_validator(MessageType.Call, "BootNotification", "2.0.1").validate(plain[3])
    assert compressed[2:] == plain[2:]


def test_message_ids_and_transactions_differ_from_cycle_to_cycle() -> None:
    messages = [json.loads(text_of(step, cycle)) for cycle in (1, 2) for step in encode(CYCLES["mix"])]
    events = [payload for *_, action, payload in messages if action == "TransactionEvent"]
    assert len({message_id for _, message_id, *_ in messages}) == len(messages)
    assert {event["transactionInfo"]["transactionId"] for event in events} == {
        "bench-0000000001",
        "bench-0000000002",
    }


@pytest.mark.parametrize(
    ("header", "size"),
    [
        (b"\x81\x00", 0),
        (b"\x81\x7d", 125),
        (b"\x81\x7e\x00\x7e", 126),
        (b"\x81\x7f" + bytes(5) + b"\x01\0\0", 65536),
    ],
)
def test_a_frame_is_found_once_it_is_complete(header: bytes, size: int) -> None:
    frame = header + b"x" * size
    assert wire.payload_bounds(frame[:-1]) is None
    assert wire.payload_bounds(frame + b"\x81") == (len(header), len(frame))


@pytest.mark.parametrize("workload", ["mix", "connect", "idle-deflate"])
@pytest.mark.skipif(not loop.UVLOOP_INSTALLED, reason="the limit needs uvloop")
def test_a_load_is_answered_by_the_limit(workload: str) -> None:
    figures, _ = measure(CONTENDERS["limit"], Row(workload, 4, "limit"), SHORT)
    assert figures.get("calls", 1) > 0


def test_a_load_is_answered_by_this_server() -> None:
    figures, seconds_to_start = measure(CONTENDERS["shipped"], Row("mix", 20, "shipped"), SHORT)
    assert figures["calls"] > 0
    assert seconds_to_start > 0


async def test_a_call_error_is_a_failure() -> None:
    async def refuse(websocket: ServerConnection) -> None:
        async for message in websocket:
            await websocket.send(json.dumps([4, json.loads(message)[1], "InternalError", "", {}]))

    async with serve(refuse, HOST, 0, subprotocols=SUBPROTOCOLS) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        run = Run(deflate=False)
        _, station = await asyncio.get_running_loop().create_connection(
            lambda: Station(run, "CS1"), HOST, port
        )
        with pytest.raises(Failed, match="InternalError"):
            await station.booted
        await station.leave()
    with pytest.raises(Failed, match="1 failures, the first: CS1: BootNotification"):
        await run.answered(1)


class Scripted(Pace):
    """A core with one speed for each measurement."""

    def __init__(self, *speeds: float) -> None:
        super().__init__(None)
        self.left = list(speeds)

    @contextmanager
    def watching(self) -> Iterator[list[float]]:
        yield [self.left.pop(0)]

    def wait(self, seconds: float) -> None:
        """It is not waited for."""


@pytest.mark.parametrize(
    ("speeds", "shown", "left"),
    [
        pytest.param((0.95, 7), 95, [7], id="steady at once"),
        pytest.param((0.6, 1.0, 7), 100, [7], id="measured once more"),
        pytest.param((0.6, 0.8, 0.5, 7), 80, [7], id="the steadiest of all attempts"),
    ],
)
def test_what_a_slow_core_took_is_measured_again(
    speeds: tuple[float, ...], shown: float, left: list[float]
) -> None:
    pace = Scripted(*speeds)

    figures, _ = measure_steadily(CONTENDERS["limit"], Row("small", 2, "limit"), SHORT, pace)

    assert figures["core_percent"] == shown
    assert pace.left == left


def test_a_core_is_compared_to_the_fastest_that_it_was() -> None:
    pace = Pace(None)

    with pace.watching() as seen:
        pace.wait(0.2)

    assert len(seen) > 1
    assert all(0 < speed <= 1 for speed in seen)


def test_contenders_take_turns_and_idle_is_measured_in_its_own_number_of_rounds() -> None:
    assert list(SHORT.rows(files=500)) == [
        Row("mix", 2, "shipped"),
        Row("mix", 2, "limit"),
        Row("idle", 3, "shipped"),
        Row("idle", 3, "limit"),
        Row("mix", 2, "limit"),
        Row("mix", 2, "shipped"),
    ]
    assert SHORT.left_out(files=500) == [1000]


def test_the_table_shows_medians_and_their_ratio_to_the_shipped_server() -> None:
    samples = {
        Row(START, 0, "shipped"): [{"start_ms": 10.0}],
        Row("mix", 1000, "shipped"): [{"p50_ms": 4.0}, {"p50_ms": 2.0}, {"p50_ms": 1.0}],
        Row("mix", 1000, "limit"): [{"p50_ms": 1.0}],
    }
    head, _, *lines = report.table(report.medians(samples)).splitlines()
    assert [[cell.strip() for cell in line.strip("|").split("|")] for line in (head, *lines)] == [
        ["workload", "stations", "contender", "p50 ms", "start ms"],
        ["mix", "1,000", "shipped", "2.00 (1.00x)", ""],
        ["mix", "1,000", "limit", "1.00 (0.50x)", ""],
        ["start", "", "shipped", "", "10 (1.00x)"],
    ]
