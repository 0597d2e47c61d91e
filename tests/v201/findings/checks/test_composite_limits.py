"""Checks of composite schedules against the limits of accepted charging profiles."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.profiles import MAXIMUM, clear, set_profile, start_with_profile
from tests.support.talk import EVSE, START, Talk, case, profile, stamp

LEVEL = {"SmartChargingCtrlr.ProfileStackLevel": "3"}
TOP: JsonObject = {"stackLevel": 3}
PERIOD = profile()["chargingSchedule"][0]
ABSOLUTE: JsonObject = {
    **TOP,
    **MAXIMUM,
    "chargingProfileKind": "Absolute",
    "chargingSchedule": [{**PERIOD, "startSchedule": stamp(START - 3600)}],
}


def get_schedule(talk: Talk, limit: float, evse_id: int = 1, unit: str = "A") -> None:
    made = {
        "evseId": evse_id,
        "duration": 60,
        "scheduleStart": talk.now,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}, {"startPeriod": 30, "limit": limit}],
    }
    talk.command("GetCompositeSchedule", {"evseId": evse_id, "duration": 60}, schedule=made)


LIMITS = pytest.mark.parametrize(("limit", "state"), [(16.1, "met"), (17, "broken")])


@LIMITS
@pytest.mark.parametrize("evse_id", [0, 1])
def test_maximum_limits_each_schedule(talk: Talk, evse_id: int, limit: float, state: str) -> None:
    talk.read_variables(LEVEL)
    set_profile(talk, evse_id=0, **ABSOLUTE)
    get_schedule(talk, limit, evse_id)

    assert talk.ids == (["composite-schedule-above-limit"] if state == "broken" else [])
    assert talk.coverage("K08.FR.04") == state


@LIMITS
@pytest.mark.parametrize("evse_id", [0, 1])
def test_default_limits_a_free_evse(talk: Talk, evse_id: int, limit: float, state: str) -> None:
    talk.read_variables(LEVEL)
    set_profile(talk, evse_id=evse_id, **TOP)
    get_schedule(talk, limit)

    assert talk.ids == (["composite-schedule-above-limit"] if state == "broken" else [])
    assert talk.coverage("K08.FR.06") == state


@pytest.mark.parametrize(
    "fields",
    [
        case("lower level", {"stackLevel": 2}),
        case("later start", {"chargingSchedule": [{**PERIOD, "startSchedule": stamp(START)}]}),
        case("validity", {"validFrom": stamp(START)}),
        case("end", {"validTo": stamp(START + 9)}),
        case("recurring", {"chargingProfileKind": "Recurring"}),
        case("other unit", {"chargingSchedule": [{**PERIOD, "chargingRateUnit": "W"}]}),
        case(
            "two periods",
            {
                "chargingSchedule": [
                    {
                        **PERIOD,
                        "chargingSchedulePeriod": [
                            {"startPeriod": 0, "limit": 16},
                            {"startPeriod": 9, "limit": 32},
                        ],
                    }
                ]
            },
        ),
    ],
)
def test_profile_without_certain_limit_is_not_compared(talk: Talk, fields: JsonObject) -> None:
    talk.read_variables(LEVEL)
    set_profile(talk, evse_id=0, **{**ABSOLUTE, **fields})
    get_schedule(talk, 17)

    assert talk.ids == []
    assert talk.coverage("K08.FR.04") == "not exercised"


def test_profile_is_not_compared_while_levels_are_unknown(talk: Talk) -> None:
    set_profile(talk, evse_id=0, **ABSOLUTE)
    get_schedule(talk, 17)

    assert talk.ids == []


def test_profile_is_not_compared_by_a_station_with_another_time(talk: Talk) -> None:
    talk.exchange("Heartbeat", {}, {"currentTime": "2020-01-01T00:00:00Z"})
    talk.read_variables(LEVEL)
    set_profile(talk, evse_id=0, **ABSOLUTE)
    get_schedule(talk, 17)

    assert talk.ids == []


def test_cleared_profile_is_not_compared(talk: Talk) -> None:
    talk.read_variables(LEVEL)
    set_profile(talk, evse_id=0, **ABSOLUTE)
    clear(talk, "Accepted")
    get_schedule(talk, 17)

    assert talk.ids == []


def test_default_of_another_evse_is_not_compared(talk: Talk) -> None:
    talk.read_variables(LEVEL)
    set_profile(talk, evse_id=2, **TOP)
    get_schedule(talk, 17)

    assert talk.ids == []


@pytest.mark.parametrize("evse_id", [0, 1])
def test_default_is_not_compared_while_a_transaction_is_possible(talk: Talk, evse_id: int) -> None:
    talk.read_variables(LEVEL)
    set_profile(talk, evse_id=1, **TOP)
    talk.status("Occupied")
    get_schedule(talk, 17, evse_id)
    talk.status("Available")
    talk.send_event(0, "Started", evse=EVSE)
    get_schedule(talk, 17, evse_id)

    assert talk.ids == []
    assert talk.coverage("K08.FR.06") == "not exercised"


def test_default_does_not_limit_an_evse_whose_transaction_may_have_begun(talk: Talk) -> None:
    talk.read_variables(LEVEL)
    set_profile(talk, **TOP)
    start_with_profile(talk)
    get_schedule(talk, 17)

    assert talk.ids == []


def test_profile_from_before_a_reboot_limits_nothing(talk: Talk) -> None:
    talk.read_variables(LEVEL)
    set_profile(talk, **TOP)
    talk.boot()
    talk.status()
    get_schedule(talk, 17)

    assert talk.ids == []
