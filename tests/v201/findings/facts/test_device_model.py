"""Facts about the device model, which are dropped as soon as they may be wrong."""

import pytest

from mock_csms.messages import JsonObject
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts, name_of_item
from tests.support.talk import VENDOR, Talk, case, report
from tests.v201.findings.checks.inventory import item, read, set_values, take_inventory

CTRLR: JsonObject = {"name": "TxCtrlr"}
LIMIT: JsonObject = {"component": CTRLR, "variable": {"name": "Limit"}}
OTHER: JsonObject = {"component": CTRLR, "variable": {"name": "Other"}}
OLD = item(CTRLR, "Limit", dataType="integer", maxLimit=10, attributes=[{"value": "5"}])
READABLE: JsonObject = {"attributeStatus": "Accepted", "attributeValue": "1"}


def model_of(talk: Talk) -> DeviceModelFacts:
    return talk.observer._known[DeviceModelFacts]


def value_of(talk: Talk, variable: JsonObject = LIMIT) -> str | None:
    return model_of(talk).value(name_of_item(variable))


def send_inventory(talk: Talk, *, seq_no: int = 0, tbc: bool = False) -> None:
    """Send a part, with one variable, of the report for the requestId 90."""
    talk.call("NotifyReport", {**report(seq_no, tbc=tbc, request_id=90), "reportData": [OLD]})


def test_report_with_the_request_id_of_a_refused_inventory_is_not_complete(talk: Talk) -> None:
    talk.command("GetBaseReport", {"requestId": 90, "reportBase": "FullInventory"}, "Rejected")
    talk.command("GetReport", {"requestId": 90})
    send_inventory(talk)
    read(talk, [OTHER], READABLE)

    assert not talk.findings
    assert not model_of(talk).is_complete


def test_rest_of_a_report_with_the_same_request_id_is_not_an_inventory(talk: Talk) -> None:
    talk.command("GetReport", {"requestId": 90})
    talk.command("GetBaseReport", {"requestId": 90, "reportBase": "FullInventory"})
    send_inventory(talk)

    assert not model_of(talk).is_complete


def test_part_with_a_reused_request_id_belongs_to_no_report(talk: Talk) -> None:
    talk.command("GetReport", {"requestId": 90, "componentVariable": [{"component": CTRLR}]})
    talk.command(
        "GetReport", {"requestId": 90, "componentVariable": [{"component": {"name": "EVSE"}}]}, "Accepted"
    )
    send_inventory(talk)

    assert not talk.findings


def test_report_of_an_earlier_request_may_follow_a_refusal_with_its_request_id(talk: Talk) -> None:
    talk.command("GetReport", {"requestId": 90})
    talk.command("GetBaseReport", {"requestId": 90, "reportBase": "SummaryInventory"}, "NotSupported")
    send_inventory(talk)

    assert not talk.findings


def test_attribute_types_may_be_reported_in_items_of_their_own(talk: Talk) -> None:
    target = item(CTRLR, "Limit", attributes=[{"type": "Target", "value": "6"}])
    take_inventory(talk, [OLD, target])
    read(talk, [LIMIT, {**LIMIT, "attributeType": "Target"}], READABLE, READABLE)

    assert not talk.findings
    assert talk.coverage("B07.FR.11") == "met"


def test_report_without_characteristics_keeps_those_of_the_inventory(talk: Talk) -> None:
    take_inventory(talk, [OLD])
    talk.command("GetBaseReport", {"requestId": 91, "reportBase": "SummaryInventory"})
    bare = {name: value for name, value in OLD.items() if name != "variableCharacteristics"}
    talk.call("NotifyReport", {**report(0, request_id=91), "reportData": [bare]})
    set_values(talk, [{**LIMIT, "attributeValue": "11"}], "Accepted")

    assert talk.ids == ["wrong-value-accepted"]


@pytest.mark.parametrize("statuses", [("Accepted", "Rejected"), ("Accepted", "Accepted")])
def test_value_is_unknown_after_it_was_set_twice_at_once(talk: Talk, statuses: tuple[str, str]) -> None:
    take_inventory(talk, [OLD])
    set_values(talk, [{**LIMIT, "attributeValue": "6"}, {**LIMIT, "attributeValue": "7"}], *statuses)

    assert value_of(talk) is None


@pytest.mark.parametrize(
    ("status", "after"),
    [("Accepted", "6"), ("Rejected", "5"), ("RebootRequired", None)],
)
def test_value_is_unknown_until_it_is_certainly_set(talk: Talk, status: str, after: str | None) -> None:
    take_inventory(talk, [OLD])
    request = {"setVariableData": [{**LIMIT, "attributeValue": "6"}]}
    message_id = talk.send_command("SetVariables", request)
    assert value_of(talk) is None

    result = {**LIMIT, "attributeType": "Actual", "attributeStatus": status}
    talk.answer_command(message_id, "SetVariables", {"setVariableResult": [result]})

    assert value_of(talk) == after
    assert not model_of(talk).is_unset(name_of_item(LIMIT), "Actual")


@pytest.mark.parametrize(("later", "known"), [(1, None), (100, "5")])
def test_report_may_be_older_than_a_value_that_was_just_set(
    talk: Talk, later: float, known: str | None
) -> None:
    set_values(talk, [{**LIMIT, "attributeValue": "6"}], "Accepted")
    talk.wait(later)
    talk.command("GetReport", {"requestId": 90})
    send_inventory(talk)

    assert value_of(talk) == known


def test_each_report_soon_after_a_setting_may_be_older(talk: Talk) -> None:
    set_values(talk, [{**LIMIT, "attributeValue": "6"}], "Accepted")
    talk.command("GetReport", {"requestId": 90})
    for seq_no, tbc in ((0, True), (1, False)):
        talk.wait(1)
        send_inventory(talk, seq_no=seq_no, tbc=tbc)

    assert value_of(talk) is None


def test_value_that_an_answer_leaves_out_is_unknown_until_it_is_reported(talk: Talk) -> None:
    take_inventory(talk, [OLD])
    items = [{**variable, "attributeValue": "5"} for variable in (LIMIT, OTHER)]
    message_id = talk.send_command("SetVariables", {"setVariableData": items})
    result = {**OTHER, "attributeStatus": "Accepted"}
    talk.answer_command(message_id, "SetVariables", {"setVariableResult": [result]})
    assert value_of(talk) is None

    talk.command("GetReport", {"requestId": 90})
    send_inventory(talk)

    assert value_of(talk) == "5"


def test_attribute_that_is_reported_without_a_value_is_unset(talk: Talk) -> None:
    take_inventory(talk, [OLD])
    set_values(talk, [{**LIMIT, "attributeValue": "6"}], "RebootRequired")
    assert not model_of(talk).is_unset(name_of_item(LIMIT), "Actual")

    take_inventory(talk, [item(CTRLR, "Limit", attributes=[{"mutability": "ReadWrite"}])], request_id=91)

    assert model_of(talk).is_unset(name_of_item(LIMIT), "Actual")


def test_values_of_the_connection_are_forgotten_at_its_end(talk: Talk) -> None:
    talk.read_variables({"SecurityCtrlr.SecurityProfile": "1", "TxCtrlr.Limit": "5"})
    talk.reconnect(1)

    assert model_of(talk).of_station("SecurityCtrlr", "SecurityProfile") is None
    assert value_of(talk) == "5"


@pytest.mark.parametrize(("persistent", "known"), [case("given", True, "5"), case("denied", False, None)])
def test_value_that_does_not_persist_is_forgotten_at_a_boot(
    talk: Talk, persistent: bool, known: str | None
) -> None:
    take_inventory(talk, [item(CTRLR, "Limit", attributes=[{"value": "5", "persistent": persistent}])])
    talk.boot()

    assert value_of(talk) == known


def test_value_does_not_persist_although_a_later_report_does_not_say_so(talk: Talk) -> None:
    take_inventory(talk, [item(CTRLR, "Limit", attributes=[{"value": "5", "persistent": False}])])
    talk.command("GetReport", {"requestId": 90})
    send_inventory(talk)
    talk.boot()

    assert value_of(talk) is None


@pytest.mark.parametrize(("version", "is_known"), [("1", True), ("2", False)])
def test_other_firmware_has_another_device_model(talk: Talk, version: str, is_known: bool) -> None:
    def boot(firmware: str) -> None:
        product = {**VENDOR, "firmwareVersion": firmware}
        talk.exchange(
            "BootNotification", {"reason": "PowerUp", "chargingStation": product}, talk.registration()
        )

    boot("1")
    take_inventory(talk, [OLD])
    boot(version)

    assert (name_of_item(LIMIT) in model_of(talk).definitions) == is_known


def test_model_is_not_complete_after_a_boot_that_cannot_be_read(talk: Talk) -> None:
    take_inventory(talk, [OLD])
    talk.call("BootNotification", {}, violation="no reason")

    assert not model_of(talk).is_complete
