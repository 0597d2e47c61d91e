"""Checks that reports in parts are completed."""

from collections.abc import Callable

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import PARTS, Talk, case, report

# Reports


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
    for _ in range(5):
        talk.call(action, {**PARTS[action], "tbc": True})
        talk.wait(60)
    talk.call(action, {**PARTS[action], **last})
    talk.wait(100)

    assert not talk.findings


def test_incomplete_report_is_found_at_the_end_of_the_run(talk: Talk) -> None:
    talk.call("NotifyReport", report(0, tbc=True))
    talk.end()

    assert talk.ids == ["report-incomplete"]


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
