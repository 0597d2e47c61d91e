"""Variables that a device report must contain, according to the FullInventory (B07.FR.09, B08.FR.07 to
B08.FR.25).
"""

from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.checks.variable_results import WHOLE_MODEL, component_of
from mock_csms.v201.findings.facts.device_model import CONNECTED_EV, DeviceModelFacts, VariableName
from mock_csms.v201.findings.facts.report_requests import (
    ComponentVariable,
    ReportRequest,
    ReportRequests,
    entry_of,
    names_in,
)
from mock_csms.v201.findings.known import Known201

_CRITERIA: Final = {"Active": "B08.FR.07", "Available": "B08.FR.08", "Enabled": "B08.FR.09"}
"""Requirement about each criterion; a component without the variable of a criterion meets the criterion."""
_SEVERAL_CRITERIA: Final = "B08.FR.13"
_SUMMARY: Final = "B07.FR.09"
_EXACT: Final = "B08.FR.03"
_ENTRIES: Final = (_EXACT, *(f"B08.FR.{number}" for number in range(20, 26)))

REPORT_VARIABLES_MISSING: Final = CHECKS.kind(
    "report-variables-missing",
    "error",
    "a report does not contain a variable or component that its request asked for",
    WHOLE_MODEL,
)
EMPTY_REPORT_STATUS_WRONG: Final = CHECKS.kind(
    "empty-report-status-wrong",
    "error",
    "a GetReport is answered with EmptyResultSet although variables of the station match it, or with "
    "Accepted although none match",
    WHOLE_MODEL,
)


class Demand(NamedTuple):
    """A variable that a report must contain, and the requirement that says so."""

    requirement: str
    name: VariableName
    is_of_component: bool = False
    """Whether any variable of the component satisfies the demand."""


def _demands(request: ReportRequest, model: DeviceModelFacts) -> Iterator[Demand]:
    if request.base == "SummaryInventory":
        for name in model.variables():
            if name.variable == "availabilitystate" and name.component in {"chargingstation", "evse"}:
                yield Demand(_SUMMARY, name)
    elif request.criteria and not request.entries:
        yield from _demands_of_criteria(request.criteria, model)
    elif request.entries and not request.criteria:
        for entry in request.entries:
            for name in model.lasting():
                if entry.matches(name):
                    yield Demand(_requirement(entry, name), name)


def _demands_of_criteria(criteria: frozenset[str], model: DeviceModelFacts) -> Iterator[Demand]:
    """Yield a demand for each component that lacks the variable of a criterion: such a component always meets
    the criterion.
    """
    components = {component_of(name): name for name in model.lasting()}
    for criterion in sorted(criteria & _CRITERIA.keys()):
        requirement = _CRITERIA[criterion] if len(criteria) == 1 else _SEVERAL_CRITERIA
        having = {component_of(name) for name in model.variables() if name.variable == criterion.lower()}
        for component, name in components.items():
            if component not in having:
                yield Demand(requirement, name, is_of_component=True)


def _requirement(entry: ComponentVariable, name: VariableName) -> str:
    """Return the requirement that a report contains a variable for which an entry of the GetReport asks."""
    if entry.variable is None:
        return "B08.FR.20"
    if entry.variable_instance is None and name.variable_instance:
        return "B08.FR.21"
    if entry.evse_id is None and name.evse_id is not None:
        return "B08.FR.23"
    if entry.evse_id is not None and entry.connector_id is None and name.connector_id is not None:
        return "B08.FR.22"
    if entry.component_instance is not None:
        return "B08.FR.24"
    return "B08.FR.25" if name.component_instance else _EXACT


def _judge_whole(call: StationCall, known: Known201, *, requirement: str) -> Outcome:
    """Check, at the last part of a report, that the report has all demanded variables. Only the first missing
    variable is reported, by the check of its requirement.
    """
    request, model = known[ReportRequests].by_id.get(call.payload["requestId"]), known[DeviceModelFacts]
    if request is None or not request.is_accepted or not request.keeps_names or not model.is_complete:
        return None
    if call.payload.get("tbc") or call.payload["seqNo"] != request.next_seq_no:
        return None
    names = request.names | names_in(call, known)
    components = {component_of(name) for name in names}
    outcome: Outcome = None
    for demand in _demands(request, model):
        is_there = component_of(demand.name) in components if demand.is_of_component else demand.name in names
        if not is_there:
            return _missing(request, demand) if demand.requirement == requirement else None
        outcome = MET if demand.requirement == requirement else outcome
    return outcome


def _missing(request: ReportRequest, demand: Demand) -> Broken:
    name = demand.name
    thing = name.component if demand.is_of_component else f"{name.component}.{name.variable}"
    place = "" if name.evse_id is None else f" of EVSE {name.evse_id}"
    return Broken(
        f"the report for a {request.base or request.action} does not contain {short(thing)}{place}, which "
        "the FullInventory has and the request asked for; the report must contain it"
    )


for _name in (_SUMMARY, *_CRITERIA.values(), _SEVERAL_CRITERIA, *_ENTRIES):
    REPORT_VARIABLES_MISSING.on_call(_name, of=Action.notify_report)(partial(_judge_whole, requirement=_name))


def _known_entries(command: AnsweredCommand, known: Known201) -> list[ComponentVariable]:
    """Return the entries of a GetReport; none if it has criteria, if the known device model is incomplete, or
    if an entry is about a vehicle, whose variables come and go.
    """
    entries = [entry_of(item) for item in command.request.get("componentVariable", ())]
    may_vary = any(entry.component == CONNECTED_EV for entry in entries)
    is_certain = known[DeviceModelFacts].is_complete and not may_vary
    return [] if command.request.get("componentCriteria") or not is_certain else entries


@EMPTY_REPORT_STATUS_WRONG.on_command("B08.FR.15", of=Action.get_report)
def _judge_empty(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that EmptyResultSet is answered if nothing matches. A station may report all instances of a
    component although one was named (B08.FR.24).
    """
    entries, status = _known_entries(command, known), command.answer["status"]
    names = [*known[DeviceModelFacts].variables()] if entries else []
    if not entries or any(entry.of_any_instance.matches(name) for entry in entries for name in names):
        return None
    if status == "Accepted":
        return Broken(
            "a GetReport was answered with Accepted although no variable in the FullInventory matches it; "
            "the answer must be EmptyResultSet"
        )
    return MET if status == "EmptyResultSet" else None


@EMPTY_REPORT_STATUS_WRONG.on_command("B08.FR.01", of=Action.get_report)
def _judge_accepted(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a GetReport for variables of the station is not answered with EmptyResultSet."""
    entries, status = _known_entries(command, known), command.answer["status"]
    names = [*known[DeviceModelFacts].variables()] if entries else []
    if not any(entry.matches(name) for entry in entries for name in names):
        return None
    if status == "EmptyResultSet":
        return Broken(
            "a GetReport was answered with EmptyResultSet although variables in the FullInventory match it; "
            "the answer must be Accepted"
        )
    return MET if status == "Accepted" else None
