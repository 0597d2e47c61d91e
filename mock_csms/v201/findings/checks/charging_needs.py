"""Charging needs of vehicles (K15, K17)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201

_PARAMETERS: Final = frozenset({"acChargingParameters", "dcChargingParameters"})

CHARGING_NEEDS_INCOMPLETE: Final = CHECKS.kind(
    "charging-needs-incomplete", "error", "charging needs have neither AC nor DC parameters"
)


@CHARGING_NEEDS_INCOMPLETE.on_call("K15.FR.06", "K17.FR.06", of=Action.notify_ev_charging_needs)
def _judge_needs(call: StationCall, _: Known201) -> Outcome:
    """Check that the needs have AC or DC parameters, or both."""
    if _PARAMETERS.isdisjoint(call.payload["chargingNeeds"]):
        return Broken(
            "NotifyEVChargingNeeds has neither acChargingParameters nor dcChargingParameters; it must have "
            "one of them"
        )
    return MET
