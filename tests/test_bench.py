"""The benchmark: its stations send valid OCPP, its loads are answered, its report is right."""

import asyncio
import json
import time
from dataclasses import replace
from typing import Any

import psutil
import pytest
from ocpp.messages import MessageType, get_validator
from websockets.asyncio.server import ServerConnection, serve

from bench import loop, machine, report, stalls, wire
from bench.attacks import ATTACKS
from bench.contenders import CONTENDERS
from bench.door import ANSWERS, HOST, SUBPROTOCOLS
from bench.rounds import START, Plan, Results, Row, loaded, turns
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
)


def text_of(step: Step, cycle: int) -> bytes:
    frame = digits(cycle).join(step.frame)
    header = 6 if frame[1] & 0x7F < 126 else 8
    return frame[header:]


@pytest.mark.parametrize("workload", CYCLES)
def test_cycle_calls_are_valid(workload: str) -> None:
    for step in encode(CYCLES[workload]):
        message_type, _, action, payload = json.loads(text_of(step, cycle=7))
        assert message_type == MessageType.Call
        get_validator(MessageType.Call, action, "2.0.1").validate(payload)


@pytest.mark.parametrize("action", ANSWERS)
def test_canned_answer_is_valid(action: str) -> None:
    get_validator(MessageType.CallResult, action, "2.0.1").validate(ANSWERS[action])


def test_boot_is_valid_plain_and_compressed() -> None:
    plain = json.loads(text_of(encode_boot(deflate=False), cycle=0))
    compressed = json.loads(wire.decompress(text_of(encode_boot(deflate=True), cycle=0)))
    get_validator(MessageType.Call, "BootNotification", "2.0.1").validate(plain[3])
    assert compressed[2:] == plain[2:]


def test_message_ids_and_transactions_are_unique_across_cycles() -> None:
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
def test_frame_bounds_need_the_complete_frame(header: bytes, size: int) -> None:
    frame = header + b"x" * size
    assert wire.payload_bounds(frame[:-1]) is None
    assert wire.payload_bounds(frame + b"\x81") == (len(header), len(frame))


@pytest.mark.parametrize("workload", ["mix", "connect", "idle-deflate"])
@pytest.mark.skipif(not loop.UVLOOP_INSTALLED, reason="`limit` needs uvloop")
def test_limit_answers_repeated_loads(workload: str) -> None:
    with loaded(CONTENDERS["limit"], Row(workload, 4, "limit")) as (load, _):
        for _ in range(3 if workload in {"mix", "connect"} else 1):
            figures = load.measure(0.1)
            assert figures.get("calls", 1) > 0


def test_shipped_server_answers_a_load() -> None:
    with loaded(CONTENDERS["shipped"], Row("mix", 20, "shipped")) as (load, server):
        assert load.measure(0.1)["calls"] >= 20
        assert server.seconds_to_start > 0


@pytest.mark.parametrize("contender", ["tls", "bare-tls"])
@pytest.mark.parametrize("workload", ["mix", "connect"])
def test_server_with_tls_answers_a_load(workload: str, contender: str) -> None:
    with loaded(CONTENDERS[contender], Row(workload, 20, contender)) as (load, _):
        assert load.measure(0.1)["calls"] >= 20


def test_masked_frame_is_the_counterpart_of_an_unmasked_one() -> None:
    for size in 0, 125, 126, 65_536:
        masked = wire.frame(wire.TEXT, bytes(size))
        assert wire.masked_payload_bounds(masked) == (len(masked) - size, len(masked))
        assert wire.masked_payload_bounds(masked[:-1]) is None
        unmasked = wire.unmasked_frame(wire.TEXT, bytes(size))
        assert wire.payload_bounds(unmasked) == (len(unmasked) - size, len(unmasked))


def test_failed_load_is_reported_without_samples() -> None:
    row, results = Row("mix", 2, "canned"), Results()
    with results.noting_failure(row), loaded(CONTENDERS["canned"], row) as (load, server):
        results.samples[row].append(load.measure(0.1))
        psutil.Process(server.pid).kill()
        load.measure(30)
    assert row not in results.samples
    (failure,) = results.failures
    assert failure.startswith("mix 2 canned: the load failed: ")


def test_cpu_seconds_match_the_process_clock() -> None:
    before = time.process_time()
    measured = machine.cpu_seconds(psutil.Process())
    assert measured == pytest.approx(before, abs=0.1)


async def test_call_error_fails_the_load() -> None:
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


def test_rows_above_the_file_limit_are_left_out() -> None:
    plan = replace(SHORT, stations=[2, 5, 1000])
    rows = plan.rows("mix", files=500)
    assert rows == [Row("mix", number, name) for number in (2, 5) for name in ("shipped", "limit")]
    assert [row.stations for row in plan.rows("idle", files=500)] == [3, 3]
    assert plan.left_out(files=500) == [1000]


def test_rounds_rotate_rows_and_alternate_their_direction() -> None:
    rows = [Row("mix", number, name) for number in (1, 100, 1000) for name in ("quiet", "shipped")]
    order = turns(rows, 0)
    assert [(row.stations, row.contender) for row in order] == [
        (1, "quiet"),
        (1, "shipped"),
        (100, "shipped"),
        (100, "quiet"),
        (1000, "quiet"),
        (1000, "shipped"),
    ]
    assert [turns(rows, number)[0] for number in range(7)] == [*order, order[0]]
    assert turns(rows, 4) == [*order[4:], *order[:4]]


def test_result_rows_keep_their_order_in_any_round() -> None:
    rows = [Row("idle", number, name) for number in (1, 2) for name in ("quiet", "shipped")]
    results = Results()
    results.expect(rows)
    for row in turns(rows, 3):
        results.samples[row].append({"kib_per_connection": 1.0})
    assert list(results.samples) == rows


def test_table_shows_medians_and_medians_of_ratios() -> None:
    samples = {
        Row(START, 0, "quiet"): [{"start_ms": 10.0}],
        Row("mix", 1000, "quiet"): [{"p50_ms": 4.0}, {"p50_ms": 2.0}, {"p50_ms": 1.0}],
        Row("mix", 1000, "limit"): [{"p50_ms": 1.0}, {"p50_ms": 1.0}, {"p50_ms": 0.25}],
    }
    head, _, *lines = report.table(samples).splitlines()
    assert [[cell.strip() for cell in line.strip("|").split("|")] for line in (head, *lines)] == [
        ["workload", "stations", "contender", "p50 ms", "start ms"],
        ["mix", "1,000", "quiet", "2.00 (1.00x)", ""],
        ["mix", "1,000", "limit", "1.00 (0.25x)", ""],
        ["start", "", "quiet", "", "10 (1.00x)"],
    ]


def test_scaling_compares_with_the_next_smaller_fleet() -> None:
    samples = {
        Row("mix", number, name): [{report.COMPARED: rate} for rate in rates]
        for number, name, rates in (
            (1, "quiet", (1.0, 1.0, 1.0)),
            (100, "quiet", (100.0, 50.0, 25.0)),
            (1000, "quiet", (90.0, 40.0, 25.0)),
            (1000, "limit", (70.0, 70.0, 70.0)),
        )
    }
    scaling = {row: figures.get("of_fewer") for row, figures in report.medians(samples).items()}
    assert list(scaling.values()) == [None, 50.0, 0.9, None]


def test_table_without_baseline_has_no_ratios() -> None:
    samples = {Row("mix", 1, "limit"): [{"p50_ms": 1.0}]}
    assert report.table(samples).endswith("|   1.00 |")


@pytest.fixture
def no_recovery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stalls, "RECOVERY_S", 0.0)


@pytest.mark.usefixtures("no_recovery")
@pytest.mark.parametrize("name", ["names", "deep", "basic-failures"])
def test_attack_is_measured_beside_a_probe(name: str) -> None:
    stall = stalls.measure(name)

    assert not stall.remark
    assert 0 < stall.p50_ms <= stall.p99_ms <= stall.max_ms
    assert stall.peak_mib >= 0


@pytest.mark.usefixtures("no_recovery")
def test_attack_that_the_server_ends_is_not_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ATTACKS, "names", replace(ATTACKS["names"], flags=("--max-connections", "1")))

    stall = stalls.measure("names")

    assert "closed" in stall.remark or "no WebSocket" in stall.remark
    assert not stall.is_within_bounds


@pytest.mark.parametrize(
    ("changes", "is_within_bounds"),
    [
        ({}, True),
        ({"max_ms": 1000.1}, False),
        ({"growth_mib": 64.1}, False),
        ({"peak_mib": 500.0}, True),
        ({"remark": "timed out"}, False),
    ],
)
def test_stall_is_within_bounds(changes: dict[str, Any], is_within_bounds: bool) -> None:
    stall = replace(stalls.Stall(0.5, 2.0, 1000.0, 100.0, 64.0, ""), **changes)

    assert stall.is_within_bounds is is_within_bounds


def test_unknown_attack_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        stalls.main(["flood"])

    assert ended.value.code == 2
    assert "there is no attack flood" in capsys.readouterr().err
