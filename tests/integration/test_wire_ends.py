"""The end of a connection: closing handshake, dropped connections, log line, replacement and stop."""

import asyncio

import pytest

from mock_csms.csms import Csms
from mock_csms.mock import listening
from mock_csms.settings import Settings
from server import VERSIONS
from tests.conftest import LogLines, Serve
from tests.support.scripts import (
    ACCEPTED,
    CALL,
    LINE_TOO_LONG,
    NO_IDENTITY,
    NOT_UTF_8,
    TOO_LONG,
    WITHOUT_SUBPROTOCOL,
    Case,
    after_handshake,
    answer,
    case,
)
from tests.support.station import PATIENCE
from tests.support.wire import (
    CLOSE,
    PING,
    PONG,
    TEXT,
    Act,
    Closing,
    Frame,
    Step,
    Then,
    accepted,
    close,
    frame,
    play,
    refused,
    request,
    tcp_wire,
)

pytestmark = pytest.mark.usefixtures("short_shutdown")

NO_SUBPROTOCOL = request(headers={"Sec-WebSocket-Protocol": None})

UNFINISHED = [
    case("after a refused handshake", request("/"), NO_IDENTITY, Then.DROPPED),
    case(
        "after invalid HTTP",
        b"x\r\n\r\n",
        refused("400 Bad Request", about="not an HTTP request"),
        Then.DROPPED,
    ),
    case("after a request line over the limit", request(f"/{TOO_LONG}"), LINE_TOO_LONG, Then.DROPPED),
    case(
        "after the close frame of the server", NO_SUBPROTOCOL, accepted(), WITHOUT_SUBPROTOCOL, Then.DROPPED
    ),
    after_handshake("after its own close frame", close(1000), Frame(CLOSE, b"\x03\xe8"), Then.DROPPED),
    after_handshake("after a violation", frame(0x3), Closing(1002, about="opcode"), Then.DROPPED),
    after_handshake("after a text that is not UTF-8", frame(TEXT, b"\xff"), NOT_UTF_8, Then.DROPPED),
]


@pytest.mark.parametrize("script", UNFINISHED)
async def test_station_that_does_not_end_its_connection_is_dropped(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, script: Case
) -> None:
    monkeypatch.setattr("mock_csms.transport.listener.CLOSE_TIMEOUT", 0.05)
    await play(await serve(), script.steps)


async def test_close_frame_is_read_after_a_call_in_a_handshake_without_subprotocol(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_csms.transport.listener.CLOSE_TIMEOUT", 0.05)
    await play(
        await serve(), [NO_SUBPROTOCOL + CALL, accepted(), WITHOUT_SUBPROTOCOL, close(1002), Then.ENDED]
    )


ENDS = [
    pytest.param(
        [close(1000, b"bye"), Frame(CLOSE, b"\x03\xe8bye"), Then.ENDED],
        "close code 1000 bye",
        id="close frame",
    ),
    pytest.param([close(), Frame(CLOSE), Then.ENDED], "close code 1005", id="close frame without a code"),
    pytest.param([Act.END, Then.ENDED], "without a close frame", id="FIN"),
    pytest.param([Act.RESET], "without a close frame", id="RST"),
    pytest.param(
        [frame(0x3), Closing(1002, about="opcode"), Then.ENDED],
        "closed by this server with code 1002 invalid opcode",
        id="violation",
    ),
    pytest.param(
        [frame(TEXT, b"\xff"), NOT_UTF_8, close(1007), Then.ENDED],
        "closed by this server with code 1007 a text frame must be UTF-8",
        id="text that is not UTF-8",
    ),
]


@pytest.mark.parametrize(("steps", "words"), ENDS)
async def test_log_says_how_a_connection_ended(
    serve: Serve, log_lines: LogLines, steps: list[Step], words: str
) -> None:
    csms = await serve()
    await play(csms, [request(), ACCEPTED, *steps])
    [line] = await log_lines.wait_for("CS1", "disconnected")
    assert line == f"CS1  disconnected ({words})"
    await play(csms, [request(), ACCEPTED, CALL, answer(), Then.OPEN])


async def test_replaced_connection_is_closed_and_answers_no_calls(serve: Serve) -> None:
    csms = await serve()
    async with tcp_wire(csms) as old, tcp_wire(csms) as new:
        await old.play(request(), ACCEPTED)
        await new.play(request(), ACCEPTED)
        await old.play(Closing(1000, "replaced by a new connection"), CALL, Then.SILENT)
        await old.play(frame(PING, b"x"), Frame(PONG, b"x"), close(1000), Then.ENDED)
        await new.play(CALL, answer(), Then.OPEN)


async def test_stopping_closes_with_1001_and_refuses_a_handshake_that_completes_with_503(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mock_csms.transport.listener.SHUTDOWN_TIMEOUT", PATIENCE)
    csms = Csms(Settings.model_validate({"port": 0}), VERSIONS)
    context = listening(csms)
    await context.__aenter__()
    async with tcp_wire(csms) as established, tcp_wire(csms) as incomplete:
        await established.play(request(), ACCEPTED, Then.OPEN)
        await incomplete.play(request()[:80], Then.SILENT)
        stopping = asyncio.create_task(context.__aexit__(None, None, None))
        await established.play(Closing(1001, "the server is shutting down"))
        stopped = refused("503 Service Unavailable", text="the server is shutting down\n")
        await incomplete.play(request()[80:], stopped, Then.ENDED)
        await established.play(close(1001), Then.ENDED)
    await stopping
