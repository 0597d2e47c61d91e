"""How a misbehaving station causes the findings about monitoring and logs."""

from typing import Any

from mock_csms.messages import JsonObject
from tests.support.observed_station import ObservedStation
from tests.v201.findings.checks.scenes import Scene

CONNECTOR: JsonObject = {
    "component": {"name": "Connector", "evse": {"id": 1, "connectorId": 1}},
    "variable": {"name": "AvailabilityState"},
}
MESSAGES: JsonObject = {
    "component": {"name": "DisplayMessageCtrlr"},
    "variable": {"name": "DisplayMessages"},
}
PASSWORD: JsonObject = {
    "component": {"name": "SecurityCtrlr"},
    "variable": {"name": "BasicAuthPassword"},
}
NOWHERE: JsonObject = {"component": {"name": "Nowhere"}, "variable": {"name": "Temperature"}}
STATION_PROBLEM_ID = 1
"""Id of the hard-wired monitor of the simulated station."""
EVSE_PROBLEM_ID = 2
LATE_S = 61.0
"""Seconds; an event whose timestamp is this much later than a command certainly happened after it."""


def set_monitor(observed: ObservedStation, variable: JsonObject = CONNECTOR, **fields: Any) -> int:
    """Set a monitor; return its id, or 0 if it was refused."""
    item = {**variable, "type": "Delta", "value": 1, "severity": 5, **fields}
    answer = observed.command("SetVariableMonitoring", {"setMonitoringData": [item]})
    assert answer is not None
    number: int = answer["setMonitoringResult"][0].get("id", 0)
    return number


def set_threshold(observed: ObservedStation, variable: JsonObject = MESSAGES, **fields: Any) -> int:
    return set_monitor(observed, variable, **{"type": "UpperThreshold", "value": 0, **fields})


def clear(observed: ObservedStation, number: int) -> None:
    observed.command("ClearVariableMonitoring", {"id": [number]})


def report_inventory(observed: ObservedStation) -> None:
    observed.command("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    observed.advance(10)


def report_monitors(observed: ObservedStation, **query: Any) -> None:
    observed.command("GetMonitoringReport", {"requestId": 2, **query})
    observed.advance(2)


def show_message(observed: ObservedStation) -> None:
    message = {
        "id": 1,
        "priority": "NormalCycle",
        "message": {"format": "UTF8", "content": "Welcome", "language": "en"},
    }
    observed.command("SetDisplayMessage", {"message": message})


def set_monitor_in_inventory(variable: JsonObject, **fields: Any) -> Scene:
    def play(observed: ObservedStation) -> None:
        report_inventory(observed)
        set_monitor(observed, variable, **fields)

    return Scene(play)


def let_monitor_trigger(observed: ObservedStation) -> None:
    set_monitor(observed)
    observed.station.plug_in()
    observed.advance(10)


def let_known_monitor_trigger(observed: ObservedStation) -> None:
    report_inventory(observed)
    set_monitor(observed)
    observed.advance(LATE_S)
    observed.station.plug_in()
    observed.advance(2)


def set_monitor_twice(observed: ObservedStation) -> None:
    set_monitor(observed)
    set_monitor(observed)


def replace_unknown_monitor(observed: ObservedStation) -> None:
    report_monitors(observed)
    set_monitor(observed, id=999)


def clear_monitor_twice(observed: ObservedStation) -> None:
    number = set_monitor(observed)
    clear(observed, number)
    clear(observed, number)


def clear_hard_wired_monitor(observed: ObservedStation) -> None:
    for evse_id in (1, 2):
        observed.station.charging.fault(evse_id, 1, is_faulted=True)
    observed.advance(2)
    clear(observed, STATION_PROBLEM_ID)


def set_impossible_level(observed: ObservedStation) -> None:
    observed.command("SetMonitoringLevel", {"severity": 10})


def report_monitors_in_inventory(observed: ObservedStation) -> None:
    report_inventory(observed)
    report_monitors(observed)


def report_thresholds(observed: ObservedStation) -> None:
    set_threshold(observed)
    report_monitors(observed, monitoringCriteria=["ThresholdMonitoring"])


def report_new_monitor(observed: ObservedStation) -> None:
    set_monitor(observed)
    report_monitors(observed)


def keep_monitor_in_base(observed: ObservedStation) -> None:
    set_monitor(observed)
    observed.command("SetMonitoringBase", {"monitoringBase": "All"})
    report_monitors(observed)


def report_after_base(observed: ObservedStation) -> None:
    set_monitor(observed)
    observed.command("SetMonitoringBase", {"monitoringBase": "FactoryDefault"})
    report_monitors(observed)


def replace_monitor(observed: ObservedStation) -> None:
    number = set_monitor(observed)
    set_monitor(observed, id=number, value=2)
    report_monitors(observed)


def trigger_above_level(observed: ObservedStation) -> None:
    set_monitor(observed)
    observed.command("SetMonitoringLevel", {"severity": 4})
    observed.advance(LATE_S)
    observed.station.plug_in()
    observed.advance(2)


def trigger_after_base(observed: ObservedStation) -> None:
    set_monitor(observed)
    observed.command("SetMonitoringBase", {"monitoringBase": "FactoryDefault"})
    observed.advance(LATE_S)
    observed.station.plug_in()
    observed.advance(2)


def end_alert_after_clearing(observed: ObservedStation) -> None:
    number = set_threshold(observed)
    show_message(observed)
    clear(observed, number)
    observed.advance(LATE_S)
    observed.command("ClearDisplayMessage", {"id": 1})
    observed.advance(2)


def monitor_password(observed: ObservedStation) -> None:
    report_inventory(observed)
    set_monitor(observed, PASSWORD)
    password = {**PASSWORD, "attributeValue": "0123456789ABCDEF"}
    observed.command("SetVariables", {"setVariableData": [password]})
    observed.advance(2)


def replace_preconfigured_monitor(observed: ObservedStation) -> None:
    evse_problem = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Problem"}}
    set_monitor(observed, evse_problem, id=EVSE_PROBLEM_ID)
    observed.advance(LATE_S)
    observed.station.charging.fault(1, 1, is_faulted=True)
    observed.advance(2)


def wait_for_periodic_events(observed: ObservedStation) -> None:
    report_inventory(observed)
    set_monitor(observed, type="Periodic", value=10)
    observed.advance(35)


def get_log(observed: ObservedStation, request_id: int) -> None:
    """Send a GetLog for an upload to an address that never answers."""
    log = {"remoteLocation": "http://nowhere/"}
    observed.command(
        "GetLog",
        {
            "requestId": request_id,
            "logType": "DiagnosticsLog",
            "log": log,
            "retries": 9,
            "retryInterval": 300,
        },
    )


def get_log_during_upload(observed: ObservedStation) -> None:
    get_log(observed, 1)
    observed.advance(2)
    get_log(observed, 2)
    observed.advance(62)


def ask_for_customer(**fields: Any) -> Scene:
    def play(observed: ObservedStation) -> None:
        request = {"requestId": 3, "report": False, "clear": True, **fields}
        observed.command("CustomerInformation", request)
        observed.advance(2)

    return Scene(play)


SCENES = {
    "aimless-customer-request-accepted": ask_for_customer(clear=False, customerIdentifier="me"),
    "ambiguous-customer-accepted": ask_for_customer(),
    "clearing-reported-in-parts": ask_for_customer(customerIdentifier="me")._replace(
        also=frozenset({"report-incomplete"})
    ),
    "log-cancel-not-reported": Scene(get_log_during_upload),
    "log-filename-missing": Scene(get_log_during_upload),
    "log-upload-not-cancelled": Scene(get_log_during_upload),
    "absent-monitor-cleared": Scene(clear_monitor_twice),
    "custom-monitor-lost": Scene(keep_monitor_in_base),
    "duplicate-monitor-accepted": Scene(set_monitor_twice),
    "empty-monitoring-report": Scene(report_monitors),
    "event-above-monitoring-level": Scene(trigger_above_level),
    "event-monitor-id-missing": Scene(let_monitor_trigger),
    "event-notification-type-wrong": Scene(replace_preconfigured_monitor),
    "event-of-cleared-monitor": Scene(end_alert_after_clearing),
    "event-of-removed-monitor": Scene(trigger_after_base),
    "event-trigger-wrong": Scene(let_known_monitor_trigger),
    "hard-wired-monitor-cleared": Scene(clear_hard_wired_monitor),
    "monitor-for-unknown-variable-accepted": set_monitor_in_inventory(NOWHERE),
    "monitor-not-replaced": Scene(replace_monitor),
    "monitor-not-reported": Scene(report_new_monitor),
    "monitor-value-out-of-range-accepted": set_monitor_in_inventory(
        MESSAGES, type="UpperThreshold", value=1000
    ),
    "monitored-variable-denied": set_monitor_in_inventory(CONNECTOR),
    "monitoring-level-out-of-range-accepted": Scene(set_impossible_level),
    "monitoring-report-refused": Scene(report_monitors_in_inventory),
    "periodic-event-missing": Scene(wait_for_periodic_events),
    "removed-monitor-reported": Scene(report_after_base),
    "unrequested-monitor-reported": Scene(report_thresholds),
    "unsupported-monitor-accepted": set_monitor_in_inventory(PASSWORD, type="UpperThreshold"),
    "write-only-value-sent": Scene(monitor_password),
    "wrong-monitor-replaced": Scene(replace_unknown_monitor),
}
