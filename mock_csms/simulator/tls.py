"""TLS contexts of a station (A00, security profiles 2 and 3)."""

import secrets
import ssl
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from mock_csms.simulator.trust_store import OwnCertificate

CIPHER_SUITES: Final = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
)
"""Cipher suites for TLS 1.2: those of A00.FR.318, and RSA suites with forward secrecy (A00.FR.319)."""


def new_context(roots_pem: str) -> ssl.SSLContext:
    """Make a context that trusts these root certificates.

    If ``roots_pem`` is empty, the context trusts the root certificates of the operating system.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslobject_class = AlertingSSLObject
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # A00.FR.313
    context.set_ciphers(":".join(CIPHER_SUITES))
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a new root is signed by the old one (M05.FR.10)
    if roots_pem:
        context.load_verify_locations(cadata=roots_pem)
    else:
        context.load_default_certs()
    return context


@dataclass(slots=True)
class Verification:
    """Result of the verification of a server's certificate in one connection attempt."""

    error: ssl.SSLCertVerificationError | None = None


VERIFICATION: Final[ContextVar[Verification]] = ContextVar("verification")
"""The `Verification` of the current task's connection attempt; `AlertingSSLObject` stores the error in it."""


class AlertingSSLObject(ssl.SSLObject):
    """A TLS connection whose alert tells the server why its certificate is rejected.

    If `do_handshake` raised the verification error, the event loop would discard the alert. `do_handshake`
    therefore asks to read more: the event loop then sends the alert, and the server closes the connection.
    """

    def do_handshake(self) -> None:
        """Continue the handshake. Store a verification error in VERIFICATION, and raise SSLWantReadError."""
        try:
            super().do_handshake()
        except ssl.SSLCertVerificationError as error:
            VERIFICATION.get().error = error
            raise ssl.SSLWantReadError from error


@lru_cache(maxsize=8)
def server_only_context(roots_pem: str) -> ssl.SSLContext:
    """Return a context without a client certificate; stations with the same roots share it.

    Loading the root certificates of the operating system takes 20 ms.
    """
    return new_context(roots_pem)


def client_context(roots_pem: str, own: OwnCertificate) -> ssl.SSLContext:
    """Make a context that presents a client certificate (A00.FR.401).

    `ssl` loads keys from files only, so the key is written to a file for a moment, encrypted.
    """
    context = new_context(roots_pem)
    password = secrets.token_urlsafe()
    key = own.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode()))
    with TemporaryDirectory(prefix="ocpp2-mock-") as folder:  # its mode is 0700
        certificate_file, key_file = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        certificate_file.write_text(own.pem, encoding="ascii")
        key_file.write_bytes(key)
        context.load_cert_chain(certificate_file, key_file, password)
    return context
