"""Answers to GetTransactionStatus about messages in the queue (E14)."""

from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand
from mock_csms.findings.facts import Facts
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201

MAX_CLAIMS: Final = 10


class QueueClaim(NamedTuple):
    """An answer about the queue."""

    at: float
    frame: int
    is_empty: bool


class ClaimsById(BoundedDict[str | None, QueueClaim]):
    """Latest answers, by transactionId; None: about all transactions."""

    __slots__ = ()
    limit = MAX_CLAIMS


class QueueClaims(Facts):
    """Latest answers about the queue on this connection."""

    __slots__ = ("by_id",)

    def __init__(self) -> None:
        self.by_id = ClaimsById()

    def disconnected(self) -> None:
        self.by_id.clear()


@CHECKS.learn_command(Action.get_transaction_status)
def _note_answer(command: AnsweredCommand, known: Known201) -> None:
    claims, transaction_id = known[QueueClaims].by_id, command.request.get("transactionId")
    claims.pop(transaction_id, None)
    claims[transaction_id] = QueueClaim(
        command.at, command.frame, is_empty=not command.answer["messagesInQueue"]
    )
