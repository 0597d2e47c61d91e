"""Checks of charging schedules that a station makes itself."""

from collections.abc import Callable

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import START, Talk, case, profile, stamp

START_SCHEDULE = {"startSchedule": stamp(START)}


def schedule(*starts: int, **fields: object) -> JsonObject:
    periods = [{"startPeriod": start, "limit": 16} for start in starts]
    return {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": periods, **fields}


def notify_limit(talk: Talk, made: JsonObject) -> None:
    payload = {"chargingLimit": {"chargingLimitSource": "EMS"}, "chargingSchedule": [made]}
    talk.call("NotifyChargingLimit", payload)


def notify_schedule(talk: Talk, made: JsonObject) -> None:
    payload = {"timeBase": talk.now, "evseId": 1, "chargingSchedule": made}
    talk.exchange("NotifyEVChargingSchedule", payload, {"status": "Accepted"})


def report_external(talk: Talk, made: JsonObject) -> None:
    report_profile(talk, chargingSchedule=[{**made, **START_SCHEDULE}])


def report_profile(talk: Talk, source: str = "Other", **fields: object) -> None:
    external: JsonObject = {
        "chargingProfilePurpose": "ChargingStationExternalConstraints",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule(0, **START_SCHEDULE)],
        **fields,
    }
    part = {"requestId": 7, "chargingLimitSource": source, "evseId": 0}
    talk.call("ReportChargingProfiles", {**part, "chargingProfile": [profile(**external)]})


SENDERS = pytest.mark.parametrize("send", [notify_limit, notify_schedule, report_external])
type Sender = Callable[[Talk, JsonObject], None]


@SENDERS
def test_schedule_that_does_not_begin_at_0_is_found(talk: Talk, send: Sender) -> None:
    send(talk, schedule(60, 120))

    assert talk.ids == ["charging-schedule-invalid"]
    assert talk.coverage("K01.FR.31") == "broken"


@SENDERS
@pytest.mark.parametrize("starts", [(0, 120, 60), (0, 60, 60)])
def test_schedule_out_of_order_is_found(talk: Talk, send: Sender, starts: tuple[int, ...]) -> None:
    send(talk, schedule(*starts))

    assert talk.ids == ["charging-schedule-invalid"]
    assert talk.coverage("K01.FR.35") == "broken"


@SENDERS
@pytest.mark.parametrize(
    ("starts", "order"), [case("one period", (0,), "not exercised"), case("two periods", (0, 60), "met")]
)
def test_schedule_in_order_is_accepted(talk: Talk, send: Sender, starts: tuple[int, ...], order: str) -> None:
    send(talk, schedule(*starts))

    assert talk.ids == []
    assert talk.coverage("K01.FR.31") == "met"
    assert talk.coverage("K01.FR.35") == order


def test_profile_of_the_operator_is_not_judged(talk: Talk) -> None:
    report_profile(talk, "CSO", chargingProfileKind="Relative", chargingSchedule=[schedule(60, 30)])
    report_profile(talk, "CSO", chargingSchedule=[schedule(0)])

    assert talk.ids == []
    for requirement in ("K01.FR.31", "K01.FR.35", "K01.FR.40", "K01.FR.41"):
        assert talk.coverage(requirement) == "not exercised"


MAXIMUM = {"chargingProfilePurpose": "ChargingStationMaxProfile"}
RELATIVE = {"chargingProfileKind": "Relative", "chargingSchedule": [schedule(0)]}


@pytest.mark.parametrize(
    ("requirement", "fields"),
    [
        case("relative maximum", "K01.FR.38", {**MAXIMUM, **RELATIVE}),
        case("no start", "K01.FR.40", {"chargingSchedule": [schedule(0)]}),
        case(
            "recurring, no start",
            "K01.FR.40",
            {"chargingProfileKind": "Recurring", "chargingSchedule": [schedule(0)]},
        ),
        case("start of a relative profile", "K01.FR.41", {"chargingProfileKind": "Relative"}),
    ],
)
def test_profile_whose_parts_do_not_fit_is_found(talk: Talk, requirement: str, fields: JsonObject) -> None:
    report_profile(talk, **fields)

    assert talk.ids == ["charging-profile-invalid"]
    assert talk.coverage(requirement) == "broken"


@pytest.mark.parametrize(
    ("requirement", "fields"),
    [
        case("absolute maximum", "K01.FR.38", MAXIMUM),
        case("start", "K01.FR.40", {}),
        case("relative, no start", "K01.FR.41", RELATIVE),
    ],
)
def test_profile_whose_parts_fit_is_accepted(talk: Talk, requirement: str, fields: JsonObject) -> None:
    report_profile(talk, **fields)

    assert talk.ids == []
    assert talk.coverage(requirement) == "met"


def answer_composite(talk: Talk, status: str = "Accepted", **fields: object) -> None:
    made = {
        "evseId": 1,
        "duration": 600,
        "scheduleStart": talk.now,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}, {"startPeriod": 300, "limit": 8}],
        **fields,
    }
    request = {"evseId": 1, "duration": 600, "chargingRateUnit": "A"}
    if status == "Accepted":
        talk.command("GetCompositeSchedule", request, schedule=made)
    else:
        talk.command("GetCompositeSchedule", request, status)


def periods(*starts: int) -> list[JsonObject]:
    return [{"startPeriod": start, "limit": 16} for start in starts]


@pytest.mark.parametrize(
    "fields",
    [
        case("other EVSE", {"evseId": 2}),
        case("other unit", {"chargingRateUnit": "W"}),
        case("longer", {"duration": 601}),
        case("late begin", {"chargingSchedulePeriod": periods(1)}),
        case("out of order", {"chargingSchedulePeriod": periods(0, 60, 30)}),
        case("late end", {"chargingSchedulePeriod": periods(0, 600)}),
    ],
)
def test_composite_schedule_that_was_not_asked_for_is_found(talk: Talk, fields: JsonObject) -> None:
    answer_composite(talk, **fields)

    assert talk.ids == ["composite-schedule-wrong"]
    assert talk.coverage("K08.FR.02") == "broken"


@pytest.mark.parametrize(
    ("status", "fields", "state"),
    [
        case("as asked", "Accepted", {}, "met"),
        case("shorter", "Accepted", {"duration": 599}, "met"),
        case("last moment", "Accepted", {"chargingSchedulePeriod": periods(0, 599)}, "met"),
        case("rejected", "Rejected", {}, "not exercised"),
    ],
)
def test_composite_schedule_as_asked_is_accepted(
    talk: Talk, status: str, fields: JsonObject, state: str
) -> None:
    answer_composite(talk, status, **fields)

    assert talk.ids == []
    assert talk.coverage("K08.FR.02") == state
