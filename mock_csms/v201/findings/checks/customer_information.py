"""Requests for customer information, and their reports (N09, N10)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, CommandCall, Outcome, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201

_MAX_REQUESTS: Final = 50
_IDENTIFIERS: Final = frozenset({"idToken", "customerCertificate", "customerIdentifier"})

AIMLESS_CUSTOMER_REQUEST_ACCEPTED: Final = CHECKS.kind(
    "aimless-customer-request-accepted",
    "hint",
    "a CustomerInformation is accepted although both report and clear are false",
)
AMBIGUOUS_CUSTOMER_ACCEPTED: Final = CHECKS.kind(
    "ambiguous-customer-accepted",
    "error",
    "a CustomerInformation that names no customer, or several, is accepted",
)
CLEARING_REPORTED_IN_PARTS: Final = CHECKS.kind(
    "clearing-reported-in-parts",
    "error",
    "the report that customer data was cleared has several parts",
    "the CustomerInformation, with clear true and report false",
)


class _Requests(BoundedDict[int, bool]):
    __slots__ = ()
    limit = _MAX_REQUESTS


class ClearingRequests(Facts):
    """For each requestId of a CustomerInformation, whether the command only clears data; false for an id that
    was used for several commands.
    """

    __slots__ = ("by_id",)

    def __init__(self) -> None:
        self.by_id = _Requests()


@CHECKS.learn_sent(Action.customer_information)
def _follow_request(command: CommandCall, known: Known201) -> None:
    requests, request = known[ClearingRequests].by_id, command.request
    is_new = request["requestId"] not in requests
    requests[request["requestId"]] = is_new and request["clear"] and not request["report"]


@AIMLESS_CUSTOMER_REQUEST_ACCEPTED.on_command("N09.FR.07", "N10.FR.07", of=Action.customer_information)
def _judge_purpose(command: AnsweredCommand, _: Known201) -> Outcome:
    """Check that a CustomerInformation that asks neither to report nor to clear data is refused."""
    if command.request["report"] or command.request["clear"]:
        return None
    if command.answer["status"] != "Accepted":
        return MET if command.answer["status"] == "Rejected" else None
    return Broken(
        "a CustomerInformation with report=false and clear=false was accepted; it is recommended to answer "
        "Rejected"
    )


@AMBIGUOUS_CUSTOMER_ACCEPTED.on_command("N09.FR.09", of=Action.customer_information)
def _judge_customer(command: AnsweredCommand, _: Known201) -> Outcome:
    """Check that a CustomerInformation with no reference to a customer, or with several, is refused."""
    named = _IDENTIFIERS & command.request.keys()
    if len(named) == 1:
        return None
    if command.answer["status"] != "Accepted":
        return MET if command.answer["status"] == "Invalid" else None
    return Broken(
        f"a CustomerInformation with {len(named)} references to a customer was accepted; the answer "
        "must be Invalid unless there is exactly one"
    )


@CLEARING_REPORTED_IN_PARTS.on_call("N10.FR.06", of=Action.notify_customer_information)
def _judge_parts(call: StationCall, known: Known201) -> Outcome:
    """Check that the report for a CustomerInformation that only clears data is a single message."""
    if not known[ClearingRequests].by_id.get(call.payload["requestId"]):
        return None
    if not call.payload.get("tbc"):
        return MET
    return Broken(
        f"the NotifyCustomerInformation with requestId {call.payload['requestId']} has tbc=true, but its "
        "CustomerInformation only clears data; one message must say that the data was cleared"
    )
