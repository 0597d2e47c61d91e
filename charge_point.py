"""What we answer: one handler for each message that a station can send."""

import asyncio
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Final

from ocpp.routing import create_route_map, on
from ocpp.v201 import call_result
from ocpp.v201.enums import Action

from mock_csms.behaviour import tokens
from mock_csms.behaviour.rules import Applicable, Hit
from mock_csms.behaviour.tokens import Token
from mock_csms.csms import Csms
from mock_csms.log.output import logger
from mock_csms.messages import Call, CallResult, ErrorCode, JsonObject, Refused
from mock_csms.ocppj import (
    CallFailed,
    Consequence,
    Disconnected,
    Exchange,
    Pending,
    Readers,
    Route,
    StationConnection,
    route,
)
from mock_csms.schema.patch import Circumstances, render
from mock_csms.stations.station import Station
from mock_csms.v201 import followups as duties
from mock_csms.v201.followups import Command
from mock_csms.v201.version import OCPP_2_0_1

CANNED_EXI: Final = b64encode(b"EXI response of the mock server").decode()
"""Stands for what a certificate provisioning service would return; no vehicle will take it."""

UNLEARNABLE: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What learning from a payload that breaks its schema may raise."""


class NotRegistered(CallFailed):
    """The station's boot was Rejected: a central system sends it nothing (B03)."""


class ChargePoint:
    """Answers one connection of one station, and sends it commands."""

    __slots__ = (
        "answer_rules",
        "connection",
        "csms",
        "on_registered",
        "profile",
        "readers",
        "recorder",
        "registered",
        "rules",
        "served",
        "station",
        "validation",
    )

    version = OCPP_2_0_1
    actions: frozenset[str] = frozenset(Action)
    routes: Mapping[str, Route] = {}
    valid_calls = Readers(routes)
    """What reads the CALLs of these routes."""

    def __init__(self, csms: Csms, station: Station, connection: StationConnection) -> None:
        self.csms = csms
        self.served = csms.versions[self.version.subprotocol]
        self.station = station
        self.connection = connection
        self.recorder = csms.records.recorder(station.id)
        self.registered = asyncio.Event()
        """Set while the last boot on this connection was answered Accepted or Pending."""
        self.on_registered: Callable[[], None] = lambda: None
        """Called whenever a boot on this connection is answered so."""
        self.refresh()

    def refresh(self) -> None:
        """Take note that settings, tokens or rules have changed."""
        identity = self.station.id
        self.profile = self.csms.profile(identity)
        self.validation = self.profile.validation
        """What becomes of a payload of this station that breaks its schema."""
        self.readers = None if self.validation == "off" else self.valid_calls
        self.rules: Mapping[str, Applicable] = self.csms.rulebook.about(identity)
        self.answer_rules = self.csms.rulebook.about(identity, "answer")

    def rule_for(self, call: Call) -> Hit | None:
        """Find the rule that holds for a CALL, and count the attempts at what is withheld an answer."""
        station = self.station
        hit = self.rules[call.action].hit(station.id, call, station.state)
        if hit is None and not station.attempts:
            return None
        if hit and hit.rule.set is not None:
            station.state = hit.rule.set
        if call.action == Action.transaction_event:
            try:
                self._note_attempt(call.payload, withheld=hit is not None and hit.then.withholds)
            except UNLEARNABLE as error:
                self._pass_over(error)
        return hit

    def _note_attempt(self, event: JsonObject, *, withheld: bool) -> None:
        if again := self.station.note_attempt(event, monotonic(), withheld=withheld):
            attempts, since = again
            transaction_id, seq_no = event["transactionInfo"]["transactionId"], event["seqNo"]
            logger.info(
                "%s  TransactionEvent %s seqNo %d: attempt %d, %.1f s after the one before",
                self.station.id,
                transaction_id,
                seq_no,
                attempts,
                since,
            )

    def rule_for_answer(self, action: str, payload: JsonObject) -> Hit | None:
        """Find the rule that holds for the station's answer to a command."""
        rules, station = self.answer_rules.get(action), self.station
        hit = rules.hit(station.id, Call.of_json(action, payload), station.state) if rules else None
        if hit and hit.rule.set is not None:
            station.state = hit.rule.set
        return hit

    def fill_in(self, template: JsonObject, hit: Hit, request: JsonObject) -> JsonObject:
        """Fill in the placeholders of what a rule says."""
        filled: JsonObject = render(template, Circumstances(request, self.clock(), hit.rng))
        return filled

    def clock(self) -> datetime:
        """The moment that it is by the clock of the mock as this station has it."""
        return datetime.now(UTC) + timedelta(seconds=self.profile.clock_skew)

    async def call(self, action: str, payload: JsonObject) -> JsonObject:
        """Send a command, learn from the station's answer and return it; raises CallFailed."""
        self._prepare(action, payload)
        answer = await self.connection.call(action, payload, timeout=self.profile.call_timeout)
        self._learn_from(action, payload, answer)
        return answer

    async def exchange(
        self, action: str, payload: Any, *, timeout: float | None = None, validate: bool = True
    ) -> Exchange:
        """Send a command and return what the station answers, whatever it is; raises CallFailed if nothing.

        Without ``validate`` anything goes: any action, any payload, and to a station that was Rejected.
        """
        if validate:
            self._prepare(action, payload)
        seconds = self.profile.call_timeout if timeout is None else timeout
        exchange = await self.connection.exchange(action, payload, timeout=seconds, validate=validate)
        if validate and isinstance(exchange.answer, CallResult) and exchange.violation is None:
            self._learn_from(action, payload, exchange.answer.payload)
        return exchange

    def _prepare(self, action: str, payload: JsonObject) -> None:
        if self.station.registration == "Rejected":
            raise NotRegistered("the station's boot was Rejected, so nothing is sent to it (B03)")
        self.station.solicit(action, payload)

    def _learn_from(self, action: str, payload: JsonObject, answer: JsonObject) -> None:
        try:
            self.station.observe_answer(action, payload, answer)
        except UNLEARNABLE as error:
            self._pass_over(error)
        if answer.get("ongoingIndicator") is False:
            self.csms.charging.end(self.station.id, payload.get("transactionId", ""))

    @property
    def out(self) -> Pending | None:
        """The CALL that waits for its answer."""
        return self.connection.out

    async def close(self, code: int, reason: str) -> None:
        """Close the connection."""
        await self.connection.close(code, reason)

    def drop(self) -> None:
        """End the TCP connection at once."""
        self.connection.drop()

    def replace(self) -> None:
        """Give way to a newer connection of the same station."""
        self.connection.replace()

    def left(self, how: str) -> None:
        """Take note that the connection has ended."""
        self.csms.disconnect(self.station.id, self)
        self.recorder.disconnected(how)
        logger.info("%s  disconnected (%s)", self.station.id, how)

    def admit(self, call: Call) -> None:
        """Let a CALL in and learn from it.

        A station whose boot is Pending may send what it was asked for, one that was Rejected nothing but
        another BootNotification (B02.FR.09, B03, TC_B_30_CSMS).
        """
        if self.station.registration != "Accepted" and not self._may_send(call):
            raise Refused(
                ErrorCode.SECURITY_ERROR, f"the boot of this station is {self.station.registration}"
            )
        try:
            self.station.observe(call)
        except UNLEARNABLE as error:
            self._pass_over(error)

    def _pass_over(self, error: Exception) -> None:
        """Where invalid payloads are let through, pass over what cannot be learnt from one."""
        if self.validation == "strict":
            raise error
        logger.warning("%s  nothing learnt from an invalid payload: %r", self.station.id, error)

    def _may_send(self, call: Call) -> bool:
        if call.action == Action.boot_notification:
            return True
        match self.station.registration:
            case "Rejected":
                return False
            case "Pending":
                return self.station.was_asked_for(call.action, call.payload)
            case _:
                return True

    def now(self) -> str:
        """The time that the station is told."""
        return self.csms.now(self.profile.clock_skew)

    def follow(self, commands: Iterable[Command]) -> None:
        """Send the commands that follow from an answer; if one fails, the log says so."""
        for action, payload in commands:
            self.connection.spawn(self.send(action, payload))

    async def send(self, action: str, payload: JsonObject) -> None:
        """Send a command; if it fails, the log says so."""
        try:
            await self.call(action, payload)
        except Disconnected:
            return
        except CallFailed as failure:
            logger.warning("%s  the %s that had to follow failed: %s", self.station.id, action, failure)

    @on(Action.boot_notification)
    def on_boot_notification(self) -> call_result.BootNotification:
        profile = self.profile
        status = profile.boot_status_at(self.station.boots)
        return call_result.BootNotification(
            current_time=self.now(),
            interval=profile.heartbeat_interval if status == "Accepted" else profile.boot_retry_interval,
            status=status,
        )

    def _booted(self, _: Call, answer: JsonObject) -> None:
        status = answer["status"]
        self.station.register(status)
        if status == "Rejected":
            self.registered.clear()
            return
        self.registered.set()
        self.on_registered()
        if status == "Accepted":
            self.follow(duties.after_boot(self.profile))

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
        """Say what is known of the idToken, and of a certificate if one or its hashes came (C01 to C07)."""
        if self.profile.offline:
            raise Refused(ErrorCode.INTERNAL_ERROR, "whoever knows the tokens cannot be reached")
        presented = id_token or {}
        token = self._found(presented)
        certificate_status = None
        if certificate or iso15118_certificate_hash_data:
            is_expired = certificate is not None and self.csms.authority.is_expired(certificate)
            certificate_status = tokens.certificate_status(token, expired=is_expired)
        return call_result.Authorize(
            id_token_info=token.info(self.clock), certificate_status=certificate_status
        )

    def _found(self, id_token: JsonObject, transaction_id: str | None = None) -> Token:
        """What is known of an idToken, which may charge only once where the profile says so (C01)."""
        token = self.profile.token_book.find(id_token)
        if (
            self.profile.concurrent_tx
            and token.status == "Accepted"
            and self.csms.charging.elsewhere(id_token, self.station.id, transaction_id)
        ):
            return token.model_copy(update={"status": "ConcurrentTx"})
        return token

    @on(Action.transaction_event)
    def on_transaction_event(
        self,
        event_type: str = "Started",
        transaction_info: JsonObject | None = None,
        id_token: JsonObject | None = None,
    ) -> call_result.TransactionEvent:
        """Answer with idTokenInfo exactly when an idToken came (E01.FR.11, TC_E_16_CSMS), and the cost."""
        transaction_id = (transaction_info or {}).get("transactionId", "")
        transaction = self.station.transaction(transaction_id)
        cost = None
        if transaction and event_type != "Started":
            cost = self.profile.cost_of(transaction)
        info = self._charges(event_type, transaction_id, id_token) if id_token else None
        return call_result.TransactionEvent(id_token_info=info, total_cost=cost)

    def _charges(self, event_type: str, transaction_id: str, id_token: JsonObject) -> JsonObject:
        token = self._found(id_token, transaction_id)
        if event_type == "Started" and self._is_master_pass(token):
            token = token.model_copy(update={"status": "Invalid"})  # it stops transactions only (C16)
        return token.info(self.clock)

    def _is_master_pass(self, token: Token) -> bool:
        group, master = token.group_id_token, self.profile.master_pass_group
        return group is not None and master is not None and group.lower() == master.lower()

    def _told_of_transaction(self, call: Call, answer: JsonObject) -> None:
        event = call.content
        transaction_id = event.transactionInfo.transactionId
        if event.eventType == "Ended":
            self.csms.charging.end(self.station.id, transaction_id)
            return
        if "idTokenInfo" not in answer:
            return
        transaction = self.station.transaction(transaction_id)
        if transaction is None or transaction.ended:
            return
        if (id_token := call.part("idToken")) and answer["idTokenInfo"]["status"] == "Accepted":
            self.csms.charging.begin(id_token, self.station.id, transaction_id)
        self.follow(duties.after_event(self.profile, event, answer))

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
    def on_notify_ev_charging_needs(self) -> call_result.NotifyEVChargingNeeds:
        return call_result.NotifyEVChargingNeeds(status="Accepted")

    def _told_of_needs(self, call: Call, answer: JsonObject) -> None:
        if answer["status"] != "Rejected" and self.profile.charging_profiles:
            self.follow(duties.after_needs(self.csms, self.station, call.payload))

    @on(Action.notify_ev_charging_schedule)
    def on_notify_ev_charging_schedule(self) -> call_result.NotifyEVChargingSchedule:
        return call_result.NotifyEVChargingSchedule(status="Accepted")

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

    @on(Action.security_event_notification)
    def on_security_event_notification(self) -> call_result.SecurityEventNotification:
        return call_result.SecurityEventNotification()

    @on(Action.sign_certificate)
    def on_sign_certificate(self, csr: str = "") -> call_result.SignCertificate:
        """Accept a CSR that can be signed; the certificate follows (A02, A03)."""
        try:
            self.csms.authority.check(csr)
        except ValueError as error:
            return call_result.SignCertificate(
                status="Rejected", status_info={"reasonCode": "InvalidCSR", "additionalInfo": str(error)}
            )
        return call_result.SignCertificate(status="Accepted")

    def _promised_certificate(self, call: Call, answer: JsonObject) -> None:
        """Send the chain in a CertificateSigned of the same certificateType."""
        if answer["status"] == "Accepted":
            self.follow(duties.after_csr(self.csms, self.station, call.payload))

    @on(Action.get_15118_ev_certificate)
    def on_get_15118_ev_certificate(self) -> call_result.Get15118EVCertificate:
        return call_result.Get15118EVCertificate(status="Accepted", exi_response=CANNED_EXI)

    @on(Action.get_certificate_status)
    def on_get_certificate_status(
        self, ocsp_request_data: JsonObject | None = None
    ) -> call_result.GetCertificateStatus:
        """Answer with a real OCSP response that calls the certificate good (M06)."""
        try:
            response = self.csms.authority.ocsp_response(ocsp_request_data or {})
        except ValueError as error:
            return call_result.GetCertificateStatus(
                status="Failed", status_info={"reasonCode": "InvalidHash", "additionalInfo": str(error)}
            )
        return call_result.GetCertificateStatus(status="Accepted", ocsp_result=response)

    @on(Action.data_transfer)
    def on_data_transfer(self) -> call_result.DataTransfer:
        """Know no vendor (P02)."""
        return call_result.DataTransfer(status="UnknownVendorId")


CONSEQUENCES: Final[Mapping[str, Consequence]] = {
    Action.boot_notification: ChargePoint._booted,
    Action.notify_ev_charging_needs: ChargePoint._told_of_needs,
    Action.sign_certificate: ChargePoint._promised_certificate,
    Action.transaction_event: ChargePoint._told_of_transaction,
}
"""What is done about a message once its answer is known, whether a handler or a rule gave it."""


def _forgiving(consequence: Consequence | None) -> Consequence | None:
    """Have a consequence of an invalid message that was let through passed over."""
    if consequence is None:
        return None

    def conclude(charge_point: ChargePoint, call: Call, answer: JsonObject) -> None:
        try:
            consequence(charge_point, call, answer)
        except UNLEARNABLE as error:
            charge_point._pass_over(error)

    return conclude


def _routes(cls: type[ChargePoint]) -> dict[str, Route]:
    """Map each action to its plain function; `ocpp` finds them, its wrapper around each is taken off."""
    handlers = create_route_map(cls)
    return {
        action.value: route(
            action.value, handler["_on_action"].__wrapped__, _forgiving(CONSEQUENCES.get(action))
        )
        for action, handler in handlers.items()
    }


ChargePoint.routes = _routes(ChargePoint)
ChargePoint.valid_calls = Readers(ChargePoint.routes)
