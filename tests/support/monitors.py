"""Commands and messages about monitors, as the observer of findings sees them."""

from typing import Any

from mock_csms.messages import JsonObject
from tests.support.talk import Talk

TEMPERATURE: JsonObject = {"component": {"name": "ChargingStation"}, "variable": {"name": "Temperature"}}
VOLTAGE: JsonObject = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Voltage"}}


def monitor_of(variable: JsonObject = TEMPERATURE, **fields: Any) -> JsonObject:
    """Build an item of a SetVariableMonitoring."""
    return {**variable, "type": "UpperThreshold", "severity": 5, "value": 80, **fields}


def set_monitor(
    talk: Talk,
    variable: JsonObject = TEMPERATURE,
    *,
    status: str = "Accepted",
    number: int = 1,
    **fields: Any,
) -> None:
    """Send a SetVariableMonitoring with one item; if accepted, the monitor has the id ``number``."""
    item = monitor_of(variable, **fields)
    result = {name: item[name] for name in ("component", "variable", "type", "severity")}
    message_id = talk.send_command("SetVariableMonitoring", {"setMonitoringData": [item]})
    numbered = {"id": number} if status == "Accepted" else {}
    results = [{**result, **numbered, "status": status}]
    talk.answer_command(message_id, "SetVariableMonitoring", {"setMonitoringResult": results})


def command(talk: Talk, action: str, request: JsonObject, status: str = "Accepted") -> None:
    """Send a command, which the station answers with this status."""
    talk.answer_command(talk.send_command(action, request), action, {"status": status})


def clear_monitor(talk: Talk, number: int = 1, status: str = "Accepted") -> None:
    results = [{"id": number, "status": status}]
    message_id = talk.send_command("ClearVariableMonitoring", {"id": [number]})
    talk.answer_command(message_id, "ClearVariableMonitoring", {"clearMonitoringResult": results})


def reported(variable: JsonObject = TEMPERATURE, number: int = 1, **fields: Any) -> JsonObject:
    """Build an item of a NotifyMonitoringReport with one monitor."""
    monitor = {
        "id": number,
        "transaction": False,
        "type": "UpperThreshold",
        "severity": 5,
        "value": 80,
        **fields,
    }
    return {**variable, "variableMonitoring": [monitor]}


def report_monitors(talk: Talk, *items: JsonObject, request_id: int = 20, **query: Any) -> None:
    """Request a report of monitors, which the station sends in one part."""
    command(talk, "GetMonitoringReport", {"requestId": request_id, **query})
    part = {"requestId": request_id, "generatedAt": talk.now, "seqNo": 0}
    talk.call("NotifyMonitoringReport", {**part, **({"monitor": list(items)} if items else {})})


def send_event(talk: Talk, variable: JsonObject = TEMPERATURE, **fields: Any) -> None:
    """Send a NotifyEvent of the station about its monitor 1."""
    event: JsonObject = {
        "eventId": 1,
        "timestamp": talk.now,
        "trigger": "Alerting",
        "actualValue": "90",
        "eventNotificationType": "CustomMonitor",
        "variableMonitoringId": 1,
        **variable,
        **fields,
    }
    event = {name: value for name, value in event.items() if value is not None}
    talk.call("NotifyEvent", {"generatedAt": talk.now, "seqNo": 0, "eventData": [event]})


def report_variable(
    talk: Talk, variable: JsonObject = TEMPERATURE, *, mutability: str = "ReadOnly", **characteristics: Any
) -> None:
    """Have the mock send a GetBaseReport for the full inventory, and the station report one variable."""
    command(talk, "GetBaseReport", {"requestId": 30, "reportBase": "FullInventory"})
    item = {
        **variable,
        "variableAttribute": [{"mutability": mutability}],
        "variableCharacteristics": {"dataType": "decimal", "supportsMonitoring": True, **characteristics},
    }
    part = {"requestId": 30, "generatedAt": talk.now, "seqNo": 0, "reportData": [item]}
    talk.call("NotifyReport", part)
