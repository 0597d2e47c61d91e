"""Checks of reports of monitors."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.monitors import (
    TEMPERATURE,
    VOLTAGE,
    clear_monitor,
    command,
    report_monitors,
    reported,
    set_monitor,
)
from tests.support.talk import Script, Talk, case

DELTA: JsonObject = {"type": "Delta", "value": 1}
INSTANCE: JsonObject = {**TEMPERATURE, "variable": {"name": "Temperature", "instance": "Ambient"}}
SAME_EVSE: JsonObject = {"component": {"name": "evse", "evse": {"id": 1}}}


def test_station_with_monitoring_must_not_refuse_a_report(talk: Talk) -> None:
    command(talk, "GetMonitoringReport", {"requestId": 20}, "NotSupported")
    talk.read_variables({"MonitoringCtrlr.Available": "true", "MonitoringCtrlr.Enabled": "true"})
    criteria = {"monitoringCriteria": ["DeltaMonitoring"]}
    command(talk, "GetMonitoringReport", {"requestId": 20, **criteria}, "NotSupported")
    command(talk, "GetMonitoringReport", {"requestId": 20}, "Rejected")
    command(talk, "GetMonitoringReport", {"requestId": 20}, "EmptyResultSet")
    assert (talk.ids, talk.coverage("N02.FR.01")) == ([], "not exercised")
    report_monitors(talk, reported())
    assert (talk.ids, talk.coverage("N02.FR.01")) == ([], "met")

    command(talk, "GetMonitoringReport", {"requestId": 20}, "NotSupported")

    assert talk.ids == ["monitoring-report-refused"]
    assert talk.coverage("N02.FR.01") == "broken"


THRESHOLDS: JsonObject = {"monitoringCriteria": ["ThresholdMonitoring"]}
PERIODIC: JsonObject = {"monitoringCriteria": ["PeriodicMonitoring", "DeltaMonitoring"]}
OF_TEMPERATURE: JsonObject = {"componentVariable": [TEMPERATURE]}
OF_STATION: JsonObject = {"componentVariable": [{"component": {"name": "chargingstation"}}]}


@pytest.mark.parametrize(
    ("query", "right", "wrong", "requirement"),
    [
        case("type of both", {**THRESHOLDS, **OF_TEMPERATURE}, reported(), reported(**DELTA), "N02.FR.05"),
        case(
            "variable of both", {**THRESHOLDS, **OF_TEMPERATURE}, reported(), reported(VOLTAGE), "N02.FR.05"
        ),
        case("criteria", THRESHOLDS, reported(type="LowerThreshold"), reported(**DELTA), "N02.FR.06"),
        case("two criteria", PERIODIC, reported(**DELTA), reported(), "N02.FR.06"),
        case("variable", OF_TEMPERATURE, reported(INSTANCE), reported(VOLTAGE), "N02.FR.08"),
        case("component", OF_STATION, reported(), reported(VOLTAGE), "N02.FR.08"),
        case(
            "EVSE",
            {"componentVariable": [SAME_EVSE]},
            reported(VOLTAGE),
            reported({**VOLTAGE, "component": {"name": "EVSE", "evse": {"id": 2}}}),
            "N02.FR.08",
        ),
    ],
)
def test_report_must_match_its_query(
    talk: Talk, query: JsonObject, right: JsonObject, wrong: JsonObject, requirement: str
) -> None:
    report_monitors(talk, right)
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")
    report_monitors(talk, right, **query)
    assert (talk.ids, talk.coverage(requirement)) == ([], "met")

    report_monitors(talk, right, wrong, **query)

    assert "unrequested-monitor-reported" in talk.ids
    assert talk.coverage(requirement) == "broken"


def send_part(talk: Talk, seq_no: int, *monitors: JsonObject, tbc: bool = False) -> None:
    part = {"requestId": 20, "generatedAt": talk.now, "seqNo": seq_no, "tbc": tbc}
    talk.call("NotifyMonitoringReport", {**part, **({"monitor": list(monitors)} if monitors else {})})


def test_accepted_report_must_not_be_empty(talk: Talk) -> None:
    command(talk, "GetMonitoringReport", {"requestId": 20}, "EmptyResultSet")
    command(talk, "GetMonitoringReport", {"requestId": 20})
    send_part(talk, 0, reported(), tbc=True)
    send_part(talk, 1)
    command(talk, "GetMonitoringReport", {"requestId": 20, **THRESHOLDS}, "EmptyResultSet")
    command(talk, "GetMonitoringReport", {"requestId": 20, **PERIODIC}, "Rejected")
    assert (talk.ids, talk.coverage("N02.FR.10")) == ([], "not exercised")
    command(talk, "GetMonitoringReport", {"requestId": 20, **PERIODIC}, "EmptyResultSet")
    assert (talk.ids, talk.coverage("N02.FR.10")) == ([], "met")

    report_monitors(talk, **THRESHOLDS, request_id=21)

    assert talk.ids == ["empty-monitoring-report", "monitor-not-reported"]
    assert talk.coverage("N02.FR.10") == "broken"


def test_report_that_reuses_a_request_id_is_not_judged(talk: Talk) -> None:
    set_monitor(talk)
    command(talk, "GetMonitoringReport", {"requestId": 20, **OF_STATION})
    command(talk, "GetMonitoringReport", {"requestId": 20, "componentVariable": [VOLTAGE]})
    send_part(talk, 0, reported())
    send_part(talk, 0, reported(VOLTAGE))

    assert talk.ids == []


@pytest.mark.parametrize(
    "use_again",
    [
        case("accepted", lambda talk: command(talk, "GetMonitoringReport", {"requestId": 20})),
        case("refused", lambda talk: command(talk, "GetMonitoringReport", {"requestId": 20}, "Rejected")),
    ],
)
def test_report_whose_request_id_is_used_a_third_time_is_not_judged(talk: Talk, use_again: Script) -> None:
    set_monitor(talk)
    of_voltage = {"componentVariable": [VOLTAGE]}
    command(talk, "GetMonitoringReport", {"requestId": 20, **of_voltage})
    use_again(talk)
    send_part(talk, 0, reported(VOLTAGE, 2), tbc=True)

    command(talk, "GetMonitoringReport", {"requestId": 20, **OF_STATION})
    send_part(talk, 0, reported(VOLTAGE, 2))

    assert talk.ids == []


def test_report_with_many_monitors_is_not_judged(talk: Talk) -> None:
    set_monitor(talk)
    command(talk, "GetMonitoringReport", {"requestId": 20})
    send_part(talk, 0, reported(), tbc=True)
    for number in range(1, 251):
        send_part(talk, number, reported(number=number + 1, severity=4), tbc=number < 250)

    assert talk.ids == []


def test_report_may_have_the_other_instances_of_a_component(talk: Talk) -> None:
    asked, other = (
        {"component": {"name": "Fan", "instance": name}, "variable": {"name": "Speed"}}
        for name in ("left", "right")
    )
    report_monitors(talk, reported(asked), reported(other, 2), componentVariable=[asked])

    assert talk.ids == []


def set_meanwhile(talk: Talk) -> None:
    command(talk, "GetMonitoringReport", {"requestId": 20})
    clear_monitor(talk)
    send_part(talk, 0)


def leave_out_part(talk: Talk) -> None:
    command(talk, "GetMonitoringReport", {"requestId": 20})
    send_part(talk, 0, tbc=True)
    talk.call("NotifyMonitoringReport", {}, violation="no requestId")
    send_part(talk, 1)


def answer_late(talk: Talk) -> None:
    message_id = talk.send_command("GetMonitoringReport", {"requestId": 20})
    send_part(talk, 0)
    talk.answer_command(message_id, "GetMonitoringReport", {"status": "Accepted"})


def reconnect_meanwhile(talk: Talk) -> None:
    command(talk, "GetMonitoringReport", {"requestId": 20})
    send_part(talk, 0, tbc=True)
    talk.reconnect(after=1)
    send_part(talk, 1)


@pytest.mark.parametrize("play", [set_meanwhile, leave_out_part, answer_late, reconnect_meanwhile])
def test_uncertain_report_is_not_judged(talk: Talk, play: Script) -> None:
    set_monitor(talk, number=2)

    play(talk)

    assert not {"empty-monitoring-report", "monitor-not-reported"} & set(talk.ids)


@pytest.mark.parametrize(
    ("query", "variable", "fields", "requirement"),
    [
        case("all", {}, TEMPERATURE, {}, "N02.FR.11"),
        case("thresholds", THRESHOLDS, TEMPERATURE, {}, "N02.FR.12"),
        case("thresholds of variable", {**THRESHOLDS, **OF_TEMPERATURE}, TEMPERATURE, {}, "N02.FR.12"),
        case("delta", {"monitoringCriteria": ["DeltaMonitoring"]}, TEMPERATURE, DELTA, "N02.FR.13"),
        case(
            "periodic",
            {"monitoringCriteria": ["PeriodicMonitoring"]},
            TEMPERATURE,
            {"type": "PeriodicClockAligned"},
            "N02.FR.14",
        ),
        case("component", OF_STATION, TEMPERATURE, {}, "N02.FR.16"),
        case("instances", OF_TEMPERATURE, INSTANCE, {}, "N02.FR.17"),
    ],
)
def test_report_must_have_the_known_monitors(
    talk: Talk, query: JsonObject, variable: JsonObject, fields: JsonObject, requirement: str
) -> None:
    report_monitors(talk, reported(variable, 9, **{"severity": 8, **fields}), **query)
    clear_monitor(talk, 9)
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")
    set_monitor(talk, variable, **fields)
    report_monitors(talk, reported(variable, **fields), **query)
    assert (talk.ids, talk.coverage(requirement)) == ([], "met")

    report_monitors(talk, reported(variable, 2, **{**fields, "severity": 6}), **query)

    assert talk.ids[0] == "monitor-not-reported"
    assert talk.coverage(requirement) == "broken"


@pytest.mark.parametrize(
    ("query", "item"),
    [
        case("other id", {}, reported(number=7)),
        case("other type", {"monitoringCriteria": ["DeltaMonitoring"]}, reported(number=7, **DELTA)),
        case("other variable", {"componentVariable": [VOLTAGE]}, reported(VOLTAGE, 7)),
        case(
            "other EVSE",
            {"componentVariable": [{"component": {"name": "ChargingStation", "evse": {"id": 1}}}]},
            reported({**TEMPERATURE, "component": {"name": "ChargingStation", "evse": {"id": 1}}}, 7),
        ),
        case(
            "other instance",
            {"componentVariable": [INSTANCE]},
            reported(INSTANCE, 7),
        ),
    ],
)
def test_monitor_that_was_not_asked_for_may_be_missing(
    talk: Talk, query: JsonObject, item: JsonObject
) -> None:
    set_monitor(talk)

    report_monitors(talk, item, **query)

    assert talk.ids == []


def set_base(talk: Talk, base: str = "All") -> None:
    command(talk, "SetMonitoringBase", {"monitoringBase": base})


def reboot(talk: Talk) -> None:
    talk.boot(reason="RemoteReset")


@pytest.mark.parametrize(
    ("event", "number", "requirement"),
    [case("base", set_base, 1, "N03.FR.03"), case("reboot", reboot, 3, "N07.FR.13")],
)
def test_custom_monitor_must_not_be_lost(talk: Talk, event: Script, number: int, requirement: str) -> None:
    set_monitor(talk)
    event(talk)
    report_monitors(talk, reported(number=number))
    assert (talk.ids, talk.coverage(requirement)) == ([], "met")
    event(talk)

    report_monitors(talk, reported(VOLTAGE, 7))

    assert talk.ids == ["custom-monitor-lost"]
    assert talk.coverage(requirement) == "broken"


@pytest.mark.parametrize(
    "change",
    [
        case("cleared", lambda talk: clear_monitor(talk, 3)),
        case("replaced", lambda talk: set_monitor(talk, VOLTAGE, number=3, id=3)),
    ],
)
@pytest.mark.parametrize("is_reported", [False, True])
def test_monitor_with_a_new_id_may_be_changed_after_a_reboot(
    talk: Talk, change: Script, is_reported: bool
) -> None:
    set_monitor(talk)
    reboot(talk)
    if is_reported:
        report_monitors(talk, reported(number=3), **THRESHOLDS)
    change(talk)
    report_monitors(talk, reported(VOLTAGE, 3))

    assert "custom-monitor-lost" not in talk.ids


@pytest.mark.parametrize(
    "event",
    [
        case("other base", lambda talk: set_base(talk, "HardWiredOnly")),
        case("power cycle", lambda talk: talk.boot()),
        case("cleared", clear_monitor),
        case("failed command", lambda talk: talk.ask_in_vain("ClearVariableMonitoring", {"id": [1]})),
    ],
)
@pytest.mark.parametrize("first", [set_base, reboot, lambda _: None])
def test_custom_monitor_may_be_missing_after(talk: Talk, first: Script, event: Script) -> None:
    set_monitor(talk)
    first(talk)
    if first is reboot:
        report_monitors(talk, reported())

    event(talk)
    report_monitors(talk, reported(VOLTAGE, 7))

    assert talk.ids == []


def test_replaced_monitor_must_have_its_new_settings(talk: Talk) -> None:
    set_monitor(talk)
    report_monitors(talk, reported())
    assert (talk.ids, talk.coverage("N04.FR.12")) == ([], "not exercised")
    set_monitor(talk, id=1, value=70.2)
    report_monitors(talk, reported(value=70))
    assert (talk.ids, talk.coverage("N04.FR.12")) == ([], "met")
    set_monitor(talk, id=1, value=75)

    report_monitors(talk, reported(value=70))

    assert talk.ids == ["monitor-not-replaced"]
    assert talk.coverage("N04.FR.12") == "broken"


def test_replaced_monitor_may_have_a_rounded_value(talk: Talk) -> None:
    report_monitors(talk, reported(value=80))
    set_monitor(talk, id=1, value=80.4)
    report_monitors(talk, reported(value=80))

    assert talk.ids == []
    assert talk.coverage("N04.FR.12") == "not exercised"


@pytest.mark.parametrize("first", [lambda _: None, reboot, set_base])
def test_monitor_of_a_vehicle_may_be_missing(talk: Talk, first: Script) -> None:
    set_monitor(talk, {"component": {"name": "ConnectedEV"}, "variable": {"name": "Connected"}}, type="Delta")
    first(talk)
    report_monitors(talk, reported(VOLTAGE, 7))

    assert talk.ids == []


@pytest.mark.parametrize(
    ("base", "requirement"), [("FactoryDefault", "N03.FR.04"), ("HardWiredOnly", "N03.FR.05")]
)
def test_removed_monitor_must_not_be_reported(talk: Talk, base: str, requirement: str) -> None:
    set_monitor(talk)
    report_monitors(talk, reported())
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")
    set_base(talk, base)
    report_monitors(talk, reported(VOLTAGE), reported(number=2), reported(value=70))
    assert (talk.ids, talk.coverage(requirement)) == ([], "met")

    report_monitors(talk, reported(VOLTAGE, 3), reported(), reported(number=2))

    assert talk.ids == ["removed-monitor-reported"]
    assert talk.coverage(requirement) == "broken"


@pytest.mark.parametrize(
    "event",
    [
        case("set again", set_monitor),
        case("base All", set_base),
        case("reboot", reboot),
        case("failed command", lambda talk: talk.ask_in_vain("ClearVariableMonitoring", {"id": [1]})),
    ],
)
def test_monitor_may_be_reported_again_after(talk: Talk, event: Script) -> None:
    set_monitor(talk)
    set_base(talk, "FactoryDefault")

    event(talk)
    report_monitors(talk, reported())

    assert talk.ids == []
