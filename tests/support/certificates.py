"""Certificate signing requests for the tests, and certificates for them at the time of a `Talk`."""

from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.authority import Authority
from tests.support.talk import Talk

LONG_AGO: Final = datetime(2025, 12, 1, tzinfo=UTC)
"""A month before the time of a `Talk`."""


def build_csr(
    common_name: str = "CS1", *, organization: str = "", key: ec.EllipticCurvePrivateKey | None = None
) -> str:
    """Make a PKCS#10 request in PEM, by default for a new key."""
    names = {NameOID.COMMON_NAME: common_name, NameOID.ORGANIZATION_NAME: organization}
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in names.items() if value])
    key = key or ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


def signed_certificate(talk: Talk, **fields: Any) -> tuple[x509.Certificate, x509.Certificate]:
    """Send the CSR of a station and a certificate that it accepts; return the certificate and its issuer."""
    root, csr = Authority("Root", start=LONG_AGO), build_csr()
    talk.request_certificate(csr)
    chain = root.sign(csr)
    talk.command("CertificateSigned", {"certificateChain": chain, **fields})
    return x509.load_pem_x509_certificate(chain.encode()), root.certificate
