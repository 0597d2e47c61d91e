"""How a misbehaving station causes the findings about smart charging."""

from tests.support.observed_station import TOKEN, ObservedStation
from tests.support.profiles import EXTERNAL, MAXIMUM
from tests.support.talk import profile
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
    ask_for_profiles(observed, chargingLimitSource=["EMS"])


def ask_for_profiles(observed: ObservedStation, request_id: int = 1, **criteria: object) -> None:
    observed.command("GetChargingProfiles", {"requestId": request_id, "chargingProfile": criteria})
    observed.advance(1)


def set_profile(observed: ObservedStation, evse_id: int = 1, limit: int = 8, **fields: object) -> None:
    made = profile(**fields)
    made["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] = limit
    observed.command("SetChargingProfile", {"evseId": evse_id, "chargingProfile": made})


def clear_profile(observed: ObservedStation, **fields: object) -> None:
    observed.command("ClearChargingProfile", fields or {"chargingProfileId": 1})


def set_and_ask(observed: ObservedStation) -> None:
    set_profile(observed)
    ask_for_profiles(observed, stackLevel=0)


def set_twice_and_ask(observed: ObservedStation) -> None:
    set_profile(observed, limit=16)
    set_and_ask(observed)


def set_for_station_and_evse_and_ask(observed: ObservedStation) -> None:
    set_maximum(observed)
    set_and_ask(observed)


def set_maximum(observed: ObservedStation, **fields: object) -> None:
    schedule = [{**profile()["chargingSchedule"][0], "startSchedule": "2025-12-31T00:00:00Z"}]
    absolute = {**MAXIMUM, "chargingProfileKind": "Absolute", "chargingSchedule": schedule}
    set_profile(observed, 0, **{**absolute, "id": 2, **fields})


def ask_for_composite_schedule_below_maximum(observed: ObservedStation) -> None:
    named = {"component": {"name": "SmartChargingCtrlr"}, "variable": {"name": "ProfileStackLevel"}}
    answer = observed.command("GetVariables", {"getVariableData": [named]})
    assert answer is not None
    set_maximum(observed, stackLevel=int(answer["getVariableResult"][0]["attributeValue"]))
    ask_for_composite_schedule(observed)


def clear_and_ask(observed: ObservedStation) -> None:
    set_profile(observed)
    clear_profile(observed)
    ask_for_profiles(observed, stackLevel=0)


def set_and_clear(observed: ObservedStation) -> None:
    set_profile(observed)
    clear_profile(observed)


def clear_twice(observed: ObservedStation) -> None:
    set_and_clear(observed)
    clear_profile(observed)


def clear_external_limit(observed: ObservedStation) -> None:
    purpose = EXTERNAL["chargingProfilePurpose"]
    clear_profile(observed, chargingProfileCriteria={"chargingProfilePurpose": purpose})


def set_maximum_of_evse(observed: ObservedStation) -> None:
    set_profile(observed, 1, **MAXIMUM)


def charge_with_profile(observed: ObservedStation) -> None:
    """Set a profile for a transaction, end the transaction, and ask for the profiles."""
    set_profile(observed)
    observed.station.plug_in()
    observed.station.present(TOKEN)
    observed.advance(5)
    transaction_id = observed.calls("TransactionEvent")[0]["transactionInfo"]["transactionId"]
    fields = {
        "id": 2,
        "stackLevel": 1,
        "chargingProfilePurpose": "TxProfile",
        "transactionId": transaction_id,
    }
    set_profile(observed, **fields)
    observed.station.present(TOKEN)
    observed.station.unplug()
    observed.advance(10)
    ask_for_profiles(observed, chargingLimitSource=["CSO"])


def ask_for_composite_schedule_of_unknown_evse(observed: ObservedStation) -> None:
    observed.command("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    observed.advance(5)
    observed.command("GetCompositeSchedule", {"evseId": 9, "duration": 600})


def ask_for_composite_schedule(observed: ObservedStation) -> None:
    asked = {"evseId": 1, "duration": 600, "chargingRateUnit": "A"}
    observed.command("GetCompositeSchedule", asked)


def connect_vehicle(observed: ObservedStation) -> None:
    observed.station.smart_charging.report_vehicle_needs(1)
    observed.advance(1)


SCENES = {
    "charging-profile-cleared-twice": Scene(clear_twice),
    "charging-profile-lost": Scene(set_and_ask),
    "charging-profile-not-asked-for": Scene(set_and_ask),
    "charging-profile-not-replaced": Scene(set_twice_and_ask),
    "charging-profile-on-wrong-evse": Scene(set_and_ask),
    "charging-profile-report-continued": Scene(
        set_for_station_and_evse_and_ask, also=frozenset({"charging-profile-lost"})
    ),
    "charging-profile-unknown": Scene(set_and_clear),
    "cleared-charging-profile-reported": Scene(clear_and_ask),
    "external-profile-cleared": Scene(clear_external_limit),
    "impossible-charging-profile-accepted": Scene(set_maximum_of_evse),
    "impossible-composite-schedule-accepted": Scene(ask_for_composite_schedule_of_unknown_evse),
    "transaction-profile-kept": Scene(charge_with_profile),
    "charging-needs-incomplete": Scene(connect_vehicle),
    "charging-profile-invalid": Scene(report_external_limit),
    "charging-schedule-invalid": Scene(let_limit_be_imposed),
    "composite-schedule-above-limit": Scene(ask_for_composite_schedule_below_maximum),
    "composite-schedule-wrong": Scene(ask_for_composite_schedule),
    "external-limit-purpose-wrong": Scene(report_external_limit),
    "external-limit-schedule-missing": Scene(let_limit_be_imposed),
    "external-limit-source-wrong": Scene(let_limit_be_imposed),
}
