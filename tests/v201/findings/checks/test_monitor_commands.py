"""Checks of the answers to commands that set and clear monitors."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.monitors import (
    TEMPERATURE,
    VOLTAGE,
    clear_monitor,
    command,
    monitor_of,
    report_monitors,
    report_variable,
    reported,
    send_event,
    set_monitor,
)
from tests.support.talk import Script, Talk, case

OTHER_VARIABLE: JsonObject = {**TEMPERATURE, "variable": {"name": "Current"}}
NUMBERED_EVSE: JsonObject = {**VOLTAGE, "component": {"name": "EVSE", "evse": {"id": 9}}}


@pytest.mark.parametrize(
    ("reported_variable", "asked", "status", "requirement"),
    [
        case("other component", TEMPERATURE, VOLTAGE, "UnknownComponent", "N04.FR.03"),
        case("other EVSE", VOLTAGE, NUMBERED_EVSE, "UnknownComponent", "N04.FR.03"),
        case("other variable", TEMPERATURE, OTHER_VARIABLE, "UnknownVariable", "N04.FR.04"),
    ],
)
def test_monitor_for_unknown_variable_must_be_refused(
    talk: Talk, reported_variable: JsonObject, asked: JsonObject, status: str, requirement: str
) -> None:
    set_monitor(talk, asked)
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")
    report_variable(talk, reported_variable)
    set_monitor(talk, asked, status="Rejected")
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")
    set_monitor(talk, asked, status=status)
    assert (talk.ids, talk.coverage(requirement)) == ([], "met")

    set_monitor(talk, asked, number=2, severity=6)

    assert talk.ids == ["monitor-for-unknown-variable-accepted"]
    assert talk.coverage(requirement) == "broken"


def test_monitor_for_variable_on_unnamed_evse_is_accepted(talk: Talk) -> None:
    report_variable(talk, VOLTAGE)

    set_monitor(talk, {**VOLTAGE, "component": {"name": "evse"}})

    assert talk.ids == []


def test_monitor_of_vehicle_that_is_connected_now_is_accepted(talk: Talk) -> None:
    report_variable(talk)

    set_monitor(talk, {"component": {"name": "ConnectedEV"}, "variable": {"name": "Connected"}}, type=DELTA)

    assert talk.ids == []


@pytest.mark.parametrize(
    ("status", "requirement"), [("UnknownComponent", "N04.FR.03"), ("UnknownVariable", "N04.FR.04")]
)
def test_reported_variable_must_not_be_called_unknown(talk: Talk, status: str, requirement: str) -> None:
    set_monitor(talk, status=status)
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")
    report_variable(talk)
    set_monitor(talk, status="Rejected")
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")

    set_monitor(talk, status=status)

    assert talk.ids == ["monitored-variable-denied"]
    assert talk.coverage(requirement) == "broken"


@pytest.mark.parametrize("status", ["UnknownComponent", "UnknownVariable"])
def test_variable_of_a_vehicle_that_is_gone_may_be_called_unknown(talk: Talk, status: str) -> None:
    vehicle = {"component": {"name": "ConnectedEV"}, "variable": {"name": "ProtocolAgreed"}}
    report_variable(talk, vehicle)
    set_monitor(talk, vehicle, status=status)

    assert talk.ids == []


@pytest.mark.parametrize("status", ["UnknownComponent", "UnknownVariable"])
def test_variable_that_was_reported_before_a_boot_may_be_called_unknown(talk: Talk, status: str) -> None:
    report_variable(talk)
    talk.boot()
    set_monitor(talk, status=status)

    assert talk.ids == []


UPPER, LOWER, DELTA = "UpperThreshold", "LowerThreshold", "Delta"


@pytest.mark.parametrize(
    ("characteristics", "fields", "requirement", "kind"),
    [
        case("no monitoring", {"supportsMonitoring": False}, {}, "N04.FR.05", "unsupported-monitor-accepted"),
        case(
            "threshold of boolean", {"dataType": "boolean"}, {}, "N04.FR.05", "unsupported-monitor-accepted"
        ),
        case(
            "above maxLimit",
            {"maxLimit": 80},
            {"value": 80.5},
            "N04.FR.06",
            "monitor-value-out-of-range-accepted",
        ),
        case(
            "below minLimit",
            {"minLimit": 0},
            {"type": LOWER, "value": -1},
            "N04.FR.06",
            "monitor-value-out-of-range-accepted",
        ),
        case(
            "negative Delta",
            {},
            {"type": DELTA, "value": -0.5},
            "N04.FR.14",
            "monitor-value-out-of-range-accepted",
        ),
    ],
)
def test_impossible_monitor_must_be_refused(
    talk: Talk, characteristics: JsonObject, fields: JsonObject, requirement: str, kind: str
) -> None:
    report_variable(talk, **characteristics)
    set_monitor(talk, status="Duplicate", **fields)
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")
    set_monitor(talk, status="UnsupportedMonitorType" if requirement == "N04.FR.05" else "Rejected", **fields)
    assert (talk.ids, talk.coverage(requirement)) == ([], "met")

    set_monitor(talk, **fields)

    assert talk.ids == [kind]
    assert talk.coverage(requirement) == "broken"


@pytest.mark.parametrize(
    ("characteristics", "fields"),
    [
        case("at maxLimit", {"maxLimit": 80}, {}),
        case("at minLimit", {"minLimit": 80}, {}),
        case("Delta outside limits", {"maxLimit": 10}, {"type": DELTA}),
        case("Delta of boolean", {"dataType": "boolean"}, {"type": DELTA}),
        case("Delta of zero", {}, {"type": DELTA, "value": 0}),
        case("limits of a text", {"dataType": "string", "maxLimit": 10}, {"type": DELTA}),
    ],
)
def test_possible_monitor_is_accepted(talk: Talk, characteristics: JsonObject, fields: JsonObject) -> None:
    report_variable(talk, **characteristics)

    set_monitor(talk, **fields)

    assert talk.ids == []
    assert talk.coverage("N04.FR.06") == "not exercised"


def test_second_monitor_of_same_kind_must_be_refused(talk: Talk) -> None:
    set_monitor(talk)
    set_monitor(talk, severity=6, number=2)
    set_monitor(talk, type=LOWER, number=3)
    set_monitor(talk, VOLTAGE, number=4)
    set_monitor(talk, id=1, value=70)
    set_monitor(talk, status="Rejected")
    assert (talk.ids, talk.coverage("N04.FR.10")) == ([], "not exercised")
    set_monitor(talk, status="Duplicate")
    assert (talk.ids, talk.coverage("N04.FR.10")) == ([], "met")

    set_monitor(talk, number=5, value=50)

    assert talk.ids == ["duplicate-monitor-accepted"]
    assert talk.coverage("N04.FR.10") == "broken"


def test_command_may_give_the_severity_of_a_monitor_that_it_changes_to_another(talk: Talk) -> None:
    set_monitor(talk)
    items = [monitor_of(id=1, severity=6), monitor_of(severity=5)]
    results = [
        {
            **{name: item[name] for name in ("component", "variable", "type", "severity")},
            "id": number,
            "status": "Accepted",
        }
        for number, item in enumerate(items, start=1)
    ]
    message_id = talk.send_command("SetVariableMonitoring", {"setMonitoringData": items})
    talk.answer_command(message_id, "SetVariableMonitoring", {"setMonitoringResult": results})

    assert talk.ids == []


def test_monitor_may_be_set_again_after_it_was_cleared(talk: Talk) -> None:
    set_monitor(talk)
    clear_monitor(talk)

    set_monitor(talk, number=2)

    assert talk.ids == []


def clear_first(talk: Talk) -> None:
    set_monitor(talk)
    clear_monitor(talk)


def report_no_monitor(talk: Talk) -> None:
    command(talk, "GetMonitoringReport", {"requestId": 20}, "EmptyResultSet")


def report_other_monitor(talk: Talk) -> None:
    report_monitors(talk, reported(number=2, severity=3))


def set_for_other_variable(talk: Talk) -> None:
    set_monitor(talk, VOLTAGE)


def set_for_other_evse(talk: Talk) -> None:
    set_monitor(talk, {**TEMPERATURE, "component": {"name": "ChargingStation", "evse": {"id": 2}}})


def show_hard_wired(talk: Talk) -> None:
    send_event(talk, eventNotificationType="HardWiredMonitor")


@pytest.mark.parametrize(
    ("prepare", "requirement"),
    [
        case("cleared", clear_first, "N04.FR.13"),
        case("no monitor reported", report_no_monitor, "N04.FR.13"),
        case("other monitor reported", report_other_monitor, "N04.FR.13"),
        case("other variable", set_for_other_variable, "N04.FR.16"),
        case("hard-wired", show_hard_wired, "N04.FR.18"),
    ],
)
def test_wrong_monitor_must_not_be_replaced(talk: Talk, prepare: Script, requirement: str) -> None:
    set_monitor(talk, id=1, status="Rejected")
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")
    prepare(talk)
    set_monitor(talk, id=1, status="Rejected")
    assert (talk.ids, talk.coverage(requirement)) == ([], "met")

    set_monitor(talk, id=1)

    assert talk.ids == ["wrong-monitor-replaced"]
    assert talk.coverage(requirement) == "broken"


def test_command_may_replace_a_monitor_that_it_has_set(talk: Talk) -> None:
    report_no_monitor(talk)
    items = [monitor_of(severity=5), monitor_of(id=1, severity=6)]
    results = [
        {
            **{name: item[name] for name in ("component", "variable", "type", "severity")},
            "id": 1,
            "status": "Accepted",
        }
        for item in items
    ]
    message_id = talk.send_command("SetVariableMonitoring", {"setMonitoringData": items})
    talk.answer_command(message_id, "SetVariableMonitoring", {"setMonitoringResult": results})

    assert talk.ids == []


def test_monitor_is_not_moved_to_other_evse(talk: Talk) -> None:
    set_for_other_evse(talk)

    set_monitor(talk, {**TEMPERATURE, "component": {"name": "ChargingStation", "evse": {"id": 1}}}, id=1)

    assert talk.ids == ["wrong-monitor-replaced"]


def test_disabled_monitor_may_be_missing_in_a_report(talk: Talk) -> None:
    command(talk, "SetMonitoringBase", {"monitoringBase": "HardWiredOnly"})
    report_other_monitor(talk)

    set_monitor(talk, id=1)

    assert talk.ids == []


@pytest.mark.parametrize("prepare", [clear_first, report_no_monitor, report_other_monitor])
@pytest.mark.parametrize(
    "forget",
    [
        case("reboot", lambda talk: talk.boot()),
        case("monitoring base", lambda talk: command(talk, "SetMonitoringBase", {"monitoringBase": "All"})),
        case("failed command", lambda talk: talk.ask_in_vain("SetMonitoringBase", {"monitoringBase": "All"})),
    ],
)
def test_id_may_exist_after(talk: Talk, prepare: Script, forget: Script) -> None:
    prepare(talk)
    forget(talk)

    set_monitor(talk, id=1)
    clear_monitor(talk)

    assert talk.ids == []


def test_monitor_of_a_vehicle_may_be_set_again(talk: Talk) -> None:
    vehicle = {"component": {"name": "ConnectedEV"}, "variable": {"name": "Connected"}}
    set_monitor(talk, vehicle, type=DELTA)
    set_monitor(talk, vehicle, type=DELTA, number=2)

    assert talk.ids == []


@pytest.mark.parametrize("event", [lambda _: None, lambda talk: talk.boot(reason="RemoteReset")])
def test_monitor_of_a_vehicle_may_come_back(talk: Talk, event: Script) -> None:
    set_monitor(talk, {"component": {"name": "ConnectedEV"}, "variable": {"name": "Connected"}}, type=DELTA)
    event(talk)
    report_other_monitor(talk)
    clear_monitor(talk)

    assert talk.ids == []


def set_twice(talk: Talk) -> None:
    set_monitor(talk, id=1)
    set_monitor(talk, id=1, value=70)


def reboot_after(talk: Talk) -> None:
    set_monitor(talk, id=1)
    talk.boot()


@pytest.mark.parametrize("prepare", [lambda talk: set_monitor(talk, id=1), set_twice, reboot_after])
@pytest.mark.parametrize("is_reported", [True, False])
def test_preconfigured_monitor_may_be_active_again_under_its_id(
    talk: Talk, prepare: Script, is_reported: bool
) -> None:
    if is_reported:
        report_monitors(talk, reported())
    prepare(talk)
    clear_monitor(talk)
    set_monitor(talk, id=1)
    clear_monitor(talk)
    clear_monitor(talk)

    assert talk.ids == []


@pytest.mark.parametrize(
    ("prepare", "status"),
    [
        case("cleared", clear_first, "Accepted"),
        case("cleared, then rejected", clear_first, "Rejected"),
        case("no monitor reported", report_no_monitor, "Accepted"),
    ],
)
def test_absent_monitor_must_not_be_cleared(talk: Talk, prepare: Script, status: str) -> None:
    prepare(talk)
    assert (talk.ids, talk.coverage("N06.FR.02")) == ([], "not exercised")
    clear_monitor(talk, status="NotFound")
    assert (talk.ids, talk.coverage("N06.FR.02")) == ([], "met")

    clear_monitor(talk, status=status)

    assert talk.ids == ["absent-monitor-cleared"]
    assert talk.coverage("N06.FR.02") == "broken"


def use_id_again(talk: Talk) -> None:
    clear_first(talk)
    set_monitor(talk)


def clear_other(talk: Talk) -> None:
    set_monitor(talk)
    clear_monitor(talk, 2)


@pytest.mark.parametrize(
    ("prepare", "status"),
    [
        case("hard-wired monitor may be missing in a report", report_no_monitor, "Rejected"),
        case("id used again", use_id_again, "Accepted"),
        case("other id cleared", clear_other, "Accepted"),
    ],
)
def test_monitor_that_may_exist_is_cleared(talk: Talk, prepare: Script, status: str) -> None:
    prepare(talk)

    clear_monitor(talk, status=status)

    assert talk.ids == []
    assert talk.coverage("N06.FR.02") == "not exercised"


def test_hard_wired_monitor_must_not_be_cleared(talk: Talk) -> None:
    clear_monitor(talk, 2)
    show_hard_wired(talk)
    assert (talk.ids, talk.coverage("N06.FR.03")) == ([], "not exercised")
    clear_monitor(talk, status="Rejected")
    assert (talk.ids, talk.coverage("N06.FR.03")) == ([], "met")

    clear_monitor(talk)

    assert talk.ids == ["hard-wired-monitor-cleared"]
    assert talk.coverage("N06.FR.03") == "broken"


@pytest.mark.parametrize("severity", [-1, 10])
def test_level_out_of_range_must_be_refused(talk: Talk, severity: int) -> None:
    command(talk, "SetMonitoringLevel", {"severity": 9})
    assert (talk.ids, talk.coverage("N05.FR.02")) == ([], "not exercised")
    command(talk, "SetMonitoringLevel", {"severity": severity}, "Rejected")
    assert (talk.ids, talk.coverage("N05.FR.02")) == ([], "met")

    command(talk, "SetMonitoringLevel", {"severity": severity})

    assert talk.ids == ["monitoring-level-out-of-range-accepted"]
    assert talk.coverage("N05.FR.02") == "broken"
