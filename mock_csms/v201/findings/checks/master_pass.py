"""Transactions that a master pass stops (C16, with the errata of 2025-09)."""

from typing import Final

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.checks.asking import is_recent
from mock_csms.v201.findings.checks.charging_rights import master_pass_answer
from mock_csms.v201.findings.clock import seconds_of
from mock_csms.v201.findings.facts.id_tokens import ACCEPTED, IdTokenFacts
from mock_csms.v201.findings.known import Known201

_TOLD_WITHIN_S: Final = 120.0

MASTER_PASS_NOT_REPORTED: Final = CHECKS.kind(
    "master-pass-not-reported",
    "error",
    "the Ended event of a transaction that a master pass stops does not have stoppedReason MasterPass",
    "AuthCtrlr.MasterPassGroupId, and the groupIdToken of the idToken",
)


@MASTER_PASS_NOT_REPORTED.on_event("C16.FR.07", types=("Ended",), triggers=("StopAuthorized",))
def _judge_reason(call: StationCall, known: Known201) -> Outcome:
    """Check the stoppedReason of a transaction that ends with the idToken of a master pass."""
    answer, moment = master_pass_answer(call, known), seconds_of(call.payload["timestamp"])
    if answer is None or moment is None or answer.status != ACCEPTED or call.payload.get("offline"):
        return None
    if not is_recent(answer.at, moment) or known[IdTokenFacts].settings_sent_at > moment - _TOLD_WITHIN_S:
        return None
    info = call.payload["transactionInfo"]
    reason = info.get("stoppedReason", "Local")
    if reason == "MasterPass":
        return MET
    return Broken(
        f"a master pass stopped the transaction {short(info['transactionId'])}, but its stoppedReason is "
        f"{reason}; it must be MasterPass",
        (answer.frame,),
    )
