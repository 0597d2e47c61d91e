"""Connector statuses in messages, and recent events at connectors: plugs, tokens and lock problems (G)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import CommandCall, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.stations.station import Connector
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import seconds_of
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.running import CHARGING

_PLUG_LOCK: Final = "connectorplugretentionlock"
_MAX_PLACES: Final = 100
_COMMAND_EFFECT_S: Final = 60.0
"""For this many seconds after a command, the command may explain the status Unavailable."""
_REPLUGGING: Final = frozenset({"CablePluggedIn", "EVCommunicationLost", "EVDetected"})
"""Trigger reasons of events about a cable that is plugged in or unplugged during a transaction."""
_PRESENTING: Final = frozenset({"Authorized", "Deauthorized", "RemoteStart", "StopAuthorized"})
"""Trigger reasons of events caused by an idToken that a driver presented or a remote start contained."""


class ConnectorStatus(NamedTuple):
    """The status of a connector in a StatusNotification or NotifyEvent."""

    connector: Connector
    status: str


def statuses_in(action: str, payload: JsonObject) -> Iterator[ConnectorStatus]:
    """Yield the statuses of connectors in a StatusNotification or NotifyEvent; other CALLs have none."""
    if action == Action.status_notification:
        yield ConnectorStatus((payload["evseId"], payload["connectorId"]), payload["connectorStatus"])
    elif action == Action.notify_event:
        for event in payload["eventData"]:
            evse = event["component"].get("evse")
            if evse and is_status(event):
                connector = evse["id"], evse.get("connectorId", 1)
                yield ConnectorStatus(connector, event["actualValue"].capitalize())


def once_each_is(
    connectors: Iterable[Connector], is_wanted: Callable[[str], bool]
) -> Callable[[str, JsonObject], bool]:
    """Return an `is_fulfilled_by` function for an expectation; it returns True once each connector has
    reported a status for which `is_wanted` is true.
    """
    left = set(connectors)

    def is_last(action: str, payload: JsonObject) -> bool:
        left.difference_update(
            connector for connector, status in statuses_in(action, payload) if is_wanted(status)
        )
        return not left

    return is_last


def is_status(event: JsonObject) -> bool:
    """Return whether an event of a NotifyEvent has the status of a connector."""
    names = event["component"]["name"].lower(), event["variable"]["name"].lower()
    return names == ("connector", "availabilitystate")


class Occupied(BoundedDict[int, tuple[Connector, float]]):
    """By EVSE id, the connector that became Occupied last, and the time."""

    __slots__ = ()
    limit = _MAX_PLACES


@dataclass(slots=True)
class LockProblem:
    """A lock that did not close during a transaction."""

    frame: int
    happened_at: float
    connector: Connector


class LockProblems(BoundedDict[str, LockProblem]):
    """Lock problems of transactions that have not charged yet, by transactionId."""

    __slots__ = ()
    limit = _MAX_PLACES


class ConnectorEvents(Facts):
    """Recent events that explain the status of connectors."""

    __slots__ = ("_commanded_at", "lock_problems", "occupied", "token_at")

    def __init__(self) -> None:
        self.occupied = Occupied()
        self.token_at: float | None = None
        """Time of the latest message about an idToken, or of the latest command that may use or change a
        reservation.
        """
        self.lock_problems = LockProblems()
        self._commanded_at = 0.0

    def command_sent(self, at: float) -> None:
        """Register a command that may make connectors Unavailable."""
        self._commanded_at = at

    def may_have_made_unavailable(self, at: float) -> bool:
        """Return whether a recent command may have made connectors Unavailable."""
        return at - self._commanded_at <= _COMMAND_EFFECT_S

    def disconnected(self) -> None:
        self.occupied.clear()
        self.lock_problems.clear()

    def doubt(self, action: str | None) -> None:
        self.disconnected()

    def booted(self, reason: str) -> None:
        self.disconnected()


@CHECKS.learn_call(Action.status_notification)
def _note_occupied(call: StationCall, known: Known201) -> None:
    for connector, status in statuses_in(call.action, call.payload):
        if status == "Occupied" and known.connectors.status.get(connector) == "Available":
            known[ConnectorEvents].occupied[connector[0]] = connector, call.at


@CHECKS.learn_call(Action.authorize)
@CHECKS.learn_event(triggers=_PRESENTING)
def _note_token(call: StationCall, known: Known201) -> None:
    known[ConnectorEvents].token_at = call.at


@CHECKS.learn_sent(Action.request_start_transaction, Action.cancel_reservation, Action.reserve_now)
def _note_command(command: CommandCall, known: Known201) -> None:
    known[ConnectorEvents].token_at = command.at


@CHECKS.learn_sent(Action.change_availability, Action.reset, Action.update_firmware)
def _note_cause_of_unavailable(command: CommandCall, known: Known201) -> None:
    known[ConnectorEvents].command_sent(command.at)


@CHECKS.learn_event(triggers=_REPLUGGING)
def _note_replug(call: StationCall, known: Known201) -> None:
    """Drop the lock problem of a transaction when its cable is unplugged or plugged in again: the station
    then locks the plug anew.
    """
    known[ConnectorEvents].lock_problems.pop(call.payload["transactionInfo"]["transactionId"], None)


@CHECKS.learn_call(Action.notify_event)
def _note_lock_problems(call: StationCall, known: Known201) -> None:
    for event in call.payload["eventData"]:
        component = event["component"]
        if component["name"].lower() == _PLUG_LOCK and event["variable"]["name"].lower() == "problem":
            evse = component.get("evse", {})
            if "connectorId" in evse:
                _note_lock(call, known, event, (evse["id"], evse["connectorId"]))


def _note_lock(call: StationCall, known: Known201, event: JsonObject, connector: Connector) -> None:
    problems = known[ConnectorEvents].lock_problems
    for transaction_id in [key for key, problem in problems.items() if problem.connector == connector]:
        del problems[transaction_id]
    if event["actualValue"].lower() != "true" or event.get("cleared"):
        return
    happened_at = seconds_of(event["timestamp"])
    if happened_at is None:
        return
    for transaction_id, transaction in known.running.certain_on_evse(connector[0]):
        is_waiting = transaction.charging_state != CHARGING and not transaction.has_charged
        if is_waiting and transaction.connector_id in {None, connector[1]}:
            problems[transaction_id] = LockProblem(call.frame, happened_at, connector)
