"""The signing certificate and the signature of firmware (L01)."""

import base64
import binascii
from collections.abc import Iterable
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from mock_csms.simulator.certificate_data import (
    InvalidCertificate,
    is_current,
    is_issued_by,
    is_strong,
    parse_chain,
)

SHA256 = Prehashed(hashes.SHA256())


def signing_certificate(text: str, roots: Iterable[x509.Certificate], now: datetime) -> x509.Certificate:
    """Parse and check a signing certificate in PEM; raises InvalidCertificate.

    A manufacturer root must have signed it directly, without intermediate certificates (L01, remarks).
    """
    certificate = parse_chain(text)[0]
    if not is_current(certificate, now):
        raise InvalidCertificate("the signing certificate is not valid now")
    if not is_strong(certificate):
        raise InvalidCertificate("the key of the signing certificate is too weak")
    if not any(is_current(root, now) and is_issued_by(certificate, root) for root in roots):
        raise InvalidCertificate("no installed ManufacturerRootCertificate signed the signing certificate")
    return certificate


def is_signature_valid(sha256: bytes, signature: str | None, certificate: x509.Certificate) -> bool:
    """Whether a base64 signature is valid for a file with this hash.

    RSA-PSS follows L01.FR.04. That requirement also has ECSchnorr, which `cryptography` does not support;
    ECDSA takes the place of ECSchnorr.
    """
    key = certificate.public_key()
    try:
        raw = base64.b64decode("".join((signature or "").split()), validate=True)
        if isinstance(key, rsa.RSAPublicKey):
            mask = padding.MGF1(hashes.SHA256())
            key.verify(raw, sha256, padding.PSS(mask, padding.PSS.AUTO), SHA256)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(raw, sha256, ec.ECDSA(SHA256))
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, binascii.Error, ValueError):
        return False
    return True
