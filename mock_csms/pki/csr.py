"""Certificate signing requests in PKCS#10: parsing and checks (A02, A03, A00.FR.501 to 511)."""

import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

type SubjectKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

PARSE_ERRORS: Final = (
    ValueError,
    TypeError,
    KeyError,  # for an unknown ASN.1 string type, before cryptography 50
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""Exceptions of `cryptography` for malformed certificates and requests."""
VERIFICATION_ERRORS: Final = (*PARSE_ERRORS, InvalidSignature, UnsupportedAlgorithm)
"""Exceptions of `cryptography` for a certificate that was not issued by the given issuer."""

_MIN_RSA_BITS = 2048
_MIN_EC_BITS = 224


class InvalidCsr(ValueError):
    """A certificate signing request that the PKI does not sign; the message is the reason."""


class SigningRequest(NamedTuple):
    """Parts of a valid CSR that go into its certificate."""

    subject: x509.Name
    public_key: SubjectKey
    alternative_names: x509.SubjectAlternativeName | None


def read_csr(csr_pem: str, *, common_names: Collection[str] = (), organization: str = "") -> SigningRequest:
    """Parse and check a request in PEM; raises InvalidCsr.

    If ``common_names`` is given, the CN must be one of them, whatever its case. If ``organization`` is given,
    the O must be equal to it.
    """
    csr, subject, extensions = _parse(csr_pem)
    public_key = _strong_key(csr)
    _check_signature(csr)
    _check_common_name(subject, common_names)
    _check_organization(subject, organization)
    return SigningRequest(subject, public_key, _alternative_names(extensions))


@contextmanager
def tolerated_oddities() -> Iterator[None]:
    """Suppress warnings of `cryptography`, for example about a country code of three letters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _parse(csr_pem: str) -> tuple[x509.CertificateSigningRequest, x509.Name, x509.Extensions]:
    try:
        with tolerated_oddities():
            csr = x509.load_pem_x509_csr(csr_pem.encode())
            return csr, csr.subject, csr.extensions
    except PARSE_ERRORS as error:
        raise InvalidCsr("the CSR is not a readable PKCS#10 request in PEM") from error


def _strong_key(csr: x509.CertificateSigningRequest) -> SubjectKey:
    try:
        key = csr.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidCsr("the CSR's key is malformed or of an unsupported kind") from error
    if isinstance(key, rsa.RSAPublicKey):
        kind, min_bits = "RSA", _MIN_RSA_BITS
    elif isinstance(key, ec.EllipticCurvePublicKey):
        kind, min_bits = "EC", _MIN_EC_BITS
    else:
        raise InvalidCsr("the CSR's key is neither RSA nor EC")
    if key.key_size < min_bits:
        raise InvalidCsr(f"the CSR's {kind} key has {key.key_size} bits, fewer than {min_bits}")
    return key


def _check_signature(csr: x509.CertificateSigningRequest) -> None:
    if csr.is_signature_valid:
        return
    try:
        digest = csr.signature_hash_algorithm
    except UnsupportedAlgorithm:
        raise InvalidCsr("the CSR's signature algorithm is not supported; sign it with SHA-256") from None
    if isinstance(digest, hashes.SHA1 | hashes.MD5):  # `cryptography` never accepts these
        raise InvalidCsr(
            f"the CSR is signed with {digest.name.upper()}, which is broken; sign it with SHA-256"
        )
    raise InvalidCsr("the CSR's signature is not valid")


def _check_common_name(subject: x509.Name, allowed: Collection[str]) -> None:
    if not allowed:
        return
    names = _values(subject, NameOID.COMMON_NAME)
    if not names:
        raise InvalidCsr(f"the CSR's subject has no CN; it must be {' or '.join(allowed)}")
    if names[0].casefold() not in {name.casefold() for name in allowed}:
        raise InvalidCsr(f"the CSR's CN is {names[0]!r}, not {' or '.join(allowed)}")


def _check_organization(subject: x509.Name, organization: str) -> None:
    if organization and organization not in (names := _values(subject, NameOID.ORGANIZATION_NAME)):
        written = ", ".join(map(repr, names)) or "missing"
        raise InvalidCsr(f"the CSR's O is {written}, not {organization}")


def _values(subject: x509.Name, field: x509.ObjectIdentifier) -> list[str]:
    return [str(attribute.value) for attribute in subject.get_attributes_for_oid(field)]


def _alternative_names(extensions: x509.Extensions) -> x509.SubjectAlternativeName | None:
    try:
        return extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
