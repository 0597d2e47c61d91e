"""TriggerMessages, and the progress that the triggered statuses must report (F06)."""

from dataclasses import dataclass, field
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CommandCall, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.solicited import triggered_by

IDLE: Final = "Idle"
WORKING: Final = "working"
_STARTED: Final = "started"
_LOG_STATES: Final = {"Idle": IDLE, "Uploaded": IDLE, "Uploading": WORKING}
"""State of a log upload, by status. After any other status, the station may be idle or working."""
_FIRMWARE_STATES: Final = {"Idle": IDLE, "Installed": IDLE}
"""State of a firmware update, by status. After any other status, the station may be idle or working."""
_STARTED_BY: Final = {
    Action.get_log.value: Action.log_status_notification.value,
    Action.update_firmware.value: Action.firmware_status_notification.value,
}
"""Action of the status messages of a task, by the command that starts the task."""


@dataclass(slots=True)
class TriggeredTask:
    """A log upload or firmware update, as its statuses show it."""

    state: str | None = None
    """IDLE or WORKING; _STARTED if the task may be in either of these states; None while nothing is known
    about the task.
    """
    status: str = ""
    """Latest status."""
    told_at: float = 0.0
    request_id: int | None = None
    """requestId of the latest command that starts the task."""


@dataclass(slots=True)
class Triggers:
    """TriggerMessages for one action."""

    unanswered_frame: int | None = None
    accepted_at: float | None = None
    """Time of the latest Accepted answer."""


@dataclass(slots=True)
class _Tables:
    tasks: dict[str, TriggeredTask] = field(default_factory=dict)
    triggers: dict[str, Triggers] = field(default_factory=dict)


class TriggerFacts(Facts):
    """TriggerMessages by the action that they request, and the log upload and firmware update whose statuses
    can be triggered.
    """

    __slots__ = ("_tables", "may_be_triggered")

    def __init__(self) -> None:
        self._tables = _Tables()
        self.may_be_triggered = False
        """Whether a TriggerMessage got no usable answer, so that any message may be triggered."""

    def of(self, action: str) -> Triggers:
        """Return the TriggerMessages for an action."""
        return self._tables.triggers.setdefault(action, Triggers())

    def task(self, action: str) -> TriggeredTask:
        """Return the task whose statuses are sent in messages with the given action."""
        return self._tables.tasks.setdefault(action, TriggeredTask())

    def booted(self, reason: str) -> None:
        self._tables.tasks.clear()
        self.may_be_triggered = False

    def disconnected(self) -> None:
        self._tables.tasks.clear()
        self._settle()

    def doubt(self, action: str | None) -> None:
        self._tables.tasks.clear()

    def command_failed(self, action: str | None) -> None:
        if action in {None, Action.trigger_message}:
            self.may_be_triggered = True
            self._settle()
        if action is None or action in _STARTED_BY:
            self._tables.tasks.clear()

    def _settle(self) -> None:
        for triggers in self._tables.triggers.values():
            triggers.unanswered_frame = None


@CHECKS.learn_sent(Action.trigger_message)
def _add_trigger(command: CommandCall, known: Known201) -> None:
    known[TriggerFacts].of(triggered_by(command.request)).unanswered_frame = command.frame


@CHECKS.learn_command(Action.trigger_message)
def _apply_answer(command: AnsweredCommand, known: Known201) -> None:
    triggers = known[TriggerFacts].of(triggered_by(command.request))
    triggers.unanswered_frame = None
    if command.answer["status"] == "Accepted":
        triggers.accepted_at = command.at


@CHECKS.learn_sent(Action.get_log, Action.update_firmware)
def _start_task(command: CommandCall, known: Known201) -> None:
    task = known[TriggerFacts].task(_STARTED_BY[command.action])
    task.state, task.request_id = _STARTED, command.request["requestId"]


@CHECKS.learn_call(Action.log_status_notification)
def _follow_upload(call: StationCall, known: Known201) -> None:
    _follow(call, known, _LOG_STATES)


@CHECKS.learn_call(Action.firmware_status_notification)
def _follow_update(call: StationCall, known: Known201) -> None:
    _follow(call, known, _FIRMWARE_STATES)


def _follow(call: StationCall, known: Known201, states: dict[str, str]) -> None:
    facts, status = known[TriggerFacts], call.payload["status"]
    task, request_id = facts.task(call.action), call.payload.get("requestId")
    is_of_other = None not in {request_id, task.request_id} and request_id != task.request_id
    task.state = _STARTED if is_of_other else states.get(status, _STARTED)
    task.status, task.told_at = status, call.at
    facts.of(call.action).accepted_at = None  # a later status is not the triggered one
