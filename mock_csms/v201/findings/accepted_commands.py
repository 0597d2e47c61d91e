"""Commands that a station accepted: whether it carries them out (B11, F01, F03, F06, G03)."""

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
PATIENCE_FOR_CSR: Final = 120.0
"""Seconds; a small station takes its time to make a key."""
CONNECTOR_STATUS: Final = frozenset({Action.status_notification.value, Action.notify_event.value})
TRANSACTION: Final = frozenset({Action.transaction_event.value})


@dataclass(slots=True)
class AcceptedCommand:
    """What is to come of a command; until the command is accepted it has no ``due`` time."""

    kind: str
    patience: float
    actions: frozenset[str]
    """The messages that may keep it."""
    is_kept_by: Callable[[str, JsonObject], bool]
    sentence: str
    outlives_connection: bool = False
    frames: tuple[int, ...] = ()
    due: float | None = None


class AcceptedCommands:
    """The commands that are still to be carried out, by the message id of their CALL."""

    __slots__ = ("_report", "open")

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self.open: dict[str, AcceptedCommand] = {}

    def asked(self, frame: int, message_id: str, promise: AcceptedCommand) -> None:
        """Take note of what a command asks for: it may be done even before it is accepted."""
        promise.frames = (frame,)
        self.open[message_id] = promise
        if len(self.open) > MAX_OPEN_COMMANDS:
            del self.open[next(iter(self.open))]

    def accepted(self, at: float, frame: int, message_id: str) -> None:
        """Take note that the station promised to do it."""
        if promise := self.open.get(message_id):
            promise.frames += (frame,)
            promise.due = at + promise.patience

    def refused(self, message_id: str) -> None:
        """Expect nothing of a command."""
        self.open.pop(message_id, None)

    def observe(self, action: str, payload: JsonObject) -> None:
        """Take note of a message that may be what was promised."""
        for message_id, promise in list(self.open.items()):
            if action in promise.actions and promise.is_kept_by(action, payload):
                del self.open[message_id]

    def give_up(self, action: str | None = None) -> None:
        """Expect nothing any more that one message would have kept, or nothing at all."""
        self._keep(lambda promise: action is not None and action not in promise.actions)

    def disconnected(self) -> None:
        """Take note that the station went: it did what it was told, or forgets some of it."""
        self._keep(lambda promise: promise.outlives_connection)

    def _keep(self, is_kept: Callable[[AcceptedCommand], bool]) -> None:
        self.open = {message_id: promise for message_id, promise in self.open.items() if is_kept(promise)}

    def resumed(self, at: float) -> None:
        """Leave the station time from now on: it was not connected."""
        for promise in self.open.values():
            if promise.due is not None:
                promise.due = max(promise.due, at + promise.patience)

    def shift(self, seconds: float) -> None:
        """Leave the station as much more time."""
        for promise in self.open.values():
            if promise.due is not None:
                promise.due += seconds

    def overdue(self, at: float) -> Findings:
        """Judge what was promised and not done in time."""
        found = NO_FINDINGS
        for message_id, promise in list(self.open.items()):
            if promise.due is not None and at > promise.due:
                del self.open[message_id]
                found += self._report(promise.kind, at, promise.frames, promise.sentence)
        return found


def _reset(request: JsonObject, *_: object) -> AcceptedCommand | None:
    """Expect the station to go or to boot, unless only an EVSE is reset (B11, B12)."""
    if "evseId" in request:
        return None
    return AcceptedCommand(
        "reset-not-carried-out",
        120.0,
        frozenset({Action.boot_notification.value}),
        lambda *_: True,
        "the station accepted a Reset and neither disconnected nor booted within 120 s",
    )


def _trigger(request: JsonObject, *_: object) -> AcceptedCommand:
    """Expect the message that is asked for; meter values may come in a TransactionEvent."""
    wanted, evse = triggered_by(request), request.get("evse")
    place = (evse["id"], evse.get("connectorId")) if evse else (None, None)
    actions = {wanted}
    if wanted == Action.status_notification:
        actions |= CONNECTOR_STATUS
    if wanted == Action.meter_values:
        actions |= TRANSACTION

    def is_kept_by(action: str, payload: JsonObject) -> bool:
        return action != Action.status_notification or _is_status_of(place, payload)

    return AcceptedCommand(
        "trigger-not-carried-out",
        PATIENCE_FOR_CSR if wanted == Action.sign_certificate else 30.0,
        frozenset(actions),
        is_kept_by,
        f"the station accepted a TriggerMessage for {short(request['requestedMessage'])} and did not send "
        "that message",
    )


def _is_status_of(place: EvseScope, status: JsonObject) -> bool:
    evse_id, connector_id = place
    is_on_evse = not evse_id or evse_id == status["evseId"]
    return is_on_evse and (connector_id is None or connector_id == status["connectorId"])


def _availability(request: JsonObject, connectors: Connectors, *_: object) -> AcceptedCommand | None:
    """Expect the status of each connector that is certain to change."""
    wanted, owed = request["operationalStatus"], connectors.owed(request)
    if not owed:
        return None
    names = ", ".join(f"connector {connector_id} of EVSE {evse_id}" for evse_id, connector_id in owed)
    return AcceptedCommand(
        "availability-not-carried-out",
        60.0,
        CONNECTOR_STATUS,
        lambda *_: all(connectors.has_changed(connector, wanted) for connector in owed),
        f"the station accepted to become {wanted} and did not tell the new status of {short(names)} within "
        "60 s",
    )


def _stop(request: JsonObject, _: Connectors, transactions: Transactions) -> AcceptedCommand | None:
    """Expect the transaction to end, or to say that it was stopped where it ends with the unplugging."""
    transaction_id = request["transactionId"]
    if transactions.has_ended(transaction_id):
        return None

    def is_kept_by(_: str, event: JsonObject) -> bool:
        is_told = event["eventType"] == "Ended" or event["triggerReason"] == "RemoteStop"
        return is_told and bool(event["transactionInfo"]["transactionId"] == transaction_id)

    return AcceptedCommand(
        "stop-not-carried-out",
        120.0,
        TRANSACTION,
        is_kept_by,
        f"the station accepted to stop the transaction {short(transaction_id)}, and it did not end within "
        "120 s",
        outlives_connection=True,
    )


def _start(request: JsonObject, *_: object) -> AcceptedCommand:
    """Expect a transaction that tells the remoteStartId."""
    remote_start_id = request["remoteStartId"]
    return AcceptedCommand(
        "start-not-carried-out",
        120.0,
        TRANSACTION,
        lambda _, event: bool(event["transactionInfo"].get("remoteStartId") == remote_start_id),
        f"the station accepted to start a transaction and sent none with remoteStartId {remote_start_id} "
        "within 120 s",
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
"""What is to be expected of each command that is accepted."""
