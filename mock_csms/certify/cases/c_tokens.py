"""Steps of block C, authorization: how the station checks tokens, and how the server answers."""

from typing import Any

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.station_file import CaseToken
from mock_csms.client import TranscriptEntry
from mock_csms.client.fields import matches


async def decides_centrally(run: CaseRun) -> None:
    """Set the variables with which the station asks the central system about every token."""
    await run.given.variables_if_implemented(
        AuthCtrlr__Enabled=True,
        AuthCtrlr__DisableRemoteAuthorization=False,
        AuthCtrlr__LocalPreAuthorize=False,
    )


async def uses_cache(run: CaseRun, *, pre_authorize: bool = True) -> None:
    """Enable the cache and empty it; the station still asks about cached tokens that are not Accepted."""
    await run.given.variables_if_implemented(
        AuthCacheCtrlr__Enabled=True,
        AuthCacheCtrlr__DisablePostAuthorize=False,
        AuthCtrlr__LocalPreAuthorize=pre_authorize,
    )
    await run.csms.tries("ClearCache")


async def uses_list(run: CaseRun, *entries: dict[str, Any]) -> None:
    """Send a list with these entries; the station still asks about listed tokens that are not Accepted."""
    await run.given.variables_if_implemented(
        LocalAuthListCtrlr__Enabled=True,
        LocalAuthListCtrlr__DisablePostAuthorize=False,
        AuthCtrlr__LocalPreAuthorize=True,
    )
    await run.given.local_list(*entries)


def listed(token: CaseToken, status: str, group: str | None = None) -> dict[str, Any]:
    """Return an entry of a local list."""
    return {"idToken": token.as_json, "idTokenInfo": token_info(status, group)}


def token_info(status: str, group: str | None = None) -> dict[str, Any]:
    """Return the idTokenInfo of an answer or of an entry."""
    of_group = {} if group is None else {"groupIdToken": {"idToken": group, "type": "Central"}}
    return {"status": status, **of_group}


async def answers_authorize(run: CaseRun, token: CaseToken, status: str, group: str | None = None) -> None:
    """Make the server give a token this status in the answer to Authorize."""
    await _answers(run, "Authorize", token, token_info(status, group))


async def answers_event(run: CaseRun, token: CaseToken, status: str, group: str | None = None) -> None:
    """Make the server give a token this status in the answer to TransactionEvent."""
    await _answers(run, "TransactionEvent", token, token_info(status, group))


async def asks_again(run: CaseRun, status: str, *, is_connected: bool) -> None:
    """Present the invalid token; the station has to send Authorize, and the server answers this status."""
    if is_connected:
        await run.given.ev_connected()
    await answers_authorize(run, run.tokens.invalid, status)
    await run.state.token_offered(run.tokens.invalid)
    await run.station.sends("Authorize", idToken=run.tokens.invalid.as_json)


async def charges_unasked(run: CaseRun) -> None:
    """Plug in, and charge with the valid token; the station must send no Authorize."""
    await run.given.ev_connected()
    await run.state.authorized(asks=False)
    await run.state.energy_transfer_started()
    await run.station.has_sent_no_other("Authorize")


def has_token(event: TranscriptEntry, token: CaseToken) -> bool:
    """Whether an event has a token, with or without additionalInfo."""
    return matches({"idToken": token.as_json}, event.payload)


async def _answers(run: CaseRun, action: str, token: CaseToken, info: dict[str, Any]) -> None:
    await run.csms.answers(action, {"idTokenInfo": info}, where={"idToken": token.as_json})
