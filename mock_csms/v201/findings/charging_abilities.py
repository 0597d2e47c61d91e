"""Abilities of a station to carry out charging profiles, according to its device model (K01, K05, K08)."""

from typing import Final

from mock_csms.messages import JsonObject
from mock_csms.v201.charging_profiles import TX_PROFILE
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.known import Known201

SMART_CHARGING: Final = "SmartChargingCtrlr"


def is_unit_unsupported(unit: str, known: Known201) -> bool:
    """Return whether a unit is certainly not in RateUnit."""
    units = known[DeviceModelFacts].members(SMART_CHARGING, "RateUnit")
    return bool(units) and unit.lower() not in {each.lower() for each in units or ()}


def is_evse_missing(evse_id: int, known: Known201) -> bool:
    """Return whether an EVSE does not exist: a complete report lists other EVSEs, but not `evse_id`."""
    model = known[DeviceModelFacts]
    if not evse_id or not model.is_complete:
        return False
    evse_ids = {name.evse_id for name in model.variables()} - {None}
    return bool(evse_ids) and evse_id not in evse_ids


def flaw_of_start_profile(profile: JsonObject, known: Known201) -> str | None:
    """Return why a profile is not allowed in a remote start; None if it may be allowed."""
    if profile["chargingProfilePurpose"] != TX_PROFILE:
        return f"has the purpose {profile['chargingProfilePurpose']}"
    if "transactionId" in profile:
        return "has a transactionId"
    return _excess(profile, known)


def _excess(profile: JsonObject, known: Known201) -> str | None:
    """Return which limit of the station a profile exceeds; None if it exceeds no known limit."""
    model = known[DeviceModelFacts]
    highest = model.number(SMART_CHARGING, "ProfileStackLevel")
    max_periods = model.number(SMART_CHARGING, "PeriodsPerSchedule")
    if highest is not None and profile["stackLevel"] > highest:
        return f"has the stackLevel {profile['stackLevel']}, above ProfileStackLevel ({highest:g})"
    for schedule in profile["chargingSchedule"]:
        if is_unit_unsupported(schedule["chargingRateUnit"], known):
            return f"has the chargingRateUnit {schedule['chargingRateUnit']}, which is not in RateUnit"
        if max_periods is not None and len(schedule["chargingSchedulePeriod"]) > max_periods:
            return f"has more periods than PeriodsPerSchedule ({max_periods:g})"
    return None
