"""Changes of the variable NotifyChargingLimitWithSchedules (K11, K12)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand
from mock_csms.findings.facts import Facts
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import VariableName, name_of_item
from mock_csms.v201.findings.known import Known201

_WITH_SCHEDULES: Final = VariableName("smartchargingctrlr", "notifycharginglimitwithschedules")
_ON_THE_WAY_S: Final = 60.0
"""For this many seconds after a change of NotifyChargingLimitWithSchedules, messages that were sent before
the change may arrive.
"""


class ExternalLimits(Facts):
    """Time of the latest answer to a SetVariables of NotifyChargingLimitWithSchedules."""

    __slots__ = ("_changed_at",)

    def __init__(self) -> None:
        self._changed_at: float | None = None

    def is_settled(self, at: float) -> bool:
        """Return whether a message that arrives now (``at``) was certainly sent after the last change."""
        return self._changed_at is None or at > self._changed_at + _ON_THE_WAY_S

    def changed(self, at: float) -> None:
        """Register the answer to a SetVariables of NotifyChargingLimitWithSchedules."""
        self._changed_at = at


@CHECKS.learn_command(Action.set_variables)
def _learn_change(command: AnsweredCommand, known: Known201) -> None:
    if any(name_of_item(item) == _WITH_SCHEDULES for item in command.request["setVariableData"]):
        known[ExternalLimits].changed(command.at)
