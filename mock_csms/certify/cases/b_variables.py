"""Cases of block B about reading and setting variables (B05, B06)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.b_reports import base_report
from mock_csms.certify.device_report import named_variables
from mock_csms.certify.registry import CaseList
from mock_csms.certify.verbs.stage import absent_or_reason, variable_of

CASES: Final = CaseList()

type NamedVariable = Mapping[str, Any]
"""Component and variable as in GetVariables or SetVariables, and further fields."""

ACTUAL_VALUE: Final = {"attributeType": "Actual"}
TARGET_VALUE: Final = {"attributeType": "Target"}
THRESHOLD: Final = variable_of("OCPPCommCtrlr", "OfflineThreshold")
LOCAL_AUTHORIZE_OFFLINE: Final = variable_of("AuthCtrlr", "LocalAuthorizeOffline")
TIMEOUT: Final = variable_of("OCPPCommCtrlr", "MessageTimeout", "Default")
NO_COMPONENT: Final = variable_of("UnknownComponent", "OfflineThreshold")
NO_VARIABLE: Final = variable_of("OCPPCommCtrlr", "UnknownVariable")
RESULT_ACCEPTED: Final = {"attributeStatus": "Accepted"}
NO_OBJECTION: Final = {"attributeStatusInfo": absent_or_reason("NoError")}

INTEGER_VALUE: Final = "60"
DECIMAL_VALUE: Final = "60.1"
FITTING: Final = {
    ("OCPPCommCtrlr", "OfflineThreshold"): {INTEGER_VALUE},
    ("SmartChargingCtrlr", "LimitChangeSignificance"): {INTEGER_VALUE, DECIMAL_VALUE},
    ("AuthCtrlr", "AuthorizeRemoteStart"): {"true"},
    ("ClockCtrlr", "NextTimeOffsetTransitionDateTime"): {"now"},
}
"""Values that the station has to accept in TC_B_11_CS, by component and variable; it has to reject others."""


async def reads_variables(run: CaseRun, *asked: NamedVariable, expect: Sequence[Mapping[str, Any]]) -> None:
    """Read the variables ``asked``, and expect the results ``expect`` in any order."""
    results: Any = {0: expect[0]} if len(expect) == 1 else list(expect)
    await run.csms.sends(
        "GetVariables", {"getVariableData": list(asked)}, expect={"getVariableResult": results}
    )


async def sets_variables(run: CaseRun, *asked: NamedVariable, expect: Sequence[Mapping[str, Any]]) -> None:
    """Set the variables ``asked``, and expect the results ``expect`` in any order."""
    results: Any = {0: expect[0]} if len(expect) == 1 else list(expect)
    await run.csms.sends(
        "SetVariables", {"setVariableData": list(asked)}, expect={"setVariableResult": results}
    )


@CASES.case("TC_B_06_CS", "Read a variable")
async def one_value_read(run: CaseRun) -> None:
    await run.given.written_variables(OCPPCommCtrlr__OfflineThreshold=300)
    expected = {**RESULT_ACCEPTED, "attributeValue": "300", **ACTUAL_VALUE, **THRESHOLD, **NO_OBJECTION}
    await reads_variables(run, {**ACTUAL_VALUE, **THRESHOLD}, expect=[expected])


@CASES.case("TC_B_07_CS", "Read two variables with one command")
async def two_values_read(run: CaseRun) -> None:
    await run.given.written_variables(
        OCPPCommCtrlr__OfflineThreshold=300, AuthCtrlr__LocalAuthorizeOffline=True
    )
    first = {**RESULT_ACCEPTED, "attributeValue": "300", **ACTUAL_VALUE, **THRESHOLD, **NO_OBJECTION}
    second = {
        **RESULT_ACCEPTED,
        "attributeValue": "true",
        **ACTUAL_VALUE,
        **LOCAL_AUTHORIZE_OFFLINE,
        **NO_OBJECTION,
    }
    await reads_variables(
        run,
        {**ACTUAL_VALUE, **THRESHOLD},
        {**ACTUAL_VALUE, **LOCAL_AUTHORIZE_OFFLINE},
        expect=[first, second],
    )


@CASES.family(
    {
        ("TC_B_32_CS", "Answer UnknownComponent when a variable of an unknown component is read"): (
            NO_COMPONENT,
            "UnknownComponent",
        ),
        ("TC_B_33_CS", "Answer UnknownVariable when an unknown variable is read"): (
            NO_VARIABLE,
            "UnknownVariable",
        ),
        ("TC_B_34_CS", "Answer NotSupportedAttributeType when an unknown attribute is read"): (
            {**TARGET_VALUE, **THRESHOLD},
            "NotSupportedAttributeType",
        ),
    }
)
async def not_readable(run: CaseRun, asked: NamedVariable, status: str) -> None:
    await reads_variables(run, asked, expect=[{"attributeStatus": status, **asked}])


@CASES.case("TC_B_09_CS", "Set a variable")
async def one_value_set(run: CaseRun) -> None:
    await run.given.restores("OCPPCommCtrlr__OfflineThreshold")
    asked = {**ACTUAL_VALUE, **THRESHOLD}
    await sets_variables(
        run, {**asked, "attributeValue": "300"}, expect=[{**RESULT_ACCEPTED, **asked, **NO_OBJECTION}]
    )


@CASES.case("TC_B_10_CS", "Set two variables with one command")
async def two_values_set(run: CaseRun) -> None:
    await run.given.restores("OCPPCommCtrlr__OfflineThreshold", "AuthCtrlr__LocalAuthorizeOffline")
    first, second = {**ACTUAL_VALUE, **THRESHOLD}, {**ACTUAL_VALUE, **LOCAL_AUTHORIZE_OFFLINE}
    asked = [{**first, "attributeValue": "300"}, {**second, "attributeValue": "true"}]
    await sets_variables(
        run,
        *asked,
        expect=[{**RESULT_ACCEPTED, **first, **NO_OBJECTION}, {**RESULT_ACCEPTED, **second, **NO_OBJECTION}],
    )


@CASES.family(
    {
        ("TC_B_35_CS", "Answer UnknownComponent when a variable of an unknown component is set"): (
            NO_COMPONENT,
            "UnknownComponent",
        ),
        ("TC_B_36_CS", "Answer UnknownVariable when an unknown variable is set"): (
            NO_VARIABLE,
            "UnknownVariable",
        ),
        ("TC_B_37_CS", "Answer NotSupportedAttributeType when an unknown attribute is set"): (
            {**TARGET_VALUE, **THRESHOLD},
            "NotSupportedAttributeType",
        ),
        ("TC_B_39_CS", "Reject a new value of a read-only variable"): (TIMEOUT, "Rejected"),
    }
)
async def not_settable(run: CaseRun, asked: NamedVariable, status: str) -> None:
    await sets_variables(
        run, {**asked, "attributeValue": "300"}, expect=[{"attributeStatus": status, **asked}]
    )


@CASES.case("TC_B_11_CS", "Accept the values that fit the type of a variable, and reject all others")
async def values_of_wrong_types(run: CaseRun) -> None:
    settable = named_variables(await base_report(run, "ConfigurationInventory"))
    for (component, variable), fitting in FITTING.items():
        if variable == "OfflineThreshold" or (component, variable) in settable:
            await run.given.restores(f"{component}__{variable}")
            for value in (INTEGER_VALUE, DECIMAL_VALUE, "true", "now", "abc"):
                await takes(run, variable_of(component, variable), value, value in fitting)


async def takes(run: CaseRun, asked: NamedVariable, value: str, fits: bool) -> None:
    """Set a variable to ``value`` (``now``: the time); expect Accepted if it ``fits``, else Rejected."""
    reasons = ("NoError", "InvalidValue") if fits else ("InvalidValue",)
    result = {"attributeStatus": "Accepted" if fits else "Rejected", **ACTUAL_VALUE, **asked}
    text = datetime.now(UTC).isoformat() if value == "now" else value
    await sets_variables(
        run,
        {**asked, "attributeValue": text},
        expect=[{**result, "attributeStatusInfo": absent_or_reason(*reasons)}],
    )
