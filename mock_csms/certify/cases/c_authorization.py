"""Cases of block C, authorization: tokens that the central system decides about."""

from typing import Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.c_tokens import answers_authorize, decides_centrally
from mock_csms.certify.registry import CaseList
from mock_csms.certify.session_events import not_periodic
from mock_csms.client import ANY

CASES: Final = CaseList()


@CASES.family(
    {
        ("TC_C_02_CS", "Start no session with a token that is Invalid"): ("Invalid", True),
        ("TC_C_05_CS", "Start no session with a token that is Invalid, before the cable is plugged in"): (
            "Invalid",
            False,
        ),
        ("TC_C_06_CS", "Start no session with a token that is Blocked"): ("Blocked", True),
        ("TC_C_07_CS", "Start no session with a token that is Expired"): ("Expired", True),
        ("TC_C_56_CS", "Start no session with a token that is Unknown"): ("Unknown", True),
    }
)
async def refused_token(run: CaseRun, status: str, is_connected: bool) -> None:
    await decides_centrally(run)
    await answers_authorize(run, run.tokens.invalid, status)
    if is_connected:
        await run.given.ev_connected()
    await run.rig.presents(run.tokens.invalid)
    await run.station.sends("Authorize", idToken=run.tokens.invalid.as_json)
    await run.station.is_silent("TransactionEvent", triggerReason=not_periodic)


@CASES.case("TC_C_04_CS", "Stop no session with another token than the one that started it")
async def other_token(run: CaseRun) -> None:
    await decides_centrally(run)
    await run.given.energy_transfer_started()
    await run.rig.presents(run.tokens.second)
    await run.station.sends("Authorize", idToken=run.tokens.second.as_json)
    await run.station.is_silent("TransactionEvent", idToken=ANY)
    await run.station.has_sent_no_other("TransactionEvent", eventType="Ended")
