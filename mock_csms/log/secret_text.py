"""Masking of secrets in texts: passwords, private keys, credentials, and the user part of URLs.

All patterns take linear time, even for texts that are made to slow them down.
"""

import re
from typing import Final

MASK: Final = "***"
SECRET_VARIABLES: Final = frozenset(
    {
        "apnpassword",
        "apnsimpin",
        "authorizationkey",
        "basicauthpassword",
        "vpnkey",
        "vpnpassword",
        "wifipassword",
    }
)
"""Secret variables of the device model, and a secret configuration key of OCPP 1.6, in lower case."""

VALUE: Final = r"""(?:"(?:[^"\\]|\\.)*+"?|\\++"[^"]*+"?|'[^']*+'?|[^\s"'\\,;&})\]]++)"""
"""Pattern of a value after a colon or an equals sign: bare, in quotes, or in escaped quotes (nested JSON)."""
SEPARATOR: Final = r"""(?:\\*+["'\])])*+(?:\[[^\[\]\n]{0,60}\])?\s*+[:=]\s*+"""
"""Pattern of what stands between a name and its value in JSON, TOML, URLs and settings, such as ``=``."""


class _Values:
    """Masks the values of the fields whose names match a pattern: scalars, lists and objects."""

    def __init__(self, name: str) -> None:
        self._nested = re.compile(rf"{name}(?=[\[{{])", re.IGNORECASE)
        self._scalar = re.compile(rf"({name}){VALUE}", re.IGNORECASE | re.DOTALL)

    def masked(self, text: str) -> str:
        """Return a text in which the values of these fields are masked."""
        return self._scalar.sub(_masked_value, self._without_nested(text))

    def _without_nested(self, text: str) -> str:
        parts: list[str] = []
        position = 0
        while found := self._nested.search(text, position):
            parts += [text[position : found.end()], MASK]
            position = _end_of_nested(text, found.end())
        return "".join([*parts, text[position:]])


def _end_of_nested(text: str, start: int) -> int:
    """Return the end of the list or object that begins at ``start``; of the text if the end is missing."""
    depth = 0
    for token in BRACKET_OR_STRING.finditer(text, start):
        depth += DEPTHS.get(token[0], 0)
        if not depth:
            return token.end()
    return len(text)


BRACKET_OR_STRING: Final = re.compile(r"""[\[\]{}]|"(?:[^"\\]|\\.)*+"?|\\++"[^"]*+"?""", re.DOTALL)
DEPTHS: Final = {"[": 1, "{": 1, "]": -1, "}": -1}

NAMED_SECRET: Final = _Values(rf"(?:password|simpin|authorizationkey){SEPARATOR}(?!null\b)")
KEY_BESIDE_PASSWORD: Final = _Values(r'"key"\s*+:\s*+')
"""Key of a VPN (VPNType); secret like the password beside it."""
NAMED_VARIABLE: Final = re.compile(r'"variable"\s*+:\s*+\{[^{}]*?"name"\s*+:\s*+"[^"]*+"')
NEXT_ITEM: Final = re.compile(r"\}\s*+,\s*+\{")
ITEM_FIELDS: Final = "attributeValue|actualValue|additionalInfo|techInfo"
ITEM_VALUE: Final = _Values(rf'"(?:{ITEM_FIELDS})"\s*+:\s*+')
ATTRIBUTE_VALUE: Final = _Values(rf'"(?:{ITEM_FIELDS}|value)"\s*+:\s*+')
WITH_BARE_VALUES: Final = ('"variableAttribute"', '"ChangeConfiguration"')
"""A message with one of these texts may have the value of a variable in a field named `value`."""
CUT_OFF_USER: Final = re.compile(r"""(?<!\w)(\w++:\\?/\\?/)[^/\s"':@]*+:[^\s"'@]*+\Z""")
"""A URL cut off within a password. A URL cut off after a port looks the same."""
VALUE_OF_VARIABLE: Final = _Values(
    rf"(?:attributeValue|actualValue|\bvalue|additionalInfo|techInfo){SEPARATOR}"
)
"""Values of a variable in any message; masked only in a text that names a secret variable."""
PRIVATE_KEY: Final = re.compile(r"""(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----)[^"'\n]*+""")
"""A private key in PEM with escaped line breaks, up to the end of the text, quote or line."""
PRIVATE_KEY_LINES: Final = re.compile(r"""(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----)[^"']*+""")
"""A private key in PEM with real line breaks."""
CREDENTIALS: Final = re.compile(r"(?<!\w)((?:basic|bearer)\s++)([A-Za-z0-9+/=._~-]{8,}+)", re.IGNORECASE)
USER_IN_URL: Final = re.compile(
    r"""(?<!\w)(\w++:\\?/\\?/)(?:[^/\s"'<>\\]+@|(?![^/\s"':@]*+:\d{1,5}/)[^/\s"':@]++:[^\s"'<>]{0,80}@)"""
)
ESCAPED_CHARACTER: Final = re.compile(r"\\u00([2-7][0-9a-fA-F])")
MIN_BARE_PASSWORD: Final = 8
"""Minimum length of a word without quotes that may be a password. OCPP requires 16 characters."""
QUOTE_OR_BACKSLASH: Final = frozenset('"\\')


def may_have_secret_text(lower: str) -> bool:
    """Return whether a text in lower case may have a secret; cheaper than searching with the patterns."""
    return (
        "password" in lower
        or "private key" in lower
        or ("@" in lower and ("://" in lower or ":\\/" in lower))
        or "basic " in lower
        or "bearer " in lower
        or "simpin" in lower
        or "authorizationkey" in lower
    )


def masked_text(text: str, *, private_key: re.Pattern[str] = PRIVATE_KEY_LINES) -> str:
    """Return a text with its secrets masked."""
    lower = text.lower()
    if not may_have_secret_text(lower):
        return text
    text = private_key.sub(rf"\1{MASK}", text)
    text = USER_IN_URL.sub(rf"\1{MASK}@", text)
    text = CREDENTIALS.sub(_masked_credentials, text)
    if any(name in lower for name in SECRET_VARIABLES):
        text = VALUE_OF_VARIABLE.masked(text)
    return NAMED_SECRET.masked(text)


def masked_lines(text: str) -> str:
    """Return log lines of messages with their secrets masked.

    A private key is masked up to the end of its line.

    Fast path: the plain way is `masked_text` for each line. Here, all lines are first searched at once for
    signs of a secret, which takes a fifth of a microsecond per line.
    """
    lower = text.lower()
    if "@" in text or "PRIVATE KEY" in text or "password" in lower or "basic " in lower:
        return "\n".join(masked_text(line, private_key=PRIVATE_KEY) for line in text.split("\n"))
    return text


def masked_malformed(raw: bytes) -> bytes:
    """Return a frame that is not valid JSON with its secrets masked.

    If the frame has a secret, its escaped characters are returned unescaped, because the patterns match only
    unescaped text.
    """
    text = raw.decode("latin-1")
    plain = ESCAPED_CHARACTER.sub(_unescaped, text).replace("\\/", "/")
    masked = masked_text(_without_unnamed_values(CUT_OFF_USER.sub(rf"\1{MASK}", plain)))
    if '"password' in plain.lower() or '"vpn"' in plain.lower():
        masked = KEY_BESIDE_PASSWORD.masked(masked)
    return raw if masked == plain else masked.encode("latin-1")


def _masked_value(match: re.Match[str]) -> str:
    """Mask a value. Quotes are kept, and so are words of a sentence such as "password: must be a text"."""
    value = match[0][len(match[1]) :]
    if match[1].endswith(" ") and value.isalpha() and len(value) < MIN_BARE_PASSWORD:
        return match[0]
    opening = value[: len(value) - len(value.lstrip("\\\"'"))]
    closing = opening if opening and value.endswith(opening[-1]) and len(value) > len(opening) else ""
    return f"{match[1]}{opening}{MASK}{closing}"


def _masked_credentials(match: re.Match[str]) -> str:
    """Mask credentials, but not an ordinary word, as in "Basic authentication"."""
    token = match[2]
    return match[0] if token.isalpha() and token[1:].islower() else f"{match[1]}{MASK}"


def _unescaped(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return match[0] if character in QUOTE_OR_BACKSLASH else character


def _without_unnamed_values(text: str) -> str:
    """Mask the values of a variable whose name is cut off, because the variable may be a password."""
    named_until = max((match.end() for match in NAMED_VARIABLE.finditer(text)), default=0)
    next_item = NEXT_ITEM.search(text, named_until) if named_until else None
    if named_until and next_item is None:
        return text
    start = next_item.end() if next_item else 0
    values = ATTRIBUTE_VALUE if any(name in text for name in WITH_BARE_VALUES) else ITEM_VALUE
    return text[:start] + values.masked(text[start:])
