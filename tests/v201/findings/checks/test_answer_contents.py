"""Checks of the contents of answers to commands."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import Talk, case, report


def variable(name: str, **fields: object) -> JsonObject:
    return {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": name}, **fields}


def with_instance(name: str, instance: str, **fields: object) -> JsonObject:
    return {**variable(name, **fields), "variable": {"name": name, "instance": instance}}


READ = {"attributeStatus": "Accepted", "attributeValue": "1", "attributeType": "Actual"}
SET = {"attributeStatus": "Accepted", "attributeType": "Actual"}


def read(talk: Talk, items: list[JsonObject], results: list[JsonObject]) -> None:
    message_id = talk.send_command("GetVariables", {"getVariableData": items})
    talk.answer_command(message_id, "GetVariables", {"getVariableResult": results})


def set_values(talk: Talk, items: list[JsonObject], results: list[JsonObject]) -> None:
    items = [{"attributeValue": "1", **item} for item in items]
    message_id = talk.send_command("SetVariables", {"setVariableData": items})
    talk.answer_command(message_id, "SetVariables", {"setVariableResult": results})


def set_monitors(talk: Talk, items: list[JsonObject], results: list[JsonObject]) -> None:
    monitor = {"type": "Delta", "value": 1, "severity": 5}
    message_id = talk.send_command(
        "SetVariableMonitoring", {"setMonitoringData": [{**monitor, **item} for item in items]}
    )
    results = [{"type": "Delta", "severity": 5, "status": "Accepted", **result} for result in results]
    talk.answer_command(message_id, "SetVariableMonitoring", {"setMonitoringResult": results})


def clear_monitors(talk: Talk, ids: list[int], cleared: list[int]) -> None:
    message_id = talk.send_command("ClearVariableMonitoring", {"id": ids})
    results = [{"id": number, "status": "Accepted"} for number in cleared]
    talk.answer_command(message_id, "ClearVariableMonitoring", {"clearMonitoringResult": results})


# Results and items

A, B = variable("A"), variable("B")
ACTUAL, TARGET = {"attributeType": "Actual"}, {"attributeType": "Target"}


@pytest.mark.parametrize(
    "results",
    [
        case("same order", [A | READ, B | READ]),
        case("other order", [B | READ, A | READ]),
        case("default attribute type and case", [variable("a") | READ, variable("b") | READ | ACTUAL]),
    ],
)
def test_matching_results_are_accepted(talk: Talk, results: list[JsonObject]) -> None:
    read(talk, [A, B], results)

    assert not talk.findings
    assert [talk.coverage(f"B06.FR.{number}") for number in ("01", "02", "03", "14")] == [
        "met",
        "met",
        "not exercised",
        "not exercised",
    ]


@pytest.mark.parametrize(
    ("results", "requirement"),
    [
        case("one missing", [A | READ], "B06.FR.01"),
        case("one twice", [A | READ, A | READ], "B06.FR.01"),
        case("one too many", [A | READ, B | READ, B | READ], "B06.FR.01"),
        case("another variable", [A | READ, variable("C") | READ], "B06.FR.02"),
        case("another attribute type", [A | READ, B | READ | TARGET], "B06.FR.03"),
        case("another instance", [A | READ, with_instance("B", "x") | READ], "B06.FR.14"),
    ],
)
def test_results_for_other_items_are_found(talk: Talk, results: list[JsonObject], requirement: str) -> None:
    read(talk, [A, B], results)

    assert [(finding.id, finding.section) for finding in talk.findings] == [
        ("answer-does-not-match", requirement)
    ]
    assert talk.coverage(requirement) == "broken"


def test_item_asked_twice_may_be_answered_once(talk: Talk) -> None:
    read(talk, [A, A], [A | READ])

    assert not talk.findings


def test_answer_with_the_asked_instance_and_type_meets_the_requirements(talk: Talk) -> None:
    item = with_instance("B", "x", attributeType="Target")
    read(talk, [item], [with_instance("B", "X") | READ | TARGET])

    assert not talk.findings
    assert {talk.coverage(name) for name in ("B06.FR.03", "B06.FR.14")} == {"met"}


@pytest.mark.parametrize(
    ("results", "requirement"),
    [
        case("one missing", [A | SET], "B05.FR.01"),
        case("another variable", [A | SET, variable("C") | SET], "B05.FR.02"),
        case("another instance", [A | SET, with_instance("B", "x") | SET], "B05.FR.02"),
        case("another attribute type", [A | SET, B | SET | TARGET], "B05.FR.03"),
    ],
)
def test_other_results_of_set_variables_are_found(
    talk: Talk, results: list[JsonObject], requirement: str
) -> None:
    set_values(talk, [A, B | ACTUAL], results)

    assert talk.ids == ["answer-does-not-match"]
    assert talk.coverage(requirement) == "broken"


def test_matching_results_of_set_variables_meet_the_requirements(talk: Talk) -> None:
    set_values(talk, [A | TARGET], [A | SET | TARGET])

    assert not talk.findings
    assert {talk.coverage(f"B05.FR.0{number}") for number in (1, 2, 3)} == {"met"}


@pytest.mark.parametrize(
    ("results", "requirement"),
    [case("one missing", [A], "N04.FR.01"), case("another variable", [A, variable("C")], "N04.FR.02")],
)
def test_other_results_of_set_monitoring_are_found(
    talk: Talk, results: list[JsonObject], requirement: str
) -> None:
    set_monitors(talk, [A, B], [{"id": 1, **result} for result in results])

    assert talk.ids == ["answer-does-not-match"]
    assert talk.coverage(requirement) == "broken"


def test_matching_results_of_set_monitoring_meet_the_requirements(talk: Talk) -> None:
    set_monitors(talk, [A], [A | {"id": 1}])

    assert not talk.findings
    assert {talk.coverage(name) for name in ("N04.FR.01", "N04.FR.02", "N04.FR.11")} == {"met"}


@pytest.mark.parametrize(
    ("cleared", "state"),
    [
        case("all", [2, 1], "met"),
        case("one", [1], "broken"),
        case("another", [1, 3], "broken"),
        case("one twice", [1, 1], "broken"),
    ],
)
def test_each_monitor_must_have_a_result(talk: Talk, cleared: list[int], state: str) -> None:
    clear_monitors(talk, [1, 2], cleared)

    assert talk.coverage("N06.FR.05") == state
    assert len(talk.findings) == (state == "broken")


# Data


@pytest.mark.parametrize(
    ("action", "payload", "data", "requirement"),
    [
        case(
            "schedule",
            "GetCompositeSchedule",
            {"duration": 60, "evseId": 1},
            {
                "schedule": {
                    "evseId": 1,
                    "duration": 60,
                    "scheduleStart": "2026-01-01T00:00:00Z",
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
                }
            },
            "K08.FR.02",
        ),
        case(
            "certificates",
            "GetInstalledCertificateIds",
            {},
            {"certificateHashDataChain": []},
            "M03.FR.04",
        ),
    ],
)
@pytest.mark.parametrize(
    ("status", "has_data", "state"),
    [
        case("with data", "Accepted", True, "met"),
        case("without data", "Accepted", False, "broken"),
        case("refused", "Rejected", False, "not exercised"),
    ],
)
def test_accepted_answer_must_have_its_data(  # noqa: PLR0917 - two tables
    talk: Talk,
    action: str,
    payload: JsonObject,
    data: JsonObject,
    requirement: str,
    status: str,
    has_data: bool,
    state: str,
) -> None:
    talk.command(action, payload, status, **(data if has_data else {}))

    assert talk.coverage(requirement) == state
    assert talk.ids == (["answer-without-data"] if state == "broken" else [])


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        case("value", READ, "met"),
        case("empty value", {**READ, "attributeValue": ""}, "met"),
        case("no value", SET, "broken"),
        case("unknown", {**SET, "attributeStatus": "UnknownVariable"}, "not exercised"),
    ],
)
def test_accepted_variable_must_have_a_value(talk: Talk, fields: JsonObject, state: str) -> None:
    read(talk, [A], [A | fields])

    assert talk.coverage("B06.FR.04") == state
    assert talk.coverage("B06.FR.13") == "not exercised"
    assert talk.ids == (["answer-without-data"] if state == "broken" else [])


@pytest.mark.parametrize(
    ("fields", "state"),
    [case("empty", {"attributeValue": ""}, "met"), case("missing", {}, "broken")],
)
def test_unset_variable_must_be_read_as_empty(talk: Talk, fields: JsonObject, state: str) -> None:
    talk.ask_in_vain("GetBaseReport", {"requestId": 9, "reportBase": "FullInventory"})
    item = {**A, "variableAttribute": [{}], "variableCharacteristics": CHARACTERISTICS}
    talk.call("NotifyReport", {**report(0, request_id=9), "reportData": [item]})
    read(talk, [A], [A | SET | fields])

    assert talk.coverage("B06.FR.13") == state
    assert talk.coverage("B06.FR.04") == "not exercised"
    assert talk.ids == (["answer-without-data"] if state == "broken" else [])


CHARACTERISTICS = {"dataType": "string", "supportsMonitoring": False}


@pytest.mark.parametrize(
    ("item", "state"), [case("new", A, "broken"), case("changed", A | {"id": 4}, "not exercised")]
)
def test_new_monitor_must_get_an_id(talk: Talk, item: JsonObject, state: str) -> None:
    set_monitors(talk, [item], [A])

    assert talk.coverage("N04.FR.11") == state
    assert talk.ids == (["answer-without-data"] if state == "broken" else [])
