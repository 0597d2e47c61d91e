"""How a connection ends whose station does not read, on both event loops."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from mock_csms.csms import Csms
from server import FASTEST_EVENT_LOOP
from tests.integration.test_faults import serving
from tests.support.station import PATIENCE
from tests.support.wire import (
    CLOSE,
    FIN,
    TEXT,
    Act,
    Step,
    Then,
    Wire,
    accepted,
    close,
    dialled,
    frame,
    request,
)

UNREAD = 16 * 2**20
"""Bytes of an answer, more than the system keeps for a station that does not read."""

SOON = 0.5
"""Seconds within which a FIN comes that is not waited for."""

HEARTBEAT = frame(TEXT, b'[2,"1","Heartbeat",{}]')
DATA_TRANSFER = frame(TEXT, b'[2,"2","DataTransfer",{"vendorId":"V"}]')

both_loops = pytest.mark.parametrize(
    "new_loop", [asyncio.SelectorEventLoop, FASTEST_EVENT_LOOP], ids=["asyncio", "fastest"]
)
type NewLoop = Callable[[], asyncio.AbstractEventLoop]


@asynccontextmanager
async def opened(csms: Csms) -> AsyncIterator[Wire]:
    """Open a WebSocket for as long as the context lasts."""
    async with asyncio.timeout(PATIENCE), dialled(csms) as wire:
        await wire.play(request(), accepted("Sec-WebSocket-Protocol: ocpp2.0.1"))
        yield wire


def run_with_unread_answer(new_loop: NewLoop, test: Callable[[Csms, Wire], Awaitable[None]]) -> None:
    """Run a test on a connection on which the server cannot write, for the station has read no answer."""

    async def run() -> None:
        async with serving() as serve:
            csms = await serve(faults=f"Heartbeat:oversized={UNREAD},DataTransfer:truncated")
            async with opened(csms) as wire:
                await wire.send(HEARTBEAT)
                await test(csms, wire)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(run())


@both_loops
@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(close(1000), 1000, id="close frame of the station"),
        pytest.param(frame(0x3), 1002, id="violation"),
        pytest.param(frame(TEXT, b"\xff"), 1007, id="text that is not UTF-8"),
    ],
)
def test_close_while_writing_is_paused_still_ends_with_a_fin(
    monkeypatch: pytest.MonkeyPatch, new_loop: NewLoop, sent: bytes, code: int
) -> None:
    monkeypatch.setattr("mock_csms.transport.listener.CLOSE_TIMEOUT", 60)

    async def test(_: Csms, wire: Wire) -> None:
        await wire.send(sent)
        first, data = await wire.frame()
        assert (first, len(data)) == (FIN | TEXT, UNREAD)
        first, data = await wire.frame()
        assert (first, int.from_bytes(data[:2])) == (FIN | CLOSE, code)
        async with asyncio.timeout(SOON):
            await wire.play(Then.ENDED)

    run_with_unread_answer(new_loop, test)


@both_loops
@pytest.mark.parametrize(
    "step",
    [
        pytest.param(Act.END, id="FIN of the station"),
        pytest.param(DATA_TRANSFER, id="fault that truncates an answer"),
    ],
)
def test_drop_ends_a_connection_that_is_closing_with_unsent_data(new_loop: NewLoop, step: Step) -> None:
    async def test(csms: Csms, wire: Wire) -> None:
        await wire.play(step)
        csms.sessions["CS1"].connection.drop()
        await wire.settle()
        assert csms.sessions == {}

    run_with_unread_answer(new_loop, test)
