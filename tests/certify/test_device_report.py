"""Checks of device reports."""

from typing import Any

import pytest

from mock_csms.certify.device_report import (
    missing_from,
    name_text,
    outside_options,
    read_only,
    secrets_shown,
    without_options,
    without_value,
)
from mock_csms.certify.required_variables import RequiredVariable, required_variables


def row(name: str, *, evse: int | None = None, data_type: str = "string", **others: Any) -> dict[str, Any]:
    component, _, variable = name.partition(".")
    place = {} if evse is None else {"evse": {"id": evse}}
    attribute = {key: others[key] for key in ("value", "mutability") if key in others}
    options = {"valuesList": others["options"]} if "options" in others else {}
    return {
        "component": {"name": component, **place},
        "variable": {"name": variable},
        "variableAttribute": [attribute],
        "variableCharacteristics": {"dataType": data_type, "supportsMonitoring": False, **options},
    }


def test_list_without_options_is_named() -> None:
    lists = [row("A.First", data_type="MemberList"), row("A.Second", data_type="OptionList", options="x")]

    assert without_options(lists) == ["A.First"]


@pytest.mark.parametrize(("data_type", "value"), [("OptionList", "b,a"), ("SequenceList", "a,c")])
def test_value_outside_options_is_named(data_type: str, value: str) -> None:
    assert outside_options([row("A.List", data_type=data_type, value=value, options="a, b")]) == ["A.List"]


def test_members_in_any_order_are_possible() -> None:
    assert outside_options([row("A.List", data_type="MemberList", value="b,a", options="a, b")]) == []


def test_variable_without_mutability_can_be_set() -> None:
    assert read_only([row("A.First", value="1"), row("A.Second", value="1", mutability="ReadOnly")]) == [
        "A.Second"
    ]


def test_value_of_secret_is_named_but_not_its_absence() -> None:
    rows = [row("A.Shown", value="x", mutability="WriteOnly"), row("A.Hidden", mutability="WriteOnly")]

    assert (secrets_shown(rows), without_value(rows)) == (["A.Shown"], [])


def test_missing_value_is_named_except_power_of_evse() -> None:
    assert without_value([row("EVSE.Power", evse=1), row("EVSE.Other", evse=2)]) == ["EVSE[2].Other"]


def test_variable_of_evse_is_required_at_each_evse() -> None:
    power = RequiredVariable("EVSE", "Power", None, is_writable=False)

    assert missing_from([row("EVSE.Power", evse=1)], [power], [(1, 1), (2, 1)]) == ["EVSE.Power"]
    assert missing_from([row("evse.power", evse=1)], [power], [(1, 1)]) == []


def test_name_has_place_and_instance() -> None:
    named = row("EVSE.Power", evse=2)
    named["variable"]["instance"] = "L1"

    assert name_text(named) == "EVSE[2].Power[L1]"


def test_variables_of_other_profiles_are_not_required() -> None:
    components = {each.component for each in required_variables(["Core"])}

    assert {"TxCtrlr", "EVSE"} <= components
    assert not components & {"SmartChargingCtrlr", "MonitoringCtrlr"}
