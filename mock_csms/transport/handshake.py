"""Opening handshake: the identity in the URL, the subprotocol (OCPP-J 3.1), and the cause of a failure."""

import re
from base64 import b64decode
from collections.abc import Container, Iterable
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from websockets.datastructures import Headers
from websockets.exceptions import (
    InvalidHeader,
    InvalidMessage,
    InvalidMethod,
    InvalidProtocol,
    InvalidUpgrade,
)
from websockets.http11 import Request

MAX_IDENTITY_LENGTH: Final = 48
IDENTIFIER_CHARACTER: Final = r"[A-Za-z0-9*\-_=+|@.]"
IDENTIFIER_STRING: Final = re.compile(rf"{IDENTIFIER_CHARACTER}*")

PLAIN_TARGET: Final = re.compile(rf"[^?#]*/({IDENTIFIER_CHARACTER}{{1,{MAX_IDENTITY_LENGTH}}})")
"""Request target with a plain identifierString at its end, as nearly every station sends it.

One match takes a sixth of the time of splitting and decoding the target; this matters when a fleet
reconnects.
"""


MAX_REQUEST_SIZE: Final = 2**15
"""Maximum bytes of a handshake request."""
MAX_TEXT: Final = 120
"""Maximum characters that the log and the journal show of a text in a handshake request."""

TLS_START: Final = b"\x16\x03"
"""First bytes of a TLS connection: a record of type handshake (0x16) with version 3.x (RFC 8446 5.1)."""
SSL_2_SHORT_HEADER: Final = 0x80
"""Bit in the first byte of an SSL 2.0 record; no HTTP request begins with such a byte (RFC 5246 E.2)."""
SSL_2_CLIENT_HELLO: Final = 1

SUBPROTOCOL_HEADER: Final = "Sec-WebSocket-Protocol"
USE_WS: Final = "a station opens ws://HOST:PORT/<station id>, or wss:// with TLS"


class BadIdentity(ValueError):
    """The URL does not contain an acceptable station identity; the message gives the reason."""


def identity(target: str) -> str:
    """Station identity in a request target: the last path segment, percent-decoded.

    Raises BadIdentity. Characters outside identifierString are accepted (OCPP-J 3.1.1 has a space in its own
    example), except control characters and the colon.
    """
    if plain := PLAIN_TARGET.fullmatch(target):
        return plain[1]
    segment = re.split(r"[?#]", target, maxsplit=1)[0].rpartition("/")[2]
    try:
        name = unquote(segment, errors="strict")
    except UnicodeDecodeError:
        raise BadIdentity("the station identity must be percent-encoded UTF-8") from None
    if not name:
        raise BadIdentity("the URL must end in the station's identity, as in /CS001")
    if len(name) > MAX_IDENTITY_LENGTH:
        raise BadIdentity(f"the station identity must be at most {MAX_IDENTITY_LENGTH} characters")
    if ":" in name or any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in name):
        raise BadIdentity("the station identity must have no colon and no control characters")
    return name


def is_identifier_string(name: str) -> bool:
    """Return whether a name consists of identifierString characters only."""
    return IDENTIFIER_STRING.fullmatch(name) is not None


def choose_subprotocol(offered: Iterable[str], supported: Container[str]) -> str | None:
    """Choose the first of the station's subprotocols that this server supports (OCPP-J 3.1.2, 3.1.3)."""
    return next((name for name in offered if name in supported), None)


def offered_subprotocols(headers: Headers) -> list[str]:
    """Subprotocols that a station offers, in its order of preference."""
    offered = ",".join(headers.get_all(SUBPROTOCOL_HEADER)).split(",")
    return [name for item in offered if (name := item.strip())]


# Facts for the log and the journal


def basic_user(headers: Headers) -> str | None:
    """User name in the Authorization header; None if there is no such header.

    Empty if the header has no valid Basic credentials.
    """
    values = headers.get_all("Authorization")
    if not values:
        return None
    scheme, _, credentials = values[0].strip().partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        user, colon, _ = b64decode(credentials, validate=True).partition(b":")
    except ValueError:
        return ""
    return shortened(user.decode(errors="backslashreplace")) if colon else ""


def handshake_facts(request: Request) -> dict[str, Any]:
    """Facts of a handshake request for the journal: path, subprotocols, origin, and the user name.

    The query of the URL and the password are left out.
    """
    headers = request.headers
    facts: dict[str, Any] = {
        "path": shortened(re.split(r"[?#]", request.path, maxsplit=1)[0]),
        "subprotocols": shortened(", ".join(offered_subprotocols(headers))),
    }
    if origins := headers.get_all("Origin"):
        facts["origin"] = shortened(", ".join(origins))
    user = basic_user(headers)
    if user is not None:
        facts["authorization"] = f"Basic, user {user}" if user else "not Basic credentials"
    return facts


def shortened(text: str) -> str:
    """Text of a handshake for the log or the journal, cut to MAX_TEXT characters."""
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 3]}..."


# Failed handshakes


class HandshakeFailure(NamedTuple):
    """Why an opening handshake failed.

    ``kind`` is the label of the failure in the metrics. ``reason`` describes the received bytes and the
    remedy, for the log. ``is_answered`` means that `websockets` has sent a response. ``facts`` are for the
    journal.
    """

    kind: str
    reason: str
    is_answered: bool = False
    facts: dict[str, Any] | None = None


TLS_HELLO: Final = HandshakeFailure(
    "tls",
    "it speaks TLS (wss://), but this port is ws://; set the station to ws:// (not security profile 2 or 3), "
    "or start the server with --tls",
)
SSL_2_HELLO: Final = HandshakeFailure(
    "tls",
    "it opens TLS with a hello of SSL 2.0, as old TLS libraries do; set the station to TLS 1.2 or 1.3 "
    "(A00.FR.313)",
)
PLAIN_ON_TLS: Final = HandshakeFailure(
    "plain",
    "it speaks plain WebSocket (ws://), but this port takes only TLS; "
    "set the station to wss:// (not security profile 0 or 1)",
)
REQUEST_TOO_LONG: Final = HandshakeFailure(
    "too-long", f"its handshake request has more than {MAX_REQUEST_SIZE} bytes"
)


def hello_instead(head: bytes) -> HandshakeFailure | None:
    """Describe a connection that begins with TLS or SSL instead of HTTP, or return None."""
    if head.startswith(TLS_START):
        return TLS_HELLO
    is_ssl_2 = len(head) > 2 and head[0] & SSL_2_SHORT_HEADER and head[2] == SSL_2_CLIENT_HELLO
    return SSL_2_HELLO if is_ssl_2 else None


def unreadable_request(head: bytes, error: Exception) -> HandshakeFailure:
    """Describe a request that `websockets` cannot parse; ``head`` is its beginning."""
    if not isinstance(error, InvalidMessage):  # a line or the headers exceed its limits
        return HandshakeFailure("too-long", f"its handshake request is too long: {error}", is_answered=True)
    return HandshakeFailure("not-http", _flaw_of_request(head, error.__cause__))


def _flaw_of_request(head: bytes, cause: BaseException | None) -> str:
    line = head.partition(b"\n")[0].rstrip(b"\r")
    if line.startswith(b"PRI * HTTP/2"):
        return f"it speaks HTTP/2, but a WebSocket needs HTTP/1.1 here; {USE_WS}"
    if b" HTTP/" not in line:
        return f"it sent {_quoted(line)}, which is not an HTTP request; {USE_WS}"
    if b"\n" in head and b"\r\n" not in head:
        return "the lines of its request end in LF; end each in CRLF (RFC 9112 2.2)"
    if not line.isascii():
        return (
            f"its URL has bytes that are not ASCII ({_quoted(line)}); percent-encode the identity in UTF-8, "
            "as in /CS%C3%84 (OCPP-J 3.1.1)"
        )
    if isinstance(cause, NotImplementedError) or "body" in str(cause):
        return "its request has a body; a WebSocket opens with a GET without a body"
    return f"its request is not valid HTTP/1.1 ({shortened(str(cause))})"


def _quoted(data: bytes) -> str:
    return repr(shortened(data.decode(errors="backslashreplace")))


def unfinished_request(head: bytes, end: str) -> HandshakeFailure:
    """Describe a handshake that ended before its request was complete; ``end`` says how."""
    if not head:
        return HandshakeFailure("incomplete", f"it sent nothing and {end}; {USE_WS}")
    line = head.partition(b"\r\n")[0]
    return HandshakeFailure(
        "incomplete",
        f"it sent {_quoted(line)} but no complete handshake request (which ends in an empty line), and {end}",
    )


def unacceptable_request(request: Request, error: Exception | None) -> HandshakeFailure:
    """Describe a complete request that is not the opening handshake of a WebSocket (RFC 6455 4.2.1)."""
    match error:
        case InvalidMethod():
            return HandshakeFailure(
                "method", f"it sent {shortened(request.method)}; a WebSocket opens with GET"
            )
        case InvalidProtocol():
            return HandshakeFailure(
                "http-version", f"it speaks {request.protocol}; a WebSocket needs HTTP/1.1"
            )
        case InvalidUpgrade():
            return HandshakeFailure(
                "no-upgrade",
                "it sent a plain HTTP request; a WebSocket needs the headers 'Upgrade: websocket' and "
                "'Connection: Upgrade'",
            )
        case InvalidHeader(name="Sec-WebSocket-Version"):
            versions = ", ".join(request.headers.get_all("Sec-WebSocket-Version")) or "none"
            return HandshakeFailure(
                "websocket-version", f"its Sec-WebSocket-Version is {shortened(versions)}; it must be 13"
            )
    return HandshakeFailure("header", f"its handshake is invalid: {shortened(str(error))}")
