"""Reading, setting and reporting variables (B05 to B08)."""

from typing import Any

import pytest

from mock_csms.messages import CallRejected, ErrorCode, JsonObject
from mock_csms.simulator.configuration import Configuration
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.network import Network
from mock_csms.simulator.reports import MAX_UNFINISHED_REPORTS
from tests.support.virtual_station import Workbench

THRESHOLD = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}}
PASSWORD = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
TIMEOUT = {
    "component": {"name": "OCPPCommCtrlr"},
    "variable": {"name": "MessageTimeout", "instance": "Default"},
}
PRIORITY = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "NetworkConfigurationPriority"}}
UNKNOWN: list[tuple[JsonObject, str]] = [
    ({"component": {"name": "Nothing"}, "variable": {"name": "OfflineThreshold"}}, "UnknownComponent"),
    (
        {"component": {"name": "EVSE", "evse": {"id": 9}}, "variable": {"name": "Available"}},
        "UnknownComponent",
    ),
    ({"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "Nothing"}}, "UnknownVariable"),
    ({"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "MessageTimeout"}}, "UnknownVariable"),
    ({**THRESHOLD, "attributeType": "Target"}, "NotSupportedAttributeType"),
]


@pytest.fixture
def bench() -> Workbench:
    return Workbench(Configuration)


def set_variable(bench: Workbench, item: JsonObject, value: str) -> JsonObject:
    answer = bench.command("SetVariables", {"setVariableData": [{**item, "attributeValue": value}]})
    result: JsonObject = answer["setVariableResult"][0]
    return result


def get_variable(bench: Workbench, item: JsonObject) -> JsonObject:
    answer = bench.command("GetVariables", {"getVariableData": [item]})
    result: JsonObject = answer["getVariableResult"][0]
    return result


def get_report(bench: Workbench, **query: Any) -> str:
    status: str = bench.command("GetReport", {"requestId": 7, **query})["status"]
    return status


def get_base_report(bench: Workbench, base: str) -> str:
    status: str = bench.command("GetBaseReport", {"requestId": 7, "reportBase": base})["status"]
    return status


def reported(bench: Workbench) -> list[JsonObject]:
    return [data for part in bench.payloads("NotifyReport") for data in part["reportData"]]


def names(bench: Workbench) -> set[tuple[str, int | None, int | None, str]]:
    places = []
    for data in reported(bench):
        evse = data["component"].get("evse", {})
        places.append((data["component"]["name"], evse.get("id"), evse.get("connectorId")))
    variables = [data["variable"] for data in reported(bench)]
    return {(*place, variable["name"]) for place, variable in zip(places, variables, strict=True)}


@pytest.mark.parametrize(
    ("policy", "status"),
    [("LRU", "Accepted"), ("LFU", "Accepted"), ("FIFO", "Accepted"), ("CUSTOM", "Rejected")],
)
def test_policy_of_the_cache_can_be_chosen(bench: Workbench, policy: str, status: str) -> None:
    item = {"component": {"name": "AuthCacheCtrlr"}, "variable": {"name": "Policy"}}
    assert set_variable(bench, item, policy)["attributeStatus"] == status


def test_set_value_is_read_back(bench: Workbench) -> None:
    assert set_variable(bench, THRESHOLD, "120") == {
        **THRESHOLD,
        "attributeType": "Actual",
        "attributeStatus": "Accepted",
    }
    assert get_variable(bench, THRESHOLD) == {
        **THRESHOLD,
        "attributeType": "Actual",
        "attributeStatus": "Accepted",
        "attributeValue": "120",
    }


def test_every_item_is_answered_in_order(bench: Workbench) -> None:
    items = [{**item, "attributeValue": "60"} for item in (THRESHOLD, UNKNOWN[0][0], TIMEOUT)]

    results = bench.command("SetVariables", {"setVariableData": items})["setVariableResult"]

    assert [result["attributeStatus"] for result in results] == ["Accepted", "UnknownComponent", "Rejected"]
    assert [result["variable"] for result in results] == [item["variable"] for item in items]


@pytest.mark.parametrize(("item", "status"), UNKNOWN)
def test_set_of_unknown_item_is_refused(bench: Workbench, item: JsonObject, status: str) -> None:
    assert set_variable(bench, item, "60")["attributeStatus"] == status


@pytest.mark.parametrize(("item", "status"), UNKNOWN)
def test_get_of_unknown_item_has_no_value(bench: Workbench, item: JsonObject, status: str) -> None:
    result = get_variable(bench, item)

    assert result["attributeStatus"] == status
    assert result["attributeType"] == item.get("attributeType", "Actual")
    assert "attributeValue" not in result


@pytest.mark.parametrize(
    ("item", "value", "reason"),
    [
        (TIMEOUT, "30", "ReadOnly"),
        (THRESHOLD, "60.1", "InvalidValue"),
        (THRESHOLD, "-1", "ValueOutOfRange"),
        (PASSWORD, "short", "InvalidValue"),
    ],
)
def test_set_of_bad_value_is_rejected_with_reason(
    bench: Workbench, item: JsonObject, value: str, reason: str
) -> None:
    result = set_variable(bench, item, value)

    assert result["attributeStatus"] == "Rejected"
    assert result["attributeStatusInfo"]["reasonCode"] == reason


def test_rejected_value_is_not_stored(bench: Workbench) -> None:
    set_variable(bench, THRESHOLD, "abc")

    assert get_variable(bench, THRESHOLD)["attributeValue"] == "60"


def test_password_can_be_set_but_not_read(bench: Workbench) -> None:
    assert set_variable(bench, PASSWORD, "0123456789abcdef")["attributeStatus"] == "Accepted"

    result = get_variable(bench, PASSWORD)

    assert result["attributeStatus"] == "Rejected"
    assert "attributeValue" not in result
    assert bench.core.variables.text("SecurityCtrlr", "BasicAuthPassword") == "0123456789abcdef"


def test_priority_list_requires_reboot() -> None:
    bench = Workbench(Network, Configuration)
    data = {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": "ws://other:9000",
        "messageTimeout": 30,
        "securityProfile": 1,
        "ocppInterface": "Wired0",
    }
    bench.command("SetNetworkProfile", {"configurationSlot": 2, "connectionData": data})

    assert set_variable(bench, PRIORITY, "2,1")["attributeStatus"] == "RebootRequired"
    assert get_variable(bench, PRIORITY)["attributeValue"] == "2,1"


def test_value_that_was_never_set_is_empty(bench: Workbench) -> None:
    item = {"component": {"name": "AuthCtrlr"}, "variable": {"name": "MasterPassGroupId"}}

    assert get_variable(bench, item)["attributeValue"] == ""


def test_clock_is_read_when_asked(bench: Workbench) -> None:
    bench.advance(1)

    result = get_variable(bench, {"component": {"name": "ClockCtrlr"}, "variable": {"name": "DateTime"}})

    assert result["attributeValue"] == "2026-01-01T00:00:01.000Z"


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("SetVariables", {"setVariableData": [{**THRESHOLD, "attributeValue": "60"}] * 51}),
        ("GetVariables", {"getVariableData": [THRESHOLD] * 51}),
        ("GetReport", {"requestId": 1, "componentVariable": [THRESHOLD] * 51}),
    ],
)
def test_too_many_items_are_a_call_error(bench: Workbench, action: str, payload: JsonObject) -> None:
    with pytest.raises(CallRejected) as error:
        bench.command(action, payload)

    assert error.value.code == ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION


def test_too_many_bytes_are_a_call_error(bench: Workbench) -> None:
    items = [{**THRESHOLD, "attributeValue": "€" * 1000}] * 50

    with pytest.raises(CallRejected) as error:
        bench.command("SetVariables", {"setVariableData": items})

    assert error.value.code == ErrorCode.FORMAT_VIOLATION


def test_full_inventory_has_every_variable_once(bench: Workbench) -> None:
    assert get_base_report(bench, "FullInventory") == "Accepted"

    keys = [Key.of_json(data["component"], data["variable"]) for data in reported(bench)]
    assert sorted(map(str, keys)) == sorted(map(str, bench.core.variables))


def test_report_parts_are_numbered_and_say_whether_more_come(bench: Workbench) -> None:
    get_base_report(bench, "FullInventory")

    parts = bench.payloads("NotifyReport")
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    assert [part["tbc"] for part in parts] == [True] * (len(parts) - 1) + [False]
    assert {(part["requestId"], part["generatedAt"]) for part in parts} == {(7, "2026-01-01T00:00:00.000Z")}
    assert max(len(part["reportData"]) for part in parts) == 50


def test_report_has_attribute_and_characteristics(bench: Workbench) -> None:
    get_report(bench, componentVariable=[THRESHOLD])

    assert reported(bench) == [
        {
            **THRESHOLD,
            "variableAttribute": [
                {
                    "type": "Actual",
                    "value": "60",
                    "mutability": "ReadWrite",
                    "persistent": True,
                    "constant": False,
                }
            ],
            "variableCharacteristics": {
                "dataType": "integer",
                "supportsMonitoring": True,
                "unit": "s",
                "minLimit": 0,
            },
        }
    ]


def test_report_leaves_out_password(bench: Workbench) -> None:
    set_variable(bench, PASSWORD, "0123456789abcdef")
    get_report(bench, componentVariable=[PASSWORD])

    (data,) = reported(bench)
    assert "value" not in data["variableAttribute"][0]


def test_configuration_inventory_has_only_settings(bench: Workbench) -> None:
    get_base_report(bench, "ConfigurationInventory")

    mutabilities = {data["variableAttribute"][0]["mutability"] for data in reported(bench)}
    assert mutabilities == {"ReadWrite", "WriteOnly"}
    assert ("OCPPCommCtrlr", None, None, "OfflineThreshold") in names(bench)


def test_summary_has_availability_without_problems() -> None:
    bench = Workbench(Configuration, evses=1)
    get_base_report(bench, "SummaryInventory")

    assert names(bench) == {
        ("ChargingStation", None, None, "AvailabilityState"),
        ("EVSE", 1, None, "AvailabilityState"),
        ("Connector", 1, 1, "AvailabilityState"),
    }


def fault(bench: Workbench) -> None:
    connector = bench.core.evses.by_id[1].connectors[1]
    connector.is_faulted = True
    bench.core.connector_changed.emit(connector)


def test_summary_has_problem_of_faulted_connector(bench: Workbench) -> None:
    fault(bench)
    get_base_report(bench, "SummaryInventory")

    assert {("EVSE", 1, None, "Problem"), ("Connector", 1, 1, "Problem")} <= names(bench)
    assert ("ChargingStation", None, None, "Problem") not in names(bench)


def test_connector_status_is_mirrored_to_evse_and_station(bench: Workbench) -> None:
    for evse in bench.core.evses:
        evse.connectors[1].is_plugged = True
        bench.core.connector_changed.emit(evse.connectors[1])

    variables = bench.core.variables
    assert variables.value(Key("Connector", "AvailabilityState", None, 1, 1)) == "Occupied"
    assert variables.value(Key("EVSE", "AvailabilityState", None, 2)) == "Occupied"
    assert variables.text("ChargingStation", "AvailabilityState") == "Occupied"


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            {"component": {"name": "DeviceDataCtrlr"}, "variable": {"name": "ItemsPerMessage"}},
            {("DeviceDataCtrlr", None, None, "ItemsPerMessage")},
        ),
        (
            {"component": {"name": "Connector", "evse": {"id": 1}}, "variable": {"name": "ConnectorType"}},
            {("Connector", 1, 1, "ConnectorType"), ("Connector", 1, 2, "ConnectorType")},
        ),
        (
            {"component": {"name": "evse"}, "variable": {"name": "power"}},
            {("EVSE", 1, None, "Power"), ("EVSE", 2, None, "Power")},
        ),
        (
            {"component": {"name": "Connector", "evse": {"id": 2, "connectorId": 1}}},
            {
                ("Connector", 2, 1, name)
                for name in ("Available", "AvailabilityState", "ConnectorType", "Problem", "SupplyPhases")
            },
        ),
    ],
)
def test_absent_parts_of_query_match_all(item: JsonObject, expected: set[object]) -> None:
    bench = Workbench(Configuration, evses=2, connectors=2)

    assert get_report(bench, componentVariable=[item]) == "Accepted"
    assert names(bench) == expected


def test_variable_without_instance_matches_all_its_instances(bench: Workbench) -> None:
    query = {"component": {"name": "DeviceDataCtrlr"}, "variable": {"name": "ItemsPerMessage"}}
    get_report(bench, componentVariable=[query])

    instances = {data["variable"]["instance"] for data in reported(bench)}
    assert instances == {"GetReport", "GetVariables", "SetVariables"}


def test_criterion_leaves_out_disabled_component(bench: Workbench) -> None:
    item = {"component": {"name": "ReservationCtrlr"}, "variable": {"name": "Enabled"}}
    set_variable(bench, item, "false")

    assert get_report(bench, componentCriteria=["Enabled"]) == "Accepted"

    components = {name for name, *_ in names(bench)}
    assert "ReservationCtrlr" not in components
    assert {"AuthCtrlr", "TxCtrlr"} <= components  # the latter has no Enabled (B08.FR.09)


def test_one_of_several_criteria_is_enough(bench: Workbench) -> None:
    fault(bench)
    query = {"component": {"name": "EVSE"}, "variable": {"name": "Problem"}}
    get_report(bench, componentCriteria=["Problem", "Available"], componentVariable=[query])

    assert {evse for _, evse, *_ in names(bench)} == {1, 2}


@pytest.mark.parametrize(
    "query",
    [
        {"componentCriteria": ["Problem"]},
        {"componentVariable": [UNKNOWN[0][0]]},
        {
            "componentCriteria": ["Problem"],
            "componentVariable": [
                {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}}
            ],
        },
    ],
)
def test_query_without_match_is_an_empty_result_set(bench: Workbench, query: JsonObject) -> None:
    assert get_report(bench, **query) == "EmptyResultSet"
    assert bench.sent == []


def test_reports_are_rejected_while_too_many_are_unfinished(bench: Workbench) -> None:
    for _ in range(MAX_UNFINISHED_REPORTS):
        assert get_report(bench, componentVariable=[THRESHOLD]) == "Accepted"

    assert get_report(bench, componentVariable=[THRESHOLD]) == "Rejected"
    bench.answer(0, {})
    assert get_report(bench, componentVariable=[THRESHOLD]) == "Accepted"
