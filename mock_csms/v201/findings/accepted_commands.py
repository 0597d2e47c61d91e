"""Accepted commands: whether the station carries them out (B11, F01, F03, F06, G03)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.connectors import Connectors, EvseScope
from mock_csms.v201.findings.transactions import Transactions
from mock_csms.v201.solicited import triggered_by

MAX_OPEN_COMMANDS: Final = 100
CSR_TIMEOUT_S: Final = 120.0
"""Time for a SignCertificate after a TriggerMessage; a small station may take long to generate a key."""
CONNECTOR_STATUS: Final = frozenset({Action.status_notification.value, Action.notify_event.value})
TRANSACTION: Final = frozenset({Action.transaction_event.value})


@dataclass(slots=True)
class AcceptedCommand:
    """Expected effect of a command; ``due`` is set when the station accepts it."""

    kind: str
    timeout_s: float
    actions: frozenset[str]
    """Actions of the messages that may fulfil it."""
    is_fulfilled_by: Callable[[str, JsonObject], bool]
    sentence: str
    outlives_connection: bool = False
    frames: tuple[int, ...] = ()
    due: float | None = None


class AcceptedCommands:
    """Commands not yet carried out, by the message id of their CALL."""

    __slots__ = ("_report", "open")

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self.open: dict[str, AcceptedCommand] = {}

    def command_sent(self, frame: int, message_id: str, expectation: AcceptedCommand) -> None:
        """Register the expected effect of a command; the station may carry it out before it answers."""
        expectation.frames = (frame,)
        self.open[message_id] = expectation
        if len(self.open) > MAX_OPEN_COMMANDS:
            del self.open[next(iter(self.open))]

    def accepted(self, at: float, frame: int, message_id: str) -> None:
        """Start the deadline of an accepted command."""
        if expectation := self.open.get(message_id):
            expectation.frames += (frame,)
            expectation.due = at + expectation.timeout_s

    def refused(self, message_id: str) -> None:
        """Drop the expectation of a command."""
        self.open.pop(message_id, None)

    def observe(self, action: str, payload: JsonObject) -> None:
        """Drop the expectations that a message fulfils."""
        for message_id, expectation in list(self.open.items()):
            if action in expectation.actions and expectation.is_fulfilled_by(action, payload):
                del self.open[message_id]

    def give_up(self, action: str | None = None) -> None:
        """Drop all expectations that a message of this action could fulfil; all of them if None."""
        self._keep(lambda expectation: action is not None and action not in expectation.actions)

    def disconnected(self) -> None:
        """Drop the expectations that do not outlive the connection."""
        self._keep(lambda expectation: expectation.outlives_connection)

    def _keep(self, should_keep: Callable[[AcceptedCommand], bool]) -> None:
        self.open = {
            message_id: expectation
            for message_id, expectation in self.open.items()
            if should_keep(expectation)
        }

    def resumed(self, at: float) -> None:
        """Restart the deadlines after a reconnect."""
        for expectation in self.open.values():
            if expectation.due is not None:
                expectation.due = max(expectation.due, at + expectation.timeout_s)

    def shift(self, seconds: float) -> None:
        """Extend the deadlines."""
        for expectation in self.open.values():
            if expectation.due is not None:
                expectation.due += seconds

    def overdue(self, at: float) -> Findings:
        """Report the accepted commands that were not carried out in time."""
        findings = NO_FINDINGS
        for message_id, expectation in list(self.open.items()):
            if expectation.due is not None and at > expectation.due:
                del self.open[message_id]
                findings += self._report(expectation.kind, at, expectation.frames, expectation.sentence)
        return findings


def _reset(request: JsonObject, *_: object) -> AcceptedCommand | None:
    """Expect a disconnect or a boot, unless only an EVSE is reset (B11, B12)."""
    if "evseId" in request:
        return None
    return AcceptedCommand(
        "reset-not-carried-out",
        120.0,
        frozenset({Action.boot_notification.value}),
        lambda *_: True,
        "the station accepted a Reset but neither disconnected nor booted within 120 s",
    )


def _trigger(request: JsonObject, *_: object) -> AcceptedCommand:
    """Expect the requested message; meter values may be sent in a TransactionEvent."""
    expected_action, evse = triggered_by(request), request.get("evse")
    scope = (evse["id"], evse.get("connectorId")) if evse else (None, None)
    actions = {expected_action}
    if expected_action == Action.status_notification:
        actions |= CONNECTOR_STATUS
    if expected_action == Action.meter_values:
        actions |= TRANSACTION

    def is_fulfilled_by(action: str, payload: JsonObject) -> bool:
        return action != Action.status_notification or _is_status_of(scope, payload)

    return AcceptedCommand(
        "trigger-not-carried-out",
        CSR_TIMEOUT_S if expected_action == Action.sign_certificate else 30.0,
        frozenset(actions),
        is_fulfilled_by,
        f"the station accepted a TriggerMessage for {short(request['requestedMessage'])} but did not send "
        "that message in time",
    )


def _is_status_of(scope: EvseScope, status: JsonObject) -> bool:
    evse_id, connector_id = scope
    is_on_evse = not evse_id or evse_id == status["evseId"]
    return is_on_evse and (connector_id is None or connector_id == status["connectorId"])


def _availability(request: JsonObject, connectors: Connectors, *_: object) -> AcceptedCommand | None:
    """Expect a report of each connector whose status is certain to change."""
    operational_status, changing = request["operationalStatus"], connectors.owed(request)
    if not changing:
        return None
    names = ", ".join(f"connector {connector_id} of EVSE {evse_id}" for evse_id, connector_id in changing)
    return AcceptedCommand(
        "availability-not-carried-out",
        60.0,
        CONNECTOR_STATUS,
        lambda *_: all(connectors.has_changed(connector, operational_status) for connector in changing),
        f"the station accepted a ChangeAvailability to {operational_status} but did not report the new "
        f"status of {short(names)} within 60 s",
    )


def _stop(request: JsonObject, _: Connectors, transactions: Transactions) -> AcceptedCommand | None:
    """Expect the transaction to end, or a RemoteStop event if it only ends at unplugging."""
    transaction_id = request["transactionId"]
    if transactions.has_ended(transaction_id):
        return None

    def is_fulfilled_by(_: str, event: JsonObject) -> bool:
        is_stopped = event["eventType"] == "Ended" or event["triggerReason"] == "RemoteStop"
        return is_stopped and bool(event["transactionInfo"]["transactionId"] == transaction_id)

    return AcceptedCommand(
        "stop-not-carried-out",
        120.0,
        TRANSACTION,
        is_fulfilled_by,
        f"the station accepted a request to stop the transaction {short(transaction_id)} but did not stop it "
        "within 120 s",
        outlives_connection=True,
    )


def _start(request: JsonObject, *_: object) -> AcceptedCommand:
    """Expect a transaction event with the remoteStartId."""
    remote_start_id = request["remoteStartId"]
    return AcceptedCommand(
        "start-not-carried-out",
        120.0,
        TRANSACTION,
        lambda _, event: bool(event["transactionInfo"].get("remoteStartId") == remote_start_id),
        "the station accepted a request to start a transaction but sent no event with remoteStartId "
        f"{remote_start_id} within 120 s",
        outlives_connection=True,
    )


type ExpectationBuilder = Callable[[JsonObject, Connectors, Transactions], AcceptedCommand | None]

EXPECTED_AFTER: Final[Mapping[str, ExpectationBuilder]] = {
    Action.change_availability: _availability,
    Action.request_start_transaction: _start,
    Action.request_stop_transaction: _stop,
    Action.reset: _reset,
    Action.trigger_message: _trigger,
}
"""Builder of the expected effect of a command, by action."""
