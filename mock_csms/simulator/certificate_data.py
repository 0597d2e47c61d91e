"""X.509 certificates as plain data: parsing, checks and hash data."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from mock_csms.messages import JsonObject
from mock_csms.text import truncate

MAX_REJECTION_TEXT: Final = 512
MIN_RSA_OR_DSA_BITS: Final = 2048
MIN_EC_BITS: Final = 224
PEM_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
HASHES: Final = {"SHA256": hashes.SHA256(), "SHA384": hashes.SHA384(), "SHA512": hashes.SHA512()}
INVALID: Final = (
    ValueError,
    TypeError,
    InvalidSignature,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""Exceptions that `cryptography` raises for certificates that are malformed or cannot be verified."""


type PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class InvalidCertificate(Exception):
    """A certificate, chain or private key is malformed or fails a check."""

    @property
    def status_info(self) -> JsonObject:
        """StatusInfoType for the station's answer to the command that contained the certificate."""
        return rejection("InvalidCertificate", str(self))


def rejection(reason_code: str, text: str) -> JsonObject:
    """StatusInfoType of a rejected certificate."""
    return {"reasonCode": reason_code, "additionalInfo": truncate(text, MAX_REJECTION_TEXT)}


def parse_chain(text: str) -> list[x509.Certificate]:
    """Parse the certificates in a PEM text.

    Raises InvalidCertificate if a certificate is malformed or the text contains no certificate.
    """
    try:
        chain = [x509.load_pem_x509_certificate(pem.encode("ascii")) for pem in PEM_CERTIFICATE.findall(text)]
        for certificate in chain:  # cryptography parses these parts only on access
            certificate.extensions, certificate.subject, certificate.issuer, certificate.public_key()
    except INVALID as error:
        raise InvalidCertificate(str(error)) from error
    if not chain:
        raise InvalidCertificate("the text contains no PEM certificate")
    return chain


def parse_key(text: str) -> PrivateKey:
    """Parse a private key in PEM; raises InvalidCertificate if it is malformed or encrypted."""
    try:
        key = load_pem_private_key(text.encode("ascii"), None)
    except TypeError:
        raise InvalidCertificate("the key is encrypted; decrypt it with: openssl pkey -in FILE") from None
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidCertificate("the text contains no private key in PEM") from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise InvalidCertificate("the key is neither RSA nor ECDSA")
    return key


def pem(certificates: Iterable[x509.Certificate]) -> str:
    """PEM text of certificates."""
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)


def is_current(certificate: x509.Certificate, now: datetime) -> bool:
    """Whether a time is within the period of validity of a certificate."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def is_strong(certificate: x509.Certificate) -> bool:
    """Whether the key has at least 112 bits of security (A00.FR.501 to 503)."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey | dsa.DSAPublicKey):
        return key.key_size >= MIN_RSA_OR_DSA_BITS
    return not isinstance(key, ec.EllipticCurvePublicKey) or key.key_size >= MIN_EC_BITS


def is_ca(certificate: x509.Certificate) -> bool:
    """Whether the certificate belongs to a CA and may therefore sign other certificates."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's key signed the certificate."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except INVALID:
        return False
    return True


def is_chain(certificates: Sequence[x509.Certificate]) -> bool:
    """Whether each certificate is issued by the next one, and all except the first belong to CAs."""
    return all(
        is_ca(issuer) and is_issued_by(certificate, issuer) for certificate, issuer in pairwise(certificates)
    )


def subject_value(subject: x509.Name, field: x509.ObjectIdentifier = NameOID.COMMON_NAME) -> str:
    """First value of a field of a subject, or an empty text."""
    values = subject.get_attributes_for_oid(field)
    return str(values[0].value) if values else ""


def certificate_hash_data(
    certificate: x509.Certificate, issuer: x509.Certificate, algorithm: str = "SHA256"
) -> JsonObject:
    """CertificateHashDataType of a certificate (data types 2.6, as in RFC 6960)."""
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, HASHES[algorithm]).build()
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": request.issuer_name_hash.hex(),
        "issuerKeyHash": request.issuer_key_hash.hex(),
        "serialNumber": f"{certificate.serial_number:x}",
    }


def has_hash_data(certificate: x509.Certificate, issuer: x509.Certificate, wanted: JsonObject) -> bool:
    """Whether hash data identifies a certificate. Case and leading zeros of the serial number are ignored."""
    serial_number = str(wanted["serialNumber"]).lower().lstrip("0")
    if serial_number != f"{certificate.serial_number:x}":
        return False
    actual = certificate_hash_data(certificate, issuer, wanted["hashAlgorithm"])
    return all(actual[field] == str(wanted[field]).lower() for field in ("issuerNameHash", "issuerKeyHash"))


def ocsp_responder(certificate: x509.Certificate) -> str:
    """URL of the OCSP responder that a certificate names; empty if the certificate names no responder."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return ""
    return next(
        (
            str(entry.access_location.value)
            for entry in access
            if entry.access_method == AuthorityInformationAccessOID.OCSP
        ),
        "",
    )
