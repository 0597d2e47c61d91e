"""Certificate signing requests for the tests."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def build_csr(
    common_name: str = "CS1", *, organization: str = "", key: ec.EllipticCurvePrivateKey | None = None
) -> str:
    """Make a PKCS#10 request in PEM, by default for a new key."""
    names = {NameOID.COMMON_NAME: common_name, NameOID.ORGANIZATION_NAME: organization}
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in names.items() if value])
    key = key or ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()
