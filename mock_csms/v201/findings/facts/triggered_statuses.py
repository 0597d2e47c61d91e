"""Last statuses of firmware updates and publications, and TriggerMessages for them."""

from dataclasses import dataclass
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CommandCall, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.firmware import FIRMWARE_STATUS
from mock_csms.v201.findings.facts.publications import PUBLISH_STATUS
from mock_csms.v201.findings.known import Known201

_STARTED_BY: Final = {Action.update_firmware: FIRMWARE_STATUS, Action.publish_firmware: PUBLISH_STATUS}
_TRIGGERED_WITHIN_S: Final = 30.0


@dataclass(slots=True)
class LastStatus:
    """The last status message with an action (FirmwareStatusNotification or
    PublishFirmwareStatusNotification).
    """

    at: float
    payload: JsonObject
    triggered: tuple[float, int] | None = None
    """Time and frame of the accepted TriggerMessage after this status, if any."""


class TriggeredStatuses(Facts):
    """The last status message with each action, as long as it is certainly the last one."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: dict[str, LastStatus] = {}

    def disconnected(self) -> None:
        self._last.clear()

    def booted(self, reason: str) -> None:
        self._last.clear()

    def doubt(self, action: str | None) -> None:
        if action is None:
            self._last.clear()
        else:
            self._last.pop(action, None)

    def command_failed(self, action: str | None) -> None:
        if action is None:  # it may have begun another update
            self._last.clear()

    def left_unanswered(self, action: str) -> None:
        self._last.pop(action, None)

    def add(self, at: float, action: str, payload: JsonObject) -> None:
        """Store a status message as the last one with its action."""
        self._last[action] = LastStatus(at, payload)

    def drop(self, action: str) -> None:
        """Drop the status of an action, because the next status belongs to another update or publication."""
        self._last.pop(action, None)

    def trigger(self, command: AnsweredCommand) -> None:
        """Register an accepted TriggerMessage that was sent after the last status."""
        last = self._last.get(command.request["requestedMessage"])
        if last is not None and last.at < command.sent_at:
            last.triggered = command.at, command.frame

    def triggered_after(self, action: str, at: float) -> tuple[JsonObject, int] | None:
        """Return the last status and the frame of the accepted TriggerMessage after it, if a status that
        arrives at ``at`` can be the triggered one; otherwise None.
        """
        last = self._last.get(action)
        if last is None or last.triggered is None:
            return None
        triggered_at, frame = last.triggered
        return (last.payload, frame) if at - triggered_at <= _TRIGGERED_WITHIN_S else None


@CHECKS.learn_call(FIRMWARE_STATUS, PUBLISH_STATUS)
def _apply_status(call: StationCall, known: Known201) -> None:
    known[TriggeredStatuses].add(call.at, call.action, call.payload)


@CHECKS.learn_sent(*_STARTED_BY)
def _begin(command: CommandCall, known: Known201) -> None:
    known[TriggeredStatuses].drop(_STARTED_BY[Action(command.action)])


@CHECKS.learn_command(Action.trigger_message)
def _trigger(command: AnsweredCommand, known: Known201) -> None:
    if command.answer["status"] == "Accepted":
        known[TriggeredStatuses].trigger(command)
