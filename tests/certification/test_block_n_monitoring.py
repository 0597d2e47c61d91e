"""Variable monitoring: the cases TC_N_*_CSMS of Part 6 about monitors and events, with their errata."""

from typing import Any

import pytest
from ocpp.charge_point import camel_to_snake_case
from ocpp.v201 import call, call_result

from mock_csms.messages import JsonObject
from tests.support.station import Station, now
from tests.support.station_case import StationCase

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATE: JsonObject = {"name": "AvailabilityState"}
POWER: JsonObject = {"name": "Power"}
CHARGING_STATION: JsonObject = {"name": "ChargingStation"}
EVSE: JsonObject = {"name": "EVSE", "evse": {"id": 1}}


def variable(component: JsonObject, name: JsonObject) -> JsonObject:
    """A variable of a component, as in a filter of a report."""
    return {"component": component, "variable": name}


def monitor(monitor_id: int, kind: str, component: JsonObject, name: JsonObject) -> JsonObject:
    """A monitor as the state of a station shows it."""
    data = {"id": monitor_id, "transaction": False, "value": 1.0, "type": kind, "severity": 8}
    return {**data, **variable(component, name)}


async def report_monitors(station: Station, request_id: int, *monitors: JsonObject) -> None:
    """Report each monitor in a NotifyMonitoringReport of its own."""
    for number, item in enumerate(monitors):
        place = {name: item[name] for name in ("component", "variable")}
        settings = {name: value for name, value in item.items() if name not in place}
        part = call.NotifyMonitoringReport(
            request_id=request_id,
            seq_no=number,
            generated_at=now(),
            tbc=number < len(monitors) - 1,
            monitor=[{**camel_to_snake_case(place), "variable_monitoring": [settings]}],
        )
        assert await station.send(part) == call_result.NotifyMonitoringReport()


async def reports_are_shown(
    case: StationCase, without_result: JsonObject, with_result: JsonObject, *monitors: JsonObject
) -> None:
    """Make the mock send a GetMonitoringReport that no monitor matches, and one that ``monitors`` match.

    The mock must then show these monitors.
    """
    async with case.booted() as station:
        answers = iter(["EmptyResultSet", "Accepted"])
        station.answers["GetMonitoringReport"] = lambda **_: call_result.GetMonitoringReport(next(answers))
        for number, criteria in enumerate((without_result, with_result), 1):
            payload = {"requestId": number, **criteria}
            request, _ = await case.exchange(station, "GetMonitoringReport", payload)
            assert request == payload
        assert (await case.state())["monitors"] == []
        await report_monitors(station, 2, *monitors)
        assert (await case.state())["monitors"] == list(monitors)


# Monitoring report (N02)


async def test_tc_n_01_csms_monitors_that_meet_a_criterion_are_reported(case: StationCase) -> None:
    await reports_are_shown(
        case,
        {"monitoringCriteria": ["DeltaMonitoring"]},
        {"monitoringCriteria": ["ThresholdMonitoring"]},
        monitor(1, "UpperThreshold", CHARGING_STATION, POWER),
        monitor(2, "LowerThreshold", EVSE, POWER),
    )


async def test_tc_n_02_csms_monitors_of_a_variable_are_reported(case: StationCase) -> None:
    await reports_are_shown(
        case,
        {"componentVariable": [variable(CHARGING_STATION, POWER)]},
        {"componentVariable": [variable(EVSE, STATE)]},
        monitor(1, "Delta", EVSE, STATE),
    )


async def test_tc_n_03_csms_monitors_of_a_variable_that_meet_a_criterion_are_reported(
    case: StationCase,
) -> None:
    await reports_are_shown(
        case,
        {"monitoringCriteria": ["DeltaMonitoring"], "componentVariable": [variable(EVSE, STATE)]},
        {
            "monitoringCriteria": ["ThresholdMonitoring"],
            "componentVariable": [variable(CHARGING_STATION, POWER)],
        },
        monitor(1, "UpperThreshold", CHARGING_STATION, POWER),
    )


async def test_tc_n_60_csms_monitors_of_two_components_that_meet_a_criterion_are_reported(
    case: StationCase,
) -> None:
    components = (CHARGING_STATION, EVSE)
    await reports_are_shown(
        case,
        {
            "monitoringCriteria": ["ThresholdMonitoring"],
            "componentVariable": [variable(component, POWER) for component in components],
        },
        {
            "monitoringCriteria": ["DeltaMonitoring"],
            "componentVariable": [variable(component, STATE) for component in components],
        },
        monitor(1, "Delta", CHARGING_STATION, STATE),
        monitor(2, "Delta", EVSE, STATE),
    )


async def test_tc_n_47_csms_all_monitors_are_reported(case: StationCase) -> None:
    async with case.booted() as station:
        request, _ = await case.exchange(station, "GetMonitoringReport")
        assert list(request) == ["requestId"]
        await report_monitors(station, request["requestId"], monitor(1, "Delta", EVSE, STATE))
        assert (await case.state())["reports"][-1]["complete"]


# Monitoring base and level (N03, N05)


async def test_tc_n_05_csms_each_monitoring_base_is_set(case: StationCase) -> None:
    async with case.booted() as station:
        for base in ("All", "FactoryDefault", "HardWiredOnly"):
            request, answer = await case.exchange(station, "SetMonitoringBase", {"monitoringBase": base})
            assert request == {"monitoringBase": base}
            assert answer == {"status": "Accepted"}


async def sets_level(case: StationCase, status: str) -> None:
    """Make the mock send a SetMonitoringLevel, which the station answers with ``status``."""
    async with case.booted() as station:
        station.answers["SetMonitoringLevel"] = lambda **_: call_result.SetMonitoringLevel(status)
        request, answer = await case.exchange(station, "SetMonitoringLevel", {"severity": 4})
        assert request == {"severity": 4}
        assert answer == {"status": status}


async def test_tc_n_16_csms_monitoring_level_is_set(case: StationCase) -> None:
    await sets_level(case, "Accepted")


async def test_tc_n_17_csms_rejected_monitoring_level_is_handled(case: StationCase) -> None:
    await sets_level(case, "Rejected")


# Setting and clearing monitors (N04, N06)


async def sets_monitors(case: StationCase, *components: JsonObject) -> None:
    """Make the mock set monitors for every change of the AvailabilityState of these components."""
    items = [
        {"value": 1, "type": "Delta", "severity": 8, **variable(component, STATE)} for component in components
    ]
    async with case.booted() as station:
        request, _ = await case.exchange(station, "SetVariableMonitoring", {"setMonitoringData": items})
        assert request == {"setMonitoringData": items}
        assert (await case.state())["monitors"][-1]["component"] == components[-1]


async def test_tc_n_08_csms_one_monitor_is_set(case: StationCase) -> None:
    await sets_monitors(case, EVSE)


async def test_tc_n_09_csms_monitors_of_two_components_are_set(case: StationCase) -> None:
    await sets_monitors(case, EVSE, CHARGING_STATION)


@pytest.mark.also_covers("N06.FR.04")
async def test_tc_n_18_csms_long_list_of_monitors_is_cleared_in_parts(case: StationCase) -> None:
    limit = variable(
        {"name": "MonitoringCtrlr"}, {"name": "ItemsPerMessage", "instance": "ClearVariableMonitoring"}
    )
    async with case.booted() as station:
        station.answers["GetVariables"] = lambda get_variable_data: call_result.GetVariables(
            [{**item, "attribute_status": "Accepted", "attribute_value": "2"} for item in get_variable_data]
        )
        request, _ = await case.exchange(station, "GetVariables", {"getVariableData": [limit]})
        assert request == {"getVariableData": [limit]}
        refused = await case.send("ClearVariableMonitoring", {"id": [1, 2, 3]})
        assert refused.json()["type"].endswith("list-too-long")
        answer = await case.send("ClearVariableMonitoring", {"id": [1, 2, 3, 4, 5]}, split=True)
        assert answer.json()["outcome"] == "result"
        parts = [(await station.next("ClearVariableMonitoring"))["id"] for _ in range(3)]
    assert parts == [[1, 2], [3, 4], [5]]


async def test_tc_n_44_csms_rejected_clearing_is_handled(case: StationCase) -> None:
    async with case.booted() as station:
        known = monitor(3, "Delta", EVSE, STATE)
        report, _ = await case.exchange(station, "GetMonitoringReport")
        await report_monitors(station, report["requestId"], known)
        rejection = {"id": 3, "status": "Rejected"}
        station.answers["ClearVariableMonitoring"] = lambda **_: call_result.ClearVariableMonitoring(
            [rejection]
        )
        request, answer = await case.exchange(station, "ClearVariableMonitoring", {"id": [3]})
        assert request == {"id": [3]}
        assert answer == {"clearMonitoringResult": [rejection]}
        assert (await case.state())["monitors"] == [known]


# Events (N07, N08)


async def event_is_answered(case: StationCase, **fields: Any) -> None:
    """Report two events of a monitor, with ``fields`` added; the mock answers each with an empty payload."""
    async with case.booted() as station:
        for number in (1, 2):
            event = {
                "event_id": number,
                "timestamp": now(),
                "trigger": "Alerting",
                "actual_value": "98",
                "event_notification_type": "CustomMonitor",
                "variable_monitoring_id": 1,
                "component": {"name": "Connector", "evse": {"id": 1, "connector_id": 1}},
                "variable": {"name": "Temperature"},
                **fields,
            }
            answer = await station.send(call.NotifyEvent(generated_at=now(), seq_no=0, event_data=[event]))
            assert answer == call_result.NotifyEvent()
        variables = (await case.state())["deviceModel"]
        assert variables["Connector#1.1/Temperature"]["attributes"]["Actual"] == event["actual_value"]


@pytest.mark.also_covers("N07.FR.03")
async def test_tc_n_21_csms_alert_is_answered(case: StationCase) -> None:
    await event_is_answered(case)


@pytest.mark.also_covers("N08.FR.02")
async def test_tc_n_24_csms_periodic_events_are_answered(case: StationCase) -> None:
    await event_is_answered(case, trigger="Periodic", actual_value="41")


async def test_tc_n_48_csms_event_of_a_write_only_variable_is_answered(case: StationCase) -> None:
    await event_is_answered(case, actual_value="")


async def test_tc_n_49_csms_event_that_clears_an_alert_is_answered(case: StationCase) -> None:
    await event_is_answered(case, cleared=True)


async def test_tc_n_50_csms_event_with_the_trigger_periodic_is_answered(case: StationCase) -> None:
    await event_is_answered(case, trigger="Periodic")
