"""Answers to GetTransactionStatus that no messages are in the queue (E14)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand
from mock_csms.findings.facts import Facts
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201

MAX_CLAIMS: Final = 10


class EmptyQueues(BoundedDict[str | None, tuple[float, int]]):
    """Time and frame of each answer, by transactionId; None: all transactions."""

    __slots__ = ()
    limit = MAX_CLAIMS


class QueueClaims(Facts):
    """Latest answers that the queue is empty."""

    __slots__ = ("empty",)

    def __init__(self) -> None:
        self.empty = EmptyQueues()

    def disconnected(self) -> None:
        self.empty.clear()


@CHECKS.learn_command(Action.get_transaction_status)
def _note_answer(command: AnsweredCommand, known: Known201) -> None:
    claims, transaction_id = known[QueueClaims].empty, command.request.get("transactionId")
    claims.pop(transaction_id, None)
    if not command.answer["messagesInQueue"]:
        claims[transaction_id] = command.at, command.frame
