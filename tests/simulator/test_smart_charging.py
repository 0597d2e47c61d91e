"""Smart charging of a simulated station."""

from datetime import timedelta
from typing import Any

import pytest

from mock_csms.messages import CallRejected, JsonObject
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.smart_charging import SmartCharging
from mock_csms.simulator.variables import MAX_CHARGING_PROFILES
from tests.support.virtual_station import Workbench

NOW = "2026-01-01T00:00:00Z"
VARIABLES = {
    "Enabled": "true",
    "RateUnit": "A,W",
    "ProfileStackLevel": "50",
    "PeriodsPerSchedule": "24",
    "ExternalControlSignalsEnabled": "true",
    "NotifyChargingLimitWithSchedules": "false",
    "LimitChangeSignificance": "10.0",
}


@pytest.fixture
def bench() -> Workbench:
    bench = Workbench(SmartCharging)
    for name, value in VARIABLES.items():
        set_variable(bench, name, value)
    return bench


def set_variable(bench: Workbench, name: str, value: str) -> None:
    bench.core.variables.put(Key("SmartChargingCtrlr", name), value)


def block(bench: Workbench) -> SmartCharging:
    found = bench.blocks[0]
    assert isinstance(found, SmartCharging)
    return found


def start_transaction(bench: Workbench, evse_id: int = 1, transaction_id: str = "T1") -> None:
    evse = bench.core.evses.by_id[evse_id]
    evse.transaction_id = transaction_id
    evse.charging_since = bench.core.now()


def schedule(*periods: JsonObject, **fields: Any) -> JsonObject:
    json = {
        "id": 1,
        "startSchedule": NOW,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": list(periods) or [{"startPeriod": 0, "limit": 10}],
        **fields,
    }
    return {name: value for name, value in json.items() if value is not None}


def default(*periods: JsonObject, schedule_fields: JsonObject | None = None, **fields: Any) -> JsonObject:
    """TxDefaultProfile with one schedule."""
    return {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule(*periods, **(schedule_fields or {}))],
        **fields,
    }


def transaction_profile(*periods: JsonObject, **fields: Any) -> JsonObject:
    return default(
        *periods, **{"id": 5, "chargingProfilePurpose": "TxProfile", "transactionId": "T1", **fields}
    )


def station_profile(*periods: JsonObject, **fields: Any) -> JsonObject:
    return default(*periods, **{"id": 9, "chargingProfilePurpose": "ChargingStationMaxProfile", **fields})


def period(start: int = 0, limit: float = 10, **fields: Any) -> JsonObject:
    return {"startPeriod": start, "limit": limit, **fields}


def install(bench: Workbench, profile: JsonObject, evse_id: int = 1) -> str:
    """Send a SetChargingProfile; return the reason code of the answer, or else its status."""
    answer = bench.command("SetChargingProfile", {"evseId": evse_id, "chargingProfile": profile})
    return str(answer.get("statusInfo", {}).get("reasonCode", answer["status"]))


def reported(bench: Workbench, criteria: JsonObject | None = None, **fields: Any) -> list[int]:
    """Ids of the profiles that GetChargingProfiles reports."""
    before = len(bench.sent)
    request = {"requestId": 7, "chargingProfile": criteria or {}, **fields}
    answer = bench.command("GetChargingProfiles", request)
    parts = [payload for _, payload in bench.sent[before:]]
    assert answer["status"] == ("Accepted" if parts else "NoProfiles")
    assert [part["tbc"] for part in parts] == [True] * (len(parts) - 1) + [False] * bool(parts)
    assert all(part["requestId"] == 7 for part in parts)
    return [profile["id"] for part in parts for profile in part["chargingProfile"]]


def periods_of(bench: Workbench, evse_id: int = 1, duration: int = 300, **fields: Any) -> Any:
    request = {"evseId": evse_id, "duration": duration, **fields}
    answer = bench.command("GetCompositeSchedule", request)
    if answer["status"] == "Rejected":
        return answer["statusInfo"]["reasonCode"]
    assert answer["schedule"]["duration"] == duration
    assert answer["schedule"]["evseId"] == evse_id
    return [(each["startPeriod"], each["limit"]) for each in answer["schedule"]["chargingSchedulePeriod"]]


def test_default_profile_limits_its_evse_only(bench: Workbench) -> None:
    assert install(bench, default()) == "Accepted"
    assert (block(bench).limit_w(1), block(bench).limit_w(2)) == (6900, 22080)


def test_default_profile_on_evse_0_limits_all_evses(bench: Workbench) -> None:
    assert install(bench, default(), evse_id=0) == "Accepted"
    assert (block(bench).limit_w(1), block(bench).limit_w(2)) == (6900, 6900)


def test_profile_change_emits_limits_changed(bench: Workbench) -> None:
    emitted: list[str] = []
    block(bench).limits_changed.connect(lambda: emitted.append("changed"))
    install(bench, default())
    bench.command("ClearChargingProfile", {"chargingProfileId": 1})
    assert len(emitted) == 2


def test_profile_with_known_id_replaces_the_old_one(bench: Workbench) -> None:
    install(bench, default())
    assert install(bench, default(period(limit=16)), evse_id=2) == "Accepted"
    assert (block(bench).limit_w(1), block(bench).limit_w(2)) == (22080, 11040)
    assert reported(bench) == [1]


REJECTED: dict[str, tuple[int, JsonObject, str]] = {
    "unknown EVSE": (3, default(), "UnknownEvse"),
    "negative EVSE": (-1, default(), "UnknownEvse"),
    "TxProfile on EVSE 0": (0, transaction_profile(), "InvalidProfile"),
    "TxProfile without transaction": (2, transaction_profile(), "TxNotFound"),
    "TxProfile of another transaction": (1, transaction_profile(transactionId="T2"), "TxNotFound"),
    "external constraints": (
        0,
        default(chargingProfilePurpose="ChargingStationExternalConstraints"),
        "InvalidProfile",
    ),
    "station limit on an EVSE": (1, station_profile(), "InvalidProfile"),
    "relative station limit": (
        0,
        station_profile(chargingProfileKind="Relative", schedule_fields={"startSchedule": None}),
        "InvalidProfile",
    ),
    "transactionId of a default": (1, default(transactionId="T1"), "InvalidProfile"),
    "stack level too high": (1, default(stackLevel=51), "InvalidStackLevel"),
    "stack level negative": (1, default(stackLevel=-1), "InvalidStackLevel"),
    "too many periods": (1, default(*(period(index) for index in range(25))), "TooManyElements"),
    "several schedules": (1, default(chargingSchedule=[schedule(), schedule(id=2)]), "TooManyElements"),
    "Relative with startSchedule": (1, default(chargingProfileKind="Relative"), "InvalidSchedule"),
    "Absolute without startSchedule": (
        1,
        default(schedule_fields={"startSchedule": None}),
        "InvalidSchedule",
    ),
    "Recurring without recurrencyKind": (1, default(chargingProfileKind="Recurring"), "InvalidProfile"),
    "duration of zero": (1, default(schedule_fields={"duration": 0}), "InvalidSchedule"),
    "validity ends before it starts": (1, default(validFrom=NOW, validTo=NOW), "InvalidProfile"),
    "leap second": (1, default(validFrom="2016-12-31T23:59:60Z"), "InvalidProfile"),
    "first period not at 0": (1, default(period(5)), "InvalidSchedule"),
    "periods not ascending": (1, default(period(), period(9), period(9)), "InvalidSchedule"),
    "period beyond 32 bits": (1, default(period(), period(10**400)), "InvalidSchedule"),
    "negative limit": (1, default(period(limit=-1)), "InvalidSchedule"),
    "huge limit": (1, default(period(limit=10**400)), "InvalidSchedule"),
    "four phases": (1, default(period(numberPhases=4)), "InvalidSchedule"),
    "phaseToUse not supported": (1, default(period(numberPhases=1, phaseToUse=2)), "UnsupportedParam"),
    "id beyond 32 bits": (1, default(id=2**31), "ValueOutOfRange"),
}


@pytest.mark.parametrize(("evse_id", "profile", "reason"), REJECTED.values(), ids=REJECTED)
def test_invalid_profile_is_rejected(
    bench: Workbench, evse_id: int, profile: JsonObject, reason: str
) -> None:
    start_transaction(bench)
    assert install(bench, profile, evse_id) == reason
    assert reported(bench) == []


def test_transaction_profile_without_transaction_id_is_rejected(bench: Workbench) -> None:
    start_transaction(bench)
    profile = transaction_profile()
    del profile["transactionId"]
    assert install(bench, profile) == "MissingParam"


def test_rate_unit_not_configured_is_rejected(bench: Workbench) -> None:
    set_variable(bench, "RateUnit", "W")
    assert install(bench, default()) == "UnsupportedRateUnit"
    assert periods_of(bench, chargingRateUnit="A") == "UnsupportedRateUnit"


@pytest.mark.parametrize(
    ("evse_id", "fields", "expected"),
    [
        (1, {}, "DuplicateProfile"),
        (1, {"stackLevel": 1}, "Accepted"),
        (2, {}, "Accepted"),
        (0, {}, "DuplicateProfile"),
        (1, {"validFrom": "2026-02-01T00:00:00Z"}, "Accepted"),
        (0, {"validFrom": "2026-02-01T00:00:00Z"}, "DuplicateProfile"),
    ],
)
def test_profile_at_a_used_stack_level_is_rejected_unless_times_differ(
    bench: Workbench, evse_id: int, fields: JsonObject, expected: str
) -> None:
    install(bench, default(validTo="2026-02-01T00:00:00Z"))
    assert install(bench, default(id=2, **fields), evse_id) == expected


def test_default_profile_beside_one_on_evse_0_is_rejected(bench: Workbench) -> None:
    install(bench, default(), evse_id=0)
    assert install(bench, default(id=2)) == "DuplicateProfile"


def test_second_transaction_profile_at_a_stack_level_is_rejected(bench: Workbench) -> None:
    start_transaction(bench)
    install(bench, transaction_profile(validTo="2026-02-01T00:00:00Z"))
    assert install(bench, transaction_profile(id=6, validFrom="2026-02-01T00:00:00Z")) == "DuplicateProfile"


def test_profiles_are_bounded(bench: Workbench) -> None:
    for number in range(MAX_CHARGING_PROFILES):
        assert install(bench, default(id=number, stackLevel=number)) == "Accepted"
    assert install(bench, default(id=99, stackLevel=49)) == "OutOfStorage"
    assert install(bench, default(id=0)) == "Accepted"
    entries = bench.core.variables.integer("SmartChargingCtrlr", "Entries", "ChargingProfiles")
    assert entries == MAX_CHARGING_PROFILES


def test_commands_without_support_are_answered_not_supported(bench: Workbench) -> None:
    install(bench, default())
    set_variable(bench, "Enabled", "false")
    with pytest.raises(CallRejected):
        install(bench, default())
    assert block(bench).limit_w(1) == 22080
    assert block(bench).add_transaction_profile(1, "T1", transaction_profile())


def test_transaction_profile_lasts_as_long_as_its_transaction(bench: Workbench) -> None:
    start_transaction(bench)
    install(bench, default())
    install(bench, transaction_profile(period(limit=16)))
    assert block(bench).limit_w(1) == 11040
    block(bench).transaction_ended(1, "T1")
    assert block(bench).limit_w(1) == 6900


def test_profile_of_remote_start_is_used_and_reported(bench: Workbench) -> None:
    profile = transaction_profile()
    del profile["transactionId"]
    assert block(bench).can_accept_transaction_profile(1, profile)
    assert block(bench).add_transaction_profile(1, "T1", profile)
    assert block(bench).limit_w(1) == 6900
    reported(bench)
    assert bench.sent[-1][1]["chargingProfile"] == [{**profile, "transactionId": "T1"}]


@pytest.mark.parametrize(
    "profile",
    [default(), transaction_profile(), {**default(period(1)), "chargingProfilePurpose": "TxProfile"}],
)
def test_invalid_profile_of_remote_start_is_refused(bench: Workbench, profile: JsonObject) -> None:
    assert not block(bench).can_accept_transaction_profile(1, profile)
    assert not block(bench).add_transaction_profile(1, "T1", profile)
    assert reported(bench) == []


def test_profiles_survive_a_power_cycle(bench: Workbench) -> None:
    install(bench, default())
    bench.core.powered_off.emit()
    assert reported(bench) == [1]


@pytest.mark.parametrize(
    ("start", "limit_w"), [("0001-01-01T00:00:00+23:59", 6900), ("9999-12-31T23:59:59-23:59", 22080)]
)
def test_profile_at_the_end_of_time_is_used(bench: Workbench, start: str, limit_w: int) -> None:
    recurring = {"chargingProfileKind": "Recurring", "recurrencyKind": "Weekly", "validFrom": start}
    assert install(bench, default(schedule_fields={"startSchedule": start}, **recurring)) == "Accepted"
    assert block(bench).limit_w(1) == limit_w


def test_limit_changes_with_the_periods(bench: Workbench) -> None:
    install(bench, default(period(), period(60, 16)))
    bench.advance(20)
    assert block(bench).limit_w(1) < 11040
    bench.advance(40)
    assert block(bench).limit_w(1) == 11040


def test_relative_profile_counts_from_the_power_path(bench: Workbench) -> None:
    start_transaction(bench)
    bench.advance(30)
    relative = {"chargingProfileKind": "Relative", "schedule_fields": {"startSchedule": None}}
    assert install(bench, transaction_profile(period(), period(100, 16), **relative)) == "Accepted"
    assert periods_of(bench) == [(0, 10), (70, 16)]


def test_station_limit_is_shared_by_transactions(bench: Workbench) -> None:
    install(bench, station_profile(period(limit=20)), evse_id=0)
    start_transaction(bench, 1)
    assert block(bench).limit_w(1) == 20 * 690
    start_transaction(bench, 2, "T2")
    assert block(bench).limit_w(1) == block(bench).limit_w(2) == 10 * 690


def test_transaction_start_emits_limits_changed(bench: Workbench) -> None:
    emitted: list[float] = []
    install(bench, station_profile(period(limit=20)), evse_id=0)
    start_transaction(bench, 1)
    block(bench).limits_changed.connect(lambda: emitted.append(block(bench).limit_w(1)))
    start_transaction(bench, 2, "T2")
    block(bench).transaction_started()
    assert emitted == [10 * 690]


def test_composite_of_evse_0_is_the_total(bench: Workbench) -> None:
    install(bench, default())
    assert periods_of(bench, 0, chargingRateUnit="W") == [(0, 6900 + 22080)]


def test_composite_defaults_to_the_first_rate_unit(bench: Workbench) -> None:
    answer = bench.command("GetCompositeSchedule", {"evseId": 1, "duration": 60})
    assert answer["schedule"] == {
        "evseId": 1,
        "duration": 60,
        "scheduleStart": "2026-01-01T00:00:00.000Z",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 32, "numberPhases": 3}],
    }


@pytest.mark.parametrize(
    ("evse_id", "duration", "reason"),
    [(3, 60, "UnknownEvse"), (1, 0, "ValueOutOfRange"), (1, 2**31, "ValueOutOfRange")],
)
def test_composite_that_cannot_be_calculated_is_rejected(
    bench: Workbench, evse_id: int, duration: int, reason: str
) -> None:
    assert periods_of(bench, evse_id, duration) == reason


def test_composite_with_too_many_periods_is_rejected(bench: Workbench) -> None:
    periods = [period(index, 6 + index % 2) for index in range(24)]
    install(bench, default(*periods, chargingProfileKind="Recurring", recurrencyKind="Daily"))
    assert periods_of(bench, duration=365 * 86_400) == "TooManyElements"


def fill(bench: Workbench) -> None:
    """Install profiles 1 (EVSE 1), 2 (EVSE 2, level 3), 5 (TxProfile), 9 (station) and an external limit."""
    start_transaction(bench)
    install(bench, default())
    install(bench, default(id=2, stackLevel=3), evse_id=2)
    install(bench, transaction_profile())
    install(bench, station_profile(), evse_id=0)
    block(bench).set_external_limit(20)


@pytest.mark.parametrize(
    ("criteria", "fields", "ids"),
    [
        ({}, {}, [1, 5, 2, 9, -1]),
        ({}, {"evseId": 0}, [9, -1]),
        ({}, {"evseId": 1}, [1, 5]),
        ({}, {"evseId": 4}, []),
        ({"chargingProfileId": [2, 5, 77]}, {}, [5, 2]),
        ({"stackLevel": 3}, {}, [2]),
        ({"chargingLimitSource": ["EMS"]}, {}, [-1]),
        ({"chargingLimitSource": ["SO", "Other"]}, {}, []),
        ({"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0}, {}, [1]),
    ],
)
def test_profiles_are_reported_by_criteria(
    bench: Workbench, criteria: JsonObject, fields: JsonObject, ids: list[int]
) -> None:
    fill(bench)
    assert sorted(reported(bench, criteria, **fields)) == sorted(ids)


def test_report_is_split_by_evse_and_source(bench: Workbench) -> None:
    fill(bench)
    reported(bench)
    parts = bench.payloads("ReportChargingProfiles")
    origins = [(part["evseId"], part["chargingLimitSource"]) for part in parts]
    assert origins == [(1, "CSO"), (2, "CSO"), (0, "CSO"), (0, "EMS")]


def test_long_report_is_split(bench: Workbench) -> None:
    for number in range(9):
        install(bench, default(id=number, stackLevel=number))
    assert reported(bench) == list(range(9))
    assert len(bench.payloads("ReportChargingProfiles")) == 3


@pytest.mark.parametrize(
    ("request_", "left"),
    [
        ({"chargingProfileId": 2}, [-1, 1, 5, 9]),
        ({"chargingProfileCriteria": {"evseId": 1}}, [-1, 2, 9]),
        ({"chargingProfileCriteria": {"evseId": 0}}, [-1, 1, 2, 5]),
        ({"chargingProfileCriteria": {"chargingProfilePurpose": "TxDefaultProfile"}}, [-1, 5, 9]),
        ({"chargingProfileCriteria": {"stackLevel": 3, "evseId": 2}}, [-1, 1, 5, 9]),
        ({}, [-1]),
    ],
)
def test_matching_profiles_are_cleared(bench: Workbench, request_: JsonObject, left: list[int]) -> None:
    fill(bench)
    assert bench.command("ClearChargingProfile", request_) == {"status": "Accepted"}
    assert sorted(reported(bench)) == left


@pytest.mark.parametrize(
    "request_",
    [
        {"chargingProfileId": 77},
        {"chargingProfileId": -1},
        {"chargingProfileCriteria": {"chargingProfilePurpose": "ChargingStationExternalConstraints"}},
        {"chargingProfileCriteria": {"stackLevel": 8}},
    ],
)
def test_clearing_without_match_is_unknown(bench: Workbench, request_: JsonObject) -> None:
    fill(bench)
    assert bench.command("ClearChargingProfile", request_) == {"status": "Unknown"}
    assert len(reported(bench)) == 5


def test_external_limit_limits_and_is_notified(bench: Workbench) -> None:
    block(bench).set_external_limit(16)
    assert block(bench).limit_w(1) == 11040
    assert bench.sent == [("NotifyChargingLimit", {"chargingLimit": {"chargingLimitSource": "EMS"}})]


def test_external_limit_is_notified_with_schedule_if_configured(bench: Workbench) -> None:
    set_variable(bench, "NotifyChargingLimitWithSchedules", "true")
    block(bench).set_external_limit(16, "SO")
    (payload,) = bench.payloads("NotifyChargingLimit")
    assert payload["chargingLimit"] == {"chargingLimitSource": "SO"}
    assert payload["chargingSchedule"][0]["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 16}]


def test_insignificant_changes_are_notified_when_they_add_up(bench: Workbench) -> None:
    for limit_a in (20, 19, 18, 17.9):
        block(bench).set_external_limit(limit_a)
    assert block(bench).limit_w(1) == pytest.approx(17.9 * 690)
    assert len(bench.payloads("NotifyChargingLimit")) == 2


def test_released_external_limit_is_notified_once(bench: Workbench) -> None:
    block(bench).set_external_limit(16)
    block(bench).set_external_limit(None)
    block(bench).set_external_limit(None)
    assert block(bench).limit_w(1) == 22080
    assert bench.payloads("ClearedChargingLimit") == [{"chargingLimitSource": "EMS"}]


def test_external_limit_is_ignored_if_not_enabled(bench: Workbench) -> None:
    set_variable(bench, "ExternalControlSignalsEnabled", "false")
    block(bench).set_external_limit(16)
    assert (block(bench).limit_w(1), bench.sent) == (22080, [])


def test_external_profile_cannot_be_replaced(bench: Workbench) -> None:
    block(bench).set_external_limit(16)
    assert install(bench, default(id=-1)) == "InvalidProfile"


def test_vehicle_reports_its_needs(bench: Workbench) -> None:
    block(bench).report_vehicle_needs(1)
    (payload,) = bench.payloads("NotifyEVChargingNeeds")
    assert payload["evseId"] == 1
    assert payload["chargingNeeds"]["acChargingParameters"]["evMaxCurrent"] == 32


def test_vehicle_returns_its_schedule_after_a_transaction_profile(bench: Workbench) -> None:
    start_transaction(bench)
    block(bench).report_vehicle_needs(1)
    choice = [schedule(period(), period(60, 16), id=3), schedule(id=4)]
    assert install(bench, transaction_profile(chargingSchedule=choice)) == "Accepted"
    (payload,) = bench.payloads("NotifyEVChargingSchedule")
    assert payload["timeBase"] == bench.core.timestamp()
    assert payload["chargingSchedule"]["id"] == 3
    limits = [each["limit"] for each in payload["chargingSchedule"]["chargingSchedulePeriod"]]
    assert limits == [10, 16]


def test_vehicle_that_renegotiates_returns_a_schedule_again(bench: Workbench) -> None:
    start_transaction(bench)
    block(bench).report_vehicle_needs(1)
    install(bench, transaction_profile())
    block(bench).report_vehicle_needs(1)
    assert len(bench.payloads("NotifyEVChargingNeeds")) == 2
    install(bench, transaction_profile())
    assert len(bench.payloads("NotifyEVChargingSchedule")) == 2


def test_vehicle_renegotiates_when_its_schedule_changes(bench: Workbench) -> None:
    start_transaction(bench)
    block(bench).report_vehicle_needs(1)
    block(bench).set_external_limit(20)
    assert bench.payloads("NotifyEVChargingSchedule") == []
    install(bench, transaction_profile())
    install(bench, default(), evse_id=2)
    block(bench).set_external_limit(8)
    assert len(bench.payloads("NotifyEVChargingSchedule")) == 2
    assert len(bench.payloads("NotifyEVChargingNeeds")) == 1


def test_vehicle_renegotiates_when_the_shares_of_the_station_change(bench: Workbench) -> None:
    start_transaction(bench)
    install(bench, station_profile(), evse_id=0)
    block(bench).report_vehicle_needs(1)
    install(bench, transaction_profile())
    start_transaction(bench, 2, "T2")
    block(bench).transaction_started()
    bench.core.evses.by_id[2].transaction_id = None
    block(bench).transaction_ended(2, "T2")
    limits = [
        payload["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"]
        for payload in bench.payloads("NotifyEVChargingSchedule")
    ]
    assert limits == [10, 5, 10]


def test_vehicle_keeps_its_schedule_when_it_does_not_change(bench: Workbench) -> None:
    start_transaction(bench)
    block(bench).report_vehicle_needs(1)
    install(bench, transaction_profile())
    bench.advance(60)
    start_transaction(bench, 2, "T2")
    block(bench).transaction_started()
    assert len(bench.payloads("NotifyEVChargingSchedule")) == 1


def test_vehicle_renegotiates_when_smart_charging_is_disabled(bench: Workbench) -> None:
    start_transaction(bench)
    block(bench).report_vehicle_needs(1)
    install(bench, transaction_profile())
    set_variable(bench, "Enabled", "false")
    assert len(bench.payloads("NotifyEVChargingSchedule")) == 2


def test_vehicle_is_forgotten_with_its_transaction(bench: Workbench) -> None:
    start_transaction(bench)
    block(bench).report_vehicle_needs(1)
    install(bench, transaction_profile())
    block(bench).transaction_ended(1, "T1")
    block(bench).set_external_limit(8)
    assert len(bench.payloads("NotifyEVChargingSchedule")) == 1


def test_transaction_end_keeps_other_transactions(bench: Workbench) -> None:
    start_transaction(bench)
    start_transaction(bench, 2, "T2")
    bench.core.evses.by_id[2].charging_since = bench.core.now() - timedelta(hours=1)
    install(bench, transaction_profile())
    install(bench, transaction_profile(id=6, transactionId="T2"), evse_id=2)
    block(bench).transaction_ended(1, "T1")
    assert reported(bench) == [6]
