"""Messages that commands request of a Pending station."""

import pytest

from mock_csms.messages import JsonObject
from mock_csms.stations.station import Station
from mock_csms.v201.learning import learn_from_answer, solicit, use_solicitation, was_solicited


@pytest.fixture
def station() -> Station:
    return Station("CS001")


@pytest.fixture
def pending(station: Station) -> Station:
    """A station with a Pending boot."""
    station.register("Pending")
    return station


TRIGGERS = [
    ("BootNotification", "BootNotification"),
    ("LogStatusNotification", "LogStatusNotification"),
    ("FirmwareStatusNotification", "FirmwareStatusNotification"),
    ("Heartbeat", "Heartbeat"),
    ("MeterValues", "MeterValues"),
    ("SignChargingStationCertificate", "SignCertificate"),
    ("SignV2GCertificate", "SignCertificate"),
    ("SignCombinedCertificate", "SignCertificate"),
    ("StatusNotification", "StatusNotification"),
    ("TransactionEvent", "TransactionEvent"),
    ("PublishFirmwareStatusNotification", "PublishFirmwareStatusNotification"),
]


@pytest.mark.parametrize(("requested", "action"), TRIGGERS)
def test_triggered_message_of_pending_station_is_solicited(
    pending: Station, requested: str, action: str
) -> None:
    """F06 and B02.FR.09: all eleven values of MessageTriggerEnumType."""
    solicit(pending, "TriggerMessage", {"requestedMessage": requested})

    assert was_solicited(pending, action, {})


def test_triggered_message_with_request_id_is_solicited(pending: Station) -> None:
    """A FirmwareStatusNotification has the requestId of the UpdateFirmware before it."""
    solicit(pending, "TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})

    assert was_solicited(pending, "FirmwareStatusNotification", {"status": "Idle", "requestId": 3})


def test_other_message_of_pending_station_is_not_solicited(pending: Station) -> None:
    """TC_B_30_CSMS."""
    solicit(pending, "TriggerMessage", {"requestedMessage": "Heartbeat"})

    assert not was_solicited(pending, "StatusNotification", {})


@pytest.mark.parametrize("status", ["Rejected", "NotImplemented"])
def test_refused_trigger_solicits_nothing(pending: Station, status: str) -> None:
    request = {"requestedMessage": "SignV2GCertificate"}
    solicit(pending, "TriggerMessage", request)

    learn_from_answer(pending, "TriggerMessage", request, {"status": status})

    assert not was_solicited(pending, "SignCertificate", {})


def test_accepted_trigger_still_solicits(pending: Station) -> None:
    request = {"requestedMessage": "Heartbeat"}
    solicit(pending, "TriggerMessage", request)

    learn_from_answer(pending, "TriggerMessage", request, {"status": "Accepted"})

    assert was_solicited(pending, "Heartbeat", {})


REPORTS = [
    ("GetBaseReport", "NotifyReport"),
    ("GetReport", "NotifyReport"),
    ("GetMonitoringReport", "NotifyMonitoringReport"),
    ("GetChargingProfiles", "ReportChargingProfiles"),
    ("GetDisplayMessages", "NotifyDisplayMessages"),
    ("CustomerInformation", "NotifyCustomerInformation"),
    ("GetLog", "LogStatusNotification"),
    ("UpdateFirmware", "FirmwareStatusNotification"),
    ("PublishFirmware", "PublishFirmwareStatusNotification"),
]


@pytest.mark.parametrize(("command", "action"), REPORTS)
def test_requested_report_of_pending_station_is_solicited(
    pending: Station, command: str, action: str
) -> None:
    solicit(pending, command, {"requestId": 4})

    assert was_solicited(pending, action, {"requestId": 4})


@pytest.mark.parametrize(("command", "action"), REPORTS)
def test_report_with_other_request_id_is_not_solicited(pending: Station, command: str, action: str) -> None:
    solicit(pending, command, {"requestId": 4})

    assert not was_solicited(pending, action, {"requestId": 5})


def test_further_part_of_requested_report_is_solicited(pending: Station) -> None:
    solicit(pending, "GetBaseReport", {"requestId": 4})
    was_solicited(pending, "NotifyReport", {"requestId": 4})

    assert was_solicited(pending, "NotifyReport", {"requestId": 4})


def test_command_without_message_solicits_nothing(pending: Station) -> None:
    solicit(pending, "GetVariables", {"getVariableData": []})

    assert pending.solicited == {}


@pytest.mark.parametrize("registration", [None, "Accepted", "Rejected"], ids=str)
def test_station_that_is_not_pending_is_not_solicited(station: Station, registration: str | None) -> None:
    station.registration = registration

    solicit(station, "GetBaseReport", {"requestId": 4})

    assert station.solicited == {}


def test_accepted_boot_clears_solicited_messages(pending: Station) -> None:
    solicit(pending, "GetBaseReport", {"requestId": 4})

    pending.register("Accepted")

    assert (pending.registration, pending.solicited) == ("Accepted", {})


def test_trigger_lets_its_message_through_once(pending: Station) -> None:
    """B02.FR.09."""
    solicit(pending, "TriggerMessage", {"requestedMessage": "Heartbeat"})
    use_solicitation(pending, "Heartbeat", {})

    assert not was_solicited(pending, "Heartbeat", {})


def test_each_of_two_triggers_lets_its_message_through(pending: Station) -> None:
    for _ in range(2):
        solicit(pending, "TriggerMessage", {"requestedMessage": "Heartbeat"})
    use_solicitation(pending, "Heartbeat", {})

    assert was_solicited(pending, "Heartbeat", {})


@pytest.mark.parametrize(
    ("requested", "first", "second"),
    [
        ("MeterValues", {"evseId": 1}, {"evseId": 2}),
        ("StatusNotification", {"evseId": 1, "connectorId": 1}, {"evseId": 1, "connectorId": 2}),
        (
            "TransactionEvent",
            {"transactionInfo": {"transactionId": "A"}},
            {"transactionInfo": {"transactionId": "B"}},
        ),
    ],
)
def test_trigger_without_evse_lets_one_message_for_each_evse_through(
    pending: Station, requested: str, first: JsonObject, second: JsonObject
) -> None:
    """F06.FR.11."""
    solicit(pending, "TriggerMessage", {"requestedMessage": requested})
    use_solicitation(pending, requested, first)

    assert was_solicited(pending, requested, second)
    assert not was_solicited(pending, requested, first)


def test_trigger_for_one_connector_lets_one_message_through(pending: Station) -> None:
    evse = {"id": 1, "connectorId": 1}
    solicit(pending, "TriggerMessage", {"requestedMessage": "StatusNotification", "evse": evse})
    use_solicitation(pending, "StatusNotification", {"evseId": 1, "connectorId": 1})

    assert not was_solicited(pending, "StatusNotification", {"evseId": 1, "connectorId": 2})


@pytest.mark.parametrize("status", ["Rejected", "NotSupported", "EmptyResultSet", ["Accepted"]])
def test_report_of_refused_command_is_not_solicited(pending: Station, status: object) -> None:
    """B02.FR.09: only a report that a GetBaseReport or GetReport requested may be sent."""
    solicit(pending, "GetBaseReport", {"requestId": 4})

    learn_from_answer(pending, "GetBaseReport", {"requestId": 4}, {"status": status})

    assert not was_solicited(pending, "NotifyReport", {"requestId": 4})


def test_log_status_of_replaced_upload_is_solicited(pending: Station) -> None:
    """N01.FR.12: AcceptedCanceled accepts the new upload."""
    solicit(pending, "GetLog", {"requestId": 4})

    learn_from_answer(pending, "GetLog", {"requestId": 4}, {"status": "AcceptedCanceled"})

    assert was_solicited(pending, "LogStatusNotification", {"requestId": 4})
