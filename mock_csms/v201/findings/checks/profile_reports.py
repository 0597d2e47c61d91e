"""Reports of charging profiles: they must match the query and the commands before it (K01, K02, K09, K10)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.v201.charging_profiles import (
    EXTERNAL_CONSTRAINTS,
    STATION_MAX_PROFILE,
    TX_DEFAULT_PROFILE,
    TX_PROFILE,
)
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.charging_profiles import AcceptedProfile, ChargingProfiles, content_of
from mock_csms.v201.findings.facts.profile_queries import CSO, ProfileQueries, ProfileQuery, part_hash
from mock_csms.v201.findings.known import Known201

_REPORT: Final = Action.report_charging_profiles
_SET_BEFORE: Final = "the accepted SetChargingProfile, and that no command since may have changed profiles"

CHARGING_PROFILE_NOT_ASKED_FOR: Final = CHECKS.kind(
    "charging-profile-not-asked-for",
    "error",
    "a report has a charging profile that does not match the GetChargingProfiles",
    "the GetChargingProfiles on the same connection",
)
CHARGING_PROFILE_REPORT_CONTINUED: Final = CHECKS.kind(
    "charging-profile-report-continued",
    "error",
    "a report of charging profiles continues after a part without tbc=true",
    "the GetChargingProfiles on the same connection",
)
CHARGING_PROFILE_ON_WRONG_EVSE: Final = CHECKS.kind(
    "charging-profile-on-wrong-evse",
    "error",
    "a charging profile is reported for an EVSE or a transaction that it was not set for",
    f"nothing if the purpose of the profile excludes the EVSE; otherwise {_SET_BEFORE}",
)
CHARGING_PROFILE_NOT_REPLACED: Final = CHECKS.kind(
    "charging-profile-not-replaced",
    "error",
    "a report has the content that a charging profile had before it was replaced",
    _SET_BEFORE,
)


@CHARGING_PROFILE_NOT_ASKED_FOR.on_call("K09.FR.04", of=_REPORT)
def _judge_profiles_of_evse(call: StationCall, known: Known201) -> Outcome:
    """Check that a report about one EVSE has only profiles that match the query."""
    return _judge_match(call, known, "K09.FR.04")


@CHARGING_PROFILE_NOT_ASKED_FOR.on_call("K09.FR.05", of=_REPORT)
def _judge_profiles_of_station(call: StationCall, known: Known201) -> Outcome:
    """Check that a report about EVSE 0 has only profiles that match the query."""
    return _judge_match(call, known, "K09.FR.05")


@CHARGING_PROFILE_NOT_ASKED_FOR.on_call("K09.FR.06", of=_REPORT)
def _judge_all_profiles(call: StationCall, known: Known201) -> Outcome:
    """Check that a report for a query without an evseId has only profiles that match the query."""
    return _judge_match(call, known, "K09.FR.06")


@CHARGING_PROFILE_REPORT_CONTINUED.on_call("K09.FR.02", of=_REPORT)
def _judge_last_part(call: StationCall, known: Known201) -> Outcome:
    """Check that only the last part of a report has no tbc; the same part may be repeated."""
    queries, number = known[ProfileQueries], call.payload["requestId"]
    if call.payload.get("tbc", False):
        return None
    if number in queries.finished and queries.finished[number] != part_hash(call.payload):
        return Broken(
            f"a ReportChargingProfiles for the requestId {number} follows one without tbc; all parts but the "
            "last must have tbc=true"
        )
    query = queries.open.get(number)
    return MET if query is not None and query.has_parts else None


@CHARGING_PROFILE_ON_WRONG_EVSE.on_call("K01.FR.16", of=_REPORT)
def _judge_transaction_profiles(call: StationCall, _: Known201) -> Outcome:
    """Check that a TxProfile is reported for an EVSE, not for EVSE 0."""
    evse_id = call.payload["evseId"]
    profile = _first_with_purpose(call, TX_PROFILE)
    if profile is None or evse_id:
        return MET if profile else None
    return Broken(f"the TxProfile {profile['id']} is reported for EVSE 0; it must be for one EVSE")


@CHARGING_PROFILE_ON_WRONG_EVSE.on_call("K04.FR.03", of=_REPORT)
def _judge_maximum_profiles(call: StationCall, _: Known201) -> Outcome:
    """Check that a ChargingStationMaxProfile is reported for EVSE 0."""
    evse_id = call.payload["evseId"]
    profile = _first_with_purpose(call, STATION_MAX_PROFILE)
    if profile is None or evse_id == 0:
        return MET if profile else None
    return Broken(
        f"the ChargingStationMaxProfile {profile['id']} is reported for EVSE {evse_id}; it must be for EVSE 0"
    )


@CHARGING_PROFILE_ON_WRONG_EVSE.on_call("K01.FR.14", of=_REPORT)
def _judge_default_of_station(call: StationCall, known: Known201) -> Outcome:
    """Check that a TxDefaultProfile for the whole station is reported for EVSE 0 only."""
    return _judge_default(call, known, is_for_station=True)


@CHARGING_PROFILE_ON_WRONG_EVSE.on_call("K01.FR.15", of=_REPORT)
def _judge_default_of_evse(call: StationCall, known: Known201) -> Outcome:
    """Check that a TxDefaultProfile for an EVSE is reported for this EVSE only."""
    return _judge_default(call, known, is_for_station=False)


@CHARGING_PROFILE_ON_WRONG_EVSE.on_call("K01.FR.04", of=_REPORT)
def _judge_transaction(call: StationCall, known: Known201) -> Outcome:
    """Check that a TxProfile is reported for the EVSE and the transaction that it was accepted for."""
    evse_id = call.payload["evseId"]
    outcome: Outcome = None
    for profile, accepted in _accepted_profiles(call, known, TX_PROFILE):
        transaction_id = profile.get("transactionId", accepted.transaction_id)
        if evse_id in {0, accepted.evse_id} and transaction_id == accepted.transaction_id:
            outcome = MET if evse_id else outcome
            continue
        return Broken(
            f"the TxProfile {profile['id']} is reported for EVSE {evse_id} and the transaction "
            f"{short(transaction_id or '')}; it was accepted for EVSE {accepted.evse_id} and the transaction "
            f"{short(accepted.transaction_id or '')}, and must be applied there",
            (accepted.frame,),
        )
    return outcome


@CHARGING_PROFILE_NOT_REPLACED.on_call("K01.FR.05", of=_REPORT)
def _judge_replacement(call: StationCall, known: Known201) -> Outcome:
    """Check that a profile that was sent with the id of an earlier profile has replaced it."""
    outcome: Outcome = None
    for profile, accepted in _accepted_profiles(call, known):
        content = content_of(profile)
        if accepted.replaced is None or content not in {accepted.content, accepted.replaced}:
            continue
        if content == accepted.replaced:
            return Broken(
                f"the charging profile {profile['id']} is reported as it was before the SetChargingProfile "
                "that was accepted last; the new profile must replace it",
                (accepted.frame,),
            )
        outcome = MET
    return outcome


def _judge_match(call: StationCall, known: Known201, requirement: str) -> Outcome:
    query = known[ProfileQueries].open.get(call.payload["requestId"])
    if query is None or query.requirement != requirement:
        return None
    evse_id, source = call.payload["evseId"], call.payload["chargingLimitSource"]
    for profile in call.payload["chargingProfile"]:
        if wrong := query.mismatch(evse_id, source, profile):
            return Broken(
                f"the reported charging profile {profile['id']} {wrong}; a report must have only profiles "
                "that match the GetChargingProfiles",
                (query.frame,),
            )
    return MET


def _first_with_purpose(call: StationCall, purpose: str) -> JsonObject | None:
    profiles: list[JsonObject] = call.payload["chargingProfile"]
    return next((profile for profile in profiles if profile["chargingProfilePurpose"] == purpose), None)


def _settled_query(call: StationCall, known: Known201) -> ProfileQuery | None:
    query = known[ProfileQueries].open.get(call.payload["requestId"])
    return query if query is not None and query.is_settled else None


def _accepted_profiles(
    call: StationCall, known: Known201, purpose: str | None = None
) -> list[tuple[JsonObject, AcceptedProfile]]:
    """Return the reported profiles with a purpose (None: any), each with the accepted profile of its id."""
    if _settled_query(call, known) is None or call.payload["chargingLimitSource"] != CSO:
        return []
    accepted = known[ChargingProfiles].accepted
    return [
        (profile, accepted[profile["id"]])
        for profile in call.payload["chargingProfile"]
        if profile["id"] in accepted
        and profile["chargingProfilePurpose"] != EXTERNAL_CONSTRAINTS
        and purpose in {None, profile["chargingProfilePurpose"]}
        and purpose in {None, accepted[profile["id"]].purpose}
    ]


def _judge_default(call: StationCall, known: Known201, *, is_for_station: bool) -> Outcome:
    evse_id = call.payload["evseId"]
    outcome: Outcome = None
    for profile, accepted in _accepted_profiles(call, known, TX_DEFAULT_PROFILE):
        if (accepted.evse_id == 0) != is_for_station:
            continue
        if evse_id != accepted.evse_id:
            return Broken(
                f"the TxDefaultProfile {profile['id']} is reported for EVSE {evse_id} although it was "
                f"accepted for EVSE {accepted.evse_id}; it must be reported for that EVSE only",
                (accepted.frame,),
            )
        outcome = MET
    return outcome
