"""Messages that a command requests of a station (F06; reports are matched by requestId)."""

from collections.abc import Iterator, Mapping
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.messages import JsonObject

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
"""Action of the message that reports the result of a command under its requestId."""

TRIGGERED_BY_OTHER_NAME: Final[Mapping[str, str]] = {
    "SignChargingStationCertificate": Action.sign_certificate,
    "SignV2GCertificate": Action.sign_certificate,
    "SignCombinedCertificate": Action.sign_certificate,
}
"""MessageTriggerEnumType values that differ from the action of the message they trigger."""


def solicited_by(action: str, request: JsonObject) -> Iterator[tuple[str, int | None]]:
    """Yield action and requestId of each message that a command requests; None for any requestId."""
    request_id = request.get("requestId")
    if request_id is not None and (reported_by := REPORTED_BY.get(action)):
        yield reported_by, request_id
    if action == Action.trigger_message:
        yield triggered_by(request), None


def triggered_by(request: JsonObject) -> str:
    """Return the action of the message that a TriggerMessage requests."""
    requested: str = request["requestedMessage"]
    return TRIGGERED_BY_OTHER_NAME.get(requested, requested)
