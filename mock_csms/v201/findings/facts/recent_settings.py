"""Times at which variables of a controller may last have been set (B05)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import CommandCall
from mock_csms.findings.facts import Facts
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import SETTING_IN_FLIGHT_S
from mock_csms.v201.findings.known import Known201

_CONTROLLERS: Final = frozenset({"aligneddatactrlr", "sampleddatactrlr", "securityctrlr", "txctrlr"})
"""Components, in lower case, for which the time of the latest SetVariables is stored."""


class RecentSettings(Facts):
    """Time of the latest SetVariables for each component in ``_CONTROLLERS``."""

    __slots__ = ("_set_at",)

    def __init__(self) -> None:
        self._set_at: dict[str, float] = {}

    def sent(self, at: float, component: str) -> None:
        """Store the time of a SetVariables if its component is in ``_CONTROLLERS``."""
        if component in _CONTROLLERS:
            self._set_at[component] = at

    def is_settled(self, component: str, since: float) -> bool:
        """Return whether the latest SetVariables for a component was sent so long before ``since`` that all
        messages from then on reflect it.
        """
        return self._set_at.get(component.lower(), 0.0) + SETTING_IN_FLIGHT_S < since


@CHECKS.learn_sent(Action.set_variables)
def _apply_set_variables(command: CommandCall, known: Known201) -> None:
    settings = known[RecentSettings]
    for item in command.request["setVariableData"]:
        settings.sent(command.at, item["component"]["name"].lower())
