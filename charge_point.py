"""What we answer: one handler for each message that a station can send."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from typing import Final

from ocpp.routing import create_route_map, on
from ocpp.v201 import call_result
from ocpp.v201.enums import Action

from mock_csms.csms import Csms
from mock_csms.frames import Call, ErrorCode, JsonObject, Refused
from mock_csms.log import logger
from mock_csms.rpc import CallFailed, Route, StationConnection, route
from mock_csms.settings import Validation
from mock_csms.stations import Station

CANNED_EXI: Final = b64encode(b"EXI response of the mock server").decode()
"""Stands for what a certificate provisioning service would return; no vehicle will take it."""

UNLEARNABLE: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What learning from a payload that breaks its schema may raise."""


class NotRegistered(CallFailed):
    """The station's boot was Rejected: a central system sends it nothing (B03)."""


class ChargePoint:
    """Answers one connection of one station, and sends it commands."""

    version = "2.0.1"
    actions: frozenset[str] = frozenset(Action)
    routes: Mapping[str, Route] = {}

    def __init__(self, csms: Csms, station: Station, connection: StationConnection) -> None:
        self.csms = csms
        self.station = station
        self.connection = connection
        self.registered = asyncio.Event()
        """Set while the last boot on this connection was answered Accepted or Pending."""

    async def call(self, action: str, payload: JsonObject) -> JsonObject:
        """Send a command, learn from the station's answer and return it; raises CallFailed."""
        if self.station.registration == "Rejected":
            raise NotRegistered("the station's boot was Rejected, so nothing is sent to it (B03)")
        self.station.solicit(action, payload)
        answer = await self.connection.call(action, payload, timeout=self.csms.settings.call_timeout)
        try:
            self.station.observe_answer(action, payload, answer)
        except UNLEARNABLE as error:
            self._pass_over(error)
        return answer

    def replace(self) -> None:
        """Give way to a newer connection of the same station."""
        self.connection.replace()

    def admit(self, call: Call) -> None:
        """Let a CALL in and learn from it.

        A station whose boot is Pending may send what it was asked for, one that was Rejected nothing but
        another BootNotification (B02.FR.09, B03, TC_B_30_CSMS).
        """
        if call.action != Action.boot_notification and not self._may_send(call):
            raise Refused(
                ErrorCode.SECURITY_ERROR, f"the boot of this station is {self.station.registration}"
            )
        try:
            self.station.observe(call.action, call.payload)
        except UNLEARNABLE as error:
            self._pass_over(error)

    @property
    def validation(self) -> Validation:
        """What becomes of a payload of this station that breaks its schema."""
        return self.csms.settings.validation

    def _pass_over(self, error: Exception) -> None:
        """Where invalid payloads are let through, pass over what cannot be learnt from one."""
        if self.validation == "strict":
            raise error
        logger.warning("%s  nothing learnt from an invalid payload: %r", self.station.id, error)

    def _may_send(self, call: Call) -> bool:
        match self.station.registration:
            case "Rejected":
                return False
            case "Pending":
                return self.station.was_asked_for(call.action, call.payload)
            case _:
                return True

    @on(Action.boot_notification)
    def on_boot_notification(self) -> call_result.BootNotification:
        settings = self.csms.settings
        status = settings.boot_status_at(self.station.boots)
        self.station.register(status)
        if status == "Rejected":
            self.registered.clear()
        else:
            self.registered.set()
        accepted = status == "Accepted"
        return call_result.BootNotification(
            current_time=self.csms.now(),
            interval=settings.heartbeat_interval if accepted else settings.boot_retry_interval,
            status=status,
        )

    @on(Action.heartbeat)
    def on_heartbeat(self) -> call_result.Heartbeat:
        return call_result.Heartbeat(current_time=self.csms.now())

    @on(Action.status_notification)
    def on_status_notification(self) -> call_result.StatusNotification:
        return call_result.StatusNotification()

    @on(Action.authorize)
    def on_authorize(
        self,
        certificate: str | None = None,
        iso15118_certificate_hash_data: list[JsonObject] | None = None,
    ) -> call_result.Authorize:
        with_certificate = certificate or iso15118_certificate_hash_data
        return call_result.Authorize(
            id_token_info={"status": "Accepted"},
            certificate_status="Accepted" if with_certificate else None,
        )

    @on(Action.transaction_event)
    def on_transaction_event(
        self,
        event_type: str = "Started",
        transaction_info: JsonObject | None = None,
        id_token: JsonObject | None = None,
    ) -> call_result.TransactionEvent:
        """Answer with idTokenInfo exactly when an idToken came (E01.FR.11, TC_E_16_CSMS), and the cost."""
        transaction = self.station.transactions.get((transaction_info or {}).get("transactionId", ""))
        cost = self.csms.cost(transaction) if transaction and event_type != "Started" else None
        return call_result.TransactionEvent(
            id_token_info={"status": "Accepted"} if id_token else None, total_cost=cost
        )

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
    def on_sign_certificate(
        self, csr: str = "", certificate_type: str | None = None
    ) -> call_result.SignCertificate:
        """Sign the CSR and send the chain in a CertificateSigned of the same certificateType (A02, A03)."""
        try:
            chain = self.csms.authority.sign(csr)
        except ValueError as error:
            return call_result.SignCertificate(
                status="Rejected", status_info={"reasonCode": "InvalidCSR", "additionalInfo": str(error)}
            )
        payload = {"certificateChain": chain}
        if certificate_type:
            payload["certificateType"] = certificate_type
        self.connection.spawn(self._follow_up(Action.certificate_signed, payload))
        return call_result.SignCertificate(status="Accepted")

    async def _follow_up(self, action: str, payload: JsonObject) -> None:
        """Send the command that an answer has promised; if it fails, the log says so."""
        try:
            await self.call(action, payload)
        except CallFailed as failure:
            logger.warning("%s  the promised %s failed: %s", self.station.id, action, failure)

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


def _routes(cls: type[ChargePoint]) -> dict[str, Route]:
    """Map each action to its plain function; `ocpp` finds them, its wrapper around each is taken off."""
    handlers = create_route_map(cls)
    return {
        action.value: route(action.value, cls.version, handler["_on_action"].__wrapped__)
        for action, handler in handlers.items()
    }


ChargePoint.routes = _routes(ChargePoint)
