"""Checks of answers to commands about charging profiles."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.profiles import (
    EXTERNAL,
    MAXIMUM,
    TX_PROFILE,
    ask,
    clear,
    report,
    set_profile,
    start_with_profile,
)
from tests.support.talk import EVSE, Script, Talk, case, profile

KNOWN = {"chargingProfileId": 1}


# ClearChargingProfile: the profile is there


@pytest.mark.parametrize(
    "criteria",
    [
        {"evseId": 1},
        {"stackLevel": 0},
        {"chargingProfilePurpose": "TxDefaultProfile"},
        {"evseId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile"},
    ],
)
def test_unknown_for_matching_criteria_is_found(talk: Talk, criteria: JsonObject) -> None:
    set_profile(talk)
    clear(talk, "Unknown", chargingProfileCriteria=criteria)

    assert talk.ids == ["charging-profile-unknown"]


@pytest.mark.parametrize(
    ("requirement", "fields"),
    [("K10.FR.03", KNOWN), ("K10.FR.04", {"chargingProfileCriteria": {"stackLevel": 0}})],
)
@pytest.mark.parametrize(("status", "state"), [("Accepted", "met"), ("Unknown", "broken")])
def test_requirement_of_the_clear_is_named(
    talk: Talk, requirement: str, fields: JsonObject, status: str, state: str
) -> None:
    set_profile(talk)
    clear(talk, status, **fields)

    assert [finding.section for finding in talk.findings] == ([requirement] if state == "broken" else [])
    assert talk.coverage(requirement) == state


def test_clear_of_everything_leaves_nothing_certain(talk: Talk) -> None:
    set_profile(talk)
    clear(talk, "Accepted", chargingProfileCriteria={"evseId": 0})
    clear(talk, "Unknown")

    assert talk.ids == []


@pytest.mark.parametrize("criteria", [{}, {"evseId": 0}, {"evseId": 2}, {"evseId": 1, "stackLevel": 1}])
def test_unknown_for_other_criteria_is_accepted(talk: Talk, criteria: JsonObject) -> None:
    set_profile(talk)
    clear(talk, "Unknown", chargingProfileCriteria=criteria)

    assert not talk.findings


def test_profile_outlives_a_reboot(talk: Talk) -> None:
    set_profile(talk)
    talk.boot()
    talk.status()
    clear(talk, "Unknown")

    assert talk.ids == ["charging-profile-lost"]
    assert talk.coverage("K01.FR.27") == "broken"


def test_profile_seen_after_a_reboot_must_be_known(talk: Talk) -> None:
    set_profile(talk)
    talk.boot()
    talk.status()
    ask(talk)
    report(talk)
    clear(talk, "Unknown")

    assert talk.ids == ["charging-profile-unknown"]


def test_profile_may_be_like_one_that_a_reboot_has_lost(talk: Talk) -> None:
    set_default_of_evse(talk)
    talk.boot()
    talk.status()
    set_profile(talk, id=2, evse_id=0)

    assert talk.ids == []


def test_criteria_of_external_limits_show_nothing_without_such_a_limit(talk: Talk) -> None:
    clear(talk, "Unknown", **CRITERIA_OF_EXTERNAL)

    assert talk.coverage("K10.FR.08") == "not exercised"


def test_unit_is_supported_in_any_case(talk: Talk) -> None:
    talk.read_variables({"SmartChargingCtrlr.RateUnit": "a"})
    set_profile(talk)

    assert talk.ids == []


def test_firmware_update_may_remove_profiles(talk: Talk) -> None:
    set_profile(talk)
    talk.boot(reason="FirmwareUpdate")
    talk.status()
    clear(talk, "Unknown")

    assert not talk.findings


@pytest.mark.parametrize(
    "fields",
    [
        {"chargingProfilePurpose": "TxProfile", "transactionId": "T1"},
        {"chargingProfilePurpose": "ChargingStationExternalConstraints"},
        {"validTo": "2026-01-01T00:10:00Z"},
    ],
)
def test_profile_that_may_end_is_not_expected(talk: Talk, fields: JsonObject) -> None:
    set_profile(talk, **fields)
    clear(talk, "Unknown")

    assert not talk.findings


def test_rejected_profile_is_not_expected(talk: Talk) -> None:
    set_profile(talk, "Rejected")
    clear(talk, "Unknown")

    assert not talk.findings


@pytest.mark.parametrize("status", ["Accepted", "Rejected"])
def test_replaced_profile_is_not_expected(talk: Talk, status: str) -> None:
    set_profile(talk)
    set_profile(talk, status, id=2)
    clear(talk, "Unknown")

    assert not talk.findings


def test_profile_replaced_by_a_remote_start_is_not_expected(talk: Talk) -> None:
    set_profile(talk)
    start_with_profile(talk, "Rejected", id=1)
    clear(talk, "Unknown")

    assert not talk.findings


def test_cleared_profile_may_be_unknown(talk: Talk) -> None:
    set_profile(talk)
    clear(talk, "Accepted")
    clear(talk, "Unknown")

    assert not talk.findings


def test_profile_may_be_unknown_after_an_unanswered_clear(talk: Talk) -> None:
    set_profile(talk)
    talk.ask_in_vain("ClearChargingProfile", KNOWN)
    clear(talk, "Unknown")

    assert not talk.findings


# ClearChargingProfile: there is nothing to clear


def test_second_clear_that_is_accepted_is_found(talk: Talk) -> None:
    clear(talk, "Accepted")
    clear(talk, "Accepted")

    assert talk.ids == ["charging-profile-cleared-twice"]
    assert talk.coverage("K10.FR.01") == "broken"


def test_second_clear_that_is_answered_with_unknown_is_accepted(talk: Talk) -> None:
    clear(talk, "Accepted")
    clear(talk, "Unknown")

    assert talk.ids == []
    assert talk.coverage("K10.FR.01") == "met"


def test_second_clear_of_a_new_profile_is_accepted(talk: Talk) -> None:
    clear(talk, "Accepted")
    set_profile(talk, "Rejected")
    clear(talk, "Accepted")
    talk.reconnect(5)
    clear(talk, "Accepted")

    assert talk.ids == []
    assert talk.coverage("K10.FR.01") == "not exercised"


CRITERIA_OF_EXTERNAL = {
    "chargingProfileCriteria": {"chargingProfilePurpose": EXTERNAL["chargingProfilePurpose"]}
}


@pytest.mark.parametrize(
    ("requirement", "fields"), [("K10.FR.08", CRITERIA_OF_EXTERNAL), ("K10.FR.09", {"chargingProfileId": -1})]
)
@pytest.mark.parametrize(("status", "state"), [("Accepted", "broken"), ("Unknown", "met")])
def test_external_limit_must_not_be_cleared(
    talk: Talk, requirement: str, fields: JsonObject, status: str, state: str
) -> None:
    report_external(talk)
    clear(talk, status, **fields)

    assert talk.ids == (["external-profile-cleared"] if state == "broken" else [])
    assert talk.coverage(requirement) == state


def report_external(talk: Talk) -> None:
    schedule = {**profile()["chargingSchedule"][0], "startSchedule": talk.now}
    absolute = {"chargingProfileKind": "Absolute", "chargingSchedule": [schedule]}
    report(talk, {**EXTERNAL, **absolute}, evse_id=0, source="EMS", request_id=7)


def test_id_of_external_limit_that_is_used_again_may_be_cleared(talk: Talk) -> None:
    report_external(talk)
    set_profile(talk, id=-1)
    clear(talk, "Accepted", chargingProfileId=-1)

    assert talk.ids == []
    assert talk.coverage("K10.FR.09") == "not exercised"


# SetChargingProfile and RequestStartTransaction

REPORT_OF_EVSES = [
    {
        "component": {"name": "EVSE", "evse": {"id": evse_id}},
        "variable": {"name": "Available"},
        "variableAttribute": [{"value": "true"}],
        "variableCharacteristics": {"dataType": "boolean", "supportsMonitoring": False},
    }
    for evse_id in (1, 2)
]
IN_WATTS = [{**profile()["chargingSchedule"][0], "chargingRateUnit": "W"}]


def know_amperes(talk: Talk) -> None:
    talk.read_variables({"SmartChargingCtrlr.RateUnit": "A"})


def know_evses(talk: Talk) -> None:
    talk.command("GetBaseReport", {"requestId": 30, "reportBase": "FullInventory"})
    part = {"requestId": 30, "generatedAt": talk.now, "seqNo": 0, "reportData": REPORT_OF_EVSES}
    talk.call("NotifyReport", part)


def end_transaction(talk: Talk, transaction_id: str = "T1") -> None:
    info = {"transactionId": transaction_id}
    talk.send_event(0, "Started", evse=EVSE, info=info)
    talk.send_event(1, "Ended", triggerReason="EVDeparted", info={**info, "stoppedReason": "EVDisconnected"})


def end_transaction_and_start_another(talk: Talk) -> None:
    end_transaction(talk)
    talk.send_event(0, "Started", evse=EVSE, info={"transactionId": "T2"})


def set_default_of_evse(talk: Talk) -> None:
    set_profile(talk, evse_id=1)


def set_default_of_station(talk: Talk) -> None:
    set_profile(talk, evse_id=0)


def know_nothing(_: Talk) -> None:
    pass


IMPOSSIBLE = pytest.mark.parametrize(
    ("requirement", "learn", "fields"),
    [
        ("K01.FR.09", end_transaction, TX_PROFILE),
        ("K01.FR.33", end_transaction_and_start_another, TX_PROFILE),
        ("K01.FR.16", know_nothing, {**TX_PROFILE, "evse_id": 0}),
        ("K04.FR.03", know_nothing, {**MAXIMUM, "chargingProfileKind": "Recurring"}),
        ("K01.FR.26", know_amperes, {"chargingSchedule": IN_WATTS}),
        ("K01.FR.28", know_evses, {"evse_id": 3}),
        ("K01.FR.52", set_default_of_evse, {"id": 2, "evse_id": 0}),
        ("K01.FR.53", set_default_of_station, {"id": 2, "evse_id": 1}),
    ],
)


@IMPOSSIBLE
@pytest.mark.parametrize(("status", "state"), [("Accepted", "broken"), ("Rejected", "met")])
def test_profile_that_must_be_rejected(  # noqa: PLR0917 - a case
    talk: Talk, requirement: str, learn: Script, fields: JsonObject, status: str, state: str
) -> None:
    learn(talk)
    set_profile(talk, status, **fields)

    assert talk.ids == (["impossible-charging-profile-accepted"] if state == "broken" else [])
    assert [finding.section for finding in talk.findings] == [requirement] * len(talk.findings)
    assert talk.coverage(requirement) == state


@pytest.mark.parametrize(
    ("requirement", "learn", "fields"),
    [
        case("unknown transaction", "K01.FR.09", know_nothing, TX_PROFILE),
        case("other transaction", "K01.FR.33", end_transaction, {**TX_PROFILE, "transactionId": "T2"}),
        case("known unit", "K01.FR.26", know_amperes, {}),
        case("unknown units", "K01.FR.26", know_nothing, {"chargingSchedule": IN_WATTS}),
        case("known EVSE", "K01.FR.28", know_evses, {"evse_id": 2}),
        case("unknown EVSEs", "K01.FR.28", know_nothing, {"evse_id": 3}),
        case("EVSE 0", "K01.FR.28", know_evses, {"evse_id": 0}),
        case("same id", "K01.FR.52", set_default_of_evse, {"evse_id": 0}),
        case("other stack level", "K01.FR.52", set_default_of_evse, {"id": 2, "evse_id": 0, "stackLevel": 1}),
        case("other EVSE", "K01.FR.53", set_default_of_evse, {"id": 2, "evse_id": 2}),
        case("maximum", "K01.FR.52", set_default_of_evse, {**MAXIMUM, "id": 2, "evse_id": 0}),
    ],
)
def test_profile_that_may_be_accepted(
    talk: Talk, requirement: str, learn: Script, fields: JsonObject
) -> None:
    learn(talk)
    set_profile(talk, **fields)

    assert talk.ids == []
    assert talk.coverage(requirement) == "not exercised"


def test_transaction_that_ends_meanwhile_may_get_a_profile(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    request = {"evseId": 1, "chargingProfile": profile(**TX_PROFILE)}
    message_id = talk.send_command("SetChargingProfile", request)
    talk.send_event(1, "Ended", triggerReason="EVDeparted", info={"stoppedReason": "EVDisconnected"})
    talk.answer_command(message_id, "SetChargingProfile", {"status": "Accepted"})

    assert talk.ids == []


ABILITIES = {
    "SmartChargingCtrlr.Enabled": "true",
    "SmartChargingCtrlr.RateUnit": "A",
    "SmartChargingCtrlr.ProfileStackLevel": "1",
    "SmartChargingCtrlr.PeriodsPerSchedule": "1",
}
TWO_PERIODS = [{"startPeriod": start, "limit": 16} for start in (0, 60)]
FLAWS = pytest.mark.parametrize(
    "fields",
    [
        case("purpose", {"chargingProfilePurpose": "TxDefaultProfile"}),
        case("stack level", {"stackLevel": 2}),
        case("unit", {"chargingSchedule": IN_WATTS}),
        case(
            "periods",
            {
                "chargingSchedule": [
                    {**IN_WATTS[0], "chargingRateUnit": "A", "chargingSchedulePeriod": TWO_PERIODS}
                ]
            },
        ),
    ],
)


@FLAWS
@pytest.mark.parametrize(("status", "state"), [("Accepted", "broken"), ("Rejected", "met")])
def test_remote_start_with_impossible_profile(
    talk: Talk, fields: JsonObject, status: str, state: str
) -> None:
    talk.read_variables(ABILITIES)
    start_with_profile(talk, status, **fields)

    assert talk.ids == (["remote-start-profile-accepted"] if state == "broken" else [])
    assert talk.coverage("K05.FR.05") == state


@FLAWS
def test_remote_start_with_impossible_profile_is_accepted_without_smart_charging(
    talk: Talk, fields: JsonObject
) -> None:
    talk.read_variables({**ABILITIES, "SmartChargingCtrlr.Enabled": "false"})
    start_with_profile(talk, **fields)

    assert talk.ids == []
    assert talk.coverage("K05.FR.05") == "not exercised"


def test_remote_start_with_possible_profile_is_accepted(talk: Talk) -> None:
    talk.read_variables(ABILITIES)
    start_with_profile(talk, stackLevel=1)

    assert talk.ids == []


# GetCompositeSchedule


def get_composite_schedule(talk: Talk, status: str, **fields: object) -> None:
    request = {"evseId": 1, "duration": 60, **fields}
    made = {
        "evseId": request["evseId"],
        "duration": 60,
        "scheduleStart": talk.now,
        "chargingRateUnit": request.get("chargingRateUnit", "A"),
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
    }
    talk.command(
        "GetCompositeSchedule", request, status, **({"schedule": made} if status == "Accepted" else {})
    )


IMPOSSIBLE_SCHEDULES = [
    ("K08.FR.05", know_evses, {"evseId": 3}),
    ("K08.FR.07", know_amperes, {"chargingRateUnit": "W"}),
]


@pytest.mark.parametrize(("requirement", "learn", "fields"), IMPOSSIBLE_SCHEDULES)
@pytest.mark.parametrize(("status", "state"), [("Accepted", "broken"), ("Rejected", "met")])
def test_composite_schedule_that_must_be_rejected(  # noqa: PLR0917 - a case
    talk: Talk, requirement: str, learn: Script, fields: JsonObject, status: str, state: str
) -> None:
    learn(talk)
    get_composite_schedule(talk, status, **fields)

    assert talk.ids == (["impossible-composite-schedule-accepted"] if state == "broken" else [])
    assert talk.coverage(requirement) == state


@pytest.mark.parametrize(("requirement", "_learn", "fields"), IMPOSSIBLE_SCHEDULES)
def test_composite_schedule_that_may_be_possible_is_accepted(
    talk: Talk, requirement: str, _learn: Script, fields: JsonObject
) -> None:
    get_composite_schedule(talk, "Accepted", **fields)

    assert talk.ids == []
    assert talk.coverage(requirement) == "not exercised"
