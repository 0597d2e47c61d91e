"""Comparison of idTokens."""

from typing import Final

from ocpp.v201.enums import IdTokenEnumType as TokenType

from mock_csms.messages import JsonObject

type TokenKey = tuple[str, str]
"""Type and value of a token; equal for equal tokens."""

UNCACHED_TYPES: Final = frozenset({TokenType.central, TokenType.no_authorization})
"""Token types that the station accepts without an Authorize and never caches (C02.FR.03, C05.FR.01,
C05.FR.02).
"""


def token_key(id_token: JsonObject) -> TokenKey:
    """Key of a token. It ignores additionalInfo (C01.FR.25) and the case of an identifierString."""
    return id_token["type"], id_token["idToken"].lower()


def group_key(info: JsonObject | None) -> TokenKey | None:
    """Key of the groupIdToken in an idTokenInfo; None if the groupIdToken is missing or empty (C 1.2)."""
    group = (info or {}).get("groupIdToken")
    return token_key(group) if group and group["idToken"] else None
