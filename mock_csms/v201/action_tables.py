"""Actions of OCPP 2.0.1 by sender, and the statuses of answers that do not refuse a command."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.versions import EarlierVersion

STATION_ACTIONS: Final = frozenset(
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
"""The 25 actions that a station sends and a central system answers."""

CSMS_ACTIONS: Final = frozenset(Action) - STATION_ACTIONS | {Action.data_transfer}
"""The 40 actions that a central system sends and a station answers, here called commands."""

NOTHING_THERE: Final = frozenset(
    {
        "EmptyResultSet",
        "NoFirmware",
        "NoProfiles",
        "NotFound",
        "Unknown",
        "UnknownMessageId",
        "UnknownVendorId",
    }
)
"""Statuses of answers to a command about something that the station does not have; they are not refusals."""

FULFILLED: Final = NOTHING_THERE | {
    "Accepted",
    "AcceptedCanceled",
    "RebootRequired",
    "Scheduled",
    "Unlocked",
    "Unpublished",
}
"""Statuses of answers that do not refuse a command."""


OCPP_1_6: Final = EarlierVersion(
    name="1.6",
    actions=frozenset({"DiagnosticsStatusNotification", "StartTransaction", "StopTransaction"}),
    properties={
        "Authorize": frozenset({"idTag"}),
        "BootNotification": frozenset(
            {
                "chargeBoxSerialNumber",
                "chargePointModel",
                "chargePointSerialNumber",
                "chargePointVendor",
                "firmwareVersion",
                "iccid",
                "imsi",
                "meterSerialNumber",
                "meterType",
            }
        ),
        "MeterValues": frozenset({"connectorId", "transactionId"}),
        "StatusNotification": frozenset({"errorCode", "info", "status", "vendorErrorCode", "vendorId"}),
    },
)
"""Actions and properties of OCPP 1.6 that OCPP 2.0.1 lacks."""
