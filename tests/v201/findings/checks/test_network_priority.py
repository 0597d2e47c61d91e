"""Checks of the network profiles that a station accepts in NetworkConfigurationPriority."""

import pytest

from tests.support.talk import Talk, case
from tests.v201.findings.checks.inventory import set_values, take_inventory
from tests.v201.findings.checks.test_network_profiles import COMMUNICATION, model, profile_of, set_profile

KIND = "security-downgrade-selected"


def prefer(talk: Talk, slots: str, status: str) -> None:
    priority = {"component": COMMUNICATION, "variable": {"name": "NetworkConfigurationPriority"}}
    set_values(talk, [{**priority, "attributeValue": slots}], status)


@pytest.mark.parametrize(
    ("allows", "requirement"),
    [
        case("allowed", "true", "A05.FR.09"),
        case("off", "false", "A05.FR.10"),
        case("absent", None, "A05.FR.10"),
    ],
)
@pytest.mark.parametrize(
    ("status", "state"), [("Accepted", "broken"), ("RebootRequired", "broken"), ("Rejected", "met")]
)
def test_slot_with_security_profile_1_must_be_rejected(
    talk: Talk, allows: str | None, requirement: str, status: str, state: str
) -> None:
    set_profile(talk, 1, "Accepted", slot=2)
    take_inventory(talk, model(3, allows))
    prefer(talk, "1, 2", status)

    assert talk.ids == ([KIND] if state == "broken" else [])
    assert {talk.coverage(name) for name in ("A00.FR.005", requirement)} == {state}


@pytest.mark.parametrize(
    ("allows", "profile", "active"),
    [
        case("downgrade allowed", "true", 2, 3),
        case("same profile", None, 2, 2),
        case("higher profile", "false", 3, 2),
        case("profile 1 in use", "true", 1, 1),
    ],
)
def test_permitted_slot_may_be_preferred(talk: Talk, allows: str | None, profile: int, active: int) -> None:
    set_profile(talk, profile, "Accepted", slot=2)
    take_inventory(talk, model(active, allows))
    prefer(talk, "2", "Accepted")

    assert KIND not in talk.ids
    assert {talk.coverage(name) for name in ("A05.FR.09", "A05.FR.10")} == {"not exercised"}


@pytest.mark.parametrize("stored", ["Rejected", "Failed"])
def test_slot_whose_profile_was_not_stored_decides_nothing(talk: Talk, stored: str) -> None:
    set_profile(talk, 1, stored, slot=2)
    take_inventory(talk, model(3))
    prefer(talk, "2", "Accepted")

    assert talk.ids == []


@pytest.mark.parametrize(
    ("reason", "is_found"), [("PowerUp", True), ("FirmwareUpdate", False), ("Unknown", False)]
)
def test_new_firmware_may_have_lost_the_slot(talk: Talk, reason: str, *, is_found: bool) -> None:
    set_profile(talk, 1, "Accepted", slot=2)
    talk.boot(reason=reason)
    take_inventory(talk, model(3))
    prefer(talk, "2", "Accepted")

    assert talk.ids == [KIND] * is_found


def test_slot_that_is_set_before_the_answer_decides_nothing(talk: Talk) -> None:
    """The station may store the profile before or after it sets the priority."""
    take_inventory(talk, model(3))
    priority = {"component": COMMUNICATION, "variable": {"name": "NetworkConfigurationPriority"}}
    items = [{**priority, "attributeValue": "2"}]
    message_id = talk.send_command("SetVariables", {"setVariableData": items})
    talk.command("SetNetworkProfile", profile_of(1, slot=2))
    results = [{**priority, "attributeStatus": "Accepted"}]
    talk.answer_command(message_id, "SetVariables", {"setVariableResult": results})

    assert KIND not in talk.ids


def test_slot_with_an_unanswered_profile_decides_nothing(talk: Talk) -> None:
    take_inventory(talk, model(3))
    talk.command("SetNetworkProfile", profile_of(1, slot=2))
    talk.send_command("SetNetworkProfile", profile_of(3, slot=2))
    prefer(talk, "2", "Accepted")

    assert KIND not in talk.ids
