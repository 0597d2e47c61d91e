"""The latest accepted Reset Immediate (B11, B12)."""

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand
from mock_csms.findings.facts import Facts
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201


class ImmediateResets(Facts):
    """The latest accepted Reset Immediate, until another Reset is answered or fails."""

    __slots__ = ("latest",)

    def __init__(self) -> None:
        self.latest: AnsweredCommand | None = None

    def command_failed(self, action: str | None) -> None:
        if action in {None, Action.reset}:
            self.latest = None


@CHECKS.learn_command(Action.reset)
def _accept(command: AnsweredCommand, known: Known201) -> None:
    is_immediate = command.request["type"] == "Immediate" and command.answer["status"] == "Accepted"
    known[ImmediateResets].latest = command if is_immediate else None
