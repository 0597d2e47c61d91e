"""The PKI in a folder: made once, kept, renewed, and its files protected."""

import base64
import logging
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from mock_csms.errors import CouldNotStart
from mock_csms.pki import Issued, Pki
from mock_csms.pki.blueprints import BASIC_BLUEPRINTS, BLUEPRINTS
from mock_csms.pki.folder import PkiFolder
from mock_csms.pki.issuing import Signer, make_certificate
from mock_csms.pki.renewal import names_of, reason_to_renew

only_posix = pytest.mark.skipif(os.name != "posix", reason="the modes of files are those of POSIX")
not_as_root = pytest.mark.skipif(
    os.name == "posix" and os.getuid() == 0, reason="root may write to any folder"
)


def all_certificates(pki: Pki) -> dict[str, str]:
    return {name: pki.named(name).certificate_pem for name in BASIC_BLUEPRINTS}


def as_pem(der: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----\n"


def chain_text(certificates: list[x509.Certificate]) -> str:
    return "".join(as_pem(certificate.public_bytes(Encoding.DER)) for certificate in certificates)


def key_path(issued: Issued) -> Path:
    assert issued.key_path is not None
    return issued.key_path


def chain_path(issued: Issued) -> Path:
    assert issued.chain_path is not None
    return issued.chain_path


def test_second_start_reuses_every_certificate_and_key(pki_folder: Path) -> None:
    first = Pki.open(pki_folder)
    files = {path: path.read_bytes() for path in pki_folder.rglob("*") if path.is_file()}
    second = Pki.open(pki_folder)
    assert all_certificates(second) == all_certificates(first)
    assert {path: path.read_bytes() for path in files} == files


def test_files_hold_the_chain_and_the_key(pki_folder: Path) -> None:
    issued = Pki.open(pki_folder).named("secc")
    assert chain_path(issued).read_text(encoding="utf-8") == issued.chain_text()
    assert key_path(issued).read_text(encoding="utf-8") == issued.key_pem
    assert len(issued.chain) == 3


def test_root_is_a_file_of_its_own_to_install(pki_folder: Path) -> None:
    pki = Pki.open(pki_folder)
    assert (pki_folder / "root.pem").read_text(encoding="utf-8") == pki.root_pem


def test_client_certificate_is_known_after_a_restart(pki_folder: Path) -> None:
    first = Pki.open(pki_folder).issue_client("CS1")
    second = Pki.open(pki_folder)
    assert second.named("client/CS1").certificate_pem == first.certificate_pem
    assert second.named("CS1").key_pem == first.key_pem
    assert "client/CS1" in second.names()


@pytest.mark.parametrize("identity", ["../../x", "..", ".", "/etc/passwd", "a/../../b", "C:\\x", "~", "%2E"])
def test_identity_cannot_lead_out_of_the_folder(pki_folder: Path, identity: str) -> None:
    issued = Pki.open(pki_folder).issue_client(identity)
    assert chain_path(issued).resolve().parent == (pki_folder / "client").resolve()
    assert [path.name for path in pki_folder.parent.iterdir()] == ["pki"]


def test_identities_that_differ_have_files_that_differ(pki_folder: Path) -> None:
    pki = Pki.open(pki_folder)
    identities = ["..", "%2E.", "a/b", "a%2Fb", "a b", "a+b"]
    assert len({chain_path(pki.issue_client(identity)) for identity in identities}) == len(identities)


@pytest.mark.parametrize("identity", ["", "x" * 65, "ä" * 33, "a\nb", "a\0b"])
def test_identity_that_cannot_be_a_cn_is_refused(pki_folder: Path, identity: str) -> None:
    with pytest.raises(ValueError, match="cannot be the CN of a certificate; use 1 to 64 printable"):
        Pki.open(pki_folder).issue_client(identity)


def test_added_name_renews_the_server_certificates_with_their_keys(
    pki_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = Pki.open(pki_folder)
    with caplog.at_level(logging.INFO):
        second = Pki.open(pki_folder, ["csms.example.com", "192.0.2.7"])
    before, after = all_certificates(first), all_certificates(second)
    assert [name for name in before if before[name] != after[name]] == ["server-ecdsa", "server-rsa"]
    renewed = second.named("server-rsa")
    assert renewed.key_pem == first.named("server-rsa").key_pem
    assert {"csms.example.com", "192.0.2.7", "localhost"} <= names_of(renewed.certificate)
    assert renewed.certificate.subject.rfc4514_string() == "O=OCPP2 Mock Server,CN=csms.example.com"
    assert caplog.messages[0] == (
        "renewing the certificate server-ecdsa: it lacks csms.example.com, 192.0.2.7"
    )


def test_renewed_certificate_that_is_bad_on_purpose_is_not_to_be_installed(
    pki_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Pki.open(pki_folder).make("self-signed")
    with caplog.at_level(logging.INFO):
        Pki.open(pki_folder, ["csms.example.com"]).make("self-signed")
    assert any("renewing the certificate self-signed" in message for message in caplog.messages)
    assert not any("install" in message for message in caplog.messages)


def test_names_that_are_all_there_renew_nothing(pki_folder: Path) -> None:
    first = Pki.open(pki_folder, ["csms.example.com"])
    assert all_certificates(Pki.open(pki_folder)) == all_certificates(first)


def store_with_lifetime(pki: Pki, path: Path, name: str, days: float) -> None:
    """Replace a certificate of the folder by one that expires in this many days."""
    old, issuer = pki.named(name), pki.named(BLUEPRINTS[name].issuer)
    assert old.key is not None
    assert issuer.key is not None
    blueprint = BLUEPRINTS[name]
    shorter = replace(blueprint, lifetime=timedelta(days=days, hours=1))
    certificate = make_certificate(shorter, old.key, Signer(issuer.certificate, issuer.key))
    PkiFolder(path).save(name, [certificate, *old.sub_cas], old.key)


@pytest.mark.parametrize(("days", "is_renewed"), [(29.9, True), (30.1, False)])
def test_certificate_is_renewed_thirty_days_before_it_expires(
    pki_folder: Path, days: float, is_renewed: bool
) -> None:
    first = Pki.open(pki_folder)
    store_with_lifetime(first, pki_folder, "secc", days)
    renewed = Pki.open(pki_folder).named("secc")
    assert renewed.key_pem == first.named("secc").key_pem
    time_left = renewed.certificate.not_valid_after_utc - datetime.now(UTC)
    assert (time_left > timedelta(days=300)) is is_renewed


def test_expired_certificate_made_on_purpose_is_kept(pki_folder: Path) -> None:
    first = Pki.open(pki_folder).make("expired")
    second = Pki.open(pki_folder).make("expired")
    assert [one.certificate_pem for one in second] == [one.certificate_pem for one in first]


@pytest.mark.parametrize("deleted", [".pem", ".key"])
def test_half_of_a_pair_is_completed(pki_folder: Path, deleted: str) -> None:
    key = Pki.open(pki_folder).named("secc").key_pem
    (pki_folder / f"secc{deleted}").unlink()
    completed = Pki.open(pki_folder).named("secc")
    assert (completed.key_pem == key) is (deleted == ".pem")
    completed.certificate.verify_directly_issued_by(completed.issuer)


def test_new_root_renews_what_it_issued(pki_folder: Path) -> None:
    Pki.open(pki_folder)
    (pki_folder / "root.key").unlink()
    pki = Pki.open(pki_folder)
    for name in ("intermediate", "server-ecdsa"):
        pki.named(name).certificate.verify_directly_issued_by(pki.named(name).issuer)
        assert pki.named(name).root_pem == pki.root_pem


def test_renewed_sub_ca_is_in_the_chains_of_what_it_issued(pki_folder: Path) -> None:
    first = Pki.open(pki_folder)
    store_with_lifetime(first, pki_folder, "intermediate", 10)
    second = Pki.open(pki_folder)
    renewed, server = second.named("intermediate"), second.named("server-ecdsa")
    assert renewed.key_pem == first.named("intermediate").key_pem
    assert chain_path(server).read_text(encoding="utf-8") == server.certificate_pem + renewed.certificate_pem


def test_server_certificate_without_names_is_renewed(pki_folder: Path) -> None:
    pki = Pki.open(pki_folder)
    issued, issuer = pki.named("server-ecdsa"), pki.named("intermediate")
    assert issued.key is not None
    assert issuer.key is not None
    nameless = make_certificate(
        BLUEPRINTS["wrong-name-ecdsa"], issued.key, Signer(issuer.certificate, issuer.key)
    )
    PkiFolder(pki_folder).save("server-ecdsa", [nameless, issuer.certificate], issued.key)
    assert "localhost" in names_of(Pki.open(pki_folder).named("server-ecdsa").certificate)


@pytest.mark.parametrize(("name", "issuer"), [("secc", "v2g-sub-ca-2"), ("root", "")])
def test_every_flip_of_a_certificate_is_an_error_or_renewed(pki_folder: Path, name: str, issuer: str) -> None:
    path = pki_folder / f"{name}.pem"
    leaf, *sub_cas = x509.load_pem_x509_certificates(path.read_bytes())
    der, others = leaf.public_bytes(Encoding.DER), chain_text(sub_cas)
    pki = Pki.open(pki_folder)
    ca = pki.named(issuer) if issuer else None
    for position in range(len(der)):
        flipped = der[:position] + bytes([der[position] ^ 1]) + der[position + 1 :]
        path.write_text(as_pem(flipped) + others, encoding="ascii")
        try:
            stored = PkiFolder(pki_folder).load(name)
        except CouldNotStart:
            continue
        is_unharmed = stored.chain[0].tbs_certificate_bytes == leaf.tbs_certificate_bytes
        assert is_unharmed or reason_to_renew(stored, BLUEPRINTS[name], ca, ())


def test_key_of_another_certificate_renews_the_certificate(pki_folder: Path) -> None:
    Pki.open(pki_folder)
    (pki_folder / "secc.key").write_bytes((pki_folder / "contract.key").read_bytes())
    pki = Pki.open(pki_folder)
    assert pki.named("secc").key_pem == pki.named("contract").key_pem
    assert x509.load_pem_x509_certificate(pki.named("secc").certificate_pem.encode()).subject


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("root.pem", "a certificate chain in PEM"),
        ("root.key", "an RSA or EC private key in PEM without a password"),
    ],
)
@pytest.mark.parametrize("content", [b"", b"x", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----\nAAAA"])
def test_broken_file_is_one_clear_line(pki_folder: Path, file: str, kind: str, content: bytes) -> None:
    Pki.open(pki_folder)
    path = pki_folder / file
    path.write_bytes(content)
    with pytest.raises(CouldNotStart) as error:
        Pki.open(pki_folder)
    assert str(error.value) == f"{path} is not {kind}; restore it, or delete it to have it made again"


@only_posix
def test_key_readable_for_others_is_warned_about_once(
    pki_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = key_path(Pki.open(pki_folder).named("root"))
    path.chmod(0o644)
    Pki.open(pki_folder).named("root")
    assert caplog.messages == [
        f"other users can read the private key {path} (mode 0644); run: chmod 600 {path}"
    ]


def test_new_root_is_a_warning_that_says_what_to_install(
    pki_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Pki.open(pki_folder)
    (pki_folder / "root.key").unlink()
    Pki.open(pki_folder)
    assert [one.message for one in caplog.records if one.levelno == logging.WARNING] == [
        f"renewing the certificate root: its key is missing; install {pki_folder / 'root.pem'} in each "
        "station that has the old one"
    ]


@only_posix
def test_folder_that_others_can_open_is_warned_about(
    pki_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Pki.open(pki_folder)
    pki_folder.chmod(0o755)
    Pki.open(pki_folder)
    assert caplog.messages == [
        f"other users can open the PKI folder {pki_folder} (mode 0755); run: chmod 700 {pki_folder}"
    ]
