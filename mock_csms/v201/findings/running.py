"""Running transactions, and suspicions that only a later event of the station can confirm."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.clock import Clock, seconds_of
from mock_csms.v201.findings.transaction_contents import STOPPING

MAX_IN_PROGRESS: Final = 1_000
CERTAIN_AFTER_S: Final = 5.0
"""An event that happened this many seconds after an answer was certainly not on its way when the station
answered.
"""
CHARGING: Final = "Charging"


@dataclass(slots=True)
class Suspicion:
    """A possible finding that becomes certain when a later event of the transaction confirms it."""

    kind: str
    since: float
    frames: tuple[int, ...]
    sentence: str
    charging_state: str | None = None
    """The suspicion is dropped if the transaction leaves this charging state; None: no state matters."""
    proofs: frozenset[str] = frozenset()
    """Values of triggerReason and stoppedReason that confirm the suspicion at once."""
    requirements: tuple[str, ...] = ()
    """Requirements that the station has broken if the suspicion is confirmed; empty: all requirements of
    ``kind``.
    """


@dataclass(slots=True)
class TransactionInProgress:
    """Facts about a transaction without an Ended event."""

    evse_id: int | None = None
    connector_id: int | None = None
    has_id_token: bool = False
    is_refused: bool = False
    """Whether the latest answer about the idToken of the transaction was not Accepted."""
    charging_state: str | None = None
    has_charged: bool = False
    is_being_reset: bool = False
    """Whether an accepted Reset Immediate ends the transaction."""
    may_have_ended: bool = False
    """Whether the Ended event may have been lost after the latest event of the transaction."""
    suspicions: list[Suspicion] = field(default_factory=list)

    @property
    def is_authorized(self) -> bool:
        """Whether the transaction is certainly authorized: energy flows, and its idToken is known and not
        refused.
        """
        return self.has_id_token and not self.is_refused and self.charging_state == CHARGING


class RunningTransactions:
    """Transactions whose Ended event has not been received, by transactionId."""

    __slots__ = ("_clock", "_has_ended", "_report", "by_id", "last_ended_at")

    def __init__(self, report: Reporter, clock: Clock, has_ended: Callable[[str], bool]) -> None:
        self._report = report
        self._clock = clock
        self._has_ended = has_ended
        """Function that returns whether the Ended event of a transaction has arrived; other events may still
        follow.
        """
        self.by_id: dict[str, TransactionInProgress] = {}
        self.last_ended_at = 0.0
        """Time of arrival of the latest Ended event."""

    def judge_event(self, at: float, frame: int, event: JsonObject) -> Findings:
        """Register a TransactionEvent and report the suspicions that it confirms."""
        info = event["transactionInfo"]
        transaction_id = info["transactionId"]
        if event["eventType"] == "Ended":
            self.last_ended_at = at
            ended = self.by_id.pop(transaction_id, None)
            return self._prove(at, frame, ended, event) if ended and ended.suspicions else NO_FINDINGS
        transaction = self.by_id.get(transaction_id)
        if transaction is None:
            if self._has_ended(transaction_id):
                return NO_FINDINGS
            transaction = self.by_id[transaction_id] = TransactionInProgress()
            if len(self.by_id) > MAX_IN_PROGRESS:
                del self.by_id[next(iter(self.by_id))]
        transaction.may_have_ended = False
        evse = event.get("evse")
        if evse:
            transaction.evse_id = evse["id"]
            transaction.connector_id = evse.get("connectorId", transaction.connector_id)
        transaction.has_id_token = transaction.has_id_token or "idToken" in event
        transaction.charging_state = info.get("chargingState", transaction.charging_state)
        transaction.has_charged = transaction.has_charged or transaction.charging_state == CHARGING
        return self._confirm(at, frame, transaction, event) if transaction.suspicions else NO_FINDINGS

    def answered(self, event: JsonObject, answer: JsonObject) -> None:
        """Register the status of the idToken in the answer to a TransactionEvent.

        The event may violate its schema.
        """
        info = answer.get("idTokenInfo")
        transaction_info = event.get("transactionInfo")
        if not isinstance(info, dict) or not isinstance(transaction_info, dict):
            return
        transaction_id = transaction_info.get("transactionId")
        transaction = self.by_id.get(transaction_id) if isinstance(transaction_id, str) else None
        if transaction is not None:
            transaction.is_refused = info.get("status") != "Accepted"

    def _confirm(
        self, at: float, frame: int, transaction: TransactionInProgress, event: JsonObject
    ) -> Findings:
        findings = self._prove(at, frame, transaction, event)
        happened_at = seconds_of(event["timestamp"])
        if happened_at is None or event.get("offline") or self._clock.is_skewed:
            return findings
        for suspicion in list(transaction.suspicions):
            is_stopped = suspicion.charging_state is not None and event["triggerReason"] in STOPPING
            if is_stopped or suspicion.charging_state not in {None, transaction.charging_state}:
                transaction.suspicions.remove(suspicion)
            elif min(happened_at, at) > suspicion.since + CERTAIN_AFTER_S:
                transaction.suspicions.remove(suspicion)
                findings += self._certain(at, frame, suspicion)
        return findings

    def _prove(
        self, at: float, frame: int, transaction: TransactionInProgress, event: JsonObject
    ) -> Findings:
        """Report the suspicions that the triggerReason or the stoppedReason of an event proves."""
        if event.get("offline"):
            return NO_FINDINGS
        findings, reasons = (
            NO_FINDINGS,
            {event["triggerReason"], event["transactionInfo"].get("stoppedReason")},
        )
        for suspicion in list(transaction.suspicions):
            if not suspicion.proofs.isdisjoint(reasons):
                transaction.suspicions.remove(suspicion)
                findings += self._certain(at, frame, suspicion)
        return findings

    def _certain(self, at: float, frame: int, suspicion: Suspicion) -> Findings:
        return self._report(
            suspicion.kind,
            at,
            (*suspicion.frames, frame),
            suspicion.sentence,
            requirements=suspicion.requirements,
        )

    def on_evse(self, evse_id: int | None) -> list[tuple[str, TransactionInProgress]]:
        """Return the known running transactions of an EVSE. None or 0: of the whole station."""
        return [
            (transaction_id, transaction)
            for transaction_id, transaction in self.by_id.items()
            if not evse_id or transaction.evse_id == evse_id
        ]

    def certain_on_evse(self, evse_id: int | None) -> list[tuple[str, TransactionInProgress]]:
        """Return the transactions of `on_evse` whose Ended event cannot have been lost."""
        return [running for running in self.on_evse(evse_id) if not running[1].may_have_ended]

    def doubt(self) -> None:
        """Drop all suspicions, and treat each transaction as possibly ended until its next event.

        Call it if events may have been lost.
        """
        for transaction in self.by_id.values():
            transaction.may_have_ended = True
            transaction.suspicions.clear()
