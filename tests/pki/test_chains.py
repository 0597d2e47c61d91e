"""Judgements of contract certificate chains, in PEM and as hashes."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from mock_csms.pki import Pki
from mock_csms.pki.chains import MAX_CHAIN, Anchors, ChainVerdict, judge_certificates
from tests.pki.samples import ocsp_request

type Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]

DAY = timedelta(days=1)
NOT_A_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.fixture(scope="module")
def pki() -> Pki:
    return Pki.in_memory()


def issued(
    subject: str,
    issuer: Pair | None = None,
    *,
    start: timedelta = -DAY,
    end: timedelta = DAY,
    is_ca: bool = True,
    path_length: int | None = None,
    serial: int | None = None,
) -> Pair:
    """Make a certificate and its key; without an issuer, it is self-signed."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    issuer_name, signing_key = (issuer[0].subject, issuer[1]) if issuer else (name, key)
    builder = x509.CertificateBuilder(issuer_name, name, key.public_key())
    builder = builder.serial_number(serial or x509.random_serial_number())
    builder = builder.not_valid_before(now + start).not_valid_after(now + end)
    if is_ca:
        builder = builder.add_extension(x509.BasicConstraints(True, path_length), critical=True)
    return builder.sign(signing_key, hashes.SHA256()), key


def chain_of(*certificates: x509.Certificate) -> str:
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)


def judge(chain_pem: str, *roots: x509.Certificate) -> ChainVerdict:
    return judge_certificates(chain_pem, Anchors(roots or None, (), lambda _: None), datetime.now(UTC))


def test_linked_chain_is_valid_in_any_order_after_the_leaf() -> None:
    root = issued("root")
    sub_ca = issued("sub CA", root)
    leaf = issued("leaf", sub_ca)[0]
    for others in ((sub_ca[0], root[0]), (root[0], sub_ca[0]), (sub_ca[0],), ()):
        assert judge(chain_of(leaf, *others)).state == "valid"


def test_path_leads_from_the_leaf_to_the_trusted_root() -> None:
    root = issued("root")
    sub_ca = issued("sub CA", root)
    leaf = issued("leaf", sub_ca)[0]
    for others in ((sub_ca[0], root[0]), (sub_ca[0],)):
        assert judge(chain_of(leaf, *others), root[0]) == ("valid", "", (leaf, sub_ca[0], root[0]), ())


def test_chain_of_an_untrusted_root_is_unverifiable() -> None:
    root = issued("root")
    leaf = issued("leaf", root)[0]
    verdict = judge(chain_of(leaf, root[0]), issued("root")[0])
    assert (verdict.state, verdict.reason) == ("unverifiable", "no trusted root issued CN=root")


@pytest.mark.parametrize("position", range(3))
def test_chain_with_an_expired_certificate_anywhere_is_expired(position: int) -> None:
    ends = [DAY] * 3
    ends[position] = timedelta(hours=-1)
    root = issued("root", end=ends[2])
    sub_ca = issued("sub CA", root, end=ends[1])
    leaf = issued("leaf", sub_ca, end=ends[0])[0]
    verdict = judge(chain_of(leaf, sub_ca[0], root[0]))
    name = ("leaf", "sub CA", "root")[position]
    end = (leaf, sub_ca[0], root[0])[position].not_valid_after_utc
    assert (verdict.state, verdict.reason) == ("expired", f"CN={name} expired on {end:%Y-%m-%d}")


def test_expired_root_that_the_chain_leaves_out_makes_it_expired() -> None:
    root = issued("root", end=timedelta(hours=-1))
    assert judge(chain_of(issued("leaf", root)[0]), root[0]).state == "expired"


def test_certificate_that_is_not_valid_yet_is_unverifiable() -> None:
    verdict = judge(chain_of(issued("leaf", start=timedelta(hours=1))[0]))
    assert verdict.state == "unverifiable"
    assert verdict.reason.startswith("CN=leaf is not valid before ")


def test_chain_with_a_foreign_certificate_is_unverifiable() -> None:
    verdict = judge(chain_of(issued("leaf")[0], issued("stranger")[0]))
    assert (verdict.state, verdict.reason) == (
        "unverifiable",
        "no other certificate of the chain issued CN=leaf",
    )


def test_issuer_that_is_not_a_ca_is_unverifiable() -> None:
    root = issued("root", is_ca=False)
    verdict = judge(chain_of(issued("leaf", root)[0], root[0]))
    assert (verdict.state, verdict.reason) == ("unverifiable", "CN=root is not a CA")


def test_more_sub_cas_than_a_ca_allows_are_unverifiable() -> None:
    root = issued("root", path_length=0)
    sub_ca = issued("sub CA", root)
    verdict = judge(chain_of(issued("leaf", sub_ca)[0], sub_ca[0], root[0]))
    assert (verdict.state, verdict.reason) == ("unverifiable", "CN=root does not allow 1 sub-CAs below it")


@pytest.mark.parametrize("pem", ["", "x", "\u00e9", "\udc80", NOT_A_CERTIFICATE])
def test_unreadable_certificate_is_unverifiable(pem: str) -> None:
    assert judge(pem) == ("unverifiable", "the chain is not readable PEM", (), ())


def test_certificate_with_a_negative_serial_number_is_unverifiable() -> None:
    der = issued("leaf", serial=0x11223344556677889900)[0].public_bytes(Encoding.DER)
    negative = der.replace(bytes.fromhex("11223344556677889900"), bytes.fromhex("91223344556677889900"))
    pem = f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(negative).decode()}-----END CERTIFICATE-----\n"
    verdict = judge(pem)
    assert verdict.reason == "a certificate of the chain has no positive serial number"


def test_endless_chain_is_unverifiable() -> None:
    certificate = issued("leaf")[0]
    verdict = judge(chain_of(*[certificate] * (MAX_CHAIN + 1)))
    assert (verdict.state, verdict.reason) == ("unverifiable", "the chain has more than 20 certificates")


def test_known_sub_ca_that_signs_itself_ends_the_path() -> None:
    root = issued("root")[0]
    anchors = Anchors(None, (root,), lambda _: None)
    assert judge_certificates(chain_of(root), anchors, datetime.now(UTC)).path == (root,)


# With the certificates of the PKI


def test_contract_without_its_sub_cas_leads_to_the_mo_root(pki: Pki) -> None:
    contract = pki.named("contract")
    verdict = pki.judge_chain(contract.certificate_pem, roots=pki.contract_roots())
    assert verdict.state == "valid"
    assert verdict.path == (contract.certificate, *contract.sub_cas, contract.root)


def test_contract_of_an_unknown_ca_is_valid_only_without_roots(pki: Pki) -> None:
    contract = pki.named("contract-unknown-ca").certificate_pem
    assert pki.judge_chain(contract).state == "valid"
    assert pki.judge_chain(contract, roots=pki.contract_roots()).state == "unverifiable"


def test_expired_contract_is_expired_in_pem_and_as_hashes(pki: Pki) -> None:
    contract = pki.named("contract-expired")
    for verdict in (pki.judge_chain(contract.chain_text()), pki.judge_chain(None, [contract.hash_data()])):
        assert verdict.state == "expired"
        assert verdict.reason.startswith("DC=MO,O=OCPP2 Mock Server,CN=NLMCKC00000001 expired on ")


def test_expired_contract_that_was_revoked_is_expired_in_pem_and_as_hashes() -> None:
    pki = Pki.in_memory()
    contract = pki.named("contract-expired")
    pki.revoke("contract-expired")
    assert pki.judge_chain(contract.chain_text()).state == "expired"
    assert pki.judge_chain(None, [contract.hash_data()]).state == "expired"


@pytest.mark.parametrize("revoked", ["contract", "mo-sub-ca-1"])
def test_chain_with_a_revoked_certificate_is_revoked(revoked: str) -> None:
    pki = Pki.in_memory()
    contract = pki.named("contract")
    hash_data = [
        contract.hash_data(),
        pki.named("mo-sub-ca-2").hash_data(),
        pki.named("mo-sub-ca-1").hash_data(),
    ]
    pki.revoke(revoked)
    for verdict in (pki.judge_chain(contract.chain_text()), pki.judge_chain(None, hash_data)):
        assert verdict.state == "revoked"
        assert " was revoked on " in verdict.reason


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_hashes_of_a_good_contract_are_valid(pki: Pki, algorithm: str) -> None:
    item = pki.named("contract").hash_data(algorithm)
    upper = {
        **item,
        "issuerKeyHash": item["issuerKeyHash"].upper(),
        "serialNumber": f"00{item['serialNumber']}",
    }
    assert pki.judge_chain(None, [item, upper]) == ("valid", "", (), ())


def test_hashes_of_another_ca_are_left_to_a_responder(pki: Pki) -> None:
    foreign = ocsp_request()
    verdict = pki.judge_chain(None, [pki.named("contract").hash_data(), foreign])
    assert (verdict.state, verdict.unknown) == ("valid", (foreign,))


def test_unused_serial_number_of_our_ca_is_unverifiable(pki: Pki) -> None:
    verdict = pki.judge_chain(None, [{**pki.named("contract").hash_data(), "serialNumber": "1f"}])
    assert (verdict.state, verdict.reason) == (
        "unverifiable",
        "its CA has issued no certificate with this serial number",
    )


@pytest.mark.parametrize(
    "changes", [{"issuerKeyHash": "cd"}, {"serialNumber": "xy"}, {"hashAlgorithm": "MD5"}]
)
def test_unreadable_hashes_are_unverifiable(pki: Pki, changes: dict[str, Any]) -> None:
    items = [ocsp_request(), ocsp_request(**changes)]
    assert pki.judge_chain(None, items).state == "unverifiable"


def test_hashes_count_beside_a_valid_chain(pki: Pki) -> None:
    chain = pki.named("contract").chain_text()
    assert pki.judge_chain(chain, [pki.named("contract-expired").hash_data()]).state == "expired"
