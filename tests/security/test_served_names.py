"""Flaws of the server's certificate, such as a host name that is not in it, and what the user can do."""

from pathlib import Path

import pytest

from mock_csms.csms import Csms
from mock_csms.security.served_names import flaw_of_name, names_in_file
from mock_csms.settings import Settings
from server import VERSIONS

NAMES = ["localhost", "*.example.org", "192.0.2.7"]


@pytest.mark.parametrize("name", [None, "localhost", "LocalHost", "cs.example.org", "CS.Example.org"])
def test_name_in_the_certificate_has_no_flaw(name: str | None) -> None:
    assert flaw_of_name(name, NAMES, is_own=False) == ""


@pytest.mark.parametrize("name", ["example.org", "a.b.example.org", "localhost.example.com"])
def test_name_that_is_not_in_the_certificate_has_its_remedy(name: str) -> None:
    assert flaw_of_name(name, NAMES, is_own=False) == (
        f"the host name {name} that it asked for is not in the certificate; start the server with --tls-name "
        f"{name}, or connect to *.example.org or 192.0.2.7 or localhost"
    )


def test_remedy_for_an_own_certificate_is_another_one() -> None:
    assert "; use a --tls-cert that has it, or connect to" in flaw_of_name("cs.example", NAMES, is_own=True)


def test_file_that_is_not_a_certificate_has_no_names(tmp_path: Path) -> None:
    (tmp_path / "server.pem").write_text("text")
    assert (
        names_in_file(tmp_path / "server.pem", (1,)) == names_in_file(tmp_path / "none", (1,)) == frozenset()
    )


def test_listener_knows_the_flaws_of_its_certificate(tmp_path: Path) -> None:
    csms = Csms(Settings(port=0, tls=True, pki=tmp_path), VERSIONS)
    main = csms.listeners.main
    assert main.server_certificate_flaw("localhost") == main.server_certificate_flaw(None) == ""
    assert "--tls-name other.example.org" in main.server_certificate_flaw("other.example.org")
    main.change(main.settings.model_copy(update={"certificate": "self-signed-rsa"}))
    assert "presents the certificate self-signed-rsa instead of" in main.server_certificate_flaw("localhost")
    main.change(main.settings.model_copy(update={"certificate": "server-ecdsa"}))
    assert main.server_certificate_flaw("localhost") == ""
