"""TLS contexts: allowed versions, cipher suites and client certificates, and when a context is rebuilt."""

import ssl
from pathlib import Path

import pytest

from mock_csms.pki import Pki
from mock_csms.security.contexts import (
    SUITES_OF_TLS_1_2,
    CertificateFiles,
    ContextPlan,
    Contexts,
    make_context,
)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """A PKI in a folder."""
    return Pki.open(tmp_path_factory.mktemp("pki"))


def files_of(pki: Pki, name: str) -> CertificateFiles:
    issued = pki.named(name)
    assert issued.chain_path is not None
    assert issued.key_path is not None
    return CertificateFiles(issued.chain_path, issued.key_path)


@pytest.fixture
def copied(pki: Pki, tmp_path: Path) -> CertificateFiles:
    """A copy of the server's ECDSA certificate and key, which a test may change."""
    original = files_of(pki, "server-ecdsa")
    copy = CertificateFiles(tmp_path / "server.pem", tmp_path / "server.key")
    copy.chain.write_bytes(original.chain.read_bytes())
    copy.key.write_bytes(original.key.read_bytes())
    return copy


@pytest.mark.also_covers("A00.FR.313", "A00.FR.318", "A00.FR.321", "A00.FR.421", "A00.FR.424")
def test_context_has_only_safe_versions_and_suites(pki: Pki) -> None:
    """A00.FR.313, A00.FR.318, A00.FR.321."""
    context = make_context(ContextPlan((files_of(pki, "server-ecdsa"),)))

    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    suites = [suite["name"] for suite in context.get_ciphers() if suite["protocol"] == "TLSv1.2"]
    assert suites == list(SUITES_OF_TLS_1_2)
    assert context.options & ssl.OP_NO_COMPRESSION
    assert context.options & ssl.OP_NO_RENEGOTIATION


@pytest.mark.parametrize(
    ("client_certificates", "mode"),
    [("none", ssl.CERT_NONE), ("optional", ssl.CERT_OPTIONAL), ("required", ssl.CERT_REQUIRED)],
)
def test_context_asks_for_client_certificate(
    pki: Pki, client_certificates: str, mode: ssl.VerifyMode
) -> None:
    plan = ContextPlan((files_of(pki, "server-ecdsa"),), client_certificates, (pki.root_pem,))  # type: ignore[arg-type]

    assert make_context(plan).verify_mode is mode


def test_context_is_kept_while_files_are_unchanged(copied: CertificateFiles) -> None:
    contexts, plan = Contexts(), ContextPlan((copied,))

    assert contexts.context(plan) is contexts.context(plan)


def test_context_is_made_again_when_a_file_changes(pki: Pki, copied: CertificateFiles) -> None:
    contexts, plan = Contexts(), ContextPlan((copied,))
    before = contexts.context(plan)
    other = files_of(pki, "server-rsa")
    copied.chain.write_bytes(other.chain.read_bytes())
    copied.key.write_bytes(other.key.read_bytes())

    assert contexts.context(plan) is not before


def test_previous_context_is_kept_while_files_are_broken(
    copied: CertificateFiles, caplog: pytest.LogCaptureFixture
) -> None:
    contexts, plan = Contexts(), ContextPlan((copied,))
    before = contexts.context(plan)
    copied.key.write_text("half a key")

    assert contexts.context(plan) is before
    assert contexts.context(plan) is before
    [line] = [record.getMessage() for record in caplog.records]
    assert "cannot use changed certificates, keeping the previous certificates" in line
    assert "half a key" not in line


def test_missing_file_is_an_error_without_a_previous_context(tmp_path: Path) -> None:
    plan = ContextPlan((CertificateFiles(tmp_path / "no.pem", tmp_path / "no.key"),))

    with pytest.raises(FileNotFoundError):
        Contexts().context(plan)
