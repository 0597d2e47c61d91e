"""The idTokens in commands: those of the settings, and which of them are Accepted."""

from collections.abc import Iterator
from typing import Final

from mock_csms.csms import Csms
from mock_csms.messages import JsonObject
from mock_csms.settings import Profile
from mock_csms.stations.station import Station

USUAL_TOKEN: Final[JsonObject] = {"idToken": "0123456789ABCD", "type": "ISO14443"}
"""The idToken of commands if the settings have none."""


MAX_TOKEN_CHARACTERS: Final = 36
"""Maximum characters of an idToken in the schemas."""


def names_in_settings(profile: Profile) -> list[str]:
    """Return the idTokens of the tokens table and, in whitelist mode, of the whitelist, each once.

    Left out are those that no message can hold, and NoAuthorization, which is not a token of a person.
    """
    whitelist = profile.whitelist if profile.auth_mode == "whitelist" else ()
    names = [name for name in (*profile.tokens, *whitelist) if 0 < len(name) <= MAX_TOKEN_CHARACTERS]
    return unique([name for name in names if not _is_anonymous(profile, name)])


def unique(names: list[str]) -> list[str]:
    """Return idTokens without repetitions; those that differ only in case are the same."""
    spellings: dict[str, str] = {}
    for name in names:
        spellings.setdefault(name.lower(), name)
    return list(spellings.values())


def _is_anonymous(profile: Profile, name: str) -> bool:
    token = profile.token_book.tokens.get(name.lower())
    return token is not None and token.type == "NoAuthorization"


def accepted_tokens(csms: Csms, station: Station, evse_id: int | None = None) -> Iterator[JsonObject]:
    """Yield the idTokens that the mock accepts at a station, those of the settings first.

    For an EVSE, only those that may start a transaction there are yielded.
    """
    profile = csms.profile(station.id)
    for name in [*names_in_settings(profile), USUAL_TOKEN["idToken"]]:
        id_token = profile.token_book.as_presented(name)
        if _is_accepted(csms, station, id_token) and (
            evse_id is None or _may_start(profile, id_token, evse_id)
        ):
            yield id_token


def _is_accepted(csms: Csms, station: Station, id_token: JsonObject) -> bool:
    """Whether the mock would answer Accepted if the station presented this idToken for a new transaction."""
    profile = csms.profile(station.id)
    if profile.token_book.find(id_token).status != "Accepted":
        return False
    return not (profile.concurrent_tx and csms.charging.elsewhere(id_token, station.id, ""))


def _may_start(profile: Profile, id_token: JsonObject, evse_id: int) -> bool:
    """Whether an Accepted idToken may start a transaction on an EVSE (C01.FR.20, C16)."""
    token, master_pass_group = profile.token_book.find(id_token), profile.master_pass_group
    group = token.group_id_token
    if group is not None and master_pass_group is not None and group.lower() == master_pass_group.lower():
        return False
    return not token.evse_id or evse_id in token.evse_id
