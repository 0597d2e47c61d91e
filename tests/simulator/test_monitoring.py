"""Monitors of the simulated station and their events (N02 to N08)."""

from typing import Any

import pytest

from mock_csms.messages import CallRejected, ErrorCode, JsonObject
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.monitoring import (
    MAX_MONITORS,
    MAX_WAITING_EVENTS,
    Monitoring,
)
from mock_csms.simulator.reports import MAX_UNFINISHED_REPORTS
from tests.support.virtual_station import Workbench

POWER_KEY = Key("EVSE", "Power", None, 1)
POWER: JsonObject = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
AVAILABILITY: JsonObject = {
    "component": {"name": "EVSE", "evse": {"id": 1}},
    "variable": {"name": "AvailabilityState"},
}
STATION_PROBLEM: JsonObject = {"component": {"name": "ChargingStation"}, "variable": {"name": "Problem"}}
EVSE_PROBLEM: JsonObject = {
    "component": {"name": "EVSE", "evse": {"id": 1}},
    "variable": {"name": "Problem"},
}
HARD_WIRED, PRECONFIGURED = 1, 2


@pytest.fixture
def bench() -> Workbench:
    return Workbench(Monitoring)


def set_monitor(bench: Workbench, item: JsonObject = POWER, **options: Any) -> JsonObject:
    data = {"type": "UpperThreshold", "value": 1000, "severity": 5, **item, **options}
    answer = bench.command("SetVariableMonitoring", {"setMonitoringData": [data]})
    result: JsonObject = answer["setMonitoringResult"][0]
    return result


def clear(bench: Workbench, *ids: int) -> list[str]:
    answer = bench.command("ClearVariableMonitoring", {"id": list(ids)})
    assert [result["id"] for result in answer["clearMonitoringResult"]] == list(ids)
    return [result["status"] for result in answer["clearMonitoringResult"]]


def set_base(bench: Workbench, base: str) -> None:
    assert bench.command("SetMonitoringBase", {"monitoringBase": base})["status"] == "Accepted"


def set_level(bench: Workbench, severity: int) -> str:
    status: str = bench.command("SetMonitoringLevel", {"severity": severity})["status"]
    return status


def report(bench: Workbench, **query: Any) -> str:
    status: str = bench.command("GetMonitoringReport", {"requestId": 7, **query})["status"]
    return status


def reported(bench: Workbench, **query: Any) -> dict[int, JsonObject]:
    sent = len(bench.payloads("NotifyMonitoringReport"))
    report(bench, **query)
    return {
        monitor["id"]: monitor
        for part in bench.payloads("NotifyMonitoringReport")[sent:]
        for data in part["monitor"]
        for monitor in data["variableMonitoring"]
    }


def put_power(bench: Workbench, *values: str) -> None:
    for value in values:
        bench.core.variables.put(POWER_KEY, value)


def events(bench: Workbench) -> list[JsonObject]:
    return [data for payload in bench.payloads("NotifyEvent") for data in payload["eventData"]]


def test_accepted_monitor_gets_an_id(bench: Workbench) -> None:
    result = set_monitor(bench)
    identifier = result.pop("id")
    assert result == {**POWER, "type": "UpperThreshold", "severity": 5, "status": "Accepted"}
    assert identifier in reported(bench)


@pytest.mark.parametrize(
    ("item", "options", "status"),
    [
        ({**POWER, "component": {"name": "Nothing"}}, {}, "UnknownComponent"),
        ({**POWER, "variable": {"name": "Nothing"}}, {}, "UnknownVariable"),
        (AVAILABILITY, {}, "UnsupportedMonitorType"),
        (POWER, {"value": 1e9}, "Rejected"),
        (POWER, {"severity": 10}, "Rejected"),
        (POWER, {"type": "Delta", "value": -1}, "Rejected"),
        (POWER, {"id": 99}, "Rejected"),
        (EVSE_PROBLEM, {"type": "Delta", "severity": 4}, "Duplicate"),
        (STATION_PROBLEM, {"type": "Delta", "id": HARD_WIRED}, "Rejected"),
        ({**POWER, "component": {"name": "ChargingStation"}}, {"id": PRECONFIGURED}, "Rejected"),
    ],
)
def test_impossible_monitor_is_refused(
    bench: Workbench, item: JsonObject, options: JsonObject, status: str
) -> None:
    before = reported(bench)
    result = set_monitor(bench, item, **options)
    assert result["status"] == status
    assert "id" not in result
    assert reported(bench) == before


def test_monitors_beyond_the_maximum_are_rejected(bench: Workbench) -> None:
    free = MAX_MONITORS - len(reported(bench))
    keys = [
        {"component": {"name": name}, "variable": {"name": "Enabled"}}
        for name in (
            "AuthCtrlr",
            "AuthCacheCtrlr",
            "LocalAuthListCtrlr",
            "ReservationCtrlr",
            "MonitoringCtrlr",
        )
    ]
    items = [
        {**key, "type": kind, "severity": severity, "value": 60}
        for key in keys
        for kind in ("Delta", "Periodic", "PeriodicClockAligned")
        for severity in range(10)
    ]
    statuses = [set_monitor(bench, item)["status"] for item in items[: free + 1]]
    assert statuses == ["Accepted"] * free + ["Rejected"]


def test_too_many_items_are_rejected(bench: Workbench) -> None:
    with pytest.raises(CallRejected) as caught:
        clear(bench, *range(51))
    assert caught.value.code == ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION


def test_replaced_monitor_keeps_its_id(bench: Workbench) -> None:
    identifier = set_monitor(bench)["id"]
    assert set_monitor(bench, id=identifier, severity=4)["id"] == identifier
    assert reported(bench)[identifier]["severity"] == 4


def test_clearing_answers_every_id(bench: Workbench) -> None:
    identifier = set_monitor(bench)["id"]
    assert clear(bench, identifier, 99, HARD_WIRED) == ["Accepted", "NotFound", "Rejected"]
    assert identifier not in reported(bench)


def test_crossed_threshold_is_notified_and_cleared(bench: Workbench) -> None:
    identifier = set_monitor(bench)["id"]
    put_power(bench, "1000", "1001", "1002", "999")
    alert, cleared = events(bench)
    assert alert == {
        **POWER,
        "eventId": alert["eventId"],
        "timestamp": bench.core.timestamp(),
        "trigger": "Alerting",
        "actualValue": "1001",
        "variableMonitoringId": identifier,
        "eventNotificationType": "CustomMonitor",
    }
    assert (cleared["cleared"], cleared["actualValue"]) == (True, "999")
    assert cleared["eventId"] != alert["eventId"]


def test_event_is_one_message_without_continuation(bench: Workbench) -> None:
    set_monitor(bench)
    put_power(bench, "2000")
    assert [(payload["seqNo"], "tbc" in payload) for payload in bench.payloads("NotifyEvent")] == [(0, False)]


def test_threshold_already_exceeded_is_notified_at_once(bench: Workbench) -> None:
    put_power(bench, "2000")
    set_monitor(bench)
    assert [event["actualValue"] for event in events(bench)] == ["2000"]


def test_new_threshold_clears_the_old(bench: Workbench) -> None:
    identifier = set_monitor(bench)["id"]
    put_power(bench, "2000")
    set_monitor(bench, id=identifier, value=3000)
    assert [event.get("cleared") for event in events(bench)] == [None, True]


def test_cleared_monitor_sends_nothing(bench: Workbench) -> None:
    identifier = set_monitor(bench)["id"]
    put_power(bench, "2000")
    clear(bench, identifier)
    put_power(bench, "0")
    assert len(events(bench)) == 1


def test_delta_is_measured_from_the_last_event(bench: Workbench) -> None:
    set_monitor(bench, type="Delta", value=100)
    put_power(bench, "60", "120", "180", "230")
    assert [(event["trigger"], event["actualValue"]) for event in events(bench)] == [
        ("Delta", "120"),
        ("Delta", "230"),
    ]


def test_periodic_monitor_sends_until_cleared(bench: Workbench) -> None:
    identifier = set_monitor(bench, type="Periodic", value=10)["id"]
    bench.advance(25)
    clear(bench, identifier)
    bench.advance(60)
    assert [event["trigger"] for event in events(bench)] == ["Periodic", "Periodic"]


def test_aligned_monitor_sends_at_multiples_of_its_period(bench: Workbench) -> None:
    bench.advance(50)
    set_monitor(bench, type="PeriodicClockAligned", value=60)
    bench.advance(75)
    assert [event["timestamp"][11:19] for event in events(bench)] == ["00:01:00", "00:02:00"]


def test_aligned_monitor_follows_the_corrected_clock(bench: Workbench) -> None:
    set_monitor(bench, type="PeriodicClockAligned", value=60)
    bench.advance(10)
    bench.core.correct_clock(40)
    bench.blocks[0].align()
    bench.advance(75)
    assert [event["timestamp"][11:19] for event in events(bench)] == ["00:01:00", "00:02:00"]


def test_hard_wired_monitor_notifies_a_problem_of_the_station(bench: Workbench) -> None:
    bench.core.variables.put(Key("ChargingStation", "Problem"), "true")
    assert [(event["eventNotificationType"], event["variableMonitoringId"]) for event in events(bench)] == [
        ("HardWiredMonitor", HARD_WIRED)
    ]


def test_monitor_of_a_transaction_rests_without_one(bench: Workbench) -> None:
    set_monitor(bench, transaction=True, type="Delta", value=1)
    put_power(bench, "100")
    evse = bench.core.evses.get(1)
    assert evse is not None
    evse.transaction_id = "T1"
    put_power(bench, "200")
    assert [event["actualValue"] for event in events(bench)] == ["200"]


def test_level_silences_less_severe_monitors(bench: Workbench) -> None:
    set_monitor(bench, severity=5)
    set_monitor(bench, severity=4)
    assert set_level(bench, 4) == "Accepted"
    put_power(bench, "2000")
    assert len(events(bench)) == 1


@pytest.mark.parametrize("severity", [-1, 10])
def test_level_out_of_range_is_rejected(bench: Workbench, severity: int) -> None:
    assert set_level(bench, severity) == "Rejected"
    assert bench.core.variables.integer("MonitoringCtrlr", "ActiveMonitoringLevel") == 9


def test_disabled_monitoring_sends_nothing(bench: Workbench) -> None:
    bench.core.variables.put(Key("MonitoringCtrlr", "Enabled"), "false")
    set_monitor(bench)
    put_power(bench, "2000")
    assert events(bench) == []


def test_only_severe_events_are_kept_offline(bench: Workbench) -> None:
    severe = set_monitor(bench, severity=4)["id"]
    set_monitor(bench, severity=5)
    bench.core.is_connected = False
    put_power(bench, "2000")
    assert [event["variableMonitoringId"] for event in events(bench)] == [severe]
    assert bench.outbox.requests[-1].is_kept


def test_return_to_normal_during_a_restart_is_notified(bench: Workbench) -> None:
    set_monitor(bench)
    put_power(bench, "2000")
    bench.core.is_powered = False
    bench.core.powered_off.emit()
    put_power(bench, "0")
    bench.core.is_powered = True
    bench.core.boot_accepted.emit()
    assert [event.get("cleared") for event in events(bench)] == [None, True]


def test_waiting_events_are_bounded(bench: Workbench) -> None:
    set_monitor(bench, type="Periodic", value=1)
    bench.advance(MAX_WAITING_EVENTS + 10)
    assert len(events(bench)) == MAX_WAITING_EVENTS
    bench.answer(0, {})
    bench.advance(1)
    assert len(events(bench)) == MAX_WAITING_EVENTS + 1


def test_base_all_keeps_custom_monitors(bench: Workbench) -> None:
    custom = set_monitor(bench)["id"]
    clear(bench, PRECONFIGURED)
    set_base(bench, "All")
    assert {HARD_WIRED, PRECONFIGURED, custom} <= set(reported(bench))


def test_base_factory_default_restores_overruled_monitor(bench: Workbench) -> None:
    custom = set_monitor(bench)["id"]
    set_monitor(bench, EVSE_PROBLEM, type="Delta", id=PRECONFIGURED, severity=6)
    set_base(bench, "FactoryDefault")
    monitors = reported(bench)
    assert monitors[PRECONFIGURED]["severity"] == 4
    assert custom not in monitors


def test_base_hard_wired_only_disables_the_others(bench: Workbench) -> None:
    set_monitor(bench)
    set_base(bench, "HardWiredOnly")
    assert set(reported(bench)) == {HARD_WIRED}
    assert bench.core.variables.text("MonitoringCtrlr", "ActiveMonitoringBase") == "HardWiredOnly"


@pytest.mark.parametrize(
    ("criteria", "types"),
    [
        (["ThresholdMonitoring"], {"UpperThreshold", "LowerThreshold"}),
        (["DeltaMonitoring"], {"Delta"}),
        (["PeriodicMonitoring"], {"Periodic", "PeriodicClockAligned"}),
        (
            ["ThresholdMonitoring", "DeltaMonitoring"],
            {"UpperThreshold", "LowerThreshold", "Delta"},
        ),
    ],
)
def test_report_is_limited_to_criteria(bench: Workbench, criteria: list[str], types: set[str]) -> None:
    for kind in ("UpperThreshold", "LowerThreshold", "Delta", "Periodic", "PeriodicClockAligned"):
        set_monitor(bench, type=kind)
    monitors = reported(bench, monitoringCriteria=criteria)
    assert {monitor["type"] for monitor in monitors.values()} == types


def test_report_is_limited_to_component_and_variable(bench: Workbench) -> None:
    identifier = set_monitor(bench)["id"]
    assert set(reported(bench, componentVariable=[POWER])) == {identifier}


def test_report_without_monitors_is_empty(bench: Workbench) -> None:
    assert report(bench, componentVariable=[POWER]) == "EmptyResultSet"
    assert bench.payloads("NotifyMonitoringReport") == []


def test_long_report_comes_in_parts(bench: Workbench) -> None:
    bench.core.variables.put(Key("DeviceDataCtrlr", "ItemsPerMessage", "GetReport"), "2")
    report(bench)
    parts = bench.payloads("NotifyMonitoringReport")
    assert [(part["requestId"], part["seqNo"], part["tbc"]) for part in parts] == [
        (7, 0, True),
        (7, 1, True),
        (7, 2, False),
    ]


def test_unfinished_reports_are_bounded(bench: Workbench) -> None:
    statuses = [report(bench) for _ in range(MAX_UNFINISHED_REPORTS + 1)]
    assert statuses[-2:] == ["Accepted", "Rejected"]
    bench.answer(0, {})
    assert report(bench) == "Accepted"


def test_event_of_write_only_variable_has_no_value(bench: Workbench) -> None:
    password = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    assert set_monitor(bench, password, type="Delta", value=1)["status"] == "Accepted"
    bench.core.variables.put(Key("SecurityCtrlr", "BasicAuthPassword"), "a-new-secret-password")

    assert [event["actualValue"] for event in events(bench)] == [""]


def test_event_at_evse_names_its_transaction(bench: Workbench) -> None:
    set_monitor(bench)
    next(iter(bench.core.evses)).transaction_id = "T1"
    put_power(bench, "2000", "0")

    assert [event["transactionId"] for event in events(bench)] == ["T1", "T1"]


def test_fault_of_connector_is_hard_wired_notification(bench: Workbench) -> None:
    for value in ("true", "false"):
        bench.core.variables.put(Key("Connector", "Problem", None, 1, 1), value)

    assert [event["eventNotificationType"] for event in events(bench)] == ["HardWiredNotification"] * 2
    assert [event.get("cleared", False) for event in events(bench)] == [False, True]
    assert not any("variableMonitoringId" in event for event in events(bench))
