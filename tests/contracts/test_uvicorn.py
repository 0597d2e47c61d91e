"""Undocumented names of uvicorn that mock_csms/private_api/uvicorn.py uses."""

import signal

import pytest
import uvicorn

from mock_csms.private_api.uvicorn import ServerWithoutSignals


async def application(scope: object, receive: object, send: object) -> None: ...


async def handled_signals(server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The signals that a server handles while it serves; it ends at once."""
    handled = set()
    with monkeypatch.context() as patch:
        patch.setattr(signal, "signal", lambda number, _: handled.add(number))
        server.should_exit = True
        await server.serve(sockets=[])
    return handled


async def test_capture_signals_is_where_a_server_begins_to_handle_signals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = uvicorn.Config(application, lifespan="off")
    assert hasattr(uvicorn.Server, "capture_signals"), "uvicorn has no Server.capture_signals any more"

    usual = await handled_signals(uvicorn.Server(config), monkeypatch)
    without = await handled_signals(ServerWithoutSignals(config), monkeypatch)

    assert signal.SIGTERM in usual, "uvicorn's Server does not handle SIGTERM with signal.signal any more"
    assert without == set(), "uvicorn's Server handles signals elsewhere than in capture_signals"
