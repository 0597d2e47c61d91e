"""Makes certificates for CSRs; the certificates are valid at the virtual time of a `Talk`."""

from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509

from tests.support.authority import Authority
from tests.support.signing_requests import build_csr
from tests.support.talk import Talk

__all__ = ["LONG_AGO", "build_csr", "signed_certificate"]

LONG_AGO: Final = datetime(2025, 12, 1, tzinfo=UTC)
"""A month before the time of a `Talk`."""


def signed_certificate(talk: Talk, **fields: Any) -> tuple[x509.Certificate, x509.Certificate]:
    """Let the station send a CSR and accept a CertificateSigned; return the new certificate and its root."""
    root, csr = Authority("Root", start=LONG_AGO), build_csr()
    talk.request_certificate(csr)
    chain = root.sign(csr)
    talk.command("CertificateSigned", {"certificateChain": chain, **fields})
    return x509.load_pem_x509_certificate(chain.encode()), root.certificate
