"""Masking of passwords in payloads sent to stations, and of key codes in all messages."""

import re
from collections.abc import Callable
from typing import Any, Final

import orjson

SECRET_VARIABLES: Final = frozenset({"basicauthpassword"})
SECRET_FIELDS: Final = frozenset({"apnPassword", "password", "simPin"})
VPN_SECRETS: Final = frozenset({"key"})
"""Fields that are secret if the same object has a password."""
MASK: Final = "***"
KEY_CODE: Final = "keycode"
"""Type of the idTokens that no log may show (C04.FR.04), in lower case."""
TOKEN_FIELDS: Final = frozenset({"idToken", "additionalIdToken"})
TOKEN_IN_TEXT: Final = re.compile(
    rb'("(?:idToken|additionalIdToken)"\s*+:\s*+)"(?:[^"\\]|\\.)*+"?', re.DOTALL
)
USER_IN_URL: Final = re.compile(r"(?<!\w)(\w++://)[^/\s]+@")


def masked(value: Any) -> Any:
    """Return a payload with the key codes and the passwords in variables, profiles and URLs masked."""
    if isinstance(value, dict):
        variable = value.get("variable")
        if isinstance(variable, dict) and str(variable.get("name")).lower() in SECRET_VARIABLES:
            value = {**value, "attributeValue": MASK}
        secret_fields = SECRET_FIELDS | VPN_SECRETS if "password" in value else SECRET_FIELDS
        if is_key_code(value):
            secret_fields |= TOKEN_FIELDS
        return {name: MASK if name in secret_fields else masked(part) for name, part in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return USER_IN_URL.sub(rf"\1{MASK}@", value) if isinstance(value, str) and "://" in value else value


def is_key_code(id_token: Any) -> bool:
    """Return whether an object is an idToken of type KeyCode."""
    kind = id_token.get("type") if isinstance(id_token, dict) else None
    return isinstance(kind, str) and kind.lower() == KEY_CODE


def has_key_code(payload: Any) -> bool:
    """Return whether a payload has a key code at any level."""
    if isinstance(payload, dict):
        return is_key_code(payload) or any(map(has_key_code, payload.values()))
    return isinstance(payload, list) and any(map(has_key_code, payload))


def may_have_key_code(raw: bytes) -> bool:
    """Return whether a valid frame may have a key code, whose type may be written with escapes.

    The type of an additional token is free text, so it may be written in any case.
    """
    return b"KeyCode" in raw or b"additionalInfo" in raw or b"\\u" in raw


def _id_token_may_have_key_code(content: Any, _: bytes) -> bool:
    token = content.idToken
    return token is not None and (token.type == "KeyCode" or token.additionalInfo is not None)


def _frame_may_have_key_code(_: Any, raw: bytes) -> bool:
    return may_have_key_code(raw)


type _Check = Callable[[Any, bytes], bool]
"""Returns whether a valid CALL may have a key code, from its decoded payload and its frame."""


class _Checks(dict[type, _Check | None]):
    """The check for each type of payload; None for types without a place for a key code.

    Fast path: the plain way is `may_have_key_code` for each frame, which takes a microsecond.
    """

    def __missing__(self, kind: type) -> _Check | None:
        check: _Check | None = None
        names = getattr(kind, "__struct_fields__", None)
        if names is None:  # a plain dictionary, which may have any content
            check = _frame_may_have_key_code
        elif "idToken" in names:
            check = _id_token_may_have_key_code
        elif "data" in names:  # of a DataTransfer: may have any content too
            check = _frame_may_have_key_code
        self[kind] = check
        return check


KEY_CODE_CHECKS: Final = _Checks()


def masked_frame(raw: bytes) -> bytes:
    """Return a frame with its key codes masked; a frame without any is returned unchanged."""
    lower = raw.lower()
    if b"keycode" not in lower and b"\\u" not in lower:
        return raw
    try:
        message = orjson.loads(raw)
        return orjson.dumps(_without_key_codes(message)) if has_key_code(message) else raw
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        return TOKEN_IN_TEXT.sub(rb'\1"%b"' % MASK.encode(), raw)


def _without_key_codes(value: Any) -> Any:
    if isinstance(value, dict):
        secret_fields = TOKEN_FIELDS if is_key_code(value) else ()
        return {
            name: MASK if name in secret_fields else _without_key_codes(part) for name, part in value.items()
        }
    return [_without_key_codes(item) for item in value] if isinstance(value, list) else value
