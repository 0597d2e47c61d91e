"""The flags of the `station` command about security."""

import argparse
from pathlib import Path

import pytest

from mock_csms.errors import UsageError
from mock_csms.pki import Pki
from mock_csms.simulator.credential_files import CredentialFiles
from mock_csms.simulator.security_options import (
    DEFAULT_ADDRESS,
    PASSWORD_VARIABLE,
    add_security,
    best_profile,
    security_of,
    url_of,
)
from mock_csms.simulator.security_setup import SecuritySetup
from mock_csms.simulator.trust_store import CSMS_ROOT, MANUFACTURER_ROOT
from tests.support.authority import Authority, key_pem, written

PASSWORD = "a long random password"
WSS = "wss://127.0.0.1:9000"


@pytest.fixture(autouse=True)
def _no_password_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)


@pytest.fixture(scope="module", name="root")
def _root() -> Authority:
    return Authority("Root")


@pytest.fixture
def root_file(root: Authority, tmp_path: Path) -> str:
    path = tmp_path / "root.pem"
    path.write_text(root.pem, encoding="ascii")
    return str(path)


@pytest.fixture
def own_file(root: Authority, tmp_path: Path) -> str:
    return str(written(tmp_path, root.certificate_of("CS001"), "CS001.pem"))


def parse(*flags: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--to")
    add_security(parser.add_argument)
    return parser.parse_args(flags)


def security(*flags: str) -> SecuritySetup:
    given = parse(*flags)
    return security_of(given, url_of(given), "CS001", CredentialFiles())


@pytest.mark.parametrize(
    ("url", "has_password", "has_certificate", "profile"),
    [
        ("ws://x", False, False, 0),
        ("ws://x", True, False, 1),
        ("ws://x", False, True, 0),
        ("wss://x", False, False, 2),
        ("wss://x", True, False, 2),
        ("wss://x", True, True, 3),
    ],
)
def test_best_profile_follows_address_and_credentials(
    url: str, has_password: bool, has_certificate: bool, profile: int
) -> None:
    assert best_profile(url, has_password=has_password, has_certificate=has_certificate) == profile


@pytest.mark.parametrize(
    ("flags", "scheme"),
    [
        ([], "ws"),
        (["--password", PASSWORD], "ws"),
        (["--security-profile", "2"], "wss"),
        (["--ca", "root.pem"], "wss"),
        (["--security-profile", "1", "--ca", "root.pem"], "ws"),
    ],
)
def test_default_address_has_tls_if_the_flags_call_for_it(flags: list[str], scheme: str) -> None:
    assert url_of(parse(*flags)) == f"{scheme}://{DEFAULT_ADDRESS}"


def test_files_are_read(root: Authority, root_file: str, own_file: str) -> None:
    found = security("--ca", root_file, "--manufacturer-ca", root_file, "--client-cert", own_file)

    assert found.profile == 3
    assert found.roots == {CSMS_ROOT: root.pem, MANUFACTURER_ROOT: root.pem}
    assert found.client_chain == found.client_key == Path(own_file).read_text(encoding="ascii")


def test_identity_in_the_name_of_a_file_is_replaced(own_file: str) -> None:
    assert security("--client-cert", own_file.replace("CS001", "{identity}")).profile == 3


def test_key_beside_the_certificate_is_found(root: Authority, tmp_path: Path) -> None:
    own = root.certificate_of("CS001")
    (tmp_path / "own.pem").write_text(own.pem, encoding="ascii")
    (tmp_path / "own.key").write_text(key_pem(own.key), encoding="ascii")

    assert security("--client-cert", str(tmp_path / "own.pem")).client_key == key_pem(own.key)


@pytest.mark.parametrize("identity", ["CS001", "../CS001", ".."])
def test_files_of_the_pki_folder_are_used(root: Authority, tmp_path: Path, identity: str) -> None:
    pki = Pki.open(tmp_path / "pki")
    own = pki.issue_client(identity)
    given = parse("--pki", str(pki.path))

    found = security_of(given, url_of(given), identity, CredentialFiles())

    assert found.profile == 3
    assert found.roots == {
        CSMS_ROOT: pki.root_pem,
        MANUFACTURER_ROOT: pki.named("manufacturer-root").certificate_pem,
    }
    assert (found.client_chain, found.client_key) == ("".join(own.chain), own.key_pem)
    assert found.contract_chain == "".join(pki.named("contract").chain)


def test_password_takes_precedence_over_a_certificate_in_the_folder(tmp_path: Path) -> None:
    Pki.open(tmp_path / "pki").issue_client("CS001")

    found = security("--pki", str(tmp_path / "pki"), "--password", PASSWORD)

    assert found.profile == 2
    assert found.client_chain


def test_pki_folder_without_client_certificate_needs_a_password(tmp_path: Path) -> None:
    Pki.open(tmp_path / "pki")

    assert security("--pki", str(tmp_path / "pki"), "--password", PASSWORD).profile == 2


def test_other_flags_of_the_station_are_read() -> None:
    found = security("--key-type", "rsa", "--on-new-password", "reboot")

    assert (found.key_kind, found.rotation) == ("rsa", "reboot")


def test_password_is_read_from_file_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "CS001").write_text(f"{PASSWORD}\n", encoding="utf-8")

    assert security("--password-file", f"{tmp_path}/{{identity}}") == SecuritySetup(
        profile=1, password=PASSWORD
    )


def test_password_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)

    assert security().password == PASSWORD


def test_invalid_password_in_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "short")

    with pytest.raises(UsageError, match=f"the password in {PASSWORD_VARIABLE} must have 16 to 40"):
        security()


def test_secrets_are_not_shown(own_file: str) -> None:
    text = repr(security("--password", PASSWORD, "--client-cert", own_file, "--to", "wss://x"))

    assert PASSWORD not in text
    assert "client_key" not in text


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        (["--security-profile", "1"], "security profile 1 needs a password; give --password-file"),
        (["--security-profile", "3"], "security profile 3 needs a client certificate; give --client-cert"),
        (["--security-profile", "2", "--to", "ws://x"], "needs TLS; write --to wss://"),
        (["--security-profile", "1", "--to", WSS], "needs plain text; write --to ws://"),
        (["--password", "short"], "the password must have 16 to 40 characters"),
        (["--password", PASSWORD, "--password-file", "x"], "give either --password or --password-file"),
        (["--password-file", "/missing"], "cannot read /missing: No such file"),
        (["--client-key", "x"], "--client-key needs --client-cert"),
        (["--pki", "/missing"], "/missing has no root.pem; give --pki the PKI folder of a server"),
        (["--ca", __file__], "the text contains no PEM certificate"),
        (["--contract", "/missing"], "cannot read /missing: No such file"),
    ],
)
def test_wrong_flags_are_refused(flags: list[str], error: str) -> None:
    with pytest.raises(UsageError) as caught:
        security(*flags)
    assert error in str(caught.value)
