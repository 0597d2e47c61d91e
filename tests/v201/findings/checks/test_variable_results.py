"""Answers to GetVariables and SetVariables, compared with the device model."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import Talk, case
from tests.v201.findings.checks.inventory import item, read, set_values, take_inventory

CTRLR: JsonObject = {"name": "OCPPCommCtrlr"}
EVSE_1: JsonObject = {"name": "EVSE", "evse": {"id": 1}}
MODEL = [
    item(CTRLR, "HeartbeatInterval", attributes=[{"type": "Actual", "value": "60"}]),
    item(CTRLR, "Limit", attributes=[{"mutability": "ReadOnly", "value": "5"}]),
    item(CTRLR, "Password", attributes=[{"mutability": "WriteOnly"}]),
    item(CTRLR, "Timeout", "Default"),
    item(EVSE_1, "Power"),
]
KNOWN = {"component": CTRLR, "variable": {"name": "heartbeatinterval"}}
LIMIT = {"component": CTRLR, "variable": {"name": "Limit"}}
PASSWORD = {"component": CTRLR, "variable": {"name": "Password"}}
NO_COMPONENT = {"component": {"name": "Other"}, "variable": {"name": "HeartbeatInterval"}}
NO_EVSE = {"component": {"name": "EVSE", "evse": {"id": 9}}, "variable": {"name": "Power"}}
NO_VARIABLE = {"component": CTRLR, "variable": {"name": "Other"}}
NO_TYPE = {**KNOWN, "attributeType": "Target"}
NO_INSTANCE = {"component": CTRLR, "variable": {"name": "Timeout"}}
OK = {"attributeStatus": "Accepted", "attributeValue": "1"}


def status(text: str, **fields: object) -> JsonObject:
    return {"attributeStatus": text, **fields}


@pytest.mark.parametrize(
    ("asked", "answered", "requirement"),
    [
        case("component", NO_COMPONENT, "UnknownComponent", "06"),
        case("EVSE", NO_EVSE, "UnknownComponent", "06"),
        case("EVSE as variable", NO_EVSE, "UnknownVariable", "06"),
        case("variable", NO_VARIABLE, "UnknownVariable", "07"),
        case("attribute type", NO_TYPE, "NotSupportedAttributeType", "08"),
        case("instance", NO_INSTANCE, "UnknownVariable", "15"),
        case("instance as component", NO_INSTANCE, "UnknownComponent", "15"),
    ],
)
def test_unknown_item_is_read_as_unknown(
    talk: Talk, asked: JsonObject, answered: str, requirement: str
) -> None:
    take_inventory(talk, MODEL)
    read(talk, [KNOWN, asked], OK, status(answered))

    assert not talk.findings
    assert talk.coverage(f"B06.FR.{requirement}") == "met"


@pytest.mark.parametrize(
    ("asked", "answered", "requirement"),
    [
        case("component", NO_COMPONENT, "UnknownVariable", "06"),
        case("EVSE", NO_EVSE, "Rejected", "06"),
        case("variable", NO_VARIABLE, "UnknownComponent", "07"),
        case("attribute type", NO_TYPE, "UnknownVariable", "08"),
    ],
)
def test_wrong_status_of_unknown_item_is_found(
    talk: Talk, asked: JsonObject, answered: str, requirement: str
) -> None:
    take_inventory(talk, MODEL)
    read(talk, [asked], status(answered))

    assert talk.ids == ["unknown-variable-status-wrong"]
    assert talk.coverage(f"B06.FR.{requirement}") == "broken"


@pytest.mark.parametrize(
    ("asked", "answered", "requirement"),
    [
        case("component", NO_COMPONENT, "UnknownComponent", "04"),
        case("variable", NO_VARIABLE, "UnknownVariable", "05"),
        case("attribute type", NO_TYPE, "NotSupportedAttributeType", "06"),
    ],
)
@pytest.mark.parametrize("is_right", [True, False])
def test_unknown_item_is_set_as_unknown(
    talk: Talk, asked: JsonObject, answered: str, requirement: str, is_right: bool
) -> None:
    take_inventory(talk, MODEL)
    set_values(talk, [{**asked, "attributeValue": "1"}], answered if is_right else "Accepted")

    assert talk.ids == ([] if is_right else ["unknown-variable-status-wrong"])
    assert talk.coverage(f"B05.FR.{requirement}") == ("met" if is_right else "broken")


@pytest.mark.parametrize(
    ("answered", "reading", "setting"),
    [
        ("UnknownComponent", "B06.FR.06", "B05.FR.04"),
        ("UnknownVariable", "B06.FR.07", "B05.FR.05"),
        ("NotSupportedAttributeType", "B06.FR.08", "B05.FR.06"),
    ],
)
def test_reported_variable_answered_as_unknown_is_found(
    talk: Talk, answered: str, reading: str, setting: str
) -> None:
    take_inventory(talk, MODEL)
    read(talk, [KNOWN], status(answered))
    set_values(talk, [{**KNOWN, "attributeValue": "1"}], answered)

    assert talk.ids == ["reported-variable-unknown"] * 2
    assert {talk.coverage(reading), talk.coverage(setting)} == {"broken"}


def test_result_without_attribute_type_is_not_taken_for_actual(talk: Talk) -> None:
    take_inventory(talk, MODEL)
    asked, untyped = [KNOWN, NO_TYPE], {**KNOWN, **status("NotSupportedAttributeType")}
    message_id = talk.send_command("GetVariables", {"getVariableData": asked})
    results = [{**KNOWN, "attributeType": "Actual", **OK}, untyped]
    talk.answer_command(message_id, "GetVariables", {"getVariableResult": results})

    assert talk.ids == ["answer-does-not-match"]


@pytest.mark.parametrize(
    ("asked", "kind", "requirement"),
    [
        case("component", NO_COMPONENT, "inventory-incomplete", "B07.FR.08"),
        case("variable", NO_VARIABLE, "inventory-incomplete", "B07.FR.08"),
        case("attribute type", NO_TYPE, "inventory-incomplete", "B07.FR.11"),
        case("instance", NO_INSTANCE, "instance-guessed", "B06.FR.15"),
    ],
)
def test_value_that_the_inventory_lacks_is_found(
    talk: Talk, asked: JsonObject, kind: str, requirement: str
) -> None:
    take_inventory(talk, MODEL)
    read(talk, [asked], OK)

    assert talk.ids == [kind]
    assert talk.coverage(requirement) == "broken"


def test_value_of_the_inventory_meets_the_requirements(talk: Talk) -> None:
    take_inventory(talk, MODEL)
    read(talk, [KNOWN], OK)

    assert not talk.findings
    assert {talk.coverage(name) for name in ("B07.FR.08", "B07.FR.11")} == {"met"}


@pytest.mark.parametrize("spoil", ["no inventory", "reboot", "part missing"])
def test_nothing_is_certain_without_a_whole_inventory(talk: Talk, spoil: str) -> None:
    if spoil == "reboot":
        take_inventory(talk, MODEL)
        talk.boot()
    elif spoil == "part missing":
        take_inventory(talk, MODEL[1:])
        talk.ask_in_vain("GetBaseReport", {"requestId": 91, "reportBase": "FullInventory"})
        talk.call("NotifyReport", {"requestId": 91, "generatedAt": talk.now, "seqNo": 0, "tbc": True})
    talk.status()
    read(talk, [NO_COMPONENT, KNOWN], OK, status("UnknownVariable"))
    set_values(talk, [{**NO_VARIABLE, "attributeValue": "1"}], "Accepted")

    assert not talk.findings
    assert talk.coverage("B05.FR.05") == "not exercised"


@pytest.mark.parametrize("is_connected", [True, False], ids=["connected later", "gone"])
def test_variable_of_vehicle_may_come_and_go(talk: Talk, is_connected: bool) -> None:
    vehicle = item({"name": "ConnectedEV", "evse": {"id": 1}}, "ProtocolAgreed")
    take_inventory(talk, MODEL if is_connected else [*MODEL, vehicle])
    asked = {"component": vehicle["component"], "variable": vehicle["variable"]}
    read(talk, [asked], OK if is_connected else status("UnknownComponent"))

    assert not talk.findings


def test_second_inventory_replaces_the_first(talk: Talk) -> None:
    take_inventory(talk, [*MODEL, item({"name": "Other"}, "HeartbeatInterval")])
    take_inventory(talk, MODEL, request_id=91)
    read(talk, [NO_COMPONENT], status("UnknownComponent"))

    assert not talk.findings


@pytest.mark.parametrize(
    ("answered", "requirement"),
    [
        ("UnknownComponent", "B06.FR.06"),
        ("UnknownVariable", "B06.FR.07"),
        ("NotSupportedAttributeType", "B06.FR.08"),
    ],
)
@pytest.mark.parametrize("has_value", [True, False])
def test_unknown_variable_must_have_no_value(
    talk: Talk, answered: str, requirement: str, has_value: bool
) -> None:
    read(talk, [KNOWN], status(answered, **({"attributeValue": ""} if has_value else {})))

    assert talk.ids == (["unknown-variable-has-value"] if has_value else [])
    assert talk.coverage(requirement) == ("broken" if has_value else "met")


@pytest.mark.parametrize(
    ("result", "state"),
    [
        case("read", OK, "broken"),
        case("refused", status("Rejected"), "met"),
        case("removed", status("UnknownVariable"), "not exercised"),
    ],
)
def test_write_only_variable_must_not_be_read(talk: Talk, result: JsonObject, state: str) -> None:
    take_inventory(talk, MODEL)
    talk.boot()
    read(talk, [PASSWORD], result)

    assert talk.ids == (["write-only-variable-read"] if state == "broken" else [])
    assert talk.coverage("B06.FR.09") == state


@pytest.mark.parametrize(
    ("result", "state"),
    [
        case("set", "Accepted", "broken"),
        case("set later", "RebootRequired", "broken"),
        case("refused", "Rejected", "met"),
    ],
)
def test_read_only_variable_must_not_be_set(talk: Talk, result: str, state: str) -> None:
    take_inventory(talk, MODEL)
    set_values(talk, [{**LIMIT, "attributeValue": "6"}], result)

    assert talk.ids == (["read-only-variable-set"] if state == "broken" else [])
    assert talk.coverage("B05.FR.09") == state


def test_variable_may_no_longer_be_read_only_after_a_boot_that_cannot_be_read(talk: Talk) -> None:
    take_inventory(talk, MODEL)
    talk.call("BootNotification", {}, violation="no reason")
    set_values(talk, [{**LIMIT, "attributeValue": "6"}], "Accepted")

    assert "read-only-variable-set" not in talk.ids


def test_other_attribute_type_of_write_only_variable_may_be_rejected(talk: Talk) -> None:
    take_inventory(talk, MODEL)
    read(talk, [{**PASSWORD, "attributeType": "Target"}], status("Rejected"))

    assert not talk.findings


def test_evse_0_is_the_station(talk: Talk) -> None:
    take_inventory(talk, MODEL)
    read(talk, [{**KNOWN, "component": {**CTRLR, "evse": {"id": 0}}}], OK)

    assert not talk.findings


def test_variable_with_unknown_mutability_may_be_read_and_set(talk: Talk) -> None:
    read(talk, [PASSWORD], OK)
    set_values(talk, [{**LIMIT, "attributeValue": "6"}], "Accepted")

    assert not talk.findings
    assert {talk.coverage(name) for name in ("B05.FR.09", "B06.FR.09")} == {"not exercised"}


@pytest.mark.parametrize(
    ("action", "items", "results", "requirement"),
    [
        ("GetVariables", "getVariableData", "getVariableResult", "B06.FR.11"),
        ("SetVariables", "setVariableData", "setVariableResult", "B05.FR.12"),
    ],
)
@pytest.mark.parametrize(
    ("asked", "answered", "state"),
    [
        case("default", {}, {"attributeType": "Actual"}, "met"),
        case("missing", {}, {}, "broken"),
        case("asked", {"attributeType": "Target"}, {"attributeType": "Target"}, "not exercised"),
    ],
)
def test_result_must_name_the_default_attribute_type(  # noqa: PLR0917 - two tables
    talk: Talk,
    action: str,
    items: str,
    results: str,
    requirement: str,
    asked: JsonObject,
    answered: JsonObject,
    state: str,
) -> None:
    value = {"attributeValue": "1"}
    message_id = talk.send_command(action, {items: [KNOWN | asked | (value if "Set" in action else {})]})
    result = KNOWN | answered | (OK if "Get" in action else status("Accepted"))
    talk.answer_command(message_id, action, {results: [result]})

    assert talk.ids == (["attribute-type-missing"] if state == "broken" else [])
    assert talk.coverage(requirement) == state
