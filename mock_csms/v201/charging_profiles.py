"""Charging profiles that the mock sends: their stackLevel, unit and limit, and the rules of K01 for them."""

import math
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.errors import NothingToDo
from mock_csms.messages import JsonObject
from mock_csms.stations.device_model import DeviceModel
from mock_csms.stations.station import Station
from mock_csms.stations.transactions import parse_timestamp
from mock_csms.v201.evses import evse_ids
from mock_csms.v201.features import reported, reported_list, reported_number

UNITS: Final = ("A", "W")
USUAL_CURRENT_A: Final = 16.0
LINE_VOLTAGE: Final = 230.0
"""Volts between a phase and neutral, to convert A to W."""
USUAL_PHASES: Final = 3
"""Phases that a station assumes if numberPhases is absent (K01.FR.49)."""
USUAL_DC_POWER_W: Final = 11_000.0
USUAL_LIMITS: Final = {"A": USUAL_CURRENT_A, "W": USUAL_DC_POWER_W}
MAX_LIMIT: Final = 1e12
"""Greatest limit that the mock sends, in A or W. A reported limit may be infinite after its conversion."""

TX_PROFILE: Final = "TxProfile"
TX_DEFAULT_PROFILE: Final = "TxDefaultProfile"
STATION_MAX_PROFILE: Final = "ChargingStationMaxProfile"
EXTERNAL_CONSTRAINTS: Final = "ChargingStationExternalConstraints"


def rate_unit(device_model: DeviceModel, preferred: str) -> str:
    """Return the preferred unit, A or W, unless the station has reported only the other one (K01.FR.26)."""
    units = [unit for unit in reported_list(device_model, "SmartChargingCtrlr/RateUnit") if unit in UNITS]
    return preferred if not units or preferred in units else units[0]


def supply_phases(station: Station, evse_id: int) -> int | None:
    """Return the reported number of AC phases of an EVSE, or 0 for DC; None if it is unknown.

    EVSE 0 stands for the whole station, whose EVSEs may differ.
    """
    model = station.device_model
    evses = [evse_id] if evse_id else evse_ids(station)
    of_evses = {reported_number(model, f"EVSE#{evse}/SupplyPhases") for evse in evses}
    if len(of_evses) == 1 and None not in of_evses:
        return of_evses.pop()
    return None if len(of_evses) > 1 else reported_number(model, "ChargingStation/SupplyPhases")


def convert_limit(limit: float, unit: str, wanted: str, phases: int | None) -> float:
    """Convert a limit between A per phase and W for all phases together (K01.FR.50, K01.FR.51)."""
    factor = LINE_VOLTAGE * (phases or USUAL_PHASES)
    if unit == wanted:
        return limit
    return limit * factor if wanted == "W" else limit / factor


def rounded(limit: float) -> float:
    """Round a limit down to the one decimal place that ChargingSchedulePeriod allows."""
    return math.floor(max(-MAX_LIMIT, min(limit, MAX_LIMIT)) * 10 + 1e-6) / 10


class UsualLimit(NamedTuple):
    """The unit and first period of a charging schedule."""

    unit: str
    period: JsonObject


def usual_limit(station: Station, evse_id: int) -> UsualLimit:
    """Return the limit of a default profile: 16 A per phase for AC, 11 kW for DC.

    The limit has the unit and phases that the station has reported, and does not exceed the limits that the
    station has reported with NotifyChargingLimit (K02.FR.01).
    """
    phases = supply_phases(station, evse_id)
    unit = rate_unit(station.device_model, "W" if phases == 0 else "A")
    usual = USUAL_LIMITS[unit]
    if unit == "W" and phases != 0:
        usual = convert_limit(USUAL_CURRENT_A, "A", "W", phases)
    limit = min([usual, *external_limits(station, evse_id, unit, phases)])
    period: JsonObject = {"startPeriod": 0, "limit": rounded(limit)}
    return UsualLimit(unit, {**period, "numberPhases": phases} if phases in {1, 3} else period)


def external_limits(station: Station, evse_id: int, unit: str, phases: int | None) -> Iterator[float]:
    """Yield the limits in ``unit`` that the station has reported for an EVSE (0: any EVSE) (K11, K12)."""
    for notice in station.charging_limits.values():
        if evse_id and notice.get("evseId", evse_id) not in {0, evse_id}:
            continue
        for schedule in notice.get("chargingSchedule", []):
            lowest = min(period["limit"] for period in schedule["chargingSchedulePeriod"])
            yield convert_limit(lowest, schedule["chargingRateUnit"], unit, phases)


class Place(NamedTuple):
    """stackLevel for a new charging profile, and the id of the known profile there that it must replace.

    The id is None if there is no such profile.
    """

    stack_level: int
    replaced_id: int | None


def default_place(station: Station, evse_id: int, now: datetime) -> Place:
    """Find a free place for an open-ended TxDefaultProfile, where it collides with no other profile.

    Two profiles with the same stackLevel may not be on the same EVSE (K01.FR.06), but a profile replaces the
    one with the same id (K01.FR.05). A stackLevel that is used both on EVSE 0 and on another EVSE is
    rejected, so it is avoided (K01.FR.52, K01.FR.53). Raises NothingToDo if the station has no free
    stackLevel.
    """
    known = [
        entry
        for entry in current_profiles(station, now)
        if entry["chargingProfile"].get("chargingProfilePurpose") == TX_DEFAULT_PROFILE
    ]
    highest = reported_number(station.device_model, "SmartChargingCtrlr/ProfileStackLevel")
    for level in range(len(known) + 1 if highest is None else min(highest, len(known)) + 1):
        ids = {entry["evseId"]: entry["chargingProfile"]["id"] for entry in known if _level(entry) == level}
        if not any(_share_evses(evse_id, other) for other in ids):
            return Place(level, ids.get(evse_id))
    raise NothingToDo("the station has TxDefaultProfiles on single EVSEs at every stackLevel")


def current_profiles(station: Station, now: datetime) -> Iterator[JsonObject]:
    """Yield the known profiles, the oldest first. Profiles whose validTo or transaction is over are left
    out.

    A station deletes a TxProfile when its transaction ends (K02.FR.05).
    """
    for entry in station.charging_profiles.values():
        profile = entry["chargingProfile"]
        transaction = station.transaction(profile.get("transactionId", ""))
        if not _has_expired(profile, now) and not (transaction and transaction.ended):
            yield entry


def _level(entry: JsonObject) -> int | None:
    level: int | None = entry["chargingProfile"].get("stackLevel")
    return level


def _share_evses(evse_id: int, other: int) -> bool:
    """Whether one of two different EVSE ids is 0 and so includes the other."""
    return evse_id != other and 0 in {evse_id, other}


def _has_expired(profile: JsonObject, now: datetime) -> bool:
    valid_to = _time(profile, "validTo")
    return valid_to is not None and valid_to <= now


def _time(profile: JsonObject, field: str) -> datetime | None:
    text = profile.get(field)
    return parse_timestamp(text) if isinstance(text, str) else None


# Rules that a command must keep


def broken_rules(action: str, payload: JsonObject, station: Station, now: datetime) -> Iterator[str]:
    """Describe each requirement that the charging profile of a valid command breaks."""
    if action == Action.set_charging_profile:
        profile, evse_id = payload["chargingProfile"], payload["evseId"]
        yield from _in_set_charging_profile(profile, evse_id, station)
        yield from _in_any(profile, evse_id, station)
        yield from _collisions(profile, evse_id, current_profiles(station, now))
    elif action == Action.request_start_transaction and "chargingProfile" in payload:
        profile = payload["chargingProfile"]
        yield from _in_request_start(profile)
        yield from _in_any(profile, payload.get("evseId", 0), station)


def _in_set_charging_profile(profile: JsonObject, evse_id: int, station: Station) -> Iterator[str]:
    purpose = profile["chargingProfilePurpose"]
    if purpose == EXTERNAL_CONSTRAINTS:
        yield f"a central system must not send a profile for {EXTERNAL_CONSTRAINTS} (K01.FR.22)"
    if purpose == TX_PROFILE and "transactionId" not in profile:
        yield "a TxProfile needs a transactionId (K01.FR.03)"
    if purpose == TX_PROFILE and evse_id == 0:
        yield "a TxProfile needs an evseId greater than 0 (K01.FR.16)"
    if purpose == STATION_MAX_PROFILE and evse_id != 0:
        yield f"a {STATION_MAX_PROFILE} can only be set on EVSE 0 (K04.FR.03)"
    has_needs = evse_id in station.charging_needs if evse_id else bool(station.charging_needs)
    if len(profile["chargingSchedule"]) > 1 and not has_needs:
        yield (
            "only an EVSE that has sent NotifyEVChargingNeeds can have more than one "
            "chargingSchedule (K01.FR.34)"
        )


def _in_request_start(profile: JsonObject) -> Iterator[str]:
    if profile["chargingProfilePurpose"] != TX_PROFILE:
        yield "the profile in a RequestStartTransaction must be a TxProfile (F01.FR.09)"
    if "transactionId" in profile:
        yield "the profile in a RequestStartTransaction must not have a transactionId (F01.FR.11)"


def _in_any(profile: JsonObject, evse_id: int, station: Station) -> Iterator[str]:
    kind = profile["chargingProfileKind"]
    if profile["chargingProfilePurpose"] == STATION_MAX_PROFILE and kind == "Relative":
        yield f"a {STATION_MAX_PROFILE} must not be Relative (K01.FR.38)"
    for schedule in profile["chargingSchedule"]:
        unit = schedule["chargingRateUnit"]
        if rate_unit(station.device_model, unit) != unit:
            yield f"the station has not reported {unit} in RateUnit, so it must reject this unit (K01.FR.26)"
        if kind == "Relative" and "startSchedule" in schedule:
            yield "a Relative profile must not have a startSchedule (K01.FR.41)"
        if kind != "Relative" and "startSchedule" not in schedule:
            yield f"a profile of kind {kind} needs a startSchedule (K01.FR.40)"
        yield from _in_periods(schedule["chargingSchedulePeriod"])
        yield from _in_phases(schedule["chargingSchedulePeriod"], evse_id, station)


def _in_periods(periods: list[JsonObject]) -> Iterator[str]:
    if periods[0]["startPeriod"] != 0:
        yield f"the first startPeriod must be 0, not {periods[0]['startPeriod']} (K01.FR.31)"
    if any(earlier["startPeriod"] >= later["startPeriod"] for earlier, later in pairwise(periods)):
        yield "the chargingSchedulePeriods must be in the order of their startPeriod (K01.FR.35)"


def _in_phases(periods: list[JsonObject], evse_id: int, station: Station) -> Iterator[str]:
    uses = [period for period in periods if "phaseToUse" in period]
    if any(period.get("numberPhases") != 1 for period in uses):
        yield "phaseToUse needs numberPhases 1 (K01.FR.19)"
    elif uses and not _switches_phases(station, evse_id):
        yield "phaseToUse needs a station that reports ACPhaseSwitchingSupported = true (K01.FR.20)"


def _switches_phases(station: Station, evse_id: int) -> bool:
    """Whether the controller of an EVSE or of the whole station has reported that it can select a phase."""
    controllers = (f"SmartChargingCtrlr#{evse_id}", "SmartChargingCtrlr")
    names = (f"{controller}/ACPhaseSwitchingSupported" for controller in controllers)
    return any(reported(station.device_model, name).lower() == "true" for name in names)


def _collisions(profile: JsonObject, evse_id: int, known: Iterable[JsonObject]) -> Iterator[str]:
    """Describe each known profile that must not exist beside ``profile``, because both have the same purpose
    and stackLevel.
    """
    purpose, level = profile["chargingProfilePurpose"], profile["stackLevel"]
    for entry in known:
        other, other_evse = entry["chargingProfile"], entry["evseId"]
        if other["id"] == profile["id"]:
            continue
        if (other.get("chargingProfilePurpose"), other.get("stackLevel")) != (purpose, level):
            continue
        where = f"profile {other['id']} has the same purpose and stackLevel"
        if purpose == TX_PROFILE:
            if other.get("transactionId") == profile.get("transactionId"):
                yield f"{where} for this transaction (K01.FR.39)"
        elif other_evse == evse_id and _overlap(profile, other):
            yield f"{where} on EVSE {evse_id} (K01.FR.06)"
        elif purpose == TX_DEFAULT_PROFILE and _share_evses(evse_id, other_evse):
            yield f"{where} on EVSE {other_evse}, so the station must reject this one (K01.FR.52, K01.FR.53)"


def _overlap(one: JsonObject, other: JsonObject) -> bool:
    """Whether the validity periods of two profiles overlap. A start or an end may be missing."""
    return _begins_before_end_of(one, other) and _begins_before_end_of(other, one)


def _begins_before_end_of(one: JsonObject, other: JsonObject) -> bool:
    begin, end = _time(one, "validFrom"), _time(other, "validTo")
    return begin is None or end is None or begin < end
