"""Commands and reports about charging profiles, as the observer sees them."""

from collections.abc import Iterable

from mock_csms.messages import JsonObject
from tests.support.talk import REMOTE_START, Talk, profile

TX_PROFILE: JsonObject = {"id": 5, "chargingProfilePurpose": "TxProfile", "transactionId": "T1"}
MAXIMUM: JsonObject = {"chargingProfilePurpose": "ChargingStationMaxProfile"}
EXTERNAL: JsonObject = {"id": -1, "chargingProfilePurpose": "ChargingStationExternalConstraints"}
KNOWN: JsonObject = {"chargingProfileId": [1]}


def set_profile(talk: Talk, status: str = "Accepted", evse_id: int = 1, **fields: object) -> None:
    talk.command("SetChargingProfile", {"evseId": evse_id, "chargingProfile": profile(**fields)}, status)


def clear(talk: Talk, status: str, **fields: object) -> None:
    talk.command("ClearChargingProfile", fields or {"chargingProfileId": 1}, status)


def start_with_profile(talk: Talk, status: str = "Accepted", **fields: object) -> None:
    made = profile(**{**TX_PROFILE, **fields})
    del made["transactionId"]
    talk.command("RequestStartTransaction", {**REMOTE_START, "evseId": 1, "chargingProfile": made}, status)


def ask(
    talk: Talk, status: str = "Accepted", evse_id: int | None = None, request_id: int = 20, **criteria: object
) -> None:
    evse = {} if evse_id is None else {"evseId": evse_id}
    asked = {"requestId": request_id, "chargingProfile": criteria or KNOWN, **evse}
    talk.command("GetChargingProfiles", asked, status)


def part(
    profiles: Iterable[JsonObject],
    evse_id: int = 1,
    source: str = "CSO",
    request_id: int = 20,
    *,
    tbc: bool | None = None,
) -> JsonObject:
    made = [profile(**fields) for fields in profiles]
    place = {"requestId": request_id, "chargingLimitSource": source, "evseId": evse_id}
    return {**place, "chargingProfile": made, **({} if tbc is None else {"tbc": tbc})}


def report(talk: Talk, *profiles: JsonObject, evse_id: int = 1, **options: object) -> None:
    talk.call("ReportChargingProfiles", part(profiles or [{}], evse_id, **options))  # type: ignore[arg-type]
