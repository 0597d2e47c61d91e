"""Transactions that a Reset Immediate ends (B12, with the errata of 2025-09)."""

from collections.abc import Callable
from typing import Final

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.immediate_resets import ImmediateResets
from mock_csms.v201.findings.known import Known201

_ENDED_WITHIN_S: Final = 60.0
_RESET_COMMAND: Final = "ResetCommand"

RESET_TRIGGER_REASON_WRONG: Final = CHECKS.kind(
    "reset-trigger-reason-wrong",
    "error",
    "the Ended event of a transaction that a Reset Immediate stops does not have triggerReason ResetCommand",
    "a Reset Immediate that was accepted less than a minute before, and all events since the Started event",
)


def _judge_end(*, of_evse: bool) -> Callable[[StationCall, Known201], Outcome]:
    def judge(call: StationCall, known: Known201) -> Outcome:
        """Check that an Ended event with stoppedReason ImmediateReset has triggerReason ResetCommand."""
        info, reset = call.payload["transactionInfo"], known[ImmediateResets].latest
        if info.get("stoppedReason") != "ImmediateReset" or reset is None or call.payload.get("offline"):
            return None
        if ("evseId" in reset.request) != of_evse or call.at - reset.at > _ENDED_WITHIN_S:
            return None
        trigger = call.payload["triggerReason"]
        if trigger == _RESET_COMMAND:
            return MET
        tracked = known.transactions.find(info["transactionId"])
        if tracked is None or tracked.started is None or tracked.gaps or tracked.contents.first_stop:
            return None
        if call.payload["seqNo"] != tracked.high + 1:
            return None  # an event that is missing may have begun the end
        return Broken(
            f"the Ended event of the transaction {short(info['transactionId'])} has stoppedReason "
            f"ImmediateReset but triggerReason {trigger}; the triggerReason must be {_RESET_COMMAND}",
            (reset.sent_frame, reset.frame),
        )

    return judge


RESET_TRIGGER_REASON_WRONG.on_event("B12.FR.04", types=("Ended",))(_judge_end(of_evse=False))
RESET_TRIGGER_REASON_WRONG.on_event("B12.FR.08", types=("Ended",))(_judge_end(of_evse=True))
