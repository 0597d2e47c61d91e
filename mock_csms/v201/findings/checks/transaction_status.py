"""Answers to GetTransactionStatus (E14)."""

from typing import Final

from ocpp.v201.enums import Action, TriggerReasonEnumType

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome, StationCall
from mock_csms.findings.expectations import ExpectedMessage
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import seconds_of
from mock_csms.v201.findings.facts.queue_claims import QueueClaims
from mock_csms.v201.findings.facts.transaction_notes import PERIODIC_TRIGGER
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.running import Suspicion

_MARGIN_S: Final = 60.0
"""An event that happened less than so many seconds before a command may not be in the queue yet when the
command arrives: clocks differ, and readings may have to be signed first.
"""
_ANSWERED_S: Final = 60.0
"""For so many seconds after an Ended event, the station may still wait for the answer to this event."""
_DELIVERY_S: Final = 600.0
"""Time in which a queued event must arrive, with its retries."""
_NOT_PERIODIC: Final = frozenset(str(reason.value) for reason in TriggerReasonEnumType) - {PERIODIC_TRIGGER}

TRANSACTION_STATUS_WRONG: Final = CHECKS.kind(
    "transaction-status-wrong",
    "error",
    "an answer to GetTransactionStatus contradicts the events of the transaction",
    "the events of the transaction; if the transaction is running, also an event of it that happened after "
    "the answer",
)
TRANSACTION_STATUS_WRONG.names("E14.FR.02", "E14.FR.05", "E14.FR.08")


def _is_running(known: Known201, transaction_id: str) -> bool:
    running = known.running.by_id.get(transaction_id)
    return running is not None and not running.may_have_ended


@TRANSACTION_STATUS_WRONG.on_command("E14.FR.01", of=Action.get_transaction_status)
def _judge_unknown(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that an answer about an unknown transaction has an ongoingIndicator."""
    transaction_id = command.request.get("transactionId")
    if transaction_id is None or known.transactions.has_had(transaction_id):
        return None
    indicator = command.answer.get("ongoingIndicator")
    if indicator is None:
        return Broken(
            f"the answer about the transaction {short(transaction_id)} has no ongoingIndicator; it must be "
            "true or false"
        )
    return MET if not indicator and not command.answer["messagesInQueue"] else None


@TRANSACTION_STATUS_WRONG.on_command("E14.FR.02", of=Action.get_transaction_status)
def _judge_running(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that an answer about a running transaction has ongoingIndicator true. A wrong answer is reported
    once a later event shows that the transaction goes on.
    """
    transaction_id = command.request.get("transactionId")
    if transaction_id is None or not _is_running(known, transaction_id):
        return None
    if command.answer.get("ongoingIndicator"):
        return MET
    known.running.by_id[transaction_id].suspicions.append(
        Suspicion(
            TRANSACTION_STATUS_WRONG.id,
            command.at,
            (command.sent_frame, command.frame),
            f"the answer about the transaction {short(transaction_id)} does not have ongoingIndicator true, "
            "but the transaction went on; it must be true until the transaction has stopped",
            requirements=("E14.FR.02",),
        )
    )
    return None


@TRANSACTION_STATUS_WRONG.on_command("E14.FR.03", of=Action.get_transaction_status)
def _judge_stopped(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that an answer about a stopped transaction has ongoingIndicator false."""
    transaction_id = command.request.get("transactionId")
    if transaction_id is None or not known.transactions.has_ended(transaction_id):
        return None
    if command.answer.get("ongoingIndicator") is False:
        return MET
    return Broken(
        f"the answer about the transaction {short(transaction_id)} does not have ongoingIndicator false, but "
        "the transaction has ended; it must be false"
    )


@TRANSACTION_STATUS_WRONG.on_command("E14.FR.06", of=Action.get_transaction_status)
def _judge_all(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that an answer about all transactions has no ongoingIndicator."""
    if "transactionId" in command.request:
        return None
    if "ongoingIndicator" not in command.answer:
        return MET
    return Broken(
        "the answer to a GetTransactionStatus without transactionId has an ongoingIndicator; it must not "
        "have one"
    )


# An event was in the queue


def _judge_claim(call: StationCall, known: Known201, transaction_id: str | None) -> Outcome:
    """Check that an event that arrives now was not in the queue when an earlier answer about `transaction_id`
    (None: about all transactions) said that the queue was empty.
    """
    claim = known[QueueClaims].by_id.get(transaction_id)
    if claim is None or not _is_new(call.payload, known):
        return None
    happened_at, clock = seconds_of(call.payload["timestamp"]), known.clock
    if happened_at is None or clock.since is None or clock.is_skewed or happened_at < clock.since:
        return None
    if happened_at > claim.asked_at - _MARGIN_S:
        return None
    if not claim.is_empty:
        return MET
    name = short(call.payload["transactionInfo"]["transactionId"])
    return Broken(
        f"an event of the transaction {name} from {short(call.payload['timestamp'])} was sent only after the "
        "answer that no messages are in the queue; messagesInQueue must be true while an event waits",
        (claim.frame,),
    )


def _is_new(event: JsonObject, known: Known201) -> bool:
    """Return whether an event has certainly not been received before."""
    tracked = known.transactions.find(event["transactionInfo"]["transactionId"])
    seq_no = event["seqNo"]
    if tracked is None:
        return bool(event["eventType"] == "Started")
    is_in_gap = any(first <= seq_no <= last for first, last, _ in tracked.gaps)
    return seq_no > tracked.high or seq_no < tracked.low or is_in_gap


@TRANSACTION_STATUS_WRONG.on_event("E14.FR.04", triggers=_NOT_PERIODIC)
def _judge_claim_about_transaction(call: StationCall, known: Known201) -> Outcome:
    """Check that an event was not in the queue when an earlier answer about its transaction said that no
    messages were queued.
    """
    return _judge_claim(call, known, call.payload["transactionInfo"]["transactionId"])


@TRANSACTION_STATUS_WRONG.on_event("E14.FR.07", triggers=_NOT_PERIODIC)
def _judge_claim_about_all(call: StationCall, known: Known201) -> Outcome:
    """Check that an event was not in the queue when an earlier answer about all transactions said that no
    messages were queued.
    """
    return _judge_claim(call, known, None)


# No event is in the queue


@TRANSACTION_STATUS_WRONG.on_command("E14.FR.05", of=Action.get_transaction_status)
def _judge_queue_of_stopped(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that an answer about a transaction whose events have all arrived has messagesInQueue false. If it
    is true, a further event of the transaction is expected.
    """
    transaction_id = command.request.get("transactionId")
    tracked = None if transaction_id is None else known.transactions.find(transaction_id)
    if transaction_id is None or tracked is None or not tracked.is_complete:
        return None
    if not command.answer["messagesInQueue"]:
        return MET
    _expect_delivery(command, known, "E14.FR.05", transaction_id)
    return None


@TRANSACTION_STATUS_WRONG.on_command("E14.FR.08", of=Action.get_transaction_status)
def _judge_queue_of_idle_station(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that an answer about all transactions has messagesInQueue false if no transaction is running. If
    it is true, an event is expected.
    """
    if "transactionId" in command.request or known.running.by_id or not known.transactions.has_seen_boot:
        return None
    if not command.answer["messagesInQueue"]:
        return MET
    _expect_delivery(command, known, "E14.FR.08", None)
    return None


def _expect_delivery(
    command: AnsweredCommand, known: Known201, requirement: str, transaction_id: str | None
) -> None:
    """Expect an event after an answer that messages are in the queue, unless an event may be waiting for its
    answer or for its next attempt.
    """
    if (
        known[QueueClaims].may_have_events(command.at)
        or command.sent_at <= known.running.last_ended_at + _ANSWERED_S
    ):
        return
    known.expectations.add(
        ExpectedMessage(
            TRANSACTION_STATUS_WRONG.id,
            (requirement,),
            since=command.at,
            within_s=_DELIVERY_S,
            actions=frozenset({Action.transaction_event.value}),
            is_fulfilled_by=lambda _, event: (
                transaction_id in {None, event["transactionInfo"]["transactionId"]}
            ),
            sentence=f"the station answered that messages are in the queue, but sent no event within "
            f"{_DELIVERY_S:g} s; messagesInQueue must be false if no event waits",
            frames=(command.sent_frame, command.frame),
            counts_as_met=False,
            waits_for_queue=False,
        )
    )
