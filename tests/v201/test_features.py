"""Optional features of a station, as far as its device model shows them."""

import pytest

from mock_csms.stations.device_model import DeviceModel
from mock_csms.v201.features import missing_feature, reported_number, shows_messages


def model(component: str, variable: str, value: str) -> DeviceModel:
    device_model = DeviceModel()
    device_model.set({"name": "Other"}, {"name": variable}, "1")
    device_model.set({"name": component}, {"name": variable}, value)
    return device_model


@pytest.mark.parametrize("component", ["ReservationCtrlr", "reservationctrlr", "RESERVATIONCTRLR"])
@pytest.mark.parametrize("variable", ["Available", "available"])
def test_feature_is_missing_in_any_case_of_its_name(component: str, variable: str) -> None:
    assert missing_feature("ReserveNow", model(component, variable, "False")) == "ReservationCtrlr/Available"


def test_unreported_feature_is_not_missing() -> None:
    assert missing_feature("ReserveNow", model("TariffCostCtrlr", "Available", "false")) is None


def test_number_is_read_in_any_case_of_its_name() -> None:
    device_model = model("smartchargingctrlr", "profilestacklevel", "3")

    assert reported_number(device_model, "SmartChargingCtrlr/ProfileStackLevel") == 3


def test_station_that_reports_neither_messages_nor_tariffs_shows_none() -> None:
    device_model = model("displaymessagectrlr", "available", "false")
    device_model.set({"name": "TariffCostCtrlr"}, {"name": "Available", "instance": "tariff"}, "false")

    assert not shows_messages(device_model)
