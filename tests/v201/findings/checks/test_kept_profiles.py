"""Checks that a station keeps the profiles that it accepted, and no others."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.profiles import (
    EXTERNAL,
    TX_PROFILE,
    ask,
    clear,
    report,
    set_profile,
    start_with_profile,
)
from tests.support.talk import EVSE, START, Talk, case, profile, stamp

OTHER: JsonObject = {"id": 2, "stackLevel": 3}
VALID_FROM: JsonObject = {"validFrom": stamp(START)}


def reboot(talk: Talk, reason: str = "PowerUp") -> None:
    talk.boot(reason=reason)
    talk.status()


def start_transaction(talk: Talk, **fields: object) -> None:
    talk.send_event(0, "Started", evse=EVSE, **fields)


def go_on(talk: Talk) -> None:
    talk.wait(6)
    talk.send_event(1)


def end_transaction(talk: Talk, wait_s: float = 6) -> None:
    talk.send_event(1, "Ended", triggerReason="EVDeparted", info={"stoppedReason": "EVDisconnected"})
    talk.wait(wait_s)


# Profiles that must be there


def test_profile_that_is_not_there_is_found_once(talk: Talk) -> None:
    set_profile(talk)
    ask(talk, "NoProfiles")
    ask(talk, "NoProfiles")

    assert talk.ids == ["charging-profile-lost"]
    assert talk.coverage("K01.FR.10") == "broken"


def test_profile_that_is_there_is_accepted(talk: Talk) -> None:
    set_profile(talk)
    ask(talk)
    report(talk)

    assert talk.ids == []
    assert talk.coverage("K01.FR.10") == "met"


@pytest.mark.parametrize(
    ("requirement", "evse_id"), [("K09.FR.04", 1), ("K09.FR.05", 0), ("K09.FR.06", None)]
)
def test_profile_that_a_report_lacks_is_found(talk: Talk, requirement: str, evse_id: int | None) -> None:
    set_profile(talk, evse_id=evse_id or 0)
    set_profile(talk, evse_id=evse_id or 0, **OTHER)
    for profiles, state in (({}, OTHER), "met"), (({},), "broken"):
        ask(talk, evse_id=evse_id, chargingProfilePurpose="TxDefaultProfile")
        report(talk, *profiles, evse_id=evse_id or 0)
        assert talk.coverage(requirement) == state

    assert talk.ids == ["charging-profile-lost"]
    assert talk.findings[0].section == requirement


def test_profile_lost_in_a_reboot_is_found(talk: Talk) -> None:
    set_profile(talk)
    reboot(talk)
    ask(talk)
    report(talk)
    assert talk.coverage("K01.FR.27") == "met"
    reboot(talk)

    ask(talk, "NoProfiles")
    assert talk.ids == ["charging-profile-lost"]
    assert talk.coverage("K01.FR.27") == "broken"


def test_profile_in_another_part_is_accepted(talk: Talk) -> None:
    set_profile(talk)
    set_profile(talk, **OTHER)
    ask(talk, stackLevel=0, chargingLimitSource=["CSO"])
    report(talk, tbc=True)
    ask(talk, chargingProfilePurpose="TxDefaultProfile", request_id=21)
    report(talk, tbc=True, request_id=21)
    report(talk, OTHER, request_id=21)

    assert talk.ids == []


@pytest.mark.parametrize("reason", ["FirmwareUpdate", "Unknown"])
def test_profile_may_be_lost_with_the_memory(talk: Talk, reason: str) -> None:
    set_profile(talk)
    reboot(talk, reason)
    ask(talk, "NoProfiles")

    assert talk.ids == []


@pytest.mark.parametrize(
    "fields",
    [
        case("validity", {"validTo": "2026-01-01T00:10:00Z"}),
        case("duration", {"chargingSchedule": [{**profile()["chargingSchedule"][0], "duration": 60}]}),
        case("unknown transaction", TX_PROFILE),
        case("external", {**EXTERNAL, "id": 1}),
    ],
)
def test_profile_that_may_have_ended_may_be_missing(talk: Talk, fields: JsonObject) -> None:
    set_profile(talk, **fields)
    ask(talk, "NoProfiles", chargingProfileId=[1, 5])

    assert talk.ids == []


def test_profile_with_validity_is_not_valid_forever(talk: Talk) -> None:
    set_profile(talk, **VALID_FROM)
    ask(talk, "NoProfiles")

    assert talk.ids == ["charging-profile-lost"]
    assert talk.findings[0].section == "K09.FR.06"


@pytest.mark.parametrize(
    "criteria",
    [
        case("other id", {"chargingProfileId": [2]}),
        case("other EVSE", {"evse_id": 2}),
        case("other source", {"chargingLimitSource": ["EMS"]}),
    ],
)
def test_profile_that_was_not_asked_for_may_be_missing(talk: Talk, criteria: JsonObject) -> None:
    set_profile(talk)
    ask(talk, "NoProfiles", **criteria)

    assert talk.ids == []


def test_profile_that_was_cleared_meanwhile_may_be_missing(talk: Talk) -> None:
    set_profile(talk)
    set_profile(talk, **OTHER)
    ask(talk, stackLevel=0)
    talk.ask_in_vain("ClearChargingProfile", {"chargingProfileCriteria": {"evseId": 1}})
    report(talk, OTHER)
    ask(talk, "NoProfiles", request_id=21)

    assert "charging-profile-lost" not in talk.ids


def test_profile_after_a_spoilt_command_may_be_missing(talk: Talk) -> None:
    set_profile(talk)
    talk.observer.sent_spoilt_call("csms-x")
    ask(talk, "NoProfiles")

    assert talk.ids == []


def test_profile_may_be_missing_after_smart_charging_was_set(talk: Talk) -> None:
    set_profile(talk)
    item = {"component": {"name": "SmartChargingCtrlr"}, "variable": {"name": "Enabled"}}
    talk.ask_in_vain("SetVariables", {"setVariableData": [{**item, "attributeValue": "false"}]})
    ask(talk, "NoProfiles")

    assert talk.ids == []


def test_profile_of_a_running_transaction_that_is_not_there_is_found(talk: Talk) -> None:
    start_transaction(talk)
    set_profile(talk, **TX_PROFILE)
    ask(talk, chargingProfileId=[5])
    report(talk, TX_PROFILE)
    assert talk.coverage("K01.FR.04") == "met"

    ask(talk, "NoProfiles", chargingProfileId=[5])
    assert talk.ids == []

    go_on(talk)
    assert talk.ids == ["charging-profile-lost"]
    assert talk.coverage("K01.FR.04") == "broken"


def test_profile_of_a_transaction_that_ends_may_be_missing(talk: Talk) -> None:
    start_transaction(talk)
    set_profile(talk, **TX_PROFILE)
    ask(talk, "NoProfiles", chargingProfileId=[5])
    end_transaction(talk)

    assert talk.ids == []


def start_remotely(talk: Talk, enabled: str = "true") -> None:
    talk.read_variables({"SmartChargingCtrlr.Enabled": enabled})
    start_with_profile(talk)
    start_transaction(talk, triggerReason="RemoteStart", info={"remoteStartId": 9})


def test_profile_of_a_remote_start_that_is_not_there_is_found(talk: Talk) -> None:
    start_remotely(talk)
    ask(talk, chargingProfileId=[5])
    report(talk, TX_PROFILE)
    assert talk.coverage("K05.FR.03") == "met"

    ask(talk, "NoProfiles", chargingProfileId=[5])
    go_on(talk)
    assert talk.ids == ["charging-profile-lost"]
    assert talk.coverage("K05.FR.03") == "broken"


def test_profile_of_a_remote_start_may_be_ignored_without_smart_charging(talk: Talk) -> None:
    start_remotely(talk, "false")
    ask(talk, "NoProfiles", chargingProfileId=[5])
    go_on(talk)

    assert talk.ids == []


# Profiles that must be gone


def test_profile_of_another_source_may_have_the_id_of_a_cleared_one(talk: Talk) -> None:
    set_profile(talk)
    clear(talk, "Accepted")
    ask(talk)
    report(talk, source="EMS")

    assert "cleared-charging-profile-reported" not in talk.ids


def test_time_to_delete_a_profile_grows_with_the_time_to_answer(talk: Talk) -> None:
    start_transaction(talk)
    set_profile(talk, **TX_PROFILE)
    end_transaction(talk)
    talk.observer.given_more_time(talk.at, 6)
    ask(talk, chargingProfileId=[5])
    report(talk, TX_PROFILE)

    assert talk.ids == []


CLEARED = [
    ("K10.FR.03", {"chargingProfileId": 1}),
    ("K10.FR.04", {"chargingProfileCriteria": {"stackLevel": 0}}),
]


@pytest.mark.parametrize(("requirement", "fields"), CLEARED)
def test_cleared_profile_in_a_report_is_found(talk: Talk, requirement: str, fields: JsonObject) -> None:
    set_profile(talk)
    clear(talk, "Accepted", **fields)
    ask(talk)
    report(talk)

    assert talk.ids == ["cleared-charging-profile-reported"]
    assert talk.findings[0].section == requirement
    assert talk.coverage(requirement) == "broken"


@pytest.mark.parametrize(("requirement", "fields"), CLEARED)
@pytest.mark.parametrize("is_alone", [True, False])
def test_profile_is_cleared(talk: Talk, requirement: str, fields: JsonObject, *, is_alone: bool) -> None:
    set_profile(talk)
    set_profile(talk, **OTHER)
    clear(talk, "Accepted", **fields)
    if is_alone:
        ask(talk, "NoProfiles")
    else:
        ask(talk, chargingProfilePurpose="TxDefaultProfile")
        report(talk, OTHER)

    assert talk.ids == []
    assert talk.coverage(requirement) == "met"


def test_unknown_profile_is_cleared_by_its_id(talk: Talk) -> None:
    clear(talk, "Accepted")
    ask(talk, "NoProfiles")

    assert talk.coverage("K10.FR.03") == "met"


def test_profile_that_was_set_again_is_accepted(talk: Talk) -> None:
    set_profile(talk)
    clear(talk, "Accepted")
    set_profile(talk)
    ask(talk)
    report(talk)

    assert talk.ids == []


def test_profile_of_a_transaction_that_has_ended_is_found(talk: Talk) -> None:
    start_transaction(talk)
    set_profile(talk, **TX_PROFILE)
    end_transaction(talk)
    ask(talk, chargingProfilePurpose="TxProfile")
    report(talk, TX_PROFILE)

    assert talk.ids == ["transaction-profile-kept"]
    assert talk.coverage("K02.FR.05") == "broken"


def test_profile_is_deleted_with_its_transaction(talk: Talk) -> None:
    start_transaction(talk)
    set_profile(talk, **TX_PROFILE)
    end_transaction(talk)
    ask(talk, "NoProfiles", chargingProfilePurpose="TxProfile")

    assert talk.ids == []
    assert talk.coverage("K02.FR.05") == "met"


@pytest.mark.parametrize(
    ("wait_s", "fields"),
    [
        case("at the end", 4, TX_PROFILE),
        case("other transaction", 6, {**TX_PROFILE, "transactionId": "T2"}),
        case("external", 6, {**EXTERNAL, "id": 5}),
    ],
)
def test_profile_that_may_still_be_there_is_accepted(talk: Talk, wait_s: float, fields: JsonObject) -> None:
    start_transaction(talk)
    set_profile(talk, **TX_PROFILE)
    end_transaction(talk, wait_s)
    ask(talk, chargingProfileId=[5])
    report(talk, fields)

    assert talk.ids == []
    assert talk.coverage("K02.FR.05") == "not exercised"
