"""The security profile of a station after its answers to SetNetworkProfile and SetVariables (A05)."""

from typing import Any

import pytest

from mock_csms.security.upgrades import SecurityUpgrades
from mock_csms.v201.network_profiles import learn_upgrade


def item(component: str = "OCPPCommCtrlr", value: str = "2,1", **fields: Any) -> dict[str, Any]:
    """An item of SetVariables that sets NetworkConfigurationPriority."""
    variable = {"name": "NetworkConfigurationPriority"}
    return {"component": {"name": component}, "variable": variable, "attributeValue": value, **fields}


def reached_after(*items: dict[str, Any], slot_status: str = "Accepted", status: str = "Accepted") -> int:
    """Make a station answer a SetNetworkProfile and a SetVariables, then connect with security profile 3.

    The SetNetworkProfile stores security profile 2 in slot 2.
    Return the security profile to which the two commands have moved the station.
    """
    upgrades = SecurityUpgrades()
    set_profile = {"configurationSlot": 2, "connectionData": {"securityProfile": 2}}
    learn_upgrade(upgrades, "CS1", 0, "SetNetworkProfile", set_profile, {"status": slot_status})
    results = [
        {
            **{name: value for name, value in one.items() if name != "attributeValue"},
            "attributeStatus": status,
        }
        for one in items
    ]
    answer = {"setVariableResult": results}
    learn_upgrade(upgrades, "CS1", 0, "SetVariables", {"setVariableData": list(items)}, answer)
    upgrades.connected("CS1", 3)
    return upgrades.reached("CS1", 0)


@pytest.mark.parametrize("status", ["Accepted", "RebootRequired"])
def test_accepted_profile_and_priority_upgrade_a_station(status: str) -> None:
    assert reached_after(item(), status=status) == 2


def test_case_of_the_names_does_not_matter() -> None:
    assert reached_after(item("ocppcommctrlr")) == 2


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"value": "1"}, id="another slot"),
        pytest.param({"value": "second"}, id="not a slot"),
        pytest.param({"component": "SmartChargingCtrlr"}, id="another component"),
        pytest.param({"attributeType": "Target"}, id="another attribute"),
    ],
)
def test_variable_that_does_not_name_the_slot_upgrades_no_station(changed: dict[str, Any]) -> None:
    assert reached_after(item(**changed)) == 0


@pytest.mark.parametrize("statuses", [{"slot_status": "Rejected"}, {"status": "Rejected"}])
def test_rejected_command_upgrades_no_station(statuses: dict[str, Any]) -> None:
    assert reached_after(item(), **statuses) == 0
