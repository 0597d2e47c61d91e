"""Checks of the limits of external systems."""

import pytest

from tests.support.talk import EVSE, START, Talk, case, profile, stamp

VARIABLE = "SmartChargingCtrlr.NotifyChargingLimitWithSchedules"
SCHEDULE = profile()["chargingSchedule"]
SOURCE = ("K11.FR.05", "K12.FR.04")
WITH_SCHEDULE = ("K11.FR.03", "K12.FR.03")
PURPOSE = ("K11.FR.06", "K12.FR.05")


def states(talk: Talk, requirements: tuple[str, str]) -> tuple[str, str]:
    """Return the coverage of two requirements: for limits during a transaction, and without a transaction."""
    during, otherwise = requirements
    return talk.coverage(during), talk.coverage(otherwise)


def notify(talk: Talk, source: str = "EMS", **fields: object) -> None:
    talk.call("NotifyChargingLimit", {"chargingLimit": {"chargingLimitSource": source}, **fields})


def report_profile(talk: Talk, source: str, purpose: str) -> None:
    reported = profile(
        chargingProfilePurpose=purpose,
        chargingProfileKind="Absolute",
        chargingSchedule=[{**SCHEDULE[0], "startSchedule": stamp(START)}],
    )
    part = {"requestId": 7, "chargingLimitSource": source, "evseId": 0, "chargingProfile": [reported]}
    talk.call("ReportChargingProfiles", part)


def set_variable(talk: Talk, value: str, status: str = "Accepted") -> None:
    item = {"component": {"name": "SmartChargingCtrlr"}, "variable": {"name": VARIABLE.split(".")[1]}}
    message_id = talk.send_command("SetVariables", {"setVariableData": [{**item, "attributeValue": value}]})
    answer = {"setVariableResult": [{**item, "attributeType": "Actual", "attributeStatus": status}]}
    talk.answer_command(message_id, "SetVariables", answer)


def test_limit_with_operator_as_source_is_found(talk: Talk) -> None:
    notify(talk, "CSO")

    assert talk.ids == ["external-limit-source-wrong"]
    assert states(talk, SOURCE) == ("not exercised", "broken")


@pytest.mark.parametrize("source", ["EMS", "SO", "Other"])
def test_limit_with_other_source_is_accepted(talk: Talk, source: str) -> None:
    notify(talk, source)

    assert talk.ids == []
    assert states(talk, SOURCE) == ("not exercised", "met")


def test_limits_during_a_transaction_are_judged_by_their_own_requirements(talk: Talk) -> None:
    talk.read_variables({VARIABLE: "true"})
    talk.send_event(0, "Started", triggerReason="EVDetected", evse=EVSE)
    notify(talk, "CSO")
    report_profile(talk, "EMS", "ChargingStationMaxProfile")

    for requirements in (SOURCE, WITH_SCHEDULE, PURPOSE):
        assert states(talk, requirements) == ("broken", "not exercised")


def test_limit_without_schedule_is_found(talk: Talk) -> None:
    talk.read_variables({VARIABLE: "true"})
    notify(talk)

    assert talk.ids == ["external-limit-schedule-missing"]
    assert states(talk, WITH_SCHEDULE) == ("not exercised", "broken")


def test_limit_with_schedule_is_accepted(talk: Talk) -> None:
    talk.read_variables({VARIABLE: "true"})
    notify(talk, chargingSchedule=SCHEDULE)

    assert talk.ids == []
    assert states(talk, WITH_SCHEDULE) == ("not exercised", "met")


@pytest.mark.parametrize("values", [case("unknown", {}), case("false", {VARIABLE: "false"})])
def test_limit_may_have_no_schedule(talk: Talk, values: dict[str, str]) -> None:
    if values:
        talk.read_variables(values)
    notify(talk)

    assert talk.ids == []
    assert states(talk, WITH_SCHEDULE) == ("not exercised", "not exercised")


def test_limit_on_the_way_during_a_change_may_have_no_schedule(talk: Talk) -> None:
    set_variable(talk, "true")
    notify(talk)
    assert talk.ids == []

    talk.wait(61)
    notify(talk)
    assert talk.ids == ["external-limit-schedule-missing"]


def test_limit_after_a_change_without_answer_may_have_no_schedule(talk: Talk) -> None:
    talk.read_variables({VARIABLE: "true"})
    item = {"component": {"name": "SmartChargingCtrlr"}, "variable": {"name": "Enabled"}}
    talk.ask_in_vain("SetVariables", {"setVariableData": [{**item, "attributeValue": "false"}]})
    notify(talk)

    assert talk.ids == []


@pytest.mark.parametrize("source", ["EMS", "SO"])
def test_profile_of_external_system_with_another_purpose_is_found(talk: Talk, source: str) -> None:
    report_profile(talk, source, "ChargingStationMaxProfile")

    assert talk.ids == ["external-limit-purpose-wrong"]
    assert states(talk, PURPOSE) == ("not exercised", "broken")


@pytest.mark.parametrize(
    ("source", "purpose", "state"),
    [
        case("external system", "EMS", "ChargingStationExternalConstraints", "met"),
        case("station itself", "Other", "ChargingStationMaxProfile", "not exercised"),
        case("operator", "CSO", "ChargingStationMaxProfile", "not exercised"),
    ],
)
def test_profile_with_a_possible_purpose_is_accepted(
    talk: Talk, source: str, purpose: str, state: str
) -> None:
    report_profile(talk, source, purpose)

    assert talk.ids == []
    assert states(talk, PURPOSE) == ("not exercised", state)
