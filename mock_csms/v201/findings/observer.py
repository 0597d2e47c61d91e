"""Findings about one station that speaks OCPP 2.0.1: each message goes to those who judge it."""

from collections.abc import Callable, Mapping
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.kinds import NO_FINDINGS, Findings
from mock_csms.findings.observer import Observer
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.accepted_commands import EXPECTED_AFTER, AcceptedCommands
from mock_csms.v201.findings.clock import Clock, Online
from mock_csms.v201.findings.connectors import Connectors
from mock_csms.v201.findings.progress import Progress
from mock_csms.v201.findings.registration import Registration
from mock_csms.v201.findings.reports import Reports
from mock_csms.v201.findings.transactions import Transactions
from mock_csms.v201.security_events import SECURITY_EVENTS

ACCEPTED: Final = frozenset({"Accepted", "AcceptedCanceled", "Scheduled"})
HEARTBEAT: Final = Action.heartbeat.value
BOOT: Final = Action.boot_notification.value


class Observer201(Observer):
    """Finds what one station does against OCPP-J and the clauses of OCPP 2.0.1."""

    __slots__ = (
        "_clock",
        "_connectors",
        "_online",
        "_progress",
        "_promises",
        "_registration",
        "_reports",
        "_transactions",
    )

    answered_actions = frozenset({HEARTBEAT, BOOT})

    def begin(self) -> None:
        super().begin()
        report = self._report
        self._clock = Clock(report)
        self._online = Online()
        self._registration = Registration(report)
        self._connectors = Connectors(report)
        self._transactions = Transactions(report, self._clock, self._online)
        self._reports = Reports(report)
        self._progress = Progress(report, self._registration)
        self._promises = AcceptedCommands(report)

    def resumed(self, at: float) -> None:
        self._online.connected(at, self._heard)
        self._settle(at)
        self._connectors.resumed(at)
        self._promises.resumed(at)
        self._transactions.resumed(at)

    def gone(self, at: float) -> None:
        if not self._connections:
            self._online.disconnected(at, self._heard)
        self._reports.give_up()
        self._promises.disconnected()
        self._progress.lose_track()

    def _settle(self, at: float) -> None:
        if not self._registration.is_unsettled and self._clock.since is not None:
            self._online.settle(at)

    def judge_call(self, at: float, frame: int, action: str, payload: JsonObject) -> Findings:
        found = NO_FINDINGS
        if self._registration.is_unsettled and action != BOOT:
            found = self._registration.call(at, frame, action, payload)
        if judge := JUDGES.get(action):
            found += judge(self, at, frame, payload)
        if self._promises.open:
            self._promises.observe(action, payload)
        return found

    def doubt(self, action: str | None) -> None:
        self._promises.give_up(action)
        self._reports.give_up(action)
        self._progress.lose_track(action)
        if action in {None, Action.status_notification, Action.notify_event}:
            self._connectors.cease()
        if action in {None, Action.transaction_event}:
            self._transactions.unreadable()
        if action in {None, BOOT}:
            self._registration.passed_over()

    def answered(self, at: float, frame: int, action: str, answer: JsonObject, waited: float) -> None:
        if action == BOOT:
            self._booted(at, frame, answer, waited)
        elif self._clock.told(at, answer.get("currentTime")):
            self._transactions.clock_set()
            self._settle(at)

    def _booted(self, at: float, frame: int, answer: JsonObject, waited: float) -> None:
        registration = self._registration
        owes_statuses = registration.answered(at, frame, answer, waited)
        if registration.status != "Accepted":
            self._connectors.cease()
            return
        if self._clock.told(at, answer.get("currentTime")):
            self._transactions.clock_set()
        self._settle(at)
        if owes_statuses:
            self._connectors.booted(at, frame)
            self._transactions.booted(at)

    def refused(self, at: float, action: str) -> None:
        if action == Action.transaction_event:
            self._transactions.refused(at)

    def left_unanswered(self, action: str) -> None:
        self._reports.give_up(action)

    def given_more_time(self, at: float, seconds: float) -> None:
        self._connectors.shift(seconds)
        self._promises.shift(seconds)
        self._reports.shift(seconds)
        self._transactions.shift(seconds)
        self._settle(at)

    def command_sent(self, at: float, frame: int, message_id: str, action: str, request: JsonObject) -> None:
        self._registration.asked(at, action, request)
        self._progress.asked(action, request)
        if builder := EXPECTED_AFTER.get(action):
            promise = builder(request, self._connectors, self._transactions)
            if promise:
                self._promises.asked(frame, message_id, promise)

    def command_answered(  # noqa: PLR0913, PLR0917 - a command and its answer
        self,
        at: float,
        frame: int,
        message_id: str,
        action: str,
        request: JsonObject,
        answer: JsonObject | None,
    ) -> None:
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

    def command_failed(self, message_id: str) -> None:
        self._promises.refused(message_id)

    def overdue(self, at: float) -> Findings:
        return (
            self._registration.silence(at, self._heard)
            + self._connectors.overdue(at)
            + self._promises.overdue(at)
            + self._reports.overdue(at)
            + self._transactions.overdue(at)
        )

    def unfinished(self, at: float) -> Findings:
        return self._reports.end(at) + self._transactions.end(at)

    def _meter_values(self, at: float, frame: int, payload: JsonObject) -> Findings:
        clock = self._clock
        for meter_value in payload["meterValue"]:
            text = meter_value["timestamp"]
            if found := clock.check(at, frame, "MeterValues", text):
                return found
        return NO_FINDINGS

    def _status(self, at: float, frame: int, payload: JsonObject) -> Findings:
        self._connectors.tell(payload["evseId"], payload["connectorId"], payload["connectorStatus"])
        return self._clock.check(at, frame, "StatusNotification", payload["timestamp"])

    def _events(self, at: float, frame: int, payload: JsonObject) -> Findings:
        found = self._clock.check(at, frame, "NotifyEvent", payload["generatedAt"])
        for event in payload["eventData"]:
            self._connectors.event(event)
            found = found or self._clock.check(at, frame, "NotifyEvent", event["timestamp"])
        return found

    def _device_report(self, at: float, frame: int, payload: JsonObject) -> Findings:
        for item in payload.get("reportData", ()):
            if item["component"]["name"] == "Connector":
                self._connectors.reported(at, item)
        return self._part(at, frame, "NotifyReport", payload)

    def _part(self, at: float, frame: int, action: str, payload: JsonObject) -> Findings:
        self._reports.part(at, frame, action, payload)
        generated_at = payload.get("generatedAt")
        return self._clock.check(at, frame, action, generated_at) if generated_at else NO_FINDINGS

    def _security_event(self, at: float, frame: int, payload: JsonObject) -> Findings:
        found = self._clock.check(at, frame, "SecurityEventNotification", payload["timestamp"])
        if payload["type"] in SECURITY_EVENTS:
            return found
        return found + self._report(
            "security-event-unknown",
            at,
            (frame,),
            f"the security event {short(payload['type'])} is none of the specification's; the type is taken "
            "from its list",
        )


type CallJudge = Callable[[Observer201, float, int, JsonObject], Findings]


def _parts(action: str) -> CallJudge:
    return lambda observer, at, frame, payload: observer._part(at, frame, action, payload)


def _steps(action: str) -> CallJudge:
    return lambda observer, at, frame, payload: observer._progress.step(at, frame, action, payload)


JUDGES: Final[Mapping[str, CallJudge]] = {
    "BootNotification": lambda it, at, frame, payload: it._registration.boot(at, frame, payload),
    "FirmwareStatusNotification": _steps("FirmwareStatusNotification"),
    "LogStatusNotification": _steps("LogStatusNotification"),
    "MeterValues": Observer201._meter_values,
    "NotifyCustomerInformation": _parts("NotifyCustomerInformation"),
    "NotifyDisplayMessages": _parts("NotifyDisplayMessages"),
    "NotifyEvent": Observer201._events,
    "NotifyMonitoringReport": _parts("NotifyMonitoringReport"),
    "NotifyReport": Observer201._device_report,
    "ReportChargingProfiles": _parts("ReportChargingProfiles"),
    "SecurityEventNotification": Observer201._security_event,
    "StatusNotification": Observer201._status,
    "TransactionEvent": lambda it, at, frame, payload: it._transactions.event(at, frame, payload),
}
"""Who judges the payload of a message, by its action; the others say nothing that could be wrong."""
