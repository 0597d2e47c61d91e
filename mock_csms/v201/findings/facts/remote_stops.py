"""RequestStopTransaction commands (F03)."""

from ocpp.v201.enums import Action

from mock_csms.findings.checks import CommandCall
from mock_csms.findings.facts import Facts
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201


class RemoteStopFacts(Facts):
    """The latest RequestStopTransaction."""

    __slots__ = ("ended_before",)

    def __init__(self) -> None:
        self.ended_before: str | None = None
        """transactionId of the latest command, if the Ended event had arrived before the command was sent."""


@CHECKS.learn_sent(Action.request_stop_transaction)
def _add_command(command: CommandCall, known: Known201) -> None:
    transaction_id = command.request["transactionId"]
    has_ended = known.transactions.has_ended(transaction_id) and transaction_id not in known.running.by_id
    known[RemoteStopFacts].ended_before = transaction_id if has_ended else None
