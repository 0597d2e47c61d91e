"""Decides whether a stored certificate has to be made again."""

import ipaddress
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509

from mock_csms.pki.blueprints import Blueprint
from mock_csms.pki.chains import is_signed_by
from mock_csms.pki.folder import StoredCertificate
from mock_csms.pki.issued import Issued, PkiKey

RENEWAL: Final = timedelta(days=30)
"""Time before its expiry at which a certificate is renewed."""


def reason_to_renew(
    stored: StoredCertificate, blueprint: Blueprint, issuer: Issued | None, server_names: Collection[str]
) -> str:
    """Reason to make a certificate again; empty if the stored one can be used."""
    if not stored.chain:
        return "its file is missing"
    if stored.key is None:
        return "its key is missing"
    return _flaw(stored.chain, stored.key, blueprint, issuer) or _missing_names(
        stored.chain[0], server_names if blueprint.for_server else ()
    )


def _flaw(chain: Sequence[x509.Certificate], key: PkiKey, blueprint: Blueprint, issuer: Issued | None) -> str:
    certificate = chain[0]
    if certificate.public_key() != key.public_key():
        return "it does not belong to its key"
    if not _has_issuer(chain, issuer):
        return "it is not issued by the current " + (blueprint.issuer or "key")
    if blueprint.renews and certificate.not_valid_after_utc < datetime.now(UTC) + RENEWAL:
        return f"it expires on {certificate.not_valid_after_utc:%Y-%m-%d}"
    return ""


def _missing_names(certificate: x509.Certificate, wanted: Collection[str]) -> str:
    missing = [name for name in wanted if name not in names_of(certificate)]
    return f"it lacks {', '.join(missing)}" if missing else ""


def names_of(certificate: x509.Certificate) -> set[str]:
    """Host names and addresses of a server certificate."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    addresses = names.get_values_for_type(x509.IPAddress)
    single = [str(one) for one in addresses if isinstance(one, ipaddress.IPv4Address | ipaddress.IPv6Address)]
    return {*names.get_values_for_type(x509.DNSName), *single}


def _has_issuer(chain: Sequence[x509.Certificate], issuer: Issued | None) -> bool:
    certificate, *sub_cas = chain
    if issuer is None:
        return not sub_cas and is_signed_by(certificate, certificate)
    if sub_cas != list(issuer.as_sub_cas) or certificate.issuer != issuer.certificate.subject:
        return False
    return is_signed_by(certificate, issuer.certificate)
