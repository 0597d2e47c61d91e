"""Changes of listeners in the settings file while the server runs."""

import shutil
import ssl
import threading
from functools import partial
from pathlib import Path

import pytest

from mock_csms.csms import Csms
from mock_csms.pki.blueprints import KeyType
from mock_csms.pki.issued import PkiKey
from mock_csms.pki.issuing import new_key
from mock_csms.settings import read_settings
from mock_csms.settings.reload import reload
from server import OCPP_VERSIONS
from tests.conftest import LogLines, Serve
from tests.support.listeners import dial, failure_of, is_served, verifying


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def read(file: Path, content: str, pki_folder: Path | None = None) -> dict[str, object]:
    """Write a settings file with port 0; return the settings that it sets."""
    pki = "" if pki_folder is None else f"pki = '{pki_folder}'\n"
    file.write_text(f"port = 0\n{pki}{content}", encoding="utf-8")
    settings = read_settings(["--config", str(file)], {}, OCPP_VERSIONS)
    return {name: getattr(settings, name) for name in settings.model_fields_set}


async def reloaded(csms: Csms, file: Path, content: str, pki_folder: Path | None = None) -> None:
    """Rewrite the settings file, and reload it into the server."""
    read(file, content, pki_folder)
    await reload(csms, partial(read_settings, ["--config", str(file)], {}, OCPP_VERSIONS))


async def test_changed_fault_is_injected_into_the_next_connection(
    serve: Serve, file: Path, pki_folder: Path
) -> None:
    csms = await serve(**read(file, "tls = true\n", pki_folder))

    await reloaded(csms, file, "tls = true\ntls_fault = 'expired=1'\n", pki_folder)

    assert isinstance(await failure_of(csms, verifying(pki_folder)), ssl.SSLCertVerificationError)
    async with dial(csms, verifying(pki_folder)) as station:
        assert await is_served(station)


async def test_security_profile_of_a_listener_changes(serve: Serve, file: Path, pki_folder: Path) -> None:
    table = "[listeners.second]\nport = 0\ntls = true\n"
    csms = await serve(**read(file, table, pki_folder))

    await reloaded(csms, file, f"{table}security_profile = 3\n", pki_folder)

    assert csms.listeners.url_of("second").startswith("wss://")
    await failure_of(csms, verifying(pki_folder), listener="second")


async def test_change_at_run_time_survives_a_reload_of_other_settings(
    serve: Serve, file: Path, pki_folder: Path
) -> None:
    csms = await serve(**read(file, "tls = true\n", pki_folder))
    main = csms.listeners.main
    main.change(main.settings.model_copy(update={"certificate": "rsa"}))

    await reloaded(csms, file, "tls = true\nheartbeat_interval = 7\n", pki_folder)

    assert (main.settings.certificate, csms.settings.heartbeat_interval) == ("rsa", 7)


async def test_unknown_certificate_keeps_all_previous_settings(
    serve: Serve, file: Path, pki_folder: Path, log_lines: LogLines
) -> None:
    table = "[listeners.second]\nport = 0\ntls = true\n"
    csms = await serve(**read(file, table, pki_folder))

    await reloaded(csms, file, f"heartbeat_interval = 7\n{table}certificate = 'servr-rsa'\n", pki_folder)

    assert await log_lines.wait_for("keeping the previous settings", "no certificate is named 'servr-rsa'")
    assert csms.settings.heartbeat_interval == 300
    assert csms.listeners["second"].settings.certificate == "both"


async def test_new_certificates_are_made_in_a_thread(
    serve: Serve, file: Path, pki_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(pki_folder, tmp_path / "pki")
    for path in (*folder.glob("wrong-name*"), *folder.glob("self-signed*")):
        path.unlink()
    threads: list[threading.Thread] = []

    def observed_key(key_type: KeyType) -> PkiKey:
        threads.append(threading.current_thread())
        return new_key(key_type)

    csms = await serve(**read(file, "tls = true\n", folder))
    monkeypatch.setattr("mock_csms.pki.authority.new_key", observed_key)

    await reloaded(
        csms, file, "tls = true\ntls_fault = 'wrong-name=1'\nfaults = 'handshake:self-signed'\n", folder
    )
    for _ in range(2):
        assert isinstance(await failure_of(csms, verifying(folder)), ssl.SSLCertVerificationError)

    assert len(threads) == 4
    assert threading.main_thread() not in threads


async def test_tls_without_a_folder_needs_a_restart(serve: Serve, file: Path, log_lines: LogLines) -> None:
    csms = await serve(**read(file, ""))

    await reloaded(csms, file, "tls = true\nheartbeat_interval = 7\n")

    assert await log_lines.wait_for("restart the server to apply: TLS of the listener main")
    assert csms.settings.heartbeat_interval == 7
    assert not csms.listeners.main.accepts_tls


async def test_another_address_needs_a_restart(
    serve: Serve, file: Path, pki_folder: Path, log_lines: LogLines
) -> None:
    csms = await serve(**read(file, "[listeners.second]\nport = 0\n", pki_folder))

    await reloaded(csms, file, "[listeners.third]\nport = 0\n", pki_folder)

    assert await log_lines.wait_for("restart the server to apply: the addresses of listeners")
    assert list(csms.listeners) == ["main", "second"]
