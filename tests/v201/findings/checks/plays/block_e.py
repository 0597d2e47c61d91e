"""Transactions."""

from collections.abc import Mapping

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
    """Set variables, and wait until no message can follow the old values."""
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
    """Charge for a few sampling intervals."""
    read(
        observed,
        "SampledDataCtrlr.TxStartedMeasurands",
        "SampledDataCtrlr.TxUpdatedMeasurands",
        "SampledDataCtrlr.TxEndedMeasurands",
        "SampledDataCtrlr.TxUpdatedInterval",
    )
    charge(observed, 150)


def charge_with_signatures(observed: ObservedStation) -> None:
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


SCENES = {
    "abnormal-condition-not-reported": Scene(charge_until_fault),
    "authorization-not-reported": Scene(charge),
    "charging-state-missing": Scene(charge),
    "phases-not-reported": Scene(charge_twice),
    "stopped-reason-unlikely": Scene(charge),
    "trigger-reason-without-command": Scene(charge),
    "readings-missing": Scene(charge_with_known_meter),
    "reading-not-signed": Scene(charge_with_signatures),
    "periodic-readings-missing": Scene(charge_with_known_meter),
    "reading-outside-interval": Scene(charge_with_known_meter),
}
