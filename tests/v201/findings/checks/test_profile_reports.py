"""Checks that reports of charging profiles match the query and the accepted profiles."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.profiles import EXTERNAL, MAXIMUM, TX_PROFILE, ask, clear, part, report, set_profile
from tests.support.talk import EVSE, START, Talk, case, profile, stamp

DEFAULT = {"chargingProfilePurpose": "TxDefaultProfile"}
EIGHT_AMPERES = [
    {**profile()["chargingSchedule"][0], "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8}]}
]


@pytest.mark.parametrize(
    ("criteria", "options"),
    [
        case("other EVSE", {"evse_id": 2, **DEFAULT}, {}),
        case("other id", {"chargingProfileId": [2]}, {}),
        case("other purpose", MAXIMUM, {}),
        case("other stack level", {"stackLevel": 1}, {}),
        case("other source", {"chargingLimitSource": ["EMS"]}, {}),
    ],
)
def test_profile_that_was_not_asked_for_is_found(
    talk: Talk, criteria: JsonObject, options: JsonObject
) -> None:
    ask(talk, **criteria)
    report(talk, **options)

    assert talk.ids == ["charging-profile-not-asked-for"]


@pytest.mark.parametrize(
    ("requirement", "evse_id", "other_id"),
    [("K09.FR.04", 1, 2), ("K09.FR.05", 0, 1), ("K09.FR.06", None, 1)],
)
def test_requirement_of_the_query_is_named(
    talk: Talk, requirement: str, evse_id: int | None, other_id: int
) -> None:
    ask(talk, evse_id=evse_id, stackLevel=0)
    report(talk, evse_id=evse_id or 0)
    assert talk.coverage(requirement) == "met"

    ask(talk, evse_id=evse_id, stackLevel=1)
    report(talk, evse_id=other_id)
    assert talk.ids == ["charging-profile-not-asked-for"]
    assert talk.findings[0].section == requirement
    assert talk.coverage(requirement) == "broken"


def test_query_with_a_request_id_in_use_is_not_followed(talk: Talk) -> None:
    ask(talk, stackLevel=1)
    ask(talk, stackLevel=0)
    report(talk)

    assert talk.ids == []


def test_report_after_a_reconnect_is_not_compared(talk: Talk) -> None:
    ask(talk, stackLevel=1)
    talk.reconnect(5)
    report(talk)

    assert talk.ids == []


def test_report_that_goes_on_is_found(talk: Talk) -> None:
    ask(talk, stackLevel=0)
    report(talk)
    report(talk, {"id": 2})

    assert talk.ids == ["charging-profile-report-continued"]
    assert talk.coverage("K09.FR.02") == "broken"


def test_report_with_tbc_is_accepted(talk: Talk) -> None:
    ask(talk, stackLevel=0)
    report(talk, tbc=True)
    report(talk, {"id": 2})
    report(talk, {"id": 2})  # a repetition

    assert talk.ids == []
    assert talk.coverage("K09.FR.02") == "met"


def test_second_report_for_the_same_request_id_is_accepted(talk: Talk) -> None:
    for number in (1, 2):
        ask(talk, stackLevel=0)
        report(talk, {"id": number})

    assert talk.ids == []


@pytest.mark.parametrize(
    ("requirement", "fields", "evse_id"),
    [("K01.FR.16", TX_PROFILE, 0), ("K04.FR.03", MAXIMUM, 1)],
)
def test_profile_that_cannot_be_on_an_evse_is_found(
    talk: Talk, requirement: str, fields: JsonObject, evse_id: int
) -> None:
    report(talk, fields, evse_id=1 - evse_id, request_id=7)
    assert talk.ids == []
    assert talk.coverage(requirement) == "met"

    report(talk, fields, evse_id=evse_id, request_id=8)
    assert talk.ids == ["charging-profile-on-wrong-evse"]
    assert talk.coverage(requirement) == "broken"


@pytest.mark.parametrize(
    ("requirement", "fields", "evse_id", "other_id"),
    [
        case("copied", "K01.FR.14", DEFAULT, 0, 1),
        case("other EVSE", "K01.FR.15", DEFAULT, 1, 2),
        case("other EVSE of a TxProfile", "K01.FR.04", TX_PROFILE, 1, 2),
    ],
)
def test_profile_on_another_evse_is_found(
    talk: Talk, requirement: str, fields: JsonObject, evse_id: int, other_id: int
) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    set_profile(talk, evse_id=evse_id, **fields)
    ask(talk, stackLevel=0)
    report(talk, fields, evse_id=evse_id)
    assert talk.ids == []
    assert talk.coverage(requirement) == "met"

    ask(talk, stackLevel=0)
    report(talk, fields, evse_id=other_id)
    assert talk.ids == ["charging-profile-on-wrong-evse"]
    assert talk.coverage(requirement) == "broken"


def test_profile_of_another_transaction_is_found(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    set_profile(talk, **TX_PROFILE)
    ask(talk, stackLevel=0)
    report(talk, {**TX_PROFILE, "transactionId": "T2"})

    assert talk.ids == ["charging-profile-on-wrong-evse"]
    assert talk.coverage("K01.FR.04") == "broken"


def test_report_during_a_change_is_not_compared(talk: Talk) -> None:
    set_profile(talk, evse_id=1)
    ask(talk, stackLevel=0)
    set_profile(talk, evse_id=2)
    report(talk, evse_id=1)

    assert talk.ids == []


def test_profile_of_external_system_with_the_same_id_is_not_compared(talk: Talk) -> None:
    set_profile(talk, evse_id=0)
    schedule = {**profile()["chargingSchedule"][0], "startSchedule": stamp(START)}
    absolute = {"chargingProfileKind": "Absolute", "chargingSchedule": [schedule]}
    ask(talk, chargingLimitSource=["EMS"])
    report(talk, {**EXTERNAL, "id": 1, **absolute}, source="EMS")

    assert talk.ids == []


def replace_profile(talk: Talk) -> None:
    set_profile(talk)
    set_profile(talk, chargingSchedule=EIGHT_AMPERES)
    ask(talk, stackLevel=0)


def test_profile_that_was_not_replaced_is_found(talk: Talk) -> None:
    replace_profile(talk)
    report(talk)

    assert talk.ids == ["charging-profile-not-replaced"]
    assert talk.coverage("K01.FR.05") == "broken"


def test_replaced_profile_is_accepted(talk: Talk) -> None:
    replace_profile(talk)
    report(talk, {"chargingSchedule": EIGHT_AMPERES})

    assert talk.ids == []
    assert talk.coverage("K01.FR.05") == "met"


def test_profile_with_other_content_is_not_compared(talk: Talk) -> None:
    replace_profile(talk)
    report(talk, {"chargingSchedule": EIGHT_AMPERES * 2})

    assert talk.ids == []
    assert talk.coverage("K01.FR.05") == "not exercised"


def test_profile_set_back_after_a_clear_is_not_compared(talk: Talk) -> None:
    set_profile(talk)
    clear(talk, "Accepted")
    set_profile(talk, chargingSchedule=EIGHT_AMPERES)
    ask(talk, stackLevel=0)
    talk.call("ReportChargingProfiles", part([{}]))

    assert talk.ids == []
