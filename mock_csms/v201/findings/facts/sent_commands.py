"""Commands sent to a station that a trigger reason can name as the cause of an event."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import CommandCall
from mock_csms.findings.facts import Facts
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201

CAUSES: Final = {
    "RemoteStart": Action.request_start_transaction,
    "RemoteStop": Action.request_stop_transaction,
    "ResetCommand": Action.reset,
    "Trigger": Action.trigger_message,
    "UnlockCommand": Action.unlock_connector,
}
"""Command that a trigger reason names as the cause of an event, by trigger reason."""


class SentCommands(Facts):
    """Actions of the commands in ``CAUSES`` that were sent. They are uncertain once a command of unknown
    content was sent.
    """

    __slots__ = ("_actions", "_is_certain")

    def __init__(self) -> None:
        self._actions: frozenset[str] = frozenset()
        self._is_certain = True

    def sent(self, action: str) -> None:
        """Store the action of a command that was sent."""
        self._actions |= {action}

    def was_never_sent(self, action: str) -> bool:
        """Return whether no command with this action can have reached the station since the station became
        known.
        """
        return self._is_certain and action not in self._actions

    def lose_track(self) -> None:
        """Register that a command of unknown content was sent; it may have been any command."""
        self._is_certain = False


@CHECKS.learn_sent(*CAUSES.values())
def _note_command(command: CommandCall, known: Known201) -> None:
    known[SentCommands].sent(command.action)
