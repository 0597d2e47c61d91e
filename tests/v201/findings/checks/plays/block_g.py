"""How a misbehaving station causes the findings about availability."""

from datetime import UTC, datetime

from mock_csms.simulator.device_model import Key
from mock_csms.text import timestamp
from tests.support.observed_station import TOKEN, ObservedStation
from tests.v201.findings.checks.plays.block_f import set_variables
from tests.v201.findings.checks.scenes import Scene

ALARM = {
    "component": {"name": "Connector", "evse": {"id": 1, "connectorId": 1}},
    "variable": {"name": "AvailabilityState"},
    "type": "Delta",
    "value": 1,
    "severity": 5,
}


def change_availability(observed: ObservedStation, status: str, *, evse_id: int = 1) -> None:
    observed.command("ChangeAvailability", {"operationalStatus": status, "evse": {"id": evse_id}})
    observed.advance(2)


def change_twice(observed: ObservedStation) -> None:
    change_availability(observed, "Inoperative")
    change_availability(observed, "Inoperative")


def plug_in_and_out(observed: ObservedStation) -> None:
    observed.station.plug_in()
    observed.advance(2)
    observed.station.unplug()
    observed.advance(2)


def watch_status_of_connector(observed: ObservedStation) -> None:
    observed.command("SetVariableMonitoring", {"setMonitoringData": [ALARM]})
    observed.station.plug_in()
    observed.advance(10)


def plug_in_at_reserved_connector(observed: ObservedStation) -> None:
    set_variables(observed, {"TxCtrlr.TxStartPoint": "EVConnected"})
    expiry = timestamp(datetime.fromtimestamp(observed.host.time() + 3600, UTC))
    observed.command("ReserveNow", {"id": 3, "expiryDateTime": expiry, "idToken": TOKEN, "evseId": 1})
    observed.advance(121)
    observed.station.plug_in()
    observed.advance(121)


def charge_after_plug_in(observed: ObservedStation) -> None:
    observed.station.plug_in()
    observed.advance(2)
    observed.station.present(TOKEN, 1)
    observed.advance(5)


def unplug_captive_cable(observed: ObservedStation) -> None:
    observed.station.core.variables.put(Key("Connector", "ConnectorType", None, 1, 1), "cType2")
    observed.command("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    observed.advance(5)
    observed.station.plug_in()
    observed.advance(40)
    observed.station.unplug()
    observed.advance(64)


SCENES = {
    "available-status-missing": Scene(unplug_captive_cable),
    "charging-with-lock-problem": Scene(charge_after_plug_in),
    "connector-status-invalid": Scene(watch_status_of_connector),
    "other-connector-reported": Scene(plug_in_and_out, {"connectors": 2}),
    "reserved-connector-occupied": Scene(plug_in_at_reserved_connector),
    "same-availability-not-accepted": Scene(change_twice),
}
