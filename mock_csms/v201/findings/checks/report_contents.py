"""Contents of device reports, and the answers to the requests for them (B07, B08)."""

from collections.abc import Callable
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.report_requests import ReportRequest, ReportRequests
from mock_csms.v201.findings.known import Known201

_REQUIRED_BASES: Final = frozenset({"ConfigurationInventory", "FullInventory"})
_THE_COMMAND: Final = "the command that asks for the report"

BASE_REPORT_NOT_SUPPORTED: Final = CHECKS.kind(
    "base-report-not-supported",
    "error",
    "a request for a ConfigurationInventory or FullInventory is answered with NotSupported or EmptyResultSet",
)
REPORT_AFTER_REFUSAL: Final = CHECKS.kind(
    "report-after-refusal", "error", "a report is sent although its request was answered with NotSupported"
)
WRITE_ONLY_VALUE_REPORTED: Final = CHECKS.kind(
    "write-only-value-reported", "error", "a report contains the value of a WriteOnly variable", _THE_COMMAND
)
REPORT_CHARACTERISTICS_MISSING: Final = CHECKS.kind(
    "report-characteristics-missing",
    "error",
    "a variable in a report has no variableCharacteristics",
    _THE_COMMAND,
)
REPORT_ITEM_UNASKED: Final = CHECKS.kind(
    "report-item-unasked",
    "error",
    "a report contains a component or variable that its request did not ask for",
    _THE_COMMAND,
)


@BASE_REPORT_NOT_SUPPORTED.on_command("B07.FR.01", "B07.FR.12", of=Action.get_base_report)
def _judge_base(command: AnsweredCommand, _: Known201) -> Outcome:
    """Check that a GetBaseReport for an inventory that every station must support is not answered with
    NotSupported.
    """
    base, status = command.request["reportBase"], command.answer["status"]
    if base not in _REQUIRED_BASES:
        return None
    if status == "NotSupported":
        return Broken(f"a {base} was answered with NotSupported; a station must support this report")
    return MET if status == "Accepted" else None


@BASE_REPORT_NOT_SUPPORTED.on_command("B07.FR.01", of=Action.get_base_report)
def _judge_empty_base(command: AnsweredCommand, _: Known201) -> Outcome:
    """Check that a GetBaseReport for a required inventory is not answered with EmptyResultSet."""
    base, status = command.request["reportBase"], command.answer["status"]
    if base not in _REQUIRED_BASES or status != "EmptyResultSet":
        return None
    return Broken(
        f"a {base} was answered with EmptyResultSet; the answer must be Accepted, or Rejected if the station "
        "cannot make a report at this time"
    )


@REPORT_AFTER_REFUSAL.on_call("B07.FR.05", of=Action.notify_report)
def _judge_refused(call: StationCall, known: Known201) -> Outcome:
    """Check that no report follows a GetBaseReport that was answered with NotSupported. A report for another
    request meets the requirement.
    """
    by_id = known[ReportRequests].by_id
    if not by_id:
        return None
    refused = {
        number
        for number, one in by_id.items()
        if one.action == Action.get_base_report and one.status == "NotSupported" and one.is_certain
    }
    request_id = call.payload["requestId"]
    if request_id in refused:
        return Broken(
            f"a NotifyReport was sent with the requestId {request_id}, but the GetBaseReport was answered "
            "with NotSupported; no report must follow"
        )
    return MET if refused else None


type PartJudge = Callable[[ReportRequest, StationCall, Known201], Outcome]


def _of(
    is_about: Callable[[ReportRequest], bool], judge: PartJudge
) -> Callable[[StationCall, Known201], Outcome]:
    """Return a check that applies ``judge`` to the report parts for the accepted requests that ``is_about``
    selects.
    """

    def judge_part(call: StationCall, known: Known201) -> Outcome:
        request = known[ReportRequests].by_id.get(call.payload["requestId"])
        if request is None or not request.is_accepted or not is_about(request):
            return None
        return judge(request, call, known)

    return judge_part


def _is_base(*bases: str) -> Callable[[ReportRequest], bool]:
    """Return a condition that selects requests for one of the base reports ``bases`` or, if none is given,
    for any base report.
    """

    def is_base(request: ReportRequest) -> bool:
        return request.base is not None and (not bases or request.base in bases)

    return is_base


def _is_custom(request: ReportRequest) -> bool:
    return request.base is None


def _number(call: StationCall) -> int:
    number: int = call.payload["requestId"]
    return number


def _text(item: JsonObject) -> str:
    return short(f"{item['component']['name']}.{item['variable']['name']}")


def _judge_write_only(request: ReportRequest, call: StationCall, _: Known201) -> Outcome:
    """Check that WriteOnly attributes have no value."""
    outcome: Outcome = None
    for item in call.payload.get("reportData", ()):
        for attribute in item["variableAttribute"]:
            if attribute.get("mutability") != "WriteOnly":
                continue
            if attribute.get("value"):
                return Broken(
                    f"the report with requestId {_number(call)} contains the value of {_text(item)}, "
                    "which is WriteOnly; the value must be left out"
                )
            outcome = MET
    return outcome


WRITE_ONLY_VALUE_REPORTED.on_call("B07.FR.03", of=Action.notify_report)(_of(_is_base(), _judge_write_only))
WRITE_ONLY_VALUE_REPORTED.on_call("B08.FR.03", of=Action.notify_report)(_of(_is_custom, _judge_write_only))


def _judge_characteristics(request: ReportRequest, call: StationCall, _: Known201) -> Outcome:
    items = call.payload.get("reportData", ())
    for item in items:
        if "variableCharacteristics" not in item:
            asked = request.base or request.action
            return Broken(
                f"{_text(item)} in the report for a {asked} has no variableCharacteristics; it must have them"
            )
    return MET if items else None


REPORT_CHARACTERISTICS_MISSING.on_call("B07.FR.07", of=Action.notify_report)(
    _of(_is_base("ConfigurationInventory"), _judge_characteristics)
)
REPORT_CHARACTERISTICS_MISSING.on_call("B07.FR.08", of=Action.notify_report)(
    _of(_is_base("FullInventory"), _judge_characteristics)
)
REPORT_CHARACTERISTICS_MISSING.on_call("B08.FR.12", of=Action.notify_report)(
    _of(_is_custom, _judge_characteristics)
)


def _judge_entries(request: ReportRequest, call: StationCall, known: Known201) -> Outcome:
    """Check that each reported variable matches an entry of the GetReport."""
    items = known[DeviceModelFacts].reported_in(call)
    for item in items:
        name = item.definition.name
        if not any(entry.of_any_instance.matches(name) for entry in request.entries):
            return Broken(
                f"the report with requestId {_number(call)} contains "
                f"{short(f'{name.component}.{name.variable}')}, which the GetReport did not ask for; it must "
                "contain only what was asked for"
            )
    return MET if items else None


def _judge_criterion(request: ReportRequest, call: StationCall, _: Known201) -> Outcome:
    """Check that no reported component has the value false for the only criterion of the request."""
    (criterion,) = request.criteria
    for item in call.payload.get("reportData", ()):
        values = {attribute.get("value", "").lower() for attribute in item["variableAttribute"]}
        is_criterion = item["variable"]["name"].lower() == criterion.lower()
        if is_criterion and not item["variable"].get("instance") and values == {"false"}:
            return Broken(
                f"the report with requestId {_number(call)} contains {_text(item)} with the value false, "
                f"but the GetReport asked for components that meet {criterion}; it must contain no others"
            )
    return MET if call.payload.get("reportData") else None


REPORT_ITEM_UNASKED.on_call("B08.FR.05", "B08.FR.11", of=Action.notify_report)(
    _of(lambda request: bool(request.entries and not request.criteria), _judge_entries)
)
REPORT_ITEM_UNASKED.on_call("B08.FR.05", of=Action.notify_report)(
    _of(lambda request: bool(request.entries and request.criteria), _judge_entries)
)
REPORT_ITEM_UNASKED.on_call("B08.FR.05", of=Action.notify_report)(
    _of(lambda request: len(request.criteria) == 1, _judge_criterion)
)
