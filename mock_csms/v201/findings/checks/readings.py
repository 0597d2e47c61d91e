"""Fields of readings in TransactionEvent and MeterValues (J01, J02)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.transactions import ENERGY_REGISTER
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.samples import BEGIN, END, samples_of

_QUANTITIES: Final = {
    "current": frozenset({"A"}),
    "voltage": frozenset({"V"}),
    "power": frozenset({"W", "kW", "VA", "kVA", "var", "kvar"}),
    "energy": frozenset({"Wh", "kWh", "VAh", "kVAh", "varh", "kvarh"}),
    "frequency": frozenset({"Hz"}),
    "share": frozenset({"Percent"}),
    "other": frozenset({"Celsius", "Fahrenheit", "K", "RPM", "s", "Ohm", "N", "m"}),
}
"""Standard units of the quantities of measurands (part 2, appendix 2)."""
_UNITS: Final = {
    "Current": _QUANTITIES["current"],
    "Voltage": _QUANTITIES["voltage"],
    "Power": _QUANTITIES["power"],
    "Energy": _QUANTITIES["energy"],
}
"""Units by the first part of the measurand; other measurands have no certain unit."""
_STANDARD_UNITS: Final = frozenset().union(*_QUANTITIES.values())
_WITHOUT_UNIT: Final = "Power.Factor"
_NO_UNIT: Final[JsonObject] = {}
_OF_PHASES: Final = ("Current.", "Energy.Active.", "Power.Active.", "Voltage")
"""Measurands of which an EVSE has one value for each phase."""

READING_UNIT_WRONG: Final = CHECKS.kind(
    "reading-unit-wrong", "error", "the unit of a reading does not belong to its measurand"
)
READING_LOCATION_WRONG: Final = CHECKS.kind(
    "reading-location-wrong", "error", "a reading other than the state of charge has location EV"
)
READING_AMBIGUOUS: Final = CHECKS.kind(
    "reading-ambiguous", "error", "two values of a measurand at the same time differ in no field"
)
READING_CONTEXT_WRONG: Final = CHECKS.kind(
    "reading-context-wrong",
    "error",
    "a reading with context Transaction.End is in a Started or Updated event, or one with "
    "Transaction.Begin or Transaction.End is in MeterValues",
)


def _owner(call: StationCall) -> str:
    """Return the name of the message that has a reading, for a sentence."""
    if call.action == Action.meter_values:
        return f"MeterValues of EVSE {call.payload['evseId']}"
    return f"an event of the transaction {short(call.payload['transactionInfo']['transactionId'])}"


def _judge_units(call: StationCall, known: Known201) -> Outcome:
    """Check that the standard unit of a reading fits its measurand; a reading without a measurand is one of
    the energy register.
    """
    has_unit = False
    for sample in samples_of(call.payload):
        measurand, unit = (
            sample.get("measurand", ENERGY_REGISTER),
            sample.get("unitOfMeasure", {}).get("unit"),
        )
        fitting = _UNITS.get(measurand.split(".")[0])
        if unit not in _STANDARD_UNITS or fitting is None or measurand == _WITHOUT_UNIT:
            continue
        if unit not in fitting:
            name = measurand if "measurand" in sample else f"no measurand, which means {measurand}"
            return Broken(
                f"{_owner(call)} has a reading with unit {unit} and {name}; the measurand must be one "
                "that is measured in this unit"
            )
        has_unit = True
    return MET if has_unit else None


def _judge_locations(call: StationCall, known: Known201) -> Outcome:
    """Check that only the state of charge is measured in the vehicle (errata 6.2.58)."""
    has_location = False
    for sample in samples_of(call.payload):
        measurand = sample.get("measurand", ENERGY_REGISTER)
        if sample.get("location") == "EV" and measurand != "SoC":
            return Broken(
                f"{_owner(call)} has a reading of {measurand} with location EV; only SoC is measured there"
            )
        has_location = has_location or "location" in sample
    return MET if has_location else None


def _judge_phases(call: StationCall, known: Known201) -> Outcome:
    """Check that different values of a measurand name different phases, or differ in another field."""
    if call.payload.get("evseId") == 0:  # the whole station may have several meters
        return None
    is_judged = False
    for meter_value in call.payload.get("meterValue", ()):
        values: dict[tuple[object, ...], float] = {}
        for sample in meter_value["sampledValue"]:
            measurand = sample.get("measurand", ENERGY_REGISTER)
            is_told_apart = "signedMeterValue" in sample or "customData" in sample
            if is_told_apart or not measurand.startswith(_OF_PHASES):
                continue
            unit = sample.get("unitOfMeasure", _NO_UNIT)
            key = (
                measurand,
                sample.get("context"),
                sample.get("location"),
                sample.get("phase"),
                unit.get("unit"),
                unit.get("multiplier", 0),
            )
            if values.setdefault(key, sample["value"]) != sample["value"]:
                return Broken(
                    f"{_owner(call)} has the values {values[key]:g} and {sample['value']:g} of {measurand} "
                    "at the same time; the phase must tell them apart"
                )
            is_judged = is_judged or "phase" in sample
    return MET if is_judged else None


READING_UNIT_WRONG.on_call("J01.FR.07", of=Action.meter_values, once=True)(_judge_units)
READING_UNIT_WRONG.on_event("J02.FR.03", once=True)(_judge_units)
READING_LOCATION_WRONG.on_call("J01.FR.09", of=Action.meter_values, once=True)(_judge_locations)
READING_LOCATION_WRONG.on_event("J02.FR.05", once=True)(_judge_locations)
READING_AMBIGUOUS.on_call("J01.FR.10", of=Action.meter_values)(_judge_phases)
READING_AMBIGUOUS.on_event("J02.FR.06", once=True)(_judge_phases)


@READING_CONTEXT_WRONG.on_call("J01.FR.08", of=Action.meter_values, once=True)
def _judge_context_in_meter_values(call: StationCall, known: Known201) -> Outcome:
    """Check that MeterValues has no readings of a transaction (part 2, J 2.1)."""
    contexts = {sample.get("context") for sample in samples_of(call.payload)}
    if found := contexts & {BEGIN, END}:
        return Broken(
            f"{_owner(call)} has readings with context {', '.join(sorted(map(str, found)))}; readings of a "
            "transaction must be in its events"
        )
    return MET if contexts != {None} else None


@READING_CONTEXT_WRONG.on_event("J02.FR.04", types=("Started", "Updated"), once=True)
def _judge_context_of_end(call: StationCall, known: Known201) -> Outcome:
    """Check that no reading is labelled as the end of a transaction before it ends. A signed reading of the
    end may come in an event of its own, just before the Ended event.
    """
    contexts = {sample.get("context") for sample in samples_of(call.payload)}
    if END in contexts and call.payload["triggerReason"] == "SignedDataReceived":
        return None
    if END in contexts:
        return Broken(
            f"{_owner(call)} with eventType {call.payload['eventType']} has a reading with context {END}; "
            "the context must be the reason of the reading"
        )
    return MET if contexts - {None} else None
