"""State of a station, learnt from its messages and answers, within bounds."""

import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from mock_csms.csms import Csms
from mock_csms.errors import NothingToDo
from mock_csms.messages import UNREADABLE_PAYLOAD, JsonObject
from mock_csms.settings import Settings
from mock_csms.stations.bounded import BoundedDict
from mock_csms.stations.device_model import variable_key
from mock_csms.stations.station import RecentReports, Report, Station
from mock_csms.stations.transactions import MAX_MISSING
from mock_csms.v201.action_tables import CSMS_ACTIONS
from mock_csms.v201.learning import (
    LEARN_FROM_ANSWER,
    LEARN_FROM_MESSAGE,
    learn_from_answer,
    learn_from_message,
    note_start_profile,
)
from mock_csms.v201.own_mistakes import own_mistakes
from mock_csms.v201.version import OCPP_2_0_1
from server import VERSIONS
from tests.support.payloads import call, full, full_payload

NOW_UTC = datetime(2024, 1, 1, 12, tzinfo=UTC)
NOW = "2024-01-01T12:00:00Z"
LATER = "2999-01-01T00:00:00Z"
COMPONENT = {"name": "OCPPCommCtrlr"}
VARIABLE = {"name": "HeartbeatInterval"}
KEY = "OCPPCommCtrlr/HeartbeatInterval"


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


@pytest.fixture
def station() -> Station:
    return Station("CS001")


def profile(profile_id: int, *, purpose: str = "TxDefaultProfile", stack_level: int = 0) -> JsonObject:
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}]}
    return {
        "id": profile_id,
        "stackLevel": stack_level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule],
    }


def set_profile(station: Station, charging_profile: JsonObject, *, evse_id: int = 0) -> None:
    request = {"evseId": evse_id, "chargingProfile": charging_profile}
    learn_from_answer(station, "SetChargingProfile", request, {"status": "Accepted"})


def transaction_event(transaction_id: str, event_type: str = "Started", seq_no: int = 0) -> JsonObject:
    return {
        "eventType": event_type,
        "timestamp": NOW,
        "triggerReason": "CablePluggedIn",
        "seqNo": seq_no,
        "transactionInfo": {"transactionId": transaction_id},
    }


def notify_event(component: JsonObject, variable: str, value: str) -> JsonObject:
    event = {
        "eventId": 1,
        "timestamp": NOW,
        "trigger": "Delta",
        "eventNotificationType": "HardWiredNotification",
        "component": component,
        "variable": {"name": variable},
        "actualValue": value,
    }
    return {"generatedAt": NOW, "seqNo": 0, "eventData": [event]}


def report(seq_no: int, value: str, *, tbc: bool | None = None, request_id: int = 1) -> JsonObject:
    """Return the payload of a NotifyReport about one variable; it has no tbc if ``tbc`` is None."""
    item = {"component": COMPONENT, "variable": VARIABLE, "variableAttribute": [{"value": value}]}
    part = {"requestId": request_id, "generatedAt": NOW, "seqNo": seq_no, "reportData": [item]}
    return part if tbc is None else {**part, "tbc": tbc}


def attributes(station: Station, key: str = KEY) -> JsonObject:
    by_type: JsonObject = station.device_model[key]["attributes"]
    return by_type


def monitoring(value: float, *, component: str = "EVSE", kind: str = "Delta") -> JsonObject:
    return {
        "value": value,
        "type": kind,
        "severity": 5,
        "component": {"name": component},
        "variable": {"name": "Power"},
    }


def monitoring_result(status: str, request: JsonObject, monitor_id: int | None = None) -> JsonObject:
    result = {"status": status, **{key: value for key, value in request.items() if key != "value"}}
    return result if monitor_id is None else {**result, "id": monitor_id}


# Bounded dictionaries


class LastThree(BoundedDict[int, str]):
    __slots__ = ()
    limit = 3


def test_full_bounded_dict_drops_the_oldest() -> None:
    recent = LastThree()

    for number in range(5):
        recent[number] = str(number)

    assert recent == {2: "2", 3: "3", 4: "4"}


def test_bounded_dict_drops_nothing_when_a_known_key_is_set() -> None:
    recent = LastThree()
    for number in range(3):
        recent[number] = str(number)

    recent[0] = "again"

    assert recent == {0: "again", 1: "1", 2: "2"}


LONG = "x" * 500
FLOODS = [
    case("connectors", "StatusNotification",
         lambda n: {"timestamp": NOW, "connectorStatus": "Available", "evseId": n, "connectorId": 1}),
    case("transactions", "TransactionEvent", lambda n: transaction_event(str(n))),
    case("device model", "NotifyEvent", lambda n: notify_event({"name": f"C{n}"}, "Temperature", LONG)),
    case("parts of a report", "NotifyReport", lambda n: report(n, LONG, tbc=True)),
    case("reports", "NotifyReport", lambda n: report(0, LONG, request_id=n)),
    case("security events", "SecurityEventNotification",
         lambda n: {"type": "Odd", "timestamp": NOW, "techInfo": LONG[:255]}),
    case("display messages", "NotifyDisplayMessages",
         lambda n: {"requestId": n, "messageInfo": [{"id": n, "message": LONG}]}),
    case("charging limits", "NotifyChargingLimit",
         lambda n: {"evseId": n, "chargingLimit": {"chargingLimitSource": "EMS"}}),
    case("charging needs", "NotifyEVChargingNeeds",
         lambda n: {"evseId": n, "chargingNeeds": {"requestedEnergyTransfer": "DC"}}),
    case("charging profiles", "ReportChargingProfiles",
         lambda n: {"requestId": n, "chargingLimitSource": "CSO", "evseId": 1,
                    "chargingProfile": [profile(n)]}),
    case("customData", "SecurityEventNotification",
         lambda n: {"type": "Odd", "timestamp": NOW, "customData": {"vendorId": "x", "y": [[]] * 300}}),
    case("boots", "BootNotification",
         lambda n: {"reason": "PowerUp", "chargingStation": {"model": "m", "vendorName": "v"},
                    "customData": {"vendorId": "x", "y": [[]] * 300}}),
]  # fmt: skip
MAX_STATION_BYTES = 4 * 2**20


@pytest.mark.parametrize(("action", "payload_of"), FLOODS)
def test_flood_of_messages_is_bounded_in_bytes(station: Station, action: str, payload_of: Any) -> None:
    calls = (call(action, payload_of(number)) for number in range(3000))
    learn_from_message(station, next(calls))
    tracemalloc.start()

    for message in calls:
        learn_from_message(station, message)
    del message
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert used < MAX_STATION_BYTES


def test_latest_reports_are_kept(station: Station) -> None:
    """A report may contain a whole device model, so fewer reports are kept than other objects."""
    for request_id in range(1000):
        learn_from_message(station, call("NotifyReport", report(0, "1", request_id=request_id)))

    kept = [request_id for _, request_id in station.reports]
    assert kept == list(range(1000 - RecentReports.limit, 1000))


# Boots and registration


def test_last_boot_and_number_of_boots_are_learnt(station: Station) -> None:
    for reason in ("PowerUp", "RemoteReset"):
        boot = {"reason": reason, "chargingStation": {"model": "m", "vendorName": "v"}}
        learn_from_message(station, call("BootNotification", boot))

    assert station.boot is not None
    assert (station.boots, station.boot["reason"]) == (2, "RemoteReset")


def test_station_before_boot_has_no_registration(station: Station) -> None:
    assert station.registration is None


# Connectors


def test_connector_is_learnt_from_status_notification(station: Station) -> None:
    payload = {"timestamp": NOW, "connectorStatus": "Occupied", "evseId": 2, "connectorId": 1}

    learn_from_message(station, call("StatusNotification", payload))

    assert station.connectors == {(2, 1): "Occupied"}


@pytest.mark.parametrize(
    ("component", "connectors"),
    [
        case(
            "with connector", {"name": "Connector", "evse": {"id": 2, "connectorId": 3}}, {(2, 3): "Occupied"}
        ),
        case("without connector", {"name": "Connector", "evse": {"id": 2}}, {(2, 1): "Occupied"}),
        case("without EVSE", {"name": "Connector"}, {}),
        case("of the EVSE", {"name": "EVSE", "evse": {"id": 2}}, {}),
        case("of the station", {"name": "ChargingStation"}, {}),
    ],
)
def test_connector_is_learnt_from_availability_state_in_notify_event(
    station: Station, component: JsonObject, connectors: dict[tuple[int, int], str]
) -> None:
    """A station may report a connector's status in a StatusNotification or in a NotifyEvent (G01)."""
    learn_from_message(station, call("NotifyEvent", notify_event(component, "AvailabilityState", "Occupied")))

    assert station.connectors == connectors


def test_other_variable_of_connector_keeps_its_status(station: Station) -> None:
    """G05: a ConnectorPlugRetentionLock Problem is not an AvailabilityState."""
    component = {"name": "Connector", "evse": {"id": 1, "connectorId": 1}}

    learn_from_message(station, call("NotifyEvent", notify_event(component, "Problem", "true")))

    assert station.connectors == {}


def test_status_notification_updates_connector_from_notify_event(station: Station) -> None:
    component = {"name": "Connector", "evse": {"id": 1, "connectorId": 1}}
    learn_from_message(station, call("NotifyEvent", notify_event(component, "AvailabilityState", "Occupied")))
    payload = {"timestamp": NOW, "connectorStatus": "Available", "evseId": 1, "connectorId": 1}

    learn_from_message(station, call("StatusNotification", payload))

    assert station.connectors == {(1, 1): "Available"}


# Transactions


def test_event_of_unknown_transaction_adds_it(station: Station) -> None:
    """The Started may arrive late or never (TC_E_31_CSMS)."""
    learn_from_message(station, call("TransactionEvent", transaction_event("T1", "Updated", 5)))

    assert [transaction.id for transaction in station.running_transactions] == ["T1"]


def test_running_transactions_are_newest_first_without_ended(station: Station) -> None:
    for transaction_id in ("T1", "T2", "T3"):
        learn_from_message(station, call("TransactionEvent", transaction_event(transaction_id)))
    learn_from_message(station, call("TransactionEvent", transaction_event("T2", "Ended", 1)))

    assert [transaction.id for transaction in station.running_transactions] == ["T3", "T1"]


def test_transaction_is_found_by_id(station: Station) -> None:
    assert station.transaction("A") is None
    for transaction_id in ("A", "B", "A"):
        learn_from_message(station, call("TransactionEvent", transaction_event(transaction_id)))

    assert [station.transaction(key) for key in ("A", "B")] == list(station.transactions.values())
    assert station.transaction("C") is None


def test_events_with_one_id_are_one_transaction(station: Station) -> None:
    learn_from_message(station, call("TransactionEvent", transaction_event("T1", "Started", 0)))
    learn_from_message(station, call("TransactionEvent", transaction_event("T1", "Updated", 1)))

    assert station.transactions["T1"].events == 2


# Reports in parts


def part_with(data: str) -> bytes:
    """The frame of a NotifyCustomerInformation with this data."""
    return b'[2,"1","NotifyCustomerInformation",{"data":"%b"}]' % data.encode()


@pytest.mark.parametrize(
    ("parts", "items", "complete"),
    [
        case("one part", [(0, "a", False)], "a", True),
        case("two parts", [(0, "a", True), (1, "b", False)], "ab", True),
        case("the last is missing", [(0, "a", True), (1, "b", True)], "ab", False),
        case("starting at 1", [(1, "a", True), (2, "b", False)], "ab", False),
        case("with a gap", [(0, "a", True), (7, "b", False)], "ab", False),
        case("a part twice", [(0, "a", True), (0, "a", True), (1, "b", False)], "ab", True),
        case("the last part twice", [(0, "a", True), (1, "b", False), (1, "b", False)], "ab", True),
        case("the last part first", [(1, "b", False), (0, "a", True)], "ba", True),
    ],
)
def test_report_parts_are_joined(parts: list[tuple[int, str, bool]], items: str, complete: bool) -> None:
    joined = Report("data")

    for seq_no, item, tbc in parts:
        joined.add(seq_no, part_with(item), more=tbc)

    assert ("".join(joined.items), joined.complete) == (items, complete)


@pytest.mark.parametrize(("tbc", "complete"), [(True, False), (False, True), (None, True)], ids=str)
def test_part_without_tbc_completes_report(station: Station, tbc: bool | None, complete: bool) -> None:
    learn_from_message(station, call("NotifyReport", report(0, "1", tbc=tbc)))

    assert station.reports["NotifyReport", 1].complete is complete


def test_reports_are_separate_by_request_id(station: Station) -> None:
    learn_from_message(station, call("NotifyReport", report(0, "1", tbc=True, request_id=1)))
    learn_from_message(station, call("NotifyReport", report(0, "2", request_id=2)))

    complete = {key: report.complete for key, report in station.reports.items()}

    assert complete == {("NotifyReport", 1): False, ("NotifyReport", 2): True}


def test_reports_are_separate_by_action(station: Station) -> None:
    learn_from_message(station, call("NotifyReport", report(0, "1", tbc=True)))
    learn_from_message(
        station, call("NotifyMonitoringReport", {"requestId": 1, "seqNo": 0, "generatedAt": NOW})
    )

    assert {key: report.complete for key, report in station.reports.items()} == {
        ("NotifyReport", 1): False,
        ("NotifyMonitoringReport", 1): True,
    }


def test_report_part_with_invalid_seq_no_is_rejected(station: Station) -> None:
    part = call("NotifyReport", {"requestId": 1, "generatedAt": NOW, "seqNo": "x"})

    with pytest.raises(TypeError, match="seqNo is not an integer"):
        learn_from_message(station, part)

    assert not station.reports


def test_report_without_data_is_complete_and_empty(station: Station) -> None:
    learn_from_message(station, call("NotifyReport", {"requestId": 1, "generatedAt": NOW, "seqNo": 0}))

    report = station.reports["NotifyReport", 1]
    assert (report.items, report.parts, report.complete) == ([], {0}, True)


@pytest.mark.parametrize(
    ("action", "payload", "items"),
    [
        case("charging profiles", "ReportChargingProfiles",
             {"requestId": 1, "chargingLimitSource": "CSO", "evseId": 1, "chargingProfile": [profile(1)]}, 2),
        case("display messages", "NotifyDisplayMessages", {"requestId": 1, "messageInfo": [{"id": 1}]}, 2),
    ],
)  # fmt: skip
def test_report_parts_without_seq_no_are_all_kept(
    station: Station, action: str, payload: JsonObject, items: int
) -> None:
    learn_from_message(station, call(action, {**payload, "tbc": True}))
    learn_from_message(station, call(action, payload))

    stored = station.reports[action, 1]

    assert (len(stored.items), stored.complete) == (items, True)


def test_customer_information_parts_are_joined(station: Station) -> None:
    part = {"requestId": 4, "generatedAt": NOW}
    learn_from_message(
        station, call("NotifyCustomerInformation", {**part, "seqNo": 0, "data": "John ", "tbc": True})
    )
    learn_from_message(station, call("NotifyCustomerInformation", {**part, "seqNo": 1, "data": "Doe"}))

    assert station.reports["NotifyCustomerInformation", 4].items == ["John ", "Doe"]


# Device model


@pytest.mark.parametrize(
    ("component", "variable", "key"),
    [
        case("names", {"name": "EVSE"}, {"name": "Power"}, "EVSE/Power"),
        case("component instance", {"name": "EVSE", "instance": "x"}, {"name": "Power"}, "EVSE[x]/Power"),
        case("variable instance", {"name": "EVSE"}, {"name": "Power", "instance": "y"}, "EVSE/Power[y]"),
        case("EVSE", {"name": "EVSE", "evse": {"id": 1}}, {"name": "Power"}, "EVSE#1/Power"),
        case("connector", {"name": "Connector", "evse": {"id": 1, "connectorId": 2}}, {"name": "Available"},
             "Connector#1.2/Available"),
    ],
)  # fmt: skip
def test_variable_key_contains_instance_evse_and_connector(
    component: JsonObject, variable: JsonObject, key: str
) -> None:
    assert variable_key(component, variable) == key


def test_variables_are_separate_by_instance(station: Station) -> None:
    variables = [{"name": "V"}, {"name": "V", "instance": "a"}, {"name": "V", "instance": "b"}]
    items = [
        {"component": COMPONENT, "variable": variable, "variableAttribute": [{"value": "1"}]}
        for variable in variables
    ]
    payload = {"requestId": 1, "generatedAt": NOW, "seqNo": 0, "reportData": items}
    learn_from_message(station, call("NotifyReport", payload))

    assert [name.rpartition("/")[2] for name in station.device_model] == ["V", "V[a]", "V[b]"]


def test_report_items_are_stored_by_component_and_variable(station: Station) -> None:
    variables = [
        ({"name": "EVSE", "evse": {"id": 1}}, {"name": "Power"}),
        ({"name": "EVSE", "evse": {"id": 1}}, {"name": "Power", "instance": "Max"}),
        ({"name": "EVSE", "evse": {"id": 2}}, {"name": "Power"}),
        ({"name": "EVSE"}, {"name": "Power"}),
        ({"name": "EVSE", "evse": {"id": 1}}, {"name": "Available"}),
    ]
    items = [
        {"component": component, "variable": variable, "variableAttribute": [{"value": str(number)}]}
        for number, (component, variable) in enumerate(variables)
    ]
    learn_from_message(
        station, call("NotifyReport", {"requestId": 1, "generatedAt": NOW, "seqNo": 0, "reportData": items})
    )

    assert {name: entry["attributes"]["Actual"] for name, entry in station.device_model.items()} == {
        "EVSE#1/Power": "0",
        "EVSE#1/Power[Max]": "1",
        "EVSE#2/Power": "2",
        "EVSE/Power": "3",
        "EVSE#1/Available": "4",
    }


def test_variable_is_learnt_from_report(station: Station) -> None:
    learn_from_message(station, call("NotifyReport", report(0, "300")))

    assert station.device_model[KEY] == {
        "component": COMPONENT,
        "variable": VARIABLE,
        "attributes": {"Actual": "300"},
    }


def test_all_attributes_are_learnt_from_report(station: Station) -> None:
    listed = [{"type": "Actual", "value": "16"}, {"type": "MaxSet", "value": "32"}, {"type": "Target"}]
    item = {"component": COMPONENT, "variable": VARIABLE, "variableAttribute": listed}

    learn_from_message(
        station, call("NotifyReport", {"requestId": 1, "generatedAt": NOW, "seqNo": 0, "reportData": [item]})
    )

    assert attributes(station) == {"Actual": "16", "MaxSet": "32", "Target": None}


def test_variable_is_learnt_from_notify_event(station: Station) -> None:
    learn_from_message(
        station, call("NotifyEvent", notify_event({"name": "EVSE", "evse": {"id": 1}}, "Power", "11000"))
    )

    assert attributes(station, "EVSE#1/Power") == {"Actual": "11000"}


def get_result(status: str, value: str | None = "300", **fields: Any) -> JsonObject:
    result = {"attributeStatus": status, "component": COMPONENT, "variable": VARIABLE, **fields}
    return result if value is None else {**result, "attributeValue": value}


@pytest.mark.parametrize(
    ("result", "learnt"),
    [
        case("Actual by default", get_result("Accepted"), {"Actual": "300"}),
        case("Target", get_result("Accepted", attributeType="Target"), {"Target": "300"}),
        case("no value", get_result("Accepted", None), {"Actual": None}),
    ],
)
def test_variable_is_learnt_from_get_variables(
    station: Station, result: JsonObject, learnt: JsonObject
) -> None:
    learn_from_answer(station, "GetVariables", {}, {"getVariableResult": [result]})

    assert attributes(station) == learnt


@pytest.mark.parametrize(
    "status", ["Rejected", "UnknownComponent", "UnknownVariable", "NotSupportedAttributeType"]
)
def test_unaccepted_get_variables_teaches_nothing(station: Station, status: str) -> None:
    learn_from_answer(station, "GetVariables", {}, {"getVariableResult": [get_result(status)]})

    assert station.device_model == {}


def set_item(name: str, value: str, **fields: Any) -> JsonObject:
    return {"component": COMPONENT, "variable": {"name": name}, "attributeValue": value, **fields}


def set_result(name: str, status: str, **fields: Any) -> JsonObject:
    return {"component": COMPONENT, "variable": {"name": name}, "attributeStatus": status, **fields}


@pytest.mark.parametrize(
    "status",
    ["Rejected", "UnknownComponent", "UnknownVariable", "NotSupportedAttributeType", "RebootRequired"],
)
def test_unaccepted_set_variables_keeps_value(station: Station, status: str) -> None:
    learn_from_message(station, call("NotifyReport", report(0, "300")))
    request = {"setVariableData": [set_item("HeartbeatInterval", "60")]}

    learn_from_answer(
        station, "SetVariables", request, {"setVariableResult": [set_result("HeartbeatInterval", status)]}
    )

    assert attributes(station) == {"Actual": "300"}


def test_set_variables_results_match_in_any_order(station: Station) -> None:
    """B05: one result per item, in unspecified order."""
    request = {"setVariableData": [set_item("A", "1"), set_item("B", "2"), set_item("C", "3")]}
    results = [set_result("C", "Accepted"), set_result("A", "Accepted"), set_result("B", "Rejected")]

    learn_from_answer(station, "SetVariables", request, {"setVariableResult": results})

    learnt = {key: entry["attributes"] for key, entry in station.device_model.items()}
    assert learnt == {"OCPPCommCtrlr/A": {"Actual": "1"}, "OCPPCommCtrlr/C": {"Actual": "3"}}


def test_set_variables_results_match_regardless_of_case(station: Station) -> None:
    learn_from_message(station, call("NotifyReport", report(0, "300")))
    request = {"setVariableData": [set_item("heartbeatinterval", "60")]}
    answer = {"setVariableResult": [set_result("HeartbeatInterval", "Accepted")]}

    learn_from_answer(station, "SetVariables", request, answer)

    assert list(station.device_model) == ["OCPPCommCtrlr/HeartbeatInterval"]
    assert attributes(station) == {"Actual": "60"}


def test_attributes_of_a_variable_are_set_separately(station: Station) -> None:
    request = {"setVariableData": [set_item("A", "1"), set_item("A", "2", attributeType="MaxSet")]}
    results = [set_result("A", "Rejected"), set_result("A", "Accepted", attributeType="MaxSet")]

    learn_from_answer(station, "SetVariables", request, {"setVariableResult": results})

    assert attributes(station, "OCPPCommCtrlr/A") == {"MaxSet": "2"}


# Monitors


def test_accepted_monitor_is_stored_by_id(station: Station) -> None:
    request = monitoring(10)
    results = [monitoring_result("Accepted", request, 7)]

    learn_from_answer(
        station, "SetVariableMonitoring", {"setMonitoringData": [request]}, {"setMonitoringResult": results}
    )

    assert station.monitors == {7: {**request, "id": 7}}


@pytest.mark.parametrize(
    "status", ["Rejected", "Duplicate", "UnknownComponent", "UnknownVariable", "UnsupportedMonitorType"]
)
def test_unaccepted_monitor_is_not_stored(station: Station, status: str) -> None:
    request = monitoring(10)
    results = [monitoring_result(status, request)]

    learn_from_answer(
        station, "SetVariableMonitoring", {"setMonitoringData": [request]}, {"setMonitoringResult": results}
    )

    assert station.monitors == {}


def test_set_variable_monitoring_results_match_in_any_order(station: Station) -> None:
    """A SetMonitoringResultType repeats component, variable, type and severity of its request."""
    first, second = monitoring(10, component="EVSE"), monitoring(20, component="Connector")
    results = [monitoring_result("Accepted", second, 8), monitoring_result("Accepted", first, 7)]

    learn_from_answer(
        station,
        "SetVariableMonitoring",
        {"setMonitoringData": [first, second]},
        {"setMonitoringResult": results},
    )

    assert station.monitors == {7: {**first, "id": 7}, 8: {**second, "id": 8}}


def test_monitors_are_learnt_from_monitoring_report(station: Station) -> None:
    monitor = {"id": 7, "transaction": False, "value": 10, "type": "Delta", "severity": 5}
    item = {"component": COMPONENT, "variable": VARIABLE, "variableMonitoring": [monitor]}
    payload = {"requestId": 1, "seqNo": 0, "generatedAt": NOW, "monitor": [item]}

    learn_from_message(station, call("NotifyMonitoringReport", payload))

    assert station.monitors == {7: {**monitor, "component": COMPONENT, "variable": VARIABLE}}


@pytest.mark.parametrize(
    ("status", "remaining"), [("Accepted", set()), ("NotFound", set()), ("Rejected", {7})], ids=str
)
def test_cleared_monitor_is_dropped_unless_rejected(
    station: Station, status: str, remaining: set[int]
) -> None:
    station.monitors[7] = monitoring(10)
    answer = {"clearMonitoringResult": [{"status": status, "id": 7}]}

    learn_from_answer(station, "ClearVariableMonitoring", {"id": [7]}, answer)

    assert set(station.monitors) == remaining


def test_clearing_unknown_monitor_changes_nothing(station: Station) -> None:
    station.monitors[7] = monitoring(10)
    answer = {"clearMonitoringResult": [{"status": "Accepted", "id": 8}]}

    learn_from_answer(station, "ClearVariableMonitoring", {"id": [8]}, answer)

    assert set(station.monitors) == {7}


# Charging profiles, limits and needs


@pytest.mark.parametrize(("status", "stored"), [("Accepted", {1}), ("Rejected", set())], ids=str)
def test_charging_profile_is_stored_if_accepted(station: Station, status: str, stored: set[int]) -> None:
    request = {"evseId": 0, "chargingProfile": profile(1)}

    learn_from_answer(station, "SetChargingProfile", request, {"status": status})

    assert set(station.charging_profiles) == stored


def test_charging_profiles_are_learnt_from_report(station: Station) -> None:
    payload = {
        "requestId": 1,
        "chargingLimitSource": "CSO",
        "evseId": 1,
        "chargingProfile": [profile(3), profile(4)],
    }

    learn_from_message(station, call("ReportChargingProfiles", payload))

    assert station.charging_profiles == {
        3: {"evseId": 1, "chargingProfile": profile(3)},
        4: {"evseId": 1, "chargingProfile": profile(4)},
    }


@pytest.mark.parametrize(
    ("request_payload", "remaining"),
    [
        case("everything", {}, set()),
        case("by id", {"chargingProfileId": 1}, {2, 3}),
        case("by unknown id", {"chargingProfileId": 9}, {1, 2, 3}),
        case("by purpose", {"chargingProfileCriteria": {"chargingProfilePurpose": "TxProfile"}}, {1, 2}),
        case("by stack level", {"chargingProfileCriteria": {"stackLevel": 1}}, {1, 3}),
        case("by stack level 0", {"chargingProfileCriteria": {"stackLevel": 0}}, {2}),
        case("by both", {"chargingProfileCriteria": {"stackLevel": 0, "chargingProfilePurpose": "TxProfile"}},
             {1, 2}),
        case("by EVSE", {"chargingProfileCriteria": {"evseId": 2}}, {1, 2}),
        case("by EVSE and purpose",
             {"chargingProfileCriteria": {"evseId": 2, "chargingProfilePurpose": "TxDefaultProfile"}},
             {1, 2, 3}),
        case("by EVSE without profiles", {"chargingProfileCriteria": {"evseId": 5}}, {1, 2, 3}),
    ],
)  # fmt: skip
def test_cleared_charging_profiles_are_dropped(
    station: Station, request_payload: JsonObject, remaining: set[int]
) -> None:
    """Criteria of ClearChargingProfileType: evseId, chargingProfilePurpose and stackLevel."""
    set_profile(station, profile(1), evse_id=1)
    set_profile(station, profile(2, stack_level=1), evse_id=1)
    set_profile(station, profile(3, purpose="TxProfile"), evse_id=2)

    learn_from_answer(station, "ClearChargingProfile", request_payload, {"status": "Accepted"})

    assert set(station.charging_profiles) == remaining


def test_charging_profiles_are_kept_if_none_was_cleared(station: Station) -> None:
    set_profile(station, profile(1))

    learn_from_answer(station, "ClearChargingProfile", {}, {"status": "Unknown"})

    assert set(station.charging_profiles) == {1}


def test_charging_limit_is_kept_until_cleared(station: Station) -> None:
    limit = {"chargingLimit": {"chargingLimitSource": "EMS"}}
    learn_from_message(station, call("NotifyChargingLimit", limit))
    before = dict(station.charging_limits)

    learn_from_message(station, call("ClearedChargingLimit", {"chargingLimitSource": "EMS"}))

    assert (before, dict(station.charging_limits)) == ({("EMS", None): limit}, {})


def test_clearing_charging_limit_keeps_other_sources(station: Station) -> None:
    for source in ("EMS", "SO"):
        learn_from_message(
            station, call("NotifyChargingLimit", {"chargingLimit": {"chargingLimitSource": source}})
        )

    learn_from_message(station, call("ClearedChargingLimit", {"chargingLimitSource": "EMS"}))

    assert set(station.charging_limits) == {("SO", None)}


def test_clearing_unknown_charging_limit_changes_nothing(station: Station) -> None:
    learn_from_message(station, call("ClearedChargingLimit", {"chargingLimitSource": "EMS"}))

    assert station.charging_limits == {}


def test_needs_and_schedule_of_ev_are_stored_by_evse(station: Station) -> None:
    needs = {"requestedEnergyTransfer": "DC"}
    schedule = profile(1)["chargingSchedule"][0]

    learn_from_message(station, call("NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": needs}))
    learn_from_message(
        station,
        call("NotifyEVChargingSchedule", {"timeBase": NOW, "evseId": 2, "chargingSchedule": schedule}),
    )

    assert dict(station.charging_needs) == {1: needs}
    assert dict(station.charging_schedules) == {2: schedule}


# Reservations


def reserve(station: Station, reservation_id: int, status: str = "Accepted") -> None:
    request = {"id": reservation_id, "expiryDateTime": LATER, "idToken": {"idToken": "A", "type": "Central"}}
    learn_from_answer(station, "ReserveNow", request, {"status": status})


@pytest.mark.parametrize("status", ["Faulted", "Occupied", "Rejected", "Unavailable"])
def test_refused_reservation_is_not_stored(station: Station, status: str) -> None:
    reserve(station, 5, status)

    assert station.reservations == {}


def test_accepted_reservation_is_stored(station: Station) -> None:
    reserve(station, 5)

    assert set(station.reservations) == {5}


@pytest.mark.parametrize(("status", "remaining"), [("Accepted", {6}), ("Rejected", {5, 6})], ids=str)
def test_cancelled_reservation_is_dropped_if_accepted(
    station: Station, status: str, remaining: set[int]
) -> None:
    reserve(station, 5)
    reserve(station, 6)

    learn_from_answer(station, "CancelReservation", {"reservationId": 5}, {"status": status})

    assert set(station.reservations) == remaining


@pytest.mark.parametrize("status", ["Expired", "Removed"])
def test_reservation_dropped_by_station_is_dropped(station: Station, status: str) -> None:
    reserve(station, 5)

    learn_from_message(
        station, call("ReservationStatusUpdate", {"reservationId": 5, "reservationUpdateStatus": status})
    )

    assert station.reservations == {}


def test_update_of_unknown_reservation_changes_nothing(station: Station) -> None:
    reserve(station, 5)

    learn_from_message(
        station, call("ReservationStatusUpdate", {"reservationId": 6, "reservationUpdateStatus": "Expired"})
    )

    assert set(station.reservations) == {5}


# Display messages


@pytest.mark.parametrize(
    ("status", "stored"),
    [("Accepted", {3}), ("Rejected", set()), ("NotSupportedPriority", set()), ("UnknownTransaction", set())],
    ids=str,
)
def test_display_message_is_stored_if_accepted(station: Station, status: str, stored: set[int]) -> None:
    message = {"id": 3, "priority": "NormalCycle", "message": {"format": "UTF8", "content": "Hi"}}

    learn_from_answer(station, "SetDisplayMessage", {"message": message}, {"status": status})

    assert set(station.display_messages) == stored


@pytest.mark.parametrize("status", ["Accepted", "Unknown"])
def test_cleared_or_unknown_display_message_is_dropped(station: Station, status: str) -> None:
    learn_from_message(
        station, call("NotifyDisplayMessages", {"requestId": 1, "messageInfo": [{"id": 3}, {"id": 4}]})
    )

    learn_from_answer(station, "ClearDisplayMessage", {"id": 3}, {"status": status})

    assert set(station.display_messages) == {4}


# The local list, certificates and statuses


@pytest.mark.parametrize(
    ("status", "version"), [("Accepted", 8), ("Failed", 7), ("VersionMismatch", 7)], ids=str
)
def test_local_list_version_is_the_last_accepted_one(station: Station, status: str, version: int) -> None:
    learn_from_answer(station, "GetLocalListVersion", {}, {"versionNumber": 7})

    learn_from_answer(
        station, "SendLocalList", {"versionNumber": 8, "updateType": "Full"}, {"status": status}
    )

    assert station.local_list_version == version


def test_missing_local_list_has_version_0(station: Station) -> None:
    """D02: 0 means that the station has no local list."""
    learn_from_answer(station, "GetLocalListVersion", {}, {"versionNumber": 0})

    assert station.local_list_version == 0


def test_installed_certificates_are_learnt_from_answer(station: Station) -> None:
    hash_data = {"hashAlgorithm": "SHA256", "serialNumber": "1"}
    chain = [{"certificateType": "V2GRootCertificate", "certificateHashData": hash_data}]
    learn_from_answer(
        station, "GetInstalledCertificateIds", {}, {"status": "Accepted", "certificateHashDataChain": chain}
    )

    assert station.certificates == chain


def test_answer_without_certificates_clears_them(station: Station) -> None:
    station.certificates = [{"certificateType": "V2GRootCertificate"}]

    learn_from_answer(station, "GetInstalledCertificateIds", {}, {"status": "NotFound"})

    assert station.certificates == []


@pytest.mark.parametrize(
    ("action", "payload", "learnt"),
    [
        case("firmware", "FirmwareStatusNotification", {"status": "Downloading"},
             lambda station: station.firmware_status),
        case("published firmware", "PublishFirmwareStatusNotification", {"status": "Downloading"},
             lambda station: station.published_firmware_status),
        case("log", "LogStatusNotification", {"status": "Downloading"}, lambda station: station.log_status),
        case("CSR", "SignCertificate", {"csr": "Downloading"}, lambda station: station.csr),
    ],
)  # fmt: skip
def test_last_value_is_kept(station: Station, action: str, payload: JsonObject, learnt: Any) -> None:
    learn_from_message(station, call(action, dict.fromkeys(payload, "previous value")))

    learn_from_message(station, call(action, payload))

    assert learnt(station) == "Downloading"


def test_security_events_are_kept_in_order(station: Station) -> None:
    for kind in ("StartupOfTheDevice", "SettingSystemTime"):
        learn_from_message(station, call("SecurityEventNotification", {"type": kind, "timestamp": NOW}))

    assert [event["type"] for event in station.security_events] == ["StartupOfTheDevice", "SettingSystemTime"]


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("Heartbeat", {}),
        ("MeterValues", {"evseId": 1, "meterValue": []}),
        ("DataTransfer", {"vendorId": "org.example"}),
        ("Authorize", {"idToken": {"idToken": "A", "type": "Central"}}),
    ],
)
def test_message_without_state_changes_nothing(station: Station, action: str, payload: JsonObject) -> None:
    learn_from_message(station, call(action, payload))

    assert station == Station("CS001")


# Parts of a report


@pytest.mark.parametrize(
    ("parts", "missing"),
    [
        case("none", [(0, True), (1, False)], []),
        case("the first two", [(2, False)], [0, 1]),
        case("one between", [(0, True), (2, False)], [1]),
        case("a later one, before the last is known", [(0, True), (3, True)], [1, 2]),
    ],
)
def test_report_names_its_missing_parts(parts: list[tuple[int, bool]], missing: list[int]) -> None:
    """B07.FR.10, B08.FR.14: seqNos count from 0."""
    joined = Report("data")

    for seq_no, tbc in parts:
        joined.add(seq_no, part_with(""), more=tbc)

    assert (joined.missing, joined.complete) == (missing, not missing)


def test_late_part_completes_report() -> None:
    joined = Report("data")

    for seq_no, tbc in [(1, False), (0, True)]:
        joined.add(seq_no, part_with(""), more=tbc)

    assert (joined.missing, joined.complete) == ([], True)


def test_number_of_missing_parts_is_limited() -> None:
    joined = Report("data")

    joined.add(2**31 - 1, part_with(""), more=False)

    assert joined.missing == list(range(MAX_MISSING))


# EVSE 0 and connector 0


@pytest.mark.parametrize(("evse_id", "connector_id"), [(0, 0), (0, 1), (1, 0), (-1, 1)])
def test_connectors_are_numbered_from_1(station: Station, evse_id: int, connector_id: int) -> None:
    """Part 1 7.1 and 7.2: EVSE 0 is the station."""
    payload = {
        "timestamp": NOW,
        "connectorStatus": "Available",
        "evseId": evse_id,
        "connectorId": connector_id,
    }

    learn_from_message(station, call("StatusNotification", payload))

    assert station.connectors == {}


@pytest.mark.parametrize("evse", [{"id": 0}, {"id": 1, "connectorId": 0}])
def test_evse_0_and_connector_0_are_not_learnt_from_notify_event(station: Station, evse: JsonObject) -> None:
    component = {"name": "Connector", "evse": evse}

    learn_from_message(station, call("NotifyEvent", notify_event(component, "AvailabilityState", "Occupied")))

    assert station.connectors == {}


def test_unknown_status_of_connector_is_not_learnt(station: Station) -> None:
    component = {"name": "Connector", "evse": {"id": 1, "connectorId": 1}}

    learn_from_message(station, call("NotifyEvent", notify_event(component, "AvailabilityState", "Odd")))

    assert station.connectors == {}


# Transaction status (E14)


def ask_status(station: Station, *, ongoing: bool, queued: bool) -> None:
    answer = {"ongoingIndicator": ongoing, "messagesInQueue": queued}
    learn_from_answer(station, "GetTransactionStatus", {"transactionId": "T1"}, answer)


@pytest.mark.parametrize(
    ("ongoing", "queued", "runs", "ended"),
    [
        case("goes on", True, False, True, False),
        case("goes on with events queued", True, True, True, False),
        case("has stopped with events queued", False, True, False, False),
        case("has stopped", False, False, False, True),
    ],
)
def test_transaction_status_is_learnt(
    station: Station, ongoing: bool, queued: bool, runs: bool, ended: bool
) -> None:
    """E14.FR.02 to E14.FR.05: a stopped transaction is not complete until its queue is empty."""
    learn_from_message(station, call("TransactionEvent", transaction_event("T1")))

    ask_status(station, ongoing=ongoing, queued=queued)

    transaction = station.transactions["T1"]
    assert (transaction.is_running, transaction.ended) == (runs, ended)


@pytest.mark.parametrize("queued", [False, True])
def test_live_event_of_stopped_transaction_shows_that_it_runs(station: Station, queued: bool) -> None:
    learn_from_message(station, call("TransactionEvent", transaction_event("T1")))
    ask_status(station, ongoing=False, queued=queued)

    learn_from_message(station, call("TransactionEvent", transaction_event("T1", "Updated", 1)))

    assert [transaction.id for transaction in station.running_transactions] == ["T1"]


def test_queued_event_of_stopped_transaction_leaves_it_stopped(station: Station) -> None:
    learn_from_message(station, call("TransactionEvent", transaction_event("T1")))
    ask_status(station, ongoing=False, queued=True)

    queued = {**transaction_event("T1", "Updated", 1), "offline": True}
    learn_from_message(station, call("TransactionEvent", queued))

    assert not station.transactions["T1"].is_running


def test_ended_event_is_final(station: Station) -> None:
    for event_type, seq_no in (("Started", 0), ("Ended", 1)):
        learn_from_message(station, call("TransactionEvent", transaction_event("T1", event_type, seq_no)))

    ask_status(station, ongoing=True, queued=False)

    assert station.transactions["T1"].ended


# Two transactions on one EVSE


def started_on(station: Station, transaction_id: str, timestamp: str, evse_id: int | None = 1) -> None:
    payload = {**transaction_event(transaction_id), "timestamp": timestamp}
    if evse_id is not None:
        payload["evse"] = {"id": evse_id}
    learn_from_message(station, call("TransactionEvent", payload))


def running(station: Station) -> list[str]:
    return [transaction.id for transaction in station.running_transactions]


def test_newer_transaction_on_an_evse_hides_the_older(station: Station) -> None:
    """E01.FR.14: the older one ended in a reboot, or its Ended is still queued."""
    started_on(station, "old", "2024-01-01T12:00:00Z")
    started_on(station, "new", "2024-01-01T13:00:00Z")

    assert running(station) == ["new"]
    assert [transaction.id for transaction in station.open_transactions] == ["new", "old"]


def test_replayed_older_transaction_does_not_hide_the_newer(station: Station) -> None:
    started_on(station, "new", "2024-01-01T13:00:00Z")
    started_on(station, "old", "2024-01-01T13:59:59+02:00")

    assert running(station) == ["new"]


def test_transactions_on_different_or_unknown_evses_all_run(station: Station) -> None:
    for number, evse_id in enumerate((1, 2, None, None)):
        started_on(station, str(number), f"2024-01-01T12:00:0{number}Z", evse_id)

    assert running(station) == ["3", "2", "1", "0"]


def test_transactions_with_invalid_timestamps_are_listed(station: Station) -> None:
    for name in ("A", "B"):
        started_on(station, name, "soon", None)

    assert sorted(running(station)) == ["A", "B"]


# Monitoring base


def monitored(station: Station) -> None:
    """Report the monitor 1, and set the monitor 2."""
    monitor = {"id": 1, "transaction": False, "value": 1.0, "type": "Delta", "severity": 5}
    item = {"component": {"name": "EVSE"}, "variable": {"name": "Power"}, "variableMonitoring": [monitor]}
    report = {"requestId": 1, "seqNo": 0, "generatedAt": NOW, "monitor": [item]}
    learn_from_message(station, call("NotifyMonitoringReport", report))
    request = monitoring(1.0)
    answer = {"setMonitoringResult": [monitoring_result("Accepted", request, 2)]}
    learn_from_answer(station, "SetVariableMonitoring", {"setMonitoringData": [request]}, answer)


@pytest.mark.parametrize(
    ("base", "status", "left"),
    [
        case("factory default", "FactoryDefault", "Accepted", [1]),
        case("hard-wired only", "HardWiredOnly", "Accepted", [1]),
        case("all", "All", "Accepted", [1, 2]),
        case("refused", "FactoryDefault", "Rejected", [1, 2]),
    ],
)
def test_monitoring_base_drops_custom_monitors(
    station: Station, base: str, status: str, left: list[int]
) -> None:
    """N03.FR.03 to N03.FR.05."""
    monitored(station)

    learn_from_answer(station, "SetMonitoringBase", {"monitoringBase": base}, {"status": status})

    assert list(station.monitors) == left


# Reservations that are used up


CARD = {"idToken": "AABB", "type": "ISO14443"}
OTHER_CARD = {"idToken": "CCDD", "type": "ISO14443"}
GROUP = {"idToken": "G", "type": "Central"}


def reserve_card(station: Station, **fields: Any) -> None:
    request = {"id": 6, "expiryDateTime": LATER, "idToken": CARD, **fields}
    learn_from_answer(station, "ReserveNow", request, {"status": "Accepted"})


def test_transaction_uses_up_its_reservation(station: Station) -> None:
    """H01.FR.15."""
    reserve_card(station)

    learn_from_message(station, call("TransactionEvent", {**transaction_event("T1"), "reservationId": 6}))

    assert list(station.reservations) == []


@pytest.mark.parametrize(
    ("reserved", "start", "is_used"),
    [
        case("same token", {}, {"idToken": {"idToken": "aabb", "type": "ISO14443"}}, True),
        case("other token", {}, {"idToken": OTHER_CARD}, False),
        case("other type", {}, {"idToken": {"idToken": "AABB", "type": "Central"}}, False),
        case("same group", {"groupIdToken": GROUP}, {"idToken": OTHER_CARD, "groupIdToken": GROUP}, True),
        case("same EVSE", {"evseId": 1}, {"idToken": CARD, "evseId": 1}, True),
        case("other EVSE", {"evseId": 1}, {"idToken": CARD, "evseId": 2}, False),
        case("EVSE not named", {"evseId": 1}, {"idToken": CARD}, True),
    ],
)  # fmt: skip
def test_accepted_start_with_reserved_token_uses_up_the_reservation(
    station: Station, reserved: JsonObject, start: JsonObject, is_used: bool
) -> None:
    """H03.FR.09."""
    reserve_card(station, **reserved)

    learn_from_answer(station, "RequestStartTransaction", start, {"status": "Accepted"})

    assert list(station.reservations) == ([] if is_used else [6])


def test_refused_start_leaves_the_reservation(station: Station) -> None:
    reserve_card(station)

    learn_from_answer(station, "RequestStartTransaction", {"idToken": CARD}, {"status": "Rejected"})

    assert list(station.reservations) == [6]


# The TxProfile of a RequestStartTransaction


def start_with_profile(station: Station) -> None:
    request = {
        "idToken": CARD,
        "remoteStartId": 7,
        "evseId": 1,
        "chargingProfile": profile(3, purpose="TxProfile"),
    }
    note_start_profile(station, request, {"status": "Accepted"})


def remote_event(event_type: str = "Started", seq_no: int = 0) -> JsonObject:
    event = transaction_event("T1", event_type, seq_no)
    return {**event, "transactionInfo": {"transactionId": "T1", "remoteStartId": 7}}


def test_profile_of_remote_start_belongs_to_its_transaction(station: Station) -> None:
    start_with_profile(station)

    learn_from_message(station, call("TransactionEvent", remote_event()))

    assert station.charging_profiles[3]["chargingProfile"]["transactionId"] == "T1"


def test_profile_of_transaction_ends_with_it(station: Station) -> None:
    """K02.FR.05."""
    start_with_profile(station)
    learn_from_message(station, call("TransactionEvent", remote_event()))

    learn_from_message(station, call("TransactionEvent", remote_event("Ended", 1)))

    assert list(station.charging_profiles) == []


def test_expired_reservations_are_dropped(station: Station) -> None:
    """H04.FR.01."""
    for reservation_id, expiry in ((1, NOW), (2, LATER), (3, "soon")):
        reserve_card(station, id=reservation_id, expiryDateTime=expiry)

    station.reservations.drop_expired(datetime.now(UTC))

    assert list(station.reservations) == [2, 3]


# Values of the wrong type, which are learnt from unless validation is strict

ODD: tuple[object, ...] = (None, True, 2**70, 1.5, "x", [], {}, [[]], [{}])


def with_odd_parts(value: Any) -> Iterator[Any]:
    """Yield copies of a value, each with one part missing or of another type."""
    parts = list(value.items() if isinstance(value, dict) else enumerate(value))
    for key, part in parts:
        if isinstance(value, dict):
            yield {name: kept for name, kept in parts if name != key}
        changes = [*ODD, *(with_odd_parts(part) if isinstance(part, dict | list) else ())]
        for changed in changes:
            changed_parts = [(name, changed if name == key else kept) for name, kept in parts]
            yield dict(changed_parts) if isinstance(value, dict) else [kept for _, kept in changed_parts]


def accepted(value: Any) -> Any:
    """Return an answer with each status set to Accepted."""
    if isinstance(value, dict):
        statuses = {"status", "attributeStatus"}
        return {name: "Accepted" if name in statuses else accepted(part) for name, part in value.items()}
    return [accepted(part) for part in value] if isinstance(value, list) else value


@cache
def shared_csms() -> Csms:
    """Central system of all tests that build commands, because making the keys of a PKI takes long."""
    return Csms(Settings(validation="report"), VERSIONS)


def assert_all_commands_are_built(station: Station) -> None:
    """Build the payload of each command and look for mistakes in it; NothingToDo is a valid outcome."""
    for action in CSMS_ACTIONS:
        with suppress(NothingToDo):
            VERSIONS[OCPP_2_0_1.subprotocol].build(action, shared_csms(), station)
        list(own_mistakes(action, full_payload(action), station, NOW_UTC))
    differential = {"versionNumber": 7, "updateType": "Differential"}
    list(own_mistakes("SendLocalList", differential, station, NOW_UTC))


@pytest.mark.parametrize("action", sorted(LEARN_FROM_ANSWER))
def test_odd_answers_break_no_later_command(action: str) -> None:
    schema = OCPP_2_0_1.response(action).read()
    answer = accepted(full(schema, schema.get("definitions", {})))
    for odd in with_odd_parts(answer):
        station = Station("CS1", registration="Accepted")
        with suppress(*UNREADABLE_PAYLOAD):
            learn_from_answer(station, action, full_payload(action), odd)
        assert_all_commands_are_built(station)


@pytest.mark.parametrize("action", sorted({*LEARN_FROM_MESSAGE} - {"BootNotification", "TransactionEvent"}))
def test_odd_messages_break_no_later_command(action: str) -> None:
    for odd in with_odd_parts(full_payload(action)):
        station = Station("CS1", registration="Accepted")
        with suppress(*UNREADABLE_PAYLOAD):
            learn_from_message(station, call(action, odd))
        assert_all_commands_are_built(station)


@pytest.mark.parametrize("version", [value for value in ODD if value is not None])
def test_local_list_version_of_another_type_is_not_stored(station: Station, version: object) -> None:
    with pytest.raises(TypeError):
        learn_from_answer(station, "GetLocalListVersion", {}, {"versionNumber": version})

    assert station.local_list_version is None


def test_local_list_version_with_decimal_point_is_an_integer(station: Station) -> None:
    learn_from_answer(station, "GetLocalListVersion", {}, {"versionNumber": 3.0})

    assert repr(station.local_list_version) == "3"
