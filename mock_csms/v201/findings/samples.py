"""Readings in TransactionEvent and MeterValues, and the measurands that a station is set to report (J)."""

from collections.abc import Iterator
from typing import Final

from ocpp.v201.enums import MeasurandEnumType

from mock_csms.messages import JsonObject
from mock_csms.stations.transactions import ENERGY_REGISTER
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts, VariableName
from mock_csms.v201.findings.known import Known201

SAMPLED_DATA_CTRLR: Final = "SampledDataCtrlr"
ALIGNED_DATA_CTRLR: Final = "AlignedDataCtrlr"
BEGIN: Final = "Transaction.Begin"
END: Final = "Transaction.End"
CLOCK: Final = "Sample.Clock"
SAMPLE_PERIODIC: Final = "Sample.Periodic"
_UNCERTAIN: Final = frozenset({"Current.Offered", "Power.Factor", "Power.Offered", "SoC"})
"""Measurands that a station may be unable to report: some depend on the vehicle, and a power factor is not
defined without a current.
"""
CERTAIN: Final = (
    frozenset(str(member.value) for member in MeasurandEnumType if not member.value.endswith(".Interval"))
    - _UNCERTAIN
)
"""Measurands that a station with a meter for them can report at any time."""


def samples_of(payload: JsonObject) -> Iterator[JsonObject]:
    """Yield the readings of a TransactionEvent or MeterValues."""
    for meter_value in payload.get("meterValue", ()):
        yield from meter_value["sampledValue"]


def sampled_measurands(payload: JsonObject, context: str | None = None) -> frozenset[str]:
    """Return the measurands of the readings with a context, or of all readings if `context` is None."""
    return frozenset(
        sample.get("measurand", ENERGY_REGISTER)
        for sample in samples_of(payload)
        if context is None or sample.get("context", SAMPLE_PERIODIC) == context
    )


def is_switched_off(known: Known201, controller: str) -> bool:
    """Return whether a controller of readings, such as SampledDataCtrlr, is known to be off."""
    model = known[DeviceModelFacts]
    return model.is_true(controller, "Enabled") is False or model.is_true(controller, "Available") is False


def is_switched_on(known: Known201, controller: str) -> bool:
    """Return whether a controller of readings is certainly on. A controller that has no variables to turn it
    off is always on.
    """
    model = known[DeviceModelFacts]
    states = {name: model.is_true(controller, name) for name in ("enabled", "available")}
    return all(
        is_absent(model, VariableName(controller.lower(), name)) if is_true is None else is_true
        for name, is_true in states.items()
    )


def is_absent(model: DeviceModelFacts, name: VariableName) -> bool:
    """Return whether a variable certainly does not exist."""
    return model.is_complete and name not in model.definitions


def configured_measurands(known: Known201, controller: str, variable: str) -> frozenset[str]:
    """Return the measurands that a variable lists and that the station can certainly report; empty if the
    variable is unknown or the controller may be off.
    """
    if not is_switched_on(known, controller):
        return frozenset()
    return (known[DeviceModelFacts].members(controller, variable) or frozenset()) & CERTAIN
