"""Requirements that a command breaks although it is valid by its schema."""

from datetime import UTC, datetime

import orjson
import pytest

from mock_csms.messages import JsonObject
from mock_csms.stations.station import Station
from mock_csms.v201.own_mistakes import own_mistakes
from mock_csms.v201.version import OCPP_2_0_1

NOW_UTC = datetime(2024, 1, 1, 12, tzinfo=UTC)
TOKEN = {"idToken": "AA", "type": "ISO14443"}
OTHER_TYPE = {"idToken": "AA", "type": "Central"}
ITEM = {"component": {"name": "A"}, "variable": {"name": "B"}, "attributeValue": "1"}
LIST = {"versionNumber": 1, "updateType": "Full"}
LOG = {"logType": "DiagnosticsLog", "requestId": 1}
CUSTOMER = {"requestId": 1, "report": True, "clear": False}


def message(language: str) -> JsonObject:
    content = {"format": "UTF8", "language": language, "content": "x"}
    return {"message": {"id": 1, "priority": "NormalCycle", "message": content}}


@pytest.mark.parametrize(
    ("command", "payload", "requirement"),
    [
        ("TriggerMessage", {"requestedMessage": "StatusNotification"}, "F06.FR.13"),
        ("TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1}}, "F06.FR.13"),
        ("TriggerMessage", {"requestedMessage": "BootNotification"}, "F06.FR.17"),
        ("SetVariables", {"setVariableData": [ITEM, {**ITEM, "attributeType": "Actual"}]}, "B05.FR.13"),
        ("SendLocalList", {**LIST, "versionNumber": 0}, "D01.FR.18"),
        (
            "SendLocalList",
            {**LIST, "localAuthorizationList": [{"idToken": TOKEN}, {"idToken": {**TOKEN, "idToken": "aa"}}]},
            "D01.FR.06",
        ),
        ("ClearChargingProfile", {}, "K10.FR.02"),
        ("ClearChargingProfile", {"chargingProfileCriteria": {}}, "K10.FR.02"),
        (
            "ClearChargingProfile",
            {"chargingProfileCriteria": {"chargingProfilePurpose": "ChargingStationExternalConstraints"}},
            "K10.FR.06",
        ),
        ("SendLocalList", {"versionNumber": 7, "updateType": "Differential"}, "D01.FR.19"),
        ("GetChargingProfiles", {"requestId": 1, "chargingProfile": {}}, "K09.FR.03"),
        ("CustomerInformation", CUSTOMER, "N09.FR.04"),
        ("CustomerInformation", {**CUSTOMER, "idToken": TOKEN, "customerIdentifier": "x"}, "N09.FR.09"),
        ("SetDisplayMessage", message("en_US"), "O01.FR.17"),
        (
            "GetLog",
            {**LOG, "log": {"remoteLocation": "x", "oldestTimestamp": "2026-01-31T12:00:00.1234Z"}},
            "more than three decimals",
        ),
    ],
)
def test_mistake_is_found(command: str, payload: JsonObject, requirement: str) -> None:
    assert OCPP_2_0_1.request(command).violation(payload) is None

    station = Station("CS1", registration="Accepted", local_list_version=7)
    found = list(own_mistakes(command, payload, station, NOW_UTC))

    assert len(found) == 1
    assert requirement in found[0]


@pytest.mark.parametrize(
    ("command", "payload"),
    [
        (
            "TriggerMessage",
            {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}},
        ),
        ("TriggerMessage", {"requestedMessage": "Heartbeat"}),
        ("SetVariables", {"setVariableData": [ITEM, {**ITEM, "attributeType": "Target"}]}),
        (
            "SendLocalList",
            {**LIST, "localAuthorizationList": [{"idToken": TOKEN}, {"idToken": OTHER_TYPE}]},
        ),
        ("SendLocalList", LIST),
        ("SendLocalList", {"versionNumber": 7, "updateType": "Full"}),
        ("SendLocalList", {"versionNumber": 7, "updateType": "Differential"}),
        ("GetChargingProfiles", {"requestId": 1, "chargingProfile": {"stackLevel": 0}}),
        ("ClearChargingProfile", {"chargingProfileId": 0}),
        ("ClearChargingProfile", {"chargingProfileCriteria": {"stackLevel": 0}}),
        ("CustomerInformation", {**CUSTOMER, "idToken": TOKEN}),
        ("SetDisplayMessage", message("zh-Hans")),
        ("Reset", {"type": "Immediate"}),
        (
            "GetLog",
            {**LOG, "log": {"remoteLocation": "x", "oldestTimestamp": "2026-01-31T12:00:00.123Z"}},
        ),
    ],
)
def test_correct_command_has_no_mistake(command: str, payload: JsonObject) -> None:
    assert OCPP_2_0_1.request(command).violation(payload) is None
    assert list(own_mistakes(command, payload, Station("CS1", registration="Accepted"), NOW_UTC)) == []


@pytest.mark.parametrize(("registration", "number"), [("Pending", 1), ("Accepted", 0), (None, 0)])
def test_remote_start_of_pending_station_is_found(registration: str | None, number: int) -> None:
    payload = {"remoteStartId": 1, "idToken": TOKEN}

    found = list(
        own_mistakes("RequestStartTransaction", payload, Station("A", registration=registration), NOW_UTC)
    )

    assert ["B02.FR.05" in mistake for mistake in found] == [True] * number


def test_deeply_nested_payload_is_searched() -> None:
    data = orjson.loads("[" * 900 + '"2026-01-31T12:00:00.1234Z"' + "]" * 900)

    assert (
        len(list(own_mistakes("DataTransfer", {"vendorId": "x", "data": data}, Station("CS1"), NOW_UTC))) == 1
    )


@pytest.mark.parametrize("registration", [None, "Pending"])
def test_trigger_for_boot_of_unaccepted_station_is_correct(registration: str | None) -> None:
    payload = {"requestedMessage": "BootNotification"}

    assert (
        list(own_mistakes("TriggerMessage", payload, Station("CS1", registration=registration), NOW_UTC))
        == []
    )
