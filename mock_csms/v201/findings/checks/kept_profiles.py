"""Charging profiles that a station must still have, and those that must be gone (K01, K02, K05, K09, K10)."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome, StationCall
from mock_csms.messages import JsonObject
from mock_csms.v201.charging_profiles import EXTERNAL_CONSTRAINTS, TX_PROFILE
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.charging_profiles import AcceptedProfile, ChargingProfiles, GoneProfile
from mock_csms.v201.findings.facts.profile_queries import (
    CSO,
    ProfileQueries,
    ProfileQuery,
    ProfileQueryResult,
    expected_profiles,
    result_of_answer,
    result_of_report,
)
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.running import Suspicion

_REPORT: Final = Action.report_charging_profiles
_QUERY: Final = Action.get_charging_profiles
_SETTLING_TIME_S: Final = 5.0
"""Time for a station to delete the profiles of a transaction after its Ended event."""

CHARGING_PROFILE_LOST: Final = CHECKS.kind(
    "charging-profile-lost",
    "error",
    "an accepted charging profile is not reported although a GetChargingProfiles asks for it",
    "the accepted SetChargingProfile or RequestStartTransaction, and that no message suggests that "
    "the profile has ended",
)
CLEARED_CHARGING_PROFILE_REPORTED: Final = CHECKS.kind(
    "cleared-charging-profile-reported",
    "error",
    "a charging profile is reported although a ClearChargingProfile for it was accepted",
    "the ClearChargingProfile on the same connection",
)
TRANSACTION_PROFILE_KEPT: Final = CHECKS.kind(
    "transaction-profile-kept",
    "error",
    "a TxProfile is reported after its transaction has ended",
    "the accepted SetChargingProfile or RequestStartTransaction, and the Ended event on the same connection",
)
_ENDED: Final = "K02.FR.05"
_WHY_KEPT: Final = ("K01.FR.04", "K01.FR.10", "K01.FR.27", "K05.FR.03")
"""Requirements to keep a profile."""
_WHY_REPORTED: Final = ("K09.FR.04", "K09.FR.05", "K09.FR.06")
"""Requirements to report the profiles that the station has."""


def _lost_requirement(profile: AcceptedProfile, result: ProfileQueryResult) -> str:
    """Return the requirement that is broken if a profile is missing."""
    if profile.purpose == TX_PROFILE:
        return "K05.FR.03" if profile.is_from_start else "K01.FR.04"
    if profile.is_from_before_boot:
        return "K01.FR.27"
    if result.has_answered_none and not profile.has_validity:
        return "K01.FR.10"
    return result.query.requirement


def _met_requirements(profile: AcceptedProfile, result: ProfileQueryResult) -> Iterator[str]:
    """Return the requirements that are met if a profile is reported."""
    yield result.query.requirement
    if profile.purpose == TX_PROFILE:
        yield "K05.FR.03" if profile.is_from_start else "K01.FR.04"
        return
    if profile.is_from_before_boot:
        yield "K01.FR.27"
    if not profile.has_validity:
        yield "K01.FR.10"


def _judge_presence(
    requirement: str, known: Known201, result: ProfileQueryResult | None, at: float
) -> Outcome:
    """Judge whether a report or an answer has all profiles that the station must still have."""
    if result is None:
        return None
    outcome: Outcome = None
    for number, profile in expected_profiles(known, result.query):
        if number in result.reported:
            outcome = MET if requirement in _met_requirements(profile, result) else outcome
        elif requirement == _lost_requirement(profile, result):
            broken = _lost(number, profile, result)
            if profile.purpose != TX_PROFILE:
                return broken
            _suspect(broken, profile, known, requirement, at)
    return outcome


def _lost(number: int, profile: AcceptedProfile, result: ProfileQueryResult) -> Broken:
    command = "RequestStartTransaction" if profile.is_from_start else "SetChargingProfile"
    return Broken(
        f"the charging profile {number} of an accepted {command} is not reported for a GetChargingProfiles "
        "that it matches; the station must keep and report it until it is cleared or replaced",
        (profile.frame, result.query.frame),
    )


def _suspect(broken: Broken, profile: AcceptedProfile, known: Known201, requirement: str, at: float) -> None:
    """Report a missing TxProfile once a later event shows that its transaction goes on; until then, the Ended
    event may be on the way.
    """
    running = known.running.by_id[profile.transaction_id or ""]
    running.suspicions.append(
        Suspicion(CHARGING_PROFILE_LOST.id, at, broken.frames, broken.sentence, requirements=(requirement,))
    )


def _on_report(requirement: str) -> Callable[[StationCall, Known201], Outcome]:
    return lambda call, known: _judge_presence(requirement, known, result_of_report(call, known), call.at)


def _on_answer(requirement: str) -> Callable[[AnsweredCommand, Known201], Outcome]:
    return lambda command, known: _judge_presence(
        requirement, known, result_of_answer(command, known), command.at
    )


for _requirement in (*_WHY_KEPT, *_WHY_REPORTED):
    CHARGING_PROFILE_LOST.on_call(_requirement, of=_REPORT)(_on_report(_requirement))
    CHARGING_PROFILE_LOST.on_command(_requirement, of=_QUERY)(_on_answer(_requirement))


@CHARGING_PROFILE_LOST.on_command("K01.FR.27", of=Action.clear_charging_profile)
def _judge_loss(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a profile from before a restart can be cleared."""
    for number, profile in known[ChargingProfiles].certainly_cleared(command.request):
        if profile.is_from_before_boot and command.answer["status"] == "Unknown":
            return Broken(
                f"a ClearChargingProfile for the profile {number} was answered with Unknown, but the profile "
                "was accepted before the station restarted; profiles must survive a restart",
                (profile.frame,),
            )
    return None


# Profiles that must be gone


def _gone_profiles(known: Known201, requirement: str, query: ProfileQuery) -> dict[int, GoneProfile]:
    return {
        number: gone
        for number, gone in known[ChargingProfiles].gone.items()
        if gone.requirement == requirement
        and (requirement != _ENDED or query.at > gone.at + _SETTLING_TIME_S)
    }


def _judge_gone_in_report(call: StationCall, known: Known201, *, requirement: str) -> Outcome:
    """Check that a report has no profile that the station must have deleted."""
    query = known[ProfileQueries].open.get(call.payload["requestId"])
    if query is None or not query.is_settled:
        return None
    gone = _gone_profiles(known, requirement, query) if call.payload["chargingLimitSource"] == CSO else {}
    for profile in call.payload["chargingProfile"]:
        if profile["id"] in gone and _is_same(profile, gone[profile["id"]], requirement):
            return _still_there(profile, gone[profile["id"]], requirement)
    return _judge_absence(gone, result_of_report(call, known))


def _judge_gone_in_answer(command: AnsweredCommand, known: Known201, *, requirement: str) -> Outcome:
    """Return MET if the station answers that it has none of the deleted profiles that a command asks for."""
    result = result_of_answer(command, known)
    gone = _gone_profiles(known, requirement, result.query) if result else {}
    return _judge_absence(gone, result)


def _is_same(profile: JsonObject, gone: GoneProfile, requirement: str) -> bool:
    """Return whether a reported profile is the profile ``gone``, not another profile with the same id."""
    purpose = profile["chargingProfilePurpose"]
    if purpose == EXTERNAL_CONSTRAINTS:
        return False
    if requirement != _ENDED or gone.profile is None:
        return True
    return purpose == TX_PROFILE and profile.get("transactionId") in {None, gone.profile.transaction_id}


def _still_there(profile: JsonObject, gone: GoneProfile, requirement: str) -> Broken:
    if requirement == _ENDED:
        reason = "its transaction has ended; the station must delete it at the end of the transaction"
    else:
        reason = "a ClearChargingProfile for it was accepted; it must be cleared"
    return Broken(f"the charging profile {profile['id']} is reported although {reason}", (gone.frame,))


def _judge_absence(gone: dict[int, GoneProfile], result: ProfileQueryResult | None) -> Outcome:
    if result is None:
        return None
    is_shown = any(
        number not in result.reported and result.query.asks_for(number, one.profile)
        for number, one in gone.items()
    )
    return MET if is_shown else None


for _kind, _requirement in (
    (CLEARED_CHARGING_PROFILE_REPORTED, "K10.FR.03"),
    (CLEARED_CHARGING_PROFILE_REPORTED, "K10.FR.04"),
    (TRANSACTION_PROFILE_KEPT, _ENDED),
):
    _kind.on_call(_requirement, of=_REPORT)(partial(_judge_gone_in_report, requirement=_requirement))
    _kind.on_command(_requirement, of=_QUERY)(partial(_judge_gone_in_answer, requirement=_requirement))
