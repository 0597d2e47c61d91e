"""Checks of the values that a station accepts in SetVariables."""

import pytest

from tests.support.talk import Talk, case
from tests.v201.findings.checks.inventory import item, set_values, take_inventory

CTRLR = {"name": "AnyCtrlr"}
LIST = {"valuesList": "Alpha, Beta"}
MODEL = [
    item(CTRLR, "Whole", dataType="integer", minLimit=1, maxLimit=10),
    item(CTRLR, "Number", dataType="decimal", maxLimit=2.5),
    item(CTRLR, "Switch", dataType="boolean"),
    item(CTRLR, "Moment", dataType="dateTime"),
    item(CTRLR, "Option", dataType="OptionList", **LIST),
    item(CTRLR, "Members", dataType="MemberList", **LIST),
    item(CTRLR, "FreeMembers", dataType="MemberList"),
    item(CTRLR, "EmptyMembers", dataType="MemberList", valuesList=""),
    item(CTRLR, "Text"),
    item(
        {"name": "OCPPCommCtrlr"}, "NetworkConfigurationPriority", dataType="SequenceList", valuesList="1,2"
    ),
]
INVALID = [
    ("Whole", "many"),
    ("Whole", "1.5"),
    ("Number", "nan"),
    ("Number", "2,5"),
    ("Switch", "on"),
    ("Moment", "tomorrow"),
    ("Option", "Gamma"),
    ("Option", "Alpha,Beta"),
    ("Members", "Alpha,Gamma"),
]
VALID = [
    ("Whole", "5"),
    ("Whole", "5.0"),
    ("Whole", "10"),
    ("Number", "-1e3"),
    ("Number", "2.5"),
    ("Switch", "TRUE"),
    ("Moment", "2026-01-01T00:00:00Z"),
    ("Option", "alpha"),
    ("Members", "Beta, Alpha"),
    ("Members", ""),
    ("FreeMembers", "Gamma"),
    ("EmptyMembers", "Gamma"),
    ("Text", "anything"),
]


def set_value(talk: Talk, variable: str, value: str, status: str, component: str = "AnyCtrlr") -> None:
    named = {"component": {"name": component}, "variable": {"name": variable}}
    set_values(talk, [{**named, "attributeValue": value}], status)


@pytest.mark.parametrize(("variable", "value"), INVALID)
@pytest.mark.parametrize("status", ["Accepted", "RebootRequired"])
def test_accepted_value_of_another_type_is_found(talk: Talk, variable: str, value: str, status: str) -> None:
    take_inventory(talk, MODEL)
    set_value(talk, variable, value, status)

    assert [(finding.id, finding.section) for finding in talk.findings] == [
        ("wrong-value-accepted", "B05.FR.07")
    ]
    assert talk.coverage("B05.FR.07") == "broken"


@pytest.mark.parametrize(("variable", "value"), INVALID)
def test_rejected_value_of_another_type_meets_the_requirement(talk: Talk, variable: str, value: str) -> None:
    take_inventory(talk, MODEL)
    set_value(talk, variable, value, "Rejected")

    assert not talk.findings
    assert talk.coverage("B05.FR.07") == "met"


@pytest.mark.parametrize(("variable", "value"), VALID)
def test_valid_value_may_be_accepted(talk: Talk, variable: str, value: str) -> None:
    take_inventory(talk, MODEL)
    set_value(talk, variable, value, "Accepted")

    assert not talk.findings
    assert {talk.coverage(name) for name in ("B05.FR.07", "B05.FR.08")} == {"not exercised"}


@pytest.mark.parametrize(("variable", "value"), [("Whole", "0"), ("Whole", "11"), ("Number", "2.51")])
@pytest.mark.parametrize(
    ("status", "state"), [case("accepted", "Accepted", "broken"), case("rejected", "Rejected", "met")]
)
def test_number_outside_its_limits_must_be_rejected(
    talk: Talk, variable: str, value: str, status: str, state: str
) -> None:
    take_inventory(talk, MODEL)
    set_value(talk, variable, value, status)

    assert talk.ids == (["wrong-value-accepted"] if state == "broken" else [])
    assert talk.coverage("B05.FR.08") == state
    assert talk.coverage("B05.FR.07") == "not exercised"


@pytest.mark.parametrize(("size", "is_found"), [(len(LIST["valuesList"]), False), (100, True)])
def test_value_missing_in_a_list_that_may_be_cut_off_may_be_accepted(
    talk: Talk, size: int, is_found: bool
) -> None:
    talk.read_variables({"DeviceDataCtrlr.ConfigurationValueSize": str(size)})
    take_inventory(talk, MODEL)
    set_value(talk, "Members", "Gamma", "Accepted")

    assert talk.ids == (["wrong-value-accepted"] if is_found else [])


def test_variable_set_twice_at_once_is_not_judged(talk: Talk) -> None:
    whole = {"component": CTRLR, "variable": {"name": "Whole"}}
    take_inventory(talk, MODEL)
    set_values(talk, [{**whole, "attributeValue": value} for value in ("5", "99")], "Accepted", "Rejected")

    assert not talk.findings


def test_value_of_unknown_variable_may_be_accepted(talk: Talk) -> None:
    set_value(talk, "Whole", "many", "Accepted")

    assert not talk.findings
    assert talk.coverage("B05.FR.07") == "not exercised"
