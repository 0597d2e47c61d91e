"""Cases of block C, authorization: tokens that are presented while the station is offline."""

from typing import Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.c_tokens import (
    answers_event,
    has_token,
    listed,
    uses_cache,
    uses_list,
)
from mock_csms.certify.registry import CaseList
from mock_csms.certify.session_events import not_periodic
from mock_csms.client import ABSENT, TranscriptEntry

CASES: Final = CaseList()

RETRY_S: Final = 1
"""Seconds between attempts to connect."""


async def goes_offline_with(run: CaseRun, **variables: object) -> None:
    """Set the variables for a later offline period, and these further ``variables``."""
    await run.given.variables_if_implemented(
        AuthCtrlr__LocalAuthorizeOffline=True,
        OCPPCommCtrlr__OfflineThreshold=RETRY_S + 60,
        OCPPCommCtrlr__RetryBackOffWaitMinimum=RETRY_S,
        OCPPCommCtrlr__RetryBackOffRandomRange=0,
        **variables,
    )


async def knows_token(run: CaseRun) -> None:
    """Put the valid token into the cache and into the local list, as far as the station has them."""
    if await run.variable("AuthCacheCtrlr", "Available") == "true":
        await uses_cache(run)
        await run.given.id_token_cached()
    if await run.variable("LocalAuthListCtrlr", "Available") == "true":
        await uses_list(run, listed(run.tokens.valid, "Accepted"))


async def presents_offline(run: CaseRun) -> None:
    """Present the valid token while the server is offline."""
    await run.csms.goes_offline()
    await run.rig.presents()
    await run.waits(run.times.transaction)
    await run.csms.comes_back(within=run.times.boot)


async def has_charged_offline(run: CaseRun) -> None:
    """Check the events of the offline period, up to the one with chargingState Charging."""
    while True:
        event = await run.station.sends("TransactionEvent", offline=True)
        if event["triggerReason"] == "Authorized":
            run.check(has_token(event, run.tokens.valid), "the event Authorized has the token", event)
        if event["transactionInfo"].get("chargingState") == "Charging":
            is_change = event["triggerReason"] == "ChargingStateChanged"
            run.check(is_change, "the charging has triggerReason ChargingStateChanged", event)
            return


async def is_refused_later(run: CaseRun, *, stops: bool, energy: int) -> None:
    """Charge with a known token while the server is offline; when the server is back, it refuses the token.

    ``stops`` is the value of StopTxOnInvalidId, and ``energy`` that of MaxEnergyOnInvalidId.
    """
    await run.given.variables_if_implemented(AuthCtrlr__OfflineTxForUnknownIdEnabled=True)
    await knows_token(run)
    await goes_offline_with(run, TxCtrlr__StopTxOnInvalidId=stops, TxCtrlr__MaxEnergyOnInvalidId=energy)
    await run.given.ev_connected()
    await answers_event(run, run.tokens.valid, "Invalid")
    await presents_offline(run)
    await has_charged_offline(run)


@CASES.case("TC_C_15_CS", "Charge up to MaxEnergyOnInvalidId with a token refused after an offline period")
async def refused_with_energy(run: CaseRun) -> None:
    await is_refused_later(run, stops=False, energy=10_000)
    await run.station.is_silent("TransactionEvent", triggerReason="Deauthorized")
    await run.station.has_not_sent("TransactionEvent", transactionInfo__chargingState="SuspendedEVSE")


@CASES.family(
    {
        ("TC_C_16_CS", "End the authorization of a token refused after an offline period"): (0,),
        (
            "TC_C_18_CS",
            "End the authorization of a token refused after an offline period, despite MaxEnergyOnInvalidId",
        ): (500,),
    }
)
async def refused_and_stopped(run: CaseRun, energy: int) -> None:
    await is_refused_later(run, stops=True, energy=energy)
    await run.station.sends("TransactionEvent", triggerReason="Deauthorized", offline={ABSENT, False})


@CASES.case("TC_C_17_CS", "Suspend the energy transfer of a token refused after an offline period")
async def refused_and_suspended(run: CaseRun) -> None:
    await is_refused_later(run, stops=False, energy=0)
    await run.station.sends("TransactionEvent", transactionInfo__chargingState="SuspendedEVSE")


async def transaction_ends(run: CaseRun, stop: TranscriptEntry) -> None:
    """Wait until the transaction ends, unless the event ``stop`` has ended it already."""
    if stop["eventType"] != "Ended":
        await run.station.at_last_sends("TransactionEvent", eventType="Ended")


@CASES.case("TC_C_21_CS", "Charge offline with a listed token")
async def token_listed_offline(run: CaseRun) -> None:
    await uses_list(run, listed(run.tokens.valid, "Accepted"))
    await goes_offline_with(run, AuthCtrlr__OfflineTxForUnknownIdEnabled=False)
    await run.given.transaction_started_offline()
    await run.rig.presents()
    await run.rig.unplugs()
    await run.rig.leaves()
    while (event := await run.station.sends("TransactionEvent"))["triggerReason"] != "StopAuthorized":
        run.check(event.payload.get("offline") is True, "the events before the stop have offline true", event)
    await transaction_ends(run, event)


@CASES.family(
    {
        ("TC_C_22_CS", "Start no session offline with a token that is listed as Invalid"): ("Invalid",),
        ("TC_C_23_CS", "Start no session offline with a token that is listed as Blocked"): ("Blocked",),
        ("TC_C_24_CS", "Start no session offline with a token that is listed as Expired"): ("Expired",),
    }
)
async def refused_token_listed_offline(run: CaseRun, status: str) -> None:
    await uses_list(run, listed(run.tokens.invalid, status))
    await goes_offline_with(run, AuthCtrlr__OfflineTxForUnknownIdEnabled=False)
    starts_in_bay = "ParkingBayOccupancy" in (await run.variable("TxCtrlr", "TxStartPoint") or "")
    await run.csms.goes_offline()
    await run.rig.parks()
    await run.rig.presents(run.tokens.invalid)
    await run.csms.comes_back(within=run.times.boot)
    if starts_in_bay:
        await run.station.sends("TransactionEvent", triggerReason="EVDetected", offline=True)
    await run.station.is_silent("TransactionEvent", triggerReason=not_periodic)


@CASES.case("TC_C_25_CS", "Prefer the local list to the cache while offline")
async def list_before_cache(run: CaseRun) -> None:
    await uses_cache(run)
    await run.given.id_token_cached()
    await uses_list(run, listed(run.tokens.valid, "Invalid"))
    await goes_offline_with(
        run, AuthCtrlr__OfflineTxForUnknownIdEnabled=True, TxCtrlr__StopTxOnInvalidId=False
    )
    await run.given.ev_connected()
    await presents_offline(run)
    await run.station.is_silent("TransactionEvent", triggerReason=not_periodic)


@CASES.case("TC_C_26_CS", "Charge offline with an unknown token until the server refuses it")
async def unknown_token(run: CaseRun) -> None:
    await uses_list(run, listed(run.tokens.second, "Accepted"))
    await goes_offline_with(
        run,
        AuthCtrlr__OfflineTxForUnknownIdEnabled=True,
        TxCtrlr__StopTxOnInvalidId=False,
        TxCtrlr__MaxEnergyOnInvalidId=0,
    )
    await run.csms.tries("ClearCache")
    await answers_event(run, run.tokens.valid, "Invalid")
    await run.given.transaction_started_offline()
    await run.station.reports("Occupied")
    await has_charged_offline(run)
    suspended = {"transactionInfo__chargingState": "SuspendedEVSE"}
    event = await run.station.sends("TransactionEvent", suspended)
    if event["eventType"] != "Ended":
        await run.rig.presents()
        event = await run.station.sends("TransactionEvent", triggerReason="StopAuthorized")
    await run.rig.unplugs()
    await run.station.reports("Available")
    if event["eventType"] != "Ended":
        await run.station.at_last_sends("TransactionEvent", triggerReason="EVCommunicationLost")
