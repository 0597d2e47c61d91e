"""Cases of block C, authorization: groups of tokens."""

from typing import Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.c_tokens import (
    answers_authorize,
    answers_event,
    charges_unasked,
    decides_centrally,
    has_token,
    listed,
    token_info,
    uses_cache,
    uses_list,
)
from mock_csms.certify.registry import CaseList
from mock_csms.certify.session_events import not_periodic
from mock_csms.certify.station_file import CaseToken

CASES: Final = CaseList()


async def answers_with_group(run: CaseRun, token: CaseToken, status: str = "Accepted") -> None:
    """Make the server answer Authorize and TransactionEvent with this status and the station file's group."""
    await answers_authorize(run, token, status, run.tokens.group)
    await answers_event(run, token, status, run.tokens.group)


async def stops_with(run: CaseRun, token: CaseToken, *, asks: bool) -> None:
    """Stop the session with ``token``, another token of the group, and let the vehicle leave.

    ``asks`` says whether the station has to send an Authorize for the token.
    """
    stop = await run.state.stop_authorized(token, by="local", asks=asks)
    run.check(
        stop is not None and has_token(stop, token),
        "the event of the stop has the token that was presented",
        stop,
    )
    await run.state.parking_bay_unoccupied()


async def cannot_stop(run: CaseRun, token: CaseToken) -> None:
    """Check that a token that the server refuses does not stop the session."""
    await run.rig.presents(token)
    await run.station.sends("Authorize", idToken=token.as_json)
    await run.station.is_silent("TransactionEvent", triggerReason=not_periodic)


@CASES.case("TC_C_39_CS", "Stop the session with another token of the same group")
async def group_of_answers(run: CaseRun) -> None:
    await decides_centrally(run)
    await answers_with_group(run, run.tokens.valid)
    await answers_with_group(run, run.tokens.second)
    await run.given.ev_connected()
    await run.state.authorized(asks=True)
    await run.state.energy_transfer_started()
    await stops_with(run, run.tokens.second, asks=True)


@CASES.case("TC_C_40_CS", "Stop the session with a listed token of the same group")
async def group_of_list(run: CaseRun) -> None:
    tokens = [run.tokens.valid, run.tokens.second]
    for token in tokens:
        await answers_with_group(run, token)
    await uses_list(run, *(listed(token, "Accepted", run.tokens.group) for token in tokens))
    await charges_unasked(run)
    await stops_with(run, run.tokens.second, asks=False)
    await run.station.has_sent_no_other("Authorize")


@CASES.case("TC_C_41_CS", "Stop the session with a cached token of the same group")
async def group_of_cache(run: CaseRun) -> None:
    await uses_cache(run)
    for token in [run.tokens.valid, run.tokens.second]:
        await answers_with_group(run, token)
        await run.given.id_token_cached(token)
    await charges_unasked(run)
    await stops_with(run, run.tokens.second, asks=False)
    await run.station.has_sent_no_other("Authorize")


@CASES.case("TC_C_42_CS", "Stop no session with a refused token of the same group")
async def refused_token_of_group(run: CaseRun) -> None:
    await decides_centrally(run)
    await answers_with_group(run, run.tokens.valid)
    await answers_with_group(run, run.tokens.invalid, "Invalid")
    await run.given.ev_connected()
    await run.state.authorized(asks=True)
    await run.state.energy_transfer_started()
    await cannot_stop(run, run.tokens.invalid)


@CASES.case("TC_C_43_CS", "Stop no session with a token of the same group that is listed as Invalid")
async def refused_token_of_list(run: CaseRun) -> None:
    group = run.tokens.group
    await answers_with_group(run, run.tokens.valid)
    await answers_with_group(run, run.tokens.invalid, "Invalid")
    entries = [listed(run.tokens.valid, "Accepted", group), listed(run.tokens.invalid, "Invalid", group)]
    await uses_list(run, *entries)
    await charges_unasked(run)
    await cannot_stop(run, run.tokens.invalid)


@CASES.case("TC_C_44_CS", "Stop no session with a token of the same group that is cached as Invalid")
async def refused_token_of_cache(run: CaseRun) -> None:
    await uses_cache(run)
    await answers_with_group(run, run.tokens.valid)
    await answers_with_group(run, run.tokens.invalid, "Invalid")
    await run.given.id_token_cached()
    await run.given.id_token_info_cached(run.tokens.invalid, token_info("Invalid", run.tokens.group))
    await charges_unasked(run)
    await cannot_stop(run, run.tokens.invalid)
