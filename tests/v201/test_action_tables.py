"""Actions of stations and central systems (the message table of OCPP 2.0.1)."""

from pathlib import Path

import ocpp
import pytest

from mock_csms.v201.action_tables import CSMS_ACTIONS, STATION_ACTIONS


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
