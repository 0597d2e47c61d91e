"""Contents of device reports, and the answers to the requests for them."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import Talk, case, report
from tests.v201.findings.checks.inventory import item, take_inventory

STATION: JsonObject = {"name": "ChargingStation"}
EVSE_1: JsonObject = {"name": "EVSE", "evse": {"id": 1}}
CONNECTOR: JsonObject = {"name": "Connector", "evse": {"id": 1, "connectorId": 1}}
PART: JsonObject = {"name": "Fan", "instance": "left"}
MODEL = [
    item(STATION, "AvailabilityState"),
    item(STATION, "Problem", attributes=[{"value": "false"}]),
    item(STATION, "Active", attributes=[{"value": "true"}]),
    item(STATION, "Available", attributes=[{"value": "true"}]),
    item(STATION, "Enabled", attributes=[{"value": "true"}]),
    item(EVSE_1, "AvailabilityState"),
    item(EVSE_1, "Power"),
    item(CONNECTOR, "Type"),
    item(PART, "Speed", "first"),
    item(PART, "Speed", "second"),
]
SECRET = item(STATION, "Password", attributes=[{"mutability": "WriteOnly", "value": "x"}])
HIDDEN = item(STATION, "Password", attributes=[{"mutability": "WriteOnly"}])
BARE = {name: value for name, value in MODEL[0].items() if name != "variableCharacteristics"}


def ask(talk: Talk, *entries: JsonObject, criteria: tuple[str, ...] = (), status: str = "Accepted") -> None:
    """Send a GetReport."""
    request: JsonObject = {"requestId": 9}
    if entries:
        request["componentVariable"] = list(entries)
    if criteria:
        request["componentCriteria"] = list(criteria)
    talk.command("GetReport", request, status)


def ask_base(talk: Talk, base: str = "FullInventory", status: str = "Accepted") -> None:
    talk.command("GetBaseReport", {"requestId": 9, "reportBase": base}, status)


def send(talk: Talk, *items: JsonObject, seq_no: int = 0, tbc: bool = False) -> None:
    data = {"reportData": list(items)} if items else {}
    talk.call("NotifyReport", {**report(seq_no, tbc=tbc, request_id=9), **data})


def entry(component: JsonObject, variable: str = "", instance: str = "") -> JsonObject:
    named = {"name": variable, **({"instance": instance} if instance else {})}
    return {"component": component, "variable": named} if variable else {"component": component}


# Answers


@pytest.mark.parametrize("base", ["ConfigurationInventory", "FullInventory"])
@pytest.mark.parametrize(
    ("status", "states"),
    [
        ("Accepted", ("met", "met")),
        ("Rejected", ("not exercised", "not exercised")),
        ("NotSupported", ("broken", "broken")),
        ("EmptyResultSet", ("broken", "not exercised")),
    ],
)
def test_inventories_must_be_supported(talk: Talk, base: str, status: str, states: tuple[str, str]) -> None:
    ask_base(talk, base, status)

    assert (talk.coverage("B07.FR.01"), talk.coverage("B07.FR.12")) == states
    assert talk.ids == (["base-report-not-supported"] if "broken" in states else [])


def test_summary_need_not_be_supported(talk: Talk) -> None:
    ask_base(talk, "SummaryInventory", "NotSupported")

    assert not talk.findings
    assert talk.coverage("B07.FR.01") == "not exercised"


@pytest.mark.parametrize(
    ("request_id", "state"), [case("same report", 9, "broken"), case("another report", 7, "met")]
)
def test_no_report_may_follow_a_refusal(talk: Talk, request_id: int, state: str) -> None:
    ask_base(talk, "SummaryInventory", "NotSupported")
    talk.call("NotifyReport", report(0, request_id=request_id))

    assert talk.ids == (["report-after-refusal"] if state == "broken" else [])
    assert talk.coverage("B07.FR.05") == state


@pytest.mark.parametrize(
    ("asked", "status", "requirement", "state"),
    [
        case("wrongly empty", entry(STATION), "EmptyResultSet", "B08.FR.01", "broken"),
        case("known", entry(STATION), "Accepted", "B08.FR.01", "met"),
        case("refused", entry(STATION), "Rejected", "B08.FR.01", "not exercised"),
        case("unknown", entry({"name": "Other"}), "Accepted", "B08.FR.15", "broken"),
        case("rightly empty", entry({"name": "Other"}), "EmptyResultSet", "B08.FR.15", "met"),
        case("unknown refused", entry({"name": "Other"}), "Rejected", "B08.FR.15", "not exercised"),
        case(
            "other instance",
            entry({"name": "Fan", "instance": "x"}),
            "Accepted",
            "B08.FR.15",
            "not exercised",
        ),
    ],
)
def test_empty_result_must_be_empty(
    talk: Talk, asked: JsonObject, status: str, requirement: str, state: str
) -> None:
    take_inventory(talk, MODEL)
    ask(talk, asked, status=status)

    assert talk.ids == (["empty-report-status-wrong"] if state == "broken" else [])
    assert talk.coverage(requirement) == state
    assert talk.coverage("B08.FR.15" if requirement == "B08.FR.01" else "B08.FR.01") == "not exercised"


def test_empty_result_without_inventory_is_accepted(talk: Talk) -> None:
    ask(talk, entry(STATION), status="EmptyResultSet")

    assert not talk.findings
    assert talk.coverage("B08.FR.01") == "not exercised"


# Items


@pytest.mark.parametrize("is_custom", [True, False])
@pytest.mark.parametrize(
    ("reported", "state"), [case("with value", SECRET, "broken"), case("without", HIDDEN, "met")]
)
def test_write_only_value_must_not_be_reported(
    talk: Talk, is_custom: bool, reported: JsonObject, state: str
) -> None:
    ask(talk) if is_custom else ask_base(talk)
    send(talk, reported)

    assert talk.ids == (["write-only-value-reported"] if state == "broken" else [])
    assert talk.coverage("B08.FR.03" if is_custom else "B07.FR.03") == state


@pytest.mark.parametrize(
    ("base", "requirement"),
    [
        ("ConfigurationInventory", "B07.FR.07"),
        ("FullInventory", "B07.FR.08"),
        ("", "B08.FR.12"),
    ],
)
@pytest.mark.parametrize(
    ("reported", "state"), [case("with", MODEL[0], "met"), case("without", BARE, "broken")]
)
def test_variable_must_have_its_characteristics(
    talk: Talk, base: str, requirement: str, reported: JsonObject, state: str
) -> None:
    ask_base(talk, base) if base else ask(talk)
    send(talk, reported)

    assert talk.ids == (["report-characteristics-missing"] if state == "broken" else [])
    assert talk.coverage(requirement) == state


def test_summary_needs_no_characteristics(talk: Talk) -> None:
    ask_base(talk, "SummaryInventory")
    send(talk, BARE)

    assert not talk.findings


@pytest.mark.parametrize("doubt", ["refused", "unknown", "reconnect"])
def test_part_of_uncertain_report_is_accepted(talk: Talk, doubt: str) -> None:
    if doubt == "refused":
        talk.ask_in_vain("GetReport", {"requestId": 9})
    else:
        ask(talk, entry(EVSE_1))
    if doubt == "unknown":
        talk.call("NotifyReport", {}, violation="no requestId")
        talk.findings.clear()
    elif doubt == "reconnect":
        talk.reconnect(1)
    send(talk, SECRET, BARE)

    assert not talk.findings


@pytest.mark.parametrize(
    ("asked", "reported", "state"),
    [
        case("component", entry(STATION), MODEL[0], "met"),
        case("other component", entry(STATION), MODEL[6], "broken"),
        case("variable", entry(STATION, "PROBLEM"), MODEL[1], "met"),
        case("other variable", entry(STATION, "Problem"), MODEL[0], "broken"),
        case("any EVSE", entry({"name": "EVSE"}), MODEL[5], "met"),
        case("other EVSE", entry({"name": "EVSE", "evse": {"id": 2}}), MODEL[5], "broken"),
        case("any instance", entry({"name": "fan"}, "Speed"), MODEL[8], "met"),
        case("other instance", entry(PART, "Speed", "first"), MODEL[9], "broken"),
        case("other component instance", entry({"name": "Fan", "instance": "right"}), MODEL[9], "met"),
    ],
)
def test_report_must_contain_only_what_was_asked_for(
    talk: Talk, asked: JsonObject, reported: JsonObject, state: str
) -> None:
    ask(talk, asked)
    send(talk, reported)

    assert talk.ids == (["report-item-unasked"] if state == "broken" else [])
    assert (talk.coverage("B08.FR.05"), talk.coverage("B08.FR.11")) == (state, state)


@pytest.mark.parametrize(("reported", "state"), [(MODEL[0], "met"), (MODEL[6], "broken")])
def test_entries_limit_a_report_with_criteria_too(talk: Talk, reported: JsonObject, state: str) -> None:
    ask(talk, entry(STATION), criteria=("Active", "Problem"))
    send(talk, reported)

    assert talk.coverage("B08.FR.05") == state
    assert talk.coverage("B08.FR.11") == "not exercised"


@pytest.mark.parametrize(
    ("criteria", "state"),
    [(("Problem",), "broken"), (("Active",), "met"), (("Problem", "Active"), "not exercised")],
)
def test_component_that_does_not_meet_the_criterion_is_found(
    talk: Talk, criteria: tuple[str, ...], state: str
) -> None:
    ask(talk, criteria=criteria)
    send(talk, MODEL[1])

    assert talk.ids == (["report-item-unasked"] if state == "broken" else [])
    assert talk.coverage("B08.FR.05") == state


def test_instance_of_the_variable_of_a_criterion_decides_nothing(talk: Talk) -> None:
    ask(talk, criteria=("Enabled",))
    send(talk, item({"name": "TariffCostCtrlr"}, "Enabled", "Tariff", attributes=[{"value": "false"}]))

    assert not talk.findings


# Completeness


@pytest.mark.parametrize(
    ("asked", "complete", "requirement"),
    [
        case("variables", entry(EVSE_1), MODEL[5:7], "B08.FR.20"),
        case("variable instances", entry(PART, "Speed"), MODEL[8:10], "B08.FR.21"),
        case("connectors", entry({"name": "Connector", "evse": {"id": 1}}, "Type"), MODEL[7:8], "B08.FR.22"),
        case("EVSEs", entry({"name": "EVSE"}, "Power"), MODEL[6:7], "B08.FR.23"),
        case("instance", entry(PART, "Speed", "first"), MODEL[8:9], "B08.FR.24"),
        case("instances", entry({"name": "Fan"}, "Speed", "first"), MODEL[8:9], "B08.FR.25"),
        case("one variable", entry(STATION, "Problem"), MODEL[1:2], "B08.FR.03"),
    ],
)
@pytest.mark.parametrize("is_complete", [True, False])
def test_report_must_contain_all_that_was_asked_for(
    talk: Talk, asked: JsonObject, complete: list[JsonObject], requirement: str, is_complete: bool
) -> None:
    take_inventory(talk, MODEL)
    ask(talk, asked)
    *first, last = complete
    for number, one in enumerate(first):
        send(talk, one, seq_no=number, tbc=True)
    send(talk, *([last] if is_complete else []), seq_no=len(first))

    assert talk.ids == ([] if is_complete else ["report-variables-missing"])
    assert talk.coverage(requirement) == ("met" if is_complete else "broken")


@pytest.mark.parametrize(
    ("criteria", "requirement"),
    [
        (("Active",), "B08.FR.07"),
        (("Available",), "B08.FR.08"),
        (("Enabled",), "B08.FR.09"),
        (("Active", "Problem"), "B08.FR.13"),
    ],
)
@pytest.mark.parametrize("is_complete", [True, False])
def test_component_without_the_variable_of_a_criterion_meets_it(
    talk: Talk, criteria: tuple[str, ...], requirement: str, is_complete: bool
) -> None:
    take_inventory(talk, MODEL)
    ask(talk, criteria=criteria)
    send(talk, MODEL[6], MODEL[7], *(MODEL[8:9] if is_complete else []))

    assert talk.ids == ([] if is_complete else ["report-variables-missing"])
    assert talk.coverage(requirement) == ("met" if is_complete else "broken")


@pytest.mark.parametrize(
    ("reported", "state"),
    [case("all", (MODEL[0], MODEL[5]), "met"), case("no EVSE", (MODEL[0],), "broken")],
)
def test_summary_must_contain_the_availability(
    talk: Talk, reported: tuple[JsonObject, ...], state: str
) -> None:
    take_inventory(talk, MODEL)
    ask_base(talk, "SummaryInventory")
    send(talk, *reported)

    assert talk.ids == (["report-variables-missing"] if state == "broken" else [])
    assert talk.coverage("B07.FR.09") == state


def test_report_without_inventory_may_lack_variables(talk: Talk) -> None:
    ask(talk, entry(EVSE_1))
    send(talk)

    assert not talk.findings
    assert talk.coverage("B08.FR.20") == "not exercised"


def test_report_may_lack_the_vehicle_of_the_inventory(talk: Talk) -> None:
    vehicle: JsonObject = {"name": "ConnectedEV", "evse": {"id": 1}}
    take_inventory(talk, [item(vehicle, "ProtocolAgreed"), item(EVSE_1, "Power")])
    ask(talk, criteria=("Active",))
    send(talk, item(EVSE_1, "Power"))
    ask(talk, entry(vehicle), entry(EVSE_1))
    send(talk, item(EVSE_1, "Power"))
    ask(talk, entry(vehicle), status="EmptyResultSet")

    assert not talk.findings
