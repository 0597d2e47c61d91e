"""The journal's file, written by a server of its own and read when that is gone."""

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

SECONDS_TO_TALK = 0.7
SECONDS_TO_WRITE = 0.2
"""How long after its answer a message may still be missing from the file of a server that is killed."""
BEFORE = b'{"before":true}\n'
PASSWORD = "correct-horse-battery"
BOOT = '[2,"boot","BootNotification",{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]'


class Talker:
    """A station that sends Heartbeats as fast as they are answered, until it is cut off."""

    def __init__(self) -> None:
        self.answered: dict[str, float] = {}
        """When the answer to which Heartbeat came."""
        self.has_talked = asyncio.Event()

    async def talk(self, url: str, seconds: float) -> None:
        """Talk; after so many seconds ``has_talked`` is set."""
        enough = monotonic() + seconds
        async with websockets.connect(f"{url}/CS1", subprotocols=[OCPP_2_0_1]) as connection:
            await connection.send(BOOT)
            await receive(connection)
            with suppress(websockets.ConnectionClosed):
                while True:
                    await connection.send(f'[2,"beat-{len(self.answered)}","Heartbeat",{{}}]')
                    _, message_id, _ = await receive(connection)
                    self.answered[message_id] = now = monotonic()
                    if now > enough:
                        self.has_talked.set()


async def talk_until_killed(ready: dict[str, Any], seconds: float) -> dict[str, float]:
    """Kill a server while a station talks; return how long before it each answer came."""
    talker = Talker()
    talking = asyncio.create_task(talker.talk(ready["ws"], seconds))
    async with asyncio.timeout(PATIENCE):
        await talker.has_talked.wait()
        os.kill(ready["pid"], signal.SIGKILL)
        killed = monotonic()
        await talking
    return {message_id: killed - at for message_id, at in talker.answered.items()}


def answers_in(lines: list[bytes]) -> set[str]:
    """The message ids of the answers that stand in a file."""
    entries = [json.loads(line) for line in lines]
    return {it["messageId"] for it in entries if it.get("direction") == "sent" and it["type"] == "result"}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
async def test_what_was_answered_before_a_kill_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(BEFORE)
    with server(tmp_path, "--journal", str(path), "--log-level", "warning") as ready:
        answered = await talk_until_killed(ready, SECONDS_TO_TALK)
    *lines, _ = path.read_bytes().split(b"\n")
    assert lines[0] + b"\n" == BEFORE
    due = {message_id for message_id, before in answered.items() if before > SECONDS_TO_WRITE}
    assert len(due) > 10
    assert due <= answers_in(lines[1:])


async def test_a_server_that_is_told_to_stop_writes_everything(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with server(tmp_path, "--journal", str(path), "--log-level", "warning") as ready:
        async with connected_to(ready["ws"], "CS1") as station:
            await station.boot()
            for _ in range(20):
                await station.send(call.Heartbeat())
    *lines, last = path.read_bytes().split(b"\n")
    assert last == b""
    entries = [json.loads(line) for line in lines]
    assert [it["number"] for it in entries] == list(range(1, len(entries) + 1))
    assert len(answers_in(lines)) == 21
    assert (entries[0]["type"], entries[-1]["type"]) == ("connected", "disconnected")


async def test_a_password_that_a_command_sets_is_in_no_record(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    variable = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    payload: dict[str, Any] = {"setVariableData": [{**variable, "attributeValue": PASSWORD}]}
    with server(tmp_path, "--journal", str(path)) as ready:
        async with connected_to(ready["ws"], "CS1") as station, client_of(ready["control"]) as client:
            await station.boot()
            command = {"action": "SetVariables", "payload": payload}
            said = await client.post("/v1/stations/CS1/calls", json=command)
            sent = await station.next("SetVariables")
            kept = (await client.get("/v1/journal", params={"action": "SetVariables"})).text
    assert said.json()["outcome"] == "result"
    assert sent["set_variable_data"][0]["attribute_value"] == PASSWORD
    for record in (kept, path.read_text(), (tmp_path / "log.txt").read_text()):
        assert "SetVariables" in record
        assert PASSWORD not in record
