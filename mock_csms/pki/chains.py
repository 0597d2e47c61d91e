"""Checks of contract certificate chains, given in PEM or as hashes (C07)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from mock_csms.behaviour.tokens import ChainState
from mock_csms.pki.csr import PARSE_ERRORS, VERIFICATION_ERRORS, tolerated_oddities
from mock_csms.pki.hash_data import check_hash_data
from mock_csms.pki.issued import whole_certificates
from mock_csms.pki.registry import Record

MAX_CHAIN: Final = 20
"""Maximum number of certificates in a chain."""


class ChainVerdict(NamedTuple):
    """Judgement of a certificate chain."""

    state: ChainState
    reason: str = ""
    """Reason why the chain is not valid; empty if it is valid."""
    path: tuple[x509.Certificate, ...] = ()
    """The leaf, its issuer, the issuer's issuer and so on, up to the last known one."""
    unknown: tuple[Mapping[str, Any], ...] = ()
    """Hash data of certificates whose CA is not in the PKI; only an OCSP responder can judge them."""


class Anchors(NamedTuple):
    """Trusted roots, known sub-CAs and revocations, with which a chain is checked."""

    roots: Collection[x509.Certificate] | None
    """Trusted roots. With None, a chain is valid if each certificate issued the one before it."""
    sub_cas: Sequence[x509.Certificate]
    """Known sub-CAs, for chains that lack them."""
    revoked: Callable[[x509.Certificate], datetime | None]


type FindRecord = Callable[[Mapping[str, Any]], tuple[bool, Record | None]]
"""Looks up hash data; returns whether the CA is in the PKI, and the record of the certificate, if any."""


class _Unfit(Exception):
    """A certificate makes its chain invalid."""

    def __init__(self, state: ChainState, reason: str) -> None:
        super().__init__(reason)
        self.state = state


def judge_certificates(chain_pem: str, anchors: Anchors, now: datetime) -> ChainVerdict:
    """Check a chain in PEM: the leaf, then the other certificates in any order. The root may be missing."""
    path: tuple[x509.Certificate, ...] = ()
    try:
        chain = _read_chain(chain_pem)
        _check_period(chain, now)
        path = _path(chain, anchors)
        _check_period(path, now)
        _check_authorities(path)
        _check_revocation(path, anchors)
    except _Unfit as unfit:
        return ChainVerdict(unfit.state, str(unfit), path)
    return ChainVerdict("valid", path=path)


def judge_hash_data(items: Sequence[Mapping[str, Any]], find: FindRecord, now: datetime) -> ChainVerdict:
    """Judge certificates by their OCSPRequestDataType.

    Certificates of CAs outside the PKI are not judged but returned as ``unknown``, for an OCSP responder.
    """
    unknown = []
    try:
        for item in items:
            _check_readable(item)
        for item in items:
            is_known_ca, record = find(item)
            if is_known_ca:
                _check_record(record, now)
            else:
                unknown.append(item)
    except _Unfit as unfit:
        return ChainVerdict(unfit.state, str(unfit))
    return ChainVerdict("valid", unknown=tuple(unknown))


def _read_chain(chain_pem: str) -> list[x509.Certificate]:
    try:
        with tolerated_oddities():
            chain = whole_certificates(chain_pem.encode())
            has_serial_numbers = all(certificate.serial_number > 0 for certificate in chain)
    except (*PARSE_ERRORS, UnsupportedAlgorithm):
        raise _Unfit("unverifiable", "the chain is not readable PEM") from None
    if not has_serial_numbers:
        raise _Unfit("unverifiable", "a certificate of the chain has no positive serial number")
    if len(chain) > MAX_CHAIN:
        raise _Unfit("unverifiable", f"the chain has more than {MAX_CHAIN} certificates")
    return chain


def _check_period(chain: Sequence[x509.Certificate], now: datetime) -> None:
    for certificate in chain:
        if certificate.not_valid_after_utc < now:
            raise _Unfit(
                "expired", f"{_subject(certificate)} expired on {_date(certificate.not_valid_after_utc)}"
            )
    for certificate in chain:
        if certificate.not_valid_before_utc > now:
            start = _date(certificate.not_valid_before_utc)
            raise _Unfit("unverifiable", f"{_subject(certificate)} is not valid before {start}")


def _path(chain: Sequence[x509.Certificate], anchors: Anchors) -> tuple[x509.Certificate, ...]:
    """Return the path from the leaf through all given certificates and known sub-CAs.

    It ends at a trusted root, unless ``anchors.roots`` is None.
    """
    path, others = [chain[0]], list(chain[1:])
    while others:
        issuer = _issuer_in(others, path[-1])
        if issuer is None:
            raise _Unfit("unverifiable", f"no other certificate of the chain issued {_subject(path[-1])}")
        others.remove(issuer)
        path.append(issuer)
    while (issuer := _issuer_in(anchors.sub_cas, path[-1])) and issuer not in path:
        path.append(issuer)
    return tuple(path if anchors.roots is None else [*path, *_root_of(path[-1], anchors.roots)])


def _root_of(last: x509.Certificate, roots: Collection[x509.Certificate]) -> list[x509.Certificate]:
    """Return a list with the trusted root that issued ``last``; empty if ``last`` is itself a trusted root.

    Raises _Unfit if no trusted root issued it.
    """
    if last in roots:
        return []
    root = _issuer_in(roots, last)
    if root is None:
        raise _Unfit("unverifiable", f"no trusted root issued {_subject(last)}")
    return [root]


def _issuer_in(
    candidates: Collection[x509.Certificate], certificate: x509.Certificate
) -> x509.Certificate | None:
    return next((one for one in candidates if is_signed_by(certificate, one)), None)


def is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether a certificate names the issuer, and its signature was made with the issuer's key."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except VERIFICATION_ERRORS:
        return False
    return True


def _check_authorities(path: Sequence[x509.Certificate]) -> None:
    for sub_cas, issuer in enumerate(path[1:]):
        try:
            constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        except x509.ExtensionNotFound:
            constraints = x509.BasicConstraints(ca=False, path_length=None)
        if not constraints.ca:
            raise _Unfit("unverifiable", f"{_subject(issuer)} is not a CA")
        if constraints.path_length is not None and sub_cas > constraints.path_length:
            raise _Unfit("unverifiable", f"{_subject(issuer)} does not allow {sub_cas} sub-CAs below it")


def _check_revocation(path: Sequence[x509.Certificate], anchors: Anchors) -> None:
    for certificate in path:
        if revoked := anchors.revoked(certificate):
            raise _Unfit("revoked", f"{_subject(certificate)} was revoked on {_date(revoked)}")


def _check_readable(item: Mapping[str, Any]) -> None:
    try:
        check_hash_data(item)
    except ValueError as error:
        raise _Unfit("unverifiable", str(error)) from None


def _check_record(record: Record | None, now: datetime) -> None:
    if record is None:
        raise _Unfit("unverifiable", "its CA has issued no certificate with this serial number")
    if record.not_after < now:
        raise _Unfit("expired", f"{record.subject} expired on {_date(record.not_after)}")
    if record.revoked:
        raise _Unfit("revoked", f"{record.subject} was revoked on {_date(record.revoked)}")


def _subject(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string() or "a certificate without a subject"


def _date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
