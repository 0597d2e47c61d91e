"""Checks that periodic monitors send their events in time."""

from typing import Any

import pytest

from tests.support.monitors import clear_monitor, command, send_event, set_monitor
from tests.support.talk import Script, Talk, case, stamp

PERIOD_S = 30
DUE_S = 2 * PERIOD_S + 11.0
ENABLED = {"MonitoringCtrlr.Enabled": "true", "MonitoringCtrlr.ActiveMonitoringLevel": "9"}


VEHICLE = {"component": {"name": "ConnectedEV"}, "variable": {"name": "Connected"}}


def set_periodic(talk: Talk, kind: str = "Periodic", **fields: Any) -> None:
    set_monitor(talk, **{"type": kind, "value": PERIOD_S, **fields})


def send_periodic(talk: Talk, number: int = 1) -> None:
    send_event(talk, trigger="Periodic", variableMonitoringId=number)


@pytest.mark.parametrize(
    ("kind", "requirement"), [("Periodic", "N08.FR.06"), ("PeriodicClockAligned", "N08.FR.07")]
)
def test_event_of_periodic_monitor_is_due_each_period(talk: Talk, kind: str, requirement: str) -> None:
    talk.read_variables(ENABLED)
    set_periodic(talk, kind)
    assert talk.coverage(requirement) == "not exercised"
    talk.wait(DUE_S - 2)
    send_periodic(talk)
    assert (talk.ids, talk.coverage(requirement)) == ([], "met")
    talk.wait(DUE_S - 2)
    send_periodic(talk, 2)

    talk.wait(2)

    assert talk.ids == ["periodic-event-missing"]
    assert talk.coverage(requirement) == "broken"


def reboot(talk: Talk) -> None:
    talk.boot()
    talk.status()


def set_level(talk: Talk) -> None:
    command(talk, "SetMonitoringLevel", {"severity": 4})


def disable(talk: Talk) -> None:
    talk.send_command(
        "SetVariables",
        {
            "setVariableData": [
                {
                    "component": {"name": "MonitoringCtrlr"},
                    "variable": {"name": "Enabled"},
                    "attributeValue": "false",
                }
            ]
        },
    )


@pytest.mark.parametrize(
    "end",
    [
        case("cleared", clear_monitor),
        case("base", lambda talk: command(talk, "SetMonitoringBase", {"monitoringBase": "HardWiredOnly"})),
        case("level", set_level),
        case("disabled", disable),
        case("reboot", reboot),
        case("reconnect", lambda talk: talk.reconnect(after=1)),
        case("other type", lambda talk: set_monitor(talk, id=1)),
    ],
)
def test_no_event_is_due_after(talk: Talk, end: Script) -> None:
    talk.read_variables(ENABLED)
    set_periodic(talk)

    end(talk)
    talk.wait(DUE_S)

    assert talk.ids == []


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        case("nothing known", {}, {}),
        case("level unknown", {"MonitoringCtrlr.Enabled": "true"}, {}),
        case("enabled unknown", {"MonitoringCtrlr.ActiveMonitoringLevel": "9"}, {}),
        case("above level", {**ENABLED, "MonitoringCtrlr.ActiveMonitoringLevel": "4"}, {}),
        case("disabled", {**ENABLED, "MonitoringCtrlr.Enabled": "false"}, {}),
        case("transactions only", ENABLED, {"transaction": True}),
        case("refused", ENABLED, {"status": "Rejected"}),
        case("no period", ENABLED, {"value": 0}),
        case("vehicle", ENABLED, {"variable": VEHICLE}),
    ],
)
def test_no_event_is_due_of_monitor_that_may_be_silent(
    talk: Talk, values: dict[str, str], fields: dict[str, Any]
) -> None:
    if values:
        talk.read_variables(values)
    set_periodic(talk, **fields)

    talk.wait(DUE_S)

    assert talk.ids == []


def test_no_event_is_due_by_a_level_from_before_a_reconnect(talk: Talk) -> None:
    talk.read_variables(ENABLED)
    set_level(talk)
    talk.reconnect(after=1)
    set_periodic(talk)

    talk.wait(DUE_S)

    assert talk.ids == []


def test_no_event_is_due_of_a_station_that_was_told_another_time(talk: Talk) -> None:
    talk.read_variables(ENABLED)
    set_periodic(talk)
    talk.exchange("Heartbeat", {}, {"currentTime": stamp(talk.at - 3600)})

    talk.wait(DUE_S)

    assert "periodic-event-missing" not in talk.ids


def test_event_is_due_by_a_level_that_a_command_has_set(talk: Talk) -> None:
    talk.read_variables({"MonitoringCtrlr.Enabled": "true"})
    command(talk, "SetMonitoringLevel", {"severity": 9})
    set_periodic(talk)

    talk.wait(DUE_S)

    assert talk.ids == ["periodic-event-missing"]
