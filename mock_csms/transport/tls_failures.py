"""Descriptions of failed TLS connections, with the cause and the remedy."""

import ssl
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from mock_csms.transport.client_hello import ClientHello, parse_client_hello
from mock_csms.transport.handshake import HandshakeFailure, shortened
from mock_csms.transport.ports import Port

KIND: Final = "tls"
MAX_SUITES_NAMED: Final = 8
"""Maximum cipher suites that a log line names; further ones are counted."""
MAX_VERSIONS: Final = 5
"""Maximum number of offered TLS versions that a description names. No more exist, but a client can send any
number.
"""
MAX_SUITES_RECORDED: Final = 50
"""Maximum cipher suites that the journal names."""

NO_COMMON_VERSION: Final = (
    "it offers no TLS version that this port takes; enable TLS 1.2 or 1.3 in the station"
)
NOT_TLS: Final = "it sent bytes that are not valid TLS"

UNKNOWN_REASON: Final = "TLS failed with the OpenSSL error {reason}; see the log of the station"

TLS_REASONS: Final = {
    # Cause; remedy
    # Alerts of the client about this server's certificate
    "TLSV1_ALERT_UNKNOWN_CA": (
        "it does not trust the root of this server's certificate (alert unknown_ca); {install}"
    ),
    "SSLV3_ALERT_BAD_CERTIFICATE": (
        "it rejects this server's certificate (alert bad_certificate); most often the certificate has "
        "another host name or is not valid yet: connect to a name in the certificate, and check the "
        "station's clock"
    ),
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": (
        "it rejects this server's certificate without a reason (alert certificate_unknown); most often it "
        "does not trust the root or expects another host name: {install}, and connect to a name in the "
        "certificate"
    ),
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": (
        "it reports that this server's certificate has expired (alert certificate_expired); check the "
        "station's clock"
    ),
    "SSLV3_ALERT_CERTIFICATE_REVOKED": (
        "it reports that this server's certificate is revoked (alert certificate_revoked); use another one"
    ),
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": (
        "it does not support the type of this server's certificate (alert unsupported_certificate); "
        "enable RSA and ECDSA certificates in the station"
    ),
    "TLSV1_ALERT_DECRYPT_ERROR": (
        "it could not verify a signature of the handshake (alert decrypt_error), most often because it has "
        "another root certificate of the same name; {install}"
    ),
    # Other alerts of the client
    "SSLV3_ALERT_HANDSHAKE_FAILURE": (
        "it accepts none of the parameters of this handshake (alert handshake_failure), such as the cipher "
        "suite or the certificate request; check the TLS settings of the station"
    ),
    "TLSV1_ALERT_PROTOCOL_VERSION": (
        "it rejects the TLS version of this port (alert protocol_version); "
        "enable TLS 1.2 or 1.3 in the station"
    ),
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": (
        "it finds the cipher suite too weak (alert insufficient_security); check its cipher suites"
    ),
    "TLSV1_ALERT_INTERNAL_ERROR": "it reports an error of its own (alert internal_error); see its log",
    "TLSV1_ALERT_USER_CANCELLED": "it cancelled the handshake (alert user_canceled); see its log",
    "TLSV1_ALERT_NO_RENEGOTIATION": "it does not renegotiate (alert no_renegotiation); see its log",
    "SSLV3_ALERT_ILLEGAL_PARAMETER": (
        "it finds a parameter of the handshake invalid (alert illegal_parameter); see its log"
    ),
    "SSLV3_ALERT_UNEXPECTED_MESSAGE": "it did not expect a message (alert unexpected_message); see its log",
    "SSLV3_ALERT_BAD_RECORD_MAC": "it could not decrypt a record (alert bad_record_mac); see its log",
    "TLSV1_ALERT_DECODE_ERROR": "it could not read a message (alert decode_error); see its log",
    "TLSV1_UNRECOGNIZED_NAME": "it reports an unknown host name (alert unrecognized_name); see its log",
    # Errors that this side finds
    "NO_SHARED_CIPHER": (
        "it offers no cipher suite that this port takes; "
        "enable TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 or another one of OCPP 2.0.1 (A00.FR.318)"
    ),
    "NO_SUITABLE_SIGNATURE_ALGORITHM": (
        "it accepts no signature that this server's certificate can make; enable RSA and ECDSA with SHA-256"
    ),
    "NO_SUITABLE_KEY_SHARE": "it offers no elliptic curve that this port takes; enable P-256 (secp256r1)",
    "NO_SUITABLE_GROUPS": "it offers no elliptic curve that this port takes; enable P-256 (secp256r1)",
    "UNSUPPORTED_PROTOCOL": NO_COMMON_VERSION,
    "VERSION_TOO_LOW": NO_COMMON_VERSION,
    "NO_PROTOCOLS_AVAILABLE": NO_COMMON_VERSION,
    "UNKNOWN_PROTOCOL": NO_COMMON_VERSION,
    "INAPPROPRIATE_FALLBACK": (
        "it has fallen back to a TLS version below its highest; let the station offer its highest version"
    ),
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": (
        "it sent no client certificate, which this port requires (security profile 3); "
        "install a client certificate and its key in the station"
    ),
    "CERTIFICATE_VERIFY_FAILED": (
        "its client certificate{subject} is not accepted: {problem}; install one that chains to a root "
        "this server trusts and that is valid now"
    ),
    "BAD_SIGNATURE": (
        "it could not prove that it has the key of its client certificate{subject}; "
        "install the key that belongs to the certificate"
    ),
    "DECRYPTION_FAILED_OR_BAD_RECORD_MAC": (
        "a record that it sent could not be decrypted; its TLS or the network changes the bytes"
    ),
    "UNEXPECTED_EOF_WHILE_READING": "it ended TLS in the middle of a record",
    "WRONG_VERSION_NUMBER": NOT_TLS,
    "PACKET_LENGTH_TOO_LONG": NOT_TLS,
    "LENGTH_MISMATCH": NOT_TLS,
    "UNEXPECTED_MESSAGE": NOT_TLS,
    "BAD_RECORD_TYPE": NOT_TLS,
    "HTTP_REQUEST": NOT_TLS,
    "RECORD_TOO_SMALL": NOT_TLS,
    "BAD_EXTENSION": NOT_TLS,
}

CERTIFICATE_ALERTS: Final = frozenset(
    {
        "TLSV1_ALERT_UNKNOWN_CA",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "TLSV1_ALERT_DECRYPT_ERROR",
    }
)
"""Alerts whose remedy depends on the certificate that the port presents."""
HOST_NAME_ALERTS: Final = frozenset({"SSLV3_ALERT_BAD_CERTIFICATE", "SSLV3_ALERT_CERTIFICATE_UNKNOWN"})
"""Alerts that may be due to the host name."""


class Attempt(NamedTuple):
    """Facts about a failed TLS connection that its description uses."""

    port: Port
    hello: bytes
    """Beginning of the data that the client has sent."""
    has_answered: bool
    """Whether the server has sent its part of the handshake, including its certificate."""
    client_certificate: bytes | None = None
    """Certificate (DER) that the client has sent, if it was observed."""
    fault: str = ""


def failed_handshake(attempt: Attempt, error: ssl.SSLError) -> HandshakeFailure:
    """Describe a handshake that ended with an error or an alert."""
    if isinstance(error, ssl.SSLZeroReturnError):  # close_notify ends the connection without a cause
        return closed_handshake(attempt, "it closed the connection")
    described = describe_error(error, attempt.port, attempt.client_certificate)
    if error.reason in CERTIFICATE_ALERTS:
        described = _with_known_flaw(attempt, described, by_name=error.reason in HOST_NAME_ALERTS)
    return _failure(attempt, described, names_suites=error.reason == "NO_SHARED_CIPHER")


def describe_error(error: ssl.SSLError, port: Port, client_certificate: bytes | None = None) -> str:
    """Describe a TLS error or alert; one that is not in TLS_REASONS is described by OpenSSL's name for it."""
    reason = error.reason or type(error).__name__
    return TLS_REASONS.get(reason, UNKNOWN_REASON).format(
        reason=reason,
        install=_install(port),
        subject=_subject(client_certificate),
        problem=getattr(error, "verify_message", "") or reason,
    )


def closed_handshake(attempt: Attempt, end: str) -> HandshakeFailure:
    """Describe a handshake that the client ended without an alert; ``end`` says how."""
    if attempt.has_answered:
        words = (
            f"{end} during the TLS handshake, without an alert, after it had received this server's "
            f"certificate; most often it does not trust the root: {_install(attempt.port)}"
        )
        return _failure(attempt, _with_known_flaw(attempt, words))
    return _failure(attempt, f"{end} in the middle of its TLS ClientHello")


def closed_before_request(attempt: Attempt, end: str) -> HandshakeFailure:
    """Describe a connection that the client ended between TLS handshake and request; ``end`` says how."""
    words = (
        f"{end} right after the TLS handshake, without a request; most often it verifies the certificate "
        f"only then. Perhaps it does not trust the root or expects another host name: "
        f"{_install(attempt.port)}"
    )
    return _failure(attempt, _with_known_flaw(attempt, words))


def flooded_handshake(attempt: Attempt, limit: int) -> HandshakeFailure:
    """Describe a handshake that failed because the client sent more than ``limit`` bytes at once."""
    return _failure(attempt, f"it sent more than {limit} bytes before its TLS handshake was complete")


def unfinished_handshake(attempt: Attempt, end: str) -> HandshakeFailure:
    """Describe a TLS handshake that was not complete in time; ``end`` says how the connection ended."""
    stage = "did not answer this server's part of it" if attempt.has_answered else "sent half a ClientHello"
    return _failure(attempt, f"it began a TLS handshake, {stage}, and {end}", kind="incomplete")


def missing_request(attempt: Attempt, end: str) -> HandshakeFailure:
    """Describe a connection on which no request arrived in time after the TLS handshake; ``end`` says how it
    ended.
    """
    return _failure(
        attempt, f"it completed the TLS handshake, sent no HTTP request, and {end}", kind="incomplete"
    )


def _failure(
    attempt: Attempt, words: str, *, kind: str = KIND, names_suites: bool = False
) -> HandshakeFailure:
    hello = parse_client_hello(attempt.hello)
    cause, _, _ = words.partition("; ")
    parts = [cause if attempt.fault else words]  # after an injected fault, there is nothing to repair
    if hello is not None:
        parts.append(f"it offered {_offer(hello, names_suites=names_suites)}")
    if attempt.fault:
        parts.append(f"the TLS fault {attempt.fault} was injected")
    return HandshakeFailure(kind, "; ".join(parts), facts=_facts(hello) if hello else None)


def _with_known_flaw(attempt: Attempt, words: str, *, by_name: bool = True) -> str:
    """Replace the remedy in ``words`` with the known flaw of the port's certificate, if it has one.

    With ``by_name``, it is also a flaw if the certificate lacks the host name that the client asked for.
    """
    hello = parse_client_hello(attempt.hello)
    flaw = attempt.port.server_certificate_flaw(hello.server_name if hello and by_name else None)
    cause, _, _ = words.partition("; ")
    return f"{cause}; {flaw}" if flaw else words


def _install(port: Port) -> str:
    root = f"the root certificate {port.root_hint}" if port.root_hint else "this server's root certificate"
    return f"install {root} in the station"


def _offer(hello: ClientHello, *, names_suites: bool) -> str:
    parts = [_versions(hello)]
    if names_suites:
        parts.append(f"the cipher suites {_suites(hello.ciphers, MAX_SUITES_NAMED)}")
    else:
        count = len(hello.ciphers)
        parts.append(f"{count} cipher suite{'s' * (count != 1)}")
    parts.append(f"host name {shortened(hello.server_name)}" if hello.server_name else "no host name (SNI)")
    if hello.protocols:
        parts.append(f"ALPN {shortened(', '.join(hello.protocols))}")
    return ", ".join(parts)


def _versions(hello: ClientHello) -> str:
    names = ", ".join(version.removeprefix("TLSv") for version in hello.versions[:MAX_VERSIONS])
    if not names:
        return "an unknown TLS version"
    return f"TLS {names}" if hello.lists_versions else f"TLS {names} or lower"


def suites_offered(hello: ClientHello) -> str:
    """Names of the cipher suites that a client offers, for the journal."""
    return _suites(hello.ciphers, MAX_SUITES_RECORDED)


def _suites(suites: Sequence[int], limit: int) -> str:
    more = f" and {len(suites) - limit} more" if len(suites) > limit else ""
    return f"{', '.join(map(suite_name, suites[:limit]))}{more}"


def suite_name(number: int) -> str:
    """OpenSSL's name of a cipher suite, or its number."""
    return _suite_names().get(number, f"{number:#06x}")


@cache
def _suite_names() -> dict[int, str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    return {cipher["id"] & 0xFFFF: cipher["name"] for cipher in context.get_ciphers()}


def _facts(hello: ClientHello) -> dict[str, Any]:
    """TLS versions, cipher suites and host name in a ClientHello, for the journal."""
    facts = {
        "tlsOffered": _versions(hello),
        "ciphersOffered": suites_offered(hello),
    }
    if hello.server_name:
        facts["serverName"] = shortened(hello.server_name)
    return facts


def _subject(certificate: bytes | None) -> str:
    """Subject and issuer of a certificate in parentheses, if it is known."""
    if certificate is None:
        return ""
    from cryptography import x509  # noqa: PLC0415 - the import takes a fifth of the start-up time

    try:
        with warnings.catch_warnings(action="ignore"):  # such as about a country code of three letters
            parsed = x509.load_der_x509_certificate(certificate)
            subject, issuer = parsed.subject.rfc4514_string(), parsed.issuer.rfc4514_string()
    except Exception:  # `cryptography` is stricter than OpenSSL
        return " (which is not a valid X.509 certificate)"
    return f" ({shortened(subject) or 'without a subject'}, issued by {shortened(issuer)})"
