"""Reports: they must follow the answer to the command that asks for them (FR.05)."""

from typing import Final

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.unanswered_requests import REQUESTS, UnansweredRequests
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.solicited import REPORTED_BY

RESULT_BEFORE_ANSWER: Final = CHECKS.kind(
    "result-before-answer",
    "error",
    "the first part of a report is sent before the command is answered",
    "a boot before the command, and that no earlier command had the same requestId",
)


@RESULT_BEFORE_ANSWER.on_call("FR.05", of=sorted({REPORTED_BY[action] for action in REQUESTS}))
def _judge_order(call: StationCall, known: Known201) -> Outcome:
    """Check that a report is not sent before the station has answered the command that asks for it."""
    key = call.action, call.payload["requestId"]
    frames = known[UnansweredRequests].frames
    if key not in frames:
        return None
    frame = frames[key]
    if frame is None:
        return MET
    frames[key] = None
    return Broken(
        f"{call.action} with requestId {key[1]} was sent before the command with this requestId was "
        "answered; a station must answer the command first",
        (frame,),
    )
