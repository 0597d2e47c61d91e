"""The list to which the check modules add their kinds of findings, their checks and their learners."""

from collections.abc import Hashable
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import CheckList
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.known import Known201


def shape_of_meter_values(payload: JsonObject) -> Hashable:
    """Return the EVSE, the numbers of readings, and the context of the first reading. Messages in which these
    are equal have the same measurands, units and locations.
    """
    meter_values = payload["meterValue"]
    counts = tuple(len(meter_value["sampledValue"]) for meter_value in meter_values)
    return payload["evseId"], counts, meter_values[0]["sampledValue"][0].get("context")


CHECKS: Final = CheckList[Known201](
    event_action=Action.transaction_event.value, shapes={Action.meter_values.value: shape_of_meter_values}
)
"""Checks of OCPP 2.0.1; complete only once `all_checks` has been imported."""
