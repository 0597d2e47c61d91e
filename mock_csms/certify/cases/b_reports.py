"""Cases of block B about reports of the device model (B07, B08)."""

from collections.abc import Mapping, Sequence
from itertools import batched
from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.device_report import (
    ReportRow,
    missing_from,
    name_text,
    outside_options,
    read_only,
    reported_name,
    rows_named,
    secrets_shown,
    value_of,
    without_characteristics,
    without_options,
    without_value,
    words_of,
)
from mock_csms.certify.registry import CaseList
from mock_csms.certify.required_variables import required_variables
from mock_csms.certify.verbs.stage import absent_or_reason, variable_of
from mock_csms.certify.verdicts import Skipped
from mock_csms.client.fields import matches

CASES: Final = CaseList()

BASE_ID: Final = 712
CUSTOM_ID: Final = 816
STATES: Final = {"Available", "Occupied", "Reserved", "Unavailable", "Faulted"}
GRANTED: Final = {"status": "Accepted", "statusInfo": absent_or_reason("NoError")}


async def base_report(run: CaseRun, base: str) -> list[ReportRow]:
    """Ask for a base report, and return its rows when all parts have come."""
    await run.csms.sends("GetBaseReport", requestId=BASE_ID, reportBase=base, expect=GRANTED)
    return await rows_of(run, BASE_ID)


async def custom_report(run: CaseRun, *criteria: str, of: Mapping[str, Any] | None = None) -> list[ReportRow]:
    """Ask for a report of components that meet a criterion, or of the variable ``of``; return the rows."""
    await run.csms.sends("GetReport", custom_request(criteria, of), requestId=CUSTOM_ID, expect=GRANTED)
    rows = await rows_of(run, CUSTOM_ID)
    run.check_each("all variables have characteristics", without_characteristics(rows))
    return rows


def custom_request(criteria: Sequence[str], of: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the fields of a GetReport."""
    variables = {"componentVariable": [of]} if of else {}
    return {**variables, **({"componentCriteria": list(criteria)} if criteria else {})}


async def rows_of(run: CaseRun, request_id: int) -> list[ReportRow]:
    """Collect all parts of a report, and return the rows."""
    parts = await run.station.collects("NotifyReport", requestId=request_id, within=run.times.boot)
    run.station.were_generated_now(parts)
    return [row for part in parts for row in part.payload.get("reportData", [])]


def state_of_evse(run: CaseRun) -> dict[str, Any]:
    """Return component and variable of the AvailabilityState of the EVSE of the case."""
    return variable_of(f"EVSE@{run.evse}", "AvailabilityState")


@CASES.case("TC_B_12_CS", "Report the variables that can be set")
async def configuration_report(run: CaseRun) -> None:
    rows = await base_report(run, "ConfigurationInventory")
    required = [each for each in required_variables(run.file.station.profiles) if each.is_writable]
    run.check_each("all variables have characteristics", without_characteristics(rows))
    run.check_each("all lists have their possible values", without_options(rows))
    run.check_each("all variables can be set", read_only(rows))
    run.check_each("all required variables are reported", missing_from(rows, required, run.file.connectors))


@CASES.case("TC_B_13_CS", "Report all variables, including all required ones")
async def full_report(run: CaseRun) -> None:
    rows = await base_report(run, "FullInventory")
    required = required_variables(run.file.station.profiles)
    run.check_each("all variables have characteristics", without_characteristics(rows))
    run.check_each("all lists have their possible values", without_options(rows))
    run.check_each("all required variables are reported", missing_from(rows, required, run.file.connectors))


@CASES.case("TC_B_53_CS", "Report all variables with valid values")
async def values_of_full_report(run: CaseRun) -> None:
    rows = await base_report(run, "FullInventory")
    required = required_variables(run.file.station.profiles)
    run.check_each("all required variables are reported", missing_from(rows, required, run.file.connectors))
    run.check_each("all lists have their possible values", without_options(rows))
    run.check_each("the value of each list is possible", outside_options(rows))
    run.check_each("write-only variables have no value", secrets_shown(rows))
    run.check_each("all other variables have a value", without_value(rows))


@CASES.case("TC_B_14_CS", "Report the states of the station and of its EVSEs as a summary")
async def summary_report(run: CaseRun) -> None:
    rows = await base_report(run, "SummaryInventory")
    run.check_each("all variables have characteristics", without_characteristics(rows))
    run.check_each("all lists have their possible values", without_options(rows))
    evses = {row["component"]["evse"]["id"] for row in rows_named(rows, "EVSE", "AvailabilityState")}
    run.check(
        bool(rows_named(rows, "ChargingStation", "AvailabilityState")), "the state of the station is reported"
    )
    run.check(evses == set(run.file.station.evses), "the state of each EVSE is reported")


@CASES.case("TC_B_15_CS", "Refuse a summary report that is not supported")
async def no_summary_report(run: CaseRun) -> None:
    refused = {"status": "NotSupported", "statusInfo": absent_or_reason("UnsupportedParam")}
    await run.csms.sends("GetBaseReport", requestId=BASE_ID, reportBase="SummaryInventory", expect=refused)
    await run.station.is_silent("NotifyReport")


@CASES.case("TC_B_16_CS", "Report the components that are enabled, and no others")
async def enabled_components(run: CaseRun) -> None:
    everything = await base_report(run, "FullInventory")
    rows = await custom_report(run, "Enabled")
    switches = [row for row in rows if reported_name(row)[2] == "enabled"]
    off = [name_text(row) for row in switches if value_of(row) != "true"]
    run.check_each("all components with a variable Enabled are enabled", off)
    reported = {reported_name(row) for row in rows}
    on = [row for row in everything if reported_name(row)[2] == "enabled" and value_of(row) == "true"]
    lost = [name_text(row) for row in on if reported_name(row) not in reported]
    run.check_each("all components that are enabled are reported", lost)
    await reads(run, switches, {"attributeStatus": "Accepted", "attributeValue": "true"})
    secrets = [row for row in rows if row["variableAttribute"][0].get("mutability") == "WriteOnly"]
    await reads(run, secrets, {"attributeStatus": "Rejected", "attributeValue": None})


async def reads(run: CaseRun, rows: Sequence[ReportRow], result: Mapping[str, Any]) -> None:
    """Read the variable of each row, and check that all results have the fields of ``result``."""
    limit = int(await run.variable("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables") or 1)
    for some in batched(rows, limit):
        asked = [{"component": row["component"], "variable": row["variable"]} for row in some]
        answer = await run.csms.sends("GetVariables", getVariableData=asked)
        wrong = [name_text(each) for each in answer["getVariableResult"] if not has(each, result)]
        run.check_each("all variables are read as reported", wrong)


def has(item: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    """Whether an item has these fields; None stands for an absent field."""
    return all(item.get(name) == value for name, value in fields.items())


@CASES.case("TC_B_17_CS", "Report one variable, and nothing else")
async def report_of_state(run: CaseRun) -> None:
    is_state_of_evse(run, await custom_report(run, of=state_of_evse(run)))


def is_state_of_evse(run: CaseRun, rows: Sequence[ReportRow]) -> None:
    """Check that a report has the state of the EVSE of the case, and nothing else."""
    expected = ("evse", (run.evse, None), "availabilitystate", None)
    run.check([reported_name(row) for row in rows] == [expected], "the report has the state of the EVSE only")
    characteristics = rows[0]["variableCharacteristics"]
    run.check(characteristics["dataType"] == "OptionList", "the state is an OptionList")
    run.check(set(words_of(characteristics.get("valuesList", ""))) == STATES, "the state has its five values")
    attributes = rows[0]["variableAttribute"]
    run.check(
        [each.get("type", "Actual") for each in attributes] == ["Actual"],
        "the state has an Actual attribute only",
    )
    run.check(attributes[0].get("mutability") == "ReadOnly", "it is read-only")


@CASES.case("TC_B_18_CS", "Report a variable only if its component meets the criterion")
async def report_of_state_with_criterion(run: CaseRun) -> None:
    is_state_of_evse(run, await custom_report(run, "Available", of=state_of_evse(run)))
    empty = {"status": "EmptyResultSet", "statusInfo": absent_or_reason("NotFound")}
    request = custom_request(["Problem"], state_of_evse(run))
    await run.csms.sends("GetReport", request, requestId=CUSTOM_ID + 1, expect=empty)


@CASES.case("TC_B_19_CS", "Refuse a report by a criterion that is not supported")
async def unknown_criterion(run: CaseRun) -> None:
    for number, criterion in enumerate(["Active", "Enabled", "Problem"], start=CUSTOM_ID):
        request = custom_request(["Available", criterion], None)
        answer = await run.csms.sends(
            "GetReport", request, requestId=number, expect={"Accepted", "EmptyResultSet", "NotSupported"}
        )
        if answer["status"] == "NotSupported":
            reason = absent_or_reason("UnsupportedParam", "InvalidValue")
            run.check(matches({"statusInfo": reason}, answer.payload), "the reason is that of a parameter")
            return
        if answer["status"] == "Accepted":
            await rows_of(run, number)
    raise Skipped("the station supports all criteria")


@CASES.case("TC_B_54_CS", "Report all instances of a variable if no instance is named")
async def report_of_instances(run: CaseRun) -> None:
    rows = await custom_report(run, of=variable_of("DeviceDataCtrlr", "ItemsPerMessage"))
    others = [
        name_text(row) for row in rows if row not in rows_named(rows, "DeviceDataCtrlr", "ItemsPerMessage")
    ]
    run.check_each("the report has this variable only", others)
    instances = {row["variable"].get("instance") for row in rows}
    run.check({"GetReport", "GetVariables"} <= instances, "GetReport and GetVariables are reported")


@CASES.case("TC_B_55_CS", "Report one instance of a variable, and nothing else")
async def report_of_instance(run: CaseRun) -> None:
    rows = await custom_report(run, of=variable_of("DeviceDataCtrlr", "ItemsPerMessage", "GetReport"))
    expected = ("devicedatactrlr", (None, None), "itemspermessage", "GetReport")
    run.check([reported_name(row) for row in rows] == [expected], "the report has this instance only")


@CASES.case("TC_B_56_CS", "Report a variable of all EVSEs if no EVSE is named")
async def report_of_evses(run: CaseRun) -> None:
    rows = await custom_report(run, of=variable_of("EVSE", "AvailabilityState"))
    expected = [("evse", (evse, None), "availabilitystate", None) for evse in run.file.station.evses]
    run.check(sorted(map(reported_name, rows)) == sorted(expected), "the report has the state of each EVSE")
