"""Roots that the user trusts, in PEM."""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from mock_csms.pki.csr import PARSE_ERRORS


def read_roots(pem: bytes) -> list[x509.Certificate]:
    """Read the certificates of a PEM file; raises ValueError."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except (*PARSE_ERRORS, UnsupportedAlgorithm):
        raise ValueError("not a file with certificates in PEM") from None
