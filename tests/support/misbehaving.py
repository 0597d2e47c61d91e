"""A misbehaving station in its own process: ``python -m tests.support.misbehaving BEHAVIOUR URL``."""

import asyncio
import os
import sys
from contextlib import suppress

import websockets
from websockets.asyncio.client import ClientConnection
from websockets.protocol import State

from tests.support.station import OCPP_2_0_1

HEARTBEAT = b'[2,"1","Heartbeat",{}]'
TEN_MIB = " " * (10 * 2**20)
PAUSE = 0.02
"""Seconds between two acts of misbehaviour."""


async def does_not_read(connection: ClientConnection) -> None:
    """Send Heartbeats, 50 at a time, without reading the answers."""
    connection.transport.pause_reading()
    while connection.state is State.OPEN:
        for _ in range(50):
            connection.protocol.send_text(HEARTBEAT)
        connection.send_data()
        await asyncio.sleep(PAUSE)


async def sends_10_mib(connection: ClientConnection) -> None:
    """Send one frame far over the size limit."""
    with suppress(websockets.ConnectionClosed):
        await connection.send(TEN_MIB)
        await connection.recv()
    await asyncio.sleep(PAUSE)


async def misbehave(behaviour: str, url: str) -> None:
    """Connect and misbehave in a loop, until killed."""
    print("misbehaving", flush=True)  # noqa: T201 - signals that measuring may begin
    while True:
        with suppress(Exception):
            async with websockets.connect(url, subprotocols=[OCPP_2_0_1], compression=None) as connection:
                await {"does_not_read": does_not_read, "sends_10_mib": sends_10_mib}[behaviour](connection)


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(19)  # leaves the core to the server, whose sharing of time is tested
    asyncio.run(misbehave(*sys.argv[1:]))
