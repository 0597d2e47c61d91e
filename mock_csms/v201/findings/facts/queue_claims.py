"""Answers to GetTransactionStatus about messages in the queue (E14)."""

from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201

_MAX_CLAIMS: Final = 10
_MAX_EVENTS: Final = 100
_DRAINED_WITHIN_S: Final = 60.0
"""For this many seconds after a repeated event, the events that were queued behind it may arrive."""


class QueueClaim(NamedTuple):
    """Whether the station has queued messages, according to its answer to a GetTransactionStatus."""

    asked_at: float
    """Time at which the command was sent."""
    frame: int
    is_empty: bool


class ClaimsById(BoundedDict[str | None, QueueClaim]):
    """Latest answer by transactionId of the GetTransactionStatus; None: the command named no transaction."""

    __slots__ = ()
    limit = _MAX_CLAIMS


type _EventKey = tuple[str, int] | None
"""transactionId and seqNo; None before the first event."""


class _UnansweredEvents(BoundedDict[_EventKey, None]):
    __slots__ = ()
    limit = _MAX_EVENTS


class QueueClaims(Facts):
    """The station's latest answers about its queue on this connection, and whether TransactionEvents may be
    queued.
    """

    __slots__ = ("_latest", "_repeated_at", "_unanswered", "by_id")

    def __init__(self) -> None:
        self.by_id = ClaimsById()
        self._latest: _EventKey = None
        """The TransactionEvent that arrived last, whether it has been answered or not."""
        self._unanswered = _UnansweredEvents()
        """TransactionEvents without a usable answer, which the station may send again, also after a
        reconnect.
        """
        self._repeated_at = 0.0
        """Time at which the station last sent an event of ``_unanswered`` again."""

    def may_have_events(self, at: float) -> bool:
        """Return whether events may be in the queue because an earlier one got no answer."""
        return bool(self._unanswered) or at < self._repeated_at + _DRAINED_WITHIN_S

    def event_arrived(self, at: float, event: JsonObject) -> None:
        """Register a TransactionEvent, which may have been sent before."""
        self._latest = event["transactionInfo"]["transactionId"], event["seqNo"]
        if self._latest in self._unanswered:
            del self._unanswered[self._latest]
            self._repeated_at = at

    def disconnected(self) -> None:
        self.by_id.clear()

    def left_unanswered(self, action: str) -> None:
        if action == Action.transaction_event:
            self._unanswered[self._latest] = None


@CHECKS.learn_event()
def _note_event(call: StationCall, known: Known201) -> None:
    known[QueueClaims].event_arrived(call.at, call.payload)


@CHECKS.learn_command(Action.get_transaction_status)
def _note_answer(command: AnsweredCommand, known: Known201) -> None:
    claims, transaction_id = known[QueueClaims].by_id, command.request.get("transactionId")
    claims.pop(transaction_id, None)
    claims[transaction_id] = QueueClaim(
        command.sent_at, command.frame, is_empty=not command.answer["messagesInQueue"]
    )
