"""Every certificate and OCSP response of the PKI, judged by openssl."""

import base64
from pathlib import Path

import pytest

from mock_csms.pki import Issued, Pki
from mock_csms.pki.blueprints import BASIC_BLUEPRINTS, KEY_TYPES, KeyType
from tests.pki.openssl import needs_openssl, openssl
from tests.pki.samples import csr_pem

pytestmark = needs_openssl

LEAVES = [name for name, blueprint in BASIC_BLUEPRINTS.items() if not blueprint.is_ca]
SERVERS = ["server-ecdsa", "server-rsa"]


@pytest.fixture(scope="module")
def pki() -> Pki:
    return Pki.in_memory()


def verify(folder: Path, issued: Issued, *options: str, root: str | None = None, code: int = 0) -> str:
    (folder / "root").write_text(root or issued.root_pem)
    (folder / "chain").write_text("".join(issued.chain[1:]))
    (folder / "leaf").write_text(issued.certificate_pem)
    untrusted = ["-untrusted", "chain"] if issued.chain[1:] else []
    options = ("-x509_strict", "-CAfile", "root", *untrusted, *options, "leaf")
    return openssl(folder, "verify", *options, code=code)


@pytest.mark.parametrize("name", BASIC_BLUEPRINTS)
def test_every_certificate_is_verified_strictly(pki: Pki, tmp_path: Path, name: str) -> None:
    assert verify(tmp_path, pki.named(name)) == "leaf: OK\n"


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("option", [["-verify_hostname", "localhost"], ["-verify_ip", "::1"]])
def test_server_certificate_is_for_its_names(pki: Pki, tmp_path: Path, name: str, option: list[str]) -> None:
    assert verify(tmp_path, pki.named(name), "-purpose", "sslserver", *option) == "leaf: OK\n"


@pytest.mark.parametrize("name", SERVERS)
def test_server_certificate_is_not_for_another_name(pki: Pki, tmp_path: Path, name: str) -> None:
    text = verify(tmp_path, pki.named(name), "-verify_hostname", "example.com", code=2)
    assert "hostname mismatch" in text.lower()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("expired", "certificate has expired"),
        ("not-yet-valid", "certificate is not yet valid"),
        ("unknown-ca", "unable to get local issuer certificate"),
        ("self-signed", "self-signed certificate"),
        ("wrong-name", "hostname mismatch"),
    ],
)
def test_fault_is_the_only_one_that_openssl_finds(pki: Pki, tmp_path: Path, kind: str, reason: str) -> None:
    for issued in pki.make(kind):
        options = ("-purpose", "sslserver", "-verify_hostname", "localhost")
        text = verify(tmp_path, issued, *options, root=pki.root_pem, code=2)
        errors = [line for line in text.lower().splitlines() if line.startswith("error ") and " at " in line]
        assert [line.partition("lookup: ")[2] for line in errors] == [reason]


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_client_certificate_is_for_clients(pki: Pki, tmp_path: Path, key_type: KeyType) -> None:
    issued = pki.issue_client("CS1", key_type=key_type)
    assert verify(tmp_path, issued, "-purpose", "sslclient") == "leaf: OK\n"


@pytest.mark.parametrize("certificate_type", ["ChargingStationCertificate", "V2GCertificate"])
def test_certificate_for_a_csr_of_openssl_is_verified(
    pki: Pki, tmp_path: Path, certificate_type: str
) -> None:
    command = (
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -subj /O=Operator/CN=CS1"
    )
    openssl(tmp_path, *command.split(), "-out", "csr")
    csr = (tmp_path / "csr").read_text()
    pki.check_csr(csr, common_names=["CS1"], organization="Operator")
    issued = pki.sign_csr(csr, certificate_type=certificate_type)
    assert verify(tmp_path, issued) == "leaf: OK\n"


@pytest.mark.parametrize(
    ("name", "purposes"),
    [
        ("root", {"SSL client CA", "SSL server CA", "OCSP helper"}),
        ("intermediate", {"SSL client CA", "SSL server CA", "OCSP helper"}),
        ("server-rsa", {"SSL client", "SSL server"}),
        ("server-ecdsa", {"SSL client", "SSL server"}),
        ("secc", {"SSL client", "SSL server"}),
    ],
)
def test_purposes_of_a_certificate(pki: Pki, tmp_path: Path, name: str, purposes: set[str]) -> None:
    (tmp_path / "certificate").write_text(pki.named(name).certificate_pem)
    text = openssl(tmp_path, "x509", "-purpose", "-noout", "-in", "certificate")
    given = {line.partition(" :")[0] for line in text.splitlines() if line.endswith(": Yes")}
    assert purposes <= given
    assert ("SSL server CA" in given) is BASIC_BLUEPRINTS[name].is_ca


@pytest.mark.parametrize("name", LEAVES)
def test_files_hold_a_pair_that_openssl_reads(pki_folder: Path, name: str) -> None:
    issued = Pki.open(pki_folder).named(name)
    public = openssl(pki_folder, "x509", "-in", str(issued.chain_path), "-pubkey", "-noout")
    assert openssl(pki_folder, "pkey", "-in", str(issued.key_path), "-pubout") == public


def ocsp(folder: Path, pki: Pki, issued: Issued) -> str:
    """Output of openssl about the PKI's OCSP response to the hash data of a certificate."""
    (folder / "response").write_bytes(base64.b64decode(pki.ocsp_response(issued.hash_data())))
    (folder / "issuer").write_text(issued.chain[1] if issued.chain[1:] else issued.root_pem)
    (folder / "leaf").write_text(issued.certificate_pem)
    (folder / "root").write_text(issued.root_pem)
    command = "ocsp -respin response -issuer issuer -CAfile root -sha256 -cert leaf"
    return openssl(folder, *command.split())


@pytest.mark.parametrize("name", ["secc", "v2g-sub-ca-2", "contract", "intermediate", "firmware"])
def test_openssl_reads_good_in_the_response_for_get_certificate_status(
    pki: Pki, tmp_path: Path, name: str
) -> None:
    assert "Response verify OK\nleaf: good\n" in ocsp(tmp_path, pki, pki.named(name))


def test_openssl_reads_revoked(tmp_path: Path) -> None:
    pki = Pki.in_memory()
    revoked = pki.sign_csr(csr_pem())
    pki.revoke("CS-0001")
    assert "leaf: revoked\n" in ocsp(tmp_path, pki, revoked)


def test_openssl_trusts_a_renewed_server_certificate_with_the_same_root(
    pki_folder: Path, tmp_path: Path
) -> None:
    root = Pki.open(pki_folder).root_pem
    renewed = Pki.open(pki_folder, ["csms.example.com"]).named("server-rsa")
    assert verify(tmp_path, renewed, "-verify_hostname", "csms.example.com", root=root) == "leaf: OK\n"
