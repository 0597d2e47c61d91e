"""TLS contexts of the listeners: protocol versions, cipher suites, certificates and trusted authorities."""

import ssl
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, NamedTuple

from mock_csms.log.output import logger
from mock_csms.transport.tls import server_context

SUITES_OF_TLS_1_2: Final = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
)
"""Cipher suites of TLS 1.2, the preferred first: those of A00.FR.318, and ECDHE with an RSA certificate.

TLS 1.3 has its own cipher suites; all of them are acceptable.
"""
WEAK_SUITES: Final = (
    "DES-CBC3-SHA",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA",
    "AES128-SHA",
    "NULL-SHA256",
    "NULL-SHA",
)
"""Cipher suites that a station should refuse (A00.FR.323). OpenSSL ignores those that it no longer has."""
ANY_STRENGTH: Final = "@SECLEVEL=0"
"""Makes OpenSSL accept weak algorithms; used for faults only."""
MAX_CONTEXTS: Final = 64
"""Maximum number of stored contexts; above it, all are dropped."""

ClientCertificates = Literal["none", "optional", "required"]
"""Whether stations are asked for a certificate. A certificate that they send must be trusted and valid."""
Weakness = Literal["", "tls1.1", "weak-cipher"]

VERIFY_MODES: Final = {
    "none": ssl.CERT_NONE,
    "optional": ssl.CERT_OPTIONAL,
    "required": ssl.CERT_REQUIRED,
}


class CertificateFiles(NamedTuple):
    """PEM files of a server certificate with its chain, leaf first, and of its private key."""

    chain: Path
    key: Path


class ContextPlan(NamedTuple):
    """Everything that determines a TLS context."""

    certificates: tuple[CertificateFiles, ...]
    """Certificate and key for each type of key."""
    client_certificates: ClientCertificates = "none"
    trusted: tuple[str, ...] = ()
    """Certificates in PEM of the CAs that may issue client certificates."""
    trusted_file: Path | None = None
    """PEM file with further CAs that may issue client certificates."""
    weakness: Weakness = ""


def make_context(plan: ContextPlan) -> ssl.SSLContext:
    """Make the TLS context of a plan. Raises EncryptedKey, or OSError (also ssl.SSLError) for a bad file."""
    context = server_context()
    if plan.weakness:
        _weaken(context, plan.weakness)
    else:
        context.set_ciphers(":".join(SUITES_OF_TLS_1_2))
    for files in plan.certificates:
        context.load_cert_chain(files.chain, files.key, password=refuse_password)
    context.verify_mode = VERIFY_MODES[plan.client_certificates]
    # A chain may end at a trusted intermediate CA; by default, it must end at a self-signed root.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if plan.trusted:
        context.load_verify_locations(cadata="\n".join(plan.trusted))
    if plan.trusted_file:
        context.load_verify_locations(plan.trusted_file)
    return context


def _weaken(context: ssl.SSLContext, weakness: Weakness) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TLS 1.1 on purpose
        old_version = ssl.TLSVersion.TLSv1_1
        version = old_version if weakness == "tls1.1" else ssl.TLSVersion.TLSv1_2
        context.minimum_version = context.maximum_version = version
    suites = WEAK_SUITES if weakness == "weak-cipher" else ("ALL",)
    context.set_ciphers(":".join((*suites, ANY_STRENGTH)))


def refuse_password() -> str:
    """Raise EncryptedKey; otherwise OpenSSL would ask for the password of the key on the terminal."""
    raise EncryptedKey


class EncryptedKey(ValueError):
    """A private key is encrypted."""


type FileVersions = tuple[tuple[int, int, int], ...]
"""Modification time in nanoseconds, size and inode of each file of a plan."""


class Contexts:
    """Makes and stores contexts. A context is made again after one of its files has changed."""

    def __init__(self, make: Callable[[ContextPlan], ssl.SSLContext] = make_context) -> None:
        self._make = make
        self._made: dict[ContextPlan, tuple[FileVersions, ssl.SSLContext]] = {}

    def context(self, plan: ContextPlan) -> ssl.SSLContext:
        """Return the context for a plan. If changed files cannot be used, return the previous context.

        Raises OSError or EncryptedKey if the files cannot be used and there is no previous context.
        """
        versions = _versions(plan)
        made = self._made.get(plan)
        if made and made[0] == versions:
            return made[1]
        try:
            context = self._make(plan)
        except (OSError, EncryptedKey) as error:
            if made is None:
                raise
            context = made[1]
            names = ", ".join(str(path) for files in plan.certificates for path in files)
            logger.error(
                "cannot use changed certificates, keeping the previous certificates: %s: %s", names, error
            )
        if len(self._made) >= MAX_CONTEXTS:
            self._made.clear()
        self._made[plan] = versions, context
        return context


def _versions(plan: ContextPlan) -> FileVersions:
    paths = [path for files in plan.certificates for path in files]
    return tuple(file_version(path) for path in (*paths, *filter(None, [plan.trusted_file])))


def file_version(path: Path) -> tuple[int, int, int]:
    """Modification time in nanoseconds, size and inode of a file; zeros if it cannot be read."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0, 0
    return status.st_mtime_ns, status.st_size, status.st_ino
