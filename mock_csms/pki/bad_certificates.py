"""Faulty certificates that answer a CSR; the station has to reject them (A02.FR.06, A02.FR.07)."""

from datetime import timedelta
from typing import Literal

from mock_csms.pki.authority import ISSUER_BY_TYPE, Pki
from mock_csms.pki.blueprints import CLOCK_TOLERANCE, LEAF_LIFETIME
from mock_csms.pki.csr import read_csr
from mock_csms.pki.issued import Issued
from mock_csms.pki.issuing import Signer, certify_request

BadCertificate = Literal["other-key", "expired", "not-yet-valid", "unknown-ca"]

_A_DAY = timedelta(days=1)


def bad_certificate(
    pki: Pki, csr_pem: str, fault: BadCertificate, *, certificate_type: str = "ChargingStationCertificate"
) -> Issued:
    """Return a certificate with the fault ``fault`` for a CSR; raises InvalidCsr."""
    request = read_csr(csr_pem)
    ca = pki.named("unknown-root" if fault == "unknown-ca" else ISSUER_BY_TYPE[certificate_type])
    assert ca.key is not None
    if fault == "other-key":
        request = request._replace(public_key=ca.key.public_key())
    start = {"expired": -LEAF_LIFETIME - _A_DAY, "not-yet-valid": LEAF_LIFETIME}.get(fault, -CLOCK_TOLERANCE)
    certificate = certify_request(request, Signer(ca.certificate, ca.key), start)
    sub_cas = () if ca.certificate == ca.root else (ca.certificate, *ca.sub_cas)
    return Issued(name=f"bad {fault}", certificate=certificate, sub_cas=sub_cas, root=ca.root)
