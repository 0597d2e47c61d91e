"""Accepted commands: whether the station carries them out (B07, B11, F01, F03, F06, G03, L01, N01, ...)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.v201.findings import report_requirements
from mock_csms.v201.findings.clock import seconds_of
from mock_csms.v201.findings.connectors import STATION, Connectors, EvseScope, place_of
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.running import RunningTransactions
from mock_csms.v201.findings.transaction_contents import STOPPING
from mock_csms.v201.solicited import ABOUT_AN_EVSE, REPORTED_BY, is_for_all_evses, triggered_by

MAX_OPEN_COMMANDS: Final = 100
CSR_TIMEOUT_S: Final = 120.0
"""Maximum time from an accepted TriggerMessage to the SignCertificate; a small station may take long to
generate a key.
"""
REPORT_TIMEOUT_S: Final = 180.0
UPLOAD_TIMEOUT_S: Final = 600.0
"""Maximum time from an accepted GetLog to the first status of the upload; a station may first collect the
log.
"""
FIRMWARE_TIMEOUT_S: Final = 300.0
NOT_AFTER_BOOT: Final = frozenset(
    {"report-not-sent", "log-status-not-sent", "firmware-status-not-sent", "start-not-carried-out"}
)
AUTHORIZED_WITHIN_S: Final = 10.0
"""Maximum time between the answer to a remote start and an Authorize that is part of the start."""
ENDED_WITH_THE_OFFER: Final = frozenset({"Authorized", "DataSigned", "EnergyTransfer", "PowerPathClosed"})
"""Members of TxStopPoint with which the end of the energy offer ends the transaction."""
CONNECTOR_STATUS: Final = frozenset({Action.status_notification.value, Action.notify_event.value})
TRANSACTION: Final = frozenset({Action.transaction_event.value})
RETRY_TIME_S: Final = 300.0
"""Maximum time until a station repeats an event that got no usable answer; it sends later events only after
this event.
"""
ON_THE_WAY_S: Final = 5.0
"""A transaction that ends at most this long after the answer to a command may have ended for a reason other
than the command.
"""


@dataclass(slots=True)
class AcceptedCommand:
    """Expected effect of a command; ``due`` is set when the station accepts it."""

    kind: str
    timeout_s: float
    actions: frozenset[str]
    """Actions of the messages that may fulfil the expectation."""
    is_fulfilled_by: Callable[[str, JsonObject], bool]
    sentence: str
    outlives_connection: bool = False
    replaces_earlier: bool = False
    """Whether the command cancels an earlier command whose expected effect has the same ``kind``."""
    is_possible: Callable[[], bool] = lambda: True
    """Whether the station is known to be able to carry out the command. Called when the command is accepted,
    and when its effect is overdue.
    """
    shows_requirements: Callable[[JsonObject], bool] = lambda _: True
    """Whether the message that fulfils the expectation also proves that the requirements are met; otherwise
    it only cancels the deadline.
    """
    is_excused: Callable[[float], bool] = lambda _: False
    """Whether the station need not carry out the command, given the time of its answer. Called when the
    effect is overdue.
    """
    requirements: tuple[str, ...] = ()
    """Requirements that are broken if the effect is missing, and met if it occurs; empty: all requirements of
    the kind of finding.
    """
    frames: tuple[int, ...] = ()
    accepted_at: float = 0.0
    due: float | None = None


class AcceptedCommands:
    """Expected effects of commands that the station has not carried out yet, by the message id of the
    CALL.
    """

    __slots__ = ("_events_wait_until", "_report", "open")

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._events_wait_until = 0.0
        """Time until which earlier TransactionEvents may keep later ones in the queue."""
        self.open: dict[str, AcceptedCommand] = {}

    def command_sent(self, frame: int, message_id: str, expectation: AcceptedCommand) -> None:
        """Register the expected effect of a command. The station may carry the command out before it
        answers.
        """
        expectation.frames = (frame,)
        if expectation.replaces_earlier:
            self.drop(frozenset({expectation.kind}))
        self.open[message_id] = expectation
        if len(self.open) > MAX_OPEN_COMMANDS:
            del self.open[next(iter(self.open))]

    def accepted(self, at: float, frame: int, message_id: str) -> None:
        """Start the deadline of an accepted command."""
        expectation = self.open.get(message_id)
        if expectation is None:
            return
        if not expectation.is_possible():
            del self.open[message_id]
            return
        expectation.frames += (frame,)
        begins_at = max(at, self._events_wait_until) if expectation.actions == TRANSACTION else at
        expectation.accepted_at, expectation.due = at, begins_at + expectation.timeout_s

    def wait_for_queue(self, until: float) -> None:
        """Extend the deadlines of expected TransactionEvents: up to the time ``until``, the station may still
        be sending earlier ones.
        """
        self._events_wait_until = max(until, self._events_wait_until)
        for expectation in self.open.values():
            if expectation.due is not None and expectation.actions == TRANSACTION:
                expectation.due = max(expectation.due, until + expectation.timeout_s)

    def refused(self, message_id: str) -> None:
        """Drop the expected effect of a command that the station has not accepted."""
        self.open.pop(message_id, None)

    def observe(self, action: str, payload: JsonObject) -> None:
        """Drop the expectations that a message fulfils."""
        for message_id, expectation in list(self.open.items()):
            if action in expectation.actions and expectation.is_fulfilled_by(action, payload):
                del self.open[message_id]
                if expectation.shows_requirements(payload):
                    self._report.met(*expectation.requirements)

    def give_up(self, action: str | None = None) -> None:
        """Drop the expectations that a message of this action could fulfil. None: drop all."""
        self._keep(lambda expectation: action is not None and action not in expectation.actions)

    def disconnected(self) -> None:
        """Drop the expectations that do not outlive the connection."""
        self._keep(lambda expectation: expectation.outlives_connection)

    def drop(self, kinds: frozenset[str]) -> None:
        """Drop the expectations of some kinds of findings."""
        if self.open:
            self._keep(lambda expectation: expectation.kind not in kinds)

    def booted(self) -> None:
        """Drop the expectations that a station need not meet after a restart."""
        self.drop(NOT_AFTER_BOOT)

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
        """Move all deadlines ``seconds`` later."""
        self._events_wait_until += seconds
        for expectation in self.open.values():
            if expectation.due is not None:
                expectation.due += seconds

    def clock_jumped(self, at: float) -> None:
        """Assume that no event waits in the station's queue for longer than RETRY_TIME_S after ``at``: the
        server's clock may have been set back.
        """
        self._events_wait_until = min(self._events_wait_until, at + RETRY_TIME_S)

    def overdue(self, at: float) -> Findings:
        """Report the accepted commands that were not carried out in time."""
        findings = NO_FINDINGS
        for message_id, expectation in list(self.open.items()):
            if expectation.due is not None and at > expectation.due:
                del self.open[message_id]
                if expectation.is_possible() and not expectation.is_excused(expectation.accepted_at):
                    findings += self._report(
                        expectation.kind,
                        at,
                        expectation.frames,
                        expectation.sentence,
                        requirements=expectation.requirements,
                    )
        return findings


def _reset(request: JsonObject, known: Known201) -> AcceptedCommand | None:
    """Expect a boot (B11.FR.03, B11.FR.04), unless only an EVSE is reset or a transaction must end first."""
    if "evseId" in request or (request["type"] == "OnIdle" and known.running.by_id):
        return None
    return AcceptedCommand(
        "reset-not-carried-out",
        120.0,
        frozenset({Action.boot_notification.value}),
        lambda *_: True,
        "the station accepted a Reset but sent no BootNotification within 120 s of connected time",
        outlives_connection=True,
        requirements=("B11.FR.03", "B11.FR.04"),
        shows_requirements=lambda boot: bool(boot["reason"] != "Triggered"),
    )


def _trigger(request: JsonObject, known: Known201) -> AcceptedCommand:
    """Expect the requested message. If the TriggerMessage names no EVSE, requested MeterValues are expected
    from each EVSE in use, and a requested TransactionEvent from each transaction (F06.FR.11).

    While no transaction is running, the station cannot send a TransactionEvent.
    """
    expected_action, evse = triggered_by(request), request.get("evse") or {}
    actions = {expected_action}
    if expected_action == Action.status_notification:
        actions |= CONNECTOR_STATUS
    return AcceptedCommand(
        "trigger-not-carried-out",
        CSR_TIMEOUT_S if expected_action == Action.sign_certificate else 30.0,
        frozenset(actions),
        _triggered(expected_action, (evse.get("id"), evse.get("connectorId")), known),
        f"the station accepted a TriggerMessage for {short(request['requestedMessage'])} but did not send "
        "that message in time",
        is_possible=lambda: (
            expected_action != Action.transaction_event or bool(known.running.certain_on_evse(evse.get("id")))
        ),
        requirements=_trigger_requirements(request),
    )


def _trigger_requirements(request: JsonObject) -> tuple[str, ...]:
    requested = request["requestedMessage"]
    return (
        *(("F06.FR.03",) if "evse" in request and requested not in ABOUT_AN_EVSE else ()),
        *(("F06.FR.06",) if requested == Action.meter_values else ()),
        "F06.FR.10",
        *(("F06.FR.11",) if is_for_all_evses(request) else ()),
    )


def _triggered(action: str, scope: EvseScope, known: Known201) -> Callable[[str, JsonObject], bool]:
    if action == Action.status_notification:
        return lambda sent, payload: sent != action or _is_status_of(scope, payload)
    if action == Action.transaction_event and not scope[0]:
        return _each_transaction(known.running)
    if action == Action.meter_values and not scope[0]:
        return _each_evse(known.running)
    return lambda *_: True


def _each_transaction(running: RunningTransactions) -> Callable[[str, JsonObject], bool]:
    """Return a condition that is met once each running transaction has sent an event or ended."""
    left = {transaction_id for transaction_id, _ in running.certain_on_evse(None)}

    def is_fulfilled_by(_: str, event: JsonObject) -> bool:
        left.discard(event["transactionInfo"]["transactionId"])
        left.intersection_update(running.by_id)
        return not left

    return is_fulfilled_by


def _each_evse(running: RunningTransactions) -> Callable[[str, JsonObject], bool]:
    """Return a condition that is met once each EVSE with a transaction has sent MeterValues: only the meter
    of such an EVSE is certainly in use.
    """
    left = {transaction.evse_id for _, transaction in running.certain_on_evse(None)} - {None}

    def is_fulfilled_by(_: str, payload: JsonObject) -> bool:
        left.discard(payload["evseId"])
        return not left or payload["evseId"] == 0

    return is_fulfilled_by


def _is_status_of(scope: EvseScope, status: JsonObject) -> bool:
    """Return whether a status is about the EVSE and connector of a scope. An id of 0 in the scope matches
    all.
    """
    evse_id, connector_id = scope
    return evse_id in {None, 0, status["evseId"]} and connector_id in {None, 0, status["connectorId"]}


def _availability(request: JsonObject, known: Known201) -> AcceptedCommand | None:
    """Expect a new status of each connector whose status certainly changes with the command; None if no
    status does.
    """
    connectors = known.connectors
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
        is_excused=lambda _: operational_status == "Operative" and known.progress.is_updating,
        requirements=_availability_requirements(request),
    )


def _availability_requirements(request: JsonObject) -> tuple[str, ...]:
    """Return the requirements to change the status of the connectors and to report the new status."""
    place, is_operative = place_of(request), request["operationalStatus"] == "Operative"
    if place == STATION:
        return ("G01.FR.07", "G04.FR.01", "G04.FR.05", "G04.FR.08" if is_operative else "G04.FR.07")
    if place[1] is None:
        return ("G01.FR.07", "G03.FR.04", "G03.FR.07" if is_operative else "G03.FR.06")
    return ("G01.FR.07", "G03.FR.04")


def _stop(request: JsonObject, known: Known201) -> AcceptedCommand | None:
    """Expect the end of the transaction, or at least an event with the triggerReason RemoteStop, because a
    transaction may go on until the cable is unplugged (F03.FR.02, F03.FR.03).
    """
    transaction_id = request["transactionId"]
    if known.transactions.has_ended(transaction_id):
        return None

    def is_fulfilled_by(_: str, event: JsonObject) -> bool:
        info = event["transactionInfo"]
        is_ended = event["eventType"] == "Ended" and (
            event["triggerReason"] in STOPPING or "stoppedReason" in info
        )
        is_stopped = is_ended or event["triggerReason"] == "RemoteStop"
        return is_stopped and bool(info["transactionId"] == transaction_id)

    return AcceptedCommand(
        "stop-not-carried-out",
        120.0,
        TRANSACTION,
        is_fulfilled_by,
        f"the station accepted a request to stop the transaction {short(transaction_id)} but reported no "
        "stop with triggerReason RemoteStop within 120 s",
        outlives_connection=True,
        is_excused=lambda accepted_at: _has_ended_before(transaction_id, accepted_at, known),
        requirements=_stop_requirements(known),
        shows_requirements=lambda event: bool(event["triggerReason"] == "RemoteStop"),
    )


def _has_ended_before(transaction_id: str, accepted_at: float, known: Known201) -> bool:
    """Return whether a transaction may have ended by itself before the command took effect."""
    tracked = known.transactions.find(transaction_id)
    ending = tracked.contents.ending if tracked else None
    if ending is None:
        return False
    ended_at = seconds_of(ending.timestamp)
    return ended_at is None or ended_at <= accepted_at + ON_THE_WAY_S


def _stop_requirements(known: Known201) -> tuple[str, ...]:
    """Return the requirement that decides whether a remote stop ends the transaction; all if TxStopPoint is
    unknown.
    """
    stop_points = known[DeviceModelFacts].members("TxCtrlr", "TxStopPoint")
    if stop_points is None:
        return ()
    return ("F03.FR.02",) if stop_points.isdisjoint(ENDED_WITH_THE_OFFER) else ("F03.FR.03",)


def _start(request: JsonObject, known: Known201) -> AcceptedCommand:
    """Expect a transaction event with the remoteStartId, if the station is certainly able to start."""
    remote_start_id, evse_id = request["remoteStartId"], request.get("evseId")
    return AcceptedCommand(
        "start-not-carried-out",
        120.0,
        TRANSACTION,
        lambda _, event: bool(event["transactionInfo"].get("remoteStartId") == remote_start_id),
        "the station accepted a request to start a transaction but sent no event with remoteStartId "
        f"{remote_start_id} within 120 s",
        outlives_connection=True,
        is_possible=lambda: can_start(known[DeviceModelFacts], known.connectors, evse_id),
        is_excused=lambda accepted_at: not _is_authorized(request["idToken"], accepted_at, known),
        requirements=("F01.FR.03",) if known.connectors.is_plugged_in(evse_id) else ("F02.FR.11",),
    )


def _is_authorized(id_token: JsonObject, accepted_at: float, known: Known201) -> bool:
    """Return whether the token of a remote start is certainly allowed to charge (F01.FR.01, F01.FR.02)."""
    authorizations = known.transactions.authorizations
    if authorizations.was_refused(id_token, accepted_at):
        return False
    must_authorize = known[DeviceModelFacts].of_station("AuthCtrlr", "AuthorizeRemoteStart")
    if must_authorize == "true":
        return authorizations.was_accepted(id_token, accepted_at, accepted_at + AUTHORIZED_WITHIN_S)
    return must_authorize == "false"


def can_start(model: DeviceModelFacts, connectors: Connectors, evse_id: int | None) -> bool:
    """Return whether the authorization of a remote start now leads to a transaction.

    The authorization does so if TxStartPoint is Authorized (E01.FR.03), or if TxStartPoint is EVConnected or
    PowerPathClosed and every connector of the requested EVSE is Occupied (E01.FR.02, E01.FR.05). While
    TxStartPoint is unknown, nothing is certain.
    """
    members = model.members("TxCtrlr", "TxStartPoint")
    if members is None:
        return False
    start_points = {member.lower() for member in members}
    if "authorized" in start_points:
        return True
    return connectors.is_plugged_in(evse_id) and not start_points.isdisjoint(
        {"evconnected", "powerpathclosed"}
    )


def _report(request: JsonObject, action: str) -> AcceptedCommand | None:
    """Expect the first part of a report with the requestId of the command."""
    if action == Action.customer_information and not (request["report"] or request["clear"]):
        return None
    request_id, reported_by = request["requestId"], REPORTED_BY[action]
    return AcceptedCommand(
        "report-not-sent",
        REPORT_TIMEOUT_S,
        frozenset({reported_by}),
        lambda _, part: bool(part["requestId"] == request_id),
        f"the station accepted a {action} but sent no {reported_by} with requestId {request_id} within "
        f"{REPORT_TIMEOUT_S:g} s",
        requirements=report_requirements.sent(action, request),
    )


def _result(kind: str, timeout_s: float, request: JsonObject, action: str) -> AcceptedCommand:
    """Expect the first status of an upload, an update or a publication."""
    request_id, reported_by = request["requestId"], REPORTED_BY[action]
    return AcceptedCommand(
        kind,
        timeout_s,
        frozenset({reported_by}),
        lambda _, status: status.get("requestId", request_id) == request_id and status["status"] != "Idle",
        f"the station accepted {action} with requestId {request_id} but sent no {reported_by} within "
        f"{timeout_s:g} s",
        replaces_earlier=True,
        requirements=_progress_requirements(action, request),
        shows_requirements=lambda status: action != Action.get_log or status["status"] == "Uploading",
    )


def _progress_requirements(action: str, request: JsonObject) -> tuple[str, ...]:
    """Return the requirements that the progress of an upload, an update or a publication is reported."""
    match action:
        case Action.get_log:
            return ("N01.FR.08",)
        case Action.publish_firmware:
            return ("L03.FR.01",)
    return ("L01.FR.01",) if "signingCertificate" in request["firmware"] else ("L02.FR.01",)


type ExpectationBuilder = Callable[[JsonObject, Known201], AcceptedCommand | None]


def _report_of(action: str) -> ExpectationBuilder:
    return lambda request, _: _report(request, action)


def _result_of(kind: str, timeout_s: float, action: str) -> ExpectationBuilder:
    return lambda request, _: _result(kind, timeout_s, request, action)


EXPECTED_AFTER: Final[Mapping[str, ExpectationBuilder]] = {
    Action.change_availability: _availability,
    Action.customer_information: _report_of(Action.customer_information),
    Action.get_base_report: _report_of(Action.get_base_report),
    Action.get_charging_profiles: _report_of(Action.get_charging_profiles),
    Action.get_display_messages: _report_of(Action.get_display_messages),
    Action.get_log: _result_of("log-status-not-sent", UPLOAD_TIMEOUT_S, Action.get_log),
    Action.get_monitoring_report: _report_of(Action.get_monitoring_report),
    Action.get_report: _report_of(Action.get_report),
    Action.publish_firmware: _result_of(
        "firmware-status-not-sent", FIRMWARE_TIMEOUT_S, Action.publish_firmware
    ),
    Action.request_start_transaction: _start,
    Action.request_stop_transaction: _stop,
    Action.reset: _reset,
    Action.trigger_message: _trigger,
    Action.update_firmware: _result_of(
        "firmware-status-not-sent", FIRMWARE_TIMEOUT_S, Action.update_firmware
    ),
}
"""Builder of the expected effect of a command, by action."""
