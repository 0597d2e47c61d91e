"""The rig in `examples/rigs`, which controls a simulator of stations; a stand-in replaces the simulator."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mock_csms.certify.rigs.choosing import automatic_rig, rig_table
from mock_csms.certify.station_file import StationFile
from mock_csms.certify.stimuli import CannotDo, Rig, Stimulus

PLUG_IN = Stimulus("plug-in", {"evse": 1, "connector": 1})
PRESENT = Stimulus("present", {"evse": 1, "token": "AABBCCDD", "type": "ISO14443"})
UNPLUG = Stimulus("unplug", {"evse": 1})


class Simulator:
    """Stand-in for the simulator: answers tool calls at its MCP endpoint and records them in ``calls``."""

    def __init__(self) -> None:
        self.connector: dict[str, Any] = {
            "id": 1,
            "status": "Available",
            "transactionId": None,
            "transactionTagId": None,
        }
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.stations = [{"cpId": "CS001"}]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(head.decode().lower().partition("content-length: ")[2].partition("\r\n")[0])
            asked = json.loads(await reader.readexactly(length))["params"]
            result = {"content": [{"type": "text", "text": json.dumps(self._use(**asked))}]}
            body = f"data: {json.dumps({'jsonrpc': '2.0', 'id': 1, 'result': result})}\n\n"
            kind = "Content-Type: text/event-stream"
            writer.write(f"HTTP/1.1 200 OK\r\n{kind}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    def _use(self, name: str, arguments: dict[str, Any]) -> Any:
        if name == "cp_list":
            return self.stations
        method, parameters = arguments["method"], arguments["params"]
        if method == "status":
            return {"connectors": [self.connector]}
        self.calls.append((method, parameters))
        if method == "update_connector_status":
            self.connector["status"] = parameters["status"]
        elif method == "start_transaction":
            self.connector |= {"transactionId": 1, "transactionTagId": parameters["tagId"]}
        elif method == "stop_transaction":
            self.connector |= {"transactionId": None, "transactionTagId": None}
        return None


@pytest.fixture
async def simulator(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Simulator]:
    """A stand-in for the simulator, at CP_SIMULATOR_URL."""
    simulator = Simulator()
    async with await asyncio.start_server(_ending(simulator), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("CP_SIMULATOR_URL", f"http://127.0.0.1:{port}")
        yield simulator


def _ending(simulator: Simulator) -> Any:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await simulator.serve(reader, writer)
        except asyncio.IncompleteReadError:
            writer.close()

    return serve


@pytest.fixture
def rig(simulator: Simulator) -> Rig:
    """The rig that ``--rig examples.rigs.cp_simulator:CpSimulatorRig`` chooses."""
    chosen = automatic_rig(StationFile(rig=rig_table("examples.rigs.cp_simulator:CpSimulatorRig")))
    assert chosen is not None
    return chosen


async def test_token_at_a_plugged_connector_starts_and_stops_a_transaction(
    simulator: Simulator, rig: Rig
) -> None:
    for stimulus in (PLUG_IN, PRESENT, PRESENT, UNPLUG):
        await rig.do(stimulus)

    assert simulator.calls == [
        ("update_connector_status", {"connector": 1, "status": "Preparing"}),
        ("start_transaction", {"connector": 1, "tagId": "AABBCCDD"}),
        ("stop_transaction", {"connector": 1}),
        ("update_connector_status", {"connector": 1, "status": "Available"}),
    ]


async def test_token_before_the_cable_starts_the_transaction_with_the_cable(
    simulator: Simulator, rig: Rig
) -> None:
    await rig.do(PRESENT)
    await rig.do(PLUG_IN)

    assert [method for method, _ in simulator.calls] == [
        "authorize",
        "update_connector_status",
        "start_transaction",
    ]


async def test_another_token_cannot_be_presented_in_a_transaction(rig: Rig) -> None:
    await rig.do(PLUG_IN)
    await rig.do(PRESENT)

    with pytest.raises(CannotDo, match="does not compare the tokens"):
        await rig.do(Stimulus("present", {"evse": 1, "token": "11223344", "type": "ISO14443"}))


async def test_stimulus_that_the_simulator_lacks_cannot_be_given(rig: Rig) -> None:
    with pytest.raises(CannotDo, match="Drive a vehicle into the bay of EVSE 1"):
        await rig.do(Stimulus("park", {"evse": 1}))


async def test_simulator_with_several_stations_cannot_be_used(simulator: Simulator, rig: Rig) -> None:
    simulator.stations = [{"cpId": "CS001"}, {"cpId": "CS002"}]

    with pytest.raises(CannotDo, match="has 2 stations; the rig needs one"):
        await rig.do(PLUG_IN)


async def test_simulator_that_does_not_answer_cannot_be_used(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CP_SIMULATOR_URL", "http://127.0.0.1:9")
    absent = automatic_rig(StationFile(rig=rig_table("examples.rigs.cp_simulator:CpSimulatorRig")))
    assert absent is not None

    with pytest.raises(CannotDo, match=r"no simulator answers at http://127\.0\.0\.1:9/mcp"):
        await absent.do(PLUG_IN)
