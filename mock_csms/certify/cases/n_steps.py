"""Steps that the cases of monitors share."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.device_report import name_text
from mock_csms.certify.verbs.stage import absent_or_reason, variable_of
from mock_csms.certify.verdicts import Inconclusive, Skipped, preparing
from mock_csms.client import ABSENT, ANY, TranscriptEntry
from mock_csms.client.fields import matches

DELTA_TYPE: Final = "Delta"
UPPER_TYPE: Final = "UpperThreshold"
LOWER_TYPE: Final = "LowerThreshold"
PERIODIC_TYPE: Final = "Periodic"
CLOCK_ALIGNED_TYPE: Final = "PeriodicClockAligned"
KINDS_OF_CRITERIA: Final[Mapping[str, frozenset[str]]] = {
    "ThresholdMonitoring": frozenset({UPPER_TYPE, LOWER_TYPE}),
    "DeltaMonitoring": frozenset({DELTA_TYPE}),
    "PeriodicMonitoring": frozenset({PERIODIC_TYPE, CLOCK_ALIGNED_TYPE}),
}
"""Types of monitors that meet a criterion (N02.FR.12 to N02.FR.14)."""
SEVERITY: Final = 5
"""Severity of the monitors in cases that do not prescribe a severity."""
ALL_LEVELS: Final = 9
"""Monitoring level at which all events are reported."""
REPORT: Final = 2001
"""Request id of the first report of a case."""
HIGH_W: Final = 100.0
"""Power that a charging vehicle exceeds."""
LOW_W: Final = 10.0
"""Power that an idle EVSE stays below."""
REPORT_BEFORE: Final = 1998
REPORT_AFTER: Final = 1999
MONITOR_FIELDS: Final = ("component", "variable", "type", "value", "severity", "transaction")
"""Fields of a monitor that can be set."""
STATION_STATE: Final = variable_of("ChargingStation", "AvailabilityState")

type MonitorData = Mapping[str, Any]
"""SetMonitoringDataType."""
type ReportedMonitor = Mapping[str, Any]
"""A monitor of a report: VariableMonitoringType with its component and variable."""


def evse_state(run: CaseRun) -> dict[str, Any]:
    """Return component and variable of the state of the EVSE of the case, a variable that is not a number."""
    return variable_of(f"EVSE@{run.evse}", "AvailabilityState")


def evse_power(run: CaseRun) -> dict[str, Any]:
    """Return component and variable of the power of the EVSE of the case, a variable that is a number."""
    return variable_of(f"EVSE@{run.evse}", "Power")


def monitor_of(
    variable: Mapping[str, Any], kind: str = DELTA_TYPE, value: float = 1, *, severity: int = SEVERITY
) -> dict[str, Any]:
    """Return a monitor of a variable as SetMonitoringDataType."""
    return {"type": kind, "value": value, "severity": severity, **variable}


def result_of(monitor: MonitorData, status: str | set[str] = "Accepted", *reasons: str) -> dict[str, Any]:
    """Return the fields that the result of setting a monitor has to have: an id only if it is Accepted.

    ``reasons`` are the allowed reason codes; the result may also have none.
    """
    expected = {name: monitor[name] for name in ("type", "severity", "component", "variable")}
    is_accepted = status == "Accepted"
    given = reasons or (("NoError",) if is_accepted else ())
    reason = {"statusInfo": absent_or_reason(*given)} if given else {}
    return {**expected, "status": status, "id": ANY if is_accepted else ABSENT, **reason}


async def sets_monitors(run: CaseRun, *monitors: MonitorData) -> list[int]:
    """Set monitors, which the station has to accept, and return their ids."""
    return await tries_monitors(run, *((monitor, result_of(monitor)) for monitor in monitors))


async def tries_monitors(run: CaseRun, *rows: tuple[MonitorData, Mapping[str, Any]]) -> list[int]:
    """Set monitors and expect one result for each, in any order; return the ids of the new monitors."""
    answer = await run.csms.sends(
        "SetVariableMonitoring",
        {"setMonitoringData": [monitor for monitor, _ in rows]},
        expect={"setMonitoringResult": [expected for _, expected in rows]},
    )
    results = answer["setMonitoringResult"]
    clears_at_the_end(run, results)
    run.check(len(results) == len(rows), "there is one result for each monitor", answer.entry)
    found = [next(each for each in results if matches(expected, each)) for _, expected in rows]
    return [each["id"] for each in found if each["status"] == "Accepted"]


def clears_at_the_end(run: CaseRun, results: Sequence[Mapping[str, Any]]) -> None:
    """At the end of the case, clear the monitors that were accepted according to ``results``."""
    if ids := [each["id"] for each in results if each["status"] == "Accepted" and "id" in each]:

        async def clear() -> None:
            await run.csms.sends("ClearVariableMonitoring", id=ids)

        run.undo_with("monitors of the case", clear)


async def given_monitors(run: CaseRun, *monitors: MonitorData, may_exist: bool = False) -> list[int]:
    """Set monitors before the case begins, and return the ids of the new ones.

    With ``may_exist``, the station may have such monitors already (Duplicate). Raises Inconclusive.
    """
    await run.given.variables_if_implemented(MonitoringCtrlr__Enabled=True)
    with preparing("TC_N_09_CS"):
        answer = await run.csms.sends("SetVariableMonitoring", {"setMonitoringData": list(monitors)})
    results = answer["setMonitoringResult"]
    clears_at_the_end(run, results)
    wanted = {"Accepted", "Duplicate"} if may_exist else {"Accepted"}
    refused = [f"{name_text(each)} ({each['status']})" for each in results if each["status"] not in wanted]
    if refused:
        raise Inconclusive(f"these variables cannot be monitored: {', '.join(refused)}")
    return [each["id"] for each in results if each["status"] == "Accepted"]


def request_of(variables: Sequence[Mapping[str, Any]], criteria: Collection[str]) -> dict[str, Any]:
    """Return the fields of a GetMonitoringReport."""
    chosen = {"componentVariable": list(variables)} if variables else {}
    return {**chosen, **({"monitoringCriteria": list(criteria)} if criteria else {})}


async def reported_monitors(
    run: CaseRun, *variables: Mapping[str, Any], criteria: Collection[str] = (), request: int = REPORT
) -> list[ReportedMonitor]:
    """Send GetMonitoringReport with these variables and criteria; return the monitors of all parts."""
    granted = {"status": "Accepted", "statusInfo": absent_or_reason("NoError")}
    asked = request_of(variables, criteria)
    await run.csms.sends("GetMonitoringReport", asked, requestId=request, expect=granted)
    return await parts_of_report(run, request)


async def parts_of_report(run: CaseRun, request: int) -> list[ReportedMonitor]:
    """Collect all parts of a report, and return its monitors."""
    parts = await run.station.collects("NotifyMonitoringReport", requestId=request, within=run.times.boot)
    run.station.were_generated_now(parts)
    return [
        {"component": data["component"], "variable": data["variable"], **monitor}
        for part in parts
        for data in part.payload.get("monitor", [])
        for monitor in data["variableMonitoring"]
    ]


async def has_no_monitors(
    run: CaseRun, *variables: Mapping[str, Any], criteria: Collection[str] = (), request: int = REPORT
) -> None:
    """Send GetMonitoringReport with these variables and criteria; expect EmptyResultSet and no report."""
    empty = {"status": "EmptyResultSet", "statusInfo": absent_or_reason("NotFound")}
    asked = request_of(variables, criteria)
    await run.csms.sends("GetMonitoringReport", asked, requestId=request, expect=empty)
    await run.station.is_silent("NotifyMonitoringReport", requestId=request)


async def all_monitors(run: CaseRun, *, request: int = REPORT) -> list[ReportedMonitor]:
    """Return all monitors that the station reports before the case begins, if any. Raises Inconclusive."""
    with preparing("TC_N_47_CS"):
        expected = {"Accepted", "EmptyResultSet"}
        answer = await run.csms.sends("GetMonitoringReport", requestId=request, expect=expected)
        return await parts_of_report(run, request) if answer["status"] == "Accepted" else []


async def keeps_monitors(run: CaseRun) -> None:
    """Restore, at the end of the case, monitors that a monitoring base has removed. Raises Inconclusive."""
    await run.given.variables_if_implemented(MonitoringCtrlr__Enabled=True)
    before = await all_monitors(run, request=REPORT_BEFORE)

    async def restore() -> None:
        await run.csms.sends("SetMonitoringBase", monitoringBase="All", expect="Accepted")
        left = {monitor["id"] for monitor in await all_monitors(run, request=REPORT_AFTER)}
        lost = [monitor for monitor in before if monitor["id"] not in left]
        if lost:
            again = [{name: each[name] for name in MONITOR_FIELDS if name in each} for each in lost]
            results = [{"status": "Accepted", "variable": each["variable"]} for each in again]
            expected = {"setMonitoringResult": results}
            await run.csms.sends("SetVariableMonitoring", setMonitoringData=again, expect=expected)

    run.undo_with("the monitors and the monitoring base", restore)


async def given_base(run: CaseRun, base: str) -> None:
    """Set the monitoring base before the case begins. Raises Inconclusive."""
    with preparing("TC_N_05_CS"):
        await sets_base(run, base)


async def sets_base(run: CaseRun, base: str) -> None:
    """Set the monitoring base."""
    granted = {"status": "Accepted", "statusInfo": absent_or_reason("NoError")}
    await run.csms.sends("SetMonitoringBase", monitoringBase=base, expect=granted)


def has_kinds(run: CaseRun, monitors: Sequence[ReportedMonitor], *kinds: str) -> None:
    """Check that a report has monitors of these types only."""
    others = [name_text(each) for each in monitors if each["type"] not in kinds]
    run.check_each(f"all monitors are of type {' or '.join(kinds)}", others)


def has_monitors(run: CaseRun, reported: Sequence[ReportedMonitor], *expected: MonitorData) -> None:
    """Check that a report has monitors with these fields."""
    lost = [
        f"{name_text(monitor)} ({monitor['type']})"
        for monitor in expected
        if not any(matches(monitor, each) for each in reported)
    ]
    run.check_each("all monitors that were asked for are reported as they are", lost)


def has_no_other_variables(
    run: CaseRun, reported: Sequence[ReportedMonitor], *variables: Mapping[str, Any]
) -> None:
    """Check that a report is about these components or variables only."""
    others = [name_text(each) for each in reported if not any(matches(name, each) for name in variables)]
    run.check_each("only variables that were asked for are reported", others)


async def given_level(run: CaseRun, level: int) -> None:
    """Set the monitoring level until the end of the case. Raises Inconclusive."""
    before = await run.variable("MonitoringCtrlr", "ActiveMonitoringLevel") or str(ALL_LEVELS)
    with preparing("TC_N_17_CS"):
        await run.csms.sends("SetMonitoringLevel", severity=level, expect="Accepted")

    async def restore() -> None:
        await run.csms.sends("SetMonitoringLevel", severity=int(before), expect="Accepted")

    run.undo_with("the monitoring level", restore)


async def given_monitor(run: CaseRun, monitor: MonitorData, *, level: int = 8) -> int:
    """Set a monitor before the case begins, and a monitoring level for its events; return its id."""
    [number] = await given_monitors(run, monitor)
    await given_level(run, level)
    return number


async def highest_power(run: CaseRun) -> float:
    """Return the maxLimit of the power of the EVSE of the case; raises Skipped if it is not reported."""
    with preparing("TC_B_17_CS"):
        await run.csms.sends(
            "GetReport", requestId=REPORT, componentVariable=[evse_power(run)], expect="Accepted"
        )
        part = await run.station.sends("NotifyReport", requestId=REPORT)
    limit = part["reportData"][0].get("variableCharacteristics", {}).get("maxLimit")
    if limit is None:
        raise Skipped("the power of the EVSE has no maxLimit")
    return float(limit)


async def clears_monitors(
    run: CaseRun, *ids: int, status: str, reason: str | None = None
) -> TranscriptEntry | None:
    """Clear monitors, and expect a result with this status for each; return the entry of the answer."""
    info = {} if reason is None else {"statusInfo": absent_or_reason(reason)}
    answer = await run.csms.tries("ClearVariableMonitoring", id=list(ids))
    with run.steps.step(f"the station answers ClearVariableMonitoring with {status} for each id") as step:
        step.is_about(answer.entry or answer.call)
        answer.has(clearMonitoringResult=[{"id": number, "status": status, **info} for number in ids])
    run.check(len(answer["clearMonitoringResult"]) == len(ids), "there is one result for each id")
    return answer.entry
