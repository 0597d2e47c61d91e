"""Fixtures of tests that talk to a server over a real socket."""

import pytest


@pytest.fixture
def short_shutdown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the wait for connections that are still open when a server stops."""
    monkeypatch.setattr("mock_csms.transport.listener.SHUTDOWN_TIMEOUT", 0.05)
