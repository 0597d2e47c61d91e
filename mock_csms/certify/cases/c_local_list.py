"""Cases of block C, authorization: the local list while the station is online."""

from typing import Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.c_tokens import asks_again, listed, uses_list
from mock_csms.certify.registry import CaseList

CASES: Final = CaseList()


@CASES.case("TC_C_27_CS", "Charge with a listed token, without an Authorize")
async def listed_token(run: CaseRun) -> None:
    await uses_list(run, listed(run.tokens.valid, "Accepted"))
    await run.state.authorized(asks=False)
    await run.state.ev_connected()
    await run.state.energy_transfer_started()
    await run.station.has_sent_no_other("Authorize")


@CASES.family(
    {
        ("TC_C_28_CS", "Ask the server about a token that is listed as Invalid"): ("Invalid", False),
        ("TC_C_29_CS", "Ask the server about a token that is listed as Blocked"): ("Blocked", True),
        ("TC_C_30_CS", "Ask the server about a token that is listed as Expired"): ("Expired", True),
    }
)
async def refused_token_listed(run: CaseRun, status: str, is_connected: bool) -> None:
    await uses_list(run, listed(run.tokens.invalid, status))
    await asks_again(run, status, is_connected=is_connected)


@CASES.case("TC_C_31_CS", "Charge with a token that is listed as Invalid once the server accepts it")
async def listed_token_accepted(run: CaseRun) -> None:
    await uses_list(run, listed(run.tokens.invalid, "Invalid"))
    await run.state.authorized(run.tokens.invalid, asks=True)
    await run.state.ev_connected()
    await run.state.energy_transfer_started()


@CASES.case(
    "TC_C_58_CS", "Refuse a token listed as Invalid, and send no Authorize, if DisablePostAuthorize is true"
)
async def listed_token_refused(run: CaseRun) -> None:
    await uses_list(run, listed(run.tokens.invalid, "Invalid"))
    await run.given.variables(LocalAuthListCtrlr__DisablePostAuthorize=True)
    await run.state.token_offered(run.tokens.invalid)
    await run.station.is_silent("Authorize")
    await run.station.has_not_sent("TransactionEvent", idToken=run.tokens.invalid.as_json)
