"""Reasons of failed connections: one line for people, and a security event for the log (A00, A04)."""

import ssl
from http import HTTPStatus
from typing import Final, NamedTuple

import websockets
from ocpp.v201.enums import SecurityEventType

from mock_csms.text import one_line, truncate

MAX_SHOWN_LINE: Final = 300
"""Maximum characters that a failure quotes from the body of an HTTP answer."""
HOSTNAME_MISMATCHES: Final = frozenset({62, 64})
"""OpenSSL's verify codes for a certificate with another host name or IP address than the URL."""
UNTRUSTED: Final = frozenset({2, 18, 19, 20, 21})
"""OpenSSL's verify codes for a chain without a trusted root."""
REFUSED_CERTIFICATE: Final = {
    "TLSV1_ALERT_UNKNOWN_CA": "it does not trust the issuer",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "expired",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "revoked",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "not acceptable",
    "SSLV3_ALERT_BAD_CERTIFICATE": "invalid, or of another station",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "of a kind that it does not support",
    "TLSV1_ALERT_ACCESS_DENIED": "access denied",
}
"""Reason why the server refused a client certificate, by its TLS alert."""
CERTIFICATE_HELP: Final = "give one with --client-cert and --client-key"


class Failure(NamedTuple):
    """A failed attempt to connect."""

    cause: str
    help: str = ""
    """Suggestion to the user of the command line."""
    event: SecurityEventType | None = None
    """Security event to report. It is reported once for repeated failures (A00.FR.316, note)."""

    @property
    def text(self) -> str:
        """Cause and help on one line."""
        return f"{self.cause}; {self.help}" if self.help else self.cause


class Credentials(NamedTuple):
    """Kinds of credentials that the station used in an attempt."""

    is_tls: bool = False
    has_password: bool = False
    has_certificate: bool = False


OLD_TLS_ONLY: Final = Failure(  # A00.FR.316
    "the server supports neither TLS 1.2 nor 1.3", event=SecurityEventType.invalid_tls_version
)
# A00.FR.323; with TLS 1.2, a server sends the same alert if the client certificate is missing.
WEAK_CIPHERS_ONLY: Final = Failure(
    "the server supports no cipher suite of the station, or it wants a client certificate",
    CERTIFICATE_HELP,
    SecurityEventType.invalid_tls_cipher_suite,
)
NO_TLS: Final = Failure("the server does not speak TLS at this port", "write ws:// in --to")
FAILED_HANDSHAKES: Final = {
    "TLSV1_ALERT_PROTOCOL_VERSION": OLD_TLS_ONLY,
    "UNSUPPORTED_PROTOCOL": OLD_TLS_ONLY,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": WEAK_CIPHERS_ONLY,
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": WEAK_CIPHERS_ONLY,
    "WRONG_CIPHER_RETURNED": WEAK_CIPHERS_ONLY,
    "WRONG_VERSION_NUMBER": NO_TLS,
    "HTTP_REQUEST": NO_TLS,
    "RECORD_LAYER_FAILURE": NO_TLS,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": Failure(
        "the server wants a client certificate",
        CERTIFICATE_HELP,
        SecurityEventType.failed_to_authenticate_at_csms,
    ),
}
"""Explained failure of the TLS handshake, by the ``reason`` of the SSLError."""


def connection_failure(error: Exception, used: Credentials) -> Failure:
    """Explain the exception that ended an attempt."""
    match error:
        case ssl.SSLCertVerificationError():
            return _untrusted_server(error)
        case ssl.SSLError():
            return _failed_handshake(error)
        case websockets.InvalidStatus():
            return _refused(error, used)
        case websockets.InvalidMessage():
            return _no_answer(used)
    return _unreachable(error, used)


def _unreachable(error: Exception, used: Credentials) -> Failure:
    if isinstance(error, ConnectionResetError) and used.is_tls:
        return Failure(
            "the server closed the connection during the TLS handshake", "check that the port takes TLS"
        )
    if "connect call failed" in str(error).lower() or isinstance(error, ConnectionRefusedError):
        return Failure("connection refused", "is the server running?")
    return Failure(str(error) or "timed out")


def _untrusted_server(error: ssl.SSLCertVerificationError) -> Failure:
    """Explain a server certificate that the station does not accept (A00.FR.308 to FR.311)."""
    help_text = ""
    if error.verify_code in UNTRUSTED:
        help_text = "trust its root certificate with --ca FILE"
    elif error.verify_code in HOSTNAME_MISMATCHES:
        help_text = "write a name of the certificate in --to"
    cause = f"the certificate of the server is not valid: {error.verify_message.rstrip('.')}"
    return Failure(cause, help_text, SecurityEventType.invalid_csms_certificate)


def _failed_handshake(error: ssl.SSLError) -> Failure:
    reason = getattr(error, "reason", "") or ""
    if reason in REFUSED_CERTIFICATE:
        return Failure(
            f"the server refused the client certificate: {REFUSED_CERTIFICATE[reason]}",
            event=SecurityEventType.failed_to_authenticate_at_csms,
        )
    return FAILED_HANDSHAKES.get(reason) or Failure(
        f"the TLS handshake failed: {reason.replace('_', ' ').lower() or error}"
    )


def _refused(error: websockets.InvalidStatus, used: Credentials) -> Failure:
    """Explain an HTTP status that refused the WebSocket; quote the first line of the body if it is text."""
    status = error.response.status_code
    cause = f"the server answered HTTP {status}"
    if line := _first_line(error.response.body or b""):
        cause += f": {line}"
    event = SecurityEventType.failed_to_authenticate_at_csms
    if status == HTTPStatus.UNAUTHORIZED:
        return Failure(
            cause, f"give {'the right ' if used.has_password else ''}--password or --password-file", event
        )
    is_rejected = status == HTTPStatus.FORBIDDEN and (used.has_password or used.has_certificate)
    return Failure(cause, event=event if is_rejected else None)


def _first_line(body: bytes | bytearray) -> str:
    try:
        lines = body.decode().strip().splitlines()
    except UnicodeDecodeError:
        return ""
    is_text = bool(lines) and not lines[0].startswith(("<", "{"))
    return truncate(one_line(lines[0]).rstrip("."), MAX_SHOWN_LINE) if is_text else ""


def _no_answer(used: Credentials) -> Failure:
    if not used.is_tls:
        help_text = "if the port takes TLS only, write wss:// in --to"
    elif used.has_certificate:
        help_text = "perhaps it refuses the client certificate"
    else:
        help_text = f"if it wants a client certificate, {CERTIFICATE_HELP}"
    return Failure("the server closed the connection without an HTTP answer", help_text)
