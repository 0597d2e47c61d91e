"""Masking of secrets in messages: passwords, private keys, credentials and key codes."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import orjson
from msgspec import inspect

from mock_csms.log.secret_text import MASK, SECRET_VARIABLES, masked_malformed, masked_text

SECRET_FIELDS: Final = frozenset(
    {"apnpassword", "authorizationkey", "basicauthpassword", "password", "simpin"}
)
"""Names of fields with a secret value, in lower case."""
VPN_SECRETS: Final = frozenset({"key"})
"""Fields that are secret in an object named `vpn`, or in an object that has a password."""
VPN: Final = "vpn"
NAME_FIELDS: Final = frozenset({"key", "variable"})
"""Fields that may hold the name of a variable, as a text or inside an object."""
VALUES_OF_VARIABLE: Final = frozenset(
    {"actualvalue", "additionalinfo", "attributevalue", "techinfo", "value", "valueslist"}
)
"""Fields (in lower case) that may contain the value of a variable, in an object that names the variable."""
KEY_CODE: Final = "keycode"
"""Type of the idTokens that no log may show (C04.FR.04), in lower case."""
TOKEN_FIELDS: Final = frozenset({"idtoken", "additionalidtoken"})
TOKEN_IN_TEXT: Final = re.compile(
    rb'("(?:idToken|additionalIdToken)"\s*+:\s*+)"(?:[^"\\]|\\.)*+"?', re.DOTALL | re.IGNORECASE
)


NO_FIELDS: Final = frozenset[str]()
BACKSLASH: Final = ord("\\")
AT_SIGN: Final = ord("@")
LETTER_Y: Final = ord("Y")
SECRET_KEYS: Final = (b"keycode", b"private key", b"vpn", b"authorizationkey")
"""Texts that mark a secret key or a key code: a frame with such a secret contains one of them.

`may_have_secret` first looks for ``key`` alone, so that most frames need one search instead of four.
"""
MIN_SECRET_TEXT: Final = 8
"""Shorter strings are not searched: they have no room for a name with a value, or for a URL with a user."""


def masked(value: Any, *, hides_values: bool = False, secret_fields: frozenset[str] = NO_FIELDS) -> Any:
    """Return a JSON value with its secrets masked.

    ``hides_values`` masks the values of all variables too. ``secret_fields`` are the names, in lower case, of
    further fields that are masked in the outermost objects only. An empty value of a variable is not masked:
    a station leaves the actualValue of a secret variable empty (N07.FR.10).
    """
    if type(value) is str:
        return _masked_string(value)
    if isinstance(value, dict):
        return _masked_object(value, hides_values=hides_values, secret_fields=secret_fields)
    if isinstance(value, list):
        return [masked(item, hides_values=hides_values, secret_fields=secret_fields) for item in value]
    return value


def _masked_object(
    value: dict[str, Any], *, hides_values: bool, secret_fields: frozenset[str]
) -> dict[str, Any]:
    names = {name: name.strip().lower() for name in value}
    hides_values = hides_values or _is_about_secret_variable(value, names)
    if any(names[name] == "type" and _is_key_code_type(part) for name, part in value.items()):
        secret_fields |= TOKEN_FIELDS
    if "password" in names.values():
        secret_fields |= VPN_SECRETS
    return {
        name: MASK
        if part is not None
        and (
            names[name] in secret_fields
            or names[name] in SECRET_FIELDS
            or (hides_values and part != "" and names[name] in VALUES_OF_VARIABLE)
        )
        else masked(
            part,
            hides_values=hides_values,
            secret_fields=VPN_SECRETS if names[name] == VPN else NO_FIELDS,
        )
        for name, part in value.items()
    }


def _is_about_secret_variable(value: dict[str, Any], names: dict[str, str]) -> bool:
    """Return whether an object names a secret variable, even if the object is malformed."""
    return any(
        _has_secret_name(part) if names[name] in NAME_FIELDS else type(part) is str and is_secret_name(part)
        for name, part in value.items()
    )


def _has_secret_name(variable: Any, depth: int = 3) -> bool:
    """Return whether ``variable`` contains the name of a secret variable, at most ``depth`` levels deep.

    Without the limit, nested objects would make the search take quadratic time.
    """
    if isinstance(variable, str):
        return is_secret_name(variable)
    parts = variable.values() if isinstance(variable, dict) else variable
    if not depth or not isinstance(variable, dict | list):
        return False
    return any(_has_secret_name(part, depth - 1) for part in parts)


def is_secret_name(name: str) -> bool:
    """Return whether a text is the name of a secret variable, perhaps with spaces around it."""
    return name.strip().lower() in SECRET_VARIABLES


def has_value_of_variable(content: Iterable[str]) -> bool:
    """Return whether ``content`` includes the name of a field that may contain the value of a variable."""
    return not VALUES_OF_VARIABLE.isdisjoint(map(str.lower, map(str.strip, content)))


def _masked_string(text: str) -> str:
    """Mask the secrets in a string. The string may itself be JSON, as in a DataTransfer."""
    if len(text) < MIN_SECRET_TEXT:
        return text
    if text.lstrip()[:1] in {"{", "["}:
        try:
            content = orjson.loads(text)
            changed = masked(content)
            return text if changed == content else orjson.dumps(changed).decode()
        except (orjson.JSONDecodeError, orjson.JSONEncodeError):
            pass
    return masked_text(text)


def has_secret(payload: Any) -> bool:
    """Return whether a JSON value has a secret at any level."""
    return bool(masked(payload) != payload)


def is_key_code(id_token: Any) -> bool:
    """Return whether an object is an idToken of type KeyCode."""
    return isinstance(id_token, dict) and _is_key_code_type(id_token.get("type"))


def _is_key_code_type(kind: Any) -> bool:
    return isinstance(kind, str) and kind.strip().lower() == KEY_CODE


def may_have_secret(raw: bytes) -> bool:
    """Return whether a JSON text may have a secret.

    True for every text with a backslash, because escaped letters may hide a name.

    Fast path: `find`, and `in` with a number on the left, are five times as fast as `in` with bytes, which
    first tries to read the bytes as a number, and handles the exception.
    """
    if BACKSLASH in raw or (AT_SIGN in raw and raw.find(b"://") >= 0):
        return True
    find = raw.lower().find
    return (
        find(b"password") >= 0
        or (find(b"key") >= 0 and any(find(text) >= 0 for text in SECRET_KEYS))
        or find(b"basic ") >= 0
        or find(b"bearer ") >= 0
        or find(b"simpin") >= 0
    )


def masked_frame(raw: bytes, *, is_malformed: bool = False) -> bytes:
    """Return a frame with its secrets masked; a frame without secrets is returned unchanged.

    A malformed frame is always searched, because the name that marks a secret may have been cut off.
    """
    if not (is_malformed or may_have_secret(raw)):
        return raw
    try:
        message = orjson.loads(raw)
        changed = masked(message)
        return raw if changed == message else orjson.dumps(changed)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        return _masked_malformed(raw)


def _masked_malformed(raw: bytes) -> bytes:
    lower = raw.lower()
    if b"keycode" in lower or b"\\u" in lower:
        raw = TOKEN_IN_TEXT.sub(rb'\1"%b"' % MASK.encode(), raw)
    return masked_malformed(raw)


# Which valid CALLs may have a secret

type _Check = Callable[[Any, bytes], bool]
"""Returns whether a valid CALL may have a secret; takes its decoded payload and its frame."""

MAX_HARMLESS_LENGTH: Final = 64
"""Largest maxLength of a string field that is not searched for secrets: too short for free text or a key."""
VALUE_FIELDS: Final = frozenset({"value", "valuesList"})
"""Fields with long strings in a device report; they are secret only if the variable is secret."""
SIGNED_VALUE: Final = "signedMeterValue"
"""Field with long strings: the signature and the public key of a meter."""


def _frame_may_have_secret(_: Any, raw: bytes) -> bool:
    return may_have_secret(raw)


def _frame_may_have_private_key(_: Any, raw: bytes) -> bool:
    """Return whether a frame may contain a private key.

    Fast path: searching for Y first, the rarest letter of PRIVATE KEY, takes a fifth of the time.
    """
    return BACKSLASH in raw or (LETTER_Y in raw and raw.find(b"PRIVATE KEY") >= 0)


def _id_token_may_have_key_code(content: Any, _: bytes) -> bool:
    token = content.idToken
    return token is not None and (token.type == "KeyCode" or token.additionalInfo is not None)


def _id_token_or_signature_may_have_secret(content: Any, raw: bytes) -> bool:
    return _id_token_may_have_key_code(content, raw) or _frame_may_have_private_key(content, raw)


class _Checks(dict[type, _Check | None]):
    """The check for each payload type; None for types that cannot hold a secret.

    Fast path: the plain way is `may_have_secret` for each frame, which takes several microseconds for a
    kilobyte. A valid payload has only the fields of its type: without long strings, there is room for neither
    a key nor free text.
    """

    def __missing__(self, kind: type) -> _Check | None:
        self[kind] = check = _check_of(kind)
        return check


SECRET_CHECKS: Final = _Checks()


def _check_of(kind: type) -> _Check | None:
    names = getattr(kind, "__struct_fields__", None)
    if names is None or "data" in names:  # any content: a plain dictionary, or a DataTransfer
        return _frame_may_have_secret
    places = _top_level_fields_with_long_strings(kind)
    has_token = "idToken" in names
    if not places:
        return _id_token_may_have_key_code if has_token else None
    kinds = set[str]().union(*places.values())
    if kinds == {SIGNED_VALUE}:
        return _id_token_or_signature_may_have_secret if has_token else _frame_may_have_private_key
    if kinds <= VALUE_FIELDS and not has_token:
        return _check_of_variables(next(iter(places)))
    return _check_of_fields([*places], has_token=has_token)


def _check_of_fields(names: list[str], *, has_token: bool) -> _Check:
    """Return a check that searches the frame only if one of the fields ``names`` is present."""

    def check(content: Any, raw: bytes) -> bool:
        if has_token and _id_token_may_have_key_code(content, raw):
            return True
        return any(getattr(content, name) is not None for name in names) and may_have_secret(raw)

    return check


def _check_of_variables(name: str) -> _Check:
    """Return a check that compares the names of variables with those of secret variables.

    ``name`` is the field with the list of variables. Searching the whole frame, which may have many
    kilobytes, would take longer.
    """

    def check(content: Any, raw: bytes) -> bool:
        if AT_SIGN in raw or _frame_may_have_private_key(content, raw):
            return True
        return any(is_secret_name(item.variable.name) for item in getattr(content, name) or ())

    return check


def _top_level_fields_with_long_strings(kind: type) -> dict[str, set[str]]:
    """Top-level fields that contain long strings, each with the names of the fields that hold the strings."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    found = {field.name: set(_places(field.type, field.name)) for field in info.fields}
    return {name: places for name, places in found.items() if places}


def _places(kind: inspect.Type, name: str) -> Iterator[str]:
    """Yield the name of each field with a long string, or signedMeterValue if the field is inside it.

    A string without a maximum length is a time, and not a long string.
    """
    match kind:
        case inspect.StrType(max_length=int(length)) if length > MAX_HARMLESS_LENGTH:
            yield name
        case inspect.ListType(item_type=item):
            yield from _places(item, name)
        case inspect.UnionType(types=types):
            for part in types:
                yield from _places(part, name)
        case inspect.StructType(fields=fields):
            for field in fields:
                yield from _places(field.type, name if name == SIGNED_VALUE else field.name)
