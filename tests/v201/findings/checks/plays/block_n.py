"""Monitoring and logs."""

from tests.support.observed_station import ObservedStation
from tests.v201.findings.checks.scenes import Scene

ALARM = {
    "component": {"name": "Connector", "evse": {"id": 1, "connectorId": 1}},
    "variable": {"name": "AvailabilityState"},
    "type": "Delta",
    "value": 1,
    "severity": 5,
}


def let_monitor_trigger(observed: ObservedStation) -> None:
    observed.command("SetVariableMonitoring", {"setMonitoringData": [ALARM]})
    observed.station.plug_in()
    observed.advance(10)


SCENES = {"event-monitor-id-missing": Scene(let_monitor_trigger)}
