"""Resets that a station has scheduled (B12)."""

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CommandCall
from mock_csms.findings.facts import Facts
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201


class ScheduledResets(Facts):
    """Resets that wait for the end of all transactions; empty while an immediate Reset may be under way."""

    __slots__ = ("_immediate", "answers")

    def __init__(self) -> None:
        self.answers: dict[int | None, AnsweredCommand] = {}
        """Reset OnIdle that the station answered with Scheduled, by evseId; None: a Reset of the whole
        station.
        """
        self._immediate = 0
        """Number of Resets since the last boot that may be immediate and were not rejected."""

    def sent(self, request_type: str) -> None:
        """Drop the scheduled Resets if an immediate Reset was sent: it may end any transaction."""
        if request_type == "Immediate":
            self._doubt()

    def scheduled(self, command: AnsweredCommand) -> None:
        """Register a Reset OnIdle that was answered with Scheduled."""
        if not self._immediate:
            self.answers[command.request.get("evseId")] = command

    def refused(self, request_type: str) -> None:
        """Register a Reset that was answered with Rejected."""
        if request_type == "Immediate":
            self._immediate = max(self._immediate - 1, 0)

    def _doubt(self) -> None:
        self._immediate += 1
        self.answers.clear()

    def booted(self, reason: str) -> None:
        self.answers.clear()
        self._immediate = 0

    def command_failed(self, action: str | None) -> None:
        if action is None:  # it may have been a Reset of any type
            self._doubt()


@CHECKS.learn_sent(Action.reset)
def _register(command: CommandCall, known: Known201) -> None:
    known[ScheduledResets].sent(command.request["type"])


@CHECKS.learn_command(Action.reset)
def _schedule(command: AnsweredCommand, known: Known201) -> None:
    resets, status, request_type = known[ScheduledResets], command.answer["status"], command.request["type"]
    if status == "Scheduled" and request_type == "OnIdle":
        resets.scheduled(command)
    elif status == "Rejected":
        resets.refused(request_type)
