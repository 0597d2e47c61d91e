"""Checks of one OCPP 2.0.1 station. Each message goes to the modules that check it."""

from collections.abc import Callable, Mapping
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.calls import AnswerRequirements
from mock_csms.findings.checking import Checking
from mock_csms.findings.checks import AnsweredCommand, RefusedCommand
from mock_csms.findings.expectations import ExpectedMessages
from mock_csms.findings.kinds import NO_FINDINGS, Findings
from mock_csms.findings.observer import Observer
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.v201.action_tables import CSMS_ACTIONS, STATION_ACTIONS
from mock_csms.v201.findings.accepted_commands import EXPECTED_AFTER, RETRY_TIME_S, AcceptedCommands
from mock_csms.v201.findings.all_checks import CHECKS
from mock_csms.v201.findings.answer_requirements import answer_requirements
from mock_csms.v201.findings.answers import Answers
from mock_csms.v201.findings.certificates import StationCertificates
from mock_csms.v201.findings.clock import Clock, Online
from mock_csms.v201.findings.connectors import Connectors
from mock_csms.v201.findings.event_parts import EventParts
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.sent_commands import SentCommands
from mock_csms.v201.findings.kinds import REQUIREMENT_INDEXES
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.progress import Progress
from mock_csms.v201.findings.registration import Registration
from mock_csms.v201.findings.reports import ReportParts
from mock_csms.v201.findings.resets import UnansweredResets
from mock_csms.v201.findings.running import RunningTransactions
from mock_csms.v201.findings.signing import CertificateRequests
from mock_csms.v201.findings.transactions import Transactions
from mock_csms.v201.security_events import SECURITY_EVENTS

OFFLINE_MARGIN_S: Final = 60.0
CARRIED_OUT: Final = frozenset({"Accepted", "AcceptedCanceled"})
"""Statuses with which a station answers a command that it carries out at once."""
_ACCEPTED: Final = CARRIED_OUT | {"Scheduled"}
_UNKNOWN_REASON: Final = "Unknown"
"""Boot reason that is assumed for a BootNotification that cannot be read."""
HEARTBEAT: Final = Action.heartbeat.value
BOOT: Final = Action.boot_notification.value
AUTHORIZE: Final = Action.authorize.value
SIGN_CERTIFICATE: Final = Action.sign_certificate.value
_TRANSACTION_EVENT: Final = Action.transaction_event.value


class Observer201(Observer):
    """Reports violations of OCPP-J and of the clauses of OCPP 2.0.1 by one station."""

    __slots__ = (
        "_accepted_commands",
        "_answers",
        "_certificates",
        "_checking",
        "_clock",
        "_connectors",
        "_event_parts",
        "_known",
        "_online",
        "_progress",
        "_registration",
        "_reports",
        "_resets",
        "_running",
        "_signing",
        "_transactions",
    )

    csms_actions = frozenset(CSMS_ACTIONS - STATION_ACTIONS)
    answered_actions = (
        frozenset({HEARTBEAT, BOOT, AUTHORIZE, SIGN_CERTIFICATE, _TRANSACTION_EVENT})
        | CHECKS.answered_actions
    )
    requirement_indexes = REQUIREMENT_INDEXES

    def begin(self) -> None:
        super().begin()
        report = self._report
        self._clock = Clock(report)
        self._online = Online()
        self._registration = Registration(report)
        self._connectors = Connectors(report)
        self._transactions = Transactions(report, self._clock, self._online)
        self._reports = ReportParts(report)
        self._resets = UnansweredResets(report)
        self._progress = Progress(report, self._registration)
        self._accepted_commands = AcceptedCommands(report)
        self._running = RunningTransactions(report, self._clock, self._transactions.has_ended)
        self._answers = Answers(report, self._registration, self._running)
        self._event_parts = EventParts(report)
        self._certificates = StationCertificates(report, self._clock)
        self._known = Known201(
            ExpectedMessages(report, self.coverage),
            clock=self._clock,
            connectors=self._connectors,
            online=self._online,
            progress=self._progress,
            registration=self._registration,
            running=self._running,
            transactions=self._transactions,
        )
        self._checking = Checking(CHECKS, self._known, report, self.coverage)
        self._signing = CertificateRequests(report, self._known[DeviceModelFacts])

    def resumed(self, at: float) -> None:
        self._online.connected(at)
        self._note_online(at)
        self._registration.connected(at)
        self._connectors.resumed(at, self._offline_limit_s())
        self._accepted_commands.resumed(at)
        self._transactions.resumed(at)
        self._known.expectations.resumed(at)

    def _offline_limit_s(self) -> float | None:
        """Return the seconds offline after which OfflineThreshold is certainly exceeded; None if
        OfflineThreshold or the Heartbeat interval is unknown.

        A station may only notice a lost connection when its next Heartbeat is not answered.
        """
        threshold_s = self._known[DeviceModelFacts].number("OCPPCommCtrlr", "OfflineThreshold")
        interval_s = self._registration.interval_s
        if threshold_s is None or threshold_s < 0 or interval_s is None:
            return None
        return 2 * threshold_s + interval_s + OFFLINE_MARGIN_S

    def gone(self, at: float) -> None:
        if not self._connections:
            self._online.disconnected(at)
            self._connectors.disconnected(at)
        self._resets.disconnected()
        self._reports.give_up()
        self._transactions.disconnected()
        self._accepted_commands.disconnected()
        self._progress.disconnected()
        self._running.doubt()
        self._event_parts.give_up()
        self._signing.forget()
        self._certificates.forget()
        self._known.disconnected()

    def _note_online(self, at: float) -> None:
        if not self._registration.is_unsettled and self._clock.since is not None:
            self._online.settle(at)

    def judge_call(self, at: float, frame: int, action: str, payload: JsonObject) -> Findings:
        findings = NO_FINDINGS
        if self._registration.must_judge_calls and action != BOOT:
            findings = self._registration.judge_call(at, frame, action, payload)
        self._known.expectations.observe(action, payload)
        findings += self._checking.judge_call(at, frame, action, payload)
        if judge := JUDGES.get(action):
            findings += judge(self, at, frame, payload)
        if self._accepted_commands.open:
            self._accepted_commands.observe(action, payload)
        if self._connectors.are_awaited and action != HEARTBEAT:
            self._connectors.wait_for_queue(at, payload)
        return findings

    def doubt(self, action: str | None) -> None:
        self._known.doubt(action)
        self._accepted_commands.give_up(action)
        self._certificates.forget()
        self._reports.give_up(action)
        self._progress.lose_track(action)
        self._event_parts.give_up()
        if action in {None, Action.status_notification, Action.notify_event}:
            self._connectors.expect_none()
        if action in {None, Action.transaction_event}:
            self._transactions.unreadable_event()
            self._running.doubt()
        if action in {None, Action.reservation_status_update, Action.transaction_event}:
            self._transactions.reservations.disconnected()
        if action in {None, BOOT}:
            self._registration.ignore_boot()
            self._resets.doubt()
        if action == BOOT:
            self._reports.give_up()
            self._restarted(_UNKNOWN_REASON)

    def answered(  # noqa: PLR0913, PLR0917 - a CALL and its answer
        self, at: float, frame: int, action: str, payload: JsonObject, answer: JsonObject, waited: float
    ) -> Findings:
        findings = self._checking.judge_answered_call(at, frame, action, payload, answer)
        if action == BOOT:
            self._boot_answered(at, frame, answer, waited)
        elif action == AUTHORIZE:
            self._transactions.authorizations.answered(at, answer)
        elif action == _TRANSACTION_EVENT:
            self._running.answered(payload, answer)
        elif action == SIGN_CERTIFICATE:
            self._signing.answered(answer)
        elif action == HEARTBEAT:
            self._registration.heartbeat_answered(at)
            if self._clock.set_time(at, answer.get("currentTime"), "G02.FR.06"):
                self._transactions.clock_set()
                self._note_online(at)
        return findings

    def _boot_answered(self, at: float, frame: int, answer: JsonObject, waited: float) -> None:
        self._report.met("FR.01")
        registration = self._registration
        statuses_are_due = registration.answered(at, frame, answer, waited)
        if registration.status != "Accepted":
            self._connectors.expect_none()
            self._clock.note_error(at, answer.get("currentTime"))
            return
        if self._clock.set_time(at, answer.get("currentTime"), "B01.FR.06"):
            self._transactions.clock_set()
        self._note_online(at)
        if statuses_are_due:
            self._connectors.booted(at, frame)
            self._transactions.booted(at)

    def refused(self, at: float, action: str) -> None:
        self._connectors.expect_none_after_offline()
        if action == Action.transaction_event:
            self._transactions.event_refused(at)
        elif action == BOOT:
            self._registration.boot_refused()

    def left_unanswered(self, at: float, action: str) -> None:
        self._known.left_unanswered(action)
        if action == Action.transaction_event:
            self._wait_for_queue(at + RETRY_TIME_S)
        self._reports.give_up(action)
        self._connectors.expect_none_after_offline()
        if action == Action.notify_event:
            self._event_parts.give_up()

    def _wait_for_queue(self, until: float) -> None:
        """Extend the deadlines of expected TransactionEvents: the station may send queued ones up to
        ``until``.
        """
        self._accepted_commands.wait_for_queue(until)
        self._known.expectations.wait_for_queue(_TRANSACTION_EVENT, until)

    def given_more_time(self, at: float, seconds: float) -> None:
        self._connectors.shift(seconds)
        self._accepted_commands.shift(seconds)
        self._registration.shift(seconds)
        self._reports.shift(seconds)
        self._event_parts.shift(seconds)
        self._certificates.shift(seconds)
        self._known.given_more_time(seconds)
        self._transactions.shift(seconds)
        self._transactions.reservations.shift(seconds)
        # A station that waited for an answer may have taken the connection for lost.
        self._note_online(at)

    def clock_jumped(self, at: float, seconds: float) -> None:
        self._registration.clock_jumped()
        self._online.forget()
        self._connectors.clock_jumped()
        self._accepted_commands.clock_jumped(at)
        self._known.expectations.limit_queue(_TRANSACTION_EVENT, at + RETRY_TIME_S)
        self._clock.jumped()
        self._signing.forget()
        self._running.doubt()
        self._transactions.reservations.disconnected()
        self.given_more_time(at, seconds)

    def command_sent(self, at: float, frame: int, message_id: str, action: str, request: JsonObject) -> None:
        self._checking.command_sent(at, frame, action, request)
        self._registration.command_sent(at, action, request)
        self._progress.command_sent(action, request)
        self._transactions.command_sent(at, frame, action, request)
        self._reports.command_sent(action, request)
        self._signing.command_sent(action)
        self._certificates.command_sent(action, request)
        if action == Action.change_availability:
            self._availability_sent(request)
        elif action == Action.reset:
            is_booted = self._registration.is_accepted_here
            self._resets.sent(frame, message_id, request, is_booted=is_booted)
        if builder := EXPECTED_AFTER.get(action):
            expectation = builder(request, self._known)
            if expectation:
                self._accepted_commands.command_sent(frame, message_id, expectation)

    def sent_spoilt_call(self, message_id: str) -> None:
        super().sent_spoilt_call(message_id)
        self._resets.doubt()
        self._known[SentCommands].lose_track()  # before command_failed, which only existing facts get
        self._known.command_failed(None)

    def _availability_sent(self, request: JsonObject) -> None:
        if request["operationalStatus"] == "Operative":
            self._connectors.operative_sent(request)
        else:
            self._connectors.inoperative_sent(request)

    def _availability_changed(self, at: float, frame: int, request: JsonObject, status: str) -> None:
        """Register an accepted or scheduled ChangeAvailability."""
        connectors, is_accepted = self._connectors, status == "Accepted"
        if is_accepted and request["operationalStatus"] == "Inoperative":
            self._answers.suspect_availability(at, frame, request, connectors.were_available)
        is_certain = is_accepted or bool(self._running.by_id)
        connectors.availability_changed(at, request, is_certain=is_certain, is_scheduled=not is_accepted)

    def answer_requirements(self, action: str, request: JsonObject) -> AnswerRequirements:
        return answer_requirements(action, request)

    def judge_command(self, command: AnsweredCommand) -> Findings:
        return self._checking.judge_command(command)

    def judge_refusal(self, command: RefusedCommand) -> Findings:
        return self._checking.judge_refusal(command)

    def command_answered(  # noqa: PLR0913, PLR0917 - a command and its answer
        self,
        at: float,
        frame: int,
        message_id: str,
        action: str,
        request: JsonObject,
        answer: JsonObject | None,
    ) -> Findings:
        status = answer.get("status") if answer else None
        if action == Action.reset:
            self._resets.settled(message_id, is_refused=status == "Rejected")
        self._transactions.command_answered(at, frame, action, request, is_accepted=status == "Accepted")
        if status in CARRIED_OUT and not self._registration.must_refuse(action, request):
            self._accepted_commands.accepted(at, frame, message_id)
            self._progress.command_accepted(action, request, status)
        else:
            self._accepted_commands.refused(message_id)
        if status in _ACCEPTED:
            if status == "Accepted":
                self._registration.command_accepted(at, frame, action, request)
            elif status == "Scheduled" and action == Action.reset:
                self._registration.reset_scheduled(at, frame, request)
            if action == Action.change_availability:
                self._availability_changed(at, frame, request, status)
        else:
            self._registration.command_refused(action, request)
        if answer is None:
            self._certificates.command_failed(action)
            self._known.command_failed(action)
            return NO_FINDINGS
        self._learn_from_answer(at, frame, action, request, answer)
        findings = self._answers.judge(at, frame, action, request, answer)
        findings += self._certificates.judge(at, frame, action, request, answer)
        if self._registration.is_unsettled:
            self._certificates.expect_no_event()  # it must not send one before its boot is accepted
        return findings

    def _learn_from_answer(
        self, at: float, frame: int, action: str, request: JsonObject, answer: JsonObject
    ) -> None:
        match action:
            case Action.set_variables:
                self._registration.variables_set(frame, request, answer)
            case Action.reset:
                self._report.met("B11.FR.01")
            case Action.certificate_signed:
                self._signing.certificate_answered(at, frame, request, answer.get("status"))

    def command_failed(self, message_id: str, action: str) -> None:
        self._resets.settled(message_id)
        self._accepted_commands.refused(message_id)
        self._certificates.command_failed(action)
        self._known.command_failed(action)

    def overdue(self, at: float) -> Findings:
        return (
            self._registration.judge_silence(at, self._last_heard)
            + self._registration.overdue(at)
            + self._event_parts.overdue(at)
            + self._connectors.overdue(at)
            + self._connectors.overdue_after_offline(at, self._registration.first_call_without_boot)
            + self._accepted_commands.overdue(at)
            + self._certificates.overdue(at)
            + self._reports.overdue(at)
            + self._transactions.overdue(at)
            + self._transactions.reservations.overdue(at)
            + self._known.expectations.overdue(at)
        )

    def unfinished(self, at: float) -> Findings:
        return self._transactions.end(at)

    def _judge_authorize(self, _at: float, _frame: int, payload: JsonObject) -> Findings:
        self._transactions.authorizations.asked(payload)
        self._transactions.reservations.token_presented(payload["idToken"])
        return NO_FINDINGS

    def _judge_reservation_update(self, _at: float, _frame: int, payload: JsonObject) -> Findings:
        self._transactions.reservations.end(payload["reservationId"])
        return NO_FINDINGS

    def _judge_status(self, at: float, frame: int, payload: JsonObject) -> Findings:
        self._transactions.reservations.set_status(at, payload["evseId"], payload["connectorStatus"])
        is_charging = bool(self._running.by_id)
        findings = self._connectors.judge_status(at, frame, payload, is_charging=is_charging)
        return findings + self._clock.check(at, frame, "StatusNotification", payload["timestamp"])

    def _judge_events(self, at: float, frame: int, payload: JsonObject) -> Findings:
        findings = self._clock.check(at, frame, "NotifyEvent", payload["generatedAt"])
        for event in payload["eventData"]:
            self._connectors.apply_event(event)
            self._transactions.reservations.apply_event(at, event)
            findings = findings or self._clock.check(at, frame, "NotifyEvent", event["timestamp"])
        return findings + self._event_parts.judge_part(at, frame, payload)

    def _judge_device_report(self, at: float, frame: int, payload: JsonObject) -> Findings:
        for item in payload.get("reportData", ()):
            if item["component"]["name"] == "Connector":
                self._connectors.apply_report_item(at, item)
        return self._judge_report_part(at, frame, "NotifyReport", payload)

    def _judge_report_part(self, at: float, frame: int, action: str, payload: JsonObject) -> Findings:
        is_settled = not self._registration.is_unsettled
        findings = self._reports.judge_part(at, frame, action, payload, is_settled=is_settled)
        generated_at = payload.get("generatedAt")
        return findings + (
            self._clock.check(at, frame, action, generated_at) if generated_at else NO_FINDINGS
        )

    def _judge_security_event(self, at: float, frame: int, payload: JsonObject) -> Findings:
        self._certificates.security_event(at, payload["type"])
        findings = self._clock.check(at, frame, "SecurityEventNotification", payload["timestamp"])
        if payload["type"] in SECURITY_EVENTS:
            return findings
        return findings + self._report(
            "security-event-unknown",
            at,
            (frame,),
            f"the security event type {short(payload['type'])} is not defined by the specification; use one "
            "of the types that it lists",
        )

    def _judge_boot(self, at: float, frame: int, payload: JsonObject) -> Findings:
        idle_since = None if self._running.by_id else self._running.last_ended_at
        findings = self._registration.judge_boot(at, frame, payload, idle_since)
        findings += self._resets.judge_boot(at, frame, payload["reason"])
        self._connectors.expect_none_after_offline()
        if payload["reason"] != "Triggered":
            self._restarted(payload["reason"])
            self._reports.booted()
            self._event_parts.give_up()
        return findings

    def _restarted(self, reason: str) -> None:
        """Drop the facts and expectations that a restart of the station may end."""
        self._known.booted(reason)
        self._connectors.restarted(reason)
        self._accepted_commands.booted()
        self._progress.booted()
        self._signing.forget()
        self._certificates.forget()

    def _judge_transaction_event(self, at: float, frame: int, payload: JsonObject) -> Findings:
        if payload.get("offline"):
            self._wait_for_queue(at)
        findings = self._running.judge_event(at, frame, payload)
        return findings + self._transactions.judge_event(at, frame, payload)

    def _judge_csr(self, at: float, frame: int, payload: JsonObject) -> Findings:
        self._certificates.certificate_requested(payload)
        return self._signing.judge_request(at, frame, payload)


type CallJudge = Callable[[Observer201, float, int, JsonObject], Findings]


def _report_part_judge(action: str) -> CallJudge:
    return lambda observer, at, frame, payload: observer._judge_report_part(at, frame, action, payload)


def _progress_judge(action: str) -> CallJudge:
    return lambda observer, at, frame, payload: observer._progress.judge_step(at, frame, action, payload)


JUDGES: Final[Mapping[str, CallJudge]] = {
    "Authorize": Observer201._judge_authorize,
    "BootNotification": Observer201._judge_boot,
    "FirmwareStatusNotification": _progress_judge("FirmwareStatusNotification"),
    "LogStatusNotification": _progress_judge("LogStatusNotification"),
    "MeterValues": lambda observer, at, frame, payload: observer._transactions.judge_meter_values(
        at, frame, payload
    ),
    "NotifyCustomerInformation": _report_part_judge("NotifyCustomerInformation"),
    "NotifyDisplayMessages": _report_part_judge("NotifyDisplayMessages"),
    "NotifyEvent": Observer201._judge_events,
    "NotifyMonitoringReport": _report_part_judge("NotifyMonitoringReport"),
    "NotifyReport": Observer201._judge_device_report,
    "ReportChargingProfiles": _report_part_judge("ReportChargingProfiles"),
    "ReservationStatusUpdate": Observer201._judge_reservation_update,
    "SecurityEventNotification": Observer201._judge_security_event,
    "SignCertificate": Observer201._judge_csr,
    "StatusNotification": Observer201._judge_status,
    "TransactionEvent": Observer201._judge_transaction_event,
}
"""Function that checks the payload of a CALL, by action; other payloads are not checked."""
