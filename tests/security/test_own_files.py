"""The user's own certificate files: errors of one line for unusable files, and warnings."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from mock_csms.errors import UsageError
from mock_csms.mock import MockCsms
from mock_csms.pki import Pki
from mock_csms.settings import Settings
from server import VERSIONS
from tests.conftest import Serve
from tests.support.listeners import dial, failure_of, is_served, verifying
from tests.support.tls import issue


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """A generated PKI, whose certificates the tests use as the user's own."""
    return Pki.open(tmp_path_factory.mktemp("own"))


@pytest.fixture
def files(pki: Pki, tmp_path: Path) -> Path:
    """A folder with usable and unusable certificate and key files of the user."""
    for name in ("server-ecdsa", "server-rsa", "expired-ecdsa"):
        issued = pki.named(name)
        (tmp_path / f"{name}.pem").write_text(issued.chain_text())
        (tmp_path / f"{name}.key").write_text(issued.key_pem or "")
        (tmp_path / f"{name}.key").chmod(0o600)
    key = pki.named("server-ecdsa").key
    assert key is not None
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    (tmp_path / "encrypted.key").write_bytes(encrypted)
    (tmp_path / "text.pem").write_text("hello\n")
    (tmp_path / "root.pem").write_text(pki.root_pem)
    return tmp_path


def error_with(folder: Path, certificate: str, key: str, authorities: str | None = None) -> str:
    values: dict[str, Any] = {"tls_cert": (folder / certificate,), "tls_key": (folder / key,)}
    if authorities:
        values["tls_ca"] = folder / authorities
    with pytest.raises(UsageError) as caught:
        MockCsms(Settings.model_validate({"tls": True, "pki": folder / "pki", **values}), VERSIONS)
    return str(caught.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("certificate", "key", "authorities", "message"),
    [
        ("no.pem", "server-ecdsa.key", None, "--tls-cert: cannot read no.pem: No such file or directory"),
        ("server-ecdsa.pem", "no.key", None, "--tls-key: cannot read no.key: No such file or directory"),
        ("", "server-ecdsa.key", None, "--tls-cert: cannot read"),
        ("text.pem", "server-ecdsa.key", None, "--tls-cert: text.pem is not a certificate in PEM"),
        ("server-ecdsa.pem", "text.pem", None, "--tls-key: text.pem is not a private key in PEM"),
        ("server-ecdsa.key", "server-ecdsa.key", None, "--tls-cert: server-ecdsa.key is not a certificate"),
        ("server-ecdsa.pem", "server-rsa.key", None, "server-rsa.key is not the key of the certificate in"),
        ("server-ecdsa.pem", "encrypted.key", None, "--tls-key: encrypted.key is encrypted; decrypt it"),
        ("server-ecdsa.pem", "server-ecdsa.key", "no.pem", "--tls-ca: cannot read no.pem"),
        ("server-ecdsa.pem", "server-ecdsa.key", "text.pem", "--tls-ca: text.pem has no certificate in PEM"),
    ],
)
def test_unusable_file_is_an_error_of_one_line(
    files: Path, certificate: str, key: str, authorities: str | None, message: str
) -> None:
    error = error_with(files, certificate, key, authorities)

    assert message in error
    assert "\n" not in error


async def test_own_certificates_are_presented_in_either_type(serve: Serve, files: Path) -> None:
    csms = await serve(
        tls=True,
        pki=files / "pki",
        tls_cert=(files / "server-rsa.pem", files / "server-ecdsa.pem"),
        tls_key=(files / "server-rsa.key", files / "server-ecdsa.key"),
    )

    assert csms.listeners.main.root_hint == ""
    assert not (files / "pki").exists()
    for suite in ("ECDHE-ECDSA-AES128-GCM-SHA256", "AES128-GCM-SHA256"):
        context = verifying(files, version="TLSv1_2")
        context.set_ciphers(suite)
        async with dial(csms, context) as station:
            assert await is_served(station)


async def test_expired_certificate_is_warned_about_and_used(
    serve: Serve, files: Path, caplog: pytest.LogCaptureFixture
) -> None:
    csms = await serve(
        tls=True,
        pki=files / "pki",
        tls_cert=(files / "expired-ecdsa.pem",),
        tls_key=(files / "expired-ecdsa.key",),
    )

    assert "expired-ecdsa.pem expired on " in caplog.text
    assert "certificate has expired" in str(await failure_of(csms, verifying(files)))


async def test_key_that_others_can_read_is_warned_about(
    serve: Serve, files: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (files / "server-ecdsa.key").chmod(0o644)

    await serve(
        tls=True,
        pki=files / "pki",
        tls_cert=(files / "server-ecdsa.pem",),
        tls_key=(files / "server-ecdsa.key",),
    )

    assert "every user of this machine can read" in caplog.text


async def test_unknown_certificate_of_a_listener_is_an_error(serve: Serve, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"listeners\.b: no certificate is named 'server-dsa'.*did you mean"):
        await serve(
            pki=tmp_path / "pki", listeners={"b": {"port": 0, "tls": True, "certificate": "server-dsa"}}
        )


def test_too_short_key_is_an_error_in_words(files: Path) -> None:
    weak = issue("localhost", key=rsa.generate_private_key(65537, 1024))
    (files / "weak.pem").write_bytes(weak.pem)
    (files / "weak.key").write_bytes(weak.key_pem)

    assert error_with(files, "weak.pem", "weak.key") == (
        "--tls-cert: weak.pem with weak.key cannot be used: its key is too short; use RSA with 2048 bits or "
        "P-256 (EE_KEY_TOO_SMALL)"
    )
