"""HTTP Basic authentication: the Authorization header of an opening handshake (RFC 7617, A00.FR.203)."""

from base64 import b64decode
from collections.abc import Sequence
from typing import Final, NamedTuple

MAX_CREDENTIALS: Final = 4096
"""Maximum number of characters of an Authorization header."""
REMEDY: Final = "Authorization: Basic and the base64 of IDENTITY:PASSWORD"


class BasicCredentials(NamedTuple):
    """User name and password as sent."""

    user: bytes
    password: bytes


class BadAuthorization(ValueError):
    """An Authorization header without valid Basic credentials; the message does not quote the header."""


def parse_authorization(values: Sequence[str]) -> BasicCredentials:
    """Parse the Authorization headers of a request; raises BadAuthorization."""
    if not values:
        raise BadAuthorization(f"it sent no password; send {REMEDY}")
    if len(values) > 1:
        raise BadAuthorization(f"it sent {len(values)} Authorization headers; send one")
    value = values[0].strip()
    if len(value) > MAX_CREDENTIALS:
        raise BadAuthorization(f"its Authorization header has more than {MAX_CREDENTIALS} characters")
    scheme, _, encoded = value.partition(" ")
    if scheme.lower() != "basic":
        raise BadAuthorization(f"its Authorization header is not of the scheme Basic; send {REMEDY}")
    return _decode(encoded.strip())


def _decode(encoded: str) -> BasicCredentials:
    try:
        decoded = b64decode(encoded, validate=True)
    except ValueError:
        raise BadAuthorization(f"its Basic credentials are not valid base64; send {REMEDY}") from None
    user, colon, password = decoded.partition(b":")
    if not colon:
        raise BadAuthorization(
            f"its Basic credentials have no colon between the user name and the password; send {REMEDY}"
        )
    return BasicCredentials(user, password)
