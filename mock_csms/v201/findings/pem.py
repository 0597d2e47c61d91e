"""Certificates in the PEM texts of commands."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Only for types: the server imports cryptography, which takes long, when it needs certificates.
    from cryptography import x509


def certificates_in(pem: str) -> "list[x509.Certificate]":
    """Return the certificates in a PEM text; empty if it cannot be read."""
    from cryptography import x509  # noqa: PLC0415 - see above

    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except (ValueError, TypeError, x509.InvalidVersion):
        return []


def serial_number(certificate: "x509.Certificate") -> str:
    """Return the serial number as hash data names it."""
    return f"{certificate.serial_number:x}"


def is_self_issued(certificate: "x509.Certificate") -> bool:
    """Return whether a certificate claims to be a root."""
    return certificate.issuer == certificate.subject


def has_wrong_signature(certificate: "x509.Certificate") -> bool:
    """Return whether a root is not signed with its own key."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415 - see above

    try:
        certificate.verify_directly_issued_by(certificate)
    except InvalidSignature:
        return True
    except (ValueError, TypeError, UnsupportedAlgorithm):  # a key or an algorithm that cannot be checked
        return False
    return False
