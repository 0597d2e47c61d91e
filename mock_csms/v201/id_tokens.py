"""Status of a presented idToken, and Accepted idTokens of the settings for use in commands."""

from collections.abc import Iterator
from typing import Final

from mock_csms.behaviour.tokens import Token
from mock_csms.csms import Csms
from mock_csms.messages import JsonObject
from mock_csms.settings import Profile
from mock_csms.stations.station import Station

USUAL_TOKEN: Final[JsonObject] = {"idToken": "0123456789ABCD", "type": "ISO14443"}
"""The idToken of commands if the settings name none."""

NEW_TRANSACTION: Final = ""
"""Stands for the id of a transaction that has not begun."""
MAX_TOKEN_CHARACTERS: Final = 36
"""Maximum characters of an idToken in the schemas."""


def names_in_settings(profile: Profile) -> list[str]:
    """Return the idTokens of the tokens table and, in whitelist mode, of the whitelist, each once.

    idTokens that no message can hold are left out, and so is NoAuthorization, which no person presents.
    """
    whitelist = profile.whitelist if profile.auth_mode == "whitelist" else ()
    names = [name for name in (*profile.tokens, *whitelist) if 0 < len(name) <= MAX_TOKEN_CHARACTERS]
    return unique([name for name in names if not _is_anonymous(profile, name)])


def unique(names: list[str]) -> list[str]:
    """Return idTokens without repetitions. Case does not matter."""
    spellings: dict[str, str] = {}
    for name in names:
        spellings.setdefault(name.lower(), name)
    return list(spellings.values())


def _is_anonymous(profile: Profile, name: str) -> bool:
    token = profile.token_book.tokens.get(name.lower())
    return token is not None and token.type == "NoAuthorization"


def accepted_tokens(csms: Csms, station: Station, evse_id: int | None = None) -> Iterator[JsonObject]:
    """Yield the idTokens that the mock accepts at a station. Those of the settings come first.

    With an EVSE, only idTokens that may start a transaction there are yielded.
    """
    profile = csms.profile(station.id)
    for name in [*names_in_settings(profile), USUAL_TOKEN["idToken"]]:
        id_token = profile.token_book.as_presented(name)
        token = presented_token(csms, profile, station, id_token, NEW_TRANSACTION)
        if token.status == "Accepted" and (evse_id is None or _may_start(profile, token, evse_id)):
            yield id_token


def presented_token(
    csms: Csms, profile: Profile, station: Station, id_token: JsonObject, transaction_id: str | None = None
) -> Token:
    """Return the configured token for an idToken that a station presents in a transaction or, with
    ``transaction_id=None``, in an Authorize.

    If the idToken is charging elsewhere and the profile forbids that, the status is ConcurrentTx (C01).
    """
    token = profile.token_book.find(id_token)
    if (
        profile.concurrent_tx
        and token.status == "Accepted"
        and csms.charging.elsewhere(id_token, station.id, transaction_id)
    ):
        return token.model_copy(update={"status": "ConcurrentTx"})
    return token


def is_master_pass(profile: Profile, token: Token) -> bool:
    """Return whether a token may only stop transactions (C12.FR.09, C16.FR.03)."""
    group, master_pass_group = token.group_id_token, profile.master_pass_group
    return group is not None and master_pass_group is not None and group.lower() == master_pass_group.lower()


def _may_start(profile: Profile, token: Token, evse_id: int) -> bool:
    """Whether an Accepted token may start a transaction on an EVSE (C01.FR.20, C16)."""
    return not is_master_pass(profile, token) and (not token.evse_id or evse_id in token.evse_id)
