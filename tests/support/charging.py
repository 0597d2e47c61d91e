"""Charging profiles for the tests."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from mock_csms.messages import JsonObject
from mock_csms.text import timestamp

AC_NEEDS: Final = {
    "requested_energy_transfer": "AC_three_phase",
    "ac_charging_parameters": {
        "energy_amount": 20_000,
        "ev_min_current": 6,
        "ev_max_current": 20,
        "ev_max_voltage": 400,
    },
}
"""chargingNeeds of a vehicle that charges with up to 20 A."""


def in_seconds(seconds: float) -> str:
    """The time some seconds from now."""
    return timestamp(datetime.now(UTC) + timedelta(seconds=seconds))


def charging_profile(
    purpose: str = "TxDefaultProfile", kind: str = "Absolute", limit: float = 6.0, **fields: Any
) -> JsonObject:
    """Build a charging profile with one schedule of five minutes, which starts now unless it is Relative."""
    schedule = {
        "id": 1,
        "duration": 300,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit, "numberPhases": 3}],
    }
    return {
        "id": 1,
        "stackLevel": 1,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": [
            schedule if kind == "Relative" else {**schedule, "startSchedule": in_seconds(0)}
        ],
        **fields,
    }
