"""Checks of the events of monitors."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.monitors import (
    VOLTAGE,
    clear_monitor,
    command,
    report_monitors,
    report_variable,
    reported,
    send_event,
    set_monitor,
)
from tests.support.talk import START, Script, Talk, case, stamp

LATE_S = 61.0
"""Seconds; an event whose timestamp is this much later than a command certainly happened after it."""


@pytest.mark.parametrize("source", ["CustomMonitor", "HardWiredMonitor", "PreconfiguredMonitor"])
def test_event_of_monitor_without_its_id_is_found(talk: Talk, source: str) -> None:
    send_event(talk, eventNotificationType=source, variableMonitoringId=None)

    assert talk.ids == ["event-monitor-id-missing"]
    assert talk.coverage("N07.FR.06") == "broken"


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        case("with id", {"variableMonitoringId": 0}, "met"),
        case(
            "without monitor",
            {"eventNotificationType": "HardWiredNotification", "variableMonitoringId": None},
            "not exercised",
        ),
    ],
)
def test_event_with_possible_monitor_id_is_accepted(talk: Talk, fields: JsonObject, state: str) -> None:
    send_event(talk, **fields)

    assert talk.ids == []
    assert talk.coverage("N07.FR.06") == state


TRIGGERS = [
    case("UpperThreshold", {}, {}, "Alerting", "N07.FR.16"),
    case("LowerThreshold", {"type": "LowerThreshold"}, {}, "Alerting", "N07.FR.17"),
    case("Delta of number", {"type": "Delta"}, {}, "Delta", "N07.FR.18"),
    case("Delta of text", {"type": "Delta"}, {"dataType": "string"}, "Delta", "N07.FR.19"),
    case("Periodic", {"type": "Periodic", "value": 900}, {}, "Periodic", "N08.FR.05"),
    case("clock-aligned", {"type": "PeriodicClockAligned", "value": 900}, {}, "Periodic", "N08.FR.05"),
]


@pytest.mark.parametrize(("fields", "characteristics", "trigger", "requirement"), TRIGGERS)
def test_trigger_must_belong_to_the_monitor(
    talk: Talk, fields: JsonObject, characteristics: JsonObject, trigger: str, requirement: str
) -> None:
    wrong = "Delta" if trigger == "Alerting" else "Alerting"
    report_variable(talk, **characteristics)
    send_event(talk, trigger=wrong)
    set_monitor(talk, **fields)
    send_event(talk, trigger=wrong)  # the event may be of an earlier monitor with this id
    talk.wait(LATE_S)
    send_event(talk, trigger=wrong, variableMonitoringId=2)
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")
    send_event(talk, trigger=trigger)
    assert (talk.ids, talk.coverage(requirement)) == ([], "met")

    send_event(talk, trigger=wrong)

    assert talk.ids == ["event-trigger-wrong"]
    assert talk.coverage(requirement) == "broken"


def test_trigger_of_delta_is_not_judged_without_data_type(talk: Talk) -> None:
    set_monitor(talk, type="Delta")
    talk.wait(LATE_S)

    send_event(talk)

    assert talk.ids == []


def reboot(talk: Talk) -> None:
    talk.boot()
    talk.status()


def set_level(talk: Talk, severity: int = 5, status: str = "Accepted") -> None:
    command(talk, "SetMonitoringLevel", {"severity": severity}, status)


def test_event_above_monitoring_level_is_found(talk: Talk) -> None:
    report_monitors(talk, reported(severity=5), reported(VOLTAGE, 2, severity=6))
    set_level(talk)
    send_event(talk, VOLTAGE, variableMonitoringId=2)
    talk.wait(LATE_S)
    send_event(talk, VOLTAGE, variableMonitoringId=2, timestamp=stamp(START))
    assert (talk.ids, talk.coverage("N05.FR.03")) == ([], "not exercised")
    send_event(talk)
    assert talk.coverage("N05.FR.03") == talk.coverage("N07.FR.15") == "met"

    send_event(talk, VOLTAGE, variableMonitoringId=2)

    assert talk.ids == ["event-above-monitoring-level"]
    assert talk.coverage("N05.FR.03") == talk.coverage("N07.FR.15") == "broken"


@pytest.mark.parametrize(
    "end",
    [
        case("reconnect", lambda talk: talk.reconnect(after=1)),
        case("reboot", reboot),
        case("higher level", lambda talk: set_level(talk, 9)),
        case("level without answer", lambda talk: talk.send_command("SetMonitoringLevel", {"severity": 9})),
        case(
            "unknown monitor", lambda talk: talk.ask_in_vain("SetMonitoringBase", {"monitoringBase": "All"})
        ),
    ],
)
def test_event_above_earlier_level_is_accepted(talk: Talk, end: Script) -> None:
    set_monitor(talk, severity=6)
    set_level(talk)

    end(talk)
    talk.wait(LATE_S)
    send_event(talk)

    assert talk.ids == []


def set_base(talk: Talk, base: str, status: str = "Accepted") -> None:
    command(talk, "SetMonitoringBase", {"monitoringBase": base}, status)


@pytest.mark.parametrize(
    ("base", "active", "removed", "requirement"),
    [
        ("FactoryDefault", "PreconfiguredMonitor", "CustomMonitor", "N03.FR.04"),
        ("HardWiredOnly", "HardWiredMonitor", "CustomMonitor", "N03.FR.05"),
        ("HardWiredOnly", "HardWiredMonitor", "PreconfiguredMonitor", "N03.FR.05"),
    ],
)
def test_monitor_must_be_removed_by_the_base(
    talk: Talk, base: str, active: str, removed: str, requirement: str
) -> None:
    set_base(talk, base, "Rejected")
    talk.wait(LATE_S)
    send_event(talk, eventNotificationType=removed)
    set_base(talk, base)
    send_event(talk, eventNotificationType=removed)
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")
    talk.wait(LATE_S)
    send_event(talk, eventNotificationType=active)
    assert (talk.ids, talk.coverage(requirement)) == ([], "met")

    send_event(talk, eventNotificationType=removed)

    assert talk.ids == ["event-of-removed-monitor"]
    assert talk.coverage(requirement) == "broken"


@pytest.mark.parametrize(
    "end",
    [
        case("new monitor", set_monitor),
        case("other base", lambda talk: set_base(talk, "All")),
        case("reconnect", lambda talk: talk.reconnect(after=1)),
        case("reboot", reboot),
    ],
)
def test_custom_monitor_may_be_active_after(talk: Talk, end: Script) -> None:
    set_base(talk, "HardWiredOnly")

    end(talk)
    talk.wait(LATE_S)
    send_event(talk)

    assert talk.ids == []


def test_cleared_threshold_must_not_end_its_alert(talk: Talk) -> None:
    set_monitor(talk)
    set_monitor(talk, VOLTAGE, number=2)
    clear_monitor(talk)
    send_event(talk, cleared=True)
    talk.wait(LATE_S)
    send_event(talk, VOLTAGE, variableMonitoringId=2, cleared=True)
    assert (talk.ids, talk.coverage("N07.FR.12")) == ([], "not exercised")
    set_monitor(talk)
    send_event(talk)
    clear_monitor(talk)
    talk.wait(LATE_S)
    send_event(talk, VOLTAGE, variableMonitoringId=2, cleared=True)
    assert (talk.ids, talk.coverage("N07.FR.12")) == ([], "met")

    send_event(talk, cleared=True)

    assert talk.ids == ["event-of-cleared-monitor"]
    assert talk.coverage("N07.FR.12") == "broken"


@pytest.mark.parametrize(
    "end", [case("same id again", set_monitor), case("reconnect", lambda talk: talk.reconnect(after=1))]
)
def test_alert_may_end_after(talk: Talk, end: Script) -> None:
    set_monitor(talk)
    clear_monitor(talk)

    end(talk)
    talk.wait(LATE_S)
    send_event(talk, cleared=True)

    assert talk.ids == []


def test_alert_of_a_preconfigured_monitor_that_is_active_again_may_end(talk: Talk) -> None:
    set_monitor(talk, id=1)
    clear_monitor(talk)
    talk.wait(LATE_S)
    send_event(talk, cleared=True, eventNotificationType="PreconfiguredMonitor")

    assert talk.ids == []


def test_alert_of_a_cleared_preconfigured_monitor_is_not_one_of_a_later_monitor(talk: Talk) -> None:
    send_event(talk, eventNotificationType="PreconfiguredMonitor")
    clear_monitor(talk)
    set_monitor(talk)
    clear_monitor(talk)
    talk.wait(LATE_S)

    send_event(talk, VOLTAGE, variableMonitoringId=2, cleared=True)

    assert talk.coverage("N07.FR.12") == "not exercised"


def test_end_of_an_alert_may_have_any_trigger(talk: Talk) -> None:
    set_monitor(talk)
    talk.wait(LATE_S)
    send_event(talk, trigger="Delta", cleared=True)

    assert talk.ids == []
    assert talk.coverage("N07.FR.16") == "not exercised"


def test_event_from_the_future_shows_nothing_about_its_monitor(talk: Talk) -> None:
    set_monitor(talk)
    send_event(talk, trigger="Delta", timestamp=stamp(talk.at + 3600))

    assert "event-trigger-wrong" not in talk.ids


def test_event_of_a_station_with_unknown_time_shows_nothing_about_its_monitor(unbooted: Talk) -> None:
    set_monitor(unbooted)
    unbooted.wait(LATE_S)
    send_event(unbooted, trigger="Delta")

    assert "event-trigger-wrong" not in unbooted.ids


def test_notification_of_a_write_only_variable_without_monitor_is_not_judged(talk: Talk) -> None:
    report_variable(talk, mutability="WriteOnly")
    send_event(talk, eventNotificationType="HardWiredNotification", variableMonitoringId=None)

    assert talk.ids == []


def test_write_only_value_must_not_be_sent(talk: Talk) -> None:
    send_event(talk)
    report_variable(talk, VOLTAGE)
    send_event(talk, VOLTAGE)
    report_variable(talk, mutability="WriteOnly")
    assert (talk.ids, talk.coverage("N07.FR.10")) == ([], "not exercised")
    send_event(talk, actualValue="")
    assert (talk.ids, talk.coverage("N07.FR.10")) == ([], "met")

    send_event(talk)

    assert talk.ids == ["write-only-value-sent"]
    assert talk.coverage("N07.FR.10") == "broken"


def test_replaced_monitor_must_be_custom(talk: Talk) -> None:
    report_monitors(talk, reported())
    talk.wait(LATE_S)
    send_event(talk, eventNotificationType="PreconfiguredMonitor")
    set_monitor(talk, id=1)
    send_event(talk, eventNotificationType="PreconfiguredMonitor")
    assert (talk.ids, talk.coverage("N04.FR.15")) == ([], "not exercised")
    talk.wait(LATE_S)
    send_event(talk)
    assert (talk.ids, talk.coverage("N04.FR.15")) == ([], "met")

    send_event(talk, eventNotificationType="PreconfiguredMonitor")

    assert talk.ids == ["event-notification-type-wrong"]
    assert talk.coverage("N04.FR.15") == "broken"


def test_replaced_custom_monitor_shows_nothing(talk: Talk) -> None:
    set_monitor(talk)
    set_monitor(talk, id=1)
    talk.wait(LATE_S)
    send_event(talk)

    assert talk.coverage("N04.FR.15") == "not exercised"
