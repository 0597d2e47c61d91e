"""Fixtures of tests that talk to a server over a real socket."""

from pathlib import Path

import pytest

from mock_csms.pki import Pki


@pytest.fixture
def short_shutdown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the time that a stopping server waits for its open connections."""
    monkeypatch.setattr("mock_csms.transport.listener.SHUTDOWN_TIMEOUT", 0.05)


@pytest.fixture(scope="session")
def pki_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PKI folder that tests share, because making an RSA key takes a tenth of a second."""
    folder = tmp_path_factory.mktemp("pki")
    Pki.open(folder)
    return folder
