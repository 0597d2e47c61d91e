"""Cases of block C, authorization: tokens that the central system decides about."""

from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.registry import CaseList
from mock_csms.certify.station_file import Token
from mock_csms.certify.verbs.station_verbs import PERIODIC
from mock_csms.client import ANY

CASES: Final = CaseList()


def not_periodic(trigger: str) -> bool:
    """Whether the triggerReason of an event is another one than those of its readings."""
    return trigger not in PERIODIC


async def decides_centrally(run: CaseRun) -> None:
    """Prepare the station for asking the central system about every token."""
    await run.given.variables_if_implemented(
        AuthCtrlr__Enabled=True,
        AuthCtrlr__DisableRemoteAuthorization=False,
        AuthCtrlr__LocalPreAuthorize=False,
    )


async def answers_authorize(run: CaseRun, token: Token, status: str, group: str | None = None) -> str:
    """Let the server answer an Authorize for a token with this status; return the id of the rule."""
    return await run.csms.answers(
        "Authorize", {"idTokenInfo": token_info(status, group)}, where={"idToken": token.as_json}
    )


def token_info(status: str, group: str | None = None) -> dict[str, Any]:
    """Return the idTokenInfo of an answer."""
    of_group = {} if group is None else {"groupIdToken": {"idToken": group, "type": "Central"}}
    return {"status": status, **of_group}


@CASES.family(
    {
        ("TC_C_02_CS", "A token that is Invalid starts no session"): ("Invalid", True),
        ("TC_C_05_CS", "A token that is Invalid starts no session before the cable"): ("Invalid", False),
        ("TC_C_06_CS", "A token that is Blocked starts no session"): ("Blocked", True),
        ("TC_C_07_CS", "A token that is Expired starts no session"): ("Expired", True),
        ("TC_C_56_CS", "A token that is Unknown starts no session"): ("Unknown", True),
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


@CASES.case("TC_C_04_CS", "A token that has not started the session cannot stop it")
async def other_token(run: CaseRun) -> None:
    await decides_centrally(run)
    await run.given.energy_transfer_started()
    await run.rig.presents(run.tokens.second)
    await run.station.sends("Authorize", idToken=run.tokens.second.as_json)
    await run.station.is_silent("TransactionEvent", idToken=ANY)
    await run.station.has_sent_no_other("TransactionEvent", eventType="Ended")
