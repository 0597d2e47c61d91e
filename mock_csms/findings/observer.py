"""What one station does, across its connections: each message goes to those who judge it."""

from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import suppress
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.calls import IN_PARALLEL, OurCalls, StationCalls
from mock_csms.findings.kinds import NOTHING, Finding, Found, Reporter
from mock_csms.log.summary import shown
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.clock import Clock, Online
from mock_csms.v201.findings.connectors import Connectors
from mock_csms.v201.findings.kinds import KINDS
from mock_csms.v201.findings.progress import Progress
from mock_csms.v201.findings.promises import PROMISES, Promises
from mock_csms.v201.findings.registration import Registration
from mock_csms.v201.findings.reports import Reports
from mock_csms.v201.findings.transactions import Transactions

UNREADABLE: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading a command that breaks its schema may raise."""

ACCEPTED: Final = frozenset({"Accepted", "AcceptedCanceled", "Scheduled"})
HEARTBEAT: Final = Action.heartbeat.value
BOOT: Final = Action.boot_notification.value
SECURITY_EVENTS: Final = frozenset(
    {
        "AttemptedReplayAttacks",
        "CsmsFailedToAuthenticate",
        "FailedToAuthenticateAtCsms",
        "FirmwareUpdated",
        "InvalidChargingStationCertificate",
        "InvalidCsmsCertificate",
        "InvalidFirmwareSignature",
        "InvalidFirmwareSigningCertificate",
        "InvalidMessages",
        "InvalidTLSCipherSuite",
        "InvalidTLSVersion",
        "MaintenanceLoginAccepted",
        "MaintenanceLoginFailed",
        "MemoryExhaustion",
        "ReconfigurationOfSecurityParameters",
        "ResetOrReboot",
        "SecurityLogWasCleared",
        "SettingSystemTime",
        "StartupOfTheDevice",
        "TamperDetectionActivated",
    }
)
"""The types of security events that the specification lists (A04)."""


class Observer:
    """What one station does, across its connections.

    Times are seconds since the epoch, frames are numbers of journal entries. Each method returns what the
    station is found to have done against the specification, once for each time that it did so. Every
    connection is told of when it begins and when it ends, also one that a newer one takes the place of.
    """

    __slots__ = (
        "_calls",
        "_clock",
        "_connectors",
        "_heard",
        "_online",
        "_our_calls",
        "_progress",
        "_promises",
        "_registration",
        "_report",
        "_reports",
        "_transactions",
    )

    def __init__(self, station: str, silenced: Container[str] = frozenset()) -> None:
        self._report = Reporter(station, silenced, KINDS)
        self._begin()

    def _begin(self) -> None:
        """Know nothing of the station."""
        report = self._report
        self._heard = 0.0
        self._calls = StationCalls(report)
        self._our_calls = OurCalls(report)
        self._clock = Clock(report)
        self._online = Online()
        self._registration = Registration(report)
        self._connectors = Connectors(report)
        self._transactions = Transactions(report, self._clock, self._online)
        self._reports = Reports(report)
        self._progress = Progress(report, self._registration)
        self._promises = Promises(report)

    def forget(self, at: float, frame: int) -> None:
        """Know nothing any more but that the station is connected, if it is."""
        is_connected = self._online.is_connected
        self._begin()
        if is_connected:
            self.connected(at, frame)

    def connected(self, at: float, frame: int) -> Sequence[Finding]:
        """Take note of a connection, which may take the place of one that still seems to be open."""
        if self._online.is_connected:
            self._gone()
        self._online.connected(at, self._heard)
        self._heard = at
        self._settle(at)
        self._connectors.resumed(at)
        self._promises.resumed(at)
        self._transactions.resumed(at)
        return NOTHING

    def disconnected(self, at: float, frame: int) -> Sequence[Finding]:
        """Take note of the end of a connection."""
        self._online.disconnected(at, self._heard)
        if not self._online.is_connected:
            self._gone()
        return NOTHING

    def _gone(self) -> None:
        """Expect no more of what a station need not keep until it is connected again."""
        self._calls.disconnected()
        self._reports.give_up()
        self._promises.disconnected()
        self._progress.lose_track()

    def _settle(self, at: float) -> None:
        if not self._registration.is_unsettled and self._clock.since is not None:
            self._online.settle(at)

    def received_call(  # noqa: PLR0913 - all that there is to tell of a CALL
        self,
        at: float,
        frame: int,
        message_id: str,
        action: str,
        payload: JsonObject,
        *,
        violation: str | None,
        together: bool = False,
    ) -> Sequence[Finding]:
        """Judge a CALL of the station.

        ``violation`` is what is wrong with a payload that breaks its schema; ``together`` tells that it came
        in one go with the CALL before it, before that could be answered.
        """
        self._heard = at
        calls = self._calls
        if calls.unanswered:
            self._let_go_on(at, calls.waited(at))
        found = calls.received(at, frame, message_id, action, together=together)
        if violation is not None:
            return found + self._violated(at, frame, action, violation)
        return found + self._judge(at, frame, action, payload)

    def exchanged(  # noqa: PLR0913, PLR0917 - this is on the way of every message
        self,
        at: float,
        frame: int,
        message_id: str,
        action: str,
        payload: JsonObject,
        answer: JsonObject,
        together: bool = False,
    ) -> Found:
        """Judge a valid CALL of the station that was answered at once, in the frame after its own."""
        calls = self._calls
        if calls.unanswered or together:
            found = self.received_call(
                at, frame, message_id, action, payload, violation=None, together=together
            )
            return (*found, *self.sent_result(at, frame + 1, message_id, action, answer))
        self._heard = at
        found = calls.identify(at, frame, message_id, action) + self._judge(at, frame, action, payload)
        if action == HEARTBEAT:
            self._tell_time(at, answer)
        elif action == BOOT:
            self._booted(at, frame + 1, answer, 0.0)
        return found

    def _judge(self, at: float, frame: int, action: str, payload: JsonObject) -> Found:
        found = NOTHING
        if self._registration.is_unsettled and action != BOOT:
            found = self._registration.call(at, frame, action, payload)
        if judge := JUDGES.get(action):
            found += judge(self, at, frame, payload)
        if self._promises.open:
            self._promises.observe(action, payload)
        return found

    def _let_go_on(self, at: float, waited: float) -> None:
        """Leave the station as much more time for all else as it had to wait for an answer."""
        if waited < IN_PARALLEL:
            return
        self._connectors.shift(waited)
        self._promises.shift(waited)
        self._reports.shift(waited)
        self._transactions.shift(waited)
        self._settle(at)

    def _violated(self, at: float, frame: int, action: str, violation: str) -> Found:
        """Judge that a CALL breaks its schema; it may have been the one that was waited for."""
        self._doubt(action)
        return self._report(
            "call-violates-schema",
            at,
            (frame,),
            f"{shown(action)} breaks its schema: {violation}",
        )

    def _doubt(self, action: str | None = None) -> None:
        """Expect nothing that may have come in what cannot be read: one action, or any."""
        self._promises.give_up(action)
        self._reports.give_up(action)
        self._progress.lose_track(action)
        if action in {None, Action.status_notification, Action.notify_event}:
            self._connectors.cease()
        if action in {None, Action.transaction_event}:
            self._transactions.unreadable()
        if action in {None, BOOT}:
            self._registration.passed_over()

    def malformed(self, at: float, frame: int, description: str) -> Sequence[Finding]:
        """Judge a frame that is no OCPP-J message."""
        self._heard = at
        self._doubt()
        return self._report("malformed-frame", at, (frame,), f"the frame is malformed: {description}")

    def sent_result(
        self, at: float, frame: int, message_id: str, action: str, payload: JsonObject
    ) -> Sequence[Finding]:
        """Take note of the answer to a CALL of the station."""
        self._heard = at
        call = self._calls.unanswered.pop(message_id, None)
        if call is None:
            return NOTHING
        waited = at - call[0]
        if waited >= IN_PARALLEL:
            self._let_go_on(at, waited)
        if action == HEARTBEAT:
            self._tell_time(at, payload)
        elif action == BOOT:
            self._booted(at, frame, payload, waited)
        return NOTHING

    def _tell_time(self, at: float, payload: JsonObject) -> None:
        if self._clock.told(at, payload.get("currentTime")):
            self._transactions.clock_set()
            self._settle(at)

    def _booted(self, at: float, frame: int, payload: JsonObject, waited: float) -> None:
        registration = self._registration
        owes_statuses = registration.answered(at, frame, payload, waited)
        if registration.status != "Accepted":
            self._connectors.cease()
            return
        self._tell_time(at, payload)
        self._settle(at)
        if owes_statuses:
            self._connectors.booted(at, frame)
            self._transactions.booted(at)

    def sent_error(self, at: float, frame: int, message_id: str, action: str) -> Sequence[Finding]:
        """Take note of a CALLERROR that answers a CALL of the station."""
        self._heard = at
        call = self._calls.unanswered.pop(message_id, None)
        if call is not None:
            self._let_go_on(at, at - call[0])
            self._reports.give_up(action)
        if action == Action.transaction_event:
            self._transactions.refused(at)
        return NOTHING

    def withheld(self, at: float, message_id: str) -> Sequence[Finding]:
        """Take note that a CALL of the station gets no answer that it can use, for now."""
        action = self._calls.withhold(message_id)
        if action is not None:
            self._reports.give_up(action)
        return NOTHING

    def sent_call(
        self, at: float, frame: int, message_id: str, action: str, payload: JsonObject
    ) -> Sequence[Finding]:
        """Take note of a CALL to the station."""
        self._our_calls.sent(frame, message_id, payload)
        with suppress(*UNREADABLE):
            self._registration.asked(at, action, payload)
            self._progress.asked(action, payload)
            if builder := PROMISES.get(action):
                promise = builder(payload, self._connectors, self._transactions)
                if promise:
                    self._promises.asked(frame, message_id, promise)
        return NOTHING

    def received_answer(  # noqa: PLR0913 - all that there is to tell of an answer
        self,
        at: float,
        frame: int,
        message_id: str,
        action: str | None,
        payload: JsonObject | None,
        *,
        violation: str | None = None,
    ) -> Sequence[Finding]:
        """Judge an answer of the station.

        ``action`` is None if it answers no CALL that is out now, ``payload`` is None if it is a CALLERROR.
        """
        self._heard = at
        if action is None:
            return self._stray_answer(at, frame, message_id, is_error=payload is None)
        call = self._our_calls.answered(message_id)
        if violation is not None:
            self._promises.refused(message_id)
            return self._report(
                "answer-violates-schema",
                at,
                (*call.frames, frame),
                f"the answer to {shown(action)} breaks its schema: {violation}",
            )
        request, call.payload = call.payload, {}
        with suppress(*UNREADABLE):
            self._conclude(at, frame, message_id, action, request, payload)
        return NOTHING

    def _stray_answer(self, at: float, frame: int, message_id: str, *, is_error: bool) -> Found:
        """Judge an answer that nobody waits for; a CALLERROR may be about a frame of ours (OCPP-J 4.2.3)."""
        if is_error and (message_id == "-1" or self._calls.has_had(message_id)):
            return NOTHING
        return self._our_calls.stray_answer(at, frame, message_id)

    def _conclude(  # noqa: PLR0913, PLR0917 - a command and its answer
        self,
        at: float,
        frame: int,
        message_id: str,
        action: str,
        request: JsonObject,
        answer: JsonObject | None,
    ) -> None:
        """Draw the consequences of the station's answer to a command; None if it is a CALLERROR."""
        status = answer.get("status") if answer else None
        if answer and action == Action.set_variables:
            self._registration.variables_set(frame, request, answer)
        if status == "Accepted":
            self._promises.accepted(at, frame, message_id)
        else:
            self._promises.refused(message_id)
        if action == Action.change_availability and status in ACCEPTED:
            self._connectors.availability_changed(request)
        if status not in ACCEPTED:
            self._registration.refused(action, request)

    def timed_out(self, at: float, message_id: str, action: str) -> Sequence[Finding]:
        """Judge that a CALL to the station had no answer in time."""
        self._promises.refused(message_id)
        return self._our_calls.timed_out(at, message_id, action)

    def tick(self, at: float) -> Sequence[Finding]:
        """Judge what has become overdue, unless the station is kept from sending it."""
        if not self._online.is_connected or self._calls.waited(at):
            return NOTHING
        return (
            self._registration.silence(at, self._heard)
            + self._connectors.overdue(at)
            + self._promises.overdue(at)
            + self._reports.overdue(at)
            + self._transactions.overdue(at)
        )

    def end(self, at: float) -> Sequence[Finding]:
        """Judge what is still missing when the run is over."""
        return (*self.tick(at), *self._reports.end(at), *self._transactions.end(at))

    def _meter_values(self, at: float, frame: int, payload: JsonObject) -> Found:
        clock = self._clock
        for meter_value in payload["meterValue"]:
            text = meter_value["timestamp"]
            if found := clock.check(at, frame, "MeterValues", text):
                return found
        return NOTHING

    def _status(self, at: float, frame: int, payload: JsonObject) -> Found:
        self._connectors.tell(payload["evseId"], payload["connectorId"], payload["connectorStatus"])
        return self._clock.check(at, frame, "StatusNotification", payload["timestamp"])

    def _events(self, at: float, frame: int, payload: JsonObject) -> Found:
        found = self._clock.check(at, frame, "NotifyEvent", payload["generatedAt"])
        for event in payload["eventData"]:
            self._connectors.event(event)
            found = found or self._clock.check(at, frame, "NotifyEvent", event["timestamp"])
        return found

    def _device_report(self, at: float, frame: int, payload: JsonObject) -> Found:
        for item in payload.get("reportData", ()):
            if item["component"]["name"] == "Connector":
                self._connectors.reported(at, item)
        return self._part(at, frame, "NotifyReport", payload)

    def _part(self, at: float, frame: int, action: str, payload: JsonObject) -> Found:
        self._reports.part(at, frame, action, payload)
        generated_at = payload.get("generatedAt")
        return self._clock.check(at, frame, action, generated_at) if generated_at else NOTHING

    def _security_event(self, at: float, frame: int, payload: JsonObject) -> Found:
        found = self._clock.check(at, frame, "SecurityEventNotification", payload["timestamp"])
        if payload["type"] in SECURITY_EVENTS:
            return found
        return found + self._report(
            "security-event-unknown",
            at,
            (frame,),
            f"the security event {shown(payload['type'])} is none of the specification's; the type is taken "
            "from its list",
        )


type Judge = Callable[[Observer, float, int, JsonObject], Found]


def _parts(action: str) -> Judge:
    return lambda observer, at, frame, payload: observer._part(at, frame, action, payload)


def _steps(action: str) -> Judge:
    return lambda observer, at, frame, payload: observer._progress.step(at, frame, action, payload)


JUDGES: Final[Mapping[str, Judge]] = {
    "BootNotification": lambda it, at, frame, payload: it._registration.boot(at, frame, payload),
    "FirmwareStatusNotification": _steps("FirmwareStatusNotification"),
    "LogStatusNotification": _steps("LogStatusNotification"),
    "MeterValues": Observer._meter_values,
    "NotifyCustomerInformation": _parts("NotifyCustomerInformation"),
    "NotifyDisplayMessages": _parts("NotifyDisplayMessages"),
    "NotifyEvent": Observer._events,
    "NotifyMonitoringReport": _parts("NotifyMonitoringReport"),
    "NotifyReport": Observer._device_report,
    "ReportChargingProfiles": _parts("ReportChargingProfiles"),
    "SecurityEventNotification": Observer._security_event,
    "StatusNotification": Observer._status,
    "TransactionEvent": lambda it, at, frame, payload: it._transactions.event(at, frame, payload),
}
"""Who judges the payload of a message, by its action; the others say nothing that could be wrong."""
