"""Closing a connection whose station does not read, on asyncio's own event loop and uvloop."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mock_csms.csms import Csms
from tests.conftest import Serve
from tests.support.loops import NewLoop, each_event_loop, run_with_servers
from tests.support.wire import CLOSE, TEXT, Act, Frame, Step, Then, Wire, close, frame, websocket_wire

UNREAD = 16 * 2**20
"""Bytes of an answer, more than the send and receive buffers of the system hold."""

SOON = 0.5
"""Seconds within which the FIN must arrive; far less than CLOSE_TIMEOUT."""

HEARTBEAT = frame(TEXT, b'[2,"1","Heartbeat",{}]')
DATA_TRANSFER = frame(TEXT, b'[2,"2","DataTransfer",{"vendorId":"V"}]')


def run_with_unread_answer(new_loop: NewLoop, test: Callable[[Csms, Wire], Awaitable[None]]) -> None:
    """Run a test on a connection whose send buffers are full, because the station has not read an answer."""

    async def run(serve: Serve) -> None:
        csms = await serve(faults=f"Heartbeat:oversized={UNREAD},DataTransfer:truncated")
        async with websocket_wire(csms) as wire:
            await wire.send(HEARTBEAT)
            await test(csms, wire)

    run_with_servers(new_loop, run)


@each_event_loop
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
        answer = await wire.read_frame()
        assert answer == Frame(TEXT, answer.data)
        assert len(answer.data) == UNREAD
        closing = await wire.read_frame()
        assert closing == Frame(CLOSE, closing.data)
        assert int.from_bytes(closing.data[:2]) == code
        async with asyncio.timeout(SOON):
            await wire.play(Then.ENDED)

    run_with_unread_answer(new_loop, test)


@each_event_loop
@pytest.mark.parametrize(
    "step",
    [
        pytest.param(Act.END, id="FIN of the station"),
        pytest.param(DATA_TRANSFER, id="fault that truncates an answer"),
    ],
)
def test_drop_ends_a_closing_connection_with_unsent_data(new_loop: NewLoop, step: Step) -> None:
    async def test(csms: Csms, wire: Wire) -> None:
        await wire.play(step)
        csms.sessions["CS1"].connection.drop()
        await wire.settle()
        assert csms.sessions == {}

    run_with_unread_answer(new_loop, test)
