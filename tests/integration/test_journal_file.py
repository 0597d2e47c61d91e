"""The journal file of a server process, read after the process has ended."""

import asyncio
import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import websockets
from ocpp.v201 import call

from tests.support.control import client_of
from tests.support.process import server
from tests.support.station import OCPP_2_0_1, PATIENCE, connected_to, receive

SECONDS_TO_RUN = 0.7
SECONDS_TO_WRITE = 0.2
"""Maximum time between an answer and its entry in the file; a kill may lose answers younger than this."""
BEFORE = b'{"before":true}\n'
PASSWORD = "correct-horse-battery"
BOOT = '[2,"boot","BootNotification",{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]'


class BusyStation:
    """A station that sends Heartbeats as fast as they are answered, until it is disconnected."""

    def __init__(self) -> None:
        self.answered: dict[str, float] = {}
        """Time of the answer by message id."""
        self.has_run_long_enough = asyncio.Event()

    async def run(self, url: str, seconds: float) -> None:
        """Send Heartbeats; set ``has_run_long_enough`` after this many seconds."""
        deadline = monotonic() + seconds
        async with websockets.connect(f"{url}/CS1", subprotocols=[OCPP_2_0_1]) as connection:
            await connection.send(BOOT)
            await receive(connection)
            with suppress(websockets.ConnectionClosed):
                while True:
                    await connection.send(f'[2,"beat-{len(self.answered)}","Heartbeat",{{}}]')
                    _, message_id, _ = await receive(connection)
                    self.answered[message_id] = now = monotonic()
                    if now > deadline:
                        self.has_run_long_enough.set()


async def run_until_killed(ready: dict[str, Any], seconds: float) -> dict[str, float]:
    """Kill a server that is answering a station; return the age of each answer at that time."""
    station = BusyStation()
    running = asyncio.create_task(station.run(ready["ws"], seconds))
    async with asyncio.timeout(PATIENCE):
        await station.has_run_long_enough.wait()
        os.kill(ready["pid"], signal.SIGKILL)
        killed = monotonic()
        await running
    return {message_id: killed - at for message_id, at in station.answered.items()}


def answers_in(lines: list[bytes]) -> set[str]:
    """Message ids of the answers in lines of the file."""
    entries = [json.loads(line) for line in lines]
    answers = [entry for entry in entries if (entry.get("direction"), entry["type"]) == ("sent", "result")]
    return {answer["messageId"] for answer in answers}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
async def test_messages_answered_before_a_kill_are_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(BEFORE)
    with server(tmp_path, "--journal", str(path), "--log-level", "warning") as ready:
        answered = await run_until_killed(ready, SECONDS_TO_RUN)
    *lines, _ = path.read_bytes().split(b"\n")
    assert lines[0] + b"\n" == BEFORE
    expected = {message_id for message_id, age in answered.items() if age > SECONDS_TO_WRITE}
    assert len(expected) > 10
    assert expected <= answers_in(lines[1:])


async def test_stopped_server_has_written_every_entry(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with server(tmp_path, "--journal", str(path), "--log-level", "warning") as ready:
        async with connected_to(ready["ws"], "CS1") as station:
            await station.boot()
            for _ in range(20):
                await station.send(call.Heartbeat())
    *lines, last = path.read_bytes().split(b"\n")
    assert last == b""
    entries = [json.loads(line) for line in lines]
    assert [entry["number"] for entry in entries] == list(range(1, len(entries) + 1))
    assert len(answers_in(lines)) == 21
    assert (entries[0]["type"], entries[-1]["type"]) == ("connected", "disconnected")


async def test_password_set_by_a_command_is_in_no_record(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    variable = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    payload: dict[str, Any] = {"setVariableData": [{**variable, "attributeValue": PASSWORD}]}
    with server(tmp_path, "--journal", str(path)) as ready:
        async with connected_to(ready["ws"], "CS1") as station, client_of(ready["control"]) as client:
            await station.boot()
            command = {"action": "SetVariables", "payload": payload}
            response = await client.post("/v1/stations/CS1/calls", json=command)
            sent = await station.next("SetVariables")
            entries = (await client.get("/v1/journal", params={"action": "SetVariables"})).text
    assert response.json()["outcome"] == "result"
    assert sent["set_variable_data"][0]["attribute_value"] == PASSWORD
    for record in (entries, path.read_text(), (tmp_path / "log.txt").read_text()):
        assert "SetVariables" in record
        assert PASSWORD not in record
