"""OCSP responses about the certificates of the PKI (RFC 6960, M06)."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp

from mock_csms.pki.issued import Issued
from mock_csms.pki.registry import Record

_LIFETIME = timedelta(days=1)


class CertificateId(NamedTuple):
    """CertID of RFC 6960: a serial number, and the issuer as hashes."""

    algorithm: hashes.HashAlgorithm
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int


class OcspStatus(NamedTuple):
    """Status of a certificate: revoked at a time, good, or unknown."""

    is_known: bool
    revoked: datetime | None = None

    @classmethod
    def of(cls, record: Record | None) -> Self:
        """Status of the certificate in a record; without a record, the certificate is unknown."""
        return cls(record is not None, record.revoked if record else None)


def single_response(
    wanted: CertificateId, responder: Issued, status: OcspStatus, nonce: x509.OCSPNonce | None = None
) -> ocsp.OCSPResponse:
    """Return a signed response about one certificate. The response is valid for a day from now."""
    now = datetime.now(UTC)
    builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
        issuer_name_hash=wanted.issuer_name_hash,
        issuer_key_hash=wanted.issuer_key_hash,
        serial_number=wanted.serial,
        algorithm=wanted.algorithm,
        cert_status=_status_code(status),
        this_update=now,
        next_update=now + _LIFETIME,
        revocation_time=status.revoked,
        revocation_reason=None,
    )
    if nonce is not None:
        builder = builder.add_extension(nonce, critical=False)
    assert responder.key is not None
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, responder.certificate)
    return builder.sign(responder.key, hashes.SHA256())


def _status_code(status: OcspStatus) -> ocsp.OCSPCertStatus:
    if status.revoked is not None:
        return ocsp.OCSPCertStatus.REVOKED
    return ocsp.OCSPCertStatus.GOOD if status.is_known else ocsp.OCSPCertStatus.UNKNOWN
