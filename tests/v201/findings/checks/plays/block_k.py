"""Smart charging."""

from tests.support.observed_station import ObservedStation
from tests.v201.findings.checks.scenes import Scene

WITH_SCHEDULES = {
    "component": {"name": "SmartChargingCtrlr"},
    "variable": {"name": "NotifyChargingLimitWithSchedules"},
}


def let_limit_be_imposed(observed: ObservedStation) -> None:
    observed.command("GetVariables", {"getVariableData": [WITH_SCHEDULES]})
    observed.station.smart_charging.set_external_limit(10)
    observed.advance(1)


def report_external_limit(observed: ObservedStation) -> None:
    let_limit_be_imposed(observed)
    ask_for_profiles(observed, chargingProfilePurpose="ChargingStationExternalConstraints")


def ask_for_profiles(observed: ObservedStation, request_id: int = 1, **criteria: object) -> None:
    observed.command("GetChargingProfiles", {"requestId": request_id, "chargingProfile": criteria})
    observed.advance(1)


def ask_for_composite_schedule(observed: ObservedStation) -> None:
    asked = {"evseId": 1, "duration": 600, "chargingRateUnit": "A"}
    observed.command("GetCompositeSchedule", asked)


def connect_vehicle(observed: ObservedStation) -> None:
    observed.station.smart_charging.report_vehicle_needs(1)
    observed.advance(1)


SCENES = {
    "charging-needs-incomplete": Scene(connect_vehicle),
    "charging-profile-invalid": Scene(report_external_limit),
    "charging-schedule-invalid": Scene(let_limit_be_imposed),
    "composite-schedule-wrong": Scene(ask_for_composite_schedule),
    "external-limit-purpose-wrong": Scene(report_external_limit),
    "external-limit-schedule-missing": Scene(let_limit_be_imposed),
    "external-limit-source-wrong": Scene(let_limit_be_imposed),
}
