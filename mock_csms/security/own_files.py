"""Checks of the certificates and keys that the user brings: --tls-cert, --tls-key and --tls-ca."""

import os
import ssl
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mock_csms.errors import UsageError
from mock_csms.log.output import logger
from mock_csms.security.contexts import CertificateFiles, EncryptedKey, refuse_password
from mock_csms.text import one_line, timestamp

CERTIFICATE_MARK: Final = b"-----BEGIN CERTIFICATE-----"

MISMATCHES: Final = frozenset({"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"})
"""Errors of OpenSSL for a key that does not belong to the certificate.

OpenSSL raises NO_CERTIFICATE_ASSIGNED if one key is RSA and the other is EC.
"""
TOO_WEAK: Final = {
    "EE_KEY_TOO_SMALL": "its key is too short; use RSA with 2048 bits or P-256 (EE_KEY_TOO_SMALL)",
    "CA_KEY_TOO_SMALL": "the key of a CA is too short; use RSA with 2048 bits or P-256 (CA_KEY_TOO_SMALL)",
    "CA_MD_TOO_WEAK": "it is signed with a broken digest; sign it with SHA-256 (CA_MD_TOO_WEAK)",
}
"""Texts about flaws for which OpenSSL refuses a certificate, by the reason in its error."""


def check_own_files(certificates: tuple[CertificateFiles, ...], trusted_file: Path | None) -> None:
    """Raise UsageError if the files of --tls-cert, --tls-key or --tls-ca cannot be used."""
    for files in certificates:
        if flaw := _flaw_of(files):
            raise UsageError(one_line(flaw))
    if trusted_file and (flaw := _flaw_of_authorities(trusted_file)):
        raise UsageError(one_line(flaw))


def _flaw_of(files: CertificateFiles) -> str:
    """Describe why a certificate and its key cannot be used; empty if they can."""
    for flag, path in (("--tls-cert", files.chain), ("--tls-key", files.key)):
        if flaw := _unreadable(flag, path):
            return flaw
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            files.chain, files.key, password=refuse_password
        )
    except EncryptedKey:
        return (
            f"--tls-key: {files.key} is encrypted; decrypt it, for example with openssl pkey -in "
            f"{files.key} -out server.key"
        )
    except ssl.SSLError as error:
        return _flaw_in_words(files, error)
    return ""


def _flaw_in_words(files: CertificateFiles, error: ssl.SSLError) -> str:
    reason = error.reason or str(error)
    if reason in MISMATCHES:
        return f"--tls-key: {files.key} is not the key of the certificate in {files.chain}"
    if CERTIFICATE_MARK not in files.chain.read_bytes():
        return f"--tls-cert: {files.chain} is not a certificate in PEM (-----BEGIN CERTIFICATE-----)"
    if b" PRIVATE KEY-----" not in files.key.read_bytes():
        return f"--tls-key: {files.key} is not a private key in PEM (-----BEGIN PRIVATE KEY-----)"
    return f"--tls-cert: {files.chain} with {files.key} cannot be used: {TOO_WEAK.get(reason, reason)}"


def _flaw_of_authorities(path: Path) -> str:
    if flaw := _unreadable("--tls-ca", path):
        return flaw
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(path)
    except ssl.SSLError:
        return f"--tls-ca: {path} has no certificate in PEM (-----BEGIN CERTIFICATE-----)"
    return ""


def _unreadable(flag: str, path: Path) -> str:
    try:
        path.read_bytes()
    except OSError as error:
        return f"{flag}: cannot read {path}: {error.strerror}"
    return ""


def warn_of_own_files(certificates: tuple[CertificateFiles, ...]) -> None:
    """Warn if a certificate is not valid now, or if all users of the machine can read a key."""
    for files in certificates:
        if remark := _remark_on_validity(files.chain):
            logger.warning("--tls-cert: the certificate in %s %s", files.chain, remark)
        if os.name == "posix" and files.key.stat().st_mode & stat.S_IROTH:
            logger.warning("--tls-key: every user of this machine can read %s; chmod 600 it", files.key)


def _remark_on_validity(chain: Path) -> str:
    from cryptography import x509  # noqa: PLC0415 - the import takes a fifth of the start-up time

    try:
        leaf = x509.load_pem_x509_certificates(chain.read_bytes())[0]
    except (ValueError, x509.InvalidVersion):  # OpenSSL is less strict and accepts the certificate
        return ""
    now = datetime.now(UTC)
    if leaf.not_valid_after_utc < now:
        return f"expired on {timestamp(leaf.not_valid_after_utc)}"
    if leaf.not_valid_before_utc > now:
        return f"is not valid before {timestamp(leaf.not_valid_before_utc)}"
    return ""
