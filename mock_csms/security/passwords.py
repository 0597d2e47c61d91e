"""Passwords for HTTP Basic authentication, kept as salted SHA-256 hashes only (A01.FR.08)."""

import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer

from mock_csms.launch import COMMAND

HASH_PREFIX: Final = "{SSHA256}"
"""Prefix of a password given as a hash. Valid OCPP passwords have no brace (Part 2, passwordString)."""
OTHER_HASH: Final = re.compile(r"\{[A-Z0-9-]{2,20}\}", re.IGNORECASE)
"""Prefix of a password that looks like a hash of another kind, such as `{SHA}`."""
DIGEST_SIZE: Final = 32
SALT_SIZE: Final = 16
MAX_PASSWORD_LENGTH: Final = 1024
"""Maximum number of characters of a configured password."""

MIN_NEW_LENGTH: Final = 16
MAX_NEW_LENGTH: Final = 40
PASSWORD_STRING: Final = re.compile(r"[a-zA-Z0-9*\-_=:+|@.]*")
"""Characters of a passwordString (Part 2, primitive data types).

The errata of 2025-09 allow any character, and up to 64 characters if a station reports such a maxLimit. A
password that meets the limits from before these errata is valid for every station.
"""

_SALT_OF_SETTINGS: Final = secrets.token_bytes(SALT_SIZE)
"""Salt of all passwords that the settings give as plain text.

Because these passwords share one salt, an unchanged password has the same hash after a reload.
"""


@dataclass(frozen=True, slots=True)
class Password:
    """A password as a hash, which does not reveal the password itself."""

    salt: bytes
    digest: bytes
    flaw: str = field(default="", compare=False)
    """Reason why a station may reject a configured password; empty if none is known, as for a hash."""

    @classmethod
    def of(cls, text: str | bytes, salt: bytes = _SALT_OF_SETTINGS) -> "Password":
        """Return the `Password` of a plain text, hashed with ``salt``."""
        return cls(salt, _digest(salt, text.encode() if isinstance(text, str) else text))

    def matches(self, given: bytes) -> bool:
        """Return whether ``given`` is this password; the comparison takes constant time."""
        return secrets.compare_digest(_digest(self.salt, given), self.digest)

    def __str__(self) -> str:
        return HASH_PREFIX + b64encode(self.digest + self.salt).decode()

    def __repr__(self) -> str:
        return "Password(***)"


def flaw_of_new_password(text: str) -> str:
    """Describe why a station may reject a new password (A00.FR.205); empty if it is valid.

    The result does not contain the password.
    """
    if not MIN_NEW_LENGTH <= len(text) <= MAX_NEW_LENGTH:
        return f"a password must have {MIN_NEW_LENGTH} to {MAX_NEW_LENGTH} characters, not {len(text)}"
    if not PASSWORD_STRING.fullmatch(text):
        return "a password must have only letters and digits of ASCII and * - _ = : + | @ ."
    return ""


def _digest(salt: bytes, password: bytes) -> bytes:
    return sha256(password + salt).digest()


def salted_hash(text: str) -> str:
    """Return the hash of a password with a new salt, in the form that the settings accept: {SSHA256}..."""
    return str(Password.of(text, secrets.token_bytes(SALT_SIZE)))


def parse_password(value: object) -> Password:
    """Parse a configured password, in plain text or as a hash.

    Raises ValueError; the message does not quote the password.
    """
    if isinstance(value, Password):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a text")
    if not value:
        raise ValueError("must not be empty; leave out the setting instead")
    if value.startswith(HASH_PREFIX):
        return _parse_hash(value.removeprefix(HASH_PREFIX))
    if len(value) > MAX_PASSWORD_LENGTH:
        raise ValueError(f"must have at most {MAX_PASSWORD_LENGTH} characters")
    if not value.isprintable():
        raise ValueError("must have no control characters, such as a line break")
    return replace(Password.of(value), flaw=_flaw_of_other_hash(value) or flaw_of_new_password(value))


def _flaw_of_other_hash(text: str) -> str:
    if not OTHER_HASH.match(text):
        return ""
    return f"it looks like a hash, but is used as plain text; a hash must begin with {HASH_PREFIX}"


def _parse_hash(encoded: str) -> Password:
    try:
        content = b64decode(encoded, validate=True)
    except ValueError:
        content = b""
    if len(content) <= DIGEST_SIZE:
        raise ValueError(
            f"must have a hash and its salt in base64 after {HASH_PREFIX}; `{COMMAND} password` makes one"
        )
    return Password(content[DIGEST_SIZE:], content[:DIGEST_SIZE])


PasswordSetting = Annotated[Password, BeforeValidator(parse_password), PlainSerializer(str)]
