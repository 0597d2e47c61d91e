"""How a misbehaving station causes the findings about transactions."""

from collections.abc import Mapping
from functools import partial

from mock_csms.messages import JsonObject
from tests.support.observed_station import TOKEN, ObservedStation
from tests.v201.findings.checks.scenes import Scene


def _named(variable: str) -> JsonObject:
    component, name = variable.split(".")
    return {"component": {"name": component}, "variable": {"name": name}}


def read(observed: ObservedStation, *variables: str) -> None:
    """Read variables, named as ``Component.Variable``."""
    observed.command("GetVariables", {"getVariableData": [*map(_named, variables)]})


def write(observed: ObservedStation, values: Mapping[str, str]) -> None:
    """Set variables, and wait until no message can still be based on the old values."""
    items = [{**_named(variable), "attributeValue": value} for variable, value in values.items()]
    observed.command("SetVariables", {"setVariableData": items})
    observed.advance(61)


def charge(observed: ObservedStation, seconds: float = 10) -> None:
    """Plug in, charge, and stop with the token."""
    observed.station.plug_in()
    observed.advance(1)
    observed.station.present(TOKEN)
    observed.advance(seconds)
    observed.station.present(TOKEN)
    observed.advance(5)
    observed.station.unplug()
    observed.advance(5)


def charge_with_known_meter(observed: ObservedStation) -> None:
    """Report the full inventory, and charge for a few sampling intervals."""
    report_inventory(observed)
    charge(observed, 150)


def charge_with_signatures(observed: ObservedStation) -> None:
    report_inventory(observed)
    write(observed, {"SampledDataCtrlr.SignReadings": "true"})
    charge(observed)


def charge_until_fault(observed: ObservedStation) -> None:
    observed.station.plug_in()
    observed.station.present(TOKEN)
    observed.advance(10)
    observed.station.charging.fault(1)
    observed.advance(5)


def charge_twice(observed: ObservedStation) -> None:
    charge(observed)
    charge(observed)


def overrun_stop_point(observed: ObservedStation) -> None:
    read(observed, "TxCtrlr.TxStopPoint")
    charge(observed)
    observed.advance(65)


def refuse_token(observed: ObservedStation) -> None:
    """Refuse the token of a running transaction."""
    read(observed, "TxCtrlr.TxStopPoint", "TxCtrlr.StopTxOnInvalidId")
    refusal = {"idTokenInfo": {"status": "Blocked"}}
    observed.answers["TransactionEvent"] = lambda event: refusal if "idToken" in event else {}
    observed.station.plug_in()
    observed.station.present(TOKEN)
    observed.advance(70)


def let_time_out(observed: ObservedStation, stop_point: str) -> None:
    """Present a token, and plug in no cable until EVConnectionTimeOut has passed."""
    write(observed, {"TxCtrlr.EVConnectionTimeOut": "5", "TxCtrlr.TxStopPoint": stop_point})
    observed.station.present(TOKEN)
    observed.advance(70)


def plug_in_again(observed: ObservedStation) -> None:
    """Unplug the vehicle, which does not end the transaction, and plug it in again."""
    write(observed, {"TxCtrlr.TxStopPoint": "ParkingBayOccupancy"})
    read(observed, "TxCtrlr.StopTxOnEVSideDisconnect")
    observed.station.plug_in()
    observed.station.present(TOKEN)
    observed.advance(10)
    observed.station.charging.unplug_at_vehicle(1)
    observed.advance(5)
    observed.station.charging.plug_in_at_vehicle(1)
    observed.advance(10)


def ask_for_queue(observed: ObservedStation) -> None:
    observed.command("GetTransactionStatus", {})


def plug_in_and_wait(observed: ObservedStation) -> None:
    observed.station.plug_in()
    observed.advance(65)


def charge_and_unplug(observed: ObservedStation) -> None:
    observed.station.plug_in()
    observed.station.present(TOKEN)
    observed.advance(10)
    observed.station.unplug()
    observed.advance(65)


def report_inventory(observed: ObservedStation) -> None:
    observed.command("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    observed.advance(5)


def present_at_known_station(observed: ObservedStation) -> None:
    report_inventory(observed)
    observed.station.present(TOKEN)
    observed.advance(65)


SCENES = {
    "charging-after-disconnect": Scene(plug_in_again),
    "connection-timeout-not-applied": Scene(partial(let_time_out, stop_point="Authorized")),
    "connection-timeout-not-reported": Scene(partial(let_time_out, stop_point="ParkingBayOccupancy")),
    "occupied-not-reported": Scene(plug_in_and_wait),
    "refused-token-ignored": Scene(refuse_token),
    "start-missing-after-authorization": Scene(present_at_known_station, {"evses": 1}),
    "transaction-not-ended": Scene(overrun_stop_point),
    "transaction-status-wrong": Scene(ask_for_queue),
    "unplugging-not-reported": Scene(charge_and_unplug),
    "abnormal-condition-not-reported": Scene(charge_until_fault),
    "authorization-not-reported": Scene(charge),
    "charging-state-missing": Scene(charge),
    "phases-not-reported": Scene(charge_twice),
    "stopped-reason-unlikely": Scene(charge),
    "trigger-reason-without-command": Scene(charge),
    "readings-missing": Scene(charge_with_known_meter, {"evses": 1}),
    "meter-context-wrong": Scene(charge_with_known_meter, {"evses": 1}),
    "reading-not-signed": Scene(charge_with_signatures, {"evses": 1}),
    "periodic-readings-missing": Scene(charge_with_known_meter, {"evses": 1}),
    "reading-outside-interval": Scene(charge_with_known_meter, {"evses": 1}),
}
