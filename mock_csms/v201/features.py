"""Optional features of a station, and the commands that need them."""

from collections.abc import Mapping
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.stations.device_model import DeviceModel

SWITCHES: Final = ("Available", "Enabled")
"""Variables of a controller: whether the station has the controller's feature, and whether it uses it."""

CONTROLLERS: Final[Mapping[str, str]] = {
    Action.clear_cache: "AuthCacheCtrlr",
    Action.reserve_now: "ReservationCtrlr",
    Action.cancel_reservation: "ReservationCtrlr",
    Action.send_local_list: "LocalAuthListCtrlr",
    Action.set_charging_profile: "SmartChargingCtrlr",
    Action.get_charging_profiles: "SmartChargingCtrlr",
    Action.clear_charging_profile: "SmartChargingCtrlr",
    Action.get_composite_schedule: "SmartChargingCtrlr",
    Action.set_display_message: "DisplayMessageCtrlr",
    Action.get_display_messages: "DisplayMessageCtrlr",
    Action.clear_display_message: "DisplayMessageCtrlr",
    Action.set_monitoring_base: "MonitoringCtrlr",
    Action.set_monitoring_level: "MonitoringCtrlr",
    Action.set_variable_monitoring: "MonitoringCtrlr",
    Action.get_monitoring_report: "MonitoringCtrlr",
    Action.clear_variable_monitoring: "MonitoringCtrlr",
}
"""Controller of the feature that a command needs, by command.

A station does not support the command if one of the controller's SWITCHES is false (C11.FR.04, H01.FR.01,
K01.FR.29).
"""

VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    **{
        command: tuple(f"{controller}/{switch}" for switch in SWITCHES)
        for command, controller in CONTROLLERS.items()
    },
    Action.cost_updated: tuple(f"TariffCostCtrlr/{switch}[Cost]" for switch in SWITCHES),
    Action.get_local_list_version: ("LocalAuthListCtrlr/Available",),
}
"""Boolean variables by command; a station does not support the command if one of them is false.

GetLocalListVersion needs no Enabled: a station answers it even while its list is disabled (D02.FR.03).
"""


def missing_feature(command: str, device_model: DeviceModel) -> str | None:
    """Return the variable that shows that a station does not support a command; None if there is none."""
    switches = VARIABLES.get(command, ())
    return next((name for name in switches if reported(device_model, name).lower() == "false"), None)


def shows_messages(device_model: DeviceModel) -> bool:
    """Return whether a station may show a message or a tariff to the driver (I01.FR.02).

    False only if the station has reported that it supports neither.
    """
    variables = ("DisplayMessageCtrlr/Available", "TariffCostCtrlr/Available[Tariff]")
    return any(reported(device_model, name).lower() != "false" for name in variables)


def reported(device_model: DeviceModel, variable: str) -> str:
    """Return the Actual value that the station has reported for a variable; empty without a report."""
    entry = device_model.get(variable) or device_model.get(_spelling(device_model, variable), {})
    value = entry.get("attributes", {}).get("Actual")
    return "" if value is None else str(value).strip()


def _spelling(device_model: DeviceModel, variable: str) -> str:
    """Return the name of a variable as the station spells it. Names are compared without regard to case."""
    length, lowered = len(variable), variable.lower()
    # Comparing the lengths first is faster: most names differ in length, and need no copy in lower case.
    return next((name for name in device_model if len(name) == length and name.lower() == lowered), variable)


def reported_list(device_model: DeviceModel, variable: str) -> list[str]:
    """Return the reported values of a list variable, which are separated by commas."""
    return [item for text in reported(device_model, variable).split(",") if (item := text.strip())]


def reported_number(device_model: DeviceModel, variable: str) -> int | None:
    """Return the reported value of an integer variable; None if it is unknown, negative or malformed."""
    value = reported(device_model, variable)
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else None
