"""Repeatability of faults with a probability, and their counts over reconnects."""

import asyncio

import pytest

from mock_csms.csms import Csms
from tests.conftest import Serve
from tests.support.station import heartbeat_is_answered, raw_connection, receive
from tests.support.wire import websocket_wire

pytestmark = pytest.mark.usefixtures("short_shutdown")


async def heartbeats_answered(csms: Csms, identity: str, number: int = 50) -> list[int]:
    """Send this many Heartbeats and a last message; return the numbers of the answered Heartbeats."""
    answered = []
    async with websocket_wire(csms, identity) as wire:
        wire.write_calls(*range(number), action="Heartbeat")
        wire.write_calls("last")
        while (message_id := await wire.read_message_id()) != "last":
            answered.append(int(message_id))
    return answered


HALF_UNANSWERED = "Heartbeat:no-answer:probability=0.5"


async def test_same_seed_withholds_the_same_answers(serve: Serve) -> None:
    first, second = [await serve(faults=HALF_UNANSWERED, seed=42) for _ in range(2)]
    for identity in ("CS1", "CS2"):
        answered = await heartbeats_answered(first, identity)
        assert 0 < len(answered) < 50
        assert answered == await heartbeats_answered(second, identity)


async def test_each_station_has_its_own_random_sequence(serve: Serve) -> None:
    csms = await serve(faults=HALF_UNANSWERED, seed=42)
    assert await heartbeats_answered(csms, "CS1") != await heartbeats_answered(csms, "CS2")


async def test_sequence_of_a_station_does_not_depend_on_other_stations(serve: Serve) -> None:
    first, second = [await serve(faults=HALF_UNANSWERED, seed=42) for _ in range(2)]
    alone = await heartbeats_answered(first, "CS1")
    await heartbeats_answered(second, "CS2")
    together = await asyncio.gather(
        *(heartbeats_answered(second, identity) for identity in ("CS3", "CS1", "CS4"))
    )
    assert together[1] == alone


async def test_other_seed_gives_another_sequence(serve: Serve) -> None:
    first, second = [await serve(faults=HALF_UNANSWERED, seed=seed) for seed in (42, 43)]
    assert await heartbeats_answered(first, "CS1") != await heartbeats_answered(second, "CS1")


async def test_sequence_continues_after_a_reconnect(serve: Serve) -> None:
    first, second = [await serve(faults=HALF_UNANSWERED, seed=42) for _ in range(2)]
    uninterrupted = await heartbeats_answered(first, "CS1", 50)
    before, after = [await heartbeats_answered(second, "CS1", 25) for _ in range(2)]
    assert before + [number + 25 for number in after] == uninterrupted


async def test_faults_of_one_station_do_not_affect_another(serve: Serve) -> None:
    csms = await serve(faults="CS1/Heartbeat:no-answer")
    async with raw_connection(csms, "CS2") as connection:
        assert await heartbeat_is_answered(connection)


async def test_fault_counts_continue_after_a_reconnect(serve: Serve) -> None:
    """Counts belong to the station, not to its connection."""
    csms = await serve(faults="Heartbeat:wrong-type:nth=2")
    kinds = []
    for _ in range(3):
        async with raw_connection(csms) as connection:
            await connection.send('[2,"1","Heartbeat",{}]')
            kinds.append((await receive(connection))[0])
    assert kinds == [3, 9, 3]
