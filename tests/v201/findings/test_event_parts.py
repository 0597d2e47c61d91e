"""Checks of the seqNo of a NotifyEvent: N07.FR.07 for the trigger Alerting, N08.FR.04 for Periodic."""

import pytest

from tests.support.monitors import TEMPERATURE, send_event
from tests.support.talk import Talk


@pytest.mark.parametrize(("trigger", "requirement"), [("Alerting", "N07.FR.07"), ("Periodic", "N08.FR.04")])
def test_first_part_of_event_must_have_number_0(talk: Talk, trigger: str, requirement: str) -> None:
    send_event(talk, trigger=trigger)
    assert talk.coverage(requirement) == "not exercised"
    send_event(talk, trigger=trigger, actualValue="91")
    assert (talk.ids, talk.coverage(requirement)) == ([], "met")

    event = {
        "eventId": 2,
        "timestamp": talk.now,
        "trigger": trigger,
        "actualValue": "92",
        "eventNotificationType": "HardWiredNotification",
        **TEMPERATURE,
    }
    talk.call("NotifyEvent", {"generatedAt": talk.now, "seqNo": 1, "eventData": [event]})

    assert talk.ids == ["event-seq-no-wrong"]
    assert talk.findings[0].section == requirement
    assert talk.coverage(requirement) == "broken"


def test_event_in_progress_at_a_restart_is_not_continued(talk: Talk) -> None:
    event = {
        "eventId": 1,
        "timestamp": talk.now,
        "trigger": "Alerting",
        "actualValue": "92",
        "eventNotificationType": "HardWiredNotification",
        **TEMPERATURE,
    }
    talk.call("NotifyEvent", {"generatedAt": talk.now, "seqNo": 0, "tbc": True, "eventData": [event]})
    talk.boot(reason="ApplicationReset")
    talk.status()
    talk.wait(61)

    assert not talk.findings
