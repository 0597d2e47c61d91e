"""The 64 actions of OCPP 2.0.1, who may send which, and which answers refuse a command."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.messages import JsonObject

BY_STATION: Final = frozenset(
    {
        Action.authorize,
        Action.boot_notification,
        Action.cleared_charging_limit,
        Action.data_transfer,
        Action.firmware_status_notification,
        Action.get_15118_ev_certificate,
        Action.get_certificate_status,
        Action.heartbeat,
        Action.log_status_notification,
        Action.meter_values,
        Action.notify_charging_limit,
        Action.notify_customer_information,
        Action.notify_display_messages,
        Action.notify_ev_charging_needs,
        Action.notify_ev_charging_schedule,
        Action.notify_event,
        Action.notify_monitoring_report,
        Action.notify_report,
        Action.publish_firmware_status_notification,
        Action.report_charging_profiles,
        Action.reservation_status_update,
        Action.security_event_notification,
        Action.sign_certificate,
        Action.status_notification,
        Action.transaction_event,
    }
)
"""What a station sends and a central system answers: 25 actions."""

BY_CSMS: Final = frozenset(Action) - BY_STATION | {Action.data_transfer}
"""What a central system sends and a station answers, here called commands: 40 actions."""

NOTHING_TO_REPORT: Final = frozenset({"EmptyResultSet", "NoProfiles"})
FULFILLED: Final = NOTHING_TO_REPORT | {
    "Accepted",
    "AcceptedCanceled",
    "RebootRequired",
    "Scheduled",
    "Unlocked",
    "Unpublished",
}
"""Statuses that do not refuse a command."""


def is_refusal(answer: JsonObject) -> bool:
    """Tell whether the answer to a command refuses it, or any item of it."""
    results = (
        [answer]
        if "status" in answer
        else [item for value in answer.values() if isinstance(value, list) for item in value]
    )
    objects = (item for item in results if isinstance(item, dict))
    stated = (item.get("status") or item.get("attributeStatus") for item in objects)
    return any(status not in FULFILLED for status in stated if status)
