"""What is known of a station: learnt from its messages and its answers, within a bound."""

from typing import Any

import pytest

from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import MAX_REMEMBERED, BoundedDict
from mock_csms.stations.device_model import variable_key
from mock_csms.stations.station import RecentReports, Report, Station
from mock_csms.v201.learning import learn_from_answer, learn_from_message, solicit, was_solicited
from tests.support.payloads import call

NOW = "2024-01-01T12:00:00Z"
COMPONENT = {"name": "OCPPCommCtrlr"}
VARIABLE = {"name": "HeartbeatInterval"}
KEY = "OCPPCommCtrlr/HeartbeatInterval"


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


@pytest.fixture
def station() -> Station:
    return Station("CS001")


@pytest.fixture
def pending(station: Station) -> Station:
    """A station whose boot was answered Pending."""
    station.register("Pending")
    return station


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
    """One part of a NotifyReport; no tbc if None."""
    item = {"component": COMPONENT, "variable": VARIABLE, "variableAttribute": [{"value": value}]}
    part = {"requestId": request_id, "generatedAt": NOW, "seqNo": seq_no, "reportData": [item]}
    return part if tbc is None else {**part, "tbc": tbc}


def attributes(station: Station, key: str = KEY) -> JsonObject:
    found: JsonObject = station.device_model[key]["attributes"]
    return found


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


# Recent


class LastThree(BoundedDict[int, str]):
    __slots__ = ()
    limit = 3


def test_recent_forgets_the_oldest_when_it_is_full() -> None:
    recent = LastThree()

    for number in range(5):
        recent[number] = str(number)

    assert recent == {2: "2", 3: "3", 4: "4"}


def test_recent_forgets_nothing_when_a_known_key_is_set_again() -> None:
    recent = LastThree()
    for number in range(3):
        recent[number] = str(number)

    recent[0] = "again"

    assert recent == {0: "again", 1: "1", 2: "2"}


@pytest.mark.parametrize(
    ("action", "payload_of", "kept"),
    [
        case("connectors", "StatusNotification",
             lambda n: {"timestamp": NOW, "connectorStatus": "Available", "evseId": n, "connectorId": 1},
             lambda it: it.connectors),
        case("transactions", "TransactionEvent", lambda n: transaction_event(str(n)),
             lambda it: it.transactions),
        case("device model", "NotifyEvent", lambda n: notify_event({"name": f"C{n}"}, "Temperature", "20"),
             lambda it: it.device_model),
        case("parts of a report", "NotifyReport", lambda n: report(n, "1", tbc=True),
             lambda it: it.reports["NotifyReport", 1].items),
        case("security events", "SecurityEventNotification", lambda n: {"type": str(n), "timestamp": NOW},
             lambda it: it.security_events),
        case("display messages", "NotifyDisplayMessages",
             lambda n: {"requestId": 1, "messageInfo": [{"id": n}]}, lambda it: it.display_messages),
    ],
)  # fmt: skip
def test_a_flood_is_kept_within_a_bound(station: Station, action: str, payload_of: Any, kept: Any) -> None:
    for number in range(MAX_REMEMBERED + 10):
        learn_from_message(station, call(action, payload_of(number)))

    assert len(kept(station)) == getattr(kept(station), "limit", MAX_REMEMBERED)


def test_the_last_reports_are_kept(station: Station) -> None:
    """Each may be a whole device model, so there are fewer of them."""
    for request_id in range(1000):
        learn_from_message(station, call("NotifyReport", report(0, "1", request_id=request_id)))

    kept = [request_id for _, request_id in station.reports]
    assert kept == list(range(1000 - RecentReports.limit, 1000))


# Boots and registration


def test_the_last_boot_and_their_number_are_known(station: Station) -> None:
    for reason in ("PowerUp", "RemoteReset"):
        boot = {"reason": reason, "chargingStation": {"model": "m", "vendorName": "v"}}
        learn_from_message(station, call("BootNotification", boot))

    assert station.boot is not None
    assert (station.boots, station.boot["reason"]) == (2, "RemoteReset")


def test_a_station_has_no_registration_before_its_boot(station: Station) -> None:
    assert station.registration is None


# Connectors


def test_a_connector_is_learnt_from_a_status_notification(station: Station) -> None:
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
def test_a_connector_is_learnt_from_the_availability_state_in_a_notify_event(
    station: Station, component: JsonObject, connectors: dict[tuple[int, int], str]
) -> None:
    """OCPP 2.0.1 lets a station tell it either way (G01)."""
    learn_from_message(station, call("NotifyEvent", notify_event(component, "AvailabilityState", "Occupied")))

    assert station.connectors == connectors


def test_another_variable_of_a_connector_leaves_its_status(station: Station) -> None:
    """G05: a ConnectorPlugRetentionLock Problem is no AvailabilityState."""
    component = {"name": "Connector", "evse": {"id": 1, "connectorId": 1}}

    learn_from_message(station, call("NotifyEvent", notify_event(component, "Problem", "true")))

    assert station.connectors == {}


def test_both_forms_tell_of_the_same_connector(station: Station) -> None:
    component = {"name": "Connector", "evse": {"id": 1, "connectorId": 1}}
    learn_from_message(station, call("NotifyEvent", notify_event(component, "AvailabilityState", "Occupied")))
    payload = {"timestamp": NOW, "connectorStatus": "Available", "evseId": 1, "connectorId": 1}

    learn_from_message(station, call("StatusNotification", payload))

    assert station.connectors == {(1, 1): "Available"}


# Transactions


def test_an_event_of_an_unknown_transaction_begins_to_know_it(station: Station) -> None:
    """The Started may come late, or never (TC_E_31_CSMS)."""
    learn_from_message(station, call("TransactionEvent", transaction_event("T1", "Updated", 5)))

    assert [it.id for it in station.running_transactions] == ["T1"]


def test_running_transactions_are_those_that_have_not_ended_newest_first(station: Station) -> None:
    for transaction_id in ("T1", "T2", "T3"):
        learn_from_message(station, call("TransactionEvent", transaction_event(transaction_id)))
    learn_from_message(station, call("TransactionEvent", transaction_event("T2", "Ended", 1)))

    assert [it.id for it in station.running_transactions] == ["T3", "T1"]


def test_a_transaction_is_found_whichever_was_spoken_of_last(station: Station) -> None:
    assert station.transaction("A") is None
    for transaction_id in ("A", "B", "A"):
        learn_from_message(station, call("TransactionEvent", transaction_event(transaction_id)))

    assert [station.transaction(it) for it in ("A", "B")] == list(station.transactions.values())
    assert station.transaction("C") is None


def test_events_of_one_transaction_meet_in_one_transaction(station: Station) -> None:
    learn_from_message(station, call("TransactionEvent", transaction_event("T1", "Started", 0)))
    learn_from_message(station, call("TransactionEvent", transaction_event("T1", "Updated", 1)))

    assert station.transactions["T1"].events == 2


# Reports in parts


@pytest.mark.parametrize(
    ("parts", "items", "complete"),
    [
        case("one part", [(0, "a", False)], "a", True),
        case("two parts", [(0, "a", True), (1, "b", False)], "ab", True),
        case("the last is missing", [(0, "a", True), (1, "b", True)], "ab", False),
        case("from 1 on", [(1, "a", True), (2, "b", False)], "ab", True),
        case("with a gap", [(0, "a", True), (7, "b", False)], "ab", True),
        case("a part twice", [(0, "a", True), (0, "a", True), (1, "b", False)], "ab", True),
        case("the last part twice", [(0, "a", True), (1, "b", False), (1, "b", False)], "ab", True),
        case("the last part first", [(1, "b", False), (0, "a", True)], "ba", True),
    ],
)
def test_a_report_is_put_together(parts: list[tuple[int, str, bool]], items: str, complete: bool) -> None:
    together = Report()

    for seq_no, item, more in parts:
        together.add(seq_no, [item], more=more)

    assert ("".join(together.items), together.complete) == (items, complete)


@pytest.mark.parametrize(("tbc", "complete"), [(True, False), (False, True), (None, True)], ids=str)
def test_a_part_without_tbc_is_the_last(station: Station, tbc: bool | None, complete: bool) -> None:
    learn_from_message(station, call("NotifyReport", report(0, "1", tbc=tbc)))

    assert station.reports["NotifyReport", 1].complete is complete


def test_reports_are_told_apart_by_their_request_id(station: Station) -> None:
    learn_from_message(station, call("NotifyReport", report(0, "1", tbc=True, request_id=1)))
    learn_from_message(station, call("NotifyReport", report(0, "2", request_id=2)))

    complete = {key: it.complete for key, it in station.reports.items()}

    assert complete == {("NotifyReport", 1): False, ("NotifyReport", 2): True}


def test_reports_of_different_messages_with_one_request_id_are_told_apart(station: Station) -> None:
    learn_from_message(station, call("NotifyReport", report(0, "1", tbc=True)))
    learn_from_message(
        station, call("NotifyMonitoringReport", {"requestId": 1, "seqNo": 0, "generatedAt": NOW})
    )

    assert {key: it.complete for key, it in station.reports.items()} == {
        ("NotifyReport", 1): False,
        ("NotifyMonitoringReport", 1): True,
    }


def test_a_part_of_a_report_without_a_proper_number_is_not_taken_in(station: Station) -> None:
    part = call("NotifyReport", {"requestId": 1, "generatedAt": NOW, "seqNo": "x"})

    with pytest.raises(TypeError, match="seqNo is no integer"):
        learn_from_message(station, part)

    assert not station.reports


def test_a_report_without_data_is_complete_and_empty(station: Station) -> None:
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
def test_parts_that_have_no_seq_no_are_all_taken(
    station: Station, action: str, payload: JsonObject, items: int
) -> None:
    learn_from_message(station, call(action, {**payload, "tbc": True}))
    learn_from_message(station, call(action, payload))

    found = station.reports[action, 1]

    assert (len(found.items), found.complete) == (items, True)


def test_customer_information_is_put_together(station: Station) -> None:
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
def test_a_variable_is_named(component: JsonObject, variable: JsonObject, key: str) -> None:
    assert variable_key(component, variable) == key


def test_variables_that_differ_only_in_their_instance_are_different(station: Station) -> None:
    variables = [{"name": "V"}, {"name": "V", "instance": "a"}, {"name": "V", "instance": "b"}]
    items = [
        {"component": COMPONENT, "variable": variable, "variableAttribute": [{"value": "1"}]}
        for variable in variables
    ]
    payload = {"requestId": 1, "generatedAt": NOW, "seqNo": 0, "reportData": items}
    learn_from_message(station, call("NotifyReport", payload))

    assert [name.rpartition("/")[2] for name in station.device_model] == ["V", "V[a]", "V[b]"]


def test_each_item_of_a_report_is_about_its_own_component_and_variable(station: Station) -> None:
    told = [
        ({"name": "EVSE", "evse": {"id": 1}}, {"name": "Power"}),
        ({"name": "EVSE", "evse": {"id": 1}}, {"name": "Power", "instance": "Max"}),
        ({"name": "EVSE", "evse": {"id": 2}}, {"name": "Power"}),
        ({"name": "EVSE"}, {"name": "Power"}),
        ({"name": "EVSE", "evse": {"id": 1}}, {"name": "Available"}),
    ]
    items = [
        {"component": component, "variable": variable, "variableAttribute": [{"value": str(number)}]}
        for number, (component, variable) in enumerate(told)
    ]
    learn_from_message(
        station, call("NotifyReport", {"requestId": 1, "generatedAt": NOW, "seqNo": 0, "reportData": items})
    )

    assert {name: it["attributes"]["Actual"] for name, it in station.device_model.items()} == {
        "EVSE#1/Power": "0",
        "EVSE#1/Power[Max]": "1",
        "EVSE#2/Power": "2",
        "EVSE/Power": "3",
        "EVSE#1/Available": "4",
    }


def test_a_variable_is_learnt_from_a_report(station: Station) -> None:
    learn_from_message(station, call("NotifyReport", report(0, "300")))

    assert station.device_model[KEY] == {
        "component": COMPONENT,
        "variable": VARIABLE,
        "attributes": {"Actual": "300"},
    }


def test_every_attribute_of_a_report_is_learnt(station: Station) -> None:
    listed = [{"type": "Actual", "value": "16"}, {"type": "MaxSet", "value": "32"}, {"type": "Target"}]
    item = {"component": COMPONENT, "variable": VARIABLE, "variableAttribute": listed}

    learn_from_message(
        station, call("NotifyReport", {"requestId": 1, "generatedAt": NOW, "seqNo": 0, "reportData": [item]})
    )

    assert attributes(station) == {"Actual": "16", "MaxSet": "32", "Target": None}


def test_a_variable_is_learnt_from_an_event(station: Station) -> None:
    learn_from_message(
        station, call("NotifyEvent", notify_event({"name": "EVSE", "evse": {"id": 1}}, "Power", "11000"))
    )

    assert attributes(station, "EVSE#1/Power") == {"Actual": "11000"}


def got(status: str, value: str | None = "300", **fields: Any) -> JsonObject:
    result = {"attributeStatus": status, "component": COMPONENT, "variable": VARIABLE, **fields}
    return result if value is None else {**result, "attributeValue": value}


@pytest.mark.parametrize(
    ("result", "learnt"),
    [
        case("Actual by default", got("Accepted"), {"Actual": "300"}),
        case("Target", got("Accepted", attributeType="Target"), {"Target": "300"}),
        case("no value", got("Accepted", None), {"Actual": None}),
    ],
)
def test_a_variable_is_learnt_from_get_variables(
    station: Station, result: JsonObject, learnt: JsonObject
) -> None:
    learn_from_answer(station, "GetVariables", {}, {"getVariableResult": [result]})

    assert attributes(station) == learnt


@pytest.mark.parametrize(
    "status", ["Rejected", "UnknownComponent", "UnknownVariable", "NotSupportedAttributeType"]
)
def test_a_variable_that_was_not_got_is_not_learnt(station: Station, status: str) -> None:
    learn_from_answer(station, "GetVariables", {}, {"getVariableResult": [got(status)]})

    assert station.device_model == {}


def to_set(name: str, value: str, **fields: Any) -> JsonObject:
    return {"component": COMPONENT, "variable": {"name": name}, "attributeValue": value, **fields}


def was_set(name: str, status: str, **fields: Any) -> JsonObject:
    return {"component": COMPONENT, "variable": {"name": name}, "attributeStatus": status, **fields}


@pytest.mark.parametrize(
    "status",
    ["Rejected", "UnknownComponent", "UnknownVariable", "NotSupportedAttributeType", "RebootRequired"],
)
def test_a_variable_that_was_not_set_at_once_keeps_its_value(station: Station, status: str) -> None:
    learn_from_message(station, call("NotifyReport", report(0, "300")))
    request = {"setVariableData": [to_set("HeartbeatInterval", "60")]}

    learn_from_answer(
        station, "SetVariables", request, {"setVariableResult": [was_set("HeartbeatInterval", status)]}
    )

    assert attributes(station) == {"Actual": "300"}


def test_the_results_of_set_variables_may_come_in_any_order(station: Station) -> None:
    """B05: one result for each item, in no order that is promised."""
    request = {"setVariableData": [to_set("A", "1"), to_set("B", "2"), to_set("C", "3")]}
    results = [was_set("C", "Accepted"), was_set("A", "Accepted"), was_set("B", "Rejected")]

    learn_from_answer(station, "SetVariables", request, {"setVariableResult": results})

    learnt = {key: it["attributes"] for key, it in station.device_model.items()}
    assert learnt == {"OCPPCommCtrlr/A": {"Actual": "1"}, "OCPPCommCtrlr/C": {"Actual": "3"}}


def test_the_attributes_of_a_variable_are_set_apart(station: Station) -> None:
    request = {"setVariableData": [to_set("A", "1"), to_set("A", "2", attributeType="MaxSet")]}
    results = [was_set("A", "Rejected"), was_set("A", "Accepted", attributeType="MaxSet")]

    learn_from_answer(station, "SetVariables", request, {"setVariableResult": results})

    assert attributes(station, "OCPPCommCtrlr/A") == {"MaxSet": "2"}


# Monitors


def test_a_monitor_that_was_set_is_known_by_its_id(station: Station) -> None:
    wanted = monitoring(10)
    results = [monitoring_result("Accepted", wanted, 7)]

    learn_from_answer(
        station, "SetVariableMonitoring", {"setMonitoringData": [wanted]}, {"setMonitoringResult": results}
    )

    assert station.monitors == {7: {**wanted, "id": 7}}


@pytest.mark.parametrize(
    "status", ["Rejected", "Duplicate", "UnknownComponent", "UnknownVariable", "UnsupportedMonitorType"]
)
def test_a_monitor_that_was_not_set_is_not_known(station: Station, status: str) -> None:
    wanted = monitoring(10)
    results = [monitoring_result(status, wanted)]

    learn_from_answer(
        station, "SetVariableMonitoring", {"setMonitoringData": [wanted]}, {"setMonitoringResult": results}
    )

    assert station.monitors == {}


def test_the_results_of_set_variable_monitoring_may_come_in_any_order(station: Station) -> None:
    """A SetMonitoringResultType repeats component, variable, type and severity to find its request."""
    first, second = monitoring(10, component="EVSE"), monitoring(20, component="Connector")
    results = [monitoring_result("Accepted", second, 8), monitoring_result("Accepted", first, 7)]

    learn_from_answer(
        station,
        "SetVariableMonitoring",
        {"setMonitoringData": [first, second]},
        {"setMonitoringResult": results},
    )

    assert station.monitors == {7: {**first, "id": 7}, 8: {**second, "id": 8}}


def test_monitors_are_learnt_from_a_monitoring_report(station: Station) -> None:
    monitor = {"id": 7, "transaction": False, "value": 10, "type": "Delta", "severity": 5}
    item = {"component": COMPONENT, "variable": VARIABLE, "variableMonitoring": [monitor]}
    payload = {"requestId": 1, "seqNo": 0, "generatedAt": NOW, "monitor": [item]}

    learn_from_message(station, call("NotifyMonitoringReport", payload))

    assert station.monitors == {7: {**monitor, "component": COMPONENT, "variable": VARIABLE}}


@pytest.mark.parametrize(
    ("status", "left"), [("Accepted", set()), ("NotFound", set()), ("Rejected", {7})], ids=str
)
def test_a_monitor_is_forgotten_unless_the_station_keeps_it(
    station: Station, status: str, left: set[int]
) -> None:
    station.monitors[7] = monitoring(10)
    answer = {"clearMonitoringResult": [{"status": status, "id": 7}]}

    learn_from_answer(station, "ClearVariableMonitoring", {"id": [7]}, answer)

    assert set(station.monitors) == left


def test_clearing_a_monitor_that_nobody_knows_changes_nothing(station: Station) -> None:
    station.monitors[7] = monitoring(10)
    answer = {"clearMonitoringResult": [{"status": "Accepted", "id": 8}]}

    learn_from_answer(station, "ClearVariableMonitoring", {"id": [8]}, answer)

    assert set(station.monitors) == {7}


# Charging profiles, limits and needs


@pytest.mark.parametrize(("status", "known"), [("Accepted", {1}), ("Rejected", set())], ids=str)
def test_a_charging_profile_is_known_once_it_is_accepted(
    station: Station, status: str, known: set[int]
) -> None:
    request = {"evseId": 0, "chargingProfile": profile(1)}

    learn_from_answer(station, "SetChargingProfile", request, {"status": status})

    assert set(station.charging_profiles) == known


def test_charging_profiles_are_learnt_from_a_report(station: Station) -> None:
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
    ("request_payload", "left"),
    [
        case("everything", {}, set()),
        case("by id", {"chargingProfileId": 1}, {2, 3}),
        case("by an id that is not there", {"chargingProfileId": 9}, {1, 2, 3}),
        case("by purpose", {"chargingProfileCriteria": {"chargingProfilePurpose": "TxProfile"}}, {1, 2}),
        case("by stack level", {"chargingProfileCriteria": {"stackLevel": 1}}, {1, 3}),
        case("by stack level 0", {"chargingProfileCriteria": {"stackLevel": 0}}, {2}),
        case("by both", {"chargingProfileCriteria": {"stackLevel": 0, "chargingProfilePurpose": "TxProfile"}},
             {1, 2}),
        case("by EVSE", {"chargingProfileCriteria": {"evseId": 2}}, {1, 2}),
        case("by EVSE and purpose",
             {"chargingProfileCriteria": {"evseId": 2, "chargingProfilePurpose": "TxDefaultProfile"}},
             {1, 2, 3}),
        case("by an EVSE that has none", {"chargingProfileCriteria": {"evseId": 5}}, {1, 2, 3}),
    ],
)  # fmt: skip
def test_the_charging_profiles_that_were_cleared_are_forgotten(
    station: Station, request_payload: JsonObject, left: set[int]
) -> None:
    """The criteria of ClearChargingProfileType: evseId, chargingProfilePurpose and stackLevel."""
    set_profile(station, profile(1), evse_id=1)
    set_profile(station, profile(2, stack_level=1), evse_id=1)
    set_profile(station, profile(3, purpose="TxProfile"), evse_id=2)

    learn_from_answer(station, "ClearChargingProfile", request_payload, {"status": "Accepted"})

    assert set(station.charging_profiles) == left


def test_charging_profiles_stay_when_nothing_was_cleared(station: Station) -> None:
    set_profile(station, profile(1))

    learn_from_answer(station, "ClearChargingProfile", {}, {"status": "Unknown"})

    assert set(station.charging_profiles) == {1}


def test_a_charging_limit_lasts_until_it_is_cleared(station: Station) -> None:
    limit = {"chargingLimit": {"chargingLimitSource": "EMS"}}
    learn_from_message(station, call("NotifyChargingLimit", limit))
    known = dict(station.charging_limits)

    learn_from_message(station, call("ClearedChargingLimit", {"chargingLimitSource": "EMS"}))

    assert (known, station.charging_limits) == ({("EMS", None): limit}, {})


def test_clearing_a_charging_limit_leaves_those_of_other_sources(station: Station) -> None:
    for source in ("EMS", "SO"):
        learn_from_message(
            station, call("NotifyChargingLimit", {"chargingLimit": {"chargingLimitSource": source}})
        )

    learn_from_message(station, call("ClearedChargingLimit", {"chargingLimitSource": "EMS"}))

    assert set(station.charging_limits) == {("SO", None)}


def test_a_charging_limit_that_nobody_knew_may_be_cleared(station: Station) -> None:
    learn_from_message(station, call("ClearedChargingLimit", {"chargingLimitSource": "EMS"}))

    assert station.charging_limits == {}


def test_the_needs_and_the_schedule_of_a_vehicle_are_known_by_evse(station: Station) -> None:
    needs = {"requestedEnergyTransfer": "DC"}
    schedule = profile(1)["chargingSchedule"][0]

    learn_from_message(station, call("NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": needs}))
    learn_from_message(
        station,
        call("NotifyEVChargingSchedule", {"timeBase": NOW, "evseId": 2, "chargingSchedule": schedule}),
    )

    assert (station.charging_needs, station.charging_schedules) == ({1: needs}, {2: schedule})


# Reservations


def reserved(station: Station, reservation_id: int, status: str = "Accepted") -> None:
    request = {"id": reservation_id, "expiryDateTime": NOW, "idToken": {"idToken": "A", "type": "Central"}}
    learn_from_answer(station, "ReserveNow", request, {"status": status})


@pytest.mark.parametrize("status", ["Faulted", "Occupied", "Rejected", "Unavailable"])
def test_a_reservation_that_was_refused_is_not_known(station: Station, status: str) -> None:
    reserved(station, 5, status)

    assert station.reservations == {}


def test_a_reservation_is_known_once_it_is_accepted(station: Station) -> None:
    reserved(station, 5)

    assert set(station.reservations) == {5}


@pytest.mark.parametrize(("status", "left"), [("Accepted", {6}), ("Rejected", {5, 6})], ids=str)
def test_a_reservation_is_forgotten_when_it_is_cancelled(
    station: Station, status: str, left: set[int]
) -> None:
    reserved(station, 5)
    reserved(station, 6)

    learn_from_answer(station, "CancelReservation", {"reservationId": 5}, {"status": status})

    assert set(station.reservations) == left


@pytest.mark.parametrize("status", ["Expired", "Removed"])
def test_a_reservation_is_forgotten_when_the_station_drops_it(station: Station, status: str) -> None:
    reserved(station, 5)

    learn_from_message(
        station, call("ReservationStatusUpdate", {"reservationId": 5, "reservationUpdateStatus": status})
    )

    assert station.reservations == {}


def test_an_update_of_an_unknown_reservation_changes_nothing(station: Station) -> None:
    reserved(station, 5)

    learn_from_message(
        station, call("ReservationStatusUpdate", {"reservationId": 6, "reservationUpdateStatus": "Expired"})
    )

    assert set(station.reservations) == {5}


# Display messages


@pytest.mark.parametrize(
    ("status", "known"),
    [("Accepted", {3}), ("Rejected", set()), ("NotSupportedPriority", set()), ("UnknownTransaction", set())],
    ids=str,
)
def test_a_display_message_is_known_once_it_is_accepted(
    station: Station, status: str, known: set[int]
) -> None:
    message = {"id": 3, "priority": "NormalCycle", "message": {"format": "UTF8", "content": "Hi"}}

    learn_from_answer(station, "SetDisplayMessage", {"message": message}, {"status": status})

    assert set(station.display_messages) == known


@pytest.mark.parametrize("status", ["Accepted", "Unknown"])
def test_a_display_message_is_forgotten_when_the_station_has_it_no_more(
    station: Station, status: str
) -> None:
    learn_from_message(
        station, call("NotifyDisplayMessages", {"requestId": 1, "messageInfo": [{"id": 3}, {"id": 4}]})
    )

    learn_from_answer(station, "ClearDisplayMessage", {"id": 3}, {"status": status})

    assert set(station.display_messages) == {4}


# The local list, certificates, and what has a status


@pytest.mark.parametrize(
    ("status", "version"), [("Accepted", 8), ("Failed", 7), ("VersionMismatch", 7)], ids=str
)
def test_the_version_of_the_local_list_is_that_of_the_last_accepted_one(
    station: Station, status: str, version: int
) -> None:
    learn_from_answer(station, "GetLocalListVersion", {}, {"versionNumber": 7})

    learn_from_answer(
        station, "SendLocalList", {"versionNumber": 8, "updateType": "Full"}, {"status": status}
    )

    assert station.local_list_version == version


def test_no_local_list_has_version_zero(station: Station) -> None:
    """D02: 0 means that there is none."""
    learn_from_answer(station, "GetLocalListVersion", {}, {"versionNumber": 0})

    assert station.local_list_version == 0


def test_the_installed_certificates_are_those_of_the_last_answer(station: Station) -> None:
    chain = [{"certificateType": "V2GRootCertificate", "certificateHashData": {"serialNumber": "1"}}]
    learn_from_answer(
        station, "GetInstalledCertificateIds", {}, {"status": "Accepted", "certificateHashDataChain": chain}
    )

    assert station.certificates == chain


def test_a_station_without_certificates_has_none(station: Station) -> None:
    station.certificates = [{"certificateType": "V2GRootCertificate"}]

    learn_from_answer(station, "GetInstalledCertificateIds", {}, {"status": "NotFound"})

    assert station.certificates == []


@pytest.mark.parametrize(
    ("action", "payload", "learnt"),
    [
        case("firmware", "FirmwareStatusNotification", {"status": "Downloading"},
             lambda it: it.firmware_status),
        case("published firmware", "PublishFirmwareStatusNotification", {"status": "Downloading"},
             lambda it: it.published_firmware_status),
        case("log", "LogStatusNotification", {"status": "Downloading"}, lambda it: it.log_status),
        case("CSR", "SignCertificate", {"csr": "Downloading"}, lambda it: it.csr),
    ],
)  # fmt: skip
def test_the_last_word_of_the_station_is_kept(
    station: Station, action: str, payload: JsonObject, learnt: Any
) -> None:
    learn_from_message(station, call(action, dict.fromkeys(payload, "something before")))

    learn_from_message(station, call(action, payload))

    assert learnt(station) == "Downloading"


def test_security_events_are_kept_in_their_order(station: Station) -> None:
    for kind in ("StartupOfTheDevice", "SettingSystemTime"):
        learn_from_message(station, call("SecurityEventNotification", {"type": kind, "timestamp": NOW}))

    assert [it["type"] for it in station.security_events] == ["StartupOfTheDevice", "SettingSystemTime"]


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("Heartbeat", {}),
        ("MeterValues", {"evseId": 1, "meterValue": []}),
        ("DataTransfer", {"vendorId": "org.example"}),
        ("Authorize", {"idToken": {"idToken": "A", "type": "Central"}}),
    ],
)
def test_a_message_that_teaches_nothing_changes_nothing(
    station: Station, action: str, payload: JsonObject
) -> None:
    learn_from_message(station, call(action, payload))

    assert station == Station("CS001")


# What a Pending station may send


TRIGGERS = [
    ("BootNotification", "BootNotification"),
    ("LogStatusNotification", "LogStatusNotification"),
    ("FirmwareStatusNotification", "FirmwareStatusNotification"),
    ("Heartbeat", "Heartbeat"),
    ("MeterValues", "MeterValues"),
    ("SignChargingStationCertificate", "SignCertificate"),
    ("SignV2GCertificate", "SignCertificate"),
    ("SignCombinedCertificate", "SignCertificate"),
    ("StatusNotification", "StatusNotification"),
    ("TransactionEvent", "TransactionEvent"),
    ("PublishFirmwareStatusNotification", "PublishFirmwareStatusNotification"),
]


@pytest.mark.parametrize(("requested", "action"), TRIGGERS)
def test_a_pending_station_may_send_what_was_triggered(pending: Station, requested: str, action: str) -> None:
    """F06 and B02.FR.09: the eleven values of MessageTriggerEnumType."""
    solicit(pending, "TriggerMessage", {"requestedMessage": requested})

    assert was_solicited(pending, action, {})


def test_a_triggered_message_may_carry_a_request_id(pending: Station) -> None:
    """A FirmwareStatusNotification has the requestId of the UpdateFirmware before it."""
    solicit(pending, "TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})

    assert was_solicited(pending, "FirmwareStatusNotification", {"status": "Idle", "requestId": 3})


def test_a_pending_station_may_not_send_what_nobody_asked_for(pending: Station) -> None:
    """TC_B_30_CSMS."""
    solicit(pending, "TriggerMessage", {"requestedMessage": "Heartbeat"})

    assert not was_solicited(pending, "StatusNotification", {})


@pytest.mark.parametrize("status", ["Rejected", "NotImplemented"])
def test_a_trigger_that_was_refused_solicits_nothing(pending: Station, status: str) -> None:
    request = {"requestedMessage": "SignV2GCertificate"}
    solicit(pending, "TriggerMessage", request)

    learn_from_answer(pending, "TriggerMessage", request, {"status": status})

    assert not was_solicited(pending, "SignCertificate", {})


def test_a_trigger_that_was_accepted_still_solicits(pending: Station) -> None:
    request = {"requestedMessage": "Heartbeat"}
    solicit(pending, "TriggerMessage", request)

    learn_from_answer(pending, "TriggerMessage", request, {"status": "Accepted"})

    assert was_solicited(pending, "Heartbeat", {})


REPORTS = [
    ("GetBaseReport", "NotifyReport"),
    ("GetReport", "NotifyReport"),
    ("GetMonitoringReport", "NotifyMonitoringReport"),
    ("GetChargingProfiles", "ReportChargingProfiles"),
    ("GetDisplayMessages", "NotifyDisplayMessages"),
    ("CustomerInformation", "NotifyCustomerInformation"),
    ("GetLog", "LogStatusNotification"),
    ("UpdateFirmware", "FirmwareStatusNotification"),
    ("PublishFirmware", "PublishFirmwareStatusNotification"),
]


@pytest.mark.parametrize(("command", "action"), REPORTS)
def test_a_pending_station_may_report_what_was_asked_for(pending: Station, command: str, action: str) -> None:
    solicit(pending, command, {"requestId": 4})

    assert was_solicited(pending, action, {"requestId": 4})


@pytest.mark.parametrize(("command", "action"), REPORTS)
def test_a_pending_station_may_not_report_under_another_request_id(
    pending: Station, command: str, action: str
) -> None:
    solicit(pending, command, {"requestId": 4})

    assert not was_solicited(pending, action, {"requestId": 5})


def test_a_report_that_was_asked_for_may_come_in_many_parts(pending: Station) -> None:
    solicit(pending, "GetBaseReport", {"requestId": 4})
    was_solicited(pending, "NotifyReport", {"requestId": 4})

    assert was_solicited(pending, "NotifyReport", {"requestId": 4})


def test_a_command_that_brings_no_message_solicits_nothing(pending: Station) -> None:
    solicit(pending, "GetVariables", {"getVariableData": []})

    assert pending.solicited == set()


@pytest.mark.parametrize("registration", [None, "Accepted", "Rejected"], ids=str)
def test_only_a_pending_station_is_solicited(station: Station, registration: str | None) -> None:
    station.registration = registration

    solicit(station, "GetBaseReport", {"requestId": 4})

    assert station.solicited == set()


def test_what_was_asked_for_is_settled_when_the_boot_is_answered(pending: Station) -> None:
    solicit(pending, "GetBaseReport", {"requestId": 4})

    pending.register("Accepted")

    assert (pending.registration, pending.solicited) == ("Accepted", set())
