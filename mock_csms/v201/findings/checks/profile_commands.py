"""Answers to commands about charging profiles (K01, K04, K08, K10)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.v201.charging_profiles import (
    EXTERNAL_CONSTRAINTS,
    STATION_MAX_PROFILE,
    TX_DEFAULT_PROFILE,
    TX_PROFILE,
)
from mock_csms.v201.findings.charging_abilities import is_evse_missing, is_unit_unsupported
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.charging_profiles import ChargingProfiles
from mock_csms.v201.findings.known import Known201

_SET: Final = Action.set_charging_profile
_CLEAR: Final = Action.clear_charging_profile
_COMPOSITE: Final = Action.get_composite_schedule

IMPOSSIBLE_CHARGING_PROFILE_ACCEPTED: Final = CHECKS.kind(
    "impossible-charging-profile-accepted",
    "error",
    "a charging profile is accepted that the station must reject",
    "why the profile must be rejected, unless the command itself shows it: "
    "SmartChargingCtrlr.RateUnit, the EVSEs of the station, the end of the transaction, or another "
    "charging profile",
)
IMPOSSIBLE_COMPOSITE_SCHEDULE_ACCEPTED: Final = CHECKS.kind(
    "impossible-composite-schedule-accepted",
    "error",
    "a GetCompositeSchedule is accepted for an EVSE or a unit that the station does not have",
    "SmartChargingCtrlr.RateUnit, or a complete report of the device model",
)
CHARGING_PROFILE_UNKNOWN: Final = CHECKS.kind(
    "charging-profile-unknown",
    "error",
    "a ClearChargingProfile for an accepted profile is answered with Unknown",
    "the answer to the SetChargingProfile",
)
CHARGING_PROFILE_CLEARED_TWICE: Final = CHECKS.kind(
    "charging-profile-cleared-twice",
    "error",
    "a ClearChargingProfile is accepted for the id of a profile that was cleared before",
    "the first ClearChargingProfile on the same connection",
)
EXTERNAL_PROFILE_CLEARED: Final = CHECKS.kind(
    "external-profile-cleared",
    "error",
    "a ClearChargingProfile for a profile of an external system is accepted",
    "if the command has only the id of the profile, a report of the profile",
)


def _must_be_rejected(command: AnsweredCommand, why: str, frames: tuple[int, ...] = ()) -> Outcome:
    """Judge the answer to a command that the station must reject."""
    if command.answer["status"] == "Rejected":
        return MET
    return Broken(f"a {command.action} was accepted although {why}; it must be Rejected", frames)


# SetChargingProfile


@IMPOSSIBLE_CHARGING_PROFILE_ACCEPTED.on_command("K01.FR.09", of=_SET)
def _judge_idle_evse(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a TxProfile for an ended transaction is rejected if the EVSE has no other transaction."""
    transaction_id, evse_id = _ended_transaction(command, known), command.request["evseId"]
    if transaction_id is None or known.running.on_evse(evse_id):
        return None
    return _must_be_rejected(
        command, f"the transaction {short(transaction_id)} has ended and EVSE {evse_id} has no other"
    )


@IMPOSSIBLE_CHARGING_PROFILE_ACCEPTED.on_command("K01.FR.33", of=_SET)
def _judge_ended_transaction(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a TxProfile for an ended transaction is rejected if the EVSE has another transaction."""
    transaction_id, evse_id = _ended_transaction(command, known), command.request["evseId"]
    if transaction_id is None or not known.running.on_evse(evse_id):
        return None
    return _must_be_rejected(command, f"the transaction {short(transaction_id)} has ended")


@IMPOSSIBLE_CHARGING_PROFILE_ACCEPTED.on_command("K01.FR.16", of=_SET)
def _judge_transaction_profile(command: AnsweredCommand, _: Known201) -> Outcome:
    """Check that a TxProfile for EVSE 0 is rejected."""
    if command.request["evseId"] != 0 or _purpose(command.request) != TX_PROFILE:
        return None
    return _must_be_rejected(command, "a TxProfile cannot be for EVSE 0")


@IMPOSSIBLE_CHARGING_PROFILE_ACCEPTED.on_command("K04.FR.03", of=_SET)
def _judge_maximum_profile(command: AnsweredCommand, _: Known201) -> Outcome:
    """Check that a ChargingStationMaxProfile for a single EVSE is rejected."""
    evse_id = command.request["evseId"]
    if evse_id == 0 or _purpose(command.request) != STATION_MAX_PROFILE:
        return None
    return _must_be_rejected(command, f"a ChargingStationMaxProfile cannot be for EVSE {evse_id}")


@IMPOSSIBLE_CHARGING_PROFILE_ACCEPTED.on_command("K01.FR.26", of=_SET)
def _judge_unit(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a profile in a unit that the station does not support is rejected."""
    profile = command.request["chargingProfile"]
    for schedule in profile["chargingSchedule"]:
        if is_unit_unsupported(schedule["chargingRateUnit"], known):
            unit = schedule["chargingRateUnit"]
            return _must_be_rejected(command, f"the chargingRateUnit {unit} is not in RateUnit")
    return None


@IMPOSSIBLE_CHARGING_PROFILE_ACCEPTED.on_command("K01.FR.28", of=_SET)
def _judge_evse(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a profile for an EVSE that the station does not have is rejected."""
    evse_id = command.request["evseId"]
    if not is_evse_missing(evse_id, known):
        return None
    return _must_be_rejected(command, f"the station has reported no EVSE {evse_id}")


@IMPOSSIBLE_CHARGING_PROFILE_ACCEPTED.on_command("K01.FR.52", of=_SET)
def _judge_default_of_station(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a TxDefaultProfile for EVSE 0 is rejected while an EVSE has one with the same stackLevel."""
    return _judge_duplicate(command, known) if command.request["evseId"] == 0 else None


@IMPOSSIBLE_CHARGING_PROFILE_ACCEPTED.on_command("K01.FR.53", of=_SET)
def _judge_default_of_evse(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a TxDefaultProfile for an EVSE is rejected while EVSE 0 has one with the same stackLevel."""
    return _judge_duplicate(command, known) if command.request["evseId"] else None


def _purpose(request: JsonObject) -> str:
    purpose: str = request["chargingProfile"]["chargingProfilePurpose"]
    return purpose


def _ended_transaction(command: AnsweredCommand, known: Known201) -> str | None:
    """Return the transactionId of a TxProfile if the transaction had ended when the command was sent."""
    profile = command.request["chargingProfile"]
    transaction_id: str | None = profile.get("transactionId")
    if profile["chargingProfilePurpose"] != TX_PROFILE or transaction_id is None:
        return None
    return transaction_id if known[ChargingProfiles].had_ended == transaction_id else None


def _judge_duplicate(command: AnsweredCommand, known: Known201) -> Outcome:
    profile, is_for_station = command.request["chargingProfile"], command.request["evseId"] == 0
    if profile["chargingProfilePurpose"] != TX_DEFAULT_PROFILE:
        return None
    for number, other in known[ChargingProfiles].affected.items():
        if (
            number != profile["id"]
            and other.is_kept
            and not other.is_from_before_boot
            and (other.purpose, other.stack_level) == (TX_DEFAULT_PROFILE, profile["stackLevel"])
            and (other.evse_id == 0) != is_for_station
        ):
            return _must_be_rejected(
                command,
                f"the TxDefaultProfile {number} on EVSE {other.evse_id} has the same stackLevel",
                (other.frame,),
            )
    return None


# GetCompositeSchedule


@IMPOSSIBLE_COMPOSITE_SCHEDULE_ACCEPTED.on_command("K08.FR.05", of=_COMPOSITE)
def _judge_evse_of_composite(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a GetCompositeSchedule for an EVSE that the station does not have is rejected."""
    evse_id = command.request["evseId"]
    if not is_evse_missing(evse_id, known):
        return None
    return _must_be_rejected(command, f"the station has reported no EVSE {evse_id}")


@IMPOSSIBLE_COMPOSITE_SCHEDULE_ACCEPTED.on_command("K08.FR.07", of=_COMPOSITE)
def _judge_unit_of_composite(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a GetCompositeSchedule in a unit that the station does not support is rejected."""
    unit = command.request.get("chargingRateUnit")
    if unit is None or not is_unit_unsupported(unit, known):
        return None
    return _must_be_rejected(command, f"the chargingRateUnit {unit} is not in RateUnit")


# ClearChargingProfile


@CHARGING_PROFILE_UNKNOWN.on_command("K10.FR.03", of=_CLEAR)
def _judge_clear_by_id(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a ClearChargingProfile with the id of an accepted profile is answered with Accepted."""
    return _judge_clear(command, known) if "chargingProfileId" in command.request else None


@CHARGING_PROFILE_UNKNOWN.on_command("K10.FR.04", of=_CLEAR)
def _judge_clear_by_criteria(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a ClearChargingProfile with criteria that match an accepted profile is answered with
    Accepted.
    """
    return None if "chargingProfileId" in command.request else _judge_clear(command, known)


@CHARGING_PROFILE_CLEARED_TWICE.on_command("K10.FR.01", of=_CLEAR)
def _judge_second_clear(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a ClearChargingProfile for a profile that was cleared before is answered with Unknown."""
    number = command.request.get("chargingProfileId")
    gone = known[ChargingProfiles].gone.get(number) if number is not None else None
    if gone is None or gone.requirement == "K02.FR.05":
        return None
    return _must_be_unknown(command, f"the profile {number} was cleared before", gone.frame)


@EXTERNAL_PROFILE_CLEARED.on_command("K10.FR.08", of=_CLEAR)
def _judge_clear_of_external(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a ClearChargingProfile is answered with Unknown if it matches only profiles of external
    systems.
    """
    criteria = command.request.get("chargingProfileCriteria") or {}
    if "chargingProfileId" in command.request:
        return None
    if criteria.get("chargingProfilePurpose") != EXTERNAL_CONSTRAINTS:
        return None
    outcome = _must_be_unknown(
        command, f"its criteria match only profiles with the purpose {EXTERNAL_CONSTRAINTS}"
    )
    return outcome if outcome != MET or known[ChargingProfiles].external else None


@EXTERNAL_PROFILE_CLEARED.on_command("K10.FR.09", of=_CLEAR)
def _judge_clear_of_external_id(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a ClearChargingProfile for a profile of an external system is answered with Unknown."""
    number = command.request.get("chargingProfileId")
    if number is None or (frame := known[ChargingProfiles].external.get(number)) is None:
        return None
    return _must_be_unknown(command, f"the profile {number} has the purpose {EXTERNAL_CONSTRAINTS}", frame)


def _judge_clear(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a ClearChargingProfile for an accepted profile is answered with Accepted."""
    for number, profile in known[ChargingProfiles].certainly_cleared(command.request):
        if command.answer["status"] == "Accepted":
            return MET
        if not profile.is_from_before_boot:
            return Broken(
                f"a ClearChargingProfile for the profile {number} was answered with Unknown although the "
                "profile was accepted; the answer must be Accepted",
                (profile.frame,),
            )
    return None


def _must_be_unknown(command: AnsweredCommand, why: str, *frames: int) -> Outcome:
    if command.answer["status"] == "Unknown":
        return MET
    return Broken(f"a ClearChargingProfile was accepted although {why}; the answer must be Unknown", frames)
