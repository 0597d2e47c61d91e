"""Checks of certificate signing requests."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from mock_csms.certify.signing_requests import flaw_of_signing_request

type Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

STRONG = ec.generate_private_key(ec.SECP256R1())
WEAK = ec.generate_private_key(ec.SECP192R1())
RSA = rsa.generate_private_key(65537, 2048)


def request(key: Key) -> str:
    """Return a certificate signing request for CS001 in PEM, signed by ``key``."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CS001")])
    signed = x509.CertificateSigningRequestBuilder(name).sign(key, hashes.SHA256())
    return signed.public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize("key", [pytest.param(STRONG, id="EC"), pytest.param(RSA, id="RSA")])
def test_strong_key_has_no_flaw(key: Key) -> None:
    assert flaw_of_signing_request(request(key), common_name="CS001") == ""


def test_weak_key_is_a_flaw() -> None:
    assert flaw_of_signing_request(request(WEAK)) == "its EC key has 192 bits, fewer than 224"


def test_rsa_key_for_iso_15118_is_a_flaw() -> None:
    assert flaw_of_signing_request(request(RSA), is_v2g=True) == "its key is not an EC key"


def test_other_common_name_is_a_flaw() -> None:
    assert flaw_of_signing_request(request(STRONG), common_name="CS002") == (
        "its common name is CS001, not CS002"
    )


def test_wrong_signature_is_a_flaw() -> None:
    der = bytearray(x509.load_pem_x509_csr(request(RSA).encode()).public_bytes(Encoding.DER))
    der[-1] ^= 1
    pem = x509.load_der_x509_csr(bytes(der)).public_bytes(Encoding.PEM).decode()
    assert flaw_of_signing_request(pem) == "its signature is wrong"


def test_other_text_is_a_flaw() -> None:
    assert flaw_of_signing_request("nonsense") == "it is not a PKCS#10 request in PEM"
