"""Undocumented names of uvicorn that mock_csms/private_api/uvicorn.py uses."""

import asyncio
import signal

import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from mock_csms.private_api.uvicorn import ServerWithoutSignals


async def application(scope: object, receive: object, send: object) -> None: ...


async def handled_signals(server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Run a server that exits at once; return the signals for which it has installed a handler."""
    handled = set()
    with monkeypatch.context() as patch:
        patch.setattr(signal, "signal", lambda number, _: handled.add(number))
        server.should_exit = True
        await server.serve(sockets=[])
    return handled


async def test_capture_signals_installs_all_signal_handlers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = uvicorn.Config(application, lifespan="off", ws="none")
    assert hasattr(uvicorn.Server, "capture_signals"), "uvicorn has removed Server.capture_signals"

    usual = await handled_signals(uvicorn.Server(config), monkeypatch)
    without = await handled_signals(ServerWithoutSignals(config), monkeypatch)

    assert signal.SIGTERM in usual, "uvicorn's Server no longer handles SIGTERM with signal.signal"
    assert without == set(), "uvicorn's Server now handles signals outside capture_signals"


async def test_server_without_connections_ends_before_its_next_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"main_loop", "on_tick", "shutdown"}
    assert names <= vars(uvicorn.Server).keys(), "uvicorn has renamed a method of Server"
    monkeypatch.setattr("mock_csms.private_api.uvicorn.TICK_S", 1_000)
    server = ServerWithoutSignals(uvicorn.Config(application, lifespan="off", ws="none", log_config=None))
    ticked = asyncio.Event()

    async def tick(_: int) -> bool:
        ticked.set()
        return server.should_exit

    monkeypatch.setattr(server, "on_tick", tick)
    async with asyncio.timeout(10):
        serving = asyncio.create_task(server.serve(sockets=[]))
        await ticked.wait()
        assert server.servers == [], "uvicorn has renamed Server.servers"
        server.end()
        await serving


async def test_server_state_has_the_open_connections() -> None:
    server = uvicorn.Server(uvicorn.Config(application, lifespan="off", ws="none"))
    assert server.server_state.connections == set(), "uvicorn has moved ServerState.connections"


async def test_protocol_has_the_current_request() -> None:
    config = uvicorn.Config(application, lifespan="off", ws="none")
    config.load()
    protocol = H11Protocol(config, uvicorn.Server(config).server_state, {})
    assert protocol.cycle is None, "uvicorn has renamed H11Protocol.cycle"
    assert protocol.transport is None, "uvicorn has renamed H11Protocol.transport"
    names = RequestResponseCycle.__init__.__code__.co_names
    assert "response_complete" in names, "uvicorn has renamed RequestResponseCycle.response_complete"


def test_protocol_warns_of_an_upgrade_that_it_does_not_support() -> None:
    assert hasattr(H11Protocol, "_unsupported_upgrade_warning"), (
        "uvicorn has renamed H11Protocol._unsupported_upgrade_warning"
    )
