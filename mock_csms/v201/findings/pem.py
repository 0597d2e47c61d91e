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


def names_another_key(certificate: "x509.Certificate") -> bool:
    """Return whether a root may be signed with the key of its predecessor, which may have the same name.

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


def issuer_hash(certificate: "x509.Certificate", algorithm: str) -> tuple[str, str, str]:
    """Return the hash data, without a serial number, of the certificates that this one issues."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - see above
    from cryptography.x509 import ocsp  # noqa: PLC0415 - see above

    chosen: hashes.HashAlgorithm = getattr(hashes, algorithm)()
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, certificate, chosen).build()
    return algorithm, request.issuer_name_hash.hex(), request.issuer_key_hash.hex()


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
