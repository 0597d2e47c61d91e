"""Certificate signing requests (PKCS#10) as far as the checks need them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    # Only for types: the server imports cryptography, which takes long, when it needs certificates.
    from cryptography import x509

MIN_KEY_BITS: Final = {"RSA": 2048, "DSA": 2048, "EC": 224}
"""Minimum length of a key by its kind (A00.FR.502, A00.FR.503)."""


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """The contents of a readable PKCS#10 request."""

    is_signed: bool
    """Whether the signature of the request is valid."""
    key_kind: str
    """RSA, DSA or EC; empty for other kinds of keys."""
    key_bits: int
    public_key: bytes
    hash_name: str
    """Hash algorithm of the signature; empty if the signature has no separate hash algorithm."""
    common_name: str
    organization: str


@lru_cache(maxsize=64)
def read_signing_request(pem: str) -> CertificateRequest | None:
    """Parse a request; None if it is not PKCS#10 in PEM. Raises NotImplementedError for a key or algorithm
    that `cryptography` does not support.
    """
    from cryptography import x509  # noqa: PLC0415 - see above
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415

    try:
        request = x509.load_pem_x509_csr(pem.encode())
    except (ValueError, TypeError, x509.InvalidVersion):
        return None
    try:
        return _contents(request)
    except UnsupportedAlgorithm:
        raise NotImplementedError("an algorithm that this server does not know") from None


def _contents(request: "x509.CertificateSigningRequest") -> CertificateRequest:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    key, algorithm = request.public_key(), request.signature_hash_algorithm
    kind = next((kind for kind in MIN_KEY_BITS if kind in type(key).__name__.upper()), "")
    return CertificateRequest(
        is_signed=request.is_signature_valid,
        key_kind=kind,
        key_bits=getattr(key, "key_size", 0),
        public_key=key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        hash_name=algorithm.name if algorithm is not None else "",
        common_name=_value(request.subject, NameOID.COMMON_NAME),
        organization=_value(request.subject, NameOID.ORGANIZATION_NAME),
    )


def _value(name: "x509.Name", oid: "x509.ObjectIdentifier") -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""
