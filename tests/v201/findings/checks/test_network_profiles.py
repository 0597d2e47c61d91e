"""Network profiles that a station accepts."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import Talk, case
from tests.v201.findings.checks.inventory import item, set_values, take_inventory

SECURITY: JsonObject = {"name": "SecurityCtrlr"}
COMMUNICATION: JsonObject = {"name": "OCPPCommCtrlr"}


def model(active: int, allows_downgrade: str | None = None, slots: str = "1,2") -> list[JsonObject]:
    items = [
        item(SECURITY, "SecurityProfile", attributes=[{"value": str(active)}]),
        item(SECURITY, "BasicAuthPassword", dataType="string", maxLimit=40),
        item(COMMUNICATION, "NetworkConfigurationPriority", dataType="SequenceList", valuesList=slots),
    ]
    if allows_downgrade is None:
        return items
    return [*items, item(SECURITY, "AllowSecurityProfileDowngrade", attributes=[{"value": allows_downgrade}])]


def profile_of(security_profile: int, slot: int = 1) -> JsonObject:
    """Return the payload of a SetNetworkProfile."""
    profile = {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": "wss://host",
        "messageTimeout": 30,
        "securityProfile": security_profile,
        "ocppInterface": "Wired0",
    }
    return {"configurationSlot": slot, "connectionData": profile}


def set_profile(talk: Talk, security_profile: int, status: str, slot: int = 1) -> None:
    talk.command("SetNetworkProfile", profile_of(security_profile, slot), status)


def states(state: str) -> list[str]:
    return ["security-downgrade-accepted"] if state == "broken" else []


@pytest.mark.parametrize(
    ("active", "allows", "asked", "requirement"),
    [
        case("no variable", 2, None, 1, "B09.FR.04"),
        case("not allowed", 3, "false", 2, "B09.FR.04"),
        case("only from 3 to 2", 3, "True", 1, "B09.FR.31"),
    ],
)
@pytest.mark.parametrize(("status", "state"), [("Accepted", "broken"), ("Rejected", "met")])
def test_lower_security_profile_must_be_rejected(  # noqa: PLR0917 - two tables
    talk: Talk, active: int, allows: str | None, asked: int, requirement: str, status: str, state: str
) -> None:
    take_inventory(talk, model(active, allows))
    set_profile(talk, asked, status)

    assert talk.ids == states(state)
    assert talk.coverage(requirement) == state


@pytest.mark.parametrize(
    ("active", "allows", "asked"),
    [
        case("same", 2, None, 2),
        case("higher", 1, "false", 2),
        case("allowed", 3, "true", 2),
    ],
)
def test_other_security_profile_may_be_accepted(
    talk: Talk, active: int, allows: str | None, asked: int
) -> None:
    take_inventory(talk, model(active, allows))
    set_profile(talk, asked, "Accepted")

    assert not talk.findings
    assert {talk.coverage(name) for name in ("B09.FR.04", "B09.FR.31")} == {"not exercised"}


def test_downgrade_may_be_accepted_while_the_variable_is_unknown(talk: Talk) -> None:
    talk.read_variables({"SecurityCtrlr.SecurityProfile": "3"})
    set_profile(talk, 1, "Accepted")

    assert not talk.findings


@pytest.mark.parametrize(
    ("slot", "status", "state"),
    [
        case("unknown", 3, "Accepted", "broken"),
        case("unknown, rejected", 3, "Rejected", "met"),
        case("known", 2, "Accepted", "not exercised"),
    ],
)
def test_profile_for_unknown_slot_must_be_rejected(talk: Talk, slot: int, status: str, state: str) -> None:
    take_inventory(talk, model(1))
    set_profile(talk, 1, status, slot)

    assert talk.ids == (["network-slot-unknown"] if state == "broken" else [])
    assert talk.coverage("B09.FR.05") == state


@pytest.mark.parametrize(
    ("value", "status", "state"),
    [
        case("unknown", "2, 3", "RebootRequired", "broken"),
        case("unknown, rejected", "3", "Rejected", "met"),
        case("known", "2, 1", "Accepted", "not exercised"),
    ],
)
def test_priority_with_unknown_slot_must_be_rejected(talk: Talk, value: str, status: str, state: str) -> None:
    take_inventory(talk, model(1))
    priority = {"component": COMMUNICATION, "variable": {"name": "NetworkConfigurationPriority"}}
    set_values(talk, [{**priority, "attributeValue": value}], status)

    assert talk.ids == (["network-slot-unknown"] if state == "broken" else [])
    assert talk.coverage("B10.FR.02") == state


def test_slots_are_unknown_without_a_report(talk: Talk) -> None:
    set_profile(talk, 1, "Accepted", slot=3)

    assert not talk.findings
    assert talk.coverage("B09.FR.05") == "not exercised"


@pytest.mark.parametrize(("slots", "state"), [("1", "broken"), ("", "broken"), ("1,2", "met")])
def test_station_must_have_two_slots(talk: Talk, slots: str, state: str) -> None:
    take_inventory(talk, model(1, slots=slots))

    assert talk.ids == (["network-slots-too-few"] if state == "broken" else [])
    assert talk.coverage("B09.FR.06") == state
