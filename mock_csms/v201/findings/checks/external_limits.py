"""Limits that an external system imposes on a station (K11, K12)."""

from collections.abc import Callable
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.v201.charging_profiles import EXTERNAL_CONSTRAINTS
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.external_limits import ExternalLimits
from mock_csms.v201.findings.known import Known201

_EXTERNAL_SOURCES: Final = frozenset({"EMS", "SO"})
"""Sources outside the station. A limit of the station itself may have the source Other."""

EXTERNAL_LIMIT_SOURCE_WRONG: Final = CHECKS.kind(
    "external-limit-source-wrong", "error", "NotifyChargingLimit names the operator as the source of a limit"
)
EXTERNAL_LIMIT_SCHEDULE_MISSING: Final = CHECKS.kind(
    "external-limit-schedule-missing",
    "error",
    "NotifyChargingLimit has no schedule although NotifyChargingLimitWithSchedules is true",
    "SmartChargingCtrlr.NotifyChargingLimitWithSchedules",
)
EXTERNAL_LIMIT_PURPOSE_WRONG: Final = CHECKS.kind(
    "external-limit-purpose-wrong",
    "error",
    "a charging profile of an external system has another purpose than ChargingStationExternalConstraints",
)


type LimitJudge = Callable[[StationCall, Known201], Outcome]


def _while_charging(judge: LimitJudge, *, is_charging: bool) -> LimitJudge:
    """Return a check that applies ``judge`` only to messages about an EVSE with a transaction
    (``is_charging``, K11), or only to those about an EVSE without one (K12).
    """

    def judge_case(call: StationCall, known: Known201) -> Outcome:
        is_running = bool(known.running.on_evse(call.payload.get("evseId")))
        return judge(call, known) if is_running == is_charging else None

    return judge_case


def _judge_source(call: StationCall, _: Known201) -> Outcome:
    """Check that the source of a new limit is not the operator, who sets limits as charging profiles."""
    if call.payload["chargingLimit"]["chargingLimitSource"] == "CSO":
        return Broken(
            "NotifyChargingLimit has the chargingLimitSource CSO; the source of an external limit must not "
            "be CSO"
        )
    return MET


def _judge_schedule(call: StationCall, known: Known201) -> Outcome:
    """Check that a new limit has a schedule, if the station is set to send one."""
    is_set = known[DeviceModelFacts].is_true("SmartChargingCtrlr", "NotifyChargingLimitWithSchedules")
    if not is_set or not known[ExternalLimits].is_settled(call.at):
        return None
    if "chargingSchedule" in call.payload:
        return MET
    return Broken(
        "NotifyChargingLimit has no chargingSchedule; it must have the limit of the external system while "
        "SmartChargingCtrlr.NotifyChargingLimitWithSchedules is true"
    )


def _judge_purpose(call: StationCall, _: Known201) -> Outcome:
    """Check that the reported profiles of external systems have the purpose
    ChargingStationExternalConstraints.
    """
    source = call.payload["chargingLimitSource"]
    if source not in _EXTERNAL_SOURCES:
        return None
    for profile in call.payload["chargingProfile"]:
        if profile["chargingProfilePurpose"] != EXTERNAL_CONSTRAINTS:
            return Broken(
                f"the charging profile {profile['id']} of the source {source} is reported with the purpose "
                f"{profile['chargingProfilePurpose']}; the purpose must be {EXTERNAL_CONSTRAINTS}"
            )
    return MET


for _kind, _action, _judge, _during, _otherwise in (
    (EXTERNAL_LIMIT_SOURCE_WRONG, Action.notify_charging_limit, _judge_source, "K11.FR.05", "K12.FR.04"),
    (
        EXTERNAL_LIMIT_SCHEDULE_MISSING,
        Action.notify_charging_limit,
        _judge_schedule,
        "K11.FR.03",
        "K12.FR.03",
    ),
    (EXTERNAL_LIMIT_PURPOSE_WRONG, Action.report_charging_profiles, _judge_purpose, "K11.FR.06", "K12.FR.05"),
):
    _kind.on_call(_during, of=_action)(_while_charging(_judge, is_charging=True))
    _kind.on_call(_otherwise, of=_action)(_while_charging(_judge, is_charging=False))
