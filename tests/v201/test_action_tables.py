"""Actions of stations and central systems (the message table of OCPP 2.0.1)."""

from pathlib import Path

import ocpp
import pytest

from mock_csms.messages import JsonObject
from mock_csms.v201.action_tables import CSMS_ACTIONS, OCPP_1_6, STATION_ACTIONS
from mock_csms.v201.version import OCPP_2_0_1


def schema_names(ending: str) -> set[str]:
    folder = Path(ocpp.__file__).parent / "v201" / "schemas"
    return {path.stem.removesuffix(ending) for path in folder.glob(f"*{ending}.json")}


def test_25_station_actions_and_40_csms_actions() -> None:
    assert (len(STATION_ACTIONS), len(CSMS_ACTIONS)) == (25, 40)


def test_only_data_transfer_goes_both_ways() -> None:
    assert set(STATION_ACTIONS & CSMS_ACTIONS) == {"DataTransfer"}


@pytest.mark.parametrize("ending", ["Request", "Response"])
def test_tables_cover_every_action_with_a_schema(ending: str) -> None:
    assert set(STATION_ACTIONS | CSMS_ACTIONS) == schema_names(ending)


@pytest.mark.parametrize(
    "action",
    [
        "GetCertificateStatus",
        "Get15118EVCertificate",
        "ClearedChargingLimit",
        "PublishFirmwareStatusNotification",
        "ReservationStatusUpdate",
        "ReportChargingProfiles",
        "SignCertificate",
        "SecurityEventNotification",
    ],
)
def test_action_is_sent_by_stations_only(action: str) -> None:
    assert action in set(STATION_ACTIONS) - set(CSMS_ACTIONS)


@pytest.mark.parametrize(
    "action",
    [
        "CertificateSigned",
        "ClearChargingProfile",
        "CostUpdated",
        "CustomerInformation",
        "GetInstalledCertificateIds",
        "PublishFirmware",
        "TriggerMessage",
        "UnpublishFirmware",
    ],
)
def test_action_is_sent_by_central_systems_only(action: str) -> None:
    assert action in set(CSMS_ACTIONS) - set(STATION_ACTIONS)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"status": "Accepted"}, "result"),
        ({"status": "Rejected"}, "refused"),
        ({"status": "NotFound"}, "result"),
        ({"status": "Unknown"}, "result"),
        ({"status": "NoFirmware"}, "result"),
        ({"status": "NoProfiles"}, "result"),
        ({"status": "EmptyResultSet"}, "result"),
        ({"status": "UnknownVendorId"}, "result"),
        ({"status": "UnknownMessageId"}, "result"),
        ({"clearMonitoringResult": [{"id": 1, "status": "NotFound"}]}, "result"),
        ({"getVariableResult": [{"attributeStatus": "UnknownComponent"}]}, "refused"),
        (
            {"getVariableResult": [{"attributeStatus": "Accepted"}, {"attributeStatus": "UnknownComponent"}]},
            "partly refused",
        ),
        ({}, "result"),
    ],
    ids=str,
)
def test_outcome_of_a_command_follows_from_the_statuses(answer: JsonObject, outcome: str) -> None:
    assert OCPP_2_0_1.outcome(answer) == outcome


@pytest.mark.parametrize("value", [{"a": 1}, [1], 7, None, True, 1.5, "", [{"a": []}]], ids=str)
def test_outcome_of_an_answer_that_breaks_its_schema_is_no_exception(value: object) -> None:
    for answer in (
        {"status": value},
        {"getVariableResult": [{"attributeStatus": value}]},
        {"getVariableResult": value},
        {"getVariableResult": [value]},
    ):
        assert OCPP_2_0_1.outcome(answer) in {"result", "refused"}


@pytest.mark.parametrize(
    ("action", "payload", "hint"),
    [
        (
            "BootNotification",
            {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": "1"},
            "; looks like OCPP 1.6: chargePointModel, chargePointVendor, firmwareVersion",
        ),
        ("Authorize", {"idTag": "AA"}, "; looks like OCPP 1.6: idTag"),
        ("StatusNotification", {"connectorId": 1, "status": "Available", "errorCode": "NoError"},
         "; looks like OCPP 1.6: errorCode, status"),
        ("MeterValues", {"connectorId": 1, "meterValue": []}, "; looks like OCPP 1.6: connectorId"),
        ("StartTransaction", {"idTag": "AA"}, "; looks like OCPP 1.6, which has StartTransaction"),
        ("BootNotification", {"chargingStation": {}}, ""),
        ("Invented", {"idTag": "AA"}, ""),
    ],
)  # fmt: skip
def test_shape_of_ocpp_1_6_is_recognised(action: str, payload: JsonObject, hint: str) -> None:
    assert OCPP_2_0_1.hint(action, payload) == hint


@pytest.mark.parametrize("action", sorted(OCPP_1_6.properties))
def test_ocpp_2_0_1_lacks_the_properties_of_ocpp_1_6(action: str) -> None:
    properties = set(OCPP_2_0_1.request(action).read()["properties"])

    assert not OCPP_1_6.properties[action] & properties


def test_ocpp_2_0_1_lacks_the_actions_of_ocpp_1_6() -> None:
    assert not OCPP_1_6.actions & OCPP_2_0_1.actions
