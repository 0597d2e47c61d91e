"""Composite schedules above the limit of an accepted charging profile (K08)."""

from collections.abc import Iterable
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome
from mock_csms.v201.charging_profiles import STATION_MAX_PROFILE, TX_DEFAULT_PROFILE
from mock_csms.v201.findings.charging_abilities import SMART_CHARGING
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.charging_profiles import AcceptedProfile, ChargingProfiles
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.known import Known201

_COMPOSITE: Final = Action.get_composite_schedule
_ROUNDING: Final = 1.01
COMPOSITE_SCHEDULE_ABOVE_LIMIT: Final = CHECKS.kind(
    "composite-schedule-above-limit",
    "error",
    "a composite schedule exceeds the limit of an accepted charging profile",
    "SmartChargingCtrlr.ProfileStackLevel, and an accepted charging profile with this stackLevel that"
    " has a single limit, in the same unit",
)


@COMPOSITE_SCHEDULE_ABOVE_LIMIT.on_command("K08.FR.04", of=_COMPOSITE)
def _judge_maximum(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a composite schedule does not exceed the ChargingStationMaxProfile of the highest
    stackLevel.
    """
    return _judge(command, _leading(known, STATION_MAX_PROFILE))


@COMPOSITE_SCHEDULE_ABOVE_LIMIT.on_command("K08.FR.06", of=_COMPOSITE)
def _judge_default(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that the composite schedule of a free EVSE does not exceed the TxDefaultProfile of the highest
    stackLevel.
    """
    evse_id = command.request["evseId"]
    if evse_id == 0 or not _is_free(evse_id, known):
        return None
    defaults = _leading(known, TX_DEFAULT_PROFILE)
    return _judge(command, [each for each in defaults if each[1].evse_id in {0, evse_id}])


def _is_free(evse_id: int, known: Known201) -> bool:
    """Return whether an EVSE certainly has no transaction."""
    statuses = [status for (evse, _), status in known.connectors.status.items() if evse == evse_id]
    is_available = bool(statuses) and all(status == "Available" for status in statuses)
    if known[ChargingProfiles].may_have_started:
        return False
    return is_available and not known.running.on_evse(evse_id)


def _leading(known: Known201, purpose: str) -> list[tuple[int, AcceptedProfile]]:
    """Return the profiles of a purpose whose stackLevel is the highest that the station supports: no other
    profile can override them.
    """
    highest = known[DeviceModelFacts].number(SMART_CHARGING, "ProfileStackLevel")
    if highest is None or known.clock.is_skewed:
        return []
    return [
        (number, profile)
        for number, profile in known[ChargingProfiles].accepted.items()
        if profile.purpose == purpose
        and profile.is_kept
        and not profile.is_from_before_boot
        and profile.stack_level >= highest
    ]


def _judge(command: AnsweredCommand, profiles: Iterable[tuple[int, AcceptedProfile]]) -> Outcome:
    schedule = command.answer.get("schedule")
    if command.answer["status"] != "Accepted" or schedule is None:
        return None
    outcome: Outcome = None
    highest = max(period["limit"] for period in schedule["chargingSchedulePeriod"])
    for number, profile in profiles:
        if profile.flat_limit is None or profile.flat_limit[0] != schedule["chargingRateUnit"]:
            continue
        unit, limit = profile.flat_limit
        if highest > limit * _ROUNDING:
            return Broken(
                f"the composite schedule of EVSE {schedule['evseId']} allows {highest:g} {unit} although the "
                f"charging profile {number} limits it to {limit:g} {unit}; no limit may be exceeded",
                (profile.frame,),
            )
        outcome = MET
    return outcome
