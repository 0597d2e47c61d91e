"""Checks of settings against one or several OCPP versions, which find the first flaw."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mock_csms.behaviour.rules import Rule
from mock_csms.csms import Csms
from mock_csms.settings import Profile, Settings
from mock_csms.settings.check import Flawed, check
from mock_csms.verdict.expectations import Expectation
from mock_csms.versions import OcppVersion
from server import OCPP_VERSIONS, VERSIONS


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


NO_ANSWER = {"fault": {"kind": "no-answer"}}
MISSPELT = {"when": {"action": "Hartbeat"}, "then": NO_ANSWER}
BROKEN = {"when": {"action": "Heartbeat"}, "then": {"answer": {"currentTime": 5}}}


@pytest.mark.parametrize(
    ("settings", "location"),
    [
        case("command", {"command": "Rest", "period": 5}, ("command",)),
        case("command before its time", {"command": "Rest"}, ("command",)),
        case("step", {"commands": "Reset:1,Rest:1"}, ("commands",)),
        case("trigger", {"trigger_message": "Reset"}, ("trigger_message",)),
        case("fault", {"faults": "Hartbeat:reset"}, ("faults",)),
        case("expectation", {"expect": "Hartbeat"}, ("expect",)),
        case("finding", {"silence": "heartbeat-mising"}, ("silence",)),
        case("when of a rule", {"rules": [{"then": NO_ANSWER}, MISSPELT]}, ("rules", 1, "when")),
        case("answer of a rule", {"rules": [BROKEN]}, ("rules", 0)),
        case("profile", {"stations": {"CS*": {"commands": "Rest:1"}}}, ("stations", "CS*", "commands")),
        case("conflicting settings", {"command": "Reset"}, ()),
        case("conflicting profile", {"stations": {"CS1": {"period": 1}}}, ()),
    ],
)
def test_flaw_of_settings_has_a_location(settings: dict[str, Any], location: tuple[str | int, ...]) -> None:
    flaw = check(Settings.model_validate(settings), OCPP_VERSIONS)
    assert flaw is not None
    assert flaw.location == location


@pytest.mark.parametrize(
    "value",
    [
        case("settings", Settings()),
        case("profile", Profile(command="Reset", period=5)),
        case("rule", Rule.model_validate({"when": {"action": "Heartbeat"}, "then": NO_ANSWER})),
        case("rule about any action", Rule.model_validate({"then": {"answer": {"currentTime": 5}}})),
        case("expectation", ">Reset[type=OnIdle]==1"),
    ],
)
def test_valid_value_has_no_flaw(value: Settings | Profile | Rule | str) -> None:
    assert check(value, OCPP_VERSIONS) is None


@pytest.mark.parametrize(
    ("value", "location", "words"),
    [
        case("profile", Profile(trigger_message="Boot"), ("trigger_message",), "'Boot' cannot be triggered"),
        case("rule", Rule.model_validate(MISSPELT), ("when",), "did you mean Heartbeat?"),
        case("expectation", "Hartbeat", (), "'Hartbeat': there is no station message 'Hartbeat'"),
    ],
)
def test_first_flaw_has_location_and_sentence(
    value: Profile | Rule | str, location: tuple[str, ...], words: str
) -> None:
    flaw = check(value, OCPP_VERSIONS)
    assert flaw is not None
    assert flaw.location == location
    assert words in flaw.sentence


def test_flawed_change_of_profile_is_rejected() -> None:
    csms = Csms(Settings(), VERSIONS)

    with pytest.raises(Flawed, match="there is no command 'Rest'") as caught:
        csms.change_profile("CS1", {"command": "Rest", "period": 5})

    assert caught.value.flaw.location == ("command",)
    assert csms.profile("CS1") == Settings()


# Several versions


@pytest.fixture
def both(tmp_path: Path) -> list[OcppVersion]:
    """Return OCPP 2.0.1 and a made-up version in which currentTime of a Heartbeat is an integer."""
    schema = {"type": "object", "properties": {"currentTime": {"type": "integer"}}}
    for kind in ("Request", "Response"):
        for action in ("Heartbeat", "Beep"):
            (tmp_path / f"{action}{kind}.json").write_text(json.dumps(schema))
    other = replace(
        OCPP_VERSIONS[0],
        name="other",
        subprotocol="other",
        from_station=frozenset({"Heartbeat"}),
        from_csms=frozenset({"Beep"}),
        schemas=tmp_path,
        triggers=("Heartbeat", "Beeped"),
        finding_kinds={"beep-missing": OCPP_VERSIONS[0].finding_kinds["heartbeat-missing"]},
    )
    return [*OCPP_VERSIONS, other]


def test_names_of_any_version_are_valid(both: list[OcppVersion]) -> None:
    settings = Settings.model_validate(
        {
            "commands": "Beep:1,Reset:1",
            "trigger_message": "Beeped",
            "silence": "beep-missing heartbeat-missing",
            "expect": ">Beep",
            "rules": [{"when": {"action": "Beep", "direction": "answer"}, "then": NO_ANSWER}],
        }
    )
    assert check(settings, both) is None


def test_answer_of_rule_must_match_schema_of_one_version(both: list[OcppVersion]) -> None:
    assert check(Rule.model_validate(BROKEN), both) is None
    flaw = check(Rule.model_validate({**BROKEN, "then": {"answer": {"currentTime": True}}}), both)
    assert flaw is not None
    assert flaw.sentence.startswith("its answer breaks the schema of Heartbeat: ")


def test_expectation_value_may_have_type_of_any_version(both: list[OcppVersion]) -> None:
    expectation = Expectation.parse("Heartbeat[currentTime=7]", both)
    assert expectation.match.payload == {"currentTime": 7}


# Times in the answers of rules


@pytest.mark.parametrize("time", ["yesterday", "2026-01-31T12:00:00", "{{now}} or so"])
def test_invalid_time_in_answer_of_rule_is_a_flaw(time: str) -> None:
    """Part 2, 3.1: RFC 3339 with a zone."""
    rule = {"when": {"action": "Heartbeat"}, "then": {"answer": {"currentTime": time}}}

    flaw = check(Rule.model_validate(rule), OCPP_VERSIONS)

    assert flaw is not None
    assert "currentTime" in flaw.sentence
    assert "as in 2026-01-31T12:00:00Z; set validate = false to send it anyway" in flaw.sentence
    assert check(Rule.model_validate({**rule, "validate": False}), OCPP_VERSIONS) is None


@pytest.mark.parametrize(
    "time", ["2026-01-31T12:00:00+02:00", "{{now}}", "{{now-60}}", "{{request.anything}}"]
)
def test_valid_time_in_answer_of_rule_is_no_flaw(time: str) -> None:
    rule = {"when": {"action": "Heartbeat"}, "then": {"answer": {"currentTime": time}}}

    assert check(Rule.model_validate(rule), OCPP_VERSIONS) is None


def test_time_in_changed_answer_of_station_is_not_checked() -> None:
    """The rule changes an answer of the station, and only times that the mock sends are checked."""
    schedule = {"evseId": 1, "duration": 60, "scheduleStart": "soon", "chargingRateUnit": "A"}
    rule = {
        "when": {"action": "GetCompositeSchedule", "direction": "answer"},
        "then": {"answer": {"schedule": schedule}},
    }

    assert check(Rule.model_validate(rule), OCPP_VERSIONS) is None
