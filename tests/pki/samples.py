"""Certificate signing requests, certificates and OCSP requests for tests."""

import base64
import hashlib
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificatePublicKeyTypes,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from mock_csms.pki import Pki

SUBJECT = x509.Name(
    [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Station Maker"),
        x509.NameAttribute(NameOID.COMMON_NAME, "CS-0001"),
    ]
)
NAMES = x509.SubjectAlternativeName([x509.DNSName("cs-0001.example.com")])


def p256_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def csr_pem(
    key: CertificateIssuerPrivateKeyTypes | None = None,
    *,
    subject: x509.Name = SUBJECT,
    names: x509.SubjectAlternativeName | None = None,
    extension: x509.ExtensionType | None = None,
) -> str:
    """A CSR signed by `key`, or by a new P-256 key."""
    key = key or p256_key()
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    for added in filter(None, (names, extension)):
        builder = builder.add_extension(added, critical=False)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.PEM).decode()


def key_bits(key: CertificatePublicKeyTypes) -> bytes:
    """The content of the subjectPublicKey BIT STRING of an RSA or EC key."""
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def ocsp_request(algorithm: str = "SHA256", **changes: object) -> dict[str, Any]:
    digits = 2 * hashlib.new(algorithm).digest_size
    fields = {"issuerNameHash": "a1" * (digits // 2), "issuerKeyHash": "B2" * (digits // 2)}
    return {"hashAlgorithm": algorithm, **fields, "serialNumber": "1f", "responderURL": "", **changes}


def ocsp_response(pki: Pki, request: dict[str, Any]) -> ocsp.OCSPResponse:
    return ocsp.load_der_ocsp_response(base64.b64decode(pki.ocsp_response(request), validate=True))


def public_key_of(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key
