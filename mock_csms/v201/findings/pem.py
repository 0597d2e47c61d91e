"""Certificates in PEM texts."""

import binascii
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    # Only for types: the server imports cryptography, which takes long, when it needs certificates.
    from cryptography import x509

_FIRST_BLOCK: Final = re.compile(
    r"-----BEGIN CERTIFICATE-----([\w+/=\s]*)-----END CERTIFICATE-----", re.ASCII
)
_SEQUENCE: Final = b"\x30"
"""First byte of a certificate in DER."""


def has_certificate_form(pem: str) -> bool:
    """Return whether a text may have a certificate in PEM. Stations may accept encodings that `cryptography`
    refuses.
    """
    block = _FIRST_BLOCK.search(pem)
    if block is None:
        return False
    try:
        return binascii.a2b_base64(block[1]).startswith(_SEQUENCE)
    except binascii.Error:
        return False


def certificates_in(pem: str) -> "list[x509.Certificate]":
    """Return the certificates in a PEM text; empty if one of them cannot be read."""
    from cryptography import x509  # noqa: PLC0415 - see above

    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except (ValueError, TypeError, x509.InvalidVersion):
        return []


def serial_number(certificate: "x509.Certificate") -> str:
    """Return the serial number in the form that hash data has, which is hexadecimal without leading zeros."""
    return f"{certificate.serial_number:x}"


def is_self_issued(certificate: "x509.Certificate") -> bool:
    """Return whether the issuer and the subject of a certificate are the same, as in a root."""
    return certificate.issuer == certificate.subject


def names_another_key(certificate: "x509.Certificate") -> bool:
    """Return whether a self-issued certificate may be signed with another key than its own.

    A new root may be signed with the key of the root that it replaces, and both may have the same name.

    Only a certificate that is signed with its own key may lack an authority key identifier
    (RFC 5280 4.2.1.1).
    """
    from cryptography import x509  # noqa: PLC0415 - see above

    try:
        issuer = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        own = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound as missing:
        return missing.oid != x509.AuthorityKeyIdentifier.oid
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return True
    if issuer.key_identifier is None:
        return issuer.authority_cert_serial_number != certificate.serial_number
    return issuer.key_identifier != own.digest


def public_key_of(certificate: "x509.Certificate") -> bytes | None:
    """Return the public key in DER; None if its kind is unknown."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    try:
        return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        return None


def issuer_hash(certificate: "x509.Certificate", algorithm: str) -> tuple[str, str, str]:
    """Return hashAlgorithm, issuerNameHash and issuerKeyHash of certificates that ``certificate`` issues."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - see above
    from cryptography.x509 import ocsp  # noqa: PLC0415 - see above

    chosen: hashes.HashAlgorithm = getattr(hashes, algorithm)()
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, certificate, chosen).build()
    return algorithm, request.issuer_name_hash.hex(), request.issuer_key_hash.hex()


def has_wrong_signature(certificate: "x509.Certificate") -> bool:
    """Return whether a root is certainly not signed with its own key."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415 - see above

    try:
        certificate.verify_directly_issued_by(certificate)
    except InvalidSignature:
        return True
    except (ValueError, TypeError, UnsupportedAlgorithm):  # a key or an algorithm that cannot be checked
        return False
    return False
