"""Answers to GetTransactionStatus about messages in the queue (E14)."""

from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand
from mock_csms.findings.facts import Facts
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201

_MAX_CLAIMS: Final = 10


class QueueClaim(NamedTuple):
    """An answer about the queue."""

    asked_at: float
    """Time at which the command was sent."""
    frame: int
    is_empty: bool


class ClaimsById(BoundedDict[str | None, QueueClaim]):
    """Latest answers, by transactionId; None: about all transactions."""

    __slots__ = ()
    limit = _MAX_CLAIMS


class QueueClaims(Facts):
    """Latest answers about the queue on this connection."""

    __slots__ = ("by_id", "has_unanswered_event")

    def __init__(self) -> None:
        self.by_id = ClaimsById()
        self.has_unanswered_event = False
        """Whether the station may still send a TransactionEvent of this connection again."""

    def disconnected(self) -> None:
        self.by_id.clear()
        self.has_unanswered_event = False

    def left_unanswered(self, action: str) -> None:
        if action == Action.transaction_event:
            self.has_unanswered_event = True


@CHECKS.learn_command(Action.get_transaction_status)
def _note_answer(command: AnsweredCommand, known: Known201) -> None:
    claims, transaction_id = known[QueueClaims].by_id, command.request.get("transactionId")
    claims.pop(transaction_id, None)
    claims[transaction_id] = QueueClaim(
        command.sent_at, command.frame, is_empty=not command.answer["messagesInQueue"]
    )
