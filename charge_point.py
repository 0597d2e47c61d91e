"""OCPP 2.0.1 answers: a handler for each message from a station, and the commands sent after an answer."""

import asyncio
from base64 import b64encode
from collections.abc import Coroutine, Mapping
from time import monotonic
from typing import Any, ClassVar, Final

from ocpp.routing import on
from ocpp.v201 import call_result
from ocpp.v201.enums import Action

from mock_csms.behaviour.tokens import Token, contract_status
from mock_csms.csms import Csms
from mock_csms.errors import CallFailed, UnfitRequest
from mock_csms.log.output import logger
from mock_csms.messages import Call, CallRejected, Command, ErrorCode, JsonObject
from mock_csms.ocppj.exchange import Answer
from mock_csms.ocppj.routes import FollowUp
from mock_csms.ocppj.session import Session
from mock_csms.stations.station import Station
from mock_csms.stations.transactions import matches_token
from mock_csms.transport.connection import WebSocketConnection
from mock_csms.v201 import contracts, followups, learning, signing
from mock_csms.v201.charging_schedules import exceeds
from mock_csms.v201.id_tokens import is_master_pass, presented_token
from mock_csms.v201.learning import (
    learn_from_answer,
    learn_from_message,
    solicit,
    use_solicitation,
    was_solicited,
    withdraw_solicitation,
)
from mock_csms.v201.network_profiles import NETWORK_COMMANDS, learn_upgrade
from mock_csms.v201.own_mistakes import own_mistakes
from mock_csms.v201.password_change import note_password_change
from mock_csms.v201.personal_messages import id_token_info, tariff_message
from mock_csms.v201.serial_numbers import check_serial_number
from mock_csms.v201.version import OCPP_2_0_1

CANNED_EXI: Final = b64encode(b"EXI response of the mock server").decode()
"""Placeholder for the response of a certificate provisioning service; a vehicle would reject it."""


class NotRegistered(CallFailed):
    """Raised for a command to a station whose boot was Rejected: the CSMS may not send it commands (B03)."""


class ChargePoint(Session):
    """One station on one connection in OCPP 2.0.1: answers its messages and sends it commands."""

    __slots__ = ("csms",)

    version = OCPP_2_0_1
    deferring = contracts.ASKING

    def __init__(self, csms: Csms, station: Station, connection: WebSocketConnection) -> None:
        recorder = csms.recorder(station.id, self.version)
        super().__init__(connection, station, recorder, csms.records.guard, csms.disconnect)
        self.csms = csms

    def opened(self) -> None:
        """Send the commands due after a reconnect; start the tasks that update costs and request a boot."""
        profile, station, spawn = self.profile, self.station, self.connection.spawn
        self.follow(followups.after_reconnect(profile, station))
        if profile.cost_updates:
            spawn(self._update_costs(profile.cost_updates))
        if profile.ask_for_boot and station.registration is None:
            spawn(self._ask_for_boot(profile.ask_for_boot))

    async def _update_costs(self, period_s: float) -> None:
        """Send CostUpdated for each running transaction every ``period_s`` seconds (I02)."""
        while True:
            await asyncio.sleep(period_s)
            for transaction in list(self.station.running_transactions):
                if transaction.is_running:
                    cost = self.profile.cost_of(transaction)
                    payload = {"totalCost": cost, "transactionId": transaction.id}
                    await self.send(Action.cost_updated, payload)

    async def _ask_for_boot(self, delay_s: float) -> None:
        """Trigger a BootNotification if the station has not booted after ``delay_s`` seconds (F06)."""
        await asyncio.sleep(delay_s)
        if self.station.registration is None:
            payload = {"requestedMessage": str(Action.boot_notification)}
            await self.send(Action.trigger_message, payload)

    def default_payload(self, action: str) -> JsonObject:
        """Default payload of a command that a rule sends; the rule's own payload is merged into it later.

        Raises NothingToDo.
        """
        return self.csms.served(self).build(action, self.csms, self.station)

    def named_value(self, kind: str, name: str) -> Any:
        """Value of the placeholder ``{{kind.name}}``; raises ValueError for an unknown name."""
        return self.csms.named_value(self.station.id, kind, name)

    def preparation(self, call: Call) -> Coroutine[Any, Any, Any] | None:
        """Coroutine that asks the OCSP responders named in a CALL; None if there is nothing to ask."""
        return contracts.question_for(self.csms, self.station.id, call)

    def admit(self, call: Call) -> None:
        """Raise CallRejected if a Rejected or Pending boot forbids the station to send this message.

        A BootNotification is always allowed. After a Rejected boot, nothing else is; after a Pending boot,
        only messages that the mock has requested are (B02.FR.09, B03, TC_B_30_CSMS). A station whose boot has
        not been answered may send anything.
        """
        if self.station.registration != "Accepted" and not self._may_send(call):
            raise CallRejected(ErrorCode.SECURITY_ERROR, self._registration_in_words())

    def _registration_in_words(self) -> str:
        if self.station.has_boot_error:
            return "the last BootNotification of this station was answered with a CALLERROR"
        return f"the BootNotification of this station was answered with {self.station.registration}"

    def _may_send(self, call: Call) -> bool:
        if call.action == Action.boot_notification:
            return True
        match self.station.registration:
            case "Rejected":
                return False
            case "Pending":
                return was_solicited(self.station, call.action, call.payload)
            case _:
                return True

    def learn(self, call: Call) -> None:
        """Update the station's state from a CALL."""
        if self.station.solicited:
            use_solicitation(self.station, call.action, call.payload)
        learn_from_message(self.station, call)

    def refused(self, call: Call) -> None:
        """Treat a boot that was answered with a CALLERROR like a Rejected boot (B01.FR.08, B02.FR.02)."""
        if call.action == Action.boot_notification and learning.needs_registration(self.station, call):
            self.station.register("Rejected", is_error=True)
            self.register(accepted=False)

    def prepare(self, action: str, payload: JsonObject) -> None:
        """Warn of mistakes in a command, and record which messages it allows a Pending station to send.

        Raises NotRegistered if the station's boot was Rejected, and UnfitRequest for an unfit password.
        """
        if self.station.registration == "Rejected":
            raise NotRegistered(f"{self._registration_in_words()}; commands to it are not sent (B03.FR.03)")
        if flaw := self.version.flaw_of_command(action, payload):
            raise UnfitRequest(flaw)
        with self._guarded(f"checking a {action}"):
            for mistake in own_mistakes(action, payload, self.station, self.clock()):
                logger.warning("%s  %s is sent, but %s", self.station.id, action, mistake)
        solicit(self.station, action, payload)

    def note_command(self, action: str, payload: Any, answer: Answer | None = None) -> None:
        """If a command sets a password, record that it was sent, or the station's ``answer`` to it (A01)."""
        note_password_change(self.csms.passwords, self.station.id, self.profile, action, payload, answer)

    def learn_from_refusal(self, action: str, payload: JsonObject) -> None:
        """After a CALLERROR to a command, stop expecting the messages that it requested."""
        withdraw_solicitation(self.station, action, payload)

    def learn_from_answer(self, action: str, payload: JsonObject, answer: JsonObject) -> None:
        """Update the station's state from its answer to a command."""
        learn_from_answer(self.station, action, payload, answer)
        if action == Action.get_transaction_status and answer.get("ongoingIndicator") is False:
            self.csms.charging.end(self.station.id, payload.get("transactionId", ""))
        if action == Action.customer_information:
            self.follow(followups.after_clearing(self.station, payload, answer))
        if action == Action.request_start_transaction:
            learning.note_start_profile(self.station, payload, answer)
        if action == Action.get_log:
            learning.note_log_request(self.station, payload, answer, self.csms.uploads)
        if action == Action.certificate_signed and (hint := signing.rejection_hint(self.profile, answer)):
            logger.warning("%s  %s", self.station.id, hint)
        if action in NETWORK_COMMANDS:
            configured = self.profile.security_profile
            learn_upgrade(self.csms.upgrades, self.station.id, configured, action, payload, answer)

    def note_attempt(self, call: Call, *, withheld: bool) -> None:
        """Count and log a station's retries of a TransactionEvent after a ``withheld`` answer (E13)."""
        if call.action != Action.transaction_event or not (withheld or self.station.attempts):
            return
        event = call.payload
        if retry := learning.note_attempt(self.station, event, monotonic(), withheld=withheld):
            logger.info(
                "%s  TransactionEvent %s seqNo %d: attempt %d, %.1f s after the previous one",
                self.station.id,
                event["transactionInfo"]["transactionId"],
                event["seqNo"],
                *retry,
            )

    def now(self) -> str:
        """Current time as this station sees it (clock skew applied)."""
        return self.csms.now(self.profile.clock_skew)

    @on(Action.boot_notification)
    def on_boot_notification(self) -> call_result.BootNotification:
        """Answer with the next configured status, and with the heartbeat or retry interval (B01 to B03)."""
        profile = self.profile
        status = profile.boot_status_at(self.station.boot_in(profile.boot_status_sequence))
        return call_result.BootNotification(
            current_time=self.now(),
            interval=profile.heartbeat_interval if status == "Accepted" else profile.boot_retry_interval,
            status=status,
        )

    def _after_boot(self, _: Call, answer: JsonObject) -> None:
        status = answer["status"]
        self.csms.passwords.booted(self.station.id)
        self.station.register(status)
        if not check_serial_number(self.csms, self.station, self.connection):
            return
        self.register(accepted=status != "Rejected")
        if status == "Accepted":
            self.follow(followups.after_boot(self.profile))
            self.follow(followups.inventory(self.csms, self.station))

    @on(Action.heartbeat)
    def on_heartbeat(self) -> call_result.Heartbeat:
        return call_result.Heartbeat(current_time=self.now())

    @on(Action.status_notification)
    def on_status_notification(self) -> call_result.StatusNotification:
        return call_result.StatusNotification()

    @on(Action.authorize)
    def on_authorize(
        self,
        id_token: JsonObject | None = None,
        certificate: str | None = None,
        iso15118_certificate_hash_data: list[JsonObject] | None = None,
    ) -> call_result.Authorize:
        """Report the status of the idToken (C01 to C07).

        If the station sent a certificate or hash data, report the status of the certificate too.
        """
        if self.profile.offline:
            raise CallRejected(ErrorCode.INTERNAL_ERROR, "the token service cannot be reached")
        token = self._lookup_token(id_token or {})
        certificate_status = None
        if certificate is not None or iso15118_certificate_hash_data:
            hash_data = iso15118_certificate_hash_data or []
            verdict = self.prepared or contracts.judge_contract(
                self.csms, self.station.id, certificate, hash_data
            )
            contracts.log_verdict(self.station.id, verdict)
            certificate_status, status = contract_status(token, verdict.state)
            token = token.model_copy(update={"status": status})
        if self.profile.refuse_second_token and self._waits_for_another_driver(id_token or {}):
            token = token.model_copy(update={"status": "NotAtThisTime"})
        return call_result.Authorize(
            id_token_info=id_token_info(token, self.station, self.clock),
            certificate_status=certificate_status,
        )

    def _waits_for_another_driver(self, id_token: JsonObject) -> bool:
        """Return whether another driver's transaction runs on after its authorization ended (C01.FR.24)."""
        return any(
            transaction.is_deauthorized
            and transaction.authorized_by is not None
            and not matches_token(transaction.authorized_by, id_token)
            for transaction in self.station.running_transactions
        )

    def _lookup_token(self, id_token: JsonObject, transaction_id: str | None = None) -> Token:
        return presented_token(self.csms, self.profile, self.station, id_token, transaction_id)

    @on(Action.transaction_event)
    def on_transaction_event(
        self,
        event_type: str = "Started",
        transaction_info: JsonObject | None = None,
        id_token: JsonObject | None = None,
    ) -> call_result.TransactionEvent:
        """Answer with cost, new tariff and idTokenInfo, each if there is one (E01.FR.12, TC_E_16_CSMS)."""
        transaction_id = (transaction_info or {}).get("transactionId", "")
        transaction = self.station.transaction(transaction_id)
        cost = None
        if transaction and event_type != "Started" and self.profile.is_cost_known(transaction):
            cost = self.profile.cost_of(transaction)
        info = self._id_token_info(event_type, transaction_id, id_token) if id_token else None
        tariff, message = self.profile.updated_tariff, None
        if tariff is not None and event_type == "Updated" and transaction:
            message = tariff_message(self.station, transaction, tariff)
        return call_result.TransactionEvent(
            id_token_info=info, total_cost=cost, updated_personal_message=message
        )

    def _id_token_info(self, event_type: str, transaction_id: str, id_token: JsonObject) -> JsonObject:
        if id_token.get("type") == "NoAuthorization":
            return {"status": "Accepted"}  # no setting of a token applies to it (C02.FR.02)
        token = self._lookup_token(id_token, transaction_id)
        if is_master_pass(self.profile, token) and self._would_authorize(
            event_type, transaction_id, id_token
        ):
            token = token.model_copy(update={"status": "Invalid"})
        return id_token_info(token, self.station, self.clock)

    def _would_authorize(self, event_type: str, transaction_id: str, id_token: JsonObject) -> bool:
        """Return whether the event uses its token to authorize the transaction, not to stop it.

        An Updated event can do so: a transaction that began at plug-in gets its token later.
        """
        if event_type != "Updated":
            return event_type == "Started"
        transaction = self.station.transaction(transaction_id)
        authorized_by = transaction.authorized_by if transaction else None
        return authorized_by is None or matches_token(authorized_by, id_token)

    def _after_transaction_event(self, call: Call, answer: JsonObject) -> None:
        event = call.content
        transaction_id = event.transactionInfo.transactionId
        if event.eventType == "Ended":
            self.csms.charging.end(self.station.id, transaction_id)
            self.follow(followups.after_end(self.profile, self.station, transaction_id))
            return
        if "idTokenInfo" not in answer and not self.station.due_profiles:
            return
        transaction = self.station.transaction(transaction_id)
        if transaction is None or not transaction.is_running:
            return
        if transaction.evse_id in self.station.due_profiles and self.profile.charging_profiles:
            self.follow(followups.after_late_transaction(self.csms, self.station, transaction))
        if "idTokenInfo" not in answer:
            return
        if (id_token := call.part("idToken")) and answer["idTokenInfo"]["status"] == "Accepted":
            self.csms.charging.begin(id_token, self.station.id, transaction_id)
        self.follow(followups.after_event(self.profile, transaction, answer))

    @on(Action.meter_values)
    def on_meter_values(self) -> call_result.MeterValues:
        return call_result.MeterValues()

    @on(Action.notify_report)
    def on_notify_report(self) -> call_result.NotifyReport:
        return call_result.NotifyReport()

    @on(Action.notify_monitoring_report)
    def on_notify_monitoring_report(self) -> call_result.NotifyMonitoringReport:
        return call_result.NotifyMonitoringReport()

    @on(Action.notify_event)
    def on_notify_event(self) -> call_result.NotifyEvent:
        return call_result.NotifyEvent()

    @on(Action.notify_customer_information)
    def on_notify_customer_information(self) -> call_result.NotifyCustomerInformation:
        return call_result.NotifyCustomerInformation()

    @on(Action.notify_display_messages)
    def on_notify_display_messages(self) -> call_result.NotifyDisplayMessages:
        return call_result.NotifyDisplayMessages()

    @on(Action.notify_charging_limit)
    def on_notify_charging_limit(self) -> call_result.NotifyChargingLimit:
        return call_result.NotifyChargingLimit()

    @on(Action.cleared_charging_limit)
    def on_cleared_charging_limit(self) -> call_result.ClearedChargingLimit:
        return call_result.ClearedChargingLimit()

    @on(Action.report_charging_profiles)
    def on_report_charging_profiles(self) -> call_result.ReportChargingProfiles:
        return call_result.ReportChargingProfiles()

    @on(Action.notify_ev_charging_needs)
    def on_notify_ev_charging_needs(self, evse_id: int = 0) -> call_result.NotifyEVChargingNeeds:
        """Reject the needs if no charging profile will follow (K15.FR.04, K17.FR.04).

        Otherwise accept them. Until the transaction is known, the answer is Processing instead, because the
        profile is a TxProfile of the transaction (K15.FR.05, K15.FR.07).
        """
        if not self.profile.charging_profiles:
            return call_result.NotifyEVChargingNeeds(status="Rejected")
        is_known = self.station.transaction_on(evse_id) is not None
        return call_result.NotifyEVChargingNeeds(status="Accepted" if is_known else "Processing")

    def _after_charging_needs(self, call: Call, answer: JsonObject) -> None:
        if answer["status"] != "Rejected" and self.profile.charging_profiles:
            self.follow(followups.after_needs(self.csms, self.station, call.payload))

    @on(Action.notify_ev_charging_schedule)
    def on_notify_ev_charging_schedule(
        self, evse_id: int = 0, time_base: str = "", charging_schedule: JsonObject | None = None
    ) -> call_result.NotifyEVChargingSchedule:
        """Accept a schedule unless it exceeds the profile in force (K15.FR.11 and 12, K16.FR.06 and 07)."""
        profile = followups.profile_in_force(self.station, evse_id, self.clock())
        if profile and charging_schedule and exceeds(charging_schedule, time_base, profile):
            return call_result.NotifyEVChargingSchedule(status="Rejected")
        return call_result.NotifyEVChargingSchedule(status="Accepted")

    def _after_charging_schedule(self, call: Call, answer: JsonObject) -> None:
        """Send a charging profile if the schedule was Rejected (K15.FR.13, K16.FR.08, K17.FR.13)."""
        if answer["status"] == "Rejected" and self.profile.charging_profiles:
            self.follow(followups.after_rejected_schedule(self.csms, self.station, call.payload))

    @on(Action.reservation_status_update)
    def on_reservation_status_update(self) -> call_result.ReservationStatusUpdate:
        return call_result.ReservationStatusUpdate()

    @on(Action.firmware_status_notification)
    def on_firmware_status_notification(self) -> call_result.FirmwareStatusNotification:
        return call_result.FirmwareStatusNotification()

    @on(Action.publish_firmware_status_notification)
    def on_publish_firmware_status_notification(self) -> call_result.PublishFirmwareStatusNotification:
        return call_result.PublishFirmwareStatusNotification()

    @on(Action.log_status_notification)
    def on_log_status_notification(self) -> call_result.LogStatusNotification:
        return call_result.LogStatusNotification()

    def _after_log_status(self, call: Call, _: JsonObject) -> None:
        """Warn if a station reports that it has uploaded a log to the mock, but no log has arrived (N01)."""
        request = self.station.log_request
        if request is None or call.content.status != "Uploaded":
            return
        is_ours = request.location.startswith(self.csms.files_url(self.station.id))
        if is_ours and call.content.requestId == request.request_id and request.uploads == self.csms.uploads:
            logger.warning(
                "%s  reports Uploaded, but no log has arrived at %s", self.station.id, request.location
            )

    @on(Action.security_event_notification)
    def on_security_event_notification(self) -> call_result.SecurityEventNotification:
        return call_result.SecurityEventNotification()

    @on(Action.sign_certificate)
    def on_sign_certificate(
        self, csr: str = "", certificate_type: str | None = None
    ) -> call_result.SignCertificate:
        """Accept a CSR that can be signed (A02, A03).

        A CertificateSigned follows, unless the setting ``--certificates hold`` holds it back.
        """
        try:
            signing.check_request(self.csms, self.station, csr, certificate_type)
        except ValueError as error:
            return call_result.SignCertificate(
                status="Rejected", status_info=contracts.status_info("InvalidCSR", str(error))
            )
        return call_result.SignCertificate(status="Accepted")

    def _after_sign_certificate(self, call: Call, answer: JsonObject) -> None:
        """Send a CertificateSigned with the certificate chain and the certificateType of the request.

        With the setting ``--certificates hold``, store the request until it is released.
        """
        if answer["status"] != "Accepted":
            return
        if self.profile.certificates == "hold":
            self.station.held_requests.append(call.payload)
        else:
            signed = followups.after_csr(self.csms, self.station, call.payload)
            self.follow(signed, self.profile.certificate_delay)

    def next_held(self, action: str | None = None) -> Command | None:
        """Take the CertificateSigned for the oldest held CSR, if any; no other ``action`` is held back."""
        if not self.station.held_requests or action not in {None, Action.certificate_signed}:
            return None
        request = self.station.held_requests.pop_oldest()
        payload = signing.certificate_signed_payload(self.csms, self.station, request)
        return Command(Action.certificate_signed, payload)

    @on(Action.get_15118_ev_certificate)
    def on_get_15118_ev_certificate(self) -> call_result.Get15118EVCertificate:
        """Answer with the configured status and EXI response (M01, M02)."""
        profile = self.profile
        return call_result.Get15118EVCertificate(
            status=profile.ev_certificate_status,
            exi_response=CANNED_EXI if profile.exi_response is None else profile.exi_response,
        )

    @on(Action.get_certificate_status)
    def on_get_certificate_status(
        self, ocsp_request_data: JsonObject | None = None
    ) -> call_result.GetCertificateStatus:
        """Answer with an OCSP response of the mock or of another responder (M06)."""
        status = self.prepared or contracts.own_status(self.csms, ocsp_request_data or {})
        if status.response is None:
            return call_result.GetCertificateStatus(status="Failed", status_info=status.status_info)
        return call_result.GetCertificateStatus(status="Accepted", ocsp_result=status.response)

    @on(Action.data_transfer)
    def on_data_transfer(self) -> call_result.DataTransfer:
        """Reject every vendor as unknown (P02)."""
        return call_result.DataTransfer(status="UnknownVendorId")

    follow_ups: ClassVar[Mapping[str, FollowUp]] = {
        Action.boot_notification: _after_boot,
        Action.log_status_notification: _after_log_status,
        Action.notify_ev_charging_needs: _after_charging_needs,
        Action.notify_ev_charging_schedule: _after_charging_schedule,
        Action.sign_certificate: _after_sign_certificate,
        Action.transaction_event: _after_transaction_event,
    }
    """Function to call after the answer to a message is sent, by action; also called if a rule answers."""
