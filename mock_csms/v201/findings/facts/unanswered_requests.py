"""Commands that request a report and that the station has not answered yet (FR.05)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CommandCall
from mock_csms.findings.facts import Facts
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.solicited import REPORTED_BY

REQUESTS: Final = (
    Action.customer_information,
    Action.get_base_report,
    Action.get_charging_profiles,
    Action.get_display_messages,
    Action.get_monitoring_report,
    Action.get_report,
)
"""Commands that request a report; a station sends such a report for no other reason."""

type ResultKey = tuple[str, int]
"""Action of the messages that contain the report, and requestId."""


class _Requests(BoundedDict[ResultKey, int | None]):
    __slots__ = ()
    limit = 300


class UnansweredRequests(Facts):
    """Frame number of each request sent while the registration status of the station was known; None once the
    request is answered or uncertain.
    """

    __slots__ = ("frames",)

    def __init__(self) -> None:
        self.frames = _Requests()

    def sent(self, action: str, request_id: int, frame: int) -> None:
        """Register a request. A request whose requestId was used before is uncertain."""
        key = REPORTED_BY[action], request_id
        is_certain = key not in self.frames and len(self.frames) < self.frames.limit
        self.frames[key] = frame if is_certain else None

    def answered(self, action: str, request_id: int) -> None:
        """Register the answer to a request."""
        self.frames[REPORTED_BY[action], request_id] = None

    def booted(self, reason: str) -> None:
        self._give_up()

    def disconnected(self) -> None:
        self._give_up()

    def command_failed(self, action: str | None) -> None:
        if action in {None, *REQUESTS}:
            self._give_up()

    def _give_up(self) -> None:
        for key in self.frames:
            self.frames[key] = None


@CHECKS.learn_sent(*REQUESTS)
def _send(command: CommandCall, known: Known201) -> None:
    if known.registration.status is not None:  # otherwise an earlier report may have the same requestId
        known[UnansweredRequests].sent(command.action, command.request["requestId"], command.frame)


@CHECKS.learn_command(*REQUESTS)
def _answer(command: AnsweredCommand, known: Known201) -> None:
    known[UnansweredRequests].answered(command.action, command.request["requestId"])
