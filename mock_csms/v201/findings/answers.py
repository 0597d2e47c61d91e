"""Answers to commands: they must fit the state of the station."""

from collections.abc import Iterator
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.station import Connector
from mock_csms.v201.findings.connectors import STATION, place_of
from mock_csms.v201.findings.registration import Registration
from mock_csms.v201.findings.running import (
    CHARGING,
    RunningTransactions,
    Suspicion,
    TransactionInProgress,
)

RESET: Final = frozenset({"ImmediateReset", "ResetCommand"})
UNLOCK: Final = frozenset({"UnlockCommand"})
"""Values of triggerReason and stoppedReason that prove that a Reset (``RESET``) or an UnlockConnector
(``UNLOCK``) affected a running transaction.
"""


class Answers:
    """Checks whether a station may give its answer, as far as the state of the station is known."""

    __slots__ = ("_registration", "_report", "_running")

    def __init__(self, report: Reporter, registration: Registration, running: RunningTransactions) -> None:
        self._report = report
        self._registration = registration
        self._running = running

    def judge(self, at: float, frame: int, action: str, request: JsonObject, answer: JsonObject) -> Findings:
        """Report an answer that does not fit the state of the station."""
        match action, answer.get("status"):
            case ((Action.request_start_transaction | Action.request_stop_transaction), "Accepted"):
                return self._remote_request(at, frame, action)
            case Action.trigger_message, "Accepted":
                return self._trigger(at, frame, request)
            case Action.reset, "Accepted":
                self._suspect_reset(at, frame, request)
            case Action.unlock_connector, "Unlocked":
                self._suspect_unlock(at, frame, request)
            case _, status:
                self._report.met(*self._met(action, request, status))
        return NO_FINDINGS

    def _met(self, action: str, request: JsonObject, status: str | None) -> tuple[str, ...]:
        """Return the requirements that an answer meets by refusing or delaying a command, as the state of the
        station requires.
        """
        match action, status:
            case Action.trigger_message, "Rejected" if self._registration.must_refuse(action, request):
                return ("F06.FR.17",)
            case Action.change_availability, "Scheduled" if self._must_wait(request):
                return _scheduling(request)
            case Action.reset, "Scheduled" if self._is_during_transaction(request):
                return ("B12.FR.01",)
            case ((Action.request_start_transaction | Action.request_stop_transaction), "Rejected"):
                return ("B02.FR.05",) if self._registration.is_pending_since_command else ()
            case Action.unlock_connector, "OngoingAuthorizedTransaction" if any(self._using(request)):
                return ("F05.FR.02",)
        return ()

    def _is_during_transaction(self, reset: JsonObject) -> bool:
        return reset["type"] == "OnIdle" and bool(self._running.certain_on_evse(reset.get("evseId")))

    def _must_wait(self, change: JsonObject) -> bool:
        """Return whether a ChangeAvailability takes an EVSE out of use that certainly has a transaction."""
        is_inoperative = change["operationalStatus"] == "Inoperative"
        return is_inoperative and bool(self._running.certain_on_evse(place_of(change)[0]))

    def _remote_request(self, at: float, frame: int, action: str) -> Findings:
        if not self._registration.is_pending_since_command:
            return NO_FINDINGS
        return self._report(
            "remote-request-accepted-while-pending",
            at,
            (frame,),
            f"{action} was accepted while the boot is Pending; it must be Rejected until the boot is "
            "Accepted",
        )

    def _trigger(self, at: float, frame: int, request: JsonObject) -> Findings:
        if not self._registration.must_refuse(Action.trigger_message, request):
            return NO_FINDINGS
        return self._report(
            "boot-trigger-accepted",
            at,
            (frame,),
            "a TriggerMessage for BootNotification was accepted although the last boot was Accepted; "
            "it must be Rejected",
        )

    def _suspect_reset(self, at: float, frame: int, request: JsonObject) -> None:
        """Add a suspicion to each running transaction during which a Reset OnIdle was Accepted, unless a
        Reset Immediate already ends the transaction.
        """
        for transaction_id, transaction in self._running.on_evse(request.get("evseId")):
            transaction.is_being_reset = transaction.is_being_reset or request["type"] == "Immediate"
            if transaction.is_being_reset:
                continue
            sentence = (
                f"a Reset OnIdle was accepted although the transaction {short(transaction_id)} was running; "
                "the answer must be Scheduled, and the transaction must end normally before the reset"
            )
            suspicion = Suspicion("reset-not-scheduled", at, (frame,), sentence, proofs=RESET)
            transaction.suspicions.append(suspicion)

    def suspect_availability(
        self, at: float, frame: int, request: JsonObject, available: frozenset[Connector]
    ) -> None:
        """Add a suspicion to each running transaction whose connector an Accepted ChangeAvailability makes
        Inoperative (G03.FR.05, G04.FR.06).

        ``available``: connectors that have been Available at some time since the previous ChangeAvailability
        to Inoperative. Other connectors get no suspicion, because they may already have the requested state
        (G03.FR.03).
        """
        evse_id, connector_id = place_of(request)
        for transaction_id, transaction in self._running.on_evse(evse_id):
            place = (transaction.evse_id, transaction.connector_id)
            if connector_id in {None, transaction.connector_id} and place in available:
                sentence = (
                    f"a ChangeAvailability to Inoperative was accepted although the transaction "
                    f"{short(transaction_id)} was running and went on; the answer must be Scheduled"
                )
                transaction.suspicions.append(
                    Suspicion(
                        "availability-not-scheduled",
                        at,
                        (frame,),
                        sentence,
                        requirements=_scheduling(request),
                    )
                )

    def _suspect_unlock(self, at: float, frame: int, request: JsonObject) -> None:
        for transaction_id, transaction in self._using(request):
            sentence = (
                f"a connector was unlocked although the authorized transaction {short(transaction_id)} "
                "was running on it; the answer must be OngoingAuthorizedTransaction"
            )
            suspicion = Suspicion("unlocked-during-transaction", at, (frame,), sentence, CHARGING, UNLOCK)
            transaction.suspicions.append(suspicion)

    def _using(self, request: JsonObject) -> Iterator[tuple[str, TransactionInProgress]]:
        """Yield the authorized transactions on the connector of an UnlockConnector."""
        for transaction_id, transaction in self._running.on_evse(request["evseId"]):
            if transaction.connector_id == request["connectorId"] and transaction.is_authorized:
                yield transaction_id, transaction


def _scheduling(request: JsonObject) -> tuple[str, ...]:
    """Return the requirement that a ChangeAvailability waits for the end of a transaction."""
    return ("G04.FR.06",) if place_of(request) == STATION else ("G03.FR.05",)
