"""Messages that commands request from a station: reports by requestId, and triggered messages (F06)."""

from collections.abc import Iterator, Mapping
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.messages import JsonObject
from mock_csms.stations.transactions import MAX_TRANSACTION_TEXT

REPORTED_BY: Final[Mapping[str, str]] = {
    Action.get_base_report: Action.notify_report,
    Action.get_report: Action.notify_report,
    Action.get_monitoring_report: Action.notify_monitoring_report,
    Action.get_charging_profiles: Action.report_charging_profiles,
    Action.get_display_messages: Action.notify_display_messages,
    Action.customer_information: Action.notify_customer_information,
    Action.get_log: Action.log_status_notification,
    Action.update_firmware: Action.firmware_status_notification,
    Action.publish_firmware: Action.publish_firmware_status_notification,
}
"""For each command, the action of the messages that report its result and repeat its requestId."""

TRIGGERED_BY_OTHER_NAME: Final[Mapping[str, str]] = {
    "SignChargingStationCertificate": Action.sign_certificate,
    "SignV2GCertificate": Action.sign_certificate,
    "SignCombinedCertificate": Action.sign_certificate,
}
"""Action of the triggered message, for each MessageTriggerEnumType value that is not an action itself."""


ABOUT_AN_EVSE: Final = frozenset({"MeterValues", "StatusNotification", "TransactionEvent"})
"""Triggered messages about one EVSE, connector or transaction (F06.FR.06, F06.FR.07, F06.FR.13)."""


def is_for_all_evses(trigger: JsonObject) -> bool:
    """Return whether a TriggerMessage requests its message from each EVSE (F06.FR.11)."""
    return trigger["requestedMessage"] in ABOUT_AN_EVSE and "evse" not in trigger


def subject_of(action: str, payload: JsonObject) -> str:
    """Return the EVSE, connector or transaction of a message as text; empty for the station."""
    match action:
        case Action.meter_values:
            return str(payload.get("evseId"))
        case Action.status_notification:
            return f"{payload.get('evseId')}.{payload.get('connectorId')}"
        case Action.transaction_event:
            return str(payload.get("transactionInfo", {}).get("transactionId"))[:MAX_TRANSACTION_TEXT]
    return ""


def solicited_by(action: str, request: JsonObject) -> Iterator[tuple[str, int | None]]:
    """Yield action and requestId of each message that a command requests. None stands for any requestId."""
    request_id = request.get("requestId")
    if request_id is not None and (reported_by := REPORTED_BY.get(action)):
        yield reported_by, request_id
    if action == Action.trigger_message:
        yield triggered_by(request), None


def triggered_by(request: JsonObject) -> str:
    """Return the action of the message that a TriggerMessage requests."""
    requested: str = request["requestedMessage"]
    return TRIGGERED_BY_OTHER_NAME.get(requested, requested)
