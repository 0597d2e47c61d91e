"""Why a connection failed: one line for people, and the security event for the log (A00, A04)."""

import ssl
from http import HTTPStatus
from typing import Final, NamedTuple

import websockets
from ocpp.v201.enums import SecurityEventType

from mock_csms.text import one_line, truncate

MAX_SHOWN_LINE: Final = 300
"""Maximum characters of an HTTP answer that are shown."""
HOSTNAME_MISMATCHES: Final = frozenset({62, 64})
"""OpenSSL's verify codes for another host name and another IP address."""
UNTRUSTED: Final = frozenset({2, 18, 19, 20, 21})
"""OpenSSL's verify codes for a chain that does not end in a trusted root."""
REFUSED_CERTIFICATE: Final = {
    "TLSV1_ALERT_UNKNOWN_CA": "it does not trust the issuer",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "expired",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "revoked",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "not acceptable",
    "SSLV3_ALERT_BAD_CERTIFICATE": "invalid, or of another station",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "of a kind that it does not support",
    "TLSV1_ALERT_ACCESS_DENIED": "access denied",
}
"""Reasons by the alert with which a server refuses a client certificate."""
OLD_TLS_ONLY: Final = frozenset({"TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL"})
WEAK_CIPHERS_ONLY: Final = frozenset(
    {"SSLV3_ALERT_HANDSHAKE_FAILURE", "TLSV1_ALERT_INSUFFICIENT_SECURITY", "WRONG_CIPHER_RETURNED"}
)
CERTIFICATE_HELP: Final = "give one with --client-cert and --client-key"


class Failure(NamedTuple):
    """A failed attempt to connect."""

    text: str
    """Cause, and what to do about it."""
    event: SecurityEventType | None = None
    """Security event to report, once for repeated failures (A00.FR.316, note)."""


class Credentials(NamedTuple):
    """Credentials that the station used in an attempt, on which the explanation depends."""

    is_tls: bool = False
    has_password: bool = False
    has_certificate: bool = False


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
            return Failure(_no_answer(used))
    return Failure(_unreachable(error, used))


def _unreachable(error: Exception, used: Credentials) -> str:
    if isinstance(error, ConnectionResetError) and used.is_tls:
        return "the server closed the connection during the TLS handshake; does the port take TLS?"
    if "connect call failed" in str(error).lower() or isinstance(error, ConnectionRefusedError):
        return "connection refused; is the server running?"
    return str(error) or "timed out"


def _untrusted_server(error: ssl.SSLCertVerificationError) -> Failure:
    """Explain a server certificate that the station does not accept (A00.FR.308 to FR.311)."""
    text = f"the certificate of the server is not valid: {error.verify_message.rstrip('.')}"
    if error.verify_code in UNTRUSTED:
        text += "; trust its root certificate with --ca FILE"
    elif error.verify_code in HOSTNAME_MISMATCHES:
        text += "; write a name of the certificate in --to"
    return Failure(text, SecurityEventType.invalid_csms_certificate)


def _failed_handshake(error: ssl.SSLError) -> Failure:
    reason = error.reason or ""
    if reason in OLD_TLS_ONLY:  # A00.FR.316
        return Failure("the server supports neither TLS 1.2 nor 1.3", SecurityEventType.invalid_tls_version)
    if reason in WEAK_CIPHERS_ONLY:  # A00.FR.323; a server of TLS 1.2 also refuses a missing certificate so
        return Failure(
            "the server supports no cipher suite of the station, or it wants a client certificate: "
            f"{CERTIFICATE_HELP}",
            SecurityEventType.invalid_tls_cipher_suite,
        )
    if reason == "TLSV13_ALERT_CERTIFICATE_REQUIRED":
        return Failure(
            f"the server wants a client certificate; {CERTIFICATE_HELP}",
            SecurityEventType.failed_to_authenticate_at_csms,
        )
    if reason in REFUSED_CERTIFICATE:
        text = f"the server refused the client certificate: {REFUSED_CERTIFICATE[reason]}"
        return Failure(text, SecurityEventType.failed_to_authenticate_at_csms)
    if reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}:
        return Failure("the server does not speak TLS at this port; write ws:// in --to")
    return Failure(f"the TLS handshake failed: {reason.replace('_', ' ').lower() or error}")


def _refused(error: websockets.InvalidStatus, used: Credentials) -> Failure:
    """Explain an HTTP status; the first line of the body says more if it is text."""
    status = error.response.status_code
    text = f"the server answered HTTP {status}"
    if line := _first_line(error.response.body or b""):
        text += f": {line}"
    if status != HTTPStatus.UNAUTHORIZED:
        return Failure(text)
    help_text = "it refuses the password of this station" if used.has_password else "give a --password"
    return Failure(f"{text}; {help_text}", SecurityEventType.failed_to_authenticate_at_csms)


def _first_line(body: bytes | bytearray) -> str:
    try:
        lines = body.decode().strip().splitlines()
    except UnicodeDecodeError:
        return ""
    is_text = bool(lines) and not lines[0].startswith(("<", "{"))
    return truncate(one_line(lines[0]).rstrip("."), MAX_SHOWN_LINE) if is_text else ""


def _no_answer(used: Credentials) -> str:
    text = "the server closed the connection without an HTTP answer"
    if not used.is_tls:
        return f"{text}; if the port takes TLS only, write wss:// in --to"
    if used.has_certificate:
        return f"{text}; perhaps it refuses the client certificate"
    return f"{text}; if it wants a client certificate, {CERTIFICATE_HELP}"
