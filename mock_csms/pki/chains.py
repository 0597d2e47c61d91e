"""Judging the chain of a contract certificate (C07)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from mock_csms.behaviour.tokens import ChainState
from mock_csms.pki.csr import PARSE_ERRORS, VERIFICATION_ERRORS
from mock_csms.pki.hash_data import check_hash_data


def chain_state(certificate_pem: str | None, hash_data: Sequence[Mapping[str, Any]] = ()) -> ChainState:
    """Judge a contract certificate chain, given in PEM with the leaf first, as hashes, or both (C07).

    Neither OCSP nor trusted roots are asked: a chain is valid if it is readable, unexpired and each of its
    certificates is issued by another, up to the last one.
    """
    try:
        chain = _read_chain(certificate_pem)
        for item in hash_data:
            check_hash_data(item)
    except (*PARSE_ERRORS, UnsupportedAlgorithm):
        return "unverifiable"
    now = datetime.now(UTC)
    if any(certificate.not_valid_after_utc < now for certificate in chain):
        return "expired"
    if any(certificate.not_valid_before_utc > now for certificate in chain) or not _is_linked(chain):
        return "unverifiable"
    return "valid"


def _read_chain(certificate_pem: str | None) -> list[x509.Certificate]:
    return [] if certificate_pem is None else x509.load_pem_x509_certificates(certificate_pem.encode())


def _is_linked(chain: list[x509.Certificate]) -> bool:
    """Whether the issuers lead from the first certificate through all others, in whatever order they are."""
    certificate, others = next(iter(chain), None), chain[1:]
    while certificate is not None and others:
        issuer = next((other for other in others if _is_issued_by(certificate, other)), None)
        if issuer is None:
            return False
        others.remove(issuer)
        certificate = issuer
    return True


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except VERIFICATION_ERRORS:
        return False
    return True
