"""Cases of block C, authorization: the authorization cache."""

from math import ceil
from typing import Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.c_tokens import (
    answers_authorize,
    answers_event,
    asks_again,
    charges_unasked,
    token_info,
    uses_cache,
)
from mock_csms.certify.registry import CaseList
from mock_csms.certify.verdicts import Skipped

CASES: Final = CaseList()


@CASES.case("TC_C_08_CS", "Charge with a cached token, without an Authorize")
async def cached_token(run: CaseRun) -> None:
    await uses_cache(run)
    await run.given.id_token_cached()
    await charges_unasked(run)


@CASES.family(
    {
        ("TC_C_09_CS", "Ask the server about a token that is cached as Invalid"): ("Invalid", True),
        ("TC_C_10_CS", "Ask the server about a token that is cached as Blocked"): ("Blocked", False),
        ("TC_C_11_CS", "Ask the server about a token that is cached as Expired"): ("Expired", True),
    }
)
async def refused_token_cached(run: CaseRun, status: str, is_connected: bool) -> None:
    await uses_cache(run)
    await run.given.id_token_info_cached(run.tokens.invalid, token_info(status))
    await asks_again(run, status, is_connected=is_connected)


@CASES.case("TC_C_12_CS", "Charge with a token that is cached as Invalid once the server accepts it")
async def cached_token_accepted(run: CaseRun) -> None:
    await uses_cache(run)
    await run.given.id_token_info_cached(run.tokens.invalid, token_info("Invalid"))
    await run.given.ev_connected()
    await run.state.authorized(run.tokens.invalid, asks=True)
    await run.state.energy_transfer_started()


@CASES.case("TC_C_13_CS", "Authorize a cached token before the cable is plugged in")
async def cached_token_before_cable(run: CaseRun) -> None:
    await uses_cache(run)
    await run.given.id_token_cached()
    await run.given.parking_bay_occupied()
    await run.state.authorized(asks=False)
    await run.state.ev_connected()
    await run.state.energy_transfer_started()
    await run.station.has_sent_no_other("Authorize")


@CASES.case(
    "TC_C_57_CS", "Refuse a token cached as Invalid, and send no Authorize, if DisablePostAuthorize is true"
)
async def cached_token_refused(run: CaseRun) -> None:
    await uses_cache(run)
    await run.given.variables(AuthCacheCtrlr__DisablePostAuthorize=True)
    await run.given.id_token_info_cached(run.tokens.invalid, token_info("Invalid"))
    await run.given.ev_connected()
    await run.state.token_offered(run.tokens.invalid)
    await run.station.is_silent("Authorize")
    await run.station.has_not_sent("TransactionEvent", idToken=run.tokens.invalid.as_json)


@CASES.case("TC_C_32_CS", "Keep a token in the cache over a restart")
async def cached_over_restart(run: CaseRun) -> None:
    await uses_cache(run)
    await run.given.id_token_cached()
    await run.state.booted()
    await run.state.authorized(asks=False)
    await run.state.ev_connected()
    await run.state.energy_transfer_started()
    await run.station.has_sent_no_other("Authorize")


@CASES.case("TC_C_33_CS", "Cache a token with the answer to its Authorize")
async def cached_by_authorize(run: CaseRun) -> None:
    await uses_cache(run)
    await run.given.variables_if_implemented(LocalAuthListCtrlr__Enabled=True)
    await run.given.ev_connected()
    await run.state.authorized(asks=True)
    await run.state.energy_transfer_started()
    await run.state.parking_bay_unoccupied()
    await run.state.ev_connected()
    await answers_event(run, run.tokens.valid, "Invalid")
    await run.state.authorized(asks=False)
    await run.station.has_sent_no_other("Authorize")


@CASES.case("TC_C_34_CS", "Cache a token with the answer to its TransactionEvent")
async def cached_by_event(run: CaseRun) -> None:
    await uses_cache(run)
    await run.given.variables_if_implemented(
        LocalAuthListCtrlr__Enabled=True, TxCtrlr__StopTxOnInvalidId=True, TxCtrlr__MaxEnergyOnInvalidId=0
    )
    await run.given.id_token_cached()
    await run.given.ev_connected()
    await answers_event(run, run.tokens.valid, "Invalid")
    await answers_authorize(run, run.tokens.valid, "Invalid")
    await run.state.authorized(asks=False)
    await run.state.deauthorized()
    await run.state.parking_bay_unoccupied()
    await run.station.has_sent_no_other("Authorize")
    await run.state.ev_connected()
    await run.state.token_offered(run.tokens.valid)
    await run.station.sends("Authorize", idToken=run.tokens.valid.as_json)


@CASES.case("TC_C_36_CS", "Ask the server about a cached token if LocalPreAuthorize is false")
async def cache_not_used(run: CaseRun) -> None:
    await uses_cache(run, pre_authorize=False)
    await run.given.id_token_cached()
    await answers_authorize(run, run.tokens.valid, "Invalid")
    await run.state.token_offered(run.tokens.valid)
    await run.station.sends("Authorize", idToken=run.tokens.valid.as_json)


@CASES.case("TC_C_37_CS", "Clear the cache")
async def cleared_cache(run: CaseRun) -> None:
    await uses_cache(run)
    await run.given.id_token_cached()
    await run.csms.sends("ClearCache", expect="Accepted")
    await run.state.ev_connected()
    await run.state.authorized(asks=True)
    await run.state.energy_transfer_started()


@CASES.case("TC_C_38_CS", "Refuse to clear a cache that is disabled")
async def disabled_cache(run: CaseRun) -> None:
    if await run.variable("AuthCacheCtrlr", "Enabled") is None:
        raise Skipped("the station has no AuthCacheCtrlr.Enabled, which disables its cache")
    await uses_cache(run)
    await run.given.id_token_cached()
    await run.given.variables(AuthCacheCtrlr__Enabled=False)
    await run.csms.sends("ClearCache", expect="Rejected")


@CASES.case("TC_C_46_CS", "Drop a token from the cache after its life time")
async def life_time_of_cache(run: CaseRun) -> None:
    await uses_cache(run)
    life_s = max(1, ceil(run.times.transaction))
    await run.given.variables(AuthCacheCtrlr__LifeTime=life_s)
    await run.given.id_token_cached()
    await run.given.ev_connected()
    await run.waits(life_s + 1)
    await run.state.authorized(by="local", asks=True)
