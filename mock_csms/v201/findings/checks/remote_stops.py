"""Answers to RequestStopTransaction (F03)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome
from mock_csms.log.summary import short
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.remote_stops import RemoteStopFacts
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.running import CHARGING, Suspicion

_STOP: Final = Action.request_stop_transaction
_ACCEPT: Final = ("F03.FR.07",)

REMOTE_STOP_REJECTED: Final = CHECKS.kind(
    "remote-stop-rejected",
    "error",
    "a RequestStopTransaction for a running transaction is rejected",
    "the idToken and charging state of the transaction, and an event of this transaction that "
    "happened after the answer",
)
REMOTE_STOP_ACCEPTED_AFTER_END: Final = CHECKS.kind(
    "remote-stop-accepted-after-end",
    "error",
    "a RequestStopTransaction for a transaction that has ended is accepted",
    "that the Ended event of the transaction came before the command",
)


@REMOTE_STOP_REJECTED.on_command(*_ACCEPT, of=_STOP)
def _judge_running(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that the stop of a running transaction is accepted. A rejection is reported once a later event
    shows that the transaction goes on.
    """
    transaction_id = command.request["transactionId"]
    transaction = known.running.by_id.get(transaction_id)
    if transaction is None or transaction.may_have_ended or known.registration.is_unsettled:
        return None
    if command.answer["status"] == "Accepted":
        return MET
    if transaction.is_authorized:
        sentence = (
            f"a RequestStopTransaction for the transaction {short(transaction_id)} was Rejected although the "
            "transaction was running and went on; it must be Accepted"
        )
        suspicion = Suspicion(
            REMOTE_STOP_REJECTED.id, command.at, (command.frame,), sentence, CHARGING, requirements=_ACCEPT
        )
        transaction.suspicions.append(suspicion)
    return None


@REMOTE_STOP_ACCEPTED_AFTER_END.on_command("F03.FR.08", of=_STOP)
def _judge_ended(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that the stop of a transaction that is not running is rejected."""
    transaction_id = command.request["transactionId"]
    has_ended = known[RemoteStopFacts].ended_before == transaction_id
    if command.answer["status"] == "Rejected":
        is_unknown = known.registration.is_accepted_here and transaction_id not in known.running.by_id
        return MET if (has_ended or is_unknown) and not known.registration.is_unsettled else None
    if not has_ended:
        return None
    return Broken(
        f"a RequestStopTransaction for the transaction {short(transaction_id)} was Accepted although the "
        "transaction had ended before; it must be Rejected",
        (command.sent_frame,),
    )
