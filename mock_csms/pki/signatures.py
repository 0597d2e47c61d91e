"""Signatures of firmware (L01.FR.04)."""

import base64
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from mock_csms.pki.issued import Issued

_SHA256: Final = hashes.SHA256()


def sign_firmware(sha256: bytes, signer: Issued) -> str:
    """Sign the SHA-256 hash of a whole firmware file; return the signature in base64.

    An RSA key signs with RSA-PSS, as the specification says. An EC key signs with ECDSA, because
    `cryptography` does not support ECSchnorr, the other algorithm of the specification.
    """
    if isinstance(signer.key, rsa.RSAPrivateKey):
        pss = padding.PSS(padding.MGF1(_SHA256), padding.PSS.DIGEST_LENGTH)
        raw = signer.key.sign(sha256, pss, Prehashed(_SHA256))
    elif isinstance(signer.key, ec.EllipticCurvePrivateKey):
        raw = signer.key.sign(sha256, ec.ECDSA(Prehashed(_SHA256)))
    else:
        raise ValueError(f"the PKI has no private key of {signer.name}")
    return base64.b64encode(raw).decode()
