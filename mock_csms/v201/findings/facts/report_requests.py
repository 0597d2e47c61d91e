"""Requests for device reports, and what has arrived of them (B07, B08)."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, Command, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import MAX_VARIABLES, DeviceModelFacts, VariableName
from mock_csms.v201.findings.known import Known201

REQUESTS: Final = (Action.get_base_report, Action.get_report)


class Entry(NamedTuple):
    """A componentVariable of a GetReport; names are in lower case, and None stands for any value."""

    component: str
    variable: str | None
    component_instance: str | None
    variable_instance: str | None
    evse_id: int | None
    connector_id: int | None

    def matches(self, name: VariableName) -> bool:
        """Return whether it asks for a variable."""
        mine = name.component, name.variable, *name[2:]
        return all(asked in {None, actual} for asked, actual in zip(self, mine, strict=True))


def entry_of(item: JsonObject) -> Entry:
    """Return the entry of an item of componentVariable."""
    component, variable = item["component"], item.get("variable") or {}
    evse = component.get("evse") or {}
    name = variable.get("name")
    return Entry(
        component["name"].lower(),
        None if name is None else name.lower(),
        (component.get("instance") or "").lower() or None,
        (variable.get("instance") or "").lower() or None,
        evse.get("id"),
        evse.get("connectorId"),
    )


@dataclass(slots=True)
class ReportRequest:
    """A GetBaseReport or GetReport, and the parts of its report."""

    action: str
    base: str | None
    criteria: frozenset[str]
    entries: tuple[Entry, ...]
    sent_at: float
    status: str | None = None
    """None until it is answered."""
    next_seq_no: int = 0
    names: set[VariableName] = field(default_factory=set)
    """Variables of the parts so far; not kept for inventories, which the device model has."""

    @property
    def keeps_names(self) -> bool:
        """Whether the contents of the report can be compared with the device model."""
        return self.action == Action.get_report or self.base == "SummaryInventory"


class _Requests(BoundedDict[int, ReportRequest]):
    __slots__ = ()
    limit = 20


class ReportRequests(Facts):
    """Requests whose report is not complete, by requestId; in doubt, a request is dropped."""

    __slots__ = ("by_id",)

    def __init__(self) -> None:
        self.by_id = _Requests()

    def sent(self, at: float, action: str, request: JsonObject) -> None:
        """Register a request."""
        self.by_id.pop(request["requestId"], None)
        self.by_id[request["requestId"]] = ReportRequest(
            action,
            request.get("reportBase"),
            frozenset(request.get("componentCriteria", ())),
            tuple(entry_of(item) for item in request.get("componentVariable", ())),
            at,
        )

    def follow(self, call: StationCall, known: Known201) -> None:
        """Register a part; the last part, or one that does not follow, completes the request."""
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
        if action in {None, *REQUESTS}:
            for request_id in [number for number, one in self.by_id.items() if one.status is None]:
                del self.by_id[request_id]


def names_in(call: StationCall, known: Known201) -> set[VariableName]:
    """Return the variables in a part of a report."""
    return {item.definition.name for item in known[DeviceModelFacts].reported_in(call)}


@CHECKS.learn_sent(*REQUESTS)
def _request(command: Command, known: Known201) -> None:
    known[ReportRequests].sent(command.at, command.action, command.request)


@CHECKS.learn_command(*REQUESTS)
def _answer(command: AnsweredCommand, known: Known201) -> None:
    request = known[ReportRequests].by_id.get(command.request["requestId"])
    if request is not None:
        request.status = command.answer["status"]


@CHECKS.learn_call(Action.notify_report)
def _follow(call: StationCall, known: Known201) -> None:
    known[ReportRequests].follow(call, known)
