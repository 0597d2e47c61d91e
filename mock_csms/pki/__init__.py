"""The mock's public key infrastructure: real certificates, in memory or in a folder.

The server imports this package only when it needs a certificate, because the import of `cryptography` takes a
fifth of the start-up time.
"""

from mock_csms.pki.authority import Pki, UnknownCertificate
from mock_csms.pki.chains import ChainVerdict
from mock_csms.pki.csr import InvalidCsr
from mock_csms.pki.hash_data import InvalidHashData
from mock_csms.pki.issued import Issued
from mock_csms.pki.signatures import sign_firmware

__all__ = [
    "ChainVerdict",
    "InvalidCsr",
    "InvalidHashData",
    "Issued",
    "Pki",
    "UnknownCertificate",
    "sign_firmware",
]
