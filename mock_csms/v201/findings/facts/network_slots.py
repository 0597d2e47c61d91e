"""Security profiles of the network profiles that a station was told to store (B09)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand
from mock_csms.findings.facts import Facts
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201

MAX_SLOTS: Final = 20


class _Slots(BoundedDict[str, int]):
    __slots__ = ()
    limit = MAX_SLOTS


class NetworkSlots(Facts):
    """Security profile of each slot, by its number as text."""

    __slots__ = ("security_profiles",)

    def __init__(self) -> None:
        self.security_profiles = _Slots()

    def booted(self, reason: str) -> None:
        if reason == "FirmwareUpdate":
            self.security_profiles.clear()

    def command_failed(self, action: str | None) -> None:
        if action in {None, Action.set_network_profile}:
            self.security_profiles.clear()


@CHECKS.learn_command(Action.set_network_profile)
def _store(command: AnsweredCommand, known: Known201) -> None:
    slot, profile = str(command.request["configurationSlot"]), command.request["connectionData"]
    if command.answer["status"] == "Accepted":
        known[NetworkSlots].security_profiles[slot] = profile["securityProfile"]
