"""Checks of the events of monitors."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import Talk, case


def send_monitor_event(talk: Talk, **fields: object) -> None:
    event: JsonObject = {
        "eventId": 1,
        "timestamp": talk.now,
        "trigger": "Alerting",
        "actualValue": "80",
        "eventNotificationType": "CustomMonitor",
        "component": {"name": "ChargingStation"},
        "variable": {"name": "Temperature"},
        **fields,
    }
    talk.call("NotifyEvent", {"generatedAt": talk.now, "seqNo": 0, "eventData": [event]})


@pytest.mark.parametrize("source", ["CustomMonitor", "HardWiredMonitor", "PreconfiguredMonitor"])
def test_event_of_monitor_without_its_id_is_found(talk: Talk, source: str) -> None:
    send_monitor_event(talk, eventNotificationType=source)

    assert talk.ids == ["event-monitor-id-missing"]
    assert talk.coverage("N07.FR.06") == "broken"


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        case("with id", {"variableMonitoringId": 0}, "met"),
        case("without monitor", {"eventNotificationType": "HardWiredNotification"}, "not exercised"),
    ],
)
def test_event_with_possible_monitor_id_is_accepted(talk: Talk, fields: JsonObject, state: str) -> None:
    send_monitor_event(talk, **fields)

    assert talk.ids == []
    assert talk.coverage("N07.FR.06") == state
