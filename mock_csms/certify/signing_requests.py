"""Checks of the certificate signing requests of stations."""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.oid import NameOID

MIN_BITS = 2048
"""Minimum size of an RSA or DSA key (A00.FR.507)."""
MIN_EC_KEY_BITS = 224
"""Minimum size of an EC key (A00.FR.508)."""
MIN_V2G_BITS = 256
"""Minimum size of the EC key of an ISO 15118 certificate."""


def flaw_of_signing_request(pem: str, *, is_v2g: bool = False, common_name: str | None = None) -> str:
    """Describe the flaw of a certificate signing request; empty for a valid one."""
    try:
        request = x509.load_pem_x509_csr(pem.encode())
    except ValueError:
        return "it is not a PKCS#10 request in PEM"
    if not request.is_signature_valid:
        return "its signature is wrong"
    names = [each.value for each in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if common_name is not None and common_name not in names:
        return f"its common name is {', '.join(map(str, names)) or 'missing'}, not {common_name}"
    return _flaw_of_key(request, is_v2g=is_v2g)


def _flaw_of_key(request: x509.CertificateSigningRequest, *, is_v2g: bool) -> str:
    match request.public_key():
        case ec.EllipticCurvePublicKey() as key:
            kind, bits, minimum = "EC", key.key_size, MIN_V2G_BITS if is_v2g else MIN_EC_KEY_BITS
        case rsa.RSAPublicKey() | dsa.DSAPublicKey() as key if not is_v2g:
            kind, bits, minimum = "RSA or DSA", key.key_size, MIN_BITS
        case _:
            return f"its key is not an {'EC' if is_v2g else 'EC, RSA or DSA'} key"
    return f"its {kind} key has {bits} bits, fewer than {minimum}" if bits < minimum else ""
