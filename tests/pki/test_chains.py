"""Judgements of contract certificate chains."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from mock_csms.pki import chain_state


def issued(subject: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None,
           *, start: timedelta = timedelta(days=-1), end: timedelta = timedelta(days=1)
           ) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:  # fmt: skip
    """Make a certificate and its key; without an issuer, it is self-signed."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    issuer_name, signing_key = (issuer[0].subject, issuer[1]) if issuer else (name, key)
    builder = x509.CertificateBuilder(issuer_name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now + start).not_valid_after(now + end)
    return builder.sign(signing_key, hashes.SHA256()), key


def chain_of(*certificates: x509.Certificate) -> str:
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)


def test_linked_chain_is_valid_in_any_order_after_the_leaf() -> None:
    root = issued("root")
    sub_ca = issued("sub CA", root)
    leaf = issued("leaf", sub_ca)

    for others in ((sub_ca[0], root[0]), (root[0], sub_ca[0]), (sub_ca[0],), ()):
        assert chain_state(chain_of(leaf[0], *others)) == "valid"


@pytest.mark.parametrize("position", range(3))
def test_chain_with_an_expired_certificate_anywhere_is_expired(position: int) -> None:
    ends = [timedelta(days=1)] * 3
    ends[position] = timedelta(hours=-1)
    root = issued("root", end=ends[2])
    sub_ca = issued("sub CA", root, end=ends[1])
    leaf = issued("leaf", sub_ca, end=ends[0])

    assert chain_state(chain_of(leaf[0], sub_ca[0], root[0])) == "expired"


def test_certificate_that_is_not_valid_yet_is_unverifiable() -> None:
    leaf, _ = issued("leaf", start=timedelta(hours=1))

    assert chain_state(chain_of(leaf)) == "unverifiable"


def test_chain_with_a_foreign_certificate_is_unverifiable() -> None:
    assert chain_state(chain_of(issued("leaf")[0], issued("stranger")[0])) == "unverifiable"


NOT_A_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("pem", ["", "x", "\u00e9", NOT_A_CERTIFICATE])
def test_unreadable_certificate_is_unverifiable(pem: str) -> None:
    assert chain_state(pem) == "unverifiable"
