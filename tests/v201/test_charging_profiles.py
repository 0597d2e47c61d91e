"""Charging profiles that the mock builds: unit, limit, stackLevel, and the requirements on them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from commands import COMMANDS
from mock_csms.csms import Csms
from mock_csms.errors import NothingToDo
from mock_csms.messages import JsonObject
from mock_csms.settings import Settings
from mock_csms.stations.station import Station
from mock_csms.v201.charging_profiles import (
    Place,
    broken_rules,
    convert_limit,
    default_place,
    rate_unit,
    rounded,
    supply_phases,
    usual_limit,
)
from mock_csms.v201.learning import learn_from_answer
from server import VERSIONS

NOW = datetime(2024, 1, 1, 12, tzinfo=UTC)
START = "2024-01-01T12:00:00Z"


def station_with(**variables: str) -> Station:
    """A station that has reported variables; ``EVSE_1__Power`` stands for the variable Power of EVSE 1."""
    station = Station("CS1")
    for key, value in variables.items():
        component, variable = key.split("__")
        name, _, evse_id = component.partition("_")
        evse = {"evse": {"id": int(evse_id)}} if evse_id else {}
        station.device_model.set({"name": name, **evse}, {"name": variable}, value)
    return station


def schedule(*starts: int, **fields: Any) -> JsonObject:
    periods = [{"startPeriod": start, "limit": 10.0} for start in starts or (0,)]
    return {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": periods, **fields}


def profile(profile_id: int = 1, purpose: str = "TxDefaultProfile", **fields: Any) -> JsonObject:
    return {
        "id": profile_id,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule(startSchedule=START)],
        **fields,
    }


def add(station: Station, evse_id: int, charging_profile: JsonObject) -> None:
    request = {"evseId": evse_id, "chargingProfile": charging_profile}
    learn_from_answer(station, "SetChargingProfile", request, {"status": "Accepted"})


# Unit and limit


@pytest.mark.parametrize(
    ("reported", "preferred", "unit"),
    [
        ("W", "A", "W"),
        ("A", "W", "A"),
        ("A,W", "W", "W"),
        ("W, A", "A", "A"),
        (" W ", "A", "W"),
        ("", "A", "A"),
        ("VA", "A", "A"),
    ],
)
def test_rate_unit_is_one_that_station_has_reported(reported: str, preferred: str, unit: str) -> None:
    station = station_with(SmartChargingCtrlr__RateUnit=reported)

    assert rate_unit(station.device_model, preferred) == unit


def test_rate_unit_without_report_is_preferred_one() -> None:
    assert rate_unit(Station("CS1").device_model, "W") == "W"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, ("A", 16.0, None)),
        ({"SmartChargingCtrlr__RateUnit": "W"}, ("W", 11_040.0, None)),
        ({"ChargingStation__SupplyPhases": "3"}, ("A", 16.0, 3)),
        ({"ChargingStation__SupplyPhases": "1"}, ("A", 16.0, 1)),
        ({"ChargingStation__SupplyPhases": "1", "SmartChargingCtrlr__RateUnit": "W"}, ("W", 3_680.0, 1)),
        ({"ChargingStation__SupplyPhases": "0"}, ("W", 11_000.0, None)),
        ({"ChargingStation__SupplyPhases": "0", "SmartChargingCtrlr__RateUnit": "A"}, ("A", 16.0, None)),
        ({"EVSE_1__SupplyPhases": "1", "ChargingStation__SupplyPhases": "3"}, ("A", 16.0, 1)),
        ({"EVSE_1__SupplyPhases": "1", "EVSE_2__SupplyPhases": "3"}, ("A", 16.0, None)),
        ({"ChargingStation__SupplyPhases": "many"}, ("A", 16.0, None)),
    ],
)
def test_usual_limit_follows_reports(
    variables: dict[str, str], expected: tuple[str, float, int | None]
) -> None:
    limit = usual_limit(station_with(**variables), 0)

    assert (limit.unit, limit.period["limit"], limit.period.get("numberPhases")) == expected


def test_usual_limit_keeps_external_limits() -> None:
    """K02.FR.01."""
    station = Station("CS1")
    station.charging_limits["EMS", 2] = {
        "evseId": 2,
        "chargingSchedule": [{"chargingRateUnit": "W", "chargingSchedulePeriod": [{"limit": 6900.0}]}],
    }

    assert usual_limit(station, 0).period["limit"] == 10.0
    assert usual_limit(station, 1).period["limit"] == 16.0


def test_supply_phases_of_one_evse() -> None:
    station = station_with(EVSE_1__SupplyPhases="1", EVSE_2__SupplyPhases="3")

    assert [supply_phases(station, evse_id) for evse_id in (0, 1, 2)] == [None, 1, 3]


@pytest.mark.parametrize(
    ("limit", "unit", "wanted", "phases", "converted"),
    [
        (16.0, "A", "W", 3, 11_040.0),
        (16.0, "A", "W", 1, 3_680.0),
        (6_900.0, "W", "A", None, 10.0),
        (5.0, "A", "A", 1, 5.0),
    ],
)
def test_limit_is_converted_per_phase(
    limit: float, unit: str, wanted: str, phases: int | None, converted: float
) -> None:
    assert convert_limit(limit, unit, wanted, phases) == converted


@pytest.mark.parametrize(("limit", "expected"), [(8.19, 8.1), (8.1, 8.1), (0.3, 0.3), (16.0, 16.0)])
def test_limit_is_rounded_down_to_one_decimal(limit: float, expected: float) -> None:
    assert rounded(limit) == expected


# Place: the stack level, and the known profile that is replaced


@pytest.mark.parametrize(
    ("known", "evse_id", "expected"),
    [
        ([], 0, Place(0, None)),
        ([(0, profile(7))], 0, Place(0, 7)),
        ([(2, profile(7))], 2, Place(0, 7)),
        ([(1, profile(7))], 2, Place(0, None)),
        ([(1, profile(7))], 0, Place(1, None)),
        ([(0, profile(7))], 1, Place(1, None)),
        ([(1, profile(7)), (0, profile(8, stackLevel=1))], 0, Place(1, 8)),
        ([(1, profile(7, "TxProfile"))], 0, Place(0, None)),
        ([(0, profile(7, validTo="2023-01-01T00:00:00Z"))], 0, Place(0, None)),
        ([(0, profile(7, validTo="2025-01-01T00:00:00Z"))], 0, Place(0, 7)),
    ],
)
def test_place_does_not_collide(known: list[tuple[int, JsonObject]], evse_id: int, expected: Place) -> None:
    """K01.FR.05, K01.FR.06, K01.FR.52, K01.FR.53."""
    station = Station("CS1")
    for known_evse_id, known_profile in known:
        add(station, known_evse_id, known_profile)

    place = default_place(station, evse_id, NOW)

    assert place == expected
    new = profile(place.replaced_id or 99, stackLevel=place.stack_level)
    request = {"evseId": evse_id, "chargingProfile": new}
    assert list(broken_rules("SetChargingProfile", request, station, NOW)) == []


def test_place_above_highest_stack_level_is_refused() -> None:
    station = station_with(SmartChargingCtrlr__ProfileStackLevel="0")
    add(station, 1, profile(7))

    with pytest.raises(NothingToDo):
        default_place(station, 0, NOW)


def test_default_profiles_of_two_stations_may_share_an_id() -> None:
    csms = Csms(Settings(), VERSIONS)
    first, second = (COMMANDS["SetChargingProfile"](csms, Station(name)) for name in ("A", "B"))

    assert first.charging_profile["id"] == second.charging_profile["id"]


def test_default_profile_reuses_its_id_before_and_after_the_answer() -> None:
    csms, station = Csms(Settings(), VERSIONS), Station("A")
    build = VERSIONS["ocpp2.0.1"].build
    first = build("SetChargingProfile", csms, station)
    second = build("SetChargingProfile", csms, station)
    add(station, 0, first["chargingProfile"])
    third = build("SetChargingProfile", csms, station)

    assert len({payload["chargingProfile"]["id"] for payload in (first, second, third)}) == 1


# Rules

RELATIVE = {"chargingProfileKind": "Relative", "chargingSchedule": [schedule()]}


@pytest.mark.parametrize(
    ("evse_id", "fields", "requirement"),
    [
        (0, {"chargingSchedule": [schedule(120, startSchedule=START)]}, "K01.FR.31"),
        (0, {"chargingSchedule": [schedule(0, 60, 30, startSchedule=START)]}, "K01.FR.35"),
        (0, {"chargingSchedule": [schedule()]}, "K01.FR.40"),
        (0, {"chargingProfileKind": "Recurring", "chargingSchedule": [schedule()]}, "K01.FR.40"),
        (0, {"chargingProfileKind": "Relative"}, "K01.FR.41"),
        (1, {"chargingProfilePurpose": "TxProfile"}, "K01.FR.03"),
        (0, {"chargingProfilePurpose": "TxProfile", "transactionId": "T1"}, "K01.FR.16"),
        (0, {"chargingProfilePurpose": "ChargingStationExternalConstraints"}, "K01.FR.22"),
        (0, {**RELATIVE, "chargingProfilePurpose": "ChargingStationMaxProfile"}, "K01.FR.38"),
        (1, {"chargingProfilePurpose": "ChargingStationMaxProfile"}, "K04.FR.03"),
        (1, {"chargingSchedule": [schedule(startSchedule=START)] * 2}, "K01.FR.34"),
        (
            0,
            {
                "chargingSchedule": [
                    {
                        **schedule(startSchedule=START),
                        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 1.0, "phaseToUse": 1}],
                    }
                ]
            },
            "K01.FR.19",
        ),
    ],
)
def test_broken_rule_is_found(evse_id: int, fields: JsonObject, requirement: str) -> None:
    request = {"evseId": evse_id, "chargingProfile": profile(**fields)}

    found = list(broken_rules("SetChargingProfile", request, Station("CS1"), NOW))

    assert len(found) == 1
    assert requirement in found[0]


@pytest.mark.parametrize(("reported", "is_found"), [("W", True), ("A,W", False), ("", False)])
def test_unit_that_station_does_not_take_is_found(reported: str, is_found: bool) -> None:
    station = station_with(SmartChargingCtrlr__RateUnit=reported)
    request = {"evseId": 0, "chargingProfile": profile()}

    found = list(broken_rules("SetChargingProfile", request, station, NOW))

    assert ["K01.FR.26" in rule for rule in found] == [True] * is_found


@pytest.mark.parametrize(
    ("reported", "is_found"),
    [
        ({}, True),
        ({"SmartChargingCtrlr__ACPhaseSwitchingSupported": "false"}, True),
        ({"SmartChargingCtrlr__ACPhaseSwitchingSupported": "true"}, False),
        ({"SmartChargingCtrlr_1__ACPhaseSwitchingSupported": "true"}, False),
        ({"SmartChargingCtrlr_2__ACPhaseSwitchingSupported": "true"}, True),
    ],
)
def test_phase_that_station_cannot_select_is_found(reported: dict[str, str], is_found: bool) -> None:
    station = station_with(**reported)
    period = {"startPeriod": 0, "limit": 1.0, "numberPhases": 1, "phaseToUse": 1}
    one_schedule = {**schedule(startSchedule=START), "chargingSchedulePeriod": [period]}
    request = {"evseId": 1, "chargingProfile": profile(chargingSchedule=[one_schedule])}

    found = list(broken_rules("SetChargingProfile", request, station, NOW))

    assert ["K01.FR.20" in rule for rule in found] == [True] * is_found


@pytest.mark.parametrize(
    ("evse_id", "fields"),
    [
        (0, {}),
        (0, RELATIVE),
        (0, {"chargingProfileKind": "Recurring", "recurrencyKind": "Daily"}),
        (0, {"chargingProfileKind": "Recurring"}),
        (1, {"chargingProfilePurpose": "TxProfile", "transactionId": "T1"}),
        (0, {"chargingProfilePurpose": "ChargingStationMaxProfile"}),
        (0, {"chargingSchedule": [schedule(0, 60, 120, startSchedule=START)]}),
    ],
)
def test_correct_profile_breaks_no_rule(evse_id: int, fields: JsonObject) -> None:
    request = {"evseId": evse_id, "chargingProfile": profile(**fields)}

    assert list(broken_rules("SetChargingProfile", request, Station("CS1"), NOW)) == []


@pytest.mark.parametrize(
    ("known", "evse_id", "new", "requirement"),
    [
        ((0, profile(7)), 0, profile(8), "K01.FR.06"),
        ((1, profile(7)), 0, profile(8), "K01.FR.52"),
        ((0, profile(7)), 1, profile(8), "K01.FR.53"),
        (
            (1, profile(7, "TxProfile", transactionId="T1")),
            1,
            profile(8, "TxProfile", transactionId="T1"),
            "K01.FR.39",
        ),
        ((0, profile(7, validTo="2025-01-01T00:00:00Z")), 0, profile(8), "K01.FR.06"),
    ],
)
def test_collision_with_known_profile_is_found(
    known: tuple[int, JsonObject], evse_id: int, new: JsonObject, requirement: str
) -> None:
    station = Station("CS1")
    add(station, *known)

    found = list(
        broken_rules("SetChargingProfile", {"evseId": evse_id, "chargingProfile": new}, station, NOW)
    )

    assert len(found) == 1
    assert requirement in found[0]


@pytest.mark.parametrize(
    ("known", "evse_id", "new"),
    [
        ((0, profile(7)), 0, profile(7)),
        ((0, profile(7)), 0, profile(8, stackLevel=1)),
        ((1, profile(7)), 2, profile(8)),
        ((0, profile(7, validTo="2024-06-01T00:00:00Z")), 0, profile(8, validFrom="2024-06-01T00:00:00Z")),
        (
            (1, profile(7, "TxProfile", transactionId="T1")),
            1,
            profile(8, "TxProfile", transactionId="T2"),
        ),
    ],
)
def test_profile_beside_known_profile_breaks_no_rule(
    known: tuple[int, JsonObject], evse_id: int, new: JsonObject
) -> None:
    station = Station("CS1")
    add(station, *known)

    assert (
        list(broken_rules("SetChargingProfile", {"evseId": evse_id, "chargingProfile": new}, station, NOW))
        == []
    )


@pytest.mark.parametrize(
    ("new", "requirement"),
    [
        (profile(1), "F01.FR.09"),
        (profile(1, "TxProfile", transactionId="T1"), "F01.FR.11"),
        (profile(1, "TxProfile", chargingSchedule=[schedule()]), "K01.FR.40"),
    ],
)
def test_broken_rule_in_request_start_is_found(new: JsonObject, requirement: str) -> None:
    request = {"idToken": {}, "remoteStartId": 1, "chargingProfile": new}

    found = list(broken_rules("RequestStartTransaction", request, Station("CS1"), NOW))

    assert len(found) == 1
    assert requirement in found[0]


@pytest.mark.parametrize("payload", [{}, {"chargingProfile": profile(1, "TxProfile")}])
def test_correct_request_start_breaks_no_rule(payload: JsonObject) -> None:
    assert list(broken_rules("RequestStartTransaction", payload, Station("CS1"), NOW)) == []
