"""Checks that reports in parts are completed."""

from collections.abc import Callable

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import PARTS, Talk, case, report

# Reports


def part(action: str, seq_no: int) -> JsonObject:
    """Return the payload of one part of a report, with this seqNo if the action has a seqNo."""
    payload = PARTS[action]
    return {**payload, "seqNo": seq_no} if "seqNo" in payload else payload


@pytest.mark.parametrize("action", PARTS)
def test_incomplete_report_is_found_after_60_s(talk: Talk, action: str) -> None:
    talk.call(action, {**PARTS[action], "tbc": True})
    talk.wait(60)
    assert not talk.findings

    talk.wait(1)
    assert talk.ids == ["report-incomplete"]


@pytest.mark.parametrize("action", PARTS)
@pytest.mark.parametrize("last", [{}, {"tbc": False}])
def test_slow_complete_report_is_accepted(talk: Talk, action: str, last: JsonObject) -> None:
    for number in range(5):
        talk.call(action, {**part(action, number), "tbc": True})
        talk.wait(60)
    talk.call(action, {**part(action, 5), **last})
    talk.wait(100)

    assert not talk.findings


def test_report_in_progress_at_the_end_of_the_run_is_accepted(talk: Talk) -> None:
    talk.call("NotifyReport", report(0, tbc=True))
    talk.end()

    assert not talk.findings


def test_reports_with_other_request_ids_are_separate(talk: Talk) -> None:
    talk.call("NotifyReport", report(0, tbc=True))
    talk.call("NotifyReport", report(0, request_id=8))
    talk.wait(61)

    assert talk.ids == ["report-incomplete"]


@pytest.mark.parametrize(
    "interrupt",
    [
        case("a disconnect", lambda talk, _: talk.reconnect(1)),
        case("a refusal", lambda talk, message_id: talk.error(message_id, "NotifyReport")),
        case("no answer", lambda talk, message_id: (talk.withhold(message_id), talk.wait(30))),
    ],
)
def test_interrupted_report_is_accepted(talk: Talk, interrupt: Callable[[Talk, str], None]) -> None:
    interrupt(talk, talk.send_call("NotifyReport", report(0, tbc=True)))
    talk.call("Heartbeat")
    talk.wait(100)
    talk.end()

    assert not talk.findings


# Numbering and requestIds


@pytest.mark.parametrize("seq_nos", [(1,), (2,), (0, 2), (0, 1, 1)])
def test_wrong_numbering_is_found_once(talk: Talk, seq_nos: tuple[int, ...]) -> None:
    for number, seq_no in enumerate(seq_nos):
        talk.call("NotifyReport", {**report(seq_no, tbc=True), "generatedAt": f"2026-01-01T00:00:0{number}Z"})
    talk.call("NotifyReport", report(9))

    assert talk.ids == ["report-incomplete"]


def test_repeated_part_is_accepted(talk: Talk) -> None:
    talk.call("NotifyReport", report(0, tbc=True))
    talk.call("NotifyReport", report(0, tbc=True))
    talk.call("NotifyReport", report(1))

    assert not talk.findings


def test_gap_after_refused_part_is_accepted(talk: Talk) -> None:
    talk.error(talk.send_call("NotifyReport", report(0, tbc=True)), "NotifyReport")
    talk.call("NotifyReport", report(2))

    assert not talk.findings


def test_report_with_the_request_id_of_a_report_in_progress_is_not_judged(talk: Talk) -> None:
    request = {"requestId": 9, "reportBase": "FullInventory"}
    talk.command("GetBaseReport", request)
    talk.call("NotifyReport", report(0, tbc=True, request_id=9))
    talk.command("GetBaseReport", request)
    talk.call("NotifyReport", report(1, request_id=9))
    talk.call("NotifyReport", report(0, request_id=9))

    assert not talk.findings


def test_second_report_with_the_same_request_id_starts_from_0(talk: Talk) -> None:
    talk.call("NotifyReport", report(0))
    talk.ask_in_vain("GetBaseReport", {"requestId": 7, "reportBase": "FullInventory"})
    talk.call("NotifyReport", {**report(0), "generatedAt": "2026-01-01T00:00:01Z"})

    assert not talk.findings


def test_report_may_belong_to_a_command_sent_before_the_start(unbooted: Talk) -> None:
    unbooted.call("NotifyReport", report(3, request_id=99))

    assert not unbooted.findings


def test_report_lost_with_its_connection_is_accepted(talk: Talk) -> None:
    talk.command("GetBaseReport", {"requestId": 9, "reportBase": "FullInventory"})
    talk.reconnect(5)
    talk.wait(300)

    assert not talk.findings


def test_report_that_is_not_accepted_need_not_come(talk: Talk) -> None:
    talk.command("GetReport", {"requestId": 9}, "EmptyResultSet")
    talk.wait(300)

    assert not talk.findings


# Coverage


def test_finding_names_the_requirement_of_the_command(talk: Talk) -> None:
    talk.ask_in_vain("GetReport", {"requestId": 9})
    talk.call("NotifyReport", report(1, request_id=9))

    assert [finding.section for finding in talk.findings] == ["B08.FR.14"]
    assert talk.coverage("B08.FR.14") == "broken"
    assert talk.coverage("B07.FR.10") == "not exercised"


def test_whole_report_meets_its_requirements(talk: Talk) -> None:
    talk.command("GetBaseReport", {"requestId": 9, "reportBase": "FullInventory"})
    talk.call("NotifyReport", report(0, request_id=9, tbc=True))
    talk.call("NotifyReport", report(1, request_id=9))

    assert {talk.coverage(name) for name in ("B07.FR.03", "B07.FR.04", "B07.FR.10")} == {"met"}
    assert talk.coverage("B08.FR.14") == "not exercised"


@pytest.mark.parametrize(
    ("action", "fields", "requirements"),
    [
        case("base report", "GetBaseReport", {"reportBase": "FullInventory"}, "B07.FR.03"),
        case("report", "GetReport", {}, "B08.FR.03"),
        case("monitors", "GetMonitoringReport", {}, "N02.FR.03"),
        case("profiles", "GetChargingProfiles", {"chargingProfile": {}}, "K09.FR.04"),
        case("station's profiles", "GetChargingProfiles", {"chargingProfile": {}, "evseId": 0}, "K09.FR.05"),
        case("messages", "GetDisplayMessages", {}, "O03.FR.02"),
        case("some messages", "GetDisplayMessages", {"id": [1]}, "O04.FR.03"),
        case(
            "customer",
            "CustomerInformation",
            {"report": True, "clear": False, "customerIdentifier": "C1"},
            "N09.FR.05, N09.FR.06",
        ),
        case(
            "cleared",
            "CustomerInformation",
            {"report": False, "clear": True, "customerIdentifier": "C1"},
            "N10.FR.06",
        ),
    ],
)
def test_missing_report_names_the_requirement(
    talk: Talk, action: str, fields: JsonObject, requirements: str
) -> None:
    talk.command(action, {"requestId": 9, **fields})
    talk.wait(200)

    assert [(finding.id, finding.section) for finding in talk.findings] == [("report-not-sent", requirements)]


def test_report_of_unknown_command_names_its_requirements(talk: Talk) -> None:
    talk.call("NotifyMonitoringReport", report(0, request_id=9))

    assert [finding.section for finding in talk.findings] == ["N02.FR.04"]
