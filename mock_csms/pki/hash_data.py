"""Hash data of certificates: CertificateHashDataType and OCSPRequestDataType (data types 2.6 and 2.36)."""

import hashlib
import string
from collections.abc import Mapping
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HASH_ALGORITHMS: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}
"""Hash algorithms by their names in HashAlgorithmEnumType."""

_MAX_SERIAL_BYTES = 20
_HEX_DIGITS = frozenset(string.hexdigits)


class InvalidHashData(ValueError):
    """An OCSPRequestDataType whose fields do not identify a certificate."""


def hash_data(
    certificate: x509.Certificate, issuer: x509.Certificate | None = None, algorithm: str = "SHA256"
) -> dict[str, str]:
    """Return the CertificateHashDataType of a certificate. Without an issuer, the certificate counts as
    self-signed.
    """
    name_hash, key_hash = issuer_hashes(issuer or certificate, algorithm)
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": name_hash.hex(),
        "issuerKeyHash": key_hash.hex(),
        "serialNumber": f"{certificate.serial_number:x}",
    }


def issuer_hashes(issuer: x509.Certificate, algorithm: str) -> tuple[bytes, bytes]:
    """Return the hashes of an issuer's name in DER and of its public key without tag and length."""
    parts = issuer.subject.public_bytes(), public_key_bits(issuer)
    name_hash, key_hash = (hashlib.new(algorithm, part, usedforsecurity=False).digest() for part in parts)
    return name_hash, key_hash


def public_key_bits(certificate: x509.Certificate) -> bytes:
    """Content of the subjectPublicKey BIT STRING of a certificate with an RSA or EC key."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def check_hash_data(request: Mapping[str, Any]) -> tuple[str, bytes, bytes, int]:
    """Return algorithm, issuer name hash, issuer key hash and serial number of an OCSPRequestDataType.

    Raises InvalidHashData unless they identify a certificate.
    """
    name = _algorithm_name(request)
    algorithm = HASH_ALGORITHMS[name]
    name_hash = _hash_field(request, "issuerNameHash", algorithm)
    return name, name_hash, _hash_field(request, "issuerKeyHash", algorithm), _serial_number(request)


def _algorithm_name(request: Mapping[str, Any]) -> str:
    name = str(request.get("hashAlgorithm", ""))
    if name not in HASH_ALGORITHMS:
        raise InvalidHashData(f"hashAlgorithm {name!r} is not one of {', '.join(HASH_ALGORITHMS)}")
    return name


def _hex_field(request: Mapping[str, Any], field: str) -> str:
    digits = str(request.get(field, ""))
    if not _HEX_DIGITS.issuperset(digits):
        raise InvalidHashData(f"{field} is not hexadecimal")
    return digits


def _hash_field(request: Mapping[str, Any], field: str, algorithm: hashes.HashAlgorithm) -> bytes:
    digits = _hex_field(request, field)
    length = 2 * algorithm.digest_size
    if len(digits) != length:
        raise InvalidHashData(
            f"{field} has {len(digits)} digits, but a {algorithm.name.upper()} hash has {length}"
        )
    return bytes.fromhex(digits)


def _serial_number(request: Mapping[str, Any]) -> int:
    digits = _hex_field(request, "serialNumber").lstrip("0")
    if not digits:
        raise InvalidHashData("serialNumber is empty or zero")
    if len(digits) > 2 * _MAX_SERIAL_BYTES:
        raise InvalidHashData(f"serialNumber is longer than {_MAX_SERIAL_BYTES} bytes")
    return int(digits, 16)
