"""Cases of block N about reports of monitors and about the monitoring base (N02, N03)."""

from itertools import permutations
from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.n_steps import (
    CLOCK_ALIGNED_TYPE,
    DELTA_TYPE,
    HIGH_W,
    KINDS_OF_CRITERIA,
    LOW_W,
    LOWER_TYPE,
    PERIODIC_TYPE,
    REPORT,
    STATION_STATE,
    UPPER_TYPE,
    all_monitors,
    evse_power,
    evse_state,
    given_base,
    given_monitors,
    has_kinds,
    has_monitors,
    has_no_monitors,
    has_no_other_variables,
    keeps_monitors,
    monitor_of,
    parts_of_report,
    reported_monitors,
    result_of,
    sets_base,
    tries_monitors,
)
from mock_csms.certify.registry import CaseList
from mock_csms.certify.verbs.stage import absent_or_reason
from mock_csms.certify.verdicts import Skipped
from mock_csms.client import CommandAnswer

CASES: Final = CaseList()

LONG_S: Final = 3600.0
"""Period of a monitor whose events do not matter."""
MOST_TOLERANT: Final = 9
"""Highest severity number; it stands for the least severe events."""
NOT_SUPPORTED: Final = {
    "status": "NotSupported",
    "statusInfo": absent_or_reason("UnsupportedParam", "InvalidValue"),
}


def deltas_of_states(run: CaseRun) -> list[dict[str, Any]]:
    """Return Delta monitors of the state of the station and of its EVSE."""
    return [monitor_of(STATION_STATE), monitor_of(evse_state(run))]


@CASES.case("TC_N_01_CS", "Report the monitors that meet criteria, and no others")
async def report_by_criteria(run: CaseRun) -> None:
    power = evse_power(run)
    monitors = [
        monitor_of(power, UPPER_TYPE, HIGH_W),
        monitor_of(power, LOWER_TYPE, LOW_W),
        monitor_of(power, PERIODIC_TYPE, LONG_S),
        monitor_of(power, DELTA_TYPE, HIGH_W),
        monitor_of(power, CLOCK_ALIGNED_TYPE, LONG_S),
    ]
    await given_monitors(run, *monitors)
    combinations = (
        ["ThresholdMonitoring"],
        ["ThresholdMonitoring", "DeltaMonitoring"],
        ["DeltaMonitoring", "PeriodicMonitoring"],
    )
    for request, criteria in enumerate(combinations, start=REPORT):
        reported = await reported_monitors(run, criteria=criteria, request=request)
        kinds = [kind for name in criteria for kind in sorted(KINDS_OF_CRITERIA[name])]
        has_kinds(run, reported, *kinds)
        has_monitors(run, reported, *(each for each in monitors if each["type"] in kinds))


@CASES.case("TC_N_02_CS", "Report the monitors of a variable and a component, and no others")
async def report_of_variables(run: CaseRun) -> None:
    deltas = deltas_of_states(run)
    await given_monitors(run, *deltas, may_exist=True)
    evse = {"component": evse_state(run)["component"]}
    reported = await reported_monitors(run, STATION_STATE, evse)
    has_no_other_variables(run, reported, STATION_STATE, evse)
    has_kinds(run, [each for each in reported if each["variable"]["name"] == "AvailabilityState"], DELTA_TYPE)
    has_monitors(run, reported, *map(any_severity, deltas))


def any_severity(monitor: dict[str, Any]) -> dict[str, Any]:
    """Return the type, component and variable of a monitor, to match reported monitors of any severity."""
    return {name: monitor[name] for name in ("type", "component", "variable")}


@CASES.case("TC_N_03_CS", "Report the monitors of variables that meet criteria")
async def report_by_criteria_of_variables(run: CaseRun) -> None:
    deltas = deltas_of_states(run)
    await given_monitors(run, *deltas, may_exist=True)
    states = STATION_STATE, evse_state(run)
    await has_no_monitors(run, *states, criteria=["ThresholdMonitoring"])
    reported = await reported_monitors(run, *states, criteria=["DeltaMonitoring"], request=REPORT + 1)
    has_kinds(run, reported, DELTA_TYPE)
    has_no_other_variables(run, reported, *states)
    has_monitors(run, reported, *map(any_severity, deltas))
    await run.station.has_not_sent("NotifyMonitoringReport", requestId=REPORT)


@CASES.case("TC_N_04_CS", "Refuse a report of monitors by a criterion that is not supported")
async def unsupported_criterion(run: CaseRun) -> None:
    for request, criteria in enumerate(permutations(KINDS_OF_CRITERIA, 2), start=REPORT):
        answer = await run.csms.sends("GetMonitoringReport", requestId=request, monitoringCriteria=criteria)
        if answer["status"] == "Accepted":
            await parts_of_report(run, request)
        elif answer["status"] != "EmptyResultSet":
            answer_is_not_supported(run, answer)
            return
    raise Skipped("the station supports all criteria")


def answer_is_not_supported(run: CaseRun, answer: CommandAnswer) -> None:
    """Check that an answer is NotSupported, with a reason that fits."""
    with run.steps.step("the answer is NotSupported, with a reason that fits") as step:
        step.is_about(answer.entry)
        answer.has(NOT_SUPPORTED)


@CASES.case("TC_N_47_CS", "Report all monitors if there are no criteria")
async def report_of_all(run: CaseRun) -> None:
    deltas = deltas_of_states(run)
    await given_monitors(run, *deltas, may_exist=True)
    reported = await reported_monitors(run)
    has_kinds(run, [each for each in reported if each["variable"]["name"] == "AvailabilityState"], DELTA_TYPE)
    has_monitors(run, reported, *map(any_severity, deltas))


@CASES.case("TC_N_05_CS", "Set all three monitoring bases")
async def monitoring_bases(run: CaseRun) -> None:
    await keeps_monitors(run)
    for base in ("All", "FactoryDefault", "HardWiredOnly"):
        await sets_base(run, base)


@CASES.case(
    "TC_N_06_CS",
    "Remove all monitors except hard-wired ones when the monitoring base is set to HardWiredOnly",
)
async def hard_wired_only(run: CaseRun) -> None:
    await keeps_monitors(run)
    delta = monitor_of(STATION_STATE)
    await given_monitors(run, delta, may_exist=True)
    reported = await reported_monitors(run, STATION_STATE)
    last = await run.station.has_sent("NotifyMonitoringReport", requestId=REPORT)
    run.check(not last.payload.get("tbc"), "the report has one part", last)
    has_kinds(run, reported, DELTA_TYPE)
    has_no_other_variables(run, reported, STATION_STATE)
    has_monitors(run, reported, any_severity(delta))
    await sets_base(run, "HardWiredOnly")
    await has_no_monitors(run, STATION_STATE, request=REPORT + 1)


@CASES.case("TC_N_07_CS", "Refuse a monitoring base that is not supported")
async def unsupported_base(run: CaseRun) -> None:
    await keeps_monitors(run)
    for base in ("All", "FactoryDefault", "HardWiredOnly"):
        answer = await run.csms.sends("SetMonitoringBase", monitoringBase=base)
        if answer["status"] != "Accepted":
            answer_is_not_supported(run, answer)
            return
    raise Skipped("the station supports all monitoring bases")


@CASES.case(
    "TC_N_41_CS", "Restore a changed preconfigured monitor when the monitoring base is set to FactoryDefault"
)
async def factory_default(run: CaseRun) -> None:
    await keeps_monitors(run)
    await given_base(run, "HardWiredOnly")
    hard_wired = {monitor["id"] for monitor in await all_monitors(run)}
    await given_base(run, "FactoryDefault")
    reported = await reported_monitors(run, request=REPORT + 1)
    original = next((each for each in reported if each["id"] not in hard_wired), None)
    if original is None:
        raise Skipped("the station has no preconfigured monitor")
    severity = original["severity"] + 1 if original["severity"] < MOST_TOLERANT else 5
    changed = {**original, "severity": severity}
    await tries_monitors(run, (changed, result_of(changed)))
    variable = {name: original[name] for name in ("component", "variable")}
    has_monitors(run, await reported_monitors(run, variable, request=REPORT + 2), changed)
    await sets_base(run, "FactoryDefault")
    has_monitors(run, await reported_monitors(run, variable, request=REPORT + 3), original)
