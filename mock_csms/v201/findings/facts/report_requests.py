"""Requests for device reports, and the parts of the reports that have arrived (B07, B08)."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CommandCall, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import MAX_VARIABLES, DeviceModelFacts, VariableName
from mock_csms.v201.findings.known import Known201

_REQUESTS: Final = (Action.get_base_report, Action.get_report)


class ComponentVariable(NamedTuple):
    """A componentVariable of a GetReport; names are in lower case, and None stands for any value."""

    component: str
    variable: str | None
    component_instance: str | None
    variable_instance: str | None
    evse_id: int | None
    connector_id: int | None

    @property
    def of_any_instance(self) -> "ComponentVariable":
        """The entry without the instance of its component: a report may also contain the other instances
        (B08.FR.24).
        """
        return self._replace(component_instance=None)

    def matches(self, name: VariableName) -> bool:
        """Return whether the entry requests the variable ``name``."""
        mine = name.component, name.variable, *name[2:]
        return all(asked in {None, actual} for asked, actual in zip(self, mine, strict=True))


def entry_of(item: JsonObject) -> ComponentVariable:
    """Parse an item of the field componentVariable of a GetReport."""
    component, variable = item["component"], item.get("variable") or {}
    evse = component.get("evse") or {}
    name = variable.get("name")
    return ComponentVariable(
        component["name"].lower(),
        None if name is None else name.lower(),
        (component.get("instance") or "").lower() or None,
        (variable.get("instance") or "").lower() or None,
        evse.get("id") or None,
        evse.get("connectorId") or None,
    )


@dataclass(slots=True)
class ReportRequest:
    """A GetBaseReport or GetReport, and the parts of its report."""

    action: str
    base: str | None
    criteria: frozenset[str]
    entries: tuple[ComponentVariable, ...]
    sent_at: float
    is_certain: bool
    """Whether all parts with the requestId of the request belong to this request."""
    status: str | None = None
    """Status in the answer to the request; None until the answer."""
    next_seq_no: int = 0
    names: set[VariableName] = field(default_factory=set)
    """Variables in the parts so far; empty for full and configuration inventories."""

    @property
    def is_accepted(self) -> bool:
        """Whether the request was accepted, and all parts with its requestId belong to this request."""
        return self.is_certain and self.status == "Accepted"

    @property
    def may_be_reported(self) -> bool:
        """Whether parts of the report may still arrive."""
        return self.status in {None, "Accepted"}

    @property
    def keeps_names(self) -> bool:
        """Whether `names` is filled, so that the report can be compared with the device model."""
        return self.action == Action.get_report or self.base == "SummaryInventory"


class _Requests(BoundedDict[int, ReportRequest]):
    __slots__ = ()
    limit = 20


class ReportRequests(Facts):
    """GetBaseReports and GetReports whose report is not complete, by requestId; a request is dropped if a
    part of its report may have been lost.
    """

    __slots__ = ("by_id",)

    def __init__(self) -> None:
        self.by_id = _Requests()

    def sent(self, at: float, action: str, request: JsonObject) -> ReportRequest:
        """Register a request; ``is_certain`` is False if another report with the same requestId may be in
        progress.
        """
        before = self.by_id.pop(request["requestId"], None)
        self.by_id[request["requestId"]] = registered = ReportRequest(
            action,
            request.get("reportBase"),
            frozenset(request.get("componentCriteria", ())),
            tuple(entry_of(item) for item in request.get("componentVariable", ())),
            at,
            is_certain=before is None or not before.may_be_reported,
        )
        return registered

    def follow(self, call: StationCall, known: Known201) -> None:
        """Register a part of a report; the request is dropped at the last part, or at one that is out of
        order.
        """
        part = call.payload
        request = self.by_id.get(part["requestId"])
        if request is None or request.status in {"NotSupported", "Rejected"}:
            return
        if not part.get("tbc") or part["seqNo"] != request.next_seq_no or len(request.names) > MAX_VARIABLES:
            del self.by_id[part["requestId"]]
            return
        request.next_seq_no += 1
        if request.keeps_names:
            request.names |= names_in(call, known)

    def booted(self, reason: str) -> None:
        self.by_id.clear()

    def disconnected(self) -> None:
        self.by_id.clear()

    def doubt(self, action: str | None) -> None:
        if action in {None, Action.notify_report}:
            self.by_id.clear()

    def command_failed(self, action: str | None) -> None:
        if action in {None, *_REQUESTS}:
            for request in self.by_id.values():
                request.is_certain = request.is_certain and request.status is not None


def names_in(call: StationCall, known: Known201) -> set[VariableName]:
    """Return the variables in a part of a report."""
    return {item.definition.name for item in known[DeviceModelFacts].reported_in(call)}


@CHECKS.learn_sent(*_REQUESTS)
def _request(command: CommandCall, known: Known201) -> None:
    model, request_id = known[DeviceModelFacts], command.request["requestId"]
    request = known[ReportRequests].sent(command.at, command.action, command.request)
    if request.base == "FullInventory" and request.is_certain:
        model.expect_inventory(request_id)
    else:
        model.expect_no_inventory(request_id)


@CHECKS.learn_command(*_REQUESTS)
def _answer(command: AnsweredCommand, known: Known201) -> None:
    request_id, status = command.request["requestId"], command.answer["status"]
    request = known[ReportRequests].by_id.get(request_id)
    if request is not None:
        request.status = status
    if status != "Accepted":
        known[DeviceModelFacts].expect_no_inventory(request_id)


@CHECKS.learn_call(Action.notify_report)
def _follow(call: StationCall, known: Known201) -> None:
    known[ReportRequests].follow(call, known)
