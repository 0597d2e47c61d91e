"""Cases of block N about setting and clearing monitors and the monitoring level (N04, N05, N06)."""

from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.n_steps import (
    DELTA_TYPE,
    HIGH_W,
    LOW_W,
    LOWER_TYPE,
    STATION_STATE,
    UPPER_TYPE,
    all_monitors,
    clears_monitors,
    evse_power,
    evse_state,
    given_base,
    given_monitors,
    has_kinds,
    has_monitors,
    has_no_monitors,
    has_no_other_variables,
    highest_power,
    keeps_monitors,
    monitor_of,
    reported_monitors,
    result_of,
    sets_monitors,
    tries_monitors,
)
from mock_csms.certify.registry import CaseList
from mock_csms.certify.verbs.stage import absent_or_reason, variable_of
from mock_csms.certify.verdicts import Skipped

CASES: Final = CaseList()

UNKNOWN_EVSE: Final = 99
UNUSED_ID: Final = 123456


@CASES.case("TC_N_08_CS", "Set a monitor, and report it")
async def one_monitor(run: CaseRun) -> None:
    await monitors_are_set(run, monitor_of(evse_state(run), severity=8))


@CASES.case("TC_N_09_CS", "Set monitors of two variables at once, and report them")
async def two_monitors(run: CaseRun) -> None:
    await monitors_are_set(
        run, monitor_of(evse_state(run), severity=8), monitor_of(STATION_STATE, severity=8)
    )


async def monitors_are_set(run: CaseRun, *monitors: dict[str, Any]) -> None:
    """Set monitors, and check that they are reported."""
    await run.given.variables_if_implemented(MonitoringCtrlr__Enabled=True)
    ids = await sets_monitors(run, *monitors)
    variables = [{"component": each["component"], "variable": each["variable"]} for each in monitors]
    reported = await reported_monitors(run, *variables)
    has_no_other_variables(run, reported, *variables)
    has_kinds(run, reported, DELTA_TYPE)
    expected = [{**monitor, "id": number} for monitor, number in zip(monitors, ids, strict=True)]
    has_monitors(run, reported, *expected)


@CASES.case("TC_N_10_CS", "Set two monitors of different severity on a variable")
async def two_severities(run: CaseRun) -> None:
    await run.given.variables_if_implemented(MonitoringCtrlr__Enabled=True)
    monitors = [monitor_of(evse_state(run), severity=severity) for severity in (8, 7)]
    ids = await sets_monitors(run, *monitors)
    run.check(len(set(ids)) == len(monitors), "each monitor has an id of its own")


@CASES.case("TC_N_15_CS", "Answer Duplicate to a second monitor of the same type and severity")
async def second_of_same_severity(run: CaseRun) -> None:
    await run.given.variables_if_implemented(MonitoringCtrlr__Enabled=True)
    monitor = monitor_of(evse_state(run))
    second = {**result_of(monitor, "Duplicate", "InvalidValue"), "id": {None, anything}}
    await tries_monitors(run, (monitor, result_of(monitor)), (monitor, second))


def anything(_: Any) -> bool:
    """Condition that any value of a field meets."""
    return True


@CASES.case("TC_N_11_CS", "Refuse monitors of unknown components")
async def unknown_components(run: CaseRun) -> None:
    nowhere = monitor_of(variable_of(f"EVSE@{UNKNOWN_EVSE}", "AvailabilityState"))
    nothing = monitor_of(variable_of("NonExistent", "Power"), UPPER_TYPE, 1234.0)
    await tries_monitors(
        run,
        (nowhere, result_of(nowhere, {"UnknownComponent", "Rejected"}, "UnknownEvse", "NotFound")),
        (nothing, result_of(nothing, {"UnknownComponent", "UnknownVariable"}, "NotFound")),
    )


@CASES.case("TC_N_12_CS", "Refuse a Delta monitor with a negative value")
async def negative_delta(run: CaseRun) -> None:
    monitor = monitor_of(evse_power(run), DELTA_TYPE, -1)
    reasons = "ValueOutOfRange", "ValuePositiveOnly"
    await tries_monitors(run, (monitor, result_of(monitor, "Rejected", *reasons)))


@CASES.case("TC_N_13_CS", "Refuse a threshold above the highest value of its variable")
async def threshold_out_of_range(run: CaseRun) -> None:
    monitor = monitor_of(evse_power(run), UPPER_TYPE, await highest_power(run) + 1)
    await tries_monitors(run, (monitor, result_of(monitor, "Rejected", "ValueOutOfRange")))


@CASES.case("TC_N_37_CS", "Refuse a monitor of an unknown variable")
async def unknown_variable(run: CaseRun) -> None:
    monitor = monitor_of(variable_of(f"EVSE@{run.evse}", "unknownVariable"))
    await tries_monitors(run, (monitor, result_of(monitor, "UnknownVariable")))


@CASES.case("TC_N_38_CS", "Refuse a threshold of a variable that is not a number")
async def unsupported_type(run: CaseRun) -> None:
    monitor = monitor_of(evse_state(run), UPPER_TYPE)
    await tries_monitors(run, (monitor, result_of(monitor, {"UnsupportedMonitorType", "Rejected"})))


@CASES.case("TC_N_39_CS", "Reject a change of an existing monitor to another variable")
async def other_variable(run: CaseRun) -> None:
    await run.given.variables_if_implemented(MonitoringCtrlr__Enabled=True)
    monitor = monitor_of(evse_state(run))
    [number] = await sets_monitors(run, monitor)
    other = {**monitor_of(evse_power(run)), "id": number}
    await tries_monitors(run, (other, {**result_of(other, "Rejected"), "id": {None, number}}))
    has_monitors(run, await reported_monitors(run), {**monitor, "id": number})


@CASES.case("TC_N_40_CS", "Replace an existing monitor when a monitor is set with the same id")
async def replaced_by_id(run: CaseRun) -> None:
    monitor = monitor_of(evse_state(run), severity=5)
    [number] = await given_monitors(run, monitor)
    other = {**monitor, "id": number, "severity": 4}
    await sets_monitors(run, other)
    reported = await reported_monitors(run, evse_state(run), criteria=["DeltaMonitoring"])
    has_no_other_variables(run, reported, evse_state(run))
    has_monitors(run, reported, other)


@CASES.case("TC_N_43_CS", "Set two monitors, and reject a third one with a value out of range")
async def one_of_three(run: CaseRun) -> None:
    await run.given.variables_if_implemented(MonitoringCtrlr__Enabled=True)
    power = evse_power(run)
    upper, delta, lower = (
        monitor_of(power, UPPER_TYPE, HIGH_W),
        monitor_of(power, DELTA_TYPE, -1.0),
        monitor_of(power, LOWER_TYPE, LOW_W),
    )
    await tries_monitors(
        run, (upper, result_of(upper)), (delta, result_of(delta, "Rejected")), (lower, result_of(lower))
    )


@CASES.case("TC_N_17_CS", "Refuse a monitoring level out of range")
async def level_out_of_range(run: CaseRun) -> None:
    for level, reason in ((10, "ValueTooHigh"), (-1, "ValueTooLow")):
        refused = {"status": "Rejected", "statusInfo": absent_or_reason("ValueOutOfRange", reason)}
        await run.csms.sends("SetMonitoringLevel", severity=level, expect=refused)


@CASES.case("TC_N_18_CS", "Clear monitors by their ids")
async def monitors_cleared_by_id(run: CaseRun) -> None:
    ids = await given_monitors(run, monitor_of(STATION_STATE), monitor_of(evse_state(run)))
    await clears_monitors(run, *ids, status="Accepted", reason="NoError")
    await has_no_monitors(run, STATION_STATE, evse_state(run))


@CASES.case("TC_N_19_CS", "Answer NotFound when an unknown monitor is to be cleared")
async def not_found(run: CaseRun) -> None:
    known = [monitor["id"] for monitor in await all_monitors(run)]
    await clears_monitors(run, max(known) + 1 if known else UNUSED_ID, status="NotFound", reason="NotFound")


@CASES.case("TC_N_44_CS", "Refuse to clear a hard-wired monitor")
async def hard_wired(run: CaseRun) -> None:
    await keeps_monitors(run)
    await given_base(run, "HardWiredOnly")
    known = [monitor["id"] for monitor in await all_monitors(run)]
    if not known:
        raise Skipped("the station has no hard-wired monitor")
    await clears_monitors(run, known[0], status="Rejected")
